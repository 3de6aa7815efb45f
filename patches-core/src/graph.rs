//! The flat patch: modules and cables, every template opened, every name resolved, every value in the unit of its kind.
//! It is what the language makes, what the planner reads, and it compares and prints.

use crate::score::Score;
use crate::spec::{ParamKind, Side, Spec};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Where a module stands in the patch: `bass`, `osc[3]`, `v/osc`. Unnamed modules have a path made of type and wiring.
pub type Path = Arc<str>;

/// Beats a minute where nothing in the text says how many.
pub const TEMPO: f64 = 120.0;

/// A parameter or port of a module: index in the spec's list, and channel (0 where it is not indexed).
pub type Slot = (u16, u16);

/// A place in a source text: which file (index into the list that came with the graph), and bytes from, to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// Index of the file.
    pub file: u16,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// What the text sets a continuous parameter to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Setting {
    /// In the unit of the kind: octaves, seconds, hertz, factor.
    Number(f64),
    /// A musical time in quarter-note beats: seconds (or, as a rate, one cycle in it) once the tempo is known.
    Beats(f64),
    /// A time of both: so many seconds, plus so many quarter-note beats at the tempo of the moment.
    Mixed {
        /// Seconds.
        seconds: f64,
        /// Quarter-note beats.
        beats: f64,
    },
}

impl Setting {
    /// The time it is at a tempo in beats a minute, in seconds.
    pub fn seconds(self, tempo: f64) -> f64 {
        match self {
            Setting::Number(seconds) => seconds,
            Setting::Beats(beats) => beats * 60.0 / tempo,
            Setting::Mixed { seconds, beats } => seconds + beats * 60.0 / tempo,
        }
    }
}

/// One member of a list parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A value in the unit of the list's kind.
    Number(f64),
    /// A word, such as `"-"` for a rest.
    Word(Arc<str>),
}

/// A parameter that does not move, as set in the text.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamValue {
    /// Index into the choices.
    Choice(u16),
    /// A whole number.
    Int(i64),
    /// True or false.
    Bool(bool),
    /// Text, or the path of a file.
    Text(Arc<str>),
    /// A list.
    List(Arc<[Item]>),
    /// A pattern, or a lane of a song.
    Score(Arc<Score>),
}

/// One module of the patch.
#[derive(Clone, Debug)]
pub struct Module {
    /// Its type.
    pub spec: &'static Spec,
    /// Names of its channels, in order: `["0", "1"]` or `["kick", "bass"]`; empty where the type has no shape.
    pub channels: Vec<Arc<str>>,
    /// Continuous parameters that the text sets (inputs by spec index and channel).
    pub settings: BTreeMap<Slot, Setting>,
    /// Other parameters that the text sets.
    pub params: BTreeMap<Slot, ParamValue>,
    /// Earlier paths, for `was`: its state is that of the first of them that plays and goes.
    pub was: Vec<Path>,
    /// Written in place, without a name.
    pub unnamed: bool,
    /// Where it is written; no part of equality.
    pub span: Span,
}

impl PartialEq for Module {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.spec, other.spec)
            && self.channels == other.channels
            && self.settings == other.settings
            && self.params == other.params
            && self.was == other.was
            && self.unnamed == other.unnamed
    }
}

/// One end of a cable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct End {
    /// The module.
    pub module: Path,
    /// Index of the port in the spec's outputs (for a source) or inputs.
    pub port: u16,
    /// Channel, 0 where the port is not indexed.
    pub channel: u16,
    /// Side of a stereo port. Of a mono module that is fed stereo, and so runs once per side, one of the two runs.
    pub side: Side,
}

/// A cable: one output to one input.
#[derive(Clone, Debug)]
pub struct Cable {
    /// The output.
    pub from: End,
    /// The input.
    pub to: End,
    /// The gain, in the unit of the input where that is not a factor (`-[2oct]->` is 2).
    pub scale: f64,
    /// `~>`: one sample late.
    pub late: bool,
    /// Where it is written; no part of equality.
    pub span: Span,
}

impl PartialEq for Cable {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key() && self.scale == other.scale
    }
}

impl Cable {
    /// What tells cables apart: both ends, and whether it is late.
    pub fn key(&self) -> (&End, &End, bool) {
        (&self.from, &self.to, self.late)
    }
}

/// A view on what runs somewhere in the patch: `-> ~scope(lead)`.
#[derive(Clone, Debug)]
pub struct Probe {
    /// What the view is called: the word in brackets, behind the path of the template instance it stands in.
    pub label: Arc<str>,
    /// What is watched: an output.
    pub from: End,
    /// How it is shown, by the names of the language, sorted: `meter`, `osc`, `scope`, `spectrum` and so on.
    pub kinds: Vec<Arc<str>>,
    /// Where it is written; no part of equality.
    pub span: Span,
}

impl PartialEq for Probe {
    fn eq(&self, other: &Self) -> bool {
        self.label == other.label && self.from == other.from && self.kinds == other.kinds
    }
}

/// When a saved text takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Landing {
    /// At once.
    #[default]
    Now,
    /// At the next beat.
    Beat,
    /// At the next whole multiple of so many bars.
    Bars(u32),
}

