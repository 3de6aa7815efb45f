//! Flanger: the signal and a copy of itself a few milliseconds late, whose delay sweeps slowly, so that the teeth of the
//! comb they make move through the spectrum. The copy is [`swept`]'s, with feedback, around 2 ms. Cost: that of `swept`.

use crate::parts::swept::{self, Defaults};
use patches_core::prelude::*;

/// A sweep in five seconds from 0.2 to 3.8 ms, sharpened by half of it coming again.
const DEFAULTS: Defaults = Defaults { rate: 0.2, depth: 0.9, feedback: 0.5, manual: 0.002, longest: 0.02 };

/// What the language sees of this type.
fn spec() -> Spec {
    swept::with_ports(Spec::new(&["Flanger"], "Flanger: a comb that sweeps through the sound"), &DEFAULTS)
        .example("Noise -[0.2]-> Flanger { feedback: 0.8 } -> out")
}

/// The module type.
pub static DEF: Def = Def { spec, lower: swept::lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;

    /// The largest of the last part of a tone that goes through a comb of 2 ms that stands still.
    fn level(hz: f64, feedback: f32) -> f64 {
        let tone: Vec<f32> =
            (0..24_000).map(|i| (std::f64::consts::TAU * hz * f64::from(i) / 48e3).sin() as f32).collect();
        let bench = Bench::new(&DEF, 1).set("depth", 0, 0.0).set("feedback", 0, feedback).plug("in", 0, &tone);
        bench.run(24_000).get("left")[12_000..].iter().fold(0.0f64, |a, b| a.max(f64::from(b.abs())))
    }

    #[test]
    fn a_standing_flanger_is_a_comb() {
        // Teeth at whole multiples of 500 Hz, notches between: (1 + 1/(1 − f))/2 and (1 − 1/(1 + f))/2.
        assert!((level(500.0, 0.0) - 1.0).abs() < 1e-3 && level(750.0, 0.0) < 1e-3);
        assert!((level(1000.0, 0.5) - 1.5).abs() < 5e-3, "{}", level(1000.0, 0.5));
        assert!((level(250.0, 0.5) - 0.5 * (1.0 - 1.0 / 1.5)).abs() < 5e-3, "{}", level(250.0, 0.5));
    }
}
