//! A short delay that sways, for both sides: time = manual·(1 + depth·sin 2πφ), the right side a quarter of a turn ahead,
//! and by `jitter` up to a hundredth of it away,
//! read between frames by the cubic through four. Line w: w\[now\] = in + feedback·echo, out = in·(1 − mix) + echo·mix.
//! What is heard as vibrato is the speed of the sway: the pitch moves by the factor 1 ± 2π·rate·depth·manual.
//! Source: J. Dattorro, "Effect design, part 2: delay-line modulation and chorus" (JAES 45, 1997).
//! Cost: two sines, eight look-ups and forty multiplications per frame.

use super::jitter;
use super::tap::{
    read::{cubic, split},
    write::held,
};
use patches_core::prelude::*;

kernel! { Swept,
    signals { left_in, right_in, stray } controls { rate, depth, feedback, manual, mix } options {} outputs { left, right }
    state { phase: Bits }
}
row! {
    /// The middle and the reach of the sway in frames, feedback, mix, and the phase's step.
    Mid { middle, reach, feedback, mix, rise: Bits }
}

impl Kernel for Swept {
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
        let middle = c.manual * L::splat(cx.rate);
        Mid::new(middle, middle * c.depth, c.feedback, c.mix, maths::phase_of_cycles(c.rate * L::splat(cx.period)))
    }

    #[inline(always)]
    fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
        let now = L::Bits::splat(cx.now);
        let ins = [x.left_in, x.right_in];
        let middle = m.middle + m.middle * L::splat(0.01) * x.stray;
        let mut outs = ins;
        let mut side = 0;
        while side < 2 {
            // 2^30 is a quarter of a turn.
            let sway = maths::sin_of_phase(s.phase + L::Bits::splat((side as u32) << 30));
            let (back, part) = split(middle + m.reach * sway);
            let echo = cubic(cx, side, back, part);
            L::poke(cx.mem(side), now, held(ins[side] + m.feedback * echo));
            outs[side] = ins[side] * (L::splat(1.0) - m.mix) + echo * m.mix;
            side += 1;
        }
        s.phase = s.phase + m.rise;
        Out::new(outs[0], outs[1])
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}

/// What a type of this kind begins with: rate in hertz, depth, feedback, and the middle in seconds with its range.
pub struct Defaults {
    /// Hertz.
    pub rate: f64,
    /// Part of the middle.
    pub depth: f64,
    /// Factor.
    pub feedback: f64,
    /// Seconds.
    pub manual: f64,
    /// Seconds.
    pub longest: f64,
}

/// Adds the ports of a type of this kind.
pub fn with_ports(spec: Spec, d: &Defaults) -> Spec {
    spec.with_input(Input::new(&["in"], Kind::Audio, "signal").stereo())
        // Above 20 Hz a sway is a tone of its own.
        .with_input(Input::new(&["rate"], Kind::Rate, "how fast it sways").value(d.rate, 0.0..20.0))
        .with_input(
            Input::new(&["depth"], Kind::Number, "how far it sways, 1 all the way to nothing").value(d.depth, 0.0..1.0),
        )
        // At 1 it would ring for ever.
        .with_input(Input::new(&["feedback"], Kind::Gain, "how much comes again").value(d.feedback, -0.98..0.98))
        // Half a millisecond and less is a moving comb; a tenth of one is as near as two signals get.
        .with_input(Input::new(&["manual"], Kind::Time, "the middle of the sway").value(d.manual, 0.0001..d.longest))
        .with_input(Input::new(&["mix"], Kind::Gain, "0 dry, 1 only the swaying").value(0.5, 0.0..1.0))
        .with_input(jitter::input())
        .with_output(Output::new(&["out"], Kind::Audio, "both together").stereo())
        .one()
}

/// Lowers a type of this kind.
pub fn lower(lowering: &mut Lowering<'_>) {
    let controls = ["rate", "depth", "feedback", "manual", "mix"].map(|name| lowering.input(name, 0));
    let ins = ["left", "right"].map(|name| lowering.input(name, 0));
    let outs = wired(lowering, controls, ins);
    lowering.output("left", 0, outs[0]);
    lowering.output("right", 0, outs[1]);
}

/// The two sides of the delay, with these for rate, depth, feedback, manual and mix, and these sides into it.
pub fn wired(lowering: &mut Lowering<'_>, controls: [Wire; 5], ins: [Wire; 2]) -> [Wire; 2] {
    let stray = jitter::wire(lowering);
    let [rate, depth, feedback, manual, mix] = controls;
    let swept = lowering.kernel(&KERNEL, &[], &[rate, depth, feedback, manual, mix, ins[0], ins[1], stray]);
    let (port, _) = lowering.spec.input("manual").expect("added above");
    // At full depth the sway reaches twice the middle, and jitter a hundredth beyond.
    let longest = 2.01 * lowering.spec.inputs[port as usize].max;
    let rings = [0, 1].map(|side| lowering.ring(side, longest));
    lowering.mems(swept, &rings);
    [swept.out(0), swept.out(1)]
}
