//! Settings of the whole patch, and names of patterns, songs and curves where a value is expected.

use super::eval::Thing;
use super::{Binding, Expander, Score, value};
use crate::fault::{Fault, codes};
use crate::flat::{V, What};
use crate::kinds;
use crate::tree::{self, Call, Expr, Name, PathName, Port, Setting, Statement, SwapOn, Word};
use crate::value::{Const, Dim};
use patches_core::exact;
use patches_core::graph::{self, Landing, Span};
use patches_core::spec::{Input, Kind};

/// Frequencies of A4 that there are, an octave to either side of the usual.
const TUNINGS: std::ops::RangeInclusive<f64> = 220.0..=880.0;

impl<'t> Expander<'t> {
    /// The length of a bar in quarter-note beats, which constants need before anything else.
    pub(super) fn meter(&mut self, statements: &'t [Statement]) -> f64 {
        for statement in super::flatten(statements) {
            if let tree::What::Setting(Setting::Meter(beats, note)) = &statement.what
                && let (Ok(beats), Ok(note)) = (beats.text.parse::<u32>(), note.text.parse::<u32>())
                && beats > 0
                && note > 0
            {
                return 4.0 * f64::from(beats) / f64::from(note);
            }
        }
        4.0
    }

    /// How far notes are from those of an A4 of 440 Hz, in octaves; notes need it before anything else.
    pub(super) fn tuned(&self, statements: &'t [Statement]) -> f64 {
        for statement in super::flatten(statements) {
            if let tree::What::Setting(Setting::Tuning(Expr::Quantity(quantity))) = &statement.what {
                let written = Const::written(quantity, 4.0);
                if matches!(written.dim, Dim::Frequency | Dim::Number) && TUNINGS.contains(&written.value) {
                    return exact::pitch_of_hz(written.value) - exact::pitch_of_hz(440.0);
                }
            }
        }
        0.0
    }

    /// The frequency of A4, as it is written: notes are known before anything is computed.
    fn tuning(&mut self, expr: &'t Expr, scope: usize) -> Option<f64> {
        if let Expr::Quantity(quantity) = expr {
            let written = Const::written(quantity, 4.0);
            if matches!(written.dim, Dim::Frequency | Dim::Number) && TUNINGS.contains(&written.value) {
                return Some(written.value);
            }
        }
        let fault = Fault::error(codes::OUT_OF_RANGE, expr.span(), "the tuning is the frequency of A4, 220Hz to 880Hz");
        self.fault(scope, fault.help("write `tuning 442Hz`"));
        None
    }

    /// One setting.
    pub(super) fn setting(&mut self, scope: usize, setting: &'t Setting, span: Span) {
        if scope != self.main {
            let message = format!("`{}` is for the whole patch, not for a body in it", setting.word());
            return self.error(scope, codes::MISPLACED, span, message);
        }
        if !matches!(setting, Setting::Mute(_) | Setting::Solo(_) | Setting::Reset(_)) {
            if let Some(&before) = self.set.get(setting.word()) {
                return self.given_twice(scope, &format!("`{}`", setting.word()), span, before);
            }
            self.set.insert(setting.word(), span);
        }
        match setting {
            Setting::Tempo(expr) => {
                let number = self.setting_number(expr, scope, "a tempo, such as `126`", &[Dim::Number, Dim::Bpm]);
                self.out.whole.tempo = self.in_range(number, expr, scope, 1.0, 1000.0, "a tempo is 1 to 1000");
            }
            Setting::Meter(beats, note) => self.set_meter(beats, note, scope),
            Setting::Swing(expr) => {
                let dims = [Dim::Number, Dim::Gain, Dim::Note];
                let number = self.setting_number(expr, scope, "a share, such as `56%`", &dims);
                // `swing 56` can only mean percent.
                let number = number.map(|n| if n > 1.0 { n / 100.0 } else { n });
                self.out.whole.swing = self.in_range(number, expr, scope, 0.25, 0.75, "swing is 25% to 75%");
            }
            Setting::Fade(expr) => self.out.whole.fade = self.time(expr, scope, &["fade"], 60.0),
            Setting::Tail(expr) => self.out.whole.tail = self.time(expr, scope, &["tail"], 600.0),
            Setting::Tuning(expr) => self.out.whole.tuning = self.tuning(expr, scope),
            Setting::Swap(on) => self.out.whole.swap = self.landing(on, scope),
            Setting::Mute(paths) => {
                let paths = self.declared_paths(paths);
                self.out.whole.mute.extend(paths);
            }
            Setting::Solo(paths) => {
                let paths = self.declared_paths(paths);
                self.out.whole.solo.extend(paths);
            }
            Setting::Reset(paths) => {
                let paths = self.declared_paths(paths);
                self.out.whole.reset.extend(paths);
            }
        }
    }

    /// Paths without those that lead to what is faulty already.
    fn declared_paths(&mut self, paths: &[PathName]) -> Vec<PathName> {
        let mut paths = paths.to_vec();
        paths.retain(|path| !self.is_faulty_path(&path.text));
        paths
    }

