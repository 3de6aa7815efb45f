//! Where each module stands: its path.
//!
//! A named module's path is its name behind that of the template instance it stands in. One written in place has a path
//! made of its type and what it is wired to, so that it keeps it when the text is shuffled and when something else is
//! edited: `Lowpass@osc.saw`. Several with one such path are told apart by all that is known of them; true twins, which
//! nothing tells apart, are numbered.

use super::earlier;
use crate::flat::{Channel, Expanded, Feed, Shape, V, What};
use crate::hash::HashMap;
use crate::linear::{fnv, fnv_on};
use patches_core::graph::Path;
use patches_core::spec::Side;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Paths of everything.
pub(super) struct Paths {
    /// Of the modules.
    pub modules: Vec<Path>,
    /// Earlier paths of the modules.
    pub was: Vec<Vec<Path>>,
    /// Of the bodies; that of the file is empty.
    pub bodies: Vec<Path>,
}

/// What can be wired: modules first, then template instances.
type Node = usize;

/// One cable as its text has it.
struct Wire {
    from: Node,
    from_port: Arc<str>,
    to: Node,
    to_port: Arc<str>,
    /// What stands on and around it: scales, other terms.
    note: u64,
}

/// Works out all paths.
pub(super) fn paths(expanded: &Expanded) -> Paths {
    let naming = Naming::new(expanded);
    let local = naming.local_names();
    let modules = expanded.modules.len();
    // A body stands after the one it is in, so one pass from the front knows every outer path.
    let mut bodies: Vec<Path> = Vec::with_capacity(expanded.bodies.len());
    let mut renamed: Vec<bool> = Vec::with_capacity(expanded.bodies.len());
    for (index, body) in expanded.bodies.iter().enumerate() {
        let path = match body.outer {
            Some(outer) => joined(&bodies[outer], &local[modules + index]),
            None => Arc::from(""),
        };
        bodies.push(path);
        let outer = body.outer.is_some_and(|outer| renamed[outer]);
        renamed.push(outer || !body.was.is_empty());
    }
    let mut was: Vec<Vec<Path>> = Vec::with_capacity(modules);
    let mut paths = Vec::with_capacity(modules);
    for (index, draft) in expanded.modules.iter().enumerate() {
        paths.push(joined(&bodies[draft.body], &local[index]));
        was.push(if renamed[draft.body] || !draft.was.is_empty() {
            earlier::earlier(expanded, &bodies, draft, &local[index])
        } else {
            Vec::new()
        });
    }
    Paths { modules: paths, was, bodies }
}

pub(super) fn joined(outer: &str, local: &str) -> Path {
    if outer.is_empty() { local.into() } else { format!("{outer}/{local}").into() }
}

struct Naming<'a> {
    expanded: &'a Expanded,
    wires: Vec<Wire>,
    /// Ports without side and channel, by where their names lie: most are, and each is named often.
    plain: HashMap<(*const u8, usize), Arc<str>>,
    /// Indices of the wires that go to and come from each node.
    into: Vec<Vec<usize>>,
    out_of: Vec<Vec<usize>>,
}

