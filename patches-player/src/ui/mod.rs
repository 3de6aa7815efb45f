//! The terminal UI. The control thread writes a [`Snapshot`], the main thread draws it; neither waits for the other for
//! longer than a copy takes.

mod draw;
mod keys;
mod midi;
mod patch;
mod snapshot;
mod spectrum;
mod steps;
mod text;
mod views;

pub use snapshot::{Screen, Snapshot};

use crate::error::Error;
use crate::out;
use crate::play::Message;
use draw::{Face, Shape};
use patches_engine::host::platform::{self, Stderr};
use patches_engine::trap;
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use std::io::{BufRead, BufReader};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Time between two draws: at most 30 a second, and fewer when the machine is loaded.
fn frame_time(load: f32) -> Duration {
    Duration::from_millis(if load > 0.7 { 100 } else { 34 })
}

/// Takes the terminal and standard error over, and gives both back however it ends.
struct Taken {
    _stderr: Stderr,
}

impl Taken {
    fn new(shared: &Arc<Mutex<Snapshot>>) -> std::io::Result<(Taken, ratatui::DefaultTerminal)> {
        let mut stderr = Stderr::take()?;
        if let Some(reader) = stderr.reader() {
            let shared = shared.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(reader).lines().map_while(Result::ok) {
                    shared.lock().unwrap_or_else(PoisonError::into_inner).aside(line);
                }
            });
        }
        let terminal = ratatui::try_init()?;
        // A module that panics in the audio callback is caught there and told; it must not end the screen.
        let restore = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !trap::is_inside() {
                platform::give_stderr_back();
                restore(info);
            }
        }));
        Ok((Taken { _stderr: stderr }, terminal))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// Shows the snapshot until the player stops.
///
/// # Errors
/// If the terminal cannot be taken over, or is gone.
pub fn run(shared: &Arc<Mutex<Snapshot>>, control: &Sender<Message>, finished: impl Fn() -> bool) -> Result<(), Error> {
    let (taken, mut terminal) = Taken::new(shared)?;
    let mut face = Face::new(Shape::of_terminal());
    let shown = show(shared, control, finished, &mut terminal, &mut face);
    drop(taken);
    shown
}

fn show(
    shared: &Arc<Mutex<Snapshot>>,
    control: &Sender<Message>,
    finished: impl Fn() -> bool,
    terminal: &mut ratatui::DefaultTerminal,
    face: &mut Face,
) -> Result<(), Error> {
    while !finished() {
        let begun = Instant::now();
        let snapshot = shared.lock().unwrap_or_else(PoisonError::into_inner).clone();
        terminal.draw(|frame| draw::draw(frame, &snapshot, face))?;
        let next = begun + frame_time(snapshot.load);
        while let Some(wait) = next.checked_duration_since(Instant::now()).filter(|wait| !wait.is_zero()) {
            if !event::poll(wait)? {
                break;
            }
            if let Event::Key(key) = event::read()?
                && key.kind == KeyEventKind::Press
                && keys::quits(key, face, &snapshot, control)
            {
                // The control thread ends the log; the loop ends when it has.
                let _ = control.send(Message::Quit);
            }
        }
    }
    Ok(())
}

impl Shape {
    /// What this terminal can show, by its environment.
    fn of_terminal() -> Shape {
        Shape { utf8: out::utf8(), colour: !out::no_color() }
    }
}
