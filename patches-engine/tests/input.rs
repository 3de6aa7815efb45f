//! What comes in from outside: it is heard at its frames, and its tape plays the same bits again.

mod common;
use common::*;
use patches_engine::ear::{Frame, pair};
use patches_engine::engine::{Engine, Notice, Settings, new};
use patches_engine::offline::{Cue, Performance, perform};
use patches_engine::reel::Reels;
use std::sync::Arc;

/// Numbers without a pattern, in ±0.5.
fn noise(count: usize) -> Vec<Frame> {
    let mut word = 1u32;
    let mut next = || {
        word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (word >> 8) as f32 / f32::from_bits(0x4b80_0000) - 0.5
    };
    (0..count).map(|_| [next(), next()]).collect()
}

/// The input through a filter on one way, as it is on the other.
fn patch() -> Patch {
    Patch::new()
        .module("in", "AudioIn", &[])
        .module("filt", "Svf", &[("cutoff", 6.0), ("resonance", 0.5)])
        .cable("in", "filt.in", 1.0)
        .cable("filt", "out", 0.5)
        .cable("in.right", "out.left", 0.25)
}

#[test]
fn each_side_is_heard_at_its_frame_in_whatever_pieces() {
    let through = Patch::new().module("in", "AudioIn", &[]).cable("in", "out", 1.0);
    let sound = noise(3000);
    let play = |pieces: &[usize]| {
        let (_control, mut engine) = engine(&through, widest());
        let (mut out, mut at, mut pieces) = (vec![], 0, pieces.iter().cycle());
        while at < sound.len() {
            let n = (*pieces.next().expect("pieces")).min(sound.len() - at);
            let mut block = vec![0.0; n * 2];
            engine.process_with(Some(sound[at..at + n].as_flattened()), &mut block, 2);
            out.extend(block);
            at += n;
        }
        out
    };
    let whole = play(&[3000]);
    assert!(whole == play(&[1, 31, 64, 7, 500]));
    // The master's DC block is a step from sample to sample, and a slow leak.
    for (i, pair) in sound.windows(2).enumerate().take(200) {
        for side in 0..2 {
            let (wanted, heard) = (pair[1][side] - pair[0][side], whole[(i + 1) * 2 + side] - whole[i * 2 + side]);
            assert!((wanted - heard).abs() < 1e-3, "frame {i}, side {side}: {heard}, {wanted} came in");
        }
    }
}

#[test]
fn without_an_input_it_is_silence() {
    let (_control, mut engine) = engine(&patch(), widest());
    assert!(render(&mut engine, 1000, &[100]).iter().all(|frame| *frame == [0.0; 2]));
}

#[test]
fn the_tape_of_a_set_plays_the_same_bits_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut control, mut engine) = engine(&patch(), widest());
    let slips = Arc::default();
    let (mut mouth, ear) = pair(2, 64, Arc::clone(&slips));
    // Something plays before anything comes in.
    let mut live = render(&mut engine, 1000, &[100]);
    let (take, _) = control.tape(&dir.path().join("input.wav")).expect("a tape");
    control.listen_to(ear);
    let sound = noise(20_000);
    for (i, part) in sound.chunks(64).enumerate() {
        part.iter().for_each(|frame| mouth.give(frame));
        // Now and then the other side is late, and then catches up; once it stays away.
        if i % 7 == 3 || (100..120).contains(&i) {
            continue;
        }
        for _ in 0..if i % 7 == 4 { 2 } else { 1 } {
            live.extend(render(&mut engine, 64, &[64]));
        }
    }
    live.extend(render(&mut engine, 640, &[64]));
    drop(mouth);
    let at =
        control.poll().into_iter().find_map(|notice| if let Notice::Taped { at } = notice { Some(at) } else { None });
    assert_eq!(at, Some(1000));
    assert!(slips.load(std::sync::atomic::Ordering::Relaxed) >= 2, "it was away, and in the end");
    drop(engine);
    assert_eq!(take.finish(), []);
    let reels = Reels { files: vec![(1000, dir.path().join("input.wav"))] };
    let cues = [Cue { graph: patch().graph(), ..Cue::default() }];
    let again = |input: Option<&Reels>| {
        let mut replay: Vec<Frame> = vec![];
        let performance = Performance { cues: &cues, notes: &[], input };
        let done = perform(settings(widest()), &performance, live.len() as u64, 0, |part| {
            replay.extend(part.as_chunks::<2>().0);
            Ok::<(), ()>(())
        });
        assert!(done.is_ok());
        replay
    };
    assert!(live[5000..10_000].iter().any(|frame| frame[0].abs() > 0.1));
    let bits = |sound: &[Frame]| sound.iter().flatten().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert!(bits(&again(Some(&reels))) == bits(&live), "the tape is what was heard");
    let late = Reels { files: vec![(1001, dir.path().join("input.wav"))] };
    assert!(bits(&again(Some(&late))) != bits(&live), "a frame later is something else");
}

/// Settings of a session of so many channels in and out.
fn wide(channels: u16, oversample: u32) -> Settings {
    Settings { outputs: channels, inputs: channels, oversample, ..settings(widest()) }
}

/// What comes in by each channel goes out by the one of the same number, but for those from `cut` on.
fn through(channels: usize, cut: usize) -> Patch {
    let ends = Patch::default().shaped("in", "AudioIn", channels, &[]).shaped("out", "AudioOut", channels, &[]);
    (0..cut).fold(ends, |patch, channel| patch.cable(&format!("in.out[{channel}]"), &format!("out.in[{channel}]"), 0.5))
}

