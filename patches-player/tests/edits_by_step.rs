//! The table of edits: what each does to the largest step between two samples, at five phases of the sound, alone and with
//! a second edit within its fade. A click is a step that neither the old nor the new sound has: nothing may step further
//! than twice the larger of the two. The limiter is off.
//!
//! `cargo test -p patches-player --test edits_by_step -- --nocapture` prints the table.

mod alone;

use patches_core::graph::Graph;
use patches_dsl::{Memory, load};
use patches_engine::offline::{Cue, render};
use std::path::Path;
use std::sync::Arc;

const RATE: u64 = 48_000;
/// When the edit lands, and how far the phases are apart: fifths of the cycle of 150 Hz, and not on blocks.
const LANDS: u64 = 24_007;
const PHASE: u64 = 64;
/// A third of the fade behind it.
const SECOND: u64 = 240;
const FADE: f64 = 0.015;

fn graph(text: &str) -> Arc<Graph> {
    let path = Path::new("edit.patches");
    let loaded = load(path, &Memory::default().with(path, text), &patches_modules::library());
    assert!(!loaded.has_errors(), "{}\n{text}", loaded.render(false));
    Arc::new(loaded.graph)
}

/// The sound from 2000 frames before the edit to half a second after it.
fn play(cues: &[(u64, Arc<Graph>)], fade: f64) -> Vec<[f32; 2]> {
    let settings = alone::settings();
    let cue = |(at, graph): &(u64, Arc<Graph>)| Cue {
        at: *at,
        graph: graph.clone(),
        fade: if *at == 0 { 0.0 } else { fade },
        ..Cue::default()
    };
    let cues: Vec<Cue> = cues.iter().map(cue).collect();
    let mut sound = vec![];
    let sink = |part: &[f32]| {
        sound.extend(part.chunks_exact(2).map(|frame| [frame[0], frame[1]]));
        Ok::<(), ()>(())
    };
    assert!(render(settings, &cues, LANDS + RATE / 2, sink).is_ok());
    sound.split_off(LANDS as usize - 2000)
}

fn step(sound: &[[f32; 2]]) -> f32 {
    let far = |pair: &[[f32; 2]]| (pair[1][0] - pair[0][0]).abs().max((pair[1][1] - pair[0][1]).abs());
    sound.windows(2).map(far).fold(0.0, f32::max)
}

/// The largest step of an edit from one text to another and back to a third, of all phases; and that of the texts alone.
fn measure(old: &str, new: &str, third: Option<&str>, fade: f64) -> (f32, f32) {
    let (old, new, third) = (graph(old), graph(new), third.map(graph));
    let alone = |graph: &Arc<Graph>| step(&play(&[(0, graph.clone())], 0.0));
    let own = alone(&old).max(alone(&new)).max(third.as_ref().map_or(0.0, &alone));
    let edited = (0..5).map(|phase| {
        let at = LANDS + phase * PHASE;
        let mut cues = vec![(0, old.clone()), (at, new.clone())];
        cues.extend(third.clone().map(|third| (at + SECOND, third)));
        step(&play(&cues, fade))
    });
    (edited.fold(0.0, f32::max), own)
}

