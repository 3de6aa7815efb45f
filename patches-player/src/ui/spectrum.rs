//! The spectrum: what is heard, or what a probe sees, by frequency.

use super::draw::Shape;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use realfft::{RealFftPlanner, RealToComplex};
use std::sync::{Arc, OnceLock};

/// Frames that are looked at: at 48 kHz a line every 23 Hz.
const FRAMES: usize = 2048;
/// Lowest level shown, in decibels of a full sine.
const FLOOR: f32 = -90.0;
/// Lowest frequency shown, in hertz.
const LOWEST: f32 = 30.0;

/// Levels in decibels of so many columns from [`LOWEST`] to half the rate, evenly spaced in octaves. Between the lines of
/// the transform the nearest one counts; of several in a column the loudest.
pub fn levels(wave: &[f32], rate: u32, columns: usize) -> Vec<f32> {
    if columns == 0 || wave.len() < FRAMES {
        return vec![FLOOR; columns];
    }
    static FFT: OnceLock<Arc<dyn RealToComplex<f32>>> = OnceLock::new();
    let fft = FFT.get_or_init(|| RealFftPlanner::new().plan_fft_forward(FRAMES));
    let window = |i: usize| 0.5 - 0.5 * (std::f32::consts::TAU * i as f32 / FRAMES as f32).cos();
    let last = &wave[wave.len() - FRAMES..];
    let finite = |x: f32| if x.is_finite() { x } else { 0.0 };
    let mut input: Vec<f32> = last.iter().enumerate().map(|(i, x)| finite(*x) * window(i)).collect();
    let mut lines = fft.make_output_vec();
    if fft.process(&mut input, &mut lines).is_err() {
        return vec![FLOOR; columns];
    }
    // The window passes half of a sine's height, and a real sine is two lines.
    let level = |line: usize| 20.0 * (lines[line].norm() * 4.0 / FRAMES as f32).max(1e-9).log10();
    let top = rate as f32 / 2.0;
    let line_of = |column: f32| {
        let hertz = LOWEST * (top / LOWEST).powf(column / columns as f32);
        hertz * FRAMES as f32 / rate as f32
    };
    (0..columns)
        .map(|column| {
            let (from, to) = (line_of(column as f32), line_of(column as f32 + 1.0));
            let first = from.ceil() as usize;
            let end = (to.ceil() as usize).min(lines.len());
            let nearest = (((from + to) * 0.5).round() as usize).min(lines.len() - 1);
            (first..end).map(level).fold(level(nearest), f32::max).max(FLOOR)
        })
        .collect()
}

/// Draws it.
pub fn spectrum(frame: &mut Frame<'_>, area: Rect, label: &str, wave: &[f32], rate: u32, shape: Shape) {
    let block = shape.block(&format!("spectrum: {}", shape.clean(label)));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if inner.height < 2 || inner.width == 0 {
        return;
    }
    let rows = usize::from(inner.height) - 1;
    let columns = levels(wave, rate, usize::from(inner.width));
    let eighths =
        shape.pick([" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"], [" ", " ", " ", ".", ".", ":", ":", "#", "#"]);
    let mut lines: Vec<Line<'_>> = Vec::with_capacity(rows + 1);
    for row in (0..rows).rev() {
        let cell = |level: &f32| {
            let filled = (level - FLOOR) / -FLOOR * rows as f32 - row as f32;
            eighths[(filled.clamp(0.0, 1.0) * 8.0).round() as usize]
        };
        let text: String = columns.iter().map(cell).collect();
        lines.push(Line::from(Span::styled(text, shape.tint(Color::Cyan))));
    }
    lines.push(Line::styled(marks(usize::from(inner.width), rate), shape.tint(Color::DarkGray)));
    frame.render_widget(Paragraph::new(lines), inner);
}

/// The line of frequencies below.
fn marks(width: usize, rate: u32) -> String {
    let mut text = vec![' '; width];
    let octaves = (rate as f32 / 2.0 / LOWEST).log2();
    for (hertz, name) in [
        (50.0, "50"),
        (100.0, "100"),
        (200.0, "200"),
        (500.0, "500"),
        (1e3, "1k"),
        (2e3, "2k"),
        (5e3, "5k"),
        (10e3, "10k"),
        (20e3, "20k"),
    ] {
        let at = ((hertz / LOWEST).log2() / octaves * width as f32) as usize;
        let free = at + name.len() < width && text[at.saturating_sub(1)..at + name.len()].iter().all(|c| *c == ' ');
        if free {
            name.chars().enumerate().for_each(|(i, c)| text[at + i] = c);
        }
    }
    text.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sine_stands_at_its_place_with_its_level() {
        // Line 64 of 2048 at 48 kHz.
        let wave: Vec<f32> =
            (0..4096).map(|i| 0.5 * (std::f32::consts::TAU * i as f32 * 64.0 / 2048.0).sin()).collect();
        let levels = levels(&wave, 48_000, 100);
        let loudest = (0..100).max_by(|a, b| levels[*a].total_cmp(&levels[*b])).expect("a column");
        assert!((levels[loudest] + 6.02).abs() < 0.1, "{}", levels[loudest]);
        let column = ((1500.0f32 / LOWEST).log2() / (24_000.0 / LOWEST).log2() * 100.0) as usize;
        assert_eq!(loudest, column);
        assert!(levels[10] < -80.0 && levels[95] < -80.0, "{} {}", levels[10], levels[95]);
    }

    #[test]
    fn silence_numbers_that_are_none_and_too_little_are_the_floor() {
        for wave in [vec![0.0; 4096], vec![f32::NAN; 4096], vec![1.0; 10]] {
            assert!(levels(&wave, 48_000, 50).iter().all(|level| *level == FLOOR));
        }
    }
}
