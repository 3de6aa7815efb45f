//! Unrest, as of a clock that is not quite steady: from chance to chance along smooth steps of about ten milliseconds, ±1 at
//! jitter 1. A function of seed and the engine's clock: nothing builds up. Cost: two hashes per frame, only where it is set.

use crate::dsp::wander;
use patches_core::prelude::*;

kernel! { Jitter, signals {} controls { jitter } options {} outputs { out } state { seed: Bits } }

impl Kernel for Jitter {
    const SERIAL: bool = true;
    const SEEDED: bool = true;
    type Mid<L: Lanes> = Ctl<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
        c
    }

    #[inline(always)]
    fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, c: Ctl<L>, _: Sig<L>) -> Out<L> {
        // 2^9 frames are 11 ms at 48 kHz.
        Out::new(c.jitter * wander::wander::<L>(cx, s.seed, 9))
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }

    fn birth(seed: u32) -> State<f32> {
        State::new(maths::hash(<f32 as Lanes>::Bits::splat(seed)))
    }
}

/// The input of types that have it.
pub fn input() -> Input {
    Input::new(&["jitter"], Kind::Number, "how unsteady its time is").value(0.0, 0.0..1.0)
}

/// What wanders, from the input `jitter`: a constant 0 while that is not used.
pub fn wire(lowering: &mut Lowering<'_>) -> Wire {
    wander::wire(lowering, &KERNEL, "jitter")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::*;

    #[test]
    fn it_wanders_within_its_reach_each_voice_its_own_way() {
        let rig = Subject::new(&KERNEL, &Spec::new(&["Jitter"], ""), &["jitter"]).rig().frames(48_000).still(0, 0.5);
        let take = rig.take();
        for voice in 0..16 {
            let x: Vec<f32> = take.outs[0].iter().map(|row| row[voice]).collect();
            let (low, high) = x.iter().fold((9.0_f32, -9.0_f32), |(a, b), &x| (a.min(x), b.max(x)));
            // Over a second of a hundred throws it comes near both ends.
            assert!((-0.5..-0.4).contains(&low) && high > 0.4 && high <= 0.5, "{low} to {high}");
            // A smooth step's slope is at most 1.5 of its way, 1, in 2^9 frames; and rounding.
            assert!(x.windows(2).all(|w| (w[1] - w[0]).abs() < 1.6 / 512.0));
            assert!(voice == 0 || x[10_000] != take.outs[0][10_000][0]);
        }
    }

    #[test]
    fn it_holds_to_what_every_kernel_must() {
        Subject::new(&KERNEL, &Spec::new(&["Jitter"], ""), &["jitter"]).assert_holds();
    }
}
