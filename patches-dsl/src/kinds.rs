//! Constants in the unit of the input they meet.

use crate::fault::{Fault, codes};
use crate::flat::{V, What};
use crate::value::{Const, Dim, Old};
use patches_core::exact;
use patches_core::graph::{Setting, Span};
use patches_core::spec::{Input, Kind, Unit};

/// Above this a bare number that is a pitch is in hertz.
pub(crate) const OCTAVES: f64 = 16.0;

/// The setting of an input for a constant.
pub fn setting(c: Const, input: &Input, span: Span) -> Result<(Setting, Option<Fault>), Fault> {
    if !(c.value.is_finite() && c.beats.is_finite()) {
        return Err(Fault::error(codes::NOT_FINITE, span, "this comes to no finite number"));
    }
    let wrong = || wrong_kind(input, c.dim.name(), span);
    let number = |v: f64| Ok((Setting::Number(v), None));
    let old = c.old.map_or(span, Old::span);
    let hint = |v: f64, what: &str| Ok((Setting::Number(v), Some(old_spelling(what, old))));
    if c.dim == Dim::Divisor {
        return Err(wrong().help("write `1/8d`"));
    }
    match (input.kind, c.dim) {
        (Kind::Pitch | Kind::Interval, Dim::Time) if matches!(c.old, Some(Old::Seconds(_))) => {
            hint(c.value / 12.0, "`7s` as an interval is written `7st` today")
        }
        (Kind::Pitch, Dim::Pitch | Dim::Interval) | (Kind::Interval, Dim::Interval) if c.old.is_some() => {
            hint(c.value, "`7s` and `50c` as intervals are written `7st` and `50ct` today")
        }
        (Kind::Pitch, Dim::Pitch | Dim::Interval) | (Kind::Interval, Dim::Interval) => number(c.value),
        (Kind::Pitch, Dim::Frequency) => match c.as_pitch() {
            Ok(pitch) => number(pitch.value),
            Err(misfit) => Err(Fault::error(misfit.code, span, misfit.message)),
        },
        (Kind::Pitch, Dim::Number | Dim::Note) => pitch_of_number(c.value, input, span),
        (Kind::Interval, Dim::Number | Dim::Note) => number(in_unit(c.value, input.unit)),
        (Kind::Time, Dim::Time) if c.beats != 0.0 => Ok((time(c.value, c.beats), None)),
        (Kind::Time, Dim::Time) => number(c.value),
        (Kind::Time | Kind::Rate, Dim::Beats) => Ok((Setting::Beats(c.value), None)),
        (Kind::Time | Kind::Rate, Dim::Note) => Ok((Setting::Beats(c.value * 4.0), None)),
        (Kind::Time, Dim::Number) => number(in_unit(c.value, input.unit)),
        (Kind::Rate, Dim::Frequency) => number(c.value),
        (Kind::Rate, Dim::Bpm) => number(c.value / 60.0),
        (Kind::Rate, Dim::Number) => number(in_unit(c.value, input.unit)),
        (Kind::Gain, Dim::Number | Dim::Note) if c.value < 0.0 && input.min >= 0.0 => {
            let message = format!("`{}` is a gain, which is never negative", input.names[0]);
            Err(Fault::error(codes::NEGATIVE_GAIN, span, message).help(format!("did you mean `{}dB`?", c.value)))
        }
        (Kind::Gain | Kind::Number | Kind::Audio | Kind::Gate | Kind::Trigger, Dim::Number | Dim::Note | Dim::Gain) => {
            number(c.value)
        }
        (Kind::Number, Dim::Interval) if matches!(input.unit, Unit::Semitones | Unit::Cents | Unit::Octaves) => {
            number(c.value * parts(input.unit).unwrap_or(1.0))
        }
        (Kind::Number, Dim::Bpm) if input.unit == Unit::Bpm => number(c.value),
        (Kind::Number, Dim::Frequency) if input.unit == Unit::Hertz => number(c.value),
        _ => Err(wrong()),
    }
}

/// A time of seconds and quarter-note beats.
fn time(seconds: f64, beats: f64) -> Setting {
    match (seconds == 0.0, beats == 0.0) {
        (_, true) => Setting::Number(seconds),
        (true, false) => Setting::Beats(beats),
        (false, false) => Setting::Mixed { seconds, beats },
    }
}

/// Two times together.
pub fn added(a: Setting, b: Setting) -> Setting {
    let parts = |setting| match setting {
        Setting::Number(seconds) => (seconds, 0.0),
        Setting::Beats(beats) => (0.0, beats),
        Setting::Mixed { seconds, beats } => (seconds, beats),
    };
    let ((a, a_beats), (b, b_beats)) = (parts(a), parts(b));
    time(a + b, a_beats + b_beats)
}

