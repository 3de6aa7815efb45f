//! `patches play`: opens a host, watches the files, and shows what happens.

mod ears;
mod keeper;
mod live;
mod message;
mod place;
mod search;
mod sink;
mod source;
mod takes;
mod watch;

use crate::cli::PlayArgs;
use crate::error::Error;
use crate::event::Event;
use crate::{out, render, ui};
use ears::Ears;
use keeper::Keeper;
use live::Live;
pub use message::Message;
use patches_engine::engine;
use patches_engine::error::Error as EngineError;
use patches_engine::host::midi::Ports;
use patches_engine::host::{Backend, Host, Wish, platform};
use patches_engine::session::{Head, Writer};
pub use sink::{Held, Look, Seen, Sequence, Sink};
use sink::{JsonSink, PlainSink};
pub use source::Source;
use std::io::{BufRead, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use takes::Takes;

/// How the player shows itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Screen,
    Plain,
    Json,
}

fn shown(args: &PlayArgs) -> Shown {
    let terminal = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    match (args.json, args.plain || !terminal) {
        (true, _) => Shown::Json,
        (false, true) => Shown::Plain,
        (false, false) => Shown::Screen,
    }
}

/// What comes from outside and goes there, beside the device.
struct Outside {
    /// Keyboards and controllers.
    midi: Option<Ports>,
    /// Recordings.
    takes: Takes,
    /// Sound that comes in.
    ears: Ears,
}

/// How long the screen may take to put the terminal back.
const FAREWELL: Duration = Duration::from_secs(1);

/// Plays until it is told to stop.
///
/// # Errors
/// If the device asked for is not there, or the platform gives no watcher, terminal or folder for the session.
pub fn run(mut source: Source, args: &PlayArgs) -> Result<(), Error> {
    platform::catch_signals();
    let shown = shown(args);
    let mut notes = Vec::new();
    // What the device is opened with is settled here: what the patch asks for later comes too late.
    let (asks, inputs) = source.channels(&patches_modules::library());
    let wish = Wish { asks, ..args.wish() };
    let host = open(&wish, &mut notes)?;
    let outputs = host.about().channels.max(2);
    let settings =
        render::settings(host.about().rate, args.oversample, args.seed, !args.no_limiter, (outputs, inputs))?;
    let (mut control, engine) = engine::new(settings);
    let jack = host.about().backend == "jack";
    let midi = control.inlet().map(|inlet| Ports::open(inlet, args.midi.clone(), jack)).transpose()?;
    let files = source.names().iter().flatten().map(ToString::to_string).collect();
    let engine::Settings { rate, oversample, seed, limiter, .. } = settings;
    let head = Head { rate, oversample, seed, limiter, outputs, files };
    let log = log(args, &head, &mut notes)?;
    let folder = log.as_ref().map(Writer::dir);
    let (mut takes, lapsed) = Takes::new(source.first(), &mut control, host.about().channels, args.keep, folder)?;
    notes.extend(lapsed);
    if let Some(path) = &args.record {
        notes.push(takes.begin(path)?);
    }
    let (ears, heard) = Ears::new(args, host.about(), folder, &mut control, inputs)?;
    notes.extend(heard);
    let keeper = Keeper::new(host, wish, Box::new(engine), platform::lock_memory());

    let (sender, receiver) = channel();
    let touched = sender.clone();
    let watch = watch::Watch::new(move |quiet| {
        // Nobody listens any more when the player is stopping.
        let _ = touched.send(Message::Touched(Instant::now(), quiet));
    })?;
    let screen = Arc::new(Mutex::new(ui::Snapshot::new(source.title().as_ref(), keeper.about().clone())));
    let sink: Box<dyn Sink> = match shown {
        Shown::Screen => Box::new(ui::Screen::new(screen.clone())),
        Shown::Plain => Box::new(PlainSink),
        Shown::Json => Box::new(JsonSink),
    };
    let live = Live::new(source, args, control, keeper, log, Outside { midi, takes, ears }, watch, sink);
    let notes: Vec<Event> = notes;
    let thread = std::thread::Builder::new().name("control".into()).spawn(move || live.run(&receiver, notes))?;
    let ended = Arc::new(AtomicBool::new(false));
    let face = match shown {
        Shown::Screen => Some(show(&screen, sender, &ended)?),
        Shown::Plain | Shown::Json => {
            listen(sender);
            None
        }
    };
    let summary = thread.join().map_err(|_| Error::Panicked)?;
    ended.store(true, Ordering::Relaxed);
    if let Some(face) = face {
        join(face)?;
    }
    let summary = summary?;
    if shown == Shown::Screen {
        out::say(&Event::Stopped(summary).to_string());
    }
    Ok(())
}

