//! What a save does, for the report. Modules are compared by who they are, ports and channels by their names: what an edit does to
//! one module is told of that module alone.

use super::{linked, slots, words};
use crate::net::{Net, NetCable, NetEnd, NetModule};
use crate::report::{Change, Report};
use crate::state::ModuleId;
use patches_core::graph::{Graph, ParamValue, Path, Slot};
use patches_core::spec::{Kind, Normal, ParamKind, Side};
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
    let was = |path: &Path| match kept.get(path) {
        Some(&index) => Some(old.modules[index].path.clone()),
        None => gone.get(path).map(|module| module.path.clone()),
    };
    let old_wires = wires(old, |module| Who::Old(module.path.clone()));
    let new_wires = wires(new, |module| match was(&module.path) {
        Some(path) => Who::Old(path),
        None => Who::New(module.path.clone()),
    });
    let (old_pitched, new_pitched) = (pitched(old), pitched(new));
    let (old_linked, new_linked) = (linked(old), linked(new));
    let by_path: BTreeMap<&Path, &NetModule> = new.modules.iter().map(|module| (&module.path, module)).collect();
    let unnamed = |path: &Path| path.contains(['@', '#']);
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
        // Unnamed ones, sums and products have other paths whenever they are wired elsewhere.
        if before.path != *path && !(unnamed(&before.path) && unnamed(path)) {
            report.renamed.push((before.path.clone(), path.clone()));
        }
        let feeds = |old: Slot, new: Slot| {
            let (was, is) = ((&before.id, old.0, old.1), (&after.id, new.0, new.1));
            let fed = |linked: bool, pitched: bool| Fed { linked, pitched };
            [
                fed(old_linked.contains(&was), old_pitched.contains(&was)),
                fed(new_linked.contains(&is), new_pitched.contains(&is)),
            ]
        };
        report.changed.extend(channels(before, after));
        report.changed.extend(changes(before, after, feeds));
        let (none, who) = (Wires::new(), Who::Old(before.path.clone()));
        let [was, is] = [&old_wires, &new_wires].map(|wires| wires.get(&who).unwrap_or(&none));
        for (wire, cable) in is {
            if let Some(before) = was.get(wire).filter(|before| before.scale != cable.scale) {
                report.changed.push(words::rescaled(new, cable, before.scale));
            }
        }
        if !was.keys().eq(is.keys()) {
            report.rewired.push(path.clone());
        }
    }
    let reset: BTreeSet<&Path> = report.reset.iter().map(|(path, _)| path).chain(report.restored.iter()).collect();
    let mut removed: Vec<&NetModule> = gone.values().copied().filter(|module| !reset.contains(&module.path)).collect();
    removed.sort_by_key(|module| &module.id);
    report.removed = removed.into_iter().map(|module| module.path.clone()).collect();
}

/// A module as the old text calls it, or the new one if the old one has none such.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Old(Path),
    New(Path),
}

/// An end by names: module, port, channel, side.
type Plug<'a> = (Who, &'a str, &'a str, Side);

/// The cables into a module, by their own port, where they come from, and whether the text makes them late.
type Wires<'a> = BTreeMap<([&'a str; 2], Side, Plug<'a>, bool), &'a NetCable>;

/// The cables into each module, without those that only fade out.
fn wires(net: &Net, who: impl Fn(&NetModule) -> Who) -> BTreeMap<Who, Wires<'_>> {
    let mut wires: BTreeMap<Who, Wires<'_>> = BTreeMap::new();
    for cable in net.cables.iter().filter(|cable| !cable.leaves()) {
        let (from, to) = (&net.modules[cable.from.module], &net.modules[cable.to.module]);
        let (output, input) = (&from.spec.outputs[cable.from.port as usize], &to.spec.inputs[cable.to.port as usize]);
        let [port, channel] = named(from, cable.from, output.names[0], output.indexed);
        let own = named(to, cable.to, input.names[0], input.indexed);
        let wire = (own, cable.to.side, (who(from), port, channel, cable.from.side), cable.said_late());
        wires.entry(who(to)).or_default().insert(wire, cable);
    }
    wires
}

