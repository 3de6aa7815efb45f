//! Views that a text asks for.

mod common;

use common::{clean, codes, library};
use patches_core::graph::Graph;
use patches_dsl::{Memory, load, print::flat, to_yaml};
use std::path::Path;

/// The views of a text; both ways of writing its graph down read back to an equal one.
fn views(text: &str) -> Vec<String> {
    let graph: Graph = clean(text);
    let printed = flat(&graph);
    assert_eq!(graph, clean(&printed), "{printed}");
    let yaml = to_yaml(&graph).expect("a graph has a YAML");
    let back = load(Path::new("a.yaml"), &Memory::default().with("a.yaml", yaml.clone()), library());
    assert!(!back.has_errors(), "{yaml}\n{}", back.render(false));
    assert_eq!(graph, back.graph, "{yaml}");
    graph.to_string().lines().filter(|line| line.contains("-> ~")).map(str::to_string).collect()
}

#[test]
fn a_view_is_kept_with_what_it_watches() {
    assert_eq!(views("o = Osc; o.saw -> ~scope(lead)"), ["o.sawtooth -> ~scope(lead)"]);
    assert_eq!(views("o = Osc; o -> out, ~spectrum+meter+meter(mix)"), ["o.sine -> ~meter+spectrum(mix)"]);
    assert_eq!(views("d = Delay; d -> ~scope(a); d.right -> ~scope(b)").len(), 2);
    let old = views("k = Keys; k.gate -> ~gate_led(g); k -> ~osc(o); c = Clock; c -> ~trigger_led(t)");
    assert_eq!(old, ["k.gate -> ~gate_led(g)", "k.pitch -> ~osc(o)", "c.beat -> ~trigger_led(t)"]);
    assert_eq!(views("o = Osc; o ~> ~scope(lead)"), ["o.sine -> ~scope(lead)"]);
}

#[test]
fn what_is_no_output_is_watched_through_a_hidden_module() {
    assert_eq!(views("o = Osc; o -[0.5]-> ~scope(a)"), ["a~#1.out -> ~scope(a)"]);
    assert_eq!(views("o = Osc; l = Lfo; o * l -> ~scope(a)"), ["a~#1.out -> ~scope(a)"]);
    assert_eq!(views("o = Osc; n = Noise; o, n -> ~scope(a)"), ["a~#1.out -> ~scope(a)"]);
    let wide = "template wide { out: left, right; a = Sine; b = Noise; a -> $.left; b -> $.right }\n";
    assert_eq!(views(&format!("{wide}v = wide; v -> ~scope(a)")), ["a~#1.out -> ~scope(a)"]);
    let graph = clean(&format!("{wide}v = wide; v -> ~scope(a)"));
    assert!(graph.to_string().contains("v/a.out -> a~#1.a_left"), "{graph}");
}

#[test]
fn views_in_templates_and_rounds_have_names_of_their_own() {
    let text = "template t { out: o; n = Noise; n -> ~scope(in), $.o }\na = t; b = t; a, b -> out\nfor i in 1..2 { o = Sine; o -> ~meter(m), out }";
    assert_eq!(
        views(text),
        [
            "a/n.white -> ~scope(a/in)",
            "b/n.white -> ~scope(b/in)",
            "o[1].out -> ~meter(m[1])",
            "o[2].out -> ~meter(m[2])"
        ]
    );
}

#[test]
fn faults_of_views() {
    assert_eq!(codes("o = Osc; o -> ~scop(a)"), ["unknown-word"]);
    assert_eq!(codes("o = Osc; o -> ~scope(a); o.saw -> ~meter(a)"), ["given-twice"]);
    assert_eq!(codes("o = Osc; o -> ~scope(a) -> out"), ["not-a-source"]);
    // A template that nothing uses shows nothing.
    let unused = clean("template t { n = Noise; n -> ~scope(a) }\nNoise -> out");
    assert!(unused.probes.is_empty());
}
