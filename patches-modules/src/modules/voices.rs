//! Voices: all voices of a cable added into one: out = Σ in. One voice by nature, so that the engine's order-free sum
//! does the work at its input; with a `spread` it places each voice before it adds: voice i of n at spread·(2i/(n − 1) − 1),
//! by the law of `Pan`. Cost: one widened addition per voice, and a square root where it is placed.

use patches_core::lower::Feed;
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    Spec::new(&["Voices", "PolyToMono"], "All voices of a signal added into one")
        .with_input(Input::new(&["in"], Kind::Audio, "the signal whose voices are added").stereo())
        .with_input(
            Input::new(&["spread"], Kind::Number, "how far apart they stand: the first to the left, the last to the right")
                .value(0.0, 0.0..1.0),
        )
        .with_output(Output::new(&["out"], Kind::Audio, "the voices added").stereo())
        .one()
        .example("Osc { pitch: Unison { in: C3, voices: 4, detune: 12 } }.saw -> Voices { spread: 0.7 } -[0.1]-> out")
}

fn lower(lowering: &mut Lowering<'_>) {
    if lowering.feed("spread", 0) != Feed::Still(0.0) {
        let spread = lowering.input("spread", 0);
        lowering.place("in", spread);
    }
    for side in ["left", "right"] {
        let wire = lowering.input(side, 0);
        let wire = lowering.sum(&[wire]);
        lowering.output(side, 0, wire);
    }
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;

    #[test]
    fn is_one_voice_and_keeps_the_sides_of_what_comes() {
        assert!(spec().one, "the engine adds the voices at the input of a type with one voice");
        let outs = Bench::new(&DEF, 1).plug("in_left", 0, &[1.0]).plug("in_right", 0, &[2.0]).run(1);
        assert_eq!((outs.get("left"), outs.get("right")), (&[1.0][..], &[2.0][..]));
        let outs = Bench::new(&DEF, 1).plug("in", 0, &[3.0]).run(1);
        assert_eq!((outs.get("left"), outs.get("right")), (&[3.0][..], &[3.0][..]));
    }
}
