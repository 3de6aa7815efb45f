//! Where sessions are kept.

use patches_engine::session::{self, Room};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Sessions kept.
const SESSIONS: usize = 20;
/// Bytes kept.
const BYTES: u64 = 2 << 30;
/// And of these, the last minutes of past sessions.
const SOUND: u64 = 1 << 30;

/// The platform's folder for the sessions of every run.
fn root() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = if cfg!(windows) {
        absolute("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join("Library/Application Support")))
    } else {
        absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))
    };
    Some(state?.join("patches").join("sessions"))
}

/// A folder for a session that begins now, and room for it: the oldest go. None where the platform has no place.
pub fn fresh() -> Option<PathBuf> {
    let root = root()?;
    std::fs::create_dir_all(&root).ok()?;
    // This one is to be among those kept. Sessions that cannot be tidied away stay.
    let _ = session::prune(&root, Room { sessions: SESSIONS - 1, bytes: BYTES, sound: SOUND });
    Some(free(&root, &session::stamp(SystemTime::now())))
}

/// The name itself, or with a number behind it where two players start within a second.
fn free(root: &Path, name: &str) -> PathBuf {
    let numbered = (2..).map(|n| root.join(format!("{name}-{n}")));
    let mut all = std::iter::once(root.join(name)).chain(numbered);
    all.find(|path| !path.exists()).unwrap_or_else(|| root.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_in_one_second_get_two_folders() {
        let dir = tempfile::tempdir().expect("a folder");
        let first = free(dir.path(), "2026-01-31T21-00-00");
        std::fs::create_dir(&first).expect("made");
        assert_eq!(free(dir.path(), "2026-01-31T21-00-00"), dir.path().join("2026-01-31T21-00-00-2"));
    }
}
