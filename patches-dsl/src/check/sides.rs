//! Which side of what a cable leaves and goes to. A mono module that is fed stereo runs once per side, so it has sides
//! as a stereo port has; what is not fed stereo has none, whichever side the text asks for.

use super::Checker;
use super::numbered::Numbered;
use crate::hash::HashSet;
use crate::linear::Term;
use crate::sides::mean;
use patches_core::graph::{End, Path};
use patches_core::spec::{Input, Kind, Side, Spec};

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
    fn run_twice(&self) -> HashSet<Path> {
        let graph = Numbered::new(&self.graph);
        let out = graph.lists(|cable| cable.0);
        let mut twice = vec![false; graph.modules.len()];
        let mut todo: Vec<usize> = (0..graph.modules.len()).collect();
        while let Some(number) = todo.pop() {
            let (_, from) = graph.modules[number];
            for &cable in out.of(number) {
                let (_, target, cable) = graph.cables[cable as usize];
                let (_, to) = graph.modules[target];
                let stereo = from.spec.outputs[cable.from.port as usize].stereo || twice[number];
                let sided = cable.to.side != Side::Both || stereo && cable.from.side == Side::Both;
                let input = &to.spec.inputs[cable.to.port as usize];
                if sided && !input.stereo && has_side(to.spec, input) && !twice[target] {
                    twice[target] = true;
                    todo.push(target);
                }
            }
        }
        let paths = graph.modules.iter().zip(twice).filter(|(_, twice)| *twice);
        paths.map(|((path, _), _)| (*path).clone()).collect()
    }
}
