//! From a graph and what plays to the plans that take it over.

use super::{MAX_BYTES, Playing};
use crate::desk::{Ask, covers};
use crate::diff::{Diff, diff};
use crate::engine::{PlanError, Settings};
use crate::net::{Level, Net};
use crate::plan::Plan;
use crate::plan::crowd::Crowd;
use crate::plan::emit::{Target, emit};
use crate::plan::locals::{Locals, locals};
use crate::plan::loops::{closing, guarded};
use crate::plan::memory::Memory;
use crate::plan::nodes::{Nodes, nodes};
use crate::plan::order::{order, widen};
use crate::report::Report;
use crate::state::parked::Parked;
use crate::state::{ModuleId, Store};
use patches_core::graph::{Graph, Path};
use std::collections::{BTreeMap, BTreeSet};

/// Makes the plans of one save.
pub(super) struct Planner<'a> {
    pub settings: &'a Settings,
    pub playing: &'a Playing,
    pub parked: &'a Parked,
    pub fading: bool,
    pub fade_frames: u32,
    /// Frames that removed echoes ring out between two fades.
    pub tail_frames: u32,
    pub ask: &'a Ask,
}

pub(super) struct Planned {
    pub first: Plan,
    pub settled: Option<Plan>,
    /// Frames until it takes over.
    pub until: u32,
    pub playing: Playing,
    pub report: Report,
}

/// A plan with what it stands on.
struct Built {
    plan: Plan,
    store: Store,
    /// Modules whose memory would have to grow.
    grown: Vec<Path>,
    /// Modules that begin with the state of another.
    inherited: BTreeSet<ModuleId>,
}

