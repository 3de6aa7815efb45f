//! Sound that waits until its loudest sample is known.

use crate::error::Error;
use patches_engine::error::Error as EngineError;
use patches_engine::sound::Sound;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// Samples that are read at a time.
const CHUNK: usize = 4096;

/// Interleaved samples in a file beside the one to be written; it goes when this is dropped.
pub struct Spool {
    path: PathBuf,
    file: BufWriter<File>,
    peak: f32,
}

impl Spool {
    /// Begins a spool for this sound file.
    ///
    /// # Errors
    /// If there cannot be a file beside it.
    pub fn create(output: &Path) -> Result<Spool, Error> {
        let mut path = output.as_os_str().to_owned();
        path.push(".spool");
        let path = PathBuf::from(path);
        let options = File::options().read(true).write(true).create(true).truncate(true).open(&path);
        let file = BufWriter::with_capacity(1 << 16, options.map_err(EngineError::file(output))?);
        Ok(Spool { path, file, peak: 0.0 })
    }

    /// Takes samples.
    ///
    /// # Errors
    /// If the disk does not.
    pub fn write(&mut self, samples: &[f32]) -> Result<(), EngineError> {
        for sample in samples {
            self.peak = if sample.abs() > self.peak { sample.abs() } else { self.peak };
            self.file.write_all(&sample.to_le_bytes()).map_err(EngineError::file(&self.path))?;
        }
        Ok(())
    }

    /// Gives all samples to the sound file, the loudest at full scale; silence stays silence. The loudest as it was.
    ///
    /// # Errors
    /// If the disk does not give or take them.
    pub fn pour(mut self, sound: &mut Sound) -> Result<f32, Error> {
        let path = self.path.clone();
        let wrong = |source: std::io::Error| EngineError::File { path: path.clone(), source };
        self.file.flush().map_err(&wrong)?;
        self.file.rewind().map_err(&wrong)?;
        let mut reader = BufReader::with_capacity(1 << 16, self.file.get_ref());
        let full = if self.peak > 0.0 { self.peak } else { 1.0 };
        let mut bytes = vec![0; 4 * CHUNK];
        let mut samples = Vec::with_capacity(CHUNK);
        loop {
            let mut filled = 0;
            while filled < bytes.len() {
                match reader.read(&mut bytes[filled..]).map_err(&wrong)? {
                    0 => break,
                    n => filled += n,
                }
            }
            if filled == 0 {
                return Ok(self.peak);
            }
            samples.clear();
            let words = bytes[..filled].as_chunks::<4>().0;
            samples.extend(words.iter().map(|word| f32::from_le_bytes(*word) / full));
            sound.write(&samples)?;
        }
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        // If it cannot be removed there is nothing more to do.
        let _ = std::fs::remove_file(&self.path);
    }
}
