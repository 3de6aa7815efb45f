//! Low-frequency oscillator: φ grows by rate/fs a frame; all shapes hang on one phase.
//!
//! `skew` moves the triangle's and the sine's turning points (0 falls, 1 rises like a saw) and is the square's width. The
//! triangle rises through 0 at phase 0 whatever the skew: ψ = φ + skew/2, t = 2·min(ψ/skew, (1−ψ)/(1−skew)) − 1, and the
//! sine is sin(πt/2). `random` is a new number each cycle, `smooth` goes from one to the next along 3φ² − 2φ³.
//! The phase's step is brought to whole units with the rest carried on, so that slow rates are exact too.
//! Cost: about twelve operations of recurrence; sine and triangle share two divides per skew.

use patches_core::prelude::*;

module! {
    Lfo: "Slow oscillator for moving other things",
    controls {
        rate: Rate = 1.0, 0.001..100.0, "cycles a second, or a musical time for one cycle";
        phase_offset: Number = 0.0, f64::NEG_INFINITY..f64::INFINITY, "where in the cycle it begins, in cycles";
        skew: Number = 0.5, 0.0..1.0, "place of the peak: 0 falls, 1 rises; width of the square";
        spread: Number = 0.0, 0.0..2.0, "each voice its own rate; at 1 up to 10% off";
    }
    signals { sync: Trigger, "starts the cycle anew"; }
    options { mode: ["bipolar", "unipolar_positive", "unipolar_negative"], "-1 to 1, 0 to 1, or -1 to 0"; }
    outputs {
        sine: Number, "sine";
        triangle: Number, "triangle";
        saw_up: Number, "rising saw";
        saw_down: Number, "falling saw";
        square: Number, "high for the first part of the cycle";
        random: Number, "a new number each cycle";
        smooth: Number, "slides from random number to random number";
        reset_out: Trigger, "at the start of each cycle";
    }
    state { phase: Bits, rest, cycle: Bits, seed: Bits }
    example "wobble = Lfo { rate: 1/8, skew: 0.2 }\nOsc { pitch: C2 }.saw -> Svf { cutoff: 600Hz + 2oct * wobble, resonance: 0.5 } -[0.4]-> out"
}
row! {
    /// 2^32 times the cycles a frame; the spread of it; the offset; half the skew; and one over skew and its complement.
    Mid { step, spread, offset: Bits, skew: Bits, up, down }
    /// Phase, width of the square, factors of the slopes, the random numbers, the trigger.
    Turn { phase: Bits, skew: Bits, up, down, from, to, reset }
}

/// Spread 1 moves rates by up to a tenth.
const SPREAD: f32 = 0.1;
/// A cycle of the phase.
const CYCLE: f32 = 4_294_967_296.0;

impl Kernel for Lfo {
    const HEAVY_FIN: bool = true;
    const SEEDED: bool = true;
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Turn<L>;

