//! Comparator: the gate is high from where the input passes `threshold` + `hysteresis`/2 going up until it passes
//! `threshold` − `hysteresis`/2 going down. `rise` and `fall` lie where a line between two samples passes there, one frame
//! late, because the second sample must have come. Cost: two divides per frame where a trigger is wanted.

use patches_core::prelude::*;

module! {
    Compare: "A gate while the input is above a threshold",
    signals {
        value(any) as "in": Number, "what is compared";
        threshold(any): Number = 0.5, f64::NEG_INFINITY..f64::INFINITY, "above this the gate is high";
        hysteresis: Number = 0.0, 0.0..1000.0, "how far it must fall below where it rose";
    }
    controls {}
    options {}
    outputs { gate: Gate, "high while above"; rise: Trigger, "at the way up"; fall: Trigger, "at the way down"; }
    state { last, high }
    example "beat = Compare { in: Lfo { rate: 3Hz }, threshold: 0.2 }\nNoise -> Vca { gain: Ad { trigger: beat.rise, decay: 60ms } } -[0.5]-> out"
}

/// The smallest trigger that is one: the float above 0 that is left of 1 when half a last place is taken away.
const LEAST: f32 = 5.960_464_5e-8;

impl Kernel for Compare {
    type Mid<L: Lanes> = Ctl<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
        c
    }

    #[inline(always)]
    fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Out<L> {
        let (zero, one, half) = (L::splat(0.0), L::splat(1.0), L::splat(0.5));
        let (up, down) = (x.threshold + half * x.hysteresis, x.threshold - half * x.hysteresis);
        let was = s.high.gt(half);
        let is = x.value.gt(up) | (was & x.value.ge(down));
        let gate = L::select(is, one, zero);
        let mut out = Out::zero();
        out.gate = gate;
        if cx.wants(To::rise as u32) {
            out.rise = L::select(is & !was, left(s.last, x.value, up), zero);
        }
        if cx.wants(To::fall as u32) {
            out.fall = L::select(was & !is, left(s.last, x.value, down), zero);
        }
        *s = State::new(x.value, gate);
        out
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}

/// What is left of the way between two samples behind the place where it passes `at`; all of it where it begins past that.
#[inline(always)]
fn left<L: Lanes>(from: L, to: L, at: L) -> L {
    let way = to - from;
    let still = way.eq(L::splat(0.0));
    let part = (to - at) / L::select(still, L::splat(1.0), way);
    L::select(still, L::splat(1.0), part.clamp(L::splat(LEAST), L::splat(1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::*;

    #[test]
    fn gate_and_triggers_lie_where_the_line_passes() {
        // Up by 0.125 a frame from −1 to 1, and down again.
        let wave = |frame: usize, _: usize| 1.0 - 0.125 * (frame as f32 - 16.0).abs();
        let rig = Subject::new(&KERNEL, &spec(), INPUTS).rig().frames(33).moving(In::value as usize, wave);
        let take = rig.still(In::threshold as usize, 0.2).still(In::hysteresis as usize, 0.2).take();
        let at = |output: To, frame: usize| take.outs[output as usize][frame][0];
        // Above 0.3 from frame 11 (0.375) on, passing at 10.4; down to 0.1 at 23.2, seen in frame 24.
        assert_eq!((at(To::gate, 10), at(To::gate, 11), at(To::gate, 23), at(To::gate, 24)), (0.0, 1.0, 1.0, 0.0));
        assert_near(f64::from(at(To::rise, 11)), 0.6, 1e-5);
        assert_near(f64::from(at(To::fall, 24)), 0.8, 1e-5);
        let count = |output: To| take.outs[output as usize].iter().filter(|row| row[0] > 0.0).count();
        assert_eq!((count(To::rise), count(To::fall)), (1, 1));
    }

    #[test]
    fn it_holds_to_what_every_kernel_must() {
        Subject::new(&KERNEL, &spec(), INPUTS).assert_holds();
    }
}