impl<'a> Naming<'a> {
    fn new(expanded: &'a Expanded) -> Naming<'a> {
        let count = expanded.modules.len() + expanded.bodies.len();
        let (into, out_of) = (vec![Vec::new(); count], vec![Vec::new(); count]);
        let mut naming = Naming { expanded, wires: Vec::new(), plain: HashMap::default(), into, out_of };
        for (index, draft) in expanded.modules.iter().enumerate() {
            for fed in &draft.fed {
                let name = draft.spec.inputs[fed.port as usize].names[0];
                let port = naming.port(name, fed.side, &fed.channel);
                naming.feed(&fed.feed, index, port);
            }
        }
        for junction in &expanded.junctions {
            for feed in &junction.feeds {
                naming.feed(feed, expanded.modules.len() + junction.body, junction.name.clone());
            }
        }
        for (index, wire) in naming.wires.iter().enumerate() {
            naming.into[wire.to].push(index);
            naming.out_of[wire.from].push(index);
        }
        naming
    }

    /// How a port is called.
    fn port(&mut self, name: &'static str, side: Side, channel: &Channel) -> Arc<str> {
        if side == Side::Both && *channel == Channel::Unsaid {
            return self.plain.entry((name.as_ptr(), name.len())).or_insert_with(|| name.into()).clone();
        }
        format!("{name}{}{}", side.suffix(), channel_text(channel)).into()
    }

    fn feed(&mut self, feed: &Feed, to: Node, to_port: Arc<str>) {
        let note = hash(&[
            value_hash(&feed.value),
            feed.scale.as_ref().map_or(1, value_hash),
            u64::from(feed.late),
            feed.take as u64,
        ]);
        let mut todo: Vec<&V> = vec![&feed.value];
        todo.extend(&feed.scale);
        while let Some(v) = todo.pop() {
            match &v.what {
                What::Port(source) => {
                    let name = self.expanded.modules[source.module].spec.outputs[source.port as usize].names[0];
                    let from_port = self.port(name, source.side, &source.channel);
                    self.wires.push(Wire { from: source.module, from_port, to, to_port: to_port.clone(), note });
                }
                What::Junction(index) => self.junction(*index, to, &to_port, note),
                What::Pair(left, right) => {
                    self.junction(*left, to, &to_port, note);
                    self.junction(*right, to, &to_port, note);
                }
                What::Minus(inner) => todo.push(inner),
                What::Sum(parts) | What::Product(parts) => todo.extend(parts.iter().map(|(_, v)| v)),
                What::Apply(_, args) | What::List(args) => todo.extend(args),
                _ => {}
            }
        }
    }

    fn junction(&mut self, index: usize, to: Node, to_port: &Arc<str>, note: u64) {
        let junction = &self.expanded.junctions[index];
        let (from, from_port) = (self.expanded.modules.len() + junction.body, junction.name.clone());
        self.wires.push(Wire { from, from_port, to, to_port: to_port.clone(), note });
    }

    /// The name, where the node has one.
    fn name(&self, node: Node) -> Option<&Arc<str>> {
        match node.checked_sub(self.expanded.modules.len()) {
            None => self.expanded.modules[node].name.as_ref(),
            Some(body) => self.expanded.bodies[body].name.as_ref(),
        }
    }

    fn body(&self, node: Node) -> usize {
        match node.checked_sub(self.expanded.modules.len()) {
            None => self.expanded.modules[node].body,
            Some(body) => self.expanded.bodies[body].outer.unwrap_or(0),
        }
    }

    /// Type and round: `Osc[3]`.
    fn kind(&self, node: Node) -> String {
        match node.checked_sub(self.expanded.modules.len()) {
            None => {
                let draft = &self.expanded.modules[node];
                format!("{}{}", draft.spec.name(), draft.round)
            }
            Some(body) => {
                let body = &self.expanded.bodies[body];
                format!("{}{}", body.template, body.round)
            }
        }
    }

    /// How a neighbour is called, seen from a node in a body.
    fn label(&self, node: Node, seen_from: usize) -> String {
        if node.checked_sub(self.expanded.modules.len()) == Some(seen_from) {
            return "$".to_string();
        }
        // A slash stands between bodies only; names with one come from a flat form.
        self.name(node).map_or_else(
            || self.kind(node),
            |name| {
                if name.contains('/') { name.replace('/', ":") } else { name.to_string() }
            },
        )
    }

    /// Type and nearest neighbour of a node without a name.
    fn candidate(&self, node: Node) -> String {
        let body = self.body(node);
        let from = |&wire: &usize| {
            let wire = &self.wires[wire];
            (wire.to_port.clone(), format!("{}.{}", self.label(wire.from, body), wire.from_port))
        };
        let to = |&wire: &usize| {
            let wire = &self.wires[wire];
            (wire.from_port.clone(), format!(">{}.{}", self.label(wire.to, body), wire.to_port))
        };
        // A template instance is wired to its inside too, which says nothing about where it stands.
        let inner = node.checked_sub(self.expanded.modules.len());
        let inside = |other: Node| inner == Some(self.body(other));
        let into = self.into[node].iter().filter(|&&wire| !inside(self.wires[wire].from)).map(from).min();
        let near =
            into.or_else(|| self.out_of[node].iter().filter(|&&wire| !inside(self.wires[wire].to)).map(to).min());
        format!("{}@{}", self.kind(node), near.map(|(_, label)| label).unwrap_or_default())
    }

    /// Names of all nodes within their bodies.
    fn local_names(&self) -> Vec<Arc<str>> {
        let count = self.into.len();
        let mut names: Vec<Arc<str>> = vec![Arc::from(""); count];
        let mut alike: BTreeMap<(usize, String), Vec<Node>> = BTreeMap::new();
        for (node, slot) in names.iter_mut().enumerate() {
            match self.name(node) {
                Some(name) => *slot = name.clone(),
                None => alike.entry((self.body(node), self.candidate(node))).or_default().push(node),
            }
        }
        let twins = alike.values().any(|nodes| nodes.len() > 1);
        let own: Vec<u64> = if twins { (0..count).map(|node| self.own_colour(node)).collect() } else { Vec::new() };
        let colours = if twins { self.colours(&own) } else { Vec::new() };
        for ((_, candidate), mut nodes) in alike {
            // What a node says itself comes first, so that twins of every instance are numbered alike.
            if nodes.len() > 1 {
                nodes.sort_by_key(|&node| (own[node], colours[node]));
            }
            for (n, node) in nodes.into_iter().enumerate() {
                names[node] = if n == 0 { candidate.as_str().into() } else { format!("{candidate}#{}", n + 1).into() };
            }
        }
        names
    }

    /// A number for each node that says all that is known of it: its own settings and, step by step, its neighbours'.
    fn colours(&self, own: &[u64]) -> Vec<u64> {
        let count = self.into.len();
        let mut colours = own.to_vec();
        let mut kinds = distinct(&colours);
        // What a wire says itself stands before its neighbour's number, so it is worked out once.
        let said = |way: u64| -> Vec<u64> {
            let says = |wire: &Wire| hash(&[way, hash_text(&wire.to_port), hash_text(&wire.from_port), wire.note]);
            self.wires.iter().map(says).collect()
        };
        let (into, out_of) = (said(1), said(2));
        let mut near = Vec::new();
        loop {
            let mut next = |node: Node| self.next_colour(node, &colours, &into, &out_of, &mut near);
            let next: Vec<u64> = (0..count).map(&mut next).collect();
            colours = next;
            let now = distinct(&colours);
            // A step that tells no more nodes apart is followed by none that does.
            if now <= kinds {
                return colours;
            }
            kinds = now;
        }
    }

    fn own_colour(&self, node: Node) -> u64 {
        let name = self.name(node).map_or(0, |name| hash_text(name));
        let mut parts = vec![self.body(node) as u64, name, hash_text(&self.kind(node))];
        if let Some(draft) = self.expanded.modules.get(node) {
            parts.push(match &draft.shape {
                Shape::Unsaid => 0,
                Shape::Count(count) => u64::from(*count),
                Shape::Names(names) => hash(&names.iter().map(|name| hash_text(name)).collect::<Vec<_>>()),
            });
            let mut set: Vec<u64> = draft
                .params
                .iter()
                .map(|(index, channel, v)| hash(&[u64::from(*index), hash_text(&channel_text(channel)), value_hash(v)]))
                .collect();
            set.extend(draft.fed.iter().map(|fed| {
                let port = hash_text(&format!("{}{}", fed.port, channel_text(&fed.channel)));
                hash(&[port, value_hash(&fed.feed.value), u64::from(fed.feed.set)])
            }));
            set.sort_unstable();
            parts.push(hash(&set));
        } else if let Some(body) = self.expanded.bodies.get(node - self.expanded.modules.len()) {
            parts.extend(body.given.iter().map(value_hash));
        }
        // A body's number depends on the order of the text; its path is made of names, and bodies are named apart.
        parts[0] = 0;
        hash(&parts)
    }

    fn next_colour(&self, node: Node, colours: &[u64], into: &[u64], out_of: &[u64], near: &mut Vec<u64>) -> u64 {
        near.clear();
        near.extend(self.into[node].iter().map(|&wire| hash_on(into[wire], colours[self.wires[wire].from])));
        near.extend(self.out_of[node].iter().map(|&wire| hash_on(out_of[wire], colours[self.wires[wire].to])));
        near.sort_unstable();
        near.push(colours[node]);
        hash(near)
    }
}

fn distinct(colours: &[u64]) -> usize {
    let mut sorted = colours.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.len()
}

fn channel_text(channel: &Channel) -> String {
    match channel {
        Channel::Unsaid => String::new(),
        Channel::Number(n) => format!("[{n}]"),
        Channel::Named(name) => format!("[{name}]"),
    }
}

fn hash_text(text: &str) -> u64 {
    fnv(text.bytes())
}

fn hash(parts: &[u64]) -> u64 {
    parts.iter().fold(fnv([]), |so_far, part| hash_on(so_far, *part))
}

/// A hash with one more part.
fn hash_on(so_far: u64, part: u64) -> u64 {
    fnv_on(so_far, part.to_le_bytes())
}

/// What a value says, its sources left out: those are neighbours.
fn value_hash(v: &V) -> u64 {
    match &v.what {
        What::Const(c) => hash(&[1, c.dim as u64, c.value.to_bits()]),
        What::Word(text) | What::Text(text) | What::File(text) => hash(&[2, hash_text(text)]),
        What::Bool(b) => hash(&[3, u64::from(*b)]),
        What::List(members) => hash(&members.iter().map(value_hash).collect::<Vec<_>>()),
        What::Minus(inner) => hash(&[4, value_hash(inner)]),
        What::Sum(parts) => {
            hash(&parts.iter().map(|(m, v)| hash(&[5, u64::from(*m), value_hash(v)])).collect::<Vec<_>>())
        }
        What::Product(parts) => {
            hash(&parts.iter().map(|(d, v)| hash(&[6, u64::from(*d), value_hash(v)])).collect::<Vec<_>>())
        }
        What::Apply(function, args) => {
            let name = hash_text(function.name());
            hash(&std::iter::once(name).chain(args.iter().map(value_hash)).collect::<Vec<_>>())
        }
        What::Pattern(name, _) => hash(&[7, hash_text(name)]),
        What::Song(song) => hash(&[8, hash_text(&song.name)]),
        What::Port(_) | What::Junction(_) | What::Pair(..) | What::Poison => 10,
    }
}
