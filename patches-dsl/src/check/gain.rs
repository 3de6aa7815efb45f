//! Loops of sound that grow.

use super::Checker;
use super::numbered::{Lists, Numbered};
use super::reach::{leading, port_of};
use crate::fault::{Fault, codes};
use crate::hash::HashSet;
use patches_core::graph::{Module, ParamValue, Setting, Span};
use patches_core::spec::{Kind, ParamKind, Side};

/// Multiplications that the search for growing loops may take; what is left out is a warning, no more.
const WORK: usize = 500_000;

/// Rounds after which a loop that grows stands out from one that only gathers what comes in, which grows too, but ever
/// slower.
const ROUNDS: usize = 4096;

/// Growth by round that is told: loops that feed each other at a gain of one stay below it for [`ROUNDS`].
const GROWTH: f64 = 1.002;

/// Types that do not pass their sound on as it is, times a gain: they hold it, gate it, or make something else of it. What
/// goes through one grows no further than it lets it.
const BENDS: [&str; 9] =
    ["Drive", "Fold", "Ladder", "Limiter", "Compressor", "NoiseGate", "Follower", "Compare", "Merge"];

/// A cable of sound between sides of numbered modules.
#[derive(Clone, Copy)]
struct Edge {
    from: usize,
    to: usize,
    /// Its number among the cables.
    cable: usize,
    gain: f64,
    late: bool,
    span: Span,
}

impl Checker<'_> {
    /// Loops whose gain is above one, as far as the text says: scales of cables, amplifiers and levels with a fixed gain,
    /// and what a module feeds back by itself.
    pub(super) fn loop_gain(&self, graph: &Numbered<'_>) -> Vec<Fault> {
        let mut faults: Vec<Fault> = own_loops(graph).collect();
        let sides = graph.modules.len() * 2;
        let mut edges = in_loops(sound_edges(graph), sides);
        if edges.is_empty() {
            return faults;
        }
        let driven = graph.cables.iter().map(|(_, to, cable)| (*to, cable.to.port)).collect();
        for edge in &mut edges {
            let (from, to, cable) = graph.cables[edge.cable];
            edge.gain *= fixed(graph, &driven, from, ("Vca", "gain", 0));
            edge.gain *= fixed(graph, &driven, from, ("Mixer", "master", 0));
            edge.gain *= fixed(graph, &driven, to, ("Mixer", "level", cable.to.channel));
        }
        let loudest = edges.iter().max_by(|a, b| a.gain.abs().total_cmp(&b.gain.abs())).map(|edge| edge.span);
        if let Some(loudest) = loudest
            && grows(edges, sides)
        {
            let message = "a loop with gain above one: it grows until something limits it";
            faults.push(Fault::warning(codes::LOOP_GAIN, loudest, message));
        }
        faults
    }
}

/// Modules that feed more back to themselves than they had.
fn own_loops<'g>(graph: &'g Numbered<'_>) -> impl Iterator<Item = Fault> + 'g {
    graph.modules.iter().enumerate().filter_map(|(number, (path, module))| {
        let (port, _) = module.spec.input("feedback").filter(|_| !module.settings.is_empty())?;
        let above = |(slot, set): (&(u16, u16), &Setting)| {
            slot.0 == port && matches!(set, Setting::Number(set) if set.abs() > 1.0)
        };
        if !module.settings.iter().any(above) {
            return None;
        }
        let driven = graph.cables.iter().any(|(_, to, cable)| *to == number && cable.to.port == port);
        let message =
            format!("{} is above one: the loop grows until something limits it", port_of(path, module, "feedback"));
        (!driven).then(|| Fault::warning(codes::LOOP_GAIN, module.span, message))
    })
}

/// The gain that a module of this type has by one of its inputs, where the text alone says what it is.
fn fixed(graph: &Numbered<'_>, driven: &HashSet<(usize, u16)>, number: usize, of: (&str, &str, u16)) -> f64 {
    let (_, module) = graph.modules[number];
    let (kind, name, channel) = of;
    let port =
        module.spec.input(name).filter(|(port, _)| module.spec.name() == kind && !driven.contains(&(number, *port)));
    match port.and_then(|(port, _)| module.settings.get(&(port, channel))) {
        Some(Setting::Number(set)) => *set,
        _ => 1.0,
    }
}

/// Whether what comes into a module goes out of it as it is, times a gain.
fn passes(module: &Module) -> bool {
    if BENDS.contains(&module.spec.name()) {
        return false;
    }
    let op = module.spec.param("op").map(|op| (&module.spec.params[usize::from(op)].kind, module.params.get(&(op, 0))));
    match op {
        // Of what two signals make together only a sum is as loud as both.
        Some((ParamKind::Choice(words), Some(ParamValue::Choice(word)))) => {
            matches!(words[usize::from(*word)][0], "add" | "sub")
        }
        _ => true,
    }
}