    #[inline(always)]
    fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
        let one = L::splat(1.0);
        // A slope in less than a thousandth of a cycle is a jump.
        let least = L::splat(1e-3);
        let (up, down) = (one / c.skew.max(least), one / (one - c.skew).max(least));
        let step = c.rate * L::splat(CYCLE * cx.period);
        // Half a skew as a phase has the range to reach a whole one when doubled.
        let skew = maths::phase_of_cycles(c.skew * L::splat(0.499_999));
        Mid::new(step, c.spread * L::splat(SPREAD), maths::phase_of_cycles(c.phase_offset), skew, up, down)
    }

    #[inline(always)]
    fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Turn<L> {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let (none, unit) = (L::Bits::splat(0), L::Bits::splat(1));
        let own =
            if cx.is_zero(In::spread as u32) { m.step } else { m.step.mla(m.step, m.spread * maths::noise(s.seed)) };
        let exact = own + s.rest;
        let inc = exact.to_int();
        s.rest = exact - inc.to_float();

        let free = s.phase + inc;
        let wraps = free.below(inc);
        let synced = x.sync.gt(zero);
        let (here, cycle) = (s.phase, s.cycle);
        let (here, cycle) = if cx.is_zero(In::sync as u32) {
            s.cycle = L::Bits::select(wraps, s.cycle + unit, s.cycle);
            s.phase = free;
            (here, cycle)
        } else {
            let now = x.sync.ge(one);
            s.cycle = L::Bits::select(synced | wraps, cycle + unit, cycle);
            s.phase = L::Bits::select(synced, (own * x.sync).to_int(), free);
            (L::Bits::select(now, none, here), L::Bits::select(now, cycle + unit, cycle))
        };

        let reset = if cx.wants(To::reset_out as u32) {
            let passes = wraps & !free.eq(none);
            let left = free.to_float() / inc.to_float();
            let reset = L::select(here.eq(none), one, L::select(passes, left, zero));
            L::select(synced, x.sync, reset)
        } else {
            zero
        };
        // The random numbers are those of the shifted phase's cycle.
        let phase = here + m.offset;
        let (from, to) = if cx.wants(To::random as u32) | cx.wants(To::smooth as u32) {
            let cycle = L::Bits::select(phase.below(m.offset), cycle + unit, cycle);
            (maths::noise(s.seed ^ cycle), maths::noise(s.seed ^ (cycle + unit)))
        } else {
            (zero, zero)
        };
        Turn::new(phase, m.skew, m.up, m.down, from, to, reset)
    }

    #[inline(always)]
    fn fin<L: Lanes>(cx: &Cx, r: Turn<L>) -> Out<L> {
        let one = L::splat(1.0);
        let part = maths::phase_to_unit(r.phase);
        let mut out = Out::zero();
        let sine = cx.wants(To::sine as u32);
        if sine | cx.wants(To::triangle as u32) {
            let along = maths::phase_to_unit(r.phase + r.skew);
            let t = (along * r.up).min((one - along) * r.down).min(one);
            let t = t + t - one;
            out.triangle = ranged(cx, t);
            out.sine = if sine { ranged(cx, maths::sin_cycles(t * L::splat(0.25))) } else { t };
        }
        let width = (r.skew + r.skew).shr(8).to_float() * L::splat(1.0 / 16_777_216.0);
        out.saw_up = ranged(cx, part + part - one);
        out.saw_down = ranged(cx, one - (part + part));
        out.square = ranged(cx, L::select(part.lt(width), one, -one));
        out.random = ranged(cx, r.from);
        let smooth = part * part * (L::splat(3.0) - (part + part));
        out.smooth = ranged(cx, r.from.mla(smooth, r.to - r.from));
        out.reset_out = r.reset;
        out
    }

    fn birth(seed: u32) -> State<f32> {
        let bits = <f32 as Lanes>::Bits::splat;
        State::new(bits(0), 0.0, bits(0), maths::hash(bits(seed)))
    }
}

