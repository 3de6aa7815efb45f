//! The maths of kernels: sine, powers of two, logarithm, tanh, noise, over any number of lanes.
//!
//! No platform's libm, no fused multiply-add, no tables: only add, multiply, divide, compare and whole-number work, each
//! of which is exact or rounded once by IEEE 754. So the bits are the same in every lane form and on every machine.
//! Outside the stated ranges the results are meaningless, though never a fault.
//!
//! The coefficients come from `fit/maths.py` beside this crate (minimax fits whose coefficients are 32-bit floats). The
//! errors given are measured in 32-bit floats against f64; `maths/tests.rs` holds every function to them.

#[cfg(test)]
mod tests;

use crate::lanes::{LaneBits, Lanes};

/// 1.5·2^23. A float of magnitude below 2^22 added to it is rounded to a whole number, halves to even, which then stands in the
/// low bits of the sum. It relies on the processor rounding to nearest, as everything here does.
const ROUNDER: f32 = 12_582_912.0;

/// c₀ + c₁x + c₂x² + …, by Horner's rule.
#[inline(always)]
pub fn poly<L: Lanes, const N: usize>(x: L, c: &[f32; N]) -> L {
    let mut i = N - 1;
    let mut sum = L::splat(c[i]);
    while i > 0 {
        i -= 1;
        sum = L::splat(c[i]).mla(sum, x);
    }
    sum
}

/// Quotient of two polynomials; the caller sees to it that the lower has no zero. One divide.
#[inline(always)]
pub fn rational<L: Lanes, const N: usize, const M: usize>(x: L, over: &[f32; N], under: &[f32; M]) -> L {
    poly(x, over) / poly(x, under)
}

/// The part of `x` in −½..=½ that is left when the nearest whole number is taken away. Exact, for |x| < 2^22.
#[inline(always)]
pub fn wrap_half<L: Lanes>(x: L) -> L {
    let m = L::splat(ROUNDER);
    x - ((x + m) - m)
}

/// sin 2πr for r in −½..=½, as r·(¼ − r²)·P₄(r²), so that the zeros at 0 and ±½ are exact.
#[inline(always)]
fn sin_of_cycle<L: Lanes>(r: L) -> L {
    let y = r * r;
    let p = poly(y, &[25.13273, -64.83469, 67.043976, -38.123646, 12.234177]);
    p * ((L::splat(0.25) - y) * r)
}

/// sin 2πx, for |x| < 2^20. Odd, exactly 0 at every half cycle, never beyond ±1.
///
/// Error at most 2.9e-7 (−131 dB) for the `x` given. Fit: `sin_cycles` in `fit/maths.py`.
#[inline(always)]
pub fn sin_cycles<L: Lanes>(x: L) -> L {
    sin_of_cycle(wrap_half(x))
}

/// cos 2πx, for |x| < 2^20. Even, never beyond ±1; error as `sin_cycles`.
#[inline(always)]
pub fn cos_cycles<L: Lanes>(x: L) -> L {
    // With r in −½..=½ the difference loses nothing where the cosine is steep.
    sin_of_cycle(L::splat(0.25) - wrap_half(x).abs())
}

/// Sine of a phase, where 2^32 is one cycle. Error at most 3.5e-7 over all phases. Nothing has to be wrapped.
///
/// The cosine is this at phase + 2^30.
#[inline(always)]
pub fn sin_of_phase<B: LaneBits>(phase: B) -> B::Float {
    // Read as a signed number, a phase runs from −½ to ½ of a cycle. The factor is 2^−32.
    sin_of_cycle(phase.to_float() * B::Float::splat(1.0 / 4_294_967_296.0))
}

/// A phase, where 2^32 is one cycle, as a number in 0..1: its top 24 bits, exactly.
#[inline(always)]
pub fn phase_to_unit<B: LaneBits>(phase: B) -> B::Float {
    phase.shr(8).to_float() * B::Float::splat(1.0 / 16_777_216.0)
}

/// Cycles to phase, where 2^32 is one cycle, for |x| < 2^20: whole cycles fall away, the rest is brought to the nearest
/// 2^−32, so that −x gives the phase running backwards.
///
/// This also makes a phase's step of a frequency over the sample rate. Half a cycle comes out 2^−25 of a cycle short.
#[inline(always)]
pub fn phase_of_cycles<L: Lanes>(x: L) -> L::Bits {
    let parts = wrap_half(x) * L::splat(4_294_967_296.0);
    // A half with the sign of `parts`, because the conversion goes toward zero.
    let half = (parts.bits() & L::Bits::splat(0x8000_0000)) | L::Bits::splat(0.5_f32.to_bits());
    (parts + half.float_bits()).to_int()
}

/// 2 to the power x, `x` held to −126..=126, NaN giving 2^−126. Exact at whole numbers; relative error at most 1e-7
/// (0.0002 cent). It never falls as `x` rises by 2^−20 or more.
///
/// 2^f = 1 + f·P₅(f) for f in −½..=½, then the whole part goes into the exponent. Fit: `exp2` in `fit/maths.py`.
#[inline(always)]
pub fn exp2<L: Lanes>(x: L) -> L {
    let x = x.clamp(L::splat(-126.0), L::splat(126.0));
    let m = L::splat(ROUNDER);
    let whole = x + m;
    let f = x - (whole - m);
    let p = poly(f, &[0.69314724, 0.24022655, 0.055502728, 0.009617065, 0.0013417744, 0.00015825388]);
    let power = L::splat(1.0).mla(p, f);
    // The low nine bits of `whole` are the whole part; at both bounds f is 0, so the exponent stays in its range.
    (power.bits() + whole.bits().shl(23)).float_bits()
}

