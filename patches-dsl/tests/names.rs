//! Names, rounds, shapes, renames.

mod common;

use common::{clean, codes};

fn flat(text: &str) -> String {
    clean(text).to_string()
}

#[test]
fn a_renamed_module_or_instance_says_what_it_was() {
    let graph = clean(
        "template v { out: o\n s = Sine; s -> $.o; Noise -> Vca -> $.o }
        bass = Osc was osc[2]; w = v was old; bass, w -> out",
    );
    let was = |path: &str| graph.modules[path].was.join(" ");
    assert_eq!(was("bass"), "osc[2]");
    assert_eq!(was("w/s"), "old/s");
    assert_eq!(was("w/Vca@Noise.white"), "old/Vca@Noise.white");
    assert_eq!(was("out"), "");
}

#[test]
fn what_a_module_was_is_looked_for_from_the_inside_out() {
    let was = |text: &str, path: &str| clean(text).modules[path].was.join(" ");
    let voice = "template voice { out: o\n osc = Sine was osc, vco; osc -> $.o }\n";
    assert_eq!(was(&format!("{voice}v = voice; v -> out"), "v/osc"), "v/vco osc vco");
    // An instance that was renamed too, and one in another.
    assert_eq!(was(&format!("{voice}v = voice was w; v -> out"), "v/osc"), "v/vco w/osc w/vco osc vco");
    let pair = format!("{voice}template pair {{ out: o\n a = voice was b; a -> $.o }}\n");
    assert_eq!(was(&format!("{pair}p = pair; p -> out"), "p/a/osc"), "p/a/vco p/b/osc p/b/vco p/osc p/vco osc vco");
    // Rounds: the same one first.
    let rounds = "for i in 1..2 { a = Sine was b/osc; a -> out }";
    assert_eq!(was(rounds, "a[2]"), "b[2]/osc b/osc[2] b/osc");
    assert_eq!(
        was(&format!("{voice}for i in 1..2 {{ v = voice; v -> out }}"), "v[2]/osc"),
        "v[2]/vco osc[2] osc vco[2] vco"
    );
    assert_eq!(was("a = Sine was v[2]/osc[1]; a -> out", "a"), "v[2]/osc[1]");
    // Nobody was what it is.
    assert_eq!(was("a = Sine was a, b; a -> out", "a"), "b");
}

#[test]
fn names_within_names_do_not_grow_without_end() {
    let mut text = "template t0 { out: o\n a = Sine was b, c, d; a -> $.o }\n".to_string();
    for n in 1..30 {
        text += &format!("template t{n} {{ out: o\n x = t{} was y, z; x -> $.o }}\n", n - 1);
    }
    let graph = clean(&format!("{text}x = t29 was y; x -> out"));
    assert_eq!(graph.modules.values().map(|module| module.was.len()).max(), Some(16));
}

#[test]
fn rounds_are_named_by_value_or_place() {
    let text = "for i in 2..3 { for n in [C3, E3] { o = Sine { pitch: n + 1oct * i }; o -> out } }
        o[3][1] -> Vca -> out";
    let flat = flat(text);
    assert!(flat.contains("o[2][0] : Sine pitch=5\n"), "{flat}");
    assert!(flat.contains("o[3][1].out -> Vca@o[3][1].out.in"), "{flat}");
}

#[test]
fn inner_names_hide_outer_ones() {
    let text = "k = C3\no = Sine { pitch: k }\nfor k in [C5] { p = Sine { pitch: k }; p -> out }\no -> out";
    let flat = flat(text);
    assert!(flat.contains("o : Sine pitch=3\n") && flat.contains("p[0] : Sine pitch=5\n"), "{flat}");
}

#[test]
fn a_module_may_share_its_name_with_its_type() {
    let flat = flat("Sine = Sine { pitch: C2 }\nSine -> Vca -> out\nSine { pitch: C3 } -> out");
    assert!(flat.contains("Sine : Sine pitch=2\n") && flat.contains("Sine@>out.in : Sine pitch=3\n"), "{flat}");
}

#[test]
fn mute_takes_modules_instances_and_all_rounds() {
    let text = "template v { out: o\n Noise -> $.o }
        a = v; b = Sine; for i in 1..2 { c = Sine; c -> out }; a, b -> out
        mute a, c; solo b, a";
    let graph = clean(text);
    assert_eq!(graph.mute.iter().map(|p| &**p).collect::<Vec<_>>(), ["a", "c[1]", "c[2]"]);
    assert_eq!(graph.solo.iter().map(|p| &**p).collect::<Vec<_>>(), ["a", "b"]);
    let inside = clean("template v { out: o\n s = Noise; s -> $.o }\na = v; a -> out\nmute a/s");
    assert_eq!(inside.mute.len(), 1);
}

