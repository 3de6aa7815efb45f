//! Chains of cables.

use super::eval::Thing;
use super::ports::Door;
use super::{Expander, Few, value};
use crate::fault::{Fault, codes};
use crate::flat::*;
use crate::older;
use crate::tree::{Arrow, Call, Chain, Expr, Index, Member, Name, Port, Way};
use patches_core::graph::Span;
use patches_core::spec::{Side, Spec};
use smallvec::smallvec;

/// One member of a stage, looked up.
enum Joint<'t> {
    /// A module, an instance or a value, with the port that stands behind it.
    Thing(Thing, Option<&'t Port>, Span),
    /// `$.name`.
    Boundary(&'t Port),
    /// `~scope(lead)`.
    Tap(Option<usize>, Span),
}

/// Where a cable may end.
#[derive(Clone)]
enum Target {
    /// An input of a module, its channel, and where that is written.
    Input(usize, Aimed, Channel, Span),
    Door(Door),
    Tap(usize),
}

/// Several ends of one member, and whether `[*n]` made them, so that two such members go side by side.
struct Ends<T> {
    list: Few<T>,
    every: bool,
}

impl<'t> Expander<'t> {
    /// Writes the cables of a chain. `last` is what its last member is, where that was declared before.
    pub(super) fn chain(&mut self, chain: &'t Chain, scope: usize, last: Option<Thing>) {
        let count = chain.stages.len();
        let named = last.is_some();
        let mut stages: Vec<Few<Joint<'t>>> = Vec::with_capacity(count);
        for (index, stage) in chain.stages.iter().enumerate() {
            let typed = named && index == 0;
            let mut joints = Few::with_capacity(stage.len());
            for member in stage {
                let known = if index == chain.named() { last.clone() } else { None };
                joints.push(self.joint(member, scope, typed, known));
            }
            stages.push(joints);
        }
        for (index, arrow) in chain.arrows.iter().enumerate() {
            let (left, right) = (index, index + 1);
            let (from, to) = if arrow.way == Way::From { (right, left) } else { (left, right) };
            let inside = |stage: usize| takes(chain, stage) && gives(chain, stage);
            let scale = arrow.scale.as_ref().map(|scale| self.eval(scale, scope));
            self.link(&stages[from], inside(from), &stages[to], inside(to), arrow, scale, scope);
            // Of what no cable can go to, that is told; nothing comes out of it either.
            for joint in &mut stages[to] {
                if let Joint::Thing(thing @ Thing::Value(_), _, span) = joint {
                    *thing = Thing::Value(value(What::Poison, *span));
                }
            }
        }
        if chain.arrows.is_empty() {
            for joint in stages.iter().flatten() {
                match joint {
                    Joint::Boundary(port) => drop(self.boundary_source(port, scope)),
                    Joint::Tap(_, span) => {
                        let fault = Fault::error(codes::MISPLACED, *span, "this view watches nothing");
                        self.fault(scope, fault.help("it stands at the end of a cable: `osc -> ~scope(lead)`"));
                    }
                    Joint::Thing(thing, _, span) if !named => self.goes_nowhere(thing, *span, scope),
                    Joint::Thing(..) => {}
                }
            }
        }
    }

    /// A statement that is no more than a value or a name, most often the rest of one that was meant to go on.
    fn goes_nowhere(&mut self, thing: &Thing, span: Span, scope: usize) {
        let nothing = match thing {
            Thing::Module(module) => self.out.modules[*module].name.is_some(),
            Thing::Instance(instance) => self.out.bodies[self.instances[*instance].body].name.is_some(),
            Thing::Value(v) => !matches!(v.what, What::Poison),
        };
        if nothing {
            let fault = Fault::warning(codes::REACHES_NOTHING, span, "this goes nowhere");
            self.fault(
                scope,
                fault.help("a statement goes on behind an operator, a comma or an arrow, and before an arrow"),
            );
        }
    }

    fn joint(&mut self, member: &'t Member, scope: usize, typed: bool, known: Option<Thing>) -> Joint<'t> {
        match member {
            Member::Tap(kinds, label) => Joint::Tap(self.tap(kinds, label, scope), label.span),
            Member::Expr(Expr::Boundary(port)) => Joint::Boundary(port),
            Member::Expr(Expr::Call(call)) => {
                let thing = match known {
                    Some(thing) => thing,
                    None => self.thing(call, scope, typed),
                };
                let port = port_of(call);
                Joint::Thing(thing, port, call.span)
            }
            Member::Expr(expr) => Joint::Thing(Thing::Value(self.eval(expr, scope)), None, expr.span()),
        }
    }

    #[allow(clippy::too_many_arguments, reason = "two ends and what is between them")]
    fn link(
        &mut self,
        from: &[Joint<'t>],
        from_inside: bool,
        to: &[Joint<'t>],
        to_inside: bool,
        arrow: &'t Arrow,
        scale: Option<V>,
        scope: usize,
    ) {
        let sources: Few<Ends<V>> = from.iter().map(|joint| self.sources(joint, from_inside, scope)).collect();
        let targets: Few<Ends<Target>> = to.iter().map(|joint| self.targets(joint, to_inside, scope)).collect();
        for source in &sources {
            for target in &targets {
                if source.every && target.every {
                    let (from, to) = (source.list.len(), target.list.len());
                    if from != to && from > 0 && to > 0 {
                        let message = format!("{from} cables come, and {to} places are there for them");
                        self.error(scope, codes::ARGUMENT, arrow.span, message);
                    }
                    for (v, to) in source.list.iter().zip(&target.list) {
                        self.cable(v, to, arrow, &scale, scope);
                    }
                    continue;
                }
                for v in &source.list {
                    for to in &target.list {
                        self.cable(v, to, arrow, &scale, scope);
                    }
                }
            }
        }
    }

    fn cable(&mut self, v: &V, to: &Target, arrow: &Arrow, scale: &Option<V>, scope: usize) {
        if matches!(v.what, What::Poison) || scale.as_ref().is_some_and(|s| matches!(s.what, What::Poison)) {
            return;
        }
        let late = arrow.way == Way::Late;
        let feed = Feed {
            value: v.clone(),
            scale: scale.clone(),
            take: Side::Both,
            late,
            set: false,
            older: None,
            called: 0,
            span: v.span,
        };
        match to {
            Target::Input(module, aimed, channel, at) => {
                let feed = Feed { older: aimed.older, called: aimed.called, ..feed };
                self.feed(*module, aimed.port, (channel.clone(), *at), feed, scope);
            }
            Target::Door(door) => self.feed_door(*door, feed, scope),
            Target::Tap(tap) => {
                if self.spend(scope, feed.span, feed.value.size) {
                    self.out.taps[*tap].feeds.push(Feed { late: false, ..feed });
                }
            }
        }
    }

    /// One more thing that feeds a port of an instance.
    pub(super) fn feed_door(&mut self, door: Door, feed: Feed, scope: usize) {
        if !self.spend(scope, feed.span, feed.value.size) {
            return;
        }
        match door {
            Door::One(junction) => self.out.junctions[junction].feeds.push(feed),
            Door::Pair(left, right) => {
                self.out.junctions[left].feeds.push(Feed { take: Side::Left, ..feed.clone() });
                self.out.junctions[right].feeds.push(Feed { take: Side::Right, ..feed });
            }
        }
    }

    /// What comes out of a member. Inside a chain a port is the way in if an input is so named.
    fn sources(&mut self, joint: &Joint<'t>, inside: bool, scope: usize) -> Ends<V> {
        match joint {
            Joint::Tap(_, span) => {
                self.error(scope, codes::NOT_A_SOURCE, *span, "a view ends a chain; nothing comes out of it");
                Ends { list: Few::new(), every: false }
            }
            Joint::Boundary(port) => {
                let list = self.boundary(port, false, scope);
                let list = list.into_iter().map(|door| value(door.what(), port.span)).collect();
                Ends { list, every: is_every(port) }
            }
            Joint::Thing(thing, port, span) => {
                let port = port.filter(|port| !(inside && self.is_input(thing, port, scope)));
                match port {
                    Some(port) if is_every(port) => self.every_source(thing, port, scope, *span),
                    _ => Ends { list: smallvec![self.source(thing, port, scope, *span)], every: false },
                }
            }
        }
    }

    fn targets(&mut self, joint: &Joint<'t>, inside: bool, scope: usize) -> Ends<Target> {
        let nothing = Ends { list: Few::new(), every: false };
        match joint {
            Joint::Tap(tap, _) => Ends { list: tap.map(Target::Tap).into_iter().collect(), every: false },
            Joint::Boundary(port) => {
                let list = self.boundary(port, true, scope).into_iter().map(Target::Door).collect();
                Ends { list, every: is_every(port) }
            }
            Joint::Thing(thing, port, span) => {
                let port = port.filter(|port| !inside || self.is_input(thing, port, scope));
                match thing {
                    Thing::Module(module) => self.inputs(*module, port, *span, scope),
                    Thing::Instance(instance) => {
                        if let Some(port) = port.filter(|port| is_every(port)) {
                            let list = self.instance_every(*instance, false, port, scope);
                            return Ends { list: list.into_iter().map(Target::Door).collect(), every: true };
                        }
                        let junction = self.instance_port(*instance, false, port, scope, *span);
                        Ends { list: junction.map(Target::Door).into_iter().collect(), every: false }
                    }
                    Thing::Value(v) => {
                        if !matches!(v.what, What::Poison) {
                            let message = format!("a cable cannot go to {}", v.what.name());
                            let fault = Fault::error(codes::NOT_A_TARGET, *span, message);
                            self.fault(scope, fault.help("it goes to an input of a module, such as `filt.in`"));
                        }
                        nothing
                    }
                }
            }
        }
    }

    /// Whether a port is an input of a thing.
    fn is_input(&mut self, thing: &Thing, port: &'t Port, scope: usize) -> bool {
        let Some(name) = self.port_word(port, scope) else { return false };
        match thing {
            Thing::Module(module) => find_input(self.out.modules[*module].spec, &name).is_some(),
            Thing::Instance(instance) => self.has_input(*instance, &name),
            Thing::Value(_) => false,
        }
    }

    fn inputs(&mut self, module: usize, port: Option<&'t Port>, span: Span, scope: usize) -> Ends<Target> {
        let nothing = Ends { list: Few::new(), every: false };
        let spec = self.out.modules[module].spec;
        let Some(port) = port else {
            if spec.inputs.is_empty() {
                self.error(scope, codes::NOT_A_TARGET, span, format!("`{}` has no input", spec.name()));
                return nothing;
            }
            return Ends {
                list: smallvec![Target::Input(module, Aimed::at((0, Side::Both)), Channel::Unsaid, span)],
                every: false,
            };
        };
        let Some(name) = self.port_word(port, scope) else { return nothing };
        let Some(found) = find_input(spec, &name) else {
            self.unknown_input(spec, &name, port.name.span(), scope);
            return nothing;
        };
        let at = port.index_span();
        match port.index.as_deref() {
            None => Ends { list: smallvec![Target::Input(module, found, Channel::Unsaid, at)], every: false },
            Some(Index::Every(count)) => {
                let count = self.count(count, scope).unwrap_or(0);
                let list = (0..count).map(|n| Target::Input(module, found, Channel::Number(n), at)).collect();
                Ends { list, every: true }
            }
            Some(index) => match self.channel(index, module, scope) {
                Some(channel) => Ends { list: smallvec![Target::Input(module, found, channel, at)], every: false },
                None => nothing,
            },
        }
    }

    fn every_source(&mut self, thing: &Thing, port: &'t Port, scope: usize, span: Span) -> Ends<V> {
        let mut list = Few::new();
        match thing {
            Thing::Instance(instance) => {
                let junctions = self.instance_every(*instance, true, port, scope);
                list = junctions.into_iter().map(|door| value(door.what(), span)).collect();
            }
            Thing::Module(module) => {
                let (spec, name) = (self.out.modules[*module].spec, self.port_word(port, scope));
                let (Some(name), Some(Index::Every(count))) = (name, port.index.as_deref()) else {
                    return Ends { list, every: true };
                };
                match spec.output(&name) {
                    Some((index, side)) => {
                        for n in 0..self.count(count, scope).unwrap_or(0) {
                            let channel = Channel::Number(n);
                            list.push(value(What::Port(Source { module: *module, port: index, side, channel }), span));
                        }
                    }
                    None => self.unknown_output(spec, &name, port.name.span(), scope),
                }
            }
            Thing::Value(v) if matches!(v.what, What::Poison) => {}
            Thing::Value(_) => self.error(scope, codes::NOT_A_SOURCE, span, "`[*n]` stands behind a port of a module"),
        }
        Ends { list, every: true }
    }

    /// The number in `[*n]`.
    pub(super) fn count(&mut self, name: &Name, scope: usize) -> Option<u32> {
        let count = match name.text.parse::<i64>() {
            Ok(count) => Some(count),
            Err(_) => match self.lookup(scope, &name.text) {
                Some(binding) => match self.bound(binding, name.span) {
                    Thing::Value(v) => match &v.what {
                        What::Const(c) => c.as_whole(),
                        What::Poison => return None,
                        _ => None,
                    },
                    _ => None,
                },
                None => {
                    self.unknown_name(scope, name);
                    return None;
                }
            },
        };
        let count = count.and_then(|n| u32::try_from(n).ok()).filter(|n| *n as usize <= crate::limits::CHANNELS);
        if count.is_none() {
            let message = format!("a count is a whole number from 0 to {}", crate::limits::CHANNELS);
            self.error(scope, codes::ARGUMENT, name.span, message);
        }
        count
    }
}

/// An input, how what comes to it is meant, and which of its names it is called by.
#[derive(Clone, Copy)]
pub(super) struct Aimed {
    pub port: (u16, Side),
    pub older: Option<older::Bare>,
    pub called: u16,
}

impl Aimed {
    /// An input by its first name.
    pub(super) fn at(port: (u16, Side)) -> Aimed {
        Aimed { port, older: None, called: 0 }
    }
}

/// An input by its name, or by the name it had in older files.
pub(super) fn find_input(spec: &'static Spec, name: &str) -> Option<Aimed> {
    let aimed = |port: (u16, Side), name: &str, older| {
        let called = spec.inputs[port.0 as usize].names.iter().position(|own| *own == name);
        Aimed { port, older, called: called.unwrap_or(0) as u16 }
    };
    if let Some(port) = spec.input(name) {
        return Some(aimed(port, name, None));
    }
    let (plain, older) = older::port(name)?;
    Some(aimed(spec.input(plain)?, plain, older))
}

fn port_of(call: &Call) -> Option<&Port> {
    call.any_port()
}

fn is_every(port: &Port) -> bool {
    matches!(port.index.as_deref(), Some(Index::Every(_)))
}

/// Whether an arrow of the chain goes to this stage.
fn takes(chain: &Chain, stage: usize) -> bool {
    let left = stage.checked_sub(1).and_then(|arrow| chain.arrows.get(arrow));
    left.is_some_and(|arrow| arrow.way != Way::From)
        || chain.arrows.get(stage).is_some_and(|arrow| arrow.way == Way::From)
}

/// Whether an arrow of the chain leaves this stage.
fn gives(chain: &Chain, stage: usize) -> bool {
    let left = stage.checked_sub(1).and_then(|arrow| chain.arrows.get(arrow));
    left.is_some_and(|arrow| arrow.way == Way::From)
        || chain.arrows.get(stage).is_some_and(|arrow| arrow.way != Way::From)
}
