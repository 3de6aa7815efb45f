//! Many voices on one cable, from the text to the sound: chords that are merged, and voices in their places.

mod alone;

use patches_core::graph::{Graph, Landing};
use patches_core::isa::Isa;
use patches_dsl::{Memory, load};
use patches_engine::engine::{Engine, Settings, new};
use std::path::Path;
use std::sync::Arc;

fn graph(text: &str) -> Arc<Graph> {
    let files = Memory::default().with("test.patches", text);
    let loaded = load(Path::new("test.patches"), &files, &patches_modules::library());
    assert!(loaded.faults.is_empty(), "{}\n{text}", loaded.render(false));
    Arc::new(loaded.graph)
}

fn playing(text: &str, isa: Isa) -> Engine {
    let settings = Settings { isa, ..alone::settings() };
    let (mut control, mut engine) = new(settings);
    control.swap(graph(text), Landing::Now, 0.0).expect("within limits");
    engine.process(&mut [0.0; 2], 2);
    engine
}

/// Both sides of 6000 frames, in blocks of this size.
fn sound(text: &str, isa: Isa, block: usize) -> Vec<[f32; 2]> {
    let mut engine = playing(text, isa);
    let mut heard = Vec::new();
    while heard.len() < 6000 {
        let mut out = vec![0.0; block.min(6000 - heard.len()) * 2];
        engine.process(&mut out, 2);
        heard.extend(out.chunks_exact(2).map(|pair| [pair[0], pair[1]]));
    }
    heard
}

fn heard(text: &str) -> Vec<[f32; 2]> {
    sound(text, Isa::Base, 256)
}

/// Three notes as the voices of one cable.
const CHORD: &str = "chord = Merge(channels: 3) { in[0]: C3, in[1]: E3, in[2]: G3 }\nSaw { pitch: chord } ";

#[test]
fn voices_stand_side_by_side() {
    for spread in ["0.7", "1", "0.25"] {
        let placed = heard(&format!("{CHORD} -> Voices {{ spread: {spread} }} -[0.2]-> out"));
        // The first on the left, the last on the right, by hand.
        let by_hand = format!(
            "Saw {{ pitch: C3 }} -> Pan {{ pan: -{spread} }} -> bus\nSaw {{ pitch: E3 }} -> Pan -> bus\n\
             Saw {{ pitch: G3 }} -> Pan {{ pan: {spread} }} -> bus\nbus = Voices\nbus -[0.2]-> out"
        );
        assert_eq!(placed, heard(&by_hand), "{spread}");
        assert!(placed.iter().any(|[left, right]| (left - right).abs() > 0.01));
    }
}

#[test]
fn without_a_spread_they_are_added_as_ever() {
    let plain = heard(&format!("{CHORD} -> Voices -[0.2]-> out"));
    let by_hand = "for n in [C3, E3, G3] { Saw { pitch: n } -> bus }\nbus = Voices\nbus -[0.2]-> out";
    assert_eq!(plain, heard(by_hand));
    // A spread that moves and is 0 all the time.
    let still =
        heard(&format!("nought = Lfo\n{CHORD} -> Voices {{ spread: 0 * nought + 0 }} -[0.2]-> out\nnought -[0]-> out"));
    assert_eq!(plain, still);
    assert!(plain.iter().all(|[left, right]| left == right));
}

#[test]
fn each_cable_has_its_own_places_and_one_voice_the_middle() {
    // A single voice beside a chord is heard once, in the middle.
    let text = |pan: &str| {
        format!("{CHORD} -> bus.in\nSaw {{ pitch: A2 }} {pan} -> bus\nbus = Voices {{ spread: 0.5 }}\nbus -[0.2]-> out")
    };
    assert_eq!(heard(&text("")), heard(&text("-> Pan")));
    // Two voices stand at both ends, whatever else comes.
    let two = "Sine { pitch: Unison { in: C2, voices: 2, detune: 100ct } } -> bus\n";
    let of_hand = "Sine { pitch: C2 - 100ct } -> Pan { pan: -0.5 } -> bus\nSine { pitch: C2 + 100ct } -> Pan { pan: 0.5 } -> bus\n";
    let with = |pair: &str| {
        let text = format!("{pair}{CHORD} -> bus\nbus = Voices {{ spread: 0.5 }}\nbus -[0.2]-> out");
        heard(&text)
    };
    assert_eq!(with(two).len(), with(of_hand).len());
    let near = |a: &[[f32; 2]], b: &[[f32; 2]]| {
        a.iter().zip(b).all(|(a, b)| (a[0] - b[0]).abs() < 1e-3 && (a[1] - b[1]).abs() < 1e-3)
    };
    assert!(near(&with(two), &with(of_hand)));
}

#[test]
fn places_do_not_depend_on_blocks_processors_and_what_moves() {
    let still = format!("{CHORD} -> Voices {{ spread: 0.7 }} -[0.2]-> out");
    let many = "Osc { pitch: Unison { in: C2, voices: 21, detune: 40 } }.saw -> \
        Voices { spread: Lfo { rate: 3Hz, mode: unipolar_positive } } -[0.05]-> out";
    for text in [still.as_str(), many] {
        let first = heard(text);
        for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
            for block in [1, 7, 32, 1000] {
                assert_eq!(sound(text, isa, block), first, "{isa:?} {block}\n{text}");
            }
        }
    }
    // A stereo signal keeps its sides: each is placed by itself, and one side alone is heard on both.
    let sides =
        heard("Saw { pitch: Unison { in: C3, voices: 2 } } -> v.left\nv = Voices { spread: 1 }\nv -[0.2]-> out");
    assert!(sides.iter().any(|[left, right]| (left - right).abs() > 1e-3));
}

#[test]
fn whatever_kind_comes_into_a_wide_type_comes_out_of_it() {
    let by_hand = heard("for n in [C3, E3, G3] { Saw { pitch: n } -> bus }\nbus = Voices\nbus -[0.2]-> out");
    for text in [
        "Merge(channels: 3) { in[0]: C3, in[1]: E3, in[2]: G3 }",
        "Merge(channels: 3) { in[0]: C3, in[1]: C3 + 4st, in[2]: low + 7st }",
        "Merge(channels: 3) { in[0]: low, in[1]: Sum { in: low + 4st }, in[2]: Math { a: low, b: 7st } }",
        "Merge(channels: 3) { in[0]: Crossfade { a: C3, b: C5, mix: 0 }, in[1]: Glide { in: low + 4st, time: 0ms }, in[2]: G3 }",
    ] {
        let text =
            format!("low = Transpose {{ in: C3 }}\nchord = {text}\nSaw {{ pitch: chord }} -> Voices -[0.2]-> out\n");
        let text = if text.contains("low +") || text.contains("low,") {
            text
        } else {
            text.replace("low = Transpose { in: C3 }\n", "")
        };
        let near = heard(&text).iter().zip(&by_hand).all(|(a, b)| (a[0] - b[0]).abs() < 2e-3);
        assert!(near, "{text}");
    }
}