/// Cables of sound into what passes it on, each with its scale. Both sides of a stereo cable are edges of their own.
fn sound_edges(graph: &Numbered<'_>) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (number, &(from, to, cable)) in graph.cables.iter().enumerate() {
        let (_, target) = graph.modules[to];
        let main = target.spec.inputs.first().is_some_and(|input| input.kind == Kind::Audio);
        let gain = cable.scale;
        if !main || gain == 0.0 || !gain.is_finite() {
            continue;
        }
        if !leading(target.spec).contains(&usize::from(cable.to.port)) || !passes(target) {
            continue;
        }
        let sides: &[(usize, usize)] = match (cable.from.side, cable.to.side) {
            (Side::Both, Side::Both) => &[(0, 0), (1, 1)],
            (Side::Both | Side::Left, Side::Left) => &[(0, 0)],
            (Side::Both | Side::Right, Side::Right) => &[(1, 1)],
            (Side::Left, Side::Right) => &[(0, 1)],
            (Side::Right, Side::Left) => &[(1, 0)],
            (Side::Left, Side::Both) => &[(0, 0), (0, 1)],
            (Side::Right, Side::Both) => &[(1, 0), (1, 1)],
        };
        let (late, span) = (cable.late, cable.span);
        let edge =
            |&(a, b): &(usize, usize)| Edge { from: from * 2 + a, to: to * 2 + b, cable: number, gain, late, span };
        edges.extend(sides.iter().map(edge));
    }
    edges
}

/// Without the edges that lead into no loop or out of none.
fn in_loops(mut edges: Vec<Edge>, count: usize) -> Vec<Edge> {
    for back in [false, true] {
        let ends = |edge: &Edge| if back { (edge.to, edge.from) } else { (edge.from, edge.to) };
        let mut entered = vec![0_usize; count];
        edges.iter().for_each(|edge| entered[ends(edge).1] += 1);
        let leaving = Lists::new(count, edges.iter().map(|edge| ends(edge).0));
        let mut idle: Vec<usize> = (0..count).filter(|&node| entered[node] == 0).collect();
        let mut outside = vec![false; count];
        while let Some(node) = idle.pop() {
            outside[node] = true;
            for &edge in leaving.of(node) {
                let (_, next) = ends(&edges[edge as usize]);
                entered[next] -= 1;
                if entered[next] == 0 {
                    idle.push(next);
                }
            }
        }
        edges.retain(|edge| !outside[edge.from] && !outside[edge.to]);
    }
    edges
}

/// Whether a signal that goes round along the edges, again and again, grows. In a round it runs along all edges but those that
/// close a loop, so that ways of different lengths meet as they do where they are heard: a difference may cancel.
fn grows(mut edges: Vec<Edge>, count: usize) -> bool {
    // Where nothing is louder than one together, nothing grows.
    let mut sums = vec![0.0; count];
    edges.iter().for_each(|edge| sums[edge.to] += edge.gain.abs());
    if sums.iter().all(|sum| *sum <= 1.0 + 1e-9) {
        return false;
    }
    let ranks = ranks(&edges, count);
    edges.sort_by_key(|edge| ranks[edge.to]);
    let rounds = ROUNDS.min(WORK / edges.len().max(1)) / 2;
    // Any signal that no loop happens to cancel: levels that are no simple parts of each other.
    let mut levels: Vec<f64> = (0..count).map(|node| 1.0 + (node as f64 * 0.618_034).fract()).collect();
    let mut growth = 0.0;
    for round in 0..rounds * 2 {
        // In the first half the signal settles.
        if round == rounds {
            growth = 0.0;
        }
        let before = levels.clone();
        let mut into = None;
        for edge in &edges {
            if into.replace(edge.to) != Some(edge.to) {
                levels[edge.to] = 0.0;
            }
            let closes = edge.late || ranks[edge.from] >= ranks[edge.to];
            levels[edge.to] += edge.gain * if closes { before[edge.from] } else { levels[edge.from] };
        }
        let loudest = edges.iter().fold(0.0, |most: f64, edge| most.max(levels[edge.to].abs()));
        if loudest == 0.0 {
            return false;
        }
        levels.iter_mut().for_each(|level| *level /= loudest);
        growth += loudest.ln();
    }
    growth > GROWTH.ln() * rounds as f64
}

/// The order in which a signal comes to the nodes, from a walk into the depth that leaves cables out that are late by
/// themselves.
fn ranks(edges: &[Edge], count: usize) -> Vec<usize> {
    let leaving = Lists::new(count, edges.iter().map(|edge| edge.from));
    let (mut ranks, mut seen, mut rank) = (vec![0; count], vec![false; count], count);
    for start in 0..count {
        if std::mem::replace(&mut seen[start], true) {
            continue;
        }
        let mut walk = vec![(start, 0)];
        while let Some((node, next)) = walk.last_mut() {
            let Some(&edge) = leaving.of(*node).get(*next) else {
                rank -= 1;
                ranks[*node] = rank;
                walk.pop();
                continue;
            };
            *next += 1;
            let Edge { to, late, .. } = edges[edge as usize];
            if !late && !std::mem::replace(&mut seen[to], true) {
                walk.push((to, 0));
            }
        }
    }
    ranks
}
