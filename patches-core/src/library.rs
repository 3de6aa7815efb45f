//! The module types there are, by name.

use crate::spec::Spec;
use std::collections::BTreeMap;

/// All module types that a patch may use.
#[derive(Clone, Debug, Default)]
pub struct Library {
    specs: Vec<&'static Spec>,
    by_name: BTreeMap<&'static str, &'static Spec>,
}

impl Library {
    /// A library of these types. Where two claim one name, the first keeps it.
    pub fn new(specs: impl IntoIterator<Item = &'static Spec>) -> Library {
        let mut library = Library::default();
        for spec in specs {
            library.specs.push(spec);
            for name in spec.names {
                library.by_name.entry(name).or_insert(spec);
            }
        }
        library
    }

    /// The type of this name.
    pub fn find(&self, name: &str) -> Option<&'static Spec> {
        self.by_name.get(name).copied()
    }

    /// Every name a type can be found by, for suggestions.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.by_name.keys().copied()
    }

    /// The types, in the order given.
    pub fn specs(&self) -> &[&'static Spec] {
        &self.specs
    }
}
