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
        .example("beat = Every { time: 1/4 }\nOsc { frequency: 110Hz } -> Vca { gain: Adsr { trigger: beat, attack: 1ms, decay: 200ms } } -[0.5]-> out")
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

        #[inline(always)]
        fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
            // As in `Metro`, no period is shorter than four frames.
            let period = c.period.max(L::splat(4.0 * cx.period));
            Mid::new(fraction(c.offset / period), L::splat(cx.period) / period)
        }

        #[inline(always)]
        fn scan<L: Lanes>(_: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
            let (from, to) = stretch(&mut s.end, x.phase, m.rise);
            Out::new(passing(from, to, m.at), fraction(x.phase - m.at))
        }

        #[inline(always)]
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

        #[inline(always)]
        fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
            c
        }

        #[inline(always)]
        fn scan<L: Lanes>(_: &Cx, s: &mut State<L>, c: Ctl<L>, x: Sig<L>) -> Out<L> {
            let (zero, one) = (L::splat(0.0), L::splat(1.0));
            let fires = x.trigger.gt(zero);
            s.open = L::select(fires, L::select(x.dice.lt(c.chance), one, zero), s.open);
            // A trigger within the frame comes before the phase shows it.
            let first_half = x.phase.lt(L::splat(0.5)) | fires;
            Out::new(x.trigger * s.open, L::select(first_half, s.open, zero))
        }

        #[inline(always)]
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;

    #[test]
    fn fires_on_the_beat_of_the_transport_unless_told() {
        let times = Bench::new(&DEF, 1).run(60_000).times("trigger");
        assert_eq!(times, [0.0, 24_000.0, 48_000.0]);
        let times = Bench::new(&DEF, 1).beats("time", 0, 0.5).run(30_000).times("trigger");
        assert_eq!(times, [0.0, 12_000.0, 24_000.0]);
        // A hundredth of a second less two thirds of a frame: each trigger has its place in its frame.
        let seconds = (480.0 - 2.0 / 3.0) / 48e3;
        for (count, time) in
            Bench::new(&DEF, 1).set("time", 0, seconds).run(4800).times("trigger").into_iter().enumerate()
        {
            assert!((time - count as f64 * f64::from(seconds) * 48e3).abs() < 1e-3, "trigger {count} at {time}");
        }
    }

    #[test]
    fn an_offset_moves_everything_later() {
        let outs = Bench::new(&DEF, 1).beats("time", 0, 1.0).beats("offset", 0, 0.5).run(60_000);
        let times = outs.times("trigger");
        assert_eq!(times.len(), 2);
        // Phase has 24 bits, so a place in a beat is good to 24000·2^-23 of a frame.
        assert!((times[0] - 12_000.0).abs() < 3e-3 && (times[1] - 36_000.0).abs() < 3e-3, "{times:?}");
        assert!(outs.get("phase")[12_100] < 0.01 && (outs.get("phase")[6000] - 0.75).abs() < 1e-3);
        let gates = outs.gates("gate");
        assert!(gates[0].0.abs_diff(12_000) <= 1 && gates[0].1.abs_diff(24_000) <= 1, "{gates:?}");
    }

    #[test]
    fn an_offset_in_seconds_is_that_at_any_tempo() {
        let mut bench = Bench::new(&DEF, 1).set("offset", 0, 0.01);
        bench.tempo = 90.0;
        let times = bench.run(40_000).times("trigger");
        assert!(times.len() == 2 && (times[0] - 480.0).abs() < 4e-3 && (times[1] - 32_480.0).abs() < 4e-3, "{times:?}");
    }

    #[test]
    fn chance_keeps_its_share() {
        let bench = Bench::new(&DEF, 1).set("time", 0, 0.001).set("chance", 0, 0.3);
        let fired = bench.run(48_000 * 4).times("trigger").len();
        // 4000 throws at 0.3: 1200, and four deviations are 4·√(4000·0.3·0.7) = 116.
        assert!(fired.abs_diff(1200) < 116, "{fired}");
        let bench = Bench::new(&DEF, 1).set("time", 0, 0.001);
        assert!(bench.set("chance", 0, 0.0).run(48_000).times("trigger").is_empty());
    }

    #[test]
    fn a_cable_bends_the_time() {
        let mut time = vec![0.01; 4800];
        time.extend(vec![0.02; 9600]);
        let times = Bench::new(&DEF, 1).set("time", 0, 0.0).plug("time", 0, &time).run(14_400).times("trigger");
        let steps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!((times[0], steps.len()), (0.0, 20));
        // The step of a phase of 32 bits is rounded by at most half a unit: 960²·2^-33 of a frame, and float arithmetic
        // places the trigger to 1e-7 of a period.
        assert!(steps[..10].iter().all(|step| (step - 480.0).abs() < 1e-3), "{steps:?}");
        assert!(steps[10..].iter().all(|step| (step - 960.0).abs() < 1e-3), "{steps:?}");
    }

    #[test]
    fn a_cable_bends_an_offset_time_too() {
        let bench = Bench::new(&DEF, 1).set("time", 0, 0.0).plug("time", 0, &[0.01; 9600]).set("offset", 0, 0.0025);
        let times = bench.run(9600).times("trigger");
        let first = times[0];
        assert!((first - 120.0).abs() < 0.1 && times.len() == 20, "{times:?}");
        assert!(times.iter().enumerate().all(|(i, time)| (time - first - 480.0 * i as f64).abs() < 0.1), "{times:?}");
    }

    #[test]
    fn the_gate_is_high_for_half() {
        let gates = Bench::new(&DEF, 1).set("time", 0, 0.01).run(1000).gates("gate");
        assert_eq!(gates, [(0, 240), (480, 720), (960, 1000)]);
    }
}
