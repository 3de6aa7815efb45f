//! Where each output's numbers lie, and where each input finds its own: shared buffers by lifetime, late buffers for
//! what is read a frame late, constants.

use super::emit::{Build, HOLDS, is_guard};
use super::layout::Slot;
use super::nodes::{In, Node, Op};
use super::order::{Stretch, Unit, naps, only_nap, source_group};
use crate::state::Block;
use patches_core::lanes::LANES;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Where an output's numbers go.
#[derive(Clone)]
pub enum Place {
    /// A buffer of the arena.
    Arena(Slot),
    /// Nobody reads it.
    Nowhere,
    /// A late buffer: one frame in front.
    Late(Arc<Block>),
}

/// A port as laid out, before there is an arena to point into.
#[derive(Clone)]
pub struct Laid {
    /// Where.
    pub place: Place,
    /// Floats from one frame to the next; 0 for a constant, and where nobody reads.
    pub stride: usize,
    /// Read a frame late.
    pub late: bool,
}

impl Build<'_, '_> {
    /// What a unit reads: source unit, output, late.
    fn reads(&self, unit: usize) -> Vec<(usize, u16, bool)> {
        let Unit { node, group } = self.order.units[unit];
        let decl = &self.nodes.nodes[node];
        let collapses = matches!(decl.op, Op::Sum(shape) if shape.collapse);
        let mut reads = vec![];
        for (position, input) in decl.ins.iter().enumerate() {
            if matches!(decl.op, Op::Merge) && position / LANES != group {
                continue;
            }
            let In::Node { node: source, out, late } = *input else { continue };
            let units = &self.order.of_node[source];
            if collapses {
                reads.extend(units.iter().map(|&unit| (unit, out, late)));
                let naps = (0..units.len()).filter_map(|group| only_nap(self.nodes, self.order, input, group));
                reads.extend(naps.map(|nap| (nap, 0, false)));
            } else if let Some(&unit) = units.get(source_group(self.nodes, self.order.units[unit], source)) {
                reads.push((unit, out, late));
            }
        }
        reads.extend(naps(self.nodes, self.order.units[unit], &self.order.of_node).map(|(nap, _)| (nap, 0, false)));
        reads
    }

    /// Gives each output its place: shared buffers by lifetime, late buffers for outputs that are read late.
    pub(super) fn place_outputs(&mut self) {
        let mut position = vec![0; self.order.units.len()];
        let mut groups: Vec<&[usize]> = vec![];
        for stretch in &self.order.stretches {
            match stretch {
                Stretch::Run(units) => groups.extend(units.iter().map(std::slice::from_ref)),
                Stretch::Region(units) => groups.push(units),
            }
        }
        for (at, group) in groups.iter().enumerate() {
            for &unit in *group {
                position[unit] = at;
            }
        }
        let mut last: HashMap<(usize, u16), usize> = HashMap::new();
        let mut late_read: HashSet<(usize, u16)> = HashSet::new();
        for (unit, &at) in position.iter().enumerate() {
            for (source, out, late) in self.reads(unit) {
                let end = last.entry((source, out)).or_insert(at);
                *end = (*end).max(at);
                if late {
                    late_read.insert((source, out));
                }
            }
        }
        for input in self.nodes.master.iter().flatten().chain(&self.nodes.probes) {
            if let In::Node { node, out, late } = *input {
                for &unit in &self.order.of_node[node] {
                    last.insert((unit, out), usize::MAX);
                    if late {
                        late_read.insert((unit, out));
                    }
                }
            }
        }
        // Read when the run is over.
        let guards = (0..self.order.units.len()).filter(|&unit| is_guard(self.node(unit)));
        last.extend(guards.map(|unit| ((unit, HOLDS), usize::MAX)));
        // Buffers that end at each position.
        let mut ending: Vec<Vec<(Slot, bool)>> = vec![vec![]; groups.len()];
        for (at, group) in groups.iter().enumerate() {
            for &unit in *group {
                for out in 0..self.node(unit).outputs() as u16 {
                    let key = (unit, out);
                    let place = if late_read.contains(&key) {
                        self.late_place(unit, out)
                    } else if let Some(end) = last.get(&key).copied().or(writes_always(self.node(unit)).then_some(at)) {
                        let wide = self.group(unit).is_some();
                        let slot = self.layout.take(wide);
                        if end != usize::MAX {
                            ending[end.max(at)].push((slot, wide));
                        }
                        Place::Arena(slot)
                    } else {
                        Place::Nowhere
                    };
                    self.outs.insert(key, place);
                }
            }
            for (slot, wide) in std::mem::take(&mut ending[at]) {
                self.layout.give(slot, wide);
            }
        }
    }

    fn late_place(&mut self, unit: usize, out: u16) -> Place {
        let node = self.node(unit);
        let block = self.memory.late(&self.net.modules[node.module].id, node, out, self.group(unit));
        let width = if self.group(unit).is_some() { LANES } else { 1 };
        self.fronts.push((block.clone(), width));
        self.blocks.push(block.clone());
        Place::Late(block)
    }

    pub(super) fn constant(&mut self, value: f32) -> Laid {
        let slot = self.layout.constant([value; LANES]);
        Laid { place: Place::Arena(slot), stride: 0, late: false }
    }

    pub(super) fn lanes(&mut self, values: &[f32], group: usize) -> Laid {
        let mut lanes = [0.0; LANES];
        for (lane, value) in lanes.iter_mut().zip(values.get(group * LANES..).unwrap_or(&[])) {
            *lane = *value;
        }
        let slot = self.layout.constant(lanes);
        Laid { place: Place::Arena(slot), stride: 0, late: false }
    }

    /// An output of a unit, as a port to read (late or not) or to write.
    pub(super) fn out(&self, unit: usize, out: u16, late: bool) -> Laid {
        let place = self.outs.get(&(unit, out)).cloned().unwrap_or(Place::Nowhere);
        let width = if self.group(unit).is_some() { LANES } else { 1 };
        let stride = if matches!(place, Place::Nowhere) { 0 } else { width };
        Laid { place, stride, late }
    }

    pub(super) fn input(&mut self, unit: usize, input: &In) -> Laid {
        match input {
            In::Const(value) => self.constant(*value),
            In::Lanes(values) => self.lanes(values, self.order.units[unit].group),
            In::Node { node, out, late } => {
                let group = source_group(self.nodes, self.order.units[unit], *node);
                match self.order.of_node[*node].get(group) {
                    Some(&source) => self.out(source, *out, *late),
                    None => self.constant(0.0),
                }
            }
        }
    }
}

/// Whether a node writes its output also where nobody reads it. The others go by the stride, which is 0 then.
fn writes_always(node: &Node) -> bool {
    !matches!(node.op, Op::Kernel { .. } | Op::Tick(_) | Op::Midi(..) | Op::Sound(_))
}
