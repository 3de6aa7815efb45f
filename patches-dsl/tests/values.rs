//! Values and units: what each way of writing one comes to.

mod common;

use common::{codes, load_text};
use patches_core::exact;
use patches_core::graph::{ParamValue, Setting};

/// The setting of a parameter written so.
fn set(module: &str, parameter: &str, value: &str) -> Setting {
    let text = format!("meter 3/4\nk = 5\nx = {module} {{ {parameter}: {value} }}\nx -> out");
    let loaded = load_text(&text);
    assert!(!loaded.has_errors(), "{text}\n{}", loaded.render(false));
    let module = &loaded.graph.modules["x"];
    let (port, _) = module.spec.input(parameter).expect("the module has the parameter");
    module.settings[&(port, 0)]
}

fn number(module: &str, parameter: &str, value: &str) -> f64 {
    match set(module, parameter, value) {
        Setting::Number(v) => v,
        _ => panic!("{value} is a musical time"),
    }
}

fn beats(module: &str, parameter: &str, value: &str) -> f64 {
    match set(module, parameter, value) {
        Setting::Beats(v) => v,
        _ => panic!("{value} is no musical time"),
    }
}

#[test]
fn pitches() {
    for (text, octaves) in [
        ("C4", 4.0),
        ("A4", 4.75),
        ("a4", 4.75),
        ("A#3", 46.0 / 12.0),
        ("Bb-1", -2.0 / 12.0),
        ("eb3", 39.0 / 12.0),
        ("440Hz", 4.75),
        ("220hz * 2", 4.75),
        ("0.44kHz", 4.75),
        ("440", 4.75),
        ("4.75", 4.75),
        ("16", 16.0),
        ("7st", 7.0 / 12.0),
        ("-2oct", -2.0),
        ("C4 + 7st - 700ct", 4.0),
        ("C4 - C2", 2.0),
        ("-(1oct)", -1.0),
        ("k", 5.0),
        ("max(C3, 440Hz)", 4.75),
        ("clamp(C9, C1, C5)", 5.0),
        ("mix(C3, C5, 25%)", 3.5),
    ] {
        let found = number("Osc", "pitch", text);
        assert!((found - octaves).abs() < 1e-12, "{text} is {found}");
    }
    assert_eq!(number("Osc", "pitch", "20"), exact::pitch_of_hz(20.0));
}

#[test]
fn times_and_rates() {
    for (text, seconds) in [("10ms", 0.01), ("1.5S", 1.5), ("0.5min", 30.0), ("0.25", 0.25), ("2 * 10ms + 1s", 1.02)] {
        assert!((number("Adsr", "attack", text) - seconds).abs() < 1e-12, "{text}");
    }
    for (text, quarters) in [
        ("1/16", 0.25),
        ("3/16", 0.75),
        ("1/8d", 0.75),
        ("1/4t", 2.0 / 3.0),
        ("2beats", 2.0),
        ("4bars", 12.0),
        ("k/16", 1.25),
        ("1/16 + 1/8", 0.75),
        ("(k - 1)/8", 2.0),
        ("1/16 * 3", 0.75),
        ("1beat + 1/4", 2.0),
    ] {
        assert!((beats("Adsr", "attack", text) - quarters).abs() < 1e-12, "{text}");
        assert!((beats("Lfo", "rate", text) - quarters).abs() < 1e-12, "{text}");
    }
    for (text, hertz) in [("2Hz", 2.0), ("2", 2.0), ("120bpm", 2.0), ("0.001kHz * 3", 3.0)] {
        assert!((number("Lfo", "rate", text) - hertz).abs() < 1e-12, "{text}");
    }
}

#[test]
fn gains_and_numbers() {
    for (text, gain) in [("50%", 0.5), ("0dB", 1.0), ("1/4", 0.25), ("0.3", 0.3), ("7/8/2", 7.0 / 16.0), ("-0.5", -0.5)]
    {
        assert!((number("Vca", "gain", text) - gain).abs() < 1e-12, "{text}");
    }
    assert_eq!(number("Vca", "gain", "-6dB"), exact::gain_of_db(-6.0));
    assert_eq!(number("Svf", "q", "abs(-1/2)"), 0.5);
}

