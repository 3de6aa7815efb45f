//! Which side of what a cable leaves and goes to. A mono module that is fed stereo runs once per side, so it has sides
//! as a stereo port has; what is not fed stereo has none, whichever side the text asks for.

use super::Checker;
use crate::linear::Term;
use crate::sides::mean;
use patches_core::graph::{Cable, End, Path};
use patches_core::spec::{Input, Kind, Side, Spec};
use std::collections::{BTreeMap, BTreeSet};

/// Whether a side of this input can be fed alone.
fn has_side(spec: &Spec, input: &Input) -> bool {
    input.stereo || input.kind == Kind::Audio && !spec.one && !spec.has_sides()
}

/// The ends and the factor of the cable that a term needs to an input of this type.
pub(super) fn cable_of(term: Term, from: End, to: &End, spec: &Spec) -> (End, End, f64) {
    let side = if from.side == Side::Both { term.take } else { from.side };
    let (from, mut to) = (End { side, ..from }, to.clone());
    if term.to == Side::Both {
        return (from, to, term.factor);
    }
    let input = &spec.inputs[to.port as usize];
    if to.side == Side::Both && has_side(spec, input) {
        to.side = term.to;
        return (from, to, term.factor);
    }
    // A control takes the mean of both sides; of triggers every one counts.
    let factor = if input.kind == Kind::Trigger { term.factor } else { mean(term).factor };
    (from, to, factor)
}

impl Checker<'_> {
    /// Takes sides away from outputs that have none.
    pub(super) fn settle_sides(&mut self) {
        let asks = |end: &End| end.side != Side::Both;
        let probed = self.graph.probes.iter().map(|probe| &probe.from);
        if !self.graph.cables.iter().map(|cable| &cable.from).chain(probed).any(asks) {
            return;
        }
        let twice = self.run_twice();
        let modules = &self.graph.modules;
        let settle = |end: &mut End| {
            let Some(module) = modules.get(&end.module) else { return };
            if !module.spec.outputs[end.port as usize].stereo && !twice.contains(&end.module) {
                end.side = Side::Both;
            }
        };
        self.graph.cables.iter_mut().for_each(|cable| settle(&mut cable.from));
        self.graph.probes.iter_mut().for_each(|probe| settle(&mut probe.from));
    }

    /// The mono modules that run once per side.
    fn run_twice(&self) -> BTreeSet<Path> {
        let mut out: BTreeMap<&Path, Vec<&Cable>> = BTreeMap::new();
        for cable in &self.graph.cables {
            out.entry(&cable.from.module).or_default().push(cable);
        }
        let mut twice: BTreeSet<Path> = BTreeSet::new();
        let mut todo: Vec<&Path> = out.keys().copied().collect();
        while let Some(path) = todo.pop() {
            let Some(from) = self.graph.modules.get(path) else { continue };
            for cable in out.get(path).into_iter().flatten() {
                let Some(to) = self.graph.modules.get(&cable.to.module) else { continue };
                let stereo = from.spec.outputs[cable.from.port as usize].stereo || twice.contains(path);
                let sided = cable.to.side != Side::Both || stereo && cable.from.side == Side::Both;
                let input = &to.spec.inputs[cable.to.port as usize];
                if sided && !input.stereo && has_side(to.spec, input) && twice.insert(cable.to.module.clone()) {
                    todo.push(&cable.to.module);
                }
            }
        }
        twice
    }
}
