//! The shipped binary on a real sound server: what the server heard is the replay of the session log, to the bit.

mod common;

#[cfg(feature = "jack")]
use common::frames_of;
#[cfg(feature = "jack")]
use common::server::wait_for;
use common::server::{NEEDS, Server, compare, stretches};
use common::{Player, Save, have, patches, run, save, told, wav_bits};
#[cfg(feature = "jack")]
use serde_json::Value;
#[cfg(feature = "jack")]
use std::process::{Child, Stdio};
#[cfg(feature = "jack")]
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};
use std::time::Duration;
#[cfg(feature = "jack")]
use std::time::Instant;

/// The noise in it makes every two frames unlike all others, so that a recording has one place in a replay.
fn text(round: usize) -> String {
    let notes = ["A2", "C3", "E3", "G3", "A3"];
    let note = notes[round % notes.len()];
    let gain = 10 + round % 7;
    let mut text = format!("noise = Noise\nosc = Osc {{ pitch: {note} }}\nnoise.white -[0.05]-> out\n");
    text += &format!(
        "osc.saw -> filt -> Vca {{ gain: {gain}% }} -> out\nfilt = Svf {{ cutoff: {}Hz }}\n",
        400 + 50 * round
    );
    if round % 3 == 1 {
        text += "osc.square -> Delay { time: 120ms, mix: 100% } -[0.1]-> out\n";
    }
    if round % 4 == 2 {
        text += "lfo = Lfo { rate: 3Hz }\nlfo -[0.5]-> filt.cutoff\n";
    }
    text
}

#[test]
fn thirty_edits_are_heard_and_the_replay_is_what_was_heard() {
    if have(&NEEDS) {
        thirty_edits("alsa");
    }
}

#[cfg(feature = "jack")]
#[test]
fn and_the_same_without_alsa_between() {
    if have(&NEEDS) {
        thirty_edits("jack");
    }
}

/// Plays, edits thirty times, and compares what the server heard with the replay.
fn thirty_edits(backend: &str) {
    let server = Server::start();
    save(&server.patch(), &text(0), Save::InPlace);
    let mut player = server.play(&["--backend", backend]);
    let started = player.next();
    assert_eq!(
        (&started["event"], &started["backend"], &started["frames"]),
        (&"started".into(), &backend.into(), &256.into())
    );
    let recorder = server.record(&player);
    for round in 1..=30 {
        let how = [Save::InPlace, Save::Rename, Save::Halves][round % 3];
        let faulty = round % 5 == 0;
        let text = if faulty { text(round).replace("Svf", "Svff") } else { text(round) };
        save(&server.patch(), &text, how);
        let event = player.next();
        let expected = if faulty { "refused" } else { "swapped" };
        assert_eq!((&event["event"], &event["save"]), (&expected.into(), &(round + 1).into()), "{how:?}\n{event}");
        // Some saves come while the one before still fades.
        std::thread::sleep(Duration::from_millis(if round % 4 == 0 { 1 } else { 60 }));
    }
    std::thread::sleep(Duration::from_millis(300));
    let heard = recorder.finish();
    let stopped = player.quit();
    assert_eq!((&stopped["swaps"], &stopped["allocations_in_callback"]), (&24.into(), &0.into()), "{stopped}");
    let output = run(server.dir(), ["replay", "take", "-o", "replay.wav"]);
    assert_eq!(told(&output).0, 0, "{output:?}");
    compare(&server, &heard, &wav_bits(&server.dir().join("replay.wav")), &stopped);
}

/// Four noises, so that each channel has its own place in a replay.
#[cfg(feature = "jack")]
fn four(gain: u32) -> String {
    let mut text = String::from("out = AudioOut(channels: [left, right, phones, click])\n");
    for (number, channel) in ["left", "right", "phones", "click"].into_iter().enumerate() {
        text += &format!("n{number} = Noise\nn{number} -[{}%]-> out.in[{channel}]\n", gain + number as u32);
    }
    text
}

