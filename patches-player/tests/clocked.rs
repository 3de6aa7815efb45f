//! The player on a clock: saves of every kind, its events, its end, its session log.

mod common;

use common::{Player, Save, level, patches, run, save, told, wav};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const TONE: &str = "osc = Osc { pitch: A3 }\nosc.sine -> Vca { gain: 0.5 } -> out\n";

struct Stage {
    dir: tempfile::TempDir,
}

impl Stage {
    fn new(text: &str) -> Stage {
        let stage = Stage { dir: tempfile::tempdir().expect("a folder") };
        std::fs::write(stage.patch(), text).expect("written");
        stage
    }

    fn patch(&self) -> PathBuf {
        self.dir.path().join("set/a.patches").tap_folder()
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = patches(self.dir.path());
        command.args(["play", "set/a.patches", "--backend", "clock", "--json"]).args(more);
        command
    }

    fn play(&self, more: &[&str]) -> Player {
        Player::start(&mut self.command(more))
    }

    fn replay(&self, session: &Value) -> Vec<[f32; 2]> {
        let out = self.dir.path().join("replay.wav");
        let session = session.as_str().expect("a session");
        let output = run(self.dir.path(), [Path::new("replay"), Path::new(session), "-o".as_ref(), &out]);
        assert_eq!(told(&output).0, 0, "{output:?}");
        wav(&out)
    }
}

trait TapFolder {
    fn tap_folder(self) -> Self;
}

impl TapFolder for PathBuf {
    /// With its folder made.
    fn tap_folder(self) -> PathBuf {
        std::fs::create_dir_all(self.parent().expect("it has a folder")).expect("made");
        self
    }
}

#[test]
fn every_save_is_heard_and_a_faulty_one_changes_nothing() {
    let stage = Stage::new(TONE);
    let mut player = stage.play(&[]);
    let started = player.next();
    assert_eq!(
        (&started["event"], &started["at"], &started["backend"]),
        (&"started".into(), &0.into(), &"clock".into())
    );
    let mut number = 1;
    for (round, how) in [Save::InPlace, Save::Rename, Save::Halves, Save::Rename, Save::InPlace].into_iter().enumerate()
    {
        let gain = format!("0.{}", round + 1);
        save(&stage.patch(), &TONE.replace("0.5", &gain).replace("A3", "C4"), how);
        number += 1;
        let swapped = player.next();
        assert_eq!((&swapped["event"], &swapped["save"]), (&"swapped".into(), &number.into()), "{how:?}");
        assert!(swapped["changed"].as_array().is_some_and(|all| all.iter().any(|c| c["to"] == gain)), "{swapped}");
        save(&stage.patch(), "osc = Lowpas\n", how);
        number += 1;
        let refused = player.next();
        assert_eq!((&refused["event"], &refused["save"]), (&"refused".into(), &number.into()), "{how:?}");
        assert_eq!(refused["faults"][0]["code"], "unknown-module");
        assert_eq!(refused["faults"][0]["line"], 1);
    }
    // A save that changes no text is no save.
    save(&stage.patch(), "osc = Lowpas\n", Save::Rename);
    save(&stage.patch(), TONE, Save::InPlace);
    let swapped = player.next();
    assert_eq!((&swapped["event"], &swapped["save"]), (&"swapped".into(), &(number + 1).into()));
    let stopped = player.quit();
    assert_eq!((&stopped["swaps"], &stopped["allocations_in_callback"]), (&6.into(), &0.into()), "{stopped}");
    let frames = stage.replay(&stopped["session"]);
    assert_eq!(frames.len() as u64, stopped["at"].as_u64().expect("a frame"));
    assert!((level(&frames[..4800]).0 - 0.5).abs() < 0.01, "the first text plays at first");
}

