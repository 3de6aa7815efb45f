//! Keeps the engine running: on its device, and on a clock while that is gone.

use super::search::Search;
use crate::error::Error;
use crate::event::Event;
use patches_engine::engine::Engine;
use patches_engine::host::{About, Backend, Host, State, Wish};
use std::time::Duration;

/// How long to wait before a lost device is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// A host, and what to do when its device is lost.
pub struct Keeper {
    host: Option<Host>,
    /// The engine until it is started: its time begins with the first patch.
    resting: Option<Box<Engine>>,
    about: About,
    wish: Wish,
    search: Search<Option<Host>>,
    xruns_before: u64,
    told_realtime: bool,
    /// Whether memory is locked.
    locked: bool,
}

impl Keeper {
    /// Keeps the engine ready to play on the host.
    pub fn new(host: Host, wish: Wish, engine: Box<Engine>, locked: bool) -> Keeper {
        let about = host.about().clone();
        // When the device comes back it plays this engine, at its rate or bridged.
        let wish = Wish { rate: None, engine: Some(about.rate), channels: Some(about.channels), ..wish };
        let resting = Some(engine);
        let (search, xruns_before, told_realtime) = (Search::new(RETRY), 0, false);
        Keeper { host: Some(host), resting, about, wish, search, xruns_before, told_realtime, locked }
    }

    /// Lets the engine play. Once is enough.
    pub fn start(&mut self) {
        if let (Some(host), Some(engine)) = (&mut self.host, self.resting.take()) {
            // The host has had none, so it takes this one.
            let _ = host.give(engine);
        }
    }

    /// What pulls the frames.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Xruns so far, of all hosts.
    pub fn xruns(&self) -> u64 {
        self.xruns_before + self.host.as_ref().map_or(0, Host::xruns)
    }

    /// To be called now and then. Tells what happened.
    ///
    /// # Errors
    /// If the engine is lost.
    pub fn tend(&mut self) -> Result<Vec<Event>, Error> {
        let mut events = Vec::new();
        let host = self.host.as_mut().ok_or(Error::Panicked)?;
        if let State::Lost(why) = host.state() {
            let name = self.about.device.clone();
            self.change(Host::clock)?;
            events.push(Event::Device { state: "lost", name, rate: None, bridged: None, why: Some(why) });
            self.search.again();
            return Ok(events);
        }
        if !self.told_realtime
            && self.about.backend != "clock"
            && let Some(given) = host.realtime()
        {
            self.told_realtime = true;
            let lacks = match (given, self.locked) {
                (true, true) => None,
                (false, true) => Some("no real-time priority"),
                (true, false) => Some("no locked memory"),
                (false, false) => Some("no real-time priority and no locked memory"),
            };
            if let Some(lacks) = lacks {
                let message = format!(
                    "{lacks}: sound may stop for moments when the machine is busy; `patches doctor` tells the lines that mend it"
                );
                events.push(Event::Notice { message });
            }
        }
        let wish = &self.wish;
        match self.search.tend(|| look_for(wish.clone())) {
            Some(Some(device)) => {
                self.change(|_| device)?;
                let About { device, rate, bridged, .. } = self.about.clone();
                events.push(Event::Device { state: "back", name: device, rate: Some(rate), bridged, why: None });
            }
            Some(None) => self.search.again(),
            None => {}
        }
        Ok(events)
    }

    /// Goes on with another host.
    fn change(&mut self, next: impl FnOnce(&Wish) -> Host) -> Result<(), Error> {
        self.xruns_before = self.xruns();
        let engine = self.stop();
        let mut host = next(&self.wish);
        self.about = host.about().clone();
        if self.resting.is_none() {
            let _ = host.give(engine.ok_or(Error::Panicked)?);
        }
        self.host = Some(host);
        Ok(())
    }

    /// Stops, and gives the engine back.
    pub fn stop(&mut self) -> Option<Box<Engine>> {
        self.xruns_before = self.xruns();
        self.host.take()?.stop()
    }
}

/// Tries the device. Without one nothing is to be found.
fn look_for(wish: Wish) -> impl FnOnce() -> Option<Host> + Send + 'static {
    move || if wish.backend == Backend::Clock { None } else { Host::open(&wish).ok() }
}
