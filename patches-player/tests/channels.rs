//! More than two channels, by the shipped binary: files, takes, replays, and what is said where a device has fewer.

mod common;

use common::{Player, Save, frames_of, patches, run, save, told};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// Four sines, each in a channel of its own.
const FOUR: &str = "out = AudioOut(channels: [left, right, phones, click])
Osc { pitch: 200Hz }.sine -[0.5]-> out.left; Osc { pitch: 300Hz }.sine -[0.4]-> out.in[right]
Osc { pitch: 400Hz }.sine -[0.3]-> out.in[phones]; Osc { pitch: 500Hz }.sine -[0.2]-> out.in[click]
";
const TONES: [(f64, f64); 4] = [(200.0, 0.5), (300.0, 0.4), (400.0, 0.3), (500.0, 0.2)];

/// The amplitude of a frequency in hertz in a channel of so many frames, of which there are 48 000 a second.
fn amplitude(frames: &[Vec<f64>], channel: usize, hertz: f64) -> f64 {
    let turn = |i: usize| std::f64::consts::TAU * hertz * i as f64 / 48_000.0;
    let sum = frames.iter().enumerate().fold((0.0, 0.0), |(a, b), (i, frame)| {
        (a + frame[channel] * turn(i).cos(), b + frame[channel] * turn(i).sin())
    });
    2.0 * sum.0.hypot(sum.1) / frames.len() as f64
}

/// Every channel has its own tone and none of the others.
fn assert_tones(frames: &[Vec<f64>], what: &str) {
    for channel in 0..4 {
        for (tone, (hertz, level)) in TONES.into_iter().enumerate() {
            let wanted = if tone == channel { level } else { 0.0 };
            let found = amplitude(frames, channel, hertz);
            assert!((found - wanted).abs() < 0.003, "{what}: channel {channel}, {hertz} Hz: {found}, wanted {wanted}");
        }
    }
}

fn floats(frames: &[Vec<u32>]) -> Vec<Vec<f64>> {
    frames.iter().map(|frame| frame.iter().map(|bits| f64::from(f32::from_bits(*bits))).collect()).collect()
}

fn whole(samples: impl Iterator<Item = i32>, channels: usize, full: f64) -> Vec<Vec<f64>> {
    let all: Vec<f64> = samples.map(|sample| f64::from(sample) / full).collect();
    all.chunks_exact(channels).map(<[f64]>::to_vec).collect()
}

fn done(dir: &Path, line: &str) {
    let output = run(dir, line.split(' '));
    assert_eq!(told(&output).0, 0, "{line}: {output:?}");
}

#[test]
fn a_rendered_file_has_the_channels_of_the_patch() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    std::fs::write(dir.join("a.patches"), FOUR).expect("written");
    done(dir, "render a.patches -o a.wav --seconds 1.5");
    let frames = frames_of(&dir.join("a.wav"), 4);
    assert_eq!(frames.len(), 72_000);
    assert_tones(&floats(&frames[24_000..]), "floats");
    for bits in ["16", "24"] {
        done(dir, &format!("render a.patches -o b.wav --seconds 1.5 --bits {bits}"));
        let mut reader = hound::WavReader::open(dir.join("b.wav")).expect("a file");
        let full = if bits == "16" { 32_768.0 } else { 8_388_608.0 };
        assert_tones(&whole(reader.samples::<i32>().map(|s| s.expect("one")), 4, full)[24_000..], bits);
    }
    done(dir, "render a.patches -o a.flac --seconds 1.5 --bits 24");
    let mut reader = claxon::FlacReader::open(dir.join("a.flac")).expect("a file");
    assert_tones(&whole(reader.samples().map(|s| s.expect("one")), 4, 8_388_608.0)[24_000..], "FLAC");
    // The loudest of all channels comes to full scale, and a stem has all of them.
    std::fs::write(dir.join("b.patches"), FOUR.replace("0.2]-> out.in[click]", "0.6]-> out.in[click]"))
        .expect("written");
    done(dir, "render b.patches -o n.wav --seconds 1.5 --normalize");
    let normal = floats(&frames_of(&dir.join("n.wav"), 4));
    let peak = |channel: usize| normal.iter().map(|frame| frame[channel].abs()).fold(0.0, f64::max);
    assert!((peak(3) - 1.0).abs() < 1e-6 && (peak(0) - 0.5 / 0.6).abs() < 0.01, "{} {}", peak(3), peak(0));
    let mixed = "out = AudioOut(channels: 3); a = Sine; b = Noise; a -> out; b -> out.in[2]\n";
    std::fs::write(dir.join("c.patches"), mixed).expect("written");
    done(dir, "render c.patches -o c.wav --seconds 0.2 --stems");
    for (stem, wanted) in [("a", [true, true, false]), ("b", [false, false, true])] {
        let frames = floats(&frames_of(&dir.join(format!("c.{stem}.wav")), 3));
        let sounds = [0, 1, 2].map(|channel: usize| frames.iter().any(|frame| frame[channel] != 0.0));
        assert_eq!(sounds, wanted, "{stem}");
    }
}

