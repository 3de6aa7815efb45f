//! The patch with every template opened, every `for` unrolled and every name put in: modules, and what feeds each of
//! their inputs. Values are still as written; [`crate::check`] gives them the units of the inputs they meet.

use crate::fault::Fault;
use crate::limits;
use crate::older::{Bare, Older};
use crate::tree::PathName;
use crate::value::Const;
use patches_core::graph::{Landing, Span};
use patches_core::score::Score;
use patches_core::spec::{Side, Spec};
use std::rc::Rc;
use std::sync::Arc;

/// A value and where it is written.
#[derive(Clone, Debug)]
pub struct Value {
    /// What it is.
    pub what: What,
    /// Where.
    pub span: Span,
    /// How many parts it has, those of shared ones counted wherever they stand.
    pub size: usize,
}

impl Value {
    /// A value at a place.
    pub fn new(what: What, span: Span) -> Value {
        let size = 1 + match &what {
            What::List(parts) | What::Apply(_, parts) => parts.iter().map(|v| v.size).sum(),
            What::Sum(parts) | What::Product(parts) => parts.iter().map(|(_, v)| v.size).sum(),
            What::Minus(inner) => inner.size,
            _ => 0,
        };
        Value { what, span, size }
    }
}

/// A shared value: a name stands for one value however often it is used.
pub type V = Rc<Value>;

/// What a value is.
#[derive(Clone, Debug)]
pub enum What {
    /// A number that knows what it measures.
    Const(Const),
    /// A bare word.
    Word(Arc<str>),
    /// A text in quotes.
    Text(Arc<str>),
    /// `true` or `false`.
    Bool(bool),
    /// `file("…")`, as written.
    File(Arc<str>),
    /// `[a, b]`.
    List(Vec<V>),
    /// An output.
    Port(Source),
    /// A port of a template: whatever is connected to it.
    Junction(usize),
    /// Two ports of a template, left and right, as one.
    Pair(usize, usize),
    /// `-a`.
    Minus(V),
    /// Terms, each with whether it is subtracted.
    Sum(Vec<(bool, V)>),
    /// Factors, each with whether it divides.
    Product(Vec<(bool, V)>),
    /// A function.
    Apply(Function, Vec<V>),
    /// A pattern or lane of a song, by its name.
    Pattern(Arc<str>, Arc<Score>),
    /// A song.
    Song(Arc<Tune>),
    /// Something faulty, already told.
    Poison,
}

/// A song: what each of its lanes plays.
#[derive(Clone, Debug, PartialEq)]
pub struct Tune {
    /// Its name.
    pub name: Arc<str>,
    /// Its lanes.
    pub lanes: Vec<(Arc<str>, Arc<Score>)>,
}

/// The functions of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Function {
    /// The smaller.
    Min,
    /// The larger.
    Max,
    /// Without its sign.
    Abs,
    /// Held between two.
    Clamp,
    /// From one to another.
    Mix,
    /// To the nearest note of a scale.
    Quantize,
}

impl Function {
    /// All of them.
    pub const ALL: [Function; 6] =
        [Function::Min, Function::Max, Function::Abs, Function::Clamp, Function::Mix, Function::Quantize];

    /// The function of this name.
    pub fn named(name: &str) -> Option<Function> {
        Function::ALL.into_iter().find(|function| function.name() == name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Function::Min => "min",
            Function::Max => "max",
            Function::Abs => "abs",
            Function::Clamp => "clamp",
            Function::Mix => "mix",
            Function::Quantize => "quantize",
        }
    }

    /// How many arguments it takes, and how they are written.
    pub fn arguments(self) -> (usize, &'static str) {
        match self {
            Function::Min => (2, "min(a, b)"),
            Function::Max => (2, "max(a, b)"),
            Function::Abs => (1, "abs(x)"),
            Function::Clamp => (3, "clamp(x, lo, hi)"),
            Function::Mix => (3, "mix(a, b, t)"),
            Function::Quantize => (2, "quantize(x, scale)"),
        }
    }
}

