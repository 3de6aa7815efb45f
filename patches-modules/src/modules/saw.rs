//! Saw oscillator, band-limited: 2φ − 1, its jump band-limited. It is the oscillator of `Osc` with one wave; source and cost are said there.

use super::osc;
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    osc::inputs(Spec::new(&["Saw"], "Saw oscillator, band-limited"))
        .with_output(Output::new(&["out"], Kind::Audio, "saw"))
        .example("Saw { pitch: A2 } -[0.4]-> Svf { cutoff: 800Hz } -> out")
}

fn lower(lowering: &mut Lowering<'_>) {
    osc::single(lowering, osc::To::sawtooth);
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;
    use crate::listen::*;

    #[test]
    fn its_harmonics_are_those_of_its_wave() {
        let outs = Bench::new(&DEF, 1).set("pitch", 0, hz(997.0) as f32).run(16_384);
        let x = outs.get("out");
        // 2/(πn), less what the spline takes in the treble.
        for n in 1..=4 {
            assert_db(level_at(x, 997.0 * f64::from(n)), db(2.0 / (std::f64::consts::PI * f64::from(n))), 0.5);
        }
    }
}
