//! What is done beside the text while a set runs: mute, solo, transport, tempo, undo, over again. All of it is sent to the
//! engine as a plan, lands like a save, and is written down as what it did.

use super::{Cause, Live, Pending};
use crate::event::Event;
use crate::play::sink::Held;
use patches_core::graph::{Landing, Path};
use patches_engine::desk::{Ask, Change, Desk, Reset};
use patches_engine::net;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Saves that can be undone.
const HISTORY: usize = 64;
/// Fade of what must not wait, in seconds.
const AT_ONCE: f64 = 0.015;
/// A tap after so long begins anew.
const TAP: Duration = Duration::from_secs(2);
/// Tapped tempi are the mean of so many intervals.
const INTERVALS: usize = 4;

impl Live {
    /// Mutes a module or template instance, or no longer.
    pub(super) fn mute(&mut self, name: &str) {
        let (Some(version), mut desk) = self.newest() else { return };
        let muted = toggled(desk.mute.as_ref().unwrap_or(&version.graph.mute), name);
        let did = format!("{name} is {}", if muted.contains(&name.into()) { "muted" } else { "no longer muted" });
        desk.mute = (muted != version.graph.mute).then_some(muted);
        self.beside(did, desk);
    }

    /// Soloes it, or no longer.
    pub(super) fn solo(&mut self, name: &str) {
        let (Some(version), mut desk) = self.newest() else { return };
        let soloed = toggled(desk.solo.as_ref().unwrap_or(&version.graph.solo), name);
        let did = format!("{name} {}", if soloed.contains(&name.into()) { "plays solo" } else { "plays with all" });
        desk.solo = (soloed != version.graph.solo).then_some(soloed);
        self.beside(did, desk);
    }

    /// Something that lands like a save and fades like one.
    fn beside(&mut self, did: String, desk: Desk) {
        let (landing, fade) = (self.graph.swap.unwrap_or(self.swap), self.graph.fade.unwrap_or(self.fade));
        self.send(did, desk, Reset::None, landing, fade);
    }

    /// Stops musical time, or lets it go on. At once.
    pub(super) fn transport(&mut self) {
        let (_, mut desk) = self.newest();
        desk.stopped = !desk.stopped;
        let did = if desk.stopped { "the transport stands still" } else { "the transport goes on" };
        self.send(did.into(), desk, Reset::None, Landing::Now, AT_ONCE);
    }

    /// A tap: from the second one on the tempo is that of the taps.
    pub(super) fn tap(&mut self, then: Instant) {
        if self.taps.last().is_some_and(|last| then.saturating_duration_since(*last) > TAP) {
            self.taps.clear();
        }
        self.taps.push(then);
        if self.taps.len() > INTERVALS + 1 {
            self.taps.remove(0);
        }
        let [first, .., last] = self.taps[..] else { return };
        let seconds = last.saturating_duration_since(first).as_secs_f64() / (self.taps.len() - 1) as f64;
        self.tempo((600.0 / seconds.max(0.1)).round() / 10.0);
    }

    /// Another tempo than that of the text.
    pub(super) fn tempo(&mut self, tempo: f64) {
        let (_, mut desk) = self.newest();
        desk.tempo = Some(tempo);
        self.send(format!("tempo {tempo}"), desk, Reset::None, Landing::Now, AT_ONCE);
    }

    /// A module or template instance starts over.
    pub(super) fn reset(&mut self, name: &str) {
        let (_, desk) = self.newest();
        let (landing, fade) = (self.graph.swap.unwrap_or(self.swap), self.graph.fade.unwrap_or(self.fade));
        self.send(format!("{name} starts over"), desk, Reset::These(vec![name.into()]), landing, fade);
    }

    /// Everything starts over, at once: no note hangs, no echo goes on.
    pub(super) fn panic(&mut self) {
        let (_, desk) = self.newest();
        self.send("panic: everything starts over".into(), desk, Reset::All, Landing::Now, AT_ONCE);
    }

