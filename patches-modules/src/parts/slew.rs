//! A switch without a click: a level that goes in a straight line to 0 or 1 whenever its gate changes.

use patches_core::kernel::Cx;
use patches_core::lanes::{LaneBits, Lanes};

/// Seconds from 0 to 1: below 5 ms a cut sounds as a click, and ten times that would be heard as a fade.
const SECONDS: f32 = 0.005;

/// Moves `level` towards 1 where the gate is high, else towards 0. A new level (`begun` 0) begins where it goes to.
#[inline(always)]
pub fn switch<L: Lanes>(cx: &Cx, level: &mut L, begun: &mut L::Bits, high: L::Mask) -> L {
    let (one, step) = (L::Bits::splat(1), L::splat(cx.period / SECONDS));
    let target = L::select(high, L::splat(1.0), L::splat(0.0));
    let moved = *level + (target - *level).clamp(-step, step);
    *level = L::select(begun.eq(one), moved, target);
    *begun = one;
    *level
}
