//! Values of a kind: constants, and expressions with signals.

use super::{Is, Maker, Sight};
use patches_core::spec::{Input, Kind, Param, ParamKind, Spec, Unit};

/// Words of scales that every library of the tests knows.
const SCALES: [&str; 3] = ["minor", "major", "[0st, 3st, 7st]"];

impl Maker<'_, '_> {
    /// `c1 = C3`: a constant, also one that is made of others.
    pub(super) fn constant(&mut self, sight: &mut Sight) -> String {
        let name = self.name("c");
        let is = self.choices.of(&[Is::Pitch, Is::Interval, Is::Time, Is::Number]);
        let value = self.fixed(is, sight, 1);
        sight.constants.push((name.clone(), is));
        format!("{name} = {value}")
    }

    /// A constant of this kind.
    pub(super) fn fixed(&mut self, is: Is, sight: &Sight, depth: usize) -> String {
        let known: Vec<&String> = sight.constants.iter().filter(|(_, of)| *of == is).map(|(name, _)| name).collect();
        if !known.is_empty() && self.choices.once_in(3) {
            return self.choices.of(&known).clone();
        }
        let deeper = depth > 0 && self.choices.once_in(3);
        match (is, deeper) {
            (Is::Pitch, false) => self.choices.of(&["C3", "A#2", "Bb-1", "c4", "440Hz", "2.5kHz", "F#3"]).into(),
            (Is::Pitch, true) => {
                let (a, sign) = (self.fixed(is, sight, 0), self.choices.of(&["+", "-"]));
                format!("{a} {sign} {}", self.bracketed(Is::Interval, sight))
            }
            (Is::Interval, false) => self.choices.of(&["7st", "-50ct", "2oct", "1oct", "0.5OCT", "-12st"]).into(),
            (Is::Interval, true) => match self.choices.below(3) {
                0 => format!("{} * {}", self.fixed(is, sight, 0), self.bracketed(Is::Number, sight)),
                1 => "(E3 - C3)".to_string(),
                _ => format!("{} + {}", self.fixed(is, sight, 0), self.fixed(is, sight, 0)),
            },
            (Is::Time, false) => self
                .choices
                .of(&["10ms", "1/16", "1.5s", "3/16", "1/8d", "1/4t", "2beats", "1bars", "0.002min", "0.25"])
                .into(),
            (Is::Time, true) => match self.choices.below(3) {
                0 => format!("{} + 10ms", self.choices.of(&["1/16", "2beats", "20ms"])),
                1 => format!("{} * {}", self.choices.of(&["1/16", "20ms", "1beat"]), self.bracketed(Is::Number, sight)),
                _ => format!("max({}, 5ms)", self.choices.of(&["20ms", "0.5s"])),
            },
            (Is::Number, false) => self.choices.of(&["0.5", "1", "0.25", "50%", "-6dB", "2", "-0.5", "1/3"]).into(),
            (Is::Number, true) => match self.choices.below(5) {
                0 => format!("{} * {}", self.fixed(is, sight, 0), self.fixed(is, sight, 0)),
                1 => format!("({} + {}) / 4", self.fixed(is, sight, 0), self.fixed(is, sight, 0)),
                2 => format!("clamp({}, 0, 1)", self.fixed(is, sight, 0)),
                3 => format!("mix({}, 1, 0.25)", self.fixed(is, sight, 0)),
                _ => match sight.round {
                    Some(round) => {
                        self.choices.of(&[format!("1/({round} + 1)"), format!("{round} * 0.1"), round.to_string()])
                    }
                    None => "abs(-0.5)".into(),
                },
            },
        }
    }

    fn bracketed(&mut self, is: Is, sight: &Sight) -> String {
        format!("({})", self.fixed(is, sight, 0))
    }

