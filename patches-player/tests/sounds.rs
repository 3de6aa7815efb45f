//! What `render` and `replay` write: lengths, formats, loudness, where they begin, and what an interruption leaves.

mod common;

use common::{PATIENCE, level, patches, run, signal_to, told, wav, wav_bits};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

const TONE: &str = "tempo 150\nmeter 3/4\nosc = Osc { pitch: A4 }\nosc.sine -> Vca { gain: 0.25 } -> out\n";
/// A note on every beat for as long as the music plays, with an echo that is heard between them.
const NOTES: &str = "tempo 120\nseq = Steps { steps: [A4], every: 1/4, gate_length: 0.2 }\n\
    env = Adsr { gate: seq.gate, attack: 1ms, decay: 1ms, sustain: 1, release: 20ms }\n\
    osc = Osc { pitch: A4 }\n\
    osc.sine -> Vca { gain: env * 0.25 } -> Delay { time: 200ms, mix: 50%, feedback: 50% } -> out\n";

fn dir_with(text: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("a.patches"), text).expect("written");
    dir
}

/// Runs it and expects that it works; what it says.
fn done(dir: &Path, line: &str) -> String {
    let (code, out, err) = told(&run(dir, line.split(' ')));
    assert_eq!((code, out.as_str()), (0, ""), "{line}: {err}");
    err
}

#[test]
fn bars_are_those_of_the_patch_and_a_tail_comes_after() {
    let dir = dir_with(TONE);
    // Three beats at 150 beats a minute are 1.2 seconds.
    for (flags, frames) in [
        ("--bars 1", 57_600),
        ("--bars 2 --rate 44100", 105_840),
        ("--bars 1 --tail 0.5", 57_600 + 24_000),
        ("--seconds 0.1 --tail 0.25 --rate 44100", 4410 + 11_025),
    ] {
        done(dir.path(), &format!("render a.patches -o a.wav {flags}"));
        assert_eq!(wav(&dir.path().join("a.wav")).len(), frames, "{flags}");
    }
}

#[test]
fn in_the_tail_nothing_new_is_played_and_echoes_die_away() {
    let dir = dir_with(NOTES);
    // The last note begins half a second before the end.
    done(dir.path(), "render a.patches -o a.wav --seconds 2 --tail 3 --no-limiter");
    done(dir.path(), "render a.patches -o b.wav --seconds 5 --no-limiter");
    done(dir.path(), "render a.patches -o c.wav --seconds 2 --no-limiter");
    let (with, on, cut) = (dir.path().join("a.wav"), dir.path().join("b.wav"), dir.path().join("c.wav"));
    let (with_bits, cut) = (wav_bits(&with), wav_bits(&cut));
    assert_eq!(with_bits[..96_000], cut[..], "the tail changes nothing before it");
    let (with, on) = (wav(&with), wav(&on));
    let part = |frames: &[[f32; 2]], from: usize, to: usize| level(&frames[from * 480..to * 480]).1;
    assert!(part(&with, 200, 240) > 0.005, "it rings out: {}", part(&with, 200, 240));
    assert!(part(&with, 400, 500) < part(&with, 200, 300) / 20.0, "it dies away");
    assert!(part(&on, 400, 500) > part(&on, 200, 300) / 1.5, "what is no tail plays on");
    // What no clock drives plays no more either: an LFO runs on, and is not heard by the envelope.
    let lfo = NOTES.replace("gate: seq.gate", "gate: Lfo { rate: 2Hz }.square");
    std::fs::write(dir.path().join("a.patches"), lfo).expect("written");
    done(dir.path(), "render a.patches -o a.wav --seconds 2.1 --tail 2.9 --no-limiter");
    let let_go = wav(&dir.path().join("a.wav"));
    assert!(part(&let_go, 200, 210) > 0.02 && part(&let_go, 400, 500) < 0.001, "{}", part(&let_go, 400, 500));
}

#[test]
fn in_the_tail_sequences_stand_still() {
    for every in ["1/4", "500ms"] {
        let dir = dir_with(&format!(
            "tempo 120\nseq = Steps {{ steps: [A4, A5], every: {every} }}\nOsc {{ pitch: seq.note }}.sine -[0.2]-> out\n"
        ));
        done(dir.path(), "render a.patches -o a.wav --seconds 0.75 --tail 1");
        let frames = wav(&dir.path().join("a.wav"));
        let rises = frames[36_000..].windows(2).filter(|pair| pair[0][0] < 0.0 && pair[1][0] >= 0.0).count();
        assert!(rises.abs_diff(880) <= 1, "{every}: {rises} cycles of the second note in the second after it");
    }
}

