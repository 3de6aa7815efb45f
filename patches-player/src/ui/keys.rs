//! What keys do.

use super::draw::{Face, View};
use super::snapshot::Snapshot;
use super::{patch, steps};
use crate::play::Message;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::sync::mpsc::Sender;
use std::time::Instant;

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
        KeyCode::Char('k') => tell(Message::Keep(None)),
        KeyCode::Char('b') => tell(Message::Grid),
        KeyCode::Char('f') => tell(Message::Fade),
        KeyCode::Char('g') => tell(Message::Go),
        KeyCode::Char('u') => tell(Message::Undo),
        KeyCode::Char('U') => tell(Message::Redo),
        KeyCode::Char(' ') => tell(Message::Transport),
        KeyCode::Char('t') => tell(Message::Tap(Instant::now())),
        KeyCode::Char('!') => tell(Message::Panic),
        KeyCode::Char('m') => on_chosen(face, snapshot, control, Message::Mute),
        KeyCode::Char('s') => on_chosen(face, snapshot, control, Message::Solo),
        KeyCode::Char('x') => on_chosen(face, snapshot, control, Message::Reset),
        KeyCode::Char('w') => on_chosen(face, snapshot, control, Message::Watch),
        KeyCode::Char('/') => {
            look_at(face, View::Patch, control);
            face.typing = true;
        }
        KeyCode::Char('?') if face.page.is_some() => face.page = None,
        KeyCode::Char('?') if face.view == View::Patch && !face.help && patch::page(snapshot, face).is_some() => {
            (face.page, face.scroll) = (patch::page(snapshot, face), 0);
        }
        KeyCode::Char('?' | '8') => (face.help, face.page) = (!face.help, None),
        KeyCode::Esc => {
            (face.help, face.page) = (false, None);
            face.filter.clear();
        }
        KeyCode::Tab => look_at(face, face.view.next(), control),
        KeyCode::BackTab => look_at(face, face.view.previous(), control),
        KeyCode::Char(digit) => {
            if let Some(view) = digit.to_digit(10).and_then(|d| View::ALL.get((d as usize).checked_sub(1)?)) {
                look_at(face, *view, control);
            }
        }
        KeyCode::Left if face.view == View::Patch => patch::fold(snapshot, face),
        KeyCode::Right | KeyCode::Enter if face.view == View::Patch => patch::unfold(snapshot, face),
        KeyCode::Up | KeyCode::Left => step(face, snapshot, -1),
        KeyCode::Down | KeyCode::Right => step(face, snapshot, 1),
        KeyCode::PageUp => step(face, snapshot, -10),
        KeyCode::PageDown => step(face, snapshot, 10),
        _ => {}
    }
    false
}

/// Does something to the module that is chosen in the view of the patch; in another view that is where it takes one.
fn on_chosen(face: &mut Face, snapshot: &Snapshot, control: &Sender<Message>, what: fn(String) -> Message) {
    match patch::chosen(snapshot, face).filter(|_| face.view == View::Patch) {
        Some(module) => drop(control.send(what(module.to_string()))),
        None => look_at(face, View::Patch, control),
    }
}

/// Another view. Where sequencers are is watched only while somebody looks.
fn look_at(face: &mut Face, view: View, control: &Sender<Message>) {
    if (face.view == View::Steps) != (view == View::Steps) {
        drop(control.send(Message::Steps(view == View::Steps)));
    }
    (face.view, face.help, face.page, face.scroll) = (view, false, None, 0);
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
    if let Some(page) = &face.page {
        face.scroll = to(face.scroll, page.lines().count());
        return;
    }
    match face.view {
        View::Mix | View::Midi => {}
        View::Steps => face.scroll = to(face.scroll, steps::count(snapshot)),
        View::Scope | View::Spectrum => face.source = to(face.source, snapshot.watched.len() + 1),
        View::Patch => face.chosen = to(face.chosen, patch::rows(snapshot, &face.filter, &face.folded).len()),
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
    fn instances_fold_and_modules_tell_what_they_can_do() {
        let (control, messages) = channel();
        let mut face = Face::new(Shape { utf8: true, colour: true });
        let (backend, device) = ("clock".into(), "clock".into());
        let about = About { backend, device, rate: 48_000, bridged: None, frames: 256, channels: 2 };
        let mut snapshot = Snapshot::new(Path::new("a.patches"), about);
        let modules = [("a", "Osc"), ("b/v/env", "Adsr"), ("b/v/osc", "Osc"), ("b/x", "Svf"), ("c", "Vca")];
        snapshot.modules = modules.map(|(path, kind)| (path.into(), kind, 0.0)).to_vec();
        let mut press = |code| {
            quits(KeyEvent::from(code), &mut face, &snapshot, &control);
            (patch::chosen(&snapshot, &face).unwrap_or_default(), face.page.clone(), face.help)
        };
        let chosen = |pressed: (String, Option<std::sync::Arc<str>>, bool)| pressed.0;
        press(KeyCode::Char('4'));
        press(KeyCode::Down);
        assert_eq!(chosen(press(KeyCode::Down)), "b/v/osc");
        let (_, page, help) = press(KeyCode::Char('?'));
        assert!(page.is_some_and(|page| page.starts_with("Osc  ") && page.contains("pulse_width")) && !help);
        press(KeyCode::Down);
        let (name, page, _) = press(KeyCode::Char('?'));
        assert_eq!((name.as_str(), page), ("b/v/osc", None), "arrows turn the page, and nothing else");
        assert_eq!(chosen(press(KeyCode::Left)), "b/v");
        assert_eq!(chosen(press(KeyCode::Down)), "b/x", "two are one line");
        assert_eq!(chosen(press(KeyCode::Left)), "b", "all of it");
        assert_eq!(chosen(press(KeyCode::Down)), "c");
        assert_eq!(chosen(press(KeyCode::Up)), "b");
        assert!(press(KeyCode::Char('?')).2, "an instance is no module: the general help");
        press(KeyCode::Esc);
        press(KeyCode::Char('m'));
        assert!(messages.try_iter().any(|message| matches!(message, Message::Mute(name) if name == "b")));
        assert_eq!(chosen(press(KeyCode::Enter)), "b/v", "what was folded in it is so still");
        assert_eq!(chosen(press(KeyCode::Right)), "b/v/env");
    }

    #[test]
    fn a_take_that_is_running_is_asked_for_before_the_end() {
        let (control, messages) = channel();
        let shape = Shape { utf8: true, colour: true };
        let mut face = Face::new(shape);
        let (backend, device) = ("clock".into(), "clock".into());
        let about = About { backend, device, rate: 48_000, bridged: None, frames: 256, channels: 2 };
        let mut snapshot = Snapshot::new(Path::new("a.patches"), about);
        let mut press =
            |key, snapshot: &Snapshot| quits(KeyEvent::from(KeyCode::Char(key)), &mut face, snapshot, &control);
        assert!(press('q', &snapshot), "nothing is recorded");
        assert!(!press('r', &snapshot) && matches!(messages.try_recv(), Ok(Message::Record)));
        assert!(!press('k', &snapshot) && matches!(messages.try_recv(), Ok(Message::Keep(None))));
        let record = |state| crate::event::Event::Record { state, file: "a-take.wav".into(), seconds: None, why: None };
        snapshot.event(&record("started"));
        assert!(!press('q', &snapshot) && press('q', &snapshot), "the second time it is meant");
        assert!(!press('q', &snapshot) && !press('2', &snapshot) && !press('q', &snapshot), "another key goes on");
        snapshot.event(&record("stopped"));
        assert!(press('q', &snapshot));
    }
}
