//! What the screen shows, as of now. Plain data: drawing it needs nothing else.

use crate::event::Event;
use crate::play::{Held, Look, Seen, Sequence, Sink};
use patches_engine::host::About;
use patches_engine::midi::Message;
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Lines of the log that are kept.
const LINES: usize = 200;
/// MIDI messages that are kept.
const MESSAGES: usize = 100;
/// Frames the scope has to choose from.
pub const SCOPE: usize = 4096;
/// Meters fall by so many decibels a second.
const FALL: f32 = 24.0;
/// Frames for which the highest level stays marked: a second and a half at 48 kHz.
const HOLD: u64 = 72_000;

/// What has become of the last save.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saved {
    /// Nothing has played yet.
    Waiting,
    /// This save plays.
    Playing(u64),
    /// This one has faults; what played before plays on.
    Refused(u64),
}

/// One side of the master.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Level {
    /// Level to draw, falling.
    pub now: f32,
    /// Highest level of the last while.
    pub held: f32,
    until: u64,
}

impl Level {
    fn look(&mut self, peak: f32, at: u64, seconds: f32) {
        // NaN compares false, so it never becomes a level.
        let fallen = self.now * 10f32.powf(-FALL * seconds / 20.0);
        self.now = if peak > fallen { peak } else { fallen };
        if peak >= self.held || at >= self.until {
            self.held = if peak > 0.0 { peak } else { 0.0 };
            self.until = at + HOLD;
        }
    }
}

/// Something that is watched.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// Its label.
    pub label: String,
    /// The module whose output it is.
    pub module: String,
    /// How loud it is.
    pub level: Level,
    /// Its last frames.
    pub wave: VecDeque<f32>,
}

/// Keeps the last frames of a wave.
fn keep(wave: &mut VecDeque<f32>, frames: impl ExactSizeIterator<Item = f32>) {
    let skip = frames.len().saturating_sub(SCOPE);
    let excess = (wave.len() + frames.len() - skip).saturating_sub(SCOPE);
    wave.drain(..excess.min(wave.len()));
    wave.extend(frames.skip(skip));
}

/// MIDI of one port.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PortSeen {
    /// It is plugged in.
    pub there: bool,
    /// Keys that are down, as (channel, key), with their velocities.
    pub down: BTreeMap<(u8, u8), u8>,
    /// Messages so far.
    pub messages: u64,
}

/// Everything the screen shows.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub file: String,
    pub saved: Saved,
    pub about: About,
    pub at: u64,
    pub bar: u64,
    pub beat: u32,
    pub tempo: f64,
    pub load: f32,
    pub load_max: f32,
    pub xruns: u64,
    pub levels: Vec<Level>,
    pub limiter_db: f32,
    pub scope: VecDeque<f32>,
    pub watched: Vec<Watched>,
    /// The text that plays.
    pub text: Arc<str>,
    /// What is muted and soloed, and how the sound stands to the file.
    pub held: Held,
    /// Seconds until a save that waits takes effect.
    pub waiting: Option<f32>,
    /// Sequencers, and the step that each row plays.
    pub sequences: Arc<[Sequence]>,
    pub heads: BTreeMap<(Arc<str>, usize), f32>,
    /// MIDI ports by name, and the last messages.
    pub ports: BTreeMap<String, PortSeen>,
    pub midi: VecDeque<String>,
    /// When saves take effect, and how long they fade, where the text does not say.
    pub landing: String,
    pub modules: Vec<(String, &'static str, f32)>,
    /// The frame at which the state of each module began, as far as it is known.
    pub born: BTreeMap<Arc<str>, u64>,
    /// The file of the take that is running.
    pub recording: Option<String>,
    pub fault: Option<String>,
    pub log: VecDeque<String>,
}

impl Snapshot {
    /// Before anything has happened.
    pub fn new(file: &Path, about: About) -> Snapshot {
        Snapshot {
            file: file.display().to_string(),
            saved: Saved::Waiting,
            about,
            at: 0,
            bar: 1,
            beat: 1,
            tempo: 120.0,
            load: 0.0,
            load_max: 0.0,
            xruns: 0,
            levels: vec![Level::default(); 2],
            limiter_db: 0.0,
            scope: VecDeque::with_capacity(SCOPE),
            watched: Vec::new(),
            text: "".into(),
            held: Held::default(),
            waiting: None,
            sequences: Arc::new([]),
            heads: BTreeMap::new(),
            ports: BTreeMap::new(),
            midi: VecDeque::with_capacity(MESSAGES),
            landing: String::new(),
            modules: Vec::new(),
            born: BTreeMap::new(),
            recording: None,
            fault: None,
            log: VecDeque::with_capacity(LINES),
        }
    }

    /// Adds what a library has to say, once.
    pub fn aside(&mut self, line: String) {
        if !self.log.contains(&line) {
            self.line(line);
        }
    }

    /// Adds a line to the log.
    pub fn line(&mut self, line: String) {
        if self.log.len() == LINES {
            self.log.pop_front();
        }
        self.log.push_back(line);
    }

