//! The sequencers of what plays, for who looks at them: their rows written out, and where each row is.

use super::Live;
use crate::play::sink::Sequence;
use patches_core::graph::{End, Graph, Item, Module, ParamValue, Probe, Span};
use patches_core::score::{Event, Played, RowEvents, RowKind, Score, StepValue};
use std::sync::Arc;

/// What probes of a sequencer's place are for.
const HEAD: &str = "playhead";

/// Whether a probe tells where a sequencer is.
pub fn is_head(probe: &Probe) -> bool {
    probe.kinds.iter().any(|kind| **kind == *HEAD)
}

impl Live {
    /// Tells what sequencers there are, and watches them while somebody looks.
    pub(super) fn tell_sequences(&mut self) {
        self.sink.sequences(sequences(&self.graph));
        if !self.head_probes.is_empty() {
            self.look_at_steps(true);
        }
    }

    /// Somebody looks, or no longer.
    pub(super) fn look_at_steps(&mut self, looked_at: bool) {
        self.heads.clear();
        self.head_probes = if looked_at { heads(&self.graph) } else { Vec::new() };
        self.watch_all();
    }
}

/// A probe for each row of each sequencer.
fn heads(graph: &Graph) -> Vec<Probe> {
    let mut probes = Vec::new();
    for (path, module) in &graph.modules {
        let Some((port, side)) = module.spec.output(HEAD) else { continue };
        for channel in 0..module.channels.len().max(1) as u16 {
            let from = End { module: path.clone(), port, channel, side };
            probes.push(Probe { label: path.clone(), from, kinds: vec![HEAD.into()], span: Span::default() });
        }
    }
    probes
}

fn sequences(graph: &Graph) -> Vec<Sequence> {
    let sequence = |(path, module): (&Arc<str>, &Module)| {
        module.spec.output(HEAD)?;
        let score = module.params.values().find_map(|value| match value {
            ParamValue::Score(score) => Some(written_out(score)),
            _ => None,
        });
        let listed = || {
            module.params.values().find_map(|value| match value {
                ParamValue::List(items) => Some(vec![("".into(), items.iter().map(item).collect())]),
                _ => None,
            })
        };
        Some(Sequence { module: path.clone(), rows: score.or_else(listed)? })
    };
    graph.modules.iter().filter_map(sequence).collect()
}

fn item(item: &Item) -> String {
    match item {
        Item::Number(pitch) => note(*pitch),
        Item::Word(word) if &**word == "_" => "~".into(),
        Item::Word(_) => ".".into(),
    }
}

/// The nearest note of the keyboard.
fn note(pitch: f64) -> String {
    StepValue::Note((pitch * 12.0).round() as i32).to_string()
}

fn written_out(score: &Score) -> Vec<(Arc<str>, Arc<[String]>)> {
    let rows = score.rows().unwrap_or_default();
    let cells = |(index, row): (usize, &RowEvents)| steps(row, score.kind(index));
    score.row_names().into_iter().zip(rows.iter().enumerate().map(cells)).collect()
}

/// One word a step: that of its first event, with a `+` if there are more; `-` where a longer one goes on.
fn steps(row: &RowEvents, kind: RowKind) -> Arc<[String]> {
    let mut words = vec![String::new(); row.steps as usize];
    for event in &row.events {
        let Some(word) = words.get_mut(event.step as usize) else { continue };
        if word.is_empty() {
            *word = said(event, kind);
        } else if !word.ends_with('+') {
            word.push('+');
        }
    }
    words.iter_mut().filter(|word| word.is_empty()).for_each(|word| word.push('-'));
    words.into()
}

fn said(event: &Event, kind: RowKind) -> String {
    match (event.what, event.value) {
        (Played::Rest, _) => ".".into(),
        (Played::Tie, _) => "~".into(),
        (Played::Note, Some((value, _))) if kind == RowKind::Pitches => note(value),
        (Played::Note, Some((value, _))) if kind == RowKind::Numbers => {
            format!("{:.4}", value).trim_end_matches('0').trim_end_matches('.').to_string()
        }
        (Played::Note, _) => "x".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_written_out_step_by_step() {
        let text = "pattern p { C4 . [x x] E4@2 ~ }\nseq = Steps { pattern: p }\nOsc { pitch: seq.note }.sine -> out\n";
        let memory = patches_dsl::Memory::default().with("a.patches", text);
        let loaded = patches_dsl::load(std::path::Path::new("a.patches"), &memory, &patches_modules::library());
        assert!(!loaded.has_errors(), "{}", loaded.render(false));
        let found = sequences(&loaded.graph);
        let [sequence] = &found[..] else { panic!("{found:?}") };
        assert_eq!((&*sequence.module, sequence.rows.len()), ("seq", 1));
        assert_eq!(sequence.rows[0].1.join(" "), "C4 . x+ E4 - ~");
        assert_eq!(heads(&loaded.graph).len(), 1);
    }
}
