//! Steps: patterns, lanes of songs or a list of notes, one step per trigger of its clock.
//!
//! A gate lasts `gate_length` of its event, measured from the clock (I, the time between its last two triggers) and with
//! swing s: of each pair of steps the first lasts 2·s·I, the second 2·(1−s)·I. A tie holds the gate of the note before
//! it. What happens within a step stands at its part of the step; triggers keep their place between two samples.
//! Chance is a hash of the module's seed, the round and the number of the throw. Each row is a player of its own, whose
//! position is state: an edit plays on. Cost: about fifty selects and fifteen reads per frame and row, two divides.

use crate::parts;
use patches_core::graph::Item;
use patches_core::prelude::*;
use patches_core::score::{Event, Played, RowEvents};

/// What the language sees of this type.
fn spec() -> Spec {
    parts::with_clock(Spec::new(&["Steps"], "Step sequencer: a pattern, a lane of a song or a list of notes, one step per trigger of the clock"))
        .with_input(Input::new(&["gate_length"], Kind::Number, "part of the step for which the gate is high").value(0.5, 0.0..1.0))
        // Beyond nine tenths the second step of a pair would vanish.
        .with_input(Input::new(&["swing"], Kind::Number, "part of a pair of steps that the first takes").value(0.5, 0.5..0.9))
        .with_input(Input::new(&["reset"], Kind::Trigger, "the next step is the first"))
        .with_input(Input::new(&["start"], Kind::Trigger, "runs, from the first step"))
        .with_input(Input::new(&["stop"], Kind::Trigger, "stops, gate low, until `start`"))
        .with_param(Param::list(&["steps"], Kind::Pitch, "notes, \"-\" for a rest, \"_\" to hold the note before"))
        .with_param(Param::choice(
            &["direction"],
            &[&["forward"], &["backward"], &["pendulum"], &["random"]],
            "the way through the list",
        ))
        .with_param(Param::pattern(&["pattern"], "a pattern, or a lane of a song; its rows are the channels"))
        .with_output(Output::new(&["note", "pitch", "voct"], Kind::Pitch, "pitch of the last note").indexed())
        .with_output(Output::new(&["gate"], Kind::Gate, "high while a note sounds").indexed())
        .with_output(Output::new(&["trigger"], Kind::Trigger, "at each note").indexed())
        .with_output(Output::new(&["velocity"], Kind::Number, "second value of the last note; 0 before the first").indexed())
        .with_output(Output::new(&["value"], Kind::Number, "value of the last note; a row's name alone means it").indexed().named())
        .with_output(Output::new(&["playhead"], Kind::Number, "the step that plays, from 0; -1 before the first").indexed())
        .example("seq = Steps { steps: [C3, \"-\", Eb3, G3, \"_\", Bb3], every: 1/8 }\nOsc { pitch: seq.note }.saw -> Vca { gain: seq.gate } -[0.4]-> out")
}

mod play {
    //! The player of one row. Table: how many steps, the step that the end goes back to, the first value; for each step its
    //! first event, and one more; the events.
    use crate::parts::interval::{gate, high, measure};
    use patches_core::prelude::*;

    kernel! { Play,
        signals { clock, reset, start, stop, dice } controls { gate_length, swing, interval } options { direction }
        outputs { note, gate, trigger, velocity, step }
        state { since, interval, late, left, passed, length, from, to, second, second_to, age, speed,
                heard: Bits, count: Bits, begun: Bits, next: Bits, down: Bits, halted: Bits, cursor: Bits, end: Bits,
                sounded: Bits, round: Bits, seed: Bits, step }
    }
    row! {
        /// Lengths of the two steps of a pair and what the second is late by, in straight steps; of the gate; and the
        /// clock's interval in frames until it is measured.
        Mid { first, second, lag, gate, guess }
    }

    /// More frames than any gate lasts, and so large that taking 1 away leaves it.
    const HELD: f32 = 1e9;
    /// As many frames as can be counted one by one.
    const OLD: f32 = 8_388_608.0;

