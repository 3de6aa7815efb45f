//! Several files on one clock: each is reloaded by itself, and the log plays all of them again.

mod common;

use common::{Player, Save, level, patches, run, save, told, wav, wav_bits};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A tone on one side, with a noise that no two frames have alike.
fn text(side: &str, note: &str, more: &str) -> String {
    format!(
        "{more}\nosc = Osc {{ pitch: {note} }}\nnoise = Noise\nosc.sine -[0.3]-> out.{side}\nnoise -[0.05]-> out.{side}\n"
    )
}

struct Stage {
    dir: tempfile::TempDir,
}

impl Stage {
    fn new(one: &str, two: &str) -> Stage {
        let stage = Stage { dir: tempfile::tempdir().expect("a folder") };
        for (name, text) in [("one", one), ("two", two)] {
            std::fs::write(stage.path(&format!("{name}.patches")), text).expect("written");
        }
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn save(&self, name: &str, text: &str) {
        save(&self.path(name), text, Save::Rename);
    }

    fn play(&self, more: &[&str]) -> Player {
        let mut command = patches(self.dir.path());
        command.args(["one.patches", "two.patches", "--backend", "clock", "--json", "--session", "take"]);
        Player::start(command.args(["--record", "set.wav"]).args(more))
    }

    fn log(&self) -> Vec<Value> {
        let log = std::fs::read_to_string(self.path("take/session.jsonl")).expect("a log");
        log.lines().map(|line| serde_json::from_str(line).expect("json")).collect()
    }

    /// The replay is what was recorded, to the bit; the limiter looks 64 frames ahead.
    fn compare(&self) -> Vec<[f32; 2]> {
        let output = run(self.dir.path(), ["replay", "take", "-o", "replay.wav"]);
        assert_eq!(told(&output).0, 0, "{output:?}");
        let (take, replay) = (wav_bits(&self.path("set.wav")), wav_bits(&self.path("replay.wav")));
        let same = take[64..].iter().zip(&replay).take_while(|(a, b)| a == b).count();
        assert!(same > 4800 && same == take.len() - 64, "{same} of {} frames", take.len());
        wav(&self.path("replay.wav"))
    }
}

fn words(value: &Value, keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| value[*key].to_string().trim_matches('"').to_string()).collect()
}

#[test]
fn each_file_is_reloaded_by_itself_and_the_replay_is_what_was_heard() {
    let stage = Stage::new(&text("left", "A3", "tempo 90"), &text("right", "C4", "tempo 150"));
    let mut player = stage.play(&[]);
    let started = player.wait_for("started");
    assert_eq!(started["files"], serde_json::json!(["one.patches", "two.patches"]), "{started}");
    std::thread::sleep(Duration::from_millis(200));
    stage.save("two.patches", "osc = Lowpas\n");
    let refused = player.next();
    assert_eq!(words(&refused, &["event", "file", "save"]), ["refused", "two.patches", "3"], "{refused}");
    assert_eq!(refused["faults"].as_array().map(Vec::len), Some(1), "only its own: {refused}");
    // The other goes on, and the faulty one changes nothing.
    stage.save("one.patches", &text("left", "E4", "tempo 90"));
    let swapped = player.next();
    assert_eq!(words(&swapped, &["event", "file", "save", "kept"]), ["swapped", "one.patches", "4", "6"], "{swapped}");
    assert_eq!(words(&swapped["changed"][0], &["module", "param"]), ["one/osc", "pitch"]);
    std::thread::sleep(Duration::from_millis(200));
    stage.save("two.patches", &(text("right", "C4", "") + "more = Osc\n"));
    let swapped = player.next();
    assert_eq!(words(&swapped, &["event", "file", "added"]), ["swapped", "two.patches", "[\"two/more\"]"], "{swapped}");
    std::thread::sleep(Duration::from_millis(200));
    let stopped = player.quit();
    assert_eq!((&stopped["swaps"], &stopped["allocations_in_callback"]), (&2.into(), &0.into()));
    let tempos = player_tempos(&stage);
    assert_eq!(tempos, [90.0], "the first one's");
    let log = stage.log();
    assert_eq!(log[0]["files"], serde_json::json!(["one", "two"]));
    let names: Vec<&str> = log.iter().filter_map(|line| line["file"].as_str()).collect();
    assert_eq!(names, ["one", "two", "one", "two"]);
    let frames = stage.compare();
    let (left, right) = (|f: &[f32; 2]| [f[0]; 2], |f: &[f32; 2]| [f[1]; 2]);
    for side in [left, right] {
        let heard: Vec<[f32; 2]> = frames[..4800].iter().map(side).collect();
        assert!((0.3..0.4).contains(&level(&heard).0), "both are heard, each on its side: {:?}", level(&heard));
    }
}

