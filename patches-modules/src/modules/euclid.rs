//! Euclid: `hits` hits spread as evenly as can be over `steps` steps. Step i is a hit if (i·hits) mod steps < hits, which
//! is the rhythm of Bjorklund's algorithm, begun with a hit. `rotate` begins so many steps into it.
//! Source: G. Toussaint, "The Euclidean Algorithm Generates Traditional Musical Rhythms" (2005). Cost: one divide a frame.

use crate::parts;
use patches_core::prelude::*;

/// Most steps in a round: 4 bars of semiquavers.
const MOST: f64 = 64.0;

/// What the language sees of this type.
fn spec() -> Spec {
    parts::with_clock(Spec::new(&["Euclid"], "Hits spread evenly over steps"))
        .with_input(Input::new(&["hits"], Kind::Number, "how many steps are hits").value(3.0, 0.0..MOST))
        .with_input(Input::new(&["steps"], Kind::Number, "how many steps there are").value(8.0, 1.0..MOST))
        .with_input(Input::new(&["rotate"], Kind::Number, "the step to begin with").value(0.0, -MOST..MOST))
        .with_input(Input::new(&["reset"], Kind::Trigger, "the next step is the first"))
        .with_input(
            Input::new(&["gate_length"], Kind::Number, "part of the step for which the gate is high")
                .value(0.5, 0.0..1.0),
        )
        .with_output(Output::new(&["trigger"], Kind::Trigger, "at each hit"))
        .with_output(Output::new(&["gate"], Kind::Gate, "high from each hit on"))
        .example(
            "hit = Euclid { hits: 5, steps: 8 }\nNoise -> Vca { gain: Adsr { trigger: hit, attack: 0ms, decay: 60ms } } -[0.4]-> out",
        )
}

mod play {
    //! The player: a count of steps.
    use crate::parts::interval::{gate, high, measure};
    use patches_core::prelude::*;

    kernel! { Euclid,
        signals { clock, reset } controls { hits, steps, rotate, gate_length, interval } options {} outputs { trigger, gate }
        state { at, since, interval, before, left, heard: Bits }
    }
    row! {
        /// Whole numbers of hits, steps and rotation; the gate's part; the guessed interval in frames.
        Mid { hits, steps, rotate, gate, guess }
    }

    /// x modulo m for whole numbers below 2^22: exact, as the quotient is off by less than 1/m.
    #[inline(always)]
    fn modulo<L: Lanes>(x: L, m: L) -> L {
        x - m * (x / m).floor()
    }

    impl Kernel for Euclid {
        type Mid<L: Lanes> = Mid<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
            let steps = c.steps.round();
            let guess = c.interval * L::splat(cx.rate);
            Mid::new(c.hits.round().min(steps), steps, modulo(c.rotate.round(), steps), c.gate_length, guess)
        }

        #[inline(always)]
        fn scan<L: Lanes>(_: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
            let (zero, one) = (L::splat(0.0), L::splat(1.0));
            let interval = measure(&mut s.since, &mut s.interval, &mut s.before, &mut s.heard, x.clock, m.guess);
            let tick = x.clock.gt(zero);
            let at = L::select(x.reset.gt(zero) | s.at.ge(m.steps), zero, s.at);
            s.at = L::select(tick, at + one, at);
            let hit = tick & modulo((at + m.rotate) * m.hits, m.steps).lt(m.hits);
            let trigger = L::select(hit, x.clock, zero);
            s.left = L::select(hit, gate(trigger, m.gate * interval), s.left);
            Out::new(trigger, high(&mut s.left))
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

fn lower(lowering: &mut Lowering<'_>) {
    let (clock, interval) = parts::clock(lowering);
    let [hits, steps, rotate, gate, reset] =
        ["hits", "steps", "rotate", "gate_length", "reset"].map(|name| lowering.input(name, 0));
    let play = lowering.kernel(&play::KERNEL, &[], &[hits, steps, rotate, gate, interval, clock, reset]);
    lowering.output("trigger", 0, play.out(0));
    lowering.output("gate", 0, play.out(1));
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{Bench, triggers};

    fn rhythm(hits: f32, steps: f32, rotate: f32) -> String {
        let bench = Bench::new(&DEF, 1).set("hits", 0, hits).set("steps", 0, steps).set("rotate", 0, rotate);
        let times: Vec<f64> = (0..steps as usize).map(|step| step as f64 * 4.0).collect();
        let outs = bench.plug("clock", 0, &triggers(&times)).run(steps as usize * 4);
        outs.get("trigger").iter().step_by(4).map(|x| if *x > 0.0 { 'x' } else { '.' }).collect()
    }

    #[test]
    fn gives_the_rhythms_of_the_paper() {
        assert_eq!(rhythm(3.0, 8.0, 0.0), "x..x..x.", "tresillo");
        assert_eq!(rhythm(4.0, 12.0, 0.0), "x..x..x..x..");
        assert_eq!(rhythm(0.0, 4.0, 0.0), "....");
        assert_eq!(rhythm(9.0, 4.0, 0.0), "xxxx");
        assert_eq!(rhythm(3.0, 8.0, 3.0), "x..x.x..");
        assert_eq!(rhythm(3.0, 8.0, -2.0), "x.x..x..");
    }

    #[test]
    fn hits_are_as_even_as_can_be() {
        for steps in 1..=64usize {
            for hits in 1..=steps {
                let rhythm = rhythm(hits as f32, steps as f32, 0.0);
                let at: Vec<usize> = rhythm.match_indices('x').map(|(i, _)| i).collect();
                assert!(at.len() == hits && at[0] == 0, "{hits} in {steps}: {rhythm}");
                let gaps = at.iter().zip(at.iter().skip(1).chain([&steps])).map(|(a, b)| b - a);
                let (few, many) = gaps.fold((usize::MAX, 0), |(few, many), gap| (few.min(gap), many.max(gap)));
                assert!(many - few <= 1, "{hits} in {steps}: {rhythm}");
            }
        }
    }

    #[test]
    fn its_own_clock_reset_and_gates() {
        let outs = Bench::new(&DEF, 1).run(6000 * 8 + 1);
        assert_eq!(outs.times("trigger"), [0.0, 18_000.0, 36_000.0, 48_000.0]);
        assert_eq!(outs.gates("gate")[..2], [(0, 3000), (18_000, 21_000)]);
        let reset = Bench::new(&DEF, 1).plug("reset", 0, &triggers(&[13_000.0]));
        assert_eq!(reset.run(20_000).times("trigger"), [0.0, 18_000.0], "step 3 is the first of the round again");
        let reset = Bench::new(&DEF, 1).plug("reset", 0, &triggers(&[7000.0]));
        assert_eq!(reset.run(20_000).times("trigger"), [0.0, 12_000.0]);
    }
}
