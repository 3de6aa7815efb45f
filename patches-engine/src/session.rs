//! The session log: a performance as a list of what happened at which frame, in lines of JSON that can be written by
//! hand, with the texts beside it. Its replay is the performance, bit for bit.

mod keep;
mod read;
mod sounds;
mod write;

pub use keep::{Room, prune, stamp};
pub use read::read;
pub use sounds::{Fate, Sound, Sounds};
pub use write::{Texts, Writer};

use crate::desk::{Change, Reset};
use crate::midi::Message;
use patches_core::graph::Landing;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Name of the log in a session's folder.
pub const LOG: &str = "session.jsonl";
/// Fade of a save that says none, in milliseconds.
pub const FADE_MS: f64 = 15.0;

/// What a log may hold. Beyond these it is refused, with the line.
pub mod limits {
    /// Bytes of a log.
    pub const LOG_BYTES: u64 = 512 << 20;
    /// Bytes of one line: some thousands of sound files.
    pub const LINE_BYTES: usize = 1 << 20;
    /// Lines.
    pub const LINES: usize = 8_000_000;
    /// Hours of sound.
    pub const HOURS: u64 = 24;
    /// Channels that go out, from and to.
    pub const OUTPUTS: std::ops::RangeInclusive<u16> = 2..=64;
    /// Frames a second, from and to.
    pub const RATES: std::ops::RangeInclusive<u32> = 8_000..=384_000;
    /// Files that play together.
    pub const FILES: usize = 64;
    /// Longest fade in milliseconds.
    pub const FADE_MS: f64 = 600_000.0;
}

/// What holds for a whole session: its first line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Frames a second.
    pub rate: u32,
    /// How many times that the engine runs at.
    pub oversample: u32,
    /// Seed of all chance.
    pub seed: u64,
    /// Whether the limiter is on.
    pub limiter: bool,
    /// Channels that go out, two at least.
    pub outputs: u16,
    /// The names of files that play together, in their order; none where there is one file. The first one's tempo, meter
    /// and swing count.
    pub files: Vec<String>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A text took over.
    Patch {
        /// The text, in the folder of the log.
        path: PathBuf,
        /// Files it includes: as named from the text's own folder, and where they are now.
        files: BTreeMap<String, PathBuf>,
        /// Of several files that play together, the name of this one; the others play on.
        file: Option<String>,
        /// Sound files it names: as named from the text's own folder.
        sounds: BTreeMap<String, Sound>,
        /// When it was to take effect.
        swap: Landing,
        /// Fade in milliseconds.
        fade_ms: f64,
        /// Modules come back with the state they had: an undo or redo.
        restore: bool,
        /// What no longer holds over the text, or does from here on.
        desk: Change,
        /// What starts over.
        reset: Reset,
    },
    /// The performer did something beside the text.
    Live {
        /// What holds over the text from here on.
        desk: Change,
        /// What starts over.
        reset: Reset,
        /// When it was to take effect.
        swap: Landing,
        /// Fade in milliseconds.
        fade_ms: f64,
    },
    /// From here on what came in from outside is in this sound file.
    Input {
        /// The file, in the folder of the log.
        path: PathBuf,
    },
    /// A MIDI message was heard.
    Midi {
        /// The port it came by.
        port: String,
        /// The message.
        message: Message,
    },
}

/// One line: what, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The frame at which the audio thread acted.
    pub at: u64,
    /// What it did.
    pub what: What,
    /// Line of the log, from 1.
    pub line: usize,
}

/// A whole log.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// The log itself.
    pub path: PathBuf,
    /// Its first line.
    pub head: Head,
    /// What happened, in order.
    pub entries: Vec<Entry>,
    /// Frames played in all.
    pub end: u64,
}

impl Session {
    /// The session at another rate: every moment at the nearest frame. It is not the same to the bit.
    pub fn at_rate(mut self, rate: u32) -> Session {
        let (old, new) = (u128::from(self.head.rate), u128::from(rate));
        // At most 24 hours at the highest rate: far inside 64 bits.
        let there = |at: u64| ((u128::from(at) * new + old / 2) / old) as u64;
        self.entries.iter_mut().for_each(|entry| entry.at = there(entry.at));
        self.end = there(self.end);
        self.head.rate = rate;
        self
    }
}

/// How a landing is written: `now`, `beat`, `bar`, `4bars`.
pub fn landing_word(landing: Landing) -> String {
    match landing {
        Landing::Now => "now".into(),
        Landing::Beat => "beat".into(),
        Landing::Bars(1) => "bar".into(),
        Landing::Bars(n) => format!("{n}bars"),
    }
}

/// The landing that a word means.
pub fn landing(word: &str) -> Option<Landing> {
    match word {
        "now" => Some(Landing::Now),
        "beat" => Some(Landing::Beat),
        "bar" => Some(Landing::Bars(1)),
        _ => match word.strip_suffix("bars")?.parse() {
            Ok(n @ 1..=1024) => Some(Landing::Bars(n)),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests;
