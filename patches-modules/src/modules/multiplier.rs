//! Multiplier: each trigger, and `by` − 1 more spread evenly until the next is due, each at its place between two
//! samples. When that is due is taken from those before; so it begins with the second. Cost: one divide per frame while
//! `by` moves, else a few selects.

use patches_core::prelude::*;

module! {
    Multiplier: "Several triggers for each one",
    signals {
        clock as "in": Trigger, "triggers to multiply";
        reset: Trigger, "forgets how far apart they come";
    }
    // 64 for each beat are 128 a second: above that triggers are a tone.
    controls { by: Number = 2.0, 1.0..64.0, "how many for one"; }
    options {}
    outputs { out: Trigger, "`by` triggers for each that comes in"; }
    state { since, interval, before, wait, count, heard: Bits }
    example "beat = Every { time: 1/4 }\nOsc { pitch: C5 } -> Vca { gain: Adsr { trigger: Multiplier { in: beat, by: 3 }, attack: 1ms, decay: 50ms } } -[0.4]-> out"
}
row! {
    /// How many for one, whole, and the part of the interval between them.
    Mid { by, part }
}

impl Kernel for Multiplier {
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Mid<L> {
        let by = c.by.round();
        Mid::new(by, L::splat(1.0) / by)
    }

    #[inline(always)]
    fn scan<L: Lanes>(_: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let reset = x.reset.gt(zero);
        s.heard = L::Bits::select(reset, L::Bits::splat(0), s.heard);
        s.interval = L::select(reset, zero, s.interval);
        s.before = L::select(reset, zero, s.before);
        s.count = L::select(reset, zero, s.count);
        let tick = x.clock.gt(zero);
        let interval = crate::parts::interval::measure(&mut s.since, &mut s.interval, &mut s.before, &mut s.heard, x.clock, zero);
        // `wait` is the distance from this frame's beginning to the next of the others, of which `count` are to come.
        // A frame apart is the nearest they may be.
        let step = (interval * m.part).max(one);
        let due = s.count.gt(zero) & s.wait.lt(one);
        let place = L::select(tick, x.clock, L::select(due, one - s.wait, zero));
        let fresh = L::select(interval.gt(zero), m.by - one, zero);
        s.count = L::select(tick, fresh, L::select(due, s.count - one, s.count));
        s.wait = L::select(tick, one - x.clock + step, L::select(due, s.wait + step, s.wait)) - one;
        Out::new(place)
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{Bench, triggers};

    #[test]
    fn spreads_the_others_evenly_once_it_knows_the_interval() {
        let times = [10.5, 110.5, 210.5, 310.5];
        let found = Bench::new(&DEF, 1).plug("in", 0, &triggers(&times)).set("by", 0, 4.0).run(500).times("out");
        let wanted = [10.5, 110.5, 135.5, 160.5, 185.5, 210.5, 235.5, 260.5, 285.5, 310.5, 335.5, 360.5, 385.5];
        assert_eq!(found, wanted);
    }

    #[test]
    fn places_between_samples_do_not_drift() {
        let times: Vec<f64> = (0..20).map(|i| f64::from(i) * 1000.0).collect();
        let found = Bench::new(&DEF, 1).plug("in", 0, &triggers(&times)).set("by", 0, 7.0).run(19_000).times("out");
        for time in &found[1..] {
            let turn = (time - 1000.0) * 7.0 / 1000.0;
            // Six additions of numbers up to 143.
            assert!((turn - turn.round()).abs() < 1e-5, "{time}");
        }
        assert_eq!(found.len(), 1 + 18 * 7);
    }

    #[test]
    fn a_nearer_trigger_cuts_the_rest_and_reset_forgets() {
        let bench = Bench::new(&DEF, 1).plug("in", 0, &triggers(&[0.0, 100.0, 140.0, 180.0])).set("by", 0, 2.0);
        assert_eq!(bench.run(250).times("out"), [0.0, 100.0, 140.0, 180.0, 200.0]);
        let bench = Bench::new(&DEF, 1).plug("in", 0, &triggers(&[0.0, 100.0, 200.0])).set("by", 0, 2.0);
        let found = bench.plug("reset", 0, &triggers(&[120.0])).run(300).times("out");
        assert_eq!(found, [0.0, 100.0, 200.0]);
    }
}
