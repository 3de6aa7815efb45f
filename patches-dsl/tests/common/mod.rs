//! A small library of module types, as the language sees them, for the tests of the language alone.

use patches_core::library::Library;
use patches_core::spec::{Input, Kind, Output, Param, ParamKind, Spec, Unit, hz};
use patches_dsl::{Loaded, Memory, load};
use std::path::Path;
use std::sync::OnceLock;

type Names = &'static [&'static str];

fn input(names: Names, kind: Kind) -> Input {
    Input::new(names, kind, "")
}

fn output(names: Names, kind: Kind) -> Output {
    Output::new(names, kind, "")
}

fn text(names: Names, kind: ParamKind) -> Param {
    Param { names, kind, indexed: false, help: "" }
}

fn gain(names: Names, default: f64, min: f64) -> Input {
    input(names, Kind::Gain).value(default, min..f64::INFINITY)
}

fn sources() -> Vec<Spec> {
    let pitch = || input(&["pitch", "frequency", "voct"], Kind::Pitch).value(4.0, -4.0..16.0).normalled("*");
    let ladder = |names| {
        Spec::new(names, "filter")
            .with_input(input(&["in"], Kind::Audio))
            .with_input(input(&["cutoff"], Kind::Pitch).value(6.0, hz(20.0)..hz(20e3)))
            .with_input(input(&["resonance", "q"], Kind::Number).value(0.0, 0.0..1.0))
            .with_input(input(&["voct"], Kind::Interval))
    };
    vec![
        Spec::new(&["Osc"], "oscillator")
            .with_input(pitch())
            .with_input(input(&["fm"], Kind::Audio))
            .with_input(input(&["pulse_width"], Kind::Number).value(0.5, 0.01..0.99))
            .with_input(input(&["sync"], Kind::Trigger))
            .with_input(input(&["drift"], Kind::Number).value(0.0, 0.0..1.0))
            .with_param(Param::choice(&["fm_type"], &[&["linear"], &["logarithmic"]], ""))
            .with_output(output(&["sine"], Kind::Audio))
            .with_output(output(&["triangle"], Kind::Audio))
            .with_output(output(&["sawtooth", "saw"], Kind::Audio))
            .with_output(output(&["square"], Kind::Audio)),
        Spec::new(&["Sine"], "sine").with_input(pitch()).with_output(output(&["out"], Kind::Audio)),
        Spec::new(&["Saw"], "saw").with_input(pitch()).with_output(output(&["out"], Kind::Audio)),
        Spec::new(&["Square", "Pulse"], "square").with_input(pitch()).with_output(output(&["out"], Kind::Audio)),
        ladder(&["Svf"])
            .with_output(output(&["lowpass", "low"], Kind::Audio))
            .with_output(output(&["highpass", "high"], Kind::Audio))
            .with_output(output(&["bandpass", "band"], Kind::Audio)),
        ladder(&["Ladder"]).with_output(output(&["out"], Kind::Audio)),
        ladder(&["Lowpass"]).with_output(output(&["out"], Kind::Audio)),
        Spec::new(&["Noise"], "noise")
            .with_output(output(&["white"], Kind::Audio))
            .with_output(output(&["pink"], Kind::Audio)),
        Spec::new(&["Lfo"], "low oscillator")
            .with_input(input(&["rate"], Kind::Rate).value(1.0, 0.001..100.0))
            .with_input(input(&["skew"], Kind::Number).value(0.5, 0.0..1.0))
            .with_param(Param::choice(&["mode"], &[&["bipolar"], &["unipolar_positive", "unipolar"]], ""))
            .with_output(output(&["sine"], Kind::Audio))
            .with_output(output(&["saw_up"], Kind::Audio)),
        Spec::new(&["Adsr"], "envelope")
            .with_input(input(&["gate"], Kind::Gate))
            .with_input(input(&["trigger"], Kind::Trigger).normalled("*"))
            .with_input(input(&["attack"], Kind::Time).value(0.01, 0.0..60.0))
            .with_input(input(&["decay"], Kind::Time).value(0.1, 0.0..60.0))
            .with_input(input(&["sustain"], Kind::Gain).value(0.7, 0.0..1.0))
            .with_input(input(&["release"], Kind::Time).value(0.3, 0.0..60.0))
            .with_param(Param::choice(&["shape"], &[&["linear"], &["exponential", "exp"]], ""))
            .with_output(output(&["out"], Kind::Gain)),
        Spec::new(&["Kick"], "drum")
            .with_input(input(&["trigger"], Kind::Trigger))
            .with_output(output(&["out"], Kind::Audio)),
        Spec::new(&["Sampler"], "sampler")
            .with_input(input(&["trigger"], Kind::Trigger))
            .with_input(input(&["speed"], Kind::Number).value(1.0, -8.0..8.0))
            .with_param(text(&["file"], ParamKind::File))
            .with_param(text(&["label"], ParamKind::Text))
            .with_output(output(&["out"], Kind::Audio).stereo()),
    ]
}

