//! Patterns and songs with every name put in, where one is used; curves as the modules they are.

use super::{Expander, Score, value};
use crate::fault::{Fault, codes};
use crate::flat::{Tune, V, What};
use crate::hash::HashMap;
use crate::limits;
use crate::score::{self, After, Head, Line, Play, StepValue, StepWhat};
use crate::tree::Name;
use crate::value::Dim;
use patches_core::exact;
use patches_core::graph::Span;
use patches_core::score as played;
use std::sync::Arc;

/// A pattern, song or curve: the scope it is declared in, its word and name.
pub(super) type Key = (usize, &'static str, Arc<str>);

/// What was made of them.
pub(super) type Made = HashMap<Key, What>;

/// Steps of a part of a song that is silent in all lanes and has no part before it.
const SILENCE: u64 = 16;

/// A part of a lane: a pattern and its length.
type Part = (Option<played::Pattern>, u64);

impl<'t> Expander<'t> {
    /// A word that names a pattern or song, as in `for line in [low, high]`, is what it names.
    pub(super) fn as_score(&mut self, v: V, scope: usize, word: &'static str) -> V {
        match &v.what {
            What::Word(name) => match self.score_at(scope, word, name) {
                Some((score, at)) => self.score_value(score, at, name, v.span),
                None => v,
            },
            _ => v,
        }
    }

    /// What a pattern, song or curve is where it is named.
    pub(super) fn score_value(&mut self, score: Score<'t>, scope: usize, name: &Arc<str>, span: Span) -> V {
        let word = match &score {
            Score::Pattern(_) => "pattern",
            Score::Song(_) => "song",
            Score::Curve(_) => "curve",
            Score::Section(_) => return value(What::Poison, span),
        };
        let key = (scope, word, name.clone());
        if let Some(made) = self.made.get(&key) {
            return value(made.clone(), span);
        }
        if self.making.contains(&key) {
            self.error(scope, codes::CYCLE, span, format!("the song `{name}` is made of itself"));
            return value(What::Poison, span);
        }
        if self.making.len() >= limits::DEPTH {
            self.error(
                scope,
                codes::TOO_DEEP,
                span,
                format!("songs are made of songs more than {} deep", limits::DEPTH),
            );
            return value(What::Poison, span);
        }
        self.making.push(key.clone());
        let what = match score {
            Score::Pattern(pattern) => self
                .played_pattern(scope, pattern)
                .map(|p| What::Pattern(name.clone(), Arc::new(played::Score { patterns: vec![p], lane: None }))),
            // What it plays may stand where it cannot be read.
            Score::Song(song) if song.unreadable => None,
            Score::Song(song) => self.tune(scope, song).map(|tune| What::Song(Arc::new(tune))),
            Score::Curve(curve) => self.curve(scope, curve),
            Score::Section(_) => None,
        };
        let what = match what {
            Some(What::Pattern(_, score)) if score.rows().is_err() => self.too_long(scope, name, span),
            Some(What::Song(tune)) if tune.lanes.iter().any(|(_, score)| score.rows().is_err()) => {
                self.too_long(scope, name, span)
            }
            what => what.unwrap_or(What::Poison),
        };
        self.making.pop();
        self.made.insert(key, what.clone());
        value(what, span)
    }

    fn too_long(&mut self, scope: usize, name: &str, span: Span) -> What {
        let most = played::RowEvents::MOST;
        let message = format!("`{name}` comes to more than {most} steps in a row, its rounds written out");
        self.error(scope, codes::TOO_LARGE, span, message);
        What::Poison
    }

    fn played_pattern(&mut self, scope: usize, pattern: &'t score::Pattern) -> Option<played::Pattern> {
        let mut rows = Vec::with_capacity(pattern.rows.len());
        for row in &pattern.rows {
            let name = row.name.as_ref().map(|name| name.text.clone());
            let mut steps = self.played_steps(scope, &row.steps)?;
            hear_hertz(&mut steps);
            rows.push(played::Row { name, steps });
        }
        Some(played::Pattern { rows })
    }

    fn played_steps(&mut self, scope: usize, steps: &'t [score::Step]) -> Option<Vec<played::Step>> {
        let mut list = Vec::with_capacity(steps.len());
        for step in steps {
            if !self.spend(scope, step.span, 1) {
                return None;
            }
            let what = match &step.what {
                StepWhat::Rest => played::What::Rest,
                StepWhat::Tie => played::What::Tie,
                StepWhat::Slide(count, from, to) => {
                    let count = self.step_whole(scope, count)?;
                    played::What::Slide(count, self.played_value(scope, from)?, self.played_value(scope, to)?)
                }
                StepWhat::Play { head, slide, second, second_slide } => {
                    let head = match head {
                        Head::Value(one) => played::Head::Value(self.played_value(scope, one)?),
                        Head::Group(steps) => played::Head::Group(self.played_steps(scope, steps)?),
                        Head::OneOf(steps) => played::Head::OneOf(self.played_steps(scope, steps)?),
                    };
                    let mut part = |one: &'t Option<StepValue>| match one {
                        Some(one) => self.played_value(scope, one).map(Some),
                        None => Some(None),
                    };
                    let (slide, second, second_slide) = (part(slide)?, part(second)?, part(second_slide)?);
                    played::What::Play { head, slide, second, second_slide }
                }
            };
            let mut after = Vec::with_capacity(step.after.len());
            for one in &step.after {
                after.push(match one {
                    After::Times(count) => played::After::Times(self.step_whole(scope, count)?),
                    After::Long(count) => played::After::Long(self.step_whole(scope, count)?),
                    After::Chance(None) => played::After::Chance(0.5),
                    After::Chance(Some(odds)) => played::After::Chance(self.step_number(scope, odds)?.value),
                    After::Euclid(list) => {
                        let mut whole = |at: usize| list.get(at).map(|one| self.step_signed(scope, one));
                        let (hits, steps) = (whole(0)??, whole(1)??);
                        let turn = match whole(2) {
                            Some(turn) => turn?,
                            None => 0,
                        };
                        let steps = u32::try_from(steps).ok().filter(|steps| (1..=256).contains(steps))?;
                        let hits = u32::try_from(hits).ok().filter(|hits| *hits <= steps)?;
                        played::After::Euclid { hits, steps, turn: i32::try_from(turn).ok()? }
                    }
                });
            }
            list.push(played::Step { what, after });
        }
        Some(list)
    }

    fn step_signed(&mut self, scope: usize, one: &'t StepValue) -> Option<i64> {
        self.step_number(scope, one)?.as_whole()
    }

    fn step_whole(&mut self, scope: usize, one: &'t StepValue) -> Option<u32> {
        self.step_signed(scope, one).and_then(|n| u32::try_from(n).ok()).filter(|n| (1..=1024).contains(n))
    }

    fn played_value(&mut self, scope: usize, one: &'t StepValue) -> Option<played::StepValue> {
        if let StepValue::Hit(_) = one {
            return Some(played::StepValue::Hit);
        }
        let c = self.step_number(scope, one)?;
        Some(match c.dim {
            Dim::Pitch => {
                let semitones = (c.value * 12.0).round();
                match semitones / 12.0 == c.value && semitones.abs() < 1e6 {
                    true => played::StepValue::Note(semitones as i32),
                    false => played::StepValue::Hertz(exact::hz_of_pitch(c.value)),
                }
            }
            Dim::Frequency if c.value > 0.0 => played::StepValue::Hertz(c.value),
            Dim::Interval => played::StepValue::Octaves(c.value),
            Dim::Time => played::StepValue::Seconds(c.value),
            Dim::Number | Dim::Gain | Dim::Note => played::StepValue::Number(c.value),
            _ => return None,
        })
    }

    /// A song: what each of its lanes plays, part by part.
    fn tune(&mut self, scope: usize, song: &'t score::Song) -> Option<Tune> {
        let count = song.lanes.len();
        let mut lanes = Lanes { parts: vec![Vec::new(); count], loop_at: vec![0; count], last: SILENCE, steps: 0 };
        for play in &song.plays {
            if let Play::Loop(_) = play {
                lanes.loop_at = lanes.parts.iter().map(Vec::len).collect();
            }
            self.play(scope, play, song, &mut lanes)?;
        }
        let lane = |(parts, loop_at): (Vec<Part>, usize)| {
            let mut patterns: Vec<played::Pattern> = Vec::new();
            let cells = parts.into_iter().map(|(pattern, steps)| {
                let pattern = pattern.map(|pattern| {
                    let known = patterns.iter().position(|p| *p == pattern);
                    known.unwrap_or_else(|| {
                        patterns.push(pattern);
                        patterns.len() - 1
                    }) as u32
                });
                played::Cell { pattern, steps: steps.min(u64::from(u32::MAX)) as u32 }
            });
            let cells = cells.collect();
            Arc::new(played::Score { patterns, lane: Some(played::Lane { cells, loop_at: loop_at as u32 }) })
        };
        let names = song.lanes.iter().map(|name| name.text.clone());
        let lanes = lanes.parts.into_iter().zip(lanes.loop_at).map(lane);
        Some(Tune { name: song.name.text.clone(), lanes: names.zip(lanes).collect() })
    }

    fn play(&mut self, scope: usize, play: &'t Play, song: &'t score::Song, lanes: &mut Lanes) -> Option<()> {
        match play {
            Play::Loop(_) => {}
            Play::Here(index) => self.lines(scope, &song.sections.get(*index)?.rows, song, lanes)?,
            Play::Group(plays, times) => {
                for _ in 0..times.as_ref().map_or(Some(1), |times| self.step_whole(scope, times))? {
                    for play in plays {
                        self.play(scope, play, song, lanes)?;
                    }
                }
            }
            Play::Section(name) => {
                let own = song.sections.iter().find(|s| s.name.as_ref().is_some_and(|n| n.text == name.text));
                match own {
                    Some(section) => self.lines(scope, &section.rows, song, lanes)?,
                    None => match self.score(scope, "section", &name.text)? {
                        Score::Section(section) => self.lines(scope, &section.rows, song, lanes)?,
                        _ => return None,
                    },
                }
            }
        }
        Some(())
    }

    fn lines(&mut self, scope: usize, lines: &'t [Line], song: &'t score::Song, lanes: &mut Lanes) -> Option<()> {
        for line in lines {
            match line {
                Line::Repeat(lines, times) => {
                    for _ in 0..self.step_whole(scope, times)? {
                        self.lines(scope, lines, song, lanes)?;
                    }
                }
                Line::Cells(cells, span) => {
                    if cells.len() != lanes.parts.len() || !self.spend(scope, *span, cells.len()) {
                        return None;
                    }
                    // No row holds more steps: what comes to more is not written out.
                    let most = played::RowEvents::MOST;
                    if lanes.steps > most as u64 {
                        let message = format!("`{}` comes to more than {most} steps", song.name.text);
                        self.error(scope, codes::TOO_LARGE, *span, message);
                        return None;
                    }
                    let mut row: Vec<Vec<Part>> = Vec::with_capacity(cells.len());
                    for cell in cells {
                        row.push(self.cell(scope, cell, song)?);
                    }
                    lanes.row(row);
                }
            }
        }
        Some(())
    }

    /// What a cell plays: one pattern, or the parts of another song's lane.
    fn cell(&mut self, scope: usize, cell: &'t score::Cell, song: &'t score::Song) -> Option<Vec<Part>> {
        let v = match cell {
            score::Cell::Silence(_) => return Some(Vec::new()),
            score::Cell::Param(param) => {
                let v = self.param(param, scope);
                self.as_score(v, scope, "pattern")
            }
            score::Cell::Lane(other, lane) => self.lane_cell(scope, other, lane),
            score::Cell::Name(name) => match song.patterns.iter().find(|pattern| pattern.name.text == name.text) {
                Some(pattern) => {
                    let pattern = self.played_pattern(scope, pattern)?;
                    let steps = pattern.length();
                    return Some(vec![(Some(pattern), steps)]);
                }
                None => {
                    let (score, at) = self.score_at(scope, "pattern", &name.text)?;
                    self.score_value(score, at, &name.text, name.span)
                }
            },
        };
        let What::Pattern(_, score) = &v.what else { return None };
        match &score.lane {
            None => score.patterns.first().map(|pattern| vec![(Some(pattern.clone()), pattern.length())]),
            Some(lane) => {
                let part = |cell: &played::Cell| {
                    let pattern = cell.pattern.and_then(|p| score.patterns.get(p as usize).cloned());
                    (pattern, u64::from(cell.steps))
                };
                Some(lane.cells.iter().map(part).collect())
            }
        }
    }

    /// `tune.drums` in a row: a lane of another song.
    pub(super) fn lane_cell(&mut self, scope: usize, song: &Name, lane: &Name) -> V {
        match self.score_at(scope, "song", &song.text) {
            Some((score, at)) => {
                let tune = self.score_value(score, at, &song.text, song.span);
                self.lane_of(&tune, &lane.text, lane.span, lane.span, scope)
            }
            None => {
                if !self.is_lost(scope, &song.text) {
                    let known = self.scores_in_sight(scope, "song");
                    let fault = Fault::error(codes::UNKNOWN_NAME, song.span, format!("no song `{}`", song.text));
                    self.fault(scope, fault.near(&song.text, known.iter().map(|n| &**n)));
                }
                value(What::Poison, song.span)
            }
        }
    }
}

