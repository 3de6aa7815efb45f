//! From a snapshot to the screen: a function of the two, nothing else.

use super::snapshot::{Saved, Snapshot};
use super::{midi, patch, spectrum, steps, text, views};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, Borders, Clear, Paragraph};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// The smallest screen that shows everything.
const SMALLEST: (u16, u16) = (60, 16);

/// What the main area shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    Mix,
    Scope,
    Spectrum,
    Patch,
    Steps,
    Text,
    Midi,
}

impl View {
    /// In the order of their keys.
    pub const ALL: [View; 7] =
        [View::Mix, View::Scope, View::Spectrum, View::Patch, View::Steps, View::Text, View::Midi];

    fn name(self) -> &'static str {
        match self {
            View::Mix => "mix",
            View::Scope => "scope",
            View::Spectrum => "spectrum",
            View::Patch => "patch",
            View::Steps => "steps",
            View::Text => "text",
            View::Midi => "midi",
        }
    }

    fn turn(self, by: usize) -> View {
        let here = View::ALL.iter().position(|view| *view == self).unwrap_or(0);
        View::ALL[(here + by) % View::ALL.len()]
    }

    /// The one after it.
    pub fn next(self) -> View {
        self.turn(1)
    }

    /// The one before it.
    pub fn previous(self) -> View {
        self.turn(View::ALL.len() - 1)
    }
}

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// More than ASCII.
    pub utf8: bool,
    /// Colours.
    pub colour: bool,
}

impl Shape {
    /// A style in this colour, where there are colours.
    pub fn tint(self, colour: Color) -> Style {
        if self.colour { Style::new().fg(colour) } else { Style::new() }
    }

    /// One of two spellings.
    pub fn pick<T>(self, utf8: T, ascii: T) -> T {
        if self.utf8 { utf8 } else { ascii }
    }

    /// A box with a line above and a title.
    pub fn block(self, title: &str) -> Block<'static> {
        let ascii = border::Set { horizontal_top: "-", horizontal_bottom: "-", ..border::PLAIN };
        Block::new()
            .borders(Borders::TOP)
            .border_set(self.pick(border::PLAIN, ascii))
            .border_style(self.tint(Color::DarkGray))
            .title(Span::styled(format!(" {title} "), Style::new().add_modifier(Modifier::BOLD)))
    }

    /// Text with nothing that would move the cursor, and only ASCII where that is all there is.
    pub fn clean(self, text: &str) -> String {
        text.replace('\t', "    ")
            .replace('→', self.pick("→", "->"))
            .chars()
            .map(|c| if c.is_control() || (!self.utf8 && !c.is_ascii()) { '?' } else { c })
            .collect()
    }
}

/// What the person at the keys has chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Face {
    pub view: View,
    pub help: bool,
    /// `q` was typed while a take is running.
    pub asks: bool,
    pub shape: Shape,
    /// What scope and spectrum show: 0 the master, then the probes.
    pub source: usize,
    /// Which module is chosen, among those that the filter lets through.
    pub chosen: usize,
    /// Only modules with this in their name or type are shown.
    pub filter: String,
    /// What is typed goes to the filter.
    pub typing: bool,
    /// First line of the text that is shown.
    pub scroll: usize,
    /// Template instances whose modules are one line.
    pub folded: BTreeSet<String>,
    /// What a module can do, shown in place of the view.
    pub page: Option<Arc<str>>,
}

impl Face {
    /// At first.
    pub fn new(shape: Shape) -> Face {
        let (view, filter) = (View::Mix, String::new());
        Face {
            view,
            help: false,
            asks: false,
            shape,
            source: 0,
            chosen: 0,
            filter,
            typing: false,
            scroll: 0,
            folded: BTreeSet::new(),
            page: None,
        }
    }
}

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, snapshot: &Snapshot, face: &Face) {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        let text = format!("{} - at least {} x {}", headline(snapshot), SMALLEST.0, SMALLEST.1);
        frame.render_widget(Paragraph::new(face.shape.clean(&text)), area);
        return;
    }
    let shape = face.shape;
    let fault_lines = snapshot.fault.as_ref().map_or(0, |fault| fault.trim_end().lines().count() as u16 + 1);
    // The header, the keys, two lines of log and three of the view stay.
    let fault_height = fault_lines.min(area.height - 8);
    let log_height = if area.height >= 30 { 8 } else { 4 };
    let main_least = if fault_height > 0 { 3 } else { 6 };
    let [header, main, fault, log, keys] = Layout::vertical([
        Constraint::Length(2),
        Constraint::Min(main_least),
        Constraint::Length(fault_height),
        Constraint::Length(if fault_height > 0 && area.height < 24 { 2 } else { log_height }),
        Constraint::Length(1),
    ])
    .areas(area);
    draw_header(frame, header, snapshot, shape);
    if face.help {
        draw_help(frame, main, shape);
    } else if let Some(page) = &face.page {
        draw_page(frame, main, page, face);
    } else {
        match face.view {
            View::Mix => views::mix(frame, main, snapshot, shape),
            View::Scope => {
                let (label, wave) = source(snapshot, face);
                views::scope(frame, main, label, wave, shape);
            }
            View::Spectrum => {
                let (label, wave) = source(snapshot, face);
                let wave: Vec<f32> = wave.iter().copied().collect();
                spectrum::spectrum(frame, main, label, &wave, snapshot.about.rate, shape);
            }
            View::Patch => patch::patch(frame, main, snapshot, shape, Some(face)),
            View::Steps => steps::steps(frame, main, snapshot, shape, face),
            View::Midi => midi::midi(frame, main, snapshot, shape),
            View::Text => text::text(frame, main, snapshot, shape, face),
        }
    }
    draw_fault(frame, fault, snapshot, shape);
    draw_log(frame, log, snapshot, shape);
    draw_keys(frame, keys, face, snapshot);
}

