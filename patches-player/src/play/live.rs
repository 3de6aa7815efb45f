//! The control thread: from a save to the engine, and from the engine to the log and whoever looks.

mod controls;
mod desk;
mod parts;
mod requests;
mod sequences;
mod silenced;
mod telling;

use super::Outside;
use super::keeper::Keeper;
use super::message::{COMMANDS, Message};
use super::sink::{Seen, Sink};
use super::source::Source;
use super::watch::{Quiet, WRITTEN, Watch};
use crate::cli::PlayArgs;
use crate::diff;
use crate::error::Error;
use crate::event::{Event, Stopped};
use parts::Part;
use patches_core::graph::{Graph, Landing, Probe};
use patches_core::library::Library;
use patches_engine::control::Control;
use patches_engine::desk::Desk;
use patches_engine::engine::{Meters, Notice};
use patches_engine::host::midi::Ports;
use patches_engine::host::platform;
use patches_engine::session::{Sounds, Writer};
use requests::{Cause, Newest, Pending, Request, Version};
use silenced::Silenced;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Longest time between two looks at the engine.
const TICK: Duration = Duration::from_millis(5);
/// Time between two looks at levels and loads; the screen is drawn no more often.
const LOOK: Duration = Duration::from_millis(33);
/// Time for which a long callback counts as the reason of an xrun.
const RECENT: Duration = Duration::from_millis(200);
/// Seconds for which a save waits before that is told.
const WORTH_TELLING: f64 = 0.05;
/// Time between two status events.
const STATUS: Duration = Duration::from_secs(1);
/// Time between two looks at the dates of files.
const DATES: Duration = Duration::from_millis(500);

/// What gathers between two status events.
#[derive(Default)]
struct Gathered {
    peak: Vec<f32>,
    load_max: f32,
    limiter_db: f32,
}

/// Everything the control thread has.
pub struct Live {
    source: Source,
    swap: Landing,
    fade: f64,
    library: Library,
    control: Control,
    keeper: Keeper,
    log: Option<Writer>,
    /// Sound files that were looked at for the log.
    sounds: Sounds,
    outside: Outside,
    watch: Watch,
    quiet: Quiet,
    sink: Box<dyn Sink>,
    /// What there is of each file.
    parts: Vec<Part>,
    pending: BTreeMap<u64, Pending>,
    save: u64,
    /// The last save without faults.
    accepted: u64,
    sent: u64,
    swaps: u64,
    started: bool,
    xruns: u64,
    gathered: Gathered,
    meters: Meters,
    at: u64,
    limited: u64,
    frames: Vec<[f32; 2]>,
    /// The text that plays, as one graph.
    graph: Arc<Graph>,
    /// What holds over it.
    desk: Desk,
    /// The saves that have played, for undo, and which of them plays.
    history: Vec<Arc<Version>>,
    here: usize,
    taps: Vec<Instant>,
    /// The longest callback of the last moments, in microseconds, and when it was noticed.
    recent: (Instant, u32),
    requests: VecDeque<Request>,
    /// A save that would take more than all the time there is.
    held: Option<Vec<parts::Fresh>>,
    /// The next save plays whatever it takes.
    force: bool,
    /// Probes of where sequencers are, while somebody looks; and the step that each row plays.
    head_probes: Vec<Probe>,
    heads: BTreeMap<(patches_core::graph::Path, usize), f32>,
    /// The frame at which the state of each module began, as far as it is known.
    born: BTreeMap<patches_core::graph::Path, u64>,
    /// What is watched besides what the text says.
    watching: Vec<Probe>,
    /// Outputs to watch, as typed, that have not been found yet.
    wanted: Vec<String>,
    seen_by: Vec<Seen>,
    silenced: Silenced,
    /// How many channels would be needed for all that is sent to one, as last told.
    lacking: u16,
}

