//! Turing: a loop of chance. A register of bits moves on by one at each step; the bit that comes round is, with `chance`,
//! thrown anew. `out` reads the last eight bits as a number in 0..1, times `range`; the gate is the newest bit.
//!
//! A loop of n bits repeats after n steps as long as nothing is thrown. Without `seed` each module and voice has its
//! own loop; with one it is the same wherever it is written. Source: T. Whitwell, "Turing Machine" (Music Thing Modular,
//! 2012), for the idea. Cost: one hash and a dozen selects per frame.

use crate::parts;
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    parts::with_clock(Spec::new(&["Turing"], "A loop of random values that slowly changes"))
        .with_input(
            Input::new(&["range"], Kind::Interval, "`out` is from 0 to this")
                .value(1.0, f64::NEG_INFINITY..f64::INFINITY),
        )
        .with_input(Input::new(&["chance"], Kind::Number, "0 repeats for ever, 1 never").value(0.1, 0.0..1.0))
        .with_input(
            Input::new(&["gate_length"], Kind::Number, "part of the step for which the gate is high")
                .value(0.5, 0.0..1.0),
        )
        .with_param(Param::int(&["length"], 1, 32, 8, "steps in the loop"))
        // Whole numbers up to 2^24 are exact on their way to the kernel.
        .with_param(Param::int(&["seed"], 0, 1 << 24, 0, "which loop; 0 is one of its own"))
        .with_output(Output::new(&["out"], Kind::Number, "the loop's values"))
        .with_output(Output::new(&["gate"], Kind::Gate, "high at steps whose newest bit is set"))
        .with_output(Output::new(&["trigger"], Kind::Trigger, "at steps whose newest bit is set"))
        .example(
            "loop = Turing { range: 2, length: 5, every: 1/8 }\nOsc { pitch: C3 + 1oct * loop }.triangle -[0.3]-> out",
        )
}

mod play {
    //! The register.
    use crate::parts::interval::{gate, high, measure};
    use patches_core::prelude::*;

    kernel! { Turing,
        signals { clock } controls { range, chance, gate_length, interval, seed } options { length }
        outputs { out, gate, trigger }
        state { since, interval, before, left, heard: Bits, register: Bits, count: Bits, own: Bits }
    }
    row! {
        /// As the controls, the guessed interval in frames, the seed whole.
        Mid { range, chance, gate, guess, seed: Bits }
    }

    impl Kernel for Turing {
        const SEEDED: bool = true;
        type Mid<L: Lanes> = Mid<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
            Mid::new(c.range, c.chance, c.gate_length, c.interval * L::splat(cx.rate), c.seed.to_int())
        }

        #[inline(always)]
        fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
            let zero = L::splat(0.0);
            let (none, bit) = (L::Bits::splat(0), L::Bits::splat(1));
            let interval = measure(&mut s.since, &mut s.interval, &mut s.before, &mut s.heard, x.clock, m.guess);
            let seed = L::Bits::select(m.seed.eq(none), s.own, maths::hash(m.seed));
            // The register begins full of chance; its count of steps says that it has begun.
            let register = L::Bits::select(s.count.eq(none), maths::hash(seed ^ L::Bits::splat(u32::MAX)), s.register);
            let thrown = maths::hash(seed ^ s.count);
            // The upper bits decide whether, the lowest decides what.
            let anew = maths::phase_to_unit(thrown).lt(m.chance);
            let round = register.shr(cx.option(Opt::length as u32) - 1);
            let newest = L::Bits::select(anew, thrown, round) & bit;
            let tick = x.clock.gt(zero);
            s.register = L::Bits::select(tick, register.shl(1) | newest, register);
            s.count = L::Bits::select(tick, s.count + bit, s.count);
            let set = tick & newest.eq(bit);
            s.left = L::select(set, gate(x.clock, m.gate * interval), s.left);
            let value = (s.register & L::Bits::splat(0xff)).to_float() * L::splat(1.0 / 255.0);
            // Before the first step there is no value yet.
            let value = L::select(s.count.eq(none), zero, value * m.range);
            Out::new(value, high(&mut s.left), L::select(set, x.clock, zero))
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }

        fn birth(seed: u32) -> State<f32> {
            let word = <f32 as Lanes>::Bits::splat;
            State::new(0.0, 0.0, 0.0, 0.0, word(0), word(0), word(0), maths::hash(word(seed)))
        }
    }
}

fn lower(lowering: &mut Lowering<'_>) {
    let (clock, interval) = parts::clock(lowering);
    let seed = Wire::Const(lowering.int("seed", 0) as f32);
    let length = lowering.int("length", 0) as u32;
    let [range, chance, gate] = ["range", "chance", "gate_length"].map(|name| lowering.input(name, 0));
    let play = lowering.kernel(&play::KERNEL, &[length], &[range, chance, gate, interval, seed, clock]);
    for (port, name) in ["out", "gate", "trigger"].into_iter().enumerate() {
        lowering.output(name, 0, play.out(port as u16));
    }
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;
    use patches_core::graph::ParamValue;

    /// The value of each step, one a millisecond.
    fn values(bench: Bench, steps: usize) -> Vec<f32> {
        let outs = bench.set("every", 0, 0.001).run(steps * 48);
        outs.get("out").iter().skip(1).step_by(48).copied().collect()
    }

    fn bench(chance: f32, length: i64) -> Bench {
        Bench::new(&DEF, 1).set("chance", 0, chance).param("length", ParamValue::Int(length))
    }

    #[test]
    fn without_chance_it_repeats_after_its_length() {
        for length in [1usize, 5, 8, 13, 32] {
            let values = values(bench(0.0, length as i64), 120);
            // What lies beyond the length has gone through after eight steps.
            assert!((8..120 - length).all(|i| values[i] == values[i + length]), "{length}: {values:?}");
        }
        let loop_of_13 = values(bench(0.0, 13), 60);
        assert!((1..13).all(|shift| (8..40).any(|i| loop_of_13[i] != loop_of_13[i + shift])), "a shorter loop");
    }

    #[test]
    fn with_chance_it_fills_its_range_evenly() {
        let values = values(bench(1.0, 8).set("range", 0, 2.0), 4000);
        let mean = values.iter().sum::<f32>() / 4000.0;
        // Deviation of an even spread over 0..2 is 0.58; neighbours share bits, so 4000 values count as some 1300.
        assert!((mean - 1.0).abs() < 4.0 * 0.58 / 36.0, "{mean}");
        assert!(values.iter().all(|v| (0.0..=2.0).contains(v)));
        assert!(values.iter().any(|v| *v < 0.05) && values.iter().any(|v| *v > 1.95));
    }

    #[test]
    fn a_seed_is_a_loop_of_its_own() {
        let seeded = |seed| values(bench(0.0, 16).param("seed", ParamValue::Int(seed)), 40);
        assert_eq!(seeded(1), seeded(1));
        assert_ne!(seeded(1), seeded(2));
        assert_ne!(seeded(0), seeded(1));
    }

    #[test]
    fn gate_and_trigger_follow_the_newest_bit() {
        let outs = bench(1.0, 8).set("every", 0, 0.001).run(48 * 200);
        for (step, value) in outs.get("out").iter().enumerate().step_by(48) {
            let odd = (value * 255.0).round() as u32 & 1 == 1;
            assert_eq!(outs.get("trigger")[step] > 0.0, odd);
            assert_eq!((outs.get("gate")[step] > 0.5, outs.get("gate")[step + 30] > 0.5), (odd, false));
        }
    }
}
