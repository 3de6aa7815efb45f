//! Pass 5: nodes become units (a node's 16 voices, or its one), and units get their order. Units in a loop form a region
//! that runs frame by frame; regions that do not wait for each other are merged into one, so that the processor can
//! overlap them. Everything else runs in blocks, depth first, so that few buffers are in use at a time.

use super::nodes::{In, Node, NodeKey, Nodes, Op, SumShape};
use patches_core::kernel::BLOCK;
use patches_core::lanes::LANES;
use std::collections::HashMap;

/// A node's voices that run together: group g is voices 16g to 16g + 15.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Unit {
    /// The node.
    pub node: usize,
    /// The group.
    pub group: usize,
}

/// A stretch of the plan.
#[derive(Clone, Debug, PartialEq)]
pub enum Stretch {
    /// Units one after another, each for a whole block.
    Run(Vec<usize>),
    /// Units in a loop, all of them for each frame.
    Region(Vec<usize>),
}

/// Units and their order.
pub struct Order {
    /// The units.
    pub units: Vec<Unit>,
    /// The units of each node, by group.
    pub of_node: Vec<Vec<usize>>,
    /// What runs after what.
    pub stretches: Vec<Stretch>,
}

/// How many groups a node has.
fn groups(node: &Node) -> usize {
    match node.voices {
        0 => 0,
        1 => 1,
        voices => (voices as usize).div_ceil(LANES),
    }
}

/// Gives kernels of many voices inputs of as many: one voice is copied to all lanes, too few are filled with silence.
pub fn widen(nodes: &mut Nodes) {
    let mut made: HashMap<(usize, u16, bool, u16), usize> = HashMap::new();
    for index in 0..nodes.nodes.len() {
        let voices = nodes.nodes[index].voices;
        if voices < 2 || !matches!(nodes.nodes[index].op, Op::Kernel { .. }) {
            continue;
        }
        for position in 0..nodes.nodes[index].ins.len() {
            let In::Node { node, out, late } = nodes.nodes[index].ins[position] else { continue };
            let (source_voices, module) = (nodes.nodes[node].voices, nodes.nodes[node].module);
            if source_voices >= voices {
                continue;
            }
            let wide = if source_voices == 1 { LANES as u16 } else { voices };
            let copy = *made.entry((node, out, late, wide)).or_insert_with(|| {
                let key = NodeKey { name: "", channel: None, ordinal: 0, side: 0 };
                let from = In::Node { node, out, late };
                let (op, ins) = if source_voices == 1 {
                    (Op::Splat, vec![from])
                } else {
                    (Op::Sum(SumShape::PLAIN), vec![In::Const(0.0), from, In::Const(1.0)])
                };
                nodes.nodes.push(Node { voices: wide, ..Node::new(module, key, op, ins) });
                nodes.nodes.len() - 1
            });
            nodes.nodes[index].ins[position] = In::Node { node: copy, out: 0, late: false };
        }
    }
}

/// The unit that unit `reader` reads of a source node.
pub fn source_group(nodes: &Nodes, reader: Unit, source: usize) -> usize {
    let source = &nodes.nodes[source];
    if source.voices <= 1 || matches!(source.op, Op::Splat) { 0 } else { reader.group }
}

/// The units that let a unit sleep, and of each whether all of its voices are to be closed.
pub fn naps(nodes: &Nodes, unit: Unit, of_node: &[Vec<usize>]) -> impl Iterator<Item = (usize, bool)> {
    nodes.nodes[unit.node].naps.iter().flat_map(move |nap| {
        let units = &of_node[nap.node];
        let own = source_group(nodes, unit, nap.node);
        let groups = if nap.all { 0..units.len() } else { own..units.len().min(own + 1) };
        units[groups].iter().map(|&unit| (unit, nap.all))
    })
}

/// What says that a group of voices of an input is asleep, if one unit does.
pub fn only_nap(nodes: &Nodes, order: &Order, input: &In, group: usize) -> Option<usize> {
    let In::Node { node, late: false, .. } = *input else { return None };
    let mut all = naps(nodes, Unit { node, group }, &order.of_node).map(|(nap, _)| nap);
    let one = all.next()?;
    all.next().is_none().then_some(one)
}