#[test]
fn two_channels_are_two_channels_and_nine_are_too_many_for_flac() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    for (name, text) in [
        ("plain", "Sine -> out\n"),
        ("index", "Sine -> out.in[0]\n"),
        ("one", "out = AudioOut(channels: 1); Sine -> out\n"),
        ("nine", "out = AudioOut(channels: 9); Sine -> out; Noise -> out.in[8]\n"),
    ] {
        std::fs::write(dir.join(format!("{name}.patches")), text).expect("written");
        done(dir, &format!("render {name}.patches -o {name}.wav --seconds 0.1"));
    }
    let plain = frames_of(&dir.join("plain.wav"), 2);
    assert!(plain.iter().any(|frame| frame[0] != 0) && plain.iter().all(|frame| frame[0] == frame[1]));
    for same in ["index", "one"] {
        assert!(frames_of(&dir.join(format!("{same}.wav")), 2) == plain, "{same}");
    }
    let nine = frames_of(&dir.join("nine.wav"), 9);
    assert!(nine.iter().zip(&plain).all(|(nine, plain)| nine[..2] == plain[..]) && nine.iter().any(|f| f[8] != 0));
    for more in ["", " --normalize"] {
        let output = run(dir, format!("render nine.patches -o nine.flac --seconds 0.1{more}").split(' '));
        let (code, _, err) = told(&output);
        assert!(code == 2 && err.contains("FLAC holds 8 channels at most, and these are 9"), "{code} {err}");
    }
    assert!(!dir.join("nine.flac").exists() && !dir.join("nine.flac.spool").exists());
}

/// A player on a clock.
fn play(dir: &Path, more: &[&str]) -> Player {
    let mut command = patches(dir);
    Player::start(command.args(["play", "a.patches", "--backend", "clock", "--json", "--session", "take"]).args(more))
}

/// The replay of its session, as bits.
fn replay(dir: &Path, channels: u16) -> Vec<Vec<u32>> {
    done(dir, "replay take -o replay.wav");
    frames_of(&dir.join("replay.wav"), channels)
}

fn first_line(dir: &Path) -> Value {
    let log = std::fs::read_to_string(dir.join("take/session.jsonl")).expect("a log");
    serde_json::from_str(log.lines().next().expect("a line")).expect("json")
}

#[test]
fn a_take_of_four_channels_is_its_replay_over_edits_of_what_goes_where() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let patch = dir.join("a.patches");
    std::fs::write(&patch, FOUR).expect("written");
    let mut player = play(dir, &["--record", "take.wav", "--keep", "60s"]);
    let started = player.wait_for("started");
    assert_eq!(started["channels"], 4, "{started}");
    std::thread::sleep(Duration::from_millis(1300));
    let edits = [
        FOUR.replace("out.in[click]", "out.in[phones]"),
        FOUR.replace("[left, right, phones, click]", "[left, right, click, phones]"),
        FOUR.replace("0.5]-> out.left", "3]-> out.in[click]") + "Noise -[0.1]-> out.in[1]\n",
        FOUR.replace("[left, right, phones, click]", "[left, right, phones]").replace("out.in[click]", "out"),
    ];
    for text in &edits {
        save(&patch, text, Save::Rename);
        player.wait_for("swapped");
        std::thread::sleep(Duration::from_millis(200));
    }
    player.type_line("k last.wav");
    let kept = player.wait_for("record");
    assert_eq!(kept["state"], "keeping", "{kept}");
    assert_eq!(player.wait_for("record")["state"], "kept");
    player.type_q();
    let stopped = player.wait_for("stopped");
    assert_eq!(stopped["allocations_in_callback"], 0, "{stopped}");
    let status = player.events.iter().find(|event| event["event"] == "status").expect("one in a second");
    let peaks = status["peaks_db"].as_array().expect("levels").iter().map(|db| db.as_f64().expect("a number"));
    for (found, (_, level)) in peaks.zip(TONES) {
        assert!((found - 20.0 * level.log10()).abs() < 0.2, "{status}");
    }
    assert_eq!(first_line(dir)["outputs"], 4);
    let (take, replay) = (frames_of(&dir.join("take.wav"), 4), replay(dir, 4));
    // The limiter looks 64 frames ahead.
    assert!(take.len() > 90_000 && take.len() == replay.len(), "{} {}", take.len(), replay.len());
    assert!(take[64..] == replay[..replay.len() - 64], "the take is the replay");
    assert!(take[..64].iter().flatten().all(|bits| *bits == 0));
    assert_tones(&floats(&take[10_000..58_000]), "before the edits");
    let last = frames_of(&dir.join("last.wav"), 4);
    assert!(last.len() > 80_000 && last[..] == take[..last.len()], "the last minutes are the take's");
}