    fn is_faulty_path(&mut self, path: &str) -> bool {
        let name = path.split(['/', '[']).next().unwrap_or(path);
        let scope = &self.scopes[self.main];
        match scope.names.get(name) {
            Some((Binding::Poison, _)) => true,
            Some((Binding::Signal(signal), _)) => {
                let signal = *signal;
                matches!(self.signal(signal).what, What::Poison)
            }
            Some((Binding::Instance(instance), _)) => {
                let body = super::flatten(&self.instances[*instance].template.body);
                path.contains('/') && body.iter().any(|inner| matches!(inner.what, tree::What::Unreadable(_)))
            }
            Some(_) => false,
            None => {
                let mut rounds = scope.rounds.values().flatten();
                self.is_lost(self.main, name) || rounds.any(|&inner| self.is_lost(inner, name))
            }
        }
    }

    fn set_meter(&mut self, beats: &Name, note: &Name, scope: usize) {
        match (beats.text.parse::<u32>(), note.text.parse::<u32>()) {
            (Ok(b), Ok(n)) if (1..=64).contains(&b) && n.is_power_of_two() && n <= 64 => {
                self.out.whole.meter = Some((b, n));
            }
            (b, _) => {
                let message = "a meter has 1 to 64 beats, of notes that are powers of two up to 64";
                let beats_fit = b.is_ok_and(|b| (1..=64).contains(&b));
                let span = if beats_fit { note.span } else { beats.span };
                let fault = Fault::error(codes::OUT_OF_RANGE, span, message);
                self.fault(scope, fault.help("write `meter 7/8`"));
            }
        }
    }