pub(super) struct Deps {
    /// Within the frame.
    pub now: Vec<Vec<usize>>,
    /// Of the frame before.
    pub late: Vec<Vec<usize>>,
}

/// Orders the nodes.
pub fn order(nodes: &Nodes) -> Order {
    let mut units = vec![];
    let mut of_node = vec![];
    for (node, decl) in nodes.nodes.iter().enumerate() {
        let all: Vec<usize> = (0..groups(decl)).map(|group| units.len() + group).collect();
        units.extend((0..groups(decl)).map(|group| Unit { node, group }));
        of_node.push(all);
    }
    let deps = dependencies(nodes, &units, &of_node);
    let (component, count) = components(&deps);
    let stretches = arrange(&deps, &component, count);
    Order { units, of_node, stretches }
}

fn dependencies(nodes: &Nodes, units: &[Unit], of_node: &[Vec<usize>]) -> Deps {
    let mut deps = Deps { now: vec![vec![]; units.len()], late: vec![vec![]; units.len()] };
    for (index, &unit) in units.iter().enumerate() {
        let node = &nodes.nodes[unit.node];
        let collapses = matches!(node.op, Op::Sum(shape) if shape.collapse);
        let woven = matches!(node.op, Op::Merge);
        for (position, input) in node.ins.iter().enumerate() {
            if woven && position / LANES != unit.group {
                continue;
            }
            let In::Node { node: source, late, .. } = *input else { continue };
            let all = &of_node[source];
            let list = if late { &mut deps.late[index] } else { &mut deps.now[index] };
            if collapses {
                list.extend(all);
            } else {
                list.extend(all.get(source_group(nodes, unit, source)));
            }
        }
    }
    for (index, &unit) in units.iter().enumerate() {
        deps.now[index].extend(naps(nodes, unit, of_node).map(|(nap, _)| nap));
    }
    rings(nodes, units, of_node, &mut deps);
    deps
}

/// A ring read less than a block back ties its writer to its reader: the writer's last frame comes before it.
fn rings(nodes: &Nodes, units: &[Unit], of_node: &[Vec<usize>], deps: &mut Deps) {
    let mut writers: HashMap<(usize, u16, u8), usize> = HashMap::new();
    for (index, node) in nodes.nodes.iter().enumerate() {
        if let Some(ring) = node.writes {
            writers.insert((node.module, ring, node.key.side), index);
        }
    }
    for (index, &unit) in units.iter().enumerate() {
        let node = &nodes.nodes[unit.node];
        let Some((ring, frames)) = node.reads else { continue };
        if frames as usize >= BLOCK {
            continue;
        }
        if let Some(&writer) = writers.get(&(node.module, ring, node.key.side)) {
            deps.late[index].extend(of_node[writer].get(unit.group));
        }
    }
}

/// Strongly connected components, numbered so that what a component depends on has a lower number (R. Tarjan,
/// "Depth-first search and linear graph algorithms", 1972; with an explicit stack).
pub(super) fn components(deps: &Deps) -> (Vec<usize>, usize) {
    let n = deps.now.len();
    let edge = |unit: usize, k: usize| {
        deps.now[unit].get(k).or_else(|| deps.late[unit].get(k - deps.now[unit].len())).copied()
    };
    let (mut component, mut count) = (vec![usize::MAX; n], 0);
    let (mut index, mut low) = (vec![usize::MAX; n], vec![0; n]);
    let (mut next, mut open, mut path) = (0, vec![], vec![]);
    for start in 0..n {
        if index[start] != usize::MAX {
            continue;
        }
        path.push((start, 0));
        while let Some(&mut (unit, ref mut k)) = path.last_mut() {
            if *k == 0 {
                (index[unit], low[unit]) = (next, next);
                next += 1;
                open.push(unit);
            }
            if let Some(target) = edge(unit, *k) {
                *k += 1;
                if index[target] == usize::MAX {
                    path.push((target, 0));
                } else if component[target] == usize::MAX {
                    low[unit] = low[unit].min(index[target]);
                }
                continue;
            }
            path.pop();
            if let Some(&(parent, _)) = path.last() {
                low[parent] = low[parent].min(low[unit]);
            }
            if low[unit] == index[unit] {
                while let Some(member) = open.pop() {
                    component[member] = count;
                    if member == unit {
                        break;
                    }
                }
                count += 1;
            }
        }
    }
    (component, count)
}

