//! A patch file as the player sees it: its graph, its texts, its faults as lines.

use crate::error::Error;
use crate::{out, render};
use patches_core::graph::{Landing, Span};
use patches_core::library::Library;
use patches_dsl::{Disk, Fault, Files, Loaded, Severity, codes};
use patches_engine::engine;
use patches_engine::host::RATE;
use serde::Serialize;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// A fault as `check --json` and the events tell it.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct FaultLine {
    pub code: String,
    pub severity: &'static str,
    pub file: String,
    pub line: usize,
    pub column: usize,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// All faults as lines.
pub fn fault_lines(loaded: &Loaded) -> Vec<FaultLine> {
    loaded.faults.iter().map(|fault| fault_line(loaded, fault)).collect()
}

fn fault_line(loaded: &Loaded, fault: &Fault) -> FaultLine {
    let (file, line, column) = loaded.place(fault.span);
    FaultLine {
        code: fault.code.to_string(),
        severity: match fault.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        file: file.display().to_string(),
        line,
        column,
        message: fault.message.clone(),
        help: fault.help.clone(),
    }
}

/// Loads a patch to render it: faults are told on standard error.
///
/// # Errors
/// If a fault is more than a warning.
pub fn load(path: &Path, files: &dyn Files, library: &Library) -> Result<Loaded, Error> {
    let loaded = patches_dsl::load(path, files, library);
    if !loaded.faults.is_empty() {
        out::say(loaded.render(out::colour()).trim_end());
    }
    if loaded.has_errors() { Err(Error::Faulty(path.display().to_string())) } else { Ok(loaded) }
}

/// Loads from the disk, as [`load`].
///
/// # Errors
/// If a fault is more than a warning.
pub fn load_from_disk(path: &Path, library: &Library) -> Result<Loaded, Error> {
    load(path, &Disk, library)
}

/// Puts what only a plan knows among what is told of the text: which cables are late because they close a loop, or the
/// limit that it exceeds.
///
/// # Errors
/// If this machine has no instruction set as is asked for.
pub fn plan(loaded: &mut Loaded) -> Result<(), Error> {
    let (mut control, _engine) = engine::new(render::settings(RATE, 1, 1, true, (2, 2))?);
    match control.swap(Arc::new(loaded.graph.clone()), Landing::Now, 0.0) {
        Ok((_, report)) => {
            let told = report.loops.iter().map(|closing| {
                let fault = Fault::warning(codes::LATE_CABLE, closing.span, late(&closing.cable));
                fault.help("write `~>` for the cable that may be late, or put a delay into the loop")
            });
            loaded.faults.extend(told);
            loaded.faults.sort_by_key(|fault| fault.span);
        }
        Err(limit) => add_limit(loaded, limit.to_string()),
    }
    Ok(())
}

/// How a cable is told that is late because it closes a loop.
pub fn late(cable: &str) -> String {
    format!("{cable}: one sample late, it closes a loop")
}

/// Puts a fault of the engine (a limit) among those of the text.
pub fn add_limit(loaded: &mut Loaded, message: String) {
    loaded.faults.push(Fault::error("limit", Span::default(), message));
}

/// Whether a file is YAML, by its ending.
pub fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml")
}

/// A path without `.` and without `..` behind a folder's name.
pub fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

/// How `to` is named from the folder `from`, with `/` between parts.
pub fn relative(from: &Path, to: &Path) -> String {
    let (from, to) = (plain(from), plain(to));
    let same = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(same).map(|_| "..".to_string());
    let down = to.components().skip(same).map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_names_lead_back() {
        for (from, to, name) in [
            ("a/b", "a/b/lib/x", "lib/x"),
            ("a/b", "a/c/x", "../c/x"),
            ("", "lib/x", "lib/x"),
            ("a", "a/./b/../x", "x"),
            ("../a", "../x", "../x"),
        ] {
            assert_eq!(relative(Path::new(from), Path::new(to)), name);
            assert_eq!(plain(&Path::new(from).join(name)), plain(Path::new(to)));
        }
    }
}
