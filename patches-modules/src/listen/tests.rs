//! The words against signals whose measure is known, and planted faults that each must find.

use super::*;

fn wave(shape: impl Fn(usize, usize) -> f32) -> Vec<f32> {
    (0..32_768).map(|frame| shape(frame, 0)).collect()
}

#[test]
fn a_tone_is_found_at_its_place_and_level() {
    let x = wave(|frame, voice| 0.5 * tone(1234.5)(frame, voice));
    assert_db(level_at(&x, 1234.5), -6.0206, 1e-4);
    // The parabola is off by a thousandth of a bin.
    assert_near(peak_hz(&x), 1234.5, 2e-3);
    // 32-bit rounding of the tone itself is all there is.
    assert!(thd(&x, 1234.5) < -140.0);
    assert!(alias_floor(&x, 1234.5, 24_000.0) < -140.0);
    assert_near(rms(&x), 0.5 / 2.0_f64.sqrt(), 1e-4);
    assert!(level_at(&x, 1300.0) < -150.0, "nothing is heard beside a tone");
}

#[test]
fn a_planted_alias_and_a_planted_harmonic_are_found() {
    let with = |hz| wave(move |frame, voice| tone(1000.0)(frame, voice) + 1e-4 * tone(hz)(frame, voice));
    // Between two bins a tone is seen up to 0.45 dB too low.
    assert_db(alias_floor(&with(7300.0), 1000.0, 24_000.0), -80.0, 0.5);
    assert!(alias_floor(&with(7300.0), 1000.0, 7000.0) < -140.0, "it lies above");
    assert_db(thd(&with(3000.0), 1000.0), -80.0, 0.01);
    // A saw without band-limiting folds its 47th harmonic down to 1 kHz less one: no test would pass it.
    let naive = wave(|frame, _| (1010.3 * frame as f64 / RATE).fract() as f32 * 2.0 - 1.0);
    assert!(alias_floor(&naive, 1010.3, 20_000.0) > -35.0);
}

#[test]
fn a_sweep_passes_its_middle_at_half_time() {
    let x: Vec<f32> = (0..96_000).map(|frame| sweep(100.0, 10_000.0, 96_000)(frame, 0)).collect();
    let hz =
        |part: &[f32]| part.windows(2).filter(|w| w[0] < 0.0 && w[1] >= 0.0).count() as f64 * RATE / part.len() as f64;
    assert_near(hz(&x[45_600..50_400]), 1000.0, 30.0);
    assert_near(hz(&x[91_200..]), 9000.0, 500.0);
}

#[test]
fn an_impulse_answers_for_a_filter() {
    let two: Vec<f32> = (0..8).map(|frame| impulse(frame) + if frame == 1 { 1.0 } else { 0.0 }).collect();
    // |1 + z| = 2·cos(πf/fs).
    assert_db(response_at(&two, 12_000.0), db(2.0_f64.sqrt()), 1e-6);
}

#[test]
fn silence_is_silent_and_a_whisper_is_not() {
    assert_silent(&[0.0, 1e-12]);
    assert!(std::panic::catch_unwind(|| assert_silent(&[0.0, 1e-9])).is_err());
    assert!(std::panic::catch_unwind(|| assert_silent(&[f32::NAN])).is_err());
    assert!(std::panic::catch_unwind(|| assert_db(-6.0, -6.2, 0.1)).is_err());
    assert!(std::panic::catch_unwind(|| assert_near(1.0, 1.2, 0.1)).is_err());
}

/// Kernels that do wrong.
mod planted {
    /// All voices write to the first one's memory.
    pub mod touching {
        use patches_core::prelude::*;
        kernel! { Touching, signals { x } controls {} options {} outputs { y } state { s } }
        impl Kernel for Touching {
            type Mid<L: Lanes> = Ctl<L>;
            type Raw<L: Lanes> = Out<L>;
            #[inline(always)]
            fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
                c
            }
            #[inline(always)]
            fn scan<L: Lanes>(cx: &Cx, _: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Out<L> {
                let first = [cx.mem(0)[0]; 16];
                let heard = L::lookup(&first, L::Bits::splat(0));
                L::poke(&first, L::Bits::splat(0), x.x);
                Out::new(heard)
            }
            #[inline(always)]
            fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
                r
            }
        }
    }
    /// A loop with a gain above one.
    pub mod runaway {
        use patches_core::prelude::*;
        kernel! { Runaway, signals { x } controls {} options {} outputs { y } state { s } }
        impl Kernel for Runaway {
            type Mid<L: Lanes> = Ctl<L>;
            type Raw<L: Lanes> = Out<L>;
            #[inline(always)]
            fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
                c
            }
            #[inline(always)]
            fn scan<L: Lanes>(_: &Cx, s: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Out<L> {
                s.s = x.x + s.s * L::splat(1.1);
                Out::new(s.s)
            }
            #[inline(always)]
            fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
                r
            }
        }
    }
}

fn fails(check: impl FnOnce() + std::panic::UnwindSafe) -> bool {
    std::panic::catch_unwind(check).is_err()
}

#[test]
fn planted_kernels_are_found() {
    let touching = || {
        let wave = |frame: usize, voice: usize| (frame * 16 + voice) as f32;
        assert_voices_apart(&Rig::new(&planted::touching::KERNEL).frames(40).mem(&[0.0]).moving(0, wave));
    };
    assert!(fails(touching));
    let runaway = || Subject::new(&planted::runaway::KERNEL, &Spec::new(&["Runaway"], ""), &["x"]).assert_holds();
    assert!(fails(runaway));
}