/// Frames of so many channels, interleaved, without a pattern.
fn noises(channels: usize, frames: usize) -> Vec<f32> {
    noise(channels * frames).into_iter().flatten().take(channels * frames).collect()
}

fn channel(sound: &[f32], channels: usize, channel: usize) -> Vec<u32> {
    sound.iter().skip(channel).step_by(channels).map(|x| x.to_bits()).collect()
}

fn feed(engine: &mut Engine, sound: &[f32], channels: usize) -> Vec<f32> {
    let mut out = vec![];
    for part in sound.chunks(channels * 77) {
        let mut block = vec![0.0; part.len()];
        engine.process_with(Some(part), &mut block, channels);
        out.extend(block);
    }
    out
}

#[test]
fn every_channel_that_comes_in_is_heard_as_the_left_one_would_be() {
    for oversample in [1, 4] {
        for channels in [2usize, 3, 5] {
            let sound = noises(channels, 3000);
            let (mut control, mut engine) = new(wide(channels as u16, oversample));
            let patch = through(channels, channels).graph();
            control.swap(patch, patches_core::graph::Landing::Now, 0.0).expect("within the limits");
            let out = feed(&mut engine, &sound, channels);
            for number in 0..channels {
                // The same sound alone, on the left.
                let alone: Vec<f32> = sound.iter().skip(number).step_by(channels).flat_map(|x| [*x, 0.0]).collect();
                let (mut control, mut engine) = new(wide(2, oversample));
                let patch = through(2, 1).graph();
                control.swap(patch, patches_core::graph::Landing::Now, 0.0).expect("within the limits");
                let left = feed(&mut engine, &alone, 2);
                let (heard, wanted) = (channel(&out, channels, number), channel(&left, 2, 0));
                assert!(heard == wanted, "{oversample} times, {number} of {channels}");
                assert!(wanted.iter().any(|bits| f32::from_bits(*bits).abs() > 0.1));
            }
        }
    }
}

#[test]
fn a_channel_that_does_not_come_in_is_silent_and_one_that_moves_fades() {
    let (mut control, mut engine) = new(Settings { inputs: 2, ..wide(4, 1) });
    let now = patches_core::graph::Landing::Now;
    control.swap(through(4, 4).graph(), now, 0.0).expect("within the limits");
    let mut block = vec![0.0; 1000 * 4];
    engine.process_with(Some(&vec![0.5; 1000 * 2]), &mut block, 4);
    let loud =
        |sound: &[f32], number: usize| sound.iter().skip(number).step_by(4).fold(0.0f32, |peak, x| peak.max(x.abs()));
    assert!(loud(&block, 0) > 0.2 && loud(&block, 1) > 0.2);
    assert!(loud(&block, 2) == 0.0 && loud(&block, 3) == 0.0);
    // Two channels of four change places in the list: what they are called is not where they are.
    let (mut control, mut engine) = new(wide(4, 1));
    let named = |names: [&str; 4]| {
        let mut patch = Patch::default().shaped("in", "AudioIn", 4, &[]).shaped("out", "AudioOut", 4, &[]);
        patch.0.modules.get_mut("in").expect("there is one").channels = names.map(Into::into).to_vec();
        patch.cable("in.out[mic]", "out.in[2]", 1.0).graph()
    };
    control.swap(named(["l", "r", "mic", "x"]), now, 0.0).expect("within the limits");
    let tone = |from: usize| -> Vec<f32> {
        (from..from + 2400).flat_map(|i| [0.0, 0.0, (i as f32 * 0.05).sin() * 0.5, 0.0]).collect()
    };
    feed(&mut engine, &tone(0), 4);
    control.swap(named(["l", "r", "x", "mic"]), now, 0.04).expect("within the limits");
    let faded = feed(&mut engine, &tone(2400), 4);
    let heard = |from: usize| loud(&faded[from * 4..(from + 130) * 4], 2);
    assert!((heard(900) - 0.25).abs() < 0.05 && heard(2200) < 0.05, "{} {}", heard(900), heard(2200));
}

#[test]
fn a_tape_of_four_channels_plays_the_same_bits_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut control, mut engine) = new(wide(4, 1));
    let cues = [Cue { graph: through(4, 4).graph(), ..Cue::default() }];
    control.swap(cues[0].graph.clone(), patches_core::graph::Landing::Now, 0.0).expect("within the limits");
    let slips = Arc::default();
    let (mut mouth, ear) = pair(4, 64, Arc::clone(&slips));
    let (take, path) = control.tape(&dir.path().join("input.wav")).expect("a tape");
    control.listen_to(ear);
    let mut live: Vec<f32> = vec![];
    for part in noises(4, 20_000).chunks(64 * 4) {
        part.chunks_exact(4).for_each(|frame| mouth.give(frame));
        let mut block = vec![0.0; 64 * 4];
        engine.process(&mut block, 4);
        live.extend(block);
    }
    drop(engine);
    assert_eq!(take.finish(), []);
    assert_eq!(hound::WavReader::open(&path).expect("a tape").spec().channels, 4);
    let reels = Reels { files: vec![(0, path)] };
    let performance = Performance { cues: &cues, notes: &[], input: Some(&reels) };
    let mut replay: Vec<f32> = vec![];
    let done = perform(wide(4, 1), &performance, live.len() as u64 / 4, 0, |part| {
        replay.extend(part);
        Ok::<(), ()>(())
    });
    assert!(done.is_ok());
    for number in 0..4 {
        assert!(channel(&live, 4, number) == channel(&replay, 4, number), "channel {number}");
        assert!(live.iter().skip(number).step_by(4).any(|x| x.abs() > 0.1));
    }
}
