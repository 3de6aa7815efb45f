//! Patterns, sections, songs and curves: everything in them that can be wrong is told, whether a module plays them or not.

use super::eval::Thing;
use super::eval::lower_note;
use super::names::is_constant;
use super::{Expander, Score};
use crate::fault::{Fault, codes};
use crate::flat::What;
use crate::hash::HashMap;
use crate::score::{After, Cell, Head, Line, Pattern, Play, Section, Song, Step, StepValue, StepWhat};
use crate::tree::{self, Name, Statement};
use crate::value::{Const, Dim};
use patches_core::graph::Span;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// How often and how long a step or a row of a section may go on.
const COUNT: RangeInclusive<i64> = 1..=1024;

impl<'t> Expander<'t> {
    /// Checks the patterns, sections, songs and curves of a body.
    pub(super) fn check_scores(&mut self, scope: usize, statements: &[&'t Statement]) {
        for statement in statements {
            match &statement.what {
                tree::What::Pattern(pattern) => self.check_pattern(scope, pattern),
                tree::What::Section(section) => {
                    let lanes = first_row(&section.rows);
                    self.check_section(scope, section, lanes, "the first row", None);
                }
                tree::What::Song(song) => self.check_song(scope, song),
                tree::What::Curve(curve) => self.check_curve(scope, curve),
                _ => {}
            }
        }
    }

    fn check_pattern(&mut self, scope: usize, pattern: &'t Pattern) {
        let mut seen: HashMap<&str, Span> = HashMap::default();
        for row in &pattern.rows {
            match &row.name {
                Some(name) => {
                    if let Some(before) = seen.insert(&name.text, name.span) {
                        self.given_twice(scope, &format!("the row `{}`", name.text), name.span, before);
                    }
                }
                None if self.no_colon(scope, row, pattern.rows.len() > 1) => continue,
                None if pattern.rows.len() > 1 => {
                    let span = row.steps.first().map_or(pattern.span, |step| step.span);
                    let fault = Fault::error(codes::PATTERN, span, "of several rows each has a name");
                    self.fault(scope, fault.help("write `note: C2 . G1` with a space behind the colon"));
                }
                None => {}
            }
            if row.steps.is_empty() {
                let span = row.name.as_ref().map_or(pattern.span, |name| name.span);
                self.error(scope, codes::PATTERN, span, "this row has no steps");
            }
            self.check_steps(scope, &row.steps);
        }
        if pattern.rows.is_empty() {
            let message = format!("the pattern `{}` has no steps", pattern.name.text);
            self.error(scope, codes::PATTERN, pattern.name.span, message);
        }
    }

    pub(super) fn check_steps(&mut self, scope: usize, steps: &'t [Step]) {
        for step in steps {
            if !self.spend(scope, step.span, 1) {
                return;
            }
            match &step.what {
                StepWhat::Rest | StepWhat::Tie => {}
                StepWhat::Slide(count, from, to) => {
                    self.step_count(scope, count, COUNT, "a slide takes 1 to 1024 steps");
                    self.step_value(scope, from, false);
                    self.step_value(scope, to, false);
                }
                StepWhat::Play { head, slide, second, second_slide } => {
                    match head {
                        Head::Value(value) => self.step_value(scope, value, slide.is_none()),
                        Head::Group(steps) | Head::OneOf(steps) => self.check_steps(scope, steps),
                    }
                    slide.iter().for_each(|value| self.step_value(scope, value, false));
                    second.iter().for_each(|value| self.step_value(scope, value, false));
                    second_slide.iter().for_each(|value| self.step_value(scope, value, false));
                    if let (Some(from), Some(to)) = (second, second_slide) {
                        self.check_second(scope, head, from, to);
                    }
                }
            }
            for after in &step.after {
                self.check_after(scope, after);
            }
        }
    }

    /// A second value that is a number slides to no note: `C4:0.5>E4` is meant as `C4>E4:0.5`.
    fn check_second(&mut self, scope: usize, head: &'t Head, from: &'t StepValue, to: &'t StepValue) {
        let [number, note] = [from, to].map(|value| self.step_number(scope, value).map(|c| c.dim));
        if number.is_some_and(Dim::is_plain) && matches!(note, Some(Dim::Pitch | Dim::Frequency)) {
            let message = "a second value that is a number cannot slide to a note";
            let mut fault = Fault::error(codes::PATTERN, to.span(), message);
            if let Head::Value(_) = head {
                fault = fault.help("a slide stands before the second value: write `C4>E4:0.5`");
            }
            self.fault(scope, fault);
        }
    }

    fn check_after(&mut self, scope: usize, after: &'t After) {
        match after {
            After::Times(count) => {
                self.step_count(scope, count, COUNT, "`*` takes 1 to 1024 times");
            }
            After::Long(count) => {
                self.step_count(scope, count, COUNT, "`@` takes 1 to 1024 steps");
            }
            After::Chance(None) => {}
            After::Chance(Some(odds)) => {
                if let Some(c) = self.step_number(scope, odds)
                    && !(0.0..=1.0).contains(&c.value)
                {
                    let fault = Fault::error(codes::PATTERN, odds.span(), "a chance is 0 to 1");
                    self.fault(scope, fault.help("write `x?0.2` or `x?20%`"));
                }
            }
            After::Euclid(list) => {
                let steps = list
                    .get(1)
                    .and_then(|n| self.step_count(scope, n, 1..=256, "a Euclidean rhythm has 1 to 256 steps"));
                if let (Some(hits), Some(steps)) = (list.first(), steps) {
                    let say = format!("this Euclidean rhythm has 0 to {steps} hits, no more than steps");
                    self.step_count(scope, hits, 0..=steps, &say);
                }
                if let Some(turn) = list.get(2) {
                    self.step_count(scope, turn, -256..=256, "a rhythm turns by -256 to 256 steps");
                }
            }
        }
    }

    /// The constant that a value in a pattern is; nothing for a hit or after a fault.
    pub(super) fn step_number(&mut self, scope: usize, value: &'t StepValue) -> Option<Const> {
        match value {
            StepValue::Hit(_) => None,
            StepValue::Note(octaves, _) => Some(Const::new(Dim::Pitch, *octaves + self.tuned)),
            StepValue::Quantity(quantity) => Some(Const::written(quantity, self.bar)),
            StepValue::Param(param) => {
                let v = self.param(param, scope);
                self.step_constant(scope, &v, param.span)
            }
            StepValue::Name(name) => match self.lookup(scope, &name.text) {
                Some(binding) => match self.bound(binding, name.span) {
                    Thing::Value(v) => self.step_constant(scope, &v, name.span),
                    _ => {
                        self.error(scope, codes::NOT_CONSTANT, name.span, "a pattern holds constants");
                        None
                    }
                },
                None => match lower_note(&name.text) {
                    Some(octaves) => Some(Const::new(Dim::Pitch, octaves + self.tuned)),
                    None => {
                        self.unknown_step(scope, name);
                        None
                    }
                },
            },
        }
    }

    pub(super) fn step_constant(&mut self, scope: usize, v: &crate::flat::V, span: Span) -> Option<Const> {
        match &v.what {
            What::Const(c) => return Some(*c),
            What::Poison => {}
            _ if is_constant(v) => {
                let message = format!("a step is a note or a number, not {}", v.what.name());
                self.error(scope, codes::WRONG_KIND, span, message);
            }
            _ => self.error(scope, codes::NOT_CONSTANT, span, "a pattern holds constants, not signals"),
        }
        None
    }

    fn step_value(&mut self, scope: usize, value: &'t StepValue, hit: bool) {
        if let (StepValue::Hit(span), false) = (value, hit) {
            self.error(scope, codes::PATTERN, *span, "a hit is no value: a note or a number is expected here");
        }
        if let Some(c) = self.step_number(scope, value)
            && matches!(c.dim, Dim::Divisor | Dim::Bpm)
        {
            let message = format!("a step is a note or a number, not {}", c.dim.name());
            self.error(scope, codes::WRONG_KIND, value.span(), message);
        }
    }

    fn step_count(&mut self, scope: usize, value: &'t StepValue, range: RangeInclusive<i64>, say: &str) -> Option<i64> {
        let number = self.step_number(scope, value)?;
        let count = number.as_whole().filter(|n| range.contains(n));
        if count.is_none() {
            self.error(scope, codes::PATTERN, value.span(), say);
        }
        count
    }

    /// Every row has one cell for each lane, and every cell names a pattern.
    fn check_section(&mut self, scope: usize, section: &'t Section, lanes: usize, of: &str, song: Option<&'t Song>) {
        if section.rows.is_empty() {
            self.error(scope, codes::PATTERN, section.span, "this section has no rows");
        }
        self.check_lines(scope, &section.rows, lanes, of, song);
    }

    fn check_lines(&mut self, scope: usize, lines: &'t [Line], lanes: usize, of: &str, song: Option<&'t Song>) {
        for line in lines {
            match line {
                Line::Repeat(lines, times) => {
                    self.step_count(scope, times, COUNT, "rows repeat 1 to 1024 times");
                    self.check_lines(scope, lines, lanes, of, song);
                }
                Line::Cells(cells, span) => {
                    if cells.len() != lanes {
                        let message = format!("this row has {} patterns, {of} has {lanes}", cells.len());
                        let fault = Fault::error(codes::PATTERN, *span, message);
                        self.fault(scope, fault.help("`_` is silence"));
                    }
                    for cell in cells {
                        self.check_cell(scope, cell, song);
                    }
                }
            }
        }
    }

    fn check_cell(&mut self, scope: usize, cell: &'t Cell, song: Option<&'t Song>) {
        match cell {
            Cell::Silence(_) => {}
            Cell::Param(param) => {
                let v = self.param(param, scope);
                let v = self.as_score(v, scope, "pattern");
                if !matches!(v.what, What::Pattern(..) | What::Poison) {
                    let message = format!("`{}` holds no pattern", param.name.text);
                    self.error(scope, codes::WRONG_KIND, param.span, message);
                }
            }
            // Making the other song tells what is wrong with it, and whether it leads back to this one.
            Cell::Lane(other, lane) => drop(self.lane_cell(scope, other, lane)),
            Cell::Name(name) => {
                let own = song.is_some_and(|song| {
                    song.unreadable || song.patterns.iter().any(|pattern| pattern.name.text == name.text)
                });
                if own || self.score(scope, "pattern", &name.text).is_some() || self.is_lost(scope, &name.text) {
                    return;
                }
                let mut known = self.scores_in_sight(scope, "pattern");
                known.extend(song.iter().flat_map(|song| &song.patterns).map(|pattern| pattern.name.text.clone()));
                let fault = Fault::error(codes::UNKNOWN_NAME, name.span, format!("no pattern `{}`", name.text));
                self.fault(scope, fault.near(&name.text, known.iter().map(|n| &**n)));
            }
        }
    }

    fn check_song(&mut self, scope: usize, song: &'t Song) {
        let sections = song.sections.iter().filter_map(|section| section.name.as_ref());
        self.unique(scope, "the lane", song.lanes.iter());
        self.unique(scope, "the section", sections);
        self.unique(scope, "the pattern", song.patterns.iter().map(|pattern| &pattern.name));
        for pattern in &song.patterns {
            self.check_pattern(scope, pattern);
        }
        let of = format!("the song `{}`", song.name.text);
        for section in &song.sections {
            self.check_section(scope, section, song.lanes.len(), &of, Some(song));
        }
        let mut loops: Option<Span> = None;
        for play in &song.plays {
            if let Play::Loop(span) = play
                && let Some(before) = loops.replace(*span)
            {
                self.given_twice(scope, "`@loop`", *span, before);
            }
            self.check_play(scope, play, song);
        }
        match song.plays.last() {
            // What it plays may stand where it cannot be read.
            _ if song.unreadable => {}
            None => {
                let fault = Fault::error(codes::PATTERN, song.name.span, format!("{of} plays nothing"));
                self.fault(scope, fault.help("write `play` and the sections in turn"));
            }
            Some(Play::Loop(span)) => {
                let fault = Fault::error(codes::PATTERN, *span, "nothing is played after `@loop`");
                self.fault(scope, fault.help("it stands before the plays that go round"));
            }
            Some(_) => {}
        }
    }

    fn check_play(&mut self, scope: usize, play: &'t Play, song: &'t Song) {
        match play {
            Play::Here(_) | Play::Loop(_) => {}
            Play::Group(plays, times) => {
                if let Some(times) = times {
                    self.step_count(scope, times, COUNT, "a play repeats 1 to 1024 times");
                }
                plays.iter().for_each(|play| self.check_play(scope, play, song));
            }
            Play::Section(name) => {
                let own = song.sections.iter().filter_map(|section| section.name.as_ref());
                let own: Vec<&Arc<str>> = own.map(|name| &name.text).collect();
                if own.contains(&&name.text) || song.unreadable || self.is_lost(scope, &name.text) {
                    return;
                }
                match self.score(scope, "section", &name.text) {
                    Some(Score::Section(section)) if first_row(&section.rows) != song.lanes.len() => {
                        let lanes = first_row(&section.rows);
                        let message =
                            format!("`{}` is for {lanes} lanes, the song has {}", name.text, song.lanes.len());
                        self.error(scope, codes::PATTERN, name.span, message);
                    }
                    Some(_) => {}
                    None => {
                        let known = self.scores_in_sight(scope, "section");
                        let known = known.iter().map(|n| &**n).chain(own.iter().map(|n| &***n));
                        let fault = Fault::error(codes::UNKNOWN_NAME, name.span, format!("no section `{}`", name.text));
                        let pattern = self.score(scope, "pattern", &name.text).is_some()
                            || song.patterns.iter().any(|pattern| pattern.name.text == name.text);
                        let cells = vec![&*name.text; song.lanes.len()].join(", ");
                        self.fault(
                            scope,
                            match pattern {
                                true => fault.help(format!("`{}` is a pattern: write `play {{ {cells} }}`", name.text)),
                                false => fault.near(&name.text, known),
                            },
                        );
                    }
                }
            }
        }
    }

    fn unique(&mut self, scope: usize, what: &str, names: impl Iterator<Item = &'t Name>) {
        let mut seen: HashMap<&str, Span> = HashMap::default();
        for name in names {
            if let Some(before) = seen.insert(&name.text, name.span) {
                self.given_twice(scope, &format!("{what} `{}`", name.text), name.span, before);
            }
        }
    }
}

/// How many cells the first row has.
fn first_row(lines: &[Line]) -> usize {
    match lines.first() {
        Some(Line::Cells(cells, _)) => cells.len(),
        Some(Line::Repeat(lines, _)) => first_row(lines),
        None => 0,
    }
}
