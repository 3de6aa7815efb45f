//! Waveshaping without much aliasing: instead of f(x) the mean of f between one sample and the next,
//! y = (F(x) − F(x'))/(x − x'), F the antiderivative; where the samples lie close, the mean of both values.
//! It acts like a two-sample mean, and delays by half a sample.
//! Source: J. Parker, V. Zavalishin, E. Le Bivic, "Reducing the aliasing of nonlinear waveshaping using continuous-time
//! convolution" (DAFx-16). Cost: for tanh one exp2, one log2 and four divides per frame; the others half of that.

use crate::parts::tone;
use patches_core::prelude::*;

/// What bends the wave. The order is that of the option.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// tanh.
    Saturate,
    /// Thrown back at ±1, again and again.
    Fold,
    /// Cut at ±1.
    Clip,
    /// Rounded to steps.
    Crush,
}

mod bend {
    use super::*;
    use std::f32::consts::LN_2;

    kernel! { Bend, signals { mix } controls { audio, drive, bias } options { shape } outputs { out } state { x, f, area, begun: Bits } }
    row! {
        /// The input; driven, its shape and the area below that; and the shape of silence.
        Mid { dry, x, f, area, rest }
    }

    /// Steps of `crush` in a unit at drive 1: six bits.
    const STEPS: f32 = 32.0;

    impl Kernel for Bend {
        type Mid<L: Lanes> = Mid<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
            // A trillion times full scale is held, so that its square is still a number.
            let driven = (c.audio * c.drive + c.bias).clamp(L::splat(-1e12), L::splat(1e12));
            match cx.option(Opt::shape as u32) {
                0 => {
                    // ln cosh x = |x| + ln(1 + e^(−2|x|)) − ln 2.
                    let tail = maths::exp2(driven.abs() * L::splat(-2.0 * std::f32::consts::LOG2_E));
                    let log = maths::log2(L::splat(1.0) + tail) - L::splat(1.0);
                    let area = driven.abs().mla(L::splat(LN_2), log);
                    Mid::new(c.audio, driven, maths::tanh(driven), area, maths::tanh(c.bias))
                }
                1 => {
                    let (f, area) = fold(driven);
                    Mid::new(c.audio, driven, f, area, fold(c.bias).0)
                }
                2 => {
                    let one = L::splat(1.0);
                    let half = L::splat(0.5);
                    let area = L::select(driven.abs().lt(one), half * driven * driven, driven.abs() - half);
                    Mid::new(c.audio, driven, driven.clamp(-one, one), area, c.bias.clamp(-one, one))
                }
                _ => {
                    let step = c.drive * L::splat(1.0 / STEPS);
                    let held = (c.audio + c.bias).clamp(L::splat(-1e4), L::splat(1e4));
                    let f = (held / step).round() * step;
                    Mid::new(c.audio, f, f, f, (c.bias / step).round() * step)
                }
            }
        }

        #[inline(always)]
        fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
            let shaped = if cx.option(Opt::shape as u32) == 3 {
                m.f
            } else {
                let way = m.x - s.x;
                // Nearer than this, rounding of the area would be heard: it grows with the area, and so with x.
                let near = way.abs().lt(L::splat(0.02) * (L::splat(1.0) + m.x.abs()));
                let mean = (m.area - s.area) / L::select(near, L::splat(1.0), way);
                let y = L::select(near, L::splat(0.5) * (m.f + s.f), mean);
                // The first frame has nothing before it.
                L::select(s.begun.eq(L::Bits::splat(0)), m.f, y)
            };
            *s = State::new(m.x, m.f, m.area, L::Bits::splat(1));
            Out::new(m.dry.mla(x.mix, shaped - m.rest - m.dry))
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }

    /// A triangle of period 4 through (0, 0) and (1, 1), and the area below it from 0.
    #[inline(always)]
    fn fold<L: Lanes>(x: L) -> (L, L) {
        // Beyond 2^20 periods there is no phase left.
        let held = x.clamp(L::splat(-1e6), L::splat(1e6));
        let p = maths::wrap_half(held * L::splat(0.25));
        let q = p.abs();
        let inner = q.lt(L::splat(0.25));
        let size = L::select(inner, L::splat(4.0) * q, L::splat(2.0) - L::splat(4.0) * q);
        let area = L::select(inner, L::splat(8.0) * q * q, L::splat(8.0) * (q - q * q) - L::splat(1.0));
        (L::select(p.lt(L::splat(0.0)), -size, size), area)
    }
}

mod darken {
    //! The one-pole low-pass of `tone`.
    use super::*;

    kernel! { Darken, signals { audio } controls { tone } options {} outputs { out } state { y } }
    row! {
        /// The pole.
        Mid { pole }
    }

    impl Kernel for Darken {
        type Mid<L: Lanes> = Mid<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
            Mid::new(tone::pole(cx, c.tone))
        }

