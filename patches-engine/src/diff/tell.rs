//! What a save does, for the report.

use super::{CableKey, cable_key, linked, slots, words};
use crate::net::{Level, Net, NetModule};
use crate::report::{Change, Report};
use crate::state::ModuleId;
use patches_core::graph::{Graph, ParamValue, Path, Slot};
use patches_core::spec::{Kind, Normal};
use std::collections::{BTreeMap, BTreeSet};

/// The report: what was kept, changed, rewired, added, removed, reset. `gone` are the modules that nothing of the new text is.
pub(super) fn describe(
    old: &Net,
    graph: &Graph,
    kept: &BTreeMap<Path, usize>,
    gone: &BTreeMap<&Path, &NetModule>,
    new: &Net,
    report: &mut Report,
) {
    let (old_wires, new_wires) = (wires(old), wires(new));
    let (old_linked, new_linked) = (linked(old), linked(new));
    let old_scales: BTreeMap<CableKey<'_>, f32> =
        old.cables.iter().map(|cable| (cable_key(old, cable), cable.scale)).collect();
    // Cables that were there and carry more or less now; of those that only fade out nothing is told.
    let mut rescaled: BTreeMap<&ModuleId, Vec<Change>> = BTreeMap::new();
    for cable in &new.cables {
        if let Some(&scale) = old_scales.get(&cable_key(new, cable))
            && scale != cable.scale
            && scale != 0.0
        {
            let target = &new.modules[cable.to.module].id;
            rescaled.entry(target).or_default().push(words::rescaled(new, cable, scale));
        }
    }
    let by_path: BTreeMap<&Path, &NetModule> = new.modules.iter().map(|module| (&module.path, module)).collect();
    for path in graph.modules.keys() {
        let Some(&index) = kept.get(path) else {
            if report.restored.contains(path) {
                continue;
            }
            match gone.get(path) {
                Some(before) => {
                    let why = format!("type was {}, is {}", before.spec.name(), graph.modules[path].spec.name());
                    report.reset.push((path.clone(), why));
                }
                None => report.added.push(path.clone()),
            }
            continue;
        };
        let (before, after) = (&old.modules[index], by_path[path]);
        if !report.reset.iter().any(|(reset, _)| reset == path) {
            report.kept.push(path.clone());
        }
        let is_linked = |old: Slot, new: Slot| {
            (old_linked.contains(&(&before.id, old.0, old.1)), new_linked.contains(&(&after.id, new.0, new.1)))
        };
        report.changed.extend(changes(before, after, is_linked));
        report.changed.extend(rescaled.remove(&after.id).unwrap_or_default());
        if before.id == after.id && old_wires.get(&before.id) != new_wires.get(&after.id) {
            report.rewired.push(path.clone());
        }
    }
    let reset: BTreeSet<&Path> = report.reset.iter().map(|(path, _)| path).chain(report.restored.iter()).collect();
    let mut removed: Vec<&NetModule> = gone.values().copied().filter(|module| !reset.contains(&module.path)).collect();
    removed.sort_by_key(|module| &module.id);
    report.removed = removed.into_iter().map(|module| module.path.clone()).collect();
}

/// A cable as the report tells it: both ends, lateness, gain.
type Plugged<'a> = (CableKey<'a>, u32);

/// The cables into each module, without those that only fade out.
fn wires(net: &Net) -> BTreeMap<&ModuleId, BTreeSet<Plugged<'_>>> {
    let mut wires: BTreeMap<&ModuleId, BTreeSet<Plugged<'_>>> = BTreeMap::new();
    for cable in &net.cables {
        if cable.scale == 0.0 && matches!(cable.gain, Level::Ramp { .. }) {
            continue;
        }
        let plugged = (cable_key(net, cable), cable.scale.to_bits());
        wires.entry(&net.modules[cable.to.module].id).or_default().insert(plugged);
    }
    wires
}

/// What changed in one module's parameters, in words. `is_linked` says whether an input had and has a cable. What comes and
/// goes with a channel is not told.
fn changes(before: &NetModule, after: &NetModule, is_linked: impl Fn(Slot, Slot) -> (bool, bool)) -> Vec<Change> {
    let mut changes = vec![];
    let all = before.settings.keys().chain(after.settings.keys()).copied();
    for (old, new) in slots(&before.channels, &after.channels, all, |port| before.spec.inputs[port as usize].indexed) {
        let input = &before.spec.inputs[old.0 as usize];
        let (was_linked, is_linked) = is_linked(old, new);
        // As many beats as before: what changed is the tempo.
        let same_beats = before.beats.contains_key(&old) && before.beats.get(&old) == after.beats.get(&new);
        // A default that a cable has unplugged, or unplugs, is no value.
        let unplugged =
            |module: &NetModule, slot: Slot, linked| linked && module.base(slot.0, slot.1, linked).is_none();
        let displaced = unplugged(before, old, was_linked) != unplugged(after, new, is_linked);
        let of = |module: &NetModule, slot: Slot| match module.settings.get(&slot) {
            Some(level) if was_linked || is_linked => level.target(),
            Some(level) => level.clone().held(input).target(),
            None if was_linked && is_linked && input.normal == Normal::Unplugs => 0.0,
            None => input.default as f32,
        };
        let (from, to) = (of(before, old), of(after, new));
        if from != to && !same_beats && !displaced {
            let param = words::slot_name(input.names[0], input.indexed, &after.channels, new.1);
            // What is added to a pitch that comes by cable is an interval.
            let kind = if input.kind == Kind::Pitch && was_linked && is_linked { Kind::Interval } else { input.kind };
            let (from, to) = (words::level(from, kind), words::level(to, kind));
            changes.push(Change { module: after.path.clone(), param, from, to });
        }
    }
    let all = before.params.keys().chain(after.params.keys()).copied();
    for (old, new) in slots(&before.channels, &after.channels, all, |port| before.spec.params[port as usize].indexed) {
        let param = &before.spec.params[old.0 as usize];
        let (from, to) = (before.params.get(&old), after.params.get(&new));
        if from != to {
            let (from, to) = match (from, to) {
                (Some(ParamValue::Score(from)), Some(ParamValue::Score(to))) => words::scores(from, to),
                (Some(ParamValue::List(from)), Some(ParamValue::List(to))) => words::lists(from, to),
                _ => (words::param(from, &param.kind), words::param(to, &param.kind)),
            };
            let param = words::slot_name(param.names[0], param.indexed, &after.channels, new.1);
            changes.push(Change { module: after.path.clone(), param, from, to });
        }
    }
    changes
}
