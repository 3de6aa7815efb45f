//! What comes in from outside: the input is opened when a patch first wants it, put on tape beside the session's log, and
//! opened again when it goes away.

use crate::cli::PlayArgs;
use crate::event::Event;
use patches_core::graph::Graph;
use patches_engine::control::Control;
use patches_engine::ear::Ear;
use patches_engine::error::Error;
use patches_engine::host::input::Input;
use patches_engine::host::{About, Backend};
use patches_engine::plan::nodes::INPUT;
use patches_engine::record::{Recorder, Told};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

/// How long to wait before a lost input is tried again.
const RETRY: Duration = Duration::from_secs(2);
/// Bytes of one tape. A WAV file holds twice as much.
const TAPE_BYTES: u64 = 2 << 30;
/// Bytes of a frame on tape.
const FRAME_BYTES: u64 = 8;
/// What tapes are called.
const TAPE: &str = "input.wav";

/// What an attempt to open an input came to.
type Opened = Result<(Input, Ear), Error>;

enum State {
    /// No patch has asked for it.
    Unasked,
    /// It is being opened.
    Trying(Receiver<Opened>),
    /// It is tried again from then on.
    Resting(Instant),
    Open(Input),
}

/// The input, and its tapes.
pub struct Ears {
    name: Option<String>,
    backend: Backend,
    state: State,
    /// It has been said that there is none.
    told: bool,
    /// Where the session's log is.
    folder: Option<PathBuf>,
    /// The tape that runs, and the frame at which it began.
    tape: Option<(Recorder, u64)>,
    /// Tapes that have been begun, the last one first, whose first frame is not known yet.
    begun: VecDeque<PathBuf>,
    ended: Vec<Recorder>,
}

impl Ears {
    /// An input that is opened when it is asked for; one that is named, at once.
    ///
    /// # Errors
    /// If it is named and not there.
    pub fn new(
        args: &PlayArgs,
        output: &About,
        folder: Option<&Path>,
        control: &mut Control,
    ) -> Result<(Ears, Option<Event>), Error> {
        let mut ears = Ears {
            name: args.input.clone(),
            backend: args.backend.backend(),
            state: State::Unasked,
            told: false,
            folder: folder.map(Into::into),
            tape: None,
            begun: VecDeque::new(),
            ended: vec![],
        };
        let mut event = None;
        if ears.name.is_some() {
            let opened = Input::open(ears.name.as_deref(), ears.backend, output)?;
            event = ears.opened(opened, control).into_iter().next();
        }
        Ok((ears, event))
    }

    /// A patch plays. If it listens, the input is to be open.
    pub fn asked(&mut self, graph: &Graph, output: &About) {
        let listens = graph.modules.values().any(|module| module.spec.name() == INPUT);
        if listens && matches!(self.state, State::Unasked) {
            self.try_to_open(output);
        }
    }

    /// Opens it on a thread of its own, since that may take its time.
    fn try_to_open(&mut self, output: &About) {
        let (sender, receiver) = channel();
        let (name, backend, output) = (self.name.clone(), self.backend, output.clone());
        std::thread::spawn(move || {
            // If the player has stopped meanwhile, the input is closed again.
            let _ = sender.send(Input::open(name.as_deref(), backend, &output));
        });
        self.state = State::Trying(receiver);
    }

    /// It is open: the engine listens, and there is a tape.
    fn opened(&mut self, (input, ear): (Input, Ear), control: &mut Control) -> Vec<Event> {
        let name = input.name().to_string();
        let why = input.is_bent().then(|| "it has a clock of its own and is kept in step".to_string());
        let mut events = vec![Event::Input { state: "open", name, why }];
        if self.tape.is_none() {
            events.extend(self.begin_tape(control));
        }
        control.listen_to(ear);
        (self.state, self.told) = (State::Open(input), false);
        events
    }

    /// Begins a tape beside the log, if there is one. What is to be told if it cannot be.
    fn begin_tape(&mut self, control: &mut Control) -> Option<Event> {
        let path = self.folder.as_ref()?.join(TAPE);
        match control.tape(&path) {
            Ok((tape, path)) => {
                self.begun.push_back(path);
                // Until its first frame is known it cannot be full.
                let before = self.tape.replace((tape, u64::MAX));
                self.ended.extend(before.map(|(tape, _)| tape));
                None
            }
            Err(error) => Some(lacking(&error.to_string())),
        }
    }

    /// A tape begins at this frame. Its name, for the log.
    pub fn taped(&mut self, at: u64) -> Option<PathBuf> {
        if let Some((_, begins)) = &mut self.tape {
            *begins = at;
        }
        self.begun.pop_front()?.file_name().map(PathBuf::from)
    }

    /// To be called now and then. Tells what happened.
    pub fn tend(&mut self, control: &mut Control, output: &About) -> Vec<Event> {
        let mut events = Vec::new();
        match &self.state {
            State::Open(input) => {
                if let Some(why) = input.lost() {
                    events.push(Event::Input { state: "lost", name: input.name().into(), why: Some(why) });
                    self.state = State::Resting(Instant::now() + RETRY);
                    self.told = true;
                }
            }
            State::Trying(found) => match found.try_recv() {
                Ok(Ok(opened)) => events.extend(self.opened(opened, control)),
                Ok(Err(error)) => events.extend(self.failed(&error)),
                Err(TryRecvError::Disconnected) => self.state = State::Resting(Instant::now() + RETRY),
                Err(TryRecvError::Empty) => {}
            },
            State::Resting(until) if *until <= Instant::now() => self.try_to_open(output),
            State::Resting(_) | State::Unasked => {}
        }
        let clock = control.clock();
        if let Some((tape, begins)) = &self.tape {
            events.extend(tape.told().filter_map(told));
            if clock.saturating_sub(*begins) * FRAME_BYTES > TAPE_BYTES {
                events.extend(self.begin_tape(control));
            }
        }
        events.extend(self.ended.iter().flat_map(Recorder::told).filter_map(told));
        self.ended.retain(|tape| !tape.is_over());
        events
    }

    /// There is none; said once.
    fn failed(&mut self, error: &Error) -> Option<Event> {
        self.state = State::Resting(Instant::now() + RETRY);
        let why = match error {
            Error::NoInput { why } => why.clone(),
            other => other.to_string(),
        };
        let event = Event::Input { state: "none", name: self.name.clone().unwrap_or_default(), why: Some(why) };
        (!std::mem::replace(&mut self.told, true)).then_some(event)
    }

    /// Ends the tape, once the engine has stopped.
    pub fn finish(&mut self) -> Vec<Event> {
        let tapes = self.ended.drain(..).chain(self.tape.take().map(|(tape, _)| tape));
        tapes.flat_map(Recorder::finish).filter_map(told).collect()
    }

    /// How often frames were missing or too many, if it is open.
    pub fn slips(&self) -> Option<u64> {
        if let State::Open(input) = &self.state { Some(input.slips()) } else { None }
    }
}

/// What a tape has to say.
fn told(it: Told) -> Option<Event> {
    match it {
        // It is changed long before it is full.
        Told::Continued { .. } => None,
        // No last minutes are kept of what comes in.
        Told::Kept { .. } | Told::NotKept { .. } | Told::Lapsed(_) => None,
        Told::Missing(frames) => Some(lacking(&format!("{frames} frames, the disk did not keep up"))),
        Told::Failed { why, .. } => Some(lacking(&why)),
    }
}

fn lacking(why: &str) -> Event {
    Event::Notice { message: format!("the session lacks sound that came in: its replay will differ ({why})") }
}
