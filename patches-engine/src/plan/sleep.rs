//! Who may sleep: what reaches the audio output only through amplifiers that an envelope, a clock or a keyboard opens and
//! closes. What hears gates or triggers, keeps a delay line, follows musical time or was born by chance never sleeps, and neither does what
//! feeds it; so no event is missed and no echo torn.
//!
//! A sleeper's state is frozen, the phase of an oscillator that nothing bends goes on, its outputs are 0. The rule is a
//! function of the graph alone, so it holds batched or not, live or offline.

use super::nodes::{In, MemUse, Nap, Node, NodeKey, Nodes, Op};
use super::voices::width;
use crate::kernels::nap;
use crate::net::{Net, is_event};
use std::collections::{BTreeMap, BTreeSet};

/// An amplifier: the node, and which of its inputs are signal and gain.
struct Amp {
    node: usize,
    signal: usize,
    gain: usize,
}

/// For each sleeper the amplifiers (by index) that let it, and whether all voices of each must be closed.
type Covers = BTreeMap<usize, BTreeMap<usize, bool>>;

/// Sources of a node, with the input they come by.
fn sources(node: &Node) -> impl Iterator<Item = (usize, usize)> {
    node.ins.iter().enumerate().filter_map(|(at, input)| match input {
        In::Node { node, .. } => Some((at, *node)),
        _ => None,
    })
}

/// Lets nodes sleep: gives each the watchers of the gains that it is heard through.
pub fn doze(net: &Net, nodes: &mut Nodes) {
    let mut hears = vec![false; net.modules.len()];
    for cable in &net.cables {
        let input = &net.modules[cable.to.module].spec.inputs[cable.to.port as usize];
        hears[cable.to.module] |= is_event(input.kind);
    }
    // A clock or a keyboard of its own is as good as a cable from one.
    for node in &nodes.nodes {
        hears[node.module] |= matches!(node.op, Op::Tick(_) | Op::Midi(..));
    }
    let amps = amplifiers(nodes, &hears);
    if amps.is_empty() {
        return;
    }
    let mut busy = hears;
    for node in &nodes.nodes {
        busy[node.module] |= match &node.op {
            Op::Kernel { def, .. } => def.seeded || node.mems.iter().any(|mem| matches!(mem, MemUse::Ring(..))),
            Op::Sum(_) | Op::Merge | Op::Splat | Op::Places | Op::Ramp { .. } => false,
            // With a clock or a keyboard it hears.
            Op::Tick(_) | Op::Midi(..) => false,
            Op::Sound(_) => true,
        };
    }
    let mut roots = roots(nodes, &busy);
    let covers = loop {
        let awake = awake(nodes, &amps, &roots);
        let covers = covers(nodes, &amps, &awake);
        // What a gain comes from cannot wait for that gain.
        let caught: BTreeSet<usize> = amps
            .iter()
            .enumerate()
            .flat_map(|(index, amp)| {
                let within = |node: &usize| covers.get(node).is_some_and(|amps| amps.contains_key(&index));
                ancestors(nodes, amp).into_iter().filter(within).collect::<Vec<_>>()
            })
            .collect();
        if caught.is_empty() {
            break covers;
        }
        roots.extend(caught);
    };
    let mut watchers: BTreeMap<usize, usize> = BTreeMap::new();
    for (sleeper, amps_of) in with_silent(nodes, &amps, covers) {
        // A ramp goes by the clock, and is as good as a number.
        if matches!(nodes.nodes[sleeper].op, Op::Ramp { .. }) {
            continue;
        }
        for (index, all) in amps_of {
            let amp = &amps[index];
            let node = *watchers.entry(index).or_insert_with(|| {
                let of = &nodes.nodes[amp.node];
                let gain = of.ins[amp.gain].clone();
                let key = NodeKey { name: "nap", ordinal: of.key.ordinal << 4 | amp.gain as u32, ..of.key.clone() };
                let op = Op::Kernel { def: &nap::KERNEL, opt: 0, linked: 1 };
                let voices = width(nodes, &gain);
                nodes.nodes.push(Node { voices, ..Node::new(of.module, key, op, vec![gain]) });
                nodes.nodes.len() - 1
            });
            nodes.nodes[sleeper].naps.push(Nap { node, all });
        }
    }
}

/// The amplifiers whose gain comes from something that hears events or follows a clock, be it through sums and products.
fn amplifiers(nodes: &Nodes, hears: &[bool]) -> Vec<Amp> {
    let mut found = vec![];
    for (index, node) in nodes.nodes.iter().enumerate() {
        let Op::Kernel { def, opt, .. } = node.op else { continue };
        let pairs = (def.amplifies)(opt).iter();
        let mut pairs = pairs.map(|&(signal, gain)| Amp { node: index, signal, gain });
        found.extend(pairs.find(|amp| {
            matches!(node.ins[amp.signal], In::Node { .. }) && is_enveloped(nodes, hears, &node.ins[amp.gain])
        }));
    }
    found
}

fn is_enveloped(nodes: &Nodes, hears: &[bool], gain: &In) -> bool {
    let In::Node { node, .. } = gain else { return false };
    let (mut seen, mut work) = (BTreeSet::from([*node]), vec![*node]);
    while let Some(at) = work.pop() {
        let node = &nodes.nodes[at];
        let passes = match &node.op {
            Op::Tick(_) | Op::Midi(..) => return true,
            Op::Kernel { .. } if hears[node.module] => return true,
            Op::Kernel { def, .. } => def.state_words == 0,
            Op::Sum(_) | Op::Merge | Op::Splat | Op::Places => true,
            Op::Ramp { .. } | Op::Sound(_) => false,
        };
        if passes {
            work.extend(sources(node).map(|(_, source)| source).filter(|source| seen.insert(*source)));
        }
    }
    false
}

