//! Names of older files: types, ports and parameters that go by another name today, some with defaults of their own.

use patches_core::exact;
use patches_core::library::Library;
use patches_core::spec::Spec;

/// What a default of an older type is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Preset {
    /// A number.
    Number(f64),
    /// A word of the parameter.
    Word(&'static str),
}

/// A type of older files.
#[derive(Debug)]
pub struct Older {
    /// What it was called.
    pub name: &'static str,
    /// What it is called today.
    pub now: &'static str,
    /// What it has set where the text sets nothing.
    pub presets: &'static [(&'static str, Preset)],
    /// Its `frequency` is in hertz, however small.
    pub hertz: bool,
    /// Outputs of other names: the older one, and today's.
    pub outputs: &'static [(&'static str, &'static str)],
    /// A time that was a loop gain.
    pub loop_gain: Option<&'static str>,
}

/// A type that differs in its name only.
const fn renamed(name: &'static str, now: &'static str) -> Older {
    Older { name, now, presets: &[], hertz: false, outputs: &[], loop_gain: None }
}

const CHORUS: &[(&str, Preset)] = &[("mode", Preset::Word("one"))];
const WET: &[(&str, Preset)] = &[("mix", Preset::Number(1.0))];
const FULL: &[(&str, Preset)] = &[("gate_length", Preset::Number(1.0))];
const ONE: &[(&str, Preset)] = &[("voices", Preset::Number(1.0))];
const LEGATO: &[(&str, Preset)] = &[("voices", Preset::Number(1.0)), ("mode", Preset::Word("legato"))];
const BEND: &[(&str, &str)] = &[("v_oct", "pitch"), ("pitch", "bend")];

static TYPES: [Older; 28] = [
    Older { hertz: true, ..renamed("SineOscillator", "Sine") },
    Older { hertz: true, ..renamed("Oscillator", "Osc") },
    renamed("SawtoothOscillator", "Saw"),
    renamed("SquareOscillator", "Square"),
    Older { presets: FULL, ..renamed("Seq", "Steps") },
    Older { presets: FULL, ..renamed("StepSequencer", "Steps") },
    Older { presets: WET, ..renamed("StereoDelay", "Delay") },
    Older { presets: WET, ..renamed("FdnReverb", "Reverb") },
    Older { presets: WET, ..renamed("StereoConvReverb", "ConvReverb") },
    Older { loop_gain: Some("decay"), ..renamed("VReverb", "Reverb") },
    renamed("PolyMidiToCv", "Keys"),
    renamed("PolyMidiIn", "Keys"),
    Older { presets: LEGATO, outputs: BEND, ..renamed("MidiToCv", "Keys") },
    Older { presets: ONE, outputs: BEND, ..renamed("MonophonicMidiKeyboard", "Keys") },
    Older { presets: ONE, outputs: BEND, ..renamed(YAML_MIDI_IN, "Keys") },
    Older { presets: CHORUS, ..renamed("VChorus", "Chorus") },
    renamed("VFlangerStereo", "Flanger"),
    renamed("AdsrEnvelope", "Adsr"),
    renamed("ResonantLowpass", "Lowpass"),
    renamed("Filter", "Lowpass"),
    renamed("VOtaVcf", "Ota"),
    renamed("VOtaPolyVcf", "Ota"),
    renamed("ClockSequencer", "Clock"),
    renamed("HostTransport", "Transport"),
    renamed("MidiArp", "Arp"),
    renamed("Mix", "Sum"),
    renamed("PolyToMono", "Voices"),
    renamed("MonoToPoly", "Unison"),
];

/// The types of the language, by all their names; a library may lack some.
#[rustfmt::skip]
static NAMES: [&str; 118] = [
    "Osc", "Sine", "Saw", "Square", "Pulse", "Triangle", "Dco", "Wavetable", "Additive", "Supersaw", "Lfo", "Noise",
    "Pluck", "Modal", "Sampler", "Granular",
    "Adsr", "Ad", "Vca", "Gain", "Lpg", "Glide", "Lag", "Slew", "Quant", "Sah", "Transpose", "Tuner", "Chord", "Math",
    "Logic", "Compare", "Follower", "Switch", "Crossfade", "Trig", "Chance",
    "Clock", "Every", "Dust", "Divider", "Multiplier", "Euclid", "Steps", "Turing", "Random", "MasterSequencer",
    "PatternPlayer", "Arp", "Transport",
    "Keys", "MidiIn", "Cc", "MidiCC", "MidiSplit", "MidiTranspose", "MidiDelay", "MidiDrumset", "MidiOut", "OscIn",
    "OscOut",
    "Svf", "Lowpass", "Highpass", "Bandpass", "Ladder", "Ota", "OnePole", "DcBlock", "Comb", "Allpass", "Formant", "Eq",
    "Delay", "Reverb", "Plate", "Spring", "ConvReverb", "Chorus", "Flanger", "Phaser", "Bbd", "Vibrato", "PitchShift",
    "FreqShift", "RingMod", "Drive", "Fold", "Bitcrusher", "TransientShaper", "Compressor", "NoiseGate", "Limiter",
    "Spectral", "Width", "Pan",
    "Kick", "Tom", "Snare", "Clap", "Hat", "ClosedHiHat", "OpenHiHat", "Cymbal", "Claves", "Rim", "Cowbell",
    "Mixer", "Voices", "Unison", "Spread", "Sum", "Merge", "Split", "Recorder", "Looper", "AudioOut", "AudioIn",
];