        #[inline(always)]
        fn scan<L: Lanes>(_: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
            s.y = x.audio.mla(m.pole, s.y - x.audio);
            Out::new(s.y)
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

/// Inputs and output of a waveshaper, but for its mode.
pub fn ports(spec: Spec) -> Spec {
    spec.with_input(Input::new(&["in"], Kind::Audio, "signal to bend"))
        .with_input(Input::new(&["drive"], Kind::Gain, "gain into it; the coarseness of crush").value(1.0, 0.1..50.0))
        .with_input(Input::new(&["tone"], Kind::Number, "0 dark, 1 as it is").value(1.0, 0.0..1.0))
        .with_input(Input::new(&["bias"], Kind::Number, "moves it to one side: even harmonics").value(0.0, -1.0..1.0))
        .with_input(Input::new(&["mix"], Kind::Number, "0 the input, 1 the effect").value(1.0, 0.0..1.0))
        .with_output(Output::new(&["out"], Kind::Audio, "bent signal"))
}

/// The module with the shape that its mode names.
pub fn lower(lowering: &mut Lowering<'_>, modes: [Shape; 4]) {
    let shape = modes[lowering.choice("mode") as usize % 4];
    let ins = ["in", "drive", "bias", "mix"].map(|name| lowering.input(name, 0));
    let mut out = lowering.kernel(&bend::KERNEL, &[shape as u32], &ins).out(0);
    if lowering.feed("tone", 0) != Feed::Still(1.0) {
        let tone = lowering.input("tone", 0);
        out = lowering.kernel(&darken::KERNEL, &[], &[tone, out]).out(0);
    }
    lowering.output("out", 0, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::*;

    /// A shape as a plain function.
    type Plain = fn(f64) -> f64;

    fn subject() -> Subject {
        let modes = Param::choice(&["mode"], &[&["s"], &["f"], &["c"], &["r"]], "");
        Subject::new(&bend::KERNEL, &ports(Spec::new(&["Bend"], "")).with_param(modes), &["in", "drive", "bias", "mix"])
    }

    fn driven(shape: Shape, drive: f32, hertz: f64) -> Vec<f32> {
        let rig = subject().rig().frames(32_768).option(0, shape as u32).still(bend::In::drive as usize, drive);
        rig.moving(bend::In::audio as usize, tone(hertz)).one(0)
    }

    /// The same without the mean between samples.
    fn plain(shape: impl Fn(f64) -> f64, drive: f64, hertz: f64) -> Vec<f32> {
        (0..32_768).map(|frame| shape(drive * f64::from(tone(hertz)(frame, 0))) as f32).collect()
    }

    fn triangle(x: f64) -> f64 {
        1.0 - ((x - 1.0).rem_euclid(4.0) - 2.0).abs() + 0.0
    }

    #[test]
    fn slow_waves_have_the_shape_itself() {
        // At 20 Hz and drive 3 a sample is at most 0.008 from the next: half of that is what the mean may be off.
        let shapes: [(Shape, Plain); 3] =
            [(Shape::Saturate, f64::tanh), (Shape::Fold, |x| -triangle(x)), (Shape::Clip, |x| x.clamp(-1.0, 1.0))];
        for (shape, f) in shapes {
            for (a, b) in driven(shape, 3.0, 20.0).iter().zip(plain(f, 3.0, 20.0)).skip(1) {
                assert_near(f64::from(*a), f64::from(b), 0.006);
            }
        }
    }

    #[test]
    fn aliases_are_below_those_of_the_plain_shape() {
        let shapes: [(Shape, Plain); 3] =
            [(Shape::Saturate, f64::tanh), (Shape::Fold, |x| -triangle(x)), (Shape::Clip, |x| x.clamp(-1.0, 1.0))];
        for (shape, f) in shapes {
            let hertz = 1234.5;
            let ours = alias_floor(&driven(shape, 5.0, hertz), hertz, 10_000.0);
            let bare = alias_floor(&plain(f, 5.0, hertz), hertz, 10_000.0);
            println!("{ours:.1} dB against {bare:.1}");
            // The mean of two samples takes sinc of where an alias comes from: 13 dB and more above 38 kHz.
            assert!(ours < bare - 12.0, "{ours:.1} dB against {bare:.1}");
        }
    }

    #[test]
    fn silence_stays_silent_with_a_bias_and_mix_zero_is_the_input() {
        for shape in 0..4 {
            let rig = subject().rig().frames(200).option(0, shape).still(bend::In::drive as usize, 4.0);
            let rig = rig.still(bend::In::bias as usize, 0.7);
            assert_silent(&rig.one(0));
            let dry = rig.moving(bend::In::audio as usize, tone(500.0)).still(bend::In::mix as usize, 0.0).one(0);
            assert!((0..200).all(|frame| dry[frame] == tone(500.0)(frame, 0)));
        }
    }

    #[test]
    fn crush_has_steps_of_a_thirty_second_at_drive_one() {
        let x = driven(Shape::Crush, 1.0, 100.0);
        assert!(x.iter().all(|x| (x * 32.0).fract() == 0.0));
        let mut steps: Vec<i32> = x.iter().map(|x| (x * 32.0) as i32).collect();
        steps.sort_unstable();
        steps.dedup();
        assert_eq!(steps.len(), 65);
    }

    #[test]
    fn tone_darkens_and_one_leaves_alone() {
        let names = ["tone", "in"];
        let at = |value: f32| {
            let rig = Subject::new(&darken::KERNEL, &ports(Spec::new(&["Darken"], "")), &names).rig().frames(8192);
            response_at(&rig.still(0, value).moving(1, |frame, _| impulse(frame)).one(0), 10_000.0)
        };
        assert_eq!(at(1.0), 0.0);
        // 200 Hz·2^2.5/0.5 = 2263 Hz: 13 dB at 10 kHz, a little more or less by the digital pole.
        assert_db(at(0.5), -13.0, 1.5);
        assert!(at(0.0) < -30.0);
    }

    #[test]
    fn they_hold_to_what_every_kernel_must() {
        subject().assert_holds();
        Subject::new(&darken::KERNEL, &ports(Spec::new(&["Darken"], "")), &["tone", "in"]).assert_holds();
    }
}
