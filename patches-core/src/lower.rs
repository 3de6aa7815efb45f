//! From one module to the kernels it runs as. A module type says how in its `lower` function; the planner asks for it
//! and gets nodes: kernels with wires between them. Most types are one kernel and say nothing.
//!
//! A node depends on all its wires within a frame; what a module's output depends on is therefore exact, and a delay
//! whose dry path is off closes a loop by itself, because only its ring lies between input and output.

use crate::drive::KernelDef;
use crate::graph::{Item, ParamValue};
use crate::score::Score;
use crate::spec::{ParamKind, Side, Spec};
use std::sync::Arc;

/// Where a number comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wire {
    /// An input of the module: text plus cables, held to its range.
    Input {
        /// Index in the spec.
        port: u16,
        /// Channel.
        channel: u16,
        /// `Left` or `Right` of a stereo input, `Both` of a mono one.
        side: Side,
    },
    /// An output of a node of this module.
    Node {
        /// The node.
        node: u32,
        /// Its output.
        out: u16,
    },
    /// A number.
    Const(f32),
}

/// What feeds an input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Feed {
    /// No cable: one number.
    Still(f32),
    /// No cable, and the text has changed: from one number to another over the fade.
    Changing(f32, f32),
    /// A cable.
    Cable,
}

/// How often a clock ticks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Period {
    /// So many quarter-note beats of the transport, with its swing.
    Beats(f64),
    /// So many quarter-note beats of the transport, straight.
    Straight(f64),
    /// So many seconds.
    Seconds(f64),
}

/// Memory of a module, by number within the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemId(pub u16);

/// A memory as declared.
#[derive(Clone, Debug)]
pub enum MemDecl {
    /// Zeroed, kept over edits: a delay line of at least so many seconds.
    Ring {
        /// Tells the rings of a channel apart over edits.
        key: u32,
        /// The channel it is for.
        channel: Option<u16>,
        /// Length at least: one that runs and is no shorter is kept.
        seconds: f64,
        /// Length of a new one, so that longer times find room in it while it plays.
        room: f64,
    },
    /// Numbers to read: a sequence, a wave. Belongs to the plan, changes with an edit.
    Table(Arc<[f32]>),
}

/// Which MIDI messages a module hears.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Filter {
    /// A part of the port's name, in any case; empty: every port.
    pub port: Arc<str>,
    /// 1 to 16; 0: every channel.
    pub channel: u8,
}

/// How a keyboard plays its voices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeysMode {
    /// Each note a voice.
    Poly,
    /// One note, the last; each starts anew.
    Mono,
    /// One note, the last; one that is tied to the one before goes on from it.
    Legato,
    /// As `Mono`, on all voices.
    Unison,
}

/// What becomes of MIDI messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hears {
    /// Voices. Outputs: pitch without bend (C4 before the first note), gate, trigger, velocity, pressure, modulation, bend
    /// (±1), slur.
    Keys {
        /// How many, 1 to 64.
        voices: u16,
        /// How they are played.
        mode: KeysMode,
    },
    /// A controller's position, 0 to 1, as one output.
    Controller(u8),
}

