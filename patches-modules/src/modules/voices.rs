//! Voices: all voices of a cable added into one: out = Σ in. One voice by nature, so that the engine's order-free sum
//! does the work at its input. Cost: one widened addition per voice.

use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    Spec::new(&["Voices", "PolyToMono"], "All voices of a signal added into one")
        .with_input(Input::new(&["in"], Kind::Audio, "the signal whose voices are added").stereo())
        .with_output(Output::new(&["out"], Kind::Audio, "the voices added").stereo())
        .one()
        .example(
            "keys = Keys { voices: 4 }\nOsc { pitch: keys.pitch } -> Vca { gain: keys.gate } -> Voices -[0.2]-> out",
        )
}

fn lower(lowering: &mut Lowering<'_>) {
    for side in ["left", "right"] {
        let wire = lowering.input(side, 0);
        let wire = lowering.sum(&[wire]);
        lowering.output(side, 0, wire);
    }
}

/// The module type.
pub static DEF: Def = Def { spec, lower };
