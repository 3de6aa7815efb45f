//! A number of chance for each frame, evenly spread over 0..1, from the module's seed and the engine's clock: the same
//! file and seed give the same numbers, whatever was played before. Cost: one hash.

use patches_core::prelude::*;

kernel! { Dice, signals {} controls {} options {} outputs { out } state { seed: Bits } }

impl Kernel for Dice {
    const SEEDED: bool = true;
    type Mid<L: Lanes> = Ctl<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
        c
    }

    #[inline(always)]
    fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, _: Ctl<L>, _: Sig<L>) -> Out<L> {
        let noise = maths::noise(s.seed ^ L::Bits::splat(cx.now));
        Out::new(noise * L::splat(0.5) + L::splat(0.5))
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }

    fn birth(seed: u32) -> State<f32> {
        State::new(maths::hash(<f32 as Lanes>::Bits::splat(seed)))
    }
}