#[test]
fn a_save_beyond_all_the_time_there_is_is_held_until_it_is_wanted() {
    let stage = Stage::new(TONE);
    let mut player = stage.play(&[]);
    player.wait_for("started");
    let heavy =
        format!("{TONE}for i in 1..400 {{ Osc {{ pitch: A3 }}.saw -> Reverb {{ size: 0.1 }} -[0.0001]-> out }}\n");
    save(&stage.patch(), &heavy, Save::Rename);
    let held = player.wait_for("held");
    assert!(held["save"] == 2 && held["load"].as_f64().is_some_and(|load| load > 1.0), "{held}");
    // What plays plays on, and a lighter save is heard as ever, with what it will take.
    save(&stage.patch(), &TONE.replace("0.5", "0.3"), Save::Rename);
    let swapped = player.wait_for("swapped");
    assert!(swapped["save"] == 3 && swapped["load_after"].as_f64().is_some_and(|load| load < 0.5), "{swapped}");
    player.type_line("g");
    assert!(player.wait_for("notice")["message"].as_str().is_some_and(|told| told.contains("no save is held")));
    // Wanted all the same, it plays.
    save(&stage.patch(), &heavy, Save::Rename);
    player.wait_for("held");
    player.type_line("g");
    assert_eq!(player.wait_for("swapped")["save"], 4);
    save(&stage.patch(), TONE, Save::Rename);
    assert_eq!(player.wait_for("swapped")["save"], 5);
    player.quit();
}

#[test]
fn a_patch_with_faults_at_the_start_waits_for_the_next_save() {
    let stage = Stage::new("osc = Lowpas\n");
    let mut player = stage.play(&[]);
    let refused = player.next();
    assert_eq!((&refused["event"], &refused["save"]), (&"refused".into(), &1.into()));
    save(&stage.patch(), TONE, Save::Rename);
    let started = player.next();
    assert_eq!((&started["event"], &started["save"], &started["at"]), (&"started".into(), &2.into(), &0.into()));
    player.quit();
    std::fs::remove_file(stage.patch()).expect("removed");
    let mut player = stage.play(&[]);
    assert_eq!(player.next()["event"], "refused", "a file that is not there");
    save(&stage.patch(), TONE, Save::InPlace);
    assert_eq!(player.next()["event"], "started");
    player.quit();
}

#[test]
fn included_files_are_watched_and_kept() {
    let stage = Stage::new("include \"../lib/voice.patches\"\nv = voice\nv -> out\n");
    let lib = stage.dir.path().join("lib/voice.patches").tap_folder();
    let voice = |gain: &str| {
        format!(
            "template voice() {{\n out: audio\n o = Osc {{ pitch: A3 }}\n o.sine -> Vca {{ gain: {gain} }} -> $.audio\n}}\n"
        )
    };
    std::fs::write(&lib, voice("0.2")).expect("written");
    let mut player = stage.play(&[]);
    assert_eq!(player.next()["event"], "started");
    std::thread::sleep(Duration::from_millis(300));
    save(&lib, &voice("0.6"), Save::Rename);
    assert_eq!(player.next()["event"], "swapped");
    std::thread::sleep(Duration::from_millis(300));
    let stopped = player.quit();
    // The log does not need the files any more.
    std::fs::remove_file(&lib).expect("removed");
    let frames = stage.replay(&stopped["session"]);
    assert!((level(&frames[..4800]).0 - 0.2).abs() < 0.01);
    assert!((level(&frames[frames.len() - 4800..]).0 - 0.6).abs() < 0.01);
}

#[test]
fn a_save_waits_for_the_beat_when_it_is_asked_to() {
    let stage = Stage::new(TONE);
    let mut player = stage.play(&["--swap", "beat", "--fade", "0"]);
    player.next();
    for gain in ["0.1", "0.2"] {
        save(&stage.patch(), &TONE.replace("0.5", gain), Save::InPlace);
        let swapped = player.wait_for("swapped");
        // 120 beats a minute at 48 kHz: one every 24,000 frames.
        assert_eq!(swapped["at"].as_u64().expect("a frame") % 24_000, 0, "{swapped}");
        assert_eq!((&swapped["on"], &swapped["fade_ms"]), (&"beat".into(), &0.0.into()));
    }
    save(&stage.patch(), &format!("swap now\nfade 40ms\n{TONE}"), Save::InPlace);
    let swapped = player.wait_for("swapped");
    assert_eq!((&swapped["on"], &swapped["fade_ms"]), (&"now".into(), &40.0.into()), "the text comes first");
    save(&stage.patch(), &format!("tempo 150\nswap now\nfade 1/4\n{TONE}"), Save::InPlace);
    let swapped = player.wait_for("swapped");
    assert_eq!(swapped["fade_ms"], 400.0, "a beat at this tempo");
    player.quit();
}