/// What a node is.
#[derive(Clone)]
pub enum NodeKind {
    /// A kernel, with its options packed as in [`Cx::opt`](crate::kernel::Cx).
    Kernel(&'static KernelDef, u32),
    /// All wires added, without regard to their order.
    Sum,
    /// A clock on the transport or on the engine's time: outputs a trigger, and a phase from 0 to 1.
    Tick(Period),
    /// Each wire becomes a voice.
    Merge,
    /// A number on its way over the fade of the swap in hand.
    Ramp {
        /// Tells the channel's ramps apart: one that is running goes on from where it is.
        tag: u32,
        /// Where it begins if none of the tag is running.
        from: f32,
        /// Where it ends.
        to: f32,
    },
    /// MIDI messages that one of the filters lets through, as numbers.
    Midi(Arc<[Filter]>, Hears),
    /// What comes in from outside: outputs so many of its channels.
    Sound(u16),
}

/// One node of a lowered module.
#[derive(Clone)]
pub struct NodeDecl {
    /// What it is.
    pub kind: NodeKind,
    /// Its inputs; of a kernel the controls, then the signals.
    pub ins: Vec<Wire>,
    /// Inputs that have a cable, by position; what [`Cx::linked`](crate::kernel::Cx::linked) answers.
    pub linked: u32,
    /// Memories, in the kernel's order.
    pub mems: Vec<MemId>,
    /// Reads this memory at least so many frames back.
    pub reads: Option<(MemId, u32)>,
    /// Writes this memory.
    pub writes: Option<MemId>,
    /// The channel it is for, so that its state stays with the channel when the module's shape changes.
    pub channel: Option<u16>,
}

/// What the planner knows of the module in hand.
pub trait Feeds {
    /// What feeds an input.
    fn feed(&self, port: u16, channel: u16, side: Side) -> Feed;
    /// A time input without cable as a period, musical if the text says so.
    fn period(&self, port: u16, channel: u16) -> Period;
    /// Beats a minute of the transport.
    fn tempo(&self) -> f64;
    /// Quarter-note beats in a bar of the transport.
    fn bar(&self) -> f64;
    /// A parameter that does not move, as the text sets it.
    fn param(&self, index: u16, channel: u16) -> Option<&ParamValue>;
    /// Whether the text sets an input.
    fn is_set(&self, _port: u16, _channel: u16) -> bool {
        false
    }
    /// What else an input without cable had on its way to what it is to have: numbers that saves within one fade have set.
    fn past(&self, _port: u16, _channel: u16) -> Vec<f32> {
        vec![]
    }
    /// How far notes are from those of an A4 of 440 Hz, in octaves.
    fn tuning(&self) -> f32 {
        0.0
    }
    /// Whether the channel is new to a module that plays.
    fn fresh(&self, _channel: u16) -> bool {
        false
    }
    /// What the modules at the other ends of an input's MIDI cables let through; none if it has no cable.
    fn midi(&self, _port: u16) -> Option<Vec<Filter>> {
        None
    }
}

/// A module being lowered.
pub struct Lowering<'a> {
    /// Its type.
    pub spec: &'static Spec,
    /// How many channels it has (1 where it has no shape).
    pub channels: u16,
    /// Frames a second.
    pub rate: f64,
    feeds: &'a dyn Feeds,
    channel: Option<u16>,
    /// The nodes so far.
    pub nodes: Vec<NodeDecl>,
    /// The memories so far.
    pub mems: Vec<MemDecl>,
    /// What each output is: port, channel, side.
    pub outs: Vec<((u16, u16, Side), Wire)>,
    /// The input whose voices are placed between left and right, and how far apart.
    pub placed: Option<(u16, Wire)>,
}

/// Packs options, eight bits each, as [`Cx::option`](crate::kernel::Cx::option) reads them.
pub fn pack(options: &[u32]) -> u32 {
    options.iter().rev().fold(0, |packed, option| packed << 8 | (option & 0xff))
}

impl<'a> Lowering<'a> {
    /// A module of this type and shape.
    pub fn new(spec: &'static Spec, channels: u16, rate: f64, feeds: &'a dyn Feeds) -> Self {
        Lowering {
            spec,
            channels: channels.max(1),
            rate,
            feeds,
            channel: None,
            nodes: vec![],
            mems: vec![],
            outs: vec![],
            placed: None,
        }
    }

    /// The index of an input by name. Names are those of the module's own spec.
    fn port(&self, name: &str) -> (u16, Side) {
        self.spec.input(name).unwrap_or_else(|| panic!("{} declares no input `{name}`", self.spec.name()))
    }