#[test]
fn normalized_sound_reaches_full_scale_and_is_the_same_otherwise() {
    let dir = dir_with(TONE);
    done(dir.path(), "render a.patches -o a.wav --seconds 0.5");
    let said = done(dir.path(), "render a.patches -o b.wav --seconds 0.5 --normalize");
    assert!(said.contains(", +12."), "a quarter of full scale is 12 dB below it: {said}");
    let (plain, loud) = (wav(&dir.path().join("a.wav")), wav(&dir.path().join("b.wav")));
    let (peak, full) = (level(&plain).0, level(&loud).0);
    assert_eq!(full, 1.0);
    assert!(plain.iter().zip(&loud).all(|(a, b)| a[0] / peak == b[0] && a[1] / peak == b[1]));
    std::fs::write(dir.path().join("a.patches"), "patch {}\n").expect("written");
    assert!(done(dir.path(), "render a.patches -o a.wav --seconds 0.5 --normalize").contains("silence"));
    assert_eq!(level(&wav(&dir.path().join("a.wav"))).0, 0.0);
    assert_eq!(left(dir.path()), ["a.patches", "a.wav", "b.wav"]);
}

/// What is in a folder.
fn left(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_flac_holds_the_numbers_of_a_wav() {
    let dir = dir_with(TONE);
    for (bits, flags) in [(16, "--bits 16"), (24, "--bits 24"), (24, "")] {
        let wav_flags = if flags.is_empty() { "--bits 24" } else { flags };
        done(dir.path(), &format!("render a.patches -o a.wav --seconds 0.3 --rate 44100 {wav_flags}"));
        done(dir.path(), format!("render a.patches -o a.FLAC --seconds 0.3 --rate 44100 {flags}").trim_end());
        let mut flac = claxon::FlacReader::open(dir.path().join("a.FLAC")).expect("a file");
        let info = flac.streaminfo();
        assert_eq!((info.sample_rate, info.bits_per_sample, info.samples), (44_100, bits, Some(13_230)));
        let compressed: Vec<i32> = flac.samples().map(|sample| sample.expect("a sample")).collect();
        let mut wav = hound::WavReader::open(dir.path().join("a.wav")).expect("a file");
        assert_eq!(compressed, wav.samples::<i32>().map(|sample| sample.expect("a sample")).collect::<Vec<_>>());
    }
}

#[test]
fn chance_follows_the_seed() {
    let dir = dir_with("Noise -[0.1]-> out\n");
    for (name, flags) in [("a", ""), ("b", " --seed 1"), ("c", " --seed 2")] {
        done(dir.path(), &format!("render a.patches -o {name}.wav --seconds 0.1{flags}"));
    }
    let bits = |name: &str| wav_bits(&dir.path().join(name));
    assert_eq!(bits("a.wav"), bits("b.wav"));
    assert_ne!(bits("a.wav"), bits("c.wav"));
}

#[test]
fn an_interrupted_render_leaves_what_it_has_as_a_whole_file() {
    for (name, flags) in [("a.wav", &["--bits", "16"][..]), ("a.flac", &["--normalize"])] {
        let dir = dir_with(TONE);
        let mut command = patches(dir.path());
        // Ten hours: it cannot be done before it is interrupted.
        command.args(["render", "a.patches", "-o", name, "--seconds", "20000", "--rate", "44100"]).args(flags);
        let child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
        let growing = dir.path().join(if flags.len() == 1 { "a.flac.spool" } else { "a.wav.part" });
        let end = Instant::now() + PATIENCE;
        while std::fs::metadata(&growing).map_or(0, |file| file.len()) < 100_000 {
            assert!(Instant::now() < end, "nothing is written");
            std::thread::sleep(Duration::from_millis(5));
        }
        signal_to(child.id(), "INT");
        let (code, out, err) = told(&child.wait_with_output().expect("it ends"));
        assert_eq!((code, out.as_str()), (1, ""), "{err}");
        assert!(err.contains(&format!("interrupted; {name} holds the first")), "{err}");
        let samples: Vec<i32> = match name {
            "a.wav" => {
                let mut wav = hound::WavReader::open(dir.path().join(name)).expect("a whole file");
                wav.samples().map(|sample| sample.expect("a sample")).collect()
            }
            _ => {
                let mut flac = claxon::FlacReader::open(dir.path().join(name)).expect("a whole file");
                let samples: Vec<i32> = flac.samples().map(|sample| sample.expect("a sample")).collect();
                assert_eq!(flac.streaminfo().samples, Some(samples.len() as u64 / 2));
                samples
            }
        };
        assert!(samples.len() > 20_000 && samples.iter().any(|sample| sample.abs() > 1000), "{}", samples.len());
        assert_eq!(
            left(dir.path()),
            [name, "a.patches"]
                .map(String::from)
                .into_iter()
                .collect::<std::collections::BTreeSet<_>>()
                .into_iter()
                .collect::<Vec<_>>()
        );
    }
}

/// A session of two tempos: 120 for two bars of two seconds, then 240, whose bars last one.
fn session() -> tempfile::TempDir {
    let dir = dir_with(&NOTES.replace("tempo 120", "tempo 120\nmeter 4/4"));
    std::fs::write(dir.path().join("b.patches"), NOTES.replace("tempo 120", "tempo 240")).expect("written");
    let log = "{\"session\":1,\"rate\":24000}\n{\"at\":0,\"patch\":\"a.patches\"}\n\
               {\"at\":96000,\"patch\":\"b.patches\",\"fade_ms\":10}\n{\"at\":168000,\"end\":true}\n";
    std::fs::write(dir.path().join("session.jsonl"), log).expect("written");
    dir
}

#[test]
fn a_replay_begins_where_it_is_told_to() {
    let dir = session();
    done(dir.path(), "replay . -o whole.wav");
    let whole = wav_bits(&dir.path().join("whole.wav"));
    assert_eq!(whole.len(), 168_000);
    for (from, frame) in
        [("bar:1", 0), ("bar:2", 48_000), ("bar:3", 96_000), ("bar:5", 144_000), ("6.5", 156_000), ("0", 0)]
    {
        done(dir.path(), &format!("replay . -o part.wav --from {from}"));
        assert!(wav_bits(&dir.path().join("part.wav")) == whole[frame..], "{from} is not frame {frame}");
    }
    let (code, _, err) = told(&run(dir.path(), ["replay", ".", "-o", "late.wav", "--from", "bar:7"]));
    assert!(code == 2 && err.contains("7.000 s long") && !dir.path().join("late.wav").exists(), "{code} {err}");
}

#[test]
fn a_replay_at_another_rate_lasts_as_long_and_sounds_alike() {
    let dir = session();
    done(dir.path(), "replay . -o a.wav");
    done(dir.path(), "replay . -o b.wav --rate 48000 --from bar:3");
    done(dir.path(), "replay . -o c.flac --bits 16");
    let (own, other) = (wav(&dir.path().join("a.wav")), wav(&dir.path().join("b.wav")));
    assert_eq!(other.len(), 2 * (168_000 - 96_000));
    let (a, b) = (level(&own[96_000..]).1, level(&other).1);
    assert!((a / b - 1.0).abs() < 0.02, "{a} {b}");
    let flac = claxon::FlacReader::open(dir.path().join("c.flac")).expect("a file").streaminfo();
    assert_eq!((flac.sample_rate, flac.bits_per_sample, flac.samples), (24_000, 16, Some(168_000)));
}

#[test]
fn stems_are_the_parts_and_add_up_to_the_whole() {
    let song = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/song.patches");
    let dir = dir_with(&std::fs::read_to_string(song).expect("the example"));
    done(dir.path(), "render a.patches -o a.wav --bars 2 --no-limiter --stems --normalize");
    let names: Vec<String> = left(dir.path()).into_iter().filter(|name| name.matches('.').count() == 2).collect();
    assert_eq!(names.len(), 4, "bass, lead, hat, kick: {names:?}");
    let whole = wav(&dir.path().join("a.wav"));
    assert_eq!(level(&whole).0, 1.0);
    let stems: Vec<Vec<[f32; 2]>> = names.iter().map(|name| wav(&dir.path().join(name))).collect();
    for (name, stem) in names.iter().zip(&stems) {
        assert!(stem.len() == whole.len() && level(stem).1 < level(&whole).1, "{name}");
    }
    for (frame, wanted) in whole.iter().enumerate() {
        for side in 0..2 {
            let sum: f32 = stems.iter().map(|stem| stem[frame][side]).sum();
            // Four roundings to 24 bits each, and those of the DC blocks.
            assert!((sum - wanted[side]).abs() < 1e-4, "frame {frame}: {sum}, wanted {}", wanted[side]);
        }
    }
    assert!(stems.iter().filter(|stem| level(stem).0 > 0.05).count() >= 2, "parts are heard");
}

#[test]
fn stems_of_a_session_follow_its_texts() {
    let dir = dir_with("a = Osc { pitch: A4 }\na.sine -[0.1]-> out\n");
    let two = "a = Osc { pitch: A4 }\nb = Osc { pitch: A5 }\na.sine -[0.1]-> out\nb.sine -[0.2]-> out\n";
    std::fs::write(dir.path().join("b.patches"), two).expect("written");
    let log = "{\"session\":1,\"rate\":48000}\n{\"at\":0,\"patch\":\"a.patches\"}\n\
               {\"at\":24000,\"patch\":\"b.patches\",\"fade_ms\":10}\n{\"at\":48000,\"end\":true}\n";
    std::fs::write(dir.path().join("session.jsonl"), log).expect("written");
    done(dir.path(), "replay . -o take.wav --stems");
    let (a, b) = (wav(&dir.path().join("take.a.wav")), wav(&dir.path().join("take.b.wav")));
    assert_eq!((a.len(), b.len()), (48_000, 48_000));
    assert_eq!(level(&b[..24_000]).0, 0.0);
    assert!((level(&a[30_000..]).0 - 0.1).abs() < 0.002 && (level(&b[30_000..]).0 - 0.2).abs() < 0.002);
}

#[test]
fn a_replay_takes_another_text_for_one_of_its_own() {
    let dir = session();
    std::fs::write(dir.path().join("quiet.patches"), "patch {}\n").expect("written");
    std::fs::write(dir.path().join("quiet.yaml"), "nodes:\n  n: { module: Noise }\n").expect("written");
    done(dir.path(), "replay . -o a.wav");
    let whole = wav_bits(&dir.path().join("a.wav"));
    for other in ["quiet.patches", "quiet.yaml"] {
        done(dir.path(), &format!("replay . -o b.wav --replace ./b.patches={other}"));
        let other = dir.path().join("b.wav");
        assert_eq!(wav_bits(&other)[..96_000 - 64], whole[..96_000 - 64], "before it is as it was");
        assert!(level(&wav(&other)[100_000..]).0 < 1e-3 && whole.len() == 168_000);
    }
    let (code, _, err) = told(&run(dir.path(), ["replay", ".", "-o", "c.wav", "--replace", "c.patches=quiet.patches"]));
    assert!(code == 2 && err.contains("no file of the session; did you mean"), "{err}");
    let (code, _, err) = told(&run(dir.path(), ["replay", ".", "-o", "c.wav", "--replace", "a.patches=none.patches"]));
    assert!(code == 1 && err.contains("cannot read") && !dir.path().join("c.wav").exists(), "{err}");
}

/// A MIDI file of one track: two notes of a beat, the second at twice the tempo.
fn midi_file() -> Vec<u8> {
    let track = [
        0x00, 0x90, 60, 100, 0x60, 0x80, 60, 0, 0x00, 0xff, 0x51, 3, 0x03, 0xd0, 0x90, 0x60, 0x90, 64, 100, 0x60, 0x80,
        64, 0, 0x00, 0xff, 0x2f, 0,
    ];
    let mut file = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk\0\0\0".to_vec();
    file.push(track.len() as u8);
    file.extend(track);
    file
}

#[test]
fn a_midi_file_plays_keys_on_its_frames_and_says_how_long_it_is() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("a.patches"), "keys = Keys { voices: 4 }\nkeys.gate -[0.2]-> out\n")
        .expect("written");
    std::fs::write(dir.path().join("song.mid"), midi_file()).expect("written");
    let output = run(dir.path(), ["render", "a.patches", "-o", "a.wav", "--midi", "song.mid", "--no-limiter"]);
    assert_eq!(told(&output).0, 0, "{output:?}");
    let frames = wav(&dir.path().join("a.wav"));
    // A beat of half a second, a rest and a beat of a quarter.
    assert_eq!(frames.len(), 48_000);
    let steps: Vec<(usize, f32)> = (1..frames.len())
        .map(|i| (i, ((frames[i][0] - frames[i - 1][0]) * 10.0).round() / 10.0))
        .filter(|(_, step)| *step != 0.0)
        .collect();
    // A gate rises a frame after the one before was let go.
    assert_eq!(steps, [(1, 0.2), (24_000, -0.2), (36_001, 0.2)]);
    std::fs::write(dir.path().join("cut.mid"), &midi_file()[..40]).expect("written");
    let output = run(dir.path(), ["render", "a.patches", "-o", "b.wav", "--midi", "cut.mid"]);
    let (code, _, err) = told(&output);
    assert!(code == 1 && err.contains("cut.mid: byte 22:") && err.contains("the file is cut off"), "{code} {err}");
    assert!(!dir.path().join("b.wav").exists());
}

