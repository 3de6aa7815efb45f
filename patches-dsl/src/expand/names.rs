//! Looking names up.

use super::{Binding, Declared, Expander, Score, State, UNKNOWN_ROUND};
use crate::fault::{Fault, codes, nearest};
use crate::flat::{V, What};
use crate::limits;
use crate::older::{self, Older};
use crate::tree::Name;
use patches_core::graph::Span;
use patches_core::spec::Spec;
use std::sync::Arc;

/// A type of the library, and the older one it is named as.
pub(super) type Type = (&'static Spec, Option<&'static Older>);

/// Names that may be declared where nothing can be read, beyond which none is looked for by its nearness.
const MANY: usize = 200;

/// What a type name means.
pub(super) enum Kind<'t> {
    Module(&'static Spec, Option<&'static Older>),
    Template(Declared<'t>),
}

impl<'t> Expander<'t> {
    /// What a name stands for, seen from a scope.
    pub(super) fn lookup(&mut self, scope: usize, name: &str) -> Option<Binding> {
        let (mut at, mut behind) = (Some(scope), false);
        while let Some(here) = at {
            if let Some((binding, span)) = self.scopes[here].names.get(name) {
                if self.scopes[here].twice.contains(name) {
                    return Some(Binding::Poison);
                }
                let binding = binding.clone();
                self.is_asked_for(*span);
                return match binding {
                    Binding::Module(_) | Binding::Instance(_) if behind => None,
                    Binding::Signal(signal) if behind && !self.is_constant(signal) => None,
                    binding => Some(binding),
                };
            }
            if self.scopes[here].lost.contains(name) {
                return Some(Binding::Poison);
            }
            behind |= self.scopes[here].barrier;
            at = self.scopes[here].parent;
        }
        None
    }

    /// Whether a name of the file is a constant, which templates may see.
    fn is_constant(&mut self, signal: usize) -> bool {
        let value = self.signal(signal);
        is_constant(&value)
    }

    /// What `osc[3]` stands for: the name in that round of a `for`.
    pub(super) fn lookup_round(&mut self, scope: usize, name: &str, rounds: &[i64]) -> Option<Binding> {
        let mut at = Some(scope);
        while let Some(here) = at {
            if let Some(found) = self.in_round(here, name, rounds) {
                return Some(found);
            }
            if self.scopes[here].lost.contains(name) {
                return Some(Binding::Poison);
            }
            if self.scopes[here].barrier {
                return None;
            }
            at = self.scopes[here].parent;
        }
        None
    }

    pub(super) fn in_round(&self, scope: usize, name: &str, rounds: &[i64]) -> Option<Binding> {
        let Some((first, rest)) = rounds.split_first() else {
            let Some((binding, span)) = self.scopes[scope].names.get(name) else {
                return self.scopes[scope].lost.contains(name).then_some(Binding::Poison);
            };
            self.is_asked_for(*span);
            return Some(binding.clone());
        };
        // Of rounds that are not known each may be meant.
        let rounds = &self.scopes[scope].rounds;
        let inner = rounds.get(first).or_else(|| rounds.get(&UNKNOWN_ROUND))?;
        inner.iter().find_map(|&inner| self.in_round(inner, name, rest))
    }

