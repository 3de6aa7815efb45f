//! Patterns and lanes of the flat patch as declarations of the language, which read back to the same.

use patches_core::graph::{Graph, ParamValue};
use patches_core::score::*;
use std::fmt::Write;
use std::sync::Arc;

/// The names that the patterns and songs of a graph get.
pub(crate) struct Scores {
    known: Vec<(Arc<Score>, String)>,
}

impl Scores {
    /// Names for all there are, in the order of the modules that play them.
    pub fn new(graph: &Graph) -> Scores {
        let mut known: Vec<(Arc<Score>, String)> = Vec::new();
        for value in graph.modules.values().flat_map(|module| module.params.values()) {
            let ParamValue::Score(score) = value else { continue };
            if known.iter().any(|(other, _)| other == score) {
                continue;
            }
            let song = score.lane.is_some();
            let number = known.iter().filter(|(other, _)| other.lane.is_some() == song).count() + 1;
            let name = if song { format!("song{number}") } else { format!("pattern{number}") };
            known.push((score.clone(), name));
        }
        Scores { known }
    }

    /// How a module is given one: `pattern1`, `song1.lane`.
    pub fn name(&self, score: &Score) -> String {
        let found = self.known.iter().find(|(known, _)| **known == *score);
        found.map_or(String::new(), |(score, name)| match score.lane {
            Some(_) => format!("{name}.lane"),
            None => name.clone(),
        })
    }

    /// The declarations, each a text of its own.
    pub fn texts(&self) -> impl Iterator<Item = String> + '_ {
        self.known.iter().map(|(score, name)| match &score.lane {
            Some(lane) => song(name, score, lane),
            None => score.patterns.first().map(|p| pattern(name, p)).unwrap_or_default(),
        })
    }
}

/// Writing to a string cannot fail.
macro_rules! put {
    ($text:expr, $($what:tt)*) => { let _ = write!($text, $($what)*); };
}

fn pattern(name: &str, pattern: &Pattern) -> String {
    format!("pattern {name} {{ {pattern} }}")
}

/// A lane beside another one that keeps the time: its rests are as long as each part.
fn song(name: &str, score: &Score, lane: &Lane) -> String {
    let mut text = format!("song {name}(lane, time) {{\n");
    for (index, one) in score.patterns.iter().enumerate() {
        put!(text, "    {}\n", pattern(&format!("p{index}"), one));
    }
    let mut lengths: Vec<u32> = lane.cells.iter().map(|cell| cell.steps).collect();
    lengths.sort_unstable();
    lengths.dedup();
    for length in lengths {
        let whole = std::iter::repeat_n(".@1024".to_string(), length as usize / 1024);
        let rest = (length % 1024 > 0).then(|| format!(".@{}", length % 1024));
        put!(text, "    pattern t{length} {{ {} }}\n", whole.chain(rest).collect::<Vec<_>>().join(" "));
    }
    let (before, again) = lane.cells.split_at((lane.loop_at as usize).min(lane.cells.len()));
    for (part, cells) in [before, again].into_iter().enumerate() {
        if part == 1 && !before.is_empty() {
            text.push_str("    @loop\n");
        }
        if cells.is_empty() {
            continue;
        }
        text.push_str("    play {\n");
        for cell in cells {
            let played = cell.pattern.map_or("_".to_string(), |index| format!("p{index}"));
            put!(text, "        {played}, t{}\n", cell.steps);
        }
        text.push_str("    }\n");
    }
    text + "}"
}
