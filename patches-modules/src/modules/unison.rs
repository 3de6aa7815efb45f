//! Unison: one pitch as several voices spread evenly over ±`detune`: voice i of n gets in + detune·(2i/(n − 1) − 1).
//! With `detune` 0 it is the same signal in each voice. Cost: one multiplication per voice.

use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    use patches_core::spec::Unit;
    Spec::new(&["Unison", "MonoToPoly", "Spread"], "One pitch as several voices, a little apart")
        .with_input(
            Input::new(&["in", "pitch"], Kind::Pitch, "pitch of the middle")
                .value(0.0, f64::NEG_INFINITY..f64::INFINITY),
        )
        // 10 cents is a chorus of players in tune; an octave is the widest that is still one sound.
        .with_input(
            Input::new(&["detune"], Kind::Interval, "how far the outer voices are off")
                .value(0.1 / 12.0, 0.0..1.0)
                .unit(Unit::Cents),
        )
        .with_param(Param::int(&["voices"], 1, 64, 4, "how many voices"))
        .with_output(Output::new(&["out"], Kind::Pitch, "a pitch per voice"))
        .example("Osc { pitch: Unison { in: C3, voices: 5 } }.saw -> Voices -[0.1]-> out")
}

mod voice {
    //! One voice's pitch.
    use patches_core::prelude::*;

    kernel! { Detuned, signals {} controls { pitch, detune, place } options {} outputs { out } state {} }

    impl Kernel for Detuned {
        type Mid<L: Lanes> = Out<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Out<L> {
            Out::new(c.pitch + c.detune * c.place)
        }

        #[inline(always)]
        fn scan<L: Lanes>(_: &Cx, _: &mut State<L>, m: Out<L>, _: Sig<L>) -> Out<L> {
            m
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

/// Where voice `voice` of `voices` stands, from −1 to 1; a single one stands in the middle.
fn place(voice: i64, voices: i64) -> f32 {
    if voices < 2 { 0.0 } else { (2 * voice) as f32 / (voices - 1) as f32 - 1.0 }
}

fn lower(lowering: &mut Lowering<'_>) {
    let voices = lowering.int("voices", 0);
    let [pitch, detune] = ["in", "detune"].map(|name| lowering.input(name, 0));
    let each: Vec<Wire> = (0..voices)
        .map(|voice| {
            let place = Wire::Const(place(voice, voices));
            lowering.kernel(&voice::KERNEL, &[], &[pitch, detune, place]).out(0)
        })
        .collect();
    let merged = lowering.merge(&each);
    lowering.output("out", 0, merged);
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voices_stand_evenly_around_the_middle() {
        assert_eq!((0..5).map(|voice| place(voice, 5)).collect::<Vec<_>>(), [-1.0, -0.5, 0.0, 0.5, 1.0]);
        assert_eq!((place(0, 1), place(0, 2), place(1, 2)), (0.0, -1.0, 1.0));
    }
}
