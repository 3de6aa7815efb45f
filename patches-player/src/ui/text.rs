//! The text as it plays, with its lines numbered.

use super::draw::{Face, Shape};
use super::snapshot::Snapshot;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

/// Draws it, from the line that the arrow keys have come to.
pub fn text(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, shape: Shape, face: &Face) {
    let block = shape.block(&format!("text as it plays: {}", shape.clean(&snapshot.file)));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let lines: Vec<&str> = snapshot.text.lines().collect();
    let rows = usize::from(inner.height);
    let first = face.scroll.min(lines.len().saturating_sub(rows));
    let digits = lines.len().to_string().len();
    let shown = lines.iter().enumerate().skip(first).take(rows).map(|(number, line)| {
        let comment = line.trim_start().starts_with('#');
        Line::from(vec![
            Span::styled(format!("{:digits$} ", number + 1), shape.tint(Color::DarkGray)),
            Span::styled(shape.clean(line), if comment { shape.tint(Color::DarkGray) } else { Default::default() }),
        ])
    });
    frame.render_widget(Paragraph::new(shown.collect::<Vec<_>>()), inner);
}
