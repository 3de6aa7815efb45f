//! Where the text comes from: files that are watched, or the program itself.

use crate::several;
use patches_core::graph;
use patches_core::library::Library;
use patches_dsl::{Before, Disk, Loaded, Memory};
use patches_engine::channels;
use std::path::{Path, PathBuf};

/// A patch to be played, or several together.
pub struct Source {
    files: Vec<PathBuf>,
    names: Vec<Option<graph::Path>>,
    built_in: Option<Memory>,
    /// What was read of each at the last save.
    before: Vec<Before>,
}

impl Source {
    /// Files, one at least, and those they include.
    pub fn disk(files: Vec<PathBuf>) -> Source {
        let before = files.iter().map(|_| Before::default()).collect();
        Source { names: several::names(&files), files, built_in: None, before }
    }

    /// A text of the program's own, which never changes.
    pub fn built_in(name: &str, text: &str) -> Source {
        Source {
            files: vec![name.into()],
            names: vec![None],
            built_in: Some(Memory::default().with(name, text)),
            before: vec![Before::default()],
        }
    }

    /// The patches, or the name of the one that is built in.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The first of them.
    pub fn first(&self) -> &Path {
        self.files.first().map_or(Path::new(""), PathBuf::as_path)
    }

    /// What each is called among the others; a single one has no name.
    pub fn names(&self) -> &[Option<graph::Path>] {
        &self.names
    }

    /// All of them in words.
    pub fn title(&self) -> String {
        self.files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(" + ")
    }

    /// How many channels the patches would have go out and come in, as they are now; those that cannot be read ask for none.
    pub fn channels(&mut self, library: &Library) -> (u16, u16) {
        let loaded = self.load(library).into_iter().filter(|loaded| !loaded.has_errors());
        let asked = loaded.map(|loaded| (channels::outputs(&loaded.graph), channels::inputs(&loaded.graph)));
        asked.fold((2, 2), |(out, in_), (outputs, inputs)| (out.max(outputs), in_.max(inputs)))
    }

    /// Reads all: of what was read before, only what changed.
    pub fn load(&mut self, library: &Library) -> Vec<Loaded> {
        let files = self.files.iter().zip(&mut self.before);
        let read = |(file, before): (&PathBuf, &mut Before)| match &self.built_in {
            None => patches_dsl::load_again(file, &Disk, library, before),
            Some(memory) => {
                let loaded = patches_dsl::load_again(file, memory, library, before);
                // A file that happens to have the same name is none of its.
                Loaded { watch: vec![], ..loaded }
            }
        };
        files.map(read).collect()
    }
}
