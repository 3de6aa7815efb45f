//! Conducts a song: a trigger for each of its steps, and which step that is.
//!
//! All lanes of a song are equally long and go back to the same step, so one count serves them all: step s of the song, and
//! how often its end has gone back. Both are state, so that an edit of the song plays on where it stands. `step` counts on
//! over the rounds, s + round·(n − again), so that what is different each time round can tell. Of each pair of steps the
//! first lasts 2·swing, the second 2·(1 − swing) of a straight step. Cost: about thirty selects a frame and two reads.

use super::clock::free;
use patches_core::prelude::*;
use patches_core::spec::Unit;

/// What the language sees of this type.
fn spec() -> Spec {
    Spec::new(&["MasterSequencer"], "Plays a song: a clock for each of its lanes, for a PatternPlayer")
        .with_input(
            // 20 beats a second is faster than any music; 0 is the transport.
            Input::new(&["bpm"], Kind::Rate, "beats a minute; the transport's if not set").value(0.0, 0.0..20.0).unit(Unit::Bpm),
        )
        // Beyond nine tenths the second step of a pair would vanish.
        .with_input(Input::new(&["swing"], Kind::Number, "part of a pair of steps that the first takes").value(0.5, 0.5..0.9))
        .with_input(Input::new(&["start"], Kind::Trigger, "plays from the first step"))
        .with_input(Input::new(&["stop"], Kind::Trigger, "stops; `resume` plays from the first step"))
        .with_input(Input::new(&["pause"], Kind::Trigger, "stops where it is"))
        .with_input(Input::new(&["resume"], Kind::Trigger, "plays on"))
        .with_param(Param::song(&["song"], "a song; its lanes are the channels"))
        .with_param(Param::int(&["rows_per_beat"], 1, 64, 4, "steps in a beat"))
        .with_param(Param::flag(&["loop"], true, "the end goes back to `@loop`; else it stops"))
        .with_param(Param::flag(&["autostart"], true, "plays at once; else it waits for `start`"))
        .with_output(Output::new(&["clock"], Kind::Trigger, "at each step").indexed())
        .with_output(Output::new(&["step"], Kind::Number, "the step, counted on when the end goes back; -1 in silence"))
        .with_output(Output::new(&["step_time"], Kind::Time, "length of the step"))
        .example("pattern line { C2 . Eb2 G2 }\npattern beat { x . x . }\nsong tune(bass, drums) { play { line, beat } }\nseq = MasterSequencer { song: tune }\nbass = PatternPlayer { clock: seq.clock[bass] }\ndrums = PatternPlayer { clock: seq.clock[drums] }\nOsc { pitch: bass.cv1 }.saw -> Vca { gain: bass.gate } -[0.3]-> out\nKick { trigger: drums.trigger } -[0.5]-> out")
}

mod conduct {
    //! Which step it is. Table: how many steps, and the one that the end goes back to.
    use crate::parts::interval::{comes, measure, swung};
    use patches_core::prelude::*;

    kernel! { Conduct,
        signals { clock, start, stop, pause, resume } controls { swing, interval } options { loops, autostart }
        outputs { clock, step, step_time }
        state { since, interval, before, late, place, length, heard: Bits, mode: Bits, next: Bits, round: Bits, odd: Bits, sounding: Bits }
    }
    row! {
        /// Lengths of the two steps of a pair and what the second is late by, in straight steps; and the clock's interval
        /// in frames until it is measured.
        Mid { first, second, lag, guess }
    }

    /// It has neither begun nor been told to.
    const NEW: u32 = 0;
    /// It plays.
    const RUNS: u32 = 1;
    /// It stands.
    const STANDS: u32 = 2;
    /// Steps up to which a float counts one by one, halved, so that what comes of them is exact too.
    const MOST: u32 = 1 << 23;

    impl Kernel for Conduct {
        const SERIAL: bool = true;
        type Mid<L: Lanes> = Mid<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
            let (first, second, lag) = swung(c.swing);
            Mid::new(first, second, lag, c.interval * L::splat(cx.rate))
        }

