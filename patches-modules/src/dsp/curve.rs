//! Times as factors of a recurrence, and sums that do not lose small steps.

use patches_core::kernel::Cx;
use patches_core::lanes::Lanes;
use patches_core::maths;

/// 1 − e^(−z) for z ≥ 0, also where it is tiny or z is infinite: 2t/(1+t) with t = tanh(z/2). Two divides.
#[inline(always)]
pub fn one_minus_exp<L: Lanes>(z: L) -> L {
    let one = L::splat(1.0);
    let t = maths::tanh(z * L::splat(0.5));
    // From 17 on it is 1 to the last place, which the quotient misses by one.
    L::select(z.lt(L::splat(17.0)), (t + t) / (one + t), one)
}

/// ln 1000: all times here say when a thousandth, −60 dB, is left of a distance.
pub const LN_1000: f32 = 6.907_755_4;

/// What part of its distance a value goes each frame, so that a thousandth is left after so many seconds. 0 s gives 1.
#[inline(always)]
pub fn approach<L: Lanes>(cx: &Cx, seconds: L) -> L {
    one_minus_exp(L::splat(LN_1000 * cx.period) / seconds)
}

/// The part of a straight way that one frame takes, of so many seconds; 1 where it takes less than a frame.
#[inline(always)]
pub fn straight<L: Lanes>(cx: &Cx, seconds: L) -> L {
    (L::splat(cx.period) / seconds).min(L::splat(1.0))
}

/// Adds a step to a value and keeps what rounding leaves out for the next step: a minute's ramp has steps below the last
/// place of a value near 1. Source: W. Kahan, "Further remarks on reducing truncation errors" (CACM 8, 1965).
#[inline(always)]
pub fn creep<L: Lanes>(value: &mut L, rest: &mut L, step: L) {
    let step = step + *rest;
    let sum = *value + step;
    *rest = step - (sum - *value);
    *value = sum;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_the_way_are_exact_from_tiny_to_all() {
        for z in [1e-7_f32, 1e-4, 0.1, 1.0, 5.0, 15.0] {
            let (got, want) = (f64::from(one_minus_exp(z)), -(-f64::from(z)).exp_m1());
            // As `maths::tanh`, and two roundings.
            assert!((got / want - 1.0).abs() < 6e-7, "{z}: {got}");
        }
        assert_eq!((one_minus_exp(0.0_f32), one_minus_exp(17.0_f32), one_minus_exp(f32::INFINITY)), (0.0, 1.0, 1.0));
    }

    #[test]
    fn small_steps_are_not_lost() {
        let (mut value, mut rest) = (1.0_f32, 0.0);
        let mut bare = 1.0_f32;
        for _ in 0..100_000 {
            creep(&mut value, &mut rest, 1e-8);
            bare += 1e-8;
        }
        assert!((value - 1.001).abs() < 2e-7);
        assert_eq!(bare, 1.0, "without the rest nothing would move");
    }
}
