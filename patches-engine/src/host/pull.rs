//! The callback that all hosts share: it takes an engine in, lets it fill the buffer, and gives it back at the end.

use super::platform;
use crate::engine::Engine;
use crate::trap::Inside;
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

/// Numbers that the callback writes and the control side reads.
pub struct Shared {
    /// Frames asked for since the start.
    pub frames: AtomicU64,
    /// Xruns.
    pub xruns: AtomicU64,
    /// The stream is faster than real time.
    pub runaway: AtomicBool,
    realtime: AtomicU8,
    lost: OnceLock<String>,
}

impl Shared {
    /// Whether the audio thread has real-time priority, once known.
    pub fn realtime(&self) -> Option<bool> {
        match self.realtime.load(Ordering::Relaxed) {
            0 => None,
            given => Some(given == 2),
        }
    }

    /// Says that the device is gone. The first reason stays.
    #[cfg(feature = "device")]
    pub fn lose(&self, why: String) {
        self.lost.get_or_init(|| why);
    }

    /// Why the device is gone, if it is.
    pub fn lost(&self) -> Option<String> {
        self.lost.get().cloned()
    }
}

/// The control side's ends of the two rings by which the engine travels.
pub struct Home {
    there: Producer<Box<Engine>>,
    back: Consumer<Box<Engine>>,
    given: bool,
}

impl Home {
    /// Sends an engine to the callback.
    pub fn give(&mut self, engine: Box<Engine>) -> Result<(), Box<Engine>> {
        if self.given {
            return Err(engine);
        }
        self.given = true;
        self.there.push(engine).map_err(|rtrb::PushError::Full(engine)| engine)
    }

    /// The engine, once the callback is gone.
    pub fn take(&mut self) -> Option<Box<Engine>> {
        self.back.pop().ok()
    }
}

/// The callback's side.
pub struct Pull {
    inbox: Consumer<Box<Engine>>,
    home: Producer<Box<Engine>>,
    engine: Option<Box<Engine>>,
    shared: Arc<Shared>,
    started: Option<Instant>,
    rate: f64,
    channels: usize,
}

/// Both sides for a stream of this rate and so many channels.
pub fn new(rate: u32, channels: u16) -> (Pull, Home, Arc<Shared>) {
    let (there, inbox) = RingBuffer::new(1);
    let (home, back) = RingBuffer::new(1);
    let shared = Arc::new(Shared {
        frames: AtomicU64::new(0),
        xruns: AtomicU64::new(0),
        runaway: AtomicBool::new(false),
        realtime: AtomicU8::new(0),
        lost: OnceLock::new(),
    });
    let pull = Pull {
        inbox,
        home,
        engine: None,
        shared: shared.clone(),
        started: None,
        rate: f64::from(rate),
        channels: usize::from(channels),
    };
    (pull, Home { there, back, given: false }, shared)
}

impl Pull {
    /// Fills one callback's buffer.
    pub fn fill(&mut self, out: &mut [f32]) {
        if self.pace(out.len() / self.channels) {
            out.fill(0.0);
            return;
        }
        let _inside = Inside::enter();
        if self.engine.is_none() {
            self.engine = self.inbox.pop().ok();
        }
        match &mut self.engine {
            Some(engine) => engine.process(out, self.channels),
            None => out.fill(0.0),
        }
    }

    /// Counts frames; whether they come faster than real time. A stream may run a second ahead (that much a large
    /// buffer takes when it starts) and half as fast again as its rate, which no clock is wrong by.
    fn pace(&mut self, frames: usize) -> bool {
        let started = *self.started.get_or_insert_with(Instant::now);
        let total = self.shared.frames.fetch_add(frames as u64, Ordering::Relaxed) as f64;
        let elapsed = started.elapsed().as_secs_f64();
        if total > self.rate * (1.0 + 1.5 * elapsed) {
            self.shared.runaway.store(true, Ordering::Relaxed);
        } else if elapsed > 0.25 && self.shared.realtime.load(Ordering::Relaxed) == 0 {
            // Asked for once, and only of a stream that has shown to keep time: a spinning one would stop the machine.
            let given = platform::make_realtime();
            self.shared.realtime.store(1 + u8::from(given), Ordering::Relaxed);
        }
        self.shared.runaway.load(Ordering::Relaxed)
    }
}

impl Drop for Pull {
    fn drop(&mut self) {
        // One that was sent and never taken goes home too.
        if let Some(engine) = self.engine.take().or_else(|| self.inbox.pop().ok()) {
            // Only one engine travels at a time, so there is room.
            let _ = self.home.push(engine);
        }
    }
}
