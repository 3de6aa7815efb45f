//! The net for the length of a fade: the modules and cables of both nets, with a ramp on each cable and parameter that
//! changed.

use super::{CableKey, cable_key, linked, ramp_key};
use crate::net::{Curve, Level, Net, NetCable, NetEnd, NetModule, is_event};
use crate::state::{ModuleId, RampKey};
use patches_core::spec::{Kind, ParamKind};
use std::collections::{BTreeMap, BTreeSet};

/// Builds the union of two nets.
pub(super) struct Union<'a> {
    old: &'a Net,
    new: &'a Net,
    old_index: BTreeMap<&'a ModuleId, usize>,
    new_ids: BTreeSet<&'a ModuleId>,
    /// New modules that are copies of old ones: they fade in, their parameters do not move.
    copied: BTreeSet<&'a ModuleId>,
    /// New modules that come back with what they held.
    restored: &'a BTreeSet<&'a ModuleId>,
    /// Old modules (by index) that go, and ring out.
    ringing: BTreeSet<usize>,
}

impl<'a> Union<'a> {
    pub fn new(
        old: &'a Net,
        new: &'a Net,
        copies: &'a [(ModuleId, ModuleId)],
        restored: &'a BTreeSet<&'a ModuleId>,
        rings: bool,
    ) -> Self {
        let mut union = Union {
            restored,
            ringing: BTreeSet::new(),
            old,
            new,
            old_index: old.modules.iter().enumerate().map(|(i, module)| (&module.id, i)).collect(),
            new_ids: new.modules.iter().map(|module| &module.id).collect(),
            copied: copies.iter().map(|(_, copy)| copy).collect(),
        };
        if rings {
            union.ringing = union.find_ringing();
        }
        union
    }

    /// Modules that go and have delay lines, and what goes with them behind them. One that has rung out over a second save
    /// does not over a third, so that they do not heap up.
    fn find_ringing(&self) -> BTreeSet<usize> {
        let goes = |module: usize| {
            let module = &self.old.modules[module];
            !self.new_ids.contains(&module.id) && module.rings < 2 && !module.spec.outputs.is_empty()
        };
        let mut work: Vec<usize> =
            (0..self.old.modules.len()).filter(|&index| goes(index) && self.old.modules[index].lines).collect();
        let mut found = BTreeSet::new();
        while let Some(module) = work.pop() {
            if found.insert(module) {
                let behind = self.old.cables.iter().filter(|cable| cable.from.module == module);
                work.extend(behind.map(|cable| cable.to.module).filter(|&target| goes(target)));
            }
        }
        found
    }

    /// The union.
    pub fn build(&self) -> Net {
        let mut modules: Vec<NetModule> = self.new.modules.clone();
        for (index, module) in self.old.modules.iter().enumerate() {
            if !self.new_ids.contains(&module.id) {
                let rings = if self.ringing.contains(&index) { module.rings + 1 } else { 0 };
                modules.push(NetModule { dying: true, rings, ..module.clone() });
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
                module.leaving += 1;
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
                let switches = is_event(input.kind);
                for channel in 0..if input.indexed { module.channels.len() as u16 } else { 1 } {
                    let name = &module.channels[channel as usize];
                    let Some(old_channel) = before.channels.iter().position(|c| !input.indexed || c == name) else {
                        continue;
                    };
                    let was_linked = old_linked.contains(&(&module.id, port, old_channel as u16));
                    let is_linked = new_linked.contains(&(&module.id, port, channel));
                    let hold = |level: Level| if was_linked || is_linked { level } else { level.held(input) };
                    let from = before.base(port, old_channel as u16, was_linked).map(hold);
                    let to = module.base(port, channel, is_linked).map_or(0.0, |level| hold(level).target());
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
                        Level::Ramp { key, from, to, curve, past, after: false }
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
        let is_empty = |module: &NetModule| is_new(module) && module.lines && !self.restored.contains(&module.id);
        let (filled, fills) = (is_empty(target) && kind == Kind::Audio, is_empty(source));
        let unheard = is_new(target) && !filled && !target.spec.outputs.is_empty();
        let unheard = before.is_none() && (unheard || (fills && !filled));
        let from = before.map_or(0.0, Level::target);
        let running = matches!(before, Some(Level::Ramp { .. }));
        if is_event(kind) || unheard || (from == to && !running) {
            return Level::Still(to);
        }
        ramp(ramp_key(self.new, cable), from, to)
    }

    /// The gain during the fade of a cable that goes; none if it is cut at once.
    fn faded_out(&self, cable: &NetCable) -> Option<Level> {
        let target = &self.old.modules[cable.to.module];
        let [from_ringing, to_ringing] = [cable.from, cable.to].map(|end| self.ringing.contains(&end.module));
        let kind = target.spec.inputs[cable.to.port as usize].kind;
        // What rings out hears only what rings out.
        let starves = to_ringing && !from_ringing && kind == Kind::Audio;
        if !self.new_ids.contains(&target.id) && !target.spec.outputs.is_empty() && !starves {
            return Some(cable.gain.clone());
        }
        (!is_event(kind)).then(|| Level::Ramp {
            key: ramp_key(self.old, cable),
            from: cable.gain.target(),
            to: 0.0,
            curve: Curve::Linear,
            past: vec![],
            after: from_ringing,
        })
    }
}

/// On the way in the unit of the cable.
fn ramp(key: RampKey, from: f32, to: f32) -> Level {
    Level::Ramp { key, from, to, curve: Curve::Linear, past: vec![], after: false }
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
