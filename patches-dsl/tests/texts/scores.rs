//! Patterns, songs and curves.

use super::{Is, Maker, Sight};

const ROWS: [&str; 4] = ["note", "accent", "kick", "hat"];

impl Maker<'_, '_> {
    /// A pattern, a song of what there is, or a curve.
    pub(super) fn score(&mut self, sight: &Sight) -> String {
        match self.choices.below(4) {
            2 if !self.patterns.is_empty() => self.song(),
            3 => self.curve(),
            _ => self.pattern(sight),
        }
    }

    fn pattern(&mut self, sight: &Sight) -> String {
        let name = self.name("p");
        let rows = self.choices.below(4);
        let text = match rows {
            0 => self.steps(sight),
            _ => {
                let rows: Vec<String> =
                    ROWS[..rows].iter().map(|row| format!("{row}: {}", self.steps(sight))).collect();
                rows.join(self.choices.of(&["  ", "\n    ", " | "]))
            }
        };
        self.patterns.push((name.clone(), ROWS[..rows].to_vec()));
        format!("pattern {name} {{ {text} }}")
    }

    fn steps(&mut self, sight: &Sight) -> String {
        let steps: Vec<String> = (0..=self.choices.below(6)).map(|_| self.step(sight, 2)).collect();
        steps.join(" ")
    }

    fn step(&mut self, sight: &Sight, depth: usize) -> String {
        let notes: Vec<&String> =
            sight.constants.iter().filter(|(_, is)| *is == Is::Pitch).map(|(name, _)| name).collect();
        let plain = match self.choices.below(if depth > 0 { 11 } else { 8 }) {
            0 => "x".into(),
            1 => self.choices.of(&["C2", "Eb3", "G#1", "a3"]).into(),
            2 => self.choices.of(&[".", "~"]).into(),
            3 => self.choices.of(&["0.5", "-1", "440Hz", "7"]).into(),
            4 => self.choices.of(&["x:0.8", "C4:0.7", "0.5:0.3"]).into(),
            5 => self.choices.of(&["C4>E4", "0.2>0.8", "x:0.2>0.9"]).into(),
            6 if !notes.is_empty() => self.choices.of(&notes).clone(),
            7 => "slide(4, C2, C4)".into(),
            8 => format!("[{} {}]", self.step(sight, depth - 1), self.step(sight, depth - 1)),
            9 => format!("<{} {}>", self.step(sight, depth - 1), self.step(sight, depth - 1)),
            _ => "C3".into(),
        };
        let behind = self.choices.of(&["", "", "", "", "*3", "@3", "?", "?0.2", "(3,8)", "*2@2", "@2?"]);
        format!("{plain}{behind}")
    }

    fn song(&mut self) -> String {
        let name = self.name("tune");
        let lanes = ["low", "beat", "high"][..=self.choices.below(3)].to_vec();
        let mut parts = Vec::new();
        let section = self.choices.once_in(2);
        if section {
            parts.push(format!("section verse {{ {} }}", self.rows(lanes.len())));
            parts.push(self.choices.of(&["play verse", "play verse * 2", "play (verse, verse) * 2"]).to_string());
        }
        if self.choices.once_in(2) {
            parts.push("@loop".into());
        }
        parts.push(match self.choices.below(3) {
            0 => format!("play {{ {} }}", self.rows(lanes.len())),
            1 => format!("play chorus {{ {} }}", self.rows(lanes.len())),
            _ => format!("play chorus {{ ({}) * 2 }}", self.row(lanes.len())),
        });
        let text = format!("song {name}({}) {{\n    {}\n}}", lanes.join(", "), parts.join("\n    "));
        self.songs.push((name, lanes));
        text
    }

    fn rows(&mut self, lanes: usize) -> String {
        let rows: Vec<String> = (0..=self.choices.below(3)).map(|_| self.row(lanes)).collect();
        rows.join(self.choices.of(&["\n        ", "; "]))
    }

    fn row(&mut self, lanes: usize) -> String {
        let names: Vec<String> = self.patterns.iter().map(|(name, _)| name.clone()).collect();
        let cell = |choices: &mut super::Choices<'_>| if choices.once_in(4) { "_".into() } else { choices.of(&names) };
        (0..lanes).map(|_| cell(&mut self.choices)).collect::<Vec<String>>().join(", ")
    }

    fn curve(&mut self) -> String {
        let name = self.name("way");
        let points = self.choices.of(&[
            "0: 0, 4bars: 1",
            "0: 0.2, 1/4: 1 exp, 2beats: 0.1",
            "0: 1, 8bars: 0 loop",
            "0: 0, 100ms: 1, 2s: 0.5",
        ]);
        self.curves.push(name.clone());
        format!("curve {name} {{ {points} }}")
    }
}
