//! The views of the main area.

use super::draw::Shape;
use super::patch::patch;
use super::snapshot::{Level, Snapshot};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Color;
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use ratatui::widgets::canvas::{Canvas, Line as Stroke};
use std::collections::VecDeque;

/// Lowest level that a meter shows, in decibels.
const FLOOR: f32 = -60.0;

/// Meters, with the scope and the modules beside them as far as there is room.
pub fn mix(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, shape: Shape) {
    // A line for each probe, as long as there is something else to see too.
    let probes = (snapshot.watched.len() as u16).min(area.height.saturating_sub(8));
    let height = (4 + probes + others(snapshot, area.width)).min(area.height);
    let [top, rest] = Layout::vertical([Constraint::Length(height), Constraint::Min(0)]).areas(area);
    meters(frame, top, snapshot, shape);
    if rest.height < 2 {
        return;
    }
    let [left, _, right] =
        Layout::horizontal([Constraint::Percentage(50), Constraint::Length(1), Constraint::Min(0)]).areas(rest);
    scope(frame, left, "master", &snapshot.scope, shape);
    patch(frame, right, snapshot, shape, None);
}

fn db(level: f32) -> f32 {
    if level > 0.0 { (20.0 * level.log10()).max(FLOOR) } else { FLOOR }
}

/// How many of so many cells a level fills.
fn cells(level: f32, width: usize) -> usize {
    let part = (db(level) - FLOOR) / -FLOOR;
    ((part * width as f32).round() as usize).min(width)
}

fn meters(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, shape: Shape) {
    let longest = snapshot.watched.iter().map(|watched| watched.label.chars().count()).max().unwrap_or(1).min(20);
    let width = usize::from(area.width).saturating_sub(13 + longest);
    let name = |name: &str| format!("{:longest$}", shape.clean(name).chars().take(longest).collect::<String>());
    let mut lines: Vec<Line<'_>> =
        ["L", "R"].iter().zip(&snapshot.levels).map(|(side, level)| meter(&name(side), level, width, shape)).collect();
    lines.extend(small_meters(snapshot, area.width, shape));
    lines.extend(snapshot.watched.iter().map(|watched| meter(&name(&watched.label), &watched.level, width, shape)));
    lines.push(if snapshot.limiter_db < 0.0 {
        Line::styled(format!("  limiter {:.1} dB", snapshot.limiter_db), shape.tint(Color::Yellow))
    } else {
        Line::raw("  limiter idle")
    });
    frame.render_widget(Paragraph::new(lines).block(shape.block("master")), area);
}

/// Cells of a small meter's bar.
const SMALL: usize = 8;
/// And all of it: its number, the bar, the level, and what stands between.
const SMALL_ALL: u16 = 22;

/// How many small meters stand in a line.
fn small_columns(width: u16) -> usize {
    usize::from((width / SMALL_ALL).max(1))
}

/// Lines of the channels beyond the first two.
fn others(snapshot: &Snapshot, width: u16) -> u16 {
    snapshot.levels.len().saturating_sub(2).div_ceil(small_columns(width)) as u16
}

/// The channels beyond the first two, by their numbers, side by side.
fn small_meters(snapshot: &Snapshot, width: u16, shape: Shape) -> Vec<Line<'static>> {
    let all: Vec<(usize, &Level)> = snapshot.levels.iter().enumerate().skip(2).collect();
    let line = |some: &[(usize, &Level)]| {
        let meters = some.iter().map(|(channel, level)| meter(&format!("{channel:>2}"), level, SMALL, shape));
        let spans = meters.flat_map(|meter| meter.spans.into_iter().chain([Span::raw(" ")]));
        Line::from(spans.collect::<Vec<_>>())
    };
    all.chunks(small_columns(width)).map(line).collect()
}

/// One bar with the held level as a mark and in numbers.
fn meter(name: &str, level: &Level, width: usize, shape: Shape) -> Line<'static> {
    let (full, empty, mark) = shape.pick(("█", "·", "│"), ("#", ".", "|"));
    let lit = cells(level.now, width);
    let held = cells(level.held, width);
    let mut spans = vec![Span::raw(format!("{name} "))];
    for cell in 0..width {
        let part = cell as f32 / width as f32;
        // The last 6 dB, and the 12 before them.
        let colour = if part > 0.9 {
            Color::Red
        } else if part > 0.7 {
            Color::Yellow
        } else {
            Color::Green
        };
        let (text, style) = if cell + 1 == held && held > lit {
            (mark, shape.tint(colour))
        } else if cell < lit {
            (full, shape.tint(colour))
        } else {
            (empty, shape.tint(Color::DarkGray))
        };
        spans.push(Span::styled(text, style));
    }
    let held = if level.held > 0.0 { format!(" {:6.1} dB", 20.0 * level.held.log10()) } else { "   silent".into() };
    spans.push(Span::raw(held));
    Line::from(spans)
}

/// The part of the signal to show: so many frames, from a rising edge through zero, so that the picture stands still.
fn window(scope: &VecDeque<f32>, frames: usize) -> Vec<f32> {
    let latest = scope.len().saturating_sub(frames);
    let rises = |i: usize| scope[i - 1] <= 0.0 && scope[i] > 0.0;
    let start = (1..latest).rev().find(|&i| rises(i)).unwrap_or(latest);
    scope.iter().skip(start).take(frames).map(|v| if v.is_finite() { v.clamp(-1.0, 1.0) } else { 0.0 }).collect()
}

/// A wave.
pub fn scope(frame: &mut Frame<'_>, area: Rect, label: &str, wave: &VecDeque<f32>, shape: Shape) {
    let block = shape.block(&format!("scope: {}", shape.clean(label)));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if inner.width == 0 || inner.height == 0 {
        return;
    }
    let wave = window(wave, usize::from(inner.width) * 8);
    if shape.utf8 {
        let step = 2.0 / wave.len().max(2) as f64;
        let canvas =
            Canvas::default().marker(Marker::Braille).x_bounds([-1.0, 1.0]).y_bounds([-1.0, 1.0]).paint(|cx| {
                for (i, pair) in wave.windows(2).enumerate() {
                    let x = -1.0 + i as f64 * step;
                    let colour = if shape.colour { Color::Cyan } else { Color::Reset };
                    cx.draw(&Stroke::new(x, f64::from(pair[0]), x + step, f64::from(pair[1]), colour));
                }
            });
        frame.render_widget(canvas, inner);
    } else {
        frame.render_widget(Paragraph::new(ascii_scope(&wave, inner)), inner);
    }
}

/// The wave in ASCII: in every column the range that it goes through.
fn ascii_scope(wave: &[f32], area: Rect) -> Vec<Line<'static>> {
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let row = |v: f32| ((1.0 - v) * 0.5 * (height - 1) as f32).round() as usize;
    let mut rows = vec![vec![' '; width]; height];
    let per = (wave.len() / width).max(1);
    for (x, part) in wave.chunks(per).take(width).enumerate() {
        let (low, high) = part.iter().fold((1.0f32, -1.0f32), |(low, high), &v| (low.min(v), high.max(v)));
        for line in &mut rows[row(high)..=row(low)] {
            line[x] = '*';
        }
    }
    rows.into_iter().map(|line| Line::raw(line.into_iter().collect::<String>())).collect()
}
