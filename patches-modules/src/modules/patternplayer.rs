//! Plays the rows of a pattern, or of the lane of a song that its clock comes from.
//!
//! On the clock of a `MasterSequencer` it plays that lane, step by step with it: the language gives it the lane and plugs
//! `step` and `step_time` in. So it stands where the song does however it was edited. On any other clock it plays `pattern`,
//! one step per trigger. Cost: that of a [`play`] per row.

use crate::parts::play::{self, Unwritten};
use patches_core::prelude::*;
use patches_core::score::RowEvents;

/// What the language sees of this type.
fn spec() -> Spec {
    Spec::new(&["PatternPlayer"], "Plays the rows of a song's lane, on a clock of MasterSequencer, or of a pattern on any")
        .with_input(Input::new(&["clock"], Kind::Trigger, "steps on each trigger"))
        .with_input(Input::new(&["gate_length"], Kind::Number, "part of the step for which the gate is high").value(1.0, 0.0..1.0))
        // Both are told at the instant, as gates are, and never faded in.
        .with_input(Input::new(&["step"], Kind::Gate, "with a cable: the step to play, below 0 silence; a MasterSequencer's clock brings it"))
        .with_input(Input::new(&["step_time"], Kind::Gate, "how long the step is in seconds, where `step` has a cable"))
        .with_param(Param::pattern(&["pattern"], "a pattern, or a lane of a song; without one, what the clock's song says"))
        .with_output(Output::new(&["cv1"], Kind::Number, "value of the last note, of an `x` 1; a row's name alone means it").indexed().named())
        .with_output(Output::new(&["cv2"], Kind::Number, "second value of the last note; unwritten 0, of an `x` 1").indexed())
        .with_output(Output::new(&["trigger"], Kind::Trigger, "at each note").indexed())
        .with_output(Output::new(&["gate"], Kind::Gate, "high while a note sounds").indexed())
        .with_output(Output::new(&["note"], Kind::Pitch, "`cv1` as the pitch it is").indexed())
        .with_output(Output::new(&["playhead"], Kind::Number, "the step that plays, from 0; -1 before the first").indexed())
        .example("pattern line { note: C2:0.8 . Eb2:0.3 [G2 G1] }\nplayer = PatternPlayer { pattern: line, clock: Every { time: 1/8 } }\nOsc { pitch: player.cv1 }.saw -> Vca { gain: player.gate * player.cv2 } -[0.4]-> out")
}

