//! Nodes that stand between modules: ramps, places of voices, means of two sides, triggers out of signals, guards of loops.

use super::{Flat, In, Made, Node, NodeKey, Op, SumShape};
use crate::kernels::place::KERNEL as PLACE;
use crate::kernels::{EDGE, guard};
use crate::net::{Level, NetCable};
use patches_core::drive::KernelDef;
use patches_core::graph::Span;
use patches_core::spec::Side;

impl Flat<'_> {
    /// One side of a cable's voices, each in its place.
    pub(super) fn place(&mut self, module: usize, cable: usize, source: In, spread: &In, side: Side) -> In {
        let key = |name| NodeKey { name, channel: None, ordinal: cable as u32, side: side as u8 };
        let places = Node::new(module, key("places"), Op::Places, vec![source.clone()]);
        self.nodes.push(places);
        let places = In::Node { node: self.nodes.len() - 1, out: 0, late: false };
        let op = Op::Kernel { def: &PLACE, opt: u32::from(side == Side::Right), linked: 0 };
        self.nodes.push(Node::new(module, key("place"), op, vec![spread.clone(), places, source]));
        In::Node { node: self.nodes.len() - 1, out: 0, late: false }
    }

    /// A level as an input: a constant or a ramp.
    pub(super) fn level(&mut self, module: usize, level: Level) -> In {
        match level {
            Level::Still(value) => In::Const(value),
            Level::Ramp { key, from, to, curve, after, .. } => {
                let node = match self.made.get(&Made::Ramp(key.clone())) {
                    Some(&node) => node,
                    None => {
                        let op = Op::Ramp { key: key.clone(), from, to, curve, after };
                        let In::Node { node, .. } = self.push(module, op, vec![]) else { unreachable!() };
                        self.made.insert(Made::Ramp(key), node);
                        node
                    }
                };
                In::Node { node, out: 0, late: false }
            }
        }
    }

    /// What is to be seen at an output.
    pub(super) fn probe(&mut self, probe: usize) -> In {
        let from = self.net.probes[probe];
        let gain = Level::Still(1.0);
        let cable = NetCable { from, to: from, gain, scale: 1.0, late: false, closes: false, span: Span::default() };
        let sides = self.source(&cable, false);
        let gain = In::Const(1.0 / sides.len().max(1) as f32);
        let terms = sides.into_iter().flat_map(|side| [side, gain.clone()]);
        let ins = std::iter::once(In::Const(0.0)).chain(terms).collect();
        self.push(from.module, Op::Sum(SumShape { collapse: true, ..SumShape::PLAIN }), ins)
    }

    pub(super) fn mean(&mut self, module: usize, left: In, right: In) -> In {
        let key = match (&left, &right) {
            (In::Node { node: a, out: x, late }, In::Node { node: b, out: y, .. }) => {
                Some(Made::Mean(*a, *x, *b, *y, *late))
            }
            _ => None,
        };
        if let Some(node) = key.as_ref().and_then(|key| self.made.get(key)) {
            return In::Node { node: *node, out: 0, late: false };
        }
        let half = In::Const(0.5);
        let sum = self.push(module, Op::Sum(SumShape::PLAIN), vec![In::Const(0.0), left, half.clone(), right, half]);
        if let (Some(key), In::Node { node, .. }) = (key, &sum) {
            self.made.insert(key, *node);
        }
        sum
    }

    /// A signal that is no trigger, as a trigger: where it rises through one half.
    pub(super) fn edge(&mut self, module: usize, source: In, gate: bool) -> In {
        self.behind(module, source, "edge", &EDGE, u32::from(gate)).unwrap_or(In::Const(0.0))
    }

    /// A signal that a loop goes through, held where it would run away.
    pub(super) fn guard(&mut self, module: usize, source: In) -> In {
        self.behind(module, source.clone(), "guard", &guard::KERNEL, 0).unwrap_or(source)
    }

    /// A kernel of the planner's own behind an output, made once for all that hear it so; if that is late, what it gives is.
    /// None behind a number.
    pub(super) fn behind(
        &mut self,
        module: usize,
        source: In,
        name: &'static str,
        def: &'static KernelDef,
        opt: u32,
    ) -> Option<In> {
        let In::Node { node, out, late } = source else { return None };
        let key = Made::Behind(name, node, out);
        let made = match self.made.get(&key) {
            Some(&made) => made,
            None => {
                let of = self.nodes[node].key.clone();
                let key_of = NodeKey { name, ordinal: of.ordinal << 8 | u32::from(out), ..of };
                let from = In::Node { node, out, late: false };
                let made = self.nodes.len();
                self.nodes.push(Node::new(module, key_of, Op::Kernel { def, opt, linked: 1 }, vec![from]));
                self.made.insert(key, made);
                made
            }
        };
        Some(In::Node { node: made, out: 0, late })
    }

    pub(super) fn push(&mut self, module: usize, op: Op, ins: Vec<In>) -> In {
        let key = NodeKey { name: "", channel: None, ordinal: 0, side: 0 };
        self.nodes.push(Node::new(module, key, op, ins));
        In::Node { node: self.nodes.len() - 1, out: 0, late: false }
    }
}
