//! Pass 6: ordered units become steps with buffers, state and functions of the chosen instruction set. `unsafe` is
//! allowed here: it makes the pointers that steps run on, all into memory that the plan holds.

use super::items::items;
use super::layout::{Layout, Slot};
use super::memory::Memory;
use super::nodes::{In, MemUse, Node, Nodes, Op};
use super::order::{Order, Stretch, Unit, only_nap, source_group};
use super::places::{Laid, Place};
use super::sleep::follows;
use super::{Front, Guard, Hold, KernelStep, Plan, Step, Work};
use crate::kernels::guard;
use crate::net::Net;
use crate::rest::{Rest, Watched};
use crate::state::Block;
use crate::steps::midi::{self, MidiStep};
use crate::steps::ramp::RampStep;
use crate::steps::sound::SoundStep;
use crate::steps::sum::{self, SumStep, Term};
use crate::steps::tick::TickStep;
use crate::steps::weave::WeaveStep;
use patches_core::drive::{Call, KernelDef};
use patches_core::isa::Isa;
use patches_core::kernel::{Cx, Io};
use patches_core::lanes::{LANES, Mem};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What a plan is made for.
#[derive(Clone, Copy)]
pub struct Target {
    /// The instruction set.
    pub isa: Isa,
    /// Frames a second.
    pub rate: u32,
    /// Length of the fade, for ramps.
    pub fade: u32,
    /// For how long what goes rings out between two fades.
    pub tail: u32,
}

/// Makes the plan.
pub fn emit(net: &Net, nodes: &Nodes, order: &Order, memory: &mut Memory<'_>, target: Target) -> Plan {
    let mut build = Build::new(net, nodes, order, memory, target);
    build.place_outputs();
    let drafts = build.draft();
    build.finish(drafts)
}

pub(super) struct Build<'a, 'm> {
    pub(super) net: &'a Net,
    pub(super) nodes: &'a Nodes,
    pub(super) order: &'a Order,
    pub(super) memory: &'a mut Memory<'m>,
    pub(super) target: Target,
    pub(super) layout: Layout,
    pub(super) nowhere: Slot,
    pub(super) outs: HashMap<(usize, u16), Place>,
    /// Outputs that somebody hears while the node is asleep in all its voices.
    pub(super) heard: HashSet<(usize, u16)>,
    /// The region (by stretch) of each unit in one.
    pub(super) region: Vec<Option<usize>>,
    pub(super) blocks: Vec<Arc<Block>>,
    pub(super) fronts: Vec<(Arc<Block>, usize)>,
}

/// A step whose ports have no pointers yet.
struct Draft {
    unit: usize,
    ports: Vec<Laid>,
    mid: Slot,
    pre: bool,
    mems: Vec<Mem>,
}

impl<'a, 'm> Build<'a, 'm> {
    fn new(net: &'a Net, nodes: &'a Nodes, order: &'a Order, memory: &'a mut Memory<'m>, target: Target) -> Self {
        let mut layout = Layout::default();
        let nowhere = layout.reserve(1);
        let mut region = vec![None; order.units.len()];
        for (index, stretch) in order.stretches.iter().enumerate() {
            if let Stretch::Region(units) = stretch {
                for &unit in units {
                    region[unit] = Some(index);
                }
            }
        }
        let (outs, blocks, fronts) = (HashMap::new(), vec![], vec![]);
        let heard = heard(nodes);
        Build { net, nodes, order, memory, target, layout, nowhere, outs, heard, region, blocks, fronts }
    }

