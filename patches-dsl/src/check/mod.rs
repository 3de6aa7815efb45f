//! From the flat patch to the graph: paths, channels, values in the units of their inputs, hidden modules for what is
//! not linear.

mod device;
mod earlier;
mod fits;
mod gain;
mod inputs;
mod numbered;
mod params;
mod paths;
mod probes;
mod range;
mod reach;
mod rows;
mod sides;
mod sums;
mod warn;

use crate::fault::{Fault, codes};
use crate::flat::{Channel, Draft, Expanded, Shape};
use crate::hash::{HashMap, HashSet};
use crate::limits;
use crate::tree::PathName;
use patches_core::graph::{End, Graph, Module, Path, Span};
use patches_core::library::Library;
use patches_core::spec::Kind;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// What checking needs besides the patch.
pub(crate) struct Around<'a> {
    pub library: &'a Library,
    /// Folders of the texts, for files named in them.
    pub folders: Vec<PathBuf>,
}

/// What checking gives.
pub(crate) struct Checked {
    pub graph: Graph,
    pub faults: Vec<Fault>,
    /// Sound files of the patch, which the caller looks for.
    pub wanted: Vec<(PathBuf, Span)>,
}

/// Makes the graph.
pub(crate) struct Checker<'a> {
    around: &'a Around<'a>,
    wanted: Vec<(PathBuf, Span)>,
    expanded: &'a Expanded,
    graph: Graph,
    faults: Vec<Fault>,
    told: HashSet<(&'static str, Span)>,
    paths: Vec<Path>,
    /// The modules, until they are put at their paths.
    built: Vec<Module>,
    channels: Vec<Vec<Arc<str>>>,
    /// Junctions that are being followed, for loops of nothing but wires.
    following: HashSet<usize>,
    work: usize,
}

/// Checks an expanded patch and makes its graph.
pub(crate) fn check<'a>(expanded: &'a Expanded, around: &'a Around<'a>) -> Checked {
    let mut checker = Checker {
        around,
        wanted: Vec::new(),
        expanded,
        graph: Graph::default(),
        faults: Vec::new(),
        told: HashSet::default(),
        paths: Vec::new(),
        built: Vec::new(),
        channels: Vec::new(),
        following: HashSet::default(),
        work: 0,
    };
    checker.run();
    Checked { graph: checker.graph, faults: checker.faults, wanted: checker.wanted }
}

