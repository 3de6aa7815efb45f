//! Which sessions are kept: the newest ones, and those that someone gave a name of their own.

use super::LOG;
use crate::error::Error;
use crate::record::FOLDER;
use std::fs::{self, File};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// The name of a session that begins now: `2026-01-31T21-00-00`, in UTC.
pub fn stamp(now: SystemTime) -> String {
    let seconds = now.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    // Days to a date, counted in eras of 400 years that begin on 1 March (Hinnant, "chrono-compatible low-level date
    // algorithms", 2013).
    let z = days + 719_468;
    let (era, day_of_era) = (z / 146_097, z % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}-{:02}-{:02}", time / 3600, time / 60 % 60, time % 60)
}

/// Whether a folder's name is one that [`stamp`] gives, with at most a number behind it.
fn is_stamp(name: &str) -> bool {
    let shape = "0000-00-00T00-00-00";
    name.len() >= shape.len()
        && name.bytes().zip(shape.bytes()).all(|(c, s)| if s == b'0' { c.is_ascii_digit() } else { c == s })
        && name[shape.len()..].strip_prefix('-').is_none_or(|rest| rest.bytes().all(|c| c.is_ascii_digit()))
        && (name.len() == shape.len() || name.as_bytes()[shape.len()] == b'-')
}

/// How much of past sessions is kept.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Sessions.
    pub sessions: usize,
    /// Bytes of all of them.
    pub bytes: u64,
    /// Bytes of the last minutes of their sound, which would soon take the place of many sets. Those of the newest session
    /// that has any are kept whatever they take.
    pub sound: u64,
}

/// Removes the last minutes of sound of the oldest sessions of this folder, then the oldest sessions, until no more than this
/// is left. Sessions with a name of their own, and those being played, stay and do not count.
///
/// # Errors
/// If the folder cannot be read; what cannot be removed stays.
pub fn prune(root: &Path, room: Room) -> Result<(), Error> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root).map_err(Error::file(root))?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_stamp(&name) && !playing(&entry.path()) {
            found.push((name, entry.path()));
        }
    }
    found.sort();
    let mut sound = 0;
    for (_, path) in found.iter().rev() {
        let last = path.join(FOLDER);
        let bytes = size(&last);
        let newest = sound == 0;
        sound += bytes;
        if sound > room.sound && !newest && fs::remove_dir_all(&last).is_ok() {
            sound -= bytes;
        }
    }
    let found: Vec<_> = found.into_iter().map(|(_, path)| (size(&path), path)).collect();
    let mut total: u64 = found.iter().map(|(size, _)| size).sum();
    let mut count = found.len();
    for (size, path) in found {
        if count <= room.sessions && total <= room.bytes {
            break;
        }
        if fs::remove_dir_all(&path).is_ok() {
            count -= 1;
            total -= size;
        }
    }
    Ok(())
}

/// Whether a player holds the log.
fn playing(dir: &Path) -> bool {
    File::open(dir.join(LOG)).is_ok_and(|log| matches!(log.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
}

/// Bytes of all files in a folder. Links are not followed.
fn size(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => size(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}
