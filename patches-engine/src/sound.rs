//! Sound files out, of the kind that the ending of their name says.

use crate::error::Error;
use crate::flac::Flac;
use crate::wav::{Bits, Wav};
use std::path::Path;

/// A kind of sound file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `.wav`.
    Wav,
    /// `.flac`.
    Flac,
}

impl Kind {
    /// The kind of a name, by its ending, in capitals or not; none if it is neither.
    pub fn of(path: &Path) -> Option<Kind> {
        match path.extension()?.to_str()?.to_lowercase().as_str() {
            "wav" => Some(Kind::Wav),
            "flac" => Some(Kind::Flac),
            _ => None,
        }
    }
}

/// A place in a sound file that has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its frame.
    pub at: u64,
    /// Its name.
    pub label: String,
}

/// A sound file being written. It appears under its name only when it is whole.
pub enum Sound {
    /// A WAV file.
    Wav(Wav),
    /// A FLAC file.
    Flac(Box<Flac>),
}

impl Sound {
    /// Begins a file of so many frames a second and channels for at most so many frames, with marks in order of theirs;
    /// those behind the last frame that is written are left out.
    ///
    /// # Errors
    /// If the kind of file does not hold them, or it cannot be written.
    pub fn create(
        path: &Path,
        kind: Kind,
        (rate, channels): (u32, u16),
        bits: Bits,
        frames: u64,
        marks: &[Mark],
    ) -> Result<Sound, Error> {
        match kind {
            Kind::Wav => Wav::create(path, (rate, channels), bits, frames, marks).map(Sound::Wav),
            Kind::Flac => Flac::create(path, (rate, channels), bits, marks).map(|flac| Sound::Flac(Box::new(flac))),
        }
    }

    /// Writes interleaved samples.
    ///
    /// # Errors
    /// If the disk does not take them.
    pub fn write(&mut self, samples: &[f32]) -> Result<(), Error> {
        match self {
            Sound::Wav(wav) => wav.write(samples),
            Sound::Flac(flac) => flac.write(samples),
        }
    }

    /// Ends the file and gives it its name.
    ///
    /// # Errors
    /// If the disk does not take it.
    pub fn finish(self) -> Result<(), Error> {
        match self {
            Sound::Wav(wav) => wav.finish(),
            Sound::Flac(flac) => flac.finish(),
        }
    }
}