    /// What an event does: silence.
    pub const REST: f32 = 0.0;
    /// A note.
    pub const NOTE: f32 = 1.0;
    /// What sounds goes on.
    pub const TIE: f32 = 2.0;

    /// Words of the table before the steps.
    pub const HEAD: u32 = 3;
    /// Words of an event: part of the step, length in steps, what it does, whether it has a value, value, where it
    /// slides to, the same of the second value, whether a tie follows, and two chances with their throws.
    pub const EVENT: usize = 13;

    /// The step after `at` of `n`.
    #[inline(always)]
    fn after<L: Lanes>(cx: &Cx, s: &mut State<L>, at: L::Bits, n: L::Bits, again: L::Bits, dice: L) -> L::Bits {
        let (zero, one) = (L::Bits::splat(0), L::Bits::splat(1));
        let last = n - one;
        let next = match cx.option(Opt::direction as u32) {
            0 => at + one,
            1 => L::Bits::select(at.eq(zero), last, at - one),
            2 => {
                let down = L::Bits::select(at.eq(last), one, s.down);
                s.down = L::Bits::select(at.eq(zero), zero, down);
                L::Bits::select(s.down.eq(one), at - one, at + one)
            }
            _ => (dice * n.to_float()).to_int(),
        };
        L::Bits::select(next.below(n), next, again)
    }

    /// Whether a throw of this chance falls well.
    #[inline(always)]
    fn falls<L: Lanes>(s: &State<L>, chance: L, throw: L) -> L::Mask {
        let place = s.seed ^ maths::hash(s.round ^ maths::hash(throw.to_int()));
        let half = L::splat(0.5);
        (maths::noise(place) * half + half).lt(chance)
    }

    // Not `SEEDED`: voices that it plays share one sequence, its chances too.
    impl Kernel for Play {
        type Mid<L: Lanes> = Mid<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
            let two = L::splat(2.0);
            let first = c.swing * two;
            Mid::new(first, two - first, first - L::splat(1.0), c.gate_length, c.interval * L::splat(cx.rate))
        }

        #[inline(always)]
        fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
            let (zero, one, two) = (L::splat(0.0), L::splat(1.0), L::splat(2.0));
            let (no, yes) = (L::Bits::splat(0), L::Bits::splat(1));
            let (start, stop) = (x.start.gt(zero), x.stop.gt(zero));
            s.halted = L::Bits::select(start, no, L::Bits::select(stop, yes, s.halted));
            let running = s.halted.eq(no);
            let reset = x.reset.gt(zero) | start;
            s.begun = L::Bits::select(reset, no, s.begun);
            s.count = L::Bits::select(reset, no, s.count);
            s.late = L::select(reset | stop, zero, s.late);
            s.left = L::select(stop, zero, s.left);
            s.cursor = L::Bits::select(reset | stop, s.end, s.cursor);

            let interval = measure(&mut s.since, &mut s.interval, &mut s.heard, x.clock, m.guess);

            // When the step comes: at once, or `late` − 1 frames from here.
            let tick = x.clock.gt(zero) & running;
            let odd = (s.count & yes).eq(yes);
            let lag = L::select(odd, m.lag * interval, zero);
            let now = tick & lag.le(zero);
            s.late = L::select(tick, L::select(now, zero, two - x.clock + lag), s.late);
            s.count = L::Bits::select(tick, s.count + yes, s.count);
            let due = s.late.gt(zero) & s.late.lt(two);
            let place = L::select(now, x.clock, two - s.late);
            s.late = L::select(due, zero, (s.late - one).max(zero));

