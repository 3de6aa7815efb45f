//! Oscillator: a 32-bit phase that grows by f/fs each frame, and the waves that hang on it.
//!
//! Saw and square are corrected around each jump, the triangle around each corner, by four-sample B-spline residuals that
//! are functions of phase and step alone (see `dsp::blep` for the source and what it costs in treble). `phase_mod` counts
//! into the step that these see, so modulated waves are band-limited too. Hard sync sets the phase at the very place of
//! the trigger between two frames; its jump is not band-limited.
//! Cost: one exp2 per pitch; per frame ten operations of recurrence, and for a saw one divide and twenty more.

use crate::dsp::{blep, drift};
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    inputs(Spec::new(&["Osc"], "Band-limited oscillator: sine, triangle, saw and square at once"))
        .with_output(Output::new(&["sine"], Kind::Audio, "sine"))
        .with_output(Output::new(&["triangle"], Kind::Audio, "triangle, in step with the sine"))
        .with_output(Output::new(&["sawtooth", "saw"], Kind::Audio, "saw, rising from -1 at the start of the cycle"))
        .with_output(Output::new(&["square"], Kind::Audio, "1 for the pulse width, then -1"))
        .with_output(Output::new(&["phase"], Kind::Number, "0 to 1 over the cycle"))
        .with_output(Output::new(&["reset_out"], Kind::Trigger, "at the start of each cycle"))
        .example("osc = Osc { pitch: A2 + 7st, pulse_width: Lfo { rate: 0.3Hz } * 0.3 + 0.5 }\nosc.square -[0.4]-> out")
}

/// The inputs of every oscillator.
pub fn inputs(spec: Spec) -> Spec {
    spec.with_input(
        Input::new(&["pitch", "frequency", "voct"], Kind::Pitch, "pitch").value(4.0, -4.0..16.0).normalled("*"),
    )
    .with_input(Input::new(&["fm"], Kind::Audio, "moves the frequency by 10 Hz a unit, or an octave (`fm_type`)"))
    .with_input(Input::new(&["tzfm"], Kind::Audio, "moves the frequency by itself a unit, through zero"))
    .with_input(Input::new(&["phase_mod"], Kind::Audio, "moves the phase, in cycles"))
    .with_input(
        Input::new(&["pulse_width"], Kind::Number, "part of the cycle that the square is high").value(0.5, 0.01..0.99),
    )
    .with_input(Input::new(&["sync"], Kind::Trigger, "starts the cycle anew"))
    .with_input(
        Input::new(&["drift"], Kind::Number, "slow wandering of the pitch, up to 50 cents").value(0.0, 0.0..1.0),
    )
    .with_param(Param::choice(
        &["fm_type"],
        &[&["linear"], &["logarithmic"]],
        "what a unit of `fm` is: 10 Hz or an octave",
    ))
}

kernel! { Osc, signals { fm, tzfm, phase_mod, pulse_width, sync } controls { pitch, drift } options { fm_type }
outputs { sine, triangle, sawtooth, square, phase, reset_out } state { phase: Bits, shift: Bits } }
row! {
    /// Cycles a frame, before modulation; and the phase's step, where nothing modulates.
    Mid { cycles, inc: Bits }
    /// Phase and its step as the waves see them, the pulse width, and the trigger.
    Turn { phase: Bits, inc: Bits, width, reset }
}

/// Hertz a unit of linear `fm`.
const FM_HZ: f32 = 10.0;

/// Whether nothing modulates the frequency.
#[inline(always)]
fn steady(cx: &Cx) -> bool {
    cx.is_zero(In::fm as u32) && cx.is_zero(In::tzfm as u32)
}

/// Just below half a cycle a frame: beyond, there is nothing but aliases, and the phase would seem to run backwards.
#[inline(always)]
fn held<L: Lanes>(cycles: L) -> L {
    cycles.clamp(L::splat(-0.49), L::splat(0.49))
}

impl Kernel for Osc {
    const HEAVY_FIN: bool = true;
    const SKIPS: bool = true;
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Turn<L>;

    fn skip(cx: &Cx, s: &mut State<f32>, m: Mid<f32>, frames: u32) {
        if steady(cx) {
            s.phase = s.phase + m.inc * <f32 as Lanes>::Bits::splat(frames);
        }
    }

