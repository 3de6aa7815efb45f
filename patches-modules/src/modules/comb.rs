//! Comb filter: y\[n\] = x\[n\] + f·h(y\[n − D\]), peaks at whole multiples of fs/D for f > 0, between them for f < 0. h is a
//! one-pole low-pass set by `damping`, of gain 1 at 0 Hz, whose delay the line is shorter by; an impulse falls by 60 dB in −3·D/log₁₀|f| frames. The line is
//! read between frames by the cubic through four, so that it can be played in tune.
//! Source: M. R. Schroeder, "Natural sounding artificial reverberation" (1962). Cost: four look-ups, 15 multiplications.

use crate::parts::tuned;
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    let spec = Spec::new(&["Comb"], "Comb filter: a line that rings at a pitch").with_input(Input::new(
        &["in"],
        Kind::Audio,
        "signal to filter",
    ));
    tuned::with_tuning(spec)
        .with_input(Input::new(&["feedback"], Kind::Gain, "how much comes again; 1 rings for ever").value(0.7, -1.0..1.0))
        .with_input(Input::new(&["damping"], Kind::Number, "how much darker it comes again").value(0.0, 0.0..1.0))
        .with_output(Output::new(&["out"], Kind::Audio, "filtered signal"))
        .example("Noise -> Vca { gain: Adsr { trigger: Every { time: 1/4 }, attack: 0ms, decay: 5ms } } -> Comb { pitch: A2, feedback: 0.97, damping: 0.3 } -[0.3]-> out")
}

mod line {
    //! The filter with its line, memory 0.
    use crate::parts::{
        tap::{
            read::{cubic, split},
            write::held,
        },
        tone::pole,
    };
    use patches_core::prelude::*;

    kernel! { Comb, signals { x } controls { time, feedback, damping } options {} outputs { out } state { low } }
    row! {
        /// Whole frames and the part of one, feedback and pole.
        Mid { part, feedback, pole, back: Bits }
    }

    /// By how many frames the one-pole delays a tone of this period: atan(p·sin ω/(1 − p·cos ω))/ω. The arc tangent is
    /// x·(15 + 4x²)/(15 + 9x²), within a thousandth up to 1/2; beyond that nothing is left of the tone.
    #[inline(always)]
    fn delay<L: Lanes>(frames: L, pole: L) -> L {
        let (one, fifteen) = (L::splat(1.0), L::splat(15.0));
        let cycles = (one / frames).min(L::splat(0.5));
        let x = pole * maths::sin_cycles(cycles) / (one - pole * maths::cos_cycles(cycles));
        let square = x * x;
        let angle = x * (fifteen + L::splat(4.0) * square) / (fifteen + L::splat(9.0) * square);
        angle / (cycles * L::splat(std::f32::consts::TAU))
    }

    impl Kernel for Comb {
        type Mid<L: Lanes> = Mid<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
            let pole = pole(cx, L::splat(1.0) - c.damping);
            let frames = c.time * L::splat(cx.rate);
            let (back, part) = split((frames - delay(frames, pole)).max(L::splat(1.0)));
            Mid::new(part, c.feedback, pole, back)
        }

