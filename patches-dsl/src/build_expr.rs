//! From the parser's pairs to the syntax tree: expressions.

use crate::build::{Builder, first, string};
use crate::fault::{Fault, codes};
use crate::nodes::{Inner, P};
use crate::parse::Rule;
use crate::tree::*;
use patches_core::graph::Span;
use std::sync::Arc;

impl Builder {
    /// `expr`: operands and what stands between them; `*` and `/` bind first.
    pub(crate) fn expr(&mut self, pair: P<'_>) -> Expr {
        let mut parts = pair.into_inner();
        let (first, mut span) = self.product(&mut parts);
        let mut others = Vec::new();
        while let Some(op) = parts.next() {
            let (term, place) = self.product(&mut parts);
            others.push((op.as_str() == "-", term));
            span.end = place.end;
        }
        if others.is_empty() {
            return first;
        }
        others.insert(0, (false, first));
        Expr::Sum(others, span)
    }

    fn product(&mut self, parts: &mut Inner<'_>) -> (Expr, Span) {
        let (first, mut span) = self.operand(parts);
        let mut others = Vec::new();
        while let Some(op) = parts.clone().next().filter(|op| matches!(op.as_str(), "*" | "/")) {
            parts.next();
            let (factor, place) = self.operand(parts);
            others.push((op.as_str() == "/", factor));
            span.end = place.end;
        }
        if others.is_empty() {
            return (first, span);
        }
        others.insert(0, (false, first));
        (Expr::Product(others, span), span)
    }

