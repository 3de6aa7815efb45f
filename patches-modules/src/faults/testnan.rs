//! Gives NaN while its input is above one half: a planted fault, to see that the engine contains it.

use patches_core::prelude::*;

module! {
    TestNan: "Not a number while the input is above 0.5; else the input",
    signals { audio as "in": Audio, "signal"; }
    controls {}
    options {}
    outputs { out: Audio, "the input, or NaN"; }
    state { held }
    example "Lfo -> TestNan -> out"
}

impl Kernel for TestNan {
    type Mid<L: Lanes> = Ctl<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
        c
    }

    #[inline(always)]
    fn scan<L: Lanes>(_: &Cx, s: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Out<L> {
        // Zero by zero is NaN; it stays in the state, so that only a renewal cures it.
        let bad = L::splat(0.0) / L::select(x.audio.gt(L::splat(0.5)), L::splat(0.0), L::splat(1.0));
        s.held = s.held + bad;
        Out::new(x.audio + s.held)
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}
