//! Writing a log while it happens: each line is on the disk before the next thing is done.

use super::{Head, LOG, Sound, landing_word};
use crate::desk::{Change, Reset};
use crate::error::Error;
use crate::midi::Message;
use patches_core::graph::{Landing, Path};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

/// A text and its included files as they are kept beside the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    /// Of several files that play together, the name of this one.
    file: Option<String>,
    patch: String,
    files: BTreeMap<String, String>,
    sounds: BTreeMap<String, Sound>,
}

impl Texts {
    /// With the sound files that they name, as named from the folder of the text.
    pub fn with_sounds(mut self, sounds: BTreeMap<String, Sound>) -> Texts {
        self.sounds = sounds;
        self
    }
}

#[derive(Serialize)]
struct First<'a> {
    session: u32,
    engine: &'a str,
    rate: u32,
    #[serde(skip_serializing_if = "is_one")]
    oversample: u32,
    seed: u64,
    limiter: bool,
    #[serde(skip_serializing_if = "is_two")]
    outputs: u16,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    files: &'a [String],
}

/// What a log does not say holds once.
fn is_one(factor: &u32) -> bool {
    *factor == 1
}

/// Two channels are what a log has that does not say.
fn is_two(channels: &u16) -> bool {
    *channels == 2
}

#[derive(Serialize, Default)]
struct Line<'a> {
    at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<&'a BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sounds: Option<&'a BTreeMap<String, Sound>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    swap: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fade_ms: Option<f64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    restore: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    mute: Option<Option<&'a [Path]>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    solo: Option<Option<&'a [Path]>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tempo: Option<Option<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    playing: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reset: Option<&'a [Path]>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    panic: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    midi: Option<&'a [u8]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    alive: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<bool>,
}

impl<'a> Line<'a> {
    /// A line with this change.
    fn desk(change: &'a Change, reset: &'a Reset) -> Line<'a> {
        let these = match reset {
            Reset::These(these) => Some(these.as_slice()),
            Reset::None | Reset::All => None,
        };
        Line {
            reset: these,
            panic: *reset == Reset::All,
            mute: change.mute.as_ref().map(Option::as_deref),
            solo: change.solo.as_ref().map(Option::as_deref),
            tempo: change.tempo,
            playing: change.playing,
            ..Line::default()
        }
    }
}

impl Texts {
    /// Of several files that play together, those of the one of this name.
    pub fn of(self, file: Option<&str>) -> Texts {
        Texts { file: file.map(Into::into), ..self }
    }
}

/// A log being written.
pub struct Writer {
    dir: PathBuf,
    path: PathBuf,
    file: File,
    texts: u32,
    included: HashMap<String, String>,
    first: bool,
    /// The frame of the last line.
    at: u64,
}

impl Writer {
    /// Begins a session in this folder, which is made if need be.
    ///
    /// # Errors
    /// If there is a session in it already, or it cannot be written.
    pub fn create(dir: &std::path::Path, head: &Head) -> Result<Writer, Error> {
        fs::create_dir_all(dir.join("texts")).map_err(Error::file(dir))?;
        let path = dir.join(LOG);
        let file = File::options().write(true).create_new(true).open(&path).map_err(Error::file(&path))?;
        // Held while the session runs, so that no other player tidies it away. Where files cannot be locked, it is
        // only its age that protects it.
        let _ = file.try_lock();
        let mut writer = Writer { dir: dir.into(), path, file, texts: 0, included: HashMap::new(), first: true, at: 0 };
        let engine = env!("CARGO_PKG_VERSION");
        let Head { rate, oversample, seed, limiter, outputs, ref files } = *head;
        writer.line(&First { session: 1, engine, rate, oversample, seed, limiter, outputs, files })?;
        Ok(writer)
    }

    /// The session's folder.
    pub fn dir(&self) -> &std::path::Path {
        &self.dir
    }

    fn line(&mut self, line: &impl Serialize) -> Result<(), Error> {
        let mut text = serde_json::to_string(line).map_err(|e| Error::Session {
            path: self.path.clone(),
            line: 0,
            what: e.to_string(),
        })?;
        text.push('\n');
        self.file.write_all(text.as_bytes()).map_err(Error::file(&self.path))
    }