/// Merges regions of one level, and walks depth first.
fn arrange(deps: &Deps, component: &[usize], count: usize) -> Vec<Stretch> {
    let mut members: Vec<Vec<usize>> = vec![vec![]; count];
    for (unit, &of) in component.iter().enumerate() {
        members[of].push(unit);
    }
    let loops = |of: usize| {
        members[of].len() > 1 || members[of].iter().any(|&u| deps.late[u].contains(&u) || deps.now[u].contains(&u))
    };
    // How many regions must come before: components are numbered so that dependencies come first.
    let mut before = vec![0usize; count];
    let mut group_of_level: HashMap<usize, usize> = HashMap::new();
    let mut block = vec![0; count];
    let mut blocks: Vec<Vec<usize>> = vec![];
    let mut is_region = vec![];
    for of in 0..count {
        for &unit in &members[of] {
            for &source in deps.now[unit].iter().chain(&deps.late[unit]) {
                let source = component[source];
                if source != of {
                    before[of] = before[of].max(before[source] + usize::from(loops(source)));
                }
            }
        }
        let fresh = blocks.len();
        let at = if loops(of) { *group_of_level.entry(before[of]).or_insert(fresh) } else { fresh };
        if at == fresh {
            blocks.push(vec![]);
            is_region.push(loops(of));
        }
        blocks[at].extend(&members[of]);
        block[of] = at;
    }
    for units in &mut blocks {
        units.sort_unstable();
    }
    let sorted = depth_first(deps, &blocks, |unit| block[component[unit]]);
    let mut stretches: Vec<Stretch> = vec![];
    for of in sorted {
        if is_region[of] {
            stretches.push(Stretch::Region(by_level(deps, &blocks[of])));
        } else if let Some(Stretch::Run(units)) = stretches.last_mut() {
            units.extend(&blocks[of]);
        } else {
            stretches.push(Stretch::Run(blocks[of].clone()));
        }
    }
    stretches
}

/// Blocks in the order of a depth-first walk from each in turn, what a block depends on first.
fn depth_first(deps: &Deps, blocks: &[Vec<usize>], block_of: impl Fn(usize) -> usize) -> Vec<usize> {
    let sources = |of: usize| -> Vec<usize> {
        blocks[of]
            .iter()
            .flat_map(|&unit| deps.now[unit].iter().chain(&deps.late[unit]))
            .map(|&source| block_of(source))
            .filter(|&source| source != of)
            .collect()
    };
    let mut seen = vec![false; blocks.len()];
    let mut sorted = vec![];
    for start in (0..blocks.len()).rev() {
        if seen[start] {
            continue;
        }
        seen[start] = true;
        let mut path = vec![(start, sources(start), 0)];
        while let Some((of, list, next)) = path.last_mut() {
            match list.get(*next) {
                Some(&source) => {
                    *next += 1;
                    if !seen[source] {
                        seen[source] = true;
                        path.push((source, sources(source), 0));
                    }
                }
                None => {
                    sorted.push(*of);
                    path.pop();
                }
            }
        }
    }
    sorted
}

/// The units of a region in the order of one frame, those that do not wait for each other side by side.
fn by_level(deps: &Deps, units: &[usize]) -> Vec<usize> {
    let inside: HashMap<usize, usize> = units.iter().enumerate().map(|(i, &unit)| (unit, i)).collect();
    let mut level: Vec<Option<usize>> = vec![None; units.len()];
    let mut waits = vec![false; units.len()];
    for start in 0..units.len() {
        let mut path = vec![start];
        while let Some(&at) = path.last() {
            waits[at] = true;
            let sources = || deps.now[units[at]].iter().filter_map(|source| inside.get(source).copied());
            // Every loop has a late cable or a ring, so nothing waits for itself; were it so, it would run a frame late.
            if let Some(open) = sources().find(|&source| level[source].is_none() && !waits[source]) {
                path.push(open);
                continue;
            }
            level[at] = Some(sources().filter_map(|source| level[source]).max().map_or(0, |top| top + 1));
            path.pop();
        }
    }
    let mut sorted: Vec<usize> = (0..units.len()).collect();
    sorted.sort_by_key(|&i| (level[i], i));
    sorted.into_iter().map(|i| units[i]).collect()
}