impl Planner<'_> {
    /// The plans of a save.
    pub(super) fn plan(&self, graph: &Graph) -> Result<Planned, PlanError> {
        let (old, store) = match (&self.playing.union, self.fading) {
            (Some((net, store, _)), true) => (net, store),
            _ => (&self.playing.settled, &self.playing.store),
        };
        let nothing = Parked::default();
        let parked = if self.ask.restore { self.parked } else { &nothing };
        let known = self.ask.restore.then(|| self.parked.store().with(store.clone()));
        let store = known.as_ref().unwrap_or(store);
        let mut renewed = self.renewed(graph);
        loop {
            let (mut diff, lowered) = diff(old, graph, &renewed, parked, |net| self.close(net), self.tail_frames > 0);
            let laid = self.lay(&diff.settled, &lowered, None);
            let crowd = Crowd { old: store, net: &diff.settled, nodes: &laid };
            let rings = diff.union.modules.iter().any(|module| module.rings > 0);
            let fades = rings || self.fade_frames > 0 && (needs_fade(&diff) || crowd.differs());
            let union = fades.then(|| (&diff.union, self.lay(&diff.union, &self.lower(&diff.union), Some(&crowd))));
            let (first_net, first_laid) = union.as_ref().map_or((&diff.settled, &laid), |(net, laid)| (net, laid));
            let Built { plan: first, store: first_store, grown, inherited } =
                self.build(first_net, first_laid, store, &diff.copies);
            // A delay line that must grow is a new one: its module starts over, faded, rather than lose its echoes at once.
            let grown: Vec<Path> = grown.into_iter().filter(|path| !renewed.contains_key(path)).collect();
            if !grown.is_empty() {
                renewed.extend(grown.into_iter().map(|path| (path, "its memory had to grow")));
                continue;
            }
            for (from, to) in diff.copies.iter().filter(|(from, to)| from.kind != to.kind && inherited.contains(to)) {
                diff.report.carry_over(&to.path, from.kind, to.kind);
            }
            let bytes = first_store.words() * 4;
            if bytes > MAX_BYTES {
                return Err(PlanError::Limit { what: "bytes of delay lines", found: bytes, limit: MAX_BYTES });
            }
            let modules = |net: &Net| net.modules.iter().map(|m| (m.path.clone(), m.spec.name())).collect::<Vec<_>>();
            if !fades {
                let modules = modules(&diff.settled);
                let playing = Playing { settled: diff.settled, store: first_store, modules, ..Playing::default() };
                return Ok(Planned { first, settled: None, until: 0, playing, report: diff.report });
            }
            let Built { plan: settled, store: settled_store, .. } = self.build(&diff.settled, &laid, &first_store, &[]);
            let playing = Playing {
                modules: modules(&diff.settled),
                union_modules: modules(&diff.union),
                settled: diff.settled,
                store: settled_store,
                union: Some((diff.union, first_store, u64::MAX)),
                ..Playing::default()
            };
            let fade = self.fade_frames;
            let until = if rings { fade.saturating_mul(2).saturating_add(self.tail_frames) } else { fade };
            return Ok(Planned { first, settled: Some(settled), until, playing, report: diff.report });
        }
    }

    /// The modules that start over whatever the edit is, and why: as was asked for, or as the text says and that which
    /// plays does not. A text that is gone back to said so long ago.
    fn renewed(&self, graph: &Graph) -> BTreeMap<Path, &'static str> {
        let before = &self.playing.graph.reset;
        let named: Vec<&Path> = graph.reset.iter().filter(|path| !self.ask.restore && !before.contains(path)).collect();
        let why = |path: &Path| match self.ask.reset.covers(path) {
            true => Some("asked for"),
            false => named.iter().any(|name| covers(name, path)).then_some("as the text says"),
        };
        graph.modules.keys().filter_map(|path| Some((path.clone(), why(path)?))).collect()
    }

    fn lower(&self, net: &Net) -> Locals {
        locals(net, self.settings.lower, f64::from(self.settings.inner()))
    }

    /// Makes the cables late that close a loop; marks modules that have delay lines. Gives what the modules are made of, which
    /// does not depend on either.
    fn close(&self, net: &mut Net) -> Locals {
        let locals = self.lower(net);
        for index in closing(net, &locals) {
            (net.cables[index].late, net.cables[index].closes) = (true, true);
        }
        for (index, module) in net.modules.iter_mut().enumerate() {
            module.lines = locals.has_lines(index);
        }
        locals
    }

    /// The nodes of a net.
    fn lay(&self, net: &Net, locals: &Locals, crowd: Option<&Crowd<'_>>) -> Nodes {
        // Of a settled net these are none; the union of two nets may have a loop that neither has.
        let late = closing(net, locals);
        let mut nodes = nodes(net, locals, self.settings.outputs, &late, &guarded(net, locals, &late), crowd);
        widen(&mut nodes);
        nodes
    }

    fn build(&self, net: &Net, nodes: &Nodes, store: &Store, copies: &[(ModuleId, ModuleId)]) -> Built {
        let rate = self.settings.inner();
        let order = order(nodes);
        let mut memory = Memory::new(store, copies, self.settings.seed, f64::from(rate));
        let [fade, tail] = [self.fade_frames, self.tail_frames].map(|n| n.saturating_mul(self.settings.oversample));
        let target = Target { isa: self.settings.isa, rate, fade, tail };
        let plan = emit(net, nodes, &order, &mut memory, target);
        let grown = memory.grown.iter().filter(|&&index| !net.modules[index].dying);
        let grown = grown.map(|&index| net.modules[index].path.clone()).collect();
        Built { plan, grown, inherited: memory.inherited, store: memory.store }
    }
}

/// Whether anything moves during the fade.
fn needs_fade(diff: &Diff) -> bool {
    let ramps = |level: &Level| matches!(level, Level::Ramp { .. });
    diff.union
        .modules
        .iter()
        .any(|module| module.dying || !module.fresh.is_empty() || module.settings.values().any(ramps))
        || diff.union.cables.iter().any(|cable| ramps(&cable.gain))
}
