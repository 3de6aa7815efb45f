//! Glide: each frame goes a part of the way to the input, y ← y + a·(x − y), so that a thousandth of a jump is left after
//! `time`. It begins at its first input. With a cable at `slur_in` it glides only while that is high, for
//! `slur_amount` × `time`, and else follows at once: notes that are tied slide, others do not.
//! Source: the one-pole filter, matched at the time given. Cost: three divides per time, eight operations per frame.

use crate::dsp::curve;
use patches_core::prelude::*;

module! {
    Glide or "Lag": "Slides from value to value instead of jumping",
    signals { value(any) as "in": Number, "value to follow"; slur_in: Gate, "with a cable: glides only while high"; }
    controls {
        time or "glide": Time = 0.1, 0.0..60.0, "how long until a thousandth of a jump is left";
        slur_amount: Number = 1.0, 0.0..100.0, "the time of a slur, as a factor of `time`";
    }
    options {}
    outputs { out: Number, "sliding value"; }
    state { y, rest, begun: Bits }
    example "seq = Steps { steps: [C2, C3, Eb2, G2], every: 1/4 }\nOsc { pitch: Glide { in: seq.note, time: 120ms } }.saw -[0.3]-> out"
}
row! {
    /// The part of the way that a frame goes, and goes in a slur.
    Mid { plain, slur }
}

impl Kernel for Glide {
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
        if cx.linked(In::slur_in as u32) {
            Mid::new(L::splat(1.0), curve::approach(cx, c.time * c.slur_amount))
        } else {
            let a = curve::approach(cx, c.time);
            Mid::new(a, a)
        }
    }

    #[inline(always)]
    fn scan<L: Lanes>(_: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
        let a = L::select(x.slur_in.gt(L::splat(0.5)), m.slur, m.plain);
        let none = L::Bits::splat(0);
        // At once means at once, not up to rounding.
        let jumps = s.begun.eq(none) | a.ge(L::splat(1.0));
        s.begun = !none;
        let step = a * (x.value - s.y);
        curve::creep(&mut s.y, &mut s.rest, step);
        s.y = L::select(jumps, x.value, s.y);
        s.rest = L::select(jumps, L::splat(0.0), s.rest);
        Out::new(s.y)
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::*;
    fn subject() -> Subject {
        Subject::new(&KERNEL, &spec(), INPUTS)
    }

    fn jump(frame: usize, _: usize) -> f32 {
        if frame < 100 { 3.0 } else { 4.0 }
    }

    #[test]
    fn it_begins_where_its_input_is_and_leaves_a_thousandth_after_its_time() {
        let x = subject().rig().frames(6000).moving(In::value as usize, jump).one(0);
        assert_eq!(x[0], 3.0);
        assert_eq!(x[99], 3.0);
        // 100 ms at 48 kHz are 4800 frames, the first of them number 100.
        assert_near(f64::from(4.0 - x[99 + 4800]), 1e-3, 2e-5);
        assert_near(f64::from(4.0 - x[99 + 2400]), 1e-3_f64.sqrt(), 1e-4);
    }

    #[test]
    fn a_long_glide_does_not_stop_short() {
        let rig = subject().rig().frames(480_100).still(In::time as usize, 10.0);
        let x = rig.moving(In::value as usize, jump).one(0);
        // A bare 32-bit sum would stop where a step falls below half its last place, a hundredth short.
        assert_near(f64::from(4.0 - x[480_099]), 1e-3, 5e-5);
    }

    #[test]
    fn with_a_cable_at_slur_it_glides_only_in_slurs() {
        let rig = subject().rig().frames(400).moving(In::value as usize, jump).still(In::slur_amount as usize, 2.0);
        let loose = rig.clone().linked(In::slur_in as usize).one(0);
        assert_eq!((loose[99], loose[100]), (3.0, 4.0));
        let tied = rig.moving(In::slur_in as usize, |_, _| 1.0).one(0);
        let twice = subject().rig().frames(400).moving(In::value as usize, jump).still(In::time as usize, 0.2).one(0);
        assert_eq!(tied, twice);
    }

    #[test]
    fn it_holds_to_what_every_kernel_must() {
        subject().assert_holds();
    }
}
