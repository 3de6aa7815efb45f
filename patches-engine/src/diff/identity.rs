//! Which module of the new text is which of the old: the one rule, in one place. By path and type; then by `was`; then,
//! for what is left, by type and wiring, so that renamed and unnamed modules keep their state.

use crate::net::Net;
use crate::state::ModuleId;
use patches_core::graph::{End, Graph, Path};
use std::collections::{BTreeMap, BTreeSet};

/// Who each module of the new text is.
#[derive(Debug, Default)]
pub struct Identity {
    /// Of each path of the new text, the old module (index) whose state it keeps.
    pub kept: BTreeMap<Path, usize>,
    /// Of each path of the new text, its id if it keeps the state, else the id it would have as a new module.
    pub ids: BTreeMap<Path, ModuleId>,
}

/// One side of a cable as seen from a module: whether it comes in, the own port and channel, the other's id and port.
type Plug<'a> = (bool, u16, u16, &'a ModuleId, u16);

/// Matches the modules of `graph` with those of `old`.
pub fn identify(old: &Net, graph: &Graph) -> Identity {
    let mut kept: BTreeMap<Path, usize> = BTreeMap::new();
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    let mut by_path: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (index, module) in old.modules.iter().enumerate() {
        // A living module goes before one that only fades out; of the latter the youngest (ids are in order) counts.
        let slot = by_path.entry((&module.path, module.spec.name())).or_insert(index);
        if old.modules[*slot].dying {
            *slot = index;
        }
    }
    for (path, module) in &graph.modules {
        if let Some(&index) = by_path.get(&(path.as_ref(), module.spec.name())) {
            kept.insert(path.clone(), index);
            taken.insert(index);
        }
    }
    // What anyone was most likely goes before what another may have been too.
    let longest = graph.modules.values().map(|module| module.was.len()).max().unwrap_or(0);
    for place in 0..longest {
        for (path, module) in &graph.modules {
            if let Some(was) = module.was.get(place)
                && !kept.contains_key(path)
                && let Some(&index) = by_path.get(&(was.as_ref(), module.spec.name()))
                && taken.insert(index)
            {
                kept.insert(path.clone(), index);
            }
        }
    }
    match_by_wiring(old, graph, &mut kept, &mut taken);
    let ids = name(old, graph, &kept);
    Identity { kept, ids }
}

/// Gives each new path its id: the old one where state is kept, else a generation that nobody has.
fn name(old: &Net, graph: &Graph, kept: &BTreeMap<Path, usize>) -> BTreeMap<Path, ModuleId> {
    graph
        .modules
        .iter()
        .map(|(path, module)| {
            let id = match kept.get(path) {
                Some(&index) => old.modules[index].id.clone(),
                None => fresh(old, path, module.spec.name()),
            };
            (path.clone(), id)
        })
        .collect()
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

/// Matches what is left with old modules of the same type by the number of cables they share, best first, as often as
/// a match makes more cables comparable.
fn match_by_wiring(old: &Net, graph: &Graph, kept: &mut BTreeMap<Path, usize>, taken: &mut BTreeSet<usize>) {
    let left: Vec<&Path> = graph.modules.keys().filter(|path| !kept.contains_key(*path)).collect();
    if left.is_empty() || taken.len() == old.modules.len() {
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
        // (shared cables, path, old module): the most shared first, ties by name.
        let mut found: Vec<(usize, &Path, usize)> = vec![];
        for &path in left.iter().filter(|path| !kept.contains_key(**path)) {
            let mut scores: BTreeMap<usize, usize> = BTreeMap::new();
            for (into, own, other) in cables.get(path).into_iter().flatten() {
                let Some(&other_old) = kept.get(&other.module) else { continue };
                let plug = (*into, own.port, own.channel, &old.modules[other_old].id, other.port);
                for &candidate in old_plugs.get(&plug).into_iter().flatten() {
                    let same_type = std::ptr::eq(old.modules[candidate].spec, graph.modules[path].spec);
                    if same_type && !taken.contains(&candidate) {
                        *scores.entry(candidate).or_default() += 1;
                    }
                }
            }
            found.extend(scores.into_iter().map(|(candidate, score)| (score, path, candidate)));
        }
        found.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)).then(a.2.cmp(&b.2)));
        let before = kept.len();
        for (_, path, candidate) in found {
            if !kept.contains_key(path) && taken.insert(candidate) {
                kept.insert(path.clone(), candidate);
            }
        }
        if kept.len() == before {
            return;
        }
    }
}