#[cfg(feature = "jack")]
#[test]
fn four_channels_are_four_ports_and_each_is_heard_as_it_is_replayed() {
    if !have(&NEEDS) {
        return;
    }
    let server = Server::start();
    save(&server.patch(), &four(5), Save::InPlace);
    let mut player = server.play(&["--backend", "jack"]);
    let started = player.next();
    assert_eq!((&started["event"], &started["channels"]), (&"started".into(), &4.into()), "{started}");
    let recorder = server.record_all(&player, 4);
    for round in 1..=5 {
        std::thread::sleep(Duration::from_millis(500));
        let text = four(5 * round);
        // Every other time the last channel goes where the third is.
        let text = if round % 2 == 1 { text.replace("out.in[click]", "out.in[phones]") } else { text };
        save(&server.patch(), &text, Save::Rename);
        assert_eq!(player.next()["event"], "swapped");
    }
    std::thread::sleep(Duration::from_millis(300));
    let heard = frames_of(&recorder.end(), 4);
    let stopped = player.quit();
    assert_eq!(stopped["allocations_in_callback"], 0, "{stopped}");
    let output = run(server.dir(), ["replay", "take", "-o", "replay.wav"]);
    assert_eq!(told(&output).0, 0, "{output:?}");
    let replay = frames_of(&server.dir().join("replay.wav"), 4);
    // The ports are recorded in the order of the channels: each pair is where it was replayed.
    for pair in [[0, 1], [2, 3], [1, 2]] {
        let of =
            |frames: &[Vec<u32>]| -> Vec<[u32; 2]> { frames.iter().map(|f| pair.map(|side: usize| f[side])).collect() };
        compare(&server, &of(&heard), &of(&replay), &stopped);
    }
}

#[cfg(feature = "jack")]
#[test]
fn four_channels_come_in_by_four_ports_and_the_replay_is_what_was_heard() {
    if !have(&[&NEEDS[..], &["jack_connect"]].concat()) {
        return;
    }
    let server = Server::start();
    std::fs::write(server.dir().join("tone.patches"), four(20)).expect("written");
    let mut command = server.with_env(patches(server.dir()));
    let mut source =
        Player::start(command.args(["play", "tone.patches", "--json", "--backend", "jack", "--session", "tone"]));
    source.wait_for("started");
    let text = |gain: u32| {
        let mut text = String::from("in = AudioIn(channels: 4); out = AudioOut(channels: 4)\n");
        for channel in 0..4 {
            text += &format!("in.out[{channel}] -[{gain}%]-> out.in[{channel}]\n");
        }
        text
    };
    save(&server.patch(), &text(50), Save::InPlace);
    let mut player = server.play(&["--backend", "jack"]);
    let events = [player.next(), player.next()];
    let open = events.iter().find(|event| event["event"] == "input").unwrap_or_else(|| panic!("{events:?}"));
    assert_eq!(open["state"], "open", "{open}");
    let ends = (server.all_ports(source.id(), 'P', 4), server.all_ports(player.id(), 'C', 4));
    for (from, to) in ends.0.iter().zip(&ends.1) {
        let connect = server.tool("jack_connect").args([from, to]).output().expect("it runs");
        assert!(connect.status.success(), "{connect:?}");
    }
    // What is silent has no place in a replay.
    std::thread::sleep(Duration::from_millis(300));
    let recorder = server.record_all(&player, 4);
    std::thread::sleep(Duration::from_millis(1500));
    save(&server.patch(), &text(30), Save::Rename);
    assert_eq!(player.wait_for("swapped")["save"], 2);
    std::thread::sleep(Duration::from_millis(1500));
    let heard = frames_of(&recorder.end(), 4);
    // More than it was opened with is silent, and that is said.
    save(
        &server.patch(),
        &(text(30) + "in.out[5] -> out.in[0]\n").replace("AudioIn(channels: 4)", "AudioIn(channels: 6)"),
        Save::Rename,
    );
    let message = loop {
        let message = player.wait_for("notice")["message"].to_string();
        if message.contains("listens to") {
            break message;
        }
    };
    assert!(message.contains("opened with 4 channels, and the patch listens to 6"), "{message}");
    let stopped = player.quit();
    assert_eq!(stopped["allocations_in_callback"], 0, "{stopped}");
    let stopped_source = source.quit();
    for (session, out) in [("take", "replay.wav"), ("tone", "tone.wav")] {
        let output = run(server.dir(), ["replay", session, "-o", out]);
        assert_eq!(told(&output).0, 0, "{output:?}");
    }
    let all = |name: &str| frames_of(&server.dir().join(name), 4);
    let (replay, tape, tone) = (all("replay.wav"), all("take/input.wav"), all("tone.wav"));
    for pair in [[0, 1], [2, 3]] {
        let of =
            |frames: &[Vec<u32>]| -> Vec<[u32; 2]> { frames.iter().map(|f| pair.map(|side: usize| f[side])).collect() };
        compare(&server, &of(&heard), &of(&replay), &stopped);
        // What came in by each port is what the other one played by its own.
        let found = stretches(&of(&tape), &of(&tone));
        let same: usize = found.iter().map(|(_, _, frames)| frames).sum();
        let late = server.xruns() as u64
            + [&stopped, &stopped_source].map(|s| s["xruns"].as_u64().expect("a count")).iter().sum::<u64>()
            + stopped["input_slips"].as_u64().expect("a count");
        println!("{same} frames of {} on tape are those that were played, {late} late", tape.len());
        assert!(same > 96_000, "{found:?}");
        assert!(found.len() as u64 <= 1 + 2 * late, "{found:?} with {late} late");
    }
}