fn control() -> Vec<Spec> {
    vec![
        Spec::new(&["Vca", "Gain"], "amplifier")
            .with_input(input(&["in"], Kind::Audio))
            .with_input(input(&["gain", "cv"], Kind::Gain).value(1.0, f64::NEG_INFINITY..f64::INFINITY).normalled("*"))
            .with_output(output(&["out"], Kind::Audio)),
        Spec::new(&["Drive"], "drive")
            .with_input(input(&["in"], Kind::Audio))
            .with_input(input(&["drive"], Kind::Gain).value(1.0, 0.1..50.0))
            .with_output(output(&["out"], Kind::Audio)),
        Spec::new(&["Transpose"], "transposes")
            .with_input(input(&["in"], Kind::Pitch))
            .with_input(input(&["octave"], Kind::Interval).unit(Unit::Octaves))
            .with_input(input(&["semi"], Kind::Interval).unit(Unit::Semitones))
            .with_input(input(&["cent"], Kind::Interval).unit(Unit::Cents))
            .with_output(output(&["out"], Kind::Pitch)),
        Spec::new(&["Math"], "arithmetic")
            .with_input(input(&["a"], Kind::Audio).any())
            .with_input(input(&["b"], Kind::Audio).any())
            .with_param(Param::choice(
                &["op"],
                &[&["add"], &["sub"], &["mul"], &["div"], &["min"], &["max"], &["mod"], &["pow"]],
                "",
            ))
            .with_output(output(&["out"], Kind::Number)),
        Spec::new(&["Clock"], "clock")
            .with_input(input(&["bpm"], Kind::Rate).value(2.0, 0.01..20.0).unit(Unit::Bpm))
            .with_param(Param::int(&["beats_per_bar"], 1, 32, 4, ""))
            .with_output(output(&["beat"], Kind::Trigger))
            .with_output(output(&["phase"], Kind::Number)),
        Spec::new(&["Steps"], "sequencer")
            .with_input(input(&["clock"], Kind::Trigger).normalled("*"))
            .with_input(input(&["every"], Kind::Time).value(0.125, 0.001..600.0))
            .with_input(input(&["gate_length"], Kind::Number).value(0.5, 0.0..1.0))
            .with_param(Param::list(&["steps"], Kind::Pitch, ""))
            .with_param(text(&["pattern"], ParamKind::Pattern))
            .with_output(output(&["note", "pitch", "voct"], Kind::Pitch).indexed())
            .with_output(output(&["gate"], Kind::Gate).indexed())
            .with_output(output(&["trigger"], Kind::Trigger).indexed())
            .with_output(output(&["velocity"], Kind::Number).indexed())
            .with_output(output(&["value"], Kind::Number).indexed().named()),
        Spec::new(&["Compare"], "comparison")
            .with_input(input(&["in"], Kind::Audio).any())
            .with_input(input(&["threshold"], Kind::Number).any().value(0.5, f64::NEG_INFINITY..f64::INFINITY))
            .with_output(output(&["gate"], Kind::Gate)),
        Spec::new(&["MasterSequencer"], "conductor")
            .with_input(input(&["bpm"], Kind::Rate).value(0.0, 0.0..20.0).unit(Unit::Bpm))
            .with_input(input(&["start"], Kind::Trigger))
            .with_param(text(&["song"], ParamKind::Song))
            .with_param(Param::flag(&["loop"], true, ""))
            .with_output(output(&["clock"], Kind::Trigger).indexed())
            .with_output(output(&["step"], Kind::Number))
            .with_output(output(&["step_time"], Kind::Time)),
        Spec::new(&["PatternPlayer"], "player")
            .with_input(input(&["clock"], Kind::Trigger))
            .with_input(input(&["step"], Kind::Gate))
            .with_input(input(&["step_time"], Kind::Gate))
            .with_param(text(&["pattern"], ParamKind::Pattern))
            .with_output(output(&["cv1"], Kind::Number).indexed().named())
            .with_output(output(&["cv2"], Kind::Number).indexed())
            .with_output(output(&["trigger"], Kind::Trigger).indexed())
            .with_output(output(&["gate"], Kind::Gate).indexed())
            .with_output(output(&["note"], Kind::Pitch).indexed()),
        Spec::new(&["Curve"], "curve")
            .with_param(Param::list(&["points"], Kind::Number, ""))
            .with_param(Param::choice(&["unit"], &[&["beats"], &["seconds"]], ""))
            .with_param(Param::choice(&["values"], &[&["number"], &["pitch"], &["hertz"]], ""))
            .with_param(Param::flag(&["loop"], false, ""))
            .with_output(output(&["out"], Kind::Number))
            .with_output(output(&["pitch"], Kind::Pitch))
            .with_output(output(&["rate"], Kind::Rate)),
        Spec::new(&["MidiIn", "MidiPorts"], "ports").with_output(output(&["midi"], Kind::Midi)),
        Spec::new(&["Keys"], "keyboard")
            .with_input(input(&["midi"], Kind::Midi))
            .with_param(Param::int(&["voices"], 1, 64, 8, ""))
            .with_param(Param::choice(&["mode"], &[&["poly"], &["mono"], &["legato"]], ""))
            .with_output(output(&["pitch", "voct"], Kind::Pitch))
            .with_output(output(&["gate"], Kind::Gate))
            .with_output(output(&["velocity"], Kind::Gain))
            .with_output(output(&["bend"], Kind::Number)),
        Spec::new(&["Quant"], "quantiser")
            .with_input(input(&["in"], Kind::Pitch))
            .with_input(input(&["range"], Kind::Interval).value(1.0, -16.0..16.0))
            .with_param(Param::list_of(&["scale"], Kind::Interval, &["chromatic", "major", "minor", "dorian"], ""))
            .with_output(output(&["out"], Kind::Pitch)),
    ]
}