/// Tempos as the log's texts give them to a player of the same files.
fn player_tempos(stage: &Stage) -> Vec<f64> {
    let mut command = patches(stage.dir.path());
    let mut player =
        Player::start(command.args(["play", "one.patches", "two.patches", "--backend", "clock", "--json"]));
    player.wait_for("started");
    std::thread::sleep(Duration::from_millis(1300));
    player.type_q();
    player.wait_for("stopped");
    let mut tempos: Vec<f64> = player.events.iter().filter_map(|event| event["tempo"].as_f64()).collect();
    tempos.dedup();
    tempos
}

#[test]
fn saves_of_two_files_that_wait_for_one_bar_land_together_and_are_told_apart() {
    let stage = Stage::new(&text("left", "A3", "tempo 240\nswap on 2bars"), &text("right", "C4", ""));
    let mut player = stage.play(&["--fade", "5"]);
    player.wait_for("started");
    // Two bars last two seconds: both are there in time.
    std::thread::sleep(Duration::from_millis(300));
    stage.save("one.patches", &text("left", "E4", "tempo 240\nswap on 2bars"));
    std::thread::sleep(Duration::from_millis(300));
    stage.save("two.patches", &text("right", "G4", ""));
    let (first, second) = (player.wait_for("swapped"), player.wait_for("swapped"));
    assert_eq!(words(&first, &["event", "file"]), ["swapped", "one.patches"], "{first}");
    assert_eq!(words(&second, &["event", "file"]), ["swapped", "two.patches"], "{second}");
    assert_eq!((&first["at"], &first["on"]), (&second["at"], &"2bars".into()));
    assert_eq!(first["at"].as_u64().expect("a frame") % 96_000, 0);
    assert_eq!(words(&first["changed"][0], &["module"]), ["one/osc"]);
    assert_eq!(words(&second["changed"][0], &["module"]), ["two/osc"]);
    assert!(first["changed"].as_array().is_some_and(|all| all.len() == 1), "{first}");
    std::thread::sleep(Duration::from_millis(200));
    player.quit();
    let places: Vec<u64> =
        stage.log().iter().filter(|l| l["file"].is_string()).filter_map(|l| l["at"].as_u64()).collect();
    assert!(places.len() == 4 && places[2] == places[3], "{places:?}");
    stage.compare();
}

#[test]
fn a_faulty_first_file_waits_and_the_others_play() {
    let stage = Stage::new("osc = Lowpas\n", &text("right", "C4", "tempo 150"));
    let mut player = stage.play(&[]);
    player.wait_for("refused");
    assert_eq!(player.next()["event"], "started");
    std::thread::sleep(Duration::from_millis(200));
    stage.save("one.patches", &text("left", "A3", "tempo 90"));
    let swapped = player.next();
    assert_eq!(words(&swapped, &["event", "file"]), ["swapped", "one.patches"], "{swapped}");
    std::thread::sleep(Duration::from_millis(200));
    // Undone, it says nothing again, also in the log.
    player.type_line("u");
    assert_eq!(words(&player.next(), &["event", "file", "again"]), ["swapped", "one.patches", "true"]);
    std::thread::sleep(Duration::from_millis(400));
    player.type_line("U");
    assert_eq!(player.next()["event"], "swapped");
    std::thread::sleep(Duration::from_millis(200));
    player.quit();
    let frames = stage.compare();
    assert!(frames[..4800].iter().all(|frame| frame[0] == 0.0 && frame[1] != 0.0), "the second alone at first");
    assert!(frames[frames.len() - 4800..].iter().any(|frame| frame[0].abs() > 0.2));
}

