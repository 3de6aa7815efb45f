//! The commands that read and write patches: `fmt`, `convert`, `diff`, `graph`, `new`, `demo`.

mod common;

use common::{Player, patches, run, told};
use serde_json::Value;
use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

const MESSY: &str = "osc=Osc{pitch:A4}   # the one\n\n\n\nosc.saw->Vca{gain:0.5}->out\n";
const NEAT: &str = "osc = Osc { pitch:A4 }  # the one\n\nosc.saw->Vca { gain:0.5 }->out\n";
const FAULTY: &str = "osc => out\n";

fn dir_with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).expect("written");
    }
    dir
}

fn text(dir: &Path, name: &str) -> String {
    std::fs::read_to_string(dir.join(name)).expect("a text")
}

/// Exit code, standard output, standard error.
fn end(dir: &Path, line: &str) -> (i32, String, String) {
    told(&run(dir, line.split(' ')))
}

#[test]
fn fmt_lays_out_in_place_and_only_what_needs_it() {
    let neat = patches_dsl::format(MESSY);
    assert!(neat != MESSY && neat.contains("# the one"), "{NEAT}{neat}");
    let dir = dir_with(&[("a.patches", MESSY), ("b.patches", &neat), ("c.patches", MESSY)]);
    let before = std::fs::metadata(dir.path().join("b.patches")).expect("a file").modified().expect("a time");
    assert_eq!(end(dir.path(), "fmt --check a.patches b.patches").0, 1);
    assert_eq!(end(dir.path(), "fmt --check a.patches b.patches").1, "a.patches\n");
    assert_eq!(text(dir.path(), "a.patches"), MESSY, "it only tells");
    assert_eq!(end(dir.path(), "fmt a.patches b.patches"), (0, String::new(), String::new()));
    assert_eq!(text(dir.path(), "a.patches"), neat);
    assert_eq!(end(dir.path(), "fmt --check a.patches b.patches"), (0, String::new(), String::new()));
    let after = std::fs::metadata(dir.path().join("b.patches")).expect("a file").modified().expect("a time");
    assert_eq!(before, after, "what is laid out is not written");
    assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 3, "nothing is left lying about");
}

#[cfg(unix)]
#[test]
fn fmt_keeps_links_and_who_may_read() {
    use std::os::unix::fs::PermissionsExt;
    let dir = dir_with(&[("a.patches", MESSY)]);
    let mode = |mode| std::fs::set_permissions(dir.path().join("a.patches"), PermissionsExt::from_mode(mode));
    mode(0o640).expect("set");
    std::os::unix::fs::symlink("a.patches", dir.path().join("link.patches")).expect("linked");
    assert_eq!(end(dir.path(), "fmt link.patches").0, 0);
    assert!(std::fs::symlink_metadata(dir.path().join("link.patches")).expect("a link").is_symlink());
    assert_eq!(text(dir.path(), "a.patches"), patches_dsl::format(MESSY));
    let meta = std::fs::metadata(dir.path().join("a.patches")).expect("a file");
    assert_eq!(meta.permissions().mode() & 0o777, 0o640);
    std::fs::write(dir.path().join("a.patches"), MESSY).expect("written");
    mode(0o440).expect("set");
    let (code, _, err) = end(dir.path(), "fmt a.patches");
    assert!(code == 1 && err.contains("a.patches"), "what may not be written is not: {err}");
    assert_eq!(text(dir.path(), "a.patches"), MESSY);
}

#[test]
fn fmt_leaves_what_it_cannot_read_and_does_the_rest() {
    let dir = dir_with(&[("bad.patches", FAULTY), ("good.patches", MESSY)]);
    std::fs::write(dir.path().join("raw.patches"), b"osc = \xff").expect("written");
    let (code, out, err) = end(dir.path(), "fmt bad.patches none.patches raw.patches good.patches");
    assert_eq!((code, out.as_str()), (1, ""));
    for name in ["bad.patches:1:", "none.patches: ", "raw.patches is no UTF-8 text (byte 6)"] {
        assert!(err.contains(name), "{name}: {err}");
    }
    assert_eq!(text(dir.path(), "bad.patches"), FAULTY);
    assert_eq!(text(dir.path(), "good.patches"), patches_dsl::format(MESSY));
}

