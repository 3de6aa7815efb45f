//! What comes in from outside: it is heard at its frames, and its tape plays the same bits again.

mod common;
use common::*;
use patches_engine::ear::{Frame, pair};
use patches_engine::engine::Notice;
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
            engine.process_with(Some(&sound[at..at + n]), &mut block, 2);
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
    let (mut mouth, ear) = pair(64, Arc::clone(&slips));
    // Something plays before anything comes in.
    let mut live = render(&mut engine, 1000, &[100]);
    let (take, _) = control.tape(&dir.path().join("input.wav")).expect("a tape");
    control.listen_to(ear);
    let sound = noise(20_000);
    for (i, part) in sound.chunks(64).enumerate() {
        part.iter().for_each(|frame| mouth.give(*frame));
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
