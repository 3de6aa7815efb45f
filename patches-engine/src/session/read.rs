//! Reading a log, also one written by hand: every line is checked, and what is wrong is said with its line.

use super::{Entry, FADE_MS, Head, LOG, Session, Sound, What, landing, limits};
use crate::desk::{Change, Reset};
use crate::error::Error;
use crate::midi::Message;
use crate::oversample::FACTORS;
use patches_core::graph::Landing;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct First {
    session: u32,
    #[serde(default)]
    #[expect(dead_code, reason = "which engine wrote the log is for people")]
    engine: Option<String>,
    rate: u32,
    #[serde(default = "once")]
    oversample: u32,
    #[serde(default)]
    seed: u64,
    #[serde(default = "yes")]
    limiter: bool,
    #[serde(default = "two")]
    outputs: u16,
    #[serde(default)]
    files: Vec<String>,
}

fn once() -> u32 {
    1
}

fn two() -> u16 {
    2
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    at: u64,
    patch: Option<String>,
    #[serde(default)]
    files: BTreeMap<String, String>,
    file: Option<String>,
    #[serde(default)]
    sounds: BTreeMap<String, Sound>,
    swap: Option<String>,
    fade_ms: Option<f64>,
    #[serde(default)]
    restore: bool,
    #[serde(default, deserialize_with = "said")]
    mute: Option<Option<Vec<String>>>,
    #[serde(default, deserialize_with = "said")]
    solo: Option<Option<Vec<String>>>,
    #[serde(default, deserialize_with = "said")]
    tempo: Option<Option<f64>>,
    playing: Option<bool>,
    reset: Option<Vec<String>>,
    #[serde(default)]
    panic: bool,
    midi: Option<Vec<u8>>,
    input: Option<String>,
    port: Option<String>,
    /// So many frames were played by then.
    #[serde(default)]
    alive: bool,
    end: Option<bool>,
}

/// `null` is something that is said.
fn said<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// Reads a session: its folder, or the log itself.
///
/// # Errors
/// If it cannot be read, exceeds a limit, or says something that cannot be played; with the line.
pub fn read(path: &Path) -> Result<Session, Error> {
    let path = if path.is_dir() { path.join(LOG) } else { path.to_path_buf() };
    let file = std::fs::File::open(&path).map_err(Error::file(&path))?;
    let mut text = String::new();
    file.take(limits::LOG_BYTES + 1).read_to_string(&mut text).map_err(Error::file(&path))?;
    parse(&path, &text)
}

/// Checks the text of a log.
pub(super) fn parse(path: &Path, text: &str) -> Result<Session, Error> {
    let wrong = |line: usize, what: String| Error::Session { path: path.into(), line, what };
    if text.len() as u64 > limits::LOG_BYTES {
        return Err(wrong(1, format!("more than {} MiB", limits::LOG_BYTES >> 20)));
    }
    let mut lines = text.lines().enumerate().map(|(i, line)| (i + 1, line)).filter(|(_, line)| !line.trim().is_empty());
    let (number, line) =
        lines.next().ok_or_else(|| wrong(1, "empty; the first line is {\"session\":1,\"rate\":48000}".into()))?;
    let head = first(line).map_err(|what| wrong(number, what))?;
    let mut session = Session { path: path.into(), head, entries: vec![], end: 0 };
    let longest = limits::HOURS * 3600 * u64::from(session.head.rate);
    let mut ended = false;
    let mut alive = false;
    // What a player that was killed had not yet written whole.
    let torn = text.lines().count() * usize::from(!text.ends_with('\n'));
    // Where the first text began, and whether texts have names.
    let mut begun: Option<(u64, bool)> = None;
    let mut last = (0, number);
    for (number, line) in lines {
        let fail = |what: String| wrong(number, what);
        if number > limits::LINES {
            return Err(fail(format!("more than {} lines", limits::LINES)));
        }
        if ended {
            return Err(fail("something after the end".into()));
        }
        let line = match split(line) {
            Err(_) if number == torn && alive => break,
            line => line.map_err(fail)?,
        };
        if line.at < last.0 {
            return Err(fail(format!("frame {} comes after frame {}; lines go forward", line.at, last.0)));
        }
        if line.at > longest {
            return Err(fail(format!("frame {} is later than {} hours", line.at, limits::HOURS)));
        }
        last = (line.at, number);
        let is_first = begun.is_none_or(|(at, _)| at == line.at);
        match what(&line, is_first).map_err(fail)? {
            Some(what) => {
                if let What::Patch { file, .. } = &what {
                    let named = begun.get_or_insert((line.at, file.is_some())).1;
                    belongs(&mut session.head.files, file.as_deref(), named).map_err(fail)?;
                }
                session.entries.push(Entry { at: line.at, what, line: number });
            }
            None => {
                session.end = line.at;
                (ended, alive) = (!line.alive, alive | line.alive);
            }
        }
    }
    if alive && !ended {
        // It broke off: what was played is played.
        session.end = session.end.max(last.0);
    } else if !ended {
        let ask =
            format!("no end; say how long it plays with a last line {{\"at\":{},\"end\":true}}", last.0 + 480_000);
        return Err(wrong(last.1, ask));
    }
    Ok(session)
}

