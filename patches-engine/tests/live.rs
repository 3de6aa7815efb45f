//! A set on a clocked host, as the player plays it: a thread that sends MIDI by the time of day, a log, a take. The replay
//! of the log is the take, bit for bit.

mod common;
use common::*;
use patches_core::graph::Landing;
use patches_engine::control::Control;
use patches_engine::desk::{Change, Reset};
use patches_engine::engine::{Notice, new};
use patches_engine::host::{Host, Wish};
use patches_engine::midi::{Message, Port};
use patches_engine::offline::{Cue, Note, Performance, perform};
use patches_engine::session::{self, Head, What, Writer};
use std::time::{Duration, Instant};

fn synth(voices: f64) -> Patch {
    Patch::new()
        .module("keys", "Keys", &[("voices", voices)])
        .module("osc", "Osc", &[])
        .module("env", "Adsr", &[("attack", 0.001), ("release", 0.02)])
        .module("amp", "Vca", &[("gain", 0.0)])
        .cable("keys.pitch", "osc.pitch", 1.0)
        .cable("keys.gate", "env.gate", 1.0)
        .cable("osc.sawtooth", "amp.in", 1.0)
        .cable("env", "amp.gain", 1.0)
        .cable("amp", "out", 0.1)
}

#[test]
fn what_has_been_given_reaches_no_further_than_what_was_played_when_it_was_asked_for() {
    let (mut control, mut engine) = new(settings(widest()));
    let mut inlet = control.inlet().expect("the first time");
    let mut port = inlet.open("script").expect("room");
    control.swap(synth(4.0).graph(), Landing::Now, 0.0).expect("within limits");
    let mut block = [0.0; 512];
    let heard = |notices: Vec<Notice>| notices.iter().filter(|it| matches!(it, Notice::Heard { .. })).count();
    engine.process(&mut block, 2);
    control.poll();
    assert_eq!(control.reached(), 256);
    assert!(port.send(Instant::now(), Message::new(&[0x90, 60, 100]).expect("a message")));
    let mut played = 1;
    // It sounds a period later, by the time of day: within some callbacks, of which nobody asks.
    while played < 400 {
        std::thread::sleep(Duration::from_millis(1));
        engine.process(&mut block, 2);
        played += 1;
    }
    assert_eq!((control.clock(), control.reached()), (played * 256, 256), "what was heard since has not been given");
    assert_eq!((heard(control.poll()), control.reached()), (1, played * 256));
}

/// A chord every 20 ms, each note held for three chords. Gives the times at which chords were sent, in frames.
fn play(mut port: Port, chords: u64) -> Vec<f64> {
    let begun = Instant::now();
    let send = |port: &mut Port, bytes: [u8; 3], at| {
        assert!(port.send(at, Message::new(&bytes).expect("a message")));
    };
    let mut sent = vec![];
    for chord in 0..chords {
        let due = begun + Duration::from_millis(20 * chord);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        // Stamped as a driver does, heard of when the thread wakes.
        let note = |chord: u64, i: u64| 36 + ((chord * 7 + i * 4) % 60) as u8;
        for i in 0..4 {
            send(&mut port, [0x90, note(chord, i), 100], due);
        }
        if let Some(before) = chord.checked_sub(3) {
            (0..4).for_each(|i| send(&mut port, [0x80, note(before, i), 0], due));
        }
        sent.push((due - begun).as_secs_f64() * f64::from(RATE));
    }
    // The port goes with the last chords held.
    sent
}

/// Writes what has happened to the log.
fn log(control: &mut Control, writer: &mut Writer, texts: &session::Texts) {
    for notice in control.poll() {
        let written = match notice {
            Notice::Heard { at, port, message } => writer.midi(at, &port, message),
            Notice::Landed { at, .. } => {
                writer.patch(at, texts, (Landing::Now, 20.0), false, (&Change::default(), &Reset::None))
            }
            other => panic!("{other:?}"),
        };
        written.expect("written");
    }
}

