//! MIDI in the engine: the same bits for every split and instruction set, each message at its own frame, nothing stuck
//! after an edit, and what was played live is what its log plays.

mod common;
use common::*;
use patches_core::graph::{Landing, ParamValue};
use patches_core::isa::Isa;
use patches_engine::engine::{Notice, PlanError, new};
use patches_engine::midi::{Message, Midi};
use patches_engine::offline::{Cue, Note, Performance, perform};
use std::time::Instant;

/// Keys into oscillators and envelopes, and a controller into the level. `gate` alone is heard too.
fn synth(voices: f64, mode: f64) -> Patch {
    Patch::new()
        .module("keys", "Keys", &[("voices", voices), ("mode", mode)])
        .module("osc", "Osc", &[])
        .module("env", "Adsr", &[("attack", 0.001), ("release", 0.02)])
        .module("amp", "Vca", &[("gain", 0.0)])
        .module("level", "Cc", &[("cc", 7.0), ("low", 0.05), ("high", 0.1)])
        .module("vel", "Vca", &[("gain", 0.0)])
        .cable("keys.pitch", "osc.pitch", 1.0)
        .cable("keys.gate", "env.gate", 1.0)
        .cable("osc.sawtooth", "amp.in", 1.0)
        .cable("env", "amp.gain", 1.0)
        .cable("amp", "vel.in", 1.0)
        .cable("level", "vel.gain", 1.0)
        .cable("vel", "out", 1.0)
        .cable("keys.velocity", "out", 0.001)
        .cable("keys.slur", "out", 0.002)
        .cable("keys.pressure", "out", 0.003)
        .cable("keys.mod", "out", 0.004)
}

fn message(bytes: &[u8]) -> Message {
    Message::new(bytes).expect("a message")
}

/// Notes, controllers and bends at frames that lie anyhow, some of them together.
fn playing(frames: u64) -> Vec<Midi> {
    let mut random = 12_345u32;
    let mut next = |below: u32| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 8) % below
    };
    let mut all = vec![];
    let mut at = 0;
    while at < frames {
        let (channel, note) = (next(2) as u8, 40 + next(40) as u8);
        let data = next(128) as u8;
        let bytes = match next(10) {
            0..=3 => [0x90 | channel, note, data],
            4..=6 => [0x80 | channel, note, 0],
            7 => [0xb0 | channel, [1, 7, 64, 123][next(4) as usize], data],
            8 => [0xe0 | channel, data, data],
            _ => [0xa0 | channel, note, data],
        };
        all.push(Midi { at, port: 0, message: message(&bytes) });
        at += u64::from(next(60)) * u64::from(next(2));
    }
    all
}

/// What a patch makes of the messages, on an engine of this instruction set, in pieces of these sizes.
fn played(patch: &Patch, midi: &[Midi], frames: usize, isa: Isa, pieces: &[usize]) -> Vec<[f32; 2]> {
    let (_control, mut engine) = engine(patch, isa);
    engine.hear(midi);
    render(&mut engine, frames, pieces)
}

#[test]
fn every_split_and_every_instruction_set_gives_the_same_bits() {
    const FRAMES: usize = 9_600;
    let midi = playing(FRAMES as u64);
    for (voices, mode) in [(1.0, 0.0), (8.0, 0.0), (40.0, 0.0), (64.0, 3.0), (1.0, 1.0), (1.0, 2.0)] {
        let patch = synth(voices, mode);
        let expected = played(&patch, &midi, FRAMES, widest(), &[64]);
        assert!(expected.iter().flatten().any(|x| x.abs() > 0.01), "{voices} {mode} is to be heard");
        for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
            for pieces in [&[1][..], &[7], &[32], &[13, 1, 100, 31, 2, 257]] {
                let got = played(&patch, &midi, FRAMES, isa, pieces);
                assert_eq!(hash(&got), hash(&expected), "{voices} voices, mode {mode}, {} {pieces:?}", isa.name());
            }
        }
    }
}

