//! Takes: what is sent to the device, on the disk while it plays. The audio thread puts frames into a ring, a thread of
//! its own writes them. The header is brought up to date twice a second, so that a player that is killed leaves a file that
//! can be read; a disk that is full ends the take and not the sound; a take never writes over a file.

use crate::error::Error;
use rtrb::{Consumer, Producer, RingBuffer};
use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Seconds of sound that may wait for the disk.
const WAITING: usize = 10;
/// How often the ring is looked into.
const LOOK: Duration = Duration::from_millis(20);
/// How often the header is brought up to date.
const HEADER: Duration = Duration::from_millis(500);
/// Largest sound in one file: its size is a 32-bit number, its header some bytes of that.
const LARGEST: u64 = u32::MAX as u64 - 1024;
/// In place of a frame: so many frames are missing, because the disk did not keep up. No sound has these bits: it is
/// always finite.
const MISSING: u32 = 0x7fc5_eed5;

/// The audio thread's end of a take.
pub(crate) struct Tap {
    ring: Producer<[u32; 2]>,
    missing: u32,
}

impl Tap {
    /// Takes a frame as it is sent to the device: its first two channels, or its one.
    pub fn take(&mut self, frame: &[f32]) {
        let &[left, ..] = frame else { return };
        let frame = [left, frame.get(1).copied().unwrap_or(left)].map(f32::to_bits);
        // Word of what is missing and the frame after it: two places.
        if self.missing > 0 && self.ring.slots() >= 2 && self.ring.push([MISSING, self.missing]).is_ok() {
            self.missing = 0;
        }
        if self.missing > 0 || self.ring.push(frame).is_err() {
            self.missing = self.missing.saturating_add(1);
        }
    }
}

/// What happens to a take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The file is as large as it can be; the take goes on in this one.
    Continued(PathBuf),
    /// So many frames are silent in the file, because the disk did not keep up.
    Missing(u32),
    /// The disk takes no more: the take has ended, the file can be read as far as it goes.
    Failed(String),
}

/// A take that is running.
pub struct Take {
    path: PathBuf,
    told: Receiver<Told>,
    finish: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Take {
    pub(crate) fn begin(path: &Path, rate: u32, channels: u16) -> Result<(Take, Tap), Error> {
        let (file, path) = create(path)?;
        let (ring, frames) = RingBuffer::new(rate as usize * WAITING);
        let (teller, told) = channel();
        let finish = Arc::new(AtomicBool::new(false));
        let channels = channels.clamp(1, 2);
        let part = Part::new(file, rate, channels).map_err(|why| Error::Sound { path: path.clone(), why })?;
        let writer = Recorder { part, path: path.clone(), rate, channels, frames, teller, largest: LARGEST };
        let flag = finish.clone();
        let thread = std::thread::Builder::new().name("disk".into()).spawn(move || writer.run(&flag));
        let thread = Some(thread.map_err(Error::file(&path))?);
        Ok((Take { path, told, finish, thread }, Tap { ring, missing: 0 }))
    }

    /// The file it began in.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What has happened since the last call.
    pub fn told(&self) -> impl Iterator<Item = Told> {
        self.told.try_iter()
    }

    /// Whether everything is in the file, or the disk takes no more.
    pub fn is_over(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits until everything that was sent is in the file. The engine is to have stopped, or the take to have ended.
    pub fn finish(mut self) -> Vec<Told> {
        self.finish.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic in it has been told; what it wrote is in the file.
            let _ = thread.join();
        }
        self.told.try_iter().collect()
    }
}

/// A new file of this name, or of the name with a number behind it: nothing is written over.
fn create(path: &Path) -> Result<(File, PathBuf), Error> {
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

/// One file of a take.
struct Part<F: Write + Seek> {
    writer: hound::WavWriter<BufWriter<F>>,
    channels: u16,
    bytes: u64,
}

/// What the disk says.
fn say(error: hound::Error) -> String {
    match error {
        hound::Error::IoError(error) => error.to_string(),
        other => other.to_string(),
    }
}

impl<F: Write + Seek> Part<F> {
    fn new(file: F, rate: u32, channels: u16) -> Result<Part<F>, String> {
        let (bits_per_sample, sample_format) = (32, hound::SampleFormat::Float);
        let spec = hound::WavSpec { channels, sample_rate: rate, bits_per_sample, sample_format };
        let file = BufWriter::with_capacity(1 << 16, file);
        let writer = hound::WavWriter::new(file, spec).map_err(say)?;
        let mut part = Part { writer, channels, bytes: 0 };
        part.flush()?;
        Ok(part)
    }

    fn write(&mut self, frame: [u32; 2]) -> Result<(), String> {
        for sample in &frame[..usize::from(self.channels)] {
            self.writer.write_sample(f32::from_bits(*sample)).map_err(say)?;
        }
        self.bytes += u64::from(self.channels) * 4;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), String> {
        self.writer.flush().map_err(say)
    }
}

/// The disk thread.
struct Recorder {
    part: Part<File>,
    path: PathBuf,
    rate: u32,
    channels: u16,
    frames: Consumer<[u32; 2]>,
    teller: Sender<Told>,
    largest: u64,
}

impl Recorder {
    fn run(mut self, finish: &AtomicBool) {
        let mut header = Instant::now();
        loop {
            // Asked before the ring is emptied: what was in it then is what there is.
            let last = finish.load(Relaxed) || self.frames.is_abandoned();
            let written = self.drain().and_then(|()| {
                if last || header.elapsed() >= HEADER {
                    header = Instant::now();
                    self.part.flush()?;
                }
                Ok(())
            });
            if let Err(why) = written {
                // Nobody listens any more when the player has gone.
                let _ = self.teller.send(Told::Failed(why));
                return;
            }
            if last {
                return;
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Writes what is in the ring.
    fn drain(&mut self) -> Result<(), String> {
        while let Ok(frame) = self.frames.pop() {
            match frame {
                [MISSING, count] => {
                    let _ = self.teller.send(Told::Missing(count));
                    (0..count).try_for_each(|_| self.write([0; 2]))?;
                }
                frame => self.write(frame)?,
            }
        }
        Ok(())
    }

    fn write(&mut self, frame: [u32; 2]) -> Result<(), String> {
        if self.part.bytes + u64::from(self.channels) * 4 > self.largest {
            self.part.flush()?;
            let (file, path) = create(&self.path).map_err(|error| error.to_string())?;
            self.part = Part::new(file, self.rate, self.channels)?;
            let _ = self.teller.send(Told::Continued(path));
        }
        self.part.write(frame)
    }
}

#[cfg(test)]
mod tests;
