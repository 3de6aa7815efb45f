//! The shipped binary on a real sound server: what the server heard is the replay of the session log, to the bit.

mod common;

use common::{PATIENCE, Player, Save, have, patches, run, save, signal_to, told, wav_bits};
use serde_json::Value;
use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const NEEDS: [&str; 5] = ["jackd", "jack_wait", "jack_lsp", "jack_capture", "libasound_module_pcm_jack.so"];

/// A sound server with a clock and no sound card, and an ALSA configuration that leads to it.
struct Server {
    child: Child,
    dir: tempfile::TempDir,
    name: String,
    /// Further options of the server.
    more: &'static [&'static str],
    // Two servers of one person share the names of their clients' sockets, so only one test at a time has one.
    _turn: File,
}

impl Server {
    fn start() -> Server {
        Server::start_with(&[])
    }

    fn start_with(more: &'static [&'static str]) -> Server {
        let turn = File::create(std::env::temp_dir().join("patches-jack-turn")).expect("a lock file");
        turn.lock().expect("a turn");
        let dir = tempfile::tempdir().expect("a folder");
        let asoundrc = "pcm.jackout { type jack\n playback_ports { 0 system:playback_1 1 system:playback_2 }\n \
                        capture_ports { 0 system:capture_1 1 system:capture_2 } }\n\
                        pcm.!default { type plug slave.pcm \"jackout\" }\n";
        std::fs::write(dir.path().join(".asoundrc"), asoundrc).expect("written");
        // Always the same name: a new server takes the place in JACK's table that a killed one of its name has left.
        let name = "patches-test".to_string();
        let child = Server::spawn(&name, dir.path(), more);
        let server = Server { child, dir, name, more, _turn: turn };
        server.wait();
        server
    }

    fn spawn(name: &str, dir: &Path, more: &[&str]) -> Child {
        let log = File::options().create(true).append(true).open(dir.join("jackd.log")).expect("a log");
        Command::new("jackd")
            .args(if may_be_realtime() { ["-R", "-P70"] } else { ["-r", "-t2000"] })
            .args(more)
            .args(["-n", name, "-d", "dummy", "-r", "48000", "-p", "256", "-C", "2", "-P", "2"])
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .expect("jackd starts")
    }

    fn wait(&self) {
        let up = self.tool("timeout").args(["20", "jack_wait", "-w"]).stdout(Stdio::null()).status();
        assert!(up.expect("jack_wait runs").success(), "jackd does not come up");
    }

    /// Stops the server as when a device is pulled out.
    fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }

    fn restart(&mut self) {
        self.child = Server::spawn(&self.name, self.dir.path(), self.more);
        self.wait();
    }

    fn with_env(&self, mut command: Command) -> Command {
        command.env("JACK_NO_START_SERVER", "1").env("JACK_DEFAULT_SERVER", &self.name).env("HOME", self.dir.path());
        command.env_remove("ALSA_CONFIG_PATH");
        command
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = self.with_env(Command::new(name));
        command.current_dir(self.dir.path());
        command
    }

    /// Times the server was late, by its own log.
    fn xruns(&self) -> usize {
        let log = std::fs::read_to_string(self.dir.path().join("jackd.log")).unwrap_or_default();
        log.matches("XRun").count()
    }

    fn play(&self, more: &[&str]) -> Player {
        let mut command = self.with_env(patches(self.dir.path()));
        Player::start(command.args(["play", "a.patches", "--json", "--session", "take"]).args(more))
    }

    fn patch(&self) -> PathBuf {
        self.dir.path().join("a.patches")
    }

    /// The two ports by which a player plays or, as `C`, hears. ALSA's plugin names its client after the program, cpal's JACK
    /// host after itself.
    fn ports(&self, player: u32, way: char) -> Vec<String> {
        let side = if way == 'P' { "out" } else { "in" };
        let names = [format!("patches.{way}.{player}."), format!("cpal_client_{player}_{side}:")];
        wait_for(|| {
            let out = self.tool("jack_lsp").output().expect("jack_lsp runs").stdout;
            let text = String::from_utf8_lossy(&out).into_owned();
            let ours = |port: &&str| names.iter().any(|name| port.starts_with(name));
            let ports: Vec<String> = text.lines().filter(ours).map(Into::into).collect();
            (ports.len() == 2).then_some(ports)
        })
    }

    /// Records what a player plays.
    fn record(&self, player: &Player) -> Recorder {
        let ports = self.ports(player.id(), 'P');
        let file = self.dir.path().join("heard.wav");
        let mut command = self.tool("jack_capture");
        command.args(["--channels", "2", "--no-stdin", "--disable-meter", "-f", "wav", "-d", "600"]);
        for port in &ports {
            command.args(["--port", port]);
        }
        let child = command.arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("jack_capture runs");
        wait_for(|| std::fs::metadata(&file).is_ok_and(|meta| meta.len() > 100_000).then_some(()));
        Recorder { child, file }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Asked to end, a server gives its place in JACK's table of eight back; one that is killed keeps it.
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).stderr(Stdio::null()).status();
        for _ in 0..100 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether this person may have real-time priority without further ado.
fn may_be_realtime() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n")
}

struct Recorder {
    child: Child,
    file: PathBuf,
}

