//! A clock whose period a cable may bend: a phase that grows by 1/(period·rate) each frame, and a trigger where it comes
//! round. Phase is 32-bit fixed point, so that it wraps by itself. The first trigger falls on the first frame.
//! Cost: one divide per frame while the period moves.

use patches_core::prelude::*;

kernel! { Metro, signals {} controls { period } options {} outputs { trigger, phase } state { phase: Bits } }
row! {
    /// The phase's step a frame.
    Mid { rise: Bits }
}

impl Kernel for Metro {
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
        let frame = L::splat(cx.period);
        // Four frames is the shortest period: above that rate a trigger is a tone.
        let rise = maths::phase_of_cycles(frame / c.period.max(frame * L::splat(4.0)));
        // A period so long that a step rounds to nothing would stand still on its trigger.
        let one = L::Bits::splat(1);
        Mid::new(L::Bits::select(rise.below(one), one, rise))
    }

    #[inline(always)]
    fn scan<L: Lanes>(_: &Cx, s: &mut State<L>, m: Mid<L>, _: Sig<L>) -> Out<L> {
        let (from, to) = (s.phase, s.phase + m.rise);
        s.phase = to;
        let zero = L::Bits::splat(0);
        // Coming to exactly 0 at a frame's end is the next frame's trigger, at its beginning.
        let passes = to.below(m.rise) & !to.eq(zero);
        let left = to.to_float() / m.rise.to_float();
        let trigger = L::select(passes, left, L::splat(0.0));
        Out::new(L::select(from.eq(zero), L::splat(1.0), trigger), maths::phase_to_unit(from))
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}