#[test]
fn where_the_device_has_fewer_channels_that_is_said_once_and_they_are_silent() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let patch = dir.join("a.patches");
    std::fs::write(&patch, "Sine -[0.5]-> out\n").expect("written");
    let mut player = play(dir, &["--record", "take.wav"]);
    assert_eq!(player.wait_for("started")["channels"], 2);
    // Asked for too late: what the device was opened with stays.
    for text in [FOUR.to_string(), FOUR.replace("0.5", "0.6"), FOUR.replace("out.in[click]", "out.in[3]")] {
        save(&patch, &text, Save::Rename);
        player.wait_for("swapped");
    }
    let six = FOUR.replace("out = AudioOut(channels: [left, right, phones, click])", "") + "Noise -> out.in[5]\n";
    save(
        &patch,
        &six.replace("in[right]", "in[1]").replace("in[phones]", "in[2]").replace("in[click]", "in[3]"),
        Save::Rename,
    );
    player.wait_for("swapped");
    player.type_q();
    player.wait_for("stopped");
    let notices: Vec<&str> = player.events.iter().filter_map(|event| event["message"].as_str()).collect();
    let told: Vec<&&str> = notices.iter().filter(|told| told.contains("channels")).collect();
    let [four, six] = told[..] else { panic!("{notices:?}") };
    assert!(
        four.contains("opened with 2 channels, and the patch sends to 4") && four.contains("`--channels 4`"),
        "{four}"
    );
    assert!(six.contains("the patch sends to 6"), "{six}");
    assert!(first_line(dir)["outputs"].is_null(), "two are not worth a word");
    let (take, replay) = (frames_of(&dir.join("take.wav"), 2), replay(dir, 2));
    assert!(take.len() > 1000 && take[64..] == replay[..replay.len() - 64]);
}

#[test]
fn channels_that_are_asked_for_are_there() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    for (asked, text) in [("6", FOUR), ("2", FOUR), ("1", "Sine -> out\n")] {
        let _ = std::fs::remove_dir_all(dir.join("take"));
        let _ = std::fs::remove_file(dir.join("take.wav"));
        std::fs::write(dir.join("a.patches"), text).expect("written");
        let mut player = play(dir, &["--channels", asked, "--record", "take.wav"]);
        let channels: u16 = asked.parse().expect("a number");
        assert_eq!(player.wait_for("started")["channels"], channels);
        std::thread::sleep(Duration::from_millis(200));
        player.quit();
        let (take, replay) = (frames_of(&dir.join("take.wav"), channels), replay(dir, channels.max(2)));
        if channels > 1 {
            assert!(take.len() > 1000 && take[64..] == replay[..replay.len() - 64], "{asked}");
        } else {
            let mean = |frame: &Vec<u32>| (f32::from_bits(frame[0]) + f32::from_bits(frame[1])) * 0.5;
            let same = take[64..].iter().zip(&replay).all(|(take, replay)| f32::from_bits(take[0]) == mean(replay));
            assert!(take.len() > 1000 && same, "the mean of both");
        }
    }
}

#[test]
fn a_file_with_more_channels_is_heard_channel_by_channel() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    std::fs::write(dir.join("a.patches"), FOUR).expect("written");
    done(dir, "render a.patches -o four.wav --seconds 1.5");
    // Turned round, and the first two as a pair.
    let text = "in = AudioIn(channels: [a, b, c, d, e]); out = AudioOut(channels: 6)
in.out[a] -> out.in[3]; in.out[b] -> out.in[2]; in.out[c] -> out.right; in.out[d] -> out.left
in -> out.in[4]; in.out[e] -> out.in[5]\n";
    std::fs::write(dir.join("b.patches"), text).expect("written");
    done(dir, "render b.patches -o b.wav --seconds 1.5 --input four.wav --no-limiter");
    let frames = floats(&frames_of(&dir.join("b.wav"), 6)[24_000..]);
    let turned: Vec<Vec<f64>> = frames.iter().map(|frame| frame[..4].iter().rev().copied().collect()).collect();
    assert_tones(&turned, "turned round");
    let both = |hertz: f64| amplitude(&frames, 4, hertz);
    assert!((both(200.0) - 0.25).abs() < 0.003 && (both(300.0) - 0.2).abs() < 0.003 && both(400.0) < 0.003);
    assert!(frames.iter().all(|frame| frame[5] == 0.0), "the file has no fifth channel");
    // A session written by hand hears the same.
    let log = "{\"session\":1,\"rate\":48000,\"outputs\":6,\"limiter\":false}\n{\"at\":0,\"patch\":\"b.patches\"}\n\
               {\"at\":0,\"input\":\"four.wav\"}\n{\"at\":72000,\"end\":true}\n";
    std::fs::write(dir.join("hand.jsonl"), log).expect("written");
    done(dir, "replay hand.jsonl -o hand.wav");
    assert!(frames_of(&dir.join("hand.wav"), 6) == frames_of(&dir.join("b.wav"), 6));
}
