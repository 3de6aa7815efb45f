//! Templates with two sides, and what is wired to them.

mod common;

use common::{clean, codes};
use patches_dsl::print::flat;

/// The cables of a text, one for each line, hidden modules and all.
fn cables(text: &str) -> Vec<String> {
    let graph = clean(text);
    let printed = flat(&graph);
    assert_eq!(graph, clean(&printed), "{printed}");
    graph.to_string().lines().filter(|line| line.contains("->") || line.contains("~>")).map(str::to_string).collect()
}

const WIDE: &str = "template wide { out: left, right; a = Sine; b = Noise; a -> $.left; b -> $.right }\n";
const ROOM: &str = "template room { in: left, right; out: left, right; d = Delay; $.left -> d.left; $.right -> d.right; d.left -> $.left; d.right -> $.right }\n";

#[test]
fn left_and_right_go_side_by_side() {
    assert_eq!(cables(&format!("{WIDE}v = wide; v -> out")), ["v/a.out -> out.in_left", "v/b.white -> out.in_right"]);
    assert_eq!(
        cables(&format!("{WIDE}v = wide; v.left -> out; v.out_right -> out.left")),
        ["v/a.out -> out.in", "v/b.white -> out.in_left"]
    );
    assert_eq!(
        cables(&format!("{WIDE}v = wide; v.out -[0.5]-> Delay -> out"))[..2],
        ["Delay@v.left.out -> out.in", "v/a.out -[0.5]-> Delay@v.left.in_left"]
    );
}

#[test]
fn what_is_stereo_keeps_its_sides_through_a_pair_of_inputs() {
    let stereo = cables(&format!("{ROOM}r = room; Delay -> r; r -> out"));
    assert!(stereo.iter().any(|c| c.ends_with(".out_left -> r/d.in_left")), "{stereo:?}");
    assert!(stereo.iter().any(|c| c.ends_with(".out_right -> r/d.in_right")), "{stereo:?}");
    let mono = cables(&format!("{ROOM}r = room; n = Noise; n -> r; r -> out"));
    assert!(mono.contains(&"n.white -> r/d.in_left".to_string()), "{mono:?}");
    assert!(mono.contains(&"n.white -> r/d.in_right".to_string()), "{mono:?}");
    let one = cables(&format!("{ROOM}r = room; n = Noise; n -> r.left; r -> out"));
    assert!(one.contains(&"n.white -> r/d.in_right".to_string()), "the right side follows the left: {one:?}");
    let both = cables(&format!("{ROOM}r = room {{ in: Noise, right: Sine }}; r -> out"));
    assert_eq!(both.iter().filter(|c| c.contains("-> r/d.in_right")).count(), 2, "{both:?}");
    let pair = cables(&format!("{WIDE}{ROOM}v = wide; v -> room -> out"));
    assert!(pair.iter().any(|c| c.starts_with("v/a.out -> ") && c.ends_with("/d.in_left")), "{pair:?}");
    assert!(!pair.iter().any(|c| c.starts_with("v/a.out -> ") && c.ends_with("_right")), "{pair:?}");
}

#[test]
fn a_pair_can_be_passed_on_whole() {
    let text = "template t { in: left, right, amount; out: left, right; $.in -> Delay { mix: $.amount } -> $.out }
        d = Delay; t { in: d, amount: 0.5 } -> out";
    let wires = cables(text);
    assert!(wires.iter().any(|c| c.starts_with("d.out_left -> ") && c.ends_with("in_left")), "{wires:?}");
    let send = "template t { out: dry, send_left, send_right; Noise -> $.dry; Delay -> $.send }\nv = t; v.send -> out; v -> out.left";
    assert!(cables(send).iter().any(|c| c.ends_with("out_right -> out.in_right")));
    assert_eq!(codes("template t { out: dry, send_left; Noise -> $.dry }\nv = t; v.send -> out"), ["unknown-port"]);
}

#[test]
fn a_mono_module_fed_a_pair_runs_once_per_side() {
    let wires = cables(&format!("{WIDE}w = Vca; wide -> w -> out"));
    assert!(
        wires.iter().any(|c| c.ends_with("-> w.in_left")) && wires.contains(&"w.out -> out.in".to_string()),
        "{wires:?}"
    );
    // Into a pair of inputs each run goes to its own side.
    let through = cables(&format!("{ROOM}w = Vca; r = room; Delay -> w -> r; r -> out"));
    assert!(through.contains(&"w.out_left -> r/d.in_left".to_string()), "{through:?}");
    // An operator too, and its result still has two sides.
    let product = cables(&format!("{WIDE}v = wide; e = Adsr; v * e -> out"));
    assert!(product.contains(&"v/a.out -> out.in#1.a_left".to_string()), "{product:?}");
    assert!(product.contains(&"out.in#1.out -> out.in".to_string()), "{product:?}");
}

#[test]
fn a_control_takes_the_mean_of_a_pair() {
    let wires = cables(&format!("{WIDE}v = wide; s = Sine; v -> s.pitch; s -> out"));
    assert!(wires.contains(&"v/a.out -[0.5]-> s.pitch".to_string()), "{wires:?}");
    assert!(wires.contains(&"v/b.white -[0.5]-> s.pitch".to_string()), "{wires:?}");
}

#[test]
fn instances_keep_their_sides_apart_in_arrays_and_rounds() {
    let text = "template t(n: int = 2) { in: a_left[n], a_right[n]; out: left, right; $.a_left[*n] -> $.left; $.a_right[*n] -> $.right }
        d = Delay; for i in 0..1 { v = t; d -> v.a[i]; v -> out }";
    let wires = cables(text);
    assert_eq!(wires, ["d.out_left -[2]-> out.in_left", "d.out_right -[2]-> out.in_right"]);
}

#[test]
fn two_late_cables_through_a_boundary_are_one_late_cable() {
    // A feedback cable is one sample late, and a boundary is no module: what is one cable in the end is late once.
    let text =
        "template t { in: x; out: y; d = Drive; $.x ~> d; d ~> $.y }\na = Svf; v = t; a ~> v.x; v ~> a; v -> out";
    assert_eq!(cables(text), ["a.lowpass ~> v/d.in", "v/d.out ~> a.in", "v/d.out ~> out.in"]);
}

#[test]
fn sides_that_a_text_asks_of_mono_sound() {
    assert_eq!(cables("n = Noise; n.white_left -> out.right"), ["n.white -> out.in_right"]);
    let wires = cables("v = Vca; Delay -> v; v.right -> out.left");
    assert!(wires.contains(&"v.out_right -> out.in_left".to_string()), "{wires:?}");
}