    /// The module type or template of a name.
    pub(super) fn kind(&self, scope: usize, name: &str) -> Option<Kind<'t>> {
        let mut at = Some(scope);
        while let Some(here) = at {
            if let Some((declared, span)) = self.scopes[here].templates.get(name) {
                self.is_asked_for(*span);
                return Some(Kind::Template(declared.clone()));
            }
            at = self.scopes[here].parent;
        }
        self.library_type(name).map(|(spec, older)| Kind::Module(spec, older))
    }

    /// The module type of a name in the library, looked for once.
    fn library_type(&self, name: &str) -> Option<Type> {
        if let Some(found) = self.types.borrow().get(name) {
            return *found;
        }
        let found = older::find(self.library, name);
        self.types.borrow_mut().insert(name.into(), found);
        found
    }

    /// A pattern, section, song or curve by name.
    pub(super) fn score(&self, scope: usize, word: &'static str, name: &str) -> Option<Score<'t>> {
        self.score_at(scope, word, name).map(|(score, _)| score)
    }

    /// The same, with the scope it is declared in.
    pub(super) fn score_at(&self, scope: usize, word: &'static str, name: &str) -> Option<(Score<'t>, usize)> {
        let mut key = None;
        let mut at = Some(scope);
        while let Some(here) = at {
            let scores = &self.scopes[here].scores;
            // Most bodies have none, so that nothing is to be made to ask them.
            if !scores.is_empty()
                && let Some((score, span)) = scores.get(key.get_or_insert_with(|| (word, Arc::from(name))))
            {
                self.is_asked_for(*span);
                return Some((*score, here));
            }
            at = self.scopes[here].parent;
        }
        None
    }

    /// Whether an unreadable statement in sight, or a file that could not be read, may have declared this name.
    pub(super) fn is_lost(&self, scope: usize, name: &str) -> bool {
        if self.blind {
            return true;
        }
        let mut at = Some(scope);
        while let Some(here) = at {
            let lost = &self.scopes[here].lost;
            // What cannot be read may be a name with a slip in it.
            let near = || lost.len() < MANY && nearest(name, lost.iter().map(|lost| &**lost)).is_some();
            if lost.contains(name) || lost.contains("") || !lost.is_empty() && near() {
                return true;
            }
            at = self.scopes[here].parent;
        }
        false
    }

    /// Gives a name a meaning, once.
    pub(super) fn bind(&mut self, scope: usize, name: &Name, binding: Binding) {
        if let Some((_, before)) = self.scopes[scope].names.get(&name.text) {
            let before = *before;
            self.scopes[scope].twice.insert(name.text.clone());
            return self.given_twice(scope, &format!("`{}`", name.text), name.span, before);
        }
        self.scopes[scope].names.insert(name.text.clone(), (binding, name.span));
    }

    /// Tells that something is given twice; the later place is the fault.
    pub(super) fn given_twice(&mut self, scope: usize, what: &str, a: Span, b: Span) {
        let (first, second) = if a < b { (a, b) } else { (b, a) };
        let fault = Fault::error(codes::GIVEN_TWICE, second, format!("{what} is given twice"));
        self.fault(scope, fault.also(first, "first given here"));
    }

    /// The value of a constant or signal, worked out once.
    pub(super) fn signal(&mut self, index: usize) -> V {
        let (expr, scope, want, member) = {
            let signal = &self.signals[index];
            (signal.expr, signal.scope, signal.want, signal.member)
        };
        let span = expr.span();
        let poison = || super::value(What::Poison, span);
        match &self.signals[index].state {
            State::Done(value) => return value.clone(),
            // Another of its name may be what is meant.
            State::Busy if self.is_lost(scope, &self.signals[index].name) => return poison(),
            State::Busy => {
                let message = format!("`{}` is made of itself", self.signals[index].name);
                self.error(scope, codes::CYCLE, span, message);
                return poison();
            }
            State::New => {}
        }
        if self.depth >= limits::DEPTH {
            self.error(scope, codes::TOO_DEEP, span, format!("names stand for names more than {} deep", limits::DEPTH));
            return poison();
        }
        self.depth += 1;
        self.signals[index].state = State::Busy;
        let mut value = match want {
            Some(want) => self.eval_typed(expr, scope, want, index),
            None => self.eval(expr, scope),
        };
        if let (Some((member, count)), What::List(list)) = (member, &value.what) {
            value = match list.get(member).filter(|_| list.len() == count) {
                Some(value) => value.clone(),
                None => {
                    let members = if list.len() == 1 { "member" } else { "members" };
                    let message = format!("this list has {} {members}, not {count}", list.len());
                    self.error(scope, codes::ARGUMENT, span, message);
                    poison()
                }
            };
        }
        self.depth -= 1;
        self.signals[index].state = State::Done(value.clone());
        value
    }

    /// The place a name is given, for faults.
    pub(super) fn span_of(&self, scope: usize, name: &str) -> Option<Span> {
        self.scopes[scope].names.get(name).map(|(_, span)| *span)
    }
}

/// Whether a value holds no signal.
pub(super) fn is_constant(value: &V) -> bool {
    match &value.what {
        What::List(list) => list.iter().all(is_constant),
        What::Port(_) | What::Junction(_) | What::Pair(..) | What::Minus(_) | What::Sum(_) | What::Product(_) => false,
        What::Apply(..) => false,
        _ => true,
    }
}
