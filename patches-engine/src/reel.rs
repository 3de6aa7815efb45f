//! Sound files that are heard as what comes in from outside: the tapes of a session, or a file of one's own.

use crate::error::Error;
use hound::{SampleFormat, WavReader};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// WAV files, each from its frame on until the next begins.
#[derive(Clone, Debug, Default)]
pub struct Reels {
    /// Frame and file, in order.
    pub files: Vec<(u64, PathBuf)>,
}

impl Reels {
    /// Begins to play them at this rate, in so many channels.
    ///
    /// # Errors
    /// If a file cannot be read, is no WAV file, or has another rate.
    pub fn play(&self, rate: u32, channels: u16) -> Result<Playing, Error> {
        let open = |(at, path): &(u64, PathBuf)| Ok((*at, Reel::open(path, rate)?));
        let reels = self.files.iter().map(open).collect::<Result<_, Error>>()?;
        Ok(Playing { reels, width: usize::from(channels.max(1)), at: 0 })
    }
}

/// One file.
struct Reel {
    path: PathBuf,
    reader: WavReader<BufReader<File>>,
    channels: usize,
    ended: bool,
}

impl Reel {
    fn open(path: &Path, rate: u32) -> Result<Reel, Error> {
        let fail = |e: hound::Error| match e {
            hound::Error::IoError(source) => Error::File { path: path.into(), source },
            other => Error::Sound { path: path.into(), why: format!("no WAV file that can be read: {other}") },
        };
        let file = File::open(path).map_err(Error::file(path))?;
        let reader = WavReader::new(BufReader::with_capacity(1 << 16, file)).map_err(fail)?;
        let spec = reader.spec();
        if spec.sample_rate != rate {
            let why = format!("has {} frames a second, and {rate} are played", spec.sample_rate);
            return Err(Error::Sound { path: path.into(), why });
        }
        Ok(Reel { path: path.into(), reader, channels: usize::from(spec.channels.max(1)), ended: false })
    }

    /// The next sample; none at the end.
    fn sample(&mut self) -> Result<Option<f32>, Error> {
        let spec = self.reader.spec();
        let sample = match spec.sample_format {
            SampleFormat::Float => self.reader.samples::<f32>().next().transpose(),
            SampleFormat::Int => {
                // Full scale is 1.
                let full = f64::from(1u32 << (spec.bits_per_sample.clamp(1, 32) - 1));
                let next = self.reader.samples::<i32>().next().transpose();
                next.map(|sample| sample.map(|sample| (f64::from(sample) / full) as f32))
            }
        };
        sample.map_err(|e| Error::Sound { path: self.path.clone(), why: e.to_string() })
    }

    /// The next frame; silence after the end. What is no number is silence too, and so are channels that it lacks; but one
    /// channel alone is on both sides.
    fn frame(&mut self, into: &mut [f32]) -> Result<(), Error> {
        into.fill(0.0);
        for channel in 0..self.channels {
            let Some(sample) = (if self.ended { None } else { self.sample()? }) else {
                self.ended = true;
                into.fill(0.0);
                return Ok(());
            };
            if let Some(into) = into.get_mut(channel) {
                *into = if sample.is_finite() { sample } else { 0.0 };
            }
        }
        if let ([left, right, ..], 1) = (into, self.channels) {
            *right = *left;
        }
        Ok(())
    }
}

/// Files being played.
pub struct Playing {
    /// Those not yet over, in order.
    reels: Vec<(u64, Reel)>,
    width: usize,
    at: u64,
}

