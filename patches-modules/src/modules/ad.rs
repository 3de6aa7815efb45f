//! Envelope of attack, hold and decay, from wherever it is; `loop` starts it again at its end.
//!
//! A straight line p goes up in `attack` and down in `decay`; what is heard is y = p/(1 + k·(1 − p)), k = 2^(5·curve) − 1: at
//! curve 0 the line itself, above it bent as a capacitor's, below it bulging. p is state, so nothing jumps.
//! Source of the bend: C. Schlick, "Fast alternatives to Perlin's bias and gain functions" (Graphics Gems IV, 1994).
//! A trigger within a frame moves it by the part of the frame that is left. Cost: two divides per set of times, one per frame.

use crate::dsp::curve;
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    let time = |name, default, help| Input::new(name, Kind::Time, help).value(default, 0.0..60.0);
    Spec::new(&["Ad"], "Envelope for things that are struck: attack, hold, decay")
        .with_input(Input::new(&["trigger"], Kind::Trigger, "starts it"))
        .with_input(time(&["attack"], 0.001, "time up to 1"))
        .with_input(time(&["hold"], 0.0, "time at 1"))
        .with_input(time(&["decay"], 0.1, "time down to 0"))
        .with_input(
            Input::new(&["curve"], Kind::Number, "0 straight, 1 falls fast at first, -1 late").value(0.5, -1.0..1.0),
        )
        .with_param(Param::flag(&["loop"], false, "starts again at its end"))
        .with_output(Output::new(&["out"], Kind::Gain, "0 to 1"))
        .with_output(Output::new(&["done"], Kind::Trigger, "back at 0"))
        .example("Noise -> Vca { gain: Ad { trigger: Every { time: 1/8 }, decay: 80ms } } -[0.5]-> out")
}

kernel! { Ad, signals { trigger } controls { attack, hold, decay, curve } options { again } outputs { out, done }
state { p, rest, left, stage: Bits } }
row! {
    /// The part of the way a frame goes up and down, frames of hold, and the bend.
    Mid { up, down, hold, bend }
    /// The line, the bend and the end.
    Line { p, bend, done }
}

/// Stages; `DONE` is the frame after the end.
const IDLE: u32 = 0;
const UP: u32 = 1;
const HOLD: u32 = 2;
const DOWN: u32 = 3;
const DONE: u32 = 4;

impl Kernel for Ad {
    const HEAVY_FIN: bool = true;
    const RESTS: bool = true;
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Line<L>;

    #[inline(always)]
    fn idle<L: Lanes>(cx: &Cx, s: &State<L>) -> L::Mask {
        let (zero, none) = (L::splat(0.0), L::Bits::splat(IDLE));
        let still = L::Mask::splat(cx.option(Opt::again as u32) == 0);
        still & s.stage.eq(none) & s.p.eq(zero) & s.rest.eq(zero) & s.left.eq(zero)
    }

    #[inline(always)]
    fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
        let bend = maths::exp2(c.curve * L::splat(5.0)) - L::splat(1.0);
        Mid::new(curve::straight(cx, c.attack), curve::straight(cx, c.decay), c.hold * L::splat(cx.rate), bend)
    }

    #[inline(always)]
    fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Line<L> {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let stage = L::Bits::splat;
        let (line, done) = (s.p, s.stage.eq(stage(DONE)));
        let starts = x.trigger.gt(zero);
        let again = if cx.option(Opt::again as u32) == 0 { stage(IDLE) } else { stage(UP) };
        s.stage = L::Bits::select(done, again, s.stage);
        s.stage = L::Bits::select(starts, stage(UP), s.stage);
        // A loop that has never been started begins by itself.
        s.stage = L::Bits::select(s.stage.eq(stage(IDLE)), again, s.stage);
        let (up, holds, down) = (s.stage.eq(stage(UP)), s.stage.eq(stage(HOLD)), s.stage.eq(stage(DOWN)));

        // The trigger's own frame counts for what is left of it.
        let share = L::select(starts, x.trigger, one);
        let step = L::select(up, m.up * share, L::select(down, -m.down, zero));
        s.rest = L::select(starts, zero, s.rest);
        let (mut p, mut rest) = (s.p, s.rest);
        curve::creep(&mut p, &mut rest, step);
        let top = up & (p.ge(one) | (m.up.ge(one) & share.ge(one)));
        let bottom = down & (p.le(zero) | m.down.ge(one));
        s.p = L::select(top, one, L::select(bottom, zero, p));
        s.rest = L::select(top | bottom, zero, rest);
        s.left = L::select(top, m.hold, s.left - one);
        // A hold of less than a frame is none.
        let held = (top & m.hold.lt(one)) | (holds & s.left.lt(one));
        let after = L::Bits::select(held, stage(DOWN), L::Bits::select(top, stage(HOLD), s.stage));
        s.stage = L::Bits::select(bottom, stage(DONE), after);
        s.left = L::select(s.stage.eq(stage(HOLD)), s.left, zero);
        Line::new(line, m.bend, L::select(done, one, zero))
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Line<L>) -> Out<L> {
        let one = L::splat(1.0);
        Out::new(r.p / one.mla(r.bend, one - r.p), r.done)
    }
}

