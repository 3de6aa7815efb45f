//! Templates: an instance binds the parameters, gives its ports, and is opened after the body that uses it.

use super::eval::Thing;
use super::{Binding, Declared, Expander, Instance, Signal, State, flatten};
use crate::fault::{Fault, codes};
use crate::flat::*;
use crate::hash::HashMap;
use crate::limits;
use crate::tree::{self, Args, Call, Decl, Entry, Expr, Index, Name, Statement, Word};
use patches_core::graph::Span;
use patches_core::spec::Side;
use std::sync::{Arc, OnceLock};

/// The use of a template with nothing given.
pub(super) fn bare() -> &'static Call {
    static BARE: OnceLock<Call> = OnceLock::new();
    BARE.get_or_init(|| {
        let span = Span::default();
        let target = Word::Plain(Name { text: Arc::from(""), span });
        Call { target, index: vec![], port: None, args: None, braces: None, tail: None, span }
    })
}

impl<'t> Expander<'t> {
    /// A new use of a template: its scope with the parameters bound, its ports known.
    pub(super) fn new_instance(
        &mut self,
        scope: usize,
        declared: &Declared<'t>,
        name: Option<Arc<str>>,
        call: &'t Call,
    ) -> Option<usize> {
        let template = declared.template;
        let outer = self.instance_of.get(&self.scopes[scope].body).copied();
        if self.is_recursive(template, outer, call.span, scope) {
            return None;
        }
        if self.out.bodies.len() >= limits::MODULES {
            let message = format!("a patch may hold {} template instances", limits::MODULES);
            self.error(scope, codes::TOO_LARGE, call.span, message);
            return None;
        }
        let body = self.out.bodies.len();
        let round = self.scopes[scope].round.clone();
        let outer_body = Some(self.scopes[scope].body);
        let template_name = template.name.text.clone();
        self.out.bodies.push(Body {
            outer: outer_body,
            name,
            template: template_name,
            round,
            given: Vec::new(),
            was: Vec::new(),
            span: call.span,
        });
        let inner = self.scope(Some(declared.scope), body);
        self.scopes[inner].barrier = true;
        self.scopes[inner].round = Arc::from("");
        let index = self.instances.len();
        self.instances.push(Instance {
            template,
            scope: inner,
            body,
            outer,
            ins: Vec::new(),
            outs: Vec::new(),
            junctions: HashMap::default(),
            lost: flatten(&template.body).iter().any(|statement| match &statement.what {
                tree::What::Unreadable(names) => names.iter().any(|name| matches!(&**name, "in" | "out")),
                _ => self.trying && template.decls.iter().any(|decl| decl.default.is_none()),
            }),
            span: call.span,
        });
        self.instance_of.insert(body, index);
        let missing = self.bind_parameters(index, call, scope);
        self.declare_ports(index);
        self.missing(index, &missing, call, scope);
        self.queue.push(index);
        Some(index)
    }

    fn is_recursive(
        &mut self,
        template: &'t Arc<tree::Template>,
        outer: Option<usize>,
        span: Span,
        scope: usize,
    ) -> bool {
        let mut path = vec![template.name.text.clone()];
        let mut at = outer;
        while let Some(index) = at {
            let instance = &self.instances[index];
            path.push(instance.template.name.text.clone());
            if Arc::ptr_eq(instance.template, template) {
                path.reverse();
                let message = format!("the template `{}` is made of itself: {}", template.name.text, path.join(" → "));
                let (code, declared) = (codes::CYCLE, template.name.span);
                self.fault(scope, Fault::error(code, span, message).also(declared, "declared here"));
                return true;
            }
            at = instance.outer;
        }
        if path.len() > limits::DEPTH {
            let message = format!("templates nest more than {} deep", limits::DEPTH);
            self.error(scope, codes::TOO_DEEP, span, message);
            return true;
        }
        false
    }