/// Which channel of a port or parameter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// None written: the first of a port, all of a parameter.
    Unsaid,
    /// None written behind this name, which is one of the port, and may be that of a row too.
    Alone(Arc<str>),
    /// By number.
    Number(u32),
    /// By name.
    Named(Arc<str>),
    /// A row of a pattern by its name alone, as an output: what it means depends on what the row holds.
    Row(Arc<str>),
}

/// An output of a module.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// Index of the module.
    pub module: usize,
    /// Index of the output.
    pub port: u16,
    /// Its side.
    pub side: Side,
    /// Its channel.
    pub channel: Channel,
}

/// What feeds an input or a template's port.
#[derive(Clone, Debug)]
pub struct Feed {
    /// What comes.
    pub value: V,
    /// Times this.
    pub scale: Option<V>,
    /// Only this side of it.
    pub take: Side,
    /// One sample late.
    pub late: bool,
    /// Set in braces, not by a cable.
    pub set: bool,
    /// How it is meant, where the text names the input as older files do.
    pub older: Option<Bare>,
    /// Which of the input's names the text has.
    pub called: u16,
    /// Where it is written.
    pub span: Span,
}

/// An input and what feeds it.
#[derive(Clone, Debug)]
pub struct Fed {
    /// Index of the input.
    pub port: u16,
    /// Its side.
    pub side: Side,
    /// Its channel.
    pub channel: Channel,
    /// Where the channel is written, or else the input.
    pub at: Span,
    /// What comes.
    pub feed: Feed,
}

/// What is set on a parameter that does not move.
#[derive(Clone, Debug)]
pub struct Given {
    /// Index of the parameter.
    pub param: u16,
    /// Which of its names the text has.
    pub called: u16,
    /// Its channel.
    pub channel: Channel,
    /// Where the channel is written, or else the parameter.
    pub at: Span,
    /// What it is.
    pub value: V,
}

impl Given {
    /// A parameter of all channels, by its first name.
    pub fn new(param: u16, value: V) -> Given {
        Given { param, called: 0, channel: Channel::Unsaid, at: value.span, value }
    }
}

/// How many channels a module has, as written.
#[derive(Clone, Debug)]
pub enum Shape {
    /// Not said: as many as are used.
    Unsaid,
    /// So many.
    Count(u32),
    /// These.
    Names(Vec<Arc<str>>),
}

/// A module.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its type.
    pub spec: &'static Spec,
    /// The older type that the text names.
    pub older: Option<&'static Older>,
    /// Index of the body it stands in.
    pub body: usize,
    /// Its name, rounds of `for` included; none where it is written in place.
    pub name: Option<Arc<str>>,
    /// The rounds of `for` it stands in: `[3]`.
    pub round: Arc<str>,
    /// Written in place, without a name.
    pub unnamed: bool,
    /// Its channels.
    pub shape: Shape,
    /// What feeds its inputs.
    pub fed: Vec<Fed>,
    /// Its other parameters.
    pub params: Vec<Given>,
    /// Channels that several parameters are set for at once, `@kick { … }`, with their places.
    pub grouped: Vec<(Channel, Span)>,
    /// A parameter is set that it does not have, whichever was meant.
    pub misnamed: bool,
    /// Its earlier paths as written, the likeliest first.
    pub was: Vec<PathName>,
    /// Where it is written.
    pub span: Span,
}

/// A port of a template instance.
#[derive(Clone, Debug)]
pub struct Junction {
    /// The instance's body.
    pub body: usize,
    /// `gate`, `extra[1]`.
    pub name: Arc<str>,
    /// What feeds it.
    pub feeds: Vec<Feed>,
    /// What stands in for it while nothing feeds it: of a right side, the left.
    pub follows: Option<usize>,
}