/// `MidiIn` of YAML files, where it is a keyboard and not the `MidiIn` of today.
pub const YAML_MIDI_IN: &str = "MidiIn in YAML";

/// What a type is called in YAML: by its first name that means nothing else there.
pub fn yaml_name(spec: &Spec) -> &'static str {
    spec.names.iter().find(|name| **name != "MidiIn").copied().unwrap_or(spec.name())
}

/// The older type of this name.
pub fn row(name: &str) -> Option<&'static Older> {
    TYPES.iter().find(|row| row.name == name)
}

/// The names that a type goes by, as it is written first: one that is not found is sought among those of older files, then
/// without `Poly`, `Stereo` and a leading `V`.
fn tries(name: &str) -> [String; 6] {
    let plain = name.replace("Poly", "").replace("Stereo", "");
    [
        name.to_string(),
        name.replace("Poly", ""),
        name.replace("Stereo", ""),
        name.strip_prefix('V').unwrap_or(name).to_string(),
        plain.clone(),
        plain.strip_prefix('V').unwrap_or(&plain).to_string(),
    ]
}

/// The type of a name, and the older one that it is found as.
pub fn find(library: &Library, name: &str) -> Option<(&'static Spec, Option<&'static Older>)> {
    // Most names are those of today.
    if let Some(spec) = library.find(name) {
        return Some((spec, None));
    }
    // A name that is all prefix would be empty, which no type is.
    tries(name).iter().find_map(|tried| {
        let today = library.find(tried).map(|spec| (spec, None));
        today.or_else(|| row(tried).and_then(|row| Some((library.find(row.now)?, Some(row)))))
    })
}

/// What a type of this name is called today, where it has a name in the language and no module plays it yet.
pub fn not_yet(name: &str) -> Option<&'static str> {
    let named = |tried: &String| NAMES.iter().find(|name| *name == tried).copied();
    tries(name).iter().find_map(|tried| named(tried).or_else(|| row(tried).map(|row| row.now)))
}

/// All names that a type may be meant by, whether a module plays it or not.
pub fn names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().copied()
}

/// The same of older files.
pub fn older_names() -> impl Iterator<Item = &'static str> {
    TYPES.iter().map(|row| row.name).filter(|name| *name != YAML_MIDI_IN)
}

/// What an older port name says today: the port, and how what is given for it is meant.
pub fn port(name: &str) -> Option<(&str, Option<Bare>)> {
    Some(match name {
        "pulse_width_cv" => ("pulse_width", Some(Bare::Half)),
        "delay_cv" => ("time", Some(Bare::PartOfTime)),
        "dry_wet" | "drywet_cv" => ("mix", None),
        "fb_cv" => ("feedback", None),
        "ir_data" => ("ir", None),
        "drift_amount" => ("drift", None),
        "speed" => ("time", Some(Bare::Milliseconds)),
        "base_voct" => ("pitch", Some(Bare::Octaves)),
        "v_oct" => ("pitch", None),
        _ => {
            if let Some(plain) = name.strip_suffix("_cv") {
                (plain, None)
            } else if let Some(plain) = name.strip_suffix("_ms") {
                (plain, Some(Bare::Milliseconds))
            } else {
                (name.strip_suffix("_hz")?, Some(Bare::Hertz))
            }
        }
    })
}

/// Whether what an older name is given is added to what today's name is given, as a cable is.
pub fn adds(name: &str) -> bool {
    name.ends_with("_cv") || name == "base_voct"
}

/// Whether a parameter of older files does nothing any more.
pub fn does_nothing(name: &str) -> bool {
    matches!(name, "length" | "high_quality" | "lf_bypass")
}

/// How long a sound whose loop has this gain takes to fall by 60 dB, in seconds.
pub fn decay(gain: f64) -> f64 {
    // The mean line of `Reverb` in the middle of its `size`.
    const LOOP: f64 = 0.046;
    // What does not fall lasts as long as anything may.
    if gain >= 1.0 { 100.0 } else { -3.0 * LOOP * std::f64::consts::LOG2_10 / exact::log2(gain.max(1e-6)) }
}

/// How what stands for an older name is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bare {
    /// `time_ms`: a bare number in milliseconds.
    Milliseconds,
    /// `cutoff_hz`: in hertz.
    Hertz,
    /// `base_voct`: in octaves.
    Octaves,
    /// `pulse_width_cv`: half of it.
    Half,
    /// `delay_cv`: a part of the time that is set.
    PartOfTime,
}
