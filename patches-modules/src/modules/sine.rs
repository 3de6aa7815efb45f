//! Sine oscillator: sin 2πφ. It is the oscillator of `Osc` with one wave; source and cost are said there.

use super::osc;
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    osc::inputs(Spec::new(&["Sine"], "Sine oscillator"))
        .with_output(Output::new(&["out"], Kind::Audio, "sine"))
        .example("Sine { pitch: A3 } -[0.5]-> out")
}

fn lower(lowering: &mut Lowering<'_>) {
    osc::single(lowering, osc::To::sine);
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
        // Nothing but the fundamental, at full level.
        assert_db(level_at(x, 997.0), 0.0, 1e-3);
        assert!(thd(x, 997.0) < -110.0);
    }
}