#[test]
fn a_set_with_midi_is_replayed_bit_for_bit() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut control, engine) = new(settings(widest()));
    let mut inlet = control.inlet().expect("the first time");
    let take = control.record(2, None).expect("a recorder");
    take.begin(&dir.path().join("take.wav")).expect("a take");
    let head = Head { rate: RATE, oversample: 1, seed: 1, limiter: false, outputs: 2, files: vec![] };
    let mut writer = Writer::create(&dir.path().join("set"), &head).expect("a log");
    let texts = writer.keep("no text: the graphs are built by hand", "patches", &[]).expect("kept");
    let graphs = [synth(8.0).graph(), synth(20.0).graph()];
    control.swap(graphs[0].clone(), Landing::Now, 0.02).expect("within limits");
    let mut host = Host::clock(&Wish { rate: Some(RATE), ..Wish::default() });
    assert!(host.give(Box::new(engine)).is_ok());
    std::thread::sleep(Duration::from_millis(500));
    let port = inlet.open("script").expect("room");
    let script = std::thread::spawn(move || play(port, 75));
    for round in 0..100 {
        std::thread::sleep(Duration::from_millis(20));
        log(&mut control, &mut writer, &texts);
        if round == 40 {
            control.swap(graphs[1].clone(), Landing::Now, 0.02).expect("within limits");
        }
    }
    let sent = script.join().expect("played");
    let engine = host.stop().expect("it plays");
    log(&mut control, &mut writer, &texts);
    let (end, latency) = (engine.clock(), engine.latency() as usize);
    writer.end(end).expect("written");
    drop(engine);
    assert_eq!(take.finish(), []);

    let session = session::read(&dir.path().join("set")).expect("a session");
    let (mut cues, mut notes) = (vec![], vec![]);
    for entry in &session.entries {
        match &entry.what {
            What::Midi { port, message } => {
                notes.push(Note { at: entry.at, port: port.as_str().into(), message: *message });
            }
            What::Live { .. } => unreachable!("nobody touched the desk"),
            What::Patch { fade_ms, .. } => {
                let graph = graphs[cues.len()].clone();
                cues.push(Cue { at: entry.at, graph, fade: fade_ms / 1000.0, ..Cue::default() });
            }
            What::Input { .. } => panic!("nothing comes in"),
        }
    }
    let mut replay: Vec<f32> = vec![];
    let performance = Performance { cues: &cues, notes: &notes, input: None };
    let done = perform(settings(widest()), &performance, session.end, 0, |part| {
        replay.extend(part);
        Ok::<(), ()>(())
    });
    assert!(done.is_ok() && cues.len() == 2);
    let mut reader = hound::WavReader::open(dir.path().join("take.wav")).expect("a take");
    let take: Vec<f32> = reader.samples::<f32>().map(|sample| sample.expect("a sample")).collect();
    let bits = |sound: &[f32]| sound.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(take.len(), replay.len());
    assert!(bits(&take[latency * 2..]) == bits(&replay[..replay.len() - latency * 2]), "the replay is the take");
    assert!(take.iter().any(|x| x.abs() > 0.05) && take[take.len() - 4800..].iter().all(|x| x.abs() < 1e-3));
    in_time(&notes, &sent);
}

/// Chords come apart nowhere, none is lost, and what a port held that went is released. How evenly they come is shown with a
/// device, which keeps time; here the machine may hold the clock up.
fn in_time(notes: &[Note], sent: &[f64]) {
    let struck: Vec<u64> = notes.iter().filter(|n| n.message.bytes()[0] == 0x90).map(|n| n.at).collect();
    assert_eq!(struck.len(), sent.len() * 4, "none is lost");
    assert!(struck.chunks(4).all(|chord| chord.iter().all(|at| *at == chord[0])));
    assert!(struck.is_sorted());
    // The port went with three chords held: they are released.
    let released = notes.iter().filter(|n| n.message.bytes()[..2] == [0xb0, 123]).count();
    assert_eq!(released, 1);
}
