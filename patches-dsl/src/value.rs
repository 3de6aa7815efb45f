//! Constants: numbers that know what they measure, and what may be done with them.

use crate::fault::codes;
use crate::tree::Quantity;
use patches_core::exact;
use patches_core::graph::Span;

/// What a constant measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dim {
    /// Nothing: a plain number.
    Number,
    /// A factor, written in dB or percent: a plain number that may not stand for a time or a pitch.
    Gain,
    /// A quotient of whole numbers: a note length where a time is expected, else a plain number.
    Note,
    /// Octaves above C0.
    Pitch,
    /// Hertz.
    Frequency,
    /// Octaves.
    Interval,
    /// Seconds.
    Time,
    /// Quarter-note beats.
    Beats,
    /// Beats a minute.
    Bpm,
    /// What `8d` and `8t` are: the lower half of a dotted or triplet note length. The value is `8 / 1.5`.
    Divisor,
}

impl Dim {
    /// How faults call it.
    pub fn name(self) -> &'static str {
        match self {
            Dim::Number => "a number",
            Dim::Gain => "a gain",
            Dim::Note => "a number or note length",
            Dim::Pitch => "a pitch",
            Dim::Frequency => "a frequency",
            Dim::Interval => "an interval",
            Dim::Time => "a time",
            Dim::Beats => "a musical time",
            Dim::Bpm => "a tempo",
            Dim::Divisor => "half a note length",
        }
    }

    /// A number in itself, whatever it will measure where it is used.
    pub fn is_plain(self) -> bool {
        matches!(self, Dim::Number | Dim::Gain | Dim::Note)
    }
}

/// A spelling of older files that means something else today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Old {
    /// `7s`: seconds, but semitones as an interval, pitch or scale.
    Seconds(Span),
    /// `50c`: cents, or something made of an older interval.
    Interval(Span),
}

impl Old {
    /// Where it is written.
    pub fn span(self) -> Span {
        match self {
            Old::Seconds(span) | Old::Interval(span) => span,
        }
    }
}

/// A constant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Const {
    /// What it measures.
    pub dim: Dim,
    /// How much of it.
    pub value: f64,
    /// Of a time in seconds, the part that is musical, in quarter-note beats: `10ms + 1/16`.
    pub beats: f64,
    /// A whole number made of whole numbers only.
    pub whole: bool,
    /// Written as in older files.
    pub old: Option<Old>,
}

/// Why two constants cannot be combined: code, message, help.
pub struct Misfit {
    /// The fault's code.
    pub code: &'static str,
    /// What was found.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

fn misfit<T>(message: impl Into<String>, help: Option<&str>) -> Result<T, Misfit> {
    Err(Misfit { code: codes::ARITHMETIC, message: message.into(), help: help.map(str::to_string) })
}

impl Const {
    /// So much of something.
    pub fn new(dim: Dim, value: f64) -> Const {
        Const { dim, value, beats: 0.0, whole: false, old: None }
    }

    /// A plain whole number.
    pub fn whole(value: f64) -> Const {
        Const { whole: true, ..Const::new(Dim::Number, value) }
    }

    /// What is written; `bar` is the length of a bar in quarter-note beats.
    pub fn written(q: &Quantity, bar: f64) -> Const {
        let v = q.value;
        match q.unit {
            "" => Const { whole: q.whole, ..Const::new(Dim::Number, v) },
            "hz" => Const::new(Dim::Frequency, v),
            "khz" => Const::new(Dim::Frequency, v * 1000.0),
            "oct" => Const::new(Dim::Interval, v),
            "st" => Const::new(Dim::Interval, v / 12.0),
            "ct" => Const::new(Dim::Interval, v / 1200.0),
            "c" => Const { old: Some(Old::Interval(q.span)), ..Const::new(Dim::Interval, v / 1200.0) },
            "s" => Const { old: Some(Old::Seconds(q.span)), ..Const::new(Dim::Time, v) },
            "ms" => Const::new(Dim::Time, v / 1000.0),
            "min" => Const::new(Dim::Time, v * 60.0),
            "db" => Const::new(Dim::Gain, exact::gain_of_db(v)),
            "%" => Const::new(Dim::Gain, v / 100.0),
            "bpm" => Const::new(Dim::Bpm, v),
            "beat" | "beats" => Const::new(Dim::Beats, v),
            "bar" | "bars" => Const::new(Dim::Beats, v * bar),
            "d" => Const::new(Dim::Divisor, v / 1.5),
            // Three triplets stand in the time of two.
            _ => Const::new(Dim::Divisor, v * 1.5),
        }
    }