    /// A signal: a module, one of its outputs, a name for one, a new module, a port of the template.
    pub(super) fn signal(&mut self, sight: &Sight, depth: usize) -> String {
        let simple =
            ["Lfo", "Noise", "Lfo { rate: 3Hz }", "Noise.pink", "Adsr { attack: 5ms }", "Osc { pitch: A1 }.saw"];
        match self.choices.below(if depth > 0 { 8 } else { 5 }) {
            1 if !sight.things.is_empty() => self.output(sight, plays),
            2 if !sight.signals.is_empty() => self.choices.of(&sight.signals),
            3 if !self.curves.is_empty() && sight.border.is_none() => self.choices.of(&self.curves.clone()),
            4 => match &sight.border {
                Some(border) if !border.ins.is_empty() => format!("$.{}", self.choices.of(&border.ins)),
                _ => "Lfo.saw_up".into(),
            },
            5 => self.moved(sight, depth - 1),
            6 => format!("({})", self.moved(sight, depth - 1)),
            7 => format!("-{}", self.signal(sight, 0)),
            _ => self.choices.of(&simple).into(),
        }
    }

    /// A number that a signal moves.
    fn moved(&mut self, sight: &Sight, depth: usize) -> String {
        let a = self.signal(sight, depth);
        match self.choices.below(9) {
            0 => format!("{a} * {}", self.fixed(Is::Number, sight, 0)),
            1 => format!("{a} * 0.5 + 0.5"),
            2 => format!("({a} + 1) / 2"),
            3 => format!("{a} * {}", self.signal(sight, 0)),
            4 => format!("min({a}, {})", self.signal(sight, 0)),
            5 => format!("clamp({a}, 0, 1)"),
            6 => format!("mix({a}, {}, 0.3)", self.signal(sight, 0)),
            7 => format!("abs({a}) - {}", self.signal(sight, 0)),
            _ => format!("{a} / (2 + {})", self.signal(sight, 0)),
        }
    }

    /// What feeds or sets an input; nothing where there is nothing of its kind.
    pub(super) fn value(&mut self, input: &Input, sight: &Sight) -> Option<String> {
        let moves = self.choices.once_in(3);
        if input.unit != Unit::Own {
            return Some(self.choices.of(&["1", "2", "0.5"]).into());
        }
        Some(match input.kind {
            Kind::Pitch if moves => match self.choices.below(4) {
                0 => format!("{} + 2oct * {}", self.fixed(Is::Pitch, sight, 0), self.signal(sight, 1)),
                1 => format!("quantize(C3 + 1oct * {}, {})", self.signal(sight, 0), self.choices.of(&SCALES)),
                2 if sight.things.iter().any(|thing| thing.spec.is_some_and(has_pitch)) => self.output(sight, is_pitch),
                _ => self.fixed(Is::Interval, sight, 0),
            },
            Kind::Pitch => self.fixed(Is::Pitch, sight, 1),
            Kind::Interval if moves => format!("1oct * {}", self.signal(sight, 1)),
            Kind::Interval => self.fixed(Is::Interval, sight, 1),
            Kind::Time if moves => match self.choices.below(2) {
                0 => format!("1/8 * (1 + 0.02 * {})", self.signal(sight, 0)),
                _ => format!("20ms + 10ms * {}", self.signal(sight, 0)),
            },
            Kind::Time => self.fixed(Is::Time, sight, 1),
            Kind::Rate if moves => format!("2Hz + 1Hz * {}", self.signal(sight, 0)),
            Kind::Rate => self.choices.of(&["2Hz", "1/4", "120bpm", "0.5", "1/8d", "2bars"]).into(),
            Kind::Audio => self.signal(sight, 2),
            Kind::Gain | Kind::Number if moves => self.signal(sight, 2),
            Kind::Gain | Kind::Number => self.fixed(Is::Number, sight, 1),
            Kind::Gate => self.choices.of(&["1", "0", "Lfo"]).into(),
            Kind::Trigger => {
                let any = sight.things.iter().any(|thing| thing.spec.is_some_and(has_trigger));
                return any.then(|| self.output(sight, |kind| kind == Kind::Trigger));
            }
            Kind::Midi => return None,
        })
    }