#[test]
fn a_lost_device_does_not_stop_the_patch_and_comes_back() {
    if !have(&NEEDS) {
        return;
    }
    let mut server = Server::start();
    save(&server.patch(), &text(0), Save::InPlace);
    let mut player = server.play(&[]);
    assert_eq!(player.next()["event"], "started");
    server.kill();
    let lost = player.wait_for("device");
    assert_eq!(lost["state"], "lost", "{lost}");
    save(&server.patch(), &text(1), Save::Rename);
    assert_eq!(player.wait_for("swapped")["save"], 2, "edits are heard by the clock");
    server.restart();
    let back = player.wait_for("device");
    assert_eq!(back["state"], "back", "{back}");
    let heard = server.record(&player).finish();
    let stopped = player.quit();
    let output = run(server.dir(), ["replay", "take", "-o", "replay.wav"]);
    assert_eq!(told(&output).0, 0, "{output:?}");
    let found = stretches(&heard, &wav_bits(&server.dir().join("replay.wav")));
    let same: usize = found.iter().map(|(_, _, frames)| frames).sum();
    assert!(same > 4096, "the patch plays on where it was: {found:?}, {stopped}");
}

#[test]
fn a_recording_that_differs_in_one_bit_is_found() {
    let replay: Vec<[u32; 2]> = (0..10_000u32).map(|i| [i.wrapping_mul(2_654_435_761) | 1, i]).collect();
    let mut heard = replay[1000..9000].to_vec();
    assert_eq!(stretches(&heard, &replay), [(0, 1000, 8000)]);
    heard[4000][1] ^= 1;
    assert_eq!(stretches(&heard, &replay), [(0, 1000, 4000), (4001, 5001, 3999)]);
    heard.drain(5000..5256);
    assert_eq!(stretches(&heard, &replay).len(), 3);
}

#[test]
fn what_another_program_plays_comes_in_and_the_replay_hears_it_too() {
    if have(&[&NEEDS[..], &["jack_connect"]].concat()) {
        comes_in("alsa");
    }
}

#[cfg(feature = "jack")]
#[test]
fn and_the_same_comes_in_without_alsa_between() {
    if have(&[&NEEDS[..], &["jack_connect"]].concat()) {
        comes_in("jack");
    }
}