/// Name, before, after. A hum of 150 Hz, so that a jump stands out.
const EDITS: &[(&str, &str, &str)] = &[
    (
        "gain",
        "o = Sine { pitch: 150Hz }\no -> Vca { gain: 0.8 } -> out",
        "o = Sine { pitch: 150Hz }\no -> Vca { gain: 0.1 } -> out",
    ),
    (
        "gain to silence",
        "Sine { pitch: 150Hz } -> Vca { gain: 0.8 } -> out",
        "Sine { pitch: 150Hz } -> Vca { gain: 0 } -> out",
    ),
    ("pitch", "Sine { pitch: 150Hz } -[0.5]-> out", "Sine { pitch: 233Hz } -[0.5]-> out"),
    (
        "cutoff",
        "Saw { pitch: 150Hz } -> Lowpass { cutoff: 300Hz } -[0.5]-> out",
        "Saw { pitch: 150Hz } -> Lowpass { cutoff: 900Hz } -[0.5]-> out",
    ),
    (
        "resonance",
        "Triangle { pitch: 150Hz } -> Svf { cutoff: 450Hz, resonance: 0.1 } -[0.5]-> out",
        "Triangle { pitch: 150Hz } -> Svf { cutoff: 450Hz, resonance: 0.9 } -[0.5]-> out",
    ),
    (
        "option of a filter",
        "Triangle { pitch: 150Hz } -> Ladder { cutoff: 450Hz, resonance: 0.3 } -[0.5]-> out",
        "Triangle { pitch: 150Hz } -> Ladder { cutoff: 450Hz, resonance: 0.3, variant: smooth } -[0.5]-> out",
    ),
    (
        "option of an oscillator",
        "Lfo { rate: 150Hz } -[0.5]-> out",
        "Lfo { rate: 150Hz, mode: unipolar_positive } -[0.5]-> out",
    ),
    (
        "shape of a drive",
        "Sine { pitch: 150Hz } -> Drive { drive: 2 } -[0.5]-> out",
        "Sine { pitch: 150Hz } -> Drive { drive: 2, mode: clip } -[0.5]-> out",
    ),
    ("scale of a cable", "Sine { pitch: 150Hz } -[0.8]-> out", "Sine { pitch: 150Hz } -[0.2]-> out"),
    ("sign of a cable", "Sine { pitch: 150Hz } -[0.8]-> out", "Sine { pitch: 150Hz } -[-0.8]-> out"),
    (
        "cable deleted",
        "o = Sine { pitch: 150Hz }\nq = Triangle { pitch: 170Hz }\no -[0.4]-> out\nq -[0.4]-> out",
        "o = Sine { pitch: 150Hz }\nq = Triangle { pitch: 170Hz }\no -[0.4]-> out",
    ),
    (
        "cable added",
        "o = Sine { pitch: 150Hz }\nq = Triangle { pitch: 170Hz }\no -[0.4]-> out",
        "o = Sine { pitch: 150Hz }\nq = Triangle { pitch: 170Hz }\no -[0.4]-> out\nq -[0.4]-> out",
    ),
    ("last cable deleted", "o = Sine { pitch: 150Hz }\no -[0.8]-> out", "o = Sine { pitch: 150Hz }"),
    (
        "control cable added",
        "l = Lfo { rate: 3Hz }\nSine { pitch: 150Hz } -> g\ng = Vca { gain: 0.5 }\ng -> out",
        "l = Lfo { rate: 3Hz }\nSine { pitch: 150Hz } -> g\ng = Vca { gain: 0.5 }\ng -> out\nl -[0.4]-> g.gain",
    ),
    (
        "control cable to a pitch",
        "l = Lfo { rate: 3Hz }\no = Sine { pitch: 150Hz }\no -[0.6]-> out",
        "l = Lfo { rate: 3Hz }\no = Sine { pitch: 150Hz }\no -[0.6]-> out\nl -[7st]-> o.pitch",
    ),
    (
        "rewired",
        "a = Sine { pitch: 150Hz }\nb = Sine { pitch: 190Hz }\nl = Vca { gain: 0.6 }\na -> l -> out",
        "a = Sine { pitch: 150Hz }\nb = Sine { pitch: 190Hz }\nl = Vca { gain: 0.6 }\nb -> l -> out",
    ),
    (
        "input rewired",
        "o = Sine { pitch: 150Hz }\nm = Mixer(channels: 2) { level[0]: 0.3, level[1]: 0.9 }\no -> m.in[0]\nm -> out",
        "o = Sine { pitch: 150Hz }\nm = Mixer(channels: 2) { level[0]: 0.3, level[1]: 0.9 }\no -> m.in[1]\nm -> out",
    ),
    (
        "renamed with was",
        "a = Sine { pitch: 150Hz }\na -[0.8]-> out",
        "b = Sine { pitch: 150Hz } was a\nb -[0.8]-> out",
    ),
    ("renamed", "a = Sine { pitch: 150Hz }\na -[0.8]-> out", "b = Sine { pitch: 150Hz }\nb -[0.8]-> out"),
    ("unnamed", "a = Sine { pitch: 150Hz }\na -[0.8]-> out", "Sine { pitch: 150Hz } -[0.8]-> out"),
    ("replaced", "a = Sine { pitch: 150Hz }\na -[0.8]-> out", "a = Triangle { pitch: 150Hz }\na -[0.8]-> out"),
    (
        "replaced by a stranger",
        "a = Sine { pitch: 150Hz }\na -[0.8]-> out",
        "a = Noise\na -> Lowpass { cutoff: 200Hz } -[0.8]-> out",
    ),
    (
        "replaced filter",
        "Triangle { pitch: 150Hz } -> f\nf = Lowpass { cutoff: 600Hz }\nf -[0.6]-> out",
        "Triangle { pitch: 150Hz } -> f\nf = Ladder { cutoff: 600Hz }\nf -[0.6]-> out",
    ),
    (
        "put between",
        "o = Triangle { pitch: 150Hz }\no -[0.6]-> out",
        "o = Triangle { pitch: 150Hz }\no -> Highpass { cutoff: 100Hz } -[0.6]-> out",
    ),
    (
        "taken out",
        "o = Triangle { pitch: 150Hz }\no -> Drive { drive: 3 } -[0.6]-> out",
        "o = Triangle { pitch: 150Hz }\no -[0.6]-> out",
    ),
    (
        "wrapped in a template",
        "o = Sine { pitch: 150Hz }\no -> Lowpass { cutoff: 500Hz } -[0.6]-> out",
        "template voice { in: pitch\nout: audio\nSine { pitch: $.pitch } -> Lowpass { cutoff: 500Hz } -> $.audio }\nv = voice { pitch: 150Hz }\nv -[0.6]-> out",
    ),
    (
        "parameter of a template",
        "template voice(level: float = 0.6) { out: audio\nSine { pitch: 150Hz } -> Vca { gain: level } -> $.audio }\nv = voice\nv -> out",
        "template voice(level: float = 0.6) { out: audio\nSine { pitch: 150Hz } -> Vca { gain: level } -> $.audio }\nv = voice(level: 0.1)\nv -> out",
    ),
    (
        "rounds of a for",
        "for i in 1..3 { Sine { pitch: 150Hz * i } -[0.2]-> out }",
        "for i in 1..5 { Sine { pitch: 150Hz * i } -[0.2]-> out }",
    ),
    (
        "channels of a mixer",
        "o = Sine { pitch: 150Hz }\nm = Mixer(channels: 2)\no -[0.5]-> m.in[0]\nm -> out",
        "o = Sine { pitch: 150Hz }\nm = Mixer(channels: 3)\no -[0.5]-> m.in[0]\no -[0.2]-> m.in[2]\nm -> out",
    ),
    (
        "channels of a mixer by name",
        "o = Sine { pitch: 150Hz }\nm = Mixer(channels: [a, b])\no -[0.5]-> m.in[b]\nm -> out",
        "o = Sine { pitch: 150Hz }\nm = Mixer(channels: [b])\no -[0.5]-> m.in[b]\nm -> out",
    ),
    (
        "taps of a delay",
        "d = Delay(channels: 2) { time[0]: 30ms, time[1]: 50ms, feedback: 0.4 }\nSine { pitch: 150Hz } -[0.4]-> d -> out",
        "d = Delay(channels: 3) { time[0]: 30ms, time[1]: 50ms, time[2]: 70ms, feedback: 0.4 }\nSine { pitch: 150Hz } -[0.4]-> d -> out",
    ),
    (
        "voices of a unison",
        "Sine { pitch: Unison { pitch: 150Hz, voices: 3, detune: 10ct } } -[0.2]-> out",
        "Sine { pitch: Unison { pitch: 150Hz, voices: 5, detune: 10ct } } -[0.2]-> out",
    ),
    (
        "more voices",
        "m = Merge(channels: 2) { in[0]: 4, in[1]: 4.25 }\nSine { pitch: m } -[0.2]-> out",
        "m = Merge(channels: 3) { in[0]: 4, in[1]: 4.25, in[2]: 4.5 }\nSine { pitch: m } -[0.2]-> out",
    ),
    (
        "first tap of a delay",
        "d = Delay(channels: [a, b]) { time[a]: 30ms, time[b]: 50ms, feedback: 0.7 }\nSine { pitch: 150Hz } -[0.2]-> d -> out",
        "d = Delay(channels: [b]) { time[b]: 50ms, feedback: 0.7 }\nSine { pitch: 150Hz } -[0.2]-> d -> out",
    ),
    (
        "comb put between",
        "o = Sine { pitch: 150Hz }\no -[0.3]-> out",
        "o = Sine { pitch: 150Hz }\no -> Comb { pitch: 400Hz, feedback: 0.8 } -[0.1]-> out",
    ),
    (
        "reverb put between",
        "o = Sine { pitch: 150Hz }\no -[0.4]-> out",
        "o = Sine { pitch: 150Hz }\no -[0.4]-> Reverb { mix: 0.5 } -> out",
    ),
    (
        "delay by a cable",
        "l = Lfo { rate: 1Hz }\nd = Delay { time: 50ms, mix: 0.5 }\nSine { pitch: 150Hz } -[0.4]-> d -> out",
        "l = Lfo { rate: 1Hz }\nd = Delay { time: 50ms, mix: 0.5 }\nSine { pitch: 150Hz } -[0.4]-> d -> out\nl -[0.001]-> d.time",
    ),
    (
        "time of a delay",
        "Sine { pitch: 150Hz } -[0.4]-> Delay { time: 50ms, feedback: 0.5, mix: 0.5 } -> out",
        "Sine { pitch: 150Hz } -[0.4]-> Delay { time: 83ms, feedback: 0.5, mix: 0.5 } -> out",
    ),
    (
        "mix of a delay",
        "Sine { pitch: 150Hz } -[0.4]-> Delay { time: 50ms, feedback: 0.5, mix: 0.1 } -> out",
        "Sine { pitch: 150Hz } -[0.4]-> Delay { time: 50ms, feedback: 0.5, mix: 1 } -> out",
    ),
    (
        "delay that grows",
        "Sine { pitch: 150Hz } -[0.4]-> Delay { time: 50ms, feedback: 0.5, mix: 0.5 } -> out",
        "Sine { pitch: 150Hz } -[0.4]-> Delay { time: 3s, feedback: 0.5, mix: 0.5 } -> out",
    ),
    (
        "echo removed",
        "o = Sine { pitch: 150Hz }\no -[0.4]-> Delay { time: 50ms, feedback: 0.7, mix: 0.5 } -> out",
        "o = Sine { pitch: 150Hz }\no -[0.4]-> out",
    ),
    (
        "reverb changed",
        "Sine { pitch: 150Hz } -[0.4]-> Reverb { mix: 0.5, size: 0.3 } -> out",
        "Sine { pitch: 150Hz } -[0.4]-> Reverb { mix: 0.9, size: 0.9 } -> out",
    ),
    (
        "chorus changed",
        "Sine { pitch: 150Hz } -[0.4]-> Chorus { depth: 0.2 } -> out",
        "Sine { pitch: 150Hz } -[0.4]-> Chorus { depth: 0.9, rate: 2Hz } -> out",
    ),
    (
        "pan",
        "Sine { pitch: 150Hz } -> Pan { pan: -1 } -[0.6]-> out",
        "Sine { pitch: 150Hz } -> Pan { pan: 1 } -[0.6]-> out",
    ),
    (
        "mono to stereo",
        "o = Sine { pitch: 150Hz }\no -> Lowpass { cutoff: 900Hz } -[0.6]-> out",
        "o = Sine { pitch: 150Hz }\no -> Pan { pan: 0.5 } -> Lowpass { cutoff: 900Hz } -[0.6]-> out",
    ),
    (
        "loop closed",
        "f = Lowpass { cutoff: 400Hz }\ng = Vca { gain: 0.7 }\nSine { pitch: 150Hz } -[0.3]-> f -> out\nf -> g",
        "f = Lowpass { cutoff: 400Hz }\ng = Vca { gain: 0.7 }\nSine { pitch: 150Hz } -[0.3]-> f -> out\nf -> g -[0.8]-> f",
    ),
    (
        "loop opened",
        "f = Lowpass { cutoff: 400Hz }\nSine { pitch: 150Hz } -[0.3]-> f -> out\nf ~[-0.9]~> f",
        "f = Lowpass { cutoff: 400Hz }\nSine { pitch: 150Hz } -[0.3]-> f -> out",
    ),
    (
        "loop by a delay",
        "d = Delay { time: 20ms, mix: 1 }\nSine { pitch: 150Hz } -[0.3]-> d -> out",
        "d = Delay { time: 20ms, mix: 1 }\nSine { pitch: 150Hz } -[0.3]-> d -> out\nd -[0.6]-> d",
    ),
    ("mute", "a = Sine { pitch: 150Hz }\na -[0.8]-> out", "a = Sine { pitch: 150Hz }\na -[0.8]-> out\nmute a"),
    (
        "solo",
        "a = Sine { pitch: 150Hz }\nb = Sine { pitch: 175Hz }\na -[0.4]-> out\nb -[0.4]-> out",
        "a = Sine { pitch: 150Hz }\nb = Sine { pitch: 175Hz }\na -[0.4]-> out\nb -[0.4]-> out\nsolo b",
    ),
    (
        "held to the beat",
        "tempo 120\nLfo { rate: 1/64 } -[0.4]-> out\nSine { pitch: 150Hz } -[0.4]-> out",
        "tempo 140\nLfo { rate: 1/64 } -[0.4]-> out\nSine { pitch: 150Hz } -[0.4]-> out",
    ),
    (
        "expression",
        "a = Sine { pitch: 150Hz }\nb = Sine { pitch: 170Hz }\na * 0.3 + b * 0.2 -> out",
        "a = Sine { pitch: 150Hz }\nb = Sine { pitch: 170Hz }\na * b * 0.5 -> out",
    ),
    (
        "cable scaled by a signal",
        "l = Lfo { rate: 2Hz }\nSine { pitch: 150Hz } -[0.5]-> out",
        "l = Lfo { rate: 2Hz }\nSine { pitch: 150Hz } -[l]-> out",
    ),
    (
        "limiter changed",
        "Sine { pitch: 150Hz } -> Limiter { threshold: -3dB } -[0.7]-> out",
        "Sine { pitch: 150Hz } -> Limiter { threshold: -12dB } -[0.7]-> out",
    ),
    (
        "whole file replaced",
        "Sine { pitch: 150Hz } -> Delay { time: 40ms, feedback: 0.6 } -[0.6]-> out",
        "Triangle { pitch: 210Hz } -> Svf { cutoff: 700Hz } -> Chorus -[0.6]-> out",
    ),
    ("to silence", "Sine { pitch: 150Hz } -[0.8]-> out", "patch {}"),
];

