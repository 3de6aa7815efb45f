//! What parameters of templates hold, and constants where a certain type is expected.

use super::eval::Thing;
use super::names::is_constant;
use super::{Binding, Expander, value};
use crate::fault::{Fault, codes};
use crate::flat::*;
use crate::tree::{Expr, ParamRef, Port, Type, Word};
use std::sync::Arc;

impl<'t> Expander<'t> {
    /// `<name>`: what a parameter of the template holds.
    pub(super) fn param(&mut self, param: &'t ParamRef, scope: usize) -> V {
        let poison = || value(What::Poison, param.span);
        let index = match &param.index {
            Some(index) => match index.text.parse::<i64>() {
                Ok(number) => Some(number),
                Err(_) => match self.lookup(scope, &index.text) {
                    Some(binding) => {
                        let Thing::Value(v) = self.bound(binding, index.span) else { return poison() };
                        match &v.what {
                            What::Const(c) if c.as_whole().is_some() => c.as_whole(),
                            _ => {
                                self.error(scope, codes::NOT_CONSTANT, index.span, "an index is a whole number");
                                return poison();
                            }
                        }
                    }
                    None => {
                        self.unknown_name(scope, index);
                        return poison();
                    }
                },
            },
            None => None,
        };
        match self.lookup(scope, &param.name.text) {
            Some(binding @ (Binding::Signal(_) | Binding::Value(_) | Binding::Array(_))) => {
                let Thing::Value(v) = self.used(binding, param.span) else { return poison() };
                match (index, &v.what) {
                    (None, _) => v,
                    (Some(n), What::List(list)) => match usize::try_from(n).ok().and_then(|n| list.get(n)) {
                        Some(member) => member.clone(),
                        None => {
                            let message = format!("`{}` has {} elements, no [{n}]", param.name.text, list.len());
                            self.error(scope, codes::UNKNOWN_NAME, param.span, message);
                            poison()
                        }
                    },
                    (Some(_), What::Poison) => poison(),
                    (Some(_), _) => {
                        let message = format!("`{}` is no array", param.name.text);
                        self.error(scope, codes::WRONG_KIND, param.span, message);
                        poison()
                    }
                }
            }
            Some(Binding::Poison) => poison(),
            Some(_) => {
                let message = format!("`<{}>` stands for a parameter or constant, not for a module", param.name.text);
                self.error(scope, codes::WRONG_KIND, param.span, message);
                poison()
            }
            None => {
                self.unknown_name(scope, &param.name);
                poison()
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
            (Type::Pattern, What::Pattern(..)) => true,
            (Type::Song, What::Song(_) | What::Pattern(..)) => true,
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
