//! The channels of sound devices that a patch wants: what its text asks for, and what it sends something to or hears.

use crate::plan::nodes::{INPUT, OUTPUT};
use patches_core::graph::{Cable, End, Graph};
use patches_core::spec::Spec;

/// How many channels go out, as the patch has them: two at least.
pub fn outputs(graph: &Graph) -> u16 {
    shaped(graph, OUTPUT)
}

/// How many channels come in, as the patch has them: two at least.
pub fn inputs(graph: &Graph) -> u16 {
    shaped(graph, INPUT)
}

/// How many channels out there are to be for all that is sent to one to be heard: two at least.
pub fn sent(graph: &Graph) -> u16 {
    used(graph, OUTPUT, |cable| &cable.to, |spec| spec.input_by_channel(0))
}

/// How many channels in there are to be for all that the patch listens to: two at least.
pub fn heard(graph: &Graph) -> u16 {
    used(graph, INPUT, |cable| &cable.from, |spec| spec.output_by_channel(0))
}

fn shaped(graph: &Graph, kind: &str) -> u16 {
    let modules = graph.modules.values().filter(|module| module.spec.name() == kind);
    modules.map(|module| module.channels.len() as u16).fold(2, u16::max)
}

fn used(graph: &Graph, kind: &str, end: impl Fn(&Cable) -> &End, by_channel: impl Fn(&Spec) -> Option<u16>) -> u16 {
    let beyond = |cable: &Cable| {
        let end = end(cable);
        let spec = graph.modules.get(&end.module)?.spec;
        (spec.name() == kind && by_channel(spec) == Some(end.port)).then_some(end.channel + 1)
    };
    graph.cables.iter().filter_map(beyond).fold(2, u16::max)
}