#[test]
fn a_sound_file_is_heard_as_the_input() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("tone.patches"), "Osc { pitch: A3 }.sine -[0.5]-> out.left\n").expect("written");
    std::fs::write(dir.path().join("in.patches"), "in -> out\n").expect("written");
    std::fs::write(dir.path().join("half.patches"), "in = AudioIn\nin.left -[0.5]-> out\n").expect("written");
    let render = |file: &str, out: &str, more: &[&str]| {
        let args = ["render", file, "-o", out, "--seconds", "0.5", "--no-limiter"];
        told(&run(dir.path(), args.iter().chain(more)))
    };
    assert_eq!(render("tone.patches", "tone.wav", &[]).0, 0);
    assert_eq!(render("in.patches", "out.wav", &["--input", "tone.wav"]).0, 0);
    assert_eq!(render("half.patches", "half.wav", &["--input", "tone.wav"]).0, 0);
    assert_eq!(render("in.patches", "silent.wav", &[]).0, 0);
    let heard = |name: &str| wav(&dir.path().join(name));
    let (tone, out, half, silent) = (heard("tone.wav"), heard("out.wav"), heard("half.wav"), heard("silent.wav"));
    // Through the master a second time: a DC block far below the tone.
    let near = |a: f32, b: f32| (a - b).abs() < 0.02;
    assert!(tone.iter().zip(&out).all(|(a, b)| near(a[0], b[0]) && b[1] == 0.0), "each side as it came");
    assert!(tone.iter().zip(&half).all(|(a, b)| near(a[0] * 0.5, b[0]) && b[0] == b[1]), "the left alone, on both");
    assert!(level(&tone).0 > 0.45 && level(&silent).0 == 0.0, "without one it is silence");
    let (code, _, err) = render("in.patches", "x.wav", &["--input", "tone.wav", "--rate", "44100"]);
    assert!(code == 1 && err.contains("tone.wav: has 48000 frames a second, and 44100 are played"), "{code} {err}");
}

