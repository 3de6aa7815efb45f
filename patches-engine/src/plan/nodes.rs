//! Pass 3: from modules and cables to nodes. Every input becomes what feeds it: a constant, another node's output, or a
//! sum node that adds text and cables and holds the result to its range. After this there are no modules, only nodes
//! with voices.

mod made;
mod master;

use super::crowd::{self, Crowd};
use super::locals::{Locals, cables_into, has_sides, resolve};
use super::{sleep, voices};
use crate::net::{Curve, Level, Net, NetCable};
pub use crate::state::NodeKey;
use crate::state::{ModuleId, RampKey, RingKey};
use crate::steps::midi;
use patches_core::drive::KernelDef;
use patches_core::lower::{Filter, Hears, MemDecl, MemId, NodeKind, Period, Wire};
use patches_core::spec::{Kind, Side};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What a node does.
#[derive(Clone)]
pub enum Op {
    /// A kernel, with options, and the bits of its linked inputs.
    Kernel {
        /// The kernel.
        def: &'static KernelDef,
        /// Packed options.
        opt: u32,
        /// Linked inputs.
        linked: u32,
    },
    /// Base plus terms, held to a range. Inputs: base, then term and gain in turn.
    Sum(SumShape),
    /// A number on its way.
    Ramp {
        /// Which.
        key: RampKey,
        /// Value at first, if no ramp of the key is running.
        from: f32,
        /// Value at the end.
        to: f32,
        /// How.
        curve: Curve,
        /// It begins when what rings out has rung.
        after: bool,
    },
    /// A clock.
    Tick(Period),
    /// Each input a voice.
    Merge,
    /// Where each voice of the inputs stands, from −1 to 1: numbers, once the voices are counted.
    Places,
    /// One voice copied to 16 lanes.
    Splat,
    /// MIDI messages that a filter lets through, as numbers.
    Midi(Arc<[Filter]>, Hears),
    /// So many channels of what comes in from outside.
    Sound(u16),
}

/// How a sum adds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SumShape {
    /// The largest instead of the sum: triggers.
    pub largest: bool,
    /// Smallest result.
    pub lo: f32,
    /// Largest result.
    pub hi: f32,
    /// All voices are added into one.
    pub collapse: bool,
}

/// Where a node's input comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum In {
    /// A number for all voices.
    Const(f32),
    /// A number per voice.
    Lanes(Arc<[f32]>),
    /// An output of a node, perhaps one sample late.
    Node {
        /// The node.
        node: usize,
        /// Its output.
        out: u16,
        /// One sample late.
        late: bool,
    },
}

/// A memory of a node.
#[derive(Clone, Debug)]
pub enum MemUse {
    /// A ring: which of the module's, seconds that it must hold, and seconds that a new one gets.
    Ring(RingKey, f64, f64),
    /// A table.
    Table(Arc<[f32]>),
}

/// A node.
#[derive(Clone)]
pub struct Node {
    /// The module it belongs to.
    pub module: usize,
    /// Which of the module's nodes.
    pub key: NodeKey,
    /// What it does.
    pub op: Op,
    /// Its inputs.
    pub ins: Vec<In>,
    /// How many voices.
    pub voices: u16,
    /// Its memories.
    pub mems: Vec<MemUse>,
    /// Reads this memory of its module at least so many frames back.
    pub reads: Option<(u16, u32)>,
    /// Writes this memory of its module.
    pub writes: Option<u16>,
    /// It sleeps while all of these say so.
    pub naps: Vec<Nap>,
}

/// What lets a node sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nap {
    /// The node that watches an amplifier's gain.
    pub node: usize,
    /// All of its voices are to be closed, not only the voice in hand.
    pub all: bool,
}

/// All nodes of a net, and what the master hears.
pub struct Nodes {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The channels of the audio output, in pairs: what it is not asked for is silent.
    pub master: Vec<[In; 2]>,
    /// What is watched: all voices and both sides, added.
    pub probes: Vec<In>,
}

/// The module type that is the audio output.
pub const OUTPUT: &str = "AudioOut";
/// The module type that is the audio input.
pub const INPUT: &str = "AudioIn";

