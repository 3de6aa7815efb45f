//! What holds for every patch that the language can say: texts made at random from all of it.

mod common;
mod texts;

use common::{library, load_text, load_told};
use patches_core::graph::Graph;
use patches_dsl::parse::parse;
use patches_dsl::print::flat;
use patches_dsl::{Before, Loaded, Memory, format, load, load_again, to_yaml};
use proptest::prelude::*;
use std::path::Path;

fn load_as(name: &str, text: &str) -> Loaded {
    load(Path::new(name), &Memory::default().with(name, text), library())
}

/// What is told of a case that fails: proptest looks for a smaller one that does, and prints the last.
type Checked<T> = Result<T, TestCaseError>;

fn read_back(loaded: &Loaded, from: &str) -> Checked<Graph> {
    prop_assert!(!loaded.has_errors(), "{from}\n{}", loaded.render(false));
    Ok(loaded.graph.clone())
}

/// Two graphs are equal; where they are not, the lines that only one of them has, for a graph tells all of its types.
fn assert_same(a: &Graph, b: &Graph, from: &str) -> Checked<()> {
    let (left, right) = (a.to_string(), b.to_string());
    let only = |these: &str, those: &str| {
        let more = these.lines().filter(|line| !those.lines().any(|other| other == *line));
        more.collect::<Vec<_>>().join("\n")
    };
    prop_assert!(left == right, "{from}\n---\n{}\n---\n{}", only(&left, &right), only(&right, &left));
    prop_assert!(a == b, "{from}\n{a}\n{:?}\n{:?}", marks(a), marks(b));
    Ok(())
}

/// What the lines of a graph leave out.
fn marks(graph: &Graph) -> Vec<(&str, bool, &[patches_core::graph::Path])> {
    graph.modules.iter().map(|(path, module)| (&**path, module.unnamed, module.was.as_slice())).collect()
}

/// In another order, the same for the same seed.
fn shuffled(lines: &[String], seed: u64) -> Vec<String> {
    let (mut lines, mut state) = (lines.to_vec(), seed | 1);
    for i in (1..lines.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        lines.swap(i, (state >> 33) as usize % (i + 1));
    }
    lines
}

/// Whether an include would bring a statement in.
fn is_shared(line: &str) -> bool {
    let constant = line.starts_with('c') && line.contains(" = ");
    constant || ["template ", "pattern ", "song ", "curve "].iter().any(|word| line.starts_with(word))
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..500)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_form_of_a_patch_says_the_same(bytes in bytes(), seed in any::<u64>()) {
        let lines = texts::statements(&bytes, library());
        let text = lines.join("\n");
        let loaded = load_text(&text);
        prop_assert!(loaded.faults.iter().all(|fault| fault.code != "internal" && fault.code != "unreadable"), "{}\n{}", text, loaded.render(false));
        let laid_out = format(&text);
        prop_assert_eq!(&laid_out, &format(&laid_out), "{}", text);
        prop_assert_eq!(parse(&text, 0).to_string(), parse(&laid_out, 0).to_string());
        prop_assume!(!loaded.has_errors());

        let graph = loaded.graph;
        let same = |form: &str| {
            let back = read_back(&load_text(form), form)?;
            assert_same(&graph, &back, &std::format!("{text}\n=>\n{form}"))
        };
        same(&laid_out)?;
        same(&shuffled(&lines, seed).join("\n"))?;
        same(&std::format!("patch {{\n{text}\n}}"))?;
        let printed = flat(&graph);
        same(&printed)?;
        prop_assert_eq!(&printed, &flat(&read_back(&load_text(&printed), &printed)?));
        let yaml = to_yaml(&graph).expect("a graph has a YAML");
        let back = read_back(&load_as("a.yaml", &yaml), &yaml)?;
        assert_same(&graph, &back, &std::format!("{text}\n=>\n{yaml}"))?;
        prop_assert_eq!(&yaml, &to_yaml(&back).expect("a graph has a YAML"));
    }

    #[test]
    fn a_patch_in_two_files_is_the_same(bytes in bytes()) {
        let (shared, own): (Vec<String>, Vec<String>) =
            texts::statements(&bytes, library()).into_iter().partition(|line| is_shared(line));
        let whole = load_text(&[shared.clone(), own.clone()].concat().join("\n"));
        // An empty file is a fault of its own.
        prop_assume!(!whole.has_errors() && !shared.is_empty());
        let main = std::format!("include \"shared.patches\"\n{}", own.join("\n"));
        let files = Memory::default().with("patch.patches", main.as_str()).with("shared.patches", shared.join("\n"));
        let loaded = load(Path::new("patch.patches"), &files, library());
        let from = std::format!("{main}\n---\n{}", shared.join("\n"));
        assert_same(&whole.graph, &read_back(&loaded, &main)?, &from)?;
    }

    #[test]
    fn a_save_is_read_as_if_for_the_first_time(first in bytes(), second in bytes(), at in any::<prop::sample::Index>()) {
        let mut lines = texts::statements(&first, library());
        let other = texts::statements(&second, library());
        let mut before = Before::default();
        let mut check = |lines: &[String]| {
            let text = lines.join("\n");
            let files = Memory::default().with("patch.patches", text.as_str());
            let again = load_again(Path::new("patch.patches"), &files, library(), &mut before);
            let fresh = load_told(&text);
            prop_assert_eq!(again.render(false), fresh.render(false), "{}", text);
            assert_same(&again.graph, &fresh.graph, &text)
        };
        check(&lines)?;
        let at = at.index(lines.len());
        lines.splice(at.., other.iter().take(3).cloned());
        check(&lines)?;
        lines.rotate_left(at.min(1));
        check(&lines)?;
    }
}

/// Most texts are good ones, and every part of the language is among them; else the tests above would hold for little.
#[test]
fn most_made_texts_are_good_and_have_all_there_is() {
    let (mut good, mut all) = (0, String::new());
    let mut told = std::collections::BTreeMap::<String, usize>::new();
    for text in texts::at_random(1, 600, 400, library()) {
        let loaded = load_text(&text);
        if loaded.has_errors() {
            for fault in loaded.faults.iter().filter(|fault| fault.severity == patches_dsl::Severity::Error) {
                *told.entry(std::format!("{}: {}", fault.code, fault.message)).or_default() += 1;
            }
        } else {
            good += 1;
            all.push_str(&text);
        }
    }
    let mut told: Vec<_> = told.into_iter().collect();
    told.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    assert!(good >= 360, "only {good} of 600: {:#?}", &told[..told.len().min(40)]);
    for part in [
        "template t1(",
        "-> t0 ->",
        "for i in [",
        "song ",
        "@loop",
        "play chorus",
        "curve ",
        "slide(",
        "(3,8)",
        "?0.2",
        "~[0.5]~>",
        "<- ",
        "$.out",
        "$.left",
        " was ",
        "module m",
        "@0 {",
        "channels:",
        "quantize(",
        "mix(",
        "-[-6dB]->",
        "1/8d",
        "tempo ",
        "swap on",
        "mute ",
    ] {
        assert!(all.contains(part), "no good text has `{part}`");
    }
}
