//! Writes the good texts of the tests as YAML, for the fuzzer to begin with: `yaml_seeds FOLDER FILE…`.

#[path = "../tests/common/mod.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod common;

use common::load_text;
use patches_dsl::to_yaml;
use std::path::Path;

fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    let folder = args.next().unwrap_or_else(|| ".".into());
    for file in args {
        let stem = Path::new(&file).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        // A file of the tests holds many texts between lines of ---.
        for (number, text) in std::fs::read_to_string(&file)?.split("\n---\n").enumerate() {
            let loaded = load_text(text);
            if let (false, Ok(yaml)) = (loaded.has_errors(), to_yaml(&loaded.graph)) {
                std::fs::write(Path::new(&folder).join(format!("{stem}-{number}.yaml")), yaml)?;
            }
        }
    }
    Ok(())
}