/// Port and channel of an end. The first port has no name: where a cable names none, it is that of any type.
fn named<'a>(module: &'a NetModule, end: NetEnd, port: &'a str, indexed: bool) -> [&'a str; 2] {
    let channel = if indexed { module.channels.get(end.channel as usize).map_or("", |name| name) } else { "" };
    [if end.port == 0 { "" } else { port }, channel]
}

/// The inputs to which a pitch comes: what the text adds there is an interval.
fn pitched(net: &Net) -> BTreeSet<(&ModuleId, u16, u16)> {
    let gives = |cable: &&NetCable| {
        net.modules[cable.from.module].spec.outputs[cable.from.port as usize].kind == Kind::Pitch && !cable.leaves()
    };
    let inputs = net.cables.iter().filter(gives);
    inputs.map(|cable| (&net.modules[cable.to.module].id, cable.to.port, cable.to.channel)).collect()
}

/// What comes to an input.
#[derive(Clone, Copy)]
struct Fed {
    /// Any cable.
    linked: bool,
    /// One from a pitch.
    pitched: bool,
}

/// Channels that come, go, or stand in another order; those of what plays a pattern are told with it.
fn channels(before: &NetModule, after: &NetModule) -> Option<Change> {
    let scored = |kind: &ParamKind| matches!(kind, ParamKind::Pattern | ParamKind::Song);
    let [from, to] = [before, after].map(words::channels);
    if from == to || after.spec.params.iter().any(|param| scored(&param.kind)) {
        return None;
    }
    Some(Change { module: after.path.clone(), param: "channels".into(), from, to })
}
/// What changed in one module's parameters, in words. `feeds` says what came and comes to an input. What comes and goes
/// with a channel is not told.
fn changes(before: &NetModule, after: &NetModule, feeds: impl Fn(Slot, Slot) -> [Fed; 2]) -> Vec<Change> {
    let mut changes = vec![];
    let all = before.settings.keys().chain(after.settings.keys()).copied();
    for (old, new) in slots(&before.channels, &after.channels, all, |port| before.spec.inputs[port as usize].indexed) {
        let input = &before.spec.inputs[old.0 as usize];
        let [was, is] = feeds(old, new);
        // As many beats as before: what changed is the tempo.
        let same_beats = before.beats.contains_key(&old) && before.beats.get(&old) == after.beats.get(&new);
        // A default that a cable unplugs that comes or goes is no value.
        let unplugged =
            |module: &NetModule, slot: Slot, linked| linked && module.base(slot.0, slot.1, linked).is_none();
        let displaced =
            was.linked != is.linked && unplugged(before, old, was.linked) != unplugged(after, new, is.linked);
        let of = |module: &NetModule, slot: Slot, fed: Fed| match module.settings.get(&slot) {
            Some(level) if was.linked || is.linked => level.target(),
            Some(level) => level.clone().held(input).target(),
            None if fed.linked && input.normal == Normal::Unplugs => 0.0,
            None => input.default as f32,
        };
        let (from, to) = (of(before, old, was), of(after, new, is));
        if from != to && !same_beats && !displaced {
            let param = words::slot_name(input.names[0], input.indexed, &after.channels, new.1);
            let kind = |fed: Fed| if input.kind == Kind::Pitch && fed.pitched { Kind::Interval } else { input.kind };
            let (from, to) = words::levels((from, kind(was)), (to, kind(is)));
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
            // A default that the text now says, or no longer does.
            if from == to {
                continue;
            }
            let param = words::slot_name(param.names[0], param.indexed, &after.channels, new.1);
            changes.push(Change { module: after.path.clone(), param, from, to });
        }
    }
    changes
}
