//! Maths for values known before any sound is made: f64, the same bits on every machine.
//!
//! A platform's `exp2` and `log2` differ in their last bits, so nothing that reaches the sound may use them. These
//! use only IEEE add, multiply and divide, which are the same everywhere.

use std::f64::consts::LN_2;

/// 2 to the power `x`, relative error below 1e-15 for |x| < 1000.
///
/// Source: exp(r) = Σ rⁿ/n!, with r = frac(x)·ln 2 in ±0.35, where 17 terms leave less than 1e-19.
pub fn exp2(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    let x = x.clamp(-1022.0, 1023.0);
    let whole = (x + 0.5).floor();
    let r = (x - whole) * LN_2;
    let mut sum = 1.0;
    for n in (1..=17).rev() {
        sum = 1.0 + sum * r / f64::from(n);
    }
    // `whole` is an integer in -1022..=1023, so the exponent field holds it exactly.
    sum * f64::from_bits(((whole as i64 + 1023) as u64) << 52)
}

/// Logarithm to base 2 of a positive, finite number; exact at powers of two, else to about 1e-15.
///
/// Source: ln m = 2·artanh((m−1)/(m+1)), with m brought into √½..√2 so that the odd series converges fast.
pub fn log2(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    if x.is_infinite() {
        return x;
    }
    // Subnormal numbers are first brought into the normal range.
    let (x, shift) = if x < f64::MIN_POSITIVE { (x * 18_014_398_509_481_984.0, -54) } else { (x, 0) };
    let bits = x.to_bits();
    let mut exponent = ((bits >> 52) & 0x7ff) as i64 - 1023 + shift;
    let mut m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    if m > std::f64::consts::SQRT_2 {
        m *= 0.5;
        exponent += 1;
    }
    let z = (m - 1.0) / (m + 1.0);
    let zz = z * z;
    let mut sum = 0.0;
    for n in (0..=14).rev() {
        sum = sum * zz + 1.0 / f64::from(2 * n + 1);
    }
    exponent as f64 + 2.0 * z * sum / LN_2
}

/// Pitch in octaves above C0 of a frequency in hertz: 440 Hz is exactly 4.75.
pub fn pitch_of_hz(hz: f64) -> f64 {
    log2(hz / 440.0) + 4.75
}

/// Frequency in hertz of a pitch in octaves above C0.
pub fn hz_of_pitch(octaves: f64) -> f64 {
    440.0 * exp2(octaves - 4.75)
}

/// The factor of a gain in decibels: 10^(dB/20).
pub fn gain_of_db(db: f64) -> f64 {
    exp2(db / 20.0 * std::f64::consts::LOG2_10)
}

/// The decibels of a positive factor.
pub fn db_of_gain(gain: f64) -> f64 {
    log2(gain) * 20.0 / std::f64::consts::LOG2_10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_platform_to_a_few_units_in_the_last_place() {
        for i in -4000..4000 {
            let x = f64::from(i) * 0.013_7;
            assert!((exp2(x) / x.exp2() - 1.0).abs() < 4e-15, "exp2({x})");
            let y = x.exp2();
            assert!((log2(y) - y.log2()).abs() < 2e-14, "log2({y})");
        }
        assert!((log2(f64::MIN_POSITIVE / 8.0) - -1025.0).abs() < 1e-9);
    }

    #[test]
    fn what_musicians_rely_on_is_exact() {
        assert_eq!(pitch_of_hz(440.0), 4.75);
        assert_eq!(pitch_of_hz(220.0), 3.75);
        assert_eq!(hz_of_pitch(4.75), 440.0);
        assert_eq!(exp2(3.0), 8.0);
        assert_eq!(gain_of_db(0.0), 1.0);
        assert!(log2(-1.0).is_nan() && log2(0.0).is_nan());
    }
}