/// What scope and spectrum show: the master, or one of the probes.
fn source<'a>(snapshot: &'a Snapshot, face: &Face) -> (&'a str, &'a VecDeque<f32>) {
    let probe = face.source.checked_sub(1).and_then(|probe| snapshot.watched.get(probe));
    probe.map_or(("master", &snapshot.scope), |watched| (&watched.label, &watched.wave))
}

/// The state of the last save in words.
fn headline(snapshot: &Snapshot) -> String {
    let state = match snapshot.saved {
        Saved::Waiting => "waiting for a patch without faults".to_string(),
        Saved::Playing(save) => format!("save {save} plays"),
        Saved::Refused(save) => format!("save {save} has faults"),
    };
    let file = snapshot.held.file.map_or(String::new(), |save| format!(" again; the file has save {save}"));
    let waits = snapshot.waiting.map_or(String::new(), |seconds| format!("; the next in {seconds:.1} s"));
    format!("{}  {state}{file}{waits}", snapshot.file)
}

fn draw_header(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, shape: Shape) {
    let [first, second] = Layout::vertical([Constraint::Length(1); 2]).areas(area);
    let (mark, colour) = match snapshot.saved {
        Saved::Waiting => (shape.pick("○", "o"), Color::Yellow),
        Saved::Playing(_) => (shape.pick("●", "*"), Color::Green),
        Saved::Refused(_) => (shape.pick("✗", "x"), Color::Red),
    };
    let about = &snapshot.about;
    let device = if about.backend == "clock" {
        "no device, on a clock".to_string()
    } else {
        format!("{} {}", about.backend, about.device)
    };
    let own = about.bridged.map(|own| format!(" (the device {own})")).unwrap_or_default();
    let right = shape.clean(&format!("{device}  {} Hz{own}  {} frames", about.rate, about.frames));
    let left = shape.clean(&headline(snapshot));
    let room = usize::from(area.width).saturating_sub(left.chars().count() + 4);
    let right: String = right.chars().take(room).collect();
    let [left_area, right_area] =
        Layout::horizontal([Constraint::Min(1), Constraint::Length(right.chars().count() as u16)]).areas(first);
    let title = Line::from(vec![
        Span::styled(format!("{mark} "), shape.tint(colour)),
        Span::styled(left, Style::new().add_modifier(Modifier::BOLD)),
    ]);
    frame.render_widget(Paragraph::new(title), left_area);
    frame.render_widget(Paragraph::new(right).style(shape.tint(Color::DarkGray)), right_area);
    let xruns = Span::styled(
        format!("xruns {}", snapshot.xruns),
        if snapshot.xruns > 0 { shape.tint(Color::Yellow) } else { Style::new() },
    );
    let mark = shape.pick("●", "*");
    let recording = snapshot.recording.as_ref().map(|file| format!("   {mark} rec {}", shape.clean(file)));
    let recording = recording.unwrap_or_default();
    let stands = if snapshot.held.stopped { " (stands still)" } else { "" };
    let facts = Line::from(vec![
        Span::raw(format!(
            "  bar {}:{}{stands}   tempo {:.1}   load {:.0} % (max {:.0})   ",
            snapshot.bar,
            snapshot.beat,
            snapshot.tempo,
            snapshot.load * 100.0,
            snapshot.load_max * 100.0
        )),
        xruns,
        Span::styled(recording, shape.tint(Color::Red).add_modifier(Modifier::BOLD)),
        Span::styled(format!("   {}", snapshot.landing), shape.tint(Color::DarkGray)),
    ]);
    frame.render_widget(Paragraph::new(facts), second);
}

