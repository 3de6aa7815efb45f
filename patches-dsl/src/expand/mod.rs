//! From syntax trees to the flat patch: names, constants, `for`, templates.
//!
//! Each body (the file, a template instance, a round of `for`) is a scope. All its names are declared before anything
//! in it is looked up, so the order of statements means nothing. Names for constants and signals are worked out when
//! they are first used, once.

mod cables;
mod curves;
mod declare;
mod eval;
mod fill;
mod functions;
mod idle;
mod names;
mod params;
mod played;
mod ports;
mod scores;
mod set;
mod settings;
mod taps;
mod template;
mod unknown;

use crate::fault::{Fault, codes};
use crate::flat::*;
use crate::hash::{HashMap, HashSet};
use crate::limits;
use crate::score;
use crate::tree::{Call, Expr, Statement, Template, Type};
use crate::value::Dim;
use patches_core::graph::Span;
use patches_core::library::Library;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// The round of a `for` whose rounds a fault keeps unknown.
const UNKNOWN_ROUND: i64 = i64::MIN;

/// A list that most often holds one.
type Few<T> = smallvec::SmallVec<[T; 1]>;

/// What a name stands for.
#[derive(Clone, Debug)]
pub(crate) enum Binding {
    Module(usize),
    Instance(usize),
    /// A constant or signal, by index.
    Signal(usize),
    /// An array parameter, by the indices of its elements.
    Array(Vec<usize>),
    /// The counting name of a `for`.
    Value(V),
    /// Declared by something faulty.
    Poison,
}

/// Where a constant or signal is worked out, and how far that is.
pub(crate) struct Signal<'t> {
    name: Arc<str>,
    expr: &'t Expr,
    scope: usize,
    /// The type of the template parameter it is.
    want: Option<Type>,
    /// Of a list, this member of so many.
    member: Option<(usize, usize)>,
    state: State,
}

pub(crate) enum State {
    New,
    Busy,
    Done(V),
}

/// A template, and the scope it was declared in.
#[derive(Clone)]
pub(crate) struct Declared<'t> {
    template: &'t Arc<Template>,
    scope: usize,
}