/// What serde says, without its place: there is one line, and it is named already.
fn plain(e: &serde_json::Error) -> String {
    let said = e.to_string();
    said.split(" at line ").next().unwrap_or(&said).to_string()
}

fn first(line: &str) -> Result<Head, String> {
    let First { session, rate, oversample, seed, limiter, outputs, files, .. } = serde_json::from_str(line)
        .map_err(|e| format!("the first line is {{\"session\":1,\"rate\":48000}}: {}", plain(&e)))?;
    if session != 1 {
        return Err(format!("session format {session}; this version reads format 1"));
    }
    if !limits::RATES.contains(&rate) {
        return Err(format!("rate {rate}; expected {} to {}", limits::RATES.start(), limits::RATES.end()));
    }
    if !FACTORS.contains(&oversample) {
        return Err(format!("oversample {oversample}; expected 1, 2, 4 or 8"));
    }
    if !limits::OUTPUTS.contains(&outputs) {
        return Err(format!("outputs {outputs}; expected {} to {}", limits::OUTPUTS.start(), limits::OUTPUTS.end()));
    }
    if files.len() > limits::FILES {
        return Err(format!("{} files; at most {}", files.len(), limits::FILES));
    }
    for (index, name) in files.iter().enumerate() {
        is_name(name)?;
        if files[..index].contains(name) {
            return Err(format!("two files are called `{name}`"));
        }
    }
    Ok(Head { rate, oversample, seed, limiter, outputs, files })
}

/// Whether a file that plays together with others can be called so.
fn is_name(name: &str) -> Result<(), String> {
    let fits = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    if fits { Ok(()) } else { Err(format!("file `{name}`; a name has letters, digits, `_` and `-`")) }
}

/// Checks the name of a text against those of the others. Where the first line names none, they come in the order in which
/// they begin.
fn belongs(files: &mut Vec<String>, file: Option<&str>, named: bool) -> Result<(), String> {
    let Some(name) = file else {
        let names = named || !files.is_empty();
        return if names { Err("a text without `file` among others with one".into()) } else { Ok(()) };
    };
    if !named {
        return Err("a text with `file` among others without".into());
    }
    is_name(name)?;
    if !files.iter().any(|known| known == name) {
        files.push(name.into());
    }
    if files.len() > limits::FILES {
        return Err(format!("more than {} files", limits::FILES));
    }
    Ok(())
}

fn split(line: &str) -> Result<Line, String> {
    if line.len() > limits::LINE_BYTES {
        return Err(format!("longer than {} bytes", limits::LINE_BYTES));
    }
    serde_json::from_str(line).map_err(|e| plain(&e))
}