#[test]
fn it_stops_cleanly_by_key_by_signal_and_at_the_end_of_its_input() {
    for way in ["q", "INT", "TERM"] {
        let stage = Stage::new(TONE);
        let mut player = stage.play(&["--session", "take"]);
        assert_eq!(player.next()["event"], "started");
        if way == "q" {
            player.type_q()
        } else {
            player.signal(way)
        }
        let stopped = player.wait_for("stopped");
        assert!(player.wait().success(), "{way}");
        let log = std::fs::read_to_string(stage.dir.path().join("take/session.jsonl")).expect("a log");
        let last: Value = serde_json::from_str(log.lines().last().expect("lines")).expect("json");
        assert_eq!((&last["end"], &last["at"]), (&true.into(), &stopped["at"]), "{way}");
    }
}

#[test]
fn a_session_is_never_written_over() {
    let stage = Stage::new(TONE);
    let mut player = stage.play(&["--session", "take"]);
    player.next();
    player.quit();
    let again = stage.command(&["--session", "take"]).stdin(std::process::Stdio::null()).output().expect("it runs");
    assert_eq!(told(&again).0, 1, "{again:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn memory_is_locked_where_that_is_allowed() {
    let stage = Stage::new(TONE);
    let mut player = stage.play(&[]);
    player.wait_for("started");
    let status = std::fs::read_to_string(format!("/proc/{}/status", player.id())).expect("a process");
    let of =
        |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_string();
    let locked: u64 = of("VmLck:").trim_end_matches(" kB").trim().parse().expect("a number");
    // Bit 14 of what this process may: locking memory without a limit.
    let may = u64::from_str_radix(&of("CapEff:"), 16).expect("a number") >> 14 & 1 == 1;
    if may {
        assert!(locked > 1000, "{locked} kB");
    } else {
        eprintln!("SKIPPED: this person may not lock memory");
    }
    player.quit();
}

#[test]
fn status_tells_the_time_and_the_level() {
    let stage = Stage::new(&format!("tempo 90\n{TONE}"));
    let mut player = stage.play(&[]);
    player.next();
    std::thread::sleep(Duration::from_millis(2300));
    player.type_q();
    player.wait_for("stopped");
    let all: Vec<&Value> = player.events.iter().filter(|event| event["event"] == "status").collect();
    assert!(all.len() >= 2, "{all:?}");
    let at = |i: usize| all[i]["at"].as_u64().expect("a frame");
    assert!((at(1) - at(0)).abs_diff(48_000) < 9_600, "{all:?}");
    for status in all {
        assert_eq!(status["tempo"], 90.0);
        // Half of full scale.
        assert!((status["peak_db"].as_f64().expect("a level") + 6.0).abs() < 0.2, "{status}");
        let beats = status["at"].as_f64().expect("a frame") / 48_000.0 * 1.5;
        let told =
            (status["bar"].as_f64().expect("a bar") - 1.0) * 4.0 + status["beat"].as_f64().expect("a beat") - 1.0;
        assert!((told - beats.floor()).abs() <= 1.0, "{status}");
    }
}

#[test]
fn without_a_terminal_it_prints_lines() {
    let stage = Stage::new("osc = Lowpas\n");
    let mut command = patches(stage.dir.path());
    command.args(["set/a.patches", "--backend", "clock"]).stdin(std::process::Stdio::null());
    let (code, out, err) = told(&command.output().expect("it runs"));
    assert_eq!(code, 0);
    assert!(err.contains("no module type `Lowpas`") && err.contains("set/a.patches:1:7"), "{err}");
    assert!(out.contains("played 0:00, 0 saves taken over"), "{out}");
    assert!(!out.contains('\x1b') && !err.contains('\x1b'));
}

/// Sines only, so that any step larger than theirs is a click.
fn smooth(round: usize) -> String {
    let note = ["A2", "C3", "E3", "G3", "A3"][round % 5];
    let gain = [50, 10, 35, 20][round % 4];
    let mut text = format!("osc = Osc {{ pitch: {note} }}\namp = Vca {{ gain: {gain}% }}\nosc.sine -> amp -> out\n");
    if round % 3 == 1 {
        text += "low = Osc { pitch: A1 }\nlow.sine -> Delay { time: 20ms, mix: 50% } -[0.3]-> out\n";
    }
    if round % 3 == 2 {
        text += "osc.sine -[0.2]-> out\n";
    }
    text
}

/// The largest step between two frames of a session of smooth edits, some made while the one before still fades.
fn largest_step(fade: &str) -> f32 {
    let stage = Stage::new(&smooth(0));
    let mut player = stage.play(&["--fade", fade]);
    assert_eq!(player.next()["event"], "started");
    for round in 1..=30 {
        let faulty = round % 7 == 0;
        let text = if faulty { smooth(round) + "osc -> nowhere\n" } else { smooth(round) };
        save(&stage.patch(), &text, [Save::InPlace, Save::Rename, Save::Halves][round % 3]);
        assert_eq!(player.next()["event"], if faulty { "refused" } else { "swapped" });
        std::thread::sleep(Duration::from_millis(if round % 4 == 0 { 1 } else { 40 }));
    }
    let stopped = player.quit();
    let frames = stage.replay(&stopped["session"]);
    // The first sample of a sine is no step of an edit's.
    frames
        .windows(2)
        .flat_map(|pair| [pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]])
        .map(f32::abs)
        .fold(0.0, f32::max)
}