/// Another player's sound into ours: it comes in to the bit, it comes out again, and the replay is what was heard.
fn comes_in(backend: &str) {
    let server = Server::start();
    save(&server.dir().join("tone.patches"), &text(1), Save::InPlace);
    let mut command = server.with_env(patches(server.dir()));
    let mut source = Player::start(command.args(["play", "tone.patches", "--json", "--session", "tone"]));
    source.wait_for("started");
    save(&server.patch(), "in -> Delay { time: 50ms, mix: 40% } -> out\n", Save::InPlace);
    let mut player = server.play(&["--backend", backend]);
    let events = [player.next(), player.next()];
    let open = events.iter().find(|event| event["event"] == "input").unwrap_or_else(|| panic!("{events:?}"));
    assert_eq!(open["state"], "open", "{open}");
    for (from, to) in server.ports(source.id(), 'P').iter().zip(server.ports(player.id(), 'C')) {
        let connect = server.tool("jack_connect").args([from, &to]).output().expect("it runs");
        assert!(connect.status.success(), "{connect:?}");
    }
    // What is silent has no place in a replay.
    std::thread::sleep(Duration::from_millis(300));
    let recorder = server.record(&player);
    std::thread::sleep(Duration::from_millis(1500));
    save(&server.patch(), "in -> Delay { time: 50ms, mix: 20% } -> out\n", Save::Rename);
    assert_eq!(player.next()["event"], "swapped");
    std::thread::sleep(Duration::from_millis(1500));
    let heard = recorder.finish();
    let stopped = player.quit();
    assert_eq!(stopped["allocations_in_callback"], 0, "{stopped}");
    let told_slips = stopped["input_slips"].as_u64().expect("a count");
    let stopped_source = source.quit();
    for (session, out) in [("take", "replay.wav"), ("tone", "tone.wav")] {
        let output = run(server.dir(), ["replay", session, "-o", out]);
        assert_eq!(told(&output).0, 0, "{output:?}");
    }
    compare(&server, &heard, &wav_bits(&server.dir().join("replay.wav")), &stopped);
    // What came in is what the other one played.
    let tape = wav_bits(&server.dir().join("take/input.wav"));
    let found = stretches(&tape, &wav_bits(&server.dir().join("tone.wav")));
    let same: usize = found.iter().map(|(_, _, frames)| frames).sum();
    let late = server.xruns() as u64
        + [&stopped, &stopped_source].map(|s| s["xruns"].as_u64().expect("a count")).iter().sum::<u64>()
        + told_slips;
    println!(
        "{same} frames of {} on tape are those that were played, {} stretches, {late} late",
        tape.len(),
        found.len()
    );
    assert!(same > 96_000, "{found:?}");
    assert!(found.len() as u64 <= 1 + 2 * late, "{found:?} with {late} late");
}

/// What another program sends over JACK: a loop of so many frames, with these notes at these frames.
#[cfg(feature = "jack")]
const LOOP: u64 = 4800;
#[cfg(feature = "jack")]
const NOTES: [(u64, u8); 12] = [
    (0, 60),
    (0, 64),
    (0, 67),
    (600, 61),
    (1000, 62),
    (1407, 63),
    (2000, 65),
    (2000, 69),
    (2900, 66),
    (3333, 68),
    (4000, 70),
    (4500, 71),
];

/// The session's notes: frame, note, whether it is struck.
#[cfg(feature = "jack")]
fn logged(server: &Server) -> Vec<(u64, u8, bool)> {
    let log = std::fs::read_to_string(server.dir().join("take/session.jsonl")).expect("a log");
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("json"));
    lines
        .filter(|line| [144, 128].iter().any(|status| line["midi"][0] == *status))
        .map(|line| {
            let number = |value: &Value| value.as_u64().expect("a number");
            (number(&line["at"]), number(&line["midi"][1]) as u8, line["midi"][0] == 144)
        })
        .collect()
}

