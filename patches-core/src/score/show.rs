//! Scores as the language writes them.

use super::{After, Head, Pattern, Row, Score, Step, StepValue, What};
use std::fmt::{Display, Formatter, Result};

fn joined<T: Display>(f: &mut Formatter<'_>, parts: &[T]) -> Result {
    for (index, part) in parts.iter().enumerate() {
        write!(f, "{}{part}", if index == 0 { "" } else { " " })?;
    }
    Ok(())
}

impl Display for StepValue {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        const NAMES: [&str; 12] = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];
        match *self {
            StepValue::Hit => f.write_str("x"),
            StepValue::Note(n) => write!(f, "{}{}", NAMES[n.rem_euclid(12) as usize], n.div_euclid(12)),
            StepValue::Hertz(v) => write!(f, "{v}Hz"),
            StepValue::Octaves(v) => write!(f, "{v}oct"),
            StepValue::Seconds(v) => write!(f, "{v}s"),
            StepValue::Number(v) => write!(f, "{v}"),
        }
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.what {
            What::Rest => f.write_str(".")?,
            What::Tie => f.write_str("~")?,
            What::Slide(count, from, to) => write!(f, "slide({count}, {from}, {to})")?,
            What::Play { head, slide, second, second_slide } => {
                write!(f, "{head}")?;
                for (mark, part) in [('>', slide), (':', second), ('>', second_slide)] {
                    part.iter().try_for_each(|part| write!(f, "{mark}{part}"))?;
                }
            }
        }
        for after in &self.after {
            match after {
                After::Times(n) => write!(f, "*{n}")?,
                After::Long(n) => write!(f, "@{n}")?,
                After::Chance(chance) => write!(f, "?{chance}")?,
                After::Euclid { hits, steps, turn: 0 } => write!(f, "({hits}, {steps})")?,
                After::Euclid { hits, steps, turn } => write!(f, "({hits}, {steps}, {turn})")?,
            }
        }
        Ok(())
    }
}

impl Display for Head {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let (open, steps, close) = match self {
            Head::Value(value) => return write!(f, "{value}"),
            Head::Group(steps) => ("[", steps, "]"),
            Head::OneOf(steps) => ("<", steps, ">"),
        };
        f.write_str(open)?;
        joined(f, steps)?;
        f.write_str(close)
    }
}

impl Display for Row {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.name.iter().try_for_each(|name| write!(f, "{name}: "))?;
        joined(f, &self.steps)
    }
}

impl Display for Pattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        joined(f, &self.rows)
    }
}

impl Display for Score {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let (mut begin, loop_at) = ("", self.lane.as_ref().map_or(0, |lane| lane.loop_at));
        for pattern in &self.patterns {
            write!(f, "{begin}{{ {pattern} }}")?;
            begin = " ";
        }
        for (index, cell) in self.lane.iter().flat_map(|lane| &lane.cells).enumerate() {
            if index as u32 == loop_at {
                f.write_str(" @loop")?;
            }
            match cell.pattern {
                Some(pattern) => write!(f, " {pattern}@{}", cell.steps)?,
                None => write!(f, " _@{}", cell.steps)?,
            }
        }
        Ok(())
    }
}
