//! The graph as the planner sees it: every module with its identity, every level either still or on its way from one
//! value to another. A settled plan has still levels only; the plan for the length of a fade is made from the union of
//! two graphs, with ramps.

pub(crate) mod quiet;

use crate::state::{ModuleId, RampKey};
use patches_core::graph::{Graph, Module, ParamValue, Path, Setting, Slot, Span};
use patches_core::spec::{Input, Kind, Normal, Side, Spec, hz};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How a ramp goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Curve {
    /// Linear in the unit of the cable.
    Linear,
    /// Linear in decibels; both ends are above zero.
    Decibel,
}

/// A number that is still, or that moves over the fade.
#[derive(Clone, Debug, PartialEq)]
pub enum Level {
    /// Always this.
    Still(f32),
    /// From here (or from where a running ramp of the key is) to there over the fade.
    Ramp {
        /// Which ramp, for the next save.
        key: RampKey,
        /// Value at the swap.
        from: f32,
        /// Value at the end.
        to: f32,
        /// How.
        curve: Curve,
        /// What it was on its way from when saves within the fade sent it elsewhere.
        past: Vec<f32>,
        /// It begins when what rings out has rung.
        after: bool,
    },
}

impl Level {
    /// Where it ends.
    pub fn target(&self) -> f32 {
        match self {
            Level::Still(value) => *value,
            Level::Ramp { to, .. } => *to,
        }
    }

    /// The level of an input that no cable adds to: held to its range, all the way.
    pub fn held(mut self, input: &Input) -> Level {
        let hold = |x: &mut f32| *x = x.clamp(input.min as f32, input.max as f32);
        match &mut self {
            Level::Still(value) => hold(value),
            Level::Ramp { from, to, past, .. } => [from, to].into_iter().chain(past).for_each(hold),
        }
        self
    }
}

/// A module with its identity.
#[derive(Clone, Debug)]
pub struct NetModule {
    /// Who it is, over edits.
    pub id: ModuleId,
    /// Where it stands in the text now.
    pub path: Path,
    /// Its type.
    pub spec: &'static Spec,
    /// Names of its channels; one unnamed channel where the type has no shape.
    pub channels: Vec<Arc<str>>,
    /// What the text sets, in the unit of the kind. Not held to the range: that is for what cables have been added to.
    pub settings: BTreeMap<Slot, Level>,
    /// Musical times as written, in beats, for clocks.
    pub beats: BTreeMap<Slot, f64>,
    /// Parameters that do not move.
    pub params: BTreeMap<Slot, ParamValue>,
    /// Only there to fade out.
    pub dying: bool,
    /// It keeps delay lines, or when the net plays it may.
    pub lines: bool,
    /// Of one that fades out: how many saves it has rung out over; 0 if it does not.
    pub rings: u8,
    /// Channels that it gets in this fade.
    pub fresh: BTreeSet<Arc<str>>,
    /// How many of its channels, the last, are only there to fade out.
    pub leaving: usize,
}

/// One end: index of the module, port, channel, side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetEnd {
    /// Index into the modules.
    pub module: usize,
    /// Port.
    pub port: u16,
    /// Channel.
    pub channel: u16,
    /// Side.
    pub side: Side,
}

/// A cable with its gain.
#[derive(Clone, Debug)]
pub struct NetCable {
    /// Source.
    pub from: NetEnd,
    /// Target.
    pub to: NetEnd,
    /// Gain as it sounds: 0 where it is muted.
    pub gain: Level,
    /// Gain as the text has it.
    pub scale: f32,
    /// One sample late.
    pub late: bool,
    /// Late because it closes a loop, not because the text says so.
    pub closes: bool,
    /// Where it is written.
    pub span: Span,
}

/// A whole patch, planned or about to be.
#[derive(Clone, Debug, Default)]
pub struct Net {
    /// Modules in order of their ids.
    pub modules: Vec<NetModule>,
    /// Cables in order of their ends.
    pub cables: Vec<NetCable>,
    /// Outputs that are watched.
    pub probes: Vec<NetEnd>,
    /// Beats a minute.
    pub tempo: f64,
    /// Beats in a bar.
    pub beats_per_bar: f64,
    /// Part of a pair of sixteenths that the first takes.
    pub swing: f64,
    /// How far notes are from those of an A4 of 440 Hz, in octaves.
    pub tuning: f32,
}

/// Outputs that can be watched at once.
pub const PROBES: usize = 16;

/// The tempo of a patch that names none.
pub use patches_core::graph::TEMPO;

/// The swing of a patch that names none: both sixteenths of a pair last as long.
pub const STRAIGHT: f64 = 0.5;

/// A patch's tempo in beats a minute, and how many quarter-note beats its bar has.
pub fn time(graph: &Graph) -> (f64, f64) {
    let bar = graph.meter.map_or(4.0, |(count, unit)| f64::from(count) * 4.0 / f64::from(unit));
    (graph.tempo.unwrap_or(TEMPO), bar)
}