/// Logarithm to base 2. Exact at powers of two; error at most 1.2e-7 for x in ½..2 (2.2e-7 of the result), and half a unit
/// in the last place of the result more beyond. Subnormal, zero, negative or NaN gives −126, infinity 128.
///
/// x = 2^e·m with m in √½..√2, and log₂ m = s·P₃(s²) with s = (m−1)/(m+1). One divide. Fit: `log2` in `fit/maths.py`.
#[inline(always)]
pub fn log2<L: Lanes>(x: L) -> L {
    let bits = x.max(L::splat(f32::MIN_POSITIVE)).min(L::splat(f32::MAX)).bits();
    // The bits of √½: taken away, the exponent's field counts from there.
    let e = (bits - L::Bits::splat(0x3f35_04f3)).sar(23);
    let m = (bits - e.shl(23)).float_bits();
    let s = (m - L::splat(1.0)) / (m + L::splat(1.0));
    e.to_float().mla(s, poly(s * s, &[2.88539, 0.96182185, 0.57459825, 0.4800983]))
}

/// a to the power b for positive a, as 2^(b·log₂ a). 1 to any power is exactly 1; a below 2^−126, or NaN, gives 0.
///
/// The relative error is about 1.5e-7·(1 + |b·log₂ a|), and the result is held to 2^±126.
#[inline(always)]
pub fn pow<L: Lanes>(a: L, b: L) -> L {
    let positive = a.ge(L::splat(f32::MIN_POSITIVE));
    L::select(positive, exp2(b * log2(a)), L::splat(0.0))
}

/// Frequency in Hz of a pitch in octaves above C0: 440·2^(p − 4.75), so exactly 440 at A4 and exact at every other A.
#[inline(always)]
pub fn hz_of_pitch<L: Lanes>(octaves: L) -> L {
    L::splat(440.0) * exp2(octaves - L::splat(4.75))
}

/// Coefficients of `tanh`, lowest power of x² first: above and below the fraction's line.
const TANH_OVER: [f32; 5] = [1.0, 0.13446797, 0.0035743155, 2.1939162e-5, 1.5292514e-8];
const TANH_UNDER: [f32; 5] = [1.0, 0.46780127, 0.026174812, 0.00034157222, 8.547716e-7];

/// tanh. Odd, never beyond ±1; absolute and relative error at most 4e-7. NaN gives the value at −8. One divide.
///
/// x·P₄(x²)/Q₄(x²) with x held to ±8, where tanh is within 2.3e-7 of 1. Fit: `tanh` in `fit/maths.py`.
#[inline(always)]
pub fn tanh<L: Lanes>(x: L) -> L {
    let x = x.clamp(L::splat(-8.0), L::splat(8.0));
    let y = x * x;
    // In this order a small x comes out as itself, and the peak is exactly 1.
    x * poly(y, &TANH_OVER) / poly(y, &TANH_UNDER)
}

/// Up to here the fraction of `tanh_fast`, rounding included, is nowhere above 1, and here it is 1 or the float below.
const TANH_FAST_END: f32 = 3.646728;

/// tanh for saturation where a harmonic at −57 dB does not matter: error at most 1.4e-3, flat beyond ±3.646, never beyond
/// ±1. NaN gives −1. One divide.
///
/// Lambert's continued fraction of tanh, cut off after its fifth term: x(945 + 105x² + x⁴)/(945 + 420x² + 15x⁴).
#[inline(always)]
pub fn tanh_fast<L: Lanes>(x: L) -> L {
    let x = x.clamp(L::splat(-TANH_FAST_END), L::splat(TANH_FAST_END));
    x * rational(x * x, &[945.0, 105.0, 1.0], &[945.0, 420.0, 15.0])
}

/// sin πf and cos πf for a corner at `f` = frequency over sample rate, in 0..=½: what a filter needs of g = tan πf. With
/// both at hand a trapezoidal filter costs one divide in all, and nothing overflows as `f` nears ½.
///
/// Relative error of each at most 2e-7, of their quotient 4e-7. Fit: `sin_half` in `fit/maths.py`.
#[inline(always)]
pub fn tan_half_parts<L: Lanes>(f: L) -> (L, L) {
    (sin_of_half(f), sin_of_half(L::splat(0.5) - f))
}

/// sin πu for u in 0..=½, as u·P₄(u²).
#[inline(always)]
fn sin_of_half<L: Lanes>(u: L) -> L {
    u * poly(u * u, &[std::f32::consts::PI, -5.167721, 2.5502698, -0.59943736, 0.079835765])
}

/// Mixes the bits of a number, one to one: any bit of it that changes flips each bit of the result about half the time.
///
/// Source: C. Wellons, "Prospecting for Hash Functions" (2018), `lowbias32`, in the public domain. 0 gives 0.
#[inline(always)]
pub fn hash<B: LaneBits>(x: B) -> B {
    let x = (x ^ x.shr(16)) * B::splat(0x7feb_352d);
    let x = (x ^ x.shr(15)) * B::splat(0x846c_a68b);
    x ^ x.shr(16)
}

/// White noise: evenly spread over −1..1, both ends out, mean exactly 0 over all 2^32 numbers, from a hash of `x`.
///
/// Neighbouring `x` give unrelated values, so `x` may be the count of samples mixed with a seed. Streams with different
/// seeds must differ by a hash of the seed, not by the seed: `hash(seed) ^ count`, never `seed + count`.
#[inline(always)]
pub fn noise<B: LaneBits>(x: B) -> B::Float {
    // 25 signed bits of which the lowest is set: odd numbers below 2^24, which a float holds exactly.
    (hash(x).sar(7) | B::splat(1)).to_float() * B::Float::splat(1.0 / 16_777_216.0)
}
