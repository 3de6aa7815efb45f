//! The syntax tree: what stands in one text, with the place of everything, and nothing yet looked up.

pub use crate::statement::*;
use patches_core::graph::Span;
use std::sync::Arc;

/// A word and where it stands.
#[derive(Clone, Debug)]
pub struct Name {
    /// The word.
    pub text: Arc<str>,
    /// Its place.
    pub span: Span,
}

/// `<name>`, `<name[index]>`: a parameter of the template, where a bare word would be itself.
#[derive(Clone, Debug)]
pub struct ParamRef {
    /// The parameter.
    pub name: Name,
    /// An element of an array.
    pub index: Option<Name>,
    /// All of it.
    pub span: Span,
}

/// A word, or a template's parameter that stands for one.
#[derive(Clone, Debug)]
pub enum Word {
    /// Itself.
    Plain(Name),
    /// What the parameter holds.
    Param(ParamRef),
}

impl Word {
    /// Its place.
    pub fn span(&self) -> Span {
        match self {
            Word::Plain(name) => name.span,
            Word::Param(param) => param.span,
        }
    }
}

/// What stands in `[ ]` behind a name or a port.
#[derive(Clone, Debug)]
pub enum Index {
    /// One index: a number, a channel's name, a constant.
    One(Expr),
    /// `[*n]`: every index below n.
    Every(Name),
}

/// `.name[index]`.
#[derive(Clone, Debug)]
pub struct Port {
    /// The port's name.
    pub name: Word,
    /// Its channel.
    pub index: Option<Box<Index>>,
    /// Its place, dot included.
    pub span: Span,
}

/// A number with the unit it is written in, lower case, empty where there is none.
#[derive(Clone, Debug)]
pub struct Quantity {
    /// The number, sign included.
    pub value: f64,
    /// The unit as written, in lower case.
    pub unit: &'static str,
    /// Written without a decimal point.
    pub whole: bool,
    /// Its place.
    pub span: Span,
}

/// An expression.
#[derive(Clone, Debug)]
pub enum Expr {
    /// A number with or without a unit.
    Quantity(Quantity),
    /// A note, in octaves above C0.
    Note(f64, Span),
    /// A text in quotes.
    Text(Arc<str>, Span),
    /// `[a, b]`.
    List(Vec<Expr>, Span),
    /// `<name>`.
    Param(ParamRef),
    /// `$.name`.
    Boundary(Port),
    /// A name, a new module, a function.
    Call(Box<Call>),
    /// `-a`.
    Minus(Box<Expr>, Span),
    /// Terms, each with whether it is subtracted. The first never is.
    Sum(Vec<(bool, Expr)>, Span),
    /// Factors, each with whether it divides. The first never does.
    Product(Vec<(bool, Expr)>, Span),
}

impl Expr {
    /// Its place.
    pub fn span(&self) -> Span {
        match self {
            Expr::Quantity(q) => q.span,
            Expr::Param(p) => p.span,
            Expr::Boundary(p) => p.span,
            Expr::Call(c) => c.span,
            Expr::Note(_, s)
            | Expr::Text(_, s)
            | Expr::List(_, s)
            | Expr::Minus(_, s)
            | Expr::Sum(_, s)
            | Expr::Product(_, s) => *s,
        }
    }

    /// The word, where the expression is nothing but one.
    pub fn word(&self) -> Option<&Name> {
        match self {
            Expr::Call(call) if call.is_bare() && call.port.is_none() && call.index.is_empty() => match &call.target {
                Word::Plain(name) => Some(name),
                Word::Param(_) => None,
            },
            _ => None,
        }
    }
}

/// A name with what follows it: `osc`, `osc[3].saw`, `Mixer(channels: 3) { … }.left`, `min(a, b)`.
#[derive(Clone, Debug)]
pub struct Call {
    /// The name.
    pub target: Word,
    /// Rounds of `for`: `osc[3]`.
    pub index: Vec<Index>,
    /// A port straight behind the name.
    pub port: Option<Port>,
    /// Round brackets.
    pub args: Option<Args>,
    /// Braces.
    pub braces: Option<Vec<Entry>>,
    /// A port behind the brackets.
    pub tail: Option<Port>,
    /// All of it.
    pub span: Span,
}

