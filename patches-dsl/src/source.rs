//! Where texts come from, and what a load gives.

use crate::fault::{Fault, Severity};
use patches_core::graph::{Graph, Span};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A way to read files: the disk, or texts kept with a session.
pub trait Files {
    /// The bytes of a file.
    ///
    /// # Errors
    /// Whatever stands between the path and its bytes.
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>>;

    /// Whether a sound file is there; unlike [`Files::read`] it need not hold the bytes.
    fn exists(&self, path: &Path) -> bool {
        self.read(path).is_ok()
    }

    /// Names of the files in a folder, for suggestions.
    fn names(&self, _folder: &Path) -> Vec<String> {
        Vec::new()
    }

    /// Where a sound file that a text names is to be read from: there, unless the texts are kept apart from what they name.
    fn sound(&self, path: &Path) -> PathBuf {
        path.to_path_buf()
    }
}

/// The files of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        let limit = crate::limits::FILE_BYTES as u64;
        let length = std::fs::metadata(path)?.len();
        if length > limit {
            return Err(std::io::Error::other(format!("{length} bytes are more than the {limit} allowed")));
        }
        std::fs::read(path)
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn names(&self, folder: &Path) -> Vec<String> {
        // A folder may hold more than anybody looks through.
        const MOST: usize = 1000;
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().take(MOST);
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }
}

/// Files kept in memory, for tests and replay.
#[derive(Clone, Debug, Default)]
pub struct Memory(pub BTreeMap<PathBuf, Vec<u8>>);

impl Memory {
    /// With one more file.
    pub fn with(mut self, path: impl Into<PathBuf>, text: impl Into<Vec<u8>>) -> Memory {
        self.0.insert(path.into(), text.into());
        self
    }
}

impl Files for Memory {
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        self.0.get(path).cloned().ok_or_else(|| std::io::ErrorKind::NotFound.into())
    }

    fn exists(&self, path: &Path) -> bool {
        self.0.contains_key(path)
    }

    fn names(&self, folder: &Path) -> Vec<String> {
        let inside = self.0.keys().filter(|path| path.parent() == Some(folder));
        inside.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect()
    }
}

/// One text of a patch.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Where it was read.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
}

/// What a load gives: always a graph and all that is wrong with it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The flat patch. With errors it holds what could be made of the rest, and is not for playing.
    pub graph: Graph,
    /// All faults, in the order of their places.
    pub faults: Vec<Fault>,
    /// The texts; a span's file is an index into them.
    pub files: Vec<SourceFile>,
    /// Sound files that the texts name, found or not: each once, as seen from where the texts were read.
    pub sounds: Vec<PathBuf>,
    /// Every file whose change may change the patch: those read, and those an include did not find.
    pub watch: Vec<PathBuf>,
}

impl Loaded {
    /// Whether any fault is an error, so that the patch must not be played.
    pub fn has_errors(&self) -> bool {
        self.faults.iter().any(|fault| fault.severity == Severity::Error)
    }

    /// The file, line and column of a place, the latter two from 1, the column in characters.
    pub fn place(&self, span: Span) -> (&Path, usize, usize) {
        let Some(file) = self.files.get(usize::from(span.file)) else { return (Path::new(""), 1, 1) };
        let mut at = (span.start as usize).min(file.text.len());
        while !file.text.is_char_boundary(at) {
            at -= 1;
        }
        let before = &file.text[..at];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (&file.path, line, column)
    }
}
