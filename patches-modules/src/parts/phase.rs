//! Finding where a phase of 0..1 passes a point. Each frame is taken to reach from where the frame before ended, so that
//! rounding neither loses a passage nor gives it twice.

use patches_core::lanes::Lanes;

/// The stretch of phase that a frame covers: from and to, `to` past 1 where it wraps. `end` is where the frame before
/// ended (kept as state, 0 at first), `rise` the phase of a frame.
#[inline(always)]
pub fn stretch<L: Lanes>(end: &mut L, phase: L, rise: L) -> (L, L) {
    let wrapped = (*end - phase).gt(L::splat(0.5));
    let back = L::select(wrapped, *end - L::splat(1.0), *end);
    // Farther off than a few frames, the phase has jumped, and what lies between was not passed.
    let near = (back - phase).abs().lt(rise * L::splat(4.0));
    let (from, to) = (L::select(near, back, phase), phase + rise);
    *end = to;
    (from, to)
}

/// The trigger of passing `at`, in 0..1, within this stretch: 0, or the part of the frame left.
#[inline(always)]
pub fn passing<L: Lanes>(from: L, to: L, at: L) -> L {
    let at = L::select(at.lt(from), at + L::splat(1.0), at);
    // The smallest trigger that is one: half of the last place below 1.
    let left = ((to - at) / (to - from)).clamp(L::splat(5.960_464_5e-8), L::splat(1.0));
    L::select(at.ge(from) & at.lt(to), left, L::splat(0.0))
}

/// The part of a number above the whole number below it, for |x| < 2^31.
#[inline(always)]
pub fn fraction<L: Lanes>(x: L) -> L {
    x - x.floor()
}
