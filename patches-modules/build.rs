//! Finds the module files, so that adding a module touches one file: every `src/modules/*.rs` is a module type (its
//! `DEF` goes into the registry), and its file name is its Rust module name. With feature `faults` those of `src/faults`
//! are there too: modules that do wrong on purpose.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it for build scripts");
    let mut folders = vec!["modules"];
    if env::var("CARGO_FEATURE_FAULTS").is_ok() {
        folders.push("faults");
    }
    let mut files: Vec<_> = folders
        .iter()
        .inspect(|folder| println!("cargo::rerun-if-changed=src/{folder}"))
        .flat_map(|folder| fs::read_dir(Path::new(&root).join("src").join(folder)).expect("it is part of the crate"))
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
    writeln!(
        code,
        "/// Every module type, by file name.\npub static DEFS: &[&patches_core::lower::Def] = &[\n{defs}];"
    )
    .expect("writing to a string");
    let out = env::var("OUT_DIR").expect("cargo sets it for build scripts");
    fs::write(Path::new(&out).join("modules.rs"), code).expect("OUT_DIR can be written");
}
