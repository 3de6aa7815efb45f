use super::*;

fn note(semitones: i32) -> Step {
    play(Head::Value(StepValue::Note(semitones)))
}

fn play(head: Head) -> Step {
    Step { what: What::Play { head, slide: None, second: None, second_slide: None }, after: vec![] }
}

fn hit() -> Step {
    play(Head::Value(StepValue::Hit))
}

fn rest() -> Step {
    Step { what: What::Rest, after: vec![] }
}

fn tie() -> Step {
    Step { what: What::Tie, after: vec![] }
}

fn with(mut step: Step, after: After) -> Step {
    step.after.push(after);
    step
}

fn pattern(steps: Vec<Step>) -> Pattern {
    Pattern { rows: vec![Row { name: None, steps }] }
}

fn row(steps: Vec<Step>) -> RowEvents {
    Score { patterns: vec![pattern(steps)], lane: None }.rows().expect("it is short").remove(0)
}

/// Starts of the notes, with their lengths, in steps.
fn notes(row: &RowEvents) -> Vec<(f64, f64)> {
    let notes = row.events.iter().filter(|event| event.what == Played::Note);
    notes.map(|event| (f64::from(event.step) + event.part, event.length)).collect()
}

#[test]
fn steps_follow_each_other_and_long_ones_take_their_time() {
    let row = row(vec![note(24), with(note(26), After::Long(3)), rest(), tie()]);
    assert_eq!((row.steps, row.loop_at), (6, 0));
    assert_eq!(notes(&row), [(0.0, 1.0), (1.0, 3.0)]);
    assert_eq!(row.events[1].value, Some((26.0 / 12.0, 26.0 / 12.0)));
    assert!(row.events[2].tied && !row.events[1].tied);
}

#[test]
fn several_in_the_time_of_one() {
    let three = row(vec![with(hit(), After::Times(3)), rest()]);
    assert_eq!(three.steps, 2);
    assert_eq!(notes(&three), [(0.0, 1.0 / 3.0), (1.0 / 3.0, 1.0 / 3.0), (2.0 / 3.0, 1.0 / 3.0)]);
    let group = row(vec![play(Head::Group(vec![note(0), with(note(2), After::Long(3))]))]);
    assert_eq!(notes(&group), [(0.0, 0.25), (0.25, 0.75)]);
    // Three in the time of two steps, in either order of writing.
    let long = row(vec![with(with(hit(), After::Times(3)), After::Long(2))]);
    assert_eq!((long.steps, notes(&long)[2].0), (2, 4.0 / 3.0));
}

#[test]
fn euclid_takes_its_steps_and_turns() {
    let euclid = |turn| row(vec![with(hit(), After::Euclid { hits: 3, steps: 8, turn })]);
    let starts = |row: &RowEvents| notes(row).iter().map(|note| note.0).collect::<Vec<_>>();
    assert_eq!((euclid(0).steps, starts(&euclid(0))), (8, vec![0.0, 3.0, 6.0]));
    assert_eq!(starts(&euclid(1)), [2.0, 5.0, 7.0]);
}

#[test]
fn one_of_them_each_time_round_writes_the_rounds_out() {
    let inner = play(Head::OneOf(vec![note(3), note(4)]));
    let row = row(vec![note(0), play(Head::OneOf(vec![note(1), inner]))]);
    let heard: Vec<i32> = row.events.iter().map(|e| (e.value.expect("a note").0 * 12.0).round() as i32).collect();
    assert_eq!((row.steps, heard), (8, vec![0, 1, 0, 3, 0, 1, 0, 4]));
}

#[test]
fn a_group_throws_once() {
    let group = with(play(Head::Group(vec![hit(), with(hit(), After::Chance(0.2))])), After::Chance(0.5));
    let row = row(vec![group, with(hit(), After::Chance(0.5))]);
    let chances: Vec<_> = row.events.iter().map(|event| event.chances).collect();
    assert_eq!(chances, [[(0.5, 1), (1.0, 0)], [(0.5, 1), (0.2, 2)], [(0.5, 3), (1.0, 0)]]);
}

