//! Errors against f64, exactness, and the same bits on every lane form.

use super::*;
use crate::lanes::harness::{Input, Random, check, check_all, compare, forms, one_lane, ops};
use std::f64::consts::PI;

type Word = <f32 as Lanes>::Bits;

fn word(x: u32) -> Word {
    LaneBits::splat(x)
}

fn value(x: Word) -> u32 {
    let mut out = 0;
    // SAFETY: one word.
    unsafe { x.store(&mut out) };
    out
}

/// The largest errors found, and the largest size of a result.
struct Worst {
    abs: f64,
    rel: f64,
    peak: f32,
}

/// Compares with f64 at two million points, of which half are evenly spread and half are not on any grid.
fn worst(lo: f64, hi: f64, f: impl Fn(f32) -> f32, truth: impl Fn(f64) -> f64) -> Worst {
    let (mut worst, mut random) = (Worst { abs: 0.0, rel: 0.0, peak: 0.0 }, Random(7));
    for i in 0..=1_000_000 {
        for t in [f64::from(i) / 1e6, f64::from(random.word()) / f64::from(u32::MAX)] {
            let x = (lo + (hi - lo) * t) as f32;
            let (got, want) = (f(x), truth(f64::from(x)));
            let off = (f64::from(got) - want).abs();
            assert!(off.is_finite(), "{got:e} at {x:e}");
            worst.abs = worst.abs.max(off);
            if want != 0.0 {
                worst.rel = worst.rel.max(off / want.abs());
            }
            worst.peak = worst.peak.max(got.abs());
        }
    }
    worst
}

/// Holds an error to what is claimed, and the claim to be no more than half as large again as the error.
#[track_caller]
fn assert_error(measured: f64, claimed: f64) {
    assert!(measured <= claimed, "measured {measured:.3e}, claimed {claimed:.1e}");
    assert!(measured >= claimed / 1.5, "measured {measured:.3e}: the claim of {claimed:.1e} is loose");
}

#[test]
fn sine_and_cosine() {
    let sine = worst(-3.0, 3.0, sin_cycles, |x| (2.0 * PI * x).sin());
    assert_error(sine.abs, 2.9e-7);
    let cosine = worst(-3.0, 3.0, cos_cycles, |x| (2.0 * PI * x).cos());
    assert_error(cosine.abs, 2.9e-7);
    assert!(sine.peak <= 1.0 && cosine.peak <= 1.0);
    let far = f64::from(1 << 20);
    assert!(worst(far - 100.0, far, sin_cycles, |x| (2.0 * PI * x.fract()).sin()).abs < 2.9e-7);
    assert!(worst(-far, 100.0 - far, cos_cycles, |x| (2.0 * PI * x.fract()).cos()).abs < 2.9e-7);
    for k in -1000..1000 {
        let x = k as f32;
        assert_eq!([sin_cycles(x), sin_cycles(x + 0.5), cos_cycles(x + 0.25), cos_cycles(x - 0.25)], [0.0; 4]);
        let x = x * 0.001_234;
        assert_eq!([sin_cycles(-x), cos_cycles(-x)], [-sin_cycles(x), cos_cycles(x)]);
    }
}

#[test]
fn sine_of_a_phase() {
    let (mut off, mut peak) = (0.0_f64, 0.0_f32);
    for phase in (0..=u32::MAX).step_by(1999) {
        let got = sin_of_phase(word(phase));
        let want = (2.0 * PI * f64::from(phase.cast_signed()) / 4_294_967_296.0).sin();
        off = off.max((f64::from(got) - want).abs());
        peak = peak.max(got.abs());
    }
    assert_error(off, 3.5e-7);
    assert!(peak <= 1.0);
    assert_eq!([0, 1 << 31].map(|p| sin_of_phase(word(p))), [0.0; 2]);
}

