//! Second round over a body: parameters and cables, now that every name is known.

use super::eval::Thing;
use super::names::is_constant;
use super::{Binding, Expander, Pending, flatten, value};
use crate::fault::{Fault, codes};
use crate::flat::*;
use crate::limits;
use crate::tree::{self, Call, Entry, Expr, Index, Name, Port, Statement, Word};
use patches_core::graph::Span;
use patches_core::spec::{DEVICE_CHANNELS, ParamKind, Side, Spec};
use std::sync::Arc;

impl<'t> Expander<'t> {
    /// Fills a declared body, its rounds of `for` last.
    pub(super) fn fill(&mut self, scope: usize, statements: &[&'t Statement]) {
        self.check_scores(scope, statements);
        for statement in statements {
            match &statement.what {
                tree::What::Define { name, chain, .. } => self.fill_define(scope, name, chain),
                tree::What::Wire(chain) => self.chain(chain, scope, None),
                tree::What::Setting(setting) => self.setting(scope, setting, statement.span),
                tree::What::In(ports) | tree::What::Out(ports) if self.scopes[scope].body == 0 => {
                    let span = ports.first().map_or(statement.span, |(name, _)| name.span);
                    let fault = Fault::error(codes::MISPLACED, span, "only a template has ports of its own");
                    self.fault(scope, fault);
                }
                tree::What::Include(_, span) if self.scopes[scope].parent.is_some() => {
                    let message = "an include stands at the top of a file, not inside a body";
                    self.error(scope, codes::MISPLACED, *span, message);
                }
                _ => {}
            }
        }
        for (inner, body) in std::mem::take(&mut self.scopes[scope].todo) {
            let statements = flatten(body);
            self.fill(inner, &statements);
        }
    }

    fn fill_define(&mut self, scope: usize, name: &Name, chain: &'t tree::Chain) {
        let (binding, span) = match self.scopes[scope].names.get(&name.text) {
            Some((binding, span)) => (binding.clone(), *span),
            None => return,
        };
        // The name was given before; this is the second time, already told.
        if span != name.span {
            return;
        }
        let last = chain.stages.get(chain.named()).map(Vec::as_slice);
        match (binding, last) {
            (Binding::Signal(signal), _) => drop(self.signal(signal)),
            (Binding::Module(module), Some([tree::Member::Expr(Expr::Call(call))])) => {
                self.fill_module(module, call, scope);
                self.no_output_at_end(module, name, call, scope);
                self.chain(chain, scope, Some(Thing::Module(module)));
            }
            (Binding::Instance(instance), Some([tree::Member::Expr(Expr::Call(call))])) => {
                self.fill_instance(instance, call, scope);
                self.chain(chain, scope, Some(Thing::Instance(instance)));
            }
            _ => {}
        }
    }

    /// `dust = Noise -> Svf.band`: the name is the module's, whichever of its outputs is meant.
    fn no_output_at_end(&mut self, module: usize, name: &Name, call: &'t Call, scope: usize) {
        let spec = self.out.modules[module].spec;
        if let Some(Port { name: Word::Plain(port), .. }) = call.any_port()
            && spec.input(&port.text).is_none()
            && spec.output(&port.text).is_some()
        {
            let (name, port, span) = (&name.text, &port.text, port.span);
            let fault = Fault::error(codes::UNKNOWN_PORT, span, format!("`{}` has no input `{port}`", spec.name()));
            let help =
                format!("`{port}` is an output: take `.{port}` away, and write `{name}.{port}` where it is used");
            self.fault(scope, fault.help(help));
        }
    }

    /// The shape of a module, worked out when it is first needed.
    fn shape(&mut self, module: usize) {
        let Pending::Call(call, scope) = std::mem::replace(&mut self.shapes[module], Pending::Known) else { return };
        let spec = self.out.modules[module].spec;
        let Some(args) = &call.args else { return };
        let Some(given) = args.given() else {
            let fault = Fault::error(codes::SHAPE, call.span, "the shape of a module is named");
            let help = match spec.has_channels() {
                true => format!("write `{}(channels: 3)`", spec.name()),
                false => format!("parameters stand in braces, by their names: `{} {{ … }}`", spec.name()),
            };
            return self.fault(scope, fault.help(help));
        };
        let mut before: Option<Span> = None;
        for (name, _, expr) in given {
            if let Some(before) = before.replace(name.span).filter(|_| &*name.text == "channels") {
                self.given_twice(scope, "`channels`", name.span, before);
            } else if &*name.text != "channels" {
                let fault = Fault::error(codes::SHAPE, name.span, format!("a shape has no `{}`", name.text));
                self.fault(scope, fault.help("round brackets take `channels: …`; parameters stand in braces"));
            } else if !spec.has_channels() {
                self.error(scope, codes::SHAPE, name.span, format!("`{}` has no channels", spec.name()));
            } else if let Some(shape) = self.channels(expr, spec, scope) {
                self.out.modules[module].shape = shape;
            }
        }
    }

    /// `channels: 3`, `channels: [kick, bass]`.
    fn channels(&mut self, expr: &'t Expr, spec: &'static Spec, scope: usize) -> Option<Shape> {
        let (whose, most) = match spec.faces_device() {
            true => (format!("`{}`", spec.name()), DEVICE_CHANNELS),
            false => ("a module".into(), limits::CHANNELS),
        };
        let Some(members) = self.channel_names(expr, scope) else {
            let count = self.whole(expr, scope)?;
            if !(1..=most as i64).contains(&count) {
                self.error(scope, codes::SHAPE, expr.span(), format!("{whose} has 1 to {most} channels, not {count}"));
                return None;
            }
            return Some(Shape::Count(count as u32));
        };
        let mut names: Vec<Arc<str>> = Vec::new();
        for member in members {
            let name: Arc<str> = match &member.what {
                What::Word(word) | What::Text(word) => word.clone(),
                What::Const(c) if c.as_whole().is_some_and(|n| n >= 0) => c.value.to_string().into(),
                What::Poison => return None,
                _ => {
                    self.error(scope, codes::SHAPE, member.span, "a channel's name is a word");
                    return None;
                }
            };
            if names.contains(&name) {
                self.error(scope, codes::GIVEN_TWICE, member.span, format!("the channel `{name}` is given twice"));
                return None;
            }
            names.push(name);
        }
        if names.is_empty() || names.len() > most {
            self.error(scope, codes::SHAPE, expr.span(), format!("{whose} has 1 to {most} channels"));
            return None;
        }
        Some(Shape::Names(names))
    }

    /// The members of a list of names, written in place or named itself; nothing for a number.
    fn channel_names(&mut self, expr: &'t Expr, scope: usize) -> Option<Vec<V>> {
        let word = |expr: &Expr| expr.word().map(|word| value(What::Word(word.text.clone()), word.span));
        match expr {
            Expr::List(members, _) => {
                Some(members.iter().map(|member| word(member).unwrap_or_else(|| self.eval(member, scope))).collect())
            }
            Expr::Call(_) | Expr::Param(_) => match &self.eval(expr, scope).what {
                What::List(members) => Some(members.clone()),
                _ => None,
            },
            _ => None,
        }
    }

    /// Works out the shapes that nothing asked for.
    pub(super) fn settle_shapes(&mut self) {
        for module in 0..self.shapes.len() {
            self.shape(module);
        }
    }

    /// The channel that an index means on a module.
    pub(super) fn channel(&mut self, index: &'t Index, module: usize, scope: usize) -> Option<Channel> {
        self.shape(module);
        let Index::One(expr) = index else {
            if let Index::Every(every) = index {
                self.error(scope, codes::ARGUMENT, every.span, "`[*n]` stands in cables only");
            }
            return None;
        };
        if let Some(word) = expr.word() {
            let known = match &self.out.modules[module].shape {
                Shape::Names(names) => names.contains(&word.text),
                _ => false,
            };
            let rows = self.out.modules[module].spec.named_output().is_some();
            if known || rows || self.lookup(scope, &word.text).is_none() {
                return Some(Channel::Named(word.text.clone()));
            }
        }
        let v = self.eval(expr, scope);
        // What moves is no index: a module stands for the channel of its name, as `kick` in `for n in [kick, hat]`.
        let module = match &v.what {
            What::Port(source) => self.out.modules[source.module].name.clone(),
            _ => None,
        };
        let word = expr.word().filter(|_| !is_constant(&v)).map(|word| word.text.clone());
        match module.or(word) {
            Some(name) if !matches!(v.what, What::Poison) => Some(Channel::Named(name)),
            _ => self.channel_of(&v, scope),
        }
    }

    fn channel_of(&mut self, v: &V, scope: usize) -> Option<Channel> {
        match &v.what {
            What::Const(c) => match c.as_whole().and_then(|n| u32::try_from(n).ok()) {
                Some(n) => Some(Channel::Number(n)),
                None => {
                    self.error(scope, codes::UNKNOWN_CHANNEL, v.span, "an index is a whole number from 0, or a name");
                    None
                }
            },
            What::Word(word) | What::Text(word) => Some(Channel::Named(word.clone())),
            What::Poison => None,
            _ => {
                self.error(scope, codes::NOT_CONSTANT, v.span, "an index is a constant");
                None
            }
        }
    }

    /// Sets what stands in a module's braces.
    pub(super) fn fill_module(&mut self, module: usize, call: &'t Call, scope: usize) {
        self.shape(module);
        for entry in call.braces.iter().flatten() {
            self.entry(module, entry, None, scope);
        }
        self.presets(module, call.span, scope);
    }

    fn entry(&mut self, module: usize, entry: &'t Entry, at: Option<&'t Name>, scope: usize) {
        match entry {
            Entry::At { channel, entries } => {
                for entry in entries {
                    self.entry(module, entry, Some(channel), scope);
                }
            }
            Entry::Set { name, index, value: expr } => {
                let place = match (index, at) {
                    (Some(index), _) => index.span(),
                    (None, Some(at)) => at.span,
                    (None, None) => name.span,
                };
                let channel = match (index, at) {
                    (Some(index), _) => self.channel(index, module, scope),
                    (None, Some(at)) => {
                        let channel = match at.text.parse::<u32>() {
                            Ok(number) => Channel::Number(number),
                            Err(_) => self.at_channel(at, module, scope),
                        };
                        self.out.modules[module].grouped.push((channel.clone(), at.span));
                        Some(channel)
                    }
                    (None, None) => Some(Channel::Unsaid),
                };
                if let Some(channel) = channel {
                    self.set(module, name, (channel, place), expr, scope);
                }
            }
        }
    }

    /// `@kick`: a channel's name, else a constant.
    fn at_channel(&mut self, at: &'t Name, module: usize, scope: usize) -> Channel {
        if let Shape::Names(names) = &self.out.modules[module].shape
            && names.contains(&at.text)
        {
            return Channel::Named(at.text.clone());
        }
        if let Some(binding @ (Binding::Value(_) | Binding::Signal(_))) = self.lookup(scope, &at.text)
            && let Thing::Value(v) = self.bound(binding, at.span)
            && let Some(channel) = self.channel_of(&v, scope)
        {
            return channel;
        }
        Channel::Named(at.text.clone())
    }

    /// One more thing that feeds an input.
    pub(super) fn feed(
        &mut self,
        module: usize,
        (port, side): (u16, Side),
        (channel, at): (Channel, Span),
        feed: Feed,
        scope: usize,
    ) {
        if !self.spend(scope, feed.span, feed.value.size) {
            return;
        }
        self.out.modules[module].fed.push(Fed { port, side, channel, at, feed });
    }

    /// A parameter that does not move: its own words come before any name.
    pub(super) fn eval_param(&mut self, expr: &'t Expr, kind: &ParamKind, scope: usize) -> V {
        match (kind, expr.word()) {
            (ParamKind::Choice(words), Some(word)) if words.iter().any(|names| names.contains(&&*word.text)) => {
                value(What::Word(word.text.clone()), word.span)
            }
            (ParamKind::Bool(_), Some(word)) if matches!(&*word.text, "true" | "false") => {
                value(What::Bool(&*word.text == "true"), word.span)
            }
            (ParamKind::Pattern, _) => self.eval_score(expr, scope, false),
            (ParamKind::Song, _) => self.eval_score(expr, scope, true),
            _ => self.eval_words(expr, scope),
        }
    }

    /// The output of a thing: the port named, else the main one.
    pub(super) fn source(&mut self, thing: &Thing, port: Option<&'t Port>, scope: usize, span: Span) -> V {
        let poison = || value(What::Poison, span);
        match thing {
            Thing::Module(module) => {
                let spec = self.out.modules[*module].spec;
                let Some(port) = port else {
                    if spec.outputs.is_empty() {
                        let message = format!("`{}` has no output", spec.name());
                        self.error(scope, codes::NOT_A_SOURCE, span, message);
                        return poison();
                    }
                    let source = Source { module: *module, port: 0, side: Side::Both, channel: Channel::Unsaid };
                    return value(What::Port(source), span);
                };
                let Some(name) = self.port_word(port, scope) else { return poison() };
                let named =
                    self.out.modules[*module].older.and_then(|row| row.outputs.iter().find(|(o, _)| **o == *name));
                let name = named.map_or(&*name, |(_, now)| now);
                let Some((index, side)) = spec.output(name) else {
                    // It may be a row of a pattern, which is known once all is read.
                    if let (Some(row), None) = (spec.named_output(), &port.index) {
                        let channel = Channel::Row(name.into());
                        let source = Source { module: *module, port: row, side: Side::Both, channel };
                        return value(What::Port(source), port.name.span());
                    }
                    self.unknown_output(spec, name, port.name.span(), scope);
                    return poison();
                };
                let channel = match &port.index {
                    None if spec.named_output().is_some() && side == Side::Both => Some(Channel::Alone(name.into())),
                    None => Some(Channel::Unsaid),
                    Some(index) => self.channel(index, *module, scope),
                };
                match channel {
                    Some(channel) => value(What::Port(Source { module: *module, port: index, side, channel }), span),
                    None => poison(),
                }
            }
            Thing::Instance(instance) => match self.instance_port(*instance, true, port, scope, span) {
                Some(door) => value(door.what(), span),
                None => poison(),
            },
            Thing::Value(v) => match port {
                None => v.clone(),
                Some(port) => self.lane(v, port, scope),
            },
        }
    }
}
