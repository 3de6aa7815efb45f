//! WAV files out. A file appears under its name only when it is whole. Marks are `cue ` points with `labl` names, which the
//! library does not write: they follow the sound. Source: Microsoft and IBM, "Multimedia Programming Interface and Data
//! Specifications 1.0" (1991), chapter 3.

use crate::error::Error;
use crate::sound::Mark;
use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
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

/// A WAV file being written.
pub struct Wav {
    path: PathBuf,
    part: PathBuf,
    bits: Bits,
    writer: Option<hound::WavWriter<BufWriter<File>>>,
    marks: Vec<Mark>,
}

impl Wav {
    /// Begins a file of so many frames a second and channels for at most so many frames, with these marks.
    ///
    /// # Errors
    /// If they are more than a WAV file can hold, or the file cannot be written.
    pub fn create(
        path: &Path,
        (rate, channels): (u32, u16),
        bits: Bits,
        frames: u64,
        marks: &[Mark],
    ) -> Result<Wav, Error> {
        let more = chunks(marks).len() as u64;
        if frames.saturating_mul(u64::from(channels) * bits.bytes()).saturating_add(more) > LARGEST {
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
        let spec = hound::WavSpec { channels, sample_rate: rate, bits_per_sample, sample_format };
        let file = File::create(&part).map_err(Error::file(path))?;
        let writer = hound::WavWriter::new(BufWriter::with_capacity(1 << 16, file), spec);
        let mut wav = Wav { path: path.into(), part, bits, writer: None, marks: marks.to_vec() };
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
            let frames = u64::from(writer.duration());
            writer.finalize().map_err(|e| self.sound(e))?;
            self.marks.retain(|mark| mark.at < frames);
            self.mark().map_err(Error::file(&self.path))?;
        }
        std::fs::rename(&self.part, &self.path).map_err(Error::file(&self.path))
    }
}

impl Wav {
    /// Writes the marks behind the sound.
    fn mark(&self) -> std::io::Result<()> {
        let chunks = chunks(&self.marks);
        if chunks.is_empty() {
            return Ok(());
        }
        let mut file = File::options().write(true).open(&self.part)?;
        let end = file.seek(SeekFrom::End(0))?;
        file.write_all(&chunks)?;
        // The file's own size stands behind its first word, and counts what follows it.
        file.seek(SeekFrom::Start(4))?;
        file.write_all(&((end + chunks.len() as u64 - 8) as u32).to_le_bytes())
    }
}

