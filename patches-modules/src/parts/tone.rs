//! Brightness as one number: the pole of a one-pole low-pass, y = x + pole·(y' − x), whose corner rises from 200 Hz at
//! 0 to nowhere at 1: pole = exp(−2π·f/fs), f = 200 Hz·2^(5·tone)/(1 − tone), and exactly 0 at 1.

use patches_core::kernel::Cx;
use patches_core::lanes::Lanes;
use patches_core::maths;

/// The darkest corner, in hertz: below it only a rumble would be left.
const DARKEST: f32 = 200.0;

/// The pole of a tone in 0..=1.
#[inline(always)]
pub fn pole<L: Lanes>(cx: &Cx, tone: L) -> L {
    let one = L::splat(1.0);
    let corner = maths::exp2(tone * L::splat(5.0)) / (one - tone);
    // exp(−2πf/fs) as a power of two: 2π/ln 2 = 9.0647.
    let pole = maths::exp2(corner * L::splat(-9.064_72 * DARKEST * cx.period));
    L::select(tone.lt(one), pole, L::splat(0.0))
}

/// The share of a one-pole follower that is left after a frame: exp(−1/(seconds·fs)); 0 for no time at all.
#[inline(always)]
pub fn follow<L: Lanes>(cx: &Cx, seconds: L) -> L {
    // 1/ln 2 turns it into a power of two.
    let share = maths::exp2(L::splat(-std::f32::consts::LOG2_E * cx.period) / seconds);
    L::select(seconds.gt(L::splat(0.0)), share, L::splat(0.0))
}
