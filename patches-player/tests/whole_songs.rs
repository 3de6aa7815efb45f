//! Songs as they sound in the engine, from a text: lanes, the loop, and edits while they play.

mod alone;

use patches_core::graph::Landing;
use patches_dsl::{Memory, load};
use patches_engine::control::Control;
use patches_engine::engine::{Engine, new};
use patches_engine::report::Report;
use std::path::Path;
use std::sync::Arc;

/// Frames of a sixteenth at 120 beats a minute.
const STEP: usize = 6000;

/// A set: texts, and what is played of them.
struct Set {
    control: Control,
    engine: Engine,
    /// Frames that the master still owes.
    owed: usize,
    sound: Vec<f32>,
}

impl Set {
    fn new(text: &str) -> Set {
        let settings = alone::settings();
        let (control, engine) = new(settings);
        let owed = engine.latency() as usize;
        let mut set = Set { control, engine, owed, sound: vec![] };
        set.save(text);
        set
    }

    fn save(&mut self, text: &str) -> Report {
        let files = Memory::default().with("test.patches", text);
        let loaded = load(Path::new("test.patches"), &files, &patches_modules::library());
        assert!(loaded.faults.is_empty(), "{:?}\n{text}", loaded.faults);
        self.control.poll();
        let fade = if self.sound.is_empty() { 0.0 } else { 0.015 };
        self.control.swap(Arc::new(loaded.graph), Landing::Now, fade).expect("within limits").1
    }

    fn play(&mut self, frames: usize) {
        let mut out = vec![0.0; frames * 2];
        self.engine.process(&mut out, 2);
        self.sound.extend(out.chunks_exact(2).map(|pair| pair[0]));
    }

    /// Impulses at the left: the step each stands at the beginning of, and its level. All others would be a mistake.
    fn heard(mut self) -> Vec<(usize, f32)> {
        self.play(self.owed);
        let sound = &self.sound[self.owed..];
        let rises = (1..sound.len()).filter(|&at| sound[at] - sound[at - 1] > 0.01);
        let first = (sound[0] > 0.01).then_some((0, sound[0]));
        let later = rises.map(|at| {
            assert_eq!(at % STEP, 0, "an impulse at frame {at}");
            (at / STEP, sound[at] - sound[at - 1])
        });
        first.into_iter().chain(later).collect()
    }
}

fn steps_of(text: &str, steps: usize) -> Vec<(usize, f32)> {
    let mut set = Set::new(text);
    set.play(steps * STEP - 100);
    set.heard()
}

/// Each level in tenths, which the DC block leaves within a hundredth.
fn tenths(heard: &[(usize, f32)]) -> Vec<(usize, i32)> {
    heard.iter().map(|(step, level)| (*step, (level * 10.0).round() as i32)).collect()
}

const SONG: &str = "
pattern a { 1 . 2 . }
pattern b { 3 <4 5> }
pattern beat { x . }
song tune(one, two) {
    play { a, beat }
    @loop
    play { b, _
           _, beat }
}
seq = MasterSequencer { song: tune }
one = PatternPlayer { clock: seq.clock[one] }
one.trigger * one.cv1 * 0.1 -> out
";

#[test]
fn a_song_plays_its_lanes_and_goes_back_to_its_loop() {
    let wanted = [(0, 1), (2, 2), (4, 3), (5, 4), (8, 3), (9, 5), (12, 3), (13, 4), (16, 3), (17, 5)];
    assert_eq!(tenths(&steps_of(SONG, 20)), wanted);
    let two =
        SONG.replace("one = PatternPlayer { clock: seq.clock[one] }", "one = PatternPlayer { clock: seq.clock[1] }");
    assert_eq!(tenths(&steps_of(&two, 12)), [(0, 1), (6, 1), (10, 1)]);
    let once = SONG.replace("song: tune", "song: tune, loop: false");
    assert_eq!(tenths(&steps_of(&once, 20)), wanted[..4]);
}

