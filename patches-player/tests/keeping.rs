//! What was played last is always on the disk: kept by a line, found after a crash, in bounded room, and never in the way of
//! the sound.

mod common;

use common::{PATIENCE, Player, Save, patches, run, save, told, wav_bits};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const TEXT: &str = "Noise.white -[0.1]-> out\n";

fn play(dir: &Path, more: &[&str]) -> Player {
    save(&dir.join("a.patches"), TEXT, Save::InPlace);
    let mut player = Player::start(patches(dir).args(["play", "a.patches", "--json", "--backend", "clock"]).args(more));
    player.wait_for("started");
    player
}

/// Waits for a `record` event of this state, past others.
fn record(player: &mut Player, state: &str) -> Value {
    loop {
        let event = player.wait_for("record");
        if event["state"] == state {
            return event;
        }
    }
}

/// Files in the folder of the last minutes, and their bytes.
fn room(folder: &Path) -> (usize, u64) {
    let files = std::fs::read_dir(folder).expect("a folder").flatten();
    let sizes: Vec<u64> = files.map(|file| file.metadata().map_or(0, |meta| meta.len())).collect();
    (sizes.len(), sizes.iter().sum())
}

/// What is kept is a stretch of the replay, and where it begins there.
fn place(kept: &[[u32; 2]], replay: &[[u32; 2]]) -> usize {
    let at =
        (0..replay.len()).find(|at| replay[*at..].starts_with(&kept[..kept.len().min(64)])).expect("it was played");
    assert!(replay[at..].starts_with(kept), "{} frames from {at}", kept.len());
    at
}

#[test]
fn what_was_played_last_is_kept_after_the_fact() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut player = play(dir.path(), &["--session", "set", "--keep", "3s", "--record", "take.wav"]);
    std::thread::sleep(Duration::from_millis(1500));
    player.type_line("k early");
    assert_eq!(record(&mut player, "unkept")["why"], "the name ends with .wav");
    player.type_line("k early.wav");
    assert_eq!(record(&mut player, "keeping")["file"], "early.wav");
    let early = record(&mut player, "kept");
    assert_eq!(early["file"], "early.wav");
    let last = dir.path().join("set/last");
    for _ in 0..40 {
        std::thread::sleep(Duration::from_millis(100));
        let (files, bytes) = room(&last);
        // Three seconds, the one that is written, and the one that is about to go.
        assert!(files <= 6 && bytes < 6 * 8 * 48_000, "{files} files, {bytes} bytes");
    }
    player.type_key('k');
    let kept = record(&mut player, "kept");
    assert_eq!((&kept["file"], &kept["seconds"]), (&"a-last.wav".into(), &3.0.into()));
    let stopped = player.quit();
    assert_eq!(stopped["allocations_in_callback"], 0);
    let output = run(dir.path(), ["replay", "set", "-o", "replay.wav"]);
    assert_eq!(told(&output).0, 0, "{output:?}");
    let replay = wav_bits(&dir.path().join("replay.wav"));
    let take = wav_bits(&dir.path().join("take.wav"));
    assert!(take[64..] == replay[..take.len() - 64], "a take is what it was");
    let early = wav_bits(&dir.path().join("early.wav"));
    assert!(take.starts_with(&early) && early.len() > 48_000, "all of it while there is less: {}", early.len());
    let kept = wav_bits(&dir.path().join("a-last.wav"));
    assert_eq!(kept.len(), 3 * 48_000);
    assert!(place(&kept, &replay) > 48_000);
    // And when it is over.
    let output = run(dir.path(), ["replay", "set", "--kept", "-o", "end.wav"]);
    assert_eq!(told(&output).0, 0, "{output:?}");
    let end = wav_bits(&dir.path().join("end.wav"));
    assert!(end.len() >= 3 * 48_000 && take.ends_with(&end), "{}", end.len());
    let output = run(dir.path(), ["replay", "set/session.jsonl", "--kept", "-o", "end.wav"]);
    assert!(told(&output).2.contains("end-2.wav"), "nothing is written over: {output:?}");
}

