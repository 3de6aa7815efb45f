//! Band-limited steps and corners: what has to be added to a naive wave around each of its jumps.
//!
//! The step is the integral of the cubic B-spline, four samples wide; the corner is the integral of the step. Both are
//! functions of the distance to the jump alone, so a wave needs only its phase and its phase's step, and no state.
//! Source: V. Välimäki, J. Pekonen, J. Nam, "Perceptually informed synthesis of bandlimited classical waveforms using
//! integrated polynomial interpolation" (J. Acoust. Soc. Am. 131, 2012), table I, third-order B-spline.
//!
//! A component at frequency f comes out sinc(f/fs)⁴ of its size: −2.5 dB at 10 kHz of 48 kHz; and what folds down was
//! made as small by the same law (−49 dB at 38 kHz, which is heard at 10 kHz).

use patches_core::lanes::{LaneBits, Lanes};

/// What a step of 1 lacks, u ≥ 0 samples before it; the same u after it, what it has too much: Σ(−1)ᵏ·C(4,k)·(2−k−u)₊⁴/24.
#[inline(always)]
fn step<L: Lanes>(u: L) -> L {
    let zero = L::splat(0.0);
    let (a, b) = ((L::splat(2.0) - u).max(zero), (L::splat(1.0) - u).max(zero));
    let (a, b) = (a * a, b * b);
    (a * a - L::splat(4.0) * (b * b)) * L::splat(1.0 / 24.0)
}

/// What a corner with a bend of 1 per sample lacks, u ≥ 0 samples from it on either side: the integral of `step`.
#[inline(always)]
fn corner<L: Lanes>(u: L) -> L {
    let zero = L::splat(0.0);
    let (a, b) = ((L::splat(2.0) - u).max(zero), (L::splat(1.0) - u).max(zero));
    let (a2, b2) = (a * a, b * b);
    (a2 * a2 * a - L::splat(4.0) * (b2 * b2 * b)) * L::splat(1.0 / 120.0)
}

/// A phase as a signed part of a cycle in −½..½.
#[inline(always)]
fn signed<L: Lanes>(phase: L::Bits) -> L {
    phase.to_float() * L::splat(1.0 / 4_294_967_296.0)
}

/// Frames per cycle for a phase's step, whichever way it runs.
#[inline(always)]
pub fn frames_per_cycle<L: Lanes>(inc: L::Bits) -> L {
    // The floor keeps a phase that stands from dividing by 0; at 10^9 frames a cycle there is nothing to correct.
    L::splat(1.0) / signed::<L>(inc).abs().max(L::splat(1e-9))
}

/// Saw from −1 at phase 0 up to 1, `n` frames a cycle. Two jumps may lie within reach, the last and the next.
#[inline(always)]
pub fn saw<L: Lanes>(phase: L::Bits, n: L) -> L {
    let x = signed::<L>(phase);
    let far = x.abs();
    let edge = L::splat(1.0) - L::splat(2.0) * (step(far * n) - step((L::splat(1.0) - far) * n));
    // 0 and above lie after the jump.
    L::splat(2.0) * x - L::select(x.lt(L::splat(0.0)), -edge, edge)
}

/// Pulse: 1 for `width` of the cycle, then −1: the difference of two saws, of which `saw` is the one at `phase`.
#[inline(always)]
pub fn pulse<L: Lanes>(phase: L::Bits, n: L, width: L, saw_here: L) -> L {
    let later = saw::<L>(phase - patches_core::maths::phase_of_cycles(width), n);
    later - saw_here + (L::splat(2.0) * width - L::splat(1.0))
}

/// Triangle that rises through 0 at phase 0, `n` frames a cycle.
#[inline(always)]
pub fn triangle<L: Lanes>(phase: L::Bits, n: L) -> L {
    let one = L::splat(1.0);
    // Parts of a cycle from the peak at ¼: 0 there, ½ at the trough.
    let far = signed::<L>(phase - L::Bits::splat(1 << 30)).abs();
    let peak = corner(far * n) + corner((one - far) * n);
    let half = L::splat(0.5);
    let trough = corner((half - far) * n) + corner((half + far) * n);
    // The slope is ±4 a cycle, so each corner bends by 8 a cycle.
    one - L::splat(4.0) * far + L::splat(8.0) / n * (trough - peak)
}
