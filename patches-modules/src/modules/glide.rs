//! Glide: each frame goes a part of the way to the input, y ← y + a·(x − y), so that a thousandth of a jump is left after
//! `time`. It begins at its first input. With a cable at `slur_in` it glides only while that is high, for
//! `slur_amount` × `time`, and else follows at once: notes that are tied slide, others do not.
//! Source: the one-pole filter, matched at the time given. Cost: three divides per time, eight operations per frame.

use crate::dsp::curve;
use patches_core::prelude::*;

module! {
    Glide or "Lag": "Slides from value to value instead of jumping",
    signals { value as "in": Number, "value to follow"; slur_in: Gate, "with a cable: glides only while high"; }
    controls {
        time or "glide": Time = 0.1, 0.0..60.0, "how long until a thousandth of a jump is left";
        slur_amount: Number = 1.0, 0.0..100.0, "the time of a slur, as a factor of `time`";
    }
    options {}
    outputs { out: Number, "sliding value"; }
    state { y, rest, begun: Bits }
    example "seq = Steps { steps: (C2 C3 Eb2 G2), every: 1/4 }\nOsc { pitch: Glide { in: seq.note, time: 120ms } }.saw -[0.3]-> out"
}
row! {
    /// The part of the way that a frame goes, and goes in a slur.
    Mid { plain, slur }
}

impl Kernel for Glide {
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Out<L>;

    fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
        if cx.linked(In::slur_in as u32) {
            Mid::new(L::splat(1.0), curve::approach(cx, c.time * c.slur_amount))
        } else {
            let a = curve::approach(cx, c.time);
            Mid::new(a, a)
        }
    }

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

    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}
