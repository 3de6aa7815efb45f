//! What a module type offers: its ports and parameters, said once. The language checks against it, the tool's help and
//! the manual are made from it, the planner finds ports by it.

use crate::exact;

/// What the number on a cable or in a parameter means. On a cable every kind is one f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Sound, or any signal that is not one of the others; about ±1.
    Audio,
    /// Octaves above C0; an interval (octaves) may be added to it.
    Pitch,
    /// Octaves: a distance between two pitches.
    Interval,
    /// Seconds; musical time is turned into seconds by the tempo.
    Time,
    /// Hertz; a musical time is one cycle in that time.
    Rate,
    /// A factor; written also in dB and percent.
    Gain,
    /// A plain number.
    Number,
    /// High above 0.5.
    Gate,
    /// 0, or in (0, 1]: the part of the frame that is left after the event.
    Trigger,
    /// MIDI messages: no number. Such a cable says which messages a module hears.
    Midi,
}

impl Kind {
    /// The word for this kind in faults and help.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Audio => "audio",
            Kind::Pitch => "pitch",
            Kind::Interval => "interval",
            Kind::Time => "time",
            Kind::Rate => "rate",
            Kind::Gain => "gain",
            Kind::Number => "number",
            Kind::Gate => "gate",
            Kind::Trigger => "trigger",
            Kind::Midi => "midi",
        }
    }

    /// How a value of this kind is written, for faults that ask for one.
    pub fn example(self) -> &'static str {
        match self {
            Kind::Audio => "0.5",
            Kind::Pitch => "C4 or 440Hz",
            Kind::Interval => "7st or 1oct",
            Kind::Time => "10ms or 1/16",
            Kind::Rate => "2Hz or 1/4",
            Kind::Gain => "0.5, -6dB or 50%",
            Kind::Number => "0.5",
            Kind::Gate | Kind::Trigger => "0 or 1",
            Kind::Midi => "MidiIn",
        }
    }
}

/// What an input has when nothing in the text says more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Normal {
    /// The default stays, cables add to it.
    Stays,
    /// The first cable unplugs the default (never a value in the text): `*` in the manual.
    Unplugs,
    /// Without cable and value the module sees what comes to the input of this index (a right side the left).
    Follows(u16),
}

/// One input: a parameter that moves, or a signal. Both are fed by text and by cables alike.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its names; the first is the one shown.
    pub names: &'static [&'static str],
    /// What the number means.
    pub kind: Kind,
    /// Takes values of every kind, as they are on a cable: octaves, seconds, hertz, factors.
    pub any: bool,
    /// Value without text and cable, in the unit of the kind (octaves, seconds, hertz, factor).
    pub default: f64,
    /// Smallest value; the sum of text and cables is held to it. −∞: none.
    pub min: f64,
    /// Largest value, +∞: none.
    pub max: f64,
    /// What a cable does to the default.
    pub normal: Normal,
    /// One per channel: `in[i]`.
    pub indexed: bool,
    /// A pair of sides, left and right, under one name.
    pub stereo: bool,
    /// A bare number in the text is in this unit, not in the kind's own: `cent`, `semi`.
    pub unit: Unit,
    /// One line for people.
    pub help: &'static str,
}

/// The unit of a bare number in a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// That of the kind: seconds, hertz, octaves or hertz for a pitch, factors.
    Own,
    /// Milliseconds.
    Milliseconds,
    /// Semitones.
    Semitones,
    /// Cents.
    Cents,
    /// Octaves.
    Octaves,
    /// Beats a minute (a rate, in hertz of beats on the cable).
    Bpm,
    /// Hertz, always, also where small numbers would be octaves.
    Hertz,
}

/// One output.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its names; the first is the one shown.
    pub names: &'static [&'static str],
    /// What the number means.
    pub kind: Kind,
    /// One per channel.
    pub indexed: bool,
    /// A pair of sides under one name.
    pub stereo: bool,
    /// The name of a channel alone means this port: `seq.accent` is `seq.value[accent]`.
    pub named: bool,
    /// One line for people.
    pub help: &'static str,
}

/// What a parameter that does not move may be.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamKind {
    /// One of these words, each with its other spellings; the first is the default.
    Choice(&'static [&'static [&'static str]]),
    /// A whole number in a range.
    Int {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
        /// Without text.
        default: i64,
    },
    /// `true` or `false`.
    Bool(bool),
    /// Free text.
    Text,
    /// A sound or data file.
    File,
    /// A list of values of a kind, and of words (`"-"`).
    List {
        /// Of the values.
        kind: Kind,
        /// The words there are; none: any.
        words: &'static [&'static str],
    },
    /// A pattern by name, or a lane of a song.
    Pattern,
    /// A song by name.
    Song,
}

/// A parameter that is not continuous: constant in a plan.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its names; the first is the one shown.
    pub names: &'static [&'static str],
    /// What it may be.
    pub kind: ParamKind,
    /// One per channel.
    pub indexed: bool,
    /// One line for people.
    pub help: &'static str,
}

/// A module type as the language and its users see it.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Names of the type; the first is the one shown.
    pub names: &'static [&'static str],
    /// One line for people.
    pub help: &'static str,
    /// Inputs; the first is the main one.
    pub inputs: Vec<Input>,
    /// Parameters that do not move.
    pub params: Vec<Param>,
    /// Outputs; the first is the main one.
    pub outputs: Vec<Output>,
    /// One voice by nature: voices that come in are added.
    pub one: bool,
    /// A playing example in the language.
    pub example: &'static str,
}

/// The names of one side of a stereo port `x`: `x_left`, and for the main port also `left`.
fn side_of<'a>(asked: &'a str, suffix: &str) -> Option<&'a str> {
    asked.strip_suffix(suffix)?.strip_suffix('_').filter(|stem| !stem.is_empty())
}

