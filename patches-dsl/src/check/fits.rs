//! What may come to an input at all, and what comes to one in the way of older files.

use super::Checker;
use crate::fault::{Fault, codes};
use crate::flat::{Feed, V, What};
use crate::kinds;
use crate::linear::{Aim, Sum};
use crate::value::{Const, Dim};
use patches_core::graph::{Cable, Setting, Span};
use patches_core::spec::{Input, Kind};

impl Checker<'_> {
    /// What is no number cannot feed an input; `true` and `false` are for gates, and no scale.
    pub(super) fn is_number(&mut self, feed: &Feed, input: &Input) -> bool {
        let flag = |v: &V| matches!(v.what, What::Bool(_));
        let what = &feed.value.what;
        let other = matches!(what, What::Text(_) | What::Word(_) | What::File(_) | What::List(_) | What::Pattern(..))
            || matches!(what, What::Song(..));
        if other || flag(&feed.value) && input.kind != Kind::Gate {
            let fault = kinds::wrong_kind(input, what.name(), feed.value.span);
            self.fault(match what {
                What::List(members) if input.kind == Kind::Pitch => fault.help(chord(members)),
                _ => fault,
            });
            return false;
        }
        if let Some(scale) = feed.scale.as_ref().filter(|scale| flag(scale)) {
            let message = "a cable is scaled by a number or a signal, not by true or false";
            self.fault(Fault::error(codes::WRONG_KIND, scale.span, message));
            return false;
        }
        true
    }

    /// Pitches by several cables are added, as all is that comes to one input: not what a list of notes is meant as.
    pub(super) fn no_sum_of_pitches(&mut self, cables: &[(Sum, &Feed)], input: &Input) {
        let is_pitch = |sum: &Sum| {
            sum.terms.is_empty() && sum.base.is_some_and(|base| matches!(base.dim, Dim::Pitch | Dim::Frequency))
        };
        let mut pitches: Vec<&V> =
            cables.iter().filter(|(sum, _)| is_pitch(sum)).map(|(_, feed)| &feed.value).collect();
        pitches.sort_by_key(|v| v.span);
        if let (Kind::Pitch, [_, second, ..]) = (input.kind, pitches.as_slice()) {
            let message =
                format!("the pitches that come into `{}` are added, which makes one pitch of them", input.names[0]);
            let fault = Fault::warning(codes::PITCHES_ADDED, second.span, message);
            self.fault(fault.help(chord(pitches)));
        }
    }

    /// MIDI goes into inputs for it as it is, and nothing else goes there.
    pub(super) fn check_midi(&mut self) {
        if !self.graph.modules.values().any(|module| module.spec.has_midi()) {
            return;
        }
        let kinds = |cable: &Cable| {
            let (from, to) = (self.graph.modules.get(&cable.from.module)?, self.graph.modules.get(&cable.to.module)?);
            let (output, input) =
                (from.spec.outputs.get(usize::from(cable.from.port))?, to.spec.inputs.get(usize::from(cable.to.port))?);
            let as_it_is = cable.scale == 1.0 && output.kind == Kind::Midi;
            let wrong =
                (output.kind == Kind::Midi || input.kind == Kind::Midi) && !(as_it_is && input.kind == Kind::Midi);
            let name = input.names[0];
            wrong.then(|| match input.kind {
                Kind::Midi => (cable.span, format!("`{name}` takes MIDI as it comes, such as `MidiIn`")),
                _ => (cable.span, format!("`{name}` takes no MIDI")),
            })
        };
        let wrong: Vec<(Span, String)> = self.graph.cables.iter().filter_map(kinds).collect();
        for (span, message) in wrong {
            let help = "`Keys` makes pitch and gates of MIDI, `Cc` a signal of a controller";
            self.fault(Fault::error(codes::WRONG_KIND, span, message).help(help));
        }
    }

    /// So much of the time that is set, or of the default.
    pub(super) fn part_of_time(
        &mut self,
        sum: Sum,
        set: Option<Const>,
        input: &Input,
        span: Span,
        aim: Aim,
    ) -> Option<Sum> {
        let time = match set.map(|base| kinds::setting(base, input, span)) {
            None => Const::new(Dim::Time, input.default),
            Some(Ok((Setting::Number(seconds), _))) => Const::new(Dim::Time, seconds),
            Some(Ok((Setting::Beats(beats), _))) => Const::new(Dim::Beats, beats),
            Some(Ok((Setting::Mixed { seconds, beats }, _))) => Const { beats, ..Const::new(Dim::Time, seconds) },
            Some(Err(_)) => return None,
        };
        self.told(sum.times(Sum::constant(time), aim), span)
    }
}

/// How these pitches are written as the voices of one cable.
pub(super) fn chord<'v>(members: impl IntoIterator<Item = &'v V>) -> String {
    let pitch = |v: &V| match &v.what {
        What::Const(c) => c.as_pitch().ok().map(|c| kinds::note(c.value)),
        _ => None,
    };
    let voices: Vec<String> = members
        .into_iter()
        .enumerate()
        .map(|(n, v)| format!("in[{n}]: {}", pitch(v).unwrap_or_else(|| "…".to_string())))
        .collect();
    format!("for a chord write `Merge(channels: {}) {{ {} }}`", voices.len(), voices.join(", "))
}
