//! FLAC files out, block by block: nothing but the block at hand is kept in memory. Marks are chapters in the comments, as
//! players know them (`CHAPTER001=00:01:02.345` and its name).

use crate::error::Error;
use crate::sound::Mark;
use crate::wav::{Bits, part_of, whole};
use flacenc::bitsink::ByteSink;
use flacenc::component::{BitRepr, MetadataBlockData, Stream, StreamInfo};
use flacenc::config::Encoder;
use flacenc::error::{Verified, Verify};
use flacenc::source::{Context, Fill, FrameBuf};
use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Frames of a block: what the reference encoder uses, within what its streamable subset allows.
const BLOCK: usize = 4096;
/// Channels that the format has room for.
pub const CHANNELS: u16 = 8;

/// A FLAC file being written. It appears under its name only when it is whole.
pub struct Flac {
    path: PathBuf,
    part: PathBuf,
    bits: usize,
    channels: usize,
    /// None once the file has its name.
    file: Option<BufWriter<File>>,
    config: Verified<Encoder>,
    info: StreamInfo,
    rate: u64,
    marks: Vec<Mark>,
    /// Frames written so far.
    frames: u64,
    block: FrameBuf,
    /// Counts and sums up what was written.
    seen: Context,
    /// Interleaved samples that do not fill a block yet.
    waiting: Vec<i32>,
}

impl Flac {
    /// Begins a file of so many frames a second and channels, of 16 or 24 bits, with these marks.
    ///
    /// # Errors
    /// If the samples are to be floats, which FLAC does not have, if there are more than eight channels, or if the file
    /// cannot be written.
    pub fn create(path: &Path, (rate, channels): (u32, u16), bits: Bits, marks: &[Mark]) -> Result<Flac, Error> {
        if channels > CHANNELS {
            let why = format!("a FLAC file holds {CHANNELS} channels at most, and these are {channels}; write a .wav");
            return Err(sound(path, &why));
        }
        let channels = usize::from(channels);
        let bits = match bits {
            Bits::Int16 => 16,
            Bits::Int24 => 24,
            Bits::Float32 => return Err(sound(path, "a FLAC file holds 16 or 24 bits, no floats")),
        };
        let config = Encoder::default().into_verified().map_err(|(_, e)| sound(path, &e.to_string()))?;
        let info = StreamInfo::new(rate as usize, channels, bits).map_err(|e| sound(path, &e.to_string()))?;
        let block = FrameBuf::with_size(channels, BLOCK).map_err(|e| sound(path, &e.to_string()))?;
        let part = part_of(path);
        let file = File::create(&part).map_err(Error::file(path))?;
        let mut flac = Flac {
            path: path.into(),
            part,
            bits,
            channels,
            file: Some(BufWriter::with_capacity(1 << 16, file)),
            config,
            info,
            rate: u64::from(rate),
            marks: marks.to_vec(),
            frames: u64::MAX,
            block,
            seen: Context::new(bits, channels),
            waiting: Vec::with_capacity(channels * BLOCK),
        };
        // It is written again, with the sums, when all the rest is there.
        flac.header()?;
        flac.frames = 0;
        Ok(flac)
    }

    /// Writes interleaved samples.
    ///
    /// # Errors
    /// If the disk does not take them.
    pub fn write(&mut self, samples: &[f32]) -> Result<(), Error> {
        let full = if self.bits == 16 { 32_768.0 } else { 8_388_608.0 };
        self.frames += (samples.len() / self.channels) as u64;
        for &sample in samples {
            self.waiting.push(whole(sample, full));
            if self.waiting.len() == self.channels * BLOCK {
                self.encode()?;
            }
        }
        Ok(())
    }

