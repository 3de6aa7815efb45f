//! The syntax tree of statements: what stands on a line of its own. Part of [`crate::tree`].

use crate::tree::{Chain, Expr, Name, PathName, Quantity};
use patches_core::graph::Span;
use std::sync::Arc;

/// How many a port or an array parameter has.
#[derive(Clone, Debug)]
pub struct Size(pub Name);

/// A type of a template's parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// A number with any unit.
    Float,
    /// A whole number.
    Int,
    /// True or false.
    Bool,
    /// A word.
    Str,
    /// A pattern.
    Pattern,
    /// A song.
    Song,
}

/// A parameter of a template.
#[derive(Clone, Debug)]
pub struct Decl {
    /// Its name.
    pub name: Name,
    /// An array of so many.
    pub size: Option<Size>,
    /// Its type.
    pub kind: Type,
    /// What it is where nothing is given.
    pub default: Option<Expr>,
}

/// `template name(…) { … }`.
#[derive(Clone, Debug)]
pub struct Template {
    /// Its name.
    pub name: Name,
    /// Its parameters.
    pub decls: Vec<Decl>,
    /// Its statements.
    pub body: Vec<Statement>,
}

/// What a `for` runs over.
#[derive(Clone, Debug)]
pub enum Over {
    /// `a..b`, both ends included.
    Range(Expr, Expr),
    /// A list, or the name of one.
    List(Expr),
}

/// `for i in … { … }`.
#[derive(Clone, Debug)]
pub struct For {
    /// The name that counts.
    pub name: Name,
    /// What it runs over.
    pub over: Over,
    /// What is done each round.
    pub body: Vec<Statement>,
}

/// When `swap on` lands.
#[derive(Clone, Debug)]
pub enum SwapOn {
    /// `now`.
    Now,
    /// `on bar`.
    Bar,
    /// `on beat`.
    Beat,
    /// `on 4bars`.
    Every(Quantity),
}

/// A setting of the whole patch.
#[derive(Clone, Debug)]
pub enum Setting {
    /// Beats a minute.
    Tempo(Expr),
    /// Beats in a bar, the note that is a beat.
    Meter(Name, Name),
    /// How late the second half of a pair is.
    Swing(Expr),
    /// How long a swap cross-fades.
    Fade(Expr),
    /// How long removed echoes and reverbs ring out.
    Tail(Expr),
    /// The frequency of A4.
    Tuning(Expr),
    /// When a save takes effect.
    Swap(SwapOn),
    /// Silent modules.
    Mute(Vec<PathName>),
    /// The only modules heard.
    Solo(Vec<PathName>),
    /// Modules that start over.
    Reset(Vec<PathName>),
}

impl Setting {
    /// The keyword.
    pub fn word(&self) -> &'static str {
        match self {
            Setting::Tempo(_) => "tempo",
            Setting::Meter(..) => "meter",
            Setting::Swing(_) => "swing",
            Setting::Fade(_) => "fade",
            Setting::Tail(_) => "tail",
            Setting::Tuning(_) => "tuning",
            Setting::Swap(_) => "swap",
            Setting::Mute(_) => "mute",
            Setting::Solo(_) => "solo",
            Setting::Reset(_) => "reset",
        }
    }
}

/// A statement and its place.
#[derive(Clone, Debug)]
pub struct Statement {
    /// What it is.
    pub what: What,
    /// All of it.
    pub span: Span,
}

/// What a statement is.
#[derive(Clone, Debug)]
pub enum What {
    /// `include "…"`.
    Include(Arc<str>, Span),
    /// A template.
    Template(Arc<Template>),
    /// `patch { … }`.
    Patch(Vec<Statement>),
    /// A pattern.
    Pattern(Arc<crate::score::Pattern>),
    /// A section outside songs.
    Section(Arc<crate::score::Section>),
    /// A song.
    Song(Arc<crate::score::Song>),
    /// A curve.
    Curve(Arc<crate::score::Curve>),
    /// A repetition.
    For(For),
    /// `name = …`, `module name : …`.
    Define {
        /// The name.
        name: Name,
        /// Written between backquotes: a path.
        raw: bool,
        /// Written as `module name : …`, where a type must follow.
        module: bool,
        /// What it names.
        chain: Chain,
        /// Its earlier paths, the likeliest first.
        was: Vec<PathName>,
    },
    /// Cables.
    Wire(Chain),
    /// `tempo 126`.
    Setting(Setting),
    /// `in: a, b` of a template.
    In(Vec<(Name, Option<Size>)>),
    /// `out: a` of a template.
    Out(Vec<(Name, Option<Size>)>),
    /// What could not be read: the names it may have declared, so that their uses are no further faults.
    Unreadable(Vec<Arc<str>>),
}
