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
/// there; `close` makes the cables late that close a loop, and says which modules have delay lines.
pub fn diff(
    old: &Net,
    graph: &Graph,
    renewed: &BTreeMap<Path, &'static str>,
    parked: &Parked,
    close: impl Fn(&mut Net) -> Vec<bool>,
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
    let lines = close(&mut settled);
    let restored: BTreeSet<&ModuleId> = report.restored.iter().map(|path| &ids[path]).collect();
    let union = Union::new(old, &settled, &copies, &restored, lines).build();
    describe(old, graph, &identity.kept, &gone, &settled, &mut report);
    report.loops =
        settled.cables.iter().filter(|cable| cable.closes).map(|cable| words::cable(&settled, cable)).collect();
    Diff { union, settled, copies, report }
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

/// Builds the union of two nets.
struct Union<'a> {
    old: &'a Net,
    new: &'a Net,
    old_index: BTreeMap<&'a ModuleId, usize>,
    new_ids: BTreeSet<&'a ModuleId>,
    /// New modules that are copies of old ones: they fade in, their parameters do not move.
    copied: BTreeSet<&'a ModuleId>,
    /// Which modules of the new net begin with empty delay lines, if they are not of the old: what comes into them fades
    /// in, or their first echo would be a jump; what comes out of them needs no fade, for it begins as silence.
    empty: Vec<bool>,
}

impl<'a> Union<'a> {
    fn new(
        old: &'a Net,
        new: &'a Net,
        copies: &'a [(ModuleId, ModuleId)],
        restored: &BTreeSet<&ModuleId>,
        mut empty: Vec<bool>,
    ) -> Self {
        for (module, empty) in new.modules.iter().zip(&mut empty) {
            *empty &= !restored.contains(&module.id);
        }
        Union {
            empty,
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
        self.keep_channels(&mut union);
        let places = Places {
            index: union.modules.iter().enumerate().map(|(i, module)| (&module.id, i)).collect(),
            modules: &union.modules,
        };
        let (cables, probes) = (self.cables(&places), union.probes.iter().map(|&probe| places.source(self.new, probe)));
        (union.probes, union.cables) = (probes.collect(), cables);
        union
    }

    /// Channels that the new shape does not have stay for the fade, behind those it has, and go down to silence.
    fn keep_channels(&self, union: &mut Net) {
        for module in &mut union.modules {
            let Some(&before) = self.old_index.get(&module.id) else { continue };
            let before = &self.old.modules[before];
            // Rows and lanes are those of the pattern or song.
            let scored = |kind: &ParamKind| matches!(kind, ParamKind::Pattern | ParamKind::Song);
            if module.dying || module.spec.params.iter().any(|param| scored(&param.kind)) {
                continue;
            }
            let new =
                module.channels.iter().filter(|name| !before.channels.contains(name) || before.fresh.contains(*name));
            module.fresh = new.cloned().collect();
            for (old_channel, name) in before.channels.iter().enumerate() {
                if module.channels.contains(name) {
                    continue;
                }
                let (old_channel, channel) = (old_channel as u16, module.channels.len() as u16);
                module.channels.push(name.clone());
                let inputs = module.spec.inputs.iter().enumerate().filter(|(_, input)| input.indexed);
                for (port, input) in inputs {
                    let port = port as u16;
                    let Some(level) = before.base(port, old_channel, false) else { continue };
                    let level = match input.kind {
                        Kind::Gain => {
                            let key = RampKey::Value(module.id.clone(), port, name.clone());
                            ramp(key, level.target(), 0.0)
                        }
                        _ => level,
                    };
                    module.settings.insert((port, channel), level);
                    if let Some(&beats) = before.beats.get(&(port, old_channel)) {
                        module.beats.insert((port, channel), beats);
                    }
                }
                for (port, _) in module.spec.params.iter().enumerate().filter(|(_, param)| param.indexed) {
                    if let Some(value) = before.params.get(&(port as u16, old_channel)) {
                        module.params.insert((port as u16, channel), value.clone());
                    }
                }
            }
        }
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
                    let (running, past) = match &from {
                        Some(Level::Ramp { from, past, .. }) => (true, [&past[..], &[*from]].concat()),
                        _ => (false, vec![]),
                    };
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
                        let key = RampKey::Value(module.id.clone(), port, name.clone());
                        Level::Ramp { key, from, to, curve, past }
                    };
                    module.settings.insert((port, channel), level);
                }
            }
        }
    }

    fn cables(&self, places: &Places<'_>) -> Vec<NetCable> {
        let old: BTreeMap<CableKey<'_>, &NetCable> =
            self.old.cables.iter().map(|cable| (cable_key(self.old, cable), cable)).collect();
        let new: BTreeSet<CableKey<'_>> = self.new.cables.iter().map(|cable| cable_key(self.new, cable)).collect();
        let mut cables = vec![];
        for cable in &self.new.cables {
            let before = old.get(&cable_key(self.new, cable)).map(|cable| &cable.gain);
            cables.push(places.cable(self.new, cable, self.faded_in(cable, before)));
        }
        for cable in &self.old.cables {
            if new.contains(&cable_key(self.old, cable)) {
                continue;
            }
            if let Some(gain) = self.faded_out(cable) {
                cables.push(NetCable { scale: 0.0, ..places.cable(self.old, cable, gain) });
            }
        }
        cables.sort_by_key(NetCable::order);
        cables
    }

    /// The gain during the fade of a cable that stays or is new.
    fn faded_in(&self, cable: &NetCable, before: Option<&Level>) -> Level {
        let to = cable.gain.target();
        let target = &self.new.modules[cable.to.module];
        let (source, kind) = (&self.new.modules[cable.from.module], target.spec.inputs[cable.to.port as usize].kind);
        // What comes into a new module is not heard before the module itself is faded in, at what it feeds; a line that
        // begins empty is faded in by what it is fed. Where sound leaves the patch there is nothing behind.
        let is_new = |module: &NetModule| !self.old_index.contains_key(&module.id);
        let filled = is_new(target) && self.empty[cable.to.module] && kind == Kind::Audio;
        let fills = is_new(source) && self.empty[cable.from.module];
        let unheard = is_new(target) && !filled && !target.spec.outputs.is_empty();
        let unheard = before.is_none() && (unheard || (fills && !filled));
        let from = before.map_or(0.0, Level::target);
        let running = matches!(before, Some(Level::Ramp { .. }));
        let switches = matches!(kind, Kind::Gate | Kind::Trigger | Kind::Midi);
        if switches || unheard || (from == to && !running) {
            return Level::Still(to);
        }
        ramp(ramp_key(self.new, cable), from, to)
    }

    /// The gain during the fade of a cable that goes; none if it is cut at once.
    fn faded_out(&self, cable: &NetCable) -> Option<Level> {
        let target = &self.old.modules[cable.to.module];
        if !self.new_ids.contains(&target.id) && !target.spec.outputs.is_empty() {
            return Some(cable.gain.clone());
        }
        let switches =
            matches!(target.spec.inputs[cable.to.port as usize].kind, Kind::Gate | Kind::Trigger | Kind::Midi);
        let from = cable.gain.target();
        (!switches).then(|| ramp(ramp_key(self.old, cable), from, 0.0))
    }
}