    fn entry(&mut self, line: &Line<'_>) -> Result<(), Error> {
        self.at = line.at;
        self.line(line)
    }

    /// Keeps a text that was accepted, with the files it includes as `(name from the text's folder, text)`. `ending` is
    /// that of its file name: `patches`.
    ///
    /// # Errors
    /// If the disk does not take them.
    pub fn keep(&mut self, text: &str, ending: &str, included: &[(String, String)]) -> Result<Texts, Error> {
        self.texts += 1;
        let number = self.texts;
        let put = |name: String, text: &str| -> Result<String, Error> {
            let path = self.dir.join(&name);
            fs::write(&path, text).map_err(Error::file(&path))?;
            Ok(name)
        };
        let patch = put(format!("texts/{number:04}.{ending}"), text)?;
        let mut files = BTreeMap::new();
        for (i, (name, text)) in included.iter().enumerate() {
            let kept = match self.included.get(text) {
                Some(kept) => kept.clone(),
                None => {
                    let kept = put(format!("texts/{number:04}-{}.{ending}", i + 1), text)?;
                    self.included.insert(text.clone(), kept.clone());
                    kept
                }
            };
            files.insert(name.clone(), kept);
        }
        Ok(Texts { file: None, patch, files, sounds: BTreeMap::new() })
    }

    /// A kept text took over at this frame; of several files that play together, that of its own. `restore` if it was an undo
    /// or redo. `desk` says what holds over it, `reset` what started over with it.
    ///
    /// # Errors
    /// If the disk does not take the line.
    pub fn patch(
        &mut self,
        at: u64,
        texts: &Texts,
        (swap, fade_ms): (Landing, f64),
        restore: bool,
        (desk, reset): (&Change, &Reset),
    ) -> Result<(), Error> {
        let first = std::mem::replace(&mut self.first, false);
        self.entry(&Line {
            at,
            patch: Some(&texts.patch),
            files: Some(&texts.files).filter(|files| !files.is_empty()),
            file: texts.file.as_deref(),
            sounds: Some(&texts.sounds).filter(|sounds| !sounds.is_empty()),
            swap: (!first).then(|| landing_word(swap)),
            fade_ms: (!first || fade_ms != 0.0).then_some(fade_ms),
            restore,
            ..Line::desk(desk, reset)
        })
    }

    /// The performer did something beside the text, and it took effect at this frame.
    ///
    /// # Errors
    /// If the disk does not take the line.
    pub fn live(
        &mut self,
        at: u64,
        desk: &Change,
        reset: &Reset,
        (swap, fade_ms): (Landing, f64),
    ) -> Result<(), Error> {
        let swap = Some(landing_word(swap));
        self.entry(&Line { at, swap, fade_ms: Some(fade_ms), ..Line::desk(desk, reset) })
    }

    /// A MIDI message was heard at this frame.
    ///
    /// # Errors
    /// If the disk does not take the line.
    pub fn midi(&mut self, at: u64, port: &str, message: Message) -> Result<(), Error> {
        self.entry(&Line { at, midi: Some(message.bytes()), port: Some(port), ..Line::default() })
    }

    /// From this frame on what comes in from outside is in this file of the session's folder.
    ///
    /// # Errors
    /// If the disk does not take the line.
    pub fn input(&mut self, at: u64, file: &std::path::Path) -> Result<(), Error> {
        self.entry(&Line { at, input: file.to_str(), ..Line::default() })
    }

    /// So many frames were played by now: a log that breaks off is good up to here. What was done in the callback that plays
    /// just now may be written already; then up to there.
    ///
    /// # Errors
    /// If the disk does not take the line.
    pub fn alive(&mut self, at: u64) -> Result<(), Error> {
        self.entry(&Line { at: at.max(self.at), alive: true, ..Line::default() })
    }

    /// The session ends, having played so many frames.
    ///
    /// # Errors
    /// If the disk does not take the line.
    pub fn end(mut self, at: u64) -> Result<(), Error> {
        self.entry(&Line { at, end: Some(true), ..Line::default() })
    }
}
