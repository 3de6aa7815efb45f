//! Hosts: what pulls frames out of an [`Engine`], a sound device or a clock. A host gives its engine back when it stops,
//! so that another can go on with it where this one ended.

#[cfg(feature = "device")]
mod bridge;
pub mod clock;
#[cfg(feature = "device")]
pub mod device;
pub mod input;
pub mod midi;
pub mod platform;
mod pull;
#[cfg(feature = "device")]
mod resample;

use crate::engine::Engine;
use crate::error::Error;
use pull::{Place, Shared};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Frames a clock takes at a time, and what a device is asked for first.
pub const FRAMES: u32 = 256;
/// Frames a second where nothing says otherwise.
pub const RATE: u32 = 48_000;
/// A device that asks for nothing this long is lost.
const SILENT: Duration = Duration::from_secs(3);

/// Which way to the sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Backend {
    /// The system's own, then JACK if this build has it.
    #[default]
    Auto,
    /// ALSA.
    Alsa,
    /// JACK, where this build has it.
    Jack,
    /// No device: a clock.
    Clock,
}

/// What is asked of a host.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Which way.
    pub backend: Backend,
    /// A device by name or id; none: the default one.
    pub device: Option<String>,
    /// Frames a second; none: what the device likes best.
    pub rate: Option<u32>,
    /// Frames a second of an engine that plays already: a device that cannot do the same is bridged.
    pub engine: Option<u32>,
    /// Frames a callback; none: [`FRAMES`], or what the device likes.
    pub frames: Option<u32>,
    /// Channels; none: two, or as many as the patch asks for.
    pub channels: Option<u16>,
    /// As many as the patch asks for: it has them if the device does.
    pub asks: u16,
}

/// What a running host is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// `alsa`, `jack`, `clock`.
    pub backend: String,
    /// The device's name.
    pub device: String,
    /// Frames a second of its engine.
    pub rate: u32,
    /// Frames a second of the device, if they are others: its sound is resampled.
    pub bridged: Option<u32>,
    /// Frames a callback.
    pub frames: u32,
    /// Channels.
    pub channels: u16,
}

impl About {
    /// Microseconds that a callback has time for.
    pub fn period_us(&self) -> f64 {
        1e6 * f64::from(self.frames) / f64::from(self.bridged.unwrap_or(self.rate).max(1))
    }
}

/// How a host is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It plays.
    Running,
    /// Its device is gone, and why.
    Lost(String),
}

/// A sound device as `patches devices` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// `alsa`, `jack`, `clock`.
    pub backend: String,
    /// What to give to `--device`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Whether it is what plays when nothing is asked for.
    pub default: bool,
    /// Frames a second it plays best, if it plays.
    pub rate: Option<u32>,
    /// Channels, if it plays.
    pub channels: Option<u16>,
    /// Why it cannot be used; none if it can.
    pub why_not: Option<String>,
}

enum Running {
    Clock(clock::Thread),
    #[cfg(feature = "device")]
    Device(device::Running),
}

/// A running stream. It is silent until it is given an engine.
pub struct Host {
    about: About,
    shared: Arc<Shared>,
    place: Place,
    running: Running,
    seen: (u64, Instant),
}

impl Host {
    /// Opens what is wished for and starts it.
    ///
    /// # Errors
    /// If a device is named that is not there, if there is none, or if it does not do what is asked.
    pub fn open(wish: &Wish) -> Result<Host, Error> {
        match wish.backend {
            Backend::Clock => Ok(Host::clock(wish)),
            #[cfg(feature = "device")]
            _ => device::open(wish),
            #[cfg(not(feature = "device"))]
            _ => Err(Error::NoDevice { why: "built without sound devices".into() }),
        }
    }

    /// Starts a clock in place of a device.
    pub fn clock(wish: &Wish) -> Host {
        let about = About {
            backend: "clock".into(),
            device: "clock".into(),
            rate: wish.engine.or(wish.rate).unwrap_or(RATE),
            bridged: None,
            frames: wish.frames.unwrap_or(FRAMES),
            channels: wish.channels.unwrap_or(wish.asks.max(2)),
        };
        let (pull, place, shared) = pull::new(about.rate, about.rate, about.channels);
        let running = Running::Clock(clock::Thread::start(pull, about.rate, about.frames, about.channels));
        Host { about, shared, place, running, seen: (0, Instant::now()) }
    }

    /// What it is.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Lets an engine play. One at a time; a second comes back in the box.
    ///
    /// # Errors
    /// The engine itself, if there is one already.
    pub fn give(&mut self, engine: Box<Engine>) -> Result<(), Box<Engine>> {
        self.place.give(engine)
    }

    /// Times so far that the device had nothing to play because something was late.
    pub fn xruns(&self) -> u64 {
        self.shared.xruns.load(Ordering::Relaxed)
    }

    /// Whether the audio thread has real-time priority; none while it is not known.
    pub fn realtime(&self) -> Option<bool> {
        self.shared.realtime()
    }

    /// How it is doing. To be called now and then: a device that asks for nothing is found only so.
    pub fn state(&mut self) -> State {
        if let Some(why) = self.shared.lost() {
            return State::Lost(why);
        }
        if self.shared.runaway.load(Ordering::Relaxed) {
            return State::Lost("it takes sound faster than real time".into());
        }
        let frames = self.shared.frames.load(Ordering::Relaxed);
        if frames != self.seen.0 {
            self.seen = (frames, Instant::now());
        } else if self.seen.1.elapsed() > SILENT {
            return State::Lost("it asks for no sound".into());
        }
        State::Running
    }

    /// Stops, and gives the engine back if there was one.
    pub fn stop(self) -> Option<Box<Engine>> {
        let Host { place, running, .. } = self;
        let engine = place.take();
        match running {
            Running::Clock(thread) => thread.stop(),
            #[cfg(feature = "device")]
            Running::Device(stream) => stream.close(),
        }
        engine
    }
}

/// The sound devices there are, each tried.
pub fn devices() -> Vec<Listed> {
    #[cfg(feature = "device")]
    let found = device::list();
    #[cfg(not(feature = "device"))]
    let found = Vec::new();
    let clock = Listed {
        backend: "clock".into(),
        id: "clock".into(),
        name: "no device, only time".into(),
        default: false,
        rate: Some(RATE),
        channels: Some(2),
        why_not: None,
    };
    found.into_iter().chain([clock]).collect()
}