#[test]
fn a_player_that_is_killed_leaves_what_was_played_last() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut player = play(dir.path(), &["--session", "set", "--keep", "10s"]);
    std::thread::sleep(Duration::from_millis(3200));
    player.signal("KILL");
    player.wait();
    let output = run(dir.path(), ["replay", "set", "--kept", "-o", "last.wav"]);
    assert_eq!(told(&output).0, 0, "{output:?}");
    let output = run(dir.path(), ["replay", "set", "-o", "replay.wav"]);
    assert_eq!(told(&output).0, 0, "{output:?}");
    let (last, replay) = (wav_bits(&dir.path().join("last.wav")), wav_bits(&dir.path().join("replay.wav")));
    // The headers are at most half a second behind, the log a second.
    assert!(last.len() > 2 * 48_000 && replay.len() > 48_000, "{} {}", last.len(), replay.len());
    let both = replay.len().min(last.len() - 64);
    assert!(last[64..64 + both] == replay[..both], "to the bit");
}

#[test]
fn none_is_kept_where_that_is_asked_for() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut player = play(dir.path(), &["--session", "set", "--keep", "0"]);
    player.type_key('k');
    assert_eq!(record(&mut player, "unkept")["file"], "a-last.wav");
    player.quit();
    assert!(!dir.path().join("set/last").exists());
    let output = run(dir.path(), ["replay", "set", "--kept", "-o", "last.wav"]);
    assert_eq!(told(&output).0, 1, "{output:?}");
    for wrong in ["1", "soon", "25h", "-1s", "0.1s"] {
        let output = run(dir.path(), ["play", "a.patches", &format!("--keep={wrong}")]);
        assert_eq!(told(&output).0, 2, "{wrong}: {output:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_disk_that_takes_no_more_is_told_once_and_the_sound_goes_on() {
    let dir = tempfile::tempdir().expect("a folder");
    save(&dir.path().join("a.patches"), TEXT, Save::InPlace);
    // No file may be larger than two megabytes: as on a disk that is full, with an error from each write.
    let program = patches(dir.path());
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 4096; exec \"$@\"", "sh"]).arg(program.get_program());
    for (name, value) in program.get_envs() {
        value.map(|value| command.env(name, value));
    }
    command.current_dir(dir.path());
    command.args(["play", "a.patches", "--json", "--backend", "clock", "--session", "set", "--record", "take.wav"]);
    let mut player = Player::start(&mut command);
    player.wait_for("started");
    assert!(record(&mut player, "failed")["why"].as_str().is_some_and(|why| why.contains("large")));
    let end = Instant::now() + PATIENCE;
    while player.events.iter().all(|event| event["event"] != "notice") {
        assert!(Instant::now() < end, "nothing is said: {:#?}", player.events);
        player.next();
    }
    std::thread::sleep(Duration::from_millis(1500));
    save(&dir.path().join("a.patches"), "Noise.pink -[0.1]-> out\n", Save::Rename);
    assert_eq!(player.wait_for("swapped")["save"], 2, "it plays on");
    player.type_key('k');
    let kept = record(&mut player, "kept");
    assert!(kept["seconds"].as_f64().is_some_and(|seconds| seconds > 4.0), "as far as it goes: {kept}");
    std::thread::sleep(Duration::from_millis(500));
    let notices = |events: &[Value]| events.iter().filter(|event| event["event"] == "notice").count();
    let stopped = {
        let told = notices(&player.events);
        assert_eq!(told, 1, "said once");
        player.quit()
    };
    assert_eq!(stopped["swaps"], 1);
    let output = run(dir.path(), ["replay", "set", "-o", "replay.wav"]);
    assert_eq!(told(&output).0, 0, "{output:?}");
    let (take, replay) = (wav_bits(&dir.path().join("take.wav")), wav_bits(&dir.path().join("replay.wav")));
    assert!(take.len() > 200_000 && take[64..] == replay[..take.len() - 64], "the take is whole as far as it goes");
}