/// Flattens a net. `late` names the cables (by index) that close a loop, `guarded` those that are kept from running away; `crowd` what the voices of a union come from and
/// go to. `outputs` is how many channels the session has.
pub fn nodes(
    net: &Net,
    locals: &Locals,
    outputs: u16,
    late: &BTreeSet<usize>,
    guarded: &BTreeSet<usize>,
    crowd: Option<&Crowd<'_>>,
) -> Nodes {
    let (base, feeds, made) = (vec![], HashMap::new(), HashMap::new());
    let mut flat = Flat { net, locals, late, guarded, nodes: vec![], base, feeds, made };
    flat.place_kernels();
    flat.wire_kernels();
    let master = flat.master(outputs);
    // Last, so that watching changes no node's number.
    let probes = (0..net.probes.len()).map(|probe| flat.probe(probe)).collect();
    let mut nodes = Nodes { nodes: flat.nodes, master, probes };
    voices::spread(net, &mut nodes);
    if let Some(crowd) = crowd {
        crowd::cross(net, &mut nodes, crowd);
    }
    voices::fold(&mut nodes);
    sleep::doze(net, &mut nodes);
    nodes
}

/// Which helper node has been made already.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Made {
    Ramp(RampKey),
    Behind(&'static str, usize, u16),
    Mean(usize, u16, usize, u16, bool),
}

struct Flat<'a> {
    net: &'a Net,
    locals: &'a Locals,
    late: &'a BTreeSet<usize>,
    guarded: &'a BTreeSet<usize>,
    nodes: Vec<Node>,
    /// First node of each module and side.
    base: Vec<Vec<usize>>,
    feeds: HashMap<(usize, u16, u16, Side, usize), In>,
    made: HashMap<Made, usize>,
}

