//! Allpass filter: v\[n\] = x\[n\] + f·v\[n − D\], y\[n\] = v\[n − D\] − f·v\[n\]: every tone at its own level, but smeared in time.
//! H(z) = (z^-D − f)/(1 − f·z^-D). With `damping` the line darkens, and high tones pass nearly at once.
//! Source: M. R. Schroeder, "Natural sounding artificial reverberation" (1962). Cost: four look-ups, 15 multiplications.

use crate::parts::tuned;
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    let spec = Spec::new(&["Allpass"], "Allpass filter: smears a sound in time, leaves its tones")
        .with_input(Input::new(&["in"], Kind::Audio, "signal to smear"));
    tuned::with_tuning(spec)
        // At 1 it would ring for ever; 0.99 rings for five hundred times its line.
        .with_input(Input::new(&["feedback"], Kind::Gain, "how long it smears").value(0.5, -0.99..0.99))
        .with_input(Input::new(&["damping"], Kind::Number, "how much darker the line is").value(0.0, 0.0..1.0))
        .with_output(Output::new(&["out"], Kind::Audio, "smeared signal"))
        .example("Noise -> Vca { gain: Adsr { trigger: Every { time: 1/2 }, attack: 0ms, decay: 3ms } } -> Allpass { time: 23ms, feedback: 0.7 } -[0.5]-> out")
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

    kernel! { Allpass, signals { x } controls { time, feedback, damping } options {} outputs { out } state { low } }
    row! {
        /// Whole frames and the part of one, feedback and pole.
        Mid { part, feedback, pole, back: Bits }
    }

    impl Kernel for Allpass {
        type Mid<L: Lanes> = Mid<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
            // A line whose length a cable moves is read between frames, a constant one too: `pitch` must be in tune.
            let (back, part) = split(c.time * L::splat(cx.rate));
            Mid::new(part, c.feedback, pole(cx, L::splat(1.0) - c.damping), back)
        }

        #[inline(always)]
        fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
            let back = cubic(cx, 0, m.back, m.part);
            s.low = back + m.pole * (s.low - back);
            let v = held(x.x + m.feedback * s.low);
            L::poke(cx.mem(0), L::Bits::splat(cx.now), v);
            Out::new(s.low - m.feedback * v)
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
    fn the_impulse_response_is_that_of_the_formula() {
        let outs = Bench::new(&DEF, 1).plug("in", 0, &[1.0]).set("time", 0, 0.001).set("feedback", 0, 0.5).run(150);
        let out = outs.get("out");
        // −f, then (1 − f²)·f^(k − 1); 48 frames come to within a rounding.
        for (frame, wanted) in [(0, -0.5), (48, 0.75), (96, 0.375), (144, 0.1875), (50, 0.0)] {
            assert!((out[frame] - wanted).abs() < 1e-5, "{frame}: {}", out[frame]);
        }
    }

    #[test]
    fn every_tone_keeps_its_level() {
        let bench = || Bench::new(&DEF, 1).set("pitch", 0, 5.0).set("feedback", 0, 0.7);
        for hz in [100.0, 523.0, 1000.0, 3000.0] {
            let tone: Vec<f32> =
                (0..24_000).map(|i| (std::f64::consts::TAU * hz * f64::from(i) / 48e3).sin() as f32).collect();
            let outs = bench().plug("in", 0, &tone).run(24_000);
            let power = outs.get("out")[12_000..].iter().map(|x| f64::from(x * x)).sum::<f64>() / 12_000.0;
            // The cubic loses up to a hundredth at a sixteenth of the rate.
            assert!((power / 0.5 - 1.0).abs() < 0.03, "{hz} Hz: {power}");
        }
    }
}