impl Playing {
    /// The next frames, interleaved.
    ///
    /// # Errors
    /// If a file cannot be read on.
    pub fn read(&mut self, into: &mut [f32]) -> Result<(), Error> {
        for frame in into.chunks_exact_mut(self.width) {
            while self.reels.get(1).is_some_and(|(at, _)| *at <= self.at) {
                self.reels.remove(0);
            }
            match self.reels.first_mut() {
                Some((at, reel)) if *at <= self.at => reel.frame(frame)?,
                _ => frame.fill(0.0),
            }
            self.at += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, channels: u16, bits: u16, samples: &[f32]) {
        let sample_format = if bits == 32 { SampleFormat::Float } else { SampleFormat::Int };
        let spec = hound::WavSpec { channels, sample_rate: 48_000, bits_per_sample: bits, sample_format };
        let mut writer = hound::WavWriter::create(path, spec).expect("a file");
        for sample in samples {
            match sample_format {
                SampleFormat::Float => writer.write_sample(*sample).expect("written"),
                SampleFormat::Int => writer.write_sample((sample * 32_768.0) as i32).expect("written"),
            }
        }
        writer.finalize().expect("finished");
    }

    #[test]
    fn each_file_is_heard_from_its_frame_on() {
        let dir = tempfile::tempdir().expect("a folder");
        let (one, two) = (dir.path().join("1.wav"), dir.path().join("2.wav"));
        write(&one, 2, 32, &[0.1, -0.1, 0.2, -0.2, 0.3, -0.3, 0.4, -0.4]);
        write(&two, 1, 16, &[0.5, f32::from(-1i8)]);
        let reels = Reels { files: vec![(1, one.clone()), (4, two)] };
        let mut frames = [9.0; 16];
        let mut playing = reels.play(48_000, 2).expect("files");
        let (first, rest) = frames.split_at_mut(6);
        playing.read(first).expect("read");
        playing.read(rest).expect("read");
        let wanted = [[0.0; 2], [0.1, -0.1], [0.2, -0.2], [0.3, -0.3], [0.5, 0.5], [-1.0, -1.0], [0.0; 2], [0.0; 2]];
        assert_eq!(frames, *wanted.as_flattened());
        let fault = |files| Reels { files }.play(44_100, 2).map(drop).expect_err("refused").to_string();
        assert!(fault(vec![(0, one)]).ends_with("has 48000 frames a second, and 44100 are played"));
        assert!(fault(vec![(0, dir.path().join("none.wav"))]).contains("none.wav"));
        std::fs::write(dir.path().join("text.wav"), "no sound").expect("written");
        assert!(fault(vec![(0, dir.path().join("text.wav"))]).contains("no WAV file that can be read"));
    }

    #[test]
    fn what_is_no_number_is_silence() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.wav");
        write(&path, 1, 32, &[0.5, f32::NAN, f32::INFINITY, 0.25]);
        let mut frames = [9.0; 8];
        Reels { files: vec![(0, path)] }.play(48_000, 2).expect("a file").read(&mut frames).expect("read");
        assert_eq!(frames, [0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.25, 0.25]);
    }

    #[test]
    fn each_channel_of_a_file_is_one_that_comes_in() {
        let dir = tempfile::tempdir().expect("a folder");
        let (three, one) = (dir.path().join("3.wav"), dir.path().join("1.wav"));
        write(&three, 3, 32, &[0.1, 0.2, 0.3, -0.1, -0.2, -0.3]);
        write(&one, 1, 32, &[0.5, 0.25]);
        let read = |path: &Path, channels: u16| {
            let mut frames = vec![9.0; 2 * usize::from(channels)];
            let reels = Reels { files: vec![(0, path.to_path_buf())] };
            reels.play(48_000, channels).expect("a file").read(&mut frames).expect("read");
            frames
        };
        assert_eq!(read(&three, 2), [0.1, 0.2, -0.1, -0.2]);
        assert_eq!(read(&three, 3), [0.1, 0.2, 0.3, -0.1, -0.2, -0.3]);
        assert_eq!(read(&three, 5), [0.1, 0.2, 0.3, 0.0, 0.0, -0.1, -0.2, -0.3, 0.0, 0.0]);
        assert_eq!(read(&one, 4), [0.5, 0.5, 0.0, 0.0, 0.25, 0.25, 0.0, 0.0]);
    }
}
