//! Dry and wet: y = dry·(1 − mix) + wet·mix. Cost: two multiplications.

use patches_core::prelude::*;

kernel! { Blend, signals { dry, wet } controls { mix } options {} outputs { out } state {} }

impl Kernel for Blend {
    type Mid<L: Lanes> = Ctl<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
        c
    }

    #[inline(always)]
    fn scan<L: Lanes>(_: &Cx, _: &mut State<L>, c: Ctl<L>, x: Sig<L>) -> Out<L> {
        Out::new(x.dry * (L::splat(1.0) - c.mix) + x.wet * c.mix)
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}

/// The `mix` of an effect: of this dry and this wet signal. With a constant 1 the dry one is not wired at all, so that
/// what comes out depends only on what is wet.
pub fn blend(lowering: &mut Lowering<'_>, dry: Wire, wet: Wire) -> Wire {
    if lowering.feed("mix", 0) == Feed::Still(1.0) {
        return wet;
    }
    let mix = lowering.input("mix", 0);
    lowering.kernel(&KERNEL, &[], &[mix, dry, wet]).out(0)
}
