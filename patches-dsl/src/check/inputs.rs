//! What feeds each input: settings, cables, hidden modules.

use super::Checker;
use super::sides::cable_of;
use crate::fault::{Fault, codes};
use crate::flat::{Channel, Draft, Feed, Source, What};
use crate::hash::HashMap;
use crate::kinds;
use crate::limits;
use crate::linear::{Aim, Key, Op, Operation, Origin, Sum, Term};
use crate::older::Bare;
use crate::value::{Const, Dim};
use patches_core::graph::{Cable, End, Module, ParamValue, Path, Setting, Slot, Span};
use patches_core::spec::{Input, Kind, Normal, ParamKind, Side, Spec};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// Everything that feeds one input.
#[derive(Default)]
struct Slots<'a> {
    /// What the braces set, for one channel.
    set: Option<&'a Feed>,
    cables: Vec<&'a Feed>,
}

impl Checker<'_> {
    /// Works out all inputs of a module.
    pub(super) fn inputs(&mut self, index: usize) {
        let expanded = self.expanded;
        let draft: &Draft = &expanded.modules[index];
        let mut slots: BTreeMap<(u16, u16, Side), Slots<'_>> = BTreeMap::new();
        let mut all: BTreeMap<(u16, Side), &Feed> = BTreeMap::new();
        for fed in &draft.fed {
            let input = &draft.spec.inputs[fed.port as usize];
            let (aim, ones) = ((fed.port, &fed.channel, fed.side), draft.spec.input_by_channel(fed.port));
            let name = input.names[fed.feed.called as usize];
            let place = self.placed(index, aim, ones, (input.indexed, name), fed.at);
            let Some((port, channel, side)) = place else { continue };
            // A parameter without an index is all its channels, a port its first.
            let parameter = input.indexed && !matches!(input.kind, Kind::Audio | Kind::Gate | Kind::Trigger);
            let before = if fed.feed.set && parameter && fed.channel == Channel::Unsaid {
                all.insert((fed.port, fed.side), &fed.feed)
            } else if fed.feed.set {
                slots.entry((port, channel, side)).or_default().set.replace(&fed.feed)
            } else {
                slots.entry((port, channel, side)).or_default().cables.push(&fed.feed);
                None
            };
            if let Some(before) = before {
                let earlier = input.names[before.called as usize];
                let both =
                    if earlier == name { format!("`{name}`") } else { format!("`{earlier}`, also called `{name}`,") };
                self.twice(&both, before.span, fed.feed.span);
            }
        }
        for (&(port, side), feed) in &all {
            for channel in 0..self.channels[index].len().max(1) as u16 {
                slots.entry((port, channel, side)).or_default().set.get_or_insert(feed);
            }
        }
        for ((port, channel, side), slot) in slots {
            self.slot(index, (port, channel), side, slot);
        }
    }

    fn twice(&mut self, what: &str, a: Span, b: Span) {
        let (first, second) = if a < b { (a, b) } else { (b, a) };
        let fault = Fault::error(codes::GIVEN_TWICE, second, format!("{what} is given twice"));
        self.fault(fault.also(first, "first given here"));
    }

    fn slot(&mut self, index: usize, slot: Slot, side: Side, fed: Slots<'_>) {
        let draft = &self.expanded.modules[index];
        let input: &'static Input = &draft.spec.inputs[slot.0 as usize];
        // Faults speak of it by the name that the text has.
        let called = fed.set.iter().chain(&fed.cables).next().map_or(0, |feed| feed.called as usize);
        let named = (called > 0).then(|| Input { names: &input.names[called..], ..input.clone() });
        let input = named.as_ref().unwrap_or(input);
        // Each that is none is told, not the first alone.
        let wrong = fed.set.iter().chain(&fed.cables).filter(|feed| !self.is_number(feed, input)).count();
        if wrong > 0 {
            return;
        }
        let aim = Aim {
            rate: input.kind == Kind::Rate,
            musical: matches!(input.kind, Kind::Rate | Kind::Time),
            pitch: input.kind == Kind::Pitch,
            adds: draft.spec.one && input.kind == Kind::Audio,
        };
        self.no_cable_twice(&fed.cables, input);
        let set = match fed.set {
            Some(feed) => match self.feed_sum(feed, aim) {
                Some(sum) if input.kind == Kind::Trigger && !self.scale_fits(&sum, feed, input) => return,
                Some(sum) => Some((self.counted(sum, feed, input), feed)),
                None => return,
            },
            None => None,
        };
        let mut cables = Vec::new();
        for feed in fed.cables {
            let Some(mut sum) = self.feed_sum(feed, aim) else { continue };
            if feed.older == Some(Bare::PartOfTime) {
                let base = set.as_ref().and_then(|(set, _): &(Sum, &Feed)| set.base);
                let Some(part) = self.part_of_time(sum, base, input, feed.value.span, aim) else { continue };
                sum = part;
            }
            if self.scale_fits(&sum, feed, input) {
                cables.push((self.counted(sum, feed, input), feed));
            }
        }
        cables.sort_by_cached_key(|(sum, _)| sum.order());
        self.no_sum_of_pitches(&cables, input);
        let value = self.setting(set.as_ref(), &cables, input);
        let mut terms = Vec::new();
        let span = set.iter().chain(&cables).map(|(_, feed)| feed.value.span).min();
        match value {
            Some(value) if side == Side::Both => self.set(index, slot, value),
            // A setting is for both sides; a value for one comes by a cable of its own.
            Some(Setting::Number(value)) => {
                let value = Sum::constant(Const::new(Dim::Number, value));
                terms.extend(value.moved().terms.into_iter().map(|term| (term, span.unwrap_or_default())));
            }
            _ => {}
        }
        for (sum, feed) in set.into_iter().chain(cables) {
            terms.extend(sum.terms.into_iter().map(|term| (term, feed.value.span)));
        }
        let to = End { module: self.paths[index].clone(), port: slot.0, channel: slot.1, side };
        self.connect(terms, &to, draft.spec, index);
    }

    /// Numbers of an expression in the unit of their input, `semi: 5 + 4 * lfo`; what comes as it is, is in the kind's own.
    fn counted(&mut self, mut sum: Sum, feed: &Feed, input: &Input) -> Sum {
        if sum.terms.is_empty() {
            return sum;
        }
        let whole =
            matches!(feed.value.what, What::Port(_) | What::Junction(_) | What::Pair(..)) || feed.scale.is_some();
        if let (false, true, Some((unit, dim))) = (whole, sum.dim.is_plain(), kinds::counted(input)) {
            sum.terms.iter_mut().for_each(|term| term.factor /= unit);
            sum.base = sum.base.map(|base| Const { dim, ..base.shared(unit) });
            sum.dim = dim;
        }
        if input.kind == Kind::Pitch && sum.terms.iter().any(|term| term.factor.abs() > input.max - input.min) {
            let span = feed.scale.as_ref().map_or(feed.value.span, |scale| scale.span);
            let message = format!("this moves `{}` by more octaves than there are", input.names[0]);
            let fault = Fault::warning(codes::OUT_OF_RANGE, span, message);
            self.fault(fault.help("a signal moves a pitch by an interval: `800Hz + 1oct * env`"));
        }
        sum
    }

    fn set(&mut self, index: usize, slot: Slot, value: Setting) {
        self.built[index].settings.insert(slot, value);
    }

    /// The same output to the same input by two cables is a mistake, not a sum.
    fn no_cable_twice(&mut self, cables: &[&Feed], input: &Input) {
        let mut seen: HashMap<(&Source, bool), Span> = HashMap::default();
        for feed in cables {
            if let What::Port(source) = &feed.value.what
                && let Some(before) = seen.insert((source, feed.late), feed.span)
            {
                self.twice(&format!("this cable into `{}`", input.names[0]), before, feed.span);
            }
        }
    }

    /// Whether what a cable brings is of a kind that the input takes.
    fn scale_fits(&mut self, sum: &Sum, feed: &Feed, input: &Input) -> bool {
        let scaled = feed.scale.as_ref().is_some_and(|scale| !matches!(scale.what, What::Const(_)));
        if input.kind == Kind::Trigger && (scaled || sum.terms.iter().any(|term| term.factor != 1.0)) {
            let span = feed.scale.as_ref().map_or(feed.value.span, |scale| scale.span);
            let message = format!("`{}` takes triggers, which cannot be scaled", input.names[0]);
            let help = "a trigger is a point in time, not a level; take the scale away";
            self.fault(Fault::error(codes::TRIGGER_SCALE, span, message).help(help));
            return false;
        }
        let bare =
            matches!(feed.value.what, What::Port(_) | What::Junction(_) | What::Pair(..)) && feed.scale.is_none();
        if !sum.terms.is_empty() && !bare && !input.any && !kinds::takes_signal(input.kind, sum.dim) {
            let span = feed.scale.as_ref().map_or(feed.value.span, |scale| scale.span);
            self.fault(kinds::wrong_kind(input, &format!("{} that moves", sum.dim.name()), span));
            return false;
        }
        let interval =
            !input.any && matches!(sum.dim, Dim::Interval) && feed.scale.as_ref().is_some_and(|s| is_interval(s));
        if interval && !matches!(input.kind, Kind::Pitch | Kind::Interval) {
            let span = feed.scale.as_ref().map_or(feed.value.span, |scale| scale.span);
            let message = format!("`{}` is no pitch, so an interval cannot scale what comes to it", input.names[0]);
            self.fault(Fault::error(codes::WRONG_KIND, span, message).help("scale by a number, such as `-[0.5]->`"));
            return false;
        }
        true
    }

    /// The value that the text sets: what stands in braces, and constants that come by cable.
    fn setting(&mut self, set: Option<&(Sum, &Feed)>, cables: &[(Sum, &Feed)], input: &Input) -> Option<Setting> {
        let mut value = None;
        if let Some((sum, feed)) = set {
            let span = feed.value.span;
            if !sum.terms.is_empty() && !input.any && !kinds::takes_signal(input.kind, sum.dim) {
                self.fault(kinds::wrong_kind(input, &format!("{} that moves", sum.dim.name()), span));
                return None;
            }
            let found = self.converted(sum, input, span, input.min)?;
            value = found;
            // Without a constant part a value that moves is still all there is: the default does not stay beside it.
            if found.is_none() && input.normal == Normal::Stays && input.default != 0.0 {
                value = Some(Setting::Number(0.0));
            }
            if sum.terms.is_empty() && cables.is_empty() {
                self.range(value, input, span);
            }
        }
        for (sum, feed) in cables {
            let span = feed.value.span;
            // A part of a sum may be below what the whole may be.
            let Some(found) = self.converted(sum, input, span, f64::NEG_INFINITY) else { continue };
            let Some(found) = found else { continue };
            let start = match (value, input.normal) {
                (Some(value), _) => value,
                (None, Normal::Stays) => Setting::Number(input.default),
                (None, _) => Setting::Number(0.0),
            };
            value = match (start, found, input.kind) {
                (Setting::Number(a), Setting::Number(b), _) => Some(Setting::Number(a + b)),
                (a, b, kind) if kind == Kind::Time || input.any => Some(kinds::added(a, b)),
                // Two rates do not add where one is a time; a default gives way.
                (Setting::Number(_), Setting::Beats(b), _) if set.is_none() => Some(Setting::Beats(b)),
                _ => {
                    let message = "a frequency and a musical time cannot be added";
                    self.fault(Fault::error(codes::ARITHMETIC, span, message));
                    return None;
                }
            };
        }
        value
    }

    /// The constant part of a sum in the unit of an input; the outer `None` where that is a fault.
    fn converted(&mut self, sum: &Sum, input: &Input, span: Span, min: f64) -> Option<Option<Setting>> {
        let Some(base) = sum.base else { return Some(None) };
        // What takes every kind takes it as it is on a cable; times are seconds there, musical ones too.
        let kind = match base.dim {
            Dim::Beats | Dim::Time if input.any => Kind::Time,
            Dim::Pitch | Dim::Frequency if input.any => Kind::Pitch,
            Dim::Interval if input.any => Kind::Interval,
            _ => input.kind,
        };
        // The constant of a sum that moves was brought to the kind of the sum; as a number it is read like one.
        match kinds::setting(base, &Input { kind, min, ..input.clone() }, span) {
            Ok((value, hint)) => {
                hint.into_iter().for_each(|hint| self.fault(hint));
                Some(Some(value))
            }
            Err(fault) => {
                self.fault(fault);
                None
            }
        }
    }

    /// Cables of terms to an input, with the hidden modules they need.
    fn connect(&mut self, terms: Vec<(Term, Span)>, to: &End, spec: &Spec, index: usize) {
        let mut hidden: BTreeMap<Key, (Rc<Operation>, Span)> = BTreeMap::new();
        for (term, span) in &terms {
            if let Origin::Operation(operation) = &term.origin {
                hidden.entry(term.key.clone()).or_insert((operation.clone(), *span));
            }
        }
        let mut ends: HashMap<Key, End> = HashMap::default();
        let mut count = 0;
        let stem = if hidden.is_empty() { String::new() } else { self.port_path(to, index) };
        for (key, (operation, span)) in hidden {
            if let Some(end) = self.hidden(&operation, &stem, &mut count, span) {
                ends.insert(key, end);
            }
        }
        for (term, span) in terms {
            let from = match &term.origin {
                Origin::Output(end) => Some(end.clone()),
                Origin::Operation(_) => ends.get(&term.key).cloned(),
            };
            if let Some(from) = from {
                self.cable(term, from, to, spec, span);
            }
        }
    }

    /// One cable; those from one output to one input are added once all are there.
    fn cable(&mut self, term: Term, from: End, to: &End, spec: &Spec, span: Span) {
        // One more than is allowed is enough for the fault.
        if self.graph.cables.len() <= limits::CABLES {
            let late = term.late;
            let (from, to, scale) = cable_of(term, from, to, spec);
            self.graph.cables.push(Cable { from, to, scale, late, span });
        }
    }

    /// `filt.cutoff`, which hidden modules are named after.
    fn port_path(&self, to: &End, index: usize) -> String {
        let module = &self.built[index];
        let input = &module.spec.inputs[to.port as usize];
        let channel = match module.channels.get(usize::from(to.channel)) {
            Some(channel) if input.indexed => format!("[{channel}]"),
            _ => String::new(),
        };
        format!("{}.{}{}{channel}", to.module, input.names[0], to.side.suffix())
    }

    /// Makes the hidden module of an operation, and gives its output.
    pub(super) fn hidden(&mut self, operation: &Operation, stem: &str, count: &mut u32, span: Span) -> Option<End> {
        *count += 1;
        let path: Path = format!("{stem}#{count}").into();
        let (kind, inputs) = match &operation.op {
            Op::Math(_) => ("Math", [("a", &operation.a), ("b", &operation.b)]),
            Op::Quantize(_) => ("Quant", [("in", &operation.a), ("", &operation.b)]),
        };
        let Some(spec) = self.around.library.find(kind) else {
            let message = format!("this needs the module type `{kind}`, which is not there");
            self.fault(Fault::error(codes::NOT_PLAYABLE, span, message));
            return None;
        };
        if self.graph.modules.len() + self.built.len() >= limits::MODULES {
            let message = format!("a patch may hold {} modules", limits::MODULES);
            self.fault(Fault::error(codes::TOO_LARGE, span, message));
            return None;
        }
        let channels = if spec.has_channels() { vec![Arc::from("0")] } else { Vec::new() };
        let (settings, params) = (BTreeMap::new(), BTreeMap::new());
        let mut module = Module { spec, channels, settings, params, was: Vec::new(), unnamed: true, span };
        match &operation.op {
            Op::Math(word) => self.choice(&mut module, "op", word, span),
            Op::Quantize(scale) => {
                let slot = spec.param("scale").map(|index| (index, 0));
                module.params.extend(slot.map(|slot| (slot, ParamValue::List(scale.clone()))));
            }
        }
        for (name, sum) in inputs {
            if let (Some((port, _)), Some(base)) = (spec.input(name), sum.base) {
                // A musical time is turned into seconds when the tempo is known.
                let value = match base.dim {
                    Dim::Beats => Setting::Beats(base.value),
                    Dim::Time if base.beats != 0.0 => Setting::Mixed { seconds: base.value, beats: base.beats },
                    _ => Setting::Number(base.value),
                };
                module.settings.insert((port, 0), value);
            }
        }
        self.graph.modules.insert(path.clone(), module);
        for (name, sum) in inputs {
            let Some((port, side)) = spec.input(name) else { continue };
            let to = End { module: path.clone(), port, channel: 0, side };
            for term in &sum.terms {
                let from = match &term.origin {
                    Origin::Output(end) => Some(end.clone()),
                    Origin::Operation(inner) => self.hidden(inner, stem, count, span),
                };
                if let Some(from) = from {
                    self.cable(term.clone(), from, &to, spec, span);
                }
            }
        }
        let (port, side) = spec.output("out").unwrap_or((0, Side::Both));
        Some(End { module: path, port, channel: 0, side })
    }

    fn choice(&mut self, module: &mut Module, name: &str, word: &str, span: Span) {
        let found = module.spec.param(name).and_then(|index| match &module.spec.params[index as usize].kind {
            ParamKind::Choice(words) => Some((index, words.iter().position(|names| names.contains(&word))?)),
            _ => None,
        });
        match found {
            Some((index, choice)) => drop(module.params.insert((index, 0), ParamValue::Choice(choice as u16))),
            None => {
                let message = format!("`{}` cannot {word}, which this needs", module.spec.name());
                self.fault(Fault::error(codes::NOT_PLAYABLE, span, message));
            }
        }
    }
}

fn is_interval(v: &crate::flat::Value) -> bool {
    matches!(&v.what, What::Const(Const { dim: Dim::Interval, .. }))
}