impl Flat<'_> {
    /// One node for each kernel of each module, without inputs yet.
    fn place_kernels(&mut self) {
        for (module, sides) in self.locals.modules.iter().enumerate() {
            let mut bases = vec![];
            for (side, local) in sides.iter().enumerate() {
                bases.push(self.nodes.len());
                let mut ordinals: HashMap<(&'static str, Option<u16>), u32> = HashMap::new();
                let names = &self.net.modules[module].channels;
                let channel = |index: Option<u16>| index.map(|index| names[index as usize].clone());
                for decl in &local.nodes {
                    let (name, op) = match &decl.kind {
                        NodeKind::Kernel(def, opt) => (def.name, Op::Kernel { def, opt: *opt, linked: decl.linked }),
                        NodeKind::Sum => ("sum", Op::Sum(SumShape::PLAIN)),
                        NodeKind::Tick(period) => ("tick", Op::Tick(*period)),
                        NodeKind::Merge => ("merge", Op::Merge),
                        NodeKind::Midi(filters, hears) => ("midi", Op::Midi(filters.clone(), *hears)),
                        NodeKind::Sound(channels) => ("sound", Op::Sound(*channels)),
                        NodeKind::Ramp { tag, from, to } => {
                            let key = RampKey::Inside(self.net.modules[module].id.clone(), channel(decl.channel), *tag);
                            ("fade", Op::Ramp { key, from: *from, to: *to, curve: Curve::Linear, after: false })
                        }
                    };
                    let ordinal = ordinals.entry((name, decl.channel)).or_default();
                    let channel = channel(decl.channel);
                    let key = NodeKey { name, channel, ordinal: *ordinal, side: side as u8 };
                    *ordinal += 1;
                    let mem_use = |mem: &MemId| match &local.mems[mem.0 as usize] {
                        MemDecl::Ring { key, channel: of, seconds, room } => {
                            let channel = of.map(|index| names[index as usize].clone());
                            MemUse::Ring((channel, *key), *seconds, *room)
                        }
                        MemDecl::Table(numbers) => MemUse::Table(numbers.clone()),
                    };
                    self.nodes.push(Node {
                        module,
                        key,
                        op,
                        ins: vec![],
                        voices: 1,
                        mems: decl.mems.iter().map(mem_use).collect(),
                        reads: decl.reads.map(|(mem, frames)| (mem.0, frames)),
                        writes: decl.writes.map(|mem| mem.0),
                        naps: vec![],
                    });
                }
            }
            self.base.push(bases);
        }
    }

    fn wire_kernels(&mut self) {
        for module in 0..self.locals.modules.len() {
            for side in 0..self.locals.modules[module].len() {
                for (index, decl) in self.locals.modules[module][side].nodes.iter().enumerate() {
                    let wires: Vec<In> = decl.ins.iter().map(|&wire| self.wire(module, side, wire)).collect();
                    let node = self.base[module][side] + index;
                    // A sum's inputs are base, then terms with gains.
                    if matches!(self.nodes[node].op, Op::Merge) && wires.len() == 1 {
                        self.nodes[node].op = Op::Sum(SumShape::PLAIN);
                    }
                    self.nodes[node].ins = match self.nodes[node].op {
                        Op::Sum(_) => std::iter::once(In::Const(0.0))
                            .chain(wires.into_iter().flat_map(|wire| [wire, In::Const(1.0)]))
                            .collect(),
                        _ => wires,
                    };
                }
            }
        }
    }

    fn wire(&mut self, module: usize, side: usize, wire: Wire) -> In {
        match wire {
            Wire::Const(value) => In::Const(value),
            Wire::Node { node, out } => In::Node { node: self.base[module][side] + node as usize, out, late: false },
            Wire::Input { port, channel, side: port_side } => self.feed((module, port, channel), port_side, side),
        }
    }

    /// What feeds an input; `run` is which side of a module that runs once per side.
    fn feed(&mut self, at: (usize, u16, u16), side: Side, run: usize) -> In {
        let (at, from) = resolve(self.net, &self.locals.inlets, at, side);
        let (module, port, channel) = at;
        let placed = self.locals.modules[module][run].placed.filter(|(input, _)| *input == port);
        // What is placed differs between the sides, wherever it comes from.
        let key = (module, port, channel, if placed.is_some() { side } else { from }, run);
        if let Some(made) = self.feeds.get(&key) {
            return made.clone();
        }
        let placed = placed.map(|(_, spread)| (self.wire(module, run, spread), side));
        let made = self.make_feed(at, from, run, placed);
        self.feeds.insert(key, made.clone());
        made
    }

    /// `placed`: how far apart the voices of each cable stand, and the side that is made.
    fn make_feed(&mut self, at: (usize, u16, u16), side: Side, run: usize, placed: Option<(In, Side)>) -> In {
        let (module, port, channel) = at;
        let target = &self.net.modules[module];
        let input = &target.spec.inputs[port as usize];
        let cables = cables_into(self.net, &self.locals.inlets, at, side);
        let base = target.base(port, channel, !cables.is_empty()).unwrap_or(Level::Still(0.0));
        let mut terms: Vec<(In, In)> = vec![];
        let mut other = if run == 0 { Side::Right } else { Side::Left };
        if input.stereo || self.locals.modules[module].len() == 1 {
            other = Side::Both;
        }
        for index in cables {
            let cable = &self.net.cables[index];
            // A cable to one side of a module that runs once per side is for that run alone.
            if other != Side::Both && cable.to.side == other {
                continue;
            }
            let late = cable.late || self.late.contains(&index);
            let gain = self.level(module, cable.gain.clone());
            let Some(mut source) = self.term(cable, side, run, late) else { continue };
            if self.guarded.contains(&index) {
                source = self.guard(cable.from.module, source);
            }
            if let Some((spread, to)) = &placed {
                source = self.place(module, index, source, spread, *to);
            }
            terms.push((source, gain));
        }
        let trigger = input.kind == Kind::Trigger;
        let (lo, hi) = (input.min as f32, input.max as f32);
        let bounded = lo > f32::NEG_INFINITY || hi < f32::INFINITY;
        if terms.is_empty() {
            return self.level(module, base.held(input));
        }
        let base = self.level(module, base);
        let unscaled = terms.len() == 1 && matches!(terms[0].1, In::Const(1.0));
        if unscaled && matches!(base, In::Const(0.0)) && !bounded && !target.spec.one {
            return terms.remove(0).0;
        }
        let shape = SumShape { largest: trigger, lo, hi, collapse: target.spec.one };
        let ins: Vec<In> = std::iter::once(base).chain(terms.into_iter().flat_map(|(x, gain)| [x, gain])).collect();
        // What both sides of a stereo input add alike is added once.
        if side == Side::Right
            && let Some(left) = self.feeds.get(&(module, port, channel, Side::Left, run))
            && let In::Node { node, out: 0, late: false } = *left
            && self.nodes[node].ins == ins
            && matches!(self.nodes[node].op, Op::Sum(other) if other == shape)
        {
            return left.clone();
        }
        let channel = target.channels.get(channel as usize).cloned();
        let ordinal = u32::from(port) << 2 | placed.map_or(side, |(_, to)| to) as u32;
        let key = NodeKey { name: "feed", channel, ordinal, side: run as u8 };
        self.nodes.push(Node::new(module, key, Op::Sum(shape), ins));
        In::Node { node: self.nodes.len() - 1, out: 0, late: false }
    }

    /// What a cable brings to one side of its target. None if the source's module makes nothing there.
    fn term(&mut self, cable: &NetCable, side: Side, run: usize, late: bool) -> Option<In> {
        let target = &self.net.modules[cable.to.module];
        let input = &target.spec.inputs[cable.to.port as usize];
        let sides = self.source(cable, late);
        let source = match &sides[..] {
            [] => return None,
            [one] => one.clone(),
            [left, right, ..] => {
                let per_run = self.locals.modules[cable.to.module].len() == 2 && input.kind == Kind::Audio;
                let wanted = match (side, per_run) {
                    (Side::Left, _) if cable.to.side == Side::Both => Some(0),
                    (Side::Right, _) if cable.to.side == Side::Both => Some(1),
                    (Side::Both, true) if cable.to.side == Side::Both => Some(run),
                    _ => None,
                };
                match wanted {
                    Some(0) => left.clone(),
                    Some(_) => right.clone(),
                    None => self.mean(cable.to.module, left.clone(), right.clone()),
                }
            }
        };
        let output = &self.net.modules[cable.from.module].spec.outputs[cable.from.port as usize];
        if input.kind == Kind::Trigger && output.kind != Kind::Trigger {
            return Some(self.edge(cable.from.module, source, output.kind == Kind::Gate));
        }
        Some(source)
    }

    /// The source of a cable: one signal, or left and right.
    fn source(&mut self, cable: &NetCable, late: bool) -> Vec<In> {
        let from = cable.from;
        let mut found = vec![];
        let runs = self.locals.modules[from.module].len();
        let mono = !has_sides(self.net, from.module);
        for run in 0..runs {
            // One side of a mono module is one of its runs, where it has two.
            let skipped = match from.side {
                Side::Both => false,
                Side::Left => run != 0,
                Side::Right => run + 1 != runs,
            };
            if mono && skipped {
                continue;
            }
            let asked: &[Side] = match (!mono, from.side) {
                (true, Side::Left) => &[Side::Left],
                (true, Side::Right) => &[Side::Right],
                (true, Side::Both) if self.net.modules[from.module].spec.outputs[from.port as usize].stereo => {
                    &[Side::Left, Side::Right]
                }
                _ => &[Side::Both],
            };
            for &side in asked {
                let wire = self.locals.modules[from.module][run].outs.get(&(from.port, from.channel, side)).copied();
                let Some(wire) = wire else { continue };
                let mut source = self.wire(from.module, run, wire);
                if let In::Node { late: node_late, .. } = &mut source {
                    *node_late |= late;
                }
                found.push(source);
            }
        }
        found
    }
}

