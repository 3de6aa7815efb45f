//! Working out expressions: constants are computed, the rest becomes a value that says what to add and multiply.

use super::names::Kind;
use super::{Binding, Expander, value};
use crate::fault::{Fault, codes};
use crate::flat::*;
use crate::limits;
use crate::tree::{Args, Call, Expr, Index, Name, Word};
use crate::value::{Const, Dim, Misfit};
use patches_core::graph::Span;

/// What a name or a new module in an expression is.
#[derive(Clone)]
pub(super) enum Thing {
    Module(usize),
    Instance(usize),
    Value(V),
}

impl<'t> Expander<'t> {
    /// The value of an expression.
    pub(super) fn eval(&mut self, expr: &'t Expr, scope: usize) -> V {
        let span = expr.span();
        if !self.spend(scope, span, 1) {
            return value(What::Poison, span);
        }
        match expr {
            Expr::Quantity(quantity) => value(What::Const(Const::written(quantity, self.bar)), span),
            Expr::Note(octaves, _) => value(What::Const(Const::new(Dim::Pitch, *octaves + self.tuned)), span),
            Expr::Text(text, _) => value(What::Text(text.clone()), span),
            Expr::List(members, _) => {
                let list = members.iter().map(|member| self.eval(member, scope)).collect();
                value(What::List(list), span)
            }
            Expr::Param(param) => self.param(param, scope),
            Expr::Boundary(port) => self.boundary_source(port, scope),
            Expr::Call(call) => self.call_value(call, scope, false),
            Expr::Minus(inner, _) => {
                let inner = self.eval(inner, scope);
                match &inner.what {
                    What::Const(c) => self.computed(c.minus(), scope, span),
                    _ => self.compose(What::Minus(inner), scope, span),
                }
            }
            Expr::Sum(terms, _) => self.fold(terms, scope, span, true),
            Expr::Product(factors, _) => self.fold(factors, scope, span, false),
        }
    }

    /// As [`Self::eval`], where an undeclared bare word, also in a list, is itself.
    pub(super) fn eval_words(&mut self, expr: &'t Expr, scope: usize) -> V {
        if let Some(word) = expr.word()
            && self.lookup(scope, &word.text).is_none()
            && lower_note(&word.text).is_none()
        {
            return value(What::Word(word.text.clone()), word.span);
        }
        match expr {
            Expr::List(members, span) => {
                let list = members.iter().map(|member| self.eval_words(member, scope)).collect();
                value(What::List(list), *span)
            }
            _ => self.eval(expr, scope),
        }
    }

    pub(super) fn computed(&mut self, result: Result<Const, Misfit>, scope: usize, span: Span) -> V {
        match result {
            Ok(c) if c.value.is_finite() => value(What::Const(c), span),
            Ok(_) => {
                self.error(scope, codes::NOT_FINITE, span, "this comes to no finite number");
                value(What::Poison, span)
            }
            Err(misfit) => {
                let mut fault = Fault::error(misfit.code, span, misfit.message);
                fault.help = misfit.help;
                self.fault(scope, fault);
                value(What::Poison, span)
            }
        }
    }

    /// A composed value, unless one of its parts is no number or signal.
    pub(super) fn compose(&mut self, what: What, scope: usize, span: Span) -> V {
        let wrong = |v: &V| match &v.what {
            What::Word(_) | What::Text(_) | What::Bool(_) | What::File(_) | What::List(_) => {
                Some((v.clone(), "number"))
            }
            What::Poison | What::Pattern(..) | What::Song(_) => Some((v.clone(), "signal")),
            _ => None,
        };
        let found = match &what {
            What::Minus(inner) => wrong(inner),
            What::Sum(parts) | What::Product(parts) => parts.iter().find_map(|(_, v)| wrong(v)),
            // The scale may be a word.
            What::Apply(Function::Quantize, args) => args.first().and_then(wrong),
            What::Apply(_, args) => args.iter().find_map(wrong),
            _ => None,
        };
        if let Some((part, expected)) = found {
            if !matches!(part.what, What::Poison) {
                let message = format!("{} is no {expected}", part.what.name());
                self.error(scope, codes::WRONG_KIND, part.span, message);
            }
            return value(What::Poison, span);
        }
        let whole = value(what, span);
        if whole.size > limits::PARTS {
            let message = format!("an expression may have {} parts, after names are put in", limits::PARTS);
            self.error(scope, codes::TOO_LARGE, span, message);
            return value(What::Poison, span);
        }
        whole
    }