#[test]
fn phase_as_a_number() {
    let unit = |p| phase_to_unit(word(p));
    assert_eq!([0, 1 << 8, 1 << 31, u32::MAX].map(unit), [0.0, 1.0 / 16_777_216.0, 0.5, 1.0 - 1.0 / 16_777_216.0]);
    let phase = |x: f32| value(phase_of_cycles(x));
    assert_eq!([0.0, 0.25, -0.25, 1.25, -3.0].map(phase), [0, 1 << 30, 3 << 30, 1 << 30, 0]);
    assert_eq!(phase(0.5), (1 << 31) - 128);
    // 30 of 2^32 parts of a cycle, rounded either way.
    assert_eq!([29.6_f32, 30.4].map(|x| phase(x / 4_294_967_296.0)), [30, 30]);
    assert_eq!(phase(-29.6 / 4_294_967_296.0), 30_u32.wrapping_neg());
    let mut random = Random(3);
    for _ in 0..1_000_000 {
        let x = random.word().cast_signed() as f32 / 2_147_483_648.0 * 8.0;
        let exact = (f64::from(x) - f64::from(x).round()) * 4_294_967_296.0;
        let off = f64::from((phase(x).wrapping_sub(exact.round() as i64 as u32)).cast_signed());
        assert!(off.abs() <= 1.0 || (exact.abs() == 2_147_483_648.0 && off.abs() <= 128.0), "{x:e}: {off}");
    }
}

#[test]
fn powers_of_two() {
    assert_error(worst(-1.0, 1.0, exp2, f64::exp2).rel, 1e-7);
    assert_error(worst(-126.0, 126.0, exp2, f64::exp2).rel, 1e-7);
    for n in -126..=126 {
        assert_eq!(exp2(n as f32), 2.0_f32.powi(n), "2 to the {n}");
    }
    assert_eq!([-1e9, f32::NEG_INFINITY, f32::NAN].map(exp2), [2.0_f32.powi(-126); 3]);
    assert_eq!([1e9, f32::INFINITY].map(exp2), [2.0_f32.powi(126); 2]);
}

#[test]
fn powers_of_two_never_fall() {
    let step = 1.0 / f64::from(1 << 20);
    let mut last = 0.0;
    for i in -5 << 20..10 << 20 {
        let now = exp2((f64::from(i) * step) as f32);
        assert!(now >= last, "falls at {}", f64::from(i) * step);
        last = now;
    }
}

#[test]
fn logarithm() {
    let near = worst(0.5, 2.0, log2, f64::log2);
    assert_error(near.abs, 1.2e-7);
    assert_error(near.rel, 2.2e-7);
    // Results up to 16 have a last place of 2^-20, of which half may be lost.
    assert!(worst(1e-4, 0.5, log2, f64::log2).abs < 1.2e-7 + 2.0_f64.powi(-21));
    assert!(worst(2.0, 65_000.0, log2, f64::log2).abs < 1.2e-7 + 2.0_f64.powi(-21));
    for n in -126..=127 {
        assert_eq!(log2(2.0_f32.powi(n)), n as f32);
    }
    assert_eq!([0.0, -1.0, 1e-40, f32::NAN, f32::NEG_INFINITY].map(log2), [-126.0; 5]);
    assert_eq!(log2(f32::INFINITY), 128.0);
}

#[test]
fn any_power() {
    for b in [0.5, 2.2, -1.0, 9.0] {
        let (mut off, mut random) = (0.0_f64, Random(5));
        for _ in 0..500_000 {
            let a = 1e-3 + random.word() as f32 / u32::MAX as f32 * 20.0;
            let want = f64::from(a).powf(f64::from(b));
            let allowed = 1.5e-7 * (1.0 + (f64::from(b) * f64::from(a).log2()).abs());
            off = off.max((f64::from(pow(a, b)) / want - 1.0).abs() / allowed);
        }
        assert!(off < 1.0, "to the power {b}: {off:.2} of what is allowed");
    }
    assert_eq!(
        [pow(1.0, 7.3), pow(1.0, -0.1), pow(4.0, 3.0), pow(0.0, 2.0), pow(-1.0, 2.0)],
        [1.0, 1.0, 64.0, 0.0, 0.0]
    );
    assert_eq!(pow(f32::NAN, 1.0), 0.0);
}

