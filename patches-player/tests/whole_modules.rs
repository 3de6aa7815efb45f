//! Modules of several kernels as they sound in the engine, from a text: what the bench of the modules' own tests cannot show,
//! namely that rings are written as well as read, that loops close where they should, and that sides and voices arrive.

mod alone;

use patches_core::graph::Landing;
use patches_dsl::{Memory, load};
use patches_engine::engine::new;
use std::path::Path;
use std::sync::Arc;

/// Left and right of a patch, and the loops that the planner reports.
fn sound(text: &str, frames: usize) -> (Vec<[f32; 2]>, Vec<String>) {
    let loaded =
        load(Path::new("test.patches"), &Memory::default().with("test.patches", text), &patches_modules::library());
    assert!(loaded.faults.is_empty(), "{:?}\n{text}", loaded.faults);
    let settings = alone::settings();
    let (mut control, mut engine) = new(settings);
    let (_, report) = control.swap(Arc::new(loaded.graph), Landing::Now, 0.0).expect("within limits");
    let loops = report.loops.into_iter().map(|closing| closing.cable).collect();
    let latency = engine.latency() as usize;
    let mut out = vec![0.0; (frames + latency) * 2];
    engine.process(&mut out, 2);
    (out[latency * 2..].chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect(), loops)
}

/// Frames where a side jumps by more than a thousandth, with the jump: impulses, whatever the master's DC block makes
/// of what follows them.
fn impulses(sound: &[[f32; 2]], side: usize) -> Vec<(usize, f32)> {
    let level = |frame: usize| sound[frame][side];
    let before = |frame: usize| if frame == 0 { 0.0 } else { level(frame - 1) };
    let rises = (0..sound.len()).filter(|&frame| (level(frame) - before(frame)).abs() > 1e-3);
    let mut found: Vec<(usize, f32)> = rises.map(|frame| (frame, level(frame) - before(frame))).collect();
    // An impulse goes up and comes down again: only the way up counts.
    found.dedup_by(|down, up| down.0 == up.0 + 1);
    found
}

/// As `impulses`, compared with a table: the same frames, and levels that the DC block has left within a hundredth.
fn assert_impulses(sound: &[[f32; 2]], side: usize, wanted: &[(usize, f32)]) {
    let found = impulses(sound, side);
    let fits = |(a, b): (&(usize, f32), &(usize, f32))| a.0 == b.0 && (a.1 / b.1 - 1.0).abs() < 0.01;
    assert!(found.len() == wanted.len() && found.iter().zip(wanted).all(fits), "{found:?}, wanted {wanted:?}");
}

#[test]
fn a_delay_is_exact_and_comes_again() {
    let text = "Every { time: 10s }.trigger -[0.8]-> Delay { time: 100ms, feedback: 50%, mix: 1 } -> out";
    let (sound, loops) = sound(text, 15_000);
    assert_impulses(&sound, 0, &[(4800, 0.8), (9600, 0.4), (14_400, 0.2)]);
    assert_impulses(&sound, 1, &[(4800, 0.8), (9600, 0.4), (14_400, 0.2)]);
    assert!(loops.is_empty(), "{loops:?}");
}

#[test]
fn a_delay_with_its_dry_path_off_closes_a_loop_with_nothing_added() {
    for (milliseconds, frames) in [("10ms", 480), ("0.1ms", 5)] {
        let text = format!(
            "d = Delay {{ time: {milliseconds}, mix: 1 }}\nEvery {{ time: 10s }}.trigger -[0.8]-> d -> out\nd -[0.5]-> d"
        );
        let (sound, loops) = sound(&text, 4 * frames);
        assert_impulses(&sound, 0, &[(frames, 0.8), (2 * frames, 0.4), (3 * frames, 0.2)]);
        assert!(loops.is_empty(), "{loops:?}");
    }
    // With the dry path on, one cable of the loop is late by a sample, and the report says so.
    let text = "d = Delay { time: 10ms, mix: 0.5 }\nEvery { time: 10s }.trigger -> d -> out\nd -[0.5]-> d";
    assert_eq!(sound(text, 32).1.len(), 1);
}

#[test]
fn a_delay_of_a_cable_reads_where_the_cable_says() {
    let text = "late = Lfo { rate: 0.001Hz }.square * 0 + 0.002\nEvery { time: 10s }.trigger -[0.8]-> Delay { mix: 1, time: late } -> out";
    let (sound, _) = sound(text, 200);
    assert_impulses(&sound, 0, &[(96, 0.8)]);
}

#[test]
fn sends_and_returns_of_a_mixer_are_no_loop() {
    let text = "mix = Mixer(channels: 2) { send_a[1]: 0.5, pan[0]: -1 }
        Every { time: 10s }.trigger -[0.5]-> mix.in[0]
        Every { time: 10s }.trigger -[0.5]-> Delay { time: 1ms, mix: 1 } -> mix.in[1]
        mix.send_a -> Delay { time: 10ms, mix: 1 } -> mix.return_a
        mix -> out";
    let (sound, loops) = sound(text, 600);
    assert!(loops.is_empty(), "{loops:?}");
    assert_impulses(&sound, 0, &[(0, 0.5 * 2.0f32.sqrt()), (48, 0.5), (528, 0.25)]);
    assert_impulses(&sound, 1, &[(48, 0.5), (528, 0.25)]);
}

#[test]
fn send_and_return_of_a_delay_are_no_loop_either() {
    let text = "d = Delay { time: 10ms, feedback: 1, mix: 1 }
        Every { time: 10s }.trigger -[0.8]-> d -> out
        d.send -> Vca { gain: 0.5 } -> d.return";
    let (sound, loops) = sound(text, 1500);
    assert!(loops.is_empty(), "{loops:?}");
    assert_impulses(&sound, 0, &[(480, 0.8), (960, 0.4), (1440, 0.2)]);
}

#[test]
fn voices_are_added_into_a_delay_and_by_voices() {
    let chord =
        "many = Merge(channels: 3) { in[0]: 0.1, in[1]: 0.2, in[2]: 0.3 }\nEvery { time: 10s }.trigger * many -> ";
    for (tail, frame) in [("Delay { time: 1ms, mix: 1 } -> out", 48), ("Voices -> out", 0)] {
        let (sound, _) = sound(&format!("{chord}{tail}"), 100);
        assert_impulses(&sound, 0, &[(frame, 0.6)]);
    }
}

#[test]
fn steps_follow_the_tempo_of_the_patch() {
    let text = "tempo 90\nseq = Steps { steps: [C3, C4], every: 1/8 }\nseq.trigger -[0.5]-> out";
    let (sound, _) = sound(text, 50_000);
    let frames: Vec<usize> = impulses(&sound, 0).iter().map(|found| found.0).collect();
    assert_eq!(frames, [0, 16_000, 32_000, 48_000]);
}
