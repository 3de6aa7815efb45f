//! What all filters do with their corner, and the inputs that all of them have for it.

use patches_core::prelude::*;

/// sin πf and cos πf of a filter's corner: pitch, octaves added to it, and `fm` of two octaves a unit.
#[inline(always)]
pub fn corner<L: Lanes>(cx: &Cx, cutoff: L, voct: L, fm: L) -> (L, L) {
    // Just below half the rate; 10^-5 of it is half a hertz, below which nothing is heard and less is lost.
    let f = maths::hz_of_pitch(cutoff + voct + L::splat(2.0) * fm) * L::splat(cx.period);
    maths::tan_half_parts(f.clamp(L::splat(1e-5), L::splat(0.49)))
}

/// 1/Q of a resonance r: Q = 0.71/(1 − r).
#[inline(always)]
pub fn damping<L: Lanes>(resonance: L) -> L {
    (L::splat(1.0) - resonance) * L::splat(1.0 / 0.71)
}

/// A filter's memory is held to this, 36 dB above full scale: what rings for ever and is fed at its corner has to stop.
pub const HELD: f32 = 64.0;

/// Holds a filter's memory.
#[inline(always)]
pub fn hold<L: Lanes>(x: L) -> L {
    x.clamp(L::splat(-HELD), L::splat(HELD))
}
