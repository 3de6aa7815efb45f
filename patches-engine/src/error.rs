//! What can go wrong outside the audio thread: devices, files, session logs.

use std::path::PathBuf;

/// Why a host, a file or a session log did not work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The device that was asked for is not there.
    #[error("no sound device `{name}`{}", near(.there))]
    NoSuchDevice {
        /// As asked for.
        name: String,
        /// The devices there are.
        there: Vec<String>,
    },
    /// The MIDI port that was asked for is not there.
    #[error("no MIDI port `{name}`{}", near(.there))]
    NoSuchMidi {
        /// As asked for.
        name: String,
        /// The ports there are.
        there: Vec<String>,
    },
    /// The sound input that was asked for is not there.
    #[error("no sound input `{name}`{}", near(.there))]
    NoSuchInput {
        /// As asked for.
        name: String,
        /// The inputs there are.
        there: Vec<String>,
    },
    /// There is no sound input.
    #[error("no sound input: {why}")]
    NoInput {
        /// What the sound system says.
        why: String,
    },
    /// There is no device that could play.
    #[error("no sound device: {why}")]
    NoDevice {
        /// What the sound system says.
        why: String,
    },
    /// The device is there and does not play what was asked.
    #[error("{device} cannot play this: {why}")]
    Device {
        /// The device.
        device: String,
        /// What it says.
        why: String,
    },
    /// The device takes sound faster than real time.
    #[error("{device} has no clock: it takes sound as fast as it can")]
    NoClock {
        /// The device.
        device: String,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A session log says something that cannot be played.
    #[error("{}:{line}: {what}", path.display())]
    Session {
        /// The log.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong, and what was expected.
        what: String,
    },
    /// A MIDI file says something that cannot be played.
    #[error("{}: byte {at}: {what}", path.display())]
    MidiFile {
        /// The file.
        path: PathBuf,
        /// Where in it.
        at: usize,
        /// What is wrong.
        what: String,
    },
    /// A sound file could not be written.
    #[error("{}: {why}", path.display())]
    Sound {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

fn near(there: &[String]) -> String {
    if there.is_empty() {
        "; there is none, as `patches devices` tells".into()
    } else {
        format!("; there is {}", there.join(", "))
    }
}

impl Error {
    /// For `map_err` on what the file system says about `path`.
    pub fn file(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Error + '_ {
        move |source| Error::File { path: path.to_path_buf(), source }
    }
}