    /// Tells which parameters need a value, unless one is given under a name that nothing has, which is told instead.
    fn missing(&mut self, index: usize, missing: &[&'t Decl], call: &'t Call, scope: usize) {
        let (Some(first), false) = (missing.first(), self.trying) else { return };
        let (template, ins) = (self.instances[index].template, self.instances[index].ins.clone());
        let known = |name: &Name| {
            template.decls.iter().any(|decl| decl.name.text == name.text)
                || ins.iter().any(|(port, _)| *port == name.text)
        };
        if self.given(call, scope).iter().all(|(name, ..)| known(name)) {
            let names: Vec<String> = missing.iter().map(|decl| format!("`{}`", decl.name.text)).collect();
            let (names, verb) = (names.join(" and "), if missing.len() > 1 { "need" } else { "needs" });
            let fault = Fault::error(codes::ARGUMENT, call.span, format!("{names} {verb} a value"));
            self.fault(scope, fault.also(first.name.span, "declared here, without a default"));
        }
    }

    /// Binds what is given for the parameters, in either bracket, and their defaults; those that have neither.
    fn bind_parameters(&mut self, index: usize, call: &'t Call, scope: usize) -> Vec<&'t Decl> {
        let mut missing = Vec::new();
        let (template, inner) = (self.instances[index].template, self.instances[index].scope);
        let mut given: HashMap<(&str, Option<u32>), (&'t Expr, Span)> = HashMap::default();
        for (name, element, expr) in self.given(call, scope) {
            let Some(decl) = template.decls.iter().find(|decl| decl.name.text == name.text) else { continue };
            if let Some((_, before)) = given.insert((&decl.name.text, element), (expr, name.span)) {
                self.given_twice(scope, &format!("`{}`", name.text), name.span, before);
            }
        }
        for decl in &template.decls {
            let binding = match &decl.size {
                None => match given.get(&(&*decl.name.text, None)) {
                    Some((expr, _)) => Binding::Signal(self.parameter(decl, expr, scope, None)),
                    None => self.default(decl, inner, None),
                },
                Some(size) => {
                    // The size may be another parameter, whatever their order.
                    let given_size = given.get(&(&*size.0.text, None)).map(|(expr, _)| *expr);
                    let Some(count) = self.size_of(&size.0, template, given_size, scope, inner) else {
                        self.bind(inner, &decl.name, Binding::Poison);
                        continue;
                    };
                    let mut elements = Some(Vec::new());
                    for n in 0..count {
                        let element = given.get(&(&*decl.name.text, Some(n)));
                        let all = given.get(&(&*decl.name.text, None));
                        let binding = match (element, all) {
                            (Some((expr, _)), _) => Binding::Signal(self.parameter(decl, expr, scope, None)),
                            (None, Some((expr, _))) => {
                                Binding::Signal(self.parameter(decl, expr, scope, Some((n as usize, count as usize))))
                            }
                            (None, None) => self.default(decl, inner, Some((n as usize, count as usize))),
                        };
                        match (binding, &mut elements) {
                            (Binding::Signal(signal), Some(elements)) => elements.push(signal),
                            _ => elements = None,
                        }
                    }
                    for ((name, element), (_, span)) in &given {
                        if *name == &*decl.name.text && element.is_some_and(|n| n >= count) {
                            let message = format!("`{name}` has {count} elements");
                            self.error(scope, codes::UNKNOWN_CHANNEL, *span, message);
                        }
                    }
                    elements.map_or(Binding::Poison, Binding::Array)
                }
            };
            if matches!(binding, Binding::Poison) {
                missing.push(decl);
            }
            self.bind(inner, &decl.name, binding);
        }
        missing
    }

    /// What stands in a template's brackets: name, element, value.
    fn given(&mut self, call: &'t Call, scope: usize) -> Vec<(&'t Name, Option<u32>, &'t Expr)> {
        let mut list = Vec::new();
        match call.args.as_ref().map(Args::given) {
            None => {}
            Some(Some(given)) => {
                for (name, index, expr) in given {
                    self.given_at(name, index, None, expr, scope, &mut list);
                }
            }
            Some(None) => {
                let fault = Fault::error(codes::ARGUMENT, call.span, "what a template is given is named");
                self.fault(scope, fault.help("write `voice(attack: 5ms)`"));
            }
        }
        for entry in call.braces.iter().flatten() {
            self.given_entry(entry, None, scope, &mut list);
        }
        list
    }

    fn given_entry(
        &mut self,
        entry: &'t Entry,
        at: Option<u32>,
        scope: usize,
        list: &mut Vec<(&'t Name, Option<u32>, &'t Expr)>,
    ) {
        match entry {
            Entry::Set { name, index, value } => self.given_at(name, index.as_ref(), at, value, scope, list),
            Entry::At { channel, entries } => {
                let at = channel.text.parse::<u32>().ok();
                if at.is_none() {
                    self.error(scope, codes::UNKNOWN_CHANNEL, channel.span, "elements of an array are numbered");
                    return;
                }
                for entry in entries {
                    self.given_entry(entry, at, scope, list);
                }
            }
        }
    }

    fn given_at(
        &mut self,
        name: &'t Name,
        index: Option<&'t Index>,
        at: Option<u32>,
        value: &'t Expr,
        scope: usize,
        list: &mut Vec<(&'t Name, Option<u32>, &'t Expr)>,
    ) {
        let element = match index {
            None => at,
            Some(Index::One(expr)) => match self.whole(expr, scope).and_then(|n| u32::try_from(n).ok()) {
                Some(n) => Some(n),
                None => return,
            },
            Some(Index::Every(every)) => {
                return self.error(scope, codes::ARGUMENT, every.span, "`[*n]` stands in cables only");
            }
        };
        list.push((name, element, value));
    }

    fn parameter(&mut self, decl: &'t Decl, expr: &'t Expr, scope: usize, member: Option<(usize, usize)>) -> usize {
        let (name, want) = (decl.name.text.clone(), Some(decl.kind));
        self.signals.push(Signal { name, expr, scope, want, member, state: State::New });
        self.signals.len() - 1
    }

    /// What a parameter is where nothing is given.
    fn default(&mut self, decl: &'t Decl, inner: usize, member: Option<(usize, usize)>) -> Binding {
        match &decl.default {
            Some(expr) => Binding::Signal(self.parameter(decl, expr, inner, member)),
            None => Binding::Poison,
        }
    }

    /// The size of an array: a number, or another parameter.
    fn size_of(
        &mut self,
        size: &'t Name,
        template: &'t tree::Template,
        given: Option<&'t Expr>,
        scope: usize,
        inner: usize,
    ) -> Option<u32> {
        if size.text.parse::<u32>().is_ok() {
            return self.count(size, inner);
        }
        let decl = template.decls.iter().find(|decl| decl.name.text == size.text);
        decl.into_iter().for_each(|decl| self.is_asked_for(decl.name.span));
        let count = match (given, decl.and_then(|decl| decl.default.as_ref())) {
            (Some(expr), _) => self.whole(expr, scope),
            (None, Some(expr)) => self.whole(expr, inner),
            (None, None) if decl.is_some() => return None,
            (None, None) => return self.count(size, inner),
        };
        let fits = count.and_then(|n| u32::try_from(n).ok()).filter(|n| *n as usize <= limits::CHANNELS);
        if count.is_some() && fits.is_none() {
            let message = format!("an array has at most {} elements", limits::CHANNELS);
            self.error(scope, codes::ARGUMENT, size.span, message);
        }
        fits
    }

    fn declare_ports(&mut self, index: usize) {
        let (template, inner) = (self.instances[index].template, self.instances[index].scope);
        let (mut ins, mut outs) = (Vec::new(), Vec::new());
        for statement in flatten(&template.body) {
            let (ports, list) = match &statement.what {
                tree::What::In(ports) => (ports, &mut ins),
                tree::What::Out(ports) => (ports, &mut outs),
                _ => continue,
            };
            for (name, size) in ports {
                // Where the size is faulty, there is every one.
                let size = size.as_ref().map(|size| self.count(&size.0, inner).unwrap_or(u32::MAX));
                if list.iter().any(|(other, _)| *other == name.text) {
                    self.error(
                        inner,
                        codes::GIVEN_TWICE,
                        name.span,
                        format!("the port `{}` is given twice", name.text),
                    );
                    continue;
                }
                list.push((name.text.clone(), size));
            }
        }
        (self.instances[index].ins, self.instances[index].outs) = (ins, outs);
    }

    /// Sets what stands in an instance's braces and is a port, and tells what is neither.
    pub(super) fn fill_instance(&mut self, index: usize, call: &'t Call, scope: usize) {
        let template = self.instances[index].template;
        for (name, element, expr) in self.given(call, scope) {
            if template.decls.iter().any(|decl| decl.name.text == name.text) {
                continue;
            }
            if self.instances[index].lost && !self.has_input(index, &name.text) {
                continue;
            }
            if !self.has_input(index, &name.text) {
                let ins = &self.instances[index].ins;
                let known: Vec<Arc<str>> = ins
                    .iter()
                    .map(|(port, _)| port.clone())
                    .chain(template.decls.iter().map(|decl| decl.name.text.clone()))
                    .collect();
                let message = format!("`{}` has no parameter or input `{}`", template.name.text, name.text);
                let fault = Fault::error(codes::UNKNOWN_PARAMETER, name.span, message);
                self.fault(scope, fault.near(&name.text, known.iter().map(|n| &**n)));
                continue;
            }
            let v = self.eval(expr, scope);
            if let Some(door) = self.door(index, false, &name.text, element.unwrap_or(0), name.span, scope) {
                let feed = Feed {
                    value: v,
                    scale: None,
                    take: Side::Both,
                    late: false,
                    set: true,
                    older: None,
                    called: 0,
                    span: name.span,
                };
                self.feed_door(door, feed, scope);
            }
        }
    }

    /// Opens an instance: declares and fills its body.
    pub(super) fn open(&mut self, index: usize) {
        let (template, scope) = (self.instances[index].template, self.instances[index].scope);
        let statements: Vec<&'t Statement> = flatten(&template.body);
        self.declare(scope, &statements);
        self.fill(scope, &statements);
        let mut given = Vec::with_capacity(template.decls.len());
        for decl in &template.decls {
            if let Some((binding, _)) = self.scopes[scope].names.get(&decl.name.text)
                && let Thing::Value(v) = self.bound(binding.clone(), decl.name.span)
            {
                given.push(v);
            }
        }
        let body = self.instances[index].body;
        self.out.bodies[body].given = given;
    }
}
