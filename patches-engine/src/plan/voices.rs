//! Pass 4: how many voices each node runs, and which nodes are numbers known now.

use super::nodes::{In, Nodes, Op};
use crate::net::Net;
use crate::steps::sum::add;
use patches_core::lower::Hears;
use std::collections::HashSet;
use std::sync::Arc;

/// Gives each node as many voices as its widest input. A module of chance that nothing feeds has the voices of what it
/// feeds, each with its own noise.
pub fn spread(net: &Net, nodes: &mut Nodes) {
    settle(nodes);
    let fed: HashSet<usize> = net.cables.iter().map(|cable| cable.to.module).collect();
    let mut wanted = vec![1u16; net.modules.len()];
    for node in &nodes.nodes {
        if matches!(node.op, Op::Sum(shape) if shape.collapse) {
            continue;
        }
        for input in &node.ins {
            if let In::Node { node: source, .. } = input {
                let module = nodes.nodes[*source].module;
                wanted[module] = wanted[module].max(node.voices);
            }
        }
    }
    let seeded: HashSet<usize> = nodes
        .nodes
        .iter()
        .filter(|node| matches!(node.op, Op::Kernel { def, .. } if def.seeded))
        .map(|node| node.module)
        .collect();
    let mut widened = false;
    for node in &mut nodes.nodes {
        let module = node.module;
        let own = matches!(node.op, Op::Kernel { .. }) && node.key.name != "edge";
        if own && seeded.contains(&module) && !fed.contains(&module) && !net.modules[module].spec.one {
            widened |= wanted[module] > node.voices;
            node.voices = node.voices.max(wanted[module]);
        }
    }
    if widened {
        settle(nodes);
    }
}

/// Raises voices until every node has those of its widest input.
pub(super) fn settle(nodes: &mut Nodes) {
    let mut readers: Vec<Vec<usize>> = vec![vec![]; nodes.nodes.len()];
    for (index, node) in nodes.nodes.iter().enumerate() {
        for input in &node.ins {
            if let In::Node { node: source, .. } = input {
                readers[*source].push(index);
            }
        }
    }
    let mut work: Vec<usize> = (0..nodes.nodes.len()).rev().collect();
    while let Some(index) = work.pop() {
        let node = &nodes.nodes[index];
        let voices = match &node.op {
            Op::Merge => node.ins.len() as u16,
            Op::Sum(shape) if shape.collapse => 1,
            Op::Midi(_, Hears::Keys { voices, .. }) => *voices,
            _ => node.ins.iter().map(|input| width(nodes, input)).max().unwrap_or(1).max(node.voices),
        };
        if voices != node.voices {
            nodes.nodes[index].voices = voices;
            work.extend(&readers[index]);
        }
    }
}

/// How many voices an input brings.
pub fn width(nodes: &Nodes, input: &In) -> u16 {
    match input {
        In::Const(_) => 1,
        In::Lanes(values) => values.len() as u16,
        In::Node { node, .. } => nodes.nodes[*node].voices,
    }
}

/// Replaces merges and sums of constants by constants, computed by the very function that would run.
pub fn fold(nodes: &mut Nodes) {
    let mut known: Vec<Option<In>> = vec![None; nodes.nodes.len()];
    loop {
        let mut changed = false;
        for index in 0..nodes.nodes.len() {
            if known[index].is_some() {
                continue;
            }
            let resolve = |input: &In| match input {
                In::Node { node, out: 0, .. } => known[*node].clone().unwrap_or_else(|| input.clone()),
                _ => input.clone(),
            };
            let ins: Vec<In> = nodes.nodes[index].ins.iter().map(resolve).collect();
            let still = !ins.is_empty() && !ins.iter().any(|input| matches!(input, In::Node { .. }));
            let value = |input: &In, voice: usize| match input {
                In::Const(value) => *value,
                In::Lanes(values) => values.get(voice).copied().unwrap_or(0.0),
                In::Node { .. } => 0.0,
            };
            let voices = nodes.nodes[index].voices as usize;
            let result: Option<Vec<f32>> = match &nodes.nodes[index].op {
                Op::Places => Some((0..voices).map(|voice| place(voice, voices)).collect()),
                Op::Merge if still => Some(ins.iter().map(|input| value(input, 0)).collect()),
                Op::Sum(shape) if still => Some(fold_sum(*shape, &ins, voices, value)),
                _ => None,
            };
            if let Some(result) = result {
                known[index] =
                    Some(if result.len() == 1 { In::Const(result[0]) } else { In::Lanes(Arc::from(result)) });
                changed = true;
            }
            nodes.nodes[index].ins = ins;
        }
        if !changed {
            break;
        }
    }
    for input in nodes.master.iter_mut().flatten().chain(&mut nodes.probes) {
        if let In::Node { node, out: 0, .. } = input
            && let Some(constant) = &known[*node]
        {
            *input = constant.clone();
        }
    }
    // A node whose number is known is never run: without inputs and readers it falls out of the plan.
    for (node, known) in nodes.nodes.iter_mut().zip(&known) {
        if known.is_some() {
            node.op = Op::Merge;
            node.ins.clear();
            node.voices = 0;
        }
    }
}

/// Where a voice stands among so many, from −1 to 1; a single one stands in the middle.
fn place(voice: usize, voices: usize) -> f32 {
    if voices < 2 { 0.0 } else { (2 * voice) as f32 / (voices - 1) as f32 - 1.0 }
}

fn fold_sum(shape: super::nodes::SumShape, ins: &[In], voices: usize, value: impl Fn(&In, usize) -> f32) -> Vec<f32> {
    let terms = |voice: usize| -> Vec<(f32, f32)> {
        ins[1..].chunks_exact(2).map(|pair| (value(&pair[0], voice), value(&pair[1], voice))).collect()
    };
    if shape.collapse {
        let mut all = vec![];
        for pair in ins[1..].chunks_exact(2) {
            let width = if let In::Lanes(values) = &pair[0] { values.len() } else { 1 };
            all.extend((0..width).map(|voice| (value(&pair[0], voice), value(&pair[1], voice))));
        }
        return vec![add(shape, value(&ins[0], 0), &all)];
    }
    (0..voices).map(|voice| add(shape, value(&ins[0], voice), &terms(voice))).collect()
}
