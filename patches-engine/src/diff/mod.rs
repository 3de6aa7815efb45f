//! From what plays and a new graph to two nets: the *union*, which plays for the length of the fade with a ramp on each
//! cable and parameter that changed, and the *settled* net after it. Whole outputs are never cross-faded: that would
//! run kept modules twice.

mod identity;
mod words;

use crate::net::{Curve, Level, Net, NetCable, NetEnd, NetModule};
use crate::report::{Change, Report};
use crate::state::parked::Parked;
use crate::state::{ModuleId, RampKey};
use patches_core::graph::{Graph, ParamValue, Path, Slot};
use patches_core::spec::{Kind, Normal, ParamKind, Side};
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
/// there; `close` makes the cables late that close a loop.
pub fn diff(
    old: &Net,
    graph: &Graph,
    renewed: &BTreeMap<Path, &'static str>,
    parked: &Parked,
    close: impl Fn(&mut Net),
) -> Diff {
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
    close(&mut settled);
    let union = Union::new(old, &settled, &copies).build();
    describe(old, graph, &identity.kept, &gone, &settled, &mut report);
    report.loops =
        settled.cables.iter().filter(|cable| cable.closes).map(|cable| words::cable(&settled, cable)).collect();
    Diff { union, settled, copies, report }
}

/// Whether a choice or whole number has changed that is to be heard as a fade from an old copy to a new one: of modules
/// that sound. Those that only control switch at the instant, as do lists and texts.
fn fades_options(before: &NetModule, after: &patches_core::graph::Module) -> bool {
    let sounds = before.spec.outputs.first().is_some_and(|output| output.kind == Kind::Audio);
    let slots: BTreeSet<&Slot> = before.params.keys().chain(after.params.keys()).collect();
    sounds
        && slots.into_iter().any(|slot| {
            let switchable = matches!(
                before.spec.params[slot.0 as usize].kind,
                ParamKind::Choice(_) | ParamKind::Int { .. } | ParamKind::Bool(_)
            );
            switchable && before.params.get(slot) != after.params.get(slot)
        })
}

/// A cable end by id and channel name, which mean the same in both nets.
type Terminal<'a> = (&'a ModuleId, u16, &'a str, Side);

fn terminal(net: &Net, end: NetEnd) -> Terminal<'_> {
    let module = &net.modules[end.module];
    let channel = module.channels.get(end.channel as usize).map_or("", |name| name.as_ref());
    (&module.id, end.port, channel, end.side)
}

type CableKey<'a> = (Terminal<'a>, Terminal<'a>, bool);

fn cable_key<'a>(net: &'a Net, cable: &NetCable) -> CableKey<'a> {
    (terminal(net, cable.to), terminal(net, cable.from), cable.late)
}

fn ramp_key(net: &Net, cable: &NetCable) -> RampKey {
    let end = |end: NetEnd| {
        let module = &net.modules[end.module];
        let channel: Arc<str> = module.channels.get(end.channel as usize).cloned().unwrap_or_else(|| "".into());
        (module.id.clone(), (end.port, channel, end.side as u8))
    };
    let ((from, from_port), (to, to_port)) = (end(cable.from), end(cable.to));
    RampKey::Cable(from, from_port, to, to_port, cable.late)
}

/// Builds the union of two nets.
struct Union<'a> {
    old: &'a Net,
    new: &'a Net,
    old_index: BTreeMap<&'a ModuleId, usize>,
    new_ids: BTreeSet<&'a ModuleId>,
    /// New modules that are copies of old ones: they fade in, their parameters do not move.
    copied: BTreeSet<&'a ModuleId>,
}

impl<'a> Union<'a> {
    fn new(old: &'a Net, new: &'a Net, copies: &'a [(ModuleId, ModuleId)]) -> Self {
        Union {
            old,
            new,
            old_index: old.modules.iter().enumerate().map(|(i, module)| (&module.id, i)).collect(),
            new_ids: new.modules.iter().map(|module| &module.id).collect(),
            copied: copies.iter().map(|(_, copy)| copy).collect(),
        }
    }

    fn build(&self) -> Net {
        let mut modules: Vec<NetModule> = self.new.modules.clone();
        for module in &self.old.modules {
            if !self.new_ids.contains(&module.id) {
                modules.push(NetModule { dying: true, ..module.clone() });
            }
        }
        modules.sort_by(|a, b| a.id.cmp(&b.id));
        let mut union = Net { modules, cables: vec![], ..self.new.clone() };
        self.ramp_values(&mut union);
        let index: BTreeMap<ModuleId, usize> =
            union.modules.iter().enumerate().map(|(i, module)| (module.id.clone(), i)).collect();
        union.cables = self.cables(&index);
        for probe in &mut union.probes {
            probe.module = index[&self.new.modules[probe.module].id];
        }
        union
    }

