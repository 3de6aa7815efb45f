//! Outputs that depend on what a module plays: the rows of a pattern, a curve of frequencies.

use super::Checker;
use super::device::Place;
use crate::fault::{Fault, codes};
use crate::flat::{Channel, Draft, Given, Source, What};
use crate::linear::Aim;
use patches_core::graph::Span;
use patches_core::score::{RowKind, Score};
use patches_core::spec::ParamKind;
use std::sync::Arc;

/// The pattern or lane that a module plays.
pub(super) fn score(draft: &Draft) -> Option<&Arc<Score>> {
    draft.params.iter().find_map(|given| match &given.value.what {
        What::Pattern(_, score) => Some(score),
        _ => None,
    })
}

/// Names of the lanes of the song that a module conducts.
pub(super) fn lanes(draft: &Draft) -> Option<Vec<Arc<str>>> {
    draft.params.iter().find_map(|given| match &given.value.what {
        What::Song(song) => Some(song.lanes.iter().map(|(name, _)| name.clone()).collect()),
        _ => None,
    })
}

/// Whether what a module should play is faulty, which is told where it is.
pub(super) fn is_poisoned(draft: &Draft) -> bool {
    draft.misnamed
        || draft.params.iter().any(|given| {
            let plays = matches!(draft.spec.params[given.param as usize].kind, ParamKind::Pattern | ParamKind::Song);
            plays && matches!(given.value.what, What::Poison)
        })
}

impl Checker<'_> {
    /// The output, channel and side that a source means. A row's name alone is its pitch, its number, or of hits the trigger;
    /// a curve of frequencies is a rate where one is expected.
    pub(super) fn played(&mut self, source: &Source, aim: Aim, span: Span) -> Option<Place> {
        let draft = &self.expanded.modules[source.module];
        let port = &draft.spec.outputs[source.port as usize];
        let rows = &self.channels[source.module];
        // The first row has all ports, and those are what their names mean there; any other row has its own.
        let of_port = |name: &Arc<str>| rows.iter().position(|row| row == name).is_none_or(|row| row == 0);
        let name = match &source.channel {
            Channel::Row(name) => name,
            Channel::Alone(name) if !of_port(name) => name,
            channel => {
                let ones = draft.spec.output_by_channel(source.port);
                let from = (self.of_curve(draft, source.port, aim), channel, source.side);
                return self.placed(source.module, from, ones, (port.indexed, port.names[0]), span);
            }
        };
        let row = rows.iter().position(|row| row == name);
        let Some(row) = row else {
            if !is_poisoned(draft) {
                let known = draft.spec.outputs.iter().flat_map(|p| p.names.iter().copied());
                let rows = rows.clone();
                let message = format!("`{}` has no output or row `{name}`", draft.spec.name());
                let fault = Fault::error(codes::UNKNOWN_PORT, span, message);
                self.fault(fault.near(name, known.chain(rows.iter().map(|row| &**row))));
            }
            return None;
        };
        let output = match score(draft).map(|score| score.kind(row)) {
            Some(RowKind::Hits) => draft.spec.output("trigger"),
            Some(RowKind::Pitches) => draft.spec.output("note"),
            _ => None,
        };
        let value = draft.spec.named_output().unwrap_or(source.port);
        Some((output.map_or(value, |(index, _)| index), row as u16, source.side))
    }

    fn of_curve(&self, draft: &Draft, port: u16, aim: Aim) -> u16 {
        if !aim.rate {
            return port;
        }
        let curve = self.around.library.find("Curve").is_some_and(|spec| std::ptr::eq(spec, draft.spec));
        let hertz = || {
            let word = |given: &Given| matches!(&given.value.what, What::Word(word) if &**word == "hertz");
            draft.params.iter().any(word)
        };
        match draft.spec.output("rate") {
            Some((rate, _)) if curve && hertz() => rate,
            _ => port,
        }
    }
}