#[test]
fn pitch() {
    for octave in -4..6 {
        assert_eq!(hz_of_pitch(4.75 + octave as f32), 440.0 * 2.0_f32.powi(octave));
    }
    // The difference p − 4.75 is off by up to 2^-25 octaves between C0 and A4, the product by half a last place.
    assert!(worst(-1.0, 11.0, hz_of_pitch, |p| 440.0 * (p - 4.75).exp2()).rel < 3e-7);
}

#[test]
fn saturation() {
    let exact = worst(-9.0, 9.0, tanh, f64::tanh);
    assert_error(exact.abs, 4e-7);
    assert_error(exact.rel, 4e-7);
    assert_error(worst(-9.0, 9.0, tanh_fast, f64::tanh).abs, 1.4e-3);
    assert!(worst(-1e-3, 1e-3, tanh, f64::tanh).rel < 4e-7);
    assert_eq!([tanh(1e-20), tanh(-1e-20)], [1e-20, -1e-20]);
    // Every float from 2^-7 on, where they come near ±1.
    for bits in (1.0_f32 / 128.0).to_bits()..9.0_f32.to_bits() {
        let x = f32::from_bits(bits);
        let (up, down) = (tanh(x), tanh(-x));
        assert!(up <= 1.0 && tanh_fast(x) <= 1.0, "beyond 1 at {x}");
        assert!(up == -down && tanh_fast(-x) == -tanh_fast(x), "not odd at {x}");
    }
    assert!([tanh(f32::INFINITY), tanh_fast(f32::INFINITY)].iter().all(|y| (0.999_999..=1.0).contains(y)));
    assert!([tanh(f32::NAN), tanh_fast(f32::NAN)].iter().all(|y| (-1.0..=-0.999_999).contains(y)));
}

#[test]
fn sine_and_cosine_of_a_corner() {
    assert_error(worst(1e-6, 0.5, |f| tan_half_parts(f).0, |f| (PI * f).sin()).rel, 2e-7);
    // The true cosine near ½ as a sine, because f64's own π is not exact there.
    assert_error(worst(0.0, 0.5, |f| tan_half_parts(f).1, |f| (PI * (0.5 - f)).sin()).rel, 2e-7);
    let tan = |f: f32| tan_half_parts(f).0 / tan_half_parts(f).1;
    assert_error(worst(1e-6, 0.4999, tan, |f| (PI * f).sin() / (PI * (0.5 - f)).sin()).rel, 4e-7);
    assert_eq!(tan_half_parts(0.0_f32).0, 0.0);
    assert_eq!(tan_half_parts(0.5_f32).1, 0.0);
}

/// Each bit that changes flips each bit of the hash in half the cases.
#[test]
fn hash_mixes() {
    const TRIES: u32 = 1 << 15;
    let mut random = Random(11);
    for bit in 0..32 {
        let mut flips = [0_u32; 32];
        for _ in 0..TRIES {
            let x = random.word();
            let change = value(hash(word(x)) ^ hash(word(x ^ 1 << bit)));
            for (i, flips) in flips.iter_mut().enumerate() {
                *flips += change >> i & 1;
            }
        }
        for (i, flips) in flips.into_iter().enumerate() {
            // Seven standard deviations of 0.0028.
            let share = f64::from(flips) / f64::from(TRIES);
            assert!((share - 0.5).abs() < 0.02, "bit {bit} flips bit {i} in {share:.3} of all cases");
        }
    }
}