    /// An input; of a stereo input name a side (`in_left`).
    pub fn input(&self, name: &str, channel: u16) -> Wire {
        let (port, side) = self.port(name);
        Wire::Input { port, channel, side }
    }

    /// What feeds an input.
    pub fn feed(&self, name: &str, channel: u16) -> Feed {
        let (port, side) = self.port(name);
        self.feeds.feed(port, channel, side)
    }

    /// Whether an input has a cable.
    pub fn linked(&self, name: &str, channel: u16) -> bool {
        self.feed(name, channel) == Feed::Cable
    }

    /// Whether the text sets an input.
    pub fn is_set(&self, name: &str, channel: u16) -> bool {
        self.feeds.is_set(self.port(name).0, channel)
    }

    /// A time input as a period.
    pub fn period(&self, name: &str, channel: u16) -> Period {
        self.feeds.period(self.port(name).0, channel)
    }

    /// The period of a module's clock: where the text sets or plugs an input `swing`, that is instead of the transport's.
    pub fn swung(&self, period: Period) -> Period {
        let own = self.spec.input("swing").is_some_and(|_| self.is_set("swing", 0) || self.linked("swing", 0));
        match period {
            Period::Beats(beats) if own => Period::Straight(beats),
            period => period,
        }
    }

    /// How many seconds a period lasts at the transport's tempo.
    pub fn seconds(&self, period: Period) -> f64 {
        match period {
            Period::Beats(beats) | Period::Straight(beats) => beats * 60.0 / self.feeds.tempo(),
            Period::Seconds(seconds) => seconds,
        }
    }

    /// Quarter-note beats in a bar of the transport.
    pub fn bar(&self) -> f64 {
        self.feeds.bar()
    }

    fn value(&self, name: &str, channel: u16) -> (&ParamKind, Option<&ParamValue>) {
        let index =
            self.spec.param(name).unwrap_or_else(|| panic!("{} declares no parameter `{name}`", self.spec.name()));
        (&self.spec.params[index as usize].kind, self.feeds.param(index, channel))
    }

    /// A choice, as its index.
    pub fn choice(&self, name: &str) -> u32 {
        match self.value(name, 0).1 {
            Some(ParamValue::Choice(index)) => u32::from(*index),
            _ => 0,
        }
    }

    /// A whole number, of one channel.
    pub fn int(&self, name: &str, channel: u16) -> i64 {
        match self.value(name, channel) {
            (_, Some(ParamValue::Int(value))) => *value,
            (ParamKind::Int { default, .. }, _) => *default,
            _ => 0,
        }
    }

    /// True or false, of one channel.
    pub fn flag(&self, name: &str, channel: u16) -> bool {
        match self.value(name, channel) {
            (_, Some(ParamValue::Bool(value))) => *value,
            (ParamKind::Bool(default), _) => *default,
            _ => false,
        }
    }

    /// A list; empty if not set.
    pub fn list(&self, name: &str) -> &[Item] {
        match self.value(name, 0).1 {
            Some(ParamValue::List(items)) => items,
            _ => &[],
        }
    }

    /// A pattern or lane, if set.
    pub fn score(&self, name: &str) -> Option<&Score> {
        match self.value(name, 0).1 {
            Some(ParamValue::Score(score)) => Some(score),
            _ => None,
        }
    }

    /// A text; empty if not set.
    pub fn text(&self, name: &str) -> Arc<str> {
        match self.value(name, 0).1 {
            Some(ParamValue::Text(text)) => text.clone(),
            _ => "".into(),
        }
    }

    /// The option word that a kernel sees for a choice, whole number or boolean parameter.
    pub fn option(&self, name: &str) -> u32 {
        match self.value(name, 0).0 {
            ParamKind::Bool(_) => u32::from(self.flag(name, 0)),
            ParamKind::Int { .. } => self.int(name, 0) as u32,
            _ => self.choice(name),
        }
    }

