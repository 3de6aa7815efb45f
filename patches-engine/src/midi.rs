//! MIDI on its way to the audio thread: messages, the names of ports, and for each open port a ring of its own, so that no
//! thread waits for another. What the audio thread makes of them is in [`queue`] and in the steps that hear them.

mod queue;
mod time;

pub(crate) use queue::{Queue, Source};

use basedrop::{Handle, Owned};
use rtrb::{Producer, RingBuffer};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

/// Names of ports that a session may see.
pub const PORTS: usize = 256;
/// Messages that may wait in one port: more than a cable of the fastest kind brings in a second.
const WAITING: usize = 4096;
/// Ports that may be opened between two callbacks.
pub(crate) const OPENINGS: usize = 64;

/// A message to a channel: a note, a controller, a bend. Clocks, sysex and the like are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message([u8; 3]);

impl Message {
    /// From its bytes; none if they are not one whole message to a channel.
    pub fn new(bytes: &[u8]) -> Option<Message> {
        let (&status, data) = bytes.split_first()?;
        let fits = (0x80..0xf0).contains(&status) && data.len() == Message::data(status);
        (fits && data.iter().all(|byte| *byte < 0x80))
            .then(|| Message([status, data[0], data.get(1).copied().unwrap_or(0)]))
    }

    /// How many bytes follow this status: programs and channel pressure have one.
    fn data(status: u8) -> usize {
        if matches!(status & 0xf0, 0xc0 | 0xd0) { 1 } else { 2 }
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0[..1 + Message::data(self.0[0])]
    }

    /// Its kind (the status without its channel), channel from 0, and data.
    pub(crate) fn parts(self) -> (u8, usize, u8, u8) {
        let [status, one, two] = self.0;
        (status & 0xf0, usize::from(status & 0x0f), one, two)
    }

    /// The key it strikes or lets go: channel, note, whether it strikes. A strike of velocity 0 lets go.
    pub(crate) fn key(self) -> Option<(usize, u8, bool)> {
        match self.parts() {
            (0x90, channel, note, velocity) => Some((channel, note, velocity > 0)),
            (0x80, channel, note, _) => Some((channel, note, false)),
            _ => None,
        }
    }

    /// All controllers back and all notes off, on every channel: what releases whatever a port holds.
    pub fn release() -> impl Iterator<Item = Message> {
        (0..16).flat_map(|channel| [121, 123].map(|controller| Message([0xb0 | channel, controller, 0])))
    }
}

/// How many messages [`Message::release`] has.
const RELEASES: usize = 32;

/// A message at the frame at which the audio thread acts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Midi {
    /// The frame.
    pub at: u64,
    /// The port, by number in [`Names`].
    pub port: u16,
    /// The message.
    pub message: Message,
}

/// What a run of a plan hears.
#[derive(Clone, Copy)]
pub struct Heard<'a> {
    /// Messages of these frames, in order.
    pub messages: &'a [Midi],
    /// Whose they are.
    pub names: &'a Names,
    /// What comes in from outside, interleaved; frames that are not there are silent.
    pub sound: &'a [f32],
    /// Channels of it.
    pub width: usize,
    /// Frames at which modules run, of each frame of a message.
    pub factor: u64,
}

struct Name {
    shown: Arc<str>,
    lower: String,
}

/// The ports of a session, by number. Names are added, never changed, so that every thread may read them.
pub struct Names(Box<[OnceLock<Name>]>);

impl Default for Names {
    fn default() -> Names {
        Names((0..PORTS).map(|_| OnceLock::new()).collect())
    }
}

impl Names {
    /// The number of a port of this name. Of more than [`PORTS`] names the last ones share a number.
    pub fn number(&self, name: &str) -> u16 {
        for (number, slot) in self.0.iter().enumerate() {
            let found = slot.get_or_init(|| Name { shown: name.into(), lower: name.to_lowercase() });
            if *found.shown == *name {
                return number as u16;
            }
        }
        PORTS as u16 - 1
    }

