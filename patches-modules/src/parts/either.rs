//! Two triggers into one: where both fall into one frame the earlier, which has more of the frame left. Cost: one compare.

use patches_core::prelude::*;

kernel! { Either, signals { a, b } controls {} options {} outputs { out } state {} }

impl Kernel for Either {
    type Mid<L: Lanes> = Ctl<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
        c
    }

    #[inline(always)]
    fn scan<L: Lanes>(_: &Cx, _: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Out<L> {
        Out::new(x.a.max(x.b))
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}
