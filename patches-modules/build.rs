//! Finds the module files, so that adding a module touches one file: every `src/modules/*.rs` is a module type (its
//! `DEF` goes into the registry), and its file name is its Rust module name.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=src/modules");
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it for build scripts");
    let folder = Path::new(&root).join("src").join("modules");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("src/modules is part of the crate")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    files.sort();
    let mut code = String::new();
    let mut defs = String::new();
    for path in &files {
        let name = path.file_stem().and_then(|name| name.to_str()).expect("module files have plain names");
        writeln!(code, "#[path = {path:?}]\npub mod {name};").expect("writing to a string");
        writeln!(defs, "    &{name}::DEF,").expect("writing to a string");
    }
    writeln!(code, "/// Every module type, by file name.\npub static DEFS: &[&patches_core::lower::Def] = &[\n{defs}];")
        .expect("writing to a string");
    let out = env::var("OUT_DIR").expect("cargo sets it for build scripts");
    fs::write(Path::new(&out).join("modules.rs"), code).expect("OUT_DIR can be written");
}