#[test]
fn thirty_edits_never_step_and_without_a_fade_they_do() {
    // At most 0.7 of a sine at A3 and 0.3 of one at A1: their own largest step, twice.
    let bound = 2.0 * std::f32::consts::TAU * (0.7 * 220.0 + 0.3 * 55.0) / 48_000.0;
    let faded = largest_step("15");
    assert!(faded < bound, "{faded}, at most {bound}");
    let cut = largest_step("0");
    assert!(cut > bound, "a cut was to be larger than {bound}, not {cut}");
}

/// What the take and the replay share from the first frame on, and their lengths: the take is what was sent, with the
/// limiter's latency of 64 frames before it.
fn shared(take: &[[f32; 2]], replay: &[[f32; 2]]) -> (usize, usize, usize) {
    assert!(take[..64].iter().all(|frame| *frame == [0.0; 2]), "the limiter looks ahead");
    let same = take[64..].iter().zip(replay).take_while(|(a, b)| a == b).count();
    (same, take.len() - 64, replay.len())
}

#[test]
fn a_recording_is_what_was_sent_and_nothing_is_written_over() {
    let stage = Stage::new(TONE);
    std::fs::write(stage.dir.path().join("set.wav"), "not to be lost").expect("written");
    let mut player = stage.play(&["--record", "set.wav"]);
    let record = player.next();
    assert_eq!(
        (&record["event"], &record["state"], &record["file"]),
        (&"record".into(), &"started".into(), &"set-2.wav".into())
    );
    assert_eq!(player.next()["event"], "started");
    for note in ["C4", "E4", "G4"] {
        std::thread::sleep(Duration::from_millis(100));
        save(&stage.patch(), &TONE.replace("A3", note), Save::InPlace);
        assert_eq!(player.next()["event"], "swapped");
    }
    player.type_q();
    let record = player.next();
    assert_eq!((&record["event"], &record["state"]), (&"record".into(), &"stopped".into()));
    let stopped = player.next();
    let (same, take, replay) = shared(&wav(&stage.dir.path().join("set-2.wav")), &stage.replay(&stopped["session"]));
    assert_eq!((same, take), (take, replay - 64), "from the first frame to the last");
    assert_eq!(std::fs::read(stage.dir.path().join("set.wav")).expect("a file"), b"not to be lost");
}

#[test]
fn takes_begin_and_end_by_a_key() {
    let stage = Stage::new(TONE);
    let mut player = stage.play(&[]);
    assert_eq!(player.next()["event"], "started");
    for name in ["a-take.wav", "a-take-2.wav"] {
        for state in ["started", "stopped"] {
            player.type_key('r');
            let record = player.next();
            assert_eq!((&record["state"], &record["file"]), (&state.into(), &name.into()), "{record}");
            std::thread::sleep(Duration::from_millis(400));
        }
        let frames = wav(&stage.dir.path().join(name));
        // 0.4 s, and what a busy machine makes of it.
        assert!((15_000..60_000).contains(&frames.len()), "{} frames", frames.len());
        assert!((level(&frames).0 - 0.5).abs() < 0.01);
    }
    player.quit();
    assert!(!stage.dir.path().join("a-take-3.wav").exists());
}