    /// The name of a port.
    pub fn name(&self, port: u16) -> Arc<str> {
        self.0.get(usize::from(port)).and_then(OnceLock::get).map_or_else(|| "".into(), |name| name.shown.clone())
    }

    /// Whether a port's name has this part, which is in lower case.
    pub(crate) fn has(&self, port: u16, part: &str) -> bool {
        part.is_empty() || self.0.get(usize::from(port)).and_then(OnceLock::get).is_some_and(|n| n.lower.contains(part))
    }
}

/// Where ports are opened. Any thread may have it.
pub struct Inlet {
    pub(crate) openings: Producer<Owned<Source>>,
    pub(crate) names: Arc<Names>,
    pub(crate) handle: Handle,
    /// Time is counted from here.
    pub(crate) epoch: Instant,
    /// Messages that ports had no room for.
    pub(crate) lost: Arc<AtomicU64>,
}

impl Inlet {
    /// Opens a port. When it is dropped, the engine releases what it holds. None if the audio thread takes no more.
    pub fn open(&mut self, name: &str) -> Option<Port> {
        let number = self.names.number(name);
        let (ring, messages) = RingBuffer::new(WAITING);
        self.openings.push(Owned::new(&self.handle, Source::new(number, messages))).ok()?;
        Some(Port { ring, epoch: self.epoch, owes: false, lost: self.lost.clone() })
    }

    /// Messages so far that were lost because the engine let too many wait.
    pub fn lost(&self) -> u64 {
        self.lost.load(Relaxed)
    }
}

/// A message with the nanoseconds from the engine's epoch to its arrival.
pub(crate) type Stamped = (u64, Message);

/// An open port: what it is sent the engine plays. Sending never waits.
pub struct Port {
    ring: Producer<Stamped>,
    epoch: Instant,
    /// Messages were lost, so whatever is held is to be released first.
    owes: bool,
    lost: Arc<AtomicU64>,
}

impl Port {
    /// Sends a message that arrived then. False if the engine lets messages wait and there is no more room: then it is
    /// lost, and everything that this port holds is released as soon as there is room.
    pub fn send(&mut self, arrived: Instant, message: Message) -> bool {
        let at = arrived.saturating_duration_since(self.epoch).as_nanos() as u64;
        if self.owes && self.ring.slots() > RELEASES {
            self.owes = false;
            for release in Message::release() {
                // There is room for all of them.
                let _ = self.ring.push((at, release));
            }
        }
        if self.owes || self.ring.push((at, message)).is_err() {
            self.owes = true;
            self.lost.fetch_add(1, Relaxed);
            return false;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_messages_to_a_channel_are_messages() {
        for bytes in [&[0x90, 60, 100][..], &[0x8f, 0, 127], &[0xc3, 5], &[0xd0, 99], &[0xe0, 0, 64]] {
            assert_eq!(Message::new(bytes).map(|m| m.bytes().to_vec()), Some(bytes.to_vec()));
        }
        for bytes in [&[][..], &[0x90], &[0x90, 60], &[0x90, 60, 128], &[0xc0, 1, 2], &[0xf8], &[60, 100, 1]] {
            assert_eq!(Message::new(bytes), None, "{bytes:?}");
        }
        assert_eq!(Message::new(&[0x91, 60, 0]).and_then(Message::key), Some((1, 60, false)));
        assert_eq!(Message::release().count(), RELEASES);
    }

    #[test]
    fn names_have_one_number_each_and_are_found_by_a_part() {
        let names = Names::default();
        assert_eq!((names.number("Keys A"), names.number("pads"), names.number("Keys A")), (0, 1, 0));
        assert!(names.has(0, "keys") && names.has(0, "") && !names.has(1, "keys") && !names.has(9, "keys"));
        assert_eq!((&*names.name(1), &*names.name(9)), ("pads", ""));
        assert!((0..300).map(|i| names.number(&i.to_string())).all(|number| usize::from(number) < PORTS));
    }
}
