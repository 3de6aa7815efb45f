//! Clock: beats, bars, quavers and semiquavers as triggers. Without `bpm` it follows the transport, with a constant one it
//! is locked to the engine's time, and a cable into `bpm` bends it.
//!
//! Its own swing s warps each pair of quavers: the second comes at s of the pair, semiquavers halfway. It needs an even number
//! of quavers to the beat: three to the beat have no pairs. Without it semiquavers have the transport's. Cost: one divide per frame with swing, else none.

use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    use patches_core::spec::Unit;
    Spec::new(&["Clock", "ClockSequencer"], "Beats, bars and their parts as triggers")
        .with_input(
            // 20 beats a second is faster than any music; 0 is the transport.
            Input::new(&["bpm"], Kind::Rate, "beats a minute; the transport's if not set").value(0.0, 0.0..20.0).unit(Unit::Bpm),
        )
        // Beyond nine tenths the second quaver of a pair would vanish.
        .with_input(Input::new(&["swing"], Kind::Number, "part of a pair of quavers that the first takes").value(0.5, 0.5..0.9))
        .with_param(Param::int(&["beats_per_bar"], 1, 64, 4, "beats in a bar"))
        .with_param(Param::int(&["quavers_per_beat"], 1, 16, 2, "quavers in a beat"))
        .with_output(Output::new(&["beat"], Kind::Trigger, "each beat"))
        .with_output(Output::new(&["bar"], Kind::Trigger, "each bar"))
        .with_output(Output::new(&["quaver"], Kind::Trigger, "each part of a beat"))
        .with_output(Output::new(&["semiquaver"], Kind::Trigger, "each half of such a part"))
        .with_output(Output::new(&["phase"], Kind::Number, "0 to 1 over the beat"))
        .example("clock = Clock { swing: 0.6 }\nOsc { frequency: 880Hz } -> Vca { gain: Adsr { trigger: clock.quaver, attack: 1ms, decay: 50ms } } -[0.4]-> out")
}

pub(crate) mod free {
    //! A clock that a cable bends: one phase over the bar, of which beats and their parts are whole multiples, so that all
    //! of them stay together. 32-bit fixed point; a trigger falls where a phase wraps.
    use patches_core::prelude::*;

    kernel! { Free, signals {} controls { bpm } options { beats, quavers }
    outputs { beat, bar, quaver, semiquaver, phase, pair, pair_phase } state { phase: Bits } }
    row! {
        /// The phase's step a frame.
        Mid { rise: Bits }
    }

    /// The trigger of a phase `times` as fast.
    #[inline(always)]
    fn wraps<L: Lanes>(from: L::Bits, rise: L::Bits, times: u32) -> L {
        let times = L::Bits::splat(times);
        let (from, rise, zero) = (from * times, rise * times, L::Bits::splat(0));
        let to = from + rise;
        // Coming to exactly 0 at a frame's end is the next frame's trigger, at its beginning.
        let passes = to.below(rise) & !to.eq(zero);
        let inside = L::select(passes, maths::phase_to_unit(to) / maths::phase_to_unit(rise), L::splat(0.0));
        // The quotient of two small numbers may come out a little above 1.
        L::select(from.eq(zero), L::splat(1.0), inside.min(L::splat(1.0)))
    }

    impl Kernel for Free {
        type Mid<L: Lanes> = Mid<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
            let bars = c.bpm * L::splat(cx.period) / L::splat(cx.option(Opt::beats as u32) as f32);
            let rise = maths::phase_of_cycles(bars);
            // A standing clock would repeat its trigger for ever.
            let one = L::Bits::splat(1);
            Mid::new(L::Bits::select(rise.below(one), one, rise))
        }