#[test]
fn a_message_a_frame_later_is_heard() {
    let midi = playing(4_800);
    let patch = synth(8.0, 0.0);
    let expected = played(&patch, &midi, 4_800, widest(), &[64]);
    let mut moved = midi.clone();
    let index = moved.iter().position(|m| m.message.bytes()[0] >> 4 == 9 && m.message.bytes()[2] > 0).expect("a note");
    for later in &mut moved[index..] {
        later.at += 1;
    }
    assert_ne!(hash(&played(&patch, &moved, 4_800, widest(), &[64])), hash(&expected));
}

/// Gates added: how many voices are held at each frame.
fn gates(voices: f64) -> Patch {
    Patch::new().module("keys", "Keys", &[("voices", voices)]).cable("keys.gate", "out", 0.01)
}

/// Where the sum of gates jumps, and by how many.
fn jumps(sound: &[[f32; 2]]) -> Vec<(usize, i32)> {
    let at = |i: usize| sound[i][0];
    let steps = (1..sound.len()).map(|i| (i, ((at(i) - at(i - 1)) * 100.0).round() as i32));
    steps.filter(|(_, step)| *step != 0).collect()
}

#[test]
fn a_chord_starts_on_one_sample_also_across_groups_of_voices_and_where_it_steals() {
    let chord = |at: u64, first: u8| -> Vec<Midi> {
        (0..20).map(|i| Midi { at, port: 0, message: message(&[0x90, first + i, 100]) }).collect()
    };
    let mut midi = chord(1000, 30);
    midi.extend(chord(2003, 60));
    let sound = played(&gates(30.0), &midi, 3000, widest(), &[64]);
    // The second chord finds ten free voices and takes ten of the first, whose gates are low for one frame.
    assert_eq!(jumps(&sound), [(1001, 20), (2003, -10), (2004, 20)]);
}

#[test]
fn every_group_of_voices_knows_what_the_others_hold_after_an_edit() {
    let (mut control, mut engine) = engine(&gates(8.0), widest());
    let notes = |at: u64, status: u8, keys: std::ops::Range<u8>| -> Vec<Midi> {
        keys.map(|key| Midi { at, port: 0, message: message(&[status, key, 100]) }).collect()
    };
    engine.hear(&notes(100, 0x90, 60..68));
    let mut sound = render(&mut engine, 1000, &[100]);
    control.poll();
    control.swap(gates(40.0).graph(), Landing::Now, 0.0).expect("within limits");
    sound.extend(render(&mut engine, 1000, &[100]));
    // 32 more keys find 32 free voices in three groups, and everything is let go.
    engine.hear(&notes(2100, 0x90, 20..52));
    engine.hear(&notes(2200, 0x80, 20..68));
    sound.extend(render(&mut engine, 500, &[100]));
    assert_eq!(jumps(&sound), [(101, 8), (2101, 32), (2200, -40)]);
}

fn with(patch: Patch, path: &str, param: &str, value: ParamValue) -> Patch {
    let mut patch = patch;
    let module = patch.0.modules.get_mut(path).expect("the module is there");
    let index = module.spec.param(param).expect("the parameter is there");
    module.params.insert((index, 0), value);
    patch
}

/// How many gates are high at the end, when this text takes over from one that holds three notes.
fn held_after(edit: &Patch) -> i32 {
    let (mut control, mut engine) = engine(&gates(8.0), widest());
    let notes: Vec<Midi> = (60..63).map(|key| Midi { at: 10, port: 0, message: message(&[0x90, key, 100]) }).collect();
    engine.hear(&notes);
    let sound = render(&mut engine, 1000, &[100]);
    assert_eq!(jumps(&sound), [(11, 3)]);
    control.poll();
    control.swap(edit.graph(), Landing::Now, 0.0).expect("within limits");
    let sound = render(&mut engine, 9000, &[100]);
    // The sum decays through the master's DC block; a jump at the end would not.
    jumps(&sound[..]).iter().map(|(_, step)| step).sum::<i32>() + if sound[0][0] > 0.02 { 3 } else { 0 }
}