#[test]
fn a_killed_player_leaves_a_take_that_can_be_read_up_to_its_last_second() {
    let stage = Stage::new(TONE);
    let mut player = stage.play(&["--record", "set.wav", "--session", "take"]);
    player.wait_for("started");
    let begun = std::time::Instant::now();
    std::thread::sleep(Duration::from_millis(2500));
    player.signal("KILL");
    let played = begun.elapsed().as_secs_f64();
    player.wait();
    let take = wav(&stage.dir.path().join("set.wav"));
    assert!(take.len() as f64 > (played - 1.0) * 48_000.0, "{} frames of {played} s", take.len());
    // The log of a killed player has no end; by hand it gets one.
    let log = stage.dir.path().join("take/session.jsonl");
    let text = std::fs::read_to_string(&log).expect("a log") + "{\"at\":240000,\"end\":true}\n";
    std::fs::write(&log, text).expect("written");
    let (same, frames, _) = shared(&take, &stage.replay(&"take".into()));
    assert_eq!(same, frames);
}

#[test]
fn a_take_that_cannot_be_made_is_told_before_anything_plays() {
    let stage = Stage::new(TONE);
    let tell = |record: &str| {
        let mut command = stage.command(&["--record", record]);
        told(&command.stdin(std::process::Stdio::null()).output().expect("it runs"))
    };
    let (code, _, err) = tell("no/folder/a.wav");
    assert!(code == 1 && err.contains("no/folder/a.wav"), "{code} {err}");
    assert_eq!(tell("a.mp3").0, 2);
}

#[test]
fn a_midi_port_that_is_not_there_is_no_such_device() {
    let stage = Stage::new(TONE);
    let mut command = stage.command(&["--midi", "nobody has a port of this name"]);
    let (code, _, err) = told(&command.stdin(std::process::Stdio::null()).output().expect("it runs"));
    assert!(code == 3 && err.contains("no MIDI port `nobody has a port of this name`"), "{code} {err}");
}

#[test]
fn a_session_written_by_hand_plays_its_notes() {
    let stage = Stage::new("keys = Keys { voices: 4 }\nkeys.gate -[0.2]-> out\n");
    let log = |more: &str| {
        let head = "{\"session\":1,\"rate\":48000,\"limiter\":false}\n{\"at\":0,\"patch\":\"set/a.patches\"}\n";
        std::fs::write(stage.dir.path().join("by-hand.jsonl"), format!("{head}{more}{{\"at\":9600,\"end\":true}}\n"))
            .expect("written");
    };
    log(
        "{\"at\":1000,\"midi\":[144,60,100],\"port\":\"keys\"}\n{\"at\":1000,\"midi\":[145,64,100]}\n{\"at\":5000,\"midi\":[128,60,0],\"port\":\"keys\"}\n",
    );
    let frames = stage.replay(&"by-hand.jsonl".into());
    let steps: Vec<(usize, f32)> = (1..frames.len())
        .map(|i| (i, ((frames[i][0] - frames[i - 1][0]) * 10.0).round() / 10.0))
        .filter(|(_, step)| *step != 0.0)
        .collect();
    assert_eq!(steps, [(1001, 0.4), (5000, -0.2)]);
    log("{\"at\":1000,\"midi\":[144,200,100],\"port\":\"keys\"}\n");
    let output = run(stage.dir.path(), ["replay", "by-hand.jsonl", "-o", "x.wav"]);
    let (code, _, err) = told(&output);
    assert!(code == 1 && err.contains("by-hand.jsonl:3: midi [144, 200, 100]"), "{code} {err}");
}

