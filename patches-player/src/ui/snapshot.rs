//! What the screen shows, as of now. Plain data: drawing it needs nothing else.

use crate::event::Event;
use crate::play::{Look, Seen, Sink};
use patches_engine::host::About;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Lines of the log that are kept.
const LINES: usize = 200;
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
    pub levels: [Level; 2],
    pub limiter_db: f32,
    pub scope: VecDeque<f32>,
    pub watched: Vec<Watched>,
    /// The text that plays.
    pub text: Arc<str>,
    /// When saves take effect, and how long they fade, where the text does not say.
    pub landing: String,
    pub modules: Vec<(String, &'static str, f32)>,
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
            levels: [Level::default(); 2],
            limiter_db: 0.0,
            scope: VecDeque::with_capacity(SCOPE),
            watched: Vec::new(),
            text: "".into(),
            landing: String::new(),
            modules: Vec::new(),
            recording: None,
            fault: None,
            log: VecDeque::with_capacity(LINES),
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
            Event::Started { save, .. } => self.saved = Saved::Playing(*save),
            Event::Swapped(swapped) => self.saved = Saved::Playing(swapped.save),
            Event::Refused { save, faults } => {
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
        let meters = look.meters;
        (self.bar, self.beat, self.tempo, self.load) = (meters.bar, meters.beat, meters.tempo, meters.load);
        for (level, peak) in self.levels.iter_mut().zip(meters.peak) {
            level.look(peak, look.at, seconds);
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

    fn landing(&mut self, words: String) {
        self.with(|snapshot| snapshot.landing = words);
    }
}
