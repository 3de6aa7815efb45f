//! Warnings: what plays, but is probably not meant.

use super::Checker;
use super::numbered::Numbered;
use crate::fault::{Fault, codes};
use patches_core::graph::{Cable, Module, Path};
use patches_core::spec::Kind;

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
    pub(super) fn warn(&mut self, bodies: &[Path]) {
        let graph = Numbered::new(&self.graph);
        let reached = self.reached(&graph);
        let mut faults = self.reaches_nothing(&graph, &reached, bodies);
        faults.extend(self.never_fed(&graph, &reached, bodies));
        faults.extend(self.loop_gain(&graph));
        faults.extend(
            graph
                .cables
                .iter()
                .filter_map(|&(from, to, cable)| pitch_as_trigger(graph.modules[from], graph.modules[to], cable)),
        );
        faults.into_iter().for_each(|fault| self.fault(fault));
    }
}
