//! The manual is about this program: its page of modules is what the program says, and what the tutorial has the reader
//! type is heard.

mod common;

use common::{have, level, run, told, wav};
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn the_page_of_modules_is_what_the_program_says() {
    if !have(&["python3"]) {
        return;
    }
    let check = Command::new("python3")
        .arg(root().join("tools/manual-modules"))
        .args(["--check", env!("CARGO_BIN_EXE_patches")])
        .output()
        .expect("python3 runs");
    let (code, difference, why) = told(&check);
    assert_eq!(code, 0, "{why}{difference}");
}

/// The whole patches of a page.
fn patches(page: &str) -> Vec<&str> {
    let blocks = page.split("\n```patches\n").skip(1);
    blocks.map(|block| block.split("\n```").next().unwrap_or_default()).collect()
}

#[test]
fn every_step_of_the_tutorial_is_heard() {
    let page = std::fs::read_to_string(root().join("docs/manual/tutorial.md")).expect("the page");
    let steps = patches(&page);
    assert!(steps.len() >= 6, "only {} steps were found", steps.len());
    let dir = tempfile::tempdir().expect("a folder");
    for text in steps {
        std::fs::write(dir.path().join("song.patches"), text).expect("written");
        let render = run(dir.path(), "render song.patches -o song.wav --seconds 4 --no-limiter".split(' '));
        assert_eq!(told(&render).0, 0, "{text}: {render:?}");
        let (peak, loud) = level(&wav(&dir.path().join("song.wav")));
        // A line of eighths that is struck and dies away is some 20 dB below its peak.
        assert!(peak <= 1.0 && loud > 0.03, "peak {peak}, mean level {loud}: {text}");
    }
}