        #[inline(always)]
        fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
            let back = cubic(cx, 0, m.back, m.part);
            s.low = back + m.pole * (s.low - back);
            let y = held(x.x + m.feedback * s.low);
            L::poke(cx.mem(0), L::Bits::splat(cx.now), y);
            Out::new(y)
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

fn lower(lowering: &mut Lowering<'_>) {
    let time = tuned::seconds(lowering);
    let [feedback, damping, audio] = ["feedback", "damping", "in"].map(|name| lowering.input(name, 0));
    let line = lowering.kernel(&line::KERNEL, &[], &[time, feedback, damping, audio]);
    let ring = lowering.ring(0, tuned::LONGEST);
    lowering.mems(line, &[ring]);
    lowering.output("out", 0, line.out(0));
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;

    #[test]
    fn an_impulse_comes_again_at_whole_multiples() {
        let outs = Bench::new(&DEF, 1).plug("in", 0, &[1.0]).set("time", 0, 0.001).set("feedback", 0, -0.5).run(150);
        let spikes: Vec<_> = outs.get("out").iter().copied().enumerate().filter(|(_, x)| x.abs() > 1e-6).collect();
        let wanted = [(0, 1.0), (48, -0.5), (96, 0.25), (144, -0.125)];
        // 0.001 s is 48 frames to within a rounding, of which the cubic makes 4e-6 of its neighbours.
        assert!(spikes.iter().zip(wanted).all(|(a, b)| a.0 == b.0 && (a.1 - b.1).abs() < 1e-5), "{spikes:?}");
        assert_eq!(spikes.len(), 4);
    }

    #[test]
    fn it_rings_at_its_pitch() {
        for pitch in [2.0, 3.75, 5.33] {
            let hz = 440.0 * 2f64.powf(pitch - 4.75);
            // A tone at the pitch grows to 1/(1 − f), one between two peaks shrinks to 1/(1 + f).
            for (hz, wanted) in [(hz, 1.0 / (1.0 - 0.9)), (hz * 1.5, 1.0 / (1.0 + 0.9))] {
                let tone: Vec<f32> =
                    (0..60_000).map(|i| (std::f64::consts::TAU * hz * f64::from(i) / 48e3).sin() as f32).collect();
                let outs = Bench::new(&DEF, 1)
                    .plug("in", 0, &tone)
                    .set("pitch", 0, pitch as f32)
                    .set("feedback", 0, 0.9)
                    .run(60_000);
                let peak = outs.get("out")[50_000..].iter().fold(0.0f32, |a, b| a.max(b.abs()));
                // The cubic loses some 1e-4 of a tone at a hundredth of the rate, ten times round.
                assert!((f64::from(peak) / wanted - 1.0).abs() < 0.02, "{pitch}: {peak} {wanted}");
            }
        }
    }

    #[test]
    fn it_rings_at_its_pitch_however_damped() {
        for (pitch, damping) in [(2.75, 0.7), (4.75, 0.35), (5.75, 0.2)] {
            let hz = 440.0 * 2f64.powf(f64::from(pitch) - 4.75);
            let bench = Bench::new(&DEF, 1).plug("in", 0, &[1.0]).set("pitch", 0, pitch).set("feedback", 0, 0.995);
            let outs = bench.set("damping", 0, damping).run(20_000);
            // The mean rings longest of all.
            let moves: Vec<f32> = outs.get("out").windows(2).map(|pair| pair[1] - pair[0]).take(16_384).collect();
            let found = crate::listen::peak_hz(&moves);
            // A harmonic may be the strongest. Five cents.
            let hz = hz * (found / hz).round().max(1.0);
            assert!((found / hz).log2().abs() < 5.0 / 1200.0, "{hz} Hz with {damping}: {found} Hz");
        }
    }

    #[test]
    fn damping_leaves_the_mean_and_takes_the_edges() {
        let outs = |damping| {
            let bench = Bench::new(&DEF, 1).plug("in", 0, &[1.0]).set("time", 0, 0.01).set("damping", 0, damping);
            // The line of the dark one is shorter by what its low-pass delays.
            bench.run(920).get("out")[1..920].to_vec()
        };
        let (bright, dark) = (outs(0.0), outs(0.8));
        let sum = |signal: &[f32]| signal.iter().sum::<f32>();
        let peak = |signal: &[f32]| signal.iter().fold(0.0f32, |a, b| a.max(*b));
        // A hundredth of the dark echo's tail is still to come.
        assert!((sum(&bright) - 0.7).abs() < 1e-4 && (sum(&dark) - 0.7).abs() < 0.01);
        assert!(peak(&dark) < 0.2 * peak(&bright));
    }
}