    /// What a parameter that does not move may be.
    pub(super) fn setting(&mut self, param: &Param, sight: &Sight) -> Option<String> {
        Some(match &param.kind {
            ParamKind::Choice(words) => self.choices.of(&self.choices_of(words)),
            ParamKind::Int { min, max, .. } => {
                let span = (max - min).clamp(0, 8) as usize;
                (min + self.choices.below(span + 1) as i64).to_string()
            }
            ParamKind::Bool(_) => self.choices.of(&["true", "false"]).into(),
            ParamKind::Text => self.choices.of(&["\"a b\"", "word", "\"x: # y\""]).into(),
            ParamKind::File => self.choices.of(&["file(\"a b.wav\")", "file(\"kick.wav\")"]).into(),
            ParamKind::List { kind: Kind::Pitch, words: [] } => {
                let list: Vec<String> = (0..=self.choices.below(3)).map(|_| self.fixed(Is::Pitch, sight, 0)).collect();
                format!("[{}, \"-\"]", list.join(", "))
            }
            ParamKind::List { kind: Kind::Interval, .. } => self.choices.of(&SCALES).into(),
            ParamKind::List { .. } => return None,
            ParamKind::Pattern => self.played()?,
            ParamKind::Song => {
                let songs: Vec<String> = self.songs.iter().map(|(name, _)| name.clone()).collect();
                if songs.is_empty() {
                    return None;
                }
                self.choices.of(&songs)
            }
        })
    }

    fn choices_of(&self, words: &[&[&str]]) -> Vec<String> {
        words.iter().flat_map(|names| names.iter()).map(|word| word.to_string()).collect()
    }

    /// A pattern, or a lane of a song.
    fn played(&mut self) -> Option<String> {
        let lanes = self.songs.iter().flat_map(|(song, lanes)| lanes.iter().map(move |lane| format!("{song}.{lane}")));
        let all: Vec<String> = self.patterns.iter().map(|(name, _)| name.clone()).chain(lanes).collect();
        if all.is_empty() { None } else { Some(self.choices.of(&all)) }
    }

    /// An output of a kind that fits, of what is in sight; a new module's where nothing has one.
    pub(super) fn output(&mut self, sight: &Sight, fits: fn(Kind) -> bool) -> String {
        let thing = self.choices.of(&sight.things);
        let Some(spec) = thing.spec else {
            let outs = self.templates[thing.count].outs.clone();
            return match self.choices.once_in(2) && outs.len() > 1 {
                true => format!("{}.{}", thing.name, self.choices.of(&outs)),
                false => thing.name,
            };
        };
        let ports: Vec<usize> = (0..spec.outputs.len()).filter(|&port| fits(spec.outputs[port].kind)).collect();
        if ports.is_empty() {
            return if fits(Kind::Pitch) && !fits(Kind::Audio) {
                "Keys.pitch".into()
            } else if fits(Kind::Trigger) {
                "Clock.beat".into()
            } else {
                "Noise".into()
            };
        }
        let port = self.choices.of(&ports);
        if port == 0 && !self.choices.once_in(3) {
            return thing.name;
        }
        let output = &spec.outputs[port];
        let index = match output.indexed && !spec.faces_device() {
            true => format!("[{}]", self.choices.below(thing.count.max(1))),
            false => String::new(),
        };
        let side = match output.stereo && index.is_empty() {
            true => self.choices.of(&["", "_left", "_right"]),
            false => "",
        };
        format!("{}.{}{side}{index}", thing.name, self.choices.of(output.names))
    }
}

/// Signals that may go where a number may.
pub(super) fn plays(kind: Kind) -> bool {
    matches!(kind, Kind::Audio | Kind::Gain | Kind::Number)
}

fn is_pitch(kind: Kind) -> bool {
    kind == Kind::Pitch
}

fn has_pitch(spec: &Spec) -> bool {
    spec.outputs.iter().any(|port| port.kind == Kind::Pitch)
}

fn has_trigger(spec: &Spec) -> bool {
    spec.outputs.iter().any(|port| port.kind == Kind::Trigger)
}