#[test]
fn it_plays_what_steps_play_of_the_same_lane() {
    let steps = SONG.replace("PatternPlayer { clock: seq.clock[one] }", "Steps { pattern: tune.one }");
    let steps = steps.replace("one.cv1", "one.value").replace("seq = MasterSequencer { song: tune }", "");
    assert_eq!(steps_of(SONG, 30), steps_of(&steps, 30));
    // A gate that fills its step, and pitches: the very same sound. The amplifier never closes, or who opens it would
    // decide whether the oscillator sleeps.
    let voice = "\nOsc { pitch: one.note + 3oct }.saw -> Vca { gain: one.gate + 0.1 } -[0.2]-> out\n";
    let sound = |text: &str| {
        let mut set = Set::new(text);
        set.play(20 * STEP);
        set.sound
    };
    let text =
        SONG.replace("pattern a { 1 . 2 . }", "pattern a { C1 . [E1 G1>C2] . }").replace("3 <4 5>", "G1*2 <C2 E2>");
    let steps =
        steps.replace("pattern a { 1 . 2 . }", "pattern a { C1 . [E1 G1>C2] . }").replace("3 <4 5>", "G1*2 <C2 E2>");
    let steps = steps.replace("tune.one }", "tune.one, gate_length: 1 }");
    assert!(sound(&(text + voice)) == sound(&(steps + voice)), "they differ");
}

#[test]
fn an_edit_plays_on_where_the_song_stands() {
    let edited = SONG.replace("3 <4 5>", "7 <8 9>").replace("1 . 2 .", "6 . 6 .");
    let mut set = Set::new(SONG);
    set.play(6 * STEP + 1234);
    let report = set.save(&edited);
    assert!(report.reset.is_empty() && report.added.is_empty() && report.removed.is_empty(), "{report:?}");
    set.play(8 * STEP);
    assert_eq!(tenths(&set.heard()), [(0, 1), (2, 2), (4, 3), (5, 4), (8, 7), (9, 9), (12, 7), (13, 8)]);
}

#[test]
fn a_song_that_grows_stays_in_its_step_and_a_late_player_joins_it() {
    let longer = SONG.replace("play { a, beat }", "play { a, beat; a, beat }");
    let mut set = Set::new(SONG);
    set.play(3 * STEP + 1234);
    set.save(&longer);
    set.play(7 * STEP);
    // The fourth step of eight is still the fourth.
    assert_eq!(tenths(&set.heard()), [(0, 1), (2, 2), (4, 1), (6, 2), (8, 3), (9, 4)]);
    let late = format!("{SONG}late = PatternPlayer {{ clock: seq.clock[two] }}\nlate.trigger * 0.7 -> out\n");
    let mut set = Set::new(SONG);
    set.play(5 * STEP + 1234);
    set.save(&late);
    set.play(8 * STEP);
    let wanted = [(0, 1), (2, 2), (4, 3), (5, 4), (6, 7), (8, 3), (9, 5), (10, 7), (12, 3), (13, 4)];
    assert_eq!(tenths(&set.heard()), wanted);
}

#[test]
fn tempo_swing_and_clocks_of_the_patch_are_the_songs_too() {
    // A step at 240 beats a minute, two of them to the beat, is a sixteenth at 120.
    let own = SONG.replace("song: tune", "song: tune, bpm: 240, rows_per_beat: 2");
    assert_eq!(steps_of(SONG, 14), steps_of(&own, 14));
    let swung = |text: &str| {
        let mut set = Set::new(text);
        set.play(6 * STEP);
        (0..set.sound.len()).filter(|&i| set.sound[i].abs() > 0.05).collect::<Vec<_>>()
    };
    let (global, its) =
        (swung(&format!("swing 60%{SONG}")), swung(&SONG.replace("song: tune", "song: tune, swing: 60%")));
    // Each has its own arithmetic: at the end of a frame or at the beginning of the next.
    assert!(
        global.len() == its.len() && global.iter().zip(&its).all(|(a, b)| a.abs_diff(*b) <= 1),
        "{global:?} {its:?}"
    );
    assert!(its != swung(SONG));
    // Any clock will do where a pattern is named.
    let plain = SONG.replace("clock: seq.clock[one]", "clock: Every { time: 1/8 }, pattern: tune.one");
    let plain = plain.replace("seq = MasterSequencer { song: tune }", "");
    assert_eq!(tenths(&steps_of(&plain, 20)), [(0, 1), (4, 2), (8, 3), (10, 4), (16, 3), (18, 5)]);
}

#[test]
fn a_song_is_started_and_stopped() {
    // A trigger at the third beat and then each eight seconds.
    let told = |port: &str| {
        SONG.replace("song: tune", &format!("song: tune, {port}: Every {{ time: 4bars, offset: 1/2 }}.trigger"))
    };
    let wait = |text: String| text.replace("song: tune", "song: tune, autostart: false");
    assert_eq!(tenths(&steps_of(&told("stop"), 20)), [(0, 1), (2, 2), (4, 3), (5, 4)]);
    assert_eq!(tenths(&steps_of(&wait(told("start")), 14)), [(8, 1), (10, 2), (12, 3), (13, 4)]);
    assert_eq!(tenths(&steps_of(&wait(SONG.to_string()), 14)), []);
}
