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
    let statements: Vec<&str> = codes.filter(|code| code.contains(" -> ") && !code.contains('…')).collect();
    assert!(statements.len() >= 3);
    for code in statements {
        let parsed = patches_dsl::parse::parse(code, 0);
        assert!(parsed.faults.is_empty(), "{code}: {:?}", parsed.faults);
    }
}
