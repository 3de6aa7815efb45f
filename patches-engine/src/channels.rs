//! The channels of a sound device that a patch wants: what its text asks for, and what it sends something to.

use crate::plan::nodes::OUTPUT;
use patches_core::graph::Graph;

/// How many channels go out, as the patch has them: two at least.
pub fn outputs(graph: &Graph) -> u16 {
    let outputs = graph.modules.values().filter(|module| module.spec.name() == OUTPUT);
    outputs.map(|module| module.channels.len() as u16).fold(2, u16::max)
}

/// How many channels there are to be for all that is sent to one to be heard: two at least.
pub fn heard(graph: &Graph) -> u16 {
    let beyond = |cable: &patches_core::graph::Cable| {
        let spec = graph.modules.get(&cable.to.module)?.spec;
        (spec.name() == OUTPUT && spec.input_by_channel(0) == Some(cable.to.port)).then_some(cable.to.channel + 1)
    };
    graph.cables.iter().filter_map(beyond).fold(2, u16::max)
}
