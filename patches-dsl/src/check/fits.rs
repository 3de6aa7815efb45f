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