    /// Sends what was sent last once more, with this desk.
    fn send(&mut self, did: String, desk: Desk, reset: Reset, landing: Landing, fade: f64) {
        let waiting = self.pending.last_key_value().map(|(_, pending)| pending);
        let waiting = waiting.map(|pending| (pending.cause.clone(), pending.reset.clone()));
        let Some(version) = self.newest().0 else { return };
        let reset = match (reset, &waiting) {
            (Reset::None, Some((_, before))) => before.clone(),
            (reset, _) => reset,
        };
        let restore = matches!(waiting, Some((Cause::Again, _)));
        let ask = Ask { restore, reset: reset.clone(), stopped: desk.stopped };
        let graph = desk.over(&version.graph);
        let mut sent = self.control.swap_with(graph.clone(), landing, fade, &ask).map(|sent| (sent, fade));
        if sent.is_err() {
            // Old and new together may be too large to sound at once: without a fade there is only the new.
            sent = self.control.swap_with(graph, landing, 0.0, &ask).map(|sent| (sent, 0.0));
        }
        match sent {
            Ok(((id, report), fade)) => {
                // What waits with it stays what it is.
                let cause = waiting.map_or(Cause::Beside(did.clone()), |(cause, _)| cause);
                let (fade_ms, did) = (fade * 1000.0, vec![did]);
                self.on_its_way(id, Pending { version, cause, report, landing, fade_ms, desk, reset, did });
            }
            Err(limit) => self.sink.event(&Event::Notice { message: format!("{did}: {limit}") }),
        }
    }

    /// The sound of the save before; of one that still waits, only that it does not come.
    pub(super) fn undo(&mut self) {
        let waits = self.pending.values().any(|pending| !matches!(pending.cause, Cause::Beside(_)));
        match if waits { Some(self.here) } else { self.here.checked_sub(1) } {
            Some(to) => self.again(to),
            None => self.say("nothing to undo".into()),
        }
    }

    /// The sound of the save after.
    pub(super) fn redo(&mut self) {
        if self.here + 1 < self.history.len() { self.again(self.here + 1) } else { self.say("nothing to redo".into()) }
    }

    fn again(&mut self, to: usize) {
        // The same text saved once more is to be heard.
        self.seen = None;
        let Some(version) = self.history.get(to).cloned() else { return };
        let (before, desk) = self.newest();
        let desk = before.map_or(desk.clone(), |before| desk.after(&before.graph, &version.graph));
        let landing = version.graph.swap.unwrap_or(self.swap);
        let fade = version.graph.fade.unwrap_or(self.fade);
        let ask = Ask { restore: true, stopped: desk.stopped, ..Ask::default() };
        match self.control.swap_with(desk.over(&version.graph), landing, fade, &ask) {
            Ok((id, report)) => {
                let (cause, reset, did) = (Cause::Again, Reset::None, vec![]);
                let fade_ms = fade * 1000.0;
                self.on_its_way(id, Pending { version, cause, report, landing, fade_ms, desk, reset, did });
            }
            Err(limit) => self.say(format!("undo: {limit}")),
        }
    }

    /// What landed, in the session's log.
    pub(super) fn write_down(&mut self, at: u64, landed: &Pending) {
        let Some(log) = &mut self.log else { return };
        let change = Change::between(&self.desk, &landed.desk);
        let when = (landed.landing, landed.fade_ms);
        let again = landed.cause == Cause::Again;
        let written = match (&landed.cause, &landed.version.texts) {
            (Cause::Save { .. } | Cause::Again, Some(texts)) => log.patch(at, texts, when, again, &change),
            (Cause::Beside(_), _) => log.live(at, &change, &landed.reset, when),
            (_, None) => Ok(()),
        };
        self.logged(written);
    }

    /// What landed, for undo.
    pub(super) fn remember(&mut self, landed: &Pending) {
        match landed.cause {
            Cause::Beside(_) => {}
            Cause::Again => {
                let known = self.history.iter().position(|version| Arc::ptr_eq(version, &landed.version));
                self.here = known.unwrap_or(self.here);
            }
            Cause::Save { .. } => {
                self.history.truncate(self.here + 1);
                self.history.push(landed.version.clone());
                let excess = self.history.len().saturating_sub(HISTORY);
                self.history.drain(..excess);
                self.here = self.history.len() - 1;
            }
        }
    }

    /// What holds now, for whoever looks.
    pub(super) fn tell_desk(&mut self, at: u64, landed: &Pending) {
        let graph = self.desk.over(&self.graph);
        let names = |paths: &[Path]| paths.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (mute, solo, playing) = (names(&graph.mute), names(&graph.solo), !self.desk.stopped);
        let file = Some(self.accepted).filter(|save| *save != landed.version.save);
        self.sink.held(&Held { mute: mute.clone(), solo: solo.clone(), stopped: !playing, file });
        for did in &landed.did {
            let (did, mute, solo) = (did.clone(), mute.clone(), solo.clone());
            self.sink.event(&Event::Control { at, did, mute, solo, tempo: net::time(&graph).0, playing });
        }
    }
}

/// The list without the name, or with it.
fn toggled(list: &[Path], name: &str) -> Vec<Path> {
    let mut list = list.to_vec();
    match list.iter().position(|known| **known == *name) {
        Some(known) => drop(list.remove(known)),
        None => list.push(name.into()),
    }
    list
}
