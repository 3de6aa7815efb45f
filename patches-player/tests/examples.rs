//! Every example loads without a fault, sounds, and stays within full scale without the limiter.

mod common;

use common::{level, run, told, wav};
use std::path::{Path, PathBuf};

/// Seconds that are rendered of each.
const SECONDS: usize = 12;

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let entries = std::fs::read_dir(folder).expect("the examples");
    let mut all: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    all.retain(|path| path.extension().is_some_and(|ending| ending == "patches"));
    all.sort();
    assert!(all.len() >= 6, "{all:?}");
    all
}

#[test]
fn every_example_sounds_and_stays_within_full_scale() {
    let dir = tempfile::tempdir().expect("a folder");
    let out = dir.path().join("out.wav");
    for path in examples() {
        let name = path.display();
        let check = run(dir.path(), [Path::new("check"), Path::new("--json"), &path]);
        assert_eq!(told(&check), (0, "[]\n".into(), String::new()), "{name}");
        let seconds = SECONDS.to_string();
        let render = run(
            dir.path(),
            [
                Path::new("render"),
                &path,
                "-o".as_ref(),
                &out,
                "--no-limiter".as_ref(),
                "--seconds".as_ref(),
                seconds.as_ref(),
            ],
        );
        assert_eq!(told(&render).0, 0, "{name}: {render:?}");
        let frames = wav(&out);
        assert_eq!(frames.len(), SECONDS * 48_000, "{name}");
        let (peak, _) = level(&frames);
        assert!(peak <= 1.0, "{name} peaks at {peak}");
        for (second, part) in frames.chunks(48_000).enumerate() {
            let (_, loud) = level(part);
            // -40 dB: softer than any music, louder than a tail that dies away.
            assert!(loud > 0.01, "{name} is silent in second {second}: {loud}");
        }
    }
}

#[test]
fn every_example_says_what_to_edit() {
    for path in examples() {
        let text = std::fs::read_to_string(&path).expect("a text");
        assert!(text.starts_with('#'), "{}", path.display());
        assert!(text.contains("While it plays"), "{}", path.display());
    }
}
