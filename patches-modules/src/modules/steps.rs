//! Steps: patterns, lanes of songs or a list of notes, one step per trigger of its clock.
//!
//! A gate lasts `gate_length` of its event, measured from the clock (I, the time between two of its triggers) and with a
//! swing s of its own: of each pair of steps the first lasts 2·s·I, the second 2·(1−s)·I. A tie holds the gate of the note before
//! it. What happens within a step stands at its part of the step; triggers keep their place between two samples.
//! Chance is a hash of the module's seed, the round and the number of the throw. Each row is a player of its own, whose
//! position is state: an edit plays on. Cost: that of a [`play`] per row.

use crate::parts::play::{self, Unwritten};
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
        .with_param(Param::list_of(&["steps"], Kind::Pitch, &["-", "_", ".", "~"], "notes, \"-\" for a rest, \"_\" to hold the note before"))
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

/// A list of notes as a row.
fn listed(items: &[Item]) -> RowEvents {
    let mut events: Vec<Event> = Vec::with_capacity(items.len());
    for (step, item) in items.iter().enumerate() {
        let (what, value) = match item {
            Item::Number(pitch) => (Played::Note, Some((*pitch, *pitch))),
            Item::Word(word) if matches!(&**word, "_" | "~") => (Played::Tie, None),
            Item::Word(_) => (Played::Rest, None),
        };
        let chances = [(1.0, 0); 2];
        let (step, part, length) = (step as u32, 0.0, 1.0);
        events.push(Event { step, part, length, what, value, hit: false, second: None, tied: false, chances });
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
        let table = |row: &RowEvents| play::table(row, Unwritten::Full);
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
        // Half of the interval before the last, which is that of a clock that swings; at first of `every`, then of the
        // only one. Each end is the first frame that begins after it.
        assert_eq!(ends, [511, 1511, 2511, 4511]);
    }

    #[test]
    fn steps_of_a_clock_that_swings_are_as_long_as_they_are() {
        let times = [0.0, 1200.0, 2000.0, 3200.0, 4000.0, 5200.0];
        let twice = || scored(vec![row("note", vec![hit(score::After::Times(2))])]);
        let outs = twice().plug("clock", 0, &triggers(&times)).run(6000);
        let heard = outs.times("trigger");
        assert_eq!(heard[4..], [2000.0, 2600.0, 3200.0, 3600.0, 4000.0, 4600.0, 5200.0, 5600.0]);
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
