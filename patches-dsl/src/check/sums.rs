//! Values as sums of outputs.

use super::Checker;
use crate::fault::{Fault, codes};
use crate::flat::{Feed, Function, Source, V, Value, What};
use crate::kinds;
use crate::limits;
use crate::linear::{Aim, Key, Origin, Sum};
use crate::older::Bare;
use crate::value::{Const, Dim, Misfit, Old};
use patches_core::graph::{End, Span};
use patches_core::spec::Kind;
use std::borrow::Cow;
use std::rc::Rc;

/// Calls back for every output in a feed.
pub(super) fn each_port(feed: &Feed, note: &mut impl FnMut(&Source)) {
    let mut port = |what: &What| {
        if let What::Port(source) = what {
            note(source);
        }
    };
    std::iter::once(&feed.value).chain(&feed.scale).for_each(|v| each_leaf(v, &mut port));
}

/// Calls back for everything that a value is made of.
pub(super) fn each_leaf(v: &V, note: &mut impl FnMut(&What)) {
    match &v.what {
        What::Minus(inner) => each_leaf(inner, note),
        What::Sum(parts) | What::Product(parts) => parts.iter().for_each(|(_, v)| each_leaf(v, note)),
        What::Apply(_, args) | What::List(args) => args.iter().for_each(|v| each_leaf(v, note)),
        leaf => note(leaf),
    }
}

