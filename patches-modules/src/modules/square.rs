//! Square oscillator with a pulse width, band-limited: 1 for `pulse_width` of the cycle, then −1, its jumps band-limited. It is the oscillator of `Osc` with one wave; source and cost are said there.

use super::osc;
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    osc::inputs(Spec::new(&["Square", "Pulse"], "Square oscillator with a pulse width, band-limited"))
        .with_output(Output::new(&["out"], Kind::Audio, "square"))
        .example("Square { pitch: A2, pulse_width: 0.3 } -[0.4]-> out")
}

fn lower(lowering: &mut Lowering<'_>) {
    osc::single(lowering, osc::To::square);
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
        // 4/(πn) for odd n, nothing for even.
        assert_db(level_at(x, 997.0), db(4.0 / std::f64::consts::PI), 0.05);
        assert_db(level_at(x, 3.0 * 997.0), db(4.0 / (3.0 * std::f64::consts::PI)), 0.5);
        assert!(level_at(x, 2.0 * 997.0) < -80.0);
    }
}
