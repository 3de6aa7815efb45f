//! The audio thread's side: messages of all ports in the order of their time, each at its frame; a bounded number a
//! callback. Nothing here allocates after it is made.

use super::time::TimeMap;
use super::{Message, Midi, OPENINGS, RELEASES, Stamped};
use basedrop::Owned;
use rtrb::Consumer;
use std::time::Instant;

/// Messages that one callback acts on at most.
pub const BUDGET: usize = 1024;
/// Messages that may be due without being acted on; more wait in their ports.
const BACKLOG: usize = 4096;
/// Ports that may be open at a time.
const SOURCES: usize = 64;
/// Words of a bit for each key of 64 ports and 16 channels.
const KEYS: usize = 64 * 16 * 128 / 64;

/// One open port, as the audio thread has it.
pub struct Source {
    port: u16,
    ring: Consumer<Stamped>,
    /// Frame of its last message: none is played before one that came before it.
    last: u64,
}

impl Source {
    /// The messages of a port.
    pub fn new(port: u16, ring: Consumer<Stamped>) -> Source {
        Source { port, ring, last: 0 }
    }
}

/// Messages on their way into blocks.
pub struct Queue {
    openings: Consumer<Owned<Source>>,
    sources: Vec<Owned<Source>>,
    time: TimeMap,
    epoch: Instant,
    /// Due and not yet acted on, in order.
    backlog: Vec<Midi>,
    /// For this callback, in order; from `next` on not yet taken.
    ready: Vec<Midi>,
    next: usize,
    taken: Vec<bool>,
    struck: Box<[u64]>,
    begun: bool,
}

impl Queue {
    /// Without a port; these come by the ring.
    pub fn new(openings: Consumer<Owned<Source>>, rate: u32, epoch: Instant) -> Queue {
        Queue {
            openings,
            sources: Vec::with_capacity(SOURCES),
            time: TimeMap::new(rate),
            epoch,
            backlog: Vec::with_capacity(BACKLOG + RELEASES),
            ready: Vec::with_capacity(BUDGET),
            next: 0,
            taken: Vec::with_capacity(BACKLOG + RELEASES),
            struck: vec![0; KEYS].into(),
            begun: false,
        }
    }

    /// A callback begins: what is due in its frames is made ready.
    pub fn collect(&mut self, now: Instant, clock: u64, frames: u64) {
        self.ready.drain(..self.next);
        self.next = 0;
        let now = now.saturating_duration_since(self.epoch).as_nanos() as u64;
        self.time.callback(seconds(now), clock, frames);
        while self.sources.len() < SOURCES
            && let Ok(source) = self.openings.pop()
        {
            self.sources.push(source);
        }
        if !self.begun {
            self.begun = true;
            self.forget(now);
        }
        for waiting in &mut self.backlog {
            waiting.at = waiting.at.max(clock);
        }
        while self.backlog.len() < BACKLOG && self.earliest(clock, clock + frames) {}
        self.close(clock);
        self.select();
    }

    /// What was played before there was anything to play it on is not played now.
    fn forget(&mut self, now: u64) {
        for source in &mut self.sources {
            while source.ring.peek().is_ok_and(|(at, _)| *at < now) {
                let _ = source.ring.pop();
            }
        }
    }

    /// Takes the earliest message of all ports that sounds before the frame `end`. False if there is none.
    fn earliest(&mut self, clock: u64, end: u64) -> bool {
        let heads = self.sources.iter().enumerate().filter_map(|(i, source)| Some((source.ring.peek().ok()?.0, i)));
        let Some((arrived, index)) = heads.min() else { return false };
        let source = &mut self.sources[index];
        let before = self.backlog.last().map_or(clock, |midi| midi.at);
        let at = self.time.frame(seconds(arrived)).max(source.last).max(before);
        if at >= end {
            return false;
        }
        let Ok((_, message)) = source.ring.pop() else { return false };
        source.last = at;
        self.backlog.push(Midi { at, port: source.port, message });
        true
    }

    /// Ports that are gone leave, and what they held is released.
    fn close(&mut self, clock: u64) {
        let mut index = 0;
        while index < self.sources.len() {
            let source = &self.sources[index];
            let gone = source.ring.is_abandoned() && source.ring.is_empty();
            if !gone || self.backlog.len() > BACKLOG {
                index += 1;
                continue;
            }
            let (port, at) = (source.port, source.last.max(clock));
            let at = self.backlog.last().map_or(at, |last| last.at.max(clock));
            self.backlog.extend(Message::release().map(|message| Midi { at, port, message }));
            // Its memory goes home by the collector.
            drop(self.sources.swap_remove(index));
        }
    }

    /// Moves what this callback acts on from the backlog: all of it, or of too much the notes to let go first. One whose
    /// strike waits itself waits behind it.
    fn select(&mut self) {
        if self.backlog.len() <= BUDGET {
            self.ready.append(&mut self.backlog);
            return;
        }
        self.struck.fill(0);
        self.taken.clear();
        let mut left = BUDGET;
        for waiting in &self.backlog {
            let mut goes = false;
            if let Some((channel, note, strikes)) = waiting.message.key() {
                let key = (usize::from(waiting.port) % 64 * 16 + channel) * 128 + usize::from(note);
                if strikes {
                    self.struck[key / 64] |= 1 << (key % 64);
                } else {
                    goes = left > 0 && self.struck[key / 64] >> (key % 64) & 1 == 0;
                }
            }
            left -= usize::from(goes);
            self.taken.push(goes);
        }
        for taken in &mut self.taken {
            let more = !*taken && left > 0;
            *taken |= more;
            left -= usize::from(more);
        }
        let mut kept = 0;
        for index in 0..self.backlog.len() {
            let waiting = self.backlog[index];
            if self.taken[index] {
                self.ready.push(waiting);
            } else {
                self.backlog[kept] = waiting;
                kept += 1;
            }
        }
        self.backlog.truncate(kept);
    }

    /// Takes messages at their frames, in order, as they are: what a log says. Not for the audio thread.
    pub fn hear(&mut self, messages: &[Midi]) {
        self.ready.extend_from_slice(messages);
    }

    /// The messages of frames before `end` that have not been taken yet.
    pub fn take(&mut self, end: u64) -> &[Midi] {
        let from = self.next;
        self.next += self.ready[from..].iter().take_while(|midi| midi.at < end).count();
        &self.ready[from..self.next]
    }
}

/// Nanoseconds as seconds.
fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 * 1e-9
}

const _: () = assert!(OPENINGS <= SOURCES);

#[cfg(test)]
mod tests;
