//! What several module types are made of: kernels without a type of their own, and the wiring around them.

pub mod dice;
pub mod either;
pub mod metro;
pub mod phase;

use patches_core::prelude::*;

/// How often a sequencer steps when the text does not say: 1/16, in quarter-note beats.
pub const SIXTEENTH: f64 = 0.25;

/// Seconds that a musical time lasts at 120 beats a minute. It is used only where a first guess will do.
pub const GUESS: f64 = 0.5;

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

/// A time input as a period; what the text leaves out (0) is so many beats.
pub fn period(lowering: &Lowering<'_>, name: &str, beats: f64) -> Period {
    match lowering.period(name, 0) {
        Period::Seconds(seconds) if seconds <= 0.0 => Period::Beats(beats),
        period => period,
    }
}

/// How long a time input lasts in seconds, as far as it is known: its own seconds, else by the guess at the tempo.
pub fn seconds(lowering: &Lowering<'_>, name: &str, beats: f64) -> f64 {
    match (lowering.feed(name, 0), period(lowering, name, beats)) {
        (Feed::Still(seconds) | Feed::Changing(_, seconds), _) if seconds > 0.0 => f64::from(seconds),
        (_, Period::Beats(beats)) => beats * GUESS,
        (_, Period::Seconds(seconds)) => seconds,
    }
}

/// A trigger and a phase each time the time at `name` has passed; a cable there bends it.
pub fn ticks(lowering: &mut Lowering<'_>, name: &str, beats: f64) -> (Wire, Wire) {
    let node = if lowering.linked(name, 0) {
        let time = lowering.input(name, 0);
        lowering.kernel(&metro::KERNEL, &[], &[time])
    } else {
        let period = period(lowering, name, beats);
        lowering.tick(period)
    };
    (node.out(0), node.out(1))
}

/// The clock of a stepped module: the trigger, and the seconds between two of them as far as they are known beforehand.
pub fn clock(lowering: &mut Lowering<'_>) -> (Wire, Wire) {
    let interval = Wire::Const(seconds(lowering, "every", SIXTEENTH) as f32);
    if lowering.linked("clock", 0) {
        return (lowering.input("clock", 0), interval);
    }
    (ticks(lowering, "every", SIXTEENTH).0, interval)
}