/// A view: `-> ~scope(lead)`.
#[derive(Clone, Debug)]
pub struct Tap {
    /// The body it stands in.
    pub body: usize,
    /// The word in brackets, rounds of `for` included.
    pub label: Arc<str>,
    /// How it is shown, sorted.
    pub kinds: Vec<Arc<str>>,
    /// What is watched.
    pub feeds: Vec<Feed>,
    /// Where it is written.
    pub span: Span,
}

/// The file's own body, or that of a template instance.
#[derive(Clone, Debug)]
pub struct Body {
    /// The body it stands in; none for the file.
    pub outer: Option<usize>,
    /// The instance's name, rounds included; none where it is written in place.
    pub name: Option<Arc<str>>,
    /// The template's name.
    pub template: Arc<str>,
    /// The rounds of `for` the instance stands in.
    pub round: Arc<str>,
    /// What its parameters are, in the order of their declaration.
    pub given: Vec<V>,
    /// Its earlier paths as written, the likeliest first.
    pub was: Vec<PathName>,
    /// Where it is used.
    pub span: Span,
}

/// What is set for the whole patch.
#[derive(Clone, Debug, Default)]
pub struct Whole {
    /// Beats a minute.
    pub tempo: Option<f64>,
    /// Beats in a bar, and the note that is a beat.
    pub meter: Option<(u32, u32)>,
    /// 0.5 is straight.
    pub swing: Option<f64>,
    /// How long a save fades.
    pub fade: Option<patches_core::graph::Setting>,
    /// How long what goes rings out.
    pub tail: Option<patches_core::graph::Setting>,
    /// The frequency of A4 in hertz.
    pub tuning: Option<f64>,
    /// When a save takes effect.
    pub swap: Option<Landing>,
    /// Silent modules.
    pub mute: Vec<PathName>,
    /// The only ones heard.
    pub solo: Vec<PathName>,
    /// Those that start over.
    pub reset: Vec<PathName>,
}

/// Of a value that has a name, a place that belongs to it.
#[derive(Clone, Debug)]
pub enum Use {
    /// The name stands at the first; its value is written at the second.
    Named(Span, Span),
    /// What a template is given stands at the first; it is used at the second.
    Passed(Span, Span),
    /// This word is a note, for nothing has it as a name.
    Note(Span, Arc<str>),
}

impl Expanded {
    /// Keeps a place that belongs to a value. Of a patch with very many the rest have to do without.
    pub fn note(&mut self, one: Use) {
        if self.uses.len() < limits::USES {
            self.uses.push(one);
        }
    }

    /// A fault of a value together with all places that the value has.
    pub fn explained(&self, mut fault: Fault) -> Fault {
        // What belongs to a place may have places of its own.
        let mut places = vec![fault.span];
        for one in &self.uses {
            match one {
                Use::Named(at, other) if fault.span == *at && !places.contains(other) => {
                    places.push(*other);
                    fault = fault.also(*other, "which is this");
                }
                Use::Passed(at, other) if fault.span == *at && !places.contains(other) && places.len() < 4 => {
                    places.push(*other);
                    fault = fault.also(*other, "used here");
                }
                Use::Note(at, name) if fault.span == *at && fault.help.is_none() => {
                    fault = fault.help(format!("nothing is named `{name}`, so it is read as a note"));
                }
                _ => {}
            }
        }
        fault
    }
}

/// A patch, expanded.
#[derive(Clone, Debug, Default)]
pub struct Expanded {
    /// Modules, in no order that means anything.
    pub modules: Vec<Draft>,
    /// Ports of templates.
    pub junctions: Vec<Junction>,
    /// Views.
    pub taps: Vec<Tap>,
    /// The file's body first, then one for every template instance.
    pub bodies: Vec<Body>,
    /// What signals stand for that nothing uses, which is told at their names.
    pub idle: Vec<V>,
    /// Settings of the patch.
    pub whole: Whole,
    /// For faults: of values that stand somewhere by a name, where that is and what belongs to it.
    pub uses: Vec<Use>,
    /// What is wrong.
    pub faults: Vec<Fault>,
}
