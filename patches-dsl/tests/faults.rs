//! Every fault has a code of its own and a smallest text that has it, and nothing but it.

mod common;

use common::{library, load_text, load_told};
use patches_dsl::codes::{self as all, ALL};
use patches_dsl::{Memory, load};
use std::collections::BTreeSet;
use std::path::Path;

/// The page on faults: the smallest text of each, and the same mended.
const PAGE: &str = include_str!("../../docs/faults.md");

/// Codes that no text alone has: one of a file that is no text, one of the program, and one that only a plan knows.
const WITHOUT_TEXT: &[&str] = &[all::NOT_UTF8, all::INTERNAL, all::LATE_CABLE];

/// One code's part of the page.
struct Section {
    code: &'static str,
    /// What stands in its blocks, with the words behind the fence.
    blocks: Vec<(String, String)>,
}

fn page() -> Vec<Section> {
    let known = |name: &str| ALL.iter().find(|(code, _)| *code == name).map(|(code, _)| *code);
    let sections = PAGE.split("\n## `").skip(1).map(|section| {
        let name = section.split('`').next().expect("a heading names a code");
        let code = known(name).unwrap_or_else(|| panic!("no code `{name}`"));
        Section { code, blocks: common::blocks(section) }
    });
    sections.collect()
}

/// The codes of the faults of a block, beside the other files of its section.
fn told(section: &Section, name: &str, text: &str) -> Vec<&'static str> {
    let mut memory = Memory::default().with(name, text);
    for (words, text) in &section.blocks {
        if let Some(path) = words.strip_prefix("patches file=") {
            memory = memory.with(path, text.as_str());
        }
    }
    load(Path::new(name), &memory, library()).faults.iter().map(|fault| fault.code).collect()
}

/// The smallest texts that are patches by themselves.
fn smallest() -> Vec<String> {
    let wrong = |section: Section| section.blocks.into_iter().filter(|(words, _)| words == "patches wrong");
    page().into_iter().flat_map(wrong).map(|(_, text)| text).collect()
}

#[test]
fn every_code_has_its_smallest_text_on_the_page() {
    let (mut held, mut broken) = (BTreeSet::new(), String::new());
    for section in page() {
        assert!(held.insert(section.code), "{} has two sections", section.code);
        let mut wrong = 0;
        for (words, text) in &section.blocks {
            match words.as_str() {
                "patches wrong" => {
                    let codes = told(&section, "patch.patches", text);
                    if codes != [section.code] {
                        broken.push_str(&format!("{}: {text} {codes:?}\n", section.code));
                    }
                }
                "yaml wrong" => assert_eq!(told(&section, "patch.yaml", text), [section.code], "{text}"),
                "patches" => {
                    let still = told(&section, "patch.patches", text);
                    if !still.is_empty() {
                        broken.push_str(&format!("{}: {text} {still:?}\n", section.code));
                    }
                }
                words => assert!(words.starts_with("patches file="), "what is a block of `{words}`?"),
            }
            wrong += usize::from(words.ends_with("wrong"));
        }
        assert_eq!(wrong, usize::from(!WITHOUT_TEXT.contains(&section.code)), "{}", section.code);
    }
    assert!(broken.is_empty(), "{broken}");
    let known: BTreeSet<&str> = ALL.iter().map(|(code, _)| *code).collect();
    assert_eq!(held, known);
    assert_eq!(known.len(), ALL.len(), "a code is given to two faults");
}

#[test]
fn messages_read_alike() {
    for text in smallest() {
        for fault in load_told(&text).faults {
            let begins = fault.message.chars().next().expect("a message says something");
            assert!(!begins.is_uppercase(), "{}", fault.message);
            assert!(!fault.message.ends_with('.'), "{}", fault.message);
        }
    }
}

#[test]
fn places_count_characters_from_one() {
    let loaded = load_text("# grün\nx = Osc { label: \"ü\", foo: 1 }\nx -> out");
    let fault = &loaded.faults[0];
    let (path, line, column) = loaded.place(fault.span);
    assert_eq!((path.to_str(), line, column), (Some("patch.patches"), 2, 11));
    let fault = &loaded.faults[1];
    assert_eq!(loaded.place(fault.span).2, 23);
}

#[test]
fn what_is_only_begun_is_near_too() {
    let near = |found: &str, names: &[&'static str]| patches_dsl::fault::nearest(found, names.iter().copied());
    assert_eq!(near("unipolar", &["bipolar", "unipolar_positive"]), Some("unipolar_positive"));
    // A slip of one letter is nearer than a longer word.
    assert_eq!(near("Lowpas", &["Lowpass", "LowpassFilter"]), Some("Lowpass"));
    assert_eq!(near("dorien", &["dorian", "dor"]), Some("dorian"));
    assert_eq!(near("os", &["oscillator"]), None);
}
