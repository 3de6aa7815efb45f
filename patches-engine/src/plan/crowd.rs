//! Voices that come and go with an edit. For the length of the fade every module has the voices of both nets; where voices
//! are added together, those that come rise from silence, and those that go fall to it.

use super::nodes::{In, Node, NodeKey, Nodes, Op};
use super::voices::settle;
use crate::kernels::product;
use crate::net::{Curve, Net};
use crate::state::{ModuleId, RampKey, StateKey, Store};
use std::collections::HashMap;

/// What a union's voices are measured by: what plays, and what will play after the fade.
pub struct Crowd<'a> {
    /// What plays.
    pub old: &'a Store,
    /// The net after the fade.
    pub net: &'a Net,
    /// Its nodes.
    pub nodes: &'a Nodes,
}

impl Crowd<'_> {
    /// Whether anything that stays gets more voices, or fewer.
    pub fn differs(&self) -> bool {
        self.nodes.nodes.iter().any(|node| {
            let width = || self.old.width(&self.net.modules[node.module].id, &node.key);
            matches!(node.op, Op::Kernel { .. }) && width().is_some_and(|before| before != node.voices)
        })
    }
}

/// Gives a union's nodes the voices of both nets, and puts ramps where they are added.
pub fn cross(net: &Net, nodes: &mut Nodes, crowd: &Crowd<'_>) {
    let kernels = crowd.nodes.nodes.iter().filter(|node| matches!(node.op, Op::Kernel { .. }));
    let new: HashMap<(&ModuleId, &NodeKey), u16> =
        kernels.map(|node| ((&crowd.net.modules[node.module].id, &node.key), node.voices)).collect();
    // Voices before and after, of a node that is in both nets.
    let both = |node: &Node| -> Option<(u16, u16)> {
        let id = &net.modules[node.module].id;
        let kernel = matches!(node.op, Op::Kernel { .. });
        let after = *new.get(&(id, &node.key)).filter(|_| kernel)?;
        Some((crowd.old.width(id, &node.key)?, after))
    };
    let mut widened = false;
    for index in 0..nodes.nodes.len() {
        let Some((before, after)) = both(&nodes.nodes[index]) else { continue };
        let node = &mut nodes.nodes[index];
        if before.max(after) > node.voices {
            (node.voices, widened) = (before.max(after), true);
        }
    }
    if widened {
        settle(nodes);
    }
    for index in 0..nodes.nodes.len() {
        if !matches!(nodes.nodes[index].op, Op::Sum(shape) if shape.collapse) {
            continue;
        }
        for term in (1..nodes.nodes[index].ins.len()).step_by(2) {
            let In::Node { node, out, late } = nodes.nodes[index].ins[term] else { continue };
            let Some((before, after)) = both(&nodes.nodes[node]) else { continue };
            let (id, key) = (&net.modules[nodes.nodes[node].module].id, nodes.nodes[node].key.clone());
            let ramp = |voice: u16| RampKey::Voice(id.clone(), key.clone(), voice);
            let running = |voice: u16| crowd.old.get(&StateKey::Ramp(ramp(voice))).is_some();
            let moves = |voice: u16| voice >= before.min(after) || running(voice);
            let voices = nodes.nodes[node].voices;
            if !(0..voices).any(moves) || (before == after && !(0..voices).any(running)) {
                continue;
            }
            let module = nodes.nodes[node].module;
            let mut push = |op: Op, ins: Vec<In>, voices: u16| {
                let key = NodeKey { name: "", channel: None, ordinal: 0, side: 0 };
                nodes.nodes.push(Node { voices, ..Node::new(module, key, op, ins) });
                In::Node { node: nodes.nodes.len() - 1, out: 0, late: false }
            };
            let level = |there: bool| f32::from(u8::from(there));
            let gains: Vec<In> = (0..voices)
                .map(|voice| {
                    if !moves(voice) {
                        return In::Const(1.0);
                    }
                    let (from, to) = (level(voice < before), level(voice < after));
                    let op = Op::Ramp { key: ramp(voice), from, to, curve: Curve::Linear, after: false };
                    push(op, vec![], 1)
                })
                .collect();
            let gains = if voices == 1 { gains[0].clone() } else { push(Op::Merge, gains, voices) };
            let op = Op::Kernel { def: &product::KERNEL, opt: 0, linked: 0b11 };
            let faded = push(op, vec![In::Node { node, out, late }, gains], voices);
            nodes.nodes[index].ins[term] = faded;
        }
    }
}

impl Store {
    /// How many voices a kernel of a module has; none if it is not there.
    fn width(&self, id: &ModuleId, key: &NodeKey) -> Option<u16> {
        let of = |group| self.get(&StateKey::Kernel(id.clone(), key.clone(), group)).map(|(_, voices)| *voices);
        let groups: u16 = (0..).map_while(|group| of(Some(group))).sum();
        if groups > 0 { Some(groups) } else { of(None).map(|_| 1) }
    }
}
