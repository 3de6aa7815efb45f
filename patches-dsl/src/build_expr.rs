//! From the parser's pairs to the syntax tree: expressions.

use crate::build::{Builder, P, first, string};
use crate::fault::{Fault, codes};
use crate::parse::Rule;
use crate::tree::*;
use std::sync::Arc;

impl Builder {
    /// `expr`: terms.
    pub(crate) fn expr(&mut self, pair: P<'_>) -> Expr {
        let span = self.span(&pair);
        let mut terms = Vec::new();
        let mut minus = false;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::add_op => minus = part.as_str() == "-",
                _ => terms.push((minus, self.product(part))),
            }
        }
        if terms.len() == 1 { terms.remove(0).1 } else { Expr::Sum(terms, span) }
    }

    fn product(&mut self, pair: P<'_>) -> Expr {
        let span = self.span(&pair);
        let mut factors = Vec::new();
        let mut divide = false;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::mul_op => divide = part.as_str() == "/",
                _ => factors.push((divide, self.unary(part))),
            }
        }
        if factors.len() == 1 { factors.remove(0).1 } else { Expr::Product(factors, span) }
    }

    fn unary(&mut self, pair: P<'_>) -> Expr {
        let span = self.span(&pair);
        let mut minus = false;
        let mut value = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::neg => minus = !minus,
                _ => value = Some(self.value(part)),
            }
        }
        let value = value.expect("a sign is followed by a value");
        if minus { Expr::Minus(Box::new(value), span) } else { value }
    }

    /// Any single value.
    pub(crate) fn value(&mut self, pair: P<'_>) -> Expr {
        let span = self.span(&pair);
        match pair.as_rule() {
            Rule::quantity => Expr::Quantity(self.quantity(pair)),
            Rule::note => Expr::Note(self.note(&pair), span),
            Rule::string => Expr::Text(Arc::from(string(pair)), span),
            Rule::list => Expr::List(pair.into_inner().map(|member| self.expr(member)).collect(), span),
            Rule::group => self.expr(first(pair)),
            Rule::boundary => Expr::Boundary(self.port(first(pair))),
            Rule::param => Expr::Param(self.param(pair)),
            Rule::call => Expr::Call(Box::new(self.call(pair))),
            Rule::name => {
                let target = Word::Plain(self.name(&pair));
                Expr::Call(Box::new(Call {
                    target,
                    index: vec![],
                    port: None,
                    args: None,
                    braces: None,
                    tail: None,
                    span,
                }))
            }
            _ => self.expr(pair),
        }
    }

    /// A number with its unit.
    pub(crate) fn quantity(&mut self, pair: P<'_>) -> Quantity {
        let span = self.span(&pair);
        let (mut minus, mut value, mut whole, mut unit) = (false, 0.0_f64, true, String::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::minus => minus = true,
                Rule::unit => unit = part.as_str().to_ascii_lowercase(),
                _ => {
                    let text = part.as_str();
                    whole = !text.contains('.');
                    // `1200.Hz` of older files is not a float as Rust reads one.
                    value = text.trim_end_matches('.').parse::<f64>().unwrap_or(f64::NAN);
                }
            }
        }
        if !value.is_finite() {
            self.faults.push(Fault::error(codes::NOT_FINITE, span, "this number is too large"));
            value = 0.0;
        }
        Quantity { value: if minus { -value } else { value }, unit: Arc::from(unit), whole, span }
    }

    /// Octaves above C0 of a note: C4 is 4.
    pub(crate) fn note(&mut self, pair: &P<'_>) -> f64 {
        let text = pair.as_str().trim();
        let mut chars = text.chars();
        let semitone = match chars.next().map(|c| c.to_ascii_uppercase()) {
            Some('C') => 0.0,
            Some('D') => 2.0,
            Some('E') => 4.0,
            Some('F') => 5.0,
            Some('G') => 7.0,
            Some('A') => 9.0,
            _ => 11.0,
        };
        let rest = chars.as_str();
        let (shift, octave) = match rest.chars().next() {
            Some('#') => (1.0, &rest[1..]),
            Some('b') => (-1.0, &rest[1..]),
            _ => (0.0, rest),
        };
        let octave = octave.parse::<f64>().unwrap_or(f64::NAN);
        if octave.is_nan() || octave.abs() > 100.0 {
            self.faults.push(Fault::error(codes::NOT_FINITE, self.span(pair), "no note is that high or low"));
            return 0.0;
        }
        (octave * 12.0 + semitone + shift) / 12.0
    }

    /// `<name>`, `<name[index]>`, `<name/index>`.
    pub(crate) fn param(&mut self, pair: P<'_>) -> ParamRef {
        let span = self.span(&pair);
        let mut parts = pair.into_inner();
        let name = self.name(&parts.next().expect("a parameter has a name"));
        ParamRef { name, index: parts.next().map(|index| self.name(&index)), span }
    }

    fn word(&mut self, pair: P<'_>) -> Word {
        match pair.as_rule() {
            Rule::param => Word::Param(self.param(pair)),
            _ => Word::Plain(self.name(&pair)),
        }
    }

    pub(crate) fn port(&mut self, pair: P<'_>) -> Port {
        let span = self.span(&pair);
        let mut parts = pair.into_inner();
        let name = self.word(parts.next().expect("a port has a name"));
        Port { name, index: parts.next().map(|index| Box::new(self.index(index))), span }
    }

    fn index(&mut self, pair: P<'_>) -> Index {
        let inner = first(pair);
        match inner.as_rule() {
            Rule::every => Index::Every(self.name(&first_or_self(inner))),
            Rule::int | Rule::name => Index::One(self.int_or_name(inner)),
            _ => Index::One(self.expr(inner)),
        }
    }

    fn int_or_name(&mut self, pair: P<'_>) -> Expr {
        let span = self.span(&pair);
        match pair.as_rule() {
            Rule::int => {
                let value = pair.as_str().parse::<f64>().unwrap_or(f64::MAX);
                Expr::Quantity(Quantity { value, unit: Arc::from(""), whole: true, span })
            }
            _ => self.value(pair),
        }
    }

    /// A name with all that follows it.
    pub(crate) fn call(&mut self, pair: P<'_>) -> Call {
        let span = self.span(&pair);
        let mut parts = pair.into_inner();
        let (mut index, mut port, mut args, mut braces, mut tail) = (Vec::new(), None, None, None, None);
        let mut target_parts = parts.next().expect("a call has a target").into_inner();
        let target = self.word(target_parts.next().expect("a target begins with a word"));
        for part in target_parts {
            match part.as_rule() {
                Rule::index => index.push(self.index(part)),
                _ => port = Some(self.port(part)),
            }
        }
        for part in parts {
            match part.as_rule() {
                Rule::args => args = Some(self.args(part)),
                Rule::braces => braces = Some(self.entries(part)),
                _ => tail = Some(self.port(part)),
            }
        }
        Call { target, index, port, args, braces, tail, span }
    }

    fn args(&mut self, pair: P<'_>) -> Args {
        let mut parts = pair.into_inner().peekable();
        match parts.peek().map(|p| p.as_rule()) {
            Some(Rule::given) => Args::Named(parts.map(|part| self.entry(part)).collect()),
            _ => Args::Placed(parts.map(|part| self.expr(part)).collect()),
        }
    }

    fn entries(&mut self, pair: P<'_>) -> Vec<Entry> {
        pair.into_inner().map(|entry| self.entry(first(entry))).collect()
    }

    /// `set`, `given`, `at` or `<name>`.
    fn entry(&mut self, pair: P<'_>) -> Entry {
        let rule = pair.as_rule();
        match rule {
            Rule::param => Entry::Pass(self.param(pair)),
            Rule::at => {
                let mut parts = pair.into_inner();
                let channel = self.name(&parts.next().expect("`@` is followed by a channel"));
                let entries = self.entries(parts.next().expect("`@channel` is followed by braces"));
                Entry::At { channel, entries }
            }
            _ => {
                let mut parts = pair.into_inner();
                let mut key = parts.next().expect("an entry has a key").into_inner();
                let name = self.name(&key.next().expect("a key has a name"));
                let index = key.next().map(|index| match index.as_rule() {
                    Rule::index => self.index(index),
                    _ => Index::One(self.int_or_name(index)),
                });
                Entry::Set { name, index, value: self.expr(parts.next().expect("an entry has a value")) }
            }
        }
    }
}

/// `every` holds a name or a number; both give their text.
fn first_or_self(pair: P<'_>) -> P<'_> {
    let whole = pair.clone();
    pair.into_inner().next().unwrap_or(whole)
}
