//! WAV files out. A file appears under its name only when it is whole.

use crate::error::Error;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// How samples are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Bits {
    /// 16-bit whole numbers.
    Int16,
    /// 24-bit whole numbers.
    Int24,
    /// 32-bit floats: the engine's own bits.
    #[default]
    Float32,
}

impl Bits {
    fn bytes(self) -> u64 {
        match self {
            Bits::Int16 => 2,
            Bits::Int24 => 3,
            Bits::Float32 => 4,
        }
    }
}

/// Largest sound that a WAV file can hold: its size is a 32-bit number, its header some bytes of that.
const LARGEST: u64 = u32::MAX as u64 - 1024;

/// A stereo WAV file being written.
pub struct Wav {
    path: PathBuf,
    part: PathBuf,
    bits: Bits,
    writer: Option<hound::WavWriter<BufWriter<File>>>,
}

impl Wav {
    /// Begins a file for at most so many frames.
    ///
    /// # Errors
    /// If they are more than a WAV file can hold, or the file cannot be written.
    pub fn create(path: &Path, rate: u32, bits: Bits, frames: u64) -> Result<Wav, Error> {
        if frames.saturating_mul(2 * bits.bytes()) > LARGEST {
            return Err(Error::Sound {
                path: path.into(),
                why: "longer than a WAV file can hold (4 GiB); render less, or with fewer bits".into(),
            });
        }
        let part = part_of(path);
        let (bits_per_sample, sample_format) = match bits {
            Bits::Int16 => (16, hound::SampleFormat::Int),
            Bits::Int24 => (24, hound::SampleFormat::Int),
            Bits::Float32 => (32, hound::SampleFormat::Float),
        };
        let spec = hound::WavSpec { channels: 2, sample_rate: rate, bits_per_sample, sample_format };
        let file = File::create(&part).map_err(Error::file(path))?;
        let writer = hound::WavWriter::new(BufWriter::with_capacity(1 << 16, file), spec);
        let mut wav = Wav { path: path.into(), part, bits, writer: None };
        wav.writer = Some(writer.map_err(|e| wav.sound(e))?);
        Ok(wav)
    }

    fn sound(&self, e: hound::Error) -> Error {
        match e {
            hound::Error::IoError(source) => Error::File { path: self.path.clone(), source },
            other => Error::Sound { path: self.path.clone(), why: other.to_string() },
        }
    }

    /// Writes interleaved samples.
    ///
    /// # Errors
    /// If the disk does not take them.
    pub fn write(&mut self, samples: &[f32]) -> Result<(), Error> {
        let bits = self.bits;
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let result = samples.iter().try_for_each(|&sample| match bits {
            Bits::Float32 => writer.write_sample(sample),
            Bits::Int16 => writer.write_sample(whole(sample, 32_768.0)),
            Bits::Int24 => writer.write_sample(whole(sample, 8_388_608.0)),
        });
        result.map_err(|e| self.sound(e))
    }

    /// Ends the file and gives it its name.
    ///
    /// # Errors
    /// If the disk does not take it.
    pub fn finish(mut self) -> Result<(), Error> {
        if let Some(writer) = self.writer.take() {
            writer.finalize().map_err(|e| self.sound(e))?;
        }
        std::fs::rename(&self.part, &self.path).map_err(Error::file(&self.path))
    }
}

impl Drop for Wav {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            drop(writer);
            // Half a file is of no use; if it cannot be removed there is nothing more to do.
            let _ = std::fs::remove_file(&self.part);
        }
    }
}

/// Where a file is while it is not whole.
pub(crate) fn part_of(path: &Path) -> PathBuf {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    PathBuf::from(part)
}

/// The nearest whole number, held to the range: full scale is 1.0.
pub(crate) fn whole(sample: f32, full: f32) -> i32 {
    // In f64, because 24 bits and a half do not fit an f32.
    (f64::from(sample) * f64::from(full)).round().clamp(f64::from(-full), f64::from(full) - 1.0) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_ints(path: &Path) -> Vec<i32> {
        hound::WavReader::open(path).expect("a file").samples::<i32>().map(|s| s.expect("a sample")).collect()
    }

    #[test]
    fn floats_come_back_with_the_same_bits() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.wav");
        let samples = [0.0, -0.0, 1.5, f32::MIN_POSITIVE, -0.1, 0.3];
        let mut wav = Wav::create(&path, 48_000, Bits::Float32, 3).expect("a file");
        wav.write(&samples).expect("written");
        assert!(!path.exists(), "only a whole file has its name");
        wav.finish().expect("finished");
        let back: Vec<u32> = hound::WavReader::open(&path)
            .expect("a file")
            .samples::<f32>()
            .map(|s| s.expect("one").to_bits())
            .collect();
        assert_eq!(back, samples.map(f32::to_bits));
    }

    #[test]
    fn whole_numbers_round_and_do_not_wrap() {
        let dir = tempfile::tempdir().expect("a folder");
        for (bits, full) in [(Bits::Int16, 32_768), (Bits::Int24, 8_388_608)] {
            let path = dir.path().join("a.wav");
            let mut wav = Wav::create(&path, 48_000, bits, 3).expect("a file");
            wav.write(&[0.0, 1.0, -1.0, 2.0, -2.0, 0.5]).expect("written");
            wav.finish().expect("finished");
            assert_eq!(read_ints(&path), [0, full - 1, -full, full - 1, -full, full / 2]);
        }
    }

    #[test]
    fn too_long_a_file_is_refused_and_a_dropped_one_leaves_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.wav");
        assert!(matches!(Wav::create(&path, 48_000, Bits::Float32, 1 << 30), Err(Error::Sound { .. })));
        drop(Wav::create(&path, 48_000, Bits::Float32, 10).expect("a file"));
        assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 0);
    }
}