    /// Parameters of kept modules that change get a ramp.
    fn ramp_values(&self, union: &mut Net) {
        let (old_linked, new_linked) = (linked(self.old), linked(self.new));
        for module in &mut union.modules {
            if module.dying || self.copied.contains(&module.id) {
                continue;
            }
            let Some(&old_index) = self.old_index.get(&module.id) else { continue };
            let before = &self.old.modules[old_index];
            for port in 0..module.spec.inputs.len() as u16 {
                let input = &module.spec.inputs[port as usize];
                let switches = matches!(input.kind, Kind::Gate | Kind::Trigger | Kind::Midi);
                for channel in 0..if input.indexed { module.channels.len() as u16 } else { 1 } {
                    let name = &module.channels[channel as usize];
                    let Some(old_channel) = before.channels.iter().position(|c| !input.indexed || c == name) else {
                        continue;
                    };
                    let was_linked = old_linked.contains(&(&module.id, port, old_channel as u16));
                    let is_linked = new_linked.contains(&(&module.id, port, channel));
                    let from = before.base(port, old_channel as u16, was_linked);
                    let to = module.base(port, channel, is_linked).map_or(0.0, |level| level.target());
                    let running = matches!(from, Some(Level::Ramp { .. }));
                    let from = from.map_or(0.0, |level| level.target());
                    let level = if (from == to && !running) || switches {
                        // Said in so many words where a cable of only one of the two nets would unplug the default.
                        if was_linked == is_linked {
                            continue;
                        }
                        Level::Still(to)
                    } else {
                        let decibels = input.kind == Kind::Gain && from > 0.0 && to > 0.0;
                        let curve = if decibels { Curve::Decibel } else { Curve::Linear };
                        Level::Ramp { key: RampKey::Value(module.id.clone(), port, name.clone()), from, to, curve }
                    };
                    module.settings.insert((port, channel), level);
                }
            }
        }
    }

    fn cables(&self, index: &BTreeMap<ModuleId, usize>) -> Vec<NetCable> {
        let old: BTreeMap<CableKey<'_>, &NetCable> =
            self.old.cables.iter().map(|cable| (cable_key(self.old, cable), cable)).collect();
        let new: BTreeSet<CableKey<'_>> = self.new.cables.iter().map(|cable| cable_key(self.new, cable)).collect();
        let mut cables = vec![];
        for cable in &self.new.cables {
            let before = old.get(&cable_key(self.new, cable)).map(|cable| &cable.gain);
            cables.push(place(self.new, cable, self.faded_in(cable, before), index));
        }
        for cable in &self.old.cables {
            if new.contains(&cable_key(self.old, cable)) {
                continue;
            }
            if let Some(gain) = self.faded_out(cable) {
                cables.push(NetCable { scale: 0.0, ..place(self.old, cable, gain, index) });
            }
        }
        cables.sort_by_key(NetCable::order);
        cables
    }

    /// The gain during the fade of a cable that stays or is new.
    fn faded_in(&self, cable: &NetCable, before: Option<&Level>) -> Level {
        let to = cable.gain.target();
        let target = &self.new.modules[cable.to.module];
        let switches =
            matches!(target.spec.inputs[cable.to.port as usize].kind, Kind::Gate | Kind::Trigger | Kind::Midi);
        // What comes into a new module is not heard before the module itself is faded in.
        let unheard = before.is_none() && !self.old_index.contains_key(&target.id);
        let from = before.map_or(0.0, Level::target);
        let running = matches!(before, Some(Level::Ramp { .. }));
        if switches || unheard || (from == to && !running) {
            return Level::Still(to);
        }
        Level::Ramp { key: ramp_key(self.new, cable), from, to, curve: Curve::Linear }
    }

    /// The gain during the fade of a cable that goes; none if it is cut at once.
    fn faded_out(&self, cable: &NetCable) -> Option<Level> {
        let target = &self.old.modules[cable.to.module];
        if !self.new_ids.contains(&target.id) {
            return Some(cable.gain.clone());
        }
        let switches =
            matches!(target.spec.inputs[cable.to.port as usize].kind, Kind::Gate | Kind::Trigger | Kind::Midi);
        let from = cable.gain.target();
        (!switches).then(|| Level::Ramp { key: ramp_key(self.old, cable), from, to: 0.0, curve: Curve::Linear })
    }
}