#[test]
fn fmt_passes_a_text_through() {
    let dir = dir_with(&[]);
    for (typed, flags, code, out) in [
        (MESSY, &["fmt", "-"][..], 0, patches_dsl::format(MESSY)),
        (MESSY, &["fmt", "--check", "-"], 1, "-\n".into()),
        (FAULTY, &["fmt", "-"], 1, String::new()),
    ] {
        let mut command = patches(dir.path());
        let piped = command.args(flags).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().expect("the binary runs");
        child.stdin.take().expect("it is piped").write_all(typed.as_bytes()).expect("it reads");
        let found = told(&child.wait_with_output().expect("it ends"));
        assert_eq!((found.0, found.1), (code, out), "{flags:?}");
        assert_eq!(found.2.is_empty(), code == 0, "{flags:?}: {}", found.2);
    }
}

#[test]
fn every_example_goes_to_yaml_and_back_and_sounds_the_same() {
    for path in common::examples() {
        let dir = dir_with(&[]);
        let name = path.display();
        // From where it stands: a set includes other files.
        let own = |args: &[&str]| {
            let args = args.iter().map(|arg| if *arg == "." { path.as_os_str() } else { OsStr::new(*arg) });
            told(&run(dir.path(), args))
        };
        assert_eq!(own(&["convert", ".", "a.yaml"]), (0, String::new(), String::new()), "{name}");
        for line in ["convert a.yaml b.patches", "convert b.patches b.yml"] {
            assert_eq!(end(dir.path(), line), (0, String::new(), String::new()), "{name}: {line}");
        }
        assert_eq!(text(dir.path(), "a.yaml"), text(dir.path(), "b.yml"));
        let (code, out, err) = own(&["diff", ".", "b.patches"]);
        assert!(code == 0 && out.starts_with("nothing changes\n"), "{name}: {out}{err}");
        let (code, _, err) = own(&["render", ".", "-o", "a.patches.wav", "--seconds", "1"]);
        assert_eq!(code, 0, "{err}");
        for name in ["a.yaml", "b.patches"] {
            let (code, _, err) = end(dir.path(), &format!("render {name} -o {name}.wav --seconds 1"));
            assert_eq!(code, 0, "{err}");
        }
        let bits = |name: &str| common::all_frames(&dir.path().join(name));
        assert!(bits("a.patches.wav") == bits("b.patches.wav"), "{name}: back as text");
        assert!(bits("a.patches.wav") == bits("a.yaml.wav"), "{name}: as YAML");
    }
}

#[test]
fn convert_says_what_it_does_not_do() {
    let dir = dir_with(&[("a.patches", MESSY), ("bad.patches", "osc = Lowpas\n"), ("a.yaml", "nodes: {}\n")]);
    for (line, code, words) in [
        ("convert a.patches b.patches", 2, "of one form"),
        ("convert a.yaml b.yml", 2, "of one form"),
        ("convert a.patches b.txt", 2, "ends with .patches, .yaml or .yml"),
        ("convert bad.patches b.yaml", 1, "no module type `Lowpas`"),
        ("convert none.patches b.yaml", 1, "cannot read"),
    ] {
        let (found, out, err) = end(dir.path(), line);
        assert_eq!((found, out.as_str()), (code, ""), "{line}: {err}");
        assert!(err.contains(words), "{line}: {err}");
    }
    assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 3);
}

