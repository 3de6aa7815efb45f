//! `patches replay`: a session log becomes the sound it was.

use crate::cli::ReplayArgs;
use crate::error::Error;
use crate::{patch, render};
use patches_dsl::Files;
use patches_engine::error::Error as EngineError;
use patches_engine::offline::{Cue, Note};
use patches_engine::session::{self, Entry, Session, What};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the patch seems to lie. Deep, so that texts that include from folders above find them.
const DESK: &str = "/a/b/c/d/e/f/g/h";

/// The texts of one entry, under the names they had.
struct Kept {
    files: BTreeMap<PathBuf, PathBuf>,
}

impl Files for Kept {
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        let kept = self.files.get(&patch::plain(path)).ok_or(std::io::ErrorKind::NotFound)?;
        patches_dsl::Disk.read(kept)
    }
}

/// Renders a session.
///
/// # Errors
/// If the log or one of its texts cannot be read or played, or the file not written.
pub fn run(args: &ReplayArgs) -> Result<(), Error> {
    let session = session::read(&args.session)?;
    let (cues, names) = cues(&session)?;
    let settings = render::settings(session.head.rate, session.head.seed, session.head.limiter)?;
    render::write(&args.output, args.bits, settings, &cues, &names, &notes(&session), session.end)
}

/// The MIDI that was heard.
fn notes(session: &Session) -> Vec<Note> {
    let note = |entry: &Entry| match &entry.what {
        What::Midi { port, message } => Some(Note { at: entry.at, port: port.as_str().into(), message: *message }),
        What::Patch { .. } => None,
    };
    session.entries.iter().filter_map(note).collect()
}

/// Every text as a cue, and the names of their texts.
fn cues(session: &Session) -> Result<(Vec<Cue>, Vec<String>), Error> {
    let library = patches_modules::library();
    let dir = session.path.parent().unwrap_or(Path::new(""));
    let mut cues = Vec::new();
    let mut names = Vec::new();
    for entry in &session.entries {
        let What::Patch { path, files, fade_ms, .. } = &entry.what else { continue };
        let main = Path::new(DESK).join(path.file_name().unwrap_or(path.as_os_str()));
        let mut kept = Kept { files: BTreeMap::new() };
        kept.files.insert(main.clone(), dir.join(path));
        for (name, at) in files {
            kept.files.insert(patch::plain(&Path::new(DESK).join(name)), dir.join(at));
        }
        let loaded = patch::load(&main, &kept, &library).map_err(|_| EngineError::Session {
            path: session.path.clone(),
            line: entry.line,
            what: format!("{} cannot be played", path.display()),
        })?;
        names.push(path.display().to_string());
        cues.push(Cue { at: entry.at, graph: Arc::new(loaded.graph), fade: fade_ms / 1000.0 });
    }
    Ok((cues, names))
}
