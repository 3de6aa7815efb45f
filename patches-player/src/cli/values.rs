//! What the values of flags may be.

use patches_core::graph::Landing;
use patches_engine::oversample::FACTORS;
use patches_engine::wav::Bits;
use patches_engine::{record, session};
use std::path::PathBuf;

/// `now`, `beat`, `bar`, `4bars`.
pub fn landing(word: &str) -> Result<Landing, String> {
    session::landing(word).ok_or_else(|| "expected now, beat, bar or 4bars".into())
}

/// `16`, `24`, `32f`.
pub fn bits(word: &str) -> Result<Bits, String> {
    match word {
        "16" => Ok(Bits::Int16),
        "24" => Ok(Bits::Int24),
        "32f" => Ok(Bits::Float32),
        _ => Err("expected 16, 24 or 32f".into()),
    }
}

/// Longest time that can be asked for, in seconds.
const LONGEST: f64 = (session::limits::HOURS * 3600) as f64;

/// Seconds, more than none.
pub fn seconds(word: &str) -> Result<f64, String> {
    match word.parse::<f64>() {
        Ok(value) if value > 0.0 && value <= LONGEST => Ok(value),
        _ => Err(format!("expected seconds, more than 0 and at most {LONGEST}")),
    }
}

/// Seconds, or none.
pub fn tail(word: &str) -> Result<f64, String> {
    match word.parse::<f64>() {
        Ok(value) if (0.0..=LONGEST).contains(&value) => Ok(value),
        _ => Err(format!("expected seconds, 0 to {LONGEST}")),
    }
}

/// A place in a session.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum From {
    /// The beginning of a bar, counted from 1.
    Bar(u64),
    /// Seconds from the beginning.
    Seconds(f64),
}

/// `bar:33`, or seconds.
pub fn from(word: &str) -> Result<From, String> {
    let place = match word.strip_prefix("bar:") {
        Some(bar) => bar.parse().ok().filter(|bar| *bar > 0).map(From::Bar),
        None => tail(word).ok().map(From::Seconds),
    };
    place.ok_or_else(|| format!("expected bar:1 or later, or seconds, 0 to {LONGEST}"))
}

/// `OLD=NEW`: a file of a session, and the one to take for it.
pub fn replacement(word: &str) -> Result<(PathBuf, PathBuf), String> {
    match word.split_once('=') {
        Some((old, new)) if !old.is_empty() && !new.is_empty() => Ok((old.into(), new.into())),
        _ => Err("expected OLD=NEW, such as texts/0002.patches=better.patches".into()),
    }
}

/// How much is always on the disk, in seconds: `30min`, `90s`, `2h`, `0`.
pub fn keep(word: &str) -> Result<f64, String> {
    let number = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &word[number.len()..] {
        "h" => Some(3600.0),
        "min" => Some(60.0),
        "s" => Some(1.0),
        "" if number.parse() == Ok(0.0) => Some(0.0),
        _ => None,
    };
    let seconds = number.parse::<f64>().ok().zip(unit).map(|(number, unit)| number * unit);
    // Shorter than a second is nothing to listen to.
    let good = seconds.filter(|seconds| *seconds == 0.0 || (1.0..=record::LONGEST).contains(seconds));
    good.ok_or_else(|| "expected a time such as 30min, 90s or 2h, at most 24h, or 0".into())
}

/// Milliseconds of a fade.
pub fn fade(word: &str) -> Result<f64, String> {
    match word.parse::<f64>() {
        Ok(value) if (0.0..=session::limits::FADE_MS).contains(&value) => Ok(value),
        _ => Err(format!("expected milliseconds, 0 to {}", session::limits::FADE_MS)),
    }
}

/// Frames a second.
pub fn rate(word: &str) -> Result<u32, String> {
    let rates = session::limits::RATES;
    match word.parse() {
        Ok(value) if rates.contains(&value) => Ok(value),
        _ => Err(format!("expected frames a second, {} to {}", rates.start(), rates.end())),
    }
}

/// How many times the rate.
pub fn oversample(word: &str) -> Result<u32, String> {
    let factor = word.parse().ok().filter(|factor| FACTORS.contains(factor));
    factor.ok_or_else(|| "expected 1, 2, 4 or 8".into())
}

/// The name of a take.
pub fn take(word: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(word);
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    if ending.as_deref() == Some("wav") { Ok(path) } else { Err("the name of a take ends with .wav".into()) }
}
