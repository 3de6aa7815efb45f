//! What may come to an input at all, and what comes to one in the way of older files.

use super::Checker;
use crate::fault::{Fault, codes};
use crate::flat::{Feed, V, What};
use crate::kinds;
use crate::linear::{Aim, Origin, Sum, Term};
use crate::value::{Const, Dim};
use patches_core::graph::{End, Setting, Span};
use patches_core::spec::{Input, Kind};

impl Checker<'_> {
    /// What is no number cannot feed an input; `true` and `false` are for gates, and no scale.
    pub(super) fn is_number(&mut self, feed: &Feed, input: &Input) -> bool {
        let flag = |v: &V| matches!(v.what, What::Bool(_));
        let what = &feed.value.what;
        let other = matches!(what, What::Text(_) | What::Word(_) | What::File(_) | What::List(_) | What::Pattern(..))
            || matches!(what, What::Song(..));
        if other || flag(&feed.value) && input.kind != Kind::Gate {
            self.fault(kinds::wrong_kind(input, what.name(), feed.value.span));
            return false;
        }
        if let Some(scale) = feed.scale.as_ref().filter(|scale| flag(scale)) {
            let message = "a cable is scaled by a number or a signal, not by true or false";
            self.fault(Fault::error(codes::WRONG_KIND, scale.span, message));
            return false;
        }
        true
    }

    /// MIDI goes into inputs for it as it is, and nothing else goes there.
    pub(super) fn midi_fits(&mut self, sum: &Sum, feed: &Feed, input: &Input) -> bool {
        let takes = input.kind == Kind::Midi;
        let plain =
            |term: &Term| matches!(&term.origin, Origin::Output(end) if term.factor == 1.0 && self.is_midi(end));
        let fits = match takes {
            true => sum.base.is_none() && sum.terms.iter().all(plain),
            false => !self.has_midi(sum),
        };
        if !fits {
            let name = input.names[0];
            let message = match takes {
                true => format!("`{name}` takes MIDI as it comes, such as `MidiIn`"),
                false => format!("`{name}` takes no MIDI"),
            };
            let help = "`Keys` makes pitch and gates of MIDI, `Cc` a signal of a controller";
            self.fault(Fault::error(codes::WRONG_KIND, feed.value.span, message).help(help));
        }
        fits
    }

    fn is_midi(&self, end: &End) -> bool {
        let module = self.graph.modules.get(&end.module);
        module.is_some_and(|module| module.spec.outputs[usize::from(end.port)].kind == Kind::Midi)
    }

    fn has_midi(&self, sum: &Sum) -> bool {
        sum.terms.iter().any(|term| match &term.origin {
            Origin::Output(end) => self.is_midi(end),
            Origin::Operation(operation) => self.has_midi(&operation.a) || self.has_midi(&operation.b),
        })
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
