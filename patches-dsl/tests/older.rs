//! What older files say, as it is meant today.

mod common;

use common::{clean, codes, library, load_text};
use patches_core::graph::{Graph, Setting};
use patches_dsl::{Memory, load};
use std::path::Path;

/// The graph of a text of older files: warnings are allowed, and told by their codes.
fn older(text: &str) -> (Graph, Vec<&'static str>) {
    let loaded = load_text(text);
    assert!(!loaded.has_errors(), "{text}\n{}", loaded.render(false));
    (loaded.graph, loaded.faults.iter().map(|fault| fault.code).collect())
}

fn assert_same(old: &str, new: &str) {
    let (graph, told) = older(old);
    assert_eq!(graph, clean(new), "{old}\n{graph}");
    assert!(told.is_empty(), "{old}: {told:?}");
}

#[test]
fn types_by_other_names() {
    for (old, new) in [
        ("AdsrEnvelope", "Adsr"),
        ("ResonantLowpass", "Lowpass"),
        ("Filter", "Lowpass"),
        ("StereoMixer", "Mixer"),
        ("VAdsr", "Adsr"),
        ("PolyVca", "Vca"),
        ("ClockSequencer", "Clock"),
        ("Oscillator", "Osc"),
        ("SineOscillator", "Sine"),
        ("PolySineOscillator", "Sine"),
    ] {
        assert_same(&format!("x = {old}; x -> out"), &format!("x = {new}; x -> out"));
    }
}

#[test]
fn types_keep_what_they_had_set() {
    assert_same("StereoDelay -> out", "Delay { mix: 1 } -> out");
    assert_same("x = StereoDelay { mix: 0.2 }; x -> out", "x = Delay { mix: 0.2 }; x -> out");
    assert_same(
        "l = Lfo; x = StereoDelay; l -> x.mix; x -> out",
        "l = Lfo; x = Delay { mix: 1 }; l -> x.mix; x -> out",
    );
    assert_same("s = StepSequencer { steps: [C2] }; s -> out", "s = Steps { steps: [C2], gate_length: 1 }; s -> out");
    assert_same("x = SineOscillator { frequency: 8 }; x -> out", "x = Sine { pitch: 8Hz }; x -> out");
    assert_same("x = SineOscillator { pitch: 8 }; x -> out", "x = Sine { pitch: 8 }; x -> out");
}

#[test]
fn a_loop_gain_is_a_decay() {
    let decay = |text: &str| match clean(text).modules["r"].settings.get(&(1, 0)) {
        Some(Setting::Number(seconds)) => *seconds,
        other => panic!("{text}: {other:?}"),
    };
    // A tenth each 46 ms: 60 dB in three of them.
    assert!((decay("r = VReverb { decay: 0.1 }; r -> out") - 0.138).abs() < 1e-9);
    assert!((decay("r = VReverb { decay: 80% }; r -> out") - 0.138 / -0.8f64.log10()).abs() < 1e-9);
    assert_eq!(decay("r = VReverb { decay: 1 }; r -> out"), 100.0);
    // What has a unit is the time it says, and other types have nothing but times.
    assert_eq!(decay("r = VReverb { decay: 2s }; r -> out"), 2.0);
    assert_eq!(decay("r = FdnReverb { decay: 0.8 }; r -> out"), 0.8);
}

#[test]
fn keyboards_of_one_voice() {
    assert_same(
        "k = MidiToCv; Sine { pitch: k.v_oct } -> out",
        "k = Keys { voices: 1, mode: legato }; Sine { pitch: k.pitch } -> out",
    );
    let same = |k: &str, port: &str| format!("k = {k}; Sine {{ fm: k.{port} }} -> out");
    assert_same(
        &same("MonophonicMidiKeyboard", "pitch").replace("fm", "voct"),
        &same("Keys { voices: 1 }", "bend").replace("fm", "voct"),
    );
    let yaml = "nodes:\n  k: { module: MidiIn }\n  s: { module: Sine }\n  out: { module: AudioOut }\ncables:\n  - { from: k, output: v_oct, to: s, input: voct }\n  - { from: s, to: out }\n";
    let loaded = load(Path::new("a.yaml"), &Memory::default().with("a.yaml", yaml), library());
    assert!(loaded.faults.is_empty(), "{}", loaded.render(false));
    assert_eq!(loaded.graph, clean("k = Keys { voices: 1 }; s = Sine; k -> s; s -> out"));
}

