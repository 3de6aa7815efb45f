//! Warnings: what plays, but is probably not meant.

use super::Checker;
use crate::fault::{Fault, codes};
use patches_core::graph::Path;
use std::collections::{HashMap, HashSet};

impl Checker<'_> {
    /// All warnings of a patch without errors.
    pub(super) fn warn(&mut self) {
        self.reaches_nothing();
    }

    /// Modules whose sound ends nowhere: from what has no outputs, back along the cables.
    fn reaches_nothing(&mut self) {
        let mut into: HashMap<&Path, Vec<&Path>> = HashMap::new();
        for cable in &self.graph.cables {
            into.entry(&cable.to.module).or_default().push(&cable.from.module);
        }
        // A module without outputs is an end in itself, and so is one that writes a file.
        let ends = self.graph.modules.iter().filter(|(_, module)| {
            module.spec.outputs.is_empty()
                || matches!(module.spec.name(), "Recorder" | "MidiOut" | "OscOut" | "AudioOut")
        });
        let mut todo: Vec<&Path> = ends.map(|(path, _)| path).collect();
        let mut reached: HashSet<&Path> = todo.iter().copied().collect();
        while let Some(path) = todo.pop() {
            for from in into.get(path).into_iter().flatten() {
                if reached.insert(from) {
                    todo.push(from);
                }
            }
        }
        let mut faults = Vec::new();
        for (path, module) in &self.graph.modules {
            if !reached.contains(path) && !module.unnamed {
                let message = format!("`{path}` reaches no output");
                faults.push(Fault::warning(codes::REACHES_NOTHING, module.span, message));
            }
        }
        faults.into_iter().for_each(|fault| self.fault(fault));
    }
}