/// What never sleeps by itself: busy modules, what the output hears, and what is read by nobody.
fn roots(nodes: &Nodes, busy: &[bool]) -> Vec<usize> {
    let mut read = vec![false; nodes.nodes.len()];
    for node in &nodes.nodes {
        for (_, source) in sources(node) {
            read[source] = true;
        }
    }
    // Watching wakes nobody.
    for probe in &nodes.probes {
        if let In::Node { node, .. } = probe {
            read[*node] = true;
        }
    }
    let master = nodes.master.iter().flatten();
    let heard = master.filter_map(|input| if let In::Node { node, .. } = input { Some(*node) } else { None });
    let idle = nodes.nodes.iter().enumerate().filter(|(index, node)| busy[node.module] || !read[*index]);
    heard.chain(idle.map(|(index, _)| index)).collect()
}

/// All that is heard from the roots otherwise than through an amplifier's signal.
fn awake(nodes: &Nodes, amps: &[Amp], roots: &[usize]) -> Vec<bool> {
    let signal: BTreeMap<usize, usize> = amps.iter().map(|amp| (amp.node, amp.signal)).collect();
    let mut awake = vec![false; nodes.nodes.len()];
    let mut work = roots.to_vec();
    while let Some(at) = work.pop() {
        if std::mem::replace(&mut awake[at], true) {
            continue;
        }
        let sources = sources(&nodes.nodes[at]).filter(|(input, _)| signal.get(&at) != Some(input));
        work.extend(sources.map(|(_, source)| source));
    }
    awake
}

/// For each sleeper, the amplifiers it is heard through, and whether all their voices count for it.
fn covers(nodes: &Nodes, amps: &[Amp], awake: &[bool]) -> Covers {
    let mut covers = Covers::new();
    for (index, amp) in amps.iter().enumerate() {
        let In::Node { node: first, .. } = nodes.nodes[amp.node].ins[amp.signal] else { continue };
        let voices = width(nodes, &nodes.nodes[amp.node].ins[amp.gain]);
        let mut work = vec![(first, false)];
        while let Some((at, all)) = work.pop() {
            // Where many voices come from one, or go through one, all of them must be closed.
            let all = all || nodes.nodes[at].voices != voices && voices > 1;
            if awake[at] {
                continue;
            }
            let of = covers.entry(at).or_default();
            if of.get(&index).is_some_and(|known| *known || !all) {
                continue;
            }
            of.insert(index, all);
            work.extend(sources(&nodes.nodes[at]).map(|(_, source)| (source, all)));
        }
    }
    covers
}

/// Whether one is asleep in all its voices whenever the other is.
pub fn follows(reader: &Node, source: &Node) -> bool {
    let held = |nap: &Nap| source.naps.iter().any(|of| of.node == nap.node && (of.all || !nap.all));
    let voices = reader.voices == source.voices || source.voices == 1;
    voices && !reader.naps.is_empty() && reader.naps.iter().all(held)
}

/// With what is exactly 0 while others sleep: amplifiers themselves, and sums of them. That changes no bit.
fn with_silent(nodes: &Nodes, amps: &[Amp], covers: Covers) -> Covers {
    let mut silent = covers;
    // What a gain is made of does not wait for it.
    let covered: BTreeSet<usize> = silent.values().flat_map(BTreeMap::keys).copied().collect();
    let made: BTreeMap<usize, BTreeSet<usize>> =
        covered.into_iter().map(|index| (index, ancestors(nodes, &amps[index]))).collect();
    for (&index, made) in &made {
        let amp = &amps[index];
        if made.contains(&amp.node) {
            continue;
        }
        // One that itself sleeps is open while its watchers say so.
        let all = nodes.nodes[amp.node].voices != width(nodes, &nodes.nodes[amp.node].ins[amp.gain]);
        silent.entry(amp.node).or_insert_with(|| BTreeMap::from([(index, all)]));
    }
    loop {
        let before = silent.len();
        for (index, node) in nodes.nodes.iter().enumerate() {
            let Op::Sum(shape) = node.op else { continue };
            let through = shape.lo <= 0.0 && shape.hi >= 0.0 && node.ins[0] == In::Const(0.0);
            if silent.contains_key(&index) || !through || nodes.probes.iter().any(|probe| is_of(probe, index)) {
                continue;
            }
            let terms = node.ins[1..].iter().step_by(2).map(|input| match input {
                In::Node { node, late: false, .. } => silent.get(node),
                _ => None,
            });
            let Some(terms) = terms.collect::<Option<Vec<_>>>() else { continue };
            let all = shape.collapse || terms.len() > 1;
            let of: BTreeMap<usize, bool> =
                terms.into_iter().flatten().map(|(&amp, &known)| (amp, known || all)).collect();
            if of.keys().all(|amp| !made[amp].contains(&index)) {
                silent.insert(index, of);
            }
        }
        if silent.len() == before {
            return silent;
        }
    }
}

fn is_of(input: &In, index: usize) -> bool {
    matches!(input, In::Node { node, .. } if *node == index)
}

/// All that an amplifier's gain is made of.
fn ancestors(nodes: &Nodes, amp: &Amp) -> BTreeSet<usize> {
    let In::Node { node, .. } = nodes.nodes[amp.node].ins[amp.gain] else { return BTreeSet::new() };
    let (mut seen, mut work) = (BTreeSet::from([node]), vec![node]);
    while let Some(at) = work.pop() {
        work.extend(sources(&nodes.nodes[at]).map(|(_, source)| source).filter(|source| seen.insert(*source)));
    }
    seen
}