impl Recorder {
    fn finish(mut self) -> Vec<[u32; 2]> {
        signal_to(self.child.id(), "INT");
        wait_for(|| self.child.try_wait().expect("a child"));
        wav_bits(&self.file)
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wait_for<T>(mut ready: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if let Some(value) = ready() {
            return value;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("it does not come to be");
}

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

/// Where a recording stands in a replay: the stretches `(recorded from, replayed from, frames)` that are the same.
fn stretches(heard: &[[u32; 2]], replay: &[[u32; 2]]) -> Vec<(usize, usize, usize)> {
    let mut places: HashMap<[[u32; 2]; 2], usize> = HashMap::new();
    for (i, pair) in replay.array_windows().enumerate() {
        places.entry(*pair).or_insert(i);
    }
    let mut found: Vec<(usize, usize, usize)> = Vec::new();
    let mut i = 0;
    while i + 1 < heard.len() {
        let Some(&place) = places.get(&[heard[i], heard[i + 1]]).filter(|_| heard[i] != [0, 0]) else {
            i += 1;
            continue;
        };
        let same = heard[i..].iter().zip(&replay[place..]).take_while(|(a, b)| a == b).count();
        found.push((i, place, same));
        i += same;
    }
    found
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
    let output = run(server.dir.path(), ["replay", "take", "-o", "replay.wav"]);
    assert_eq!(told(&output).0, 0, "{output:?}");
    compare(&server, &heard, &wav_bits(&server.dir.path().join("replay.wav")), &stopped);
}

/// Everything that was heard is in the replay, in order, with no more cuts than something was late.
fn compare(server: &Server, heard: &[[u32; 2]], replay: &[[u32; 2]], stopped: &Value) {
    let found = stretches(heard, replay);
    let same: usize = found.iter().map(|(_, _, frames)| frames).sum();
    let late = server.xruns() + stopped["xruns"].as_u64().expect("a count") as usize;
    println!("{} frames heard, {same} the same as replayed, {} stretches, {late} xruns", heard.len(), found.len());
    // A recorder that starts in the middle of a period has some of silence first; each xrun may cost some periods.
    let lost = 1024 + late * 4096;
    assert!(same + lost >= heard.len(), "{found:?}");
    assert!(heard.len() > 96_000, "{} frames heard", heard.len());
    assert!(found.len() <= 1 + 2 * late, "{found:?} with {late} xruns");
    // After an xrun ALSA may play a period once more.
    assert!(found.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{found:?}");
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
    let output = run(server.dir.path(), ["replay", "take", "-o", "replay.wav"]);
    assert_eq!(told(&output).0, 0, "{output:?}");
    let found = stretches(&heard, &wav_bits(&server.dir.path().join("replay.wav")));
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
    save(&server.dir.path().join("tone.patches"), &text(1), Save::InPlace);
    let mut command = server.with_env(patches(server.dir.path()));
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
        let output = run(server.dir.path(), ["replay", session, "-o", out]);
        assert_eq!(told(&output).0, 0, "{output:?}");
    }
    compare(&server, &heard, &wav_bits(&server.dir.path().join("replay.wav")), &stopped);
    // What came in is what the other one played.
    let tape = wav_bits(&server.dir.path().join("take/input.wav"));
    let found = stretches(&tape, &wav_bits(&server.dir.path().join("tone.wav")));
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
    let log = std::fs::read_to_string(server.dir.path().join("take/session.jsonl")).expect("a log");
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
    let mut sequence = server.tool("jack_midiseq");
    sequence.args(["Seq", &LOOP.to_string()]);
    for (start, note) in NOTES {
        sequence.args([start.to_string(), note.to_string(), "300".into()]);
    }
    let mut sequence = sequence.stdout(Stdio::null()).spawn().expect("jack_midiseq runs");
    wait_for(|| {
        let connect = server.tool("jack_connect").args(["Seq:out", "patches:midi_in"]).output().expect("it runs");
        connect.status.success().then_some(())
    });
    wait_for(|| (logged(&server).iter().filter(|note| note.2).count() >= 1000).then_some(()));
    // In the middle of whatever it plays it goes away.
    sequence.kill().expect("killed");
    sequence.wait().expect("ended");
    std::thread::sleep(Duration::from_millis(800));
    let stopped = player.quit();
    let notes = logged(&server);
    in_time(&server, &notes, &stopped);
    assert_eq!(stopped["allocations_in_callback"], 0);
    // What was recorded is what the log plays, and it ends in silence: no note sticks.
    let output = run(server.dir.path(), ["replay", "take", "-o", "replay.wav"]);
    assert_eq!(told(&output).0, 0, "{output:?}");
    let replay = wav_bits(&server.dir.path().join("replay.wav"));
    let take = wav_bits(&server.dir.path().join("take.wav"));
    // The limiter looks 64 frames ahead.
    assert!(take.len() > 400_000 && take[64..] == replay[..replay.len() - 64]);
    let quiet = |frame: &[u32; 2]| f32::from_bits(frame[0]).abs() < 1e-3;
    assert!(take[take.len() - 4800..].iter().all(quiet), "a note sticks");
    assert!(!take[48_000..96_000].iter().all(quiet), "the notes are heard");
}

/// All notes are there, in order, chords on one sample, and the way from one to the next as it was played to within a
/// millisecond, but where something was late.
#[cfg(feature = "jack")]
fn in_time(server: &Server, notes: &[(u64, u8, bool)], stopped: &Value) {
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
        "{} notes, the way between two off by {worst} frames at most, {off} by more than a millisecond, {late} xruns",
        struck.len()
    );
    // After an xrun the time of day and the frames have to find each other again, which takes some notes.
    assert!(off <= 12 * late, "{off} off, {late} xruns");
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
    let log = std::fs::read_to_string(server.dir.path().join("take/session.jsonl")).expect("a log");
    log.contains("\"midi\":[176,123,0]")
}
