//! The manual says nothing about the language that is not so: all its examples load, against the types that are played.

mod common;

use patches_core::library::Library;
use patches_dsl::{Memory, load};
use std::path::Path;
use std::sync::LazyLock;

static LIBRARY: LazyLock<Library> = LazyLock::new(patches_modules::library);

fn faults(page: &str) -> (usize, String) {
    let (mut count, mut told) = (0, String::new());
    for (words, text) in common::blocks(page) {
        let name = format!("patch.{words}");
        assert!(matches!(words.as_str(), "patches" | "yaml"), "a block of `{words}` is checked by nothing");
        let loaded = load(Path::new(&name), &Memory::default().with(&name, text), &LIBRARY);
        told.push_str(&loaded.render(false));
        count += 1;
    }
    (count, told)
}

#[test]
fn every_example_of_the_language_page_loads_without_a_fault() {
    let (count, told) = faults(include_str!("../../docs/manual/language.md"));
    assert!(told.is_empty(), "{told}");
    assert!(count >= 18, "only {count} examples were found");
}

#[test]
fn the_example_of_the_cheat_sheet_loads_and_its_table_parses() {
    let page = include_str!("../../docs/manual/cheatsheet.md");
    let (count, told) = faults(page);
    assert!(told.is_empty() && count == 1, "{told}");
    // Whole statements of the table are read as such; parts of one stand as they are.
    let codes = page.lines().filter(|line| line.starts_with("| `")).flat_map(|line| line.split('`').skip(1).step_by(2));
    let whole = |code: &&str| {
        code.contains(" -> ") || ["pattern ", "song ", "curve "].iter().any(|word| code.starts_with(word))
    };
    let statements: Vec<&str> = codes.filter(whole).filter(|code| !code.contains('…')).collect();
    assert!(statements.len() >= 6);
    for code in statements {
        let parsed = patches_dsl::parse::parse(code, 0);
        assert!(parsed.faults.is_empty(), "{code}: {:?}", parsed.faults);
    }
}

/// The pages that one reads with a terminal open, and how many whole patches each has at least.
const PAGES: [(&str, &str, usize); 5] = [
    ("tutorial.md", include_str!("../../docs/manual/tutorial.md"), 6),
    ("troubleshooting.md", include_str!("../../docs/manual/troubleshooting.md"), 0),
    ("modules.md", include_str!("../../docs/manual/modules.md"), 50),
    ("README.md", include_str!("../../README.md"), 1),
    ("examples/set/README.md", include_str!("../../examples/set/README.md"), 0),
];

#[test]
fn every_text_of_the_other_pages_is_what_it_is_said_to_be() {
    for (page, whole, least) in PAGES {
        let mut patches = 0;
        for (words, text) in common::blocks(whole) {
            let name = Path::new("song.patches");
            let told = load(name, &Memory::default().with(name, text.as_str()), &LIBRARY).render(false);
            match words.as_str() {
                "patches" => {
                    patches += 1;
                    assert!(told.is_empty(), "{page}: {told}");
                }
                // What the reader is to see stands on the page.
                "patches wrong" => assert!(!told.is_empty() && whole.contains(told.trim()), "{page}: {told}"),
                // Lines to be added to others.
                "patches fragment" => {
                    let parsed = patches_dsl::parse::parse(&text, 0);
                    assert!(parsed.faults.is_empty(), "{page}: {text}{:?}", parsed.faults);
                }
                "sh" | "text" => {}
                _ => panic!("{page}: a block of `{words}` is checked by nothing"),
            }
        }
        assert!(patches >= least, "{page}: only {patches} patches were found");
    }
}
