//! What is cut off: sound that ends nowhere, and modules that wait for what never comes.

use super::Checker;
use super::numbered::{Lists, Numbered};
use super::sums::each_leaf;
use crate::fault::{Fault, codes};
use crate::flat::{Draft, Feed, V, What};
use crate::hash::{HashMap, HashSet};
use patches_core::graph::{Module, Path};
use patches_core::spec::{Kind, Normal, Spec};
use std::cmp::Reverse;
use std::ops::Range;

/// How a port is called in a message.
pub(super) fn port_of(path: &str, module: &Module, port: &str) -> String {
    match module.unnamed {
        true => format!("`{port}` of this `{}`", module.spec.name()),
        false => format!("`{}.{port}`", shown(path)),
    }
}

/// A path as a person knows it: where a part of it was made up for an instance without a name, the name alone.
fn shown(path: &str) -> &str {
    if path.contains('@') { path.rsplit('/').next().unwrap_or(path) } else { path }
}

/// The inputs that make a module what it is: those of sound it begins with, or of gates and triggers. What is normalled does
/// not wait for anything; what begins otherwise, with a pitch or a rate, sounds by itself.
pub(super) fn leading(spec: &Spec) -> Range<usize> {
    let Some(start) = spec.inputs.iter().position(|input| input.normal != Normal::Unplugs) else { return 0..0 };
    let event = |kind: Kind| matches!(kind, Kind::Gate | Kind::Trigger);
    let belongs = |&index: &usize| {
        let (first, input) = (&spec.inputs[start], &spec.inputs[index]);
        let follows = matches!(input.normal, Normal::Follows(other) if usize::from(other) != index);
        match first.kind {
            Kind::Audio => start == 0 && input.kind == Kind::Audio && !follows,
            kind => event(kind) && event(input.kind),
        }
    };
    start..(start..spec.inputs.len()).take_while(belongs).last().map_or(start, |last| last + 1)
}

/// Where what runs inside a template leaves it.
struct Ways {
    /// Modules that feed an output of the instance they stand in, by index: that instance's body.
    modules: HashMap<usize, usize>,
    /// Instances that feed an output of the one they stand in, by body.
    bodies: HashMap<usize, usize>,
}