fn effects() -> Vec<Spec> {
    let time = input(&["time", "delay"], Kind::Time).value(0.5, 0.0..20.0).indexed();
    vec![
        Spec::new(&["Delay"], "delay")
            .with_input(input(&["in"], Kind::Audio).stereo())
            .with_input(time)
            .with_input(gain(&["feedback"], 0.0, f64::NEG_INFINITY).indexed())
            .with_input(input(&["mix"], Kind::Gain).value(0.3, 0.0..1.0))
            .with_output(output(&["out"], Kind::Audio).stereo())
            .one(),
        Spec::new(&["Mixer"], "mixer")
            .with_input(input(&["in"], Kind::Audio).indexed())
            .with_input(gain(&["level"], 1.0, 0.0).indexed())
            .with_input(input(&["pan"], Kind::Number).value(0.0, -1.0..1.0).indexed())
            .with_param(Param::flag(&["mute"], false, "").indexed())
            .with_output(output(&["out"], Kind::Audio).stereo())
            .with_output(output(&["mono"], Kind::Audio)),
        Spec::new(&["Merge"], "merge")
            .with_input(input(&["in"], Kind::Audio).any().indexed())
            .with_output(output(&["out"], Kind::Audio)),
        Spec::new(&["Split"], "split")
            .with_input(input(&["in"], Kind::Audio))
            .with_output(output(&["out"], Kind::Audio).indexed()),
        Spec::new(&["Reverb"], "reverb")
            .with_input(input(&["in"], Kind::Audio).stereo())
            .with_input(input(&["decay"], Kind::Time).value(2.0, 0.05..100.0))
            .with_input(input(&["mix"], Kind::Gain).value(0.3, 0.0..1.0))
            .with_output(output(&["out"], Kind::Audio).stereo())
            .one(),
        Spec::new(&["Recorder"], "recorder")
            .with_input(input(&["in"], Kind::Audio).stereo())
            .with_param(text(&["file"], ParamKind::File))
            .with_output(output(&["out"], Kind::Audio).stereo()),
        Spec::new(&["AudioOut", "Out"], "output")
            .with_input(input(&["in"], Kind::Audio).stereo())
            .with_input(input(&["in"], Kind::Audio).indexed())
            .one(),
        Spec::new(&["AudioIn"], "input")
            .with_output(output(&["in"], Kind::Audio).stereo())
            .with_output(output(&["in"], Kind::Audio).indexed())
            .one(),
    ]
}

