//! What holds for every good text: its other forms say the same, and no edit of it breaks the program.

mod common;

use common::{library, load_text};
use patches_core::graph::Graph;
use patches_dsl::parse::parse;
use patches_dsl::print::flat;
use patches_dsl::tree::{Expr, Statement, What};
use patches_dsl::{Memory, format, load, to_yaml};
use proptest::prelude::*;
use std::path::Path;
use std::sync::LazyLock;

/// All good texts of the tests' own types, one by one.
static CASES: LazyLock<Vec<String>> = LazyLock::new(common::good_texts);

fn graph_of(text: &str, from: &str) -> Graph {
    let loaded = load_text(text);
    assert!(!loaded.has_errors(), "{from}\n=>\n{text}\n{}", loaded.render(false));
    loaded.graph
}

#[test]
fn the_flat_form_reads_back_to_an_equal_graph() {
    for case in CASES.iter() {
        let graph = graph_of(case, case);
        let printed = flat(&graph);
        let back = graph_of(&printed, case);
        assert_eq!(graph, back, "{case}\n{printed}");
        assert_eq!(printed, flat(&back), "{case}");
    }
}

#[test]
fn yaml_reads_back_to_an_equal_graph() {
    for case in CASES.iter() {
        let graph = graph_of(case, case);
        let yaml = to_yaml(&graph).expect("a graph has a YAML");
        let back = load(Path::new("a.yaml"), &Memory::default().with("a.yaml", yaml.clone()), library());
        assert!(!back.has_errors(), "{case}\n{yaml}\n{}", back.render(false));
        assert_eq!(graph, back.graph, "{case}\n{yaml}");
        assert_eq!(yaml, to_yaml(&back.graph).expect("a graph has a YAML"));
    }
}

#[test]
fn a_layout_is_its_own_and_changes_no_graph() {
    for case in CASES.iter() {
        let laid_out = format(case);
        assert_eq!(laid_out, format(&laid_out), "{case}");
        assert_eq!(graph_of(case, case), graph_of(&laid_out, case));
    }
}

/// The statements of a text as they are written.
fn statements(text: &str) -> Vec<(Statement, String)> {
    let parsed = parse(text, 0);
    let written = |statement: &Statement| text[statement.span.start as usize..statement.span.end as usize].to_string();
    parsed.statements.iter().map(|statement| (statement.clone(), written(statement))).collect()
}

#[test]
fn the_order_of_statements_means_nothing() {
    for case in CASES.iter() {
        let graph = graph_of(case, case);
        let mut lines: Vec<String> = statements(case).into_iter().map(|(_, line)| line).collect();
        for _ in 0..lines.len() {
            lines.rotate_left(1);
            assert_eq!(graph, graph_of(&lines.join("\n"), case), "{case}");
        }
        lines.reverse();
        assert_eq!(graph, graph_of(&lines.join("\n"), case), "{case}");
    }
}

/// Whether an include would bring a statement in, so that it may stand in a file of its own.
fn is_shared(statement: &Statement) -> bool {
    match &statement.what {
        What::Template(_) | What::Pattern(_) | What::Section(_) | What::Song(_) | What::Curve(_) => true,
        What::Define { chain, .. } => matches!(chain.lone(), Some(Expr::Quantity(_) | Expr::Note(..))),
        _ => false,
    }
}

#[test]
fn a_text_in_two_files_is_the_same_patch() {
    let mut split = 0;
    for case in CASES.iter() {
        // What is worked out from constants stays with them.
        if case.contains("include") || case.contains("meter") {
            continue;
        }
        let (shared, own): (Vec<_>, Vec<_>) =
            statements(case).into_iter().partition(|(statement, _)| is_shared(statement));
        let text =
            |list: &[(Statement, String)]| list.iter().map(|(_, line)| line.clone()).collect::<Vec<_>>().join("\n");
        if shared.is_empty() || own.is_empty() {
            continue;
        }
        let main = format!("include \"shared.patches\"\n{}", text(&own));
        let memory = Memory::default().with("patch.patches", main.clone()).with("shared.patches", text(&shared));
        let loaded = load(Path::new("patch.patches"), &memory, library());
        assert!(!loaded.has_errors(), "{case}\n{}", loaded.render(false));
        assert_eq!(graph_of(case, case), loaded.graph, "{case}");
        split += 1;
    }
    assert!(split >= 40, "only {split} texts could be split");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Signs that mean something are put in, taken out, doubled and cut off; the program neither breaks nor gets lost. The
    /// parser counts its steps: more than so many for each byte would be a fault of its own, which must not come.
    #[test]
    fn edits_never_break_the_program(which in any::<prop::sample::Index>(), edits in prop::collection::vec((any::<u16>(), 0..6_u8, any::<u8>()), 1..16)) {
        let mut text: Vec<char> = which.get(&CASES).chars().collect();
        let signs: Vec<char> = "(){}[]<>-~*/+.,:;=@#$?\"`|_ \n\rx17Cbsd%ä\u{a0}\u{2028}\u{1}\u{301}\u{200b}\u{1f3b9}".chars().collect();
        for (at, what, sign) in edits {
            if text.is_empty() {
                break;
            }
            let at = at as usize % text.len();
            let sign = signs[sign as usize % signs.len()];
            match what {
                0 => drop(text.remove(at)),
                1 => text.insert(at, sign),
                2 => text[at] = sign,
                3 => text.truncate(at.max(1)),
                4 => text.splice(at..at, std::iter::repeat_n(sign, 30)).for_each(drop),
                _ => {
                    let piece: Vec<char> = text[at..(at + 40).min(text.len())].to_vec();
                    text.splice(at..at, piece).for_each(drop);
                }
            }
        }
        let text: String = text.into_iter().collect();
        let loaded = load_text(&text);
        for fault in &loaded.faults {
            prop_assert!(fault.code != "internal" && !fault.message.contains("from here on"), "{}\n{}", text, fault.message);
            let (_, line, column) = loaded.place(fault.span);
            prop_assert!(line >= 1 && line <= text.matches('\n').count() + 1 && column >= 1);
        }
        loaded.render(false);
        let laid_out = format(&text);
        prop_assert_eq!(&laid_out, &format(&laid_out));
    }
}
