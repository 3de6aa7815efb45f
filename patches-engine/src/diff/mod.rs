//! From what plays and a new graph to two nets: the *union*, which plays for the length of the fade with a ramp on each
//! cable and parameter that changed, and the *settled* net after it. Whole outputs are never cross-faded: that would
//! run kept modules twice.

mod identity;
mod tell;
mod twins;
mod union;
mod words;

use crate::net::{Net, NetCable, NetEnd, NetModule};
use crate::report::{Closing, Report};
use crate::state::parked::Parked;
use crate::state::{ModuleId, RampKey};
use patches_core::graph::{Graph, Path, Slot};
use patches_core::spec::{Kind, ParamKind, Side};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a save comes to.
#[derive(Debug)]
pub struct Diff {
    /// What plays during the fade.
    pub union: Net,
    /// What plays after it.
    pub settled: Net,
    /// Modules whose new copy begins with the state of an old one: old, new.
    pub copies: Vec<(ModuleId, ModuleId)>,
    /// What the save does, in words.
    pub report: Report,
}

/// Compares. `renewed` names modules that must start over, and why; `parked` those whose state comes back if they are not
/// there; `close` makes the cables late that close a loop, and marks modules that have delay lines: what it finds on the way
/// about the settled net is given too; `rings` says whether those that go ring out.
pub fn diff<T>(
    old: &Net,
    graph: &Graph,
    renewed: &BTreeMap<Path, &'static str>,
    parked: &Parked,
    close: impl Fn(&mut Net) -> T,
    rings: bool,
) -> (Diff, T) {
    let identity = identity::identify(old, graph);
    let mut ids = identity.ids;
    let mut copies = vec![];
    let mut report = Report::default();
    for (path, &index) in &identity.kept {
        let before = &old.modules[index];
        let next = || ModuleId { generation: before.id.generation + 1, ..before.id.clone() };
        if let Some(why) = renewed.get(path) {
            report.reset.push((path.clone(), (*why).into()));
            ids.insert(path.clone(), next());
        } else if fades_options(before, &graph.modules[path]) {
            copies.push((before.id.clone(), next()));
            ids.insert(path.clone(), next());
        }
    }
    for (path, module) in graph.modules.iter().filter(|(path, _)| !identity.kept.contains_key(*path)) {
        if let Some(id) = parked.find(path, module.spec.name())
            && old.modules.iter().all(|module| module.id != *id)
            && ids.iter().all(|(other, own)| other == path || own != id)
        {
            ids.insert(path.clone(), id.clone());
            report.restored.push(path.clone());
        }
    }
    // Where another type stands in the place of a module, it begins with what means the same in both.
    let kept: BTreeSet<usize> = identity.kept.values().copied().collect();
    let gone: BTreeMap<&Path, &NetModule> = old
        .modules
        .iter()
        .enumerate()
        .filter(|(index, module)| !module.dying && !kept.contains(index))
        .map(|(_, module)| (&module.path, module))
        .collect();
    let new =
        graph.modules.keys().filter(|path| !identity.kept.contains_key(*path) && !report.restored.contains(*path));
    let relatives: Vec<(ModuleId, ModuleId)> =
        new.filter_map(|path| Some((gone.get(path)?.id.clone(), ids[path].clone()))).collect();
    copies.extend(relatives);
    let mut settled = Net::settled(graph, &ids);
    let found = close(&mut settled);
    let restored: BTreeSet<&ModuleId> = report.restored.iter().map(|path| &ids[path]).collect();
    let union = union::Union::new(old, &settled, &copies, &restored, rings).build();
    tell::describe(old, graph, &identity.kept, &gone, &settled, &mut report);
    let closing = |cable: &NetCable| Closing { cable: words::cable(&settled, cable), span: cable.span };
    report.loops = settled.cables.iter().filter(|cable| cable.closes).map(closing).collect();
    (Diff { union, settled, copies, report }, found)
}

/// Whether a choice or whole number has changed that is to be heard as a fade from an old copy to a new one: of modules
/// that sound, or give levels. Those that give pitches, gates and triggers switch at the instant, as do lists and texts.
fn fades_options(before: &NetModule, after: &patches_core::graph::Module) -> bool {
    let sounds = before
        .spec
        .outputs
        .first()
        .is_some_and(|output| matches!(output.kind, Kind::Audio | Kind::Gain | Kind::Number));
    let all = before.params.keys().chain(after.params.keys()).copied();
    let pairs = slots(&before.channels, &after.channels, all, |port| before.spec.params[port as usize].indexed);
    sounds
        && pairs.into_iter().any(|(old, new)| {
            let switchable = matches!(
                before.spec.params[old.0 as usize].kind,
                ParamKind::Choice(_) | ParamKind::Int { .. } | ParamKind::Bool(_)
            );
            switchable && before.params.get(&old) != after.params.get(&new)
        })
}

/// A cable end by id and channel name, which mean the same in both nets.
type Terminal<'a> = (&'a ModuleId, u16, &'a str, Side);

/// The end a cable comes from.
fn source(net: &Net, end: NetEnd) -> Terminal<'_> {
    let module = &net.modules[end.module];
    terminal(module, end, module.spec.outputs[end.port as usize].indexed)
}

/// The end a cable goes to.
fn target(net: &Net, end: NetEnd) -> Terminal<'_> {
    let module = &net.modules[end.module];
    terminal(module, end, module.spec.inputs[end.port as usize].indexed)
}

/// A port that is not one per channel has no channel's name: channel 0 may be another in each net.
fn terminal(module: &NetModule, end: NetEnd, indexed: bool) -> Terminal<'_> {
    let channel = if indexed { module.channels.get(end.channel as usize).map_or("", |name| name) } else { "" };
    (&module.id, end.port, channel, end.side)
}

type CableKey<'a> = (Terminal<'a>, Terminal<'a>, bool);

fn cable_key<'a>(net: &'a Net, cable: &NetCable) -> CableKey<'a> {
    (target(net, cable.to), source(net, cable.from), cable.late)
}

fn ramp_key(net: &Net, cable: &NetCable) -> RampKey {
    let port = |(id, port, channel, side): Terminal<'_>| (id.clone(), (port, channel.into(), side as u8));
    let ((from, from_port), (to, to_port)) = (port(source(net, cable.from)), port(target(net, cable.to)));
    RampKey::Cable(from, from_port, to, to_port, cable.late)
}

/// Which inputs have a cable.
fn linked(net: &Net) -> BTreeSet<(&ModuleId, u16, u16)> {
    net.cables.iter().map(|cable| (&net.modules[cable.to.module].id, cable.to.port, cable.to.channel)).collect()
}

/// Slots of a module before and after an edit that mean the same: by the channel's name where they are one per channel.
fn slots(
    before: &[Arc<str>],
    after: &[Arc<str>],
    all: impl Iterator<Item = Slot>,
    indexed: impl Fn(u16) -> bool,
) -> BTreeSet<(Slot, Slot)> {
    let there = |names: &[Arc<str>], others: &[Arc<str>], channel: u16| {
        let name = names.get(channel as usize);
        name.and_then(|name| others.iter().position(|other| other == name)).map(|channel| channel as u16)
    };
    let mut pairs = BTreeSet::new();
    for (port, channel) in all {
        if !indexed(port) {
            pairs.insert(((port, channel), (port, channel)));
            continue;
        }
        // A number may be that of an old channel or of a new one.
        let new = there(before, after, channel).map(|new| ((port, channel), (port, new)));
        let old = there(after, before, channel).map(|old| ((port, old), (port, channel)));
        pairs.extend(new.into_iter().chain(old));
    }
    pairs
}