        #[inline(always)]
        fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
            let zero = L::splat(0.0);
            let (no, yes) = (L::Bits::splat(0), L::Bits::splat(1));
            let (runs, stands) = (L::Bits::splat(RUNS), L::Bits::splat(STANDS));
            let (start, resume) = (x.start.gt(zero), x.resume.gt(zero));
            let (stop, pause) = (x.stop.gt(zero), x.pause.gt(zero));
            // What says to play wins over what says to stand, and each over what was before.
            let mode = L::Bits::select(stop | pause, stands, s.mode);
            s.mode = L::Bits::select(start | resume, runs, mode);
            let again = start | stop;
            s.next = L::Bits::select(again, no, s.next);
            s.round = L::Bits::select(again, no, s.round);
            s.odd = L::Bits::select(again, no, s.odd);
            let waits = s.mode.eq(stands) | (s.mode.eq(L::Bits::splat(NEW)) & L::Mask::splat(cx.option(Opt::autostart as u32) == 0));
            s.sounding = L::Bits::select(waits, no, s.sounding);
            s.late = L::select(waits | start, zero, s.late);

            let interval = measure(&mut s.since, &mut s.interval, &mut s.before, &mut s.heard, x.clock, m.guess);

            let tick = x.clock.gt(zero) & !waits;
            let (comes, place) = comes(&mut s.late, x.clock, tick, L::select(s.odd.eq(yes), m.lag * interval, zero));

