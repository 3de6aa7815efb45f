//! The half of an engine that plans: it knows what plays, compares it with what is asked for, and hands over plans.

mod planner;

use crate::cost::Costs;
use crate::desk::Ask;
use crate::ear::Ear;
use crate::engine::{Event, FRAMES, Meters, Notice, PlanError, Settings, Shared, Swap, When};
use crate::error::Error;
use crate::midi::{Inlet, Names};
use crate::net::{self, Net, PROBES};
use crate::record::{Keep, Recorder, Tap};
use crate::report::Report;
use crate::state::Store;
use crate::state::parked::Parked;
use basedrop::{Collector, Owned};
use patches_core::graph::{Graph, Landing, Path, Probe};
use patches_core::spec::Kind;
use planner::{Planned, Planner};
use rtrb::{Consumer, Producer};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed};

/// Modules in a patch at most.
pub const MAX_MODULES: usize = 20_000;
/// Seconds that removed echoes ring out at most.
pub const LONGEST_TAIL: f64 = 120.0;
/// Bytes of delay lines and state at most.
pub const MAX_BYTES: usize = 1 << 30;

/// What plays, or will once it lands.
#[derive(Clone, Default)]
struct Playing {
    save: u64,
    settled: Net,
    store: Store,
    /// During the fade: what plays then, and until when.
    union: Option<(Net, Store, u64)>,
    modules: Vec<(Path, &'static str)>,
    union_modules: Vec<(Path, &'static str)>,
    graph: Arc<Graph>,
    /// What is watched.
    probes: Vec<Probe>,
    /// Musical time stands still.
    stopped: bool,
    /// What was foretold of it, by the costs of its kernels alone.
    cost: f64,
}

/// A save that has not landed.
struct Pending {
    graph: Arc<Graph>,
    when: When,
    fade: f64,
    ask: Ask,
    playing: Playing,
    until: u32,
}

/// The half that plans. One thread has it.
pub struct Control {
    settings: Settings,
    collector: Collector,
    swaps: Producer<Swap>,
    recorders: Producer<Owned<Tap>>,
    ears: Producer<Owned<Ear>>,
    tapes: Producer<Owned<Tap>>,
    events: Consumer<Event>,
    frames: Consumer<[f32; 2]>,
    shared: Arc<Shared>,
    names: Arc<Names>,
    inlet: Option<Inlet>,
    unheard: u64,
    reached: u64,
    saves: u64,
    playing: Playing,
    /// What the last saves took away.
    parked: Parked,
    /// Saves that were sent and have neither landed nor missed, oldest first.
    pending: Vec<Pending>,
    /// What is watched besides what the text says.
    extra: Vec<Probe>,
    /// What is watched has changed; the plan is made again once no fade runs.
    rewatch: bool,
    watched: Vec<Consumer<f32>>,
    loads: BTreeMap<u32, (u32, f32)>,
    /// What plans take; none where that is not asked.
    costs: Option<Costs>,
    notices: Vec<Notice>,
}

impl Control {
    pub(crate) fn new(
        settings: Settings,
        collector: Collector,
        (swaps, recorders): (Producer<Swap>, Producer<Owned<Tap>>),
        (ears, tapes): (Producer<Owned<Ear>>, Producer<Owned<Tap>>),
        (events, frames, watched): (Consumer<Event>, Consumer<[f32; 2]>, Vec<Consumer<f32>>),
        shared: Arc<Shared>,
        inlet: Inlet,
    ) -> Control {
        Control {
            settings,
            collector,
            swaps,
            recorders,
            ears,
            tapes,
            events,
            frames,
            shared,
            names: inlet.names.clone(),
            inlet: Some(inlet),
            unheard: 0,
            reached: 0,
            saves: 0,
            playing: Playing::default(),
            parked: Parked::default(),
            pending: vec![],
            extra: vec![],
            rewatch: false,
            watched,
            loads: BTreeMap::new(),
            costs: None,
            notices: vec![],
        }
    }

    /// Plans the graph against what plays and hands the plan over, to land as `landing` says and to fade in over so
    /// many seconds. Gives the number of this save, and what it does. [`Notice::Landed`] tells when it has landed. A
    /// save that still waits is replaced.
    ///
    /// # Errors
    /// If the graph exceeds a limit; nothing has changed then.
    pub fn swap(&mut self, graph: Arc<Graph>, landing: Landing, fade: f64) -> Result<(u64, Report), PlanError> {
        self.swap_with(graph, landing, fade, &Ask::default())
    }

    /// As [`swap`](Control::swap), with what else is asked for.
    ///
    /// # Errors
    /// As `swap`.
    pub fn swap_with(
        &mut self,
        graph: Arc<Graph>,
        landing: Landing,
        fade: f64,
        ask: &Ask,
    ) -> Result<(u64, Report), PlanError> {
        let (_, bar) = net::time(&graph);
        let when = match landing {
            Landing::Now => When::Now,
            Landing::Beat => When::Beats(1.0),
            Landing::Bars(bars) => When::Beats(bar * f64::from(bars.max(1))),
        };
        self.swap_when(graph, when, fade, ask)
    }

    /// As [`swap`](Control::swap), to land at this frame of the engine's clock.
    ///
    /// # Errors
    /// As `swap`.
    pub fn swap_at(&mut self, graph: Arc<Graph>, at: u64, fade: f64) -> Result<(u64, Report), PlanError> {
        self.swap_when(graph, When::At(at), fade, &Ask::default())
    }

    fn swap_when(&mut self, graph: Arc<Graph>, when: When, fade: f64, ask: &Ask) -> Result<(u64, Report), PlanError> {
        self.listen();
        self.saves += 1;
        self.send(self.saves, graph, when, fade, ask).map(|report| (self.saves, report))
    }

    fn send(&mut self, save: u64, graph: Arc<Graph>, when: When, fade: f64, ask: &Ask) -> Result<Report, PlanError> {
        if graph.modules.len() > MAX_MODULES {
            return Err(PlanError::Limit { what: "modules", found: graph.modules.len(), limit: MAX_MODULES });
        }
        midi_cables(&graph)?;
        let landing = self.landing(when);
        let fading = self.playing.union.as_ref().is_some_and(|(_, _, until)| landing < *until);
        let frames =
            |seconds: f64| (seconds.max(0.0) * f64::from(self.settings.rate)).round().min(f64::from(u32::MAX)) as u32;
        let fade_frames = frames(fade);
        let seen = self.with_probes(&graph);
        let (settings, playing, parked) = (&self.settings, &self.playing, &self.parked);
        let tail_frames = frames(graph.tail.map_or(0.0, |tail| tail.seconds(net::time(&graph).0).min(LONGEST_TAIL)));
        let mut planned = Planner { settings, playing, parked, fading, fade_frames, tail_frames, ask }.plan(&seen)?;

        let cost = self.foretell(&mut planned, ask.force)?;
        let handle = self.collector.handle();
        let swap = Swap {
            save,
            base: self.playing.save,
            fading,
            when,
            fade: planned.until,
            stopped: ask.stopped,
            first: Owned::new(&handle, planned.first),
            settled: planned.settled.map(|plan| Owned::new(&handle, plan)),
        };
        let probes = seen.probes.iter().take(PROBES).cloned().collect();
        let until = planned.until;
        let playing = Playing { save, graph: graph.clone(), probes, stopped: ask.stopped, cost, ..planned.playing };
        self.pending.push(Pending { graph, when, fade, ask: ask.clone(), playing, until });
        // The ring holds more plans than can be made between two callbacks; if the callback stands still, the newest
        // is kept here and sent again when it is asked for.
        if self.swaps.push(swap).is_err() {
            self.notices.push(Notice::Stalled { save });
        }
        Ok(planned.report)
    }

    /// From now on plans are timed before they are sent: reports tell what they will take, and one that would take more
    /// than all the time there is is refused, unless it is forced. For live play: a render has all the time it wants.
    pub fn watch_load(&mut self) {
        self.costs = Some(Costs::default());
    }

    /// What a plan costs by its kernels; tells the report what that will come to on this machine.
    fn foretell(&mut self, planned: &mut Planned, force: bool) -> Result<f64, PlanError> {
        let Some(costs) = &mut self.costs else { return Ok(0.0) };
        let cost = costs.load(planned.settled.as_ref().unwrap_or(&planned.first), self.settings.inner());
        // What the callback takes of what was foretold of it, where there is enough to tell: other work, slower memory.
        let load = f64::from(f32::from_bits(self.shared.load.load(Relaxed)));
        let part = if self.playing.cost > 0.02 { (load / self.playing.cost).clamp(0.5, 3.0) } else { 1.2 };
        let load = cost * part;
        planned.report.load = Some(load);
        if load > 1.0 && !force { Err(PlanError::Heavy { load }) } else { Ok(cost) }
    }

    /// The frame at which a plan sent now would land, as far as can be told from here; if it is not so, the audio side
    /// says that it missed.
    fn landing(&self, when: When) -> u64 {
        let clock = self.clock();
        match when {
            When::Now => clock,
            When::At(at) => at.max(clock),
            When::Beats(_) if self.playing.stopped => clock,
            When::Beats(beats) => {
                let beat = f64::from_bits(self.shared.beat.load(Relaxed));
                let tempo = f64::from_bits(self.shared.tempo.load(Relaxed)).max(1.0);
                let wait = ((beat / beats).ceil() * beats - beat) * 60.0 / tempo;
                clock + (wait * f64::from(self.settings.rate)) as u64
            }
        }
    }

    /// Frames until the newest save that has not landed does, by the tempo of now; none if nothing waits.
    pub fn waiting(&self) -> Option<u64> {
        let newest = self.pending.last()?;
        Some(self.landing(newest.when).saturating_sub(self.clock()))
    }

    /// The longest callback since the last call, in microseconds.
    pub fn recent_callback_us(&mut self) -> u32 {
        self.shared.recent_callback.swap(0, Relaxed)
    }

    /// What happened since the last call; also frees what the audio side is done with. To be called often.
    pub fn poll(&mut self) -> Vec<Notice> {
        // Before it listens: what a callback does that ends meanwhile may come with the next call.
        self.reached = self.clock();
        self.listen();
        self.collector.collect();
        std::mem::take(&mut self.notices)
    }

    /// All that happened before this frame has been given by [`poll`](Control::poll).
    pub fn reached(&self) -> u64 {
        self.reached
    }

    fn listen(&mut self) {
        while let Ok(event) = self.events.pop() {
            match event {
                Event::Landed { save, at } => self.landed(save, at),
                Event::Missed { save } => self.missed(save),
                Event::Taped { at } => self.notices.push(Notice::Taped { at }),
                Event::Heard(midi) => {
                    let port = self.names.name(midi.port);
                    self.notices.push(Notice::Heard { at: midi.at, port, message: midi.message });
                }
                Event::Trouble { save, module, what, at } if save == self.playing.save => {
                    let why = what.why();
                    let modules =
                        if self.playing.union.is_some() { &self.playing.union_modules } else { &self.playing.modules };
                    if let Some((path, _)) = modules.get(module as usize) {
                        self.notices.push(Notice::Quarantined { module: path.clone(), why, at });
                    }
                }
                Event::Load { save, settled: true, module, step, load } if save == self.playing.save => {
                    self.loads.insert(step, (module, load));
                }
                Event::Trouble { .. } | Event::Load { .. } => {}
            }
        }
        let unheard = self.shared.unheard.load(Relaxed);
        if unheard != self.unheard {
            self.unheard = unheard;
            self.notices.push(Notice::Unheard { messages: unheard });
        }
        let clock = self.clock();
        if self.playing.union.as_ref().is_some_and(|(_, _, until)| clock >= *until) {
            self.playing.union = None;
        }
        if self.rewatch && self.playing.union.is_none() && self.pending.is_empty() && self.playing.save > 0 {
            self.rewatch = false;
            self.saves += 1;
            // The same patch again, within the limits it was within before.
            let ask = Ask { stopped: self.playing.stopped, ..Ask::default() };
            let _ = self.send(self.saves, self.playing.graph.clone(), When::Now, 0.0, &ask);
        }
    }

    /// Watches these outputs besides what the text says, from the end of a fade in hand on. The sound does not change.
    pub fn watch(&mut self, probes: Vec<Probe>) {
        self.rewatch |= self.extra != probes;
        self.extra = probes;
        self.listen();
    }

    /// The graph with what is watched besides its text, as far as it is there.
    fn with_probes(&self, graph: &Arc<Graph>) -> Arc<Graph> {
        let is_there = |probe: &&Probe| {
            let module = graph.modules.get(&probe.from.module);
            module.is_some_and(|module| usize::from(probe.from.port) < module.spec.outputs.len())
                && graph.probes.iter().all(|known| known.from != probe.from)
        };
        let extra: Vec<Probe> = self.extra.iter().filter(is_there).cloned().collect();
        if extra.is_empty() {
            return graph.clone();
        }
        let mut seen = Graph::clone(graph);
        seen.probes.extend(extra);
        Arc::new(seen)
    }

    /// Gives what ran at each probe since the last call: the probe and its frames, at most the last 16384.
    pub fn watched(&mut self, mut into: impl FnMut(&Probe, &mut dyn Iterator<Item = f32>)) {
        for (probe, tape) in self.playing.probes.iter().zip(&mut self.watched) {
            if let Ok(chunk) = tape.read_chunk(tape.slots()) {
                into(probe, &mut chunk.into_iter());
            }
        }
    }

    fn landed(&mut self, save: u64, at: u64) {
        if let Some(index) = self.pending.iter().position(|pending| pending.playing.save == save) {
            // Those before it were replaced while they waited. A later one was made against what played before it, and
            // will miss.
            let pending = self.pending.drain(..=index).next_back().expect("it is there");
            if pending.playing.probes != self.playing.probes {
                self.watched.iter_mut().for_each(|tape| while tape.pop().is_ok() {});
            }
            let before = std::mem::replace(&mut self.playing, pending.playing);
            self.parked.keep(&before.settled, &before.store, &self.playing.settled);
            if let Some((_, _, until)) = &mut self.playing.union {
                *until = at + u64::from(pending.until);
            }
            self.loads.clear();
        }
        self.notices.push(Notice::Landed { save, at });
    }

    /// The plan was made against something that no longer plays: it is made again.
    fn missed(&mut self, save: u64) {
        let Some(index) = self.pending.iter().position(|pending| pending.playing.save == save) else { return };
        let pending = self.pending.remove(index);
        if self.pending.iter().any(|later| later.playing.save > save) {
            return;
        }
        // It was within the limits a moment ago.
        let _ = self.send(save, pending.graph, pending.when, pending.fade, &pending.ask);
    }

    /// Gives what goes to a device of so many channels to a disk thread, from the next callback on: for takes, and for the
    /// last minutes if they are to be kept.
    ///
    /// # Errors
    /// If the folder of the last minutes cannot be made.
    pub fn record(&mut self, channels: u16, keep: Option<&Keep>) -> Result<Recorder, Error> {
        let (recorder, tap) = Recorder::start(self.settings.rate, channels, keep)?;
        // There is one for a session.
        let _ = self.recorders.push(Owned::new(&self.collector.handle(), tap));
        Ok(recorder)
    }

    /// Lets the engine hear what comes in, from the next callback on, in place of what it heard before.
    pub fn listen_to(&mut self, ear: Ear) {
        // More than can be opened between two callbacks; one that cannot be handed over is not heard.
        let _ = self.ears.push(Owned::new(&self.collector.handle(), ear));
    }

    /// Puts what comes in from outside on a tape of its own, from the next callback on; the one before ends.
    /// [`Notice::Taped`] tells the frame at which it begins.
    ///
    /// # Errors
    /// If the file cannot be made.
    pub fn tape(&mut self, path: &std::path::Path) -> Result<(Recorder, std::path::PathBuf), Error> {
        let (tape, tap) = Recorder::start(self.settings.rate, self.settings.inputs, None)?;
        let path = tape.begin(path)?;
        let _ = self.tapes.push(Owned::new(&self.collector.handle(), tap));
        Ok((tape, path))
    }

    /// Where MIDI ports are opened. Once.
    pub fn inlet(&mut self) -> Option<Inlet> {
        self.inlet.take()
    }

    /// The number of a MIDI port, for messages given to the engine by hand.
    pub fn port(&self, name: &str) -> u16 {
        self.names.number(name)
    }

    /// Frames rendered so far, as of the last callback.
    pub fn clock(&self) -> u64 {
        self.shared.clock.load(Acquire)
    }

    /// Levels and loads; peaks and largest values start over.
    pub fn meters(&mut self) -> Meters {
        self.listen();
        let shared = &self.shared;
        let float = |bits: u32| f32::from_bits(bits);
        let beat = f64::from_bits(shared.beat.load(Relaxed));
        let beats_per_bar = f64::from_bits(shared.beats_per_bar.load(Relaxed)).max(1e-9);
        let reduction = 1.0 - float(shared.limiter.swap(0, Relaxed));
        let mut parts = vec![0.0; self.playing.modules.len()];
        for (module, load) in self.loads.values() {
            if let Some(part) = parts.get_mut(*module as usize) {
                *part += load;
            }
        }
        Meters {
            peak: shared.peak.iter().map(|peak| float(peak.swap(0, Relaxed))).collect(),
            load: float(shared.load.load(Relaxed)),
            load_max: float(shared.load_max.swap(0, Relaxed)),
            limiter_db: if reduction < 1.0 {
                patches_core::exact::db_of_gain(f64::from(reduction)) as f32
            } else {
                0.0
            },
            bar: (beat / beats_per_bar).max(0.0) as u64 + 1,
            beat: beat.rem_euclid(beats_per_bar) as u32 + 1,
            tempo: f64::from_bits(shared.tempo.load(Relaxed)),
            longest_callback_us: shared.longest_callback.load(Relaxed),
            p999_callback_us: shared.callbacks.at_most(0.999),
            longest_swap_us: shared.longest_swap.load(Relaxed).div_ceil(1000),
            modules: self
                .playing
                .modules
                .iter()
                .zip(parts)
                .map(|((path, kind), part)| (path.clone(), *kind, part))
                .collect(),
        }
    }

    /// Appends the master frames (left, right) since the last call, at most the last 16384.
    pub fn drain(&mut self, into: &mut Vec<[f32; 2]>) {
        let waiting = self.frames.slots().min(FRAMES);
        if let Ok(chunk) = self.frames.read_chunk(waiting) {
            into.extend(chunk);
        }
    }
}

/// MIDI goes to MIDI, whole and at once.
fn midi_cables(graph: &Graph) -> Result<(), PlanError> {
    for cable in &graph.cables {
        let kind = |path: &Path| graph.modules.get(path).map(|module| module.spec);
        let from = kind(&cable.from.module).and_then(|spec| spec.outputs.get(cable.from.port as usize));
        let to = kind(&cable.to.module).and_then(|spec| spec.inputs.get(cable.to.port as usize));
        let is_midi =
            (from.is_some_and(|port| port.kind == Kind::Midi), to.is_some_and(|port| port.kind == Kind::Midi));
        let why = match is_midi {
            (false, false) => continue,
            (true, true) if cable.scale == 1.0 && !cable.late => continue,
            (true, true) => "a MIDI cable has no gain, and is never late",
            (true, false) => "MIDI goes into a `midi` input; `Keys` and `Cc` make signals of it",
            (false, true) => "a `midi` input takes MIDI, from `MidiIn`",
        };
        return Err(PlanError::Midi { cable: format!("{} -> {}", cable.from.module, cable.to.module), why });
    }
    Ok(())
}