    /// The whole number this is, if it is one.
    pub fn as_whole(&self) -> Option<i64> {
        let plain = matches!(self.dim, Dim::Number | Dim::Note);
        (plain && self.value.fract() == 0.0 && self.value.abs() < 1e15).then_some(self.value as i64)
    }

    /// A frequency as the pitch it is.
    pub fn as_pitch(self) -> Result<Const, Misfit> {
        if self.dim != Dim::Frequency {
            return Ok(self);
        }
        if self.value <= 0.0 {
            return misfit("a pitch needs a frequency above 0Hz", None);
        }
        Ok(Const::new(Dim::Pitch, exact::pitch_of_hz(self.value)))
    }

    fn as_beats(self) -> Const {
        if self.dim == Dim::Note { Const::new(Dim::Beats, self.value * 4.0) } else { self }
    }

    /// `-self`.
    pub fn minus(self) -> Result<Const, Misfit> {
        match self.dim {
            Dim::Pitch => misfit("a pitch cannot be negated", Some("write an interval: `-7st`")),
            _ => Ok(self.by(-1.0)),
        }
    }

    /// So many times as much; the sign of a whole number keeps it whole.
    pub fn by(self, factor: f64) -> Const {
        let whole = self.whole && factor == -1.0;
        Const { value: self.value * factor, beats: self.beats * factor, whole, ..self }
    }

    /// The same as so many others.
    pub fn shared(self, count: f64) -> Const {
        Const { value: self.value / count, beats: self.beats / count, whole: false, ..self }
    }

    /// The musical and the other part of a time.
    fn parts(self) -> (f64, f64) {
        match self.dim {
            Dim::Beats => (0.0, self.value),
            Dim::Note => (0.0, self.value * 4.0),
            _ => (self.value, self.beats),
        }
    }

    /// `self + other`, or `self - other`.
    pub fn plus(self, other: Const, minus: bool) -> Result<Const, Misfit> {
        let octaves = |dim| matches!(dim, Dim::Pitch | Dim::Frequency | Dim::Interval);
        if let Some(old) = other.old.filter(|_| octaves(self.dim)) {
            let plain = match old {
                Old::Seconds(_) => Const::new(Dim::Interval, other.value / 12.0),
                Old::Interval(_) => Const { old: None, ..other },
            };
            return Ok(Const { old: Some(Old::Interval(old.span())), ..self.plus(plain, minus)? });
        }
        let sign = if minus { -1.0 } else { 1.0 };
        let sum = |dim, a: f64, b: f64| Ok(Const::new(dim, a + sign * b));
        match (self.dim, other.dim) {
            (a, b) if a == Dim::Divisor || b == Dim::Divisor => {
                misfit("`8d` and `8t` are half a note length", Some("write `1/8d`"))
            }
            (Dim::Number, Dim::Number) => {
                let whole = self.whole && other.whole;
                Ok(Const { whole, ..Const::new(Dim::Number, self.value + sign * other.value) })
            }
            (Dim::Note, Dim::Number) | (Dim::Number, Dim::Note) if !(self.whole || other.whole) => {
                sum(Dim::Number, self.value, other.value)
            }
            (Dim::Note, Dim::Number | Dim::Note) | (Dim::Number, Dim::Note) => sum(Dim::Note, self.value, other.value),
            (a, b) if a.is_plain() && b.is_plain() => sum(Dim::Gain, self.value, other.value),
            (Dim::Beats | Dim::Note, Dim::Beats) | (Dim::Beats, Dim::Note) => {
                sum(Dim::Beats, self.as_beats().value, other.as_beats().value)
            }
            (Dim::Time, Dim::Time | Dim::Beats | Dim::Note) | (Dim::Beats | Dim::Note, Dim::Time) => {
                let ((a, a_beats), (b, b_beats)) = (self.parts(), other.parts());
                let old = if self.dim == other.dim { self.old.and(other.old) } else { None };
                Ok(Const { beats: a_beats + sign * b_beats, old, ..Const::new(Dim::Time, a + sign * b) })
            }
            (Dim::Pitch | Dim::Frequency, Dim::Pitch) | (Dim::Pitch, Dim::Frequency) => {
                if minus {
                    return sum(Dim::Interval, self.as_pitch()?.value, other.as_pitch()?.value);
                }
                misfit("two pitches cannot be added", Some("add an interval instead: `+ 7st`"))
            }
            (Dim::Pitch | Dim::Frequency, Dim::Interval) => sum(Dim::Pitch, self.as_pitch()?.value, other.value),
            (Dim::Interval, Dim::Pitch | Dim::Frequency) if !minus => {
                sum(Dim::Pitch, self.value, other.as_pitch()?.value)
            }
            (a, b) if a == b => sum(a, self.value, other.value),
            (a, b) => {
                let (verb, link) = if minus { ("subtract", "from") } else { ("add", "to") };
                let (what, whom) = (b.name(), a.name());
                misfit(format!("cannot {verb} {what} {link} {whom}"), plus_help(a, b))
            }
        }
    }