impl Live {
    /// Ready to run.
    pub fn new(
        source: Source,
        args: &PlayArgs,
        mut control: Control,
        keeper: Keeper,
        log: Option<Writer>,
        outside: Outside,
        watch: Watch,
        sink: Box<dyn Sink>,
    ) -> Live {
        control.watch_load();
        Live {
            parts: source.files().iter().map(|_| Part::default()).collect(),
            source,
            swap: args.swap,
            fade: args.fade / 1000.0,
            library: patches_modules::library(),
            control,
            keeper,
            log,
            sounds: Sounds::default(),
            outside,
            watch,
            quiet: Quiet::default(),
            sink,
            pending: BTreeMap::new(),
            save: 0,
            accepted: 0,
            sent: 0,
            swaps: 0,
            started: false,
            xruns: 0,
            gathered: Gathered::default(),
            meters: Meters::default(),
            at: 0,
            limited: 0,
            frames: Vec::new(),
            graph: Arc::default(),
            desk: Desk::default(),
            history: Vec::new(),
            here: 0,
            taps: Vec::new(),
            recent: (Instant::now(), 0),
            requests: VecDeque::new(),
            held: None,
            force: false,
            head_probes: Vec::new(),
            heads: BTreeMap::new(),
            born: BTreeMap::new(),
            watching: Vec::new(),
            wanted: args.probe.clone(),
            seen_by: Vec::new(),
            silenced: Silenced::default(),
            lacking: 0,
        }
    }

    /// Runs until it is told to stop. Gives what is to be said at the end.
    ///
    /// # Errors
    /// If the engine is lost.
    pub fn run(mut self, messages: &Receiver<Message>, notes: Vec<Event>) -> Result<Stopped, Error> {
        notes.iter().for_each(|note| self.sink.event(note));
        self.tell_landing();
        self.read(Instant::now());
        let mut status = Instant::now();
        let mut dates = Instant::now();
        let mut look = Instant::now();
        loop {
            let wait = self.quiet.wait(Instant::now(), TICK);
            match messages.recv_timeout(wait) {
                Ok(Message::Touched(then, quiet)) => self.quiet.touched(then, quiet),
                Ok(Message::Record) => {
                    let event = self.outside.takes.toggle();
                    self.sink.event(&event);
                }
                Ok(Message::Keep(name)) => {
                    let played = self.control.clock() as f64 / f64::from(self.keeper.about().rate.max(1));
                    let event = self.outside.takes.keep(name.as_deref(), played);
                    self.sink.event(&event);
                }
                Ok(Message::Watch(module)) => self.watch_module(&module),
                Ok(Message::Grid) => self.next_grid(),
                Ok(Message::Go) => self.go(),
                Ok(Message::Fade) => self.next_fade(),
                Ok(Message::Steps(looked_at)) => self.look_at_steps(looked_at),
                Ok(Message::Unknown(line)) => self.say(format!("unknown command `{line}`; {COMMANDS}")),
                Ok(Message::Quit) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(act) => {
                    self.requests.push_back(Request::Act(act));
                    self.pump();
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            if platform::signalled().is_some() || platform::hung_up() {
                break;
            }
            let now = Instant::now();
            if now - dates >= DATES {
                dates = now;
                if self.watch.look() {
                    self.quiet.touched(now, WRITTEN);
                }
            }
            if self.quiet.ready(now) {
                self.read(now);
            }
            self.tick()?;
            if now - look >= LOOK {
                look = now;
                self.look();
            }
            if now - status >= STATUS {
                status = now;
                self.status();
            }
        }
        Ok(self.stop())
    }

    /// A log that cannot be written is given up; playing goes on.
    fn logged<T>(&mut self, result: Result<T, patches_engine::error::Error>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.log = None;
                self.sink.event(&Event::Notice { message: format!("the session log ends here: {error}") });
                None
            }
        }
    }

