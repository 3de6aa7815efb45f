//! The commands that need no sound device, by what they write and how they end.

mod common;

use common::{level, run, told, wav, wav_bits};
use serde_json::Value;
use std::path::Path;

const TONE: &str = "osc = Osc { pitch: A4 }\nosc.sine -> Vca { gain: 0.5 } -> out\n";

fn dir_with(text: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("a.patches"), text).expect("written");
    dir
}

#[test]
fn render_gives_exactly_the_frames_asked_for() {
    let dir = dir_with(TONE);
    for (seconds, rate, frames) in [("1", "48000", 48_000), ("0.5", "44100", 22_050), ("0.0001", "96000", 10)] {
        let output = run(dir.path(), ["render", "a.patches", "-o", "a.wav", "--seconds", seconds, "--rate", rate]);
        assert_eq!(told(&output).0, 0, "{output:?}");
        assert_eq!(wav(&dir.path().join("a.wav")).len(), frames);
    }
}

#[test]
fn render_sounds_from_the_first_frame_and_twice_the_same() {
    let dir = dir_with(TONE);
    for name in ["a.wav", "b.wav"] {
        let output = run(dir.path(), ["render", "a.patches", "-o", name, "--seconds", "2"]);
        assert_eq!(told(&output).0, 0, "{output:?}");
    }
    let frames = wav(&dir.path().join("a.wav"));
    // A sine of 440 Hz at 0.5 rises by 0.0288 a frame at the start: the limiter's latency is not in the file.
    assert!(frames[..4].iter().any(|frame| frame[0] > 0.02), "{:?}", &frames[..4]);
    let (peak, loud) = level(&frames[24_000..]);
    assert!((peak - 0.5).abs() < 0.005 && (loud - 0.5 / 2f64.sqrt()).abs() < 0.005, "{peak} {loud}");
    assert_eq!(wav_bits(&dir.path().join("a.wav")), wav_bits(&dir.path().join("b.wav")));
}

#[test]
fn render_writes_whole_numbers_too() {
    let dir = dir_with(TONE);
    for (bits, stored) in [("16", 16), ("24", 24)] {
        let output = run(dir.path(), ["render", "a.patches", "-o", "a.wav", "--seconds", "1", "--bits", bits]);
        assert_eq!(told(&output).0, 0, "{output:?}");
        let mut reader = hound::WavReader::open(dir.path().join("a.wav")).expect("a file");
        assert_eq!(reader.spec().bits_per_sample, stored);
        let peak = reader.samples::<i32>().map(|s| s.expect("a sample").abs()).max().expect("samples");
        let full = f64::from(1 << (stored - 1));
        assert!((f64::from(peak) / full - 0.5).abs() < 0.01, "{peak}");
    }
}

#[test]
fn failures_have_their_exit_codes_and_leave_nothing_behind() {
    let dir = dir_with("osc = Lowpas\n");
    let code = |args: &[&str]| told(&run(dir.path(), args)).0;
    assert_eq!(code(&["render", "a.patches", "-o", "a.wav", "--seconds", "1"]), 1);
    assert_eq!(code(&["render", "none.patches", "-o", "a.wav", "--seconds", "1"]), 1);
    assert_eq!(code(&["render", "a.patches", "-o", "a.mp3", "--seconds", "1"]), 2);
    assert_eq!(code(&["render", "a.patches", "-o", "a.wav"]), 2);
    assert_eq!(code(&["check", "a.patches"]), 1);
    assert_eq!(code(&["modules", "Oscc"]), 2);
    assert_eq!(code(&["replay", "nothing", "-o", "a.wav"]), 1);
    assert_eq!(code(&["play", "a.patches", "--device", "no such device"]), 3);
    let left: Vec<_> =
        std::fs::read_dir(dir.path()).expect("a folder").map(|e| e.expect("an entry").file_name()).collect();
    assert_eq!(left, ["a.patches"]);
}

#[test]
fn check_tells_every_fault_with_its_place() {
    let dir = dir_with("osc = Osc\nfilt = Lowpas { cutoff: 800Hz }\nosc.saw -> filt -> out\nosc.swa -> out\n");
    let (code, out, _) = told(&run(dir.path(), ["check", "a.patches", "--json"]));
    assert_eq!(code, 1);
    let faults: Vec<Value> = serde_json::from_str(&out).expect("json");
    let places: Vec<_> =
        faults.iter().map(|f| (f["code"].as_str().unwrap_or(""), f["line"].as_u64(), f["column"].as_u64())).collect();
    assert!(places.contains(&("unknown-module", Some(2), Some(8))), "{places:?}");
    assert!(faults.iter().all(|fault| fault["severity"] == "error" && fault["file"] == "a.patches"), "{out}");
    assert!(places.iter().any(|(_, line, _)| *line == Some(4)), "all faults at once: {places:?}");
    let (code, out, err) = told(&run(dir.path(), ["check", "a.patches"]));
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("filt = Lowpas") && err.contains("a.patches:2:8"), "{err}");
}