    pub(super) fn node(&self, unit: usize) -> &'a Node {
        &self.nodes.nodes[self.order.units[unit].node]
    }

    pub(super) fn group(&self, unit: usize) -> Option<u16> {
        (self.node(unit).voices > 1).then_some(self.order.units[unit].group as u16)
    }

    /// How many voices of a unit count.
    fn voices(&self, unit: usize) -> usize {
        (self.node(unit).voices as usize - self.order.units[unit].group * LANES).min(LANES)
    }

    /// Lays out the ports of every step.
    fn draft(&mut self) -> Vec<Draft> {
        let mut scratch = 0;
        let mut drafts = vec![];
        for stretch in &self.order.stretches {
            let (units, looped) = match stretch {
                Stretch::Run(units) => (units, false),
                Stretch::Region(units) => (units, true),
            };
            for &unit in units {
                let node = self.node(unit);
                let mut draft = Draft { unit, ports: vec![], mid: usize::MAX, pre: false, mems: vec![] };
                if let Op::Kernel { def, .. } = &node.op {
                    draft.ports = node.ins.iter().map(|input| self.input(unit, input)).collect();
                    draft.ports.extend((0..def.outputs as u16).map(|out| self.out(unit, out, false)));
                    draft.mems = self.mems(unit);
                    let room = def.mid_room(if self.group(unit).is_some() { LANES } else { 1 }).div_ceil(LANES);
                    if looped && self.controls_outside(unit, def) {
                        draft.pre = true;
                        draft.mid = self.layout.reserve(room);
                    }
                    scratch = scratch.max(room);
                }
                drafts.push(draft);
            }
        }
        let scratch = self.layout.reserve(scratch);
        for draft in &mut drafts {
            if draft.mid == usize::MAX {
                draft.mid = scratch;
            }
            // Sums and clocks lay out their ports when they are made; their constants must be known before the arena.
            self.constants_of(draft.unit);
        }
        let nodes = self.nodes;
        for input in nodes.master.iter().flatten().chain(&nodes.probes) {
            self.input_constant(input, 0);
        }
        drafts
    }

    fn constants_of(&mut self, unit: usize) {
        let node = self.node(unit);
        let group = self.order.units[unit].group;
        let collapses = matches!(node.op, Op::Sum(shape) if shape.collapse);
        self.constant(0.0);
        for input in &node.ins {
            match input {
                In::Lanes(values) if collapses => {
                    for group in 0..values.len().div_ceil(LANES) {
                        self.lanes(values, group);
                    }
                }
                _ => self.input_constant(input, group),
            }
        }
    }

    fn input_constant(&mut self, input: &In, group: usize) {
        match input {
            In::Const(value) => drop(self.constant(*value)),
            In::Lanes(values) => drop(self.lanes(values, group)),
            In::Node { .. } => {}
        }
    }

    /// Whether every control of a kernel comes from outside its region.
    fn controls_outside(&self, unit: usize, def: &KernelDef) -> bool {
        let Unit { group: _, node } = self.order.units[unit];
        self.nodes.nodes[node].ins[..def.controls].iter().all(|input| match input {
            In::Node { node: source, .. } => {
                let group = source_group(self.nodes, self.order.units[unit], *source);
                let source = self.order.of_node[*source].get(group);
                source.is_none_or(|&source| self.region[source] != self.region[unit])
            }
            _ => true,
        })
    }

    fn mems(&mut self, unit: usize) -> Vec<Mem> {
        let node = self.node(unit);
        let id = &self.net.modules[node.module].id;
        let mut mems = vec![];
        for mem in &node.mems {
            match mem {
                MemUse::Table(numbers) => {
                    let len = numbers.len().next_power_of_two();
                    let block = Block::new(numbers.iter().map(|x| x.to_bits()).collect(), len);
                    // SAFETY: the block holds `len` words, a power of two; the plan keeps it alive.
                    mems.extend([unsafe { Mem::new(block.ptr().cast(), len) }; LANES]);
                    self.blocks.push(block);
                }
                MemUse::Ring(ring, seconds, room) => match self.group(unit) {
                    None => {
                        let mem = self.memory.ring(id, node.module, ring, (node.key.side, 0), [*seconds, *room]);
                        mems.extend([mem; LANES]);
                    }
                    Some(group) => {
                        for lane in 0..LANES as u16 {
                            let voice = group * LANES as u16 + lane;
                            let place = (node.key.side, voice);
                            mems.push(self.memory.ring(id, node.module, ring, place, [*seconds, *room]));
                        }
                    }
                },
            }
        }
        mems
    }

    /// Makes the steps, now that there is an arena to point into.
    fn finish(mut self, drafts: Vec<Draft>) -> Plan {
        let mut arena = self.layout.build();
        let base: *mut f32 = arena.as_mut_ptr().cast();
        let at = |slot: Slot| {
            // SAFETY: every slot lies in the arena.
            unsafe { base.add(slot * LANES) }
        };
        let (nowhere, nodes) = (self.nowhere, self.nodes);
        let io = |laid: &Laid| -> Io {
            let p = match &laid.place {
                Place::Arena(slot) => at(*slot),
                Place::Nowhere => at(nowhere),
                // SAFETY: a late buffer has one frame in front of its block.
                Place::Late(block) => unsafe { block.ptr().cast::<f32>().add(if laid.late { 0 } else { laid.stride }) },
            };
            Io { p, stride: laid.stride }
        };
        let ios: Box<[Io]> = drafts.iter().flat_map(|draft| draft.ports.iter().map(io)).collect();
        let mems: Box<[Mem]> = drafts.iter().flat_map(|draft| draft.mems.iter().copied()).collect();
        let (mut next_io, mut next_mem) = (0, 0);
        let mut steps = vec![];
        for draft in &drafts {
            let node = self.node(draft.unit);
            let work = match &node.op {
                Op::Kernel { def, opt, linked } => {
                    // SAFETY: the indexes lie within the tables, or one past an end that is not used.
                    let (ios, mems) = unsafe { (ios.as_ptr().add(next_io), mems.as_ptr().add(next_mem)) };
                    self.kernel(draft, def, *opt, *linked, ios, mems, at(draft.mid))
                }
                Op::Sum(shape) => {
                    let mut terms = vec![];
                    for pair in node.ins[1..].chunks_exact(2) {
                        let gain = io(&self.input(draft.unit, &pair[1]));
                        let asleep = |build: &Self, nap| build.watched(nap, true, &io);
                        self.terms(draft.unit, &pair[0], &mut terms, |build, x, voices, wide, nap| Term {
                            x: io(&x),
                            gain,
                            voices,
                            wide,
                            asleep: nap.map(|nap| asleep(build, nap)),
                        });
                    }
                    let base = io(&self.input(draft.unit, &node.ins[0]));
                    let out = io(&self.out(draft.unit, 0, false));
                    let wide = self.group(draft.unit).is_some();
                    let step = SumStep { terms: terms.into(), base, out, shape: *shape, wide };
                    Work::Sum(step, sum::function(self.target.isa))
                }
                Op::Ramp { key, from, to, curve, after } => {
                    let cell = self.memory.ramp(key, *from);
                    let out = io(&self.out(draft.unit, 0, false));
                    let place = cell.ptr().cast();
                    self.blocks.push(cell);
                    let (from, to, curve, frames) = (*from, *to, *curve, self.target.fade.max(1));
                    let delay = if *after { self.target.fade.saturating_add(self.target.tail) } else { 0 };
                    Work::Ramp(RampStep { cell: place, from, to, curve, start: 0, delay, frames, out })
                }
                Op::Tick(period) => {
                    let [trigger, phase] = [0, 1].map(|out| io(&self.out(draft.unit, out, false)));
                    Work::Tick(TickStep { period: *period, trigger, phase })
                }
                Op::Sound(channels) => {
                    let channels = (0..*channels).map(|channel| io(&self.out(draft.unit, channel, false)));
                    Work::Sound(SoundStep { channels: channels.collect() })
                }
                Op::Midi(filters, hears) => {
                    let group = self.order.units[draft.unit].group;
                    let state = self.memory.midi(&self.net.modules[node.module].id, node, group as u16).ptr();
                    let outs = (0..node.outputs() as u16).map(|out| io(&self.out(draft.unit, out, false))).collect();
                    let (filters, mark) = midi::prepared(filters, *hears);
                    let wide = self.group(draft.unit).is_some();
                    Work::Midi(MidiStep { hears: *hears, filters, mark, group, wide, state, outs })
                }
                // Where voices stand is known by now.
                Op::Merge | Op::Splat | Op::Places => {
                    let group = self.order.units[draft.unit].group;
                    let lanes = if matches!(node.op, Op::Splat) { 0..1 } else { group * LANES..(group + 1) * LANES };
                    let from = node.ins.iter().enumerate().filter(|(i, _)| lanes.contains(i));
                    let from = from.map(|(_, input)| io(&self.input(draft.unit, input))).collect();
                    Work::Weave(WeaveStep { from, out: io(&self.out(draft.unit, 0, false)) })
                }
            };
            next_io += draft.ports.len();
            next_mem += draft.mems.len();
            let rest = self.rest(draft.unit, &work, &io);
            steps.push(Step { work, module: node.module as u32, dead: false, rest });
        }
        let mut heard = |input: &In| match input {
            In::Node { node, out, late } => io(&self.out(self.order.of_node[*node][0], *out, *late)),
            other => io(&self.input(0, other)),
        };
        let master = nodes.master.iter().map(|[left, right]| [heard(left), heard(right)]).collect();
        let probes = nodes.probes.iter().map(heard).collect();
        let guarded = (0..self.order.units.len()).filter(|&unit| is_guard(self.node(unit)));
        let guard = |unit: usize| Guard {
            io: io(&self.out(unit, HOLDS, false)),
            voices: self.voices(unit),
            module: self.node(unit).module as u32,
            told: false,
        };
        let guards = guarded.map(guard).collect();
        self.assemble(steps, guards, master, probes, Hold { arena, ios, mems, blocks: vec![] })
    }

    fn assemble(
        self,
        steps: Vec<Step>,
        guards: Vec<Guard>,
        master: Box<[[Io; 2]]>,
        probes: Vec<Io>,
        mut hold: Hold,
    ) -> Plan {
        let (items, dormitories) = items(&self.order.stretches, &steps);
        hold.blocks = self.memory.store.blocks();
        hold.blocks.extend(self.blocks);
        hold.blocks.extend(self.memory.keep.iter().cloned());
        let fronts = self.fronts.iter().map(|(block, width)| Front { at: block.ptr().cast(), width: *width }).collect();
        let ramps = (0..steps.len()).filter(|&i| matches!(steps[i].work, Work::Ramp(_))).collect();
        Plan {
            items,
            dormitories,
            fronts,
            guards,
            ramps,
            fixups: std::mem::take(&mut self.memory.fixups),
            master,
            probes,
            tempo: self.net.tempo,
            beats_per_bar: self.net.beats_per_bar,
            swing: self.net.swing,
            modules: self.net.modules.iter().map(|module| (module.path.clone(), module.spec.name())).collect(),
            loads: vec![0.0; steps.len()],
            steps,
            hold,
        }
    }

    /// How a unit sleeps, if it may: what lets it, what it gives, and room for the state of those of its voices that do
    /// while others play.
    fn rest(&self, unit: usize, work: &Work, io: &impl Fn(&Laid) -> Io) -> Option<Box<Rest>> {
        let node = self.node(unit);
        let naps = super::order::naps(self.nodes, self.order.units[unit], &self.order.of_node);
        let watched: Box<[Watched]> = naps.map(|(nap, all)| self.watched(nap, all, io)).collect();
        if watched.is_empty() {
            return None;
        }
        let outs = (0..node.outputs() as u16)
            .map(|out| (io(&self.out(unit, out, false)), self.heard.contains(&(self.order.units[unit].node, out))));
        let outs = outs.filter(|(io, _)| io.stride != 0).collect();
        let room = if let Work::Kernel(kernel) = work { kernel.state.birth().len() } else { 0 };
        let skip = if let Op::Kernel { def, .. } = node.op { def.skip } else { None };
        Some(Box::new(Rest::new(watched, outs, self.group(unit).is_some(), self.voices(unit), room, skip)))
    }

    fn watched(&self, nap: usize, all: bool, io: &impl Fn(&Laid) -> Io) -> Watched {
        let wide = self.group(nap).is_some();
        Watched { io: io(&self.out(nap, 0, false)), voices: self.voices(nap), all: all || !wide }
    }

    fn kernel(
        &mut self,
        draft: &Draft,
        def: &'static KernelDef,
        opt: u32,
        linked: u32,
        ios: *const Io,
        mems: *const Mem,
        mid: *mut f32,
    ) -> Work {
        let node = self.node(draft.unit);
        let group = self.group(draft.unit);
        let voices = match group {
            Some(group) => (node.voices as usize - group as usize * LANES).min(LANES),
            None => 1,
        };
        let state = self.memory.kernel(&self.net.modules[node.module].id, node, def, group, voices as u16);
        let forms = &def.forms[self.target.isa as usize];
        let wide = group.is_some();
        let (block, whole, pre, one) = if wide {
            (forms.block16, forms.block16, forms.pre16, forms.one16)
        } else {
            (forms.block1, forms.frame1, forms.pre1, forms.one1)
        };
        let inputs = def.controls + def.signals;
        let wanted =
            (0..def.outputs).filter(|&out| draft.ports[inputs + out].stride != 0).fold(0, |bits, out| bits | 1 << out);
        // SAFETY: the memories of this step stand at `mems`, 16 each, in a table that the plan holds.
        let mut cx = unsafe { Cx::new(self.target.rate as f32, opt, linked, wanted, mems) };
        cx.zero = (0..inputs.min(32)).filter(|&input| is_zero(ios, input)).fold(0, |bits, input| bits | 1 << input);
        let still = draft.ports[..def.controls].iter().all(|port| port.stride == 0);
        let call = Call { ios, state: state.ptr(), mid: mid.cast(), cx, still };
        let (frame, pre) = if draft.pre { (one, Some(pre)) } else { (whole, None) };
        Work::Kernel(KernelStep {
            block,
            frame,
            pre,
            call,
            inputs,
            outputs: def.outputs,
            memories: draft.mems.len() / LANES,
            state,
            voices,
            wide,
            silent: 0,
        })
    }

    /// The terms that one input of a sum stands for: one, or for a collapsing sum one per group of voices.
    fn terms(
        &mut self,
        unit: usize,
        input: &In,
        terms: &mut Vec<Term>,
        make: impl Fn(&Self, Laid, usize, bool, Option<usize>) -> Term,
    ) {
        let collapses = matches!(self.node(unit).op, Op::Sum(shape) if shape.collapse);
        let group = self.order.units[unit].group;
        let total = super::voices::width(self.nodes, input) as usize;
        let of_group = |group: usize| total.saturating_sub(group * LANES).min(LANES);
        let groups = if collapses { 0..total.div_ceil(LANES).max(1) } else { group..group + 1 };
        for group in groups {
            let (laid, wide) = match input {
                In::Const(value) => (self.constant(*value), false),
                In::Lanes(values) => (self.lanes(values, group), true),
                In::Node { node, out, late } => {
                    let wide = total > 1;
                    match self.order.of_node[*node].get(if wide { group } else { 0 }) {
                        Some(&source) => (self.out(source, *out, *late), wide),
                        None => (self.constant(0.0), false),
                    }
                }
            };
            let voices = if wide { of_group(group) } else { 1 };
            let nap = if collapses { only_nap(self.nodes, self.order, input, group) } else { None };
            terms.push(make(self, laid, voices, wide, nap));
        }
    }
}

