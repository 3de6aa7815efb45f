//! Values that the text sets outside their range.

use super::Checker;
use crate::fault::{Fault, codes};
use crate::kinds;
use patches_core::graph::{Setting, Span, TEMPO};
use patches_core::spec::{Input, Kind};

impl Checker<'_> {
    /// Tells a value that is held to its range, and what it is held to.
    pub(super) fn range(&mut self, value: Option<Setting>, input: &Input, span: Span) {
        // A musical time is as long as the tempo makes it.
        let tempo = self.graph.tempo.unwrap_or(TEMPO);
        let v = match value {
            None => return,
            Some(Setting::Beats(beats)) if input.kind == Kind::Rate => tempo / 60.0 / beats,
            Some(setting) => setting.seconds(tempo),
        };
        if v >= input.min && v <= input.max {
            return;
        }
        let (min, max) = (kinds::shown(input.min, input.kind), kinds::shown(input.max, input.kind));
        let range = match (input.min.is_finite(), input.max.is_finite()) {
            (true, true) => format!("{min} to {max}"),
            (true, false) => format!("at least {min}"),
            _ => format!("at most {max}"),
        };
        let held = kinds::shown(v.clamp(input.min, input.max), input.kind);
        let message = match value {
            Some(Setting::Number(_)) => format!("`{}` is {range}; {held} is used", input.names[0]),
            _ => {
                let comes_to = kinds::shown(v, input.kind);
                format!("`{}` is {range}, and at a tempo of {tempo} this is {comes_to}; {held} is used", input.names[0])
            }
        };
        self.fault(Fault::warning(codes::OUT_OF_RANGE, span, message));
    }
}