#[test]
fn a_slide_is_one_note_over_its_steps() {
    let row = row(vec![Step { what: What::Slide(4, StepValue::Note(0), StepValue::Note(48)), after: vec![] }]);
    let values: Vec<_> = row.events.iter().map(|event| event.value.expect("it moves")).collect();
    assert_eq!(values, [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, 4.0)]);
    assert_eq!(row.events.iter().filter(|event| event.what == Played::Note).count(), 1);
    assert!(row.events[0].tied && !row.events[3].tied);
}

#[test]
fn rows_are_hits_pitches_or_numbers() {
    let kind = |steps| Score { patterns: vec![pattern(steps)], lane: None }.kind(0);
    let number = || play(Head::Value(StepValue::Number(0.5)));
    assert_eq!(kind(vec![hit(), rest()]), RowKind::Hits);
    assert_eq!(kind(vec![hit(), number()]), RowKind::Numbers);
    assert_eq!(kind(vec![number(), note(3)]), RowKind::Pitches);
    // A hit among numbers is 1, among pitches it plays the one before.
    assert_eq!(row(vec![hit(), number()]).events[0].value, Some((1.0, 1.0)));
    assert_eq!(row(vec![hit(), note(0)]).events[0].value, None);
}

#[test]
fn a_lane_plays_its_cells_and_rounds_go_on_over_its_loop() {
    let turns = pattern(vec![play(Head::OneOf(vec![note(1), note(2)])), rest()]);
    let cells = vec![
        Cell { pattern: Some(0), steps: 4 },
        Cell { pattern: None, steps: 3 },
        Cell { pattern: Some(1), steps: 2 },
    ];
    let lane = Lane { cells, loop_at: 2 };
    let score = Score { patterns: vec![pattern(vec![note(0)]), turns], lane: Some(lane) };
    let row = score.rows().expect("it is short").remove(0);
    // One note, three rests to fill its cell, three of silence; then the pattern of two rounds, twice.
    assert_eq!((row.steps, row.loop_at), (11, 7));
    let heard: Vec<_> = row.events.iter().filter_map(|e| Some((e.step, (e.value?.0 * 12.0).round()))).collect();
    assert_eq!(heard, [(0, 0.0), (7, 1.0), (9, 2.0)]);
}

#[test]
fn rows_of_a_lane_are_found_by_name() {
    let named = |name: &str, step: Step| Row { name: Some(name.into()), steps: vec![step] };
    let first = Pattern { rows: vec![named("note", note(0)), named("accent", hit())] };
    let second = Pattern { rows: vec![named("accent", hit()), named("slide", hit())] };
    let cells = (0..3).map(|n| Cell { pattern: Some(n), steps: 1 }).collect();
    let patterns = vec![first, second, pattern(vec![note(5)])];
    let score = Score { patterns, lane: Some(Lane { cells, loop_at: 0 }) };
    assert_eq!(score.row_names().iter().map(|n| &**n).collect::<Vec<_>>(), ["note", "accent", "slide"]);
    let rows = score.rows().expect("it is short");
    let starts = |row: &RowEvents| notes(row).iter().map(|note| note.0).collect::<Vec<_>>();
    assert_eq!(rows.iter().map(starts).collect::<Vec<_>>(), [vec![0.0, 2.0], vec![0.0, 1.0], vec![1.0]]);
}

#[test]
fn what_is_too_long_is_told() {
    let long = with(with(with(hit(), After::Long(1024)), After::Long(1024)), After::Long(1024));
    assert_eq!(Score { patterns: vec![pattern(vec![long])], lane: None }.rows(), Err(TooLong));
    let many = with(with(hit(), After::Times(1024)), After::Times(1024));
    assert_eq!(Score { patterns: vec![pattern(vec![many])], lane: None }.rows(), Err(TooLong));
    let primes = [2, 3, 5, 7, 11, 13].map(|n| play(Head::OneOf((0..n).map(note).collect())));
    assert_eq!(Score { patterns: vec![pattern(primes.to_vec())], lane: None }.rows(), Err(TooLong));
}
