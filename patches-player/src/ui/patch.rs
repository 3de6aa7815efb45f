//! The modules: what there is, what it costs, what is watched, how old its state is. One is chosen with
//! the arrow keys; those of a template instance can be one line.

use super::draw::{Face, Shape};
use super::snapshot::Snapshot;
use patches_engine::desk::covers;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// A module, by index.
    Module(usize),
    /// A template instance that is folded, with its modules.
    Folded(String, Vec<usize>),
}

/// The lines: modules that the filter lets through, those of a folded instance as one.
pub fn rows(snapshot: &Snapshot, filter: &str, folded: &BTreeSet<String>) -> Vec<Row> {
    let wanted = filter.to_lowercase();
    let fits = |path: &str, kind: &str| path.to_lowercase().contains(&wanted) || kind.to_lowercase().contains(&wanted);
    let mut rows: Vec<Row> = Vec::new();
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, (path, kind, _)) in snapshot.modules.iter().enumerate() {
        if !fits(path, kind) {
            continue;
        }
        // The outermost counts: those in it are not seen.
        let Some(name) = path.match_indices('/').map(|(at, _)| &path[..at]).find(|name| folded.contains(*name)) else {
            rows.push(Row::Module(index));
            continue;
        };
        match lines.get(name).and_then(|line| rows.get_mut(*line)) {
            Some(Row::Folded(_, modules)) => modules.push(index),
            _ => {
                lines.insert(name, rows.len());
                rows.push(Row::Folded(name.into(), vec![index]));
            }
        }
    }
    rows
}

/// The line that is chosen.
fn row(snapshot: &Snapshot, face: &Face) -> Option<Row> {
    let mut rows = rows(snapshot, &face.filter, &face.folded);
    let last = rows.len().checked_sub(1)?;
    Some(rows.swap_remove(face.chosen.min(last)))
}

/// What a line is called: the path of its module, or its instance.
fn name(snapshot: &Snapshot, row: &Row) -> String {
    match row {
        Row::Module(index) => snapshot.modules[*index].0.clone(),
        Row::Folded(name, _) => name.clone(),
    }
}

/// The path of the module or template instance that is chosen.
pub fn chosen(snapshot: &Snapshot, face: &Face) -> Option<String> {
    row(snapshot, face).map(|row| name(snapshot, &row))
}

/// Makes one line of the instance that what is chosen is in.
pub fn fold(snapshot: &Snapshot, face: &mut Face) {
    let chosen = chosen(snapshot, face);
    let Some((instance, _)) = chosen.as_deref().and_then(|path| path.rsplit_once('/')) else { return };
    face.folded.insert(instance.into());
    let rows = rows(snapshot, &face.filter, &face.folded);
    face.chosen = rows.iter().position(|row| name(snapshot, row) == instance).unwrap_or(face.chosen);
}

/// Lists the modules of the instance that is chosen.
pub fn unfold(snapshot: &Snapshot, face: &mut Face) {
    if let Some(Row::Folded(name, _)) = row(snapshot, face) {
        face.folded.remove(&name);
    }
}

/// What the module that is chosen can do.
pub fn page(snapshot: &Snapshot, face: &Face) -> Option<Arc<str>> {
    let Some(Row::Module(index)) = row(snapshot, face) else { return None };
    let library = patches_modules::library();
    library.find(snapshot.modules[index].1).map(|spec| crate::listing::page(spec).into())
}

/// How long the state of a module has lasted, in few letters.
fn age(snapshot: &Snapshot, path: &str) -> String {
    let Some(born) = snapshot.born.get(path) else { return String::new() };
    let seconds = snapshot.at.saturating_sub(*born) / u64::from(snapshot.about.rate.max(1));
    match seconds {
        0..100 => format!("{seconds} s"),
        100..6000 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}

/// Draws them; without a face none is chosen and none left out.
pub fn patch(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, shape: Shape, face: Option<&Face>) {
    let filter = face.map_or("", |face| face.filter.as_str());
    let none = BTreeSet::new();
    let list = rows(snapshot, filter, face.map_or(&none, |face| &face.folded));
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
    // Where there is little room, no ages.
    let ages = inner.width >= 46;
    let name_width = usize::from(inner.width).saturating_sub(if ages { 34 } else { 26 }).max(8);
    let mut lines: Vec<Line<'_>> = Vec::new();
    for (row, line) in list.iter().enumerate().skip(first).take(room) {
        let path = &name(snapshot, line);
        let (kind, load, age, label) = match line {
            Row::Module(index) => {
                let (_, kind, load) = snapshot.modules[*index];
                (kind.to_string(), load, age(snapshot, path), path.clone())
            }
            Row::Folded(name, modules) => {
                let load = modules.iter().map(|index| snapshot.modules[*index].2).sum();
                let label = format!("{} {name}", shape.pick("▸", "+"));
                let plural = if modules.len() == 1 { "" } else { "s" };
                (format!("{} module{plural}", modules.len()), load, String::new(), label)
            }
        };
        let watched = snapshot.watched.iter().any(|watched| watched.module == *path);
        let style = if chosen == Some(row) { Style::new().add_modifier(Modifier::REVERSED) } else { Style::new() };
        let held = &snapshot.held;
        let one_of = |names: &[String]| names.iter().any(|name| covers(name, path));
        let mark = match (one_of(&held.mute), one_of(&held.solo)) {
            (true, _) => "M ",
            (_, true) => "S ",
            _ => "  ",
        };
        lines.push(Line::from(vec![
            Span::styled(mark, shape.tint(Color::Red)),
            Span::styled(if watched { shape.pick("◉ ", "w ") } else { "  " }, shape.tint(Color::Yellow)),
            Span::styled(format!("{:name_width$} ", cut(&shape.clean(&label), name_width)), style),
            Span::styled(format!("{:12} ", cut(&kind, 12)), shape.tint(Color::Cyan)),
            Span::raw(format!("{:5.2} %", load * 100.0)),
            Span::styled(if ages { format!(" {age:>7}") } else { String::new() }, shape.tint(Color::DarkGray)),
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