/// What other files and templates may see too.
#[derive(Clone, Copy)]
pub(crate) enum Score<'t> {
    Pattern(&'t score::Pattern),
    Section(&'t score::Section),
    Song(&'t score::Song),
    Curve(&'t score::Curve),
}

/// A body's names.
#[derive(Default)]
pub(crate) struct Scope<'t> {
    parent: Option<usize>,
    /// Above this scope only templates, patterns, songs, sections, curves and constants are seen.
    barrier: bool,
    body: usize,
    round: Arc<str>,
    names: HashMap<Arc<str>, (Binding, Span)>,
    templates: HashMap<Arc<str>, (Declared<'t>, Span)>,
    scores: HashMap<(&'static str, Arc<str>), (Score<'t>, Span)>,
    /// Rounds of `for` in this scope, by number.
    rounds: HashMap<i64, Vec<usize>>,
    /// All rounds, to be filled, with their statements.
    todo: Vec<(usize, &'t [Statement])>,
    /// Names that an unreadable statement may have declared.
    lost: HashSet<Arc<str>>,
    /// Names given twice: which is meant is not known.
    twice: HashSet<Arc<str>>,
}

/// A use of a template.
pub(crate) struct Instance<'t> {
    template: &'t Arc<Template>,
    /// Scope of the body.
    scope: usize,
    body: usize,
    /// The instance it stands in.
    outer: Option<usize>,
    ins: Vec<(Arc<str>, Option<u32>)>,
    outs: Vec<(Arc<str>, Option<u32>)>,
    junctions: HashMap<(bool, Arc<str>, u32), usize>,
    /// An unreadable statement of the body may have declared ports.
    lost: bool,
    span: Span,
}

/// A module before its channels are counted.
pub(crate) enum Pending<'t> {
    Call(&'t Call, usize),
    Known,
}

/// Makes the flat patch.
pub(crate) struct Expander<'t> {
    library: &'t Library,
    /// What names of types mean that were looked for.
    types: RefCell<HashMap<Arc<str>, Option<names::Type>>>,
    out: Expanded,
    scopes: Vec<Scope<'t>>,
    signals: Vec<Signal<'t>>,
    instances: Vec<Instance<'t>>,
    /// Which instance a body belongs to.
    instance_of: HashMap<usize, usize>,
    /// The scope of the file that is played.
    main: usize,
    /// Instance bodies that are still to be filled.
    queue: Vec<usize>,
    made: played::Made,
    /// Patterns and songs that are being made, each for the one before.
    making: Vec<played::Key>,
    shapes: Vec<Pending<'t>>,
    /// Length of a bar in quarter-note beats.
    bar: f64,
    /// How far notes are from those of an A4 of 440 Hz, in octaves.
    tuned: f64,
    depth: usize,
    rounds: usize,
    work: usize,
    told: HashSet<(&'static str, Span)>,
    /// Settings already seen, for those given twice.
    set: HashMap<&'static str, Span>,
    /// Where what something in the text asks for by its name is declared.
    used: RefCell<HashSet<Span>>,
    /// Ports of templates that their own bodies listen to, by the place of the template's name.
    heard: HashSet<(Span, Arc<str>)>,
    /// Constants and signals that have a name: where, and which.
    called: Vec<(Span, usize)>,
    /// Views already seen, by body and label.
    views: HashMap<(usize, String), Span>,
    /// Unused templates are being tried: there is no place of use to show.
    trying: bool,
    /// A file could not be read that may declare any name.
    blind: bool,
}

/// A text that takes part: its statements, and the files it includes.
pub(crate) struct Unit<'t> {
    pub statements: &'t [Statement],
    pub includes: Vec<usize>,
}

/// Expands the last of these units; each unit's includes stand before it. `blind`: one of these could not be read.
pub(crate) fn expand<'t>(units: &[Unit<'t>], library: &'t Library, blind: bool) -> Expanded {
    let mut expander = Expander {
        library,
        types: RefCell::default(),
        out: Expanded::default(),
        scopes: Vec::new(),
        signals: Vec::new(),
        instances: Vec::new(),
        instance_of: HashMap::default(),
        main: 0,
        queue: Vec::new(),
        made: HashMap::default(),
        making: Vec::new(),
        shapes: Vec::new(),
        bar: 4.0,
        tuned: 0.0,
        depth: 0,
        rounds: 0,
        work: 0,
        told: HashSet::default(),
        set: HashMap::default(),
        used: RefCell::default(),
        heard: HashSet::default(),
        called: Vec::new(),
        views: HashMap::default(),
        trying: false,
        blind,
    };
    expander.run(units);
    expander.out
}

