//! The audio input: what comes in from outside, such as a microphone or another program. Without an input device it is
//! silence. With `channels` each channel of the device has an output of its own; the first two are the sides. Cost: a copy.

use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    Spec::new(&["AudioIn"], "Audio input: what comes in from outside")
        .with_output(Output::new(&["out"], Kind::Audio, "what comes in; a mono input is on both sides").stereo())
        .with_output(Output::new(&["out"], Kind::Audio, "a channel of the device alone, from 0; 0 and 1 are the sides").indexed())
        .example("in -> Delay { time: 1/8d, feedback: 40%, mix: 50% } -> out\nOsc { pitch: A2 }.sine -[0.1]-> out")
}

/// The planner has the frames.
fn lower(lowering: &mut Lowering<'_>) {
    let sound = lowering.sound(lowering.channels.max(2));
    lowering.output("left", 0, sound.out(0));
    lowering.output("right", 0, sound.out(1));
    (2..lowering.channels).for_each(|channel| lowering.output_by_channel("out", channel, sound.out(channel)));
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use patches_core::spec::Side;

    #[test]
    fn its_sides_have_names() {
        let spec = spec();
        assert_eq!(spec.output("out"), Some((0, Side::Both)));
        assert_eq!((spec.output("left"), spec.output("right")), (Some((0, Side::Left)), Some((0, Side::Right))));
        assert!(spec.output_by_channel(0) == Some(1) && spec.faces_device());
    }
}