#[test]
fn no_edit_steps_further_than_twice_the_sounds_own_steps() {
    let rows: Vec<(String, f32)> = std::thread::scope(|scope| {
        let halves = EDITS.chunks(EDITS.len().div_ceil(2)).map(|half| {
            scope.spawn(move || {
                let mut rows = vec![];
                for &(name, old, new) in half {
                    for (how, from, to, third) in [
                        ("", old, new, None),
                        (", and back", new, old, None),
                        (", and back within the fade", old, new, Some(old)),
                    ] {
                        let (edited, own) = measure(from, to, third, FADE);
                        rows.push((format!("{name}{how}: {edited:.4} of {own:.4}"), edited / own));
                    }
                }
                rows
            })
        });
        let halves: Vec<_> = halves.collect();
        halves.into_iter().flat_map(|half| half.join().expect("no panic")).collect()
    });
    let mut wrong = vec![];
    for (row, ratio) in rows {
        println!("{ratio:5.2} {row}");
        if ratio > 2.0 || ratio.is_nan() {
            wrong.push(format!("{ratio:.2} {row}"));
        }
    }
    assert!(wrong.is_empty(), "{} steps too far:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn without_a_fade_it_is_seen() {
    let seen = |name: &str| {
        let &(_, old, new) = EDITS.iter().find(|edit| edit.0 == name).expect("the table has it");
        let (edited, own) = measure(old, new, None, 0.0);
        edited / own
    };
    for name in ["gain", "cable deleted", "replaced by a stranger", "time of a delay", "mute"] {
        assert!(seen(name) > 2.0, "{name}: {}", seen(name));
    }
}