            // Which step it is, and which comes next.
            let n = L::lookup(cx.mem(0), no).to_int();
            let again = L::lookup(cx.mem(0), yes).to_int();
            let plays = (now | due) & no.below(n);
            let initial = match cx.option(Opt::direction as u32) {
                1 => n - yes,
                3 => (x.dice * n.to_float()).to_int(),
                _ => no,
            };
            let at = L::Bits::select(s.begun.eq(no), initial, s.next);
            let at = L::Bits::select(at.below(n), at, no);
            let mut turned = *s;
            // The dice lie the same way all frame; turned over they serve for the next step.
            let next = after(cx, &mut turned, at, n, again, one - x.dice);
            s.down = L::Bits::select(plays, turned.down, s.down);
            s.next = L::Bits::select(plays, next, s.next);
            s.begun = L::Bits::select(plays, yes, s.begun);
            s.step = L::select(plays, at.to_float(), s.step);
            s.round = L::Bits::select(plays & at.eq(again), s.round + yes, s.round);
            let entry = L::Bits::splat(HEAD) + at;
            s.cursor = L::Bits::select(plays, L::lookup(cx.mem(0), entry).to_int(), s.cursor);
            s.end = L::Bits::select(plays, L::lookup(cx.mem(0), entry + yes).to_int(), s.end);
            // `count` has gone on by one since this step's clock.
            let length = interval * L::select((s.count & yes).eq(yes), m.first, m.second);
            s.length = L::select(plays, length, s.length);
            // From the step's beginning to the end of this frame.
            s.passed = L::select(plays, place, (s.passed + one).min(L::splat(OLD)));

            // The event at the cursor, once its part of the step is reached; one a frame.
            let events = L::Bits::splat(HEAD) + n + yes;
            let base = events + s.cursor * L::Bits::splat(EVENT as u32);
            let begins = L::lookup(cx.mem(0), base) * s.length;
            let event = s.cursor.below(s.end) & begins.lt(s.passed);
            let place = (s.passed - begins).min(one);
            s.cursor = L::Bits::select(event, s.cursor + yes, s.cursor);
            let steps = L::lookup(cx.mem(0), base + L::Bits::splat(1));
            let kind = L::lookup(cx.mem(0), base + L::Bits::splat(2));
            let valued = L::lookup(cx.mem(0), base + L::Bits::splat(3)).gt(zero);
            let tied = L::lookup(cx.mem(0), base + L::Bits::splat(8)).gt(zero);
            let first = falls(s, L::lookup(cx.mem(0), base + L::Bits::splat(9)), L::lookup(cx.mem(0), base + L::Bits::splat(10)));
            let second = falls(s, L::lookup(cx.mem(0), base + L::Bits::splat(11)), L::lookup(cx.mem(0), base + L::Bits::splat(12)));
            let sounds = event & first & second;

            let note = sounds & kind.eq(L::splat(NOTE));
            let tie = sounds & kind.eq(L::splat(TIE));
            let moves = (note | tie) & valued;
            let frames = (steps * s.length).max(one);
            s.from = L::select(moves, L::lookup(cx.mem(0), base + L::Bits::splat(4)), s.from);
            s.to = L::select(moves, L::lookup(cx.mem(0), base + L::Bits::splat(5)), s.to);
            s.second = L::select(note, L::lookup(cx.mem(0), base + L::Bits::splat(6)), s.second);
            s.second_to = L::select(note, L::lookup(cx.mem(0), base + L::Bits::splat(7)), s.second_to);
            s.age = L::select(note | moves, place - one, s.age);
            s.speed = L::select(note | moves, one / frames, s.speed);
            s.sounded = L::Bits::select(note, yes, s.sounded);

            let fills = tied | m.gate.ge(one);
            let left = L::select(fills, L::splat(HELD), gate(place, m.gate * frames));
            let held = note | (tie & s.left.gt(zero));
            s.left = L::select(event, L::select(held, left, zero), s.left);

