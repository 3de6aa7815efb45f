//! What is sent to the device, on the disk while it plays. The audio thread puts frames into a ring, a thread of its own
//! writes them: into a take while one is running, and always into the files that the last minutes are in. Headers are
//! brought up to date twice a second, so that a player that is killed leaves files that can be read; a disk that is full
//! ends the recording and not the sound; nothing is ever written over.

mod file;
mod last;

pub use last::{FOLDER, Keep, LONGEST, Pieces};

use crate::error::Error;
use file::{LARGEST, Roll};
use last::Last;
use rtrb::{Consumer, Producer, RingBuffer};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Seconds of sound of two channels that may wait for the disk; of more as much memory,
const WAITING: usize = 10;
/// but so many seconds at least.
const WAITING_AT_LEAST: usize = 2;
/// How often the ring is looked into.
const LOOK: Duration = Duration::from_millis(20);
/// How often the headers are brought up to date.
const HEADER: Duration = Duration::from_millis(500);
/// In place of a frame, before a number: so many frames are missing, because the disk did not keep up. No sound has these
/// bits: it is always finite.
const MISSING: u32 = 0x7fc5_eed5;

/// The audio thread's end.
pub(crate) struct Tap {
    ring: Producer<u32>,
    channels: usize,
    missing: u32,
}

impl Tap {
    /// Takes a frame as it is sent to the device: as many of its channels as are recorded. Those that it lacks are its first.
    pub fn take(&mut self, frame: &[f32]) {
        let Some(first) = frame.first() else { return };
        if self.missing > 0
            && let Ok(word) = self.ring.write_chunk_uninit(2)
        {
            word.fill_from_iter([MISSING, self.missing]);
            self.missing = 0;
        }
        match self.ring.write_chunk_uninit(self.channels) {
            Ok(room) if self.missing == 0 => {
                let samples = (0..self.channels).map(|channel| frame.get(channel).unwrap_or(first).to_bits());
                room.fill_from_iter(samples);
            }
            _ => self.missing = self.missing.saturating_add(1),
        }
    }
}

/// What happens to recordings.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// A take's file is as large as it can be; the take goes on in another.
    Continued {
        /// The file it began in.
        file: PathBuf,
        /// The one it goes on in.
        next: PathBuf,
    },
    /// So many frames are silent in what is recorded, because the disk did not keep up.
    Missing(u32),
    /// The disk takes no more: the take has ended, the file can be read as far as it goes.
    Failed {
        /// The file it began in.
        file: PathBuf,
        /// What the disk says.
        why: String,
    },
    /// The last minutes are in this file.
    Kept {
        /// The first of its files.
        file: PathBuf,
        /// How long it is.
        seconds: f64,
    },
    /// The last minutes could not be written to a file.
    NotKept {
        /// The file asked for.
        file: PathBuf,
        /// Why not.
        why: String,
    },
    /// The disk takes no more of the last minutes. It is tried again without a word.
    Lapsed(String),
}

/// What the disk thread is to do.
enum Command {
    Begin(Roll),
    End,
    Keep(PathBuf),
    Finish,
}

/// The disk thread of a stream of frames, and what it has to say.
pub struct Recorder {
    rate: u32,
    channels: u16,
    commands: Sender<Command>,
    told: Receiver<Told>,
    thread: Option<JoinHandle<()>>,
}

impl Recorder {
    /// A thread that writes what the tap takes.
    ///
    /// # Errors
    /// If the folder of the last minutes cannot be made, or the system gives no thread.
    pub(crate) fn start(rate: u32, channels: u16, keep: Option<&Keep>) -> Result<(Recorder, Tap), Error> {
        let channels = channels.max(1);
        let width = usize::from(channels);
        let last = keep.map(|keep| Last::begin(keep, rate, channels)).transpose()?;
        let (ring, words) = RingBuffer::new(rate as usize * (WAITING * width.min(2)).max(WAITING_AT_LEAST * width));
        let (commands, inbox) = channel();
        let (teller, told) = channel();
        let disk = Disk { words, inbox, teller, width, take: None, last, lapsed: false, joins: vec![] };
        let thread = std::thread::Builder::new().name("disk".into()).spawn(move || disk.run());
        let thread = Some(thread.map_err(Error::file(Path::new("disk thread")))?);
        Ok((Recorder { rate, channels, commands, told, thread }, Tap { ring, channels: width, missing: 0 }))
    }

    /// Begins a take in a new file of this name, or with a number behind it: all that is sent from now on. One that is
    /// running ends.
    ///
    /// # Errors
    /// If the file cannot be made.
    pub fn begin(&self, path: &Path) -> Result<PathBuf, Error> {
        let roll = Roll::begin(path, self.rate, self.channels, LARGEST)?;
        let path = roll.path().to_path_buf();
        // The thread is there as long as this is, but for a panic, which has been told.
        let _ = self.commands.send(Command::Begin(roll));
        Ok(path)
    }

    /// Ends the take with what has been sent by now.
    pub fn end(&self) {
        let _ = self.commands.send(Command::End);
    }

    /// Joins the last minutes up to now in a new file of this name, or with a number behind it. [`Told::Kept`] tells when
    /// it is done.
    pub fn keep(&self, path: &Path) {
        let _ = self.commands.send(Command::Keep(path.into()));
    }

    /// What has happened since the last call.
    pub fn told(&self) -> impl Iterator<Item = Told> {
        self.told.try_iter()
    }

