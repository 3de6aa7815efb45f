//! What a save did to each module, for people and for tools.

use patches_core::graph::{Path, Span};

/// A parameter that changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The module.
    pub module: Path,
    /// The parameter, by its first name, with its channel if it has one.
    pub param: String,
    /// Value before, in words.
    pub from: String,
    /// Value after, in words.
    pub to: String,
}

/// A cable that is one sample late because it closes a loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// Its ends, in words.
    pub cable: String,
    /// Where it is written.
    pub span: Span,
}

/// What a save does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Modules that keep their state.
    pub kept: Vec<Path>,
    /// Parameters that change.
    pub changed: Vec<Change>,
    /// Modules whose cables change.
    pub rewired: Vec<Path>,
    /// Modules that go on under another name: the old one, the new one.
    pub renamed: Vec<(Path, Path)>,
    /// Modules that are new.
    pub added: Vec<Path>,
    /// Modules that go.
    pub removed: Vec<Path>,
    /// Modules that come back with the state they had.
    pub restored: Vec<Path>,
    /// Modules that start over, and why.
    pub reset: Vec<(Path, String)>,
    /// Cables that are one sample late because they close a loop.
    pub loops: Vec<Closing>,
    /// The part of real time that it will take with all of it awake, where that was asked for.
    pub load: Option<f64>,
}

impl Report {
    /// The module at this path, of another type than before, goes on with what the two have in common.
    pub(crate) fn carry_over(&mut self, path: &Path, from: &str, to: &str) {
        let before = self.reset.len();
        self.reset.retain(|(reset, _)| reset != path);
        if self.reset.len() < before {
            self.kept.push(path.clone());
            let (param, from, to) = ("type".into(), from.into(), to.into());
            self.changed.push(Change { module: path.clone(), param, from, to });
        }
    }
}
