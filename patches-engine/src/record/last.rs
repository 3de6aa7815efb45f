//! The last minutes, always on the disk: files of a minute in a folder, the oldest ones go as new ones come. Each is called
//! after the frame it begins with, so that what is missing between two of them is known.

use super::file::{LARGEST, Part, Roll, say};
use crate::error::Error;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// Seconds in one file, at most; of less than half an hour a thirtieth, but a second at least.
const PIECE: f64 = 60.0;
/// Files that all of it is in, but for the one that goes next.
const PIECES: f64 = 30.0;
/// Folder of it, in that of a session.
pub const FOLDER: &str = "last";
/// Longest time that can be kept, in seconds.
pub const LONGEST: f64 = 24.0 * 3600.0;

/// What is kept, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Keep {
    /// A folder of its own.
    pub folder: PathBuf,
    /// How much, in seconds, at most [`LONGEST`].
    pub seconds: f64,
}

/// A file of it, being read, and the frame that it begins with.
type Piece = (u64, hound::WavReader<BufReader<File>>);

/// The last minutes, as they are written.
pub(super) struct Last {
    folder: PathBuf,
    rate: u32,
    channels: u16,
    /// Frames that are kept.
    keep: u64,
    /// Frames in a file.
    length: u64,
    /// Frames that have come in all.
    at: u64,
    /// The files there are: the first frame of each.
    begins: VecDeque<u64>,
    part: Option<Part<File>>,
    /// The disk took no more: nothing is tried before this frame.
    rests: u64,
}

impl Last {
    /// Begins in its folder, which is made.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn begin(keep: &Keep, rate: u32, channels: u16) -> Result<Last, Error> {
        fs::create_dir_all(&keep.folder).map_err(Error::file(&keep.folder))?;
        let frames = |seconds: f64| (seconds * f64::from(rate)).round() as u64;
        Ok(Last {
            folder: keep.folder.clone(),
            rate,
            channels,
            keep: frames(keep.seconds).max(1),
            length: frames((keep.seconds / PIECES).clamp(1.0, PIECE)).max(1),
            at: 0,
            begins: VecDeque::new(),
            part: None,
            rests: 0,
        })
    }

    /// Whether the disk takes it.
    pub fn is_kept(&self) -> bool {
        self.part.is_some()
    }

    fn path(&self, begins: u64) -> PathBuf {
        // Twelve digits are centuries of frames, and stand in order.
        self.folder.join(format!("{begins:012}.wav"))
    }

    /// Writes a frame.
    ///
    /// # Errors
    /// What the disk says, once for each length of a file: until then nothing is kept.
    pub fn write(&mut self, frame: &[u32]) -> Result<(), String> {
        let at = self.at;
        self.at += 1;
        if at < self.rests {
            return Ok(());
        }
        let written = self.put(at, frame);
        if written.is_err() {
            self.part = None;
            self.rests = at + self.length;
        }
        written
    }

    fn put(&mut self, at: u64, frame: &[u32]) -> Result<(), String> {
        let full = self.begins.back().is_none_or(|begins| at >= begins + self.length);
        let part = match &mut self.part {
            Some(part) if !full => part,
            part => {
                if let Some(mut part) = part.take() {
                    part.flush()?;
                }
                self.make_room(at);
                let path = self.path(at);
                let file = File::create(&path).map_err(|error| error.to_string())?;
                self.begins.push_back(at);
                self.part.insert(Part::new(file, self.rate, self.channels)?)
            }
        };
        part.write(frame)
    }

    /// Removes the files that are over by more than is kept.
    fn make_room(&mut self, at: u64) {
        while let Some(begins) = self.begins.front().copied()
            && begins + self.length + self.keep <= at
        {
            self.begins.pop_front();
            // One that cannot be removed stays, and goes with its session.
            let _ = fs::remove_file(self.path(begins));
        }
    }

    /// Brings the header up to date.
    ///
    /// # Errors
    /// What the disk says.
    pub fn flush(&mut self) -> Result<(), String> {
        let flushed = self.part.as_mut().map_or(Ok(()), Part::flush);
        if flushed.is_err() {
            self.part = None;
            self.rests = self.at + self.length;
        }
        flushed
    }

    /// Everything that is kept up to now, open for reading, so that it can be had while new files come and old ones go.
    ///
    /// # Errors
    /// What the disk says.
    pub fn pieces(&mut self) -> Result<Pieces, String> {
        self.flush()?;
        let open =
            |begins: &u64| hound::WavReader::open(self.path(*begins)).map(|reader| (*begins, reader)).map_err(say);
        let pieces = self.begins.iter().map(open).collect::<Result<Vec<Piece>, String>>()?;
        Ok(Pieces { pieces, from: self.at.saturating_sub(self.keep) })
    }
}