#[test]
fn a_file_is_muted_by_its_name_and_undone_by_itself() {
    let stage = Stage::new(&text("left", "A3", ""), &text("right", "C4", ""));
    let mut player = stage.play(&["--fade", "5"]);
    player.wait_for("started");
    let wait = || std::thread::sleep(Duration::from_millis(150));
    wait();
    stage.save("one.patches", &text("left", "E4", ""));
    assert_eq!(words(&player.next(), &["event", "file"]), ["swapped", "one.patches"]);
    wait();
    player.type_line("u");
    let undone = player.next();
    assert_eq!(
        words(&undone, &["event", "file", "save", "again"]),
        ["swapped", "one.patches", "1", "true"],
        "{undone}"
    );
    wait();
    // The other is saved: what was called back stays so.
    stage.save("two.patches", &text("right", "G4", ""));
    let swapped = player.next();
    assert_eq!(words(&swapped, &["event", "file"]), ["swapped", "two.patches"], "{swapped}");
    assert!(swapped["changed"].as_array().is_some_and(|all| all.iter().all(|c| c["module"] == "two/osc")), "{swapped}");
    wait();
    // The same text written once more is heard again.
    stage.save("one.patches", &text("left", "E4", ""));
    let swapped = player.next();
    assert_eq!(words(&swapped, &["event", "file"]), ["swapped", "one.patches"], "{swapped}");
    assert_eq!(swapped["changed"][0]["module"], "one/osc", "{swapped}");
    wait();
    player.type_line("m one");
    assert_eq!(player.next()["mute"], serde_json::json!(["one"]));
    std::thread::sleep(Duration::from_millis(400));
    player.quit();
    let frames = stage.compare();
    let end = &frames[frames.len() - 4800..];
    assert!(end.iter().all(|frame| frame[0].abs() < 1e-3), "the file that is muted");
    assert!(end.iter().any(|frame| frame[1].abs() > 0.2), "the other one");
    assert!(frames[..4800].iter().any(|frame| frame[0].abs() > 0.2));
}

#[test]
fn several_files_are_rendered_together() {
    let stage =
        Stage::new("osc = Osc\nosc.saw -[0.3]-> out.left\n", "osc = Osc { pitch: E4 }\nosc.saw -[0.2]-> out.right\n");
    let render = |files: &[&str], out: &str| {
        let more = ["-o", out, "--seconds", "0.25", "--no-limiter"];
        let output = run(stage.dir.path(), ["render"].iter().chain(files).chain(&more));
        assert_eq!(told(&output).0, 0, "{output:?}");
        wav_bits(&stage.path(out))
    };
    let one = render(&["one.patches"], "1.wav");
    let two = render(&["two.patches"], "2.wav");
    let both = render(&["one.patches", "two.patches"], "3.wav");
    let sides: Vec<[u32; 2]> = one.iter().zip(&two).map(|(one, two)| [one[0], two[1]]).collect();
    assert!(both == sides, "each sounds as it does alone");
    std::fs::create_dir(stage.path("more")).expect("made");
    std::fs::copy(stage.path("one.patches"), stage.path("more/one.patches")).expect("copied");
    let twice = render(&["one.patches", "more/one.patches"], "4.wav");
    let (twice, once) = (f32::from_bits(twice[4800][0]), f32::from_bits(one[4800][0]));
    assert!((twice - 2.0 * once).abs() < 1e-4, "two of one name are two: {twice} {once}");
    std::fs::write(stage.path("faulty.patches"), "osc = Lowpas\n").expect("written");
    let output = run(stage.dir.path(), ["render", "one.patches", "faulty.patches", "-o", "5.wav", "--seconds", "1"]);
    let (code, _, err) = told(&output);
    assert!(code == 1 && err.contains("faulty.patches:1:7") && !Path::new("5.wav").exists(), "{code} {err}");
}

#[test]
fn a_command_in_the_wrong_place_is_wrong_use() {
    let stage = Stage::new("osc = Osc\n", "osc = Osc\n");
    let (code, _, err) = told(&run(stage.dir.path(), ["one.patches", "check", "two.patches"]));
    assert!(code == 2 && err.contains("`check` is a command"), "{code} {err}");
    let (code, _, err) = told(&run(stage.dir.path(), ["rendr"]));
    assert!(code == 2 && err.contains("did you mean `patches render`?"), "{code} {err}");
}

#[test]
fn types_of_older_files_and_those_to_come_are_known_by_name() {
    let stage = Stage::new("osc = Osc\n", "osc = Osc\n");
    let modules = |name: &str| told(&run(stage.dir.path(), ["modules", name]));
    let (code, out, _) = modules("SineOscillator");
    assert!(code == 0 && out.starts_with("SineOscillator, of older files, is Sine today."), "{code} {out}");
    let (code, _, err) = modules("NoSuchType");
    assert!(code == 2 && err.contains("no module type `NoSuchType`"), "{code} {err}");
}
