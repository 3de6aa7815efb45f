//! Where the text comes from: a file that is watched, or the program itself.

use patches_core::library::Library;
use patches_dsl::{Disk, Loaded, Memory};
use std::path::{Path, PathBuf};

/// A patch to be played.
pub struct Source {
    file: PathBuf,
    built_in: Option<Memory>,
}

impl Source {
    /// A file, and those it includes.
    pub fn disk(file: &Path) -> Source {
        Source { file: file.into(), built_in: None }
    }

    /// A text of the program's own, which never changes.
    pub fn built_in(name: &str, text: &str) -> Source {
        Source { file: name.into(), built_in: Some(Memory::default().with(name, text)) }
    }

    /// The patch, or its name.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Reads it.
    pub fn load(&self, library: &Library) -> Loaded {
        match &self.built_in {
            None => patches_dsl::load(&self.file, &Disk, library),
            Some(memory) => {
                let loaded = patches_dsl::load(&self.file, memory, library);
                // A file that happens to have the same name is none of its.
                Loaded { watch: vec![], ..loaded }
            }
        }
    }
}
