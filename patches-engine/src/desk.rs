//! What a performer does beside the text: mute, solo, tempo, start and stop, over and over again.

use crate::net::quiet::downstream;
use patches_core::graph::{Cable, Graph, Path};
use patches_core::spec::Kind;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What holds over the text until it is taken back. It goes into the graph before anything is planned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Desk {
    /// What is muted instead of what the text mutes.
    pub mute: Option<Vec<Path>>,
    /// What is soloed instead of what the text soloes.
    pub solo: Option<Vec<Path>>,
    /// Beats a minute instead of those of the text.
    pub tempo: Option<f64>,
    /// Musical time stands still: clocks and sequencers wait and let go of what they hold.
    pub stopped: bool,
}

impl Desk {
    /// The graph as it is to be heard.
    pub fn over(&self, graph: &Arc<Graph>) -> Arc<Graph> {
        if *self == Desk::default() {
            return graph.clone();
        }
        let mut heard = if self.stopped { released(graph, true) } else { Graph::clone(graph) };
        if let Some(mute) = &self.mute {
            heard.mute.clone_from(mute);
        }
        if let Some(solo) = &self.solo {
            heard.solo.clone_from(solo);
        }
        heard.tempo = self.tempo.or(heard.tempo);
        Arc::new(heard)
    }

    /// What is muted over this graph.
    pub fn muted<'a>(&'a self, graph: &'a Graph) -> &'a [Path] {
        self.mute.as_ref().unwrap_or(&graph.mute)
    }

    /// What is soloed over it.
    pub fn soloed<'a>(&'a self, graph: &'a Graph) -> &'a [Path] {
        self.solo.as_ref().unwrap_or(&graph.solo)
    }

    /// What is left of it when this graph follows that one: where the text itself says something new, the text counts.
    pub fn after(mut self, before: &Graph, after: &Graph) -> Desk {
        self.mute.take_if(|_| before.mute != after.mute);
        self.solo.take_if(|_| before.solo != after.solo);
        self.tempo.take_if(|_| before.tempo != after.tempo);
        self
    }
}

/// How a desk changes: what is said, and what stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// What is muted from here on; inside, none says: what the text mutes.
    pub mute: Option<Option<Vec<Path>>>,
    /// What is soloed.
    pub solo: Option<Option<Vec<Path>>>,
    /// Beats a minute.
    pub tempo: Option<Option<f64>>,
    /// Whether musical time goes on.
    pub playing: Option<bool>,
}

impl Change {
    /// What makes `after` of `before`.
    pub fn between(before: &Desk, after: &Desk) -> Change {
        Change {
            mute: (before.mute != after.mute).then(|| after.mute.clone()),
            solo: (before.solo != after.solo).then(|| after.solo.clone()),
            tempo: (before.tempo != after.tempo).then_some(after.tempo),
            playing: (before.stopped != after.stopped).then_some(!after.stopped),
        }
    }

    /// Makes it so.
    pub fn apply(&self, desk: &mut Desk) {
        if let Some(mute) = &self.mute {
            desk.mute.clone_from(mute);
        }
        if let Some(solo) = &self.solo {
            desk.solo.clone_from(solo);
        }
        desk.tempo = self.tempo.unwrap_or(desk.tempo);
        desk.stopped = self.playing.map_or(desk.stopped, |playing| !playing);
    }
}

/// Which modules start over, with the state of new ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Reset {
    /// None.
    #[default]
    None,
    /// These, and those in template instances of these names.
    These(Vec<Path>),
    /// All.
    All,
}

impl Reset {
    /// These too.
    pub fn add(&mut self, more: Reset) {
        match (&mut *self, more) {
            (_, Reset::None) | (Reset::All, _) => {}
            (Reset::These(these), Reset::These(more)) => these.extend(more),
            (_, more) => *self = more,
        }
    }

    /// Whether the module at this path starts over.
    pub fn covers(&self, path: &Path) -> bool {
        match self {
            Reset::None => false,
            Reset::These(names) => names.iter().any(|name| covers(name, path)),
            Reset::All => true,
        }
    }
}

/// What goes with a plan besides its graph.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ask {
    /// Modules that an earlier save removed or reset come back with the state they had then.
    pub restore: bool,
    /// Modules that start over.
    pub reset: Reset,
    /// Musical time stands still from there, until a plan comes that does not say so.
    pub stopped: bool,
    /// It is to play however much of the time it takes.
    pub force: bool,
}

/// Whether a path is the one named, or lies in the template instance, `for` or file of that name.
pub fn covers(name: &str, path: &str) -> bool {
    path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '[']))
}

/// The graph without the cables that trigger something or hold it; `keys` leaves those that MIDI plays.
pub(crate) fn released(graph: &Graph, keys: bool) -> Graph {
    let mut graph = graph.clone();
    let played = if keys { played(&graph) } else { BTreeSet::new() };
    let Graph { modules, cables, .. } = &mut graph;
    cables.retain(|cable| {
        let kind = modules.get(&cable.to.module).map(|module| module.spec.inputs[cable.to.port as usize].kind);
        !matches!(kind, Some(Kind::Gate | Kind::Trigger)) || played.contains(&cable.from.module)
    });
    graph
}

/// Modules that MIDI plays, and all that they feed.
fn played(graph: &Graph) -> BTreeSet<Path> {
    let number: BTreeMap<&Path, usize> =
        graph.modules.keys().enumerate().map(|(number, path)| (path, number)).collect();
    let ends = |cable: &Cable| Some((*number.get(&cable.from.module)?, *number.get(&cable.to.module)?));
    let midi = graph.modules.values().map(|module| module.spec.has_midi()).collect();
    let reached = downstream(graph.cables.iter().filter_map(ends), midi);
    graph.modules.keys().zip(reached).filter(|(_, reached)| *reached).map(|(path, _)| path.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_says_something_new_counts_again() {
        let desk = Desk { mute: Some(vec!["kick".into()]), tempo: Some(90.0), ..Desk::default() };
        let before = Graph { tempo: Some(120.0), ..Graph::default() };
        assert_eq!(desk.clone().after(&before, &before), desk);
        let after = Graph { tempo: Some(130.0), ..before.clone() };
        assert_eq!(desk.clone().after(&before, &after), Desk { tempo: None, ..desk.clone() });
        let after = Graph { mute: vec!["hat".into()], ..before.clone() };
        assert_eq!(desk.clone().after(&before, &after), Desk { mute: None, ..desk });
    }

    #[test]
    fn a_reset_names_modules_and_instances() {
        let reset = Reset::These(vec!["v".into(), "osc".into()]);
        let covered = |path: &str| reset.covers(&path.into());
        assert!(covered("osc") && covered("v/env") && covered("osc[2]"));
        assert!(!covered("oscillator") && !covered("w/v"));
        assert!(Reset::All.covers(&"x".into()) && !Reset::None.covers(&"x".into()));
    }
}
