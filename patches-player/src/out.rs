//! Lines to the terminal: results to standard output, everything else to standard error.

use crate::error::Error;
use patches_engine::error::Error as EngineError;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Says a line on standard error. Nothing can be done if that fails.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Whether standard error takes colours.
pub fn colour() -> bool {
    std::io::stderr().is_terminal() && !no_color()
}

/// Whether the environment asks for none.
pub fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// Whether the terminal shows more than ASCII, by the locale.
pub fn utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .unwrap_or_default()
        .to_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// Writes a whole file, or, if that fails, leaves what was there. A link stays a link, and its target keeps who may read
/// and write it.
///
/// # Errors
/// If the folder or the disk does not take it.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    // A file that is not there yet has no other name.
    let path = path.canonicalize().unwrap_or_else(|_| path.into());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = || -> std::io::Result<()> {
        let old = std::fs::metadata(&path).ok().map(|old| old.permissions());
        if old.as_ref().is_some_and(std::fs::Permissions::readonly) {
            return Err(std::io::ErrorKind::PermissionDenied.into());
        }
        let mut part = new_file(folder)?;
        part.write_all(bytes)?;
        if let Some(old) = old {
            part.as_file().set_permissions(old)?;
        }
        part.as_file().sync_all()?;
        part.persist(&path).map_err(|e| e.error)?;
        Ok(())
    };
    written().map_err(|e| EngineError::file(&path)(e).into())
}

/// A file without a name, as open to others as the person's files are by habit.
fn new_file(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".patches-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// A progress line on standard error, where that is a terminal.
pub struct Progress {
    total: u64,
    done: u64,
    shown: Option<Instant>,
    visible: bool,
}

impl Progress {
    /// Of so many frames.
    pub fn new(total: u64) -> Progress {
        Progress { total, done: 0, shown: None, visible: std::io::stderr().is_terminal() }
    }

    /// So many more are done.
    pub fn add(&mut self, frames: u64) {
        self.done += frames;
        let due = self.shown.is_none_or(|at| at.elapsed() > Duration::from_millis(100));
        if self.visible && due {
            self.shown = Some(Instant::now());
            let part = (self.done * 40).checked_div(self.total).unwrap_or(0).min(40) as usize;
            let percent = (self.done * 100).checked_div(self.total).unwrap_or(0);
            let _ = write!(std::io::stderr(), "\r[{}{}] {percent:3} %", "#".repeat(part), "-".repeat(40 - part));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.is_some() {
            let _ = write!(std::io::stderr(), "\r{:50}\r", "");
        }
    }
}
