//! Slow wandering of a pitch, each voice its own way: from chance to chance along smooth steps, ±50 cents at drift 1.
//! A function of seed and the engine's clock: nothing builds up. Cost: two hashes per frame, only where drift is set.

use patches_core::prelude::*;

kernel! { Drift, signals {} controls { drift } options {} outputs { octaves } state { seed: Bits } }

/// Octaves at drift 1: 50 cents.
const REACH: f32 = 50.0 / 1200.0;

impl Kernel for Drift {
    const SEEDED: bool = true;
    type Mid<L: Lanes> = Ctl<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
        c
    }

    #[inline(always)]
    fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, c: Ctl<L>, _: Sig<L>) -> Out<L> {
        // 2^15 frames are 0.7 s at 48 kHz; at rates above 64 kHz twice as many take about as long.
        let shift = if cx.rate > 64_000.0 { 16 } else { 15 };
        let span = 1_u32 << shift;
        let t = L::splat((cx.now & (span - 1)) as f32 / span as f32);
        let from = maths::noise(s.seed ^ L::Bits::splat(cx.now >> shift));
        let to = maths::noise(s.seed ^ L::Bits::splat((cx.now >> shift).wrapping_add(1)));
        // 3t² − 2t³: no bend where one step meets the next.
        let smooth = t * t * (L::splat(3.0) - L::splat(2.0) * t);
        Out::new(c.drift * L::splat(REACH) * from.mla(smooth, to - from))
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }

    fn birth(seed: u32) -> State<f32> {
        State::new(maths::hash(<f32 as Lanes>::Bits::splat(seed)))
    }
}

/// The octaves by which the module wanders, from its input `drift`: a constant 0 while that is not used.
pub fn wire(lowering: &mut Lowering<'_>) -> Wire {
    if lowering.feed("drift", 0) == Feed::Still(0.0) {
        return Wire::Const(0.0);
    }
    let drift = lowering.input("drift", 0);
    lowering.kernel(&KERNEL, &[], &[drift]).out(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::*;

    #[test]
    fn it_wanders_slowly_within_fifty_cents_each_voice_its_own_way() {
        let rig = Subject::new(&KERNEL, &Spec::new(&["Drift"], ""), &["drift"]).rig().frames(480_000).still(0, 1.0);
        let take = rig.take();
        for voice in 0..16 {
            let x: Vec<f32> = take.outs[0].iter().map(|row| row[voice]).collect();
            let (low, high) = x.iter().fold((9.0_f32, -9.0_f32), |(a, b), &x| (a.min(x), b.max(x)));
            assert!(low >= -REACH && high <= REACH && high - low > REACH * 0.5, "{low} to {high}");
            // A smooth step's slope is at most 1.5 of its way, 2·REACH, in 2^15 frames; and rounding.
            assert!(x.windows(2).all(|w| (w[1] - w[0]).abs() < 3.1 * REACH / 32_768.0));
            assert!(voice == 0 || x[100_000] != take.outs[0][100_000][0]);
        }
    }

    #[test]
    fn it_holds_to_what_every_kernel_must() {
        Subject::new(&KERNEL, &Spec::new(&["Drift"], ""), &["drift"]).assert_holds();
    }
}