/// The output of a guard that says whether it holds.
pub(super) const HOLDS: u16 = 1;

/// Whether a node keeps a loop from running away.
pub(super) fn is_guard(node: &Node) -> bool {
    matches!(node.op, Op::Kernel { def, .. } if std::ptr::eq(def, &guard::KERNEL))
}

/// Outputs of nodes that sleep which are read by one that does not sleep whenever they do.
fn heard(nodes: &Nodes) -> HashSet<(usize, u16)> {
    let mut heard = HashSet::new();
    let outside = nodes.master.iter().flatten().chain(&nodes.probes).map(|input| (input, None));
    let inside = nodes.nodes.iter().flat_map(|reader| reader.ins.iter().map(move |input| (input, Some(reader))));
    for (input, reader) in outside.chain(inside) {
        if let In::Node { node, out, late } = *input
            && !nodes.nodes[node].naps.is_empty()
            && (late || !reader.is_some_and(|reader| follows(reader, &nodes.nodes[node])))
        {
            heard.insert((node, out));
        }
    }
    heard.extend(nodes.nodes.iter().enumerate().filter(|(_, node)| is_guard(node)).map(|(index, _)| (index, HOLDS)));
    heard
}

/// Whether an input of a step is the constant 0 in all lanes.
fn is_zero(ios: *const Io, input: usize) -> bool {
    // SAFETY: the ports of the step stand in the plan's table; what does not move is a line of the arena, laid out.
    unsafe {
        let io = &*ios.add(input);
        io.stride == 0 && (0..LANES).all(|lane| (*io.p.add(lane)).to_bits() == 0)
    }
}
