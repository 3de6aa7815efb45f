//! Where faults stand that are no text's of the corpus, and what they suggest: YAML, includes, types to come.

mod common;

use common::{codes, library, load_text};
use patches_dsl::{Loaded, Memory, load};
use std::path::Path;

/// Each fault of a YAML text: code, line, column, message, help.
fn yaml(text: &str) -> Vec<(&'static str, usize, usize, String, String)> {
    let loaded: Loaded = load(Path::new("patch.yaml"), &Memory::default().with("patch.yaml", text), library());
    let all = loaded.faults.iter().map(|fault| {
        let (_, line, column) = loaded.place(fault.span);
        (fault.code, line, column, fault.message.clone(), fault.help.clone().unwrap_or_default())
    });
    all.collect()
}

#[test]
fn what_is_no_yaml_is_told_where_it_is() {
    let at = |text: &str| {
        let all = yaml(text);
        let [(code, line, column, message, _)] = &all[..] else { panic!("{text}: {all:?}") };
        assert!(*code == "yaml" && !message.contains(" at line "), "{message}");
        (*line, *column)
    };
    assert_eq!(at("nodes:\n  osc:\n    module: Sine\n\tparams: {}\n"), (4, 1));
    assert_eq!(at("nodes:\n  osc:\n    module: \"Sine\n").0, 4);
    assert_eq!(at("nodes:\n  osc: { module: Sine\ncables: []\n").0, 3);
    assert_eq!(at("nodes: {}\n---\nnodes: {}\n").0, 3);
}

#[test]
fn all_that_is_wrong_with_the_keys_of_a_yaml_patch_is_told() {
    let text = "nodes:\n  osc: { modul: Sine }\n  lfo: { module: Lfo, prams: {} }\n  env: {}\ncables:\n  - to: osc\n    output: out\n  - { from: lfo, to: osc, scal: 2 }\ntemp: 3\n";
    let all = yaml(text);
    let told: Vec<(usize, usize, &str)> = all.iter().map(|fault| (fault.1, fault.2, fault.4.as_str())).collect();
    assert_eq!(
        told,
        [
            (2, 10, "did you mean `module`?"),
            (3, 23, "did you mean `params`?"),
            (4, 8, ""),
            (6, 5, ""),
            (8, 27, "did you mean `scale`?"),
            (9, 1, "did you mean `tempo`?"),
        ],
        "{all:?}"
    );
}

#[test]
fn what_is_given_twice_in_yaml_is_told_in_words_of_ours() {
    let all =
        yaml("nodes:\n  a: { module: Noise }\n  a: { module: Noise, params: { x: 1, x: 2 } }\ntempo: 1\ntempo: 2\n");
    let codes: Vec<_> = all.iter().map(|fault| (fault.0, fault.1, fault.3.as_str())).collect();
    assert!(codes.contains(&("given-twice", 3, "`a` is given twice")), "{codes:?}");
    assert!(codes.contains(&("given-twice", 5, "`tempo` is given twice")), "{codes:?}");
    let all = yaml("nodes:\n  a:\n    module: Noise\n    params:\n      x:\n");
    assert_eq!((all[0].1, all[0].2, all[0].3.as_str()), (5, 7, "`x` has no value"));
}

#[test]
fn channels_in_yaml_have_their_places() {
    let text = "nodes:\n  m: { module: Mixer, channels: [kick, bass] }\n  n: { module: Noise }\n  out: { module: AudioOut }\ncables:\n  - { from: n, to: m, input: in/kik }\n  - { from: m, to: out, input: lef }\n";
    let all = yaml(text);
    let told: Vec<(&str, usize, usize, &str)> = all.iter().map(|f| (f.0, f.1, f.2, f.4.as_str())).collect();
    let channel = ("unknown-channel", 6, 30, "did you mean `kick`?");
    assert_eq!(told, [channel, ("unknown-port", 7, 32, "did you mean `left`?")]);
}

#[test]
fn names_that_yaml_takes_for_other_things_are_names() {
    let all = yaml(
        "nodes:\n  y: { module: Noise }\n  on: { module: AudioOut }\ncables:\n  - { from: y, to: on }\nmeter: 7/8\n",
    );
    assert!(all.is_empty(), "{all:?}");
}

#[test]
fn a_sign_straight_before_a_number_is_part_of_it() {
    let shown = |text: &str| common::clean(text).to_string();
    let plain = shown(
        "o = Osc { pitch: 7st, drift: 0.5 }\no -> out\np = Steps { pattern: q }\npattern q { 2 . -1 }\np -> o.fm",
    );
    assert_eq!(
        shown(
            "o = Osc { pitch: +7st, drift: 1 +-0.5 }\no -> out\np = Steps { pattern: q }\npattern q { +2 . -1 }\np -> o.fm"
        ),
        plain
    );
}

#[test]
fn nothing_follows_from_a_type_that_no_module_plays() {
    assert_eq!(codes("d = Dust { rate: 3Hz, chanse: 2 }\nd.trigger -> Kick -> out\nd.gat -> d.rat"), ["not-playable"]);
    assert_eq!(codes("x = Noise -> Looper { nothing: 3 }\nx.foo -> out"), ["not-playable"]);
    assert!(!load_text("Flanger { lf_bypass: true } -> out").faults.iter().any(|f| f.code == "unknown-parameter"));
}

#[test]
fn an_include_suggests_the_file_that_is_there() {
    let text = "include \"lib/drum.patches\"\nNoise -> out";
    let files = Memory::default().with("set.patches", text).with("lib/drums.patches", "root = C2");
    let loaded = load(Path::new("set.patches"), &files, library());
    assert_eq!(loaded.faults[0].help.as_deref(), Some("did you mean `lib/drums.patches`?"), "{:?}", loaded.faults);
}