#[test]
fn a_bare_number_is_in_the_unit_of_its_parameter() {
    assert_eq!(number("Transpose", "semi", "7"), 7.0 / 12.0);
    assert_eq!(number("Transpose", "cent", "50"), 50.0 / 1200.0);
    assert_eq!(number("Transpose", "octave", "-1"), -1.0);
    assert_eq!(number("Transpose", "cent", "1st"), 1.0 / 12.0);
    assert_eq!(number("Clock", "bpm", "120"), 2.0);
    let old = load_text("x = Adsr { attack_ms: 5 }\nx -> out\nl = Lowpass { cutoff_hz: 8 }; l -> out");
    assert!(!old.has_errors(), "{}", old.render(false));
    assert!(old.graph.to_string().contains("attack=0.005"));
}

#[test]
fn spellings_of_older_files_are_read_with_a_hint() {
    for (text, octaves) in [("7s", 7.0 / 12.0), ("50c", 50.0 / 1200.0), ("C4 + 12s", 5.0), ("C4 - 600c", 3.5)] {
        assert!((number("Osc", "pitch", text) - octaves).abs() < 1e-12, "{text}");
        assert_eq!(codes(&format!("x = Osc {{ pitch: {text} }}\nx -> out")), ["old-spelling"], "{text}");
    }
    assert_eq!(codes("x = Osc; Lfo -[7s]-> x; x -> out"), ["old-spelling"]);
    assert_eq!(codes("x = Lowpass { cutoff: 1200.Hz }; Noise -> x -> out"), [""; 0]);
    assert_eq!(codes("x = Mixer { @0: { level: 0.5 } }; x -> out"), [""; 0]);
    assert_eq!(codes("x = Adsr { attack: 7s }; x -> out"), [""; 0]);
}

#[test]
fn options_take_their_own_words_first() {
    let graph = load_text(
        "exp = 3\nbipolar = Noise\nx = Adsr { shape: exp, attack: exp * 1ms }; y = Lfo { mode: bipolar }
        k = Keys { voices: exp }; m = Mixer(channels: 2) { mute: true, mute[1]: false }
        x, y, bipolar, k, m -> out",
    );
    assert!(graph.faults.is_empty(), "{}", graph.render(false));
    let param = |module: &str| graph.graph.modules[module].params[&(0, 0)].clone();
    assert_eq!(param("x"), ParamValue::Choice(1));
    assert_eq!(param("y"), ParamValue::Choice(0));
    assert_eq!(param("k"), ParamValue::Int(3));
    assert_eq!(param("m"), ParamValue::Bool(true));
}

#[test]
fn elements_of_arrays_are_passed_on_under_their_index() {
    let text = "template t(level[2]: float = 0.5) { out: o\n Mixer { <level[0]>, <level/1> } -> $.o }
        t(level[1]: 0.25) -> out";
    let loaded = load_text(text);
    assert!(loaded.faults.is_empty(), "{}", loaded.render(false));
    assert!(loaded.graph.to_string().contains("level[0]=0.5 level[1]=0.25"), "{}", loaded.graph);
}

#[test]
fn midi_goes_to_its_inputs_as_it_is_and_nowhere_else() {
    let told =
        |text: &str| codes(&format!("{text}\nk = Keys; Osc {{ pitch: k.pitch }} -> Vca {{ gain: k.gate }} -> out"));
    for good in ["MidiIn -> k", "m = MidiIn; m.midi -> k.midi"] {
        assert_eq!(told(good), [""; 0], "{good}");
    }
    let wrong = [
        "Lfo -> k",
        "MidiIn -[0.5]-> k",
        "MidiIn -> k.midi; Noise -> k",
        "MidiIn -> out",
        "MidiIn * 2 -> k",
        "Osc { pitch: MidiIn } -> out",
    ];
    for text in wrong {
        assert_eq!(told(text), ["wrong-kind"], "{text}");
    }
    assert_eq!(told("Vca { in: MidiIn * Lfo } -> out"), ["wrong-kind"]);
}