fn lower(lowering: &mut Lowering<'_>) {
    let ins = ["attack", "hold", "decay", "curve", "trigger"].map(|name| lowering.input(name, 0));
    let options = [lowering.option("loop")];
    let node = lowering.kernel(&KERNEL, &options, &ins);
    lowering.output("out", 0, node.out(0));
    lowering.output("done", 0, node.out(1));
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::*;
    use patches_core::rig::Rig;

    fn subject() -> Subject {
        Subject::new(&KERNEL, &spec(), &["attack", "hold", "decay", "curve", "trigger"])
    }

    fn struck(at: &'static [usize], share: f32) -> Rig {
        let rig = subject().rig().frames(20_000).still(In::curve as usize, 0.0);
        rig.moving(In::trigger as usize, move |frame, _| if at.contains(&frame) { share } else { 0.0 })
    }

    #[test]
    fn straight_lines_pass_their_corners_in_time() {
        // 1 ms up, 10 ms at the top, 100 ms down: 48, 480, 4800 frames.
        let rig = struck(&[100], 1.0).still(In::hold as usize, 0.01);
        let x = rig.one(0);
        for (frame, want) in [(100, 0.0), (124, 0.5), (148, 1.0), (148 + 479, 1.0), (148 + 480 + 2400, 0.5)] {
            assert_near(f64::from(x[frame]), want, 1e-3);
        }
        assert_eq!(x[148 + 480 + 4802], 0.0);
        let done: Vec<usize> =
            rig.one(1).iter().enumerate().filter(|(_, x)| **x > 0.0).map(|(frame, _)| frame).collect();
        assert!(done.len() == 1 && done[0].abs_diff(148 + 480 + 4800) <= 2, "{done:?}");
    }

    #[test]
    fn the_bend_keeps_the_ends() {
        for (curve, half) in [(0.0, 0.5), (1.0, 0.5 / (1.0 + 31.0 * 0.5)), (-1.0, 0.5 / (1.0 - 0.968_75 * 0.5))] {
            let x = struck(&[0], 1.0).still(In::curve as usize, curve).one(0);
            // A last place that is missing to 1 is bent too.
            assert_near(f64::from(x[48]), 1.0, 1e-5);
            assert_near(f64::from(x[48 + 2400]), half, 1e-3);
            assert_eq!(x[48 + 4802], 0.0);
        }
    }

    #[test]
    fn a_new_trigger_goes_on_from_where_it_is_and_a_late_one_starts_late() {
        let x = struck(&[0, 2000], 1.0).one(0);
        let longest = x.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
        assert!(longest < 1.01 / 48.0, "no step is longer than the attack's");
        assert_near(f64::from(struck(&[10], 0.25).one(0)[11]), 0.25 / 48.0, 1e-6);
    }

    #[test]
    fn a_loop_goes_round_by_itself() {
        let rig = struck(&[], 0.0).option(0, 1).still(In::decay as usize, 0.009);
        let done: Vec<usize> =
            rig.one(1).iter().enumerate().filter(|(_, x)| **x > 0.0).map(|(frame, _)| frame).collect();
        // 1 ms and 9 ms: 480 frames a round.
        assert!(done.len() >= 40 && done.windows(2).all(|w| (w[1] - w[0]).abs_diff(480) <= 2), "{done:?}");
    }

    #[test]
    fn times_of_zero_take_one_frame() {
        let x = struck(&[5], 1.0).still(In::attack as usize, 0.0).still(In::decay as usize, 0.0).one(0);
        assert_eq!(x[4..9], [0.0, 0.0, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn it_holds_to_what_every_kernel_must() {
        subject().assert_holds();
    }
}
