//! The callback that all hosts share: it takes an engine in, lets it fill the buffer, and gives it back at the end.

#[cfg(feature = "device")]
use super::bridge::Bridge;
use super::platform;
use crate::engine::Engine;
use crate::trap::Inside;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, TryLockError};
use std::time::{Duration, Instant};

/// How long the control side waits before it looks for the engine again.
const BETWEEN: Duration = Duration::from_millis(1);

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

/// Where the engine is between callbacks. A callback that finds it there has it for as long as it lasts; the other side takes it
/// out between two of them, also of a device that has stopped calling. Neither ever waits for it: both only try the lock, so
/// that letting go of it wakes nobody either.
#[derive(Clone, Default)]
pub struct Place(Arc<Mutex<Option<Box<Engine>>>>);

impl Place {
    /// What is there, if nobody has it just now.
    fn look(&self) -> Option<MutexGuard<'_, Option<Box<Engine>>>> {
        match self.0.try_lock() {
            Ok(place) => Some(place),
            // What panicked has been told; the engine contains its own.
            Err(TryLockError::Poisoned(place)) => Some(place.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// The same for the control side, which waits until the callback is through.
    fn open(&self) -> MutexGuard<'_, Option<Box<Engine>>> {
        loop {
            if let Some(place) = self.look() {
                return place;
            }
            std::thread::sleep(BETWEEN);
        }
    }

    /// Puts an engine there.
    ///
    /// # Errors
    /// The engine itself, if there is one already.
    pub fn give(&self, engine: Box<Engine>) -> Result<(), Box<Engine>> {
        let mut place = self.open();
        if place.is_some() {
            return Err(engine);
        }
        *place = Some(engine);
        Ok(())
    }

    /// Takes it out, if there is one.
    pub fn take(&self) -> Option<Box<Engine>> {
        self.open().take()
    }
}

/// The callback's side.
pub struct Pull {
    place: Place,
    /// Where the engine's rate is another.
    #[cfg(feature = "device")]
    bridge: Option<Bridge>,
    shared: Arc<Shared>,
    started: Option<Instant>,
    rate: f64,
    channels: usize,
}

/// Both sides for a stream of this rate and so many channels, and an engine that may have another rate.
pub fn new(
    rate: u32,
    #[cfg_attr(not(feature = "device"), expect(unused_variables, reason = "the clock takes any rate"))] engine: u32,
    channels: u16,
) -> (Pull, Place, Arc<Shared>) {
    let place = Place::default();
    let shared = Arc::new(Shared {
        frames: AtomicU64::new(0),
        xruns: AtomicU64::new(0),
        runaway: AtomicBool::new(false),
        realtime: AtomicU8::new(0),
        lost: OnceLock::new(),
    });
    let pull = Pull {
        place: place.clone(),
        #[cfg(feature = "device")]
        bridge: (rate != engine).then(|| Bridge::new(engine, rate, usize::from(channels))).flatten(),
        shared: shared.clone(),
        started: None,
        rate: f64::from(rate),
        channels: usize::from(channels),
    };
    (pull, place, shared)
}

impl Pull {
    /// Fills one callback's buffer.
    pub fn fill(&mut self, out: &mut [f32]) {
        if self.pace(out.len() / self.channels) {
            out.fill(0.0);
            return;
        }
        let _inside = Inside::enter();
        let mut place = self.place.look();
        let Some(engine) = place.as_mut().and_then(|place| place.as_mut()) else {
            out.fill(0.0);
            return;
        };
        #[cfg(feature = "device")]
        if let Some(bridge) = &mut self.bridge {
            return bridge.fill(out, |block| engine.process(block, self.channels));
        }
        engine.process(out, self.channels);
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
