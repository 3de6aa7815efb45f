//! Where each module stands: its path.
//!
//! A named module's path is its name behind that of the template instance it stands in. One written in place has a path
//! made of its type and what it is wired to, so that it keeps it when the text is shuffled and when something else is
//! edited: `Lowpass@osc.saw`. Several with one such path are told apart by all that is known of them; true twins, which
//! nothing tells apart, are numbered.

use super::earlier;
use super::numbered::Lists;
use crate::flat::{Channel, Expanded, Feed, Shape, V, What};
use crate::hash::HashMap;
use crate::linear::{fnv, fnv_on};
use patches_core::graph::Path;
use patches_core::spec::Side;
use smallvec::{SmallVec, smallvec};
use std::collections::BTreeMap;
use std::fmt::Write;
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

/// A few numbers.
type Numbers = SmallVec<[u64; 8]>;

/// What can be wired: modules first, then template instances.
type Node = usize;

/// One cable as its text has it.
struct Wire {
    from: Node,
    from_port: Arc<str>,
    to: Node,
    to_port: Arc<str>,
    /// What stands on and around it: scales, other terms, and its place among them.
    note: u64,
    /// Those of one expression have one number, and follow each other.
    feed: u32,
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
    let mut path = String::new();
    for (index, draft) in expanded.modules.iter().enumerate() {
        // The file's own body has no path, and its names are paths as they are.
        paths.push(match draft.body {
            0 => local[index].clone(),
            body => {
                path.clear();
                [&*bodies[body], "/", &*local[index]].iter().for_each(|part| path.push_str(part));
                path.as_str().into()
            }
        });
        was.push(if renamed[draft.body] || !draft.was.is_empty() {
            earlier::earlier(expanded, &bodies, draft, &local[index])
        } else {
            Vec::new()
        });
    }
    Paths { modules: paths, was, bodies }
}

pub(super) fn joined(outer: &str, local: &str) -> Path {
    if outer.is_empty() { local.into() } else { [outer, "/", local].concat().into() }
}

struct Naming<'a> {
    expanded: &'a Expanded,
    wires: Vec<Wire>,
    feeds: u32,
    /// Ports without side and channel, by where their names lie: most are, and each is named often.
    plain: HashMap<(*const u8, usize), Arc<str>>,
    /// Indices of the wires that go to and come from each node.
    into: Lists,
    out_of: Lists,
}