    /// Ends the file and gives it its name.
    ///
    /// # Errors
    /// If the disk does not take it.
    pub fn finish(mut self) -> Result<(), Error> {
        if !self.waiting.is_empty() {
            self.encode()?;
        }
        // All blocks are of one size; the last one, which may be shorter, does not count.
        let sizes = self.info.set_block_sizes(BLOCK, BLOCK);
        sizes.map_err(|e| sound(&self.path, &e.to_string()))?;
        self.info.set_md5_digest(&self.seen.md5_digest());
        self.header()?;
        if let Some(file) = self.file.take() {
            file.into_inner().map_err(|e| Error::file(&self.path)(e.into_error()))?;
        }
        std::fs::rename(&self.part, &self.path).map_err(Error::file(&self.path))
    }

    fn encode(&mut self) -> Result<(), Error> {
        let wrong = |e: &dyn std::fmt::Display| sound(&self.path, &e.to_string());
        self.block.fill_interleaved(&self.waiting).map_err(|e| wrong(&e))?;
        self.seen.fill_interleaved(&self.waiting).map_err(|e| wrong(&e))?;
        self.waiting.clear();
        let number = self.seen.current_frame_number().unwrap_or(0);
        let frame = flacenc::encode_fixed_size_frame(&self.config, &self.block, number, &self.info);
        let frame = frame.map_err(|e| wrong(&e))?;
        let mut bytes = ByteSink::new();
        frame.write(&mut bytes).map_err(|e| wrong(&e))?;
        self.info.update_frame_info(&frame);
        self.put(bytes.as_slice())
    }

    /// Writes what comes before the first block.
    fn header(&mut self) -> Result<(), Error> {
        let mut bytes = ByteSink::new();
        let wrong = |e: &dyn std::fmt::Display| sound(&self.path, &e.to_string());
        let mut stream = Stream::with_stream_info(self.info.clone());
        if !self.marks.is_empty() {
            // What is left out at the end leaves room, so that the sound stays where it is.
            let [all, heard] = [u64::MAX, self.frames].map(|frames| chapters(&self.marks, frames, self.rate));
            let room = vec![0; all.len() - heard.len()];
            for (kind, data) in [(COMMENT, heard), (PADDING, room)] {
                stream.add_metadata_block(MetadataBlockData::new_unknown(kind, &data).map_err(|e| wrong(&e))?);
            }
        }
        stream.write(&mut bytes).map_err(|e| wrong(&e))?;
        if let Some(file) = &mut self.file {
            file.seek(SeekFrom::Start(0)).map_err(Error::file(&self.path))?;
        }
        self.put(bytes.as_slice())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.write_all(bytes).map_err(Error::file(&self.path))
    }
}

/// Kinds of blocks before the sound.
const COMMENT: u8 = 4;
const PADDING: u8 = 1;

/// The marks before this frame as a block of comments.
fn chapters(marks: &[Mark], frames: u64, rate: u64) -> Vec<u8> {
    let mut comments = vec![];
    for (number, mark) in (1..).zip(marks.iter().filter(|mark| mark.at < frames)) {
        let ms = mark.at * 1000 / rate;
        let time = format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000);
        comments.push(format!("CHAPTER{number:03}={time}"));
        // A thousandth of a second is many frames: the exact one stands in the name.
        comments.push(format!("CHAPTER{number:03}NAME={} (frame {})", mark.label, mark.at));
    }
    let text = |text: &str| [&(text.len() as u32).to_le_bytes(), text.as_bytes()].concat();
    let mut block = text(concat!("patches ", env!("CARGO_PKG_VERSION")));
    block.extend((comments.len() as u32).to_le_bytes());
    comments.iter().for_each(|comment| block.extend(text(comment)));
    block
}

impl Drop for Flac {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            drop(file);
            // Half a file is of no use; if it cannot be removed there is nothing more to do.
            let _ = std::fs::remove_file(&self.part);
        }
    }
}

