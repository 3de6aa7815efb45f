//! Takes, begun from the start or by a key; the last minutes, kept after the fact; and what is said about them.

use crate::event::{Event, round};
use patches_engine::control::Control;
use patches_engine::error::Error;
use patches_engine::record::{FOLDER, Keep, Recorder, Told};
use std::path::{Path, PathBuf};

/// What is recorded.
pub struct Takes {
    recorder: Option<Recorder>,
    /// The file in which the take that is running began.
    take: Option<PathBuf>,
    /// What a take is called that is begun by a key.
    name: PathBuf,
    /// What the last minutes are called that are kept by a key.
    last: PathBuf,
    /// How many seconds are always on the disk; 0: none.
    keep: f64,
}

impl Takes {
    /// Of this patch, on a device of so many channels: takes are called after the patch, and lie in the current folder. So
    /// many seconds are always on the disk, in a folder beside the session's log, if it has one. What is to be said.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn new(
        patch: &Path,
        control: &mut Control,
        channels: u16,
        keep: f64,
        session: Option<&Path>,
    ) -> Result<(Takes, Option<Event>), Error> {
        let stem = patch.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let asked = session.filter(|_| keep > 0.0).map(|dir| Keep { folder: dir.join(FOLDER), seconds: keep });
        let (recorder, lapse) = match control.record(channels, asked.as_ref()) {
            Err(error) if asked.is_some() => (control.record(channels, None)?, Some(lapsed(keep, &error.to_string()))),
            other => (other?, None),
        };
        let takes = Takes {
            recorder: Some(recorder),
            take: None,
            name: format!("{stem}-take.wav").into(),
            last: format!("{stem}-last.wav").into(),
            keep: if lapse.is_none() && asked.is_some() { keep } else { 0.0 },
        };
        Ok((takes, lapse))
    }

    /// Begins a take, and says so.
    ///
    /// # Errors
    /// If its file cannot be made.
    pub fn begin(&mut self, path: &Path) -> Result<Event, Error> {
        let begun = self.recorder.as_ref().map(|recorder| recorder.begin(path)).transpose()?;
        let path = begun.unwrap_or_else(|| path.into());
        self.take = Some(path.clone());
        Ok(told("started", &path, None))
    }

    /// Begins a take or ends it.
    pub fn toggle(&mut self) -> Event {
        if let (Some(take), Some(recorder)) = (self.take.take(), &self.recorder) {
            recorder.end();
            return told("stopped", &take, None);
        }
        let name = self.name.clone();
        self.begin(&name).unwrap_or_else(|error| told("failed", &name, Some(error.to_string())))
    }

    /// Writes the last minutes into a file of this name, or one called after the patch. `played` seconds have been played.
    pub fn keep(&self, name: Option<&str>, played: f64) -> Event {
        let path = name.map_or_else(|| self.last.clone(), PathBuf::from);
        let wav = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("wav"));
        match &self.recorder {
            _ if !wav => told("unkept", &path, Some("the name ends with .wav".into())),
            Some(recorder) if self.keep > 0.0 => {
                recorder.keep(&path);
                with(told("keeping", &path, None), played.min(self.keep))
            }
            _ => told("unkept", &path, Some("none are on the disk: the player was told to keep none".into())),
        }
    }

    /// What has happened. To be called now and then.
    pub fn tend(&mut self) -> Vec<Event> {
        let all: Vec<Told> = self.recorder.iter().flat_map(Recorder::told).collect();
        self.say(all)
    }

    /// Ends everything, once the engine has stopped.
    pub fn finish(&mut self) -> Vec<Event> {
        let all = self.recorder.take().map_or(vec![], Recorder::finish);
        let mut events = self.say(all);
        events.extend(self.take.take().map(|take| told("stopped", &take, None)));
        events
    }

    fn say(&mut self, all: Vec<Told>) -> Vec<Event> {
        let mut events = vec![];
        for it in all {
            let event = match it {
                Told::Continued { file, next } => told("continued", &next, Some(format!("{} is full", file.display()))),
                Told::Missing(frames) => {
                    let file = self.take.clone().unwrap_or_else(|| FOLDER.into());
                    told("missing", &file, Some(format!("{frames} frames: the disk did not keep up")))
                }
                Told::Failed { file, why } => {
                    self.take.take_if(|take| *take == file);
                    told("failed", &file, Some(why))
                }
                Told::Kept { file, seconds } => with(told("kept", &file, None), seconds),
                Told::NotKept { file, why } => told("unkept", &file, Some(why)),
                Told::Lapsed(why) => lapsed(self.keep, &why),
            };
            events.push(event);
        }
        events
    }
}

fn told(state: &'static str, file: &Path, why: Option<String>) -> Event {
    Event::Record { state, file: file.display().to_string(), seconds: None, why }
}

fn with(event: Event, length: f64) -> Event {
    match event {
        Event::Record { state, file, why, .. } => Event::Record { state, file, seconds: Some(round(length, 3)), why },
        other => other,
    }
}

fn lapsed(keep: f64, why: &str) -> Event {
    let message = format!("the last {:.0} minutes are not on the disk ({why}); the sound goes on", keep / 60.0);
    Event::Notice { message }
}