    /// Something happened.
    pub fn event(&mut self, event: &Event) {
        match event {
            Event::Status(status) => {
                self.load_max = status.load_max as f32;
                self.limiter_db = status.limiter_db as f32;
                return;
            }
            Event::Record { state: "started" | "continued", file, .. } => self.recording = Some(file.clone()),
            Event::Record { state: "stopped" | "failed", .. } => self.recording = None,
            Event::Midi { state: "found", name, .. } => self.ports.entry(name.clone()).or_default().there = true,
            Event::Midi { state: "lost", name, .. } => {
                *self.ports.entry(name.clone()).or_default() = PortSeen::default();
            }
            Event::Started { save, .. } => self.saved = Saved::Playing(*save),
            // Faults of a later save are still to be mended.
            Event::Swapped(swapped) if matches!(self.saved, Saved::Refused(later) if later > swapped.save) => {}
            Event::Swapped(swapped) => self.saved = Saved::Playing(swapped.save),
            Event::Refused { save, faults, .. } => {
                self.saved = Saved::Refused(*save);
                let count = faults.iter().filter(|fault| fault.severity == "error").count();
                let plural = if count == 1 { "" } else { "s" };
                return self.line(format!("save {save} has {count} fault{plural}, nothing changes"));
            }
            _ => {}
        }
        self.line(event.to_string());
    }

    /// Some time went by.
    pub fn look(&mut self, look: &Look<'_>) {
        let seconds = look.at.saturating_sub(self.at) as f32 / look.about.rate.max(1) as f32;
        self.at = look.at;
        if self.about != *look.about {
            self.about = look.about.clone();
        }
        self.xruns = look.xruns;
        self.waiting = look.waiting.map(|frames| frames as f32 / look.about.rate.max(1) as f32);
        if self.born != *look.born {
            self.born.clone_from(look.born);
        }
        if self.heads != *look.heads {
            self.heads.clone_from(look.heads);
        }
        let meters = look.meters;
        (self.bar, self.beat, self.tempo, self.load) = (meters.bar, meters.beat, meters.tempo, meters.load);
        self.levels.resize(meters.peak.len().max(2), Level::default());
        for (level, peak) in self.levels.iter_mut().zip(&meters.peak) {
            level.look(*peak, look.at, seconds);
        }
        keep(&mut self.scope, look.frames.iter().map(|[left, right]| 0.5 * (left + right)));
        let same = self.watched.len() == look.probes.len()
            && self.watched.iter().zip(look.probes).all(|(known, seen)| known.label == *seen.label);
        if !same {
            let fresh = |seen: &Seen| Watched {
                label: seen.label.to_string(),
                module: seen.module.to_string(),
                level: Level::default(),
                wave: VecDeque::with_capacity(SCOPE),
            };
            self.watched = look.probes.iter().map(fresh).collect();
        }
        for (watched, seen) in self.watched.iter_mut().zip(look.probes) {
            let peak = seen.frames.iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
            watched.level.look(peak, look.at, seconds);
            keep(&mut watched.wave, seen.frames.iter().copied());
        }
        if self.modules.len() != meters.modules.len()
            || self.modules.iter().zip(&meters.modules).any(|(a, b)| *a.0 != *b.0 || a.1 != b.1)
        {
            self.modules = meters.modules.iter().map(|(path, name, load)| (path.to_string(), *name, *load)).collect();
        } else {
            for (shown, (_, _, load)) in self.modules.iter_mut().zip(&meters.modules) {
                shown.2 = *load;
            }
        }
    }
}

impl Snapshot {
    /// A MIDI message came by this port.
    pub fn midi(&mut self, port: &str, message: Message) {
        let seen = self.ports.entry(port.to_string()).or_default();
        seen.messages += 1;
        if let [status, key, velocity] = *message.bytes() {
            let key = (status & 15, key);
            match status >> 4 {
                9 if velocity > 0 => drop(seen.down.insert(key, velocity)),
                8 | 9 => drop(seen.down.remove(&key)),
                // All sound and all notes off.
                11 if matches!(key.1, 120 | 123..) => seen.down.retain(|down, _| down.0 != key.0),
                _ => {}
            }
        }
        if self.midi.len() == MESSAGES {
            self.midi.pop_front();
        }
        self.midi.push_back(format!("{port}: {}", super::midi::words(message)));
    }
}

/// The sink that keeps a snapshot.
pub struct Screen {
    shared: Arc<Mutex<Snapshot>>,
}

impl Screen {
    /// Writes to this snapshot.
    pub fn new(shared: Arc<Mutex<Snapshot>>) -> Screen {
        Screen { shared }
    }

    fn with(&self, work: impl FnOnce(&mut Snapshot)) {
        work(&mut self.shared.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Sink for Screen {
    fn event(&mut self, event: &Event) {
        self.with(|snapshot| snapshot.event(event));
    }

    fn faults(&mut self, rendered: Option<String>) {
        self.with(|snapshot| snapshot.fault = rendered);
    }

    fn look(&mut self, look: &Look<'_>) {
        self.with(|snapshot| snapshot.look(look));
    }

    fn text(&mut self, text: &str) {
        self.with(|snapshot| snapshot.text = text.into());
    }

    fn held(&mut self, held: &Held) {
        self.with(|snapshot| snapshot.held = held.clone());
    }

    fn sequences(&mut self, sequences: Vec<Sequence>) {
        self.with(|snapshot| snapshot.sequences = sequences.into());
    }

    fn midi(&mut self, port: &str, message: Message) {
        self.with(|snapshot| snapshot.midi(port, message));
    }

    fn landing(&mut self, words: String) {
        self.with(|snapshot| snapshot.landing = words);
    }
}