impl<'t> Expander<'t> {
    fn run(&mut self, units: &[Unit<'t>]) {
        let Some((main, included)) = units.split_last() else { return };
        self.out.bodies.push(Body {
            outer: None,
            name: Some(Arc::from("")),
            template: Arc::from(""),
            round: Arc::from(""),
            given: Vec::new(),
            was: Vec::new(),
            span: Span::default(),
        });
        self.bar = self.meter(main.statements);
        self.tuned = self.tuned(main.statements);
        for unit in included {
            let scope = self.scope(None, 0);
            self.include(scope, &unit.includes);
            let statements = flatten(unit.statements);
            self.declare_shared(scope, &statements);
            self.check_scores(scope, &statements);
        }
        let scope = self.scope(None, 0);
        self.main = scope;
        self.include(scope, &main.includes);
        let statements = flatten(main.statements);
        self.declare(scope, &statements);
        self.fill(scope, &statements);
        while let Some(instance) = self.queue.pop() {
            self.open(instance);
        }
        self.settle_shapes();
        let played = self.played();
        self.try_unused();
        self.settings_as_names();
        self.unused(&played);
        self.shadowed(&played);
    }

    /// `tempo = 120` is a constant of that name; where nothing uses it, the setting is meant.
    fn settings_as_names(&mut self) {
        for (name, (binding, span)) in &self.scopes[self.main].names {
            let Binding::Signal(signal) = binding else { continue };
            let State::Done(value) = &self.signals[*signal].state else { continue };
            if let What::Const(c) = &value.what
                && !self.is_used(*span)
                && ["tempo", "swing", "fade", "tail", "tuning"].contains(&&**name)
            {
                let message = format!("`{name}` is a name here, which nothing uses");
                let fault = Fault::warning(codes::SETTING_AS_NAME, *span, message);
                let value = if c.dim == Dim::Number { c.value.to_string() } else { "…".to_string() };
                self.out.faults.push(fault.help(format!("the setting is written without `=`: `{name} {value}`")));
            }
        }
    }

    /// Opens the file's templates that nothing uses, for their faults alone.
    fn try_unused(&mut self) {
        let used: HashSet<Span> = self.instances.iter().map(|instance| instance.template.name.span).collect();
        let mut unused: Vec<Declared<'t>> = self.scopes[self.main].templates.values().map(|(d, _)| d.clone()).collect();
        unused.retain(|declared| declared.scope == self.main && !used.contains(&declared.template.name.span));
        unused.sort_by_key(|declared| declared.template.name.span);
        let (modules, junctions, bodies) = (self.out.modules.len(), self.out.junctions.len(), self.out.bodies.len());
        let taps = self.out.taps.len();
        // A body may also feed what stands outside: `out`.
        let fed: Vec<usize> = self.out.modules.iter().map(|module| module.fed.len()).collect();
        self.trying = true;
        for declared in unused {
            self.new_instance(self.main, &declared, None, template::bare());
            while let Some(instance) = self.queue.pop() {
                self.open(instance);
            }
        }
        self.out.modules.truncate(modules);
        for (module, fed) in self.out.modules.iter_mut().zip(fed) {
            module.fed.truncate(fed);
        }
        self.out.junctions.truncate(junctions);
        self.out.taps.truncate(taps);
        self.out.bodies.truncate(bodies);
    }

    /// A new, empty scope.
    fn scope(&mut self, parent: Option<usize>, body: usize) -> usize {
        let round = parent.map_or(Arc::from(""), |p| self.scopes[p].round.clone());
        self.scopes.push(Scope { parent, body, round, ..Scope::default() });
        self.scopes.len() - 1
    }

    /// Tells a fault once for each place, however many instances and rounds meet it, with where the template is used.
    fn fault(&mut self, scope: usize, mut fault: Fault) {
        if !self.told.insert((fault.code, fault.span)) || self.is_full() {
            return;
        }
        let body = self.scopes[scope].body;
        let mut instance = self.instance_of.get(&body).map(|&index| &self.instances[index]);
        if self.trying {
            instance = None;
        }
        while let Some(inner) = instance {
            fault = fault.also(inner.span, format!("in `{}`, used here", inner.template.name.text));
            instance = inner.outer.map(|outer| &self.instances[outer]);
        }
        let round = &self.scopes[scope].round;
        if !round.is_empty() {
            fault.message = format!("{} (in round {round})", fault.message);
        }
        let fault = self.out.explained(fault);
        self.out.faults.push(fault);
    }

    /// Whether no more faults are told, so that none needs to be made up.
    fn is_full(&self) -> bool {
        self.out.faults.len() >= limits::FAULTS
    }

    fn error(&mut self, scope: usize, code: &'static str, span: Span, message: impl Into<String>) {
        self.fault(scope, Fault::error(code, span, message));
    }

    /// Counts work; false, and one fault, when a text asks for too much.
    fn spend(&mut self, scope: usize, span: Span, work: usize) -> bool {
        if self.work < limits::WORK {
            self.work = self.work.saturating_add(work);
            if self.work >= limits::WORK {
                self.error(scope, codes::TOO_LARGE, span, "this patch expands to more than a patch may hold");
            }
        }
        self.work < limits::WORK
    }
}

/// The statements of a body, with those in `patch { … }` among them.
fn flatten(statements: &[Statement]) -> Vec<&Statement> {
    let mut list = Vec::with_capacity(statements.len());
    for statement in statements {
        match &statement.what {
            crate::tree::What::Patch(inner) => list.extend(flatten(inner)),
            _ => list.push(statement),
        }
    }
    list
}

/// A value at a place.
fn value(what: What, span: Span) -> V {
    Rc::new(Value::new(what, span))
}
