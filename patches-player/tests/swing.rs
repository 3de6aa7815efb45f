//! One transport, one swing: when everything that goes by the beat plays, at 120 beats a minute and 48 kHz.

mod alone;

use patches_core::graph::{Graph, Landing};
use patches_dsl::{Memory, load};
use patches_engine::engine::new;
use std::path::Path;
use std::sync::Arc;

/// Frames of a bar.
const BAR: usize = 96_000;

fn graph(text: &str) -> Arc<Graph> {
    let files = Memory::default().with("test.patches", text);
    let loaded = load(Path::new("test.patches"), &files, &patches_modules::library());
    assert!(!loaded.has_errors(), "{:?}\n{text}", loaded.faults);
    Arc::new(loaded.graph)
}

/// The frames at which something rises, when these texts are saved at these frames.
fn rises(saves: &[(usize, &str)], frames: usize) -> Vec<usize> {
    let settings = alone::settings();
    let (mut control, mut engine) = new(settings);
    let owed = engine.latency() as usize;
    let (mut sound, mut played) = (vec![], 0);
    for (index, (at, text)) in saves.iter().enumerate() {
        let end = saves.get(index + 1).map_or(frames + owed, |next| next.0);
        control.poll();
        control.swap(graph(text), Landing::Now, 0.0).expect("within limits");
        let mut out = vec![0.0; 2 * (end - at)];
        engine.process(&mut out, 2);
        sound.extend(out.chunks_exact(2).map(|pair| pair[0]));
        played += end - at;
    }
    assert_eq!(played, sound.len());
    let level = |i: usize| if i == 0 { 0.0 } else { sound[i - 1] };
    (owed..sound.len()).filter(|&i| sound[i] - level(i) > 0.1).map(|i| i - owed).collect()
}

fn plays(swing: &str, text: &str, frames: usize) -> Vec<usize> {
    rises(&[(0, &format!("tempo 120\nswing {swing}\npattern p {{ x }}\n{text}"))], frames)
}

#[track_caller]
fn near(found: &[usize], wanted: &[usize]) {
    let apart = found.iter().zip(wanted).any(|(a, b)| a.abs_diff(*b) > 1);
    assert!(found.len() == wanted.len() && !apart, "{found:?}, not {wanted:?}");
}

#[test]
fn all_sixteenths_have_one_feel() {
    let late = [0, 7200, 12_000, 19_200, 24_000, 31_200, 36_000, 43_200];
    let early = [0, 4800, 12_000, 16_800, 24_000, 28_800, 36_000, 40_800];
    for text in [
        "Steps { pattern: p }.trigger -> out",
        "c = Clock; c.semiquaver -> out",
        "Euclid { hits: 8, steps: 8 }.trigger -> out",
        "Every { time: 1/16 }.trigger -> out",
        "song s(l) { play { p } }\nm = MasterSequencer { song: s }; m.clock -> out",
        "c = Clock; Steps { pattern: p, clock: c.semiquaver }.trigger -> out",
    ] {
        near(&plays("60%", text, 48_000), &late);
        near(&plays("40%", text, 48_000), &early);
    }
}

#[test]
fn eighths_beats_bars_triplets_and_seconds_stand_where_they_stand() {
    for (time, step) in [("1/8", 12_000), ("1/4", 24_000), ("1bar", BAR), ("1/8t", 8000), ("100ms", 4800)] {
        let straight: Vec<usize> = (0..).map(|n| n * step).take_while(|at| *at < 2 * BAR).collect();
        near(&plays("60%", &format!("Steps {{ pattern: p, every: {time} }}.trigger -> out"), 2 * BAR), &straight);
        near(&plays("60%", &format!("Every {{ time: {time} }}.trigger -> out"), 2 * BAR), &straight);
    }
    // Thirty-seconds lie evenly between, dotted eighths where the sixteenths are.
    near(&plays("60%", "Every { time: 1/32 }.trigger -> out", 12_000), &[0, 3600, 7200, 9600]);
    near(&plays("60%", "Every { time: 1/8d }.trigger -> out", 48_000), &[0, 19_200, 36_000]);
}

#[test]
fn a_swing_of_its_own_is_instead_of_the_patchs() {
    let own = |swing: &str| format!("Steps {{ pattern: p, swing: {swing} }}.trigger -> out");
    near(&plays("60%", &own("50%"), 24_000), &[0, 6000, 12_000, 18_000]);
    // Five eighths are exact, so that what comes late comes on its frame.
    near(&plays("60%", &own("62.5%"), 24_000), &[0, 7500, 12_000, 19_500]);
    near(&plays("60%", "c = Clock { swing: 0.5 }; c.semiquaver -> out", 24_000), &[0, 6000, 12_000, 18_000]);
    // What it swings is its own pairs, whatever its clock does.
    let eighths = "Steps { pattern: p, every: 1/8, swing: 62.5% }.trigger -> out";
    near(&plays("60%", eighths, 48_000), &[0, 15_000, 24_000, 39_000]);
}

#[test]
fn several_in_the_time_of_one_fill_long_and_short_steps() {
    let text = "pattern two { x*2 }\nSteps { pattern: two }.trigger -> out";
    let found = plays("60%", text, 48_000);
    near(
        &found[4..],
        &[12_000, 15_600, 19_200, 21_600, 24_000, 27_600, 31_200, 33_600, 36_000, 39_600, 43_200, 45_600],
    );
}

#[test]
fn a_save_that_changes_the_swing_plays_no_step_twice_and_leaves_none_out() {
    let text =
        |swing: &str| format!("tempo 120\nswing {swing}\npattern p {{ x }}\nSteps {{ pattern: p }}.trigger -> out");
    let (straight, late, early) = (text("50%"), text("70%"), text("30%"));
    // Between where the second sixteenth is and where it would be.
    near(&rises(&[(0, &straight), (7000, &late)], 24_000), &[0, 6000, 12_000, 20_400]);
    near(&rises(&[(0, &late), (7000, &early)], 24_000), &[0, 8400, 12_000, 15_600]);
}
