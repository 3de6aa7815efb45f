//! One mistake in a good text is one fault: what only follows from it is not told.

mod common;
mod texts;

use common::{library, load_text};
use patches_dsl::{Memory, Severity, load};
use std::path::Path;

/// Good texts: those of the corpus, and some made of all of the language.
fn cases() -> Vec<String> {
    let mut cases = common::good_texts();
    cases.extend(texts::at_random(7, 120, 200, library()));
    cases.retain(|case| !load_text(case).has_errors());
    cases
}

/// One mistake at a place: a sign is missing, one is too many, or the rest of the line is missing, where that holds no
/// other statement.
fn damaged(text: &str, at: usize, what: usize) -> Option<String> {
    const SIGNS: [char; 10] = ['!', '{', '}', '(', ')', '"', '=', ':', ',', '>'];
    let mut signs: Vec<char> = text.chars().collect();
    match what {
        0 => drop(signs.remove(at)),
        1 => {
            let end = (at..signs.len()).find(|&i| signs[i] == '\n').unwrap_or(signs.len());
            let count = |sign: char| signs[at..end].iter().filter(|c| **c == sign).count();
            if count(';') > 0 || count('}') != count('{') {
                return None;
            }
            signs.drain(at..end);
        }
        _ => signs.insert(at, SIGNS[(at + what) % SIGNS.len()]),
    }
    Some(signs.into_iter().collect())
}

/// Of a hundred texts with one mistake, for which they cannot be read, no more than three tell more than that: what is used
/// under a name that is another one now, and what stood in a block whose end is no more to be found.
#[test]
fn one_mistake_is_one_fault() {
    let (mut all, mut more, mut many) = (0, 0, 0);
    for (number, case) in cases().iter().enumerate() {
        let length = case.chars().count();
        for (step, at) in (number % 5..length).step_by(23).enumerate() {
            for what in [0, 1, 2 + step % 7] {
                let Some(text) = damaged(case, at, what) else { continue };
                let loaded = load_text(&text);
                let errors: Vec<_> = loaded.faults.iter().filter(|f| f.severity == Severity::Error).collect();
                if errors.iter().any(|fault| matches!(fault.code, "unreadable" | "unclosed" | "stray-brace")) {
                    all += 1;
                    more += usize::from(errors.len() > 1);
                    many += usize::from(errors.len() > 3);
                }
            }
        }
    }
    assert!(all >= 5000, "only {all} texts");
    assert!(more * 100 <= all * 3, "{more} of {all} texts with one mistake have several faults");
    assert!(many * 100 <= all, "{many} of {all} texts with one mistake have more than three faults");
}

#[test]
fn a_score_of_yaml_that_cannot_be_read_is_one_fault() {
    let text = "scores:\n  - 'pattern p { C2 ! }'\nnodes:\n  s: { module: Steps, params: { pattern: p } }\n  \
                out: { module: AudioOut }\ncables:\n  - { from: s, output: note, to: out, input: left }\n";
    let loaded = load(Path::new("a.yaml"), &Memory::default().with("a.yaml", text), library());
    let codes: Vec<&str> = loaded.faults.iter().map(|fault| fault.code).collect();
    assert_eq!(codes, ["unreadable"], "{}", loaded.render(false));
}

/// Names that a file would bring in are no faults while it cannot be read.
#[test]
fn what_an_include_would_bring_in_is_not_missed() {
    let main = "include \"lib.patches\"\nv = voice { root: root }\nSteps { pattern: beat } -> Saw -> v -> out";
    for lib in ["include \"main.patches\"", "include \"none.patches\"", "include none"] {
        let files = Memory::default().with("main.patches", main).with("lib.patches", lib);
        let loaded = load(Path::new("main.patches"), &files, library());
        let errors = loaded.faults.iter().filter(|fault| fault.severity == Severity::Error);
        assert_eq!(errors.count(), 1, "{lib}\n{}", loaded.render(false));
    }
}
