//! The modules: one file each, with its spec, its kernel and its tests. To add one, add a file to `src/modules`;
//! nothing else is touched.

/// The module files and the list of their definitions, found by the build script.
pub mod modules {
    include!(concat!(env!("OUT_DIR"), "/modules.rs"));
}

#[cfg(test)]
mod bench;
mod dsp;
#[cfg(test)]
mod listen;
mod parts;

use patches_core::library::Library;
use patches_core::lower::{Def, Lowering};
use patches_core::spec::Spec;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A module type as the planner needs it.
#[derive(Clone)]
pub struct Entry {
    /// What the language sees.
    pub spec: &'static Spec,
    /// How it becomes kernels.
    pub lower: fn(&mut Lowering<'_>),
}

static ENTRIES: LazyLock<BTreeMap<&'static str, Entry>> = LazyLock::new(|| {
    let entry = |def: &&'static Def| {
        let spec: &'static Spec = Box::leak(Box::new((def.spec)()));
        (spec.name(), Entry { spec, lower: def.lower })
    };
    modules::DEFS.iter().map(entry).collect()
});

/// All module types, for the language.
pub fn library() -> Library {
    Library::new(ENTRIES.values().map(|entry| entry.spec))
}

/// How the type of this name becomes kernels.
pub fn lower(spec: &Spec) -> Option<fn(&mut Lowering<'_>)> {
    ENTRIES.get(spec.name()).map(|entry| entry.lower)
}
