//! Kernels of one name: only those whose state means the same may have one, since a save may make one of the other.

mod common;
use common::Fed;
use patches_core::lower::{Lowering, NodeKind};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn kernels_of_one_name_and_size_are_one() {
    let library = patches_modules::library();
    let mut known: BTreeMap<(&str, usize), BTreeSet<usize>> = BTreeMap::new();
    for spec in library.specs() {
        let Some(lower) = patches_modules::lower(spec) else { continue };
        let mut lowering = Lowering::new(spec, 2, 48e3, &Fed);
        lower(&mut lowering);
        for node in &lowering.nodes {
            if let NodeKind::Kernel(def, _) = &node.kind
                && def.state_words > 0
            {
                let place = std::ptr::from_ref(*def) as usize;
                known.entry((def.name, def.state_words)).or_default().insert(place);
            }
        }
    }
    let twins: Vec<_> = known.iter().filter(|(_, places)| places.len() > 1).map(|(key, _)| *key).collect();
    assert_eq!(twins, [("Svf", 2)], "the filters share their integrators");
    assert!(known.len() > 40, "kernels were found: {}", known.len());
}