impl<'a> Naming<'a> {
    fn new(expanded: &'a Expanded) -> Naming<'a> {
        let count = expanded.modules.len() + expanded.bodies.len();
        let (into, out_of) = (Lists::new(0, std::iter::empty()), Lists::new(0, std::iter::empty()));
        let mut naming = Naming { expanded, wires: Vec::new(), feeds: 0, plain: HashMap::default(), into, out_of };
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
        naming.into = Lists::new(count, naming.wires.iter().map(|wire| wire.to));
        naming.out_of = Lists::new(count, naming.wires.iter().map(|wire| wire.from));
        naming
    }

    /// How a port is called.
    fn port(&mut self, name: &'static str, side: Side, channel: &Channel) -> Arc<str> {
        if side == Side::Both && matches!(channel, Channel::Unsaid | Channel::Alone(_)) {
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
        self.feeds += 1;
        self.each_source(std::iter::once(&feed.value).chain(&feed.scale), to, &to_port, note);
    }

    /// The sources of parts of one value, which their places tell apart: `Noise * (Noise + 1)`.
    fn each_source<'v>(&mut self, parts: impl Iterator<Item = &'v V>, to: Node, to_port: &Arc<str>, note: u64) {
        parts.zip(0..).for_each(|(part, place)| self.sources(part, to, to_port, hash_on(note, place)));
    }

    fn sources(&mut self, v: &V, to: Node, to_port: &Arc<str>, note: u64) {
        match &v.what {
            What::Port(source) => {
                let name = self.expanded.modules[source.module].spec.outputs[source.port as usize].names[0];
                let from_port = self.port(name, source.side, &source.channel);
                let (from, to_port) = (source.module, to_port.clone());
                self.wires.push(Wire { from, from_port, to, to_port, note, feed: self.feeds });
            }
            What::Junction(index) => self.junction(*index, to, to_port, note),
            What::Pair(left, right) => {
                self.junction(*left, to, to_port, note);
                self.junction(*right, to, to_port, note);
            }
            What::Minus(inner) => self.sources(inner, to, to_port, note),
            What::Sum(parts) | What::Product(parts) => {
                self.each_source(parts.iter().map(|(_, part)| part), to, to_port, note);
            }
            What::Apply(_, parts) | What::List(parts) => self.each_source(parts.iter(), to, to_port, note),
            _ => {}
        }
    }

    fn junction(&mut self, index: usize, to: Node, to_port: &Arc<str>, note: u64) {
        let junction = &self.expanded.junctions[index];
        let (from, from_port) = (self.expanded.modules.len() + junction.body, junction.name.clone());
        self.wires.push(Wire { from, from_port, to, to_port: to_port.clone(), note, feed: self.feeds });
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

    /// Type and round: `Osc` and `[3]`.
    fn kind(&self, node: Node) -> [&str; 2] {
        match node.checked_sub(self.expanded.modules.len()) {
            None => {
                let draft = &self.expanded.modules[node];
                [draft.spec.name(), &draft.round]
            }
            Some(body) => {
                let body = &self.expanded.bodies[body];
                [&body.template, &body.round]
            }
        }
    }

    /// How a neighbour and its port are called, seen from a node in a body.
    fn label(&self, sign: &str, node: Node, port: &str, seen_from: usize) -> String {
        let [kind, round] = match self.name(node) {
            _ if node.checked_sub(self.expanded.modules.len()) == Some(seen_from) => ["$", ""],
            Some(name) => [&**name, ""],
            None => self.kind(node),
        };
        // A slash stands between bodies only; names with one come from a flat form.
        if kind.contains('/') && self.name(node).is_some() {
            return [sign, &kind.replace('/', ":"), ".", port].concat();
        }
        [sign, kind, round, ".", port].concat()
    }

    /// Type and nearest neighbour of a node without a name.
    fn candidate(&self, node: Node) -> String {
        let body = self.body(node);
        let from = |&wire: &u32| {
            let wire = &self.wires[wire as usize];
            (&*wire.to_port, self.label("", wire.from, &wire.from_port, body))
        };
        let to = |&wire: &u32| {
            let wire = &self.wires[wire as usize];
            (&*wire.from_port, self.label(">", wire.to, &wire.to_port, body))
        };
        // A template instance is wired to its inside too, which says nothing about where it stands.
        let inner = node.checked_sub(self.expanded.modules.len());
        let inside = |other: Node| inner == Some(self.body(other));
        let into = self.into.of(node).iter().filter(|&&wire| !inside(self.wires[wire as usize].from)).map(from).min();
        let near = into.or_else(|| {
            self.out_of.of(node).iter().filter(|&&wire| !inside(self.wires[wire as usize].to)).map(to).min()
        });
        let [kind, round] = self.kind(node);
        [kind, round, "@", near.as_ref().map_or("", |(_, label)| label)].concat()
    }

    /// Names of all nodes within their bodies.
    fn local_names(&self) -> Vec<Arc<str>> {
        let count = self.expanded.modules.len() + self.expanded.bodies.len();
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
            let (mut name, length) = (candidate.clone(), candidate.len());
            for (n, node) in nodes.into_iter().enumerate() {
                if n > 0 {
                    name.truncate(length);
                    write!(name, "#{}", n + 1).expect("a string takes any text");
                }
                names[node] = name.as_str().into();
            }
        }
        names
    }

    /// A number for each node that says all that is known of it: its own settings and, step by step, its neighbours'.
    fn colours(&self, own: &[u64]) -> Vec<u64> {
        let count = self.expanded.modules.len() + self.expanded.bodies.len();
        let mut colours = own.to_vec();
        let mut kinds = distinct(&colours);
        // What a wire says itself stands before its neighbour's number, so it is worked out once.
        let said = |way: u64| -> Vec<u64> {
            let says = |wire: &Wire| hash(&[way, hash_text(&wire.to_port), hash_text(&wire.from_port), wire.note]);
            self.wires.iter().map(says).collect()
        };
        let (into, out_of) = (said(1), said(2));
        let beside = Beside::new(&self.wires, count);
        let mut near = Vec::new();
        loop {
            let mut next = |node: Node| self.next_colour(node, &colours, (&into, &out_of, &beside), &mut near);
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
        let [kind, round] = self.kind(node);
        // A body's number depends on the order of the text; its path is made of names, and bodies are named apart.
        let mut parts: Numbers = smallvec![0, name, fnv_on(hash_text(kind), round.bytes())];
        if let Some(draft) = self.expanded.modules.get(node) {
            parts.push(match &draft.shape {
                Shape::Unsaid => 0,
                Shape::Count(count) => u64::from(*count),
                Shape::Names(names) => hash_all(names.iter().map(|name| hash_text(name))),
            });
            let mut set: Numbers = draft
                .params
                .iter()
                .map(|g| hash(&[u64::from(g.param), channel_hash(fnv([]), &g.channel), value_hash(&g.value)]))
                .collect();
            set.extend(draft.fed.iter().map(|fed| {
                let port = channel_hash(number_hash(fnv([]), u32::from(fed.port)), &fed.channel);
                hash(&[port, value_hash(&fed.feed.value), u64::from(fed.feed.set)])
            }));
            set.sort_unstable();
            parts.push(hash(&set));
        } else if let Some(body) = self.expanded.bodies.get(node - self.expanded.modules.len()) {
            parts.extend(body.given.iter().map(value_hash));
        }
        hash(&parts)
    }

    fn next_colour(
        &self,
        node: Node,
        colours: &[u64],
        (into, out_of, beside): (&[u64], &[u64], &Beside),
        near: &mut Vec<u64>,
    ) -> u64 {
        near.clear();
        let from = |wire: usize| hash_on(into[wire], colours[self.wires[wire].from]);
        let to = |wire: usize| hash_on(out_of[wire], colours[self.wires[wire].to]);
        near.extend(self.into.of(node).iter().map(|&wire| from(wire as usize)));
        near.extend(self.out_of.of(node).iter().map(|&wire| to(wire as usize)));
        beside.of(node, colours, near);
        near.sort_unstable();
        near.push(colours[node]);
        hash(near)
    }
}

/// Sources that stand beside each other in one expression, `a * b`: what tells them apart tells what they go with.
struct Beside {
    /// One, the next, and what their wires say.
    pairs: Vec<(Node, Node, u64)>,
    before: Lists,
    behind: Lists,
}

impl Beside {
    fn new(wires: &[Wire], count: usize) -> Beside {
        let next = wires.windows(2).filter(|pair| pair[0].feed == pair[1].feed);
        let said = |pair: &[Wire]| (pair[0].from, pair[1].from, hash(&[pair[0].note, pair[1].note]));
        let pairs: Vec<(Node, Node, u64)> = next.map(said).collect();
        let before = Lists::new(count, pairs.iter().map(|pair| pair.1));
        let behind = Lists::new(count, pairs.iter().map(|pair| pair.0));
        Beside { pairs, before, behind }
    }

    /// Adds what a node's neighbours in expressions are.
    fn of(&self, node: Node, colours: &[u64], near: &mut Vec<u64>) {
        let said = |way: u64, note: u64, other: Node| hash_on(hash_on(note, way), colours[other]);
        let pair = |&pair: &u32| self.pairs[pair as usize];
        near.extend(self.before.of(node).iter().map(pair).map(|(other, _, note)| said(3, note, other)));
        near.extend(self.behind.of(node).iter().map(pair).map(|(_, other, note)| said(4, note, other)));
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
        Channel::Unsaid | Channel::Alone(_) => String::new(),
        Channel::Number(n) => format!("[{n}]"),
        Channel::Named(name) | Channel::Row(name) => format!("[{name}]"),
    }
}

/// The hash of a text with that of a channel behind it.
fn channel_hash(so_far: u64, channel: &Channel) -> u64 {
    match channel {
        Channel::Unsaid | Channel::Alone(_) => so_far,
        Channel::Number(n) => fnv_on(number_hash(fnv_on(so_far, *b"["), *n), *b"]"),
        Channel::Named(name) | Channel::Row(name) => fnv_on(fnv_on(fnv_on(so_far, *b"["), name.bytes()), *b"]"),
    }
}

/// The hash of a text with a number's digits behind it.
fn number_hash(so_far: u64, n: u32) -> u64 {
    let so_far = if n >= 10 { number_hash(so_far, n / 10) } else { so_far };
    fnv_on(so_far, [b'0' + (n % 10) as u8])
}

fn hash_text(text: &str) -> u64 {
    fnv(text.bytes())
}

fn hash(parts: &[u64]) -> u64 {
    hash_all(parts.iter().copied())
}

fn hash_all(parts: impl IntoIterator<Item = u64>) -> u64 {
    parts.into_iter().fold(fnv([]), hash_on)
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
        What::List(members) => hash_all(members.iter().map(value_hash)),
        What::Minus(inner) => hash(&[4, value_hash(inner)]),
        What::Sum(parts) => hash_all(parts.iter().map(|(m, v)| hash(&[5, u64::from(*m), value_hash(v)]))),
        What::Product(parts) => hash_all(parts.iter().map(|(d, v)| hash(&[6, u64::from(*d), value_hash(v)]))),
        What::Apply(function, args) => {
            let name = hash_text(function.name());
            hash_all(std::iter::once(name).chain(args.iter().map(value_hash)))
        }
        What::Pattern(name, _) => hash(&[7, hash_text(name)]),
        What::Song(song) => hash(&[8, hash_text(&song.name)]),
        What::Port(_) | What::Junction(_) | What::Pair(..) | What::Poison => 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_pieces_are_those_of_the_text() {
        for n in [0, 9, 10, 99, 100, 65_535, u32::MAX] {
            for channel in [Channel::Unsaid, Channel::Number(n), Channel::Named("kick".into())] {
                let text = format!("{n}{}", channel_text(&channel));
                assert_eq!(channel_hash(number_hash(fnv([]), n), &channel), hash_text(&text), "{text}");
            }
        }
    }
}