    /// Terms or factors: constants next to each other are computed from the left.
    fn fold(&mut self, parts: &'t [(bool, Expr)], scope: usize, span: Span, sum: bool) -> V {
        // All are worked out before any two are computed, so that their faults come first.
        let parts: Vec<(bool, V)> = parts.iter().map(|(other, expr)| (*other, self.eval(expr, scope))).collect();
        let mut done: Vec<(bool, V)> = Vec::with_capacity(parts.len());
        for (inverse, part) in parts {
            if let ([(_, last)], What::Const(b)) = (done.as_slice(), &part.what)
                && let What::Const(a) = &last.what
            {
                let result = match (sum, inverse) {
                    (true, _) => a.plus(*b, inverse),
                    (false, false) => a.times(*b),
                    (false, true) => a.over(*b),
                };
                done[0] = (false, self.computed(result, scope, span));
                continue;
            }
            done.push((inverse, part));
        }
        if done.len() == 1 {
            return done.remove(0).1;
        }
        self.compose(if sum { What::Sum(done) } else { What::Product(done) }, scope, span)
    }

    /// The value of a name, a new module's output, or a function.
    pub(super) fn call_value(&mut self, call: &'t Call, scope: usize, typed: bool) -> V {
        let thing = self.thing(call, scope, typed);
        self.source(&thing, call.any_port(), scope, call.span)
    }

    /// What a name with its brackets is; new modules are made.
    pub(super) fn thing(&mut self, call: &'t Call, scope: usize, typed: bool) -> Thing {
        let poison = || Thing::Value(value(What::Poison, call.span));
        if call.port.is_some() && call.tail.is_some() {
            self.error(scope, codes::UNKNOWN_PORT, call.span, "two ports of one module");
            return poison();
        }
        if !self.spend(scope, call.span, 1) {
            return poison();
        }
        let name = match &call.target {
            Word::Plain(name) => name.clone(),
            Word::Param(param) if call.is_bare() => return Thing::Value(self.param(param, scope)),
            Word::Param(param) => match self.word_of_param(scope, param) {
                Some(text) => Name { text, span: param.span },
                None => return poison(),
            },
        };
        if !call.is_bare() {
            if !call.index.is_empty() {
                self.error(scope, codes::ARGUMENT, call.span, "brackets with settings belong to a module type");
                return poison();
            }
            if let (Some(Args::Placed(args)), None, None) = (&call.args, &call.braces, self.kind(scope, &name.text)) {
                return Thing::Value(self.function(&name, call, args, scope));
            }
            let Some(kind) = self.kind(scope, &name.text) else {
                self.unknown_type(scope, &name);
                return poison();
            };
            return self.new_unnamed(scope, kind, call).unwrap_or_else(poison);
        }
        if typed
            && call.index.is_empty()
            && let Some(kind) = self.kind(scope, &name.text)
        {
            return self.new_unnamed(scope, kind, call).unwrap_or_else(poison);
        }
        self.named(&name, call, scope)
    }

    /// What a bare name stands for.
    fn named(&mut self, name: &Name, call: &'t Call, scope: usize) -> Thing {
        if !call.index.is_empty() {
            return self.indexed(name, &call.index, scope, call.span);
        }
        if let Some(binding) = self.lookup(scope, &name.text) {
            return self.used(binding, call.span);
        }
        if let Some(thing) = self.named_score(name, call, scope) {
            return thing;
        }
        if let Some(kind) = self.kind(scope, &name.text) {
            let poison = || Thing::Value(value(What::Poison, call.span));
            return self.new_unnamed(scope, kind, call).unwrap_or_else(poison);
        }
        if let Some(thing) = self.implicit(name) {
            return thing;
        }
        if let Some(octaves) = lower_note(&name.text) {
            self.out.note(Use::Note(name.span, name.text.clone()));
            return Thing::Value(value(What::Const(Const::new(Dim::Pitch, octaves + self.tuned)), name.span));
        }
        let what = match &*name.text {
            "true" => What::Bool(true),
            "false" => What::Bool(false),
            _ => {
                self.no_name(scope, name, call.any_port().is_some());
                What::Poison
            }
        };
        Thing::Value(value(what, call.span))
    }

    /// The same where a name stands for it: a constant is found at its name, and what a template is given where it is given.
    pub(super) fn used(&mut self, binding: Binding, span: Span) -> Thing {
        let passed = matches!(binding, Binding::Signal(signal) if self.signals[signal].want.is_some());
        match self.bound(binding, span) {
            Thing::Value(v) if v.size == 1 && v.span != span && v.what.is_plain() => {
                let here = if passed { v.clone() } else { value(v.what.clone(), span) };
                self.out.note(if passed { Use::Passed(v.span, span) } else { Use::Named(span, v.span) });
                Thing::Value(here)
            }
            thing => thing,
        }
    }

    pub(super) fn bound(&mut self, binding: Binding, span: Span) -> Thing {
        match binding {
            Binding::Module(module) => Thing::Module(module),
            Binding::Instance(instance) => Thing::Instance(instance),
            Binding::Signal(signal) => Thing::Value(self.signal(signal)),
            Binding::Array(elements) => {
                let list = elements.iter().map(|&element| self.signal(element)).collect();
                Thing::Value(value(What::List(list), span))
            }
            Binding::Value(v) => Thing::Value(v),
            Binding::Poison => Thing::Value(value(What::Poison, span)),
        }
    }