/// In a row of pitches a number is one too: octaves up to 16, hertz above that.
fn hear_hertz(steps: &mut [played::Step]) {
    let mut pitches = false;
    each_value(steps, &mut |value| {
        pitches |= matches!(value, played::StepValue::Note(_) | played::StepValue::Hertz(_));
    });
    each_value(steps, &mut |value| match *value {
        played::StepValue::Number(hertz) if pitches && hertz > 16.0 => *value = played::StepValue::Hertz(hertz),
        _ => {}
    });
}

/// Calls back for every value of these steps, without second values.
fn each_value(steps: &mut [played::Step], note: &mut impl FnMut(&mut played::StepValue)) {
    for step in steps {
        match &mut step.what {
            played::What::Rest | played::What::Tie => {}
            played::What::Slide(_, from, to) => [from, to].into_iter().for_each(&mut *note),
            played::What::Play { head, slide, .. } => {
                match head {
                    played::Head::Value(value) => note(value),
                    played::Head::Group(steps) | played::Head::OneOf(steps) => each_value(steps, note),
                }
                slide.iter_mut().for_each(&mut *note);
            }
        }
    }
}

/// The lanes of a song while they are put together.
struct Lanes {
    parts: Vec<Vec<Part>>,
    /// Where the end goes back to, in each lane.
    loop_at: Vec<usize>,
    /// Steps of the row before.
    last: u64,
    /// Steps of all rows.
    steps: u64,
}

impl Lanes {
    /// Appends a row: every lane lasts as long as the longest, and goes on in silence up to there.
    fn row(&mut self, row: Vec<Vec<Part>>) {
        let length = |parts: &Vec<Part>| parts.iter().map(|part| part.1).fold(0u64, u64::saturating_add);
        let longest = row.iter().map(length).max().filter(|steps| *steps > 0).unwrap_or(self.last);
        self.last = longest;
        self.steps = self.steps.saturating_add(longest);
        for (mut parts, lane) in row.into_iter().zip(&mut self.parts) {
            let rest = longest.saturating_sub(length(&parts));
            match parts.as_mut_slice() {
                // A pattern rests to the end of its part by itself.
                [(_, steps)] => *steps = longest,
                _ if rest > 0 => parts.push((None, rest)),
                _ => {}
            }
            lane.extend(parts);
        }
    }
}