    /// A time, also a musical one, of at most so many seconds or beats.
    fn time(
        &mut self,
        expr: &'t Expr,
        scope: usize,
        name: &'static [&'static str],
        most: f64,
    ) -> Option<graph::Setting> {
        let v = self.eval(expr, scope);
        let span = expr.span();
        let input = Input::new(name, Kind::Time, "");
        let time = match &v.what {
            What::Const(c) => kinds::setting(*c, &input, span).map(|(setting, _)| setting),
            What::Poison => return None,
            other => Err(kinds::wrong_kind(&input, other.name(), span)),
        };
        match time {
            // At a beat a second, beats are as long as seconds.
            Ok(time) if (0.0..=most).contains(&time.seconds(60.0)) => return Some(time),
            Ok(_) => {
                let message = format!("a {} takes 0s to {most}s, or as many beats", name[0]);
                self.error(scope, codes::OUT_OF_RANGE, span, message);
            }
            Err(fault) => self.fault(scope, fault),
        }
        None
    }

    fn setting_number(&mut self, expr: &'t Expr, scope: usize, expected: &str, dims: &[Dim]) -> Option<f64> {
        let v = self.eval(expr, scope);
        match &v.what {
            What::Const(c) if dims.contains(&c.dim) => return Some(c.value),
            What::Poison => {}
            _ => {
                let message = format!("expected {expected}, found {}", v.what.name());
                self.error(scope, codes::WRONG_KIND, expr.span(), message);
            }
        }
        None
    }

    fn in_range(&mut self, n: Option<f64>, expr: &Expr, scope: usize, min: f64, max: f64, say: &str) -> Option<f64> {
        let n = n?;
        if (min..=max).contains(&n) {
            return Some(n);
        }
        self.error(scope, codes::OUT_OF_RANGE, expr.span(), say);
        None
    }

    fn landing(&mut self, on: &'t SwapOn, scope: usize) -> Option<Landing> {
        match on {
            SwapOn::Now => Some(Landing::Now),
            SwapOn::Bar => Some(Landing::Bars(1)),
            SwapOn::Beat => Some(Landing::Beat),
            SwapOn::Every(quantity) => {
                let bars = matches!(quantity.unit, "bar" | "bars");
                match (bars, Const::written(quantity, 1.0).value) {
                    (true, n) if n.fract() == 0.0 && (1.0..=1024.0).contains(&n) => Some(Landing::Bars(n as u32)),
                    _ => {
                        let message = "a swap lands `now`, `on beat`, `on bar` or on so many whole bars";
                        let fault = Fault::error(codes::WRONG_KIND, quantity.span, message);
                        self.fault(scope, fault.help("write `swap on 4bars`"));
                        None
                    }
                }
            }
        }
    }

    /// A pattern, a lane, or a song where one is expected.
    pub(super) fn eval_score(&mut self, expr: &'t Expr, scope: usize, song: bool) -> V {
        let span = expr.span();
        if let Expr::Text(text, _) = expr {
            return self.score_of_text(text, scope, span, song);
        }
        if let Expr::Call(call) = expr
            && call.is_bare()
            && call.index.is_empty()
            && let Word::Plain(name) = &call.target
        {
            let (word, other) = if song { ("song", "pattern") } else { ("pattern", "song") };
            // What is of the other kind is told where it does not fit; a song may be a pattern, as one of a single lane.
            let found = self.score_at(scope, word, &name.text).or_else(|| self.score_at(scope, other, &name.text));
            if call.port.is_none()
                && let Some((score, at)) = found
            {
                return self.score_value(score, at, &name.text, span);
            }
            if let Some(port) = &call.port
                && let Some((tune, at)) = self.score_at(scope, "song", &name.text)
            {
                let tune = self.score_value(tune, at, &name.text, span);
                return self.lane(&tune, port, scope);
            }
            if call.port.is_none() && self.lookup(scope, &name.text).is_none() {
                if !self.is_lost(scope, &name.text) {
                    let known = self.scores_in_sight(scope, word);
                    let fault = Fault::error(codes::UNKNOWN_NAME, span, format!("no {word} `{}`", name.text));
                    self.fault(scope, fault.near(&name.text, known.iter().map(|n| &**n)));
                }
                return value(What::Poison, span);
            }
        }
        let v = self.eval(expr, scope);
        self.as_score(v, scope, if song { "song" } else { "pattern" })
    }

    /// `"line"`, `"tune.bass"`.
    fn score_of_text(&mut self, text: &str, scope: usize, span: Span, song: bool) -> V {
        let (name, lane) = text.split_once('.').map_or((text, None), |(name, lane)| (name, Some(lane)));
        let word = if song || lane.is_some() { "song" } else { "pattern" };
        let other = if lane.is_none() { "pattern" } else { "song" };
        let found = self.score_at(scope, word, name).or_else(|| self.score_at(scope, other, name));
        let Some((score, at)) = found else {
            let steps = !song && text.contains([' ', '~', '|', '*']);
            let (word, name) = if steps { ("pattern", text) } else { (word, name) };
            let fault = Fault::error(codes::UNKNOWN_NAME, span, format!("no {word} `{name}`"));
            if !steps && self.is_lost(scope, name) {
                return value(What::Poison, span);
            }
            self.fault(
                scope,
                match steps {
                    true => fault
                        .help(format!("write `pattern p {{ {text} }}` on a line of its own, and `pattern: p` here")),
                    false => fault,
                },
            );
            return value(What::Poison, span);
        };
        let v = self.score_value(score, at, &name.into(), span);
        match lane {
            Some(lane) => self.lane_of(&v, lane, span, span, scope),
            None => v,
        }
    }

    pub(super) fn scores_in_sight(&self, scope: usize, word: &str) -> Vec<std::sync::Arc<str>> {
        let (mut at, mut names) = (Some(scope), Vec::new());
        while let Some(here) = at {
            names.extend(self.scopes[here].scores.keys().filter(|(w, _)| *w == word).map(|(_, name)| name.clone()));
            at = self.scopes[here].parent;
        }
        names
    }

    /// A curve where a signal is expected; patterns and songs only to say what they are.
    pub(super) fn named_score(&mut self, name: &Name, call: &Call, scope: usize) -> Option<Thing> {
        let (found, at) =
            ["curve", "pattern", "song"].iter().find_map(|word| self.score_at(scope, word, &name.text))?;
        // `Lead` the type and `Lead` the pattern may share a name; the type is meant where a signal is.
        if !matches!(found, Score::Curve(_)) && self.kind(scope, &name.text).is_some() {
            return None;
        }
        Some(Thing::Value(self.score_value(found, at, &name.text, call.span)))
    }

    /// `tune.drums`.
    pub(super) fn lane(&mut self, v: &V, port: &'t Port, scope: usize) -> V {
        let poison = value(What::Poison, port.span);
        match &v.what {
            What::Poison => poison,
            What::Song(_) => match self.port_word(port, scope) {
                Some(name) => self.lane_of(v, &name, port.span, port.name.span(), scope),
                None => poison,
            },
            _ => {
                let message = format!("{} has no ports", v.what.name());
                let fault = Fault::error(codes::UNKNOWN_PORT, port.name.span(), message);
                // What a parameter holds is written elsewhere.
                let here = v.span.file == port.span.file && v.span.end == port.span.start;
                let given = format!("{} is given here", v.what.name());
                self.fault(scope, if here { fault } else { fault.also(v.span, given) });
                poison
            }
        }
    }

    pub(super) fn lane_of(&mut self, v: &V, name: &str, span: Span, at: Span, scope: usize) -> V {
        let poison = value(What::Poison, span);
        match &v.what {
            What::Song(song) => match song.lanes.iter().find(|(lane, _)| **lane == *name) {
                Some((lane, score)) => {
                    let name = format!("{}.{lane}", song.name).into();
                    value(What::Pattern(name, score.clone()), span)
                }
                None => {
                    let message = format!("the song `{}` has no lane `{name}`", song.name);
                    let fault = Fault::error(codes::UNKNOWN_NAME, at, message);
                    self.fault(scope, fault.near(name, song.lanes.iter().map(|(lane, _)| &**lane)));
                    poison
                }
            },
            _ => poison,
        }
    }
}
