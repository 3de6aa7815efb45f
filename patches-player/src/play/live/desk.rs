//! What is done beside the text while a set runs: mute, solo, transport, tempo, undo, over again. All of it is sent to the
//! engine as a plan, lands like a save, and is written down as what it did.

use super::parts::Sound;
use super::{Cause, Live, Message, Newest, Pending, Request};
use crate::event::Event;
use crate::play::sink::Held;
use patches_core::graph::{Graph, Landing, Path};
use patches_dsl::fault::nearest;
use patches_engine::desk::{Ask, Change, Desk, Reset, covers};
use patches_engine::net;
use patches_engine::report::Report;
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
    /// Does what is to be done, as far as nothing is in the way.
    pub(super) fn pump(&mut self) {
        while !self.pending.values().any(|pending| pending.landing == Landing::Now) {
            match self.requests.pop_front() {
                None => return,
                Some(Request::Save(fresh, begun)) => self.accept(fresh, begun),
                Some(Request::Act(act)) => self.act(act),
                Some(Request::Wait(waited)) => self.send(*waited),
            }
        }
    }

    /// What was sent last and has not landed, else what plays.
    pub(super) fn newest(&self) -> Newest {
        match self.pending.last_key_value() {
            Some((_, waiting)) => {
                let (reset, did) = (waiting.reset.clone(), waiting.did.clone());
                Newest { version: Some(waiting.version.clone()), desk: waiting.desk.clone(), reset, did }
            }
            None => {
                let (version, desk) = (self.history.get(self.here).cloned(), self.desk.clone());
                Newest { version, desk, reset: Reset::None, did: vec![] }
            }
        }
    }

    /// When something that is no hurry lands, and how long it fades. No beat comes while musical time stands still.
    pub(super) fn grid(&self, graph: &Graph) -> (Landing, f64) {
        let landing = if self.desk.stopped { Landing::Now } else { graph.swap.unwrap_or(self.swap) };
        (landing, self.fade_of(graph))
    }

    /// Seconds for which a save of this patch fades.
    pub(super) fn fade_of(&self, graph: &Graph) -> f64 {
        let tempo = self.desk.tempo.unwrap_or(net::time(graph).0);
        graph.fade.map_or(self.fade, |fade| fade.seconds(tempo))
    }

    fn act(&mut self, act: Message) {
        let Some(playing) = self.history.get(self.here).cloned() else {
            return self.say("nothing plays yet".into());
        };
        let newest = self.newest();
        let graph = newest.version.as_ref().map_or(&playing.graph, |version| &version.graph).clone();
        if let Message::Mute(name) | Message::Solo(name) | Message::Reset(name) = &act
            && let Some(fault) = unknown(&graph, name)
        {
            return self.say(fault);
        }
        match act {
            Message::Mute(name) => {
                let muted = toggled(newest.desk.muted(&graph), &name);
                let how = if muted.contains(&name.as_str().into()) { "muted" } else { "no longer muted" };
                let mute = (muted != graph.mute).then_some(muted);
                self.on_the_grid(format!("{name} is {how}"), |desk| desk.mute.clone_from(&mute), Reset::None);
            }
            Message::Solo(name) => {
                let soloed = toggled(newest.desk.soloed(&graph), &name);
                let how = if soloed.contains(&name.as_str().into()) { "plays solo" } else { "plays with all" };
                let solo = (soloed != graph.solo).then_some(soloed);
                self.on_the_grid(format!("{name} {how}"), |desk| desk.solo.clone_from(&solo), Reset::None);
            }
            Message::Reset(name) => {
                self.on_the_grid(format!("{name} starts over"), |_| {}, Reset::These(vec![name.as_str().into()]));
            }
            Message::Transport => {
                let stopped = !newest.desk.stopped;
                let did = if stopped { "the transport stands still" } else { "the transport goes on" };
                self.at_once(did.into(), |desk| desk.stopped = stopped, Reset::None);
            }
            Message::Tap(then) => self.tap(then),
            Message::Tempo(tempo) => self.tempo(tempo),
            Message::Panic => self.at_once("panic: everything starts over".into(), |_| {}, Reset::All),
            Message::Undo => self.undo(),
            Message::Redo if self.here + 1 < self.history.len() => self.again(self.here + 1),
            Message::Redo => self.say("nothing to redo".into()),
            _ => {}
        }
    }

    /// A tap: from the second one on the tempo is that of the taps.
    fn tap(&mut self, then: Instant) {
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
    fn tempo(&mut self, tempo: f64) {
        self.at_once(format!("tempo {tempo}"), |desk| desk.tempo = Some(tempo), Reset::None);
    }

    /// The sound of the save before; of one that still waits, only that it does not come.
    fn undo(&mut self) {
        let waits = self.pending.values().any(|pending| pending.cause != Cause::Beside);
        match if waits { Some(self.here) } else { self.here.checked_sub(1) } {
            Some(to) => self.again(to),
            None => self.say("nothing to undo".into()),
        }
    }

    /// The sound of another save.
    fn again(&mut self, to: usize) {
        let Some(version) = self.history.get(to).cloned() else { return };
        self.call_back(&version);
        let Newest { version: before, desk, reset, did } = self.newest();
        let desk = before.map_or(desk.clone(), |before| desk.after(&before.graph, &version.graph));
        // One that plays and only is not to be followed is there at once.
        let (landing, fade) = if to == self.here { (Landing::Now, AT_ONCE) } else { self.grid(&version.graph) };
        let report = Report::default();
        self.send(Pending { version, cause: Cause::Again, report, landing, fade, desk, reset, did });
    }

    /// Something that lands like a save and fades like one; with the save that waits, if one does.
    fn on_the_grid(&mut self, did: String, change: impl Fn(&mut Desk), more: Reset) {
        let waiting =
            self.pending.last_key_value().map(|(_, waiting)| (waiting.cause.clone(), waiting.landing, waiting.fade));
        let Newest { version, mut desk, mut reset, did: mut all } = self.newest();
        let Some(version) = version else { return };
        change(&mut desk);
        reset.add(more);
        all.push(did);
        let (landing, fade) = self.grid(&version.graph);
        let (cause, landing, fade) = waiting.unwrap_or((Cause::Beside, landing, fade));
        let report = Report::default();
        self.send(Pending { version, cause, report, landing, fade, desk, reset, did: all });
    }

    /// Something that must not wait. A save that waits goes on waiting.
    fn at_once(&mut self, did: String, change: impl Fn(&mut Desk), reset: Reset) {
        let Some(version) = self.history.get(self.here).cloned() else { return };
        if let Some(mut waiting) = self.pending.last_key_value().map(|(_, waiting)| waiting.clone()) {
            change(&mut waiting.desk);
            self.requests.push_front(Request::Wait(Box::new(waiting)));
        }
        let mut desk = self.desk.clone();
        change(&mut desk);
        let (report, landing) = (Report::default(), Landing::Now);
        let (cause, did) = (Cause::Beside, vec![did]);
        self.send(Pending { version, cause, report, landing, fade: AT_ONCE, desk, reset, did });
    }

    /// Hands a plan to the engine.
    fn send(&mut self, mut pending: Pending) {
        let (restore, stopped) = (pending.cause == Cause::Again, pending.desk.stopped);
        // What is done beside the text plays what has been let through.
        let ask = Ask { restore, reset: pending.reset.clone(), stopped, force: true };
        let graph = pending.desk.over(&pending.version.graph);
        let mut sent = self.control.swap_with(graph.clone(), pending.landing, pending.fade, &ask);
        if sent.is_err() {
            // Old and new together may be too large to sound at once: without a fade there is only the new.
            pending.fade = 0.0;
            sent = self.control.swap_with(graph, pending.landing, 0.0, &ask);
        }
        match sent {
            Ok((id, report)) => drop(self.pending.insert(id, Pending { report, ..pending })),
            Err(limit) => self.say(format!("{}: {limit}", pending.did.join(", "))),
        }
    }

    /// What landed, in the session's log: of the texts those that took effect.
    pub(super) fn write_down(&mut self, at: u64, landed: &Pending, fresh: &[(usize, Arc<Sound>)]) {
        let mut change = Change::between(&self.desk, &landed.desk);
        let mut reset = landed.reset.clone();
        let when = (landed.landing, landed.fade * 1000.0);
        if landed.cause == Cause::Beside && fresh.is_empty() {
            if change == Change::default() && reset == Reset::None {
                // Done and undone while it waited. It is a plan all the same, and a line says something.
                change.playing = Some(!landed.desk.stopped);
            }
            let written = self.log.as_mut().map(|log| log.live(at, &change, &reset, when));
            self.logged(written.unwrap_or(Ok(())));
            return;
        }
        let again = landed.cause == Cause::Again;
        // What played already is called back: one of its texts says so.
        let one = landed.version.sounds.iter().flatten().take(usize::from(fresh.is_empty()));
        for sound in fresh.iter().map(|(_, sound)| sound).chain(one) {
            let (Some(log), Some(texts)) = (&mut self.log, &sound.texts) else { continue };
            // The rest is said once.
            let more = (&std::mem::take(&mut change), &std::mem::take(&mut reset));
            let written = log.patch(at, texts, when, again, more);
            self.logged(written);
        }
    }

    /// What landed, for undo.
    pub(super) fn remember(&mut self, landed: &Pending) {
        match landed.cause {
            Cause::Beside | Cause::Again => {
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
        let tempo = self.desk.tempo.unwrap_or(net::time(&self.graph).0);
        let names = |paths: &[Path]| paths.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (mute, solo, playing) =
            (names(self.desk.muted(&self.graph)), names(self.desk.soloed(&self.graph)), !self.desk.stopped);
        let file = Some(self.accepted).filter(|save| *save != landed.version.save);
        self.sink.held(&Held { mute: mute.clone(), solo: solo.clone(), stopped: !playing, file });
        for did in &landed.did {
            let (did, mute, solo) = (did.clone(), mute.clone(), solo.clone());
            self.sink.event(&Event::Control { at, did, mute, solo, tempo, playing });
        }
    }
}

/// What to say of a name that is neither a module's nor a template instance's.
fn unknown(graph: &Graph, name: &str) -> Option<String> {
    if graph.modules.keys().any(|path| covers(name, path)) {
        return None;
    }
    let near = nearest(name, graph.modules.keys().map(|path| &**path));
    Some(format!("no module `{name}`{}", near.map_or(String::new(), |near| format!("; did you mean `{near}`?"))))
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
