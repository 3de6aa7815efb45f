//! What holds for all commands: help, wrong use, exit codes, where things are said, colours, the configuration.

mod common;

use common::{Player, patches, run, told};
use serde_json::Value;
use std::path::Path;

fn dir_with(config: Option<&str>) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("a.patches"), "osc = Osc\nosc.sine -[0.1]-> out\n").expect("written");
    if let Some(config) = config {
        let folder = dir.path().join("config/patches");
        std::fs::create_dir_all(&folder).expect("made");
        std::fs::write(folder.join("config.yaml"), config).expect("written");
    }
    dir
}

/// Exit code, standard output, standard error.
fn end(dir: &Path, line: &str) -> (i32, String, String) {
    told(&run(dir, line.split_whitespace()))
}

/// Every command there is, by its help.
fn commands(dir: &Path) -> Vec<String> {
    let (_, help, _) = end(dir, "-h");
    let list = help.split("Commands:\n").nth(1).expect("a list").split("\n\n").next().expect("its end");
    let all: Vec<String> = list.lines().filter_map(|line| Some(line.split_whitespace().next()?.to_string())).collect();
    assert!(all.len() > 14, "{all:?}");
    all.into_iter().filter(|name| name != "help").collect()
}

#[test]
fn every_command_helps_and_refuses_what_it_does_not_know() {
    let dir = dir_with(None);
    for name in commands(dir.path()) {
        let (code, out, err) = end(dir.path(), &format!("{name} --help"));
        assert_eq!((code, err.as_str()), (0, ""), "{name}");
        assert!(out.contains("Usage: patches") && out.contains("\nExample"), "{name}: {out}");
        let (code, out, err) = end(dir.path(), &format!("{name} --no-such-flag"));
        assert_eq!((code, out.as_str()), (2, ""), "{name}");
        assert!(err.contains("--no-such-flag"), "{name}: {err}");
        let (code, out, _) = end(dir.path(), &format!("man {name}"));
        assert!(code == 0 && out.contains(&format!(".TH patches-{name} 1")), "{name}: {out}");
    }
    let (code, out, _) = end(dir.path(), "--version");
    assert!(code == 0 && out.starts_with("patches "), "{out}");
}

#[test]
fn wrong_use_is_told_on_standard_error_and_ends_with_2() {
    let dir = dir_with(None);
    for (line, words) in [
        ("", "Usage"),
        ("--json", "what to play"),
        ("a.patches --fade x", "expected milliseconds, 0 to 600000"),
        ("a.patches --plain --json", "cannot be used with"),
        ("play", "<FILE>"),
        ("check", "<FILES>"),
        ("fmt", "<FILES>"),
        ("fmt a.yaml", "is YAML"),
        ("diff a.patches", "<NEW>"),
        ("graph a.patches", "--output"),
        ("convert a.patches", "<OUT>"),
        ("new", "<FILE>"),
        ("render a.patches --seconds 1", "--output"),
        ("render a.patches -o a.wav", "--seconds"),
        ("render a.patches -o a.wav --seconds 1 --bars 1", "cannot be used with"),
        ("render a.patches -o a.ogg --seconds 1", ".wav or .flac"),
        ("render a.patches -o a.wav --seconds 1 --bits 8", "expected 16, 24 or 32f"),
        ("render a.patches -o a.flac --seconds 1 --bits 32f", "FLAC has no 32-bit floats"),
        ("render a.patches -o a.wav --bars 999999999", "longer than 24 hours"),
        ("replay . -o a.ogg", ".wav or .flac"),
        ("replay . -o a.wav --from bar:none", "expected bar:1 or later"),
        ("modules Ocs", "did you mean `Osc`"),
        ("demo nothing", "no example `nothing`"),
        ("completions", "<SHELL>"),
        ("man nothing", "no command `nothing`"),
    ] {
        let (code, out, err) = end(dir.path(), line);
        assert_eq!((code, out.as_str()), (2, ""), "{line}: {err}");
        assert!(err.contains(words), "{line}: {err}");
    }
    let left: Vec<_> = std::fs::read_dir(dir.path()).expect("a folder").map(|e| e.expect("one").file_name()).collect();
    assert_eq!(left, ["a.patches"], "nothing is written");
}

#[test]
fn there_are_completions_for_every_shell_and_every_command() {
    let dir = dir_with(None);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, out, err) = end(dir.path(), &format!("completions {shell}"));
        assert_eq!((code, err.as_str()), (0, ""), "{shell}");
        for name in commands(dir.path()) {
            assert!(out.contains(&name), "{shell} does not know {name}");
        }
    }
}

#[test]
fn the_doctor_looks_at_everything_and_says_what_to_type() {
    let dir = dir_with(None);
    let (code, out, err) = end(dir.path(), "doctor --json");
    assert_eq!((code, err.as_str()), (0, ""));
    let findings: Vec<Value> = serde_json::from_str(&out).expect("json");
    for about in ["sound device", "processor", "terminal"] {
        assert!(findings.iter().any(|finding| finding["about"] == about), "{about}: {out}");
    }
    for finding in &findings {
        assert_eq!(finding["state"] == "mend", finding["commands"].is_array(), "{finding}");
    }
    // A locale that is none shows that something is found, and what mends it.
    let output = patches(dir.path()).args(["doctor"]).env("LC_ALL", "C").output().expect("the binary runs");
    let (code, out, _) = told(&output);
    assert!(code == 0 && out.contains("export LC_ALL=C.UTF-8") && out.contains("to mend"), "{out}");
}

#[test]
fn the_configuration_gives_defaults_and_the_command_line_wins() {
    let dir = dir_with(Some("backend: clock\nrate: 44100\nframes: 64\n"));
    let mut player = Player::start(patches(dir.path()).args(["a.patches", "--json", "--frames", "128"]));
    let started = player.wait_for("started");
    assert_eq!(
        (&started["backend"], &started["rate"], &started["frames"]),
        (&"clock".into(), &44_100.into(), &128.into())
    );
    player.quit();
    // It is for playing only.
    assert_eq!(end(dir.path(), "render a.patches -o a.wav --seconds 1").0, 0);
    assert_eq!(common::wav(&dir.path().join("a.wav")).len(), 48_000);
}

#[test]
fn a_wrong_configuration_stops_what_plays_and_nothing_else() {
    let dir = dir_with(Some("backend: clock\nfade: never\n"));
    for line in ["a.patches", "play a.patches", "demo"] {
        let (code, out, err) = end(dir.path(), line);
        assert_eq!((code, out.as_str()), (2, ""), "{line}: {err}");
        assert!(err.contains("config/patches/config.yaml:2:7: invalid value 'never'"), "{line}: {err}");
    }
    for line in ["check a.patches", "modules", "demo --help"] {
        assert_eq!(end(dir.path(), line).0, 0, "{line}");
    }
}

#[test]
fn there_are_no_colours_where_nobody_sees_them() {
    let dir = dir_with(None);
    std::fs::write(dir.path().join("bad.patches"), "osc = Lowpas\n").expect("written");
    for line in ["check bad.patches", "--help", "render --nothing", "doctor", "modules Osc", "diff a.patches a.patches"]
    {
        let output = patches(dir.path()).env_remove("NO_COLOR").args(line.split(' ')).output().expect("it runs");
        let (_, out, err) = told(&output);
        assert!(!out.contains('\u{1b}') && !err.contains('\u{1b}'), "{line}: {out}{err}");
    }
}