/// What a line says; none if that is only how far it went, or the end.
fn what(line: &Line, is_first: bool) -> Result<Option<What>, String> {
    let desk = desk(line)?;
    let lives = desk != Change::default() || line.reset.is_some() || line.panic;
    let kinds = [
        line.patch.is_some(),
        lives && line.patch.is_none(),
        line.midi.is_some(),
        line.input.is_some(),
        line.alive,
        line.end == Some(true),
    ];
    if kinds.iter().filter(|kind| **kind).count() != 1 || line.end == Some(false) {
        return Err(
            "expected one of `patch`, `midi`, `input`, `mute`, `solo`, `tempo`, `playing`, `reset`, `panic` and `end`"
                .into(),
        );
    }
    if line.file.is_some() && line.patch.is_none() {
        return Err("`file` without `patch`".into());
    }
    if let Some(bytes) = &line.midi {
        let message = Message::new(bytes).ok_or_else(|| {
            format!("midi {bytes:?}; expected a message to a channel: 128 to 239, then one or two numbers of 0 to 127")
        })?;
        return Ok(Some(What::Midi { port: line.port.clone().unwrap_or_default(), message }));
    }
    if line.port.is_some() {
        return Err("`port` without `midi`".into());
    }
    if line.alive || line.end.is_some() {
        return Ok(None);
    }
    if let Some(path) = &line.input {
        return Ok(Some(What::Input { path: beside(path)? }));
    }
    let swap = match &line.swap {
        None => Landing::Now,
        Some(word) => landing(word).ok_or_else(|| format!("swap \"{word}\"; expected now, beat, bar or 4bars"))?,
    };
    let fade_ms = line.fade_ms.unwrap_or(if is_first { 0.0 } else { FADE_MS });
    if !(0.0..=limits::FADE_MS).contains(&fade_ms) {
        return Err(format!("fade_ms {fade_ms}; expected 0 to {}", limits::FADE_MS));
    }
    let reset = match (&line.reset, line.panic) {
        (Some(_), true) => return Err("`reset` with `panic`, which resets all".into()),
        (Some(these), false) => Reset::These(names(these)),
        (None, true) => Reset::All,
        (None, false) => Reset::None,
    };
    let Some(patch) = &line.patch else {
        if is_first {
            return Err("nothing plays yet; the first line after the head is a `patch`".into());
        }
        return Ok(Some(What::Live { desk, reset, swap, fade_ms }));
    };
    let restore = line.restore;
    let files = line.files.iter().map(|(name, to)| Ok((name.clone(), beside(to)?))).collect::<Result<_, String>>()?;
    let (file, sounds) = (line.file.clone(), line.sounds.clone());
    Ok(Some(What::Patch { path: beside(patch)?, files, sounds, file, swap, fade_ms, restore, desk, reset }))
}

/// What a line says of the desk.
fn desk(line: &Line) -> Result<Change, String> {
    if let Some(Some(tempo)) = line.tempo
        && !(1.0..=10_000.0).contains(&tempo)
    {
        return Err(format!("tempo {tempo}; expected 1 to 10000"));
    }
    let list = |said: &Option<Option<Vec<String>>>| said.as_ref().map(|list| list.as_deref().map(names));
    Ok(Change { mute: list(&line.mute), solo: list(&line.solo), tempo: line.tempo, playing: line.playing })
}

fn names(names: &[String]) -> Vec<patches_core::graph::Path> {
    names.iter().map(|name| name.as_str().into()).collect()
}

/// A path relative to the log.
fn beside(path: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(path);
    let plain =
        path.components().all(|part| matches!(part, Component::Normal(_) | Component::ParentDir | Component::CurDir));
    if path.as_os_str().is_empty() || !plain {
        return Err(format!("`{}`; paths are relative to the log", path.display()));
    }
    Ok(path)
}
