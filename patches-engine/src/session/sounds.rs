//! Sound files of a session: where they lie, and what they held, so that a replay knows whether they still do.

use crate::error::Error;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A sound file that a text names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sound {
    /// Where it lies: an absolute path, or one relative to the log.
    pub file: PathBuf,
    /// SHA-256 of its bytes in hexadecimal digits; none of a file that was not there, whose module was silent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// What has become of a sound file since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is as it was, there or not.
    Same,
    /// It is gone.
    Missing,
    /// It holds something else.
    Changed,
}

impl Sound {
    /// What has become of it; `folder` is that of the log.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub fn fate(&self, folder: &Path) -> Result<Fate, Error> {
        let Some(held) = &self.sha256 else { return Ok(Fate::Same) };
        let path = self.place(folder);
        if !path.is_file() {
            return Ok(Fate::Missing);
        }
        Ok(if fingerprint(&path)? == *held { Fate::Same } else { Fate::Changed })
    }

    /// Where it lies, seen from where the log's folder is named from.
    pub fn place(&self, folder: &Path) -> PathBuf {
        folder.join(&self.file)
    }
}

/// SHA-256 of a file's bytes.
fn fingerprint(path: &Path) -> Result<String, Error> {
    let mut file = File::open(path).map_err(Error::file(path))?;
    let mut hash = Sha256::new();
    std::io::copy(&mut file, &mut hash).map_err(Error::file(path))?;
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Looks at sound files while a session is played: each is read once, and again only when it has changed.
#[derive(Debug, Default)]
pub struct Sounds {
    known: HashMap<PathBuf, (u64, Option<SystemTime>, String)>,
}

impl Sounds {
    /// The sound file at this path, as it is now.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub fn look(&mut self, path: &Path) -> Result<Sound, Error> {
        let file = std::path::absolute(path).map_err(Error::file(path))?;
        let Ok(about) = std::fs::metadata(&file) else { return Ok(Sound { file, sha256: None }) };
        let (length, changed) = (about.len(), about.modified().ok());
        if let Some((known, when, held)) = self.known.get(&file)
            && (*known, *when) == (length, changed)
            && changed.is_some()
        {
            return Ok(Sound { sha256: Some(held.clone()), file });
        }
        let held = fingerprint(&file)?;
        self.known.insert(file.clone(), (length, changed, held.clone()));
        Ok(Sound { file, sha256: Some(held) })
    }
}