impl SumShape {
    /// Adds, without a range.
    pub const PLAIN: SumShape = SumShape { largest: false, lo: f32::NEG_INFINITY, hi: f32::INFINITY, collapse: false };
}

impl Node {
    /// A node of one voice without memory.
    pub fn new(module: usize, key: NodeKey, op: Op, ins: Vec<In>) -> Node {
        Node { module, key, op, ins, voices: 1, mems: vec![], reads: None, writes: None, naps: vec![] }
    }

    /// How many outputs it has.
    pub fn outputs(&self) -> usize {
        match &self.op {
            Op::Kernel { def, .. } => def.outputs,
            Op::Tick(_) => 2,
            Op::Sound(channels) => usize::from(*channels),
            Op::Midi(_, hears) => midi::outputs(*hears),
            _ => 1,
        }
    }
}

/// The seed of one voice of a node: a pure function of the session's seed and of names.
pub fn seed(session: u64, id: &ModuleId, key: &NodeKey, voice: u16) -> u32 {
    // FNV-1a over the names (Fowler, Noll, Vo), then one avalanche so that neighbours differ in all bits.
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325 ^ session;
    let channel = key.channel.as_deref().unwrap_or("");
    for part in [id.path.as_ref(), id.kind, key.name, channel] {
        for byte in part.bytes().chain(std::iter::once(0xff)) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    for word in [u64::from(key.ordinal), u64::from(key.side), u64::from(voice)] {
        hash = (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (hash >> 32) as u32
}