/// On the way in the unit of the cable.
fn ramp(key: RampKey, from: f32, to: f32) -> Level {
    Level::Ramp { key, from, to, curve: Curve::Linear, past: vec![] }
}

/// Where modules and their channels are in the union.
struct Places<'a> {
    index: BTreeMap<&'a ModuleId, usize>,
    modules: &'a [NetModule],
}

impl Places<'_> {
    fn end(&self, net: &Net, end: NetEnd, indexed: bool) -> NetEnd {
        let of = &net.modules[end.module];
        let module = self.index[&of.id];
        let name = of.channels.get(end.channel as usize).filter(|_| indexed);
        let channel = name.and_then(|name| self.modules[module].channels.iter().position(|channel| channel == name));
        NetEnd { module, channel: channel.map_or(end.channel, |channel| channel as u16), ..end }
    }

    fn source(&self, net: &Net, end: NetEnd) -> NetEnd {
        self.end(net, end, net.modules[end.module].spec.outputs[end.port as usize].indexed)
    }

    fn cable(&self, net: &Net, cable: &NetCable, gain: Level) -> NetCable {
        let indexed = net.modules[cable.to.module].spec.inputs[cable.to.port as usize].indexed;
        NetCable { from: self.source(net, cable.from), to: self.end(net, cable.to, indexed), gain, ..*cable }
    }
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

/// Slots of a module before and after an edit that mean the same: by the channel's name where they are one per channel.
/// One that a shape does not have has the other's number, where nothing is set.
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
            Some(level) => level.target(),
            None if was_linked && is_linked && input.normal == Normal::Unplugs => 0.0,
            None => input.default as f32,
        };
        let (from, to) = (of(before, old), of(after, new));
        // What the text says once for the whole patch is told once.
        let follows =
            |module: &NetModule, slot: Slot| module.of_patch.contains(&slot) || !module.settings.contains_key(&slot);
        let of_patch = follows(before, old) && follows(after, new);
        if from != to && !same_beats && !displaced && !of_patch {
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
                _ => (words::param(from, &param.kind), words::param(to, &param.kind)),
            };
            let param = words::slot_name(param.names[0], param.indexed, &after.channels, new.1);
            changes.push(Change { module: after.path.clone(), param, from, to });
        }
    }
    changes
}