impl Checker<'_> {
    fn run(&mut self) {
        let whole = &self.expanded.whole;
        self.graph.tempo = whole.tempo;
        self.graph.meter = whole.meter;
        self.graph.swing = whole.swing;
        self.graph.fade = whole.fade;
        self.graph.tail = whole.tail;
        self.graph.tuning = whole.tuning;
        self.graph.swap = whole.swap;
        let mut paths = paths::paths(self.expanded);
        self.paths = std::mem::take(&mut paths.modules);
        self.count_channels();
        for (index, draft) in self.expanded.modules.iter().enumerate() {
            self.module(index, draft, std::mem::take(&mut paths.was[index]));
        }
        self.graph.cables.reserve(self.expanded.modules.len());
        for (index, draft) in self.expanded.modules.iter().enumerate() {
            self.params(index, draft);
            self.inputs(index);
        }
        self.place();
        self.probes(&paths.bodies);
        self.drop_strangers();
        self.settle_sides();
        self.merge_cables();
        self.check_midi();
        self.graph.mute = self.selected(&whole.mute, &paths.bodies);
        self.graph.solo = self.selected(&whole.solo, &paths.bodies);
        self.graph.reset = self.selected(&whole.reset, &paths.bodies);
        self.graph.sort();
        self.warn(&paths.bodies);
    }

    /// Leaves out what leads to ports that the module at its end does not have: of two modules by one name, which is a fault,
    /// one is in the graph.
    fn drop_strangers(&mut self) {
        let modules = &self.graph.modules;
        let spec = |end: &End| modules.get(&end.module).map(|module| module.spec);
        let gives = |end: &End| spec(end).is_none_or(|spec| (end.port as usize) < spec.outputs.len());
        let takes = |end: &End| spec(end).is_none_or(|spec| (end.port as usize) < spec.inputs.len());
        self.graph.cables.retain(|cable| gives(&cable.from) && takes(&cable.to));
        self.graph.probes.retain(|probe| gives(&probe.from));
    }

    /// Cables from one output to one input become one. The sort keeps those in the order they were made, which is that of
    /// what they carry and not that of the text.
    fn merge_cables(&mut self) {
        let mut cables = std::mem::take(&mut self.graph.cables);
        if cables.len() > limits::CABLES {
            let span = cables.first().map(|cable| cable.span).unwrap_or_default();
            let message = format!("a patch may hold {} cables", limits::CABLES);
            self.fault(Fault::error(codes::TOO_LARGE, span, message));
        }
        // By the places of the modules in their order, which is that of their paths: numbers compare faster than texts.
        let modules = self.graph.modules.keys().enumerate();
        let place: HashMap<*const u8, usize> = modules.map(|(place, path)| (path.as_ptr(), place)).collect();
        let known = &self.graph.modules;
        let end = |end: &End| {
            let place = place.get(&end.module.as_ptr()).copied();
            (place.unwrap_or_else(|| known.range(..end.module.clone()).count()), end.port, end.channel, end.side)
        };
        // Of triggers that come at once the largest counts: what comes twice is one that comes once.
        let adds =
            |to: &End| known.get(&to.module).is_none_or(|m| m.spec.inputs[to.port as usize].kind != Kind::Trigger);
        cables.sort_by_cached_key(|cable| (end(&cable.from), end(&cable.to), cable.late));
        cables.dedup_by(|next, kept| {
            let same = next.key() == kept.key();
            kept.scale += if same && adds(&kept.to) { next.scale } else { 0.0 };
            same
        });
        for cable in &mut cables {
            if !cable.scale.is_finite() {
                cable.scale = 0.0;
                let message = "the scale of this cable is no finite number";
                self.fault(Fault::error(codes::NOT_FINITE, cable.span, message));
            }
        }
        self.graph.cables = cables;
    }

    fn fault(&mut self, fault: Fault) {
        if self.faults.len() < limits::FAULTS && self.told.insert((fault.code, fault.span)) {
            self.faults.push(self.expanded.explained(fault));
        }
    }

    fn module(&mut self, index: usize, draft: &Draft, was: Vec<Path>) {
        let module = Module {
            spec: draft.spec,
            channels: self.channels[index].clone(),
            settings: BTreeMap::new(),
            params: BTreeMap::new(),
            was,
            unnamed: draft.unnamed,
            span: draft.span,
        };
        self.built.push(module);
    }

    /// Puts the modules at their paths.
    fn place(&mut self) {
        // Names given twice are told already; what is left are paths of the flat form that meet others.
        let clean = self.expanded.faults.is_empty();
        let built = std::mem::take(&mut self.built);
        let paths = &self.paths;
        let mut order: Vec<usize> = (0..built.len()).collect();
        order.sort_by(|&a, &b| paths[a].cmp(&paths[b]));
        let mut twice = Vec::new();
        for pair in order.windows(2) {
            if let &[first, second] = pair
                && paths[first] == paths[second]
            {
                let message = format!("`{}` is given twice", paths[second]);
                let fault = Fault::error(codes::GIVEN_TWICE, built[second].span, message);
                twice.push(fault.also(built[first].span, "first given here"));
            }
        }
        let mut built: Vec<Option<Module>> = built.into_iter().map(Some).collect();
        let placed: Vec<(Path, Module)> =
            order.iter().filter_map(|&index| Some((paths[index].clone(), built[index].take()?))).collect();
        for fault in twice.into_iter().filter(|_| clean) {
            self.fault(fault);
        }
        let hidden = std::mem::take(&mut self.graph.modules);
        self.graph.modules = placed.into_iter().collect();
        self.graph.modules.extend(hidden);
    }

    /// The channels of every module: those written, else as many as are used.
    fn count_channels(&mut self) {
        let expanded = self.expanded;
        let mut numbers: Vec<u32> = vec![1; expanded.modules.len()];
        let mut names: Vec<BTreeSet<Arc<str>>> = vec![BTreeSet::new(); expanded.modules.len()];
        let mut note = |module: usize, channel: &Channel| match channel {
            Channel::Number(n) => numbers[module] = numbers[module].max(n.saturating_add(1)),
            Channel::Named(name) => drop(names[module].insert(name.clone())),
            Channel::Unsaid | Channel::Row(_) | Channel::Alone(_) => {}
        };
        for (index, draft) in expanded.modules.iter().enumerate() {
            for fed in &draft.fed {
                let spec = &draft.spec.inputs[fed.port as usize];
                if spec.indexed || draft.spec.input_by_channel(fed.port).is_some() {
                    note(index, &fed.channel);
                }
                sums::each_port(&fed.feed, &mut |source| {
                    let spec = expanded.modules[source.module].spec;
                    if spec.outputs[source.port as usize].indexed || spec.output_by_channel(source.port).is_some() {
                        note(source.module, &source.channel);
                    }
                });
            }
            for given in &draft.params {
                if draft.spec.params[given.param as usize].indexed {
                    note(index, &given.channel);
                }
            }
        }
        for junction in &expanded.junctions {
            for feed in &junction.feeds {
                sums::each_port(feed, &mut |source| note(source.module, &source.channel));
            }
        }
        for (index, draft) in expanded.modules.iter().enumerate() {
            let lanes = rows::lanes(draft);
            let channels = match &draft.shape {
                Shape::Names(names) => names.clone(),
                Shape::Count(count) => counted(*count),
                Shape::Unsaid if !draft.spec.has_channels() => Vec::new(),
                Shape::Unsaid if draft.spec.faces_device() => device::channels(numbers[index]),
                // Its channels are the lanes of its song,
                Shape::Unsaid if lanes.is_some() => lanes.unwrap_or_default(),
                // or the rows of what it plays.
                Shape::Unsaid if draft.spec.named_output().is_some() => {
                    rows::score(draft).map_or_else(|| counted(1), |score| score.row_names())
                }
                Shape::Unsaid if !names[index].is_empty() => names[index].iter().cloned().collect(),
                Shape::Unsaid => counted(numbers[index].min(limits::CHANNELS as u32)),
            };
            self.channels.push(channels);
        }
    }

    /// The index of a channel; `[0]` is good on any port.
    fn channel(&mut self, module: usize, channel: &Channel, indexed: bool, port: &str, span: Span) -> Option<u16> {
        let channels = &self.channels[module];
        let found = match channel {
            Channel::Unsaid | Channel::Alone(_) | Channel::Number(0) => Some(0),
            Channel::Number(n) if indexed && (*n as usize) < channels.len() => Some(*n as u16),
            Channel::Named(name) if indexed => channels.iter().position(|c| c == name).map(|n| n as u16),
            _ => None,
        };
        if found.is_none() && !rows::is_poisoned(&self.expanded.modules[module]) {
            let shown = match channel {
                Channel::Number(n) => n.to_string(),
                Channel::Named(name) | Channel::Row(name) => name.to_string(),
                Channel::Unsaid | Channel::Alone(_) => String::new(),
            };
            let draft = &self.expanded.modules[module];
            let grouped = draft.grouped.iter().find(|(grouped, _)| grouped == channel).map(|(_, at)| *at);
            let (port, span) = grouped.map_or((port, span), |at| (draft.spec.name(), at));
            let message = match indexed {
                true => format!("`{port}` has no channel `{shown}`; it has {}", channels.join(", ")),
                false => format!("`{port}` has no channels, so there is no `{port}[{shown}]`"),
            };
            let fault = Fault::error(codes::UNKNOWN_CHANNEL, span, message);
            let known: Vec<Arc<str>> = channels.iter().filter(|c| c.parse::<u32>().is_err()).cloned().collect();
            self.fault(fault.near(&shown, known.iter().map(|c| &**c)));
        }
        found
    }

    /// The paths that `mute`, `solo` and `reset` name: a module, all of an instance, all rounds of a `for`.
    fn selected(&mut self, names: &[PathName], bodies: &[Path]) -> Vec<Path> {
        let mut found = BTreeSet::new();
        for name in names {
            // In a flat form an instance is no more than what its modules' paths begin with.
            let inside = format!("{}/", name.text);
            let flat = self.graph.modules.keys().any(|path| path.starts_with(&inside));
            let exact =
                flat || self.graph.modules.contains_key(&name.text) || bodies.iter().skip(1).any(|b| *b == name.text);
            if exact {
                found.insert(name.text.clone());
                continue;
            }
            let rounds = format!("{}[", name.text);
            let all: Vec<Path> = self
                .graph
                .modules
                .keys()
                .chain(bodies.iter().skip(1))
                .filter(|path| path.starts_with(&rounds) && !path[rounds.len()..].contains('/'))
                .cloned()
                .collect();
            if all.is_empty() {
                let message = format!("no module or template instance `{}`", name.text);
                let known: Vec<Path> = self.graph.modules.keys().chain(bodies.iter().skip(1)).cloned().collect();
                let fault = Fault::error(codes::UNKNOWN_PATH, name.span, message);
                self.fault(fault.near(&name.text, known.iter().map(|k| &**k)));
            }
            found.extend(all);
        }
        found.into_iter().collect()
    }
}

/// Channels without names.
fn counted(count: u32) -> Vec<Arc<str>> {
    (0..count).map(|n| n.to_string().into()).collect()
}