/// The library of these tests.
pub fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let specs: &'static [Spec] = Vec::leak([sources(), control(), effects()].concat());
        Library::new(specs)
    })
}

/// What is told of texts that are silent, or name what they do not use, which is beside the point of most tests.
const ASIDE: [&str; 3] = [patches_dsl::codes::NEVER_FED, patches_dsl::codes::UNUSED, patches_dsl::codes::SHADOWED];

/// Loads one text.
pub fn load_text(text: &str) -> Loaded {
    aside(load_told(text))
}

/// Loads one text, with all that is told of it.
pub fn load_told(text: &str) -> Loaded {
    load(Path::new("patch.patches"), &Memory::default().with("patch.patches", text), library())
}

/// Without what is beside the point.
pub fn aside(mut loaded: Loaded) -> Loaded {
    loaded.faults.retain(|fault| !ASIDE.contains(&fault.code));
    loaded
}

/// Loads one text that must have no faults at all, warnings included.
#[allow(dead_code, reason = "not every test file needs each helper")]
pub fn clean(text: &str) -> patches_core::graph::Graph {
    let loaded = load_text(text);
    assert!(loaded.faults.is_empty(), "{text}\n{}", loaded.render(false));
    loaded.graph
}

/// The codes of a text's faults, in order of place.
#[allow(dead_code, reason = "not every test file needs each helper")]
pub fn codes(text: &str) -> Vec<&'static str> {
    load_text(text).faults.iter().map(|fault| fault.code).collect()
}

/// The blocks of a page: the words behind each fence, and what stands between the fences.
#[allow(dead_code, reason = "not every test file needs each helper")]
pub fn blocks(page: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut parts = page.split("\n```");
    parts.next();
    // Every other part is between two fences.
    while let (Some(block), Some(_)) = (parts.next(), parts.next()) {
        let (words, text) = block.split_once('\n').unwrap_or((block, ""));
        found.push((words.trim().to_string(), text.to_string()));
    }
    found
}

/// The good texts of the tests' own types, one by one: a file of the corpus holds many between lines of `---`.
#[allow(dead_code, reason = "not every test file needs each helper")]
pub fn good_texts() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/good");
    let entries = std::fs::read_dir(folder).expect("the folder is part of the sources");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a readable entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "patches"));
    paths.sort();
    let texts = paths.iter().map(|path| std::fs::read_to_string(path).expect("a readable text"));
    texts.flat_map(|text| text.split("\n---\n").map(str::to_string).collect::<Vec<_>>()).collect()
}