/// Channels of a sound device that a patch may use.
pub const DEVICE_CHANNELS: usize = 32;

/// Which part of a stereo port is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Both sides of a stereo port; the port itself where it is mono.
    Both,
    /// The left side of a stereo port.
    Left,
    /// The right side of a stereo port.
    Right,
}

impl Side {
    /// `_left`, `_right`, or nothing: what stands behind the port's name.
    pub fn suffix(self) -> &'static str {
        match self {
            Side::Both => "",
            Side::Left => "_left",
            Side::Right => "_right",
        }
    }
}

/// Finds a port among `(names, stereo)` rows: its index and side. Of a stereo port `x`, `x_left` and `x_right` are
/// names too, and of the first port also `left` and `right`.
fn find<'a>(rows: impl Iterator<Item = (&'a [&'static str], bool)>, asked: &str) -> Option<(u16, Side)> {
    for (index, (names, stereo)) in rows.enumerate() {
        let index = index as u16;
        if names.contains(&asked) {
            return Some((index, Side::Both));
        }
        if stereo {
            let side = if index == 0 && asked == "left" || side_of(asked, "left").is_some_and(|n| names.contains(&n)) {
                Side::Left
            } else if index == 0 && asked == "right" || side_of(asked, "right").is_some_and(|n| names.contains(&n)) {
                Side::Right
            } else {
                continue;
            };
            return Some((index, side));
        }
    }
    None
}

impl Spec {
    /// The type's first name.
    pub fn name(&self) -> &'static str {
        self.names[0]
    }

    /// Index and side of the input of this name. A mono module runs once per side where it is fed stereo, so its sound
    /// has sides too.
    pub fn input(&self, name: &str) -> Option<(u16, Side)> {
        let sides = self.inputs.iter().map(|p| (p.names, p.kind == Kind::Audio && !self.one));
        find(self.inputs.iter().map(|p| (p.names, p.stereo)), name).or_else(|| self.run_side(sides, name))
    }

    /// Index and side of the output of this name.
    pub fn output(&self, name: &str) -> Option<(u16, Side)> {
        let sides = self.outputs.iter().map(|p| (p.names, !self.one));
        find(self.outputs.iter().map(|p| (p.names, p.stereo)), name).or_else(|| self.run_side(sides, name))
    }

    fn run_side<'a>(&self, rows: impl Iterator<Item = (&'a [&'static str], bool)>, name: &str) -> Option<(u16, Side)> {
        if self.has_sides() { None } else { find(rows, name).filter(|(_, side)| *side != Side::Both) }
    }

    /// Whether any port is stereo, so that the type deals with sides itself.
    pub fn has_sides(&self) -> bool {
        self.inputs.iter().any(|port| port.stereo) || self.outputs.iter().any(|port| port.stereo)
    }

    /// Whether any port is for MIDI.
    pub fn has_midi(&self) -> bool {
        self.inputs.iter().any(|port| port.kind == Kind::Midi)
            || self.outputs.iter().any(|port| port.kind == Kind::Midi)
    }

    /// Index of the parameter of this name.
    pub fn param(&self, name: &str) -> Option<u16> {
        self.params.iter().position(|p| p.names.contains(&name)).map(|i| i as u16)
    }

    /// The output that the name of a channel alone means.
    pub fn named_output(&self) -> Option<u16> {
        self.outputs.iter().position(|port| port.named).map(|index| index as u16)
    }

    /// Of an input that is the first two channels of a sound device, as a pair, the input of the same name that has its
    /// channels one by one: `out` goes to the first two, `out.in[2]` to the third. The first two of these are not used, as
    /// they are the sides of the pair.
    pub fn input_by_channel(&self, port: u16) -> Option<u16> {
        let pair = self.inputs.get(usize::from(port)).filter(|pair| pair.stereo && !pair.indexed)?;
        self.inputs.iter().position(|one| one.indexed && one.names == pair.names).map(|index| index as u16)
    }

    /// The same of an output.
    pub fn output_by_channel(&self, port: u16) -> Option<u16> {
        let pair = self.outputs.get(usize::from(port)).filter(|pair| pair.stereo && !pair.indexed)?;
        self.outputs.iter().position(|one| one.indexed && one.names == pair.names).map(|index| index as u16)
    }

    /// Whether its channels are those of a sound device: what they are is their place, whatever they are called.
    pub fn faces_device(&self) -> bool {
        self.input_by_channel(0).is_some() || self.output_by_channel(0).is_some()
    }

    /// Whether any port or parameter is one per channel, so that the type has a shape.
    pub fn has_channels(&self) -> bool {
        self.inputs.iter().any(|p| p.indexed)
            || self.outputs.iter().any(|p| p.indexed)
            || self.params.iter().any(|p| p.indexed)
    }
}

/// Pitch in octaves above C0 of a frequency, for defaults and ranges.
pub fn hz(f: f64) -> f64 {
    exact::pitch_of_hz(f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_pair_with_channels_beside_it_faces_a_device() {
        let input = || Input::new(&["in"], Kind::Audio, "");
        let out = Spec::new(&["Out"], "").with_input(input().stereo()).with_input(input().indexed());
        assert!(out.faces_device() && out.input_by_channel(0) == Some(1) && out.input_by_channel(1).is_none());
        // A mixer's channels are stereo themselves, and those of no device.
        let mixer = Spec::new(&["Mixer"], "").with_input(input().stereo().indexed());
        assert!(!mixer.faces_device() && mixer.input_by_channel(0).is_none());
        let other = Input::new(&["send"], Kind::Audio, "").indexed();
        assert!(!Spec::new(&["Other"], "").with_input(input().stereo()).with_input(other).faces_device());
    }
}