/// A cable with its ends in the union. A channel that the new shape does not have keeps its number: it is only there
/// on modules that go.
fn place(net: &Net, cable: &NetCable, gain: Level, index: &BTreeMap<ModuleId, usize>) -> NetCable {
    let end = |end: NetEnd| NetEnd { module: index[&net.modules[end.module].id], ..end };
    NetCable { from: end(cable.from), to: end(cable.to), gain, ..*cable }
}

/// Which inputs have a cable.
fn linked(net: &Net) -> BTreeSet<(&ModuleId, u16, u16)> {
    net.cables.iter().map(|cable| (&net.modules[cable.to.module].id, cable.to.port, cable.to.channel)).collect()
}

/// The report: what was kept, changed, rewired, added, removed, reset. `gone` are the modules that nothing of the new text is.
fn describe(
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
        let is_linked = |slot: Slot| {
            (old_linked.contains(&(&before.id, slot.0, slot.1)), new_linked.contains(&(&after.id, slot.0, slot.1)))
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

/// A cable as its target sees it: source, own port and channel, lateness, gain.
type Plugged<'a> = (Terminal<'a>, u16, u16, bool, u32);

/// The cables into each module, without those that only fade out.
fn wires(net: &Net) -> BTreeMap<&ModuleId, BTreeSet<Plugged<'_>>> {
    let mut wires: BTreeMap<&ModuleId, BTreeSet<Plugged<'_>>> = BTreeMap::new();
    for cable in &net.cables {
        if cable.scale == 0.0 && matches!(cable.gain, Level::Ramp { .. }) {
            continue;
        }
        let plugged = (terminal(net, cable.from), cable.to.port, cable.to.channel, cable.late, cable.scale.to_bits());
        wires.entry(&net.modules[cable.to.module].id).or_default().insert(plugged);
    }
    wires
}

/// What changed in one module's parameters, in words. `is_linked` says whether an input had and has a cable.
fn changes(before: &NetModule, after: &NetModule, is_linked: impl Fn(Slot) -> (bool, bool)) -> Vec<Change> {
    let mut changes = vec![];
    let slots: BTreeSet<Slot> = before.settings.keys().chain(after.settings.keys()).copied().collect();
    for slot in slots {
        let input = &before.spec.inputs[slot.0 as usize];
        let (was_linked, is_linked) = is_linked(slot);
        // As many beats as before: what changed is the tempo.
        let same_beats = before.beats.contains_key(&slot) && before.beats.get(&slot) == after.beats.get(&slot);
        // A default that a cable has unplugged, or unplugs, is no value.
        let unplugged = |module: &NetModule, linked| linked && module.base(slot.0, slot.1, linked).is_none();
        let displaced = unplugged(before, was_linked) != unplugged(after, is_linked);
        let of = |module: &NetModule| match module.settings.get(&slot) {
            Some(level) => level.target(),
            None if was_linked && is_linked && input.normal == Normal::Unplugs => 0.0,
            None => input.default as f32,
        };
        let (from, to) = (of(before), of(after));
        // What the text says once for the whole patch is told once.
        let follows = |module: &NetModule| module.of_patch.contains(&slot) || !module.settings.contains_key(&slot);
        let of_patch = follows(before) && follows(after);
        if from != to && !same_beats && !displaced && !of_patch {
            let param = words::slot_name(input.names[0], input.indexed, &after.channels, slot.1);
            // What is added to a pitch that comes by cable is an interval.
            let kind = if input.kind == Kind::Pitch && was_linked && is_linked { Kind::Interval } else { input.kind };
            let (from, to) = (words::level(from, kind), words::level(to, kind));
            changes.push(Change { module: after.path.clone(), param, from, to });
        }
    }
    let slots: BTreeSet<Slot> = before.params.keys().chain(after.params.keys()).copied().collect();
    for slot in slots {
        let param = &before.spec.params[slot.0 as usize];
        let (from, to) = (before.params.get(&slot), after.params.get(&slot));
        if from != to {
            let (from, to) = match (from, to) {
                (Some(ParamValue::Score(from)), Some(ParamValue::Score(to))) => words::scores(from, to),
                _ => (words::param(from, &param.kind), words::param(to, &param.kind)),
            };
            let param = words::slot_name(param.names[0], param.indexed, &after.channels, slot.1);
            changes.push(Change { module: after.path.clone(), param, from, to });
        }
    }
    changes
}
