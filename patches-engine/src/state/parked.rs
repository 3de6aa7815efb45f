//! State of modules that a save removed or reset, kept for a while so that an undo brings them back as they were.

use super::{ModuleId, Store};
use crate::net::{Net, NetModule};
use patches_core::graph::Path;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Saves whose removed modules are kept.
const SAVES: usize = 8;
/// Bytes that are kept at most.
const BYTES: usize = 256 << 20;

/// What one save took away.
#[derive(Debug)]
struct Gone {
    modules: BTreeMap<(Path, &'static str), ModuleId>,
    store: Store,
}

/// What the last saves took away, the newest first.
#[derive(Debug, Default)]
pub struct Parked {
    saves: VecDeque<Gone>,
}

impl Parked {
    /// Keeps what is in `before` and not in `after`.
    pub fn keep(&mut self, before: &Net, store: &Store, after: &Net) {
        let stay: BTreeSet<&ModuleId> = after.modules.iter().map(|module| &module.id).collect();
        let gone: Vec<&NetModule> = before.modules.iter().filter(|module| !stay.contains(&module.id)).collect();
        if gone.is_empty() {
            return;
        }
        let store = store.of(&gone.iter().map(|module| &module.id).collect());
        let modules =
            gone.iter().map(|module| ((module.path.clone(), module.spec.name()), module.id.clone())).collect();
        self.saves.push_front(Gone { modules, store });
        let mut words = 0;
        let fits = |gone: &&Gone| {
            words += gone.store.words();
            words * 4 <= BYTES
        };
        let count = self.saves.iter().take(SAVES).take_while(fits).count();
        self.saves.truncate(count);
    }

    /// The module of this path and type that was taken away last.
    pub fn find(&self, path: &Path, kind: &'static str) -> Option<&ModuleId> {
        self.saves.iter().find_map(|gone| gone.modules.get(&(path.clone(), kind)))
    }

    /// All that is kept, what was taken away last before what has the same name.
    pub fn store(&self) -> Store {
        self.saves.iter().rev().fold(Store::default(), |store, gone| store.with(gone.store.clone()))
    }
}
