//! Working out expressions: constants are computed, the rest becomes a value that says what to add and multiply.

use super::names::{Kind, is_constant};
use super::{Binding, Expander, value};
use crate::fault::{Fault, codes};
use crate::flat::*;
use crate::limits;
use crate::tree::{Args, Call, Expr, Index, Name, ParamRef, Port, Type, Word};
use crate::value::{Const, Dim, Misfit};
use patches_core::graph::Span;
use std::sync::Arc;

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
            Expr::Note(octaves, _) => value(What::Const(Const::new(Dim::Pitch, *octaves)), span),
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
                    _ => self.compose(What::Minus(inner.clone()), &[&inner], scope, span),
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

    fn computed(&mut self, result: Result<Const, Misfit>, scope: usize, span: Span) -> V {
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
    fn compose(&mut self, what: What, parts: &[&V], scope: usize, span: Span) -> V {
        for part in parts {
            match &part.what {
                What::Poison => return value(What::Poison, span),
                What::Word(_) | What::Text(_) | What::Bool(_) | What::File(_) | What::List(_) => {
                    let message = format!("{} is no number", part.what.name());
                    self.error(scope, codes::WRONG_KIND, part.span, message);
                    return value(What::Poison, span);
                }
                What::Pattern(_) | What::Song(_) | What::Lane(..) => {
                    let message = format!("{} is no signal", part.what.name());
                    self.error(scope, codes::WRONG_KIND, part.span, message);
                    return value(What::Poison, span);
                }
                _ => {}
            }
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
        let parts: Vec<(bool, V)> = parts.iter().map(|(other, expr)| (*other, self.eval(expr, scope))).collect();
        let mut done: Vec<(bool, V)> = Vec::new();
        for (inverse, part) in parts {
            let last = if done.len() == 1 { done.last().map(|(_, v)| v.clone()) } else { None };
            if let (Some(last), What::Const(b)) = (last, &part.what)
                && let What::Const(a) = &last.what
            {
                let result = match (sum, inverse) {
                    (true, _) => a.plus(*b, inverse),
                    (false, false) => a.times(*b),
                    (false, true) => a.over(*b),
                };
                done = vec![(false, self.computed(result, scope, span))];
                continue;
            }
            done.push((inverse, part));
        }
        if done.len() == 1 {
            return done.remove(0).1;
        }
        let refs: Vec<V> = done.iter().map(|(_, v)| v.clone()).collect();
        let refs: Vec<&V> = refs.iter().collect();
        let what = if sum { What::Sum(done) } else { What::Product(done) };
        self.compose(what, &refs, scope, span)
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
                return Thing::Value(self.function(&name, args, scope, call.span));
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
            return self.bound(binding, call.span);
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
            return Thing::Value(value(What::Const(Const::new(Dim::Pitch, octaves)), name.span));
        }
        let what = match &*name.text {
            "true" => What::Bool(true),
            "false" => What::Bool(false),
            _ => {
                self.unknown_name(scope, name);
                What::Poison
            }
        };
        Thing::Value(value(what, call.span))
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
                self.error(scope, codes::UNKNOWN_NAME, span, format!("there is no `{}{text}`", name.text));
                poison()
            }
        }
    }

    /// A module or instance written in place.
    fn new_unnamed(&mut self, scope: usize, kind: Kind<'t>, call: &'t Call) -> Option<Thing> {
        match kind {
            Kind::Module(spec) => {
                let module = self.new_module(scope, spec, None, call.span);
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

    /// `file("…")`, `min(a, b)` and the like.
    fn function(&mut self, name: &Name, args: &'t [Expr], scope: usize, span: Span) -> V {
        if &*name.text == "file" {
            if let [Expr::Text(text, _)] = args {
                return value(What::File(text.clone()), span);
            }
            let fault = Fault::error(codes::ARGUMENT, span, "`file` takes one text");
            self.fault(scope, fault.help("write `file(\"samples/kick.wav\")`"));
            return value(What::Poison, span);
        }
        let Some(function) = Function::named(&name.text) else {
            self.unknown_type(scope, name);
            return value(What::Poison, span);
        };
        let (count, form) = function.arguments();
        if args.len() != count {
            let message = format!("`{}` takes {count} values, not {}", function.name(), args.len());
            self.fault(scope, Fault::error(codes::ARGUMENT, span, message).help(format!("write `{form}`")));
            return value(What::Poison, span);
        }
        if function == Function::Quantize {
            let x = self.eval(&args[0], scope);
            let scale = self.eval_words(&args[1], scope);
            let whole = What::Apply(function, vec![x.clone(), scale]);
            return self.compose(whole, &[&x], scope, span);
        }
        let args: Vec<V> = args.iter().map(|arg| self.eval(arg, scope)).collect();
        let constants: Option<Vec<Const>> = args
            .iter()
            .map(|arg| match &arg.what {
                What::Const(c) => Some(*c),
                _ => None,
            })
            .collect();
        match constants {
            Some(constants) => self.computed(apply(function, &constants), scope, span),
            None => {
                let parts: Vec<&V> = args.iter().collect();
                let parts: Vec<V> = parts.into_iter().cloned().collect();
                let refs: Vec<&V> = parts.iter().collect();
                self.compose(What::Apply(function, args.clone()), &refs, scope, span)
            }
        }
    }

    /// `<name>`: what a parameter of the template holds.
    pub(super) fn param(&mut self, param: &'t ParamRef, scope: usize) -> V {
        let poison = value(What::Poison, param.span);
        let index = match &param.index {
            Some(index) => match index.text.parse::<i64>() {
                Ok(number) => Some(number),
                Err(_) => match self.lookup(scope, &index.text) {
                    Some(binding) => {
                        let Thing::Value(v) = self.bound(binding, index.span) else { return poison };
                        match &v.what {
                            What::Const(c) if c.as_whole().is_some() => c.as_whole(),
                            _ => {
                                self.error(scope, codes::NOT_CONSTANT, index.span, "an index is a whole number");
                                return poison;
                            }
                        }
                    }
                    None => {
                        self.unknown_name(scope, index);
                        return poison;
                    }
                },
            },
            None => None,
        };
        match self.lookup(scope, &param.name.text) {
            Some(binding @ (Binding::Signal(_) | Binding::Value(_) | Binding::Array(_))) => {
                let Thing::Value(v) = self.bound(binding, param.span) else { return poison };
                match (index, &v.what) {
                    (None, _) => v,
                    (Some(n), What::List(list)) => match usize::try_from(n).ok().and_then(|n| list.get(n)) {
                        Some(member) => member.clone(),
                        None => {
                            let message = format!("`{}` has {} elements, no [{n}]", param.name.text, list.len());
                            self.error(scope, codes::UNKNOWN_NAME, param.span, message);
                            poison
                        }
                    },
                    (Some(_), What::Poison) => poison,
                    (Some(_), _) => {
                        let message = format!("`{}` is no array", param.name.text);
                        self.error(scope, codes::WRONG_KIND, param.span, message);
                        poison
                    }
                }
            }
            Some(Binding::Poison) => poison,
            Some(_) => {
                let message = format!("`<{}>` stands for a parameter or constant, not for a module", param.name.text);
                self.error(scope, codes::WRONG_KIND, param.span, message);
                poison
            }
            None => {
                self.unknown_name(scope, &param.name);
                poison
            }
        }
    }

    /// The word that a parameter holds.
    pub(super) fn word_of_param(&mut self, scope: usize, param: &'t ParamRef) -> Option<Arc<str>> {
        let v = self.param(param, scope);
        match &v.what {
            What::Word(word) | What::Text(word) => Some(word.clone()),
            What::Poison => None,
            _ => {
                let message = format!("`{}` holds no word", param.name.text);
                self.error(scope, codes::WRONG_KIND, param.span, message);
                None
            }
        }
    }

    /// A port's name.
    pub(super) fn port_word(&mut self, port: &'t Port, scope: usize) -> Option<Arc<str>> {
        match &port.name {
            Word::Plain(name) => Some(name.text.clone()),
            Word::Param(param) => self.word_of_param(scope, param),
        }
    }

    /// A whole constant.
    pub(super) fn whole(&mut self, expr: &'t Expr, scope: usize) -> Option<i64> {
        let v = self.eval(expr, scope);
        match &v.what {
            What::Const(c) if c.as_whole().is_some() => c.as_whole(),
            What::Poison => None,
            What::Const(_) => {
                self.error(scope, codes::WRONG_KIND, expr.span(), "a whole number is expected here, such as `3`");
                None
            }
            _ => {
                let message = format!("a whole number is expected here, such as `3`, not {}", v.what.name());
                let code = if is_constant(&v) { codes::WRONG_KIND } else { codes::NOT_CONSTANT };
                self.error(scope, code, expr.span(), message);
                None
            }
        }
    }

    /// The value of a template's parameter of this type.
    pub(super) fn eval_typed(&mut self, expr: &'t Expr, scope: usize, want: Type, signal: usize) -> V {
        let span = expr.span();
        let word = expr.word().filter(|_| matches!(want, Type::Str)).cloned();
        let v = match (want, word) {
            (Type::Str, Some(word)) => value(What::Word(word.text), span),
            (Type::Pattern | Type::Song, _) => self.eval_score(expr, scope, want == Type::Song),
            _ => self.eval(expr, scope),
        };
        let members: Vec<&V> = match &v.what {
            What::List(list) => list.iter().collect(),
            _ => vec![&v],
        };
        let fits = members.iter().all(|v| match (want, &v.what) {
            (_, What::Poison) => true,
            (Type::Float, What::Const(_)) => true,
            (Type::Int, What::Const(c)) => c.as_whole().is_some(),
            (Type::Bool, What::Bool(_)) => true,
            (Type::Str, What::Word(_) | What::Text(_)) => true,
            (Type::Pattern, What::Pattern(_) | What::Lane(..)) => true,
            (Type::Song, What::Song(_)) => true,
            _ => false,
        });
        if fits {
            return v;
        }
        let name = self.signals[signal].name.clone();
        let (code, found) =
            if is_constant(&v) { (codes::WRONG_KIND, v.what.name()) } else { (codes::NOT_CONSTANT, "a signal") };
        let expected = match want {
            Type::Float => "a number, such as `0.5` or `10ms`",
            Type::Int => "a whole number, such as `3`",
            Type::Bool => "`true` or `false`",
            Type::Str => "a word",
            Type::Pattern => "a pattern",
            Type::Song => "a song",
        };
        let mut fault = Fault::error(code, span, format!("`{name}` expects {expected}, not {found}"));
        if code == codes::NOT_CONSTANT {
            fault = fault.help("a signal comes in through a port: declare it with `in:`");
        }
        self.fault(scope, fault);
        value(What::Poison, span)
    }
}

impl What {
    /// How faults call it.
    pub fn name(&self) -> &'static str {
        match self {
            What::Const(c) => c.dim.name(),
            What::Word(_) => "a word",
            What::Text(_) => "a text",
            What::Bool(_) => "true or false",
            What::File(_) => "a file",
            What::List(_) => "a list",
            What::Pattern(_) => "a pattern",
            What::Song(_) => "a song",
            What::Lane(..) => "a lane of a song",
            What::Curve(_) => "a curve",
            What::Poison => "something faulty",
            _ => "a signal",
        }
    }
}

fn apply(function: Function, args: &[Const]) -> Result<Const, Misfit> {
    match (function, args) {
        (Function::Min, [a, b]) => a.bound(*b, false),
        (Function::Max, [a, b]) => a.bound(*b, true),
        (Function::Abs, [x]) if x.dim != Dim::Pitch => Ok(Const { value: x.value.abs(), ..*x }),
        (Function::Clamp, [x, low, high]) => x.bound(*low, true)?.bound(*high, false),
        (Function::Mix, [a, b, t]) => a.plus(b.plus(*a, true)?.times(*t)?, false),
        (_, [x, ..]) => x.minus(),
        (_, []) => Ok(Const::whole(0.0)),
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