    /// `osc[3]`: a round of `for`, an element of an array or a list.
    fn indexed(&mut self, name: &Name, index: &'t [Index], scope: usize, span: Span) -> Thing {
        let poison = || Thing::Value(value(What::Poison, span));
        let mut numbers = Vec::new();
        for index in index {
            match index {
                Index::One(expr) => match self.whole(expr, scope) {
                    Some(number) => numbers.push(number),
                    None => return poison(),
                },
                Index::Every(every) => {
                    self.error(scope, codes::ARGUMENT, every.span, "`[*n]` stands behind a port of a cable only");
                    return poison();
                }
            }
        }
        if let Some(binding) = self.lookup_round(scope, &name.text, &numbers) {
            return self.bound(binding, span);
        }
        let text = numbers.iter().map(|n| format!("[{n}]")).collect::<String>();
        match self.lookup(scope, &name.text) {
            Some(Binding::Poison) => poison(),
            Some(binding @ (Binding::Array(_) | Binding::Signal(_) | Binding::Value(_))) => {
                let Thing::Value(list) = self.bound(binding, span) else { return poison() };
                let member = match (&list.what, numbers.as_slice()) {
                    (What::List(list), [n]) => usize::try_from(*n).ok().and_then(|n| list.get(n).cloned()),
                    (What::Poison, _) => return poison(),
                    _ => None,
                };
                if let Some(member) = member {
                    return Thing::Value(member);
                }
                self.error(scope, codes::UNKNOWN_NAME, span, format!("there is no `{}{text}`", name.text));
                poison()
            }
            Some(_) => {
                let message = format!("`{}` stands in no `for`, so there is no `{}{text}`", name.text, name.text);
                self.error(scope, codes::UNKNOWN_NAME, span, message);
                poison()
            }
            None => {
                if !self.is_lost(scope, &name.text) {
                    self.unknown_round(scope, name, &text);
                }
                poison()
            }
        }
    }

    /// A module or instance written in place.
    fn new_unnamed(&mut self, scope: usize, kind: Kind<'t>, call: &'t Call) -> Option<Thing> {
        match kind {
            Kind::Module(spec, older) => {
                let module = self.new_module(scope, spec, None, call.span);
                self.out.modules[module].older = older;
                self.shapes[module] = super::Pending::Call(call, scope);
                self.fill_module(module, call, scope);
                Some(Thing::Module(module))
            }
            Kind::Template(declared) => {
                let instance = self.new_instance(scope, &declared, None, call)?;
                self.fill_instance(instance, call, scope);
                Some(Thing::Instance(instance))
            }
        }
    }

    /// `out` and `in` where they are not declared.
    fn implicit(&mut self, name: &Name) -> Option<Thing> {
        let kind = match &*name.text {
            "out" => "AudioOut",
            "in" => "AudioIn",
            _ => return None,
        };
        let root = self.main;
        if let Some((Binding::Module(module), _)) = self.scopes[root].names.get(&name.text) {
            return Some(Thing::Module(*module));
        }
        let spec = self.library.find(kind)?;
        let module = self.new_module(root, spec, Some(name.text.clone()), name.span);
        self.scopes[root].names.insert(name.text.clone(), (Binding::Module(module), name.span));
        Some(Thing::Module(module))
    }
}

impl What {
    /// Whether it is one constant, and nothing that is long or played.
    fn is_plain(&self) -> bool {
        matches!(self, What::Const(_) | What::Word(_) | What::Text(_) | What::Bool(_) | What::File(_))
    }

    /// How faults call it.
    pub fn name(&self) -> &'static str {
        match self {
            What::Const(c) => c.dim.name(),
            What::Word(_) => "a word",
            What::Text(_) => "a text",
            What::Bool(_) => "true or false",
            What::File(_) => "a file",
            What::List(_) => "a list",
            What::Pattern(..) => "a pattern",
            What::Song(_) => "a song",
            What::Poison => "something faulty",
            _ => "a signal",
        }
    }
}

/// A note in lower case: `c4`, `eb3`.
pub(super) fn lower_note(text: &str) -> Option<f64> {
    let mut chars = text.chars();
    let semitone = match chars.next()? {
        'c' => 0.0,
        'd' => 2.0,
        'e' => 4.0,
        'f' => 5.0,
        'g' => 7.0,
        'a' => 9.0,
        'b' => 11.0,
        _ => return None,
    };
    let rest = chars.as_str();
    let (shift, octave) = rest.strip_prefix('b').map_or((0.0, rest), |octave| (-1.0, octave));
    if octave.is_empty() || octave.len() > 2 || !octave.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some((octave.parse::<f64>().ok()? * 12.0 + semitone + shift) / 12.0)
}