fn draw_fault(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, shape: Shape) {
    let Some(fault) = &snapshot.fault else { return };
    let lines: Vec<Line<'_>> = fault
        .trim_end()
        .lines()
        .map(|line| {
            let style = if line.starts_with("error") {
                shape.tint(Color::Red).add_modifier(Modifier::BOLD)
            } else {
                Style::new()
            };
            Line::styled(shape.clean(line), style)
        })
        .collect();
    let block = shape.block("faults: the sound plays on").border_style(shape.tint(Color::Red));
    frame.render_widget(Paragraph::new(Text::from(lines)).block(block), area);
}

fn draw_log(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, shape: Shape) {
    let rows = usize::from(area.height.saturating_sub(1));
    // The last entries that may be needed, broken where the screen ends.
    let recent = snapshot.log.iter().skip(snapshot.log.len().saturating_sub(rows));
    let lines: Vec<String> = recent
        .flat_map(|entry| entry.lines())
        .flat_map(|line| broken(&shape.clean(line), usize::from(area.width)))
        .collect();
    let last = &lines[lines.len().saturating_sub(rows)..];
    let text: Vec<Line<'_>> = last.iter().map(|line| Line::raw(line.as_str())).collect();
    frame.render_widget(Paragraph::new(text).block(shape.block("log")), area);
}

/// A line in pieces of so many characters, those after the first set in.
fn broken(line: &str, width: usize) -> Vec<String> {
    const IN: usize = 2;
    let all: Vec<char> = line.chars().collect();
    if all.len() <= width || width <= 2 * IN {
        return vec![line.to_string()];
    }
    let (first, rest) = all.split_at(width);
    let rest = rest.chunks(width - IN).map(|piece| " ".repeat(IN) + &piece.iter().collect::<String>());
    std::iter::once(first.iter().collect()).chain(rest).collect()
}

fn draw_keys(frame: &mut Frame<'_>, area: Rect, face: &Face, snapshot: &Snapshot) {
    if face.asks && snapshot.recording.is_some() {
        let text = " recording: q again ends the take and stops, any other key goes on";
        let style = face.shape.tint(Color::Red).add_modifier(Modifier::BOLD);
        return frame.render_widget(Paragraph::new(text).style(style), area);
    }
    let mut spans = Vec::new();
    for (i, view) in View::ALL.iter().enumerate() {
        let mut style = Style::new();
        if *view == face.view && !face.help {
            style = style.add_modifier(Modifier::REVERSED);
        }
        let name: String = view.name().chars().take(if area.width < 80 { 4 } else { 8 }).collect();
        spans.push(Span::styled(format!(" {} {name}", i + 1), style));
        spans.push(Span::raw(if area.width < 80 { "" } else { " " }));
    }
    spans.push(Span::raw(match area.width {
        ..80 => "  ? help",
        80..110 => " ? help q quit",
        _ => "  m mute   u undo   r record   k keep   ? help   q quit",
    }));
    frame.render_widget(Paragraph::new(Line::from(spans)), area);
}

fn draw_help(frame: &mut Frame<'_>, area: Rect, shape: Shape) {
    let lines = [
        "Edit the patch in your editor and save: you hear it at once.",
        "A save with faults changes nothing, and says why below.",
        "",
        "1 mix   2 scope   3 spectrum   4 patch   5 steps   6 text   7 midi   8 or ? this help   Tab the next view",
        "u U undo and redo the sound, never the file   b when saves are heard   f how long they fade",
        "g plays a save that was held for its load   Space stops and starts the transport   t tap the tempo   ! panic   q quit",
        "r begins a take and ends it   k keeps what was played last, half an hour if nothing else was asked for",
        "In patch, arrows choose a module: m mutes, s plays it solo, x starts it over, w watches it, ? tells what it",
        "can do. Left folds the template instance that it is in, Right unfolds. / filters.",
        "In scope and spectrum arrows change what is shown.",
        "",
        "In another terminal:  patches modules Osc   what a module can do",
        "                      patches replay DIR -o OUT.wav   this session as a file",
    ];
    frame.render_widget(Clear, area);
    let text: Vec<Line<'_>> = lines.iter().map(|line| Line::raw(*line)).collect();
    frame.render_widget(Paragraph::new(text).block(shape.block("help")), area);
}

/// What a module can do, as `patches modules NAME` tells it.
fn draw_page(frame: &mut Frame<'_>, area: Rect, page: &str, face: &Face) {
    let (title, rest) = page.split_once('\n').unwrap_or((page, ""));
    let block = face.shape.block(&face.shape.clean(title));
    let rows = usize::from(block.inner(area).height);
    let lines: Vec<&str> = rest.trim_end().lines().skip_while(|line| line.is_empty()).collect();
    let first = face.scroll.min(lines.len().saturating_sub(rows));
    let text: Vec<Line<'_>> = lines[first..].iter().map(|line| Line::raw(face.shape.clean(line))).collect();
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(text).block(block), area);
}

#[cfg(test)]
mod tests;
