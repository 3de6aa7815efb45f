//! Panics while its input is above one half: a planted fault, to see that the engine contains it.

use patches_core::prelude::*;

module! {
    TestPanic: "Panics while the input is above 0.5; else the input",
    signals { audio as "in": Audio, "signal"; }
    controls {}
    options {}
    outputs { out: Audio, "the input"; }
    state {}
    example "Lfo -> TestPanic -> out"
}

impl Kernel for TestPanic {
    const SERIAL: bool = true;
    type Mid<L: Lanes> = Ctl<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
        c
    }

    #[inline(always)]
    fn scan<L: Lanes>(_: &Cx, _: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Out<L> {
        // `resume_unwind` panics without printing: the message would be written from the audio thread.
        if x.audio.gt(L::splat(0.5)).any() {
            std::panic::resume_unwind(Box::new(()));
        }
        Out::new(x.audio)
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}
