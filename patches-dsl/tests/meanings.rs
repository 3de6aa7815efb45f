//! What an expression means where it goes: one text and a longer one that says the same.

mod common;

use common::{clean, codes, load_text};

/// The lines of a graph without the names of its hidden modules.
fn same(text: &str, longer: &str) {
    assert_eq!(clean(text).to_string(), clean(longer).to_string(), "{text}\n{longer}");
}

fn told(text: &str) -> String {
    load_text(text).render(false)
}

#[test]
fn a_note_length_in_a_function_beside_a_signal_stays_one() {
    for (value, longer) in [
        ("max(1/8, g * 0.1)", "max(0.5beats, g * 0.1)"),
        ("clamp(g, 1/16, 1/8)", "clamp(g, 0.25beats, 0.5beats)"),
        ("mix(1/8, 1/4, g)", "mix(0.5beats, 1beats, g)"),
    ] {
        let text = |value: &str| format!("g = Lfo\nd = Delay {{ time: {value} }}\nNoise -> d -> out");
        same(&text(value), &text(longer));
        assert!(clean(&text(value)).to_string().contains("beats"));
    }
    // As a rate it is one cycle in it, at any tempo: one over the length.
    let graph = clean("g = Lfo\nl = Lfo { rate: max(g, 1/4) }\nl -> out").to_string();
    assert!(graph.contains("a=1 b=1beats op=div") && graph.contains("op=max"), "{graph}");
    assert!(clean("g = Lfo\nl = Lfo { rate: mix(1/8, 2Hz, g) }\nl -> out").to_string().contains("b=0.5beats op=div"));
}

#[test]
fn names_with_a_unit_take_the_numbers_of_an_expression_in_it() {
    let text = |set: &str| format!("g = Lfo\nt = Transpose {{ {set} }}\nt -> Osc -> out");
    same(&text("semi: 5 + 4 * g"), &text("semi: 5st + 4st * g"));
    same(&text("cent: 50 * g"), &text("cent: 50ct * g"));
    same(&text("octave: 1 + g * 2"), &text("octave: 1oct + 2oct * g"));
    // On a cable an interval is octaves.
    same(&text("semi: g"), "g = Lfo\nt = Transpose\ng -> t.semi\nt -> Osc -> out");
    let clock = |set: &str| format!("g = Lfo\nc = Clock {{ bpm: {set} }}\nc.phase -> out");
    same(&clock("60 + 60 * g"), &clock("1Hz + 1Hz * g"));
}

#[test]
fn large_numbers_are_hertz_beside_signals_too() {
    let text = |pitch: &str| format!("g = Lfo\nOsc {{ pitch: {pitch} }} -> out");
    for (number, hertz) in [
        ("440 + g", "440Hz + g"),
        ("440 + 1oct * g", "440Hz + 1oct * g"),
        ("clamp(g, 220, 440)", "clamp(g, 220Hz, 440Hz)"),
        ("mix(220, 880, g)", "mix(220Hz, 880Hz, g)"),
        ("mix(220Hz, 880Hz, g)", "mix(A3, A5, g)"),
        ("max(4.75, g)", "max(A4, g)"),
    ] {
        same(&text(number), &text(hertz));
    }
    assert_eq!(codes(&text("800 + 400 * g")), ["out-of-range"]);
    assert_eq!(codes(&text("800Hz + 20oct * g")), [] as [&str; 0]);
}

#[test]
fn scales_take_notes_intervals_and_semitones_in_both_places() {
    let quant = |scale: &str| clean(&format!("Quant {{ in: Lfo, scale: {scale} }} -> Osc -> out")).to_string();
    assert_eq!(quant("[0, 3, 7]"), quant("[0st, 3st, 7st]"));
    assert!(quant("[C4, G4]").contains("[Number(4.0), Number(4.58"), "{}", quant("[C4, G4]"));
    let apply = |scale: &str| clean(&format!("Osc {{ pitch: quantize(A3 + Lfo, {scale}) }} -> out")).to_string();
    assert_eq!(apply("[0, 3, 7]"), apply("[0st, 3st, 7st]"));
    let list = |text: &str| {
        text.lines()
            .find(|line| line.contains("scale="))
            .map(|line| line[line.find("scale").unwrap_or(0)..].to_string())
    };
    assert_eq!(list(&apply("[C4, G4]")), list(&quant("[C4, G4]")));
    // The root is what is tuned, not the degrees.
    let tuned = clean("tuning 442Hz\nQuant { in: Lfo, scale: [C4, G4] } -> Osc -> out").to_string();
    assert!(
        tuned.contains("Number(4.0)") || tuned.contains("Number(3.99999") || tuned.contains("Number(4.00000"),
        "{tuned}"
    );
}

#[test]
fn an_expression_of_several_is_worked_out_before_its_voices_are_added() {
    let graph = clean("m = Merge(channels: 3)\nm + 0.1 -> out").to_string();
    assert!(graph.contains("out.in#1 : Math b=0 op=add") || graph.contains("out.in#1 : Math a=0.1 op=add"), "{graph}");
    // Cables are added as they are, each with its own voices, and so is a single one.
    assert!(!clean("m = Merge(channels: 3)\nm -> out; 0.1 -> out").to_string().contains("Math"));
    assert!(!clean("m = Merge(channels: 3)\nm * 0.5 -> out").to_string().contains("Math"));
    let inside = "template t { out: o\n m = Merge(channels: 2)\n m - Noise -> $.o }\nt -> out";
    assert!(clean(inside).to_string().contains("op=add"));
    // What has a voice for each adds them itself.
    assert!(!clean("m = Merge(channels: 3)\nm + 0.1 -> Vca -> out").to_string().contains("Math"));
}

#[test]
fn a_part_of_a_sum_may_be_negative_where_the_whole_may_not() {
    assert_eq!(codes("Noise -> Delay { mix: -0.5 } -> out"), ["negative-gain"]);
    let text = "d = Delay { mix: 0.8 }\nNoise -> d -> out\n-0.5 -> d.mix";
    assert!(told(text).is_empty(), "{}", told(text));
    assert!(clean(text).to_string().contains("mix=0.3"));
}

#[test]
fn a_port_without_an_index_is_its_first_a_parameter_all() {
    let graph = clean("m = Mixer(channels: 2) { in: 0.2, level: 0.5 }\nm -> out").to_string();
    assert!(graph.contains("in[0]=0.2 level[0]=0.5 level[1]=0.5"), "{graph}");
}