#[test]
fn channels_are_as_many_as_are_used() {
    assert!(clean("m = Mixer; Noise -> m.in[2]; m -> out").modules["m"].channels.len() == 3);
    assert!(clean("m = Mixer { level[1]: 0.5 }; Noise -> m; m -> out").modules["m"].channels.len() == 2);
    assert!(clean("s = Split; Noise -> s; s.out[4] -> out").modules["s"].channels.len() == 5);
}

#[test]
fn a_setting_without_index_is_for_all_channels_and_one_with_index_comes_first() {
    let graph = clean("m = Mixer(channels: 3) { level: 0.5, level[1]: 0.25 }; Noise -> m; m -> out");
    let levels: Vec<String> = graph.modules["m"].settings.values().map(|v| format!("{v:?}")).collect();
    assert_eq!(levels, ["Number(0.5)", "Number(0.25)", "Number(0.5)"]);
}

#[test]
fn a_template_sees_constants_but_no_modules_of_the_file() {
    assert_eq!(
        codes("lfo = Lfo\nk = C3\ntemplate t { out: o\n Sine { pitch: k } -> $.o }\nt -> out\nlfo -> out"),
        [""; 0]
    );
    assert_eq!(codes("lfo = Lfo\ntemplate t { out: o\n lfo -> $.o }\nt -> out\nlfo -> out"), ["unknown-name"]);
    assert_eq!(codes("w = Lfo * 2\ntemplate t { out: o\n w -> $.o }\nt -> out\nw -> out"), ["unknown-name"]);
}

#[test]
fn out_inside_a_template_is_the_audio_output() {
    let flat = flat("template t { Noise -> out }\nt\nout = AudioOut");
    assert!(flat.contains("t@/Noise@>out.in.white -> out.in"), "{flat}");
}

#[test]
fn scales_multiply_through_boundaries() {
    let text = "template t { in: x; out: o\n $.x -[0.5]-> Vca -[0.5]-> $.o }
        a = t; Noise -[0.5]-> a.x; a -[-1]-> out";
    let flat = flat(text);
    assert!(flat.contains(".white -[0.25]-> a/Vca@$.x.in"), "{flat}");
    assert!(flat.contains("a/Vca@$.x.out -[-0.5]-> out.in"), "{flat}");
}

#[test]
fn arrays_and_passing_on() {
    let text = "template inner(level[n]: float = 0.5, n: int = 2, attack: float) { out: o
            Noise -> Vca { gain: level[1] } -> $.o
            e = Adsr { <attack> }; e -> $.o }
        template outer(attack: float = 5ms) { out: o\n inner(level[1]: 0.25) { <attack> } -> $.o }
        outer(attack: 7ms) -> out
        inner(level: [1, 0.75], attack: 1ms) -> out";
    let flat = flat(text);
    assert!(flat.contains("gain=0.25") && flat.contains("attack=0.007"), "{flat}");
    assert!(flat.contains("gain=0.75") && flat.contains("attack=0.001"), "{flat}");
}

#[test]
fn every_index_writes_one_cable_each() {
    let text = "template t(n: int = 3) { in: x[n]; out: y[n]\n $.x[*n] -> $.y[*n] }
        a = t; s = Split(channels: 3); Noise -> s; s.out[*3] -> a.x[*3]
        m = Mixer(channels: 3); a.y[*3] -> m.in[*3]; m -> out";
    let graph = clean(text);
    let flat = graph.to_string();
    for n in 0..3 {
        assert!(flat.contains(&format!("s.out[{n}] -> m.in[{n}]\n")), "{flat}");
    }
    assert_eq!(graph.cables.len(), 5);
}

#[test]
fn a_template_that_nothing_uses_is_checked_too() {
    let template =
        "template t(a: float = 1, n: int = 2) { in: x[n]; out: o\n Vca { gain: a } <- $.x[1]\n Nois -> $.o }\n";
    assert_eq!(codes(&format!("{template}Noise -> out")), ["unknown-module"]);
    assert_eq!(codes(&format!("{template}t -> out")), ["unknown-module"]);
    let graph = clean("template t { Noise -> out; k = Keys\n for i in 1..3 { s = Sine; s -> out } }\nNoise -> out");
    assert_eq!(graph.modules.len(), 2);
}