#[test]
fn diff_tells_what_a_save_would() {
    let old = "tempo 120\nosc = Osc { pitch: A4 }\nfilt = Svf { cutoff: 800Hz }\nosc.saw -> filt -> out\n";
    let new = "tempo 126\nswap on bar\nosc = Noise\nfilt = Svf { cutoff: 1.2kHz }\n\
               hat = Noise\nosc -> filt -> out\nhat -> out\n";
    let dir = dir_with(&[("a.patches", old), ("b.patches", new)]);
    let (code, out, err) = end(dir.path(), "diff a.patches b.patches");
    assert_eq!((code, err.as_str()), (0, ""));
    for line in [
        "tempo: 120 → 126",
        "swap: not set → bar",
        "filt.cutoff: 800 Hz → 1.2 kHz",
        "filt: other cables",
        "osc: starts over (type was Osc, is Noise)",
        "hat: new",
        "2 modules play on",
    ] {
        assert!(out.lines().any(|found| found == line), "{line}:\n{out}");
    }
    let (code, out, _) = end(dir.path(), "diff --json a.patches b.patches");
    let told: Value = serde_json::from_str(&out).expect("json");
    assert_eq!((code, &told["kept"], &told["on"], &told["fade_ms"]), (0, &2.into(), &"bar".into(), &15.0.into()));
    assert_eq!(told["changed"][0]["module"], "filt");
    assert_eq!(told["reset"][0]["why"], "type was Osc, is Noise");
    assert_eq!(told["added"][0], "hat");
    assert_eq!(told["settings"][0]["setting"], "tempo");
    assert_eq!(end(dir.path(), "diff a.patches none.patches").0, 1);
}

#[test]
fn graph_draws_by_the_ending() {
    let dir = dir_with(&[("a.patches", "osc = Osc\nosc.saw -[0.5]-> Vca -> out\n"), ("bad.patches", FAULTY)]);
    assert_eq!(end(dir.path(), "graph a.patches -o a.svg"), (0, String::new(), String::new()));
    assert_eq!(end(dir.path(), "graph a.patches -o a.dot"), (0, String::new(), String::new()));
    let svg = text(dir.path(), "a.svg");
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n") && svg.contains(">sawtooth<"), "{svg}");
    assert!(text(dir.path(), "a.dot").starts_with("digraph "));
    let (code, _, err) = end(dir.path(), "graph a.patches -o a.png");
    assert!(code == 2 && err.contains("ends with .svg or .dot"), "{err}");
    assert_eq!(end(dir.path(), "graph bad.patches -o b.svg").0, 1);
    assert!(!dir.path().join("b.svg").exists());
}

#[test]
fn new_writes_a_patch_that_sounds_and_never_writes_over_one() {
    let dir = dir_with(&[("mine.patches", "patch {}\n")]);
    let (code, out, err) = end(dir.path(), "new song.patches");
    assert!(code == 0 && out.is_empty() && err.contains("song.patches"), "{err}");
    assert_eq!(end(dir.path(), "check song.patches").0, 0);
    assert_eq!(end(dir.path(), "render song.patches -o song.wav --seconds 3 --no-limiter").0, 0);
    let (peak, loud) = common::level(&common::wav(&dir.path().join("song.wav")));
    assert!(peak <= 1.0 && loud > 0.02, "{peak} {loud}");
    let (code, _, err) = end(dir.path(), "new mine.patches");
    assert!(code == 1 && err.contains("mine.patches is there already"), "{err}");
    assert_eq!(text(dir.path(), "mine.patches"), "patch {}\n");
    assert_eq!(end(dir.path(), "new none/song.patches").0, 1);
    assert_eq!(end(dir.path(), "new song.yaml").0, 2);
}

#[test]
fn demo_plays_an_example_without_a_file() {
    let dir = dir_with(&[]);
    let mut player = Player::start(patches(dir.path()).args(["demo", "first", "--json", "--backend", "clock"]));
    let started = player.wait_for("started");
    assert_eq!(started["file"], "first.patches");
    let session = player.quit()["session"].as_str().expect("a session").to_string();
    // What was played is in the session, so that it can be replayed.
    assert!(Path::new(&session).join("texts/0001.patches").is_file());
    let left: Vec<_> = std::fs::read_dir(dir.path()).expect("a folder").map(|e| e.expect("one").file_name()).collect();
    assert_eq!(left, ["state"]);
    let (code, out, _) = end(dir.path(), "demo --list");
    assert!(code == 0 && out.lines().count() >= 6 && out.contains("acid"), "{out}");
    let (code, _, err) = end(dir.path(), "demo acis");
    assert!(code == 2 && err.contains("did you mean `acid`"), "{err}");
}