    /// Whether the engine has let go of it, and everything is in the files.
    pub fn is_over(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits until everything that was sent is in the files. The engine is to have stopped.
    pub fn finish(mut self) -> Vec<Told> {
        let _ = self.commands.send(Command::Finish);
        if let Some(thread) = self.thread.take() {
            // A panic in it has been told; what it wrote is in the files.
            let _ = thread.join();
        }
        self.told.try_iter().collect()
    }
}

/// The disk thread.
struct Disk {
    words: Consumer<u32>,
    inbox: Receiver<Command>,
    teller: Sender<Told>,
    /// Samples in a frame.
    width: usize,
    take: Option<Roll>,
    last: Option<Last>,
    /// It has been said that the last minutes are not kept, and they are not since.
    lapsed: bool,
    /// Threads that join the last minutes.
    joins: Vec<JoinHandle<()>>,
}

impl Disk {
    fn run(mut self) {
        let mut header = Instant::now();
        loop {
            // Asked before the ring is emptied: what was in it then is what there is.
            let abandoned = self.words.is_abandoned();
            let over = self.turn() || abandoned;
            if over || header.elapsed() >= HEADER {
                header = Instant::now();
                self.flush();
            }
            if over {
                break;
            }
            std::thread::sleep(LOOK);
        }
        for join in self.joins {
            // A panic in it has been told.
            let _ = join.join();
        }
    }

    /// Nobody listens any more when the player has gone.
    fn tell(&self, it: Told) {
        let _ = self.teller.send(it);
    }

    /// Writes what is in the ring, and does what it is told. Whether that was the last of it.
    fn turn(&mut self) -> bool {
        // Counted before commands are taken: no frame that was sent after a command is written before it is obeyed.
        let mut there = self.words.slots();
        loop {
            let command = match self.inbox.try_recv() {
                Ok(command) => command,
                // Where it was dropped without an end, the thread goes on until the engine lets go.
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            };
            if let Command::Begin(roll) = command {
                self.end();
                self.take = Some(roll);
                continue;
            }
            // Everything else holds for what was sent before it.
            self.drain(std::mem::take(&mut there));
            match command {
                Command::Begin(_) => {}
                Command::End => self.end(),
                Command::Keep(path) => self.join(path),
                Command::Finish => {
                    self.drain(self.words.slots());
                    return true;
                }
            }
        }
        self.drain(there);
        false
    }

    /// Writes so many words of the ring.
    fn drain(&mut self, words: usize) {
        let mut left = words;
        let mut frame = vec![0u32; self.width];
        while left > 0 {
            let Ok(first) = self.words.pop() else { return };
            left -= 1;
            if first == MISSING {
                left -= 1;
                let count = self.words.pop().unwrap_or(0);
                self.tell(Told::Missing(count));
                frame.fill(0);
                (0..count).for_each(|_| self.write(&frame));
                continue;
            }
            frame[0] = first;
            for sample in &mut frame[1..] {
                *sample = self.words.pop().unwrap_or(0);
            }
            left = left.saturating_sub(self.width - 1);
            self.write(&frame);
        }
    }

    fn write(&mut self, frame: &[u32]) {
        if let Some(take) = &mut self.take {
            match take.write(frame) {
                Ok(None) => {}
                Ok(Some(next)) => {
                    let file = take.path().to_path_buf();
                    self.tell(Told::Continued { file, next });
                }
                Err(why) => self.fail(why),
            }
        }
        let kept = self.last.as_mut().map_or(Ok(()), |last| last.write(frame));
        self.lapse(kept);
    }

    /// Brings the headers up to date.
    fn flush(&mut self) {
        if let Some(Err(why)) = self.take.as_mut().map(Roll::flush) {
            self.fail(why);
        }
        if let Some(last) = &mut self.last {
            let kept = last.flush();
            if kept.is_ok() && last.is_kept() {
                self.lapsed = false;
            }
            self.lapse(kept);
        }
        self.joins.retain(|join| !join.is_finished());
    }

    fn end(&mut self) {
        if let Some(Err(why)) = self.take.as_mut().map(Roll::flush) {
            self.fail(why);
        }
        self.take = None;
    }

    /// The disk takes no more of the take.
    fn fail(&mut self, why: String) {
        if let Some(take) = self.take.take() {
            self.tell(Told::Failed { file: take.path().into(), why });
        }
    }

    /// The disk takes no more of the last minutes, if it does not; said once.
    fn lapse(&mut self, kept: Result<(), String>) {
        if let Err(why) = kept
            && !std::mem::replace(&mut self.lapsed, true)
        {
            self.tell(Told::Lapsed(why));
        }
    }

    /// Joins the last minutes on a thread of its own: the frames go on meanwhile.
    fn join(&mut self, path: PathBuf) {
        let pieces = match &mut self.last {
            Some(last) => last.pieces(),
            None => Err("nothing is kept".into()),
        };
        let pieces = match pieces {
            Ok(pieces) => pieces,
            Err(why) => return self.tell(Told::NotKept { file: path, why }),
        };
        let teller = self.teller.clone();
        let asked = path.clone();
        let work = move || {
            let told = match pieces.join(&path) {
                Ok((file, seconds)) => Told::Kept { file, seconds },
                Err(Error::Sound { path: file, why }) => Told::NotKept { file, why },
                Err(Error::File { path: file, source }) => Told::NotKept { file, why: source.to_string() },
                Err(error) => Told::NotKept { file: path, why: error.to_string() },
            };
            let _ = teller.send(told);
        };
        match std::thread::Builder::new().name("keep".into()).spawn(work) {
            Ok(thread) => self.joins.push(thread),
            Err(error) => self.tell(Told::NotKept { file: asked, why: error.to_string() }),
        }
    }
}

#[cfg(test)]
mod tests;