fn lower(lowering: &mut Lowering<'_>) {
    let follows = lowering.linked("step", 0);
    let way = if follows { play::FOLLOW } else { 0 };
    let [clock, gate, step, time] = ["clock", "gate_length", "step", "step_time"].map(|name| lowering.input(name, 0));
    let (none, straight) = (Wire::Const(0.0), Wire::Const(0.5));
    let ins = [gate, straight, time, clock, none, none, none, step];
    // What is too long was a fault of the text.
    let rows = lowering.score("pattern").map(|score| score.rows().unwrap_or_default()).unwrap_or_default();
    let silence = RowEvents { steps: 0, loop_at: 0, events: Vec::new() };
    for channel in 0..lowering.channels {
        let row = rows.get(usize::from(channel)).unwrap_or(&silence);
        let memory = lowering.table(play::table(row, Unwritten::Zero));
        lowering.for_channel(Some(channel));
        let play = lowering.kernel(&play::KERNEL, &[way], &ins);
        lowering.mems(play, &[memory]);
        for (port, name) in [(0, "cv1"), (3, "cv2"), (2, "trigger"), (1, "gate"), (0, "note"), (4, "playhead")] {
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
    use patches_core::score::{After, Cell, Head, Lane, Pattern, Row, Score, Step, StepValue, What};

    fn step(value: StepValue, second: Option<f64>) -> Step {
        let second = second.map(StepValue::Number);
        Step { what: What::Play { head: Head::Value(value), slide: None, second, second_slide: None }, after: vec![] }
    }

    fn rest() -> Step {
        Step { what: What::Rest, after: vec![] }
    }

    fn pattern(rows: Vec<(&str, Vec<Step>)>) -> Pattern {
        Pattern { rows: rows.into_iter().map(|(name, steps)| Row { name: Some(name.into()), steps }).collect() }
    }

    fn bench(score: Score, rate: f64) -> Bench {
        let channels = score.row_names().len() as u16;
        let mut bench = Bench::new(&DEF, channels).param("pattern", ParamValue::Score(score.into()));
        bench.rate = rate;
        bench
    }

    #[test]
    fn rows_are_channels_and_what_is_not_written_is_nothing() {
        let notes = vec![rest(), step(StepValue::Note(24), Some(0.25)), step(StepValue::Hit, None), step(StepValue::Note(36), None)];
        let hits = vec![step(StepValue::Hit, Some(0.5)), step(StepValue::Hit, None), rest(), rest()];
        let score = Score { patterns: vec![pattern(vec![("a", notes), ("b", hits)])], lane: None };
        let outs = bench(score, 1000.0).plug("clock", 0, &triggers(&[0.0, 100.0, 200.0, 300.0])).run(400);
        let at = |name, channel| [50, 150, 250, 350].map(|frame: usize| outs.at(name, channel)[frame]);
        // Among notes an `x` keeps the pitch.
        assert_eq!(at("cv1", 0), [0.0, 2.0, 2.0, 3.0]);
        assert_eq!(at("note", 0), at("cv1", 0));
        assert_eq!(at("cv2", 0), [0.0, 0.25, 1.0, 0.0]);
        assert_eq!((at("cv1", 1), at("cv2", 1)), ([1.0, 1.0, 1.0, 1.0], [0.5, 1.0, 1.0, 1.0]));
        assert_eq!(outs.times("trigger"), [100.0, 200.0, 300.0]);
        // Gates fill their steps, and a step of silence ends them.
        assert_eq!(outs.gates("gate"), [(100, 400)]);
        assert_eq!(outs.at("gate", 1).iter().filter(|gate| **gate > 0.5).count(), 200);
    }

    /// A song's lane of two steps and three that come again, on so many steps of a conductor that begins anywhere.
    fn followed(places: &[f32]) -> Vec<f32> {
        let one = |v| pattern(vec![("n", vec![step(StepValue::Number(v), None)])]);
        let cell = |pattern, steps| Cell { pattern: Some(pattern), steps };
        let cells = vec![cell(0, 1), cell(1, 1), cell(2, 1), cell(3, 1), cell(4, 1)];
        let score = Score { patterns: (1..6).map(|v| one(f64::from(v))).collect(), lane: Some(Lane { cells, loop_at: 2 }) };
        let clock: Vec<f64> = (0..places.len()).map(|step| step as f64 * 100.0).collect();
        let steps: Vec<f32> = places.iter().flat_map(|place| [*place; 100]).collect();
        let bench = bench(score, 1000.0).plug("clock", 0, &triggers(&clock)).plug("step", 0, &steps);
        let outs = bench.plug("step_time", 0, &[0.1; 4000]).run(places.len() * 100);
        (0..places.len()).map(|step| if outs.get("gate")[step * 100 + 50] > 0.5 { outs.get("cv1")[step * 100 + 50] } else { -1.0 }).collect()
    }

    #[test]
    fn it_stands_where_the_conductor_says() {
        let places: Vec<f32> = (0..12).map(|place| place as f32).collect();
        assert_eq!(followed(&places), [1.0, 2.0, 3.0, 4.0, 5.0, 3.0, 4.0, 5.0, 3.0, 4.0, 5.0, 3.0]);
        assert_eq!(followed(&[7.0, 8.0, 1.0, -1.0, -1.0, 4.0]), [5.0, 3.0, 2.0, -1.0, -1.0, 5.0]);
        // As far as steps are counted: 2 + (2^23 − 3) mod 3 = 2 + 2.
        assert_eq!(followed(&[8_388_607.0]), [5.0]);
    }

    #[test]
    fn chance_follows_the_place_and_nothing_that_was_played_before() {
        let hit = Step { after: vec![After::Chance(0.5)], ..step(StepValue::Hit, None) };
        let cells = vec![Cell { pattern: Some(0), steps: 1 }];
        let score = Score { patterns: vec![pattern(vec![("n", vec![hit])])], lane: Some(Lane { cells, loop_at: 0 }) };
        let heard = |from: usize, count: usize| {
            let clock: Vec<f64> = (0..count).map(|step| step as f64 * 10.0).collect();
            let steps: Vec<f32> = (from..from + count).flat_map(|place| [place as f32; 10]).collect();
            let bench = bench(score.clone(), 1000.0).plug("clock", 0, &triggers(&clock)).plug("step", 0, &steps);
            let outs = bench.plug("step_time", 0, &vec![0.01; count * 10]).run(count * 10);
            (0..count).map(|step| outs.get("trigger")[step * 10] > 0.0).collect::<Vec<bool>>()
        };
        let all = heard(0, 400);
        let count = all.iter().filter(|hit| **hit).count();
        // 400 throws at a half: 200, and four deviations are 4·√(400/4) = 40.
        assert!(count.abs_diff(200) < 40, "{count}");
        assert_eq!(all[150..], heard(150, 250));
    }

    #[test]
    fn groups_fill_the_step_as_long_as_the_conductor_says_it_is() {
        let three = Step { after: vec![After::Times(3)], ..step(StepValue::Hit, None) };
        let score = Score { patterns: vec![pattern(vec![("n", vec![three])])], lane: None };
        let bench = bench(score, 1000.0).plug("clock", 0, &triggers(&[0.0, 600.0])).plug("step", 0, &[0.0; 1000]);
        let times = [vec![0.6; 600], vec![0.3; 400]].concat();
        let outs = bench.plug("step_time", 0, &times).run(1000);
        let wanted = [0.0, 200.0, 400.0, 600.0, 700.0, 800.0];
        let times = outs.times("trigger");
        assert_eq!(times.len(), wanted.len(), "{times:?}");
        assert!(times.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-3), "{times:?}");
    }
}