            // A note that was held before its chance fell badly keeps its slide.
            let part = (s.age.max(zero) * s.speed).min(one);
            s.age = (s.age + one).min(L::splat(OLD));
            let value = s.from + (s.to - s.from) * part;
            let waits = s.sounded.eq(no);
            let value = L::select(waits, L::lookup(cx.mem(0), L::Bits::splat(2)), value);
            let velocity = L::select(waits, zero, s.second + (s.second_to - s.second) * part);
            Out::new(value, high(&mut s.left), L::select(note, place, zero), velocity, s.step)
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }

        fn birth(seed: u32) -> State<f32> {
            let zero = <State<f32> as Row<f32>>::zero();
            State { seed: maths::hash(<f32 as Lanes>::Bits::splat(seed)), step: -1.0, ..zero }
        }
    }
}

/// A row as the player reads it.
fn table(row: &RowEvents) -> Vec<f32> {
    let first = row.events.iter().find_map(|event| event.value).map_or(0.0, |(value, _)| value);
    let mut table = vec![row.steps as f32, row.loop_at as f32, first as f32];
    let mut next = 0;
    for step in 0..=row.steps {
        while row.events.get(next).is_some_and(|event| event.step < step) {
            next += 1;
        }
        table.push(next as f32);
    }
    for event in &row.events {
        let what = match event.what {
            Played::Rest => play::REST,
            Played::Note => play::NOTE,
            Played::Tie => play::TIE,
        };
        let (value, to) = event.value.unwrap_or_default();
        let [(chance, throw), (chance2, throw2)] = event.chances;
        let words: [f32; play::EVENT] = [
            event.part as f32,
            event.length as f32,
            what,
            f32::from(u8::from(event.value.is_some())),
            value as f32,
            to as f32,
            event.second.0 as f32,
            event.second.1 as f32,
            f32::from(u8::from(event.tied)),
            chance as f32,
            throw as f32,
            chance2 as f32,
            throw2 as f32,
        ];
        table.extend(words);
    }
    table
}

/// A list of notes as a row.
fn listed(items: &[Item]) -> RowEvents {
    let mut events: Vec<Event> = Vec::with_capacity(items.len());
    for (step, item) in items.iter().enumerate() {
        let (what, value) = match item {
            Item::Number(pitch) => (Played::Note, Some((*pitch, *pitch))),
            Item::Word(word) if &**word == "_" => (Played::Tie, None),
            Item::Word(_) => (Played::Rest, None),
        };
        let chances = [(1.0, 0); 2];
        let (step, second) = (step as u32, (1.0, 1.0));
        events.push(Event { step, part: 0.0, length: 1.0, what, value, second, tied: false, chances });
    }
    let ties: Vec<bool> = events.iter().map(|event| event.what == Played::Tie).collect();
    let next = ties.iter().cycle().skip(1);
    events.iter_mut().zip(next).for_each(|(event, tied)| event.tied = *tied);
    RowEvents { steps: items.len() as u32, loop_at: 0, events }
}