#[test]
fn check_names_the_cable_that_is_late() {
    let dir = dir_with("a = Vca\nb = Vca\nOsc -> a -> b -> out\nb -[0.5]-> a\n");
    let (code, out, _) = told(&run(dir.path(), ["check", "a.patches", "--json"]));
    let faults: Vec<Value> = serde_json::from_str(&out).expect("json");
    let late = &faults[0];
    assert_eq!((code, faults.len()), (0, 1), "{out}");
    assert_eq!((&late["code"], &late["severity"]), (&"late-cable".into(), &"warning".into()));
    assert_eq!(late["message"], "b.out -> a.in: one sample late, it closes a loop");
    assert_eq!((late["line"].as_u64(), late["column"].as_u64()), (Some(4), Some(1)));
    let (code, _, err) = told(&run(dir.path(), ["check", "a.patches"]));
    assert!(code == 0 && err.contains("warning[late-cable]") && err.contains("write `~>`"), "{err}");
    let said = dir_with("a = Vca\nb = Vca\nOsc -> a -> b -> out\nb ~[0.5]~> a\n");
    assert_eq!(told(&run(said.path(), ["check", "a.patches"])).1, "a.patches: no faults\n");
}

#[test]
fn modules_are_shown_from_their_declarations() {
    let dir = dir_with("");
    let (code, out, _) = told(&run(dir.path(), ["modules"]));
    assert!(code == 0 && out.lines().any(|line| line.starts_with("Osc ")), "{out}");
    let (code, out, _) = told(&run(dir.path(), ["modules", "Svf"]));
    assert!(code == 0 && out.contains("cutoff") && out.contains("Hz") && out.contains("Example"), "{out}");
    let (code, out, _) = told(&run(dir.path(), ["modules", "Svf", "--json"]));
    let svf: Value = serde_json::from_str(&out).expect("json");
    assert!(code == 0 && svf["inputs"].as_array().is_some_and(|inputs| inputs.len() > 2), "{out}");
    let (_, _, err) = told(&run(dir.path(), ["modules", "Sfv"]));
    assert!(err.contains("did you mean `Svf`"), "{err}");
}

#[test]
fn devices_always_has_the_clock_and_never_calls_null_usable() {
    let dir = dir_with("");
    let (code, out, err) = told(&run(dir.path(), ["devices", "--json"]));
    assert_eq!((code, err.as_str()), (0, ""));
    let devices: Vec<Value> = serde_json::from_str(&out).expect("json");
    assert!(devices.iter().any(|d| d["backend"] == "clock" && d["usable"] == true), "{out}");
    assert!(devices.iter().filter(|d| d["id"] == "null").all(|d| d["usable"] == false), "{out}");
    assert!(devices.iter().all(|d| d["usable"] == true || d["why"].is_string()), "{out}");
}

#[test]
fn a_log_written_by_hand_is_rendered() {
    let dir = dir_with(TONE);
    std::fs::write(dir.path().join("b.patches"), TONE.replace("0.5", "0.25")).expect("written");
    let log = "{\"session\":1,\"rate\":48000}\n{\"at\":0,\"patch\":\"a.patches\"}\n\
               {\"at\":48000,\"patch\":\"b.patches\",\"fade_ms\":10}\n{\"at\":96000,\"end\":true}\n";
    std::fs::write(dir.path().join("take.jsonl"), log).expect("written");
    let output = run(dir.path(), ["replay", "take.jsonl", "-o", "take.wav"]);
    assert_eq!(told(&output).0, 0, "{output:?}");
    let frames = wav(&dir.path().join("take.wav"));
    assert_eq!(frames.len(), 96_000);
    // Up to the edit the sound is that of the first text alone, to the bit.
    run(dir.path(), ["render", "a.patches", "-o", "a.wav", "--seconds", "2"]);
    let alone = wav_bits(&dir.path().join("a.wav"));
    let bits = wav_bits(&dir.path().join("take.wav"));
    assert_eq!(bits[..48_000], alone[..48_000]);
    assert_ne!(bits[48_100..], alone[48_100..]);
    assert!((level(&frames[72_000..]).0 - 0.25).abs() < 0.005);
    std::fs::write(dir.path().join("take.jsonl"), log.replace("b.patches", "c.patches")).expect("written");
    let (code, _, err) = told(&run(dir.path(), ["replay", "take.jsonl", "-o", "other.wav"]));
    assert!(code == 1 && err.contains("take.jsonl:3: c.patches"), "{err}");
    assert!(!Path::new(&dir.path().join("other.wav")).exists());
}
