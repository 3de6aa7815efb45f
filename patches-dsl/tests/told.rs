//! What is told of a text that plays: nothing where all is as it should be.

mod common;

use common::{clean, load_told};

/// Texts that warnings come near to, and that have none.
const QUIET: [&str; 20] = [
    // Used in a pattern, a size, an index, a scale, a range, by a song, in another name.
    "root = C3; pattern p { <root> . }; s = Steps { pattern: p }; s -> Sine -> out",
    "n = 3; Noise -> Mixer(channels: n).in[n - 1] -> out",
    "n = 2; for i in 1..n { Noise -[i/n]-> out }",
    "pattern a { C3 }; section v { a }; song t(l) { play v }; s = Steps { pattern: t.l }; s -> Sine -> out",
    "pattern a { C3 }; song t(l) { play { a } }; song u(l) { play { t.l } }; s = Steps { pattern: u.l }; s -> Sine -> out",
    "curve c { 0: 1, 4bars: 2 }; Noise -[c]-> out",
    "a = 1; b = a; Noise -[b]-> out",
    // All that a template is given and passes on.
    "template t(w: str = saw, n: int = 2, p: pattern, l[n]: float = 1) { in: x[n]; out: o; $.x[*n] -> Mixer(channels: n) { level: <l[0]> } -> $.o; s = Steps { pattern: p }; Osc { pitch: s }.<w> -> $.o }\npattern q { C3 }\nt(p: q) { x[0]: Noise, x[1]: Noise } -> out",
    // A list of ports that is empty here.
    "template t(n: int = 0) { in: x[n]; out: o; $.x[*n] -> $.o; Noise -> $.o }\nt -> out",
    // A template that nothing could open, and what only it would use.
    "template _t(x: float) { out: o; Noise -[x]-> $.o }\nNoise -> out",
    // A file to be included.
    "root = A1; pattern p { x }; template t(x: float = 1) { in: a; out: o; Noise -> $.o }",
    // A parameter may be called as what is outside; so may what a template could not see.
    "root = 0.5; template t(root: float = 1) { out: o; Noise -[root]-> $.o }\nt -[root]-> out",
    "osc = Osc; template t { out: o; osc = Sine; osc -> $.o }\nt -> out; osc -> out",
    // Enough to be heard: a value, any of several inputs, the right side, a loop with what is put into it.
    "Vca { in: 1 } -> out; Adsr { trigger: Clock.beat } -> out; Noise -> Mixer(channels: 2).in[1] -> out",
    "Noise -> r.right; r = Reverb; r -> out",
    "template fx { in: left, right; out: left, right; $.left -> Delay -> $.left; $.right -> Delay -> $.right }\nNoise -> fx -> out",
    // What is watched is heard.
    "Noise -> Lowpass -> ~scope(x)\nNoise -> out",
    // Loops that do not grow: an oscillator does not pass on what moves its pitch, a drive holds it, differences cancel, and
    // the sides of a cable are no two loops.
    "a = Osc; b = Osc; a -[5]-> b.fm; b ~[5]~> a.fm; a -> out",
    "a = Drive; Noise -> a ~[1.5]~> a; a -> out",
    "a = Delay { mix: 1 }; b = Vca; Noise -> a -[0.9]-> b; b ~[0.9]~> a; a -[0.6]-> c; a -> Vca -[-0.6]-> c; c = Vca; c ~> a; b -> out",
];

#[test]
fn what_is_meant_is_not_told() {
    let mut told = String::new();
    for text in QUIET {
        let loaded = load_told(text);
        if !loaded.faults.is_empty() {
            told.push_str(&format!("{text}\n{}", loaded.render(false)));
        }
    }
    assert!(told.is_empty(), "{told}");
}

#[test]
fn a_row_goes_before_a_port_that_it_does_not_drive() {
    let text = "pattern p { note: C2 . G1\n velocity: 1 . 0.5\n gate: x . . }\ns = Steps { pattern: p }\n";
    let cables = |line: &str| {
        let graph = clean(&format!("{text}{line}"));
        graph.cables.iter().map(|cable| (cable.from.port, cable.from.channel)).collect::<Vec<_>>()
    };
    let ports: [u16; 5] = std::array::from_fn(|port| port as u16);
    let [note, gate, trigger, velocity, value] = ports;
    assert_eq!(cables("Noise -[s.velocity]-> out").iter().filter(|from| **from == (value, 1)).count(), 1);
    assert_eq!(cables("s.velocity -> out"), [(value, 1)]);
    // Of hits a row is its trigger, and the first row has all ports.
    assert_eq!(cables("s.gate -> out"), [(trigger, 2)]);
    assert_eq!(cables("s.note -> out"), [(note, 0)]);
    assert_eq!(cables("s.velocity[note] -> out"), [(velocity, 0)]);
    assert_eq!(cables("s.gate[note] -> out"), [(gate, 0)]);
    // Where the first row is called as a port, the port is meant.
    let first = clean("pattern p { velocity: 1 . 0.5 }\ns = Steps { pattern: p }; s.velocity -> out");
    assert_eq!(first.cables[0].from.port, velocity);
}