/// Opens the device, or a clock where none is needed or none was asked for and none is there.
fn open(wish: &Wish, notes: &mut Vec<Event>) -> Result<Host, Error> {
    let asked = wish.device.is_some() || wish.backend != Backend::Auto;
    // What sound libraries have to say is in the error already.
    let quiet = platform::Stderr::take()?;
    let opened = Host::open(wish);
    drop(quiet);
    match opened {
        Ok(host) => Ok(host),
        Err(error) if asked => Err(error.into()),
        Err(error) => {
            let why = match error {
                EngineError::NoDevice { why } => why,
                other => other.to_string(),
            };
            let host = Host::clock(wish);
            notes.push(Event::Device {
                state: "none",
                name: "clock".into(),
                rate: None,
                bridged: None,
                why: Some(why),
            });
            Ok(host)
        }
    }
}

/// Begins the session log. Where it goes was asked for: an error if that cannot be; else playing is more important.
fn log(args: &PlayArgs, head: &Head, notes: &mut Vec<Event>) -> Result<Option<Writer>, Error> {
    if let Some(dir) = &args.session {
        return Ok(Some(Writer::create(dir, head)?));
    }
    let why = match place::fresh() {
        None => "the platform has no folder for it".to_string(),
        Some(dir) => match Writer::create(&dir, head) {
            Ok(writer) => return Ok(Some(writer)),
            Err(error) => error.to_string(),
        },
    };
    notes.push(Event::Notice { message: format!("no session log: {why}") });
    Ok(None)
}

/// Shows the screen on a thread of its own; however it ends, the player is to end with it.
fn show(
    screen: &Arc<Mutex<ui::Snapshot>>,
    sender: Sender<Message>,
    ended: &Arc<AtomicBool>,
) -> Result<JoinHandle<Result<(), Error>>, Error> {
    let (screen, ended) = (screen.clone(), ended.clone());
    let face = move || {
        let shown = ui::run(&screen, &sender, || ended.load(Ordering::Relaxed));
        // The player may have stopped by itself.
        let _ = sender.send(Message::Quit);
        shown
    };
    Ok(std::thread::Builder::new().name("screen".into()).spawn(face)?)
}

/// Waits for the screen, but not for ever: where its terminal has gone away, crossterm reads without end, and there is
/// nothing left to be put back.
fn join(face: JoinHandle<Result<(), Error>>) -> Result<(), Error> {
    let begun = Instant::now();
    while !face.is_finished() {
        if begun.elapsed() > FAREWELL {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    face.join().map_err(|_| Error::Panicked)?
}

/// Without a screen lines do what keys do; the end of the input, or a line `q`, is the end.
fn listen(sender: Sender<Message>) {
    let reader = move || {
        for line in std::io::stdin().lock().lines() {
            let Some(line) = line.ok().filter(|line| line.trim() != "q") else { break };
            if !line.trim().is_empty() && sender.send(message::command(&line)).is_err() {
                break;
            }
        }
        // The player may have stopped by itself.
        let _ = sender.send(Message::Quit);
    };
    // Not joined: it waits for input that may never come.
    std::thread::spawn(reader);
}
