//! What keys do.

use super::draw::{Face, View};
use super::patch;
use super::snapshot::Snapshot;
use crate::play::Message;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::sync::mpsc::Sender;

/// Acts on a key. Whether it is the end: of a take that is running it is asked for twice.
pub fn quits(key: KeyEvent, face: &mut Face, snapshot: &Snapshot, control: &Sender<Message>) -> bool {
    let asked = std::mem::take(&mut face.asks);
    if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
        return true;
    }
    if face.typing {
        filter(key.code, face);
        return false;
    }
    // The player may have stopped by itself.
    let tell = |message: Message| drop(control.send(message));
    match key.code {
        KeyCode::Char('q') => {
            face.asks = snapshot.recording.is_some() && !asked;
            return !face.asks;
        }
        KeyCode::Char('r') => tell(Message::Record),
        KeyCode::Char('b') => tell(Message::Grid),
        KeyCode::Char('f') => tell(Message::Fade),
        KeyCode::Char('w') => {
            let module = if face.view == View::Patch { patch::chosen(snapshot, face) } else { None };
            match module {
                Some(module) => tell(Message::Watch(module.to_string())),
                // What to watch is chosen among the modules.
                None => (face.view, face.help) = (View::Patch, false),
            }
        }
        KeyCode::Char('/') => (face.view, face.help, face.typing) = (View::Patch, false, true),
        KeyCode::Char('?') => face.help = !face.help,
        KeyCode::Esc => {
            face.help = false;
            face.filter.clear();
        }
        KeyCode::Tab => face.view = face.view.next(),
        KeyCode::BackTab => face.view = face.view.previous(),
        KeyCode::Char(digit) => {
            if let Some(view) = digit.to_digit(10).and_then(|d| View::ALL.get((d as usize).checked_sub(1)?)) {
                face.view = *view;
                face.help = false;
            }
        }
        KeyCode::Up | KeyCode::Left => step(face, snapshot, -1),
        KeyCode::Down | KeyCode::Right => step(face, snapshot, 1),
        KeyCode::PageUp => step(face, snapshot, -10),
        KeyCode::PageDown => step(face, snapshot, 10),
        _ => {}
    }
    false
}

/// What is typed after `/`.
fn filter(code: KeyCode, face: &mut Face) {
    match code {
        KeyCode::Esc => {
            face.filter.clear();
            face.typing = false;
        }
        KeyCode::Enter => face.typing = false,
        KeyCode::Backspace => drop(face.filter.pop()),
        KeyCode::Char(c) => face.filter.push(c),
        _ => {}
    }
    face.chosen = 0;
}

/// Arrow keys: on by so many.
fn step(face: &mut Face, snapshot: &Snapshot, by: isize) {
    let to = |now: usize, count: usize| {
        now.min(count.saturating_sub(1)).saturating_add_signed(by).min(count.saturating_sub(1))
    };
    match face.view {
        View::Mix => {}
        View::Scope | View::Spectrum => face.source = to(face.source, snapshot.watched.len() + 1),
        View::Patch => face.chosen = to(face.chosen, patch::shown(snapshot, &face.filter).len()),
        View::Text => face.scroll = to(face.scroll, snapshot.text.lines().count()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::draw::Shape;
    use super::*;
    use patches_engine::host::About;
    use std::path::Path;
    use std::sync::mpsc::channel;

    #[test]
    fn a_take_that_is_running_is_asked_for_before_the_end() {
        let (control, messages) = channel();
        let shape = Shape { utf8: true, colour: true };
        let mut face = Face::new(shape);
        let about = About { backend: "clock".into(), device: "clock".into(), rate: 48_000, frames: 256, channels: 2 };
        let mut snapshot = Snapshot::new(Path::new("a.patches"), about);
        let mut press =
            |key, snapshot: &Snapshot| quits(KeyEvent::from(KeyCode::Char(key)), &mut face, snapshot, &control);
        assert!(press('q', &snapshot), "nothing is recorded");
        assert!(!press('r', &snapshot) && matches!(messages.try_recv(), Ok(Message::Record)));
        let record = |state| crate::event::Event::Record { state, file: "a-take.wav".into(), why: None };
        snapshot.event(&record("started"));
        assert!(!press('q', &snapshot) && press('q', &snapshot), "the second time it is meant");
        assert!(!press('q', &snapshot) && !press('2', &snapshot) && !press('q', &snapshot), "another key goes on");
        snapshot.event(&record("stopped"));
        assert!(press('q', &snapshot));
    }
}
