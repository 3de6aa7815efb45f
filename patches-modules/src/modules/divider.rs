//! Divider: lets the first of every `by` triggers through, at its place between two samples. Cost: a few selects.

use patches_core::prelude::*;

module! {
    Divider: "Lets the first of every few triggers through",
    signals {
        clock as "in": Trigger, "triggers to count";
        reset: Trigger, "the next trigger is a first one";
    }
    // A 16-bar count of semiquavers is 256; four times that leaves room.
    controls { by: Number = 2.0, 1.0..1024.0, "how many triggers to one"; }
    options {}
    outputs { out: Trigger, "the first of every `by` triggers"; }
    state { count: Bits }
    example "beat = Every { time: 1/8 }\nbeat -> Divider { by: 3 } -> ping.trigger\nping = Adsr { attack: 1ms }\nOsc { pitch: C5 } -> Vca { gain: ping } -[0.4]-> out"
}
row! {
    /// How many triggers to one, whole.
    Mid { by: Bits }
}

impl Kernel for Divider {
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Mid<L> {
        Mid::new(c.by.round().to_int())
    }

    #[inline(always)]
    fn scan<L: Lanes>(_: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
        let (zero, none) = (L::splat(0.0), L::Bits::splat(0));
        let count = L::Bits::select(x.reset.gt(zero), none, s.count);
        let tick = x.clock.gt(zero);
        let next = count + L::Bits::splat(1);
        // Below, not equal: `by` may have shrunk in the meantime.
        let next = L::Bits::select(next.below(m.by), next, none);
        s.count = L::Bits::select(tick, next, count);
        Out::new(L::select(count.eq(none), x.clock, zero))
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
    fn lets_the_first_of_each_few_through_at_its_place() {
        let times = [0.0, 10.5, 20.25, 30.0, 40.75, 50.0, 60.5];
        let outs = Bench::new(&DEF, 1).plug("in", 0, &triggers(&times)).set("by", 0, 3.0).run(70);
        assert_eq!(outs.times("out"), [0.0, 30.0, 60.5]);
    }

    #[test]
    fn reset_begins_anew_also_within_the_frame() {
        let bench = Bench::new(&DEF, 1).plug("in", 0, &triggers(&[0.0, 10.0, 20.0, 30.0])).set("by", 0, 4.0);
        let outs = bench.plug("reset", 0, &triggers(&[10.0, 15.0])).run(40);
        assert_eq!(outs.times("out"), [0.0, 10.0, 20.0]);
    }

    #[test]
    fn a_smaller_count_takes_over_at_once() {
        let mut by = vec![8.0; 25];
        by.extend(vec![2.0; 100]);
        let times: Vec<f64> = (0..8).map(|i| f64::from(i) * 10.0).collect();
        let bench = Bench::new(&DEF, 1).plug("in", 0, &triggers(&times)).set("by", 0, 0.0).plug("by", 0, &by);
        assert_eq!(bench.run(80).times("out"), [0.0, 40.0, 60.0]);
    }
}
