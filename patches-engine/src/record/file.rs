//! Sound files that grow while they are written, and can be read at every moment.

use crate::error::Error;
use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

/// Largest sound in one file: its size is a 32-bit number, its header some bytes of that.
pub const LARGEST: u64 = u32::MAX as u64 - 1024;

/// What the disk says.
pub fn say(error: hound::Error) -> String {
    match error {
        hound::Error::IoError(error) => error.to_string(),
        other => other.to_string(),
    }
}

/// A new file of this name, or of the name with a number behind it: nothing is written over.
///
/// # Errors
/// If it cannot be made.
pub fn create(path: &Path) -> Result<(File, PathBuf), Error> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let ending = path.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    let numbered = (2..).map(|n| path.with_file_name(format!("{stem}-{n}{ending}")));
    for path in std::iter::once(path.to_path_buf()).chain(numbered) {
        match File::options().write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            opened => return Ok((opened.map_err(Error::file(&path))?, path)),
        }
    }
    unreachable!("one of all numbers is free")
}

/// One file of 32-bit floats.
pub struct Part<F: Write + Seek> {
    writer: hound::WavWriter<BufWriter<F>>,
    bytes: u64,
}

impl<F: Write + Seek> Part<F> {
    /// Begins it, with a header.
    ///
    /// # Errors
    /// What the disk says.
    pub fn new(file: F, rate: u32, channels: u16) -> Result<Part<F>, String> {
        let (bits_per_sample, sample_format) = (32, hound::SampleFormat::Float);
        let spec = hound::WavSpec { channels, sample_rate: rate, bits_per_sample, sample_format };
        let file = BufWriter::with_capacity(1 << 16, file);
        let writer = hound::WavWriter::new(file, spec).map_err(say)?;
        let mut part = Part { writer, bytes: 0 };
        part.flush()?;
        Ok(part)
    }

    /// Writes a frame: the bits of its samples.
    ///
    /// # Errors
    /// What the disk says.
    pub fn write(&mut self, frame: &[u32]) -> Result<(), String> {
        for sample in frame {
            self.writer.write_sample(f32::from_bits(*sample)).map_err(say)?;
        }
        self.bytes += frame.len() as u64 * 4;
        Ok(())
    }

    /// Brings the header up to date with what has been written.
    ///
    /// # Errors
    /// What the disk says.
    pub fn flush(&mut self) -> Result<(), String> {
        self.writer.flush().map_err(say)
    }
}

/// A recording in as many files as it needs.
pub struct Roll {
    part: Part<File>,
    /// The file it began in.
    path: PathBuf,
    rate: u32,
    channels: u16,
    largest: u64,
}

impl Roll {
    /// Begins it in a new file, of this name or with a number behind it.
    ///
    /// # Errors
    /// If the file cannot be made.
    pub fn begin(path: &Path, rate: u32, channels: u16, largest: u64) -> Result<Roll, Error> {
        let (file, path) = create(path)?;
        let part = Part::new(file, rate, channels).map_err(|why| Error::Sound { path: path.clone(), why })?;
        Ok(Roll { part, path, rate, channels, largest })
    }

    /// The file it began in.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a frame. The next file, if it went into one.
    ///
    /// # Errors
    /// What the disk says.
    pub fn write(&mut self, frame: &[u32]) -> Result<Option<PathBuf>, String> {
        let mut next = None;
        if self.part.bytes + frame.len() as u64 * 4 > self.largest {
            self.part.flush()?;
            let (file, path) = create(&self.path).map_err(|error| error.to_string())?;
            self.part = Part::new(file, self.rate, self.channels)?;
            next = Some(path);
        }
        self.part.write(frame)?;
        Ok(next)
    }

    /// Brings the header up to date.
    ///
    /// # Errors
    /// What the disk says.
    pub fn flush(&mut self) -> Result<(), String> {
        self.part.flush()
    }
}
