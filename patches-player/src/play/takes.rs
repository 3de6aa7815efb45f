//! Takes: begun from the start or by a key, and what is said about them.

use crate::event::Event;
use patches_engine::control::Control;
use patches_engine::error::Error;
use patches_engine::record::{Take, Told};
use std::path::{Path, PathBuf};

/// The take that is running, if one is.
pub struct Takes {
    take: Option<Take>,
    /// Takes that have ended and may still be written.
    ending: Vec<Take>,
    /// What a take is called that is begun by a key.
    name: PathBuf,
    channels: u16,
}

impl Takes {
    /// Of this patch, on a device of so many channels: takes are called after the patch, and lie in the current folder.
    pub fn new(patch: &Path, channels: u16) -> Takes {
        let stem = patch.file_stem().unwrap_or_default().to_string_lossy();
        Takes { take: None, ending: vec![], name: format!("{stem}-take.wav").into(), channels }
    }

    /// Begins a take, and says so.
    ///
    /// # Errors
    /// If its file cannot be made.
    pub fn begin(&mut self, control: &mut Control, path: &Path) -> Result<Event, Error> {
        let take = control.record(path, self.channels)?;
        let event = told("started", take.path(), None);
        self.ending.extend(self.take.replace(take));
        Ok(event)
    }

    /// Begins a take or ends it.
    pub fn toggle(&mut self, control: &mut Control) -> Event {
        if let Some(take) = self.take.take() {
            control.end_take();
            let event = told("stopped", take.path(), None);
            self.ending.push(take);
            return event;
        }
        let name = self.name.clone();
        self.begin(control, &name).unwrap_or_else(|error| told("failed", &name, Some(error.to_string())))
    }

    /// What has happened. To be called now and then.
    pub fn tend(&mut self, control: &mut Control) -> Vec<Event> {
        let takes = self.take.iter().chain(&self.ending);
        let events: Vec<Event> = takes.flat_map(|take| take.told().map(|it| say(take.path(), it))).collect();
        let failed = |event: &Event| matches!(event, Event::Record { state: "failed", .. });
        if events.iter().any(failed) {
            control.end_take();
            self.ending.extend(self.take.take());
        }
        self.ending.retain(|take| !take.is_over());
        events
    }

    /// Ends everything, once the engine has stopped.
    pub fn finish(&mut self) -> Vec<Event> {
        let last = self.take.as_ref().map(|take| told("stopped", take.path(), None));
        self.ending.extend(self.take.take());
        let mut events = vec![];
        for take in self.ending.drain(..) {
            let path = take.path().to_path_buf();
            events.extend(take.finish().into_iter().map(|it| say(&path, it)));
        }
        events.extend(last);
        events
    }
}

fn told(state: &'static str, file: &Path, why: Option<String>) -> Event {
    Event::Record { state, file: file.display().to_string(), why }
}

fn say(file: &Path, it: Told) -> Event {
    match it {
        Told::Continued(next) => told("continued", &next, Some(format!("{} is full", file.display()))),
        Told::Missing(frames) => told("missing", file, Some(format!("{frames} frames: the disk did not keep up"))),
        Told::Failed(why) => told("failed", file, Some(why)),
    }
}