            // Which step it is.
            let n = L::lookup(cx.mem(0), no).to_int();
            let back = L::lookup(cx.mem(0), yes).to_int();
            let ends = comes & !s.next.below(n);
            let loops = L::Mask::splat(cx.option(Opt::loops as u32) == 1) & no.below(n);
            let stops = ends & !loops;
            s.round = L::Bits::select(ends & loops, s.round + yes, s.round);
            let at = L::Bits::select(ends, L::Bits::select(loops, back, no), s.next);
            // Beyond what is counted exactly it begins to count anew.
            let counted = at + s.round * (n - back);
            s.round = L::Bits::select(counted.below(L::Bits::splat(MOST)), s.round, no);
            let counted = at + s.round * (n - back);
            let plays = comes & !stops;
            s.mode = L::Bits::select(stops, stands, L::Bits::select(plays, runs, s.mode));
            s.next = L::Bits::select(plays, at + yes, L::Bits::select(stops, no, s.next));
            s.round = L::Bits::select(stops, no, s.round);
            s.place = L::select(plays, counted.to_float(), s.place);
            s.length = L::select(plays, interval * L::select(s.odd.eq(yes), m.second, m.first), s.length);
            s.odd = L::Bits::select(plays, s.odd ^ yes, L::Bits::select(stops, no, s.odd));
            s.sounding = L::Bits::select(plays, yes, L::Bits::select(stops, no, s.sounding));
            let step = L::select(s.sounding.eq(yes), s.place, L::splat(-1.0));
            Out::new(L::select(plays, place, zero), step, s.length * L::splat(cx.period))
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

/// The clock of the steps: its trigger, and the seconds between two as far as they are known beforehand.
fn steps(lowering: &mut Lowering<'_>, rows: i64) -> (Wire, Wire) {
    match lowering.feed("bpm", 0) {
        Feed::Cable => {
            let bpm = lowering.input("bpm", 0);
            let clock = lowering.kernel(&free::KERNEL, &[1, rows as u32], &[bpm]);
            // Until it is measured: a step at 120 beats a minute.
            (clock.out(2), Wire::Const(0.5 / rows as f32))
        }
        Feed::Still(bpm) | Feed::Changing(_, bpm) => {
            let period = lowering.swung(super::clock::period(bpm, 1.0 / rows as f64));
            (lowering.tick(period).out(0), Wire::Const(lowering.seconds(period) as f32))
        }
    }
}

fn lower(lowering: &mut Lowering<'_>) {
    let rows = lowering.int("rows_per_beat", 0);
    let (clock, interval) = steps(lowering, rows);
    let swing = lowering.input("swing", 0);
    let told = ["start", "stop", "pause", "resume"].map(|name| lowering.input(name, 0));
    let ins = [swing, interval, clock, told[0], told[1], told[2], told[3]];
    let options = ["loop", "autostart"].map(|name| lowering.option(name));
    let (length, back) = lowering.score("song").map_or((0, 0), patches_core::score::Score::length);
    let table = lowering.table(vec![length as f32, back as f32]);
    let conduct = lowering.kernel(&conduct::KERNEL, &options, &ins);
    lowering.mems(conduct, &[table]);
    for channel in 0..lowering.channels {
        lowering.output("clock", channel, conduct.out(0));
    }
    lowering.output("step", 0, conduct.out(1));
    lowering.output("step_time", 0, conduct.out(2));
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{Bench, triggers};
    use patches_core::graph::ParamValue;
    use patches_core::score::{Cell, Lane, Score};

    /// Of a song of 5 steps whose end goes back to the third. A step is 6000 frames.
    fn bench() -> Bench {
        let cell = |steps| Cell { pattern: None, steps };
        let lane = Lane { cells: vec![cell(2), cell(3)], loop_at: 1 };
        let song = Score { patterns: vec![], lane: Some(lane) };
        Bench::new(&DEF, 2).param("song", ParamValue::Score(song.into()))
    }

    /// What `step` is at the end of each of so many steps.
    fn steps(bench: &Bench, count: usize) -> Vec<f32> {
        let outs = bench.run(count * 6000);
        (1..=count).map(|step| outs.get("step")[step * 6000 - 1]).collect()
    }

    #[test]
    fn it_plays_at_once_and_goes_back_to_the_loop() {
        let outs = bench().run(48_000);
        assert_eq!(outs.times("clock"), [0.0, 6e3, 12e3, 18e3, 24e3, 30e3, 36e3, 42e3]);
        assert_eq!(outs.at("clock", 1), outs.at("clock", 0));
        assert!(outs.get("step_time").iter().all(|time| (time - 0.125).abs() < 1e-6));
        // The end of each round counts on by the three that come again.
        assert_eq!(steps(&bench(), 8), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
    }

    #[test]
    fn without_a_loop_it_ends_and_start_plays_it_again() {
        let once = bench().param("loop", ParamValue::Bool(false));
        assert_eq!(steps(&once, 7), [0.0, 1.0, 2.0, 3.0, 4.0, -1.0, -1.0]);
        assert_eq!(once.run(42_000).times("clock").len(), 5);
        let again = once.plug("start", 0, &triggers(&[40_000.0]));
        assert_eq!(steps(&again, 9), [0.0, 1.0, 2.0, 3.0, 4.0, -1.0, -1.0, 0.0, 1.0]);
    }

    #[test]
    fn it_waits_for_start_if_told() {
        let waits = || bench().param("autostart", ParamValue::Bool(false));
        assert_eq!(steps(&waits(), 3), [-1.0; 3]);
        assert_eq!(steps(&waits().plug("start", 0, &triggers(&[7000.0])), 4), [-1.0, -1.0, 0.0, 1.0]);
    }

    #[test]
    fn pause_goes_on_where_it_was_and_stop_from_the_beginning() {
        let told = |how: &str| {
            bench().plug(how, 0, &triggers(&[13_000.0])).plug("resume", 0, &triggers(&[20_000.0]))
        };
        assert_eq!(steps(&told("pause"), 6), [0.0, 1.0, -1.0, -1.0, 3.0, 4.0]);
        assert_eq!(steps(&told("stop"), 6), [0.0, 1.0, -1.0, -1.0, 0.0, 1.0]);
        // Silence begins at once, not with the next step.
        assert_eq!((told("pause").run(14_000).get("step")[12_999], told("pause").run(14_000).get("step")[13_000]), (2.0, -1.0));
        let restarted = bench().plug("start", 0, &triggers(&[13_000.0]));
        assert_eq!(steps(&restarted, 5), [0.0, 1.0, 2.0, 0.0, 1.0]);
    }

    #[test]
    fn tempo_rows_and_swing() {
        let own = bench().set("bpm", 0, 90.0 / 60.0).param("rows_per_beat", ParamValue::Int(2));
        assert_eq!(own.run(40_000).times("clock"), [0.0, 16e3, 32e3]);
        let bent = bench().plug("bpm", 0, &[3.0; 40_000]).run(40_000);
        // A bent clock's phase has 32 bits: a step of 4000 frames is off by less than 4000·4000·2^-32.
        let near = |times: &[f64], wanted: &[f64]| {
            assert_eq!(times.len(), wanted.len(), "{times:?}");
            let off = |(n, (a, b)): (usize, (&f64, &f64))| (a - b).abs() < 0.02 * (n + 1) as f64;
            assert!(times.iter().zip(wanted).enumerate().all(off), "{times:?} {wanted:?}");
        };
        near(&bent.times("clock"), &[0.0, 4e3, 8e3, 12e3, 16e3, 20e3, 24e3, 28e3, 32e3, 36e3]);
        let swung = bench().set("swing", 0, 0.6).run(30_000);
        near(&swung.times("clock"), &[0.0, 7200.0, 12_000.0, 19_200.0, 24_000.0]);
        let lengths: Vec<f64> = [100, 8000].iter().map(|&frame| f64::from(swung.get("step_time")[frame]) * 48e3).collect();
        near(&lengths, &[7200.0, 4800.0]);
    }

    #[test]
    fn without_a_song_it_is_silent() {
        let outs = Bench::new(&DEF, 1).run(20_000);
        assert!(outs.times("clock").is_empty() && outs.get("step").iter().all(|step| *step == -1.0));
    }
}