/// Whether the bare numbers of a list of intervals are semitones: one that goes beyond an octave can mean nothing else.
pub fn in_semitones(members: &[V]) -> bool {
    members.iter().any(|member| matches!(&member.what, What::Const(c) if c.dim == Dim::Number && c.value.abs() > 1.0))
}

/// How many of a unit are one of the kind's own.
fn parts(unit: Unit) -> Option<f64> {
    match unit {
        Unit::Own | Unit::Hertz => None,
        Unit::Octaves => Some(1.0),
        Unit::Semitones => Some(12.0),
        Unit::Cents => Some(1200.0),
        Unit::Milliseconds => Some(1000.0),
        Unit::Bpm => Some(60.0),
    }
}

/// A bare number in the unit of its parameter, as the kind counts.
fn in_unit(v: f64, unit: Unit) -> f64 {
    parts(unit).map_or(v, |parts| v / parts)
}

/// What numbers of an expression are where an input takes them in a unit of its own: so many are one of the kind's, and
/// what they measure then.
pub fn counted(input: &Input) -> Option<(f64, Dim)> {
    let dim = match input.kind {
        Kind::Interval => Dim::Interval,
        Kind::Time => Dim::Time,
        Kind::Rate => Dim::Frequency,
        _ => return None,
    };
    Some((parts(input.unit)?, dim))
}

fn pitch_of_number(v: f64, input: &Input, span: Span) -> Result<(Setting, Option<Fault>), Fault> {
    let hertz = match input.unit {
        Unit::Hertz => true,
        Unit::Own => v > OCTAVES,
        _ => return Ok((Setting::Number(in_unit(v, input.unit)), None)),
    };
    if !hertz {
        return Ok((Setting::Number(v), None));
    }
    if v <= 0.0 {
        return Err(Fault::error(codes::WRONG_KIND, span, "a pitch needs a frequency above 0Hz"));
    }
    Ok((Setting::Number(exact::pitch_of_hz(v)), None))
}

/// The fault of a value that an input cannot take.
pub fn wrong_kind(input: &Input, found: &str, span: Span) -> Fault {
    let (name, kind) = (input.names[0], input.kind);
    let message = format!("`{name}` expects {}, such as {}, not {found}", a_kind(kind), kind.example());
    Fault::error(codes::WRONG_KIND, span, message)
}

fn a_kind(kind: Kind) -> String {
    let article = if matches!(kind, Kind::Audio | Kind::Interval) { "an" } else { "a" };
    let signal = if kind == Kind::Audio { " signal" } else { "" };
    format!("{article} {}{signal}", kind.name())
}

/// The hint for a spelling of older files.
pub fn old_spelling(what: &str, span: Span) -> Fault {
    Fault::warning(codes::OLD_SPELLING, span, what)
}

/// Whether a signal of this kind may go to an input.
pub fn takes_signal(kind: Kind, dim: Dim) -> bool {
    match dim {
        // Pitches and intervals are octaves wherever they go; following the keyboard is for any input.
        Dim::Number | Dim::Gain | Dim::Note | Dim::Pitch | Dim::Interval => {
            !(matches!(kind, Kind::Time | Kind::Rate) && matches!(dim, Dim::Pitch | Dim::Interval))
        }
        Dim::Time => kind == Kind::Time,
        Dim::Frequency => kind == Kind::Rate,
        Dim::Beats => matches!(kind, Kind::Time | Kind::Rate),
        Dim::Bpm | Dim::Divisor => false,
    }
}

/// A pitch by its note, else by its frequency.
pub fn note(octaves: f64) -> String {
    const NAMES: [&str; 12] = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];
    let semitones = (octaves * 12.0).round();
    if semitones.abs() > 200.0 || (semitones / 12.0 - octaves).abs() > 1e-9 {
        return shown(octaves, Kind::Pitch);
    }
    let semitones = semitones as i32;
    format!("{}{}", NAMES[semitones.rem_euclid(12) as usize], semitones.div_euclid(12))
}

/// A value of an input, as a person would write it.
pub fn shown(v: f64, kind: Kind) -> String {
    let short = |v: f64| {
        let text = format!("{v:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    };
    match kind {
        Kind::Pitch => {
            let hz = exact::hz_of_pitch(v);
            if hz >= 1000.0 { format!("{}kHz", short(hz / 1000.0)) } else { format!("{}Hz", short(hz)) }
        }
        Kind::Interval => format!("{}oct", short(v)),
        Kind::Time if v < 1.0 => format!("{}ms", short(v * 1000.0)),
        Kind::Time => format!("{}s", short(v)),
        Kind::Rate => format!("{}Hz", short(v)),
        _ => short(v),
    }
}