#[cfg(feature = "jack")]
#[test]
fn a_thousand_notes_of_another_program_arrive_in_time_and_none_sticks() {
    if !have(&[&NEEDS[..], &["jack_midiseq", "jack_connect"]].concat()) {
        return;
    }
    // A server that waits for its clients: else the messages of a period that a program is late for are gone, as with any
    // program on a busy machine.
    let server = Server::start_with(&["--sync"]);
    let text = "keys = Keys { voices: 6 }\nenv = Adsr { gate: keys.gate, release: 5ms }\n\
                Osc { pitch: keys.pitch }.saw -> Vca { gain: env } -[0.1]-> out\n";
    save(&server.patch(), text, Save::InPlace);
    let mut player = server.play(&["--backend", "jack", "--record", "take.wav"]);
    player.wait_for("started");
    wait_for(|| {
        let out = server.tool("jack_lsp").output().expect("jack_lsp runs").stdout;
        String::from_utf8_lossy(&out).contains("patches:midi_in").then_some(())
    });
    let stalls = Stalls::watch();
    let mut sequence = server.tool("jack_midiseq");
    sequence.args(["Seq", &LOOP.to_string()]);
    for (start, note) in NOTES {
        sequence.args([start.to_string(), note.to_string(), "300".into()]);
    }
    let sequence = Ends(sequence.stdout(Stdio::null()).spawn().expect("jack_midiseq runs"));
    wait_for(|| {
        let connect = server.tool("jack_connect").args(["Seq:out", "patches:midi_in"]).output().expect("it runs");
        connect.status.success().then_some(())
    });
    wait_for(|| (logged(&server).iter().filter(|note| note.2).count() >= 1000).then_some(()));
    // In the middle of whatever it plays it goes away.
    drop(sequence);
    std::thread::sleep(Duration::from_millis(800));
    let stopped = player.quit();
    let notes = logged(&server);
    in_time(&server, &notes, &stopped, stalls.end());
    assert_eq!(stopped["allocations_in_callback"], 0);
    // What was recorded is what the log plays, and it ends in silence: no note sticks.
    let output = run(server.dir(), ["replay", "take", "-o", "replay.wav"]);
    assert_eq!(told(&output).0, 0, "{output:?}");
    let replay = wav_bits(&server.dir().join("replay.wav"));
    let take = wav_bits(&server.dir().join("take.wav"));
    // The limiter looks 64 frames ahead.
    assert!(take.len() > 400_000 && take[64..] == replay[..replay.len() - 64]);
    let quiet = |frame: &[u32; 2]| f32::from_bits(frame[0]).abs() < 1e-3;
    assert!(take[take.len() - 4800..].iter().all(quiet), "a note sticks");
    assert!(!take[48_000..96_000].iter().all(quiet), "the notes are heard");
}

/// A program that ends with the test, however that ends.
#[cfg(feature = "jack")]
struct Ends(Child);

#[cfg(feature = "jack")]
impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How often this machine woke a thread more than a millisecond late: what comes in then is late however it is played.
#[cfg(feature = "jack")]
struct Stalls {
    ends: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<usize>,
}

#[cfg(feature = "jack")]
impl Stalls {
    fn watch() -> Stalls {
        const STEP: Duration = Duration::from_millis(2);
        let ends = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&ends);
        let thread = std::thread::spawn(move || {
            let mut stalls = 0;
            while !seen.load(Relaxed) {
                let begun = Instant::now();
                std::thread::sleep(STEP);
                stalls += usize::from(begun.elapsed() > STEP + Duration::from_millis(1));
            }
            stalls
        });
        Stalls { ends, thread }
    }

    fn end(self) -> usize {
        self.ends.store(true, Relaxed);
        self.thread.join().expect("it watches to the end")
    }
}

