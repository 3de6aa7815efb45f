//! What holds for every text.

mod common;

use common::{clean, load_text};
use patches_core::graph::Graph;
use patches_dsl::parse::parse;
use patches_dsl::print::flat;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

const GOOD: [&str; 5] = [
    include_str!("good/songs.patches"),
    include_str!("good/acid.patches"),
    include_str!("good/cables.patches"),
    include_str!("good/expressions.patches"),
    include_str!("good/templates.patches"),
];

/// The statements of a text, each as it is written.
fn statements(text: &str) -> Vec<String> {
    let parsed = parse(text, 0);
    assert!(parsed.faults.is_empty());
    let span = |statement: &patches_dsl::tree::Statement| statement.span.start as usize..statement.span.end as usize;
    parsed.statements.iter().map(|statement| text[span(statement)].to_string()).collect()
}

fn graph_of(text: &str) -> Graph {
    let loaded = load_text(text);
    assert!(!loaded.has_errors(), "{text}\n{}", loaded.render(false));
    loaded.graph
}

/// A module with settings, some of them signals.
fn declaration() -> impl Strategy<Value = (String, String)> {
    let name = select(vec!["a", "b", "c", "d", "e", "f"]);
    let kind = prop_oneof![
        Just("Osc { pitch: C3 }".to_string()),
        Just("Osc".to_string()),
        Just("Noise -> Vca { gain: 0.5 }".to_string()),
        Just("Svf { cutoff: 300Hz + 2oct * k, resonance: 0.3 }".to_string()),
        Just("Lfo { rate: 1/8 } -> Vca { gain: k * 0.5 }".to_string()),
        Just("Drive { in: Noise * Lfo }".to_string()),
        Just("pair { x: k }".to_string()),
        Just("Mixer(channels: 2) { level[1]: 0.5 }".to_string()),
    ];
    (name, kind).prop_map(|(name, kind)| (name.to_string(), kind))
}

/// Both ends of a cable, and the arrow between them.
fn cable() -> impl Strategy<Value = ((&'static str, &'static str), &'static str)> {
    let source = select(vec!["a", "b", "c", "d", "e", "f", "k", "Noise", "Osc { pitch: E2 }", "(k + 1) / 2", "Sine"]);
    let arrow = select(vec!["->", "-[0.5]->", "~>", "-[k]->", "-[-6dB]->"]);
    let target =
        select(vec!["out", "out.left", "Vca -> out", "Svf.high -> Drive -> out", "Delay { time: 1/8 } -> out", "w.fm"]);
    (source, arrow, target).prop_map(|(source, arrow, target)| ((source, target), arrow))
}

/// A text without faults: every name is declared, no cable is written twice.
fn text() -> impl Strategy<Value = Vec<String>> {
    let all = prop::collection::vec(declaration(), 0..6);
    (all, prop::collection::vec(cable(), 1..8)).prop_map(|(declared, cables)| {
        let mut lines = vec![
            "k = Lfo { rate: 3Hz }".to_string(),
            "w = Osc".to_string(),
            "w -> out.right".to_string(),
            "template pair { in: x; out: y\n  Sine { pitch: $.x } -> Vca -> $.y\n  Noise -> $.y }".to_string(),
            "for i in 1..2 { s = Sine { pitch: A1 + 1oct * i }; s -> out }".to_string(),
        ];
        let mut names: Vec<&str> = vec!["a", "b", "c", "d", "e", "f"];
        for (name, kind) in &declared {
            if let Some(at) = names.iter().position(|n| n == name) {
                names.remove(at);
                lines.push(format!("{name} = {kind}"));
            }
        }
        lines.extend(names.iter().map(|name| format!("{name} = Sine")));
        let cables: std::collections::BTreeMap<_, _> = cables.into_iter().collect();
        lines.extend(cables.iter().map(|((source, target), arrow)| format!("{source} {arrow} {target}")));
        lines
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_statements_means_nothing(lines in text(), seed in any::<u64>()) {
        let before = graph_of(&lines.join("\n"));
        let mut shuffled = lines.clone();
        let mut state = seed | 1;
        for i in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(i, (state >> 33) as usize % (i + 1));
        }
        prop_assert_eq!(before.to_string(), graph_of(&shuffled.join("\n")).to_string());
        prop_assert_eq!(before, graph_of(&shuffled.join("\n")));
    }

    #[test]
    fn the_flat_form_reads_back_to_an_equal_graph(lines in text()) {
        let graph = graph_of(&lines.join("\n"));
        let printed = flat(&graph);
        prop_assert_eq!(&graph, &graph_of(&printed), "{}", printed);
        prop_assert_eq!(&printed, &flat(&graph_of(&printed)));
    }

    #[test]
    fn no_edit_of_a_good_text_panics(which in 0..GOOD.len(), edits in prop::collection::vec((any::<u16>(), 0..5_u8, any::<u8>()), 1..12)) {
        let mut bytes = GOOD[which].as_bytes().to_vec();
        let signs = b"(){}[]<>-~*/+.,:;=@#$?\"`|_ \nx17Cbsd%";
        for (at, what, sign) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = at as usize % bytes.len();
            let sign = signs[sign as usize % signs.len()];
            match what {
                0 => drop(bytes.remove(at)),
                1 => bytes.insert(at, sign),
                2 => bytes[at] = sign,
                3 => bytes.truncate(at.max(1)),
                _ => {
                    let piece: Vec<u8> = bytes[at..(at + 20).min(bytes.len())].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
        }
        let text = String::from_utf8(bytes).expect("only ASCII was put in");
        let loaded = load_text(&text);
        prop_assert!(loaded.faults.iter().all(|fault| fault.code != "internal"), "{}\n{}", text, loaded.render(false));
        for fault in &loaded.faults {
            let (_, line, column) = loaded.place(fault.span);
            prop_assert!(line >= 1 && line <= text.lines().count() + 1 && column >= 1);
        }
    }

    #[test]
    fn any_part_of_a_text_is_checked_without_a_panic(which in 0..GOOD.len(), lines in subsequence((0..12_usize).collect::<Vec<_>>(), 1..10)) {
        let all: Vec<&str> = GOOD[which].lines().collect();
        let text: Vec<&str> = lines.iter().filter_map(|&line| all.get(line).copied()).collect();
        let loaded = load_text(&text.join("\n"));
        prop_assert!(loaded.faults.iter().all(|fault| fault.code != "internal"));
    }
}

#[test]
fn good_texts_shuffle_and_read_back() {
    for text in GOOD {
        let graph = graph_of(text);
        let printed = flat(&graph);
        assert_eq!(graph, graph_of(&printed), "{printed}");
        let mut lines = statements(text);
        for _ in 0..lines.len() {
            lines.rotate_left(1);
            assert_eq!(graph, graph_of(&lines.join("\n")));
        }
        lines.reverse();
        assert_eq!(graph, graph_of(&lines.join("\n")));
    }
}

#[test]
fn parameters_shuffle_too() {
    let a =
        clean("a = Mixer(channels: 2) { in[0]: Noise * Lfo, in[1]: Noise, level[1]: 0.5, @0 { pan: 0.1 } }; a -> out");
    let b =
        clean("a = Mixer(channels: 2) { @0 { pan: 0.1 } level[1]: 0.5 in[1]: Noise, in[0]: Noise * Lfo }; a -> out");
    assert_eq!(a, b);
}
