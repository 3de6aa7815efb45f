//! The system's own MIDI through midir: on Linux the ALSA sequencer, into which desktops and PipeWire put every port.

use super::stamp::Stamps;
use super::{NATIVE, News, Way, meant};
use crate::midi::{Inlet, Message};
use midir::{Ignore, MidiInput, MidiInputConnection};
use std::time::Instant;

/// How the program is called among clients of the sequencer.
const CLIENT: &str = "patches";

fn input() -> Result<MidiInput, String> {
    // All that midir says is that it could not be initialised.
    let missing = || if NATIVE == "alsa" { "the kernel has no ALSA sequencer" } else { "the system has no MIDI" };
    let mut input = MidiInput::new(CLIENT).map_err(|_| missing().to_string())?;
    input.ignore(Ignore::All);
    Ok(input)
}

/// The ports: identity and name.
fn there(input: &MidiInput) -> Vec<(String, String)> {
    // A port may go between the two calls.
    input.ports().iter().filter_map(|port| Some((port.id(), input.port_name(port).ok()?))).collect()
}

/// The names of the ports.
pub fn names() -> Result<Vec<String>, String> {
    Ok(there(&input()?).into_iter().map(|(_, name)| name).collect())
}

/// The system's own MIDI.
#[derive(Default)]
pub struct Native {
    /// What looks for ports; a client of its own.
    watcher: Option<MidiInput>,
    open: Vec<(String, String, MidiInputConnection<()>)>,
    told: bool,
}

impl Way for Native {
    fn look(&mut self, inlet: &mut Inlet, wanted: Option<&str>, news: &mut dyn FnMut(News)) {
        if self.watcher.is_none() {
            match input() {
                Ok(input) => self.watcher = Some(input),
                Err(_) if self.told => return,
                Err(why) => {
                    self.told = true;
                    return news(News::None(why));
                }
            }
        }
        let Some(watcher) = &self.watcher else { return };
        let there = there(watcher);
        self.open.retain(|(id, name, _)| {
            let stays = there.iter().any(|(other, _)| other == id);
            if !stays {
                news(News::Lost(name.clone()));
            }
            stays
        });
        for (id, name) in there {
            let known = self.open.iter().any(|(open, ..)| *open == id);
            if !known
                && meant(&name, wanted)
                && let Some(connection) = connect(inlet, &id, &name)
            {
                news(News::Found(name.clone()));
                self.open.push((id, name, connection));
            }
        }
    }
}

/// Opens a port. One that cannot be opened now is tried again.
fn connect(inlet: &mut Inlet, id: &str, name: &str) -> Option<MidiInputConnection<()>> {
    let input = input().ok()?;
    let port = input.find_port_by_id(id)?;
    let mut out = inlet.open(name)?;
    let mut stamps = Stamps::default();
    let heard = move |stamp: u64, bytes: &[u8], (): &mut ()| {
        if let Some(message) = Message::new(bytes) {
            // What is lost is counted by the port.
            out.send(stamps.arrived(Instant::now(), stamp), message);
        }
    };
    input.connect(&port, "in", heard, ()).ok()
}
