//! The sequencers: their rows, with the step that plays marked.

use super::draw::{Face, Shape};
use super::snapshot::Snapshot;
use crate::play::Sequence;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

/// Cells of a row.
const CELL: usize = 5;

/// How many lines there are.
pub fn count(snapshot: &Snapshot) -> usize {
    snapshot.sequences.iter().map(|sequence| sequence.rows.len()).sum()
}

/// Draws them, from the row that the arrow keys have come to.
pub fn steps(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, shape: Shape, face: &Face) {
    let block = shape.block("steps");
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let name_width = usize::from(inner.width / 4).clamp(8, 24);
    let room = (usize::from(inner.width).saturating_sub(name_width + 1) / CELL).max(1);
    let rows = snapshot.sequences.iter().flat_map(|sequence| (0..sequence.rows.len()).map(move |row| (sequence, row)));
    let height = usize::from(inner.height);
    let first = face.scroll.min(count(snapshot).saturating_sub(height));
    let row = |(sequence, row): (&Sequence, usize)| line(snapshot, sequence, row, (name_width, room), shape);
    let mut lines: Vec<Line<'_>> = rows.skip(first).take(height).map(row).collect();
    if lines.is_empty() {
        lines.push(Line::raw("No sequencer plays: `seq = Steps { pattern: line }` is one."));
    }
    frame.render_widget(Paragraph::new(lines), inner);
}

fn line(
    snapshot: &Snapshot,
    sequence: &Sequence,
    row: usize,
    (name_width, room): (usize, usize),
    shape: Shape,
) -> Line<'static> {
    let (name, words) = &sequence.rows[row];
    let label = match sequence.rows.len() {
        1 => sequence.module.to_string(),
        _ => format!("{} {name}", sequence.module),
    };
    let head = snapshot.heads.get(&(sequence.module.clone(), row)).copied().filter(|step| *step >= 0.0);
    let head = head.map(|step| step as usize);
    // Pages, so that the eye has something to hold on to.
    let from = head.map_or(0, |step| step / room * room);
    let cut = |text: &str, width: usize| shape.clean(text).chars().take(width).collect::<String>();
    let mut spans = vec![Span::styled(
        format!("{:name_width$} ", cut(&label, name_width)),
        Style::new().add_modifier(Modifier::BOLD),
    )];
    for (index, word) in words.iter().enumerate().skip(from).take(room) {
        let here = head == Some(index);
        let style = match (here, word.as_str()) {
            (true, _) => Style::new().add_modifier(Modifier::REVERSED),
            (false, "." | "-" | "~") => shape.tint(Color::DarkGray),
            (false, _) if index.is_multiple_of(4) => shape.tint(Color::Yellow),
            (false, _) => shape.tint(Color::Cyan),
        };
        // Not by colour or reversal alone.
        let mark = if here { ">" } else { " " };
        spans.push(Span::styled(format!("{mark}{:width$}", cut(word, CELL - 1), width = CELL - 1), style));
    }
    Line::from(spans)
}
