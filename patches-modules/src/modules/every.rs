//! Every: a trigger each time a stretch of time has passed, locked to the transport where the time is constant. The gate
//! is high for the first half of each period; with `chance` some periods stay silent; `offset` moves all of it later.
//! Cost: a divide per frame with an offset, else two compares.

use crate::parts;
use patches_core::prelude::*;

/// How often a module fires whose `time` is not set: each beat.
const BEAT: f64 = 1.0;

/// What the language sees of this type.
fn spec() -> Spec {
    Spec::new(&["Every"], "A trigger again and again, in time")
        .with_input(
            // 0 stands for a beat, which no number of seconds is at every tempo. Ten minutes is longer than any loop.
            Input::new(&["time"], Kind::Time, "time from trigger to trigger; a beat if not set").value(0.0, 0.0..600.0),
        )
        .with_input(Input::new(&["chance"], Kind::Number, "how likely each trigger comes").value(1.0, 0.0..1.0))
        .with_input(Input::new(&["offset"], Kind::Time, "how much later than the grid").value(0.0, 0.0..600.0))
        .with_output(Output::new(&["trigger"], Kind::Trigger, "the triggers"))
        .with_output(Output::new(&["gate"], Kind::Gate, "high for the first half of a period that has its trigger"))
        .with_output(Output::new(&["phase"], Kind::Number, "0 to 1 from trigger to trigger"))
        .example("beat = Every { time: 1/4 }\nOsc { frequency: 110Hz } -> Vca { gain: Ad { trigger: beat, decay: 200ms } } -[0.5]-> out")
}

mod shift {
    //! A phase moved later by `offset`, both in seconds, and its triggers.
    use crate::parts::phase::{fraction, passing, stretch};
    use patches_core::prelude::*;

    kernel! { Shift, signals { phase } controls { offset, period } options {} outputs { trigger, shifted } state { end } }
    row! {
        /// The offset as a part of the period, and the phase of a frame.
        Mid { at, rise }
    }

    impl Kernel for Shift {
        type Mid<L: Lanes> = Mid<L>;
        type Raw<L: Lanes> = Out<L>;

        fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
            // As in `Metro`, no period is shorter than four frames.
            let period = c.period.max(L::splat(4.0 * cx.period));
            Mid::new(fraction(c.offset / period), L::splat(cx.period) / period)
        }

        fn scan<L: Lanes>(_: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
            let (from, to) = stretch(&mut s.end, x.phase, m.rise);
            Out::new(passing(from, to, m.at), fraction(x.phase - m.at))
        }

        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

mod chance {
    //! Lets a trigger through if the dice fall below `chance`, and opens a gate for half of its period.
    use patches_core::prelude::*;

    kernel! { Chance, signals { trigger, phase, dice } controls { chance } options {} outputs { trigger_out, gate } state { open } }

    impl Kernel for Chance {
        type Mid<L: Lanes> = Ctl<L>;
        type Raw<L: Lanes> = Out<L>;

        fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
            c
        }

        fn scan<L: Lanes>(_: &Cx, s: &mut State<L>, c: Ctl<L>, x: Sig<L>) -> Out<L> {
            let (zero, one) = (L::splat(0.0), L::splat(1.0));
            let fires = x.trigger.gt(zero);
            s.open = L::select(fires, L::select(x.dice.lt(c.chance), one, zero), s.open);
            // A trigger within the frame comes before the phase shows it.
            let first_half = x.phase.lt(L::splat(0.5)) | fires;
            Out::new(x.trigger * s.open, L::select(first_half, s.open, zero))
        }

        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

fn lower(lowering: &mut Lowering<'_>) {
    let (mut trigger, mut phase) = parts::ticks(lowering, "time", BEAT);
    if lowering.feed("offset", 0) != Feed::Still(0.0) {
        let offset = lowering.input("offset", 0);
        let period = if lowering.linked("time", 0) {
            lowering.input("time", 0)
        } else {
            Wire::Const(parts::seconds(lowering, "time", BEAT) as f32)
        };
        let shift = lowering.kernel(&shift::KERNEL, &[], &[offset, period, phase]);
        (trigger, phase) = (shift.out(0), shift.out(1));
    }
    // Without chance there is nothing to throw: a dice would make each voice a player of its own.
    let certain = matches!(lowering.feed("chance", 0), Feed::Still(chance) if chance >= 1.0);
    let (chance, dice) = if certain {
        (Wire::Const(1.0), Wire::Const(0.0))
    } else {
        (lowering.input("chance", 0), lowering.kernel(&parts::dice::KERNEL, &[], &[]).out(0))
    };
    let out = lowering.kernel(&chance::KERNEL, &[], &[chance, trigger, phase, dice]);
    lowering.output("trigger", 0, out.out(0));
    lowering.output("gate", 0, out.out(1));
    lowering.output("phase", 0, phase);
}

/// The module type.
pub static DEF: Def = Def { spec, lower };
