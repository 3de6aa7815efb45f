//! The engine at a multiple of the rate: aliasing falls, times stay those of the rate, and the same performance is the same
//! bits in whatever pieces.

mod common;
use common::*;
use patches_core::graph::Landing;
use patches_engine::control::Control;
use patches_engine::engine::{Engine, Notice, Settings, new};
use patches_engine::midi::{Message, Midi};
use patches_engine::offline::{Cue, Note, Performance, perform};

fn at(oversample: u32) -> Settings {
    Settings { oversample, ..settings(widest()) }
}

fn playing(patch: &Patch, oversample: u32) -> (Control, Engine) {
    let (mut control, engine) = new(at(oversample));
    control.swap(patch.graph(), Landing::Now, 0.0).expect("within limits");
    (control, engine)
}

/// The largest part at some frequencies, in decibels of the tone at `of`.
fn loudest(sound: &[[f32; 2]], hertz: &[f64], of: f64) -> f64 {
    let part = |hertz: f64| {
        let turn = |i: usize| std::f64::consts::TAU * hertz * i as f64 / f64::from(RATE);
        // Hann's window, so that what lies elsewhere does not reach here.
        let weight = |i: usize| 1.0 - (std::f64::consts::TAU * i as f64 / sound.len() as f64).cos();
        let sum = |f: fn(f64) -> f64| -> f64 {
            sound.iter().enumerate().map(|(i, x)| f64::from(x[0]) * f(turn(i)) * weight(i)).sum()
        };
        sum(f64::cos).hypot(sum(f64::sin))
    };
    let largest = hertz.iter().map(|hertz| part(*hertz)).fold(0.0, f64::max);
    20.0 * (largest / part(of)).log10()
}

#[test]
fn a_hard_driven_tone_aliases_less_with_every_doubling() {
    let driven = Patch::new()
        .module("osc", "Osc", &[("pitch", (5000.0f64 / 16.351_597_831_287_414).log2())])
        .module("drive", "Drive", &[("drive", 20.0)])
        .cable("osc.sine", "drive.in", 1.0)
        .cable("drive", "out", 0.3);
    // Odd harmonics of 5 kHz fold at whole kilohertz, at every multiple of 48 kHz. What can be heard lies under 20 kHz.
    let folded: Vec<f64> = (1..20).filter(|k| k % 5 != 0).map(|k| f64::from(k) * 1000.0).collect();
    let levels: Vec<f64> = [1, 2, 4, 8]
        .map(|oversample| {
            let (_control, mut engine) = playing(&driven, oversample);
            let sound = render(&mut engine, 60_000, &[256]);
            loudest(&sound[12_000..], &folded, 5000.0)
        })
        .to_vec();
    println!("loudest alias under 20 kHz of a driven 5 kHz at 1, 2, 4, 8 times: {levels:.1?} dB");
    assert!(levels[0] > -30.0, "it is heard without: {levels:?}");
    for pair in levels.windows(2) {
        assert!(pair[1] < pair[0] - 6.0, "{levels:?}");
    }
}

#[test]
fn it_is_the_same_in_whatever_pieces_and_its_times_are_those_of_the_rate() {
    let patch = |gain: f64| {
        Patch::new()
            .module("clock", "Every", &[])
            .beats("clock", "time", 0.25)
            .module("keys", "Keys", &[("voices", 4.0)])
            .module("osc", "Osc", &[])
            .module("env", "Adsr", &[("attack", 0.001), ("release", 0.01)])
            .module("amp", "Vca", &[("gain", 0.0)])
            .cable("keys.pitch", "osc.pitch", 1.0)
            .cable("keys.gate", "env.gate", 1.0)
            .cable("env", "amp.gain", 1.0)
            .cable("osc.sawtooth", "amp.in", 1.0)
            .cable("amp", "out", gain)
            .cable("clock.trigger", "out.left", 0.2)
    };
    let note = |at, key, velocity| {
        let message = Message::new(&[0x90, key, velocity]).expect("a message");
        Midi { at, port: 0, message }
    };
    let notes = [note(1001, 60, 100), note(2500, 64, 90), note(9999, 60, 0), note(15_000, 64, 0)];
    let mut seen = vec![];
    for oversample in [1, 2, 4, 8] {
        let play = |pieces: &[usize]| {
            let (mut control, mut engine) = playing(&patch(0.2), oversample);
            control.port("keys");
            engine.hear(&notes);
            let mut sound = render(&mut engine, 5003, pieces);
            // On a frame in the middle of a block, while nothing fades; then on a beat.
            control.swap_at(patch(0.4).graph(), 7001, 0.02).expect("within limits");
            sound.extend(render(&mut engine, 6000, pieces));
            control.poll();
            control.swap(patch(0.1).graph(), Landing::Beat, 0.0).expect("within limits");
            sound.extend(render(&mut engine, 20_000, pieces));
            let landed = control.poll().into_iter().filter_map(|notice| match notice {
                Notice::Landed { at, .. } => Some(at),
                _ => None,
            });
            (sound, landed.collect::<Vec<_>>(), engine.latency() as usize)
        };
        let (whole, landed, latency) = play(&[4096]);
        assert_eq!(landed, [24_000], "{oversample} times: on the beat");
        assert_eq!(hash(&whole), hash(&play(&[1, 17, 32, 300, 5]).0), "{oversample} times");
        // The same in a replay.
        let cues = [(0, 0.2, 0.0), (7001, 0.4, 0.02), (24_000, 0.1, 0.0)];
        let cues = cues.map(|(at, gain, fade)| Cue { at, graph: patch(gain).graph(), fade, ..Cue::default() });
        let notes = notes.map(|note| Note { at: note.at, port: "keys".into(), message: note.message });
        let mut replay: Vec<[f32; 2]> = vec![];
        let performance = Performance { cues: &cues, notes: &notes, input: None };
        let frames = whole.len() - latency;
        let done = perform(at(oversample), &performance, frames as u64, 0, |part| {
            replay.extend(part.as_chunks::<2>().0);
            Ok::<(), ()>(())
        });
        assert!(done.is_ok());
        assert_eq!(hash(&replay), hash(&whole[latency..]), "{oversample} times");
        // Where it is loud first: the trigger at frame 0, then the note.
        let onset = |from: usize| (from..replay.len()).find(|i| replay[*i][1].abs() > 0.01).unwrap_or(0);
        assert!(onset(200).abs_diff(1001) < 60, "{oversample} times: {}", onset(200));
        seen.push(hash(&replay));
    }
    seen.dedup();
    assert_eq!(seen.len(), 4, "each is a sound of its own");
}