/// All keys, as lines: each is told, lands, is written down, and the replay is the take.
#[test]
fn what_is_done_beside_the_text_is_told_and_replayed() {
    let text = "v = Osc { pitch: A3 }\nv.saw -> Vca { gain: 0.2 } -> out\n\
                tick = Every { time: 1/8 }\nenv = Ad { trigger: tick.trigger, decay: 80ms }\n\
                hat = Noise -> Vca { gain: env } -> Delay { time: 3/16 }; hat -> out\n";
    let stage = Stage::new(text);
    let mut player = stage.play(&["--record", "take.wav", "--fade", "5"]);
    assert_eq!(player.wait_for("started")["save"], 1);
    save(&stage.patch(), &text.replace("Osc { pitch: A3 }\nv.saw", "Noise\nv"), Save::Rename);
    let swapped = player.wait_for("swapped");
    assert_eq!((&swapped["save"], &swapped["reset"][0]["module"]), (&2.into(), &"v".into()), "{swapped}");
    let mut line = |text: &str, did: &str| {
        player.type_line(text);
        let event = player.wait_for("control");
        assert!(event["did"].as_str().is_some_and(|told| told.contains(did)), "{event}");
        event
    };
    assert_eq!(line("m hat", "hat is muted")["mute"], serde_json::json!(["hat"]));
    assert_eq!(line("s v", "v plays solo")["solo"], serde_json::json!(["v"]));
    assert_eq!(line("m hat", "hat is no longer muted")["mute"], serde_json::json!([]));
    assert_eq!(line("s v", "plays with all")["solo"], serde_json::json!([]));
    assert_eq!(line("p", "stands still")["playing"], false);
    assert_eq!(line("t 133.5", "tempo 133.5")["tempo"], 133.5);
    assert_eq!(line("p", "goes on")["playing"], true);
    line("x hat", "hat starts over");
    line("!", "panic");
    player.type_line("u");
    let undone = player.wait_for("swapped");
    assert_eq!(
        (&undone["save"], &undone["again"], &undone["restored"]),
        (&1.into(), &true.into(), &serde_json::json!(["v"]))
    );
    player.type_line("U");
    let redone = player.wait_for("swapped");
    assert_eq!(
        (&redone["save"], &redone["again"], &redone["restored"]),
        (&2.into(), &true.into(), &serde_json::json!(["v"]))
    );
    let mut notice = |line: &str, told: &str| {
        player.type_line(line);
        let event = player.wait_for("notice");
        assert!(event["message"].as_str().is_some_and(|message| message.contains(told)), "{event}");
    };
    notice("U", "nothing to redo");
    notice("m", "unknown command `m`");
    notice("t fast", "unknown command `t fast`");
    notice("m haat", "no module `haat`; did you mean `hat`?");
    // What waits for the bar goes on waiting while other things are done at once, and two lines at once are both done.
    save(&stage.patch(), &format!("swap on bar\n{}", text.replace("A3", "A4")), Save::Rename);
    player.wait_for("waiting");
    player.type_line("!\nm hat");
    let panic = player.wait_for("control");
    assert!(panic["did"].as_str().is_some_and(|did| did.starts_with("panic")), "{panic}");
    let (muted, saved) = (player.wait_for("control"), player.wait_for("swapped"));
    assert_eq!((&muted["did"], &saved["save"]), (&"hat is muted".into(), &3.into()));
    assert_eq!(muted["at"], saved["at"], "they land together");
    assert!(panic["at"].as_u64() < saved["at"].as_u64(), "{panic} {saved}");
    // Done and undone while it waits: nothing is heard of it, and the log can be read.
    player.type_line("m v\nm v\nb");
    assert_eq!(player.wait_for("control")["did"], "v is muted");
    assert_eq!(player.wait_for("control")["mute"], serde_json::json!(["hat"]));
    // An undo of what waits takes it back.
    save(&stage.patch(), &format!("swap on bar\n{}", text.replace("A3", "A5")), Save::Rename);
    player.wait_for("waiting");
    player.type_line("u");
    assert_eq!(player.wait_for("swapped")["save"], 3);
    let stopped = player.quit();
    assert_eq!(stopped["allocations_in_callback"], 0);
    let replay = stage.replay(&stopped["session"]);
    let take = wav(&stage.dir.path().join("take.wav"));
    // The take is what the device got: later by the limiter's look-ahead.
    let offset = take.iter().position(|frame| *frame != [0.0; 2]).expect("a sound")
        - replay.iter().position(|frame| *frame != [0.0; 2]).expect("a sound");
    let same = take[offset..].iter().zip(&replay).take_while(|(a, b)| a == b).count();
    assert!(same + 128 > replay.len().min(take.len()), "the same for {same} frames of {}", replay.len());
    let kept = std::fs::read_to_string(Path::new(stopped["session"].as_str().expect("a folder")).join("session.jsonl"));
    let kept = kept.expect("a log");
    for part in [r#""mute":["hat"]"#, r#""solo":["v"]"#, r#""playing":false"#, r#""tempo":133.5"#, r#""reset":["hat"]"#]
    {
        assert!(kept.contains(part), "{part} in {kept}");
    }
    assert!(kept.contains(r#""panic":true"#) && kept.matches(r#""restore":true"#).count() == 3, "{kept}");
}
