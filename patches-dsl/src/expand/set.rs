//! What braces set on a module, by the names of today and of older files.

use super::cables::{Aimed, find_input};
use super::unknown::names_of;
use super::{Expander, value};
use crate::fault::{Fault, codes};
use crate::flat::*;
use crate::older::{self, Bare, Preset};
use crate::tree::{Expr, Name};
use crate::value::{Const, Dim};
use patches_core::graph::Span;
use patches_core::spec::{Side, Spec};
use std::sync::Arc;

impl<'t> Expander<'t> {
    /// Sets one parameter or input.
    pub(super) fn set(&mut self, module: usize, name: &Name, channel: (Channel, Span), expr: &'t Expr, scope: usize) {
        let Draft { spec, older: row, .. } = self.out.modules[module];
        let mut aimed = find_input(spec, &name.text);
        if let Some(index) = spec.param(&name.text) {
            let kind = &spec.params[index as usize].kind;
            let v = self.eval_param(expr, kind, scope);
            // A number is no scale of notes: in older files it is how far the signal reaches.
            let range = spec.input("range").filter(|_| &*name.text == "scale" && matches!(v.what, What::Const(_)));
            match range {
                Some(port) => self.feed(module, port, channel, set_to(v, name.span), scope),
                None => {
                    let called = spec.params[index as usize].names.iter().position(|own| **own == *name.text);
                    let (called, (channel, at)) = (called.unwrap_or(0) as u16, channel);
                    self.out.modules[module].params.push(Given { param: index, called, channel, at, value: v });
                }
            }
            return;
        }
        if row.is_some_and(|row| row.loop_gain == Some(&*name.text))
            && let Some(Aimed { port, .. }) = aimed
        {
            let v = self.eval(expr, scope);
            let v = self.loop_gain(v, name, scope);
            return self.feed(module, port, channel, set_to(v, name.span), scope);
        }
        if row.is_some_and(|row| row.hertz) && &*name.text == "frequency" {
            aimed = aimed.map(|aimed| Aimed { older: Some(older::Bare::Hertz), ..aimed });
        }
        let Some(Aimed { port, older: bare, called }) = aimed else {
            if older::does_nothing(&name.text) {
                let message = format!("`{}` of older files does nothing today", name.text);
                return self.fault(scope, Fault::warning(codes::OLD_SPELLING, name.span, message));
            }
            self.out.modules[module].misnamed = true;
            return self.unknown_parameter(spec, name, scope);
        };
        let v = self.eval(expr, scope);
        let (v, older) = in_unit_of_name(v, bare);
        let set = aimed.is_some_and(|aimed| aimed.older.is_none()) || !older::adds(&name.text);
        self.feed(module, port, channel, Feed { set, older, called, ..set_to(v, name.span) }, scope);
    }

    /// The time that a loop gain makes; a time is one already.
    fn loop_gain(&mut self, v: V, name: &Name, scope: usize) -> V {
        match &v.what {
            What::Const(c) if c.dim.is_plain() => {
                value(What::Const(Const::new(Dim::Time, older::decay(c.value))), v.span)
            }
            What::Const(_) | What::Poison => v,
            _ => {
                let message =
                    format!("no module plays a loop gain that moves, as `{}` of older files may be", name.text);
                let fault = Fault::error(codes::NOT_PLAYABLE, v.span, message);
                self.fault(scope, fault.help("write a type of today, whose time may move: `Reverb { decay: 3s }`"));
                value(What::Poison, v.span)
            }
        }
    }

    /// What an older type has set, where the text sets nothing.
    pub(super) fn presets(&mut self, module: usize, span: Span, scope: usize) {
        let Draft { spec, older: Some(row), .. } = self.out.modules[module] else { return };
        for (name, preset) in row.presets {
            let what = match preset {
                Preset::Number(v) => What::Const(Const { whole: v.fract() == 0.0, ..Const::new(Dim::Number, *v) }),
                Preset::Word(word) => What::Word(Arc::from(*word)),
            };
            let (v, draft) = (value(what, span), &mut self.out.modules[module]);
            if let Some((port, side)) = spec.input(name) {
                let given = |fed: &Fed| fed.port == port && fed.feed.set && fed.channel == Channel::Unsaid;
                if !draft.fed.iter().any(given) {
                    self.feed(module, (port, side), (Channel::Unsaid, span), set_to(v, span), scope);
                }
            } else if let Some(index) = spec.param(name)
                && !draft.params.iter().any(|given| given.param == index)
            {
                draft.params.push(Given::new(index, v));
            }
        }
    }

    fn unknown_parameter(&mut self, spec: &'static Spec, name: &Name, scope: usize) {
        let mut known: Vec<String> = names_of(spec.inputs.iter().map(|port| (port.names, port.stereo)));
        known.extend(spec.params.iter().flat_map(|param| param.names).map(|name| name.to_string()));
        // `attck_ms`: what is near to it has its unit too.
        for end in ["_ms", "_hz", "_cv"].into_iter().filter(|end| name.text.ends_with(end)) {
            known.extend(spec.inputs.iter().flat_map(|port| port.names).map(|name| format!("{name}{end}")));
        }
        let message = format!("`{}` has no parameter `{}`", spec.name(), name.text);
        let fault = Fault::error(codes::UNKNOWN_PARAMETER, name.span, message);
        self.fault(scope, fault.near(&name.text, known.iter().map(|name| &**name)));
    }
}

/// What braces set.
fn set_to(value: V, span: Span) -> Feed {
    Feed { value, scale: None, take: Side::Both, late: false, set: true, older: None, called: 0, span }
}

/// A bare number in the unit that an older parameter name says; what is no number is left for the check.
fn in_unit_of_name(v: V, bare: Option<Bare>) -> (V, Option<Bare>) {
    let (What::Const(c), Some(bare)) = (&v.what, bare) else { return (v, bare) };
    let (dim, factor) = match bare {
        Bare::Milliseconds => (Dim::Time, 1000.0),
        Bare::Hertz => (Dim::Frequency, 1.0),
        Bare::Octaves => (Dim::Interval, 1.0),
        Bare::Half | Bare::PartOfTime => return (v, Some(bare)),
    };
    match c.dim.is_plain() {
        true => (value(What::Const(Const::new(dim, c.value / factor)), v.span), None),
        false => (v, None),
    }
}
