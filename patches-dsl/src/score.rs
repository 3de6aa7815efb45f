//! The part of the syntax tree that says when: patterns, sections, songs, curves.

use crate::tree::{Expr, Name, ParamRef, Quantity};
use patches_core::graph::Span;

/// `pattern name { … }`.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// Its name.
    pub name: Name,
    /// Its rows; a lone row may have no name.
    pub rows: Vec<Row>,
    /// All of it.
    pub span: Span,
}

/// A row of steps.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name.
    pub name: Option<Name>,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// A step: what it is, and what follows it.
#[derive(Clone, Debug)]
pub struct Step {
    /// What is played.
    pub what: StepWhat,
    /// `*3 @2 ?0.5 (3,8)`, in order.
    pub after: Vec<After>,
    /// All of it.
    pub span: Span,
}

/// What a step plays.
#[derive(Clone, Debug)]
pub enum StepWhat {
    /// `.`.
    Rest,
    /// `~`.
    Tie,
    /// A value, with what it slides to and a second value with what that slides to.
    Play {
        /// The value.
        head: Head,
        /// `>` value.
        slide: Option<StepValue>,
        /// `:` value.
        second: Option<StepValue>,
        /// `>` of the second.
        second_slide: Option<StepValue>,
    },
    /// `slide(8, C2, C4)`.
    Slide(StepValue, StepValue, StepValue),
}

/// What a step's first value may be.
#[derive(Clone, Debug)]
pub enum Head {
    /// One value.
    Value(StepValue),
    /// `[a b]`: several in the time of one.
    Group(Vec<Step>),
    /// `<a b>`: one of them each time round.
    OneOf(Vec<Step>),
}

/// A value in a pattern.
#[derive(Clone, Debug)]
pub enum StepValue {
    /// `x`.
    Hit(Span),
    /// A note, in octaves above C0.
    Note(f64, Span),
    /// A number with or without a unit.
    Quantity(Quantity),
    /// `<name>`.
    Param(ParamRef),
    /// A constant by name, inside brackets of `x(n, 8)` only.
    Name(Name),
}

impl StepValue {
    /// Its place.
    pub fn span(&self) -> Span {
        match self {
            StepValue::Hit(s) | StepValue::Note(_, s) => *s,
            StepValue::Quantity(q) => q.span,
            StepValue::Param(p) => p.span,
            StepValue::Name(n) => n.span,
        }
    }
}

/// What follows a step.
#[derive(Clone, Debug)]
pub enum After {
    /// `*3`: so many in the time of one.
    Times(StepValue),
    /// `@3`: so many steps long.
    Long(StepValue),
    /// `?0.2`: with that chance, half without.
    Chance(Option<StepValue>),
    /// `(3, 8, 1)`: Euclidean.
    Euclid(Vec<StepValue>),
}

/// `section name { rows }`.
#[derive(Clone, Debug)]
pub struct Section {
    /// Its name; none in `play { … }`.
    pub name: Option<Name>,
    /// Its rows.
    pub rows: Vec<Line>,
    /// All of it.
    pub span: Span,
}

/// A row of a section, or rows repeated.
#[derive(Clone, Debug)]
pub enum Line {
    /// One pattern for each lane.
    Cells(Vec<Cell>, Span),
    /// `(rows) * n`.
    Repeat(Vec<Line>, StepValue),
}

/// What one lane plays in a row.
#[derive(Clone, Debug)]
pub enum Cell {
    /// `_`.
    Silence(Span),
    /// A pattern by name.
    Name(Name),
    /// A lane of another song.
    Lane(Name, Name),
    /// The pattern that a parameter holds.
    Param(ParamRef),
}

/// `song name(lanes) { … }`.
#[derive(Clone, Debug)]
pub struct Song {
    /// Its name.
    pub name: Name,
    /// Its lanes.
    pub lanes: Vec<Name>,
    /// Its own sections, named by `play` too.
    pub sections: Vec<Section>,
    /// Its own patterns.
    pub patterns: Vec<Pattern>,
    /// What it plays, in order.
    pub plays: Vec<Play>,
    /// A statement of it cannot be read, which may declare sections and patterns.
    pub unreadable: bool,
    /// All of it.
    pub span: Span,
}

/// One thing a song does.
#[derive(Clone, Debug)]
pub enum Play {
    /// A section by name.
    Section(Name),
    /// The section of this index, written in place.
    Here(usize),
    /// Several in turn, so many times.
    Group(Vec<Play>, Option<StepValue>),
    /// `@loop`: where the end goes back to.
    Loop(Span),
}

/// `curve name { time: value shape, … }`.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Its name.
    pub name: Name,
    /// Its points: when, what, and words (`exp`, `loop`).
    pub points: Vec<(Expr, Expr, Vec<Name>)>,
    /// All of it.
    pub span: Span,
}
