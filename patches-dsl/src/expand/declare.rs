//! First round over a body: every name it declares, before any is looked up.

use super::names::Kind;
use super::{Binding, Declared, Expander, Pending, Score, Signal, State, UNKNOWN_ROUND, flatten, value};
use crate::fault::{Fault, codes};
use crate::flat::{Draft, Shape, What};
use crate::hash::HashSet;
use crate::limits;
use crate::tree::{self, Args, Call, Expr, For, Name, Over, PathName, Statement, Word};
use patches_core::graph::Span;
use patches_core::spec::Spec;
use std::sync::Arc;

impl<'t> Expander<'t> {
    /// Declares what an include brings in: templates, patterns, songs, sections, curves, constants.
    pub(super) fn declare_shared(&mut self, scope: usize, statements: &[&'t Statement]) {
        self.declare_kinds(scope, statements);
        let mut left_out = None;
        for statement in statements {
            match &statement.what {
                tree::What::Define { name, module, chain, .. } => match chain.lone() {
                    Some(expr) if !module && self.new_thing(scope, expr, true, &HashSet::default()).is_none() => {
                        let signal = self.new_signal(&name.text, expr, scope);
                        self.bind(scope, name, Binding::Signal(signal));
                        self.no_curve_too(scope, name);
                    }
                    _ => left_out = left_out.or(Some(statement.span)),
                },
                tree::What::Wire(_) | tree::What::For(_) | tree::What::Setting(_) => {
                    left_out = left_out.or(Some(statement.span));
                }
                _ => {}
            }
        }
        if let Some(span) = left_out {
            let message = "an include brings no modules, cables and settings in";
            let fault = Fault::warning(codes::NOT_INCLUDED, span, message);
            self.fault(scope, fault.help("put them in a template, or in the file that is played"));
        }
    }

    /// Copies the names that included files share.
    pub(super) fn include(&mut self, scope: usize, includes: &[usize]) {
        for &from in includes {
            let templates: Vec<_> = self.scopes[from].templates.clone().into_iter().collect();
            for (name, (declared, span)) in templates {
                match self.scopes[scope].templates.get(&name) {
                    Some((_, before)) if *before == span => {}
                    Some((_, before)) => {
                        let before = *before;
                        self.given_twice(scope, &format!("template `{name}`"), span, before);
                    }
                    None => drop(self.scopes[scope].templates.insert(name, (declared, span))),
                }
            }
            let scores: Vec<_> = self.scopes[from].scores.clone().into_iter().collect();
            for ((word, name), (score, span)) in scores {
                match self.scopes[scope].scores.get(&(word, name.clone())) {
                    Some((_, before)) if *before == span => {}
                    Some((_, before)) => {
                        let before = *before;
                        self.given_twice(scope, &format!("{word} `{name}`"), span, before);
                    }
                    None => drop(self.scopes[scope].scores.insert((word, name), (score, span))),
                }
            }
            let names: Vec<_> = self.scopes[from].names.clone().into_iter().collect();
            for (text, (binding, span)) in names {
                if self.span_of(scope, &text) != Some(span) {
                    self.bind(scope, &Name { text, span }, binding);
                }
            }
            let lost = self.scopes[from].lost.clone();
            self.scopes[scope].lost.extend(lost);
        }
    }

    /// Declares a body: kinds first, then names, then rounds of `for`, which may need constants.
    pub(super) fn declare(&mut self, scope: usize, statements: &[&'t Statement]) {
        self.declare_kinds(scope, statements);
        let names: HashSet<&str> = statements
            .iter()
            .filter_map(|statement| match &statement.what {
                tree::What::Define { name, .. } => Some(&*name.text),
                _ => None,
            })
            .collect();
        for statement in statements {
            if let tree::What::Define { name, raw, module, chain, was } = &statement.what {
                let binding = self.declare_name(scope, name, *raw, *module, chain, was, &names);
                self.bind(scope, name, binding);
                self.no_curve_too(scope, name);
            }
        }
        for statement in statements {
            if let tree::What::For(over) = &statement.what {
                self.rounds(scope, over);
            }
        }
    }

    /// A curve stands wherever a signal does, so nothing else there has its name.
    fn no_curve_too(&mut self, scope: usize, name: &Name) {
        if self.scopes[scope].scores.is_empty() {
            return;
        }
        if let Some((_, before)) = self.scopes[scope].scores.get(&("curve", name.text.clone())) {
            let before = *before;
            self.given_twice(scope, &format!("`{}`", name.text), name.span, before);
        }
    }

    fn declare_kinds(&mut self, scope: usize, statements: &[&'t Statement]) {
        for statement in statements {
            let (word, name, score) = match &statement.what {
                tree::What::Template(template) => {
                    let name = &template.name;
                    if let Some((_, before)) = self.scopes[scope].templates.get(&name.text) {
                        let before = *before;
                        self.given_twice(scope, &format!("template `{}`", name.text), name.span, before);
                        continue;
                    }
                    let declared = Declared { template, scope };
                    self.scopes[scope].templates.insert(name.text.clone(), (declared, name.span));
                    continue;
                }
                tree::What::Unreadable(names) => {
                    self.scopes[scope].lost.extend(names.iter().cloned());
                    continue;
                }
                tree::What::Pattern(p) => ("pattern", Some(&p.name), Score::Pattern(p)),
                tree::What::Section(s) => ("section", s.name.as_ref(), Score::Section(s)),
                tree::What::Song(s) => ("song", Some(&s.name), Score::Song(s)),
                tree::What::Curve(c) => ("curve", Some(&c.name), Score::Curve(c)),
                _ => continue,
            };
            let Some(name) = name else { continue };
            let key = (word, name.text.clone());
            if let Some((_, before)) = self.scopes[scope].scores.get(&key) {
                let before = *before;
                self.given_twice(scope, &format!("{word} `{}`", name.text), name.span, before);
            } else {
                self.scopes[scope].scores.insert(key, (score, name.span));
            }
        }
    }

    fn declare_name(
        &mut self,
        scope: usize,
        name: &Name,
        raw: bool,
        module: bool,
        chain: &'t tree::Chain,
        was: &[PathName],
        names: &HashSet<&str>,
    ) -> Binding {
        let last = match chain.stages.get(chain.named()).map(Vec::as_slice) {
            Some([tree::Member::Expr(expr)]) => Some((expr, chain.named() == 0)),
            _ => None,
        };
        let found = last.and_then(|(expr, typed)| self.new_thing(scope, expr, typed, names));
        let lone = chain.lone().is_some();
        match found {
            Some((call, Some(_))) if lone && call.any_port().is_some() => {
                let expr = last.map(|(expr, _)| expr).expect("a call was found in it");
                self.called_signal(name, expr, scope)
            }
            Some((call, Some(kind))) => self.new_named(scope, name, raw, call, kind, was),
            Some((call, None)) => {
                if let Word::Plain(word) = &call.target {
                    self.unknown_call(scope, call, word);
                }
                Binding::Poison
            }
            None if module => {
                if let Some(Expr::Call(call)) = chain.lone()
                    && let Word::Plain(word) = &call.target
                {
                    self.unknown_type(scope, word);
                }
                Binding::Poison
            }
            None if lone => {
                let expr = chain.lone().expect("it is lone");
                self.called_signal(name, expr, scope)
            }
            None if last.is_some_and(|(expr, _)| self.unknown_end(scope, expr, is_declared(expr, names))) => {
                Binding::Poison
            }
            None => {
                let message = format!("`{}` names the last module of a chain, which must be a new one", name.text);
                let fault = Fault::error(codes::NOT_NEW, name.span, message);
                self.fault(scope, fault.help("end the chain with a module type, or take the name away"));
                Binding::Poison
            }
        }
    }

    fn called_signal(&mut self, name: &Name, expr: &'t Expr, scope: usize) -> Binding {
        let signal = self.new_signal(&name.text, expr, scope);
        self.called.push((name.span, signal));
        Binding::Signal(signal)
    }

    pub(super) fn new_signal(&mut self, name: &Arc<str>, expr: &'t Expr, scope: usize) -> usize {
        let name = name.clone();
        self.signals.push(Signal { name, expr, scope, want: None, member: None, state: State::New });
        self.signals.len() - 1
    }

    /// The new module or instance that an expression is, if it is one; without a kind where its type is unknown.
    /// `typed`: it stands right behind `=`, where a type comes before a name. `names`: those of this body.
    #[allow(clippy::type_complexity, reason = "told apart here and nowhere else")]
    pub(super) fn new_thing(
        &mut self,
        scope: usize,
        expr: &'t Expr,
        typed: bool,
        names: &HashSet<&str>,
    ) -> Option<(&'t Call, Option<Kind<'t>>)> {
        let Expr::Call(call) = expr else { return None };
        let name = match &call.target {
            Word::Plain(name) => name.text.clone(),
            Word::Param(param) if !call.is_bare() => self.word_of_param(scope, param)?,
            Word::Param(_) => return None,
        };
        if !call.index.is_empty() {
            return None;
        }
        let kind: Option<Kind<'t>> = self.kind(scope, &name);
        if call.is_bare() {
            if !typed && (names.contains(&*name) || self.lookup(scope, &name).is_some()) {
                return None;
            }
            return kind.map(|kind| (&**call, Some(kind)));
        }
        let placed = matches!(call.args, Some(Args::Placed(_))) && call.braces.is_none();
        if kind.is_none() && placed && (crate::flat::Function::named(&name).is_some() || &*name == "file") {
            return None;
        }
        Some((call, kind))
    }

    fn new_named(
        &mut self,
        scope: usize,
        name: &Name,
        raw: bool,
        call: &'t Call,
        kind: Kind<'t>,
        was: &[PathName],
    ) -> Binding {
        let round = self.scopes[scope].round.clone();
        let full: Arc<str> = if round.is_empty() { name.text.clone() } else { format!("{}{round}", name.text).into() };
        match kind {
            Kind::Module(spec, older) => {
                let module = self.new_module(scope, spec, Some(full), call.span);
                self.out.modules[module].older = older;
                // A flat path of an unnamed module keeps its signs, which no name can have.
                let last = name.text.rsplit('/').next().unwrap_or("");
                let unnamed = raw && last.contains(['@', '#']);
                let draft = &mut self.out.modules[module];
                draft.was = was.to_vec();
                draft.unnamed = unnamed;
                self.shapes[module] = Pending::Call(call, scope);
                Binding::Module(module)
            }
            Kind::Template(declared) => match self.new_instance(scope, &declared, Some(full), call) {
                Some(instance) => {
                    let body = self.instances[instance].body;
                    self.out.bodies[body].was = was.to_vec();
                    Binding::Instance(instance)
                }
                None => Binding::Poison,
            },
        }
    }

    /// A new module without anything set.
    pub(super) fn new_module(
        &mut self,
        scope: usize,
        spec: &'static Spec,
        name: Option<Arc<str>>,
        span: Span,
    ) -> usize {
        if self.out.modules.len() == limits::MODULES {
            let message = format!("a patch may hold {} modules", limits::MODULES);
            self.error(scope, codes::TOO_LARGE, span, message);
            self.work = limits::WORK;
        }
        let (body, round) = (self.scopes[scope].body, self.scopes[scope].round.clone());
        let (shape, fed, params, was) = (Shape::Unsaid, Vec::new(), Vec::new(), Vec::new());
        let (unnamed, older, grouped, misnamed) = (name.is_none(), None, Vec::new(), false);
        let draft = Draft { spec, older, body, name, round, unnamed, shape, fed, params, grouped, misnamed, was, span };
        self.out.modules.push(draft);
        self.shapes.push(Pending::Known);
        self.out.modules.len() - 1
    }

    /// Makes the rounds of a `for` and declares each.
    fn rounds(&mut self, scope: usize, over: &'t For) {
        let run = self.run_of(scope, &over.over);
        self.rounds = self.rounds.saturating_add(run.len());
        if self.rounds > limits::ROUNDS {
            let message = format!("all `for`s together may have {} rounds", limits::ROUNDS);
            self.error(scope, codes::TOO_LARGE, over.name.span, message);
            // What would be declared is not.
            self.scopes[scope].lost.insert(Arc::from(""));
            return;
        }
        for (number, value) in run {
            let inner = self.scope(Some(scope), self.scopes[scope].body);
            self.scopes[inner].round = format!("{}[{number}]", self.scopes[scope].round).into();
            self.bind(inner, &over.name, Binding::Value(value));
            let statements = flatten(&over.body);
            self.declare(inner, &statements);
            self.clash(scope, number, inner);
            self.scopes[scope].rounds.entry(number).or_default().push(inner);
            self.scopes[scope].todo.push((inner, &over.body));
        }
    }

    /// Two `for`s of one body may not give one name in the same round.
    fn clash(&mut self, scope: usize, number: i64, inner: usize) {
        let others: Vec<usize> = self.scopes[scope].rounds.get(&number).cloned().unwrap_or_default();
        for other in others {
            let mut twice: Vec<(Arc<str>, Span, Span)> = Vec::new();
            for (name, (binding, span)) in &self.scopes[inner].names {
                if let (Binding::Module(_) | Binding::Instance(_), Some(before)) = (binding, self.span_of(other, name))
                {
                    twice.push((name.clone(), *span, before));
                }
            }
            twice.sort_by_key(|(_, span, _)| *span);
            for (name, span, before) in twice {
                self.given_twice(scope, &format!("`{name}[{number}]`"), span, before);
            }
        }
    }

    /// The rounds a `for` runs through: number and value.
    fn run_of(&mut self, scope: usize, over: &'t Over) -> Vec<(i64, crate::flat::V)> {
        match over {
            Over::Range(from, to) => {
                let span = Span { end: to.span().end, ..from.span() };
                let unknown = vec![(UNKNOWN_ROUND, value(What::Poison, span))];
                let (Some(a), Some(b)) = (self.whole(from, scope), self.whole(to, scope)) else { return unknown };
                if a > b && matches!((from, to), (Expr::Quantity(_), Expr::Quantity(_))) {
                    let message = format!("nothing runs from {a} up to {b}: this `for` has no rounds");
                    let fault = Fault::warning(codes::EMPTY_RANGE, span, message);
                    self.fault(scope, fault.help(format!("did you mean `{b}..{a}`?")));
                }
                let last = b.min(a.saturating_add(limits::ROUNDS as i64 + 1));
                let number = |i| value(What::Const(crate::value::Const::whole(i as f64)), span);
                (a..=last).map(|i| (i, number(i))).collect()
            }
            Over::List(expr) => {
                let list = self.eval_words(expr, scope);
                match &list.what {
                    What::List(members) => members.iter().cloned().enumerate().map(|(i, v)| (i as i64, v)).collect(),
                    What::Poison => vec![(UNKNOWN_ROUND, list.clone())],
                    _ => {
                        let message = "`for` runs over a range or a list";
                        let fault = Fault::error(codes::ARGUMENT, expr.span(), message);
                        self.fault(scope, fault.help("write `1..8` or `[C3, Eb3, G3]`"));
                        Vec::new()
                    }
                }
            }
        }
    }
}

/// Whether this is a name of the body.
fn is_declared(expr: &Expr, names: &HashSet<&str>) -> bool {
    matches!(expr, Expr::Call(call) if matches!(&call.target, Word::Plain(name) if names.contains(&*name.text)))
}