    /// `self * other`.
    pub fn times(self, other: Const) -> Result<Const, Misfit> {
        let value = self.value * other.value;
        let whole = self.whole && other.whole;
        match (self.dim, other.dim) {
            (Dim::Divisor, _) | (_, Dim::Divisor) => {
                misfit("`8d` and `8t` are half a note length", Some("write `1/8d`"))
            }
            (Dim::Pitch, _) | (_, Dim::Pitch) => {
                misfit("a pitch cannot be multiplied", Some("add an interval instead: `+ 1oct` is twice the frequency"))
            }
            (Dim::Number, Dim::Number) => Ok(Const { whole, ..Const::new(Dim::Number, value) }),
            (Dim::Time, b) if b.is_plain() => Ok(Const { old: None, ..self.by(other.value) }),
            (a, Dim::Time) if a.is_plain() => Ok(Const { old: None, ..other.by(self.value) }),
            (Dim::Number, b) => Ok(Const::new(b, value)),
            (a, Dim::Number) => Ok(Const::new(a, value)),
            (a, b) if a.is_plain() && b.is_plain() => Ok(Const::new(if a == b { a } else { Dim::Number }, value)),
            (a, b) if a.is_plain() => Ok(Const::new(b, value)),
            (a, b) if b.is_plain() => Ok(Const::new(a, value)),
            (a, b) => misfit(format!("cannot multiply {} by {}", a.name(), b.name()), Some("multiply by a number")),
        }
    }

    /// `self / other`.
    pub fn over(self, other: Const) -> Result<Const, Misfit> {
        if other.value == 0.0 {
            return misfit("division by zero", None);
        }
        let value = self.value / other.value;
        match (self.dim, other.dim) {
            (Dim::Number | Dim::Note, Dim::Divisor) => Ok(Const::new(Dim::Beats, value * 4.0)),
            (Dim::Divisor, _) | (_, Dim::Divisor) => {
                misfit("`8d` and `8t` are half a note length", Some("write `1/8d`"))
            }
            (Dim::Pitch, _) => misfit("a pitch cannot be divided", Some("subtract an interval instead: `- 1oct`")),
            (Dim::Number, Dim::Number) if self.whole && other.whole => Ok(Const::new(Dim::Note, value)),
            (Dim::Note, Dim::Number) | (Dim::Number, Dim::Note) if self.whole || other.whole => {
                Ok(Const::new(Dim::Note, value))
            }
            (Dim::Note, Dim::Note) => Ok(Const::new(Dim::Note, value)),
            (a, b) if a.is_plain() && b.is_plain() => {
                Ok(Const::new(if a == Dim::Gain { Dim::Gain } else { Dim::Number }, value))
            }
            (Dim::Time, b) if b.is_plain() => Ok(Const { old: None, ..self.shared(other.value) }),
            (a, b) if b.is_plain() => Ok(Const::new(a, value)),
            (a, b) => misfit(format!("cannot divide {} by {}", a.name(), b.name()), Some("divide by a number")),
        }
    }

    /// The smaller or the larger of two of one kind.
    pub fn bound(self, other: Const, larger: bool) -> Result<Const, Misfit> {
        if self.beats != 0.0 || other.beats != 0.0 {
            let help = "compare times of one kind: both in seconds, or both musical";
            return misfit("which of these is larger depends on the tempo", Some(help));
        }
        let difference = match (self.dim, other.dim) {
            (a, b) if a.is_plain() && b.is_plain() => self.value - other.value,
            (Dim::Beats, Dim::Note) | (Dim::Note, Dim::Beats) => self.as_beats().value - other.as_beats().value,
            (Dim::Pitch, Dim::Frequency) | (Dim::Frequency, Dim::Pitch) => {
                self.as_pitch()?.value - other.as_pitch()?.value
            }
            (a, b) if a == b => self.value - other.value,
            (a, b) => return misfit(format!("cannot compare {} with {}", a.name(), b.name()), None),
        };
        Ok(if (difference > 0.0) == larger { self } else { other })
    }
}

/// What may have been meant by a sum of two kinds that do not add.
fn plus_help(a: Dim, b: Dim) -> Option<&'static str> {
    match (a, b) {
        (Dim::Pitch | Dim::Frequency, Dim::Number | Dim::Note) => Some("add an interval instead: `+ 7st`"),
        _ => None,
    }
}
