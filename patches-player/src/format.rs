//! `patches fmt`: one layout for the texts of the language.

use crate::error::Error;
use crate::out;
use crate::patch;
use clap::Args;
use patches_core::graph::Graph;
use patches_dsl::{Loaded, SourceFile, parse};
use patches_engine::error::Error as EngineError;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Flags of `fmt`.
#[derive(Args, Debug)]
pub struct FmtArgs {
    /// The patches; `-` reads standard input and writes standard output
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Change nothing, only name those that are laid out otherwise, and end with 1 if there are any
    #[arg(long)]
    pub check: bool,
}

/// Lays patches out. One that cannot be read stays as it is and is told, the others are done.
///
/// # Errors
/// If one of them cannot be read or written, or, with `--check`, is laid out otherwise.
pub fn run(args: &FmtArgs) -> Result<(), Error> {
    if let Some(yaml) = args.files.iter().find(|file| patch::is_yaml(file)) {
        let what = "is YAML; only texts of the language have a layout";
        return Err(Error::Usage(format!("{} {what}", yaml.display())));
    }
    let mut faulty = Vec::new();
    let mut other = 0;
    for file in &args.files {
        match format(file, args.check) {
            Ok(same) => other += usize::from(!same),
            Err(Error::Faulty(_)) => faulty.push(file.display().to_string()),
            Err(error) if error.is_broken_pipe() => return Err(error),
            Err(error) => {
                out::say(&format!("patches: {error}"));
                faulty.push(file.display().to_string());
            }
        }
    }
    match (faulty.is_empty(), args.check && other > 0) {
        (false, _) => Err(Error::Failed(format!("{} stays as it is", faulty.join(", ")))),
        (true, true) => Err(Error::Failed(format!("{other} of {} not in the one layout", args.files.len()))),
        (true, false) => Ok(()),
    }
}

/// Lays one text out, or only looks whether it is. Whether it was already.
fn format(file: &Path, check: bool) -> Result<bool, Error> {
    let through = file == Path::new("-");
    let before = read(file, through)?;
    let text = before.strip_prefix('\u{feff}').unwrap_or(&before);
    let parsed = parse::parse(text, 0);
    if !parsed.faults.is_empty() {
        let path = if through { PathBuf::from("standard input") } else { file.into() };
        let files = vec![SourceFile { path, text: text.into() }];
        let (graph, faults) = (Graph::default(), parsed.faults);
        let loaded = Loaded { graph, faults, files, sounds: vec![], watch: vec![] };
        out::say(loaded.render(out::colour()).trim_end());
        return Err(Error::Faulty(file.display().to_string()));
    }
    let after = patches_dsl::format(text);
    let same = after == before;
    match (check, through) {
        (true, _) if !same => writeln!(std::io::stdout(), "{}", file.display())?,
        (true, _) => {}
        (false, true) => std::io::stdout().write_all(after.as_bytes())?,
        (false, false) if !same => out::replace(file, after.as_bytes())?,
        (false, false) => {}
    }
    Ok(same)
}

fn read(file: &Path, through: bool) -> Result<String, Error> {
    let mut bytes = Vec::new();
    let read = match through {
        true => std::io::stdin().lock().read_to_end(&mut bytes),
        false => std::fs::File::open(file).and_then(|mut file| file.read_to_end(&mut bytes)),
    };
    read.map_err(EngineError::file(file))?;
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        Error::Failed(format!("{} is no UTF-8 text (byte {at})", file.display()))
    })
}