    /// Takes what the audio thread has to say.
    fn tick(&mut self) -> Result<(), Error> {
        for event in self.keeper.tend()? {
            self.sink.event(&event);
        }
        for news in self.outside.midi.iter().flat_map(Ports::news) {
            self.sink.event(&Event::from(news));
        }
        for event in self.outside.takes.tend() {
            self.sink.event(&event);
        }
        for event in self.outside.ears.tend(&mut self.control, self.keeper.about()) {
            self.sink.event(&event);
        }
        self.notices();
        self.pump();
        let now = Instant::now();
        let longest = self.control.recent_callback_us();
        if longest >= self.recent.1 || now - self.recent.0 > RECENT {
            self.recent = (now, longest);
        }
        let xruns = self.keeper.xruns();
        if xruns != self.xruns {
            self.xruns = xruns;
            let why = self.why_late();
            self.sink.event(&Event::Xrun { at: self.control.clock(), xruns, why });
        }
        Ok(())
    }

    /// What comes in is on a tape from this frame on.
    fn taped(&mut self, at: u64) {
        if let Some(tape) = self.outside.ears.taped(at)
            && let Some(log) = &mut self.log
        {
            let written = log.input(at, &tape);
            self.logged(written);
        }
    }

    fn notices(&mut self) {
        for notice in self.control.poll() {
            match notice {
                Notice::Landed { save, at } => self.landed(save, at),
                Notice::Stalled { .. } => {
                    let message = "the audio thread takes no plans".to_string();
                    self.sink.event(&Event::Notice { message });
                }
                Notice::Heard { at, port, message } => {
                    self.sink.midi(&port, message);
                    if let Some(log) = &mut self.log {
                        let written = log.midi(at, &port, message);
                        self.logged(written);
                    }
                }
                Notice::Taped { at } => self.taped(at),
                Notice::Unheard { messages } => {
                    let message = format!("the session log lacks {messages} MIDI messages: its replay will differ");
                    self.sink.event(&Event::Notice { message });
                }
                Notice::Quarantined { module, why, at } => {
                    let event = self.silenced.add(Event::Quarantined {
                        module: module.to_string(),
                        why: why.to_string(),
                        at,
                        times: 1,
                    });
                    event.into_iter().for_each(|event| self.sink.event(&event));
                }
            }
        }
    }

    /// A plan took effect. Those sent before it never will.
    fn landed(&mut self, id: u64, at: u64) {
        let mut later = self.pending.split_off(&(id + 1));
        let landed = self.pending.remove(&id);
        let Some(landed) = landed else {
            self.pending = later;
            return;
        };
        // The same save once more, with something done beside it, is no save any more.
        for again in later.values_mut().filter(|again| Arc::ptr_eq(&again.version, &landed.version)) {
            again.cause = Cause::Beside;
        }
        self.pending = later;
        // So is one that landed just before what would have gone before it.
        for request in &mut self.requests {
            if let Request::Wait(waited) = request
                && Arc::ptr_eq(&waited.version, &landed.version)
                && landed.cause != Cause::Beside
            {
                waited.cause = Cause::Again;
            }
        }
        let fresh = self.fresh(&landed);
        self.write_down(at, &landed, &fresh);
        let version = landed.version.clone();
        let settings = diff::settings(&self.graph, &version.graph);
        self.born = parts::ages(std::mem::take(&mut self.born), at, &landed.report, &version.graph);
        self.graph = version.graph.clone();
        self.desk = landed.desk.clone();
        self.remember(&landed);
        self.outside.ears.asked(&self.graph, self.keeper.about());
        self.tell_lacking();
        self.sink.text(&version.text);
        self.tell_sequences();
        self.tell_landing();
        self.look();
        self.tell_desk(at, &landed);
        if landed.cause == Cause::Beside {
            return;
        }
        if self.started {
            self.find_wanted();
            return self.tell_swapped(at, &landed, &fresh, settings);
        }
        self.started = true;
        let about = self.keeper.about().clone();
        let files: Vec<String> = self.source.files().iter().map(|file| file.display().to_string()).collect();
        let event = Event::Started {
            file: files.first().cloned().unwrap_or_default(),
            files: if files.len() > 1 { files } else { vec![] },
            backend: about.backend,
            device: about.device,
            rate: about.rate,
            frames: about.frames,
            channels: about.channels,
            at,
            save: version.save,
            warnings: fresh.iter().flat_map(|(_, sound)| sound.warnings.clone()).collect(),
        };
        self.sink.event(&event);
        self.find_wanted();
    }
}