/// All notes are there, in order, chords on one sample, and the way from one to the next as it was played to within a
/// millisecond, but where something was late.
#[cfg(feature = "jack")]
fn in_time(server: &Server, notes: &[(u64, u8, bool)], stopped: &Value, stalls: usize) {
    let struck: Vec<(u64, u8)> = notes.iter().filter(|note| note.2).map(|&(at, note, _)| (at, note)).collect();
    let place = |note: u8| NOTES.iter().position(|&(_, other)| other == note).expect("a note of the loop");
    let mut first = place(struck[0].1);
    let mut lost = 0;
    let mut worst = 0;
    let mut off = 0;
    for (i, pair) in struck.windows(2).enumerate() {
        let [(before, _), (at, note)] = pair else { unreachable!("windows of two") };
        let now = first + i + 1;
        let (start, expected) = NOTES[now % NOTES.len()];
        if *note != expected {
            // The server gave a period away: what was sent in it nobody has heard.
            let skipped = (1..NOTES.len()).find(|k| NOTES[(now + k) % NOTES.len()].1 == *note);
            first += skipped.expect("a note of the loop");
            lost += 1;
            continue;
        }
        let played = (now / NOTES.len()) as u64 * LOOP + start;
        let before_it = (now - 1) / NOTES.len();
        let way = played - (before_it as u64 * LOOP + NOTES[(now - 1) % NOTES.len()].0);
        let error = (at - before).abs_diff(way);
        assert!(way > 0 || error == 0, "a chord comes apart at {at}");
        worst = worst.max(error);
        off += usize::from(error > 48);
    }
    let late = server.xruns() + stopped["xruns"].as_u64().expect("a count") as usize;
    println!(
        "{} notes, the way between two off by {worst} frames at most, {off} by more than a millisecond, {late} xruns, {stalls} stalls",
        struck.len()
    );
    // After an xrun, or a stall of the machine that was none, the time of day and the frames have to find each other again,
    // which takes some notes.
    assert!(off <= 12 * (late + stalls), "{off} off, {late} xruns, {stalls} stalls");
    assert!(lost <= late, "notes are lost in {lost} places, {late} xruns");
    let open = notes.iter().fold(std::collections::HashSet::new(), |mut open, &(_, note, struck)| {
        if struck {
            open.insert(note)
        } else {
            open.remove(&note)
        };
        open
    });
    assert!(
        open.len() <= 3 + late,
        "only what sounded when it was killed: {open:?} of {:?}",
        &notes[notes.len() - 40..]
    );
}

#[cfg(feature = "jack")]
#[test]
fn a_lost_server_takes_its_midi_with_it_and_brings_it_back() {
    if !have(&[&NEEDS[..], &["jack_midiseq"]].concat()) {
        return;
    }
    let mut server = Server::start();
    save(&server.patch(), "keys = Keys\nkeys.gate -[0.1]-> out\n", Save::InPlace);
    let sequence = |server: &Server| {
        let mut sequence = server.tool("jack_midiseq");
        // One note, held for most of its loop of half a second.
        sequence.args(["Seq", "24000", "0", "60", "20000"]).stdout(Stdio::null()).spawn().expect("jack_midiseq runs")
    };
    let mut seq = sequence(&server);
    wait_for(|| {
        let out = server.tool("jack_lsp").output().expect("jack_lsp runs").stdout;
        String::from_utf8_lossy(&out).contains("Seq:out").then_some(())
    });
    // Ports that are named are connected by the player itself, now and when they come again.
    let mut player = server.play(&["--backend", "jack", "--midi", "seq"]);
    player.wait_for("started");
    let struck = |server: &Server| logged(server).iter().filter(|note| note.2).count();
    wait_for(|| (struck(&server) > 2).then_some(()));
    server.kill();
    let _ = seq.kill();
    seq.wait().expect("ended");
    player.wait_for_state("midi", "lost");
    let before = wait_for(|| released(&server).then(|| struck(&server)));
    server.restart();
    let mut seq = sequence(&server);
    wait_for(|| (struck(&server) > before + 2).then_some(()));
    assert_eq!(player.quit()["allocations_in_callback"], 0, "also where ports come and go");
    seq.kill().expect("killed");
    seq.wait().expect("ended");
}

/// Whether the log has all notes off.
#[cfg(feature = "jack")]
fn released(server: &Server) -> bool {
    let log = std::fs::read_to_string(server.dir().join("take/session.jsonl")).expect("a log");
    log.contains("\"midi\":[176,123,0]")
}
