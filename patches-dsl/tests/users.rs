//! Whole patches as people write them, against the module types that are played.

use patches_core::library::Library;
use patches_dsl::{Disk, Loaded, load, print::flat};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

static LIBRARY: LazyLock<Library> = LazyLock::new(patches_modules::library);

fn loaded(path: &Path) -> Loaded {
    load(path, &Disk, &LIBRARY)
}

#[test]
fn patches_of_users_load_without_a_fault_and_read_back() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/good/users");
    let entries = std::fs::read_dir(folder).expect("the folder is part of the sources");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable entry").path()).collect();
    paths.sort();
    assert!(paths.len() >= 10);
    let mut told = String::new();
    for path in paths {
        let loaded = loaded(&path);
        told.push_str(&loaded.render(false));
        let printed = flat(&loaded.graph);
        let memory = patches_dsl::Memory::default().with("flat.patches", printed.clone());
        let back = load(Path::new("flat.patches"), &memory, &LIBRARY);
        assert_eq!(loaded.graph, back.graph, "{printed}");
    }
    assert!(told.is_empty(), "{told}");
}
