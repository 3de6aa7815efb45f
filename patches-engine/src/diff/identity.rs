//! Which module of the new text is which of the old: the one rule, in one place. By path and type, of twins by what they
//! look like; then by `was`; then, for what is left, by type and wiring, so that renamed and unnamed modules keep their state.

use super::twins::{self, Twins};
use crate::net::{Net, NetModule, time, value};
use crate::state::ModuleId;
use patches_core::graph::{End, Graph, Module, Path, Setting, Slot};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Who each module of the new text is.
#[derive(Debug, Default)]
pub struct Identity {
    /// Of each path of the new text, the old module (index) whose state it keeps.
    pub kept: BTreeMap<Path, usize>,
    /// Of each path of the new text, its id if it keeps the state, else the id it would have as a new module.
    pub ids: BTreeMap<Path, ModuleId>,
}

/// Who is found out so far.
pub struct Matches<'a> {
    pub old: &'a Net,
    pub graph: &'a Graph,
    /// Of a path of the new text, the old module.
    pub kept: BTreeMap<Path, usize>,
    /// The old modules that are found again.
    pub taken: BTreeSet<usize>,
}

impl Matches<'_> {
    /// One more, unless the old module is someone already; whether it is so.
    pub fn keep(&mut self, path: &Path, index: usize) -> bool {
        let free = self.taken.insert(index);
        if free {
            self.kept.insert(path.clone(), index);
        }
        free
    }
}

/// One side of a cable as seen from a module: whether it comes in, the own port and channel, the other's id and port.
type Plug<'a> = (bool, u16, u16, &'a ModuleId, u16);

/// Matches the modules of `graph` with those of `old`.
pub fn identify(old: &Net, graph: &Graph) -> Identity {
    let mut matches = Matches { old, graph, kept: BTreeMap::new(), taken: BTreeSet::new() };
    let mut by_path: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (index, module) in old.modules.iter().enumerate() {
        // A living module goes before one that only fades out; of the latter the youngest (ids are in order) counts.
        let slot = by_path.entry((&module.path, module.spec.name())).or_insert(index);
        if old.modules[*slot].dying {
            *slot = index;
        }
    }
    let before = old.modules.iter().map(|module| (&module.path, module.spec.name()));
    let twins = Twins::among(before.chain(graph.modules.iter().map(|(path, module)| (path, module.spec.name()))));
    let by_name = |matches: &mut Matches<'_>, twins: &Twins| {
        for (path, module) in &graph.modules {
            if let Some(&index) = by_path.get(&(path.as_ref(), module.spec.name()))
                && !matches.kept.contains_key(path)
                && !twins.has(path, module.spec.name())
            {
                matches.keep(path, index);
            }
        }
    };
    by_name(&mut matches, &twins);
    if !twins.is_empty() {
        twins::match_alike(&mut matches, &twins);
        match_by_wiring(&mut matches, |path, before| twins::stem(path) == twins::stem(&before.path));
        by_name(&mut matches, &Twins::default());
    }
    // What anyone was most likely goes before what another may have been too.
    let longest = graph.modules.values().map(|module| module.was.len()).max().unwrap_or(0);
    for place in 0..longest {
        for (path, module) in &graph.modules {
            if let Some(was) = module.was.get(place)
                && !matches.kept.contains_key(path)
                && let Some(&index) = by_path.get(&(was.as_ref(), module.spec.name()))
            {
                matches.keep(path, index);
            }
        }
    }
    match_by_wiring(&mut matches, |_, _| true);
    let ids = name(old, graph, &matches.kept);
    Identity { kept: matches.kept, ids }
}

/// Gives each new path its id: the old one where state is kept, else a generation that nobody has.
fn name(old: &Net, graph: &Graph, kept: &BTreeMap<Path, usize>) -> BTreeMap<Path, ModuleId> {
    let places: BTreeMap<(&Path, &str), &Path> =
        kept.iter().map(|(path, &index)| ((&old.modules[index].id.path, old.modules[index].id.kind), path)).collect();
    let id = |path: &Path, module: &Module| {
        if let Some(&index) = kept.get(path) {
            return old.modules[index].id.clone();
        }
        // Where one that moved away has this path in its id, the new one is named after the place that that moved to: chance
        // goes by path and type, and no two are to roll the same dice. Each step leads to a place of its own, so it ends.
        let mut own = path;
        while let Some(&moved) = places.get(&(own, module.spec.name())) {
            own = moved;
        }
        fresh(old, own, module.spec.name())
    };
    graph.modules.iter().map(|(path, module)| (path.clone(), id(path, module))).collect()
}