    /// A value with the signs before it, and the place of both.
    fn operand(&mut self, parts: &mut Inner<'_>) -> (Expr, Span) {
        let mut part = parts.next().expect("a sign is followed by a value");
        let Span { start, .. } = self.span(&part);
        let mut minus = false;
        while part.as_rule() == Rule::neg {
            minus = !minus;
            part = parts.next().expect("a sign is followed by a value");
        }
        let span = Span { start, ..self.span(&part) };
        let value = self.value(part);
        (if minus { Expr::Minus(Box::new(value), span) } else { value }, span)
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
            Rule::call | Rule::worked_out => Expr::Call(Box::new(self.call(pair))),
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
        let text = pair.as_str().trim_end();
        let unit =
            pair.into_inner().find(|part| part.as_rule() == Rule::unit).map_or("", |unit| unit_named(unit.as_str()));
        let number = text[..text.len() - unit.len()].trim_start_matches(['-', '+']);
        // `1200.Hz` of older files is not a float as Rust reads one.
        let mut value = number.trim_end_matches('.').parse::<f64>().unwrap_or(f64::NAN);
        if !value.is_finite() {
            self.faults.push(Fault::error(codes::NOT_FINITE, span, "this number is too large"));
            value = 0.0;
        }
        Quantity { value: if text.starts_with('-') { -value } else { value }, unit, whole: !number.contains('.'), span }
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

    fn target(&mut self, pair: P<'_>) -> Word {
        match pair.as_rule() {
            Rule::param => Word::Param(self.param(pair)),
            _ => Word::Plain(self.name(&pair)),
        }
    }

    pub(crate) fn port(&mut self, pair: P<'_>) -> Port {
        let span = self.span(&pair);
        let mut parts = pair.into_inner();
        let name = self.target(parts.next().expect("a port has a name"));
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
                Expr::Quantity(Quantity { value, unit: "", whole: true, span })
            }
            _ => self.value(pair),
        }
    }

    /// A name with all that follows it.
    pub(crate) fn call(&mut self, pair: P<'_>) -> Call {
        let span = self.span(&pair);
        let (mut index, mut port, mut args, mut braces, mut tail) = (Vec::new(), None, None, None, None);
        let mut parts = pair.into_inner();
        let word = parts.next().expect("a call begins with a word");
        let mut end = word.end();
        let target = self.target(word);
        for part in parts {
            match part.as_rule() {
                Rule::index => index.push(self.index(part)),
                Rule::args => args = Some(self.args(part)),
                Rule::braces => braces = Some(self.entries(part)),
                // A port straight behind the name and its indices, or one behind brackets or white space.
                _ if part.start() == end && port.is_none() && args.is_none() && braces.is_none() => {
                    port = Some(self.port(part));
                }
                _ => tail = Some(self.port(part)),
            }
            end = part.end();
        }
        Call { target, index, port, args, braces, tail, span }
    }

    fn args(&mut self, pair: P<'_>) -> Args {
        let parts = pair.into_inner();
        // Parameters alone may be a function's numbers or what a template is given: what is called tells.
        if !parts.clone().any(|part| part.as_rule() == Rule::given) {
            let placed = |part: P<'_>| if part.as_rule() == Rule::param { self.value(part) } else { self.expr(part) };
            return Args::Placed(parts.map(placed).collect());
        }
        let named = |part: P<'_>| if part.as_rule() == Rule::param { self.passed(part) } else { self.entry(part) };
        Args::Named(parts.map(named).collect())
    }

    /// `<attack>` among what is set: `attack: <attack>`, of an element `level[0]: <level[0]>`.
    fn passed(&mut self, pair: P<'_>) -> Entry {
        let index = pair.into_inner().nth(1).map(|index| Index::One(self.int_or_name(index)));
        let param = self.param(pair);
        Entry::Set { name: param.name.clone(), index, value: Expr::Param(param) }
    }

    fn entries(&mut self, pair: P<'_>) -> Vec<Entry> {
        let mut list = Vec::new();
        for part in pair.into_inner() {
            let channel = part.into_inner().next().filter(|at| at.as_rule() == Rule::at).map(first);
            match channel.filter(|channel| channel.as_rule() == Rule::param) {
                Some(channel) => list.extend(self.at_param(part, channel)),
                None => list.push(self.entry(part)),
            }
        }
        list
    }

    /// `@<name> { … }`: each of its entries for the channel that the parameter holds.
    fn at_param(&mut self, pair: P<'_>, channel: P<'_>) -> Vec<Entry> {
        let braces = first(pair).into_inner().nth(1).expect("`@channel` is followed by braces");
        let channel = Expr::Param(self.param(channel));
        let mut entries = self.entries(braces);
        for entry in &mut entries {
            if let Entry::Set { index, .. } = entry {
                index.get_or_insert_with(|| Index::One(channel.clone()));
            }
        }
        entries
    }

    /// `entry` or `given`: a name with a value, `<name>` or `@name { … }`.
    fn entry(&mut self, pair: P<'_>) -> Entry {
        let mut parts = pair.into_inner();
        let first = parts.next().expect("an entry has a key");
        match first.as_rule() {
            Rule::param => self.passed(first),
            Rule::at => {
                let mut parts = first.into_inner();
                let channel = self.name(&parts.next().expect("`@` is followed by a channel"));
                let entries = self.entries(parts.next().expect("`@channel` is followed by braces"));
                Entry::At { channel, entries }
            }
            _ => {
                let name = self.name(&first);
                let index = match parts.peek() {
                    Some(Rule::index) => parts.next().map(|index| self.index(index)),
                    Some(Rule::int | Rule::name) => parts.next().map(|index| Index::One(self.int_or_name(index))),
                    _ => None,
                };
                Entry::Set { name, index, value: self.expr(parts.next().expect("an entry has a value")) }
            }
        }
    }
}

/// The units there are, in lower case.
pub(crate) const UNITS: [&str; 18] =
    ["hz", "khz", "oct", "st", "ct", "ms", "s", "min", "db", "%", "bpm", "beats", "beat", "bars", "bar", "c", "d", "t"];

/// A unit as it is kept, however it is written.
pub(crate) fn unit_named(text: &str) -> &'static str {
    UNITS.iter().find(|unit| unit.eq_ignore_ascii_case(text)).copied().unwrap_or("")
}

/// `every` holds a name or a number; both give their text.
fn first_or_self(pair: P<'_>) -> P<'_> {
    pair.into_inner().next().unwrap_or(pair)
}
