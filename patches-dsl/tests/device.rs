//! The channels of a sound device: `out.in[2]`, `in.out[mic]`.

mod common;

use common::{clean, codes, library, load_text};
use patches_dsl::print::flat;
use patches_dsl::{Memory, load, to_yaml};
use std::path::Path;

/// The cables of a text and the channels of its modules, the same after each of the forms a patch is written in.
fn cables(text: &str) -> Vec<String> {
    let graph = clean(text);
    let printed = flat(&graph);
    assert_eq!(graph, clean(&printed), "{printed}");
    let yaml = to_yaml(&graph).expect("a graph has a YAML");
    let back = load(Path::new("a.yaml"), &Memory::default().with("a.yaml", yaml.clone()), library());
    assert_eq!(graph, back.graph, "{yaml}\n{}", back.render(false));
    let device = |line: &&str| line.contains("->") || line.contains(" : Audio");
    graph.to_string().lines().filter(device).map(str::to_string).collect()
}

/// What is told of a text with one fault.
fn told(text: &str) -> String {
    let loaded = load_text(text);
    assert_eq!(loaded.faults.len(), 1, "{}", loaded.render(false));
    loaded.render(false)
}

#[test]
fn a_channel_by_number_or_name_is_one_of_the_device() {
    let counted = "out = AudioOut(channels: 4); a = Sine; a -> out.in[2]; a -> out.in[1]";
    assert_eq!(cables(counted), ["out : AudioOut(0, 1, 2, 3)", "a.out -> out.in_right", "a.out -> out.in[2]"]);
    let named = "out = AudioOut(channels: [left, right, phones, click]); a = Sine; a -> out.in[click]; a -> out.in[2]";
    assert_eq!(
        cables(named),
        ["out : AudioOut(left, right, phones, click)", "a.out -> out.in[phones]", "a.out -> out.in[click]"]
    );
    let in_braces = "out = AudioOut(channels: 3) { in[2]: Sine, in: Noise }";
    assert_eq!(cables(in_braces)[1..], ["Noise@>out.in.white -> out.in", "Sine@>out.in[2].out -> out.in[2]"]);
    let every = cables("out = AudioOut(channels: 3); a = Sine; a -> out.in[*3]");
    assert_eq!(every[1..], ["a.out -> out.in_left", "a.out -> out.in_right", "a.out -> out.in[2]"]);
}

#[test]
fn the_first_two_are_the_sides_that_it_has_without_an_index() {
    // One place, whichever way it is said: a cable that is there already is one too many.
    let twice = "out = AudioOut(channels: [main, other]); a = Sine; a -> out.in[main]; a -[0.5]-> out.left";
    assert_eq!(codes(twice), ["given-twice"]);
    assert_eq!(
        cables("out = AudioOut(channels: 4); a = Sine; a -> out; a -> out.right")[1..],
        ["a.out -> out.in", "a.out -> out.in_right"]
    );
}

#[test]
fn there_are_as_many_as_are_used() {
    assert_eq!(
        cables("a = Sine; a -> out.in[3]; a -> out.in[0]"),
        ["out : AudioOut(0, 1, 2, 3)", "a.out -> out.in_left", "a.out -> out.in[3]"]
    );
    // None but the first: nothing but the port itself, as of any.
    assert_eq!(cables("a = Sine; a -> out.in[0]"), ["out : AudioOut", "a.out -> out.in"]);
    assert_eq!(cables("template t { out: o; Sine -> $.o }\nv = t; v -> out.in[2]")[0], "out : AudioOut(0, 1, 2)");
}

#[test]
fn what_comes_in_has_channels_too() {
    assert_eq!(
        cables("in = AudioIn(channels: [voice, room, third]); in.in[third] -> out; in.in[room] -> out.left"),
        ["in : AudioIn(voice, room, third)", "out : AudioOut", "in.in_right -> out.in_left", "in.in[third] -> out.in"]
    );
    assert_eq!(cables("in.in[2] + in -> out.in[0]")[0], "in : AudioIn(0, 1, 2)");
}

#[test]
fn counts_and_names_that_cannot_be_are_faults() {
    assert!(told("out = AudioOut(channels: 33); Noise -> out").contains("`AudioOut` has 1 to 32 channels, not 33"));
    assert!(told("out = AudioOut(channels: 0); Noise -> out").contains("`AudioOut` has 1 to 32 channels, not 0"));
    assert!(clean("out = AudioOut(channels: 32); Noise -> out.in[31]").modules["out"].channels.len() == 32);
    let near = told("out = AudioOut(channels: [left, right, phones]); Noise -> out.in[phone]");
    assert!(near.contains("`in` has no channel `phone`; it has left, right, phones"), "{near}");
    assert!(near.contains("did you mean `phones`?"), "{near}");
    assert!(told("out = AudioOut(channels: 4); Noise -> out.in[4]").contains("has no channel `4`; it has 0, 1, 2, 3"));
    assert!(told("Noise -> out.in[32]").contains("has no channel `32`"));
    let nameless = told("Noise -> out.in[phones]");
    assert!(nameless.contains("the channels of `AudioOut` have no names yet"), "{nameless}");
    assert!(nameless.contains("out = AudioOut(channels: [left, right, phones])"), "{nameless}");
    assert_eq!(codes("out = AudioOut(channels: [a, a]); Noise -> out"), ["given-twice"]);
    assert_eq!(codes("out = AudioOut(channels: 4); Noise -> out.left[2]"), ["unknown-channel"]);
    assert_eq!(codes("o = Sine(channels: 2); o -> out"), ["shape"]);
}
