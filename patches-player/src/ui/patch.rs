//! The modules: what there is, what it costs, what is watched. One is chosen with the arrow keys.

use super::draw::{Face, Shape};
use super::snapshot::Snapshot;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

/// The modules that the filter lets through, by index.
pub fn shown(snapshot: &Snapshot, filter: &str) -> Vec<usize> {
    let wanted = filter.to_lowercase();
    let fits = |path: &str, kind: &str| path.to_lowercase().contains(&wanted) || kind.to_lowercase().contains(&wanted);
    let modules = snapshot.modules.iter().enumerate();
    modules.filter(|(_, (path, kind, _))| fits(path, kind)).map(|(index, _)| index).collect()
}

/// The path of the module that is chosen.
pub fn chosen<'a>(snapshot: &'a Snapshot, face: &Face) -> Option<&'a str> {
    let shown = shown(snapshot, &face.filter);
    let index = shown.get(face.chosen.min(shown.len().saturating_sub(1)))?;
    snapshot.modules.get(*index).map(|(path, ..)| path.as_str())
}

/// Draws them; without a face none is chosen and none left out.
pub fn patch(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, shape: Shape, face: Option<&Face>) {
    let filter = face.map_or("", |face| face.filter.as_str());
    let list = shown(snapshot, filter);
    let (count, all) = (list.len(), snapshot.modules.len());
    let mut title = format!("patch: {all} module{}", if all == 1 { "" } else { "s" });
    if face.is_some_and(|face| face.typing) || !filter.is_empty() {
        title = format!(
            "{title}, {count} with `{}{}`",
            shape.clean(filter),
            if face.is_some_and(|f| f.typing) { "_" } else { "" }
        );
    }
    let block = shape.block(&title);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let rows = usize::from(inner.height);
    let chosen = face.map(|face| face.chosen.min(count.saturating_sub(1)));
    // The chosen one stays in view; a line is kept to tell of more.
    let room = if count > rows { rows.saturating_sub(1) } else { rows };
    let first = chosen.map_or(0, |chosen| (chosen + 1).saturating_sub(room.max(1)));
    let name_width = usize::from(inner.width).saturating_sub(26).max(8);
    let mut lines: Vec<Line<'_>> = Vec::new();
    for (row, &index) in list.iter().enumerate().skip(first).take(room) {
        let (path, kind, load) = &snapshot.modules[index];
        let watched = snapshot.watched.iter().any(|watched| watched.module == *path);
        let style = if chosen == Some(row) { Style::new().add_modifier(Modifier::REVERSED) } else { Style::new() };
        let held = &snapshot.held;
        let covers = |names: &[String]| {
            let within = |name: &String| path.strip_prefix(name.as_str());
            names.iter().any(|name| within(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '['])))
        };
        let mark = match (covers(&held.mute), covers(&held.solo)) {
            (true, _) => "M ",
            (_, true) => "S ",
            _ => "  ",
        };
        lines.push(Line::from(vec![
            Span::styled(mark, shape.tint(Color::Red)),
            Span::styled(if watched { shape.pick("◉ ", "w ") } else { "  " }, shape.tint(Color::Yellow)),
            Span::styled(format!("{:name_width$} ", cut(&shape.clean(path), name_width)), style),
            Span::styled(format!("{:12} ", cut(kind, 12)), shape.tint(Color::Cyan)),
            Span::raw(format!("{:5.2} %", load * 100.0)),
        ]));
    }
    let below = count.saturating_sub(first + room);
    if count > rows {
        let more = if first > 0 { format!("{first} above, {below} below") } else { format!("and {below} more") };
        lines.push(Line::styled(more, Style::new().add_modifier(Modifier::ITALIC)));
    }
    frame.render_widget(Paragraph::new(lines), inner);
}

/// At most so many characters.
fn cut(text: &str, width: usize) -> String {
    text.chars().take(width).collect()
}
