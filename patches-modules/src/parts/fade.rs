//! From one signal to another: y = a + (b − a)·t. Cost: one multiplication.

use patches_core::prelude::*;

kernel! { CrossFade, signals { a, b, t } controls {} options {} outputs { out } state {} }

impl Kernel for CrossFade {
    type Mid<L: Lanes> = Ctl<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
        c
    }

    #[inline(always)]
    fn scan<L: Lanes>(_: &Cx, _: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Out<L> {
        Out::new(x.a + (x.b - x.a) * x.t)
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}
