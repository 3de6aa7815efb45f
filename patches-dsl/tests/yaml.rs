//! Patches in YAML, both ways.

mod common;

use common::{clean, library, load_text};
use patches_dsl::{Loaded, Memory, load, to_yaml};
use std::path::Path;

fn load_yaml(text: &str) -> Loaded {
    load(Path::new("patch.yaml"), &Memory::default().with("patch.yaml", text), library())
}

const OLD: &str = "
nodes:
  osc:
    module: SineOscillator
    params:
      frequency: 440.0
  mix:
    module: Mixer
    params:
      level/1: 0.5
      mute/0: true
  lfo: { module: Lfo, params: { rate: 1/8, mode: unipolar } }
  out:
    module: AudioOut
cables:
  - from: osc
    output: out
    to: out
    input: left
  - { from: osc, output: out, to: out, input: right, scale: 0.5 }
  - { from: osc, output: out, to: mix, input: in/1 }
  - { from: lfo, output: sine, to: mix, input: in/0 }
  - { from: mix, output: out, to: out, input: in, scale: -6dB }
";

#[test]
fn silence_is_a_patch_in_every_form() {
    let silence = common::clean("patch {}");
    let yaml = to_yaml(&silence).expect("a graph has a YAML");
    let back = load(Path::new("a.yaml"), &Memory::default().with("a.yaml", yaml.clone()), common::library());
    assert!(back.faults.is_empty(), "{yaml}\n{}", back.render(false));
    assert_eq!(back.graph, silence);
    assert_eq!(common::clean(&patches_dsl::print::flat(&back.graph)), silence);
}

#[test]
fn a_yaml_patch_is_the_same_as_its_text() {
    let loaded = load_yaml(OLD);
    assert!(loaded.faults.is_empty(), "{}", loaded.render(false));
    let text = "osc = Sine { frequency: 440Hz }
        mix = Mixer(channels: 2) { level[1]: 0.5, mute[0]: true }
        lfo = Lfo { rate: 1/8, mode: unipolar }
        osc -> out.left; osc -[0.5]-> out.right; osc -> mix.in[1]; lfo -> mix; mix -[-6dB]-> out";
    assert_eq!(loaded.graph, clean(text));
}

#[test]
fn every_good_text_converts_to_yaml_and_back() {
    for text in [
        include_str!("good/acid.patches"),
        include_str!("good/songs.patches"),
        include_str!("good/cables.patches"),
        include_str!("good/expressions.patches"),
        include_str!("good/templates.patches"),
        "patch {}",
        "a = Noise was `v/b`, c, d; a -> out",
        "tail 4s\nreset v\nv = Noise; v -> out",
        "tail 1bars + 0.5s\ntempo 126\nswap on beat\nv = Osc { pitch: 17oct, drift: 0.1 } was v/old\nv -> out\nv ~> v.fm",
        "t = Transpose { cent: 50, semi: 7, octave: -1 }; t -> Osc -> out\nc = Clock { bpm: 90 }; c.phase -> t",
        "s = Sampler { label: \"a`b\u{10}\r\" }; s -> out",
        "s = Sampler { file: file(\"a b.wav\"), label: \"x: # y\" }; s -> out\nn = Steps { steps: [C2, \"-\", \"true\", \"7\"] }; n -> out",
    ] {
        let graph = load_text(text).graph;
        let yaml = to_yaml(&graph).expect("a graph has a YAML");
        let back = load_yaml(&yaml);
        assert!(!back.has_errors(), "{yaml}\n{}", back.render(false));
        assert_eq!(graph.to_string(), back.graph.to_string(), "{yaml}");
        assert_eq!(graph, back.graph, "{yaml}");
        assert!(!yaml.contains("scale: 1\n"), "{yaml}");
    }
}

#[test]
fn mistakes_in_yaml_have_their_places() {
    let at = |text: &str| {
        let loaded = load_yaml(text);
        let fault = loaded.faults.first().unwrap_or_else(|| panic!("no fault in {text}")).clone();
        let (_, line, column) = loaded.place(fault.span);
        (fault.code, line, column)
    };
    assert_eq!(at("nodes:\n  osc:\n    module: Sinne\ncables: []\n"), ("unknown-module", 3, 13));
    assert_eq!(at("nodes:\n  osc:\n    module: Sine\n    params:\n      pitsch: 3\n").0, "unknown-parameter");
    assert_eq!(at("nodes:\n  osc:\n    module: Sine\n    params:\n      pitsch: 3\n").1, 5);
    assert_eq!(at("nodes:\n  osc:\n    module: Sine\ncables:\n  - { from: ocs, to: osc }\n"), ("unknown-name", 5, 13));
    assert_eq!(at("nodes: [1, 2]\n").0, "yaml");
    assert_eq!(at("nodes:\n  a:\n    modul: Sine\n").0, "yaml");
    assert_eq!(at("{{{{").0, "yaml");
    // Found by throwing texts at it: what the language cannot write down would not read back.
    assert_eq!(at("nodes:\n  s:\n    module: Steps\n    params:\n      steps: [C2< \"-\", 4.5]\n").0, "yaml");
    assert_eq!(at("nodes:\n  \"a`b\": { module: Noise }\n").0, "yaml");
    assert_eq!(at("nodes:\n  \"a\\nb\": { module: Noise }\n").0, "yaml");
    assert_eq!(at("nodes:\n  v: { module: Noise, was: [a, 3] }\n"), ("yaml", 2, 28));
    assert_eq!(at("").0, "empty-file");
    assert_eq!(at("# nothing\n").0, "empty-file");
    assert!(load_yaml("nodes: {}\n").faults.is_empty());
}