/// A whole patch.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Graph {
    /// Modules by path.
    pub modules: BTreeMap<Path, Module>,
    /// Cables in order of their keys, no two with the same key.
    pub cables: Vec<Cable>,
    /// `tempo`, in beats a minute.
    pub tempo: Option<f64>,
    /// `meter`: beats in a bar, and the note that is a beat.
    pub meter: Option<(u32, u32)>,
    /// `swing`, 0.5 straight.
    pub swing: Option<f64>,
    /// `swap on …`.
    pub swap: Option<Landing>,
    /// `fade`: how long a save fades, a time.
    pub fade: Option<Setting>,
    /// `tail`: how long removed echoes and reverbs ring out, a time.
    pub tail: Option<Setting>,
    /// `tuning`: the frequency of A4 in hertz. Notes of the text are by it already; what makes notes by itself needs it.
    pub tuning: Option<f64>,
    /// `mute`: paths of modules or template instances.
    pub mute: Vec<Path>,
    /// `solo`.
    pub solo: Vec<Path>,
    /// `reset`: paths of modules or template instances that start over at the save that first says so.
    pub reset: Vec<Path>,
    /// Views that the text asks for, in order of their labels, no two with the same.
    pub probes: Vec<Probe>,
}

impl Graph {
    /// Puts cables in the order of their keys, which is the order everything after relies on.
    pub fn sort(&mut self) {
        self.cables.sort_by(|a, b| a.key().cmp(&b.key()));
        self.mute.sort();
        self.solo.sort();
        self.reset.sort();
        self.probes.sort_by(|a, b| a.label.cmp(&b.label));
    }

    /// How a source is written: `mix.out_left[kick]`.
    fn source(&self, end: &End) -> String {
        let Some(module) = self.modules.get(&end.module) else { return format!("{}.?", end.module) };
        let port = &module.spec.outputs[end.port as usize];
        written(end, module, port.names[0], port.indexed)
    }

    /// How a target is written.
    fn target(&self, end: &End) -> String {
        let Some(module) = self.modules.get(&end.module) else { return format!("{}.?", end.module) };
        let port = &module.spec.inputs[end.port as usize];
        written(end, module, port.names[0], port.indexed)
    }
}

fn written(end: &End, module: &Module, name: &str, indexed: bool) -> String {
    let channel = if indexed { format!("[{}]", module.channels[end.channel as usize]) } else { String::new() };
    format!("{}.{name}{}{channel}", end.module, end.side.suffix())
}

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(tempo) = self.tempo {
            writeln!(f, "tempo {tempo}")?;
        }
        if let Some((beats, note)) = self.meter {
            writeln!(f, "meter {beats}/{note}")?;
        }
        if let Some(swing) = self.swing {
            writeln!(f, "swing {swing}")?;
        }
        if let Some(tuning) = self.tuning {
            writeln!(f, "tuning {tuning}Hz")?;
        }
        for (word, time) in [("fade", self.fade), ("tail", self.tail)] {
            match time {
                None => {}
                Some(Setting::Number(seconds)) => writeln!(f, "{word} {seconds}s")?,
                Some(Setting::Beats(beats)) => writeln!(f, "{word} {beats}beats")?,
                Some(Setting::Mixed { seconds, beats }) => writeln!(f, "{word} {seconds}s + {beats}beats")?,
            }
        }
        if let Some(landing) = self.swap {
            writeln!(f, "swap {landing:?}")?;
        }
        for (word, paths) in [("mute", &self.mute), ("solo", &self.solo), ("reset", &self.reset)] {
            if !paths.is_empty() {
                writeln!(f, "{word} {}", paths.join(", "))?;
            }
        }
        for (path, module) in &self.modules {
            write!(f, "{path} : {}", module.spec.name())?;
            if !module.channels.is_empty() {
                write!(f, "({})", module.channels.join(", "))?;
            }
            for (&(port, channel), setting) in &module.settings {
                let input = &module.spec.inputs[port as usize];
                write!(f, " {}", input.names[0])?;
                if input.indexed {
                    write!(f, "[{}]", module.channels.get(channel as usize).map_or("?", |name| name))?;
                }
                match setting {
                    Setting::Number(v) => write!(f, "={v}")?,
                    Setting::Beats(b) => write!(f, "={b}beats")?,
                    Setting::Mixed { seconds, beats } => write!(f, "={seconds}s+{beats}beats")?,
                }
            }
            for (&(index, channel), value) in &module.params {
                let param = &module.spec.params[index as usize];
                write!(f, " {}", param.names[0])?;
                if param.indexed {
                    write!(f, "[{}]", module.channels.get(channel as usize).map_or("?", |name| name))?;
                }
                match (value, &param.kind) {
                    (ParamValue::Choice(i), ParamKind::Choice(words)) => write!(f, "={}", words[*i as usize][0])?,
                    (ParamValue::Score(score), _) => write!(f, "={score}")?,
                    (value, _) => write!(f, "={value:?}")?,
                }
            }
            writeln!(f)?;
        }
        for cable in &self.cables {
            let arrow = match (cable.scale == 1.0, cable.late) {
                (true, false) => "->".to_string(),
                (true, true) => "~>".to_string(),
                (false, false) => format!("-[{}]->", cable.scale),
                (false, true) => format!("~[{}]~>", cable.scale),
            };
            writeln!(f, "{} {arrow} {}", self.source(&cable.from), self.target(&cable.to))?;
        }
        for probe in &self.probes {
            writeln!(f, "{} -> ~{}({})", self.source(&probe.from), probe.kinds.join("+"), probe.label)?;
        }
        Ok(())
    }
}
