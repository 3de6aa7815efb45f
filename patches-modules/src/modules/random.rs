//! A random number at each tick of its clock: even, normal (a sum of four, within ±1), or a walk by steps of a quarter of
//! the range that is thrown back at its ends. `smooth` slides from number to number; a thousandth of a jump is left after it.
//! The gate is high for steps on which a coin falls so. Source of the normal: the central limit theorem, Irwin–Hall with n = 4.
//! Cost: five hashes per frame, three divides per `smooth`.

use crate::dsp::curve;
use crate::parts;
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    let end =
        |name, default, help| Input::new(name, Kind::Number, help).value(default, f64::NEG_INFINITY..f64::INFINITY);
    parts::with_clock(Spec::new(&["Random"], "A random number at each tick"))
        .with_input(end(&["low"], 0.0, "smallest number"))
        .with_input(end(&["high"], 1.0, "largest number"))
        .with_input(Input::new(&["smooth"], Kind::Time, "time to slide to the next number").value(0.0, 0.0..60.0))
        .with_param(Param::choice(&["kind"], &[&["uniform"], &["normal"], &["walk"]], "how the numbers fall"))
        // Whole numbers up to 2^24 are exact on their way to the kernel.
        .with_param(Param::int(&["seed"], 0, 1 << 24, 0, "which numbers; 0 are its own"))
        .with_output(Output::new(&["out"], Kind::Number, "the number"))
        .with_output(Output::new(&["gate"], Kind::Gate, "high on half of the steps, by chance"))
        .example("Sine { pitch: A3 + Random { every: 1/8, low: -1, high: 1, smooth: 20ms } } -[0.4]-> out")
}

kernel! { Random, signals { clock } controls { low, high, smooth, seed } options { kind } outputs { out, gate }
state { seed: Bits, count: Bits, walk, y, rest, begun: Bits } }
row! {
    /// Ends, the part of the way that a frame goes, and the seed that the text gives.
    Mid { low, high, a, seed: Bits }
}

/// How far a walk goes at most, of its range of ±1.
const STRIDE: f32 = 0.5;

impl Kernel for Random {
    const SEEDED: bool = true;
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
        Mid::new(c.low, c.high, curve::approach(cx, c.smooth), c.seed.to_int())
    }

    #[inline(always)]
    fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let none = L::Bits::splat(0);
        let ticks = x.clock.gt(zero);
        s.count = L::Bits::select(ticks, s.count + L::Bits::splat(1), s.count);
        // Eight numbers of chance for each step.
        let seed = L::Bits::select(m.seed.eq(none), s.seed, maths::hash(m.seed));
        let at = seed ^ (s.count.shl(3));
        let first = maths::noise(at);
        let chance = match cx.option(Opt::kind as u32) {
            0 => first,
            1 => {
                let more = |k: u32| at ^ L::Bits::splat(k);
                let sum = first + maths::noise(more(1)) + (maths::noise(more(2)) + maths::noise(more(3)));
                sum * L::splat(0.25)
            }
            _ => {
                let to = s.walk.mla(L::splat(STRIDE), first);
                // Thrown back at ±1.
                let to = L::select(to.gt(one), L::splat(2.0) - to, to);
                let to = L::select(to.lt(-one), L::splat(-2.0) - to, to);
                s.walk = L::select(ticks, to, s.walk);
                s.walk
            }
        };
        let aim = m.low + (m.high - m.low) * (L::splat(0.5) + L::splat(0.5) * chance);
        let jumps = s.begun.eq(none) | m.a.ge(one);
        s.begun = !none;
        let step = m.a * (aim - s.y);
        curve::creep(&mut s.y, &mut s.rest, step);
        s.y = L::select(jumps, aim, s.y);
        s.rest = L::select(jumps, zero, s.rest);
        // Before the first tick there is no step.
        let coin = maths::noise(at ^ L::Bits::splat(4)).gt(zero) & !s.count.eq(none);
        Out::new(s.y, L::select(coin, one, zero))
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }

    fn birth(seed: u32) -> State<f32> {
        let zero = <State<f32> as Row<f32>>::zero();
        State { seed: maths::hash(<f32 as Lanes>::Bits::splat(seed)), ..zero }
    }
}

