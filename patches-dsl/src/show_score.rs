//! Patterns, sections, songs and curves as one line of text, for [`crate::show`].

use crate::score::*;
use crate::tree::Name;
use std::fmt::{self, Display, Formatter, Write};

impl Display for Pattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "(pattern {}", self.name)?;
        for row in &self.rows {
            f.write_str(" (row")?;
            row.name.iter().try_for_each(|name| write!(f, " {name}:"))?;
            row.steps.iter().try_for_each(|step| write!(f, " {step}"))?;
            f.write_char(')')?;
        }
        f.write_char(')')
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.what {
            StepWhat::Rest => f.write_char('.')?,
            StepWhat::Tie => f.write_char('~')?,
            StepWhat::Slide(n, a, b) => write!(f, "slide({n}, {a}, {b})")?,
            StepWhat::Play { head, slide, second, second_slide } => {
                write!(f, "{head}")?;
                slide.iter().try_for_each(|to| write!(f, ">{to}"))?;
                second.iter().try_for_each(|value| write!(f, ":{value}"))?;
                second_slide.iter().try_for_each(|to| write!(f, ">{to}"))?;
            }
        }
        for after in &self.after {
            match after {
                After::Times(n) => write!(f, "*{n}")?,
                After::Long(n) => write!(f, "@{n}")?,
                After::Chance(None) => f.write_char('?')?,
                After::Chance(Some(n)) => write!(f, "?{n}")?,
                After::Euclid(list) => {
                    let list: Vec<String> = list.iter().map(ToString::to_string).collect();
                    write!(f, "({})", list.join(", "))?;
                }
            }
        }
        Ok(())
    }
}

impl Display for Head {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (open, steps, close) = match self {
            Head::Value(value) => return write!(f, "{value}"),
            Head::Group(steps) => ('[', steps, ']'),
            Head::OneOf(steps) => ('<', steps, '>'),
        };
        let steps: Vec<String> = steps.iter().map(ToString::to_string).collect();
        write!(f, "{open}{}{close}", steps.join(" "))
    }
}

impl Display for StepValue {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            StepValue::Hit(_) => f.write_char('x'),
            StepValue::Note(octaves, _) => write!(f, "(note {octaves})"),
            StepValue::Quantity(quantity) => write!(f, "{quantity}"),
            StepValue::Param(param) => write!(f, "{param}"),
            StepValue::Name(name) => write!(f, "{name}"),
        }
    }
}

impl Display for Section {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("(section")?;
        self.name.iter().try_for_each(|name| write!(f, " {name}"))?;
        self.rows.iter().try_for_each(|row| write!(f, " {row}"))?;
        f.write_char(')')
    }
}

impl Display for Line {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Line::Cells(cells, _) => {
                let cells: Vec<String> = cells.iter().map(ToString::to_string).collect();
                write!(f, "({})", cells.join(" "))
            }
            Line::Repeat(lines, times) => {
                f.write_str("(repeat")?;
                lines.iter().try_for_each(|line| write!(f, " {line}"))?;
                write!(f, " {times})")
            }
        }
    }
}

impl Display for Cell {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Silence(_) => f.write_char('_'),
            Cell::Name(name) => write!(f, "{name}"),
            Cell::Lane(song, lane) => write!(f, "{song}.{lane}"),
            Cell::Param(param) => write!(f, "{param}"),
        }
    }
}

impl Display for Song {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let lanes: Vec<&str> = self.lanes.iter().map(|lane: &Name| &*lane.text).collect();
        write!(f, "(song {}({})", self.name, lanes.join(" "))?;
        self.sections.iter().try_for_each(|section| write!(f, " {section}"))?;
        self.patterns.iter().try_for_each(|pattern| write!(f, " {pattern}"))?;
        self.plays.iter().try_for_each(|play| write!(f, " {play}"))?;
        f.write_char(')')
    }
}

impl Display for Play {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Play::Section(name) => write!(f, "(play {name})"),
            Play::Here(index) => write!(f, "(play #{index})"),
            Play::Group(plays, times) => {
                f.write_str("(play")?;
                plays.iter().try_for_each(|play| write!(f, " {play}"))?;
                times.iter().try_for_each(|times| write!(f, " * {times}"))?;
                f.write_char(')')
            }
            Play::Loop(_) => f.write_str("@loop"),
        }
    }
}

impl Display for Curve {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "(curve {}", self.name)?;
        for (at, value, words) in &self.points {
            write!(f, " ({at} {value}")?;
            words.iter().try_for_each(|word| write!(f, " {word}"))?;
            f.write_char(')')?;
        }
        f.write_char(')')
    }
}
