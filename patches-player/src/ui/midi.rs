//! MIDI: the ports, the keys that are down, the last messages.

use super::draw::Shape;
use super::snapshot::Snapshot;
use patches_core::score::StepValue;
use patches_engine::midi::Message;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

/// A message for people: channels from 1, keys as notes (60 is C4).
pub fn words(message: Message) -> String {
    let bytes = message.bytes();
    let (status, one, two) = (bytes[0], bytes[1], bytes.get(2).copied().unwrap_or(0));
    let said = match status >> 4 {
        8 => format!("{} off", key(one)),
        9 if two == 0 => format!("{} off", key(one)),
        9 => format!("{} on, velocity {two}", key(one)),
        10 => format!("{} pressure {two}", key(one)),
        11 if one == 120 => "all sound off".into(),
        11 if one >= 123 => "all notes off".into(),
        11 => format!("controller {one} is {two}"),
        12 => format!("program {one}"),
        13 => format!("pressure {one}"),
        _ => format!("bend {}", (i32::from(two) << 7 | i32::from(one)) - 8192),
    };
    format!("channel {}, {said}", (status & 15) + 1)
}

fn key(key: u8) -> String {
    StepValue::Note(i32::from(key) - 12).to_string()
}

/// Draws them.
pub fn midi(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, shape: Shape) {
    let block = shape.block("midi");
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let mut lines: Vec<Line<'_>> = Vec::new();
    for (name, port) in &snapshot.ports {
        let down: Vec<String> = port.down.keys().map(|(_, number)| key(*number)).collect();
        let mark = if port.there { shape.pick("● ", "* ") } else { shape.pick("○ ", "o ") };
        lines.push(Line::from(vec![
            Span::styled(mark, shape.tint(if port.there { Color::Green } else { Color::DarkGray })),
            Span::styled(shape.clean(name), Style::new().add_modifier(Modifier::BOLD)),
            Span::raw(format!("  {} messages  {}", port.messages, down.join(" "))),
        ]));
    }
    if lines.is_empty() {
        lines.push(Line::raw("No MIDI port is open. One that is plugged in is found within a second."));
    }
    let room = usize::from(inner.height).saturating_sub(lines.len() + 1);
    if room > 0 && !snapshot.midi.is_empty() {
        lines.push(Line::raw(""));
        let last = snapshot.midi.len().saturating_sub(room);
        lines.extend(snapshot.midi.iter().skip(last).map(|message| Line::raw(shape.clean(message))));
    }
    frame.render_widget(Paragraph::new(lines), inner);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_said_as_players_say_them() {
        let said = |bytes: &[u8]| words(Message::new(bytes).expect("a message"));
        assert_eq!(said(&[0x90, 60, 100]), "channel 1, C4 on, velocity 100");
        assert_eq!(said(&[0x93, 69, 0]), "channel 4, A4 off");
        assert_eq!(said(&[0xb0, 74, 3]), "channel 1, controller 74 is 3");
        assert_eq!(said(&[0xe0, 0, 64]), "channel 1, bend 0");
        assert_eq!(said(&[0xc0, 5]), "channel 1, program 5");
    }
}
