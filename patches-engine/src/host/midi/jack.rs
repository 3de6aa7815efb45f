//! JACK MIDI: a client with a port that others send to. Its messages have their frame within the period, so nothing about
//! their time is lost. With a name asked for it connects itself to the ports that are meant; else others connect to it.

use super::{News, Way, meant};
use crate::midi::{Inlet, Message, Port};
use jack::{AsyncClient, Client, ClientOptions, ClientStatus, Control, MidiIn, NotificationHandler, PortFlags, PortId};
use jack::{ProcessHandler, ProcessScope};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// How the program is called among JACK's clients.
const CLIENT: &str = "patches";
/// What JACK calls MIDI.
const KIND: &str = "midi";

/// The ports of others that send MIDI.
fn sources(client: &Client) -> Vec<String> {
    client.ports(None, Some(KIND), PortFlags::IS_OUTPUT)
}

/// The names of the ports that send MIDI.
pub fn names() -> Vec<String> {
    let client = Client::new(CLIENT, ClientOptions::NO_START_SERVER);
    client.map(|(client, _)| sources(&client)).unwrap_or_default()
}

/// What the server has told.
#[derive(Default)]
struct Flags {
    /// It is gone.
    gone: AtomicBool,
    /// Something was unplugged from the port: nobody else will let its notes go.
    unplugged: AtomicBool,
}

/// What hears what the server tells.
struct Watch {
    flags: Arc<Flags>,
    /// The full name of the port.
    name: String,
}

impl NotificationHandler for Watch {
    unsafe fn shutdown(&mut self, _: ClientStatus, _: &str) {
        self.flags.gone.store(true, Relaxed);
    }

    fn ports_connected(&mut self, client: &Client, a: PortId, b: PortId, connected: bool) {
        let ours = |id| client.port_by_id(id).and_then(|port| port.name().ok()).is_some_and(|name| name == self.name);
        if !connected && (ours(a) || ours(b)) {
            self.flags.unplugged.store(true, Relaxed);
        }
    }
}

/// What runs in each period of the server.
struct Hear {
    port: jack::Port<MidiIn>,
    out: Port,
    flags: Arc<Flags>,
    /// The server's microseconds count from here.
    begins: Instant,
}

impl ProcessHandler for Hear {
    fn process(&mut self, _: &Client, scope: &ProcessScope) -> Control {
        if let Ok(times) = scope.cycle_times() {
            if self.flags.unplugged.load(Relaxed) && self.flags.unplugged.swap(false, Relaxed) {
                let now = self.begins + Duration::from_micros(times.current_usecs);
                for message in Message::release() {
                    self.out.send(now, message);
                }
            }
            let frame = f64::from(times.period_usecs) / f64::from(scope.n_frames().max(1));
            for event in self.port.iter(scope) {
                let micros = times.current_usecs as f64 + f64::from(event.time) * frame;
                let arrived = self.begins + Duration::from_nanos((micros * 1000.0) as u64);
                if let Some(message) = Message::new(event.bytes) {
                    // What is lost is counted by the port.
                    self.out.send(arrived, message);
                }
            }
        }
        Control::Continue
    }
}

struct Running {
    client: AsyncClient<Watch, Hear>,
    flags: Arc<Flags>,
    /// The full name of its port.
    name: String,
    /// Ports of others that it has connected itself to.
    connected: Vec<String>,
}

/// JACK's MIDI.
#[derive(Default)]
pub struct Jack {
    running: Option<Running>,
}

impl Way for Jack {
    fn look(&mut self, inlet: &mut Inlet, wanted: Option<&str>, news: &mut dyn FnMut(News)) {
        if let Some(gone) = self.running.take_if(|running| running.flags.gone.load(Relaxed)) {
            news(News::Lost(gone.name));
        }
        if self.running.is_none() {
            self.running = open(inlet);
            if let Some(running) = &self.running {
                news(News::Found(running.name.clone()));
            }
        }
        let (Some(running), Some(_)) = (&mut self.running, wanted) else { return };
        let client = running.client.as_client();
        let there = sources(client);
        running.connected.retain(|name| there.contains(name));
        for source in there {
            if meant(&source, wanted)
                && !running.connected.contains(&source)
                && client.connect_ports_by_name(&source, &running.name).is_ok()
            {
                news(News::Found(source.clone()));
                running.connected.push(source);
            }
        }
    }
}

/// A client with a port, where a server runs.
fn open(inlet: &mut Inlet) -> Option<Running> {
    let (client, _) = Client::new(CLIENT, ClientOptions::NO_START_SERVER).ok()?;
    let port = client.register_port("midi_in", MidiIn::default()).ok()?;
    let name = port.name().ok()?;
    let out = inlet.open(&name)?;
    let begins = begins(&client);
    let flags = Arc::new(Flags::default());
    let watch = Watch { flags: flags.clone(), name: name.clone() };
    let client = client.activate_async(watch, Hear { port, out, flags: flags.clone(), begins }).ok()?;
    Some(Running { client, flags, name, connected: vec![] })
}

/// Where the server's microseconds count from: of some tries the one that took the shortest.
fn begins(client: &Client) -> Instant {
    let look = |_| {
        let before = Instant::now();
        let since = Duration::from_micros(client.time());
        let took = before.elapsed();
        (took, (before + took / 2).checked_sub(since).unwrap_or(before))
    };
    // At least one of ten is not interrupted.
    (0..10).map(look).min().map_or_else(Instant::now, |(_, begins)| begins)
}
