//! Chorus: the signal beside a copy of itself that sways by some milliseconds, other on each side. The copy is
//! [`swept`]'s, with a slow sway around 10 ms: half a hertz and 30 % make ±16 cents. Cost: that of `swept`.

use crate::parts::swept::{self, Defaults};
use patches_core::prelude::*;

/// Half a hertz around 10 ms, ±3 ms.
const DEFAULTS: Defaults = Defaults { rate: 0.5, depth: 0.3, feedback: 0.0, manual: 0.01, longest: 0.05 };

/// What the language sees of this type.
fn spec() -> Spec {
    swept::with_ports(Spec::new(&["Chorus"], "Chorus: one voice sounds like several"), &DEFAULTS)
        .example("Osc { pitch: C3 }.saw -[0.3]-> Chorus { depth: 0.4 } -> out")
}

/// The module type.
pub static DEF: Def = Def { spec, lower: swept::lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;

    #[test]
    fn without_depth_it_is_a_plain_delay() {
        let bench = Bench::new(&DEF, 1).set("depth", 0, 0.0).set("feedback", 0, 0.5).plug("in", 0, &[1.0]);
        let outs = bench.run(1000);
        let spikes: Vec<_> = outs.get("left").iter().copied().enumerate().filter(|(_, x)| x.abs() > 1e-4).collect();
        assert_eq!(spikes.iter().map(|spike| spike.0).collect::<Vec<_>>(), [0, 480, 960]);
        // 10 ms is 480 frames to within a rounding.
        assert!(
            spikes.iter().zip([0.5, 0.5, 0.25]).all(|(spike, wanted)| (spike.1 - wanted).abs() < 1e-4),
            "{spikes:?}"
        );
    }

    #[test]
    fn the_sway_is_a_sine_with_the_right_side_a_quarter_ahead() {
        // A rising line shows the delay as what it lags by.
        let line: Vec<f32> = (0..96_000).map(|i| i as f32 / 96_000.0).collect();
        let outs = Bench::new(&DEF, 1).set("mix", 0, 1.0).set("rate", 0, 1.0).plug("in", 0, &line).run(96_000);
        for (name, ahead) in [("left", 0.0), ("right", 0.25)] {
            for frame in (2000..96_000).step_by(777) {
                let lag = (f64::from(line[frame]) - f64::from(outs.get(name)[frame])) * 96_000.0;
                let turn = (frame as f64 / 48_000.0 + ahead) * std::f64::consts::TAU;
                // A number near 1 is good to 2^-24, which is 6e-3 of a frame here; four of them and a sum.
                assert!((lag - 480.0 * (1.0 + 0.3 * turn.sin())).abs() < 0.03, "{name} {frame}: {lag}");
            }
        }
    }

    #[test]
    fn full_depth_and_feedback_stay_finite() {
        let noise: Vec<f32> = (0..20_000).map(|i| maths::noise(<f32 as Lanes>::Bits::splat(i))).collect();
        let bench = Bench::new(&DEF, 1).set("depth", 0, 1.0).set("feedback", 0, 0.98).set("rate", 0, 20.0);
        let outs = bench.plug("in", 0, &noise).run(20_000);
        assert!(outs.get("right").iter().all(|x| x.abs() <= 17.0));
    }
}