#[test]
fn ports_by_other_names() {
    assert_same(
        "l = Lfo; x = Osc; l -> x.pulse_width_cv; x -> out",
        "l = Lfo; x = Osc; l -[0.5]-> x.pulse_width; x -> out",
    );
    assert_same(
        "l = Lfo; x = Osc { pulse_width: 0.3, pulse_width_cv: l }; x -> out",
        "l = Lfo; x = Osc { pulse_width: 0.3 }; l -[0.5]-> x.pulse_width; x -> out",
    );
    assert_same("x = Delay { dry_wet: 0.4, time_ms: 250 }; x -> out", "x = Delay { mix: 0.4, time: 0.25 }; x -> out");
    assert_same("l = Lfo; x = Delay; l -> x.drywet_cv; x -> out", "l = Lfo; x = Delay; l -> x.mix; x -> out");
    assert_same("x = Osc { frequency_hz: 8 }; x -> out", "x = Osc { frequency: 8Hz }; x -> out");
    assert_same("l = Lfo; x = Delay; l -> x.time_ms; x -> out", "l = Lfo; x = Delay; l -[0.001]-> x.time; x -> out");
    assert_same(
        "x = SawtoothOscillator { frequency: 220, base_voct: 1 }; x -> out",
        "x = Saw { pitch: 220Hz + 1oct }; x -> out",
    );
    assert_same(
        "k = Keys; x = SquareOscillator; k -> x.base_voct; x -> out",
        "k = Keys; x = Square; k -> x.pitch; x -> out",
    );
    assert_same("x = Quant { scale: 2 }; x -> out", "x = Quant { range: 2 }; x -> out");
    assert_same("x = Quant { scale: minor }; x -> out", "x = Quant { scale: minor }; x -> out");
}

#[test]
fn the_older_time_of_a_delay_is_a_part_of_what_is_set() {
    assert_same(
        "l = Lfo; x = Delay { time: 400ms }; l -> x.delay_cv; x -> out",
        "l = Lfo; x = Delay { time: 400ms }; l * 400ms -> x.time; x -> out",
    );
    assert_same("l = Lfo; x = Delay; l -> x.delay_cv; x -> out", "l = Lfo; x = Delay; l * 500ms -> x.time; x -> out");
    assert_same(
        "l = Lfo; x = Delay { time: 1/8 }; l -> x.delay_cv; x -> out",
        "l = Lfo; x = Delay { time: 1/8 }; l * 1/8 -> x.time; x -> out",
    );
    assert_same(
        "l = Lfo; x = Delay(channels: 2) { delay[1]: 200ms }; l -> x.delay_cv[1]; x -> out",
        "l = Lfo; x = Delay(channels: 2) { delay[1]: 200ms }; l * 0.2 -> x.time[1]; x -> out",
    );
}

#[test]
fn spellings_of_values() {
    let (graph, told) = older("x = Transpose { semi: 7s, cent: 50c }; x -> Sine -> out");
    assert_eq!(graph, clean("x = Transpose { semi: 7st, cent: 50ct }; x -> Sine -> out"));
    assert_eq!(told, ["old-spelling", "old-spelling"]);
    assert_same("x = Svf { cutoff: 1200.Hz }; x -> out", "x = Svf { cutoff: 1200Hz }; x -> out");
    assert_same(
        "template t(l[2]: float = 1) { out: o; m = Mixer { @0: { level: <l/0>, pan: 0.5 } }; m -> $.o }; t { l[0]: 0.5 } -> out",
        "template t(l[2]: float = 1) { out: o; m = Mixer { @0 { level: <l[0]>, pan: 0.5 } }; m -> $.o }; t { l[0]: 0.5 } -> out",
    );
}

#[test]
fn what_does_nothing_or_cannot_be_played_is_told() {
    let (graph, told) = older("x = Delay { length: 3, high_quality: true }; x -> out");
    assert_eq!((graph, told), (clean("x = Delay; x -> out"), vec!["old-spelling", "old-spelling"]));
    assert_eq!(codes("VReverb { decay: Lfo } -> out"), ["not-playable"]);
    assert_eq!(codes("FdnReverb { decay: 0.8 } -> out"), [] as [&str; 0]);
    assert_eq!(codes("MidiArp -> out"), ["not-playable"]);
    let text = load_text("MidiArp -> out").render(false);
    assert!(text.contains("`MidiArp`") && text.contains("`Arp`"), "{text}");
}