        #[inline(always)]
        fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, _: Sig<L>) -> Out<L> {
            let (beats, quavers) = (cx.option(Opt::beats as u32), cx.option(Opt::quavers as u32));
            let from = s.phase;
            s.phase = from + m.rise;
            let parts = beats * quavers;
            // Pairs are asked for only where there are whole pairs.
            let pairs = parts / 2;
            Out::new(
                wraps(from, m.rise, beats),
                wraps(from, m.rise, 1),
                wraps(from, m.rise, parts),
                wraps(from, m.rise, parts * 2),
                maths::phase_to_unit(from * L::Bits::splat(beats)),
                wraps(from, m.rise, pairs),
                maths::phase_to_unit(from * L::Bits::splat(pairs)),
            )
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

mod swung {
    //! Quavers and semiquavers of a swung pair, from the pair's phase and trigger.
    use crate::parts::phase::{passing, stretch};
    use patches_core::prelude::*;

    kernel! { Swung, signals { trigger, phase } controls { swing, rate } options {} outputs { quaver, semiquaver } state { end } }

    impl Kernel for Swung {
        type Mid<L: Lanes> = Ctl<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
            c
        }

        #[inline(always)]
        fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, c: Ctl<L>, x: Sig<L>) -> Out<L> {
            let half = L::splat(0.5);
            let (from, to) = stretch(&mut s.end, x.phase, c.rate * L::splat(cx.period));
            let quaver = x.trigger.max(passing(from, to, c.swing));
            let early = passing(from, to, c.swing * half);
            let late = passing(from, to, c.swing * half + half);
            Out::new(quaver, quaver.max(early).max(late))
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

/// The period of so many beats at a constant tempo of `hertz` beats a second, or of the transport (0).
pub(crate) fn period(hertz: f32, beats: f64) -> Period {
    if hertz <= 0.0 {
        return Period::Beats(beats);
    }
    // A tempo comes as a 32-bit rate; to the thousandth of a beat a minute it is what was written.
    let bpm = (f64::from(hertz) * 60_000.0).round() / 1000.0;
    Period::Seconds(beats * 60.0 / bpm)
}

fn lower(lowering: &mut Lowering<'_>) {
    let beats = lowering.int("beats_per_bar", 0);
    let quavers = lowering.int("quavers_per_beat", 0);
    let swings = quavers % 2 == 0 && lowering.feed("swing", 0) != Feed::Still(0.5);
    let pair = 2.0 / quavers as f64;
    let (outs, pair_ticks, rate) = match lowering.feed("bpm", 0) {
        Feed::Cable => {
            let bpm = lowering.input("bpm", 0);
            let free = lowering.kernel(&free::KERNEL, &[beats as u32, quavers as u32], &[bpm]);
            // How fast pairs follow each other only places triggers within the frame: at 120 beats a minute is near enough.
            ([0, 1, 2, 3, 4].map(|out| free.out(out)), [free.out(5), free.out(6)], 2.0 / pair)
        }
        Feed::Still(bpm) | Feed::Changing(_, bpm) => {
            let [beat, bar, quaver, semiquaver] = [1.0, beats as f64, 1.0 / quavers as f64, 0.5 / quavers as f64]
                .map(|length| lowering.tick(lowering.swung(period(bpm, length))));
            let pair_ticks = lowering.tick(lowering.swung(period(bpm, pair)));
            let rate = 1.0 / lowering.seconds(period(bpm, pair));
            let outs = [beat.out(0), bar.out(0), quaver.out(0), semiquaver.out(0), beat.out(1)];
            (outs, [pair_ticks.out(0), pair_ticks.out(1)], rate)
        }
    };
    let mut outs = outs;
    if swings {
        let swing = lowering.input("swing", 0);
        let ins = [swing, Wire::Const(rate as f32), pair_ticks[0], pair_ticks[1]];
        let swung = lowering.kernel(&swung::KERNEL, &[], &ins);
        (outs[2], outs[3]) = (swung.out(0), swung.out(1));
    }
    for (name, wire) in ["beat", "bar", "quaver", "semiquaver", "phase"].into_iter().zip(outs) {
        lowering.output(name, 0, wire);
    }
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;
    use patches_core::graph::ParamValue;

    #[test]
    fn follows_the_transport_or_its_own_tempo() {
        let outs = Bench::new(&DEF, 1).run(100_000);
        assert_eq!(outs.times("beat"), [0.0, 24_000.0, 48_000.0, 72_000.0, 96_000.0]);
        assert_eq!(outs.times("bar"), [0.0, 96_000.0]);
        assert_eq!(outs.times("quaver")[..3], [0.0, 12_000.0, 24_000.0]);
        assert_eq!(outs.times("semiquaver")[..3], [0.0, 6000.0, 12_000.0]);
        assert_eq!((outs.get("phase")[6000], outs.get("phase")[24_000]), (0.25, 0.0));
        let outs =
            Bench::new(&DEF, 1).set("bpm", 0, 90.0 / 60.0).param("beats_per_bar", ParamValue::Int(3)).run(100_000);
        assert_eq!(outs.times("beat"), [0.0, 32_000.0, 64_000.0, 96_000.0]);
        assert_eq!(outs.times("bar"), [0.0, 96_000.0]);
    }

    #[test]
    fn a_tempo_with_three_decimals_is_exact() {
        assert_eq!(period((126.125f64 / 60.0) as f32, 1.0), Period::Seconds(60.0 / 126.125));
    }

    /// Times of the quavers and semiquavers of one beat at 120 with this swing, as parts of the beat.
    fn parts_of_a_beat(bench: Bench, name: &str) -> Vec<f64> {
        let times = bench.run(24_000).times(name);
        times.into_iter().map(|time| time / 24_000.0).collect()
    }

    fn near(times: &[f64], wanted: &[f64]) {
        assert_eq!(times.len(), wanted.len(), "{times:?}");
        // 24 bits of phase, doubled for the difference of two.
        assert!(times.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 2.5e-7), "{times:?} {wanted:?}");
    }

    #[test]
    fn swing_moves_the_second_quaver_and_semiquavers_halve() {
        let swung = || Bench::new(&DEF, 1).set("swing", 0, 0.6);
        near(&parts_of_a_beat(swung(), "quaver"), &[0.0, 0.6]);
        near(&parts_of_a_beat(swung(), "semiquaver"), &[0.0, 0.3, 0.6, 0.8]);
        assert_eq!(parts_of_a_beat(swung(), "beat"), [0.0]);
        // Three quavers to the beat have no pairs.
        let three = swung().param("quavers_per_beat", ParamValue::Int(3));
        near(&parts_of_a_beat(three, "quaver"), &[0.0, 1.0 / 3.0, 2.0 / 3.0]);
    }

    #[test]
    fn a_cable_bends_the_tempo_and_all_parts_stay_together() {
        let mut bpm = vec![2.0; 48_000];
        bpm.extend(vec![4.0; 96_000]);
        let outs = Bench::new(&DEF, 1).plug("bpm", 0, &bpm).run(144_000);
        let beats = outs.times("beat");
        let wanted = [0.0, 24e3, 48e3, 60e3, 72e3, 84e3, 96e3, 108e3, 120e3, 132e3];
        assert_eq!(beats.len(), wanted.len(), "{beats:?}");
        // The bar's phase has 32 bits: over a bar of 96000 frames its step is off by less than 96000·2^-33 of itself.
        assert!(beats.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 3.0), "{beats:?}");
        assert_eq!(outs.times("bar").len(), 3);
        for bar in outs.times("bar") {
            assert!(beats.iter().any(|beat| (beat - bar).abs() < 0.01), "bar at {bar}, beats {beats:?}");
        }
        for beat in beats {
            assert!(outs.times("semiquaver").iter().any(|time| (beat - time).abs() < 0.01));
        }
    }

    #[test]
    fn a_bent_clock_swings_too() {
        let outs = Bench::new(&DEF, 1).plug("bpm", 0, &[2.0; 24_000]).set("swing", 0, 0.7).run(23_900);
        let times: Vec<f64> = outs.times("quaver").iter().map(|time| time / 24_000.0).collect();
        assert!(times.len() == 2 && times[0] == 0.0 && (times[1] - 0.7).abs() < 1e-5, "{times:?}");
    }
}
