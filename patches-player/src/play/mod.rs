//! `patches play`: opens a host, watches the file, and shows what happens.

mod keeper;
mod live;
mod place;
mod sink;
mod watch;

use crate::cli::PlayArgs;
use crate::error::Error;
use crate::event::Event;
use crate::{out, render, ui};
use keeper::Keeper;
use live::Live;
pub use live::Message;
use patches_engine::engine;
use patches_engine::error::Error as EngineError;
use patches_engine::host::{Backend, Host, platform};
use patches_engine::session::{Head, Writer};
use sink::{JsonSink, PlainSink};
pub use sink::{Look, Sink};
use std::io::{BufRead, IsTerminal};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

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

/// Plays until it is told to stop.
///
/// # Errors
/// If the device asked for is not there, or the platform gives no watcher, terminal or folder for the session.
pub fn run(args: &PlayArgs) -> Result<(), Error> {
    platform::catch_signals();
    let shown = shown(args);
    let mut notes = Vec::new();
    let host = open(args, &mut notes)?;
    let settings = render::settings(host.about().rate, args.seed, !args.no_limiter)?;
    let log = log(args, &Head { rate: settings.rate, seed: settings.seed, limiter: settings.limiter }, &mut notes)?;
    let (control, engine) = engine::new(settings);
    let keeper = Keeper::new(host, args.wish(), Box::new(engine));

    let (sender, receiver) = channel();
    let touched = sender.clone();
    let watch = watch::Watch::new(move || {
        // Nobody listens any more when the player is stopping.
        let _ = touched.send(Message::Touched);
    })?;
    let screen = Arc::new(Mutex::new(ui::Snapshot::new(&args.file, keeper.about().clone())));
    let sink: Box<dyn Sink> = match shown {
        Shown::Screen => Box::new(ui::Screen::new(screen.clone())),
        Shown::Plain => Box::new(PlainSink),
        Shown::Json => Box::new(JsonSink),
    };
    let live = Live::new(args, control, keeper, log, watch, sink);
    let notes: Vec<Event> = notes;
    let thread = std::thread::Builder::new().name("control".into()).spawn(move || live.run(&receiver, notes))?;
    match shown {
        Shown::Screen => ui::run(&screen, &sender, || thread.is_finished())?,
        Shown::Plain | Shown::Json => listen(sender),
    }
    let summary = thread.join().map_err(|_| Error::Panicked)??;
    if shown == Shown::Screen {
        out::say(&Event::Stopped(summary).to_string());
    }
    Ok(())
}

/// Opens the device, or a clock where none is needed or none was asked for and none is there.
fn open(args: &PlayArgs, notes: &mut Vec<Event>) -> Result<Host, Error> {
    let wish = args.wish();
    let asked = wish.device.is_some() || wish.backend != Backend::Auto;
    // What sound libraries have to say is in the error already.
    let quiet = platform::Stderr::take()?;
    let opened = Host::open(&wish);
    drop(quiet);
    match opened {
        Ok(host) => Ok(host),
        Err(error) if asked => Err(error.into()),
        Err(error) => {
            let why = match error {
                EngineError::NoDevice { why } => why,
                other => other.to_string(),
            };
            let host = Host::clock(&wish);
            notes.push(Event::Device { state: "none", name: "clock".into(), why: Some(why) });
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

/// Without a screen the end of the input, or a line `q`, is the end.
fn listen(sender: Sender<Message>) {
    let reader = move || {
        for line in std::io::stdin().lock().lines() {
            match line {
                Ok(line) if line.trim() != "q" => {}
                _ => break,
            }
        }
        // The player may have stopped by itself.
        let _ = sender.send(Message::Quit);
    };
    // Not joined: it waits for input that may never come.
    std::thread::spawn(reader);
}