fn lower(lowering: &mut Lowering<'_>) {
    let clock = parts::clock(lowering).0;
    let [low, high, smooth] = ["low", "high", "smooth"].map(|name| lowering.input(name, 0));
    let options = [lowering.choice("kind")];
    let seed = Wire::Const(lowering.int("seed", 0) as f32);
    let node = lowering.kernel(&KERNEL, &options, &[low, high, smooth, seed, clock]);
    lowering.output("out", 0, node.out(0));
    lowering.output("gate", 0, node.out(1));
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;
    use crate::listen::*;

    fn subject() -> Subject {
        Subject::new(&KERNEL, &spec(), &["low", "high", "smooth", "low", "clock"])
    }

    /// Numbers of 16 voices, a thousand steps each.
    fn numbers(kind: u32) -> Vec<Vec<f32>> {
        let rig = subject().rig().frames(1000).option(0, kind).moving(In::clock as usize, |_, _| 1.0);
        let take = rig.still(In::low as usize, -1.0).take();
        (0..16).map(|voice| take.outs[0].iter().map(|row| row[voice]).collect()).collect()
    }

    #[test]
    fn numbers_fall_as_their_kind_says() {
        // Variances ⅓ and 1/12; 16000 numbers, each within 2%.
        for (kind, variance) in [(0, 1.0 / 3.0), (1, 1.0 / 12.0)] {
            let all: Vec<f32> = numbers(kind).concat();
            assert!(all.iter().all(|x| x.abs() <= 1.0));
            assert_near(rms(&all).powi(2), variance, variance * 0.05);
            let mean = all.iter().map(|x| f64::from(*x)).sum::<f64>() / all.len() as f64;
            assert_near(mean, 0.0, 0.03);
        }
        for walk in numbers(2) {
            assert!(walk.windows(2).all(|w| (w[1] - w[0]).abs() <= STRIDE && w[1].abs() <= 1.0));
            assert!(walk.iter().any(|x| *x > 0.5) && walk.iter().any(|x| *x < -0.5), "it comes about");
        }
    }

    #[test]
    fn a_seed_says_which_numbers() {
        let run = |seed| Bench::new(&DEF, 1).param("seed", patches_core::graph::ParamValue::Int(seed)).run(30_000);
        let same = |a: i64, b: i64| run(a).get("out") == run(b).get("out");
        assert!(same(3, 3) && same(0, 0) && !same(3, 4) && !same(0, 3));
    }

    #[test]
    fn it_changes_with_its_clock_alone_and_the_gate_on_half_of_the_steps() {
        let clock: Vec<f32> = (0..8000).map(|frame| if frame % 10 == 3 { 1.0 } else { 0.0 }).collect();
        let outs = Bench::new(&DEF, 1).plug("clock", 0, &clock).set("low", 0, 2.0).set("high", 0, 3.0).run(8000);
        let x = outs.get("out");
        assert!((1..8000).all(|frame| (x[frame] != x[frame - 1]) == (frame % 10 == 3)));
        assert!(x.iter().all(|x| (2.0..=3.0).contains(x)));
        let high = outs.get("gate").iter().filter(|x| **x > 0.5).count() as f64 / 8000.0;
        // 800 coins: half of them within 0.018; four times that.
        assert_near(high, 0.5, 0.07);
        // Without a cable a sixteenth at 120 beats a minute: 6000 frames.
        let own = Bench::new(&DEF, 1).run(13_000);
        let changes: Vec<usize> = (1..13_000).filter(|&i| own.get("out")[i] != own.get("out")[i - 1]).collect();
        assert_eq!(changes, [6000, 12_000]);
    }

    #[test]
    fn smooth_slides() {
        let rig = subject().rig().frames(3000).still(In::smooth as usize, 0.01);
        let x = rig.moving(In::clock as usize, |frame, _| if frame == 1000 { 1.0 } else { 0.0 }).one(0);
        let (from, to) = (f64::from(x[999]), f64::from(x[2999]));
        assert_near((f64::from(x[999 + 480]) - to) / (from - to), 1e-3, 1e-4);
    }

    #[test]
    fn it_holds_to_what_every_kernel_must() {
        subject().assert_holds();
    }
}