/// A wave of ±1 in the range that `mode` asks for.
#[inline(always)]
fn ranged<L: Lanes>(cx: &Cx, y: L) -> L {
    let half = L::splat(0.5);
    match cx.option(Opt::mode as u32) {
        0 => y,
        1 => half.mla(y, half),
        _ => y * half - half,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::*;
    fn subject() -> Subject {
        Subject::new(&KERNEL, &spec(), INPUTS)
    }

    fn at(to: To, frame: usize) -> f64 {
        f64::from(subject().rig().one(to as usize)[frame])
    }

    #[test]
    fn a_cycle_a_second_passes_its_landmarks() {
        // Eighths of a cycle: 6000 frames. Phase errors are below 2^-22 of a cycle.
        let (root, tiny) = (0.5_f64.sqrt(), 1e-5);
        for (eighth, sine, triangle, up) in [
            (0, 0.0, 0.0, -1.0),
            (1, root, 0.5, -0.75),
            (2, 1.0, 1.0, -0.5),
            (5, -root, -0.5, 0.25),
            (6, -1.0, -1.0, 0.5),
        ] {
            let frame = eighth * 6000;
            assert_near(at(To::sine, frame), sine, tiny);
            assert_near(at(To::triangle, frame), triangle, tiny);
            assert_near(at(To::saw_up, frame), up, tiny);
            assert_near(at(To::saw_down, frame), -up, tiny);
            assert_eq!(at(To::square, frame), if eighth < 4 { 1.0 } else { -1.0 });
        }
    }

    #[test]
    fn slow_rates_are_exact() {
        let x = subject().rig().frames(480_000).still(In::rate as usize, 0.001).one(To::saw_up as usize);
        // 10 s are a hundredth of a cycle. Whole steps of the phase alone would be a hundred-and-eightieth off.
        assert_near(f64::from(x[479_999]), -0.98, 2e-6);
    }

    #[test]
    fn skew_moves_the_peak_and_the_edge() {
        let rig = subject().rig().still(In::skew as usize, 0.2);
        let triangle = rig.one(To::triangle as usize);
        // It rises for a fifth of the cycle, centred on its beginning.
        assert_near(f64::from(triangle[4800]), 1.0, 1e-4);
        assert_near(f64::from(triangle[24_000]), 0.0, 1e-4);
        assert_near(f64::from(triangle[48_000 - 4800]), -1.0, 1e-4);
        let square = rig.one(To::square as usize);
        assert_eq!(square.iter().filter(|x| **x > 0.0).count().abs_diff(9600), 0);
        let straight = subject().rig().still(In::skew as usize, 1.0).one(To::triangle as usize);
        assert_near(f64::from(straight[12_000]), 0.5, 1e-4);
        assert_near(f64::from(straight[36_000]), -0.5, 1e-4);
    }

    #[test]
    fn modes_set_the_range() {
        for (mode, low, high) in [(0, -1.0, 1.0), (1, 0.0, 1.0), (2, -1.0, 0.0)] {
            for to in [To::sine, To::triangle, To::saw_up, To::saw_down, To::square] {
                let x = subject().rig().option(0, mode).one(to as usize);
                let (min, max) = x.iter().fold((9.0_f32, -9.0_f32), |(a, b), &x| (a.min(x), b.max(x)));
                assert_near(f64::from(min), low, 1e-4);
                assert_near(f64::from(max), high, 1e-4);
            }
        }
    }

    #[test]
    fn random_holds_for_a_cycle_and_smooth_joins_its_numbers() {
        let rig = subject().rig().still(In::rate as usize, 100.0);
        let (random, smooth) = (rig.one(To::random as usize), rig.one(To::smooth as usize));
        let changes = random.windows(2).filter(|w| w[0] != w[1]).count();
        assert_eq!(changes, 99, "a hundred cycles");
        for cycle in 1..99 {
            assert_near(f64::from(smooth[cycle * 480 + 1]), f64::from(random[cycle * 480 + 1]), 1e-3);
        }
        // 3φ² − 2φ³ has a slope of at most 1.5 a cycle, over a way of at most 2.
        assert!(smooth.windows(2).all(|w| (w[1] - w[0]).abs() <= 1.5 * 2.0 / 480.0 + 1e-5));
        let mean: f32 = random.iter().sum::<f32>() / 48_000.0;
        assert!(mean.abs() < 0.25, "a hundred even numbers: 0.058 expected, four times that is one in 10^4");
    }

    #[test]
    fn spread_gives_each_voice_its_rate_within_a_tenth() {
        let take = subject().rig().still(In::spread as usize, 1.0).wants(&[To::saw_up as usize]).take();
        let rates: Vec<f64> = (0..16).map(|v| f64::from(take.outs[To::saw_up as usize][24_000][v]) + 1.0).collect();
        assert!(rates.iter().all(|rate| (0.9..1.1).contains(rate)), "{rates:?}");
        assert!(rates.iter().any(|rate| (rate - rates[0]).abs() > 0.02), "{rates:?}");
    }

    #[test]
    fn sync_starts_anew_between_two_frames() {
        let rig = subject().rig().moving(In::sync as usize, |frame, _| if frame == 1000 { 0.5 } else { 0.0 });
        assert_near(f64::from(rig.one(To::saw_up as usize)[1048]), -1.0 + 2.0 * 47.5 / 48_000.0, 1e-6);
        let resets = rig.one(To::reset_out as usize);
        let places: Vec<usize> = (0..48_000).filter(|&i| resets[i] > 0.0).collect();
        assert_eq!(places, [0, 1000]);
        assert_eq!(resets[1000], 0.5);
    }

    #[test]
    fn it_holds_to_what_every_kernel_must() {
        subject().assert_holds();
    }
}