    /// All numbers that an input without cable has on its way through a fade, each once: those it comes from, and last the
    /// one it goes to. One alone if it stays what it is.
    pub fn among(&self, name: &str, channel: u16) -> Vec<f32> {
        let (from, to) = match self.feed(name, channel) {
            Feed::Still(x) => (x, x),
            Feed::Changing(from, to) => (from, to),
            Feed::Cable => return vec![],
        };
        let mut all: Vec<f32> = vec![];
        for x in std::iter::once(from).chain(self.feeds.past(self.port(name).0, channel)) {
            if x != to && !all.contains(&x) {
                all.push(x);
            }
        }
        all.push(to);
        all
    }

    /// How far notes are from those of an A4 of 440 Hz, in octaves: for what makes notes by itself.
    pub fn tuning(&self) -> f32 {
        self.feeds.tuning()
    }

    /// Whether the channel is new to a module that plays.
    pub fn fresh(&self, channel: u16) -> bool {
        self.feeds.fresh(channel)
    }

    /// A delay line of at least so many seconds. `key` tells the lines of the channel in hand apart.
    pub fn ring(&mut self, key: u32, seconds: f64) -> MemId {
        self.roomy_ring(key, seconds, seconds)
    }

    /// As [`ring`](Lowering::ring), made with `room` seconds where there is none yet that is long enough.
    pub fn roomy_ring(&mut self, key: u32, seconds: f64, room: f64) -> MemId {
        self.mem(MemDecl::Ring { key, channel: self.channel, seconds, room })
    }

    /// A table to read; its length is padded with zeros to a power of two.
    pub fn table(&mut self, numbers: Vec<f32>) -> MemId {
        self.mem(MemDecl::Table(numbers.into()))
    }

    fn mem(&mut self, decl: MemDecl) -> MemId {
        self.mems.push(decl);
        MemId((self.mems.len() - 1) as u16)
    }

    /// The nodes made from here on are for this channel (or for none): their state stays with it when the module's shape
    /// changes.
    pub fn for_channel(&mut self, channel: Option<u16>) {
        self.channel = channel;
    }

    /// A kernel with its options and wires: controls, then signals.
    pub fn kernel(&mut self, def: &'static KernelDef, options: &[u32], ins: &[Wire]) -> Node {
        debug_assert_eq!(ins.len(), def.controls + def.signals, "{} has other ports", def.name);
        self.push(NodeKind::Kernel(def, pack(options)), ins)
    }

    /// The wires added, in no order.
    pub fn sum(&mut self, ins: &[Wire]) -> Wire {
        self.push(NodeKind::Sum, ins).out(0)
    }

    /// A clock; output 0 is its trigger, output 1 its phase.
    pub fn tick(&mut self, period: Period) -> Node {
        self.push(NodeKind::Tick(period), &[])
    }

    /// A number on its way over the fade of the swap in hand, for parts that cross-fade by themselves. `tag` tells those of
    /// the channel in hand apart; one that is running goes on from where it is.
    pub fn ramp(&mut self, tag: u32, from: f32, to: f32) -> Wire {
        self.push(NodeKind::Ramp { tag, from, to }, &[]).out(0)
    }

    /// MIDI messages as numbers: those that come by the cables of input `midi`, without a cable those that the module's
    /// own `port` and `channel` let through.
    pub fn midi(&mut self, hears: Hears) -> Node {
        let cables = self.feeds.midi(self.port("midi").0);
        let own = || vec![Filter { port: self.text("port"), channel: self.int("channel", 0) as u8 }];
        let filters = cables.unwrap_or_else(own);
        self.push(NodeKind::Midi(filters.into(), hears), &[])
    }

    /// What comes in from outside: each output one of so many channels, the first two its left and its right.
    pub fn sound(&mut self, channels: u16) -> Node {
        self.push(NodeKind::Sound(channels), &[])
    }