/// Of one stream, and of one with the next seed: mean, power, spread, and no likeness to itself a few samples on.
#[test]
fn noise_is_white() {
    const N: usize = 1 << 20;
    let stream = |seed: u32| -> Vec<f64> {
        let start = value(hash(word(seed)));
        (0..N as u32).map(|i| f64::from(noise(word(start ^ i)))).collect()
    };
    let (x, other) = (stream(1), stream(2));
    let mean_of = |f: &dyn Fn(usize) -> f64| (0..N - 64).map(f).sum::<f64>() / (N - 64) as f64;
    // Five standard deviations of the mean of a million numbers whose power is 1/3, or of their products.
    assert!(mean_of(&|i| x[i]).abs() < 5.0 * (1.0 / 3.0_f64).sqrt() / 1024.0);
    assert!((mean_of(&|i| x[i] * x[i]) - 1.0 / 3.0).abs() < 5.0 * (4.0 / 45.0_f64).sqrt() / 1024.0);
    for lag in 1..64 {
        assert!(mean_of(&|i| x[i] * x[i + lag]).abs() < 5.0 / 3.0 / 1024.0, "like itself {lag} samples on");
        assert!(mean_of(&|i| x[i] * other[i + lag]).abs() < 5.0 / 3.0 / 1024.0, "like its neighbour {lag} samples on");
    }
    let mut bins = [0_u32; 256];
    for x in &x {
        bins[((x + 1.0) * 128.0) as usize] += 1;
    }
    // Chi squared with 255 degrees of freedom: mean 255, standard deviation 23.
    let expected = N as f64 / 256.0;
    let chi: f64 = bins.iter().map(|&b| (f64::from(b) - expected).powi(2) / expected).sum();
    assert!((140.0..370.0).contains(&chi), "chi squared {chi:.0}");
    assert!(x.iter().all(|x| x.abs() < 1.0 && *x != 0.0));
}

ops! {
    WrapHalf calculated |a| wrap_half(a.float_bits()).bits();
    SinCycles calculated |a| sin_cycles(a.float_bits()).bits();
    CosCycles calculated |a| cos_cycles(a.float_bits()).bits();
    SinOfPhase exact |a| sin_of_phase(a).bits();
    PhaseToUnit exact |a| phase_to_unit(a).bits();
    PhaseOfCycles exact |a| phase_of_cycles(a.float_bits());
    Exp2 exact |a| exp2(a.float_bits()).bits();
    Log2 exact |a| log2(a.float_bits()).bits();
    Pow calculated |a, b| pow(a.float_bits(), b.float_bits()).bits();
    HzOfPitch exact |a| hz_of_pitch(a.float_bits()).bits();
    Tanh exact |a| tanh(a.float_bits()).bits();
    TanhFast exact |a| tanh_fast(a.float_bits()).bits();
    TanHalfSin calculated |a| tan_half_parts(a.float_bits()).0.bits();
    TanHalfCos calculated |a| tan_half_parts(a.float_bits()).1.bits();
    Hash exact |a| hash(a);
    Noise exact |a| noise(a).bits();
    Rational calculated |a, b, c| rational(a.float_bits(), &[1.0, 2.5, -0.3], &[3.0, 0.7]).bits() ^ (b & c);
    // A polynomial summed in another order on 16 lanes: a mistake that must be found.
    PolyOtherOrder calculated |a| {
        let (x, [p, q, r]) = (a.float_bits(), [0.3, 0.7, -0.2].map(L::splat));
        if L::COUNT == 1 { p + (q + r * x) * x } else { (p + q * x) + r * (x * x) }.bits()
    };
}

macro_rules! same_bits {
    ($($op:ident)*) => {
        #[test]
        fn every_lane_form_gives_the_same_bits() {
            let input = Input::mixed();
            $(check::<$op>(&input); check_all::<$op>(997);)*
        }
    };
}
same_bits! {
    WrapHalf SinCycles CosCycles SinOfPhase PhaseToUnit PhaseOfCycles Exp2 Log2 Pow HzOfPitch Tanh TanhFast TanHalfSin
    TanHalfCos Hash Noise Rational
}

#[test]
fn planted_faults_are_found() {
    let input = Input::mixed();
    let want = one_lane::<PolyOtherOrder>(&input);
    for (form, run) in forms::<PolyOtherOrder>().into_iter().filter(|(form, _)| !form.starts_with("one lane")) {
        assert!(compare::<PolyOtherOrder>(form, run, &input, &want).is_err(), "not noticed on {form}");
    }
    // A coefficient wrong in its sixth digit, and the sine that a platform would give.
    let blunt = |x: f32| sin_cycles(x) * 1.000_001;
    assert!(worst(-1.0, 1.0, blunt, |x| (2.0 * PI * x).sin()).abs > 2.9e-7);
    let platform = |x: f32| (x * std::f32::consts::TAU).sin();
    assert!(worst(-1.0, 1.0, platform, |x| (2.0 * PI * x).sin()).abs > 2.9e-7);
}