impl Checker<'_> {
    /// What a feed brings, as a sum; nothing where a fault was told.
    pub(super) fn feed_sum(&mut self, feed: &Feed, aim: Aim) -> Option<Sum> {
        let bare = matches!(feed.value.what, What::Port(_) | What::Junction(_) | What::Pair(..));
        let mut sum = self.sum(&feed.value, Aim { adds: aim.adds && bare, ..aim })?.side(feed.take);
        // `a + b` is added voice by voice; as two cables each would bring its own voices.
        if aim.adds && !bare && sum.terms.len() + usize::from(sum.base.is_some()) > 1 {
            sum = sum.moved();
        }
        if let Some(scale) = &feed.scale {
            let by = self.sum(scale, aim)?.side(feed.take);
            sum = self.scaled(sum, by, aim, scale.span)?;
        }
        match feed.older {
            Some(Bare::Half) => sum = sum.scaled(0.5),
            // A constant of seconds is one already.
            Some(Bare::Milliseconds) if sum.dim.is_plain() => sum = sum.scaled(0.001),
            _ => {}
        }
        if feed.late {
            sum.terms.iter_mut().for_each(|term| term.late = true);
        }
        Some(sum)
    }

    /// A sum through a scaled cable. Unlike in an expression a pitch may be scaled: what runs on a cable is a number.
    fn scaled(&mut self, sum: Sum, by: Sum, aim: Aim, span: Span) -> Option<Sum> {
        let Some(mut scale) = by.as_constant() else {
            let dim = sum.dim;
            // A musical time keeps what it is; of the rest only the number goes through the cable.
            let sum = sum.note_length(aim);
            if sum.dim == Dim::Beats {
                return self.told(sum.times(by, aim), span);
            }
            let open = Sum { dim: Dim::Number, base: sum.base.map(|b| Const { dim: Dim::Number, ..b }), ..sum };
            let mut product = self.told(open.times(by, aim), span)?;
            if dim == Dim::Pitch && product.dim.is_plain() {
                product.dim = Dim::Interval;
            }
            return Some(product);
        };
        match scale.old {
            Some(Old::Seconds(at)) if !aim.musical => {
                scale = Const::new(Dim::Interval, scale.value / 12.0);
                self.fault(kinds::old_spelling("`7s` as a scale is written `7st` today", at));
            }
            Some(Old::Interval(at)) => self.fault(kinds::old_spelling("`50c` is written `50ct` today", at)),
            _ => {}
        }
        if scale.dim.is_plain() {
            let base = match (sum.base, aim.rate) {
                (Some(base), false) if !sum.terms.is_empty() || base.dim == Dim::Frequency => {
                    Some(self.told(base.as_pitch(), span)?)
                }
                (base, _) => base,
            };
            let dim = base.map_or(sum.dim, |base| if sum.terms.is_empty() { base.dim } else { sum.dim });
            return Some(Sum { dim, base, ..sum }.scaled(scale.value));
        }
        self.told(sum.times(Sum::constant(scale), aim), span)
    }

    pub(super) fn told<T>(&mut self, result: Result<T, Misfit>, span: Span) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(misfit) => {
                let mut fault = Fault::error(misfit.code, span, misfit.message);
                fault.help = misfit.help;
                self.fault(fault);
                None
            }
        }
    }

    /// A value as a sum.
    pub(super) fn sum(&mut self, v: &V, aim: Aim) -> Option<Sum> {
        self.work += 1;
        if self.work > limits::WORK {
            let message = "this patch expands to more than a patch may hold";
            self.fault(Fault::error(codes::TOO_LARGE, v.span, message));
            return None;
        }
        match &v.what {
            What::Const(c) => Some(Sum::constant(*c)),
            What::Bool(b) => Some(Sum::constant(Const::whole(f64::from(u8::from(*b))))),
            What::Port(source) => self.output(source, aim, v.span),
            What::Junction(junction) => self.junction(*junction, aim, v.span),
            What::Pair(left, right) => {
                let left = self.junction(*left, aim, v.span)?;
                let right = self.junction(*right, aim, v.span)?;
                Some(Sum::pair(left, right))
            }
            What::Minus(inner) => {
                let inner = self.sum(inner, aim)?;
                self.told(inner.minus(), v.span)
            }
            What::Sum(parts) => self.fold(parts, aim, v.span, |a, b, minus, aim| a.plus(b, minus, aim)),
            What::Product(parts) => {
                let parts = self.note_lengths(parts, aim);
                self.fold(&parts, aim, v.span, |a, b, over, aim| if over { a.over(b, aim) } else { a.times(b, aim) })
            }
            What::Apply(Function::Quantize, args) => self.quantize(args, aim, v.span),
            What::Apply(function, args) => {
                let mut sums = Vec::with_capacity(args.len());
                for arg in args {
                    sums.push(self.sum(arg, aim)?);
                }
                self.told(Sum::apply(*function, sums, aim), v.span)
            }
            What::Poison => None,
            _ => {
                let message = format!("{} cannot feed an input", v.what.name());
                self.fault(Fault::error(codes::WRONG_KIND, v.span, message));
                None
            }
        }
    }

    /// Factors with a note length among them brought to the front, where a time is meant: `1/8 * lfo`, `lfo * 3/16`.
    fn note_lengths<'v>(&self, parts: &'v [(bool, V)], aim: Aim) -> Cow<'v, [(bool, V)]> {
        if !aim.musical {
            return Cow::Borrowed(parts);
        }
        let (mut length, mut times, mut rest) = (Const::whole(1.0), false, Vec::new());
        for (over, part) in parts {
            let What::Const(c) = &part.what else {
                rest.push((*over, part.clone()));
                continue;
            };
            times |= !over;
            match if *over { length.over(*c) } else { length.times(*c) } {
                Ok(product) if product.dim.is_plain() => length = product,
                _ => return Cow::Borrowed(parts),
            }
        }
        // What is divided alone is no length: `lfo / 8`.
        let Some((false, first)) = rest.first().filter(|_| times && length.dim == Dim::Note) else {
            return Cow::Borrowed(parts);
        };
        let length = Value::new(What::Const(Const::new(Dim::Beats, length.value * 4.0)), first.span);
        rest.insert(0, (false, Rc::new(length)));
        Cow::Owned(rest)
    }

    fn fold(
        &mut self,
        parts: &[(bool, V)],
        aim: Aim,
        span: Span,
        join: impl Fn(Sum, Sum, bool, Aim) -> Result<Sum, Misfit>,
    ) -> Option<Sum> {
        let mut whole: Option<Sum> = None;
        for (inverse, part) in parts {
            let part = self.sum(part, aim)?;
            whole = Some(match whole {
                None => part,
                Some(so_far) => self.told(join(so_far, part, *inverse, aim), span)?,
            });
        }
        whole
    }

    fn output(&mut self, source: &Source, aim: Aim, span: Span) -> Option<Sum> {
        // What a faulty pattern would play is of no kind; a player that has none to play is silent.
        let draft = &self.expanded.modules[source.module];
        let silent = |fault: &Fault| fault.code == codes::NOTHING_TO_PLAY && fault.span == draft.span;
        if super::rows::is_poisoned(draft) && !self.expanded.faults.iter().any(silent) {
            return None;
        }
        let (number, channel, side) = self.played(source, aim, span)?;
        let spec = self.expanded.modules[source.module].spec;
        let port = &spec.outputs[number as usize];
        let end = End { module: self.paths[source.module].clone(), port: number, channel, side };
        let dim = if port.kind == Kind::Pitch { Dim::Pitch } else { Dim::Number };
        let key = Key::Output(end.clone());
        Some(Sum::term(Origin::Output(end), dim, key))
    }

    /// What is connected to a template's port: the sum of all that feeds it.
    fn junction(&mut self, index: usize, aim: Aim, span: Span) -> Option<Sum> {
        if !self.following.insert(index) {
            let name = &self.expanded.junctions[index].name;
            let message = format!("a loop of cables through `{name}` without a module in it");
            self.fault(Fault::error(codes::CYCLE, span, message));
            return None;
        }
        let expanded = self.expanded;
        let junction = &expanded.junctions[index];
        if let (true, Some(left)) = (junction.feeds.is_empty(), junction.follows) {
            self.following.remove(&index);
            return self.junction(left, aim, span);
        }
        let mut sums = Vec::new();
        for feed in &junction.feeds {
            if let Some(sum) = self.feed_sum(feed, aim) {
                sums.push((sum, feed.span));
            }
        }
        self.following.remove(&index);
        // What is faulty is of no kind; nothing follows from it.
        if sums.len() < junction.feeds.len() {
            return None;
        }
        Some(self.join(sums, aim).unwrap_or(Sum { dim: Dim::Number, base: None, terms: Vec::new() }))
    }

    /// What several cables into one place bring together; nothing where there are none, or they do not fit.
    pub(super) fn join(&mut self, mut sums: Vec<(Sum, Span)>, aim: Aim) -> Option<Sum> {
        // The order of cables must not reach the bits of their sum.
        sums.sort_by_cached_key(|(sum, _)| sum.order());
        let mut whole: Option<Sum> = None;
        for (sum, span) in sums {
            whole = Some(match whole {
                None => sum,
                Some(so_far) => self.told(so_far.joined(sum, aim), span)?,
            });
        }
        whole
    }

    fn quantize(&mut self, args: &[V], aim: Aim, span: Span) -> Option<Sum> {
        let [x, scale] = args else { return None };
        let x = self.sum(x, aim)?;
        let param =
            self.around.library.find("Quant").and_then(|spec| Some(&spec.params[spec.param("scale")? as usize]));
        let Some(param) = param else {
            self.fault(Fault::error(codes::NOT_PLAYABLE, span, "no module plays `quantize` yet"));
            return None;
        };
        let members = match &scale.what {
            What::Word(_) | What::Text(_) => std::slice::from_ref(scale),
            What::List(members) => members.as_slice(),
            What::Poison => return None,
            _ => {
                let message = "a scale is a word, or a list of notes or intervals";
                let fault = Fault::error(codes::WRONG_KIND, scale.span, message);
                self.fault(fault.help("write `quantize(x, minor)` or `quantize(x, [C3, Eb3, G3])`"));
                return None;
            }
        };
        let scale = self.list("quantize", param, members)?;
        self.told(x.quantized(scale), span)
    }
}