    #[inline(always)]
    fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
        let cycles = maths::hz_of_pitch(c.pitch + c.drift) * L::splat(cx.period);
        if steady(cx) {
            let cycles = held(cycles);
            return Mid::new(cycles, maths::phase_of_cycles(cycles));
        }
        Mid::new(cycles, L::Bits::splat(0))
    }

    #[inline(always)]
    fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Turn<L> {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let none = L::Bits::splat(0);
        let (cycles, inc) = if steady(cx) {
            (m.cycles, m.inc)
        } else {
            let cycles = if cx.option(Opt::fm_type as u32) == 0 {
                m.cycles + x.fm * L::splat(FM_HZ * cx.period)
            } else {
                m.cycles * maths::exp2(x.fm)
            };
            let cycles = held(cycles.mla(m.cycles, x.tzfm));
            (cycles, maths::phase_of_cycles(cycles))
        };
        let shift = if cx.is_zero(In::phase_mod as u32) { none } else { maths::phase_of_cycles(x.phase_mod) };
        let slip = shift - s.shift;
        s.shift = shift;

        let synced = x.sync.gt(zero);
        let free = s.phase + inc;
        let here = if cx.is_zero(In::sync as u32) {
            std::mem::replace(&mut s.phase, free)
        } else {
            let here = L::Bits::select(x.sync.ge(one), none, s.phase);
            s.phase = L::Bits::select(synced, maths::phase_of_cycles(cycles * x.sync), free);
            here
        };
        let reset = if cx.wants(To::reset_out as u32) {
            // Whichever way it runs: what is left of the step behind phase 0. Coming to exactly 0 is the next frame's.
            let left = free.to_float() / inc.to_float();
            let moves = !inc.eq(none);
            let passes = moves & left.gt(zero) & left.lt(one);
            let reset = L::select(passes, left, zero);
            L::select(synced, x.sync, L::select(moves & here.eq(none), one, reset))
        } else {
            zero
        };
        Turn::new(here + shift, inc + slip, x.pulse_width, reset)
    }

    #[inline(always)]
    fn fin<L: Lanes>(cx: &Cx, r: Turn<L>) -> Out<L> {
        let (saw, square) = (cx.wants(To::sawtooth as u32), cx.wants(To::square as u32));
        let mut out = Out::zero();
        out.reset_out = r.reset;
        if cx.wants(To::sine as u32) {
            out.sine = maths::sin_of_phase(r.phase);
        }
        if cx.wants(To::phase as u32) {
            out.phase = maths::phase_to_unit(r.phase);
        }
        if saw | square | cx.wants(To::triangle as u32) {
            let n = blep::frames_per_cycle(r.inc);
            if saw | square {
                out.sawtooth = blep::saw(r.phase, n);
            }
            if square {
                out.square = blep::pulse(r.phase, n, r.width, out.sawtooth);
            }
            if cx.wants(To::triangle as u32) {
                out.triangle = blep::triangle(r.phase, n);
            }
        }
        out
    }
}

/// The kernel with an oscillator's inputs.
pub fn node(lowering: &mut Lowering<'_>) -> patches_core::lower::Node {
    let drift = drift::wire(lowering);
    let [pitch, fm, tzfm, phase_mod, width, sync] =
        ["pitch", "fm", "tzfm", "phase_mod", "pulse_width", "sync"].map(|name| lowering.input(name, 0));
    let options = [lowering.choice("fm_type")];
    lowering.kernel(&KERNEL, &options, &[pitch, drift, fm, tzfm, phase_mod, width, sync])
}

/// A type that is one wave of the oscillator, as its `out`.
pub fn single(lowering: &mut Lowering<'_>, wave: To) {
    let node = node(lowering);
    lowering.output("out", 0, node.out(wave as u16));
}