impl Call {
    /// Whether nothing stands behind the name but a port.
    pub fn is_bare(&self) -> bool {
        self.args.is_none() && self.braces.is_none()
    }

    /// The port, wherever it stands.
    pub fn any_port(&self) -> Option<&Port> {
        self.tail.as_ref().or(self.port.as_ref())
    }
}

/// What stands in round brackets.
#[derive(Clone, Debug)]
pub enum Args {
    /// `a, b`.
    Placed(Vec<Expr>),
    /// `name: value`.
    Named(Vec<Entry>),
}

impl Args {
    /// What is given by name: name, element, value. Parameters alone are given under their own names. Nothing where any goes
    /// by its place.
    pub fn given<'t>(&'t self) -> Option<Vec<(&'t Name, Option<&'t Index>, &'t Expr)>> {
        let set = |entry: &'t Entry| match entry {
            Entry::Set { name, index, value } => Some((name, index.as_ref(), value)),
            Entry::At { .. } => None,
        };
        match self {
            Args::Named(entries) => Some(entries.iter().filter_map(set).collect()),
            Args::Placed(all) => {
                let own =
                    |expr: &'t Expr| if let Expr::Param(param) = expr { Some((&param.name, None, expr)) } else { None };
                all.iter().map(own).collect()
            }
        }
    }
}

/// One line in braces or one named argument.
#[derive(Clone, Debug)]
pub enum Entry {
    /// `level[0]: 0.5`.
    Set {
        /// The parameter.
        name: Name,
        /// Its channel.
        index: Option<Index>,
        /// Its value.
        value: Expr,
    },
    /// `@kick { … }`.
    At {
        /// The channel.
        channel: Name,
        /// What is set for it.
        entries: Vec<Entry>,
    },
}

/// Which way a cable goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// `->`.
    To,
    /// `<-`.
    From,
    /// `~>`.
    Late,
}

/// An arrow between two stages.
#[derive(Clone, Debug)]
pub struct Arrow {
    /// Its direction.
    pub way: Way,
    /// Its scale.
    pub scale: Option<Expr>,
    /// Its place.
    pub span: Span,
}

/// One member of a stage.
#[derive(Clone, Debug)]
pub enum Member {
    /// A source or a target.
    Expr(Expr),
    /// `~scope(lead)`: kinds of view, and the label.
    Tap(Vec<Name>, Name),
}

/// Stages joined by arrows; there is one more stage than there are arrows.
#[derive(Clone, Debug)]
pub struct Chain {
    /// Lists of members.
    pub stages: Vec<Vec<Member>>,
    /// What joins them.
    pub arrows: Vec<Arrow>,
    /// All of it.
    pub span: Span,
}

impl Port {
    /// The place of its index, else of its name.
    pub fn index_span(&self) -> Span {
        self.index.as_deref().map_or(self.name.span(), Index::span)
    }
}

impl Index {
    /// Its place.
    pub fn span(&self) -> Span {
        match self {
            Index::One(expr) => expr.span(),
            Index::Every(name) => name.span,
        }
    }
}

impl Chain {
    /// The stage whose module a name before the chain is for: where the sound ends, the first if all arrows go left.
    pub fn named(&self) -> usize {
        let left = !self.arrows.is_empty() && self.arrows.iter().all(|arrow| arrow.way == Way::From);
        if left { 0 } else { self.stages.len().saturating_sub(1) }
    }

    /// The expression, where the chain is nothing but one.
    pub fn lone(&self) -> Option<&Expr> {
        match self.stages.as_slice() {
            [stage] => match stage.as_slice() {
                [Member::Expr(expr)] => Some(expr),
                _ => None,
            },
            _ => None,
        }
    }
}

/// `v/osc[3]` as written.
#[derive(Clone, Debug)]
pub struct PathName {
    /// The path.
    pub text: Arc<str>,
    /// Its place.
    pub span: Span,
}