/// Files to be joined.
pub struct Pieces {
    pieces: Vec<Piece>,
    /// The first frame that is wanted.
    from: u64,
}

impl Pieces {
    /// What a session that has ended, or was killed, has left in this folder.
    ///
    /// # Errors
    /// If there is nothing.
    pub fn left(folder: &Path) -> Result<Pieces, Error> {
        let mut found: Vec<(u64, PathBuf)> = fs::read_dir(folder)
            .map_err(Error::file(folder))?
            .flatten()
            .filter_map(|entry| Some((entry.path().file_stem()?.to_str()?.parse().ok()?, entry.path())))
            .collect();
        found.sort();
        // A file that was begun and never got its header has nothing to give.
        let open = |(begins, path): (u64, PathBuf)| Some((begins, hound::WavReader::open(path).ok()?));
        let pieces: Vec<Piece> = found.into_iter().filter_map(open).collect();
        match pieces.is_empty() {
            true => Err(Error::Sound { path: folder.into(), why: "nothing is kept here".into() }),
            false => Ok(Pieces { pieces, from: 0 }),
        }
    }

    /// Joins them in new files, of this name or with numbers behind it: `LARGEST` bytes in each. What is missing between two
    /// is silent. The first file, and the seconds in all.
    ///
    /// # Errors
    /// If a file cannot be made, or what the disk says.
    pub fn join(self, path: &Path) -> Result<(PathBuf, f64), Error> {
        self.join_in(path, LARGEST)
    }

    pub(super) fn join_in(self, path: &Path, largest: u64) -> Result<(PathBuf, f64), Error> {
        let Some(spec) = self.pieces.first().map(|(_, reader)| reader.spec()) else {
            return Err(Error::Sound { path: path.into(), why: "nothing has been kept yet".into() });
        };
        let channels = usize::from(spec.channels.max(1));
        let mut roll = Roll::begin(path, spec.sample_rate, spec.channels, largest)?;
        let (first, mut frames) = (roll.path().to_path_buf(), 0u64);
        let failed = |why: String| Error::Sound { path: first.clone(), why };
        let most = (LONGEST * f64::from(spec.sample_rate)) as u64;
        let mut due = None;
        let mut frame = vec![0u32; channels];
        for (begins, mut reader) in self.pieces {
            let there = u64::from(reader.duration());
            let skip = self.from.saturating_sub(begins).min(there);
            if skip == there {
                continue;
            }
            // Where the sound before it ends. The frames of a piece follow each other.
            let lacks = due.map_or(0, |due| (begins + skip).saturating_sub(due)).min(most);
            due = Some(begins + there);
            for _ in 0..lacks {
                roll.write(&vec![0; channels]).map_err(failed)?;
            }
            reader.seek(skip as u32).map_err(|error| failed(error.to_string()))?;
            let mut samples = reader.samples::<f32>();
            for _ in skip..there {
                for (into, sample) in frame.iter_mut().zip(&mut samples) {
                    *into = sample.map_err(|error| failed(say(error)))?.to_bits();
                }
                roll.write(&frame).map_err(failed)?;
            }
            frames += lacks + there - skip;
            roll.flush().map_err(failed)?;
        }
        roll.flush().map_err(failed)?;
        Ok((first, frames as f64 / f64::from(spec.sample_rate.max(1))))
    }
}