fn lower(lowering: &mut Lowering<'_>) {
    let node = node(lowering);
    for (port, name) in ["sine", "triangle", "sawtooth", "square", "phase", "reset_out"].into_iter().enumerate() {
        lowering.output(name, 0, node.out(port as u16));
    }
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::*;
    use patches_core::rig::Rig;
    const INPUTS: &[&str] = &["pitch", "(octaves)", "fm", "tzfm", "phase_mod", "pulse_width", "sync"];

    fn subject() -> Subject {
        Subject::new(&KERNEL, &spec(), INPUTS)
    }

    /// One wave at a frequency.
    fn wave(to: To, hertz: f64) -> Vec<f32> {
        subject().rig().frames(65_536).still(In::pitch as usize, hz(hertz) as f32).one(to as usize)
    }

    /// What the four-sample spline leaves of a component at this frequency.
    fn droop(hertz: f64) -> f64 {
        let x = std::f64::consts::PI * hertz / RATE;
        db((x.sin() / x).powi(4))
    }

    #[test]
    fn it_is_in_tune() {
        // The peak is found to a thousandth of a bin, 0.7 Hz; the pitch itself is exact to 2^-24.
        for hertz in [27.5, 440.0, 4186.009] {
            assert_near(peak_hz(&wave(To::sine, hertz)), hertz, 1e-3 + hertz * 1e-6);
        }
        assert!(thd(&wave(To::sine, 440.0), 440.0) < -110.0);
    }

    #[test]
    fn harmonics_are_those_of_the_ideal_wave_and_the_spline() {
        let (pi, f) = (std::f64::consts::PI, 997.0);
        let (saw, square, triangle) = (wave(To::sawtooth, f), wave(To::square, f), wave(To::triangle, f));
        for order in 1..=12 {
            let n = f64::from(order);
            assert_db(level_at(&saw, n * f), db(2.0 / (pi * n)) + droop(n * f), 0.05);
            if order % 2 == 1 {
                assert_db(level_at(&square, n * f), db(4.0 / (pi * n)) + droop(n * f), 0.05);
                assert_db(level_at(&triangle, n * f), db(8.0 / (pi * n).powi(2)) + droop(n * f), 0.05);
            }
        }
    }

    #[test]
    fn aliases_are_far_down() {
        // What folds down to `up_to` comes from as far below the rate, as small as the wave and the spline make it there.
        let bound = |f: f64, up_to: f64, slope: f64| droop(RATE - up_to) - slope * db((RATE - up_to) / f);
        for f in [110.0, 440.0, 1046.5, 2093.0, 4186.0] {
            for up_to in [10_000.0, 15_000.0, 20_000.0] {
                for (to, slope) in [(To::sawtooth, 1.0), (To::square, 1.0), (To::triangle, 2.0)] {
                    let floor = alias_floor(&wave(to, f), f, up_to);
                    let bound = bound(f, up_to, slope).max(-120.0) + 0.5;
                    assert!(floor < bound, "{f} Hz up to {up_to}: {floor:.1} dB, not {bound:.1}");
                }
            }
        }
        assert!(alias_floor(&wave(To::sawtooth, 1046.5), 1046.5, 12_500.0) < -70.0);
    }

    #[test]
    fn pulse_width_is_the_part_that_is_high() {
        let rig = subject().rig().frames(65_536).still(In::pitch as usize, hz(997.0) as f32);
        let x = rig.still(In::pulse_width as usize, 0.2).one(To::square as usize);
        for order in 1..=8 {
            let n = f64::from(order);
            let want = 4.0 / (std::f64::consts::PI * n) * (std::f64::consts::PI * n * 0.2).sin().abs();
            if order != 5 {
                assert_db(level_at(&x, n * 997.0), db(want) + droop(n * 997.0), 0.05);
            }
        }
    }

    #[test]
    fn modulation_has_its_units() {
        let rig = |option| subject().rig().frames(65_536).option(0, option).still(In::pitch as usize, 4.75);
        let sine = |rig: Rig| peak_hz(&rig.one(To::sine as usize));
        assert_near(sine(rig(0).still(In::fm as usize, 2.0)), 460.0, 0.01);
        assert_near(sine(rig(1).still(In::fm as usize, -1.0)), 220.0, 0.01);
        assert_near(sine(rig(0).still(In::tzfm as usize, 0.5)), 660.0, 0.01);
        // Through zero: at −2 the same frequency backwards, which is the sine turned over.
        let back = rig(0).still(In::tzfm as usize, -2.0).one(To::sine as usize);
        let there = rig(0).one(To::sine as usize);
        assert!(back.iter().zip(&there).all(|(a, b)| (a + b).abs() < 1e-6));
        // A quarter of a cycle makes a sine a cosine.
        assert_near(f64::from(rig(0).still(In::phase_mod as usize, 0.25).one(To::sine as usize)[0]), 1.0, 1e-6);
    }

    #[test]
    fn sync_places_the_phase_between_two_frames_and_reset_out_says_where() {
        let rig = subject().rig().frames(400).still(In::pitch as usize, hz(480.0) as f32);
        let rig = rig.moving(In::sync as usize, |frame, _| if frame == 130 { 0.25 } else { 0.0 });
        let phase = rig.one(To::phase as usize);
        // 480 Hz is a hundredth of a cycle a frame.
        assert_near(f64::from(phase[130]), 0.3, 1e-5);
        assert_near(f64::from(phase[131]), 0.0025, 1e-5);
        assert_near(f64::from(phase[141]), 0.1025, 1e-5);
        let events: Vec<f64> = rig
            .one(To::reset_out as usize)
            .iter()
            .enumerate()
            .filter(|(_, x)| **x > 0.0)
            .map(|(frame, x)| frame as f64 + 1.0 - f64::from(*x))
            .collect();
        let want = [0.0, 100.0, 130.75, 230.75, 330.75];
        assert_eq!(events.len(), want.len(), "{events:?}");
        events.iter().zip(want).for_each(|(got, want)| assert_near(*got, want, 1e-3));
    }

    #[test]
    fn it_holds_to_what_every_kernel_must() {
        subject().assert_holds();
    }
}
