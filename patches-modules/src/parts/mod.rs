//! What several module types are made of: kernels without a type of their own, and the wiring around them.

pub mod blend;
pub mod dice;
pub mod either;
pub mod fade;
pub mod interval;
pub mod jitter;
pub mod metro;
pub mod phase;
pub mod play;
pub mod slew;
pub mod swept;
pub mod tap;
pub mod tone;
pub mod tuned;

use patches_core::prelude::*;

/// How often a sequencer steps when the text does not say: 1/16, in quarter-note beats.
pub const SIXTEENTH: f64 = 0.25;

/// Adds the inputs that every stepped module has: `clock`, normalled to `every`.
pub fn with_clock(spec: Spec) -> Spec {
    spec.with_input(
        Input::new(&["clock"], Kind::Trigger, "steps on each trigger; without a cable, `every`").normalled("*"),
    )
    .with_input(
        // 0 stands for 1/16, which no number of seconds is at every tempo. Ten minutes is longer than any step.
        Input::new(&["every"], Kind::Time, "time between steps without a clock; 1/16 if not set")
            .value(0.0, 0.0..600.0),
    )
}

/// The number as it was written: values come as 32-bit floats, and a clock that ticks each 0.1 s for an hour must not
/// tick each 0.100000001 s. The shortest decimal that is this float is what was typed, if it had up to six digits.
fn written(seconds: f64) -> f64 {
    (seconds as f32).to_string().parse().unwrap_or(seconds)
}

/// A time input as a period; what the text leaves out (0) is so many beats.
pub fn period(lowering: &Lowering<'_>, name: &str, beats: f64) -> Period {
    match lowering.period(name, 0) {
        Period::Seconds(seconds) if seconds <= 0.0 => Period::Beats(beats),
        Period::Seconds(seconds) => Period::Seconds(written(seconds)),
        period => period,
    }
}

/// How long a time input without cable lasts, in seconds.
pub fn seconds(lowering: &Lowering<'_>, name: &str, beats: f64) -> f64 {
    lowering.seconds(period(lowering, name, beats))
}

/// A trigger and a phase each time the time at `name` has passed; a cable there bends it.
pub fn ticks(lowering: &mut Lowering<'_>, name: &str, beats: f64) -> (Wire, Wire) {
    let node = if lowering.linked(name, 0) {
        let time = lowering.input(name, 0);
        lowering.kernel(&metro::KERNEL, &[], &[time])
    } else {
        let period = lowering.swung(period(lowering, name, beats));
        lowering.tick(period)
    };
    (node.out(0), node.out(1))
}

/// The clock of a stepped module: the trigger, and the seconds between two of them as far as they are known beforehand
/// (of a clock that comes by cable they are those of `every`).
pub fn clock(lowering: &mut Lowering<'_>) -> (Wire, Wire) {
    let interval = Wire::Const(seconds(lowering, "every", SIXTEENTH) as f32);
    if lowering.linked("clock", 0) {
        return (lowering.input("clock", 0), interval);
    }
    (ticks(lowering, "every", SIXTEENTH).0, interval)
}

#[cfg(test)]
mod tests {
    use super::written;

    #[test]
    fn a_period_is_what_was_typed() {
        for typed in [0.1, 0.125, 1.0 / 3.0, 12.3456, 600.0] {
            let back = written(f64::from(typed as f32));
            assert!(back == typed || typed == 1.0 / 3.0 && (back - typed).abs() < 1e-8, "{typed} came as {back}");
        }
    }
}