    /// Each wire a voice.
    pub fn merge(&mut self, ins: &[Wire]) -> Wire {
        self.push(NodeKind::Merge, ins).out(0)
    }

    /// The voices of each cable into this stereo input stand side by side before they are added: the first so far to the
    /// left, the last so far to the right, by −1 to 1 times `spread`. A cable of one voice stays in the middle. For types
    /// of one voice.
    pub fn place(&mut self, name: &str, spread: Wire) {
        self.placed = Some((self.port(name).0, spread));
    }

    fn push(&mut self, kind: NodeKind, ins: &[Wire]) -> Node {
        let linked = ins.iter().enumerate().fold(0, |bits, (i, wire)| match *wire {
            Wire::Input { port, channel, side } if self.feeds.feed(port, channel, side) == Feed::Cable => {
                bits | 1 << i.min(31)
            }
            _ => bits,
        });
        let (ins, channel) = (ins.to_vec(), self.channel);
        self.nodes.push(NodeDecl { kind, ins, linked, mems: vec![], reads: None, writes: None, channel });
        Node((self.nodes.len() - 1) as u32)
    }

    /// Gives a node its memories, in the kernel's order.
    pub fn mems(&mut self, node: Node, mems: &[MemId]) {
        self.nodes[node.0 as usize].mems = mems.to_vec();
    }

    /// A node that reads a ring, at least so many frames back (1 at least).
    pub fn reads(&mut self, node: Node, mem: MemId, frames: u32) {
        self.nodes[node.0 as usize].mems = vec![mem];
        self.nodes[node.0 as usize].reads = Some((mem, frames.max(1)));
    }

    /// A node that writes a ring.
    pub fn writes(&mut self, node: Node, mem: MemId) {
        self.nodes[node.0 as usize].mems = vec![mem];
        self.nodes[node.0 as usize].writes = Some(mem);
    }

    /// Closes a ring inside the module: node `node`'s input at `position` becomes `wire` (a later node's output).
    pub fn rewire(&mut self, node: Node, position: usize, wire: Wire) {
        self.nodes[node.0 as usize].ins[position] = wire;
    }

    /// Says what an output is; of a stereo output name a side.
    pub fn output(&mut self, name: &str, channel: u16, wire: Wire) {
        let (port, side) =
            self.spec.output(name).unwrap_or_else(|| panic!("{} declares no output `{name}`", self.spec.name()));
        self.outs.push(((port, channel, side), wire));
    }

    /// Says what a channel of the output that has those of a device one by one is; the first two are sides of the pair.
    pub fn output_by_channel(&mut self, name: &str, channel: u16, wire: Wire) {
        let pair = self.spec.output(name).and_then(|(port, _)| self.spec.output_by_channel(port));
        let port = pair.unwrap_or_else(|| panic!("{} declares no channels of `{name}`", self.spec.name()));
        self.outs.push(((port, channel, Side::Both), wire));
    }

    /// The module is this one kernel: every port goes to the kernel port of its name, every option to its option.
    pub fn single(&mut self, def: &'static KernelDef, inputs: &[&'static str], options: &[&'static str]) {
        let ins: Vec<Wire> = inputs.iter().map(|name| self.input(name, 0)).collect();
        let options: Vec<u32> = options.iter().map(|name| self.option(name)).collect();
        let node = self.kernel(def, &options, &ins);
        for port in 0..self.spec.outputs.len() as u16 {
            self.outs.push(((port, 0, Side::Both), node.out(port)));
        }
    }
}

/// A node, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node(pub u32);

impl Node {
    /// Its output of this index.
    pub fn out(self, out: u16) -> Wire {
        Wire::Node { node: self.0, out }
    }
}

/// A module type: what the language sees, and how it becomes kernels.
#[derive(Clone, Copy)]
pub struct Def {
    /// Makes the spec.
    pub spec: fn() -> Spec,
    /// Makes the kernels.
    pub lower: fn(&mut Lowering<'_>),
}