fn lower(lowering: &mut Lowering<'_>) {
    let (clock, interval) = parts::clock(lowering);
    let direction = lowering.choice("direction");
    let random = direction == 3;
    let dice = if random { lowering.kernel(&parts::dice::KERNEL, &[], &[]).out(0) } else { Wire::Const(0.0) };
    let controls = ["gate_length", "swing"].map(|name| lowering.input(name, 0));
    let triggers = ["reset", "start", "stop"].map(|name| lowering.input(name, 0));
    let ins = [controls[0], controls[1], interval, clock, triggers[0], triggers[1], triggers[2], dice];
    // What is too long was a fault of the text.
    let rows = match lowering.score("pattern") {
        Some(score) => score.rows().unwrap_or_default(),
        None => vec![listed(lowering.list("steps"))],
    };
    for channel in 0..lowering.channels {
        let row = rows.get(usize::from(channel)).map_or_else(|| table(&listed(&[])), table);
        let memory = lowering.table(row);
        lowering.for_channel(Some(channel));
        let play = lowering.kernel(&play::KERNEL, &[direction], &ins);
        lowering.mems(play, &[memory]);
        for (port, name) in [(0, "note"), (1, "gate"), (2, "trigger"), (3, "velocity"), (0, "value"), (4, "playhead")] {
            lowering.output(name, channel, play.out(port));
        }
    }
    lowering.for_channel(None);
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{Bench, triggers};
    use patches_core::graph::ParamValue;
    use patches_core::score;

    fn list(text: &str) -> ParamValue {
        let item = |word: &str| word.parse().map_or(Item::Word(word.into()), Item::Number);
        ParamValue::List(text.split(' ').map(item).collect())
    }

    /// A sequencer at a thousand frames a step, so that times are easy to read.
    fn bench(steps: &str) -> Bench {
        let mut bench = Bench::new(&DEF, 1).param("steps", list(steps));
        bench.rate = 10_000.0;
        bench.set("every", 0, 0.1)
    }

    /// The pitch at each trigger.
    fn notes(bench: Bench, frames: usize) -> Vec<f32> {
        let outs = bench.run(frames);
        let (trigger, note) = (outs.get("trigger"), outs.get("note"));
        (0..frames).filter(|&i| trigger[i] > 0.0).map(|i| note[i]).collect()
    }

    /// A sequencer of these rows, at a thousand frames a step.
    fn scored(rows: Vec<score::Row>) -> Bench {
        let score = score::Score { patterns: vec![score::Pattern { rows }], lane: None };
        let channels = score.row_names().len() as u16;
        let mut bench = Bench::new(&DEF, channels).param("pattern", ParamValue::Score(score.into()));
        bench.rate = 10_000.0;
        bench.set("every", 0, 0.1)
    }

    fn row(name: &str, steps: Vec<score::Step>) -> score::Row {
        score::Row { name: Some(name.into()), steps }
    }

    fn played(value: score::StepValue) -> score::Step {
        let (slide, second, second_slide) = (None, None, None);
        score::Step {
            what: score::What::Play { head: score::Head::Value(value), slide, second, second_slide },
            after: vec![],
        }
    }

    fn hit(after: score::After) -> score::Step {
        score::Step { after: vec![after], ..played(score::StepValue::Hit) }
    }

    fn rest() -> score::Step {
        score::Step { what: score::What::Rest, after: vec![] }
    }

    #[test]
    fn several_in_the_time_of_one_stand_at_their_parts_of_it() {
        let outs = scored(vec![row("note", vec![hit(score::After::Times(4)), rest()])]).run(4000);
        assert_eq!(outs.times("trigger"), [0.0, 250.0, 500.0, 750.0, 2000.0, 2250.0, 2500.0, 2750.0]);
        assert_eq!(outs.gates("gate")[..2], [(0, 125), (250, 375)]);
        let thirds = scored(vec![row("note", vec![hit(score::After::Times(3))])]).run(1000).times("trigger");
        assert!(thirds.iter().zip([0.0, 333.333, 666.667]).all(|(a, b)| (a - b).abs() < 1e-2), "{thirds:?}");
    }

    #[test]
    fn long_notes_and_slides_take_their_time() {
        let long = score::Step { after: vec![score::After::Long(3)], ..played(score::StepValue::Number(2.0)) };
        let slide = score::What::Slide(2, score::StepValue::Number(1.0), score::StepValue::Number(3.0));
        let steps = vec![long, score::Step { what: slide, after: vec![] }];
        let outs = scored(vec![row("note", steps)]).run(5000);
        assert_eq!(outs.times("trigger"), [0.0, 3000.0]);
        assert_eq!(outs.gates("gate"), [(0, 1500), (3000, 4500)]);
        let note = outs.get("note");
        assert_eq!(note[2999], 2.0);
        for (frame, wanted) in [(3000, 1.0), (3500, 1.5), (4000, 2.0), (4500, 2.5), (4999, 2.999)] {
            assert!((note[frame] - wanted).abs() < 1e-3, "{frame}: {}", note[frame]);
        }
    }

    #[test]
    fn rows_go_round_by_themselves_and_second_values_are_velocity() {
        let number = |v| played(score::StepValue::Number(v));
        let loud = score::Step {
            what: score::What::Play {
                head: score::Head::Value(score::StepValue::Hit),
                slide: None,
                second: Some(score::StepValue::Number(0.25)),
                second_slide: None,
            },
            after: vec![],
        };
        let outs = scored(vec![row("note", vec![number(1.0), number(2.0)]), row("hat", vec![loud, rest(), rest()])]).run(7000);
        assert_eq!(outs.times("trigger").len(), 7);
        assert_eq!((outs.at("trigger", 1)[3000], outs.at("trigger", 1).iter().filter(|x| **x > 0.0).count()), (1.0, 3));
        assert_eq!(outs.at("velocity", 1)[100], 0.25);
        assert_eq!(outs.get("velocity")[100], 1.0);
    }

    #[test]
    fn chance_falls_as_often_as_it_says_and_the_same_again() {
        let run = || scored(vec![row("note", vec![hit(score::After::Chance(0.25))])]).run(400_000).times("trigger");
        let count = run().len();
        // 400 throws at a quarter: 100, and four deviations are 4·√(400·3/16) = 35.
        assert!(count.abs_diff(100) < 35, "{count}");
        assert_eq!(run(), run());
        assert!(scored(vec![row("note", vec![hit(score::After::Chance(0.0))])]).run(9000).times("trigger").is_empty());
    }

    #[test]
    fn a_lane_goes_back_to_its_loop() {
        let one = |v| score::Pattern { rows: vec![row("note", vec![played(score::StepValue::Number(v))])] };
        let cell = |pattern, steps| score::Cell { pattern, steps };
        let lane = score::Lane { cells: vec![cell(Some(0), 1), cell(Some(1), 2), cell(None, 1)], loop_at: 1 };
        let score = score::Score { patterns: vec![one(1.0), one(2.0)], lane: Some(lane) };
        let mut bench = Bench::new(&DEF, 1).param("pattern", ParamValue::Score(score.into()));
        bench.rate = 10_000.0;
        let outs = bench.set("every", 0, 0.1).run(9000);
        assert_eq!(outs.times("trigger"), [0.0, 1000.0, 4000.0, 7000.0]);
        assert_eq!((outs.get("note")[500], outs.get("note")[8000]), (1.0, 2.0));
    }

    #[test]
    fn steps_last_a_sixteenth_unless_told() {
        let times = Bench::new(&DEF, 1).param("steps", list("1 2")).run(13_000).times("trigger");
        assert_eq!(times, [0.0, 6000.0, 12_000.0]);
    }

    #[test]
    fn the_first_gate_knows_the_tempo() {
        let mut bench = Bench::new(&DEF, 1).param("steps", list("1 2"));
        bench.tempo = 90.0;
        assert_eq!(bench.run(8000).gates("gate"), [(0, 4000)]);
    }

    #[test]
    fn plays_notes_rests_and_ties() {
        let outs = bench("4 - 4.5 _ 5").run(5000);
        assert_eq!(outs.times("trigger"), [0.0, 2000.0, 4000.0]);
        // The tie holds the gate of the note before it, and ends like a note.
        assert_eq!(outs.gates("gate"), [(0, 500), (2000, 3500), (4000, 4500)]);
        let note = outs.get("note");
        assert_eq!((note[0], note[1500], note[2000], note[3999], note[4000]), (4.0, 4.0, 4.5, 4.5, 5.0));
    }

    #[test]
    fn a_tie_after_a_rest_is_a_rest_and_the_pitch_of_the_first_note_waits() {
        let outs = bench("- _ 3").run(3000);
        assert_eq!(outs.gates("gate"), [(2000, 2500)]);
        assert_eq!((outs.get("note")[0], outs.get("velocity")[0], outs.get("velocity")[2000]), (3.0, 0.0, 1.0));
    }

    #[test]
    fn a_full_gate_never_falls_between_notes() {
        let outs = bench("4 5 -").set("gate_length", 0, 1.0).run(3000);
        assert_eq!(outs.gates("gate"), [(0, 2000)]);
        assert_eq!(outs.times("trigger"), [0.0, 1000.0]);
        // And the shortest is still one frame high.
        assert_eq!(bench("4 5").set("gate_length", 0, 0.0).run(1500).gates("gate"), [(0, 1), (1000, 1001)]);
    }

    #[test]
    fn goes_through_the_list_each_way() {
        assert_eq!(notes(bench("1 2 3"), 5000), [1.0, 2.0, 3.0, 1.0, 2.0]);
        assert_eq!(notes(bench("1 2 3").choose("direction", "backward"), 5000), [3.0, 2.0, 1.0, 3.0, 2.0]);
        assert_eq!(notes(bench("1 2 3").choose("direction", "pendulum"), 7000), [1.0, 2.0, 3.0, 2.0, 1.0, 2.0, 3.0]);
        assert_eq!(notes(bench("7").choose("direction", "pendulum"), 3000), [7.0, 7.0, 7.0]);
        let thrown = notes(bench("1 2 3").choose("direction", "random"), 300_000);
        for note in [1.0, 2.0, 3.0] {
            // 300 throws at a third: 100, and four deviations are 4·√(300·2/9) = 33.
            let count = thrown.iter().filter(|n| **n == note).count();
            assert!(count.abs_diff(100) < 33, "{note} came {count} times");
        }
        assert!(notes(bench("-"), 3000).is_empty());
    }

    #[test]
    fn swing_makes_the_first_of_a_pair_longer() {
        let outs = bench("1 2").set("swing", 0, 0.6).run(4000);
        let times = outs.times("trigger");
        assert!(times.iter().zip([0.0, 1200.0, 2000.0, 3200.0]).all(|(a, b)| (a - b).abs() < 1e-2), "{times:?}");
        // Gates are half of each step: 600 and 400 frames.
        for (gate, wanted) in outs.gates("gate").into_iter().zip([(0, 600), (1200, 1600), (2000, 2600), (3200, 3600)]) {
            assert!(gate.0.abs_diff(wanted.0) <= 1 && gate.1.abs_diff(wanted.1) <= 1, "{gate:?} {wanted:?}");
        }
    }

    #[test]
    fn a_clock_of_its_own_keeps_its_places_and_is_measured() {
        let times = [10.25, 1010.5, 2010.75, 4010.0];
        let outs = bench("1 2 3 4").plug("clock", 0, &triggers(&times)).run(6000);
        assert_eq!(outs.times("trigger"), times);
        let ends: Vec<usize> = outs.gates("gate").iter().map(|gate| gate.1).collect();
        // Half of the interval before; at first of `every`; each end is the first frame that begins after it.
        assert_eq!(ends, [511, 1511, 2511, 5010]);
    }

    #[test]
    fn reset_start_and_stop() {
        let outs = bench("1 2 3").plug("reset", 0, &triggers(&[1500.0])).run(3000);
        assert_eq!((outs.get("note")[1000], outs.get("note")[2000]), (2.0, 1.0));
        // Together with a clock's trigger, reset comes first.
        let outs = bench("1 2 3").plug("reset", 0, &triggers(&[2000.0])).run(3000);
        assert_eq!(outs.get("note")[2000], 1.0);
        let stopped = bench("1 2 3").plug("stop", 0, &triggers(&[1200.0])).plug("start", 0, &triggers(&[3500.0]));
        let outs = stopped.run(6000);
        assert_eq!(outs.times("trigger"), [0.0, 1000.0, 4000.0, 5000.0]);
        assert_eq!(outs.gates("gate")[1], (1000, 1200));
        assert_eq!(outs.get("note")[4000], 1.0);
    }
}
