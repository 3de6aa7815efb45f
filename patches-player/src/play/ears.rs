//! What comes in from outside: the input is opened when a patch first wants it, put on tape beside the session's log, and
//! opened again when it goes away.

use super::search::Search;
use crate::cli::PlayArgs;
use crate::event::Event;
use patches_core::graph::Graph;
use patches_engine::channels;
use patches_engine::control::Control;
use patches_engine::ear::Ear;
use patches_engine::error::Error;
use patches_engine::host::input::Input;
use patches_engine::host::{About, Backend};
use patches_engine::plan::nodes::INPUT;
use patches_engine::record::{Recorder, Told};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long to wait before a lost input is tried again.
const RETRY: Duration = Duration::from_secs(2);
/// Bytes of one tape. A WAV file holds twice as much.
const TAPE_BYTES: u64 = 2 << 30;
/// Bytes of a sample on tape.
const SAMPLE_BYTES: u64 = 4;
/// What tapes are called.
const TAPE: &str = "input.wav";

/// What an attempt to open an input came to.
type Opened = Result<(Input, Ear), Error>;

/// The input, and its tapes.
pub struct Ears {
    name: Option<String>,
    backend: Backend,
    /// Channels that the engine hears.
    inputs: u16,
    /// Channels that there are to be for all that the patch listens to, and the same as last told.
    listens: (u16, u16),
    /// It is open.
    input: Option<Input>,
    /// A patch has asked for it.
    asked: bool,
    search: Search<Opened>,
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
    /// An input of so many channels that is opened when it is asked for; one that is named, at once.
    ///
    /// # Errors
    /// If it is named and not there.
    pub fn new(
        args: &PlayArgs,
        output: &About,
        folder: Option<&Path>,
        control: &mut Control,
        inputs: u16,
    ) -> Result<(Ears, Option<Event>), Error> {
        let mut ears = Ears {
            name: args.input.clone(),
            backend: args.backend.backend(),
            inputs,
            listens: (2, 2),
            input: None,
            asked: false,
            search: Search::new(RETRY),
            told: false,
            folder: folder.map(Into::into),
            tape: None,
            begun: VecDeque::new(),
            ended: vec![],
        };
        let mut event = None;
        if ears.name.is_some() {
            ears.asked = true;
            let opened = Input::open(ears.name.as_deref(), ears.backend, output, inputs)?;
            event = ears.opened(opened, control).into_iter().next();
        }
        Ok((ears, event))
    }

    /// A patch plays. If it listens, the input is to be open.
    pub fn asked(&mut self, graph: &Graph, output: &About) {
        self.listens.0 = channels::heard(graph);
        let listens = graph.modules.values().any(|module| module.spec.name() == INPUT);
        if listens && !std::mem::replace(&mut self.asked, true) {
            self.search.begin(open(self.name.clone(), self.backend, output.clone(), self.inputs));
        }
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
        (self.input, self.told) = (Some(input), false);
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
        if let Some(why) = self.input.as_ref().and_then(Input::lost) {
            let name = self.input.take().map(|input| input.name().to_string()).unwrap_or_default();
            events.push(Event::Input { state: "lost", name, why: Some(why) });
            self.search.again();
            self.told = true;
        }
        match self.search.tend(|| open(self.name.clone(), self.backend, output.clone(), self.inputs)) {
            Some(Ok(opened)) => events.extend(self.opened(opened, control)),
            Some(Err(error)) => events.extend(self.failed(&error)),
            None => {}
        }
        events.extend(self.lacking());
        let clock = control.clock();
        if let Some((tape, begins)) = &self.tape {
            events.extend(tape.told().filter_map(told));
            if clock.saturating_sub(*begins) * SAMPLE_BYTES * u64::from(self.inputs) > TAPE_BYTES {
                events.extend(self.begin_tape(control));
            }
        }
        events.extend(self.ended.iter().flat_map(Recorder::told).filter_map(told));
        self.ended.retain(|tape| !tape.is_over());
        events
    }

    /// The patch listens to channels that are not there; said once.
    fn lacking(&mut self) -> Option<Event> {
        let there = self.inputs.min(self.input.as_ref()?.channels()).max(2);
        let (listens, told) = self.listens;
        self.listens.1 = listens;
        let message = format!(
            "the input was opened with {there} channels, and the patch listens to {listens}: `in.out[{there}]` and beyond are \
             silent. Channels are settled at the start: start again with this patch, on a device that has them"
        );
        (listens > there && listens != told).then_some(Event::Notice { message })
    }

    /// There is none; said once.
    fn failed(&mut self, error: &Error) -> Option<Event> {
        self.search.again();
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
        self.input.as_ref().map(Input::slips)
    }
}

/// Opens it.
fn open(
    name: Option<String>,
    backend: Backend,
    output: About,
    inputs: u16,
) -> impl FnOnce() -> Opened + Send + 'static {
    move || Input::open(name.as_deref(), backend, &output, inputs)
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