fn sound(path: &Path, why: &str) -> Error {
    Error::Sound { path: path.into(), why: why.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path) -> (claxon::metadata::StreamInfo, Vec<i32>) {
        let mut reader = claxon::FlacReader::open(path).expect("a file");
        let samples = reader.samples().map(|sample| sample.expect("a sample")).collect();
        (reader.streaminfo(), samples)
    }

    #[test]
    fn every_sample_comes_back_at_any_length() {
        let dir = tempfile::tempdir().expect("a folder");
        for (bits, full) in [(Bits::Int16, 32_768.0), (Bits::Int24, 8_388_608.0f32)] {
            for frames in [0, 1, 10, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5] {
                let path = dir.path().join("a.flac");
                let wave = |i: usize| (i as f32 * 0.01).sin() * 1.1;
                let samples: Vec<f32> = (0..2 * frames).map(wave).collect();
                let mut flac = Flac::create(&path, (44_100, 2), bits, &[]).expect("a file");
                samples.chunks(777).for_each(|part| flac.write(part).expect("written"));
                flac.finish().expect("finished");
                let (info, back) = read(&path);
                // No frames are written as an unknown number of them.
                let told = (info.sample_rate, info.channels, info.samples.unwrap_or(0));
                assert_eq!(told, (44_100, 2, frames as u64));
                assert_eq!(info.bits_per_sample, if bits == Bits::Int16 { 16 } else { 24 });
                let wanted: Vec<i32> = samples.iter().map(|&x| whole(x, full)).collect();
                assert!(back == wanted, "{frames} frames of {bits:?}");
            }
        }
    }

    #[test]
    fn there_are_up_to_eight_channels() {
        let dir = tempfile::tempdir().expect("a folder");
        for channels in [3u16, 4, 8] {
            let path = dir.path().join("a.flac");
            let frames = BLOCK + 100;
            // Each channel another wave, so that none can stand for another.
            let sample = |i: usize| (i as f32 * 0.01 * (1 + i % usize::from(channels)) as f32).sin() * 0.7;
            let samples: Vec<f32> = (0..frames * usize::from(channels)).map(sample).collect();
            let mut flac = Flac::create(&path, (48_000, channels), Bits::Int24, &[]).expect("a file");
            samples.chunks(usize::from(channels) * 100).for_each(|part| flac.write(part).expect("written"));
            flac.finish().expect("finished");
            let (info, back) = read(&path);
            assert_eq!((info.channels, info.samples), (u32::from(channels), Some(frames as u64)));
            assert!(back == samples.iter().map(|x| whole(*x, 8_388_608.0)).collect::<Vec<_>>(), "{channels} channels");
        }
        let Err(Error::Sound { why, .. }) = Flac::create(&dir.path().join("b.flac"), (48_000, 9), Bits::Int24, &[])
        else {
            panic!("nine are too many");
        };
        assert_eq!(why, "a FLAC file holds 8 channels at most, and these are 9; write a .wav");
    }

    #[test]
    fn marks_are_chapters_and_the_sound_is_where_it_was() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.flac");
        let mark = |at, label: &str| Mark { at, label: label.into() };
        // The last one lies behind the end.
        let marks = [mark(0, "1 a"), mark(4801, "2 b"), mark(10_000, "3 c")];
        let mut flac = Flac::create(&path, (48_000, 2), Bits::Int16, &marks).expect("a file");
        flac.write(&[0.25; 2 * 9999]).expect("written");
        flac.finish().expect("finished");
        let (info, back) = read(&path);
        assert!(info.samples == Some(9999) && back == vec![8192; 2 * 9999]);
        let reader = claxon::FlacReader::open(&path).expect("a file");
        let tags: Vec<(String, String)> = reader.tags().map(|(name, value)| (name.into(), value.into())).collect();
        let wanted = [
            ("CHAPTER001", "00:00:00.000"),
            ("CHAPTER001NAME", "1 a (frame 0)"),
            ("CHAPTER002", "00:00:00.100"),
            ("CHAPTER002NAME", "2 b (frame 4801)"),
        ];
        assert_eq!(tags, wanted.map(|(name, value)| (name.to_string(), value.to_string())));
    }

    #[test]
    fn floats_are_refused_and_a_dropped_file_leaves_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.flac");
        assert!(matches!(Flac::create(&path, (48_000, 2), Bits::Float32, &[]), Err(Error::Sound { .. })));
        drop(Flac::create(&path, (48_000, 2), Bits::Int16, &[]).expect("a file"));
        assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 0);
    }
}
