//! Warnings: what plays, but is probably not meant.

use super::Checker;
use crate::fault::{Fault, codes};
use patches_core::exact;
use patches_core::graph::{Path, Setting, Span};
use patches_core::spec::Kind;
use std::collections::{HashMap, HashSet};

/// Steps that the search for growing loops may take; what is left out is a warning, no more.
const LOOP_WORK: usize = 2_000_000;

/// A cable between numbered modules.
struct Edge {
    from: usize,
    to: usize,
    /// Octaves.
    gain: f64,
    span: Span,
}

/// Without the edges that are in no loop.
fn in_loops(mut edges: Vec<Edge>, count: usize) -> Vec<Edge> {
    loop {
        let (mut entered, mut left) = (vec![false; count], vec![false; count]);
        for edge in &edges {
            entered[edge.to] = true;
            left[edge.from] = true;
        }
        let before = edges.len();
        edges.retain(|edge| entered[edge.from] && left[edge.to]);
        if edges.len() == before {
            return edges;
        }
    }
}

impl Checker<'_> {
    /// All warnings of a patch without errors.
    pub(super) fn warn(&mut self) {
        self.reaches_nothing();
        self.loop_gain();
    }

    /// Loops of sound that grow: the scales round one multiply to more than 1. What the modules in it do to the level
    /// is not known, but for amplifiers with a fixed gain.
    fn loop_gain(&mut self) {
        let edges = self.sound_edges();
        // Where nothing amplifies, no loop does.
        if edges.iter().all(|edge| edge.gain <= 0.0) {
            return;
        }
        let count = edges.iter().map(|edge| edge.from.max(edge.to) + 1).max().unwrap_or(0);
        let edges = in_loops(edges, count);
        // A largest product is a longest path of logarithms: what still grows after as many rounds as there are
        // modules goes round a loop that grows.
        let rounds = count.min(LOOP_WORK / edges.len().max(1));
        let mut best = vec![0.0_f64; count];
        for round in 0..=rounds {
            let mut grown = None;
            for edge in &edges {
                let level = best[edge.from] + edge.gain;
                if level > best[edge.to] + 1e-9 {
                    best[edge.to] = level;
                    grown = Some(edge);
                }
            }
            let Some(edge) = grown else { return };
            if round == rounds && rounds > 0 {
                let loudest = edges.iter().max_by(|a, b| a.gain.total_cmp(&b.gain)).unwrap_or(edge);
                let message = "a loop with gain above one: it grows until something limits it";
                self.fault(Fault::warning(codes::LOOP_GAIN, loudest.span, message));
            }
        }
    }

    /// Cables of sound, with their gains in octaves.
    fn sound_edges(&self) -> Vec<Edge> {
        let number: HashMap<&Path, usize> = self.graph.modules.keys().enumerate().map(|(n, path)| (path, n)).collect();
        let driven: HashSet<(&Path, u16)> = self.graph.cables.iter().map(|c| (&c.to.module, c.to.port)).collect();
        let mut edges = Vec::new();
        for cable in &self.graph.cables {
            let (Some(from), Some(to)) =
                (self.graph.modules.get(&cable.from.module), self.graph.modules.get(&cable.to.module))
            else {
                continue;
            };
            if to.spec.inputs[cable.to.port as usize].kind != Kind::Audio || cable.scale == 0.0 {
                continue;
            }
            let mut gain = if cable.scale.abs() == 1.0 { 0.0 } else { exact::log2(cable.scale.abs()) };
            if let Some((port, _)) = from.spec.input("gain").filter(|_| from.spec.name() == "Vca")
                && let Some(Setting::Number(set)) = from.settings.get(&(port, 0))
                && !driven.contains(&(&cable.from.module, port))
            {
                // Nothing comes through a closed amplifier.
                gain += if *set == 0.0 { -1000.0 } else { exact::log2(set.abs()) };
            }
            let (from, to) = (number[&cable.from.module], number[&cable.to.module]);
            edges.push(Edge { from, to, gain, span: cable.span });
        }
        edges
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
        // What is watched is wanted.
        let watched = self.graph.probes.iter().map(|probe| &probe.from.module);
        let mut todo: Vec<&Path> = ends.map(|(path, _)| path).chain(watched).collect();
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