#[test]
fn edits_of_what_is_heard_release_what_is_held_and_others_do_not() {
    assert_eq!(held_after(&gates(8.0).module("osc", "Osc", &[])), 3, "an edit elsewhere");
    assert_eq!(held_after(&with(gates(8.0), "keys", "channel", ParamValue::Int(2))), 0);
    assert_eq!(held_after(&with(gates(8.0), "keys", "port", ParamValue::Text("pads".into()))), 0);
    assert_eq!(held_after(&with(gates(8.0), "keys", "mode", ParamValue::Choice(3))), 0);
}

#[test]
fn a_module_that_comes_again_holds_nothing_that_could_not_be_let_go() {
    // Without a fade, with one, and again before the fade is over: then it is the same module, and still held.
    for (fade, between, held) in [(0.0, 1000, 0), (0.02, 1500, 0), (0.05, 500, 1)] {
        let (mut control, mut engine) = engine(&gates(8.0), widest());
        engine.hear(&[Midi { at: 10, port: 0, message: message(&[0x90, 60, 100]) }]);
        render(&mut engine, 1000, &[100]);
        for patch in [Patch::new(), gates(8.0)] {
            control.poll();
            control.swap(patch.graph(), Landing::Now, fade).expect("within limits");
            render(&mut engine, between, &[100]);
        }
        render(&mut engine, 3000, &[100]);
        let at = engine.clock() + 100;
        engine.hear(&[Midi { at, port: 0, message: message(&[0x80, 60, 0]) }]);
        let sound = render(&mut engine, 1000, &[100]);
        assert_eq!(jumps(&sound), vec![(100, -1); held], "{fade}");
        assert!(sound[101..].iter().all(|frame| frame[0] < 0.005), "{:?}", sound[101]);
    }
}

#[test]
fn ports_and_channels_are_told_apart_also_by_a_cable_of_midi() {
    let text = |port: &str| ParamValue::Text(port.into());
    let of = |port: &str, channel: i64| {
        with(with(gates(8.0), "keys", "port", text(port)), "keys", "channel", ParamValue::Int(channel))
    };
    let (control, _) = new(settings(widest()));
    let ports = [control.port("Nano KEY"), control.port("pads")];
    assert_eq!(ports, [0, 1]);
    let mut midi = vec![];
    for (at, port, channel) in [(100, 0, 0), (200, 0, 1), (300, 1, 0), (400, 1, 1)] {
        midi.push(Midi { at, port, message: message(&[0x90 | channel, 60, 100]) });
    }
    let heard = |patch: &Patch| -> Vec<usize> {
        let (control, mut engine) = engine(patch, widest());
        control.port("Nano KEY");
        control.port("pads");
        engine.hear(&midi);
        jumps(&render(&mut engine, 600, &[64])).iter().map(|(frame, _)| *frame).collect()
    };
    assert_eq!(heard(&of("", 0)), [101, 201, 301, 401]);
    assert_eq!(heard(&of("key", 0)), [101, 201]);
    assert_eq!(heard(&of("", 2)), [201, 401]);
    assert_eq!(heard(&of("PADS", 1)), [301]);
    assert_eq!(heard(&of("organ", 0)), [0; 0]);
    let routed = |channels: &[(&str, i64)]| {
        let mut patch = gates(8.0);
        for (i, (port, channel)) in channels.iter().enumerate() {
            let name = format!("in{i}");
            patch = patch.module(&name, "MidiIn", &[("channel", *channel as f64)]);
            patch = with(patch, &name, "port", text(port)).cable(&format!("{name}.midi"), "keys.midi", 1.0);
        }
        patch
    };
    assert_eq!(heard(&routed(&[("nano", 2)])), [201]);
    assert_eq!(heard(&routed(&[("nano", 1), ("pads", 2)])), [101, 401]);
    // With a cable its own port and channel do not count.
    let own = with(routed(&[("nano", 2)]), "keys", "port", text("pads"));
    assert_eq!(heard(&own), [201]);
}

