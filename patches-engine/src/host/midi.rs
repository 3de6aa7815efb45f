//! MIDI ports: found, opened and looked for again, on a thread of their own. Ports come and go while the player runs;
//! when one goes, the engine releases what it held.

#[cfg(feature = "jack")]
mod jack;
#[cfg(feature = "device")]
mod native;
#[cfg(any(feature = "device", test))]
mod stamp;

use crate::error::Error;
use crate::midi::Inlet;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// What the system's own way is called.
const NATIVE: &str = if cfg!(target_os = "linux") {
    "alsa"
} else if cfg!(target_os = "macos") {
    "coremidi"
} else {
    "midi"
};
/// How often ports are looked for.
const LOOK: Duration = Duration::from_secs(1);

/// What there is to say about ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The machine has no MIDI, and why. Once.
    None(String),
    /// A port is open.
    Found(String),
    /// A port is gone.
    Lost(String),
    /// Messages so far that were lost, because more came than could be played.
    Dropped(u64),
}

/// One way to MIDI.
trait Way: Send {
    /// Opens what has come and closes what has gone.
    fn look(&mut self, inlet: &mut Inlet, wanted: Option<&str>, news: &mut dyn FnMut(News));
}

/// The ways that this build has, JACK's only if it is asked for.
fn ways(jack: bool) -> Vec<Box<dyn Way>> {
    let ways: Vec<Option<Box<dyn Way>>> = vec![
        #[cfg(feature = "device")]
        Some(Box::new(native::Native::default())),
        #[cfg(feature = "jack")]
        jack.then(|| Box::new(jack::Jack::default()) as Box<dyn Way>),
    ];
    let _ = jack;
    ways.into_iter().flatten().collect()
}

/// The ports there are, as `patches devices` names them: way and name. Or why there are none.
/// JACK's only if they are asked for.
pub fn ports(jack: bool) -> (Vec<(&'static str, String)>, Option<String>) {
    super::platform::quiet_sound_libraries();
    let native = native_names();
    let why = native.as_ref().map_or_else(|why| Some(why.clone()), |names| names.is_empty().then(|| "no port".into()));
    let found = native.unwrap_or_default().into_iter().map(|name| (NATIVE, name));
    #[cfg(feature = "jack")]
    let found = found.chain(jack.then(jack::names).into_iter().flatten().map(|name| ("jack", name)));
    let _ = jack;
    let found: Vec<(&'static str, String)> = found.collect();
    let why = why.filter(|_| found.is_empty());
    (found, why)
}

#[cfg(feature = "device")]
fn native_names() -> Result<Vec<String>, String> {
    native::names()
}

#[cfg(not(feature = "device"))]
fn native_names() -> Result<Vec<String>, String> {
    Err("built without MIDI".into())
}

/// Whether a port is meant by a name: a part of its own, in any case.
fn meant(port: &str, wanted: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| port.to_lowercase().contains(&wanted.to_lowercase()))
}

/// The thread that looks after ports.
pub struct Ports {
    // Dropped first: that is how the thread hears that it is over.
    leave: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    news: Receiver<News>,
}

impl Ports {
    /// Opens all ports, or those that a name means, and goes on looking. With `jack` it has a client of JACK too: only
    /// where sound goes that way itself. Beside ALSA's JACK plugin in one process libjack ends the process when its server is
    /// killed (seen with jackd2 1.9.21).
    ///
    /// # Errors
    /// If a name is given and means no port.
    pub fn open(inlet: Inlet, wanted: Option<String>, jack: bool) -> Result<Ports, Error> {
        super::platform::quiet_sound_libraries();
        if let Some(name) = &wanted {
            let (there, _) = ports(jack);
            if !there.iter().any(|(_, port)| meant(port, Some(name))) {
                let there = there.into_iter().map(|(_, port)| port).collect();
                return Err(Error::NoSuchMidi { name: name.clone(), there });
            }
        }
        let (leave, stay) = channel();
        let (teller, news) = channel();
        let run = move || run(inlet, wanted.as_deref(), ways(jack), &stay, &teller);
        let thread = std::thread::Builder::new().name("midi".into()).spawn(run).ok();
        Ok(Ports { leave: Some(leave), thread, news })
    }

    /// What has happened since the last call.
    pub fn news(&self) -> impl Iterator<Item = News> {
        self.news.try_iter()
    }
}

impl Drop for Ports {
    fn drop(&mut self) {
        self.leave = None;
        if let Some(thread) = self.thread.take() {
            // It has nothing to give back; a panic in it has been told.
            let _ = thread.join();
        }
    }
}

fn run(
    mut inlet: Inlet,
    wanted: Option<&str>,
    mut ways: Vec<Box<dyn Way>>,
    stay: &Receiver<()>,
    teller: &Sender<News>,
) {
    let mut lost = 0;
    // Nobody listens any more when the player is stopping.
    let mut tell = |news| drop(teller.send(news));
    loop {
        for way in &mut ways {
            way.look(&mut inlet, wanted, &mut tell);
        }
        if inlet.lost() != lost {
            lost = inlet.lost();
            tell(News::Dropped(lost));
        }
        if stay.recv_timeout(LOOK) != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}
