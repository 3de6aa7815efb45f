//! Patterns and lanes of songs with every name put in: what a sequencer plays. [`Score::rows`] lays them out in time.

mod rows;
mod show;

pub use rows::{Event, Played, RowEvents, TooLong};

use crate::exact;
use std::sync::Arc;

/// A value in a pattern. Pitches that lie on the keyboard are kept as such, so that they print as they were written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StepValue {
    /// `x`.
    Hit,
    /// Semitones above C0.
    Note(i32),
    /// Hertz, a pitch.
    Hertz(f64),
    /// Octaves: an interval.
    Octaves(f64),
    /// Seconds.
    Seconds(f64),
    /// A plain number, gains among them.
    Number(f64),
}

impl StepValue {
    /// What goes out on a cable: octaves above C0 of a pitch, seconds, a number; nothing of a hit.
    pub fn number(self) -> Option<f64> {
        Some(match self {
            StepValue::Hit => return None,
            StepValue::Note(semitones) => f64::from(semitones) / 12.0,
            StepValue::Hertz(hz) => exact::pitch_of_hz(hz),
            StepValue::Octaves(v) | StepValue::Seconds(v) | StepValue::Number(v) => v,
        })
    }
}

/// A step: what is played, and what is done with it, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What is played.
    pub what: What,
    /// `*3 @2 ?0.5 (3,8)`.
    pub after: Vec<After>,
}

/// What a step plays.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// `.`.
    Rest,
    /// `~`.
    Tie,
    /// A value or group, with what it slides to and a second value with what that slides to.
    Play {
        /// The value.
        head: Head,
        /// Slides to.
        slide: Option<StepValue>,
        /// Second value: velocity.
        second: Option<StepValue>,
        /// Slides to.
        second_slide: Option<StepValue>,
    },
    /// `slide(8, C2, C4)`: so many steps from one value to another.
    Slide(u32, StepValue, StepValue),
}

/// What a step's first value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Head {
    /// One value.
    Value(StepValue),
    /// `[a b]`: several in the time of one.
    Group(Vec<Step>),
    /// `<a b>`: one of them each time round.
    OneOf(Vec<Step>),
}

/// What is done with a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum After {
    /// So many in its time.
    Times(u32),
    /// So many times as long.
    Long(u32),
    /// With this chance.
    Chance(f64),
    /// Euclid's rhythm: hits among steps, turned left by so many.
    Euclid {
        /// How many are played.
        hits: u32,
        /// Of how many.
        steps: u32,
        /// Turned left by.
        turn: i32,
    },
}

/// A row of steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its name; none of a lone row.
    pub name: Option<Arc<str>>,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// A pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// Its rows.
    pub rows: Vec<Row>,
}

/// A part of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Which pattern; none is silence.
    pub pattern: Option<u32>,
    /// For how many steps.
    pub steps: u32,
}

/// What one lane of a song plays.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// Part by part.
    pub cells: Vec<Cell>,
    /// The part that the end goes back to.
    pub loop_at: u32,
}

/// What a sequencer plays: one pattern whose rows go round by themselves, or a lane of a song.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// The pattern, or those of the lane in the order of their first use.
    pub patterns: Vec<Pattern>,
    /// Of a song.
    pub lane: Option<Lane>,
}

/// What the values of a row are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// Hits alone.
    Hits,
    /// Pitches, at least one.
    Pitches,
    /// Numbers.
    Numbers,
}

impl Step {
    /// How many steps it takes.
    pub fn length(&self) -> u64 {
        let own = if let What::Slide(steps, ..) = self.what { u64::from(steps) } else { 1 };
        self.after.iter().fold(own, |length, after| {
            length.saturating_mul(match after {
                After::Long(times) => u64::from(*times),
                After::Euclid { steps, .. } => u64::from(*steps),
                After::Times(_) | After::Chance(_) => 1,
            })
        })
    }

    /// Calls back for every value.
    fn values(&self, note: &mut impl FnMut(StepValue)) {
        match &self.what {
            What::Rest | What::Tie => {}
            What::Slide(_, from, to) => [from, to].into_iter().for_each(|value| note(*value)),
            What::Play { head, slide, .. } => {
                match head {
                    Head::Value(value) => note(*value),
                    Head::Group(steps) | Head::OneOf(steps) => steps.iter().for_each(|step| step.values(note)),
                }
                slide.iter().for_each(|value| note(*value));
            }
        }
    }
}

impl Row {
    /// How many steps it takes.
    pub fn length(&self) -> u64 {
        self.steps.iter().map(Step::length).fold(0, u64::saturating_add)
    }
}

impl Pattern {
    /// How many steps its longest row takes.
    pub fn length(&self) -> u64 {
        self.rows.iter().map(Row::length).max().unwrap_or(0)
    }

    /// The row of a name; a lone one without a name is the first.
    fn row(&self, name: &str, index: usize) -> Option<&Row> {
        let named = self.rows.iter().find(|row| row.name.as_deref() == Some(name));
        named.or_else(|| self.rows.first().filter(|row| row.name.is_none() && index == 0))
    }
}

impl Score {
    /// How many steps until the end goes back, and to which step.
    pub fn length(&self) -> (u64, u64) {
        let Some(lane) = &self.lane else { return (self.patterns.first().map_or(0, Pattern::length), 0) };
        let steps = |cells: &[Cell]| cells.iter().map(|cell| u64::from(cell.steps)).sum();
        let (all, before) = (steps(&lane.cells), steps(&lane.cells[..(lane.loop_at as usize).min(lane.cells.len())]));
        // Where nothing comes again, everything does.
        (all, if before < all { before } else { 0 })
    }

    /// Its time alone: as many steps of silence, going back to the same one.
    pub fn time(&self) -> Score {
        let (all, before) = self.length();
        let cell = |steps: u64| Cell { pattern: None, steps: steps.min(u64::from(u32::MAX)) as u32 };
        let mut cells = vec![cell(before), cell(all - before)];
        cells.retain(|cell| cell.steps > 0);
        let loop_at = u32::from(before > 0);
        Score { patterns: Vec::new(), lane: Some(Lane { cells, loop_at }) }
    }

    /// Names of the rows, in the order in which they appear; a lone row without a name is `0`.
    pub fn row_names(&self) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = Vec::new();
        for row in self.patterns.iter().flat_map(|pattern| &pattern.rows) {
            if let Some(name) = &row.name
                && !names.contains(name)
            {
                names.push(name.clone());
            }
        }
        if names.is_empty() {
            names.push("0".into());
        }
        names
    }

    /// What the values of a row are.
    pub fn kind(&self, row: usize) -> RowKind {
        let names = self.row_names();
        let mut kind = RowKind::Hits;
        for steps in self.patterns.iter().filter_map(|pattern| pattern.row(names.get(row)?, row)) {
            for step in &steps.steps {
                step.values(&mut |value| match value {
                    StepValue::Hit => {}
                    StepValue::Note(_) | StepValue::Hertz(_) => kind = RowKind::Pitches,
                    _ if kind == RowKind::Hits => kind = RowKind::Numbers,
                    _ => {}
                });
            }
        }
        kind
    }
}

#[cfg(test)]
mod tests;