impl Checker<'_> {
    /// Which modules something comes of: they lead to an output, a file or a view. Signals that nothing uses are told by
    /// their names; what they are made of counts as wanted.
    pub(super) fn reached(&self, graph: &Numbered<'_>) -> Vec<bool> {
        let into = graph.lists(|cable| cable.1);
        // A module without outputs is an end in itself, and so is one that writes a file.
        let ends = graph.modules.iter().enumerate().filter(|(_, (_, module))| {
            module.spec.outputs.is_empty()
                || matches!(module.spec.name(), "Recorder" | "MidiOut" | "OscOut" | "AudioOut")
        });
        // What is watched is wanted.
        let watched = self.graph.probes.iter().filter_map(|probe| graph.number(&probe.from.module));
        let mut todo: Vec<usize> = ends.map(|(number, _)| number).chain(watched).collect();
        for idle in &self.expanded.idle {
            each_leaf(idle, &mut |what| {
                if let What::Port(source) = what {
                    todo.extend(graph.number(&self.paths[source.module]));
                }
            });
        }
        let mut reached = vec![false; graph.modules.len()];
        todo.iter().for_each(|&number| reached[number] = true);
        upstream(graph, &into, todo, &mut reached);
        reached
    }

    /// Sound that ends nowhere, told once for each chain, at its end.
    pub(super) fn reaches_nothing(&self, graph: &Numbered<'_>, reached: &[bool], bodies: &[Path]) -> Vec<Fault> {
        let mut cut_off: Vec<usize> = (0..reached.len()).filter(|&number| !reached[number]).collect();
        if cut_off.is_empty() {
            return Vec::new();
        }
        let (into, out_of) = (graph.lists(|cable| cable.1), graph.lists(|cable| cable.0));
        let drafts: HashMap<&str, usize> =
            self.paths.iter().enumerate().map(|(index, path)| (&**path, index)).collect();
        let (ways, lively) = (self.ways(), self.lively(graph, reached));
        let mut told = reached.to_vec();
        let mut faults = Vec::new();
        // The ends first; of a ring, which has none, what is written last.
        cut_off.sort_by_key(|&number| (!out_of.of(number).is_empty(), Reverse(graph.modules[number].1.span)));
        for number in cut_off {
            if std::mem::replace(&mut told[number], true) {
                continue;
            }
            upstream(graph, &into, vec![number], &mut told);
            if let Some(&index) = drafts.get(&**graph.modules[number].0) {
                faults.extend(self.cut_off(index, &ways, &lively, bodies));
            }
        }
        faults
    }

    /// A module that reaches nothing; where it is an instance's output that does, the instance. One of whose outputs some are
    /// used is as it was meant.
    fn cut_off(&self, index: usize, ways: &Ways, lively: &[bool], bodies: &[Path]) -> Option<Fault> {
        let draft = &self.expanded.modules[index];
        let mut instance = ways.modules.get(&index).copied();
        while let Some(outer) = instance.and_then(|body| ways.bodies.get(&body)) {
            instance = Some(*outer);
        }
        let (span, unnamed, kind, path) = match instance {
            Some(body) if lively[body] => return None,
            Some(body) => {
                let found = &self.expanded.bodies[body];
                (found.span, found.name.is_none(), &*found.template, &bodies[body])
            }
            None => (draft.span, draft.unnamed, draft.spec.name(), &self.paths[index]),
        };
        let fault = match unnamed {
            true => format!("this `{kind}` reaches no output"),
            false => format!("`{}` reaches no output", shown(path)),
        };
        Some(Fault::warning(codes::REACHES_NOTHING, span, fault))
    }

    fn ways(&self) -> Ways {
        let expanded = self.expanded;
        let mut ways = Ways { modules: HashMap::default(), bodies: HashMap::default() };
        for junction in &expanded.junctions {
            for feed in &junction.feeds {
                each_leaf(&feed.value, &mut |what| {
                    let mut through = |inner: usize| {
                        let from = expanded.junctions[inner].body;
                        if expanded.bodies[from].outer == Some(junction.body) {
                            ways.bodies.insert(from, junction.body);
                        }
                    };
                    match what {
                        What::Port(source) if expanded.modules[source.module].body == junction.body => {
                            ways.modules.insert(source.module, junction.body);
                        }
                        What::Junction(inner) => through(*inner),
                        What::Pair(left, right) => [left, right].into_iter().for_each(|inner| through(*inner)),
                        _ => {}
                    }
                });
            }
        }
        ways
    }

    /// Bodies of which something reaches an output.
    fn lively(&self, graph: &Numbered<'_>, reached: &[bool]) -> Vec<bool> {
        let mut lively = vec![false; self.expanded.bodies.len()];
        for (draft, path) in self.expanded.modules.iter().zip(&self.paths) {
            let mut body = Some(draft.body).filter(|_| graph.number(path).is_some_and(|number| reached[number]));
            while let Some(inner) = body.filter(|&inner| !lively[inner]) {
                lively[inner] = true;
                body = self.expanded.bodies[inner].outer;
            }
        }
        lively
    }

    /// Modules that are heard and have nothing to work on.
    pub(super) fn never_fed(&self, graph: &Numbered<'_>, reached: &[bool], bodies: &[Path]) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (index, draft) in self.expanded.modules.iter().enumerate() {
            let needed = leading(draft.spec);
            let feeds = || draft.fed.iter().filter(|fed| needed.contains(&usize::from(fed.port))).map(|fed| &fed.feed);
            if needed.is_empty() || feeds().any(|feed| self.brings(feed)) {
                continue;
            }
            let heard = graph.number(&self.paths[index]).is_some_and(|number| reached[number]);
            let silent = |fault: &Fault| fault.code == codes::NOTHING_TO_PLAY && fault.span == draft.span;
            if heard && !self.expanded.faults.iter().any(silent) {
                faults.push(match feeds().find_map(|feed| self.unfed(&feed.value)) {
                    Some(junction) => self.instance_never_fed(junction, bodies),
                    None => self.module_never_fed(index, draft, needed),
                });
            }
        }
        faults
    }

    /// Whether anything may come through a cable: not where it is from a port of a template that nothing feeds.
    fn brings(&self, feed: &Feed) -> bool {
        let (mut todo, mut seen) = (vec![feed], HashSet::default());
        while let Some(feed) = todo.pop() {
            let through = match &feed.value.what {
                What::Junction(junction) => [Some(*junction), None],
                What::Pair(left, right) => [Some(*left), Some(*right)],
                _ => return true,
            };
            for junction in through.into_iter().flatten().filter(|junction| seen.insert(*junction)) {
                let junction = &self.expanded.junctions[junction];
                let follows = junction.follows.map(|left| &self.expanded.junctions[left].feeds);
                todo.extend(follows.filter(|_| junction.feeds.is_empty()).unwrap_or(&junction.feeds));
            }
        }
        false
    }

    /// The outermost port of a template that a value comes from.
    fn unfed(&self, value: &V) -> Option<usize> {
        let (mut found, mut next) = (None, Some(value));
        // No way through the ports is longer than there are, unless it goes round, which is told elsewhere.
        for _ in 0..=self.expanded.junctions.len() {
            let Some(What::Junction(junction) | What::Pair(junction, _)) = next.map(|value| &value.what) else { break };
            found = Some(*junction);
            next = self.expanded.junctions[*junction].feeds.first().map(|feed| &feed.value);
        }
        found
    }

    fn instance_never_fed(&self, junction: usize, bodies: &[Path]) -> Fault {
        let port = &self.expanded.junctions[junction];
        let body = &self.expanded.bodies[port.body];
        let (name, path, template) = (&port.name, &bodies[port.body], &body.template);
        let message = match body.name.is_none() {
            true => format!("nothing feeds `{name}` of this `{template}`"),
            false => format!("nothing feeds `{}.{name}`", shown(path)),
        };
        let fault = Fault::warning(codes::NEVER_FED, body.span, message);
        fault.help(format!("where that is meant, say so: `{{ {name}: 0 }}`"))
    }

    fn module_never_fed(&self, index: usize, draft: &Draft, needed: Range<usize>) -> Fault {
        let ports: Vec<String> = draft.spec.inputs[needed].iter().map(|input| input.names[0].to_string()).collect();
        let first = &ports[0];
        let path = shown(&self.paths[index]);
        let listed = match &ports[..] {
            [_, second, ..] if second != first => format!("`{first}` or `{second}`"),
            _ => format!("`{first}`"),
        };
        let kind = draft.spec.name();
        let (whose, example) = match draft.unnamed {
            true => (format!("this `{kind}`"), format!("… -> {kind}")),
            false => (format!("`{path}`"), format!("… -> {path}.{first}")),
        };
        let message = format!("nothing feeds {listed} of {whose}");
        Fault::warning(codes::NEVER_FED, draft.span, message).help(format!("wire it: `{example}`"))
    }
}

/// Marks what leads to these modules.
fn upstream(graph: &Numbered<'_>, into: &Lists, mut todo: Vec<usize>, marked: &mut [bool]) {
    while let Some(number) = todo.pop() {
        for &cable in into.of(number) {
            let (from, ..) = graph.cables[cable as usize];
            if !std::mem::replace(&mut marked[from], true) {
                todo.push(from);
            }
        }
    }
}