#[test]
fn a_replay_marks_each_save() {
    let dir = tempfile::tempdir().expect("a folder");
    for name in ["a.patches", "b.patches"] {
        std::fs::write(dir.path().join(name), TONE).expect("written");
    }
    let log = "{\"session\":1,\"rate\":48000}\n{\"at\":0,\"patch\":\"a.patches\"}\n\
               {\"at\":30001,\"patch\":\"b.patches\"}\n{\"at\":48000,\"end\":true}\n";
    std::fs::write(dir.path().join("set.jsonl"), log).expect("written");
    let marks = |more: &[&str]| -> Vec<(u32, String)> {
        let output = run(dir.path(), ["replay", "set.jsonl", "-o", "set.wav"].iter().chain(more));
        assert_eq!(told(&output).0, 0, "{output:?}");
        let bytes = std::fs::read(dir.path().join("set.wav")).expect("a file");
        let find = |name: &[u8]| bytes.windows(4).rposition(|four| four == name).expect("a chunk");
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        let cue = find(b"cue ");
        let names = String::from_utf8_lossy(&bytes[find(b"LIST")..]).into_owned();
        let labels = names.split("labl").skip(1).map(|label| {
            let text: String = label.chars().skip(8).collect();
            text.trim_end_matches('\0').to_string()
        });
        (0..word(cue + 8) as usize).map(|i| word(cue + 12 + 24 * i + 20)).zip(labels).collect()
    };
    assert_eq!(marks(&[]), [(0, "1 a.patches".into()), (30_001, "2 b.patches".into())]);
    assert_eq!(marks(&["--from", "0.5"]), [(6001, "2 b.patches".into())]);
}

#[test]
fn oversampling_is_another_sound_of_the_same_length() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("a.patches"), "Osc { frequency: 5kHz }.saw -> Drive { drive: 20 } -[0.3]-> out\n")
        .expect("written");
    let render = |factor: &str| {
        let args = ["render", "a.patches", "-o", "a.wav", "--seconds", "0.25", "--oversample", factor];
        let (code, _, err) = told(&run(dir.path(), args));
        (code, err, wav(&dir.path().join("a.wav")))
    };
    let (one, two, four) = (render("1").2, render("2").2, render("4").2);
    assert!(one.len() == 12_000 && two.len() == 12_000 && one != two && two != four);
    assert_eq!(
        told(&run(dir.path(), ["render", "a.patches", "-o", "a.wav", "--seconds", "1", "--oversample", "3"])).0,
        2
    );
}