/// The id of a new module at this path: one generation above any that still sounds.
pub fn fresh(old: &Net, path: &Path, kind: &'static str) -> ModuleId {
    let of_path = |generation| ModuleId { path: path.clone(), kind, generation };
    let from = old.modules.partition_point(|module| module.id < of_path(0));
    let generation = old.modules[from..]
        .iter()
        .take_while(|module| module.id.path == *path && module.id.kind == kind)
        .last()
        .map_or(0, |module| module.id.generation + 1);
    of_path(generation)
}

/// Matches what is left with old modules of the same type by the number of cables they share, best first and then by what
/// they are set to, as often as a match makes more cables comparable. `may` says of whom it is thought at all.
fn match_by_wiring(matches: &mut Matches<'_>, may: impl Fn(&Path, &NetModule) -> bool) {
    let (old, graph) = (matches.old, matches.graph);
    let left: Vec<&Path> = graph.modules.keys().filter(|path| !matches.kept.contains_key(*path)).collect();
    if left.is_empty() || matches.taken.len() == old.modules.len() {
        return;
    }
    let mut old_plugs: BTreeMap<Plug<'_>, Vec<usize>> = BTreeMap::new();
    for cable in &old.cables {
        let (from, to) = (&old.modules[cable.from.module].id, &old.modules[cable.to.module].id);
        let out: Plug<'_> = (false, cable.from.port, cable.from.channel, to, cable.to.port);
        let into: Plug<'_> = (true, cable.to.port, cable.to.channel, from, cable.from.port);
        old_plugs.entry(out).or_default().push(cable.from.module);
        old_plugs.entry(into).or_default().push(cable.to.module);
    }
    let mut cables: BTreeMap<&Path, Vec<(bool, &End, &End)>> = BTreeMap::new();
    for cable in &graph.cables {
        cables.entry(&cable.from.module).or_default().push((false, &cable.from, &cable.to));
        cables.entry(&cable.to.module).or_default().push((true, &cable.to, &cable.from));
    }
    loop {
        let mut found = vec![];
        for &path in left.iter().filter(|path| !matches.kept.contains_key(**path)) {
            let module = &graph.modules[path];
            let mut scores: BTreeMap<usize, usize> = BTreeMap::new();
            for (into, own, other) in cables.get(path).into_iter().flatten() {
                let Some(&other_old) = matches.kept.get(&other.module) else { continue };
                let plug = (*into, own.port, own.channel, &old.modules[other_old].id, other.port);
                for &candidate in old_plugs.get(&plug).into_iter().flatten() {
                    let before = &old.modules[candidate];
                    let same_type = std::ptr::eq(before.spec, module.spec);
                    if same_type && !matches.taken.contains(&candidate) && may(path, before) {
                        *scores.entry(candidate).or_default() += 1;
                    }
                }
            }
            for (candidate, score) in scores {
                let before = &old.modules[candidate];
                let likeness = likeness(before, module, time(graph).0);
                found.push((Reverse((score, likeness, before.path == *path)), path, candidate));
            }
        }
        found.sort();
        let before = matches.kept.len();
        for (_, path, candidate) in found {
            if !matches.kept.contains_key(path) {
                matches.keep(path, candidate);
            }
        }
        if matches.kept.len() == before {
            return;
        }
    }
}

/// How many more of their settings are the same in both than are others.
fn likeness(before: &NetModule, after: &Module, tempo: f64) -> isize {
    let same = |slot: &Slot| match after.settings.get(slot) {
        Some(Setting::Beats(beats)) => before.beats.get(slot) == Some(beats),
        Some(&setting) => {
            let held = value(setting, &after.spec.inputs[slot.0 as usize], tempo);
            before.settings.get(slot).is_some_and(|level| level.target() == held)
        }
        None => false,
    };
    let count = |same: bool| if same { 1 } else { -1 };
    let inputs: BTreeSet<&Slot> = before.settings.keys().chain(after.settings.keys()).collect();
    let params: BTreeSet<&Slot> = before.params.keys().chain(after.params.keys()).collect();
    let inputs = inputs.into_iter().map(|slot| count(same(slot)));
    inputs.chain(params.into_iter().map(|slot| count(before.params.get(slot) == after.params.get(slot)))).sum()
}