/// Whether a kind is of events, which happen at their instant and never fade.
pub(crate) fn is_event(kind: Kind) -> bool {
    matches!(kind, Kind::Gate | Kind::Trigger | Kind::Midi)
}

/// A setting in the unit of its kind.
pub fn value(setting: Setting, input: &Input, tempo: f64) -> f32 {
    let number = match setting {
        Setting::Beats(beats) if input.kind == Kind::Rate => tempo / (60.0 * beats),
        setting => setting.seconds(tempo),
    };
    // What is beyond all ranges stays a number that a ramp can leave.
    number.clamp(f64::from(-LARGEST), f64::from(LARGEST)) as f32
}

/// A number larger than any range, of which the difference of two is one still.
const LARGEST: f32 = 1e30;

impl Net {
    /// The graph with these identities, all levels still. `ids` gives each path its id.
    pub fn settled(graph: &Graph, ids: &BTreeMap<Path, ModuleId>) -> Net {
        let (tempo, beats_per_bar) = time(graph);
        let mut modules: Vec<NetModule> =
            graph.modules.iter().map(|(path, module)| net_module(path, module, &ids[path], tempo)).collect();
        modules.sort_by(|a, b| a.id.cmp(&b.id));
        let index: BTreeMap<Path, usize> = modules.iter().enumerate().map(|(i, m)| (m.path.clone(), i)).collect();
        let mut cables: Vec<NetCable> = graph
            .cables
            .iter()
            .map(|cable| {
                let end = |end: &patches_core::graph::End| NetEnd {
                    module: index[&end.module],
                    port: end.port,
                    channel: end.channel,
                    side: end.side,
                };
                let (from, mut to) = (end(&cable.from), end(&cable.to));
                to.port = trigger_port(&modules, from, to);
                let scale = cable.scale as f32;
                let (gain, late, span) = (Level::Still(scale), cable.late, cable.span);
                NetCable { from, to, gain, scale, late, closes: false, span }
            })
            .collect();
        cables.sort_by_key(NetCable::order);
        let probes = graph.probes.iter().take(PROBES).filter_map(|probe| {
            let from = &probe.from;
            let module = *index.get(&from.module)?;
            Some(NetEnd { module, port: from.port, channel: from.channel, side: from.side })
        });
        let probes = probes.collect();
        let tuning = graph.tuning.map_or(0.0, |a4| (hz(a4) - hz(440.0)) as f32);
        let swing = graph.swing.unwrap_or(STRAIGHT);
        let mut net = Net { modules, cables, probes, tempo, beats_per_bar, swing, tuning };
        quiet::quieten(&mut net, &graph.mute, &graph.solo);
        net
    }
}

/// A trigger into `gate` acts as `trigger`, where the module has such an input.
fn trigger_port(modules: &[NetModule], from: NetEnd, to: NetEnd) -> u16 {
    let output = &modules[from.module].spec.outputs[from.port as usize];
    let spec = modules[to.module].spec;
    if output.kind == Kind::Trigger
        && spec.inputs[to.port as usize].kind == Kind::Gate
        && let Some((port, _)) = spec.input("trigger")
    {
        return port;
    }
    to.port
}

fn net_module(path: &Path, module: &Module, id: &ModuleId, tempo: f64) -> NetModule {
    let mut settings = BTreeMap::new();
    let mut beats = BTreeMap::new();
    for (&slot, &setting) in &module.settings {
        let input = &module.spec.inputs[slot.0 as usize];
        settings.insert(slot, Level::Still(value(setting, input, tempo)));
        if let Setting::Beats(count) = setting {
            beats.insert(slot, count);
        }
    }
    let channels = match &module.channels[..] {
        [] => vec!["".into()],
        // A channel of a device is its place, whatever it is called now.
        all if module.spec.faces_device() => (0..all.len()).map(|place| place.to_string().into()).collect(),
        all => all.to_vec(),
    };
    NetModule {
        id: id.clone(),
        path: path.clone(),
        spec: module.spec,
        channels,
        settings,
        beats,
        params: module.params.clone(),
        dying: false,
        lines: false,
        rings: 0,
        fresh: BTreeSet::new(),
        leaving: 0,
    }
}

impl NetModule {
    /// The level of an input without its cables: what the text sets, else the default, which a cable may unplug.
    pub fn base(&self, port: u16, channel: u16, linked: bool) -> Option<Level> {
        if let Some(level) = self.settings.get(&(port, channel)) {
            return Some(level.clone());
        }
        let input = &self.spec.inputs[port as usize];
        match input.normal {
            Normal::Unplugs if linked => None,
            _ if input.default == 0.0 => None,
            _ => Some(Level::Still(input.default as f32)),
        }
    }
}

impl NetCable {
    /// Whether it is only there to fade out.
    pub fn leaves(&self) -> bool {
        self.scale == 0.0 && matches!(self.gain, Level::Ramp { .. })
    }

    /// Whether the text makes it late.
    pub fn said_late(&self) -> bool {
        self.late && !self.closes
    }

    /// What cables are ordered and told apart by.
    pub fn order(&self) -> (NetEnd, NetEnd, bool) {
        (self.to, self.from, self.late)
    }
}
