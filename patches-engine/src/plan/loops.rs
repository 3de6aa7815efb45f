//! Pass 2: which cables are one sample late. In a loop that has no `~>`, no delay and no other late module, one cable
//! must be; which, is a pure function of the graph and its names: a depth-first walk over the fed inputs in order of
//! module, port and channel, and every cable that leads back into the walk's own path is late.

use super::locals::{Locals, resolve};
use super::order::{Deps, components};
use crate::net::{Net, NetCable};
use patches_core::lower::Wire;
use patches_core::spec::Kind;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A fed input: module, port, channel.
type Inlet = (usize, u16, u16);

/// The cables (by index) that close a loop without being late by themselves.
pub fn closing(net: &Net, locals: &Locals) -> BTreeSet<usize> {
    let mut vertices: Vec<Inlet> = locals.inlets.keys().copied().collect();
    vertices.sort_unstable();
    let number: HashMap<Inlet, usize> = vertices.iter().enumerate().map(|(i, &inlet)| (inlet, i)).collect();
    let mut depends: HashMap<usize, BTreeMap<(u16, u16), Vec<usize>>> = HashMap::new();
    // Edges by vertex: (target vertex, cable).
    let mut edges: Vec<Vec<(usize, usize)>> = vec![vec![]; vertices.len()];
    for (index, cable) in net.cables.iter().enumerate() {
        if cable.late {
            continue;
        }
        let target = number[&(cable.to.module, cable.to.port, cable.to.channel)];
        let of_module =
            depends.entry(cable.from.module).or_insert_with(|| outputs(net, cable.from.module, locals, &number));
        for &source in of_module.get(&(cable.from.port, cable.from.channel)).into_iter().flatten() {
            edges[source].push((target, index));
        }
    }
    for edges in &mut edges {
        edges.sort_unstable();
    }
    walk(&edges)
}

/// The cables (by index) on which loops of sound are guarded: those that are late, and those into delay lines. Loops of
/// pitches and other numbers that only modules for any signal pass on are free to hold any number.
pub fn guarded(net: &Net, locals: &Locals, late: &BTreeSet<usize>) -> BTreeSet<usize> {
    let modules = net.modules.len();
    let mut deps = Deps { now: vec![vec![]; modules], late: vec![vec![]; modules] };
    for cable in &net.cables {
        deps.now[cable.from.module].push(cable.to.module);
    }
    let (of, count) = components(&deps);
    let mut sounds = vec![false; count];
    let inside = |cable: &&NetCable| of[cable.from.module] == of[cable.to.module];
    for cable in net.cables.iter().filter(inside) {
        let spec = net.modules[cable.to.module].spec;
        let input = &spec.inputs[cable.to.port as usize];
        let gives = spec.outputs.first().is_some_and(|output| output.kind == Kind::Audio);
        sounds[of[cable.to.module]] |= gives && input.kind == Kind::Audio && !input.any;
    }
    let guarded = net.cables.iter().enumerate().filter(|(index, cable)| {
        let output = net.modules[cable.from.module].spec.outputs[cable.from.port as usize].kind;
        let input = net.modules[cable.to.module].spec.inputs[cable.to.port as usize].kind;
        let signal = matches!(output, Kind::Audio | Kind::Number | Kind::Gain) && input == Kind::Audio;
        let closes = cable.late || late.contains(index) || locals.has_lines(cable.to.module);
        inside(cable) && sounds[of[cable.to.module]] && signal && closes
    });
    guarded.map(|(index, _)| index).collect()
}

/// For each output of a module the fed inputs it depends on within a frame.
fn outputs(
    net: &Net,
    module: usize,
    locals: &Locals,
    number: &HashMap<Inlet, usize>,
) -> BTreeMap<(u16, u16), Vec<usize>> {
    let mut found: BTreeMap<(u16, u16), Vec<usize>> = BTreeMap::new();
    for local in &locals.modules[module] {
        for (&(port, channel, _), &wire) in &local.outs {
            let mut seen = BTreeSet::new();
            let mut inlets = BTreeSet::new();
            let mut work = vec![wire];
            while let Some(wire) = work.pop() {
                match wire {
                    Wire::Input { port, channel, side } => {
                        let (inlet, _) = resolve(net, &locals.inlets, (module, port, channel), side);
                        inlets.extend(number.get(&inlet).copied());
                        // What is placed depends on how far apart it stands.
                        work.extend(local.placed.filter(|(placed, _)| *placed == port).map(|(_, spread)| spread));
                    }
                    Wire::Node { node, .. } if seen.insert(node) => work.extend(&local.nodes[node as usize].ins),
                    _ => {}
                }
            }
            let all = found.entry((port, channel)).or_default();
            all.extend(inlets);
            all.sort_unstable();
            all.dedup();
        }
    }
    found
}

/// Depth-first over all vertices in order; gives the cables that lead back into the path being walked.
fn walk(edges: &[Vec<(usize, usize)>]) -> BTreeSet<usize> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        OnPath,
        Done,
    }
    let mut marks = vec![Mark::New; edges.len()];
    let mut late = BTreeSet::new();
    for start in 0..edges.len() {
        if marks[start] != Mark::New {
            continue;
        }
        let mut path = vec![(start, 0)];
        marks[start] = Mark::OnPath;
        while let Some((vertex, next)) = path.last_mut() {
            let Some(&(target, cable)) = edges[*vertex].get(*next) else {
                marks[*vertex] = Mark::Done;
                path.pop();
                continue;
            };
            *next += 1;
            match marks[target] {
                Mark::New => {
                    marks[target] = Mark::OnPath;
                    path.push((target, 0));
                }
                Mark::OnPath => {
                    late.insert(cable);
                }
                Mark::Done => {}
            }
        }
    }
    late
}
