//! The audio output: what reaches it is heard. It computes nothing; the engine takes its two sides as the master, voices
//! added. Its right side is not normalled to the left: a cable to `out.left` is heard on the left alone, while a mono
//! cable to `out` itself goes to both sides. With `channels` each channel of the device has an input of its own; the first
//! two are the sides. Cost: none of its own.

use patches_core::prelude::*;
use patches_core::spec::Normal;

/// What the language sees of this type.
fn spec() -> Spec {
    let mut spec = Spec::new(&["AudioOut"], "Audio output: what is heard")
        .with_input(Input::new(&["in"], Kind::Audio, "sound to be heard; mono goes to both sides").stereo())
        .with_input(Input::new(&["in"], Kind::Audio, "a channel of the device alone, from 0; 0 and 1 are the sides").indexed())
        .one()
        .example("Osc { frequency: 220Hz } -[0.3]-> out");
    // Elsewhere a right side follows the left; here silence on the right is meant.
    spec.inputs[0].normal = Normal::Stays;
    spec
}

/// The engine reads the inputs themselves.
fn lower(_: &mut Lowering<'_>) {}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use patches_core::spec::Side;

    #[test]
    fn each_side_has_its_own_name_and_right_is_not_left() {
        let spec = spec();
        assert_eq!(spec.input("in"), Some((0, Side::Both)));
        assert_eq!(spec.input("left"), Some((0, Side::Left)));
        assert_eq!(spec.input("in_right"), Some((0, Side::Right)));
        assert_eq!(spec.inputs[0].normal, Normal::Stays);
        assert!(spec.one && spec.outputs.is_empty());
        assert_eq!((spec.input_by_channel(0), spec.input_by_channel(1)), (Some(1), None));
        assert!(spec.faces_device() && !spec.inputs[1].stereo);
    }
}
