//! Warnings: what plays, but is probably not meant.

use super::Checker;
use super::numbered::Numbered;
use crate::fault::{Fault, codes};
use crate::hash::HashSet;
use patches_core::exact;
use patches_core::graph::{Cable, Module, Path, Setting, Span};
use patches_core::spec::Kind;

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

/// A pitch that goes where a trigger or gate is waited for, from a module that gives one: a pitch stands above the
/// threshold all the time.
fn pitch_as_trigger(from: (&Path, &Module), to: (&Path, &Module), cable: &Cable) -> Option<Fault> {
    let (source, target) = (from.1.spec, to.1.spec);
    let input = target.inputs.get(usize::from(cable.to.port))?;
    let wanted = match input.kind {
        Kind::Trigger => "trigger",
        Kind::Gate => "gate",
        _ => return None,
    };
    let output = source.outputs.get(usize::from(cable.from.port))?;
    if output.kind != Kind::Pitch || source.output(wanted).is_none() {
        return None;
    }
    let (output, input) = (output.names[0], input.names[0]);
    let message = format!("a pitch, `{}.{output}`, goes into `{}.{input}`, which waits for a {wanted}", from.0, to.0);
    let help = format!("`{}.{wanted}` is meant?", from.0);
    Some(Fault::warning(codes::PITCH_AS_TRIGGER, cable.span, message).help(help))
}

impl Checker<'_> {
    /// All warnings of a patch without errors.
    pub(super) fn warn(&mut self) {
        let graph = Numbered::new(&self.graph);
        let mut faults = self.reaches_nothing(&graph);
        faults.extend(self.loop_gain(&graph));
        faults.extend(
            graph
                .cables
                .iter()
                .filter_map(|&(from, to, cable)| pitch_as_trigger(graph.modules[from], graph.modules[to], cable)),
        );
        faults.into_iter().for_each(|fault| self.fault(fault));
    }

    /// Loops of sound that grow: the scales round one multiply to more than 1. What the modules in it do to the level
    /// is not known, but for amplifiers with a fixed gain.
    fn loop_gain(&self, graph: &Numbered<'_>) -> Option<Fault> {
        // Where nothing amplifies, no loop does.
        if !self.amplifies() {
            return None;
        }
        let edges = self.sound_edges(graph);
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
            let edge = grown?;
            if round == rounds && rounds > 0 {
                let loudest = edges.iter().max_by(|a, b| a.gain.total_cmp(&b.gain)).unwrap_or(edge);
                let message = "a loop with gain above one: it grows until something limits it";
                return Some(Fault::warning(codes::LOOP_GAIN, loudest.span, message));
            }
        }
        None
    }

    /// Whether anything in the patch makes a signal larger, as far as the text says.
    fn amplifies(&self) -> bool {
        let open = |module: &Module| {
            let gain = module.spec.input("gain").filter(|_| module.spec.name() == "Vca");
            let set = gain.and_then(|(port, _)| module.settings.get(&(port, 0)));
            matches!(set, Some(Setting::Number(set)) if set.abs() > 1.0)
        };
        self.graph.cables.iter().any(|cable| cable.scale.abs() > 1.0) || self.graph.modules.values().any(open)
    }

    /// Cables of sound, with their gains in octaves.
    fn sound_edges(&self, graph: &Numbered<'_>) -> Vec<Edge> {
        let driven: HashSet<(usize, u16)> = graph.cables.iter().map(|(_, to, cable)| (*to, cable.to.port)).collect();
        let mut edges = Vec::new();
        for &(from, to, cable) in &graph.cables {
            let ((_, source), (_, target)) = (graph.modules[from], graph.modules[to]);
            if target.spec.inputs[cable.to.port as usize].kind != Kind::Audio || cable.scale == 0.0 {
                continue;
            }
            let mut gain = if cable.scale.abs() == 1.0 { 0.0 } else { exact::log2(cable.scale.abs()) };
            if let Some((port, _)) = source.spec.input("gain").filter(|_| source.spec.name() == "Vca")
                && let Some(Setting::Number(set)) = source.settings.get(&(port, 0))
                && !driven.contains(&(from, port))
            {
                // Nothing comes through a closed amplifier.
                gain += if *set == 0.0 { -1000.0 } else { exact::log2(set.abs()) };
            }
            edges.push(Edge { from, to, gain, span: cable.span });
        }
        edges
    }

    /// Modules whose sound ends nowhere: from what has no outputs, back along the cables.
    fn reaches_nothing(&self, graph: &Numbered<'_>) -> Vec<Fault> {
        let into = graph.lists(|cable| cable.1);
        // A module without outputs is an end in itself, and so is one that writes a file.
        let ends = graph.modules.iter().enumerate().filter(|(_, (_, module))| {
            module.spec.outputs.is_empty()
                || matches!(module.spec.name(), "Recorder" | "MidiOut" | "OscOut" | "AudioOut")
        });
        // What is watched is wanted.
        let watched = self.graph.probes.iter().filter_map(|probe| graph.number(&probe.from.module));
        let mut todo: Vec<usize> = ends.map(|(number, _)| number).chain(watched).collect();
        let mut reached = vec![false; graph.modules.len()];
        todo.iter().for_each(|&number| reached[number] = true);
        while let Some(number) = todo.pop() {
            for &cable in into.of(number) {
                let (from, ..) = graph.cables[cable as usize];
                if !reached[from] {
                    reached[from] = true;
                    todo.push(from);
                }
            }
        }
        let cut_off = graph.modules.iter().zip(reached).filter(|((_, module), reached)| !reached && !module.unnamed);
        let told = |((path, module), _): (&(&Path, &Module), bool)| {
            Fault::warning(codes::REACHES_NOTHING, module.span, format!("`{path}` reaches no output"))
        };
        cut_off.map(told).collect()
    }
}
