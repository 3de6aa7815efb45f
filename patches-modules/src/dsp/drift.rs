//! Slow wandering of a pitch, each voice its own way: from chance to chance along smooth steps, ±50 cents at drift 1.
//! A function of seed and the engine's clock: nothing builds up. Cost: two hashes per frame, only where drift is set.

use super::wander;
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
        // 2^15 frames are 0.7 s at 48 kHz.
        Out::new(c.drift * L::splat(REACH) * wander::wander::<L>(cx, s.seed, 15))
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
    wander::wire(lowering, &KERNEL, "drift")
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