#[test]
fn a_cable_of_midi_to_something_else_is_refused() {
    let refused = |patch: &Patch| {
        let (mut control, _engine) = new(settings(widest()));
        matches!(control.swap(patch.graph(), Landing::Now, 0.0), Err(PlanError::Midi { .. }))
    };
    let both = gates(8.0).module("in", "MidiIn", &[]).module("osc", "Osc", &[]);
    assert!(refused(&both.clone().cable("in", "osc.pitch", 1.0)));
    assert!(refused(&both.clone().cable("osc.sine", "keys.midi", 1.0)));
    assert!(refused(&both.clone().cable("in", "keys.midi", 0.5)));
    assert!(refused(&both.clone().late("in", "keys.midi", 1.0)));
    assert!(!refused(&both.cable("in", "keys.midi", 1.0)));
}

#[test]
fn what_was_played_live_is_what_its_log_plays() {
    let patch = synth(8.0, 0.0);
    let other = synth(20.0, 0.0).module("env", "Adsr", &[("attack", 0.01), ("release", 0.5)]);
    let (mut control, mut engine) = engine(&patch, widest());
    let mut inlet = control.inlet().expect("the first time");
    let (mut keys, mut pads) = (inlet.open("keys"), inlet.open("pads"));
    let mut notes = vec![];
    let mut cues = vec![Cue { at: 0, graph: patch.graph(), ..Cue::default() }];
    let mut listen = |control: &mut patches_engine::control::Control| {
        for notice in control.poll() {
            match notice {
                Notice::Heard { at, port, message } => notes.push(Note { at, port, message }),
                Notice::Landed { at, save: 2 } => {
                    cues.push(Cue { at, graph: other.graph(), fade: 0.03, ..Cue::default() })
                }
                Notice::Landed { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    };
    let mut live = render(&mut engine, 256, &[256]);
    let script = playing(96_000);
    for (index, midi) in script.iter().enumerate() {
        let port = if index % 3 == 0 { &mut keys } else { &mut pads };
        if let Some(port) = port {
            assert!(port.send(Instant::now(), midi.message));
        }
        if index % 5 == 0 {
            // Time goes by, though not as evenly as with a device.
            live.extend(render(&mut engine, 480 + index % 256, &[256, 96]));
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        if index == script.len() / 2 {
            control.swap(other.graph(), Landing::Now, 0.03).expect("within limits");
        }
        if index == script.len() * 3 / 4 {
            // A port is lost in the middle of its notes.
            keys = None;
        }
        listen(&mut control);
    }
    // What is still due sounds a period later at the latest.
    live.extend(render(&mut engine, 2560, &[256]));
    listen(&mut control);
    let sent = script.len() - script[script.len() * 3 / 4 + 1..].len().div_ceil(3);
    assert!(notes.len() >= sent + 32, "{} heard of {sent}, and a release", notes.len());
    assert!(notes.is_sorted_by_key(|note| note.at) && cues.len() == 2);
    let mut replay: Vec<f32> = vec![];
    let performance = Performance { cues: &cues, notes: &notes, input: None };
    let done = perform(settings(widest()), &performance, live.len() as u64, 0, |part| {
        replay.extend(part);
        Ok::<(), ()>(())
    });
    assert!(done.is_ok());
    let replay: Vec<[f32; 2]> = replay.as_chunks().0.to_vec();
    let latency = engine.latency() as usize;
    assert_eq!(hash(&live[latency..]), hash(&replay[..live.len() - latency]));
    // One message less is another performance.
    let mut less = vec![];
    notes.remove(notes.len() / 4);
    let performance = Performance { cues: &cues, notes: &notes, input: None };
    let _ = perform(settings(widest()), &performance, live.len() as u64, 0, |part| {
        less.extend(part.as_chunks::<2>().0);
        Ok::<(), ()>(())
    });
    assert_ne!(hash(&less[..live.len() - latency]), hash(&live[latency..]));
}