/// Marks as chunks: their places, then their names. Nothing for no marks.
fn chunks(marks: &[Mark]) -> Vec<u8> {
    if marks.is_empty() {
        return vec![];
    }
    let chunk = |name: &[u8; 4], body: Vec<u8>| {
        let odd = body.len() % 2;
        let mut chunk = name.to_vec();
        chunk.extend((body.len() as u32).to_le_bytes());
        chunk.extend(body);
        chunk.extend(std::iter::repeat_n(0, odd));
        chunk
    };
    let mut places = (marks.len() as u32).to_le_bytes().to_vec();
    let mut names = b"adtl".to_vec();
    for (number, mark) in (1u32..).zip(marks) {
        let at = mark.at as u32;
        for word in [number, at, u32::from_le_bytes(*b"data"), 0, 0, at] {
            places.extend(word.to_le_bytes());
        }
        let name = number.to_le_bytes().into_iter().chain(mark.label.bytes()).chain([0]);
        names.extend(chunk(b"labl", name.collect()));
    }
    [chunk(b"cue ", places), chunk(b"LIST", names)].concat()
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
        let mut wav = Wav::create(&path, (48_000, 2), Bits::Float32, 3, &[]).expect("a file");
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
            let mut wav = Wav::create(&path, (48_000, 2), bits, 3, &[]).expect("a file");
            wav.write(&[0.0, 1.0, -1.0, 2.0, -2.0, 0.5]).expect("written");
            wav.finish().expect("finished");
            assert_eq!(read_ints(&path), [0, full - 1, -full, full - 1, -full, full / 2]);
        }
    }

    #[test]
    fn more_channels_than_two_are_said_as_the_format_asks() {
        let dir = tempfile::tempdir().expect("a folder");
        for (bits, bytes) in [(Bits::Int16, 2), (Bits::Int24, 3), (Bits::Float32, 4)] {
            let path = dir.path().join("a.wav");
            let mut wav = Wav::create(&path, (48_000, 5), bits, 3, &[]).expect("a file");
            wav.write(&[0.5, -0.5, 0.25, -0.25, 0.125].repeat(3)).expect("written");
            wav.finish().expect("finished");
            let reader = hound::WavReader::open(&path).expect("a file");
            assert_eq!((reader.spec().channels, reader.duration()), (5, 3));
            let chunks = read_chunks(&std::fs::read(&path).expect("a file"));
            let form = &chunks.iter().find(|chunk| chunk.0 == "fmt ").expect("a form").1;
            // WAVE_FORMAT_EXTENSIBLE, five channels, and the speakers of the first five.
            assert_eq!((&form[..4], &form[20..24]), (&[0xfe, 0xff, 5, 0][..], &[0x1f, 0, 0, 0][..]));
            let data = chunks.iter().find(|chunk| chunk.0 == "data").expect("sound");
            assert_eq!(data.1.len(), 5 * 3 * bytes);
        }
        assert!(Wav::create(&dir.path().join("b.wav"), (48_000, 8), Bits::Float32, 1 << 27, &[]).is_err(), "4 GiB");
        assert!(Wav::create(&dir.path().join("b.wav"), (48_000, 2), Bits::Float32, 1 << 27, &[]).is_ok());
    }

    /// The chunks of a file: names and bodies.
    fn read_chunks(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize;
        assert_eq!((&bytes[..4], word(4), &bytes[8..12]), (&b"RIFF"[..], bytes.len() - 8, &b"WAVE"[..]));
        let (mut at, mut found) = (12, vec![]);
        while at < bytes.len() {
            let size = word(at + 4);
            found.push((String::from_utf8_lossy(&bytes[at..at + 4]).into(), bytes[at + 8..at + 8 + size].to_vec()));
            at += 8 + size + size % 2;
        }
        found
    }

    #[test]
    fn marks_follow_the_sound_and_those_behind_its_end_are_left_out() {
        let dir = tempfile::tempdir().expect("a folder");
        for bits in [Bits::Int16, Bits::Int24, Bits::Float32] {
            let path = dir.path().join("a.wav");
            let mark = |at, label: &str| Mark { at, label: label.into() };
            let marks = [mark(0, "1 a"), mark(2, "2 bb"), mark(3, "3 gone")];
            let mut wav = Wav::create(&path, (48_000, 2), bits, 9, &marks).expect("a file");
            wav.write(&[0.5; 6]).expect("written");
            wav.finish().expect("finished");
            let chunks = read_chunks(&std::fs::read(&path).expect("a file"));
            let of = |name: &str| chunks.iter().find(|chunk| chunk.0 == name).map(|chunk| chunk.1.clone());
            let cue: Vec<u32> =
                of("cue ").expect("marks").as_chunks().0.iter().map(|w| u32::from_le_bytes(*w)).collect();
            let data = u32::from_le_bytes(*b"data");
            assert_eq!(cue, [2, 1, 0, data, 0, 0, 0, 2, 2, data, 0, 0, 2]);
            let list = of("LIST").expect("names");
            assert_eq!(list, b"adtllabl\x08\0\0\0\x01\0\0\x001 a\0labl\x09\0\0\0\x02\0\0\x002 bb\0\0");
            let reader = hound::WavReader::open(&path).expect("a file");
            assert_eq!(reader.duration(), 3);
        }
    }

    #[test]
    fn too_long_a_file_is_refused_and_a_dropped_one_leaves_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.wav");
        assert!(matches!(Wav::create(&path, (48_000, 2), Bits::Float32, 1 << 30, &[]), Err(Error::Sound { .. })));
        drop(Wav::create(&path, (48_000, 2), Bits::Float32, 10, &[]).expect("a file"));
        assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 0);
    }
}
