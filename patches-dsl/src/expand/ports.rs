//! Ports of template instances, from outside and from inside.

use super::unknown::listed;
use super::{Expander, Few, value};
use crate::fault::{Fault, codes};
use crate::flat::*;
use crate::tree::{Index, Port};
use patches_core::graph::Span;
use std::sync::Arc;

impl<'t> Expander<'t> {
    /// A port of an instance, seen from outside: the one named, else the main one.
    pub(super) fn instance_port(
        &mut self,
        index: usize,
        output: bool,
        port: Option<&'t Port>,
        scope: usize,
        span: Span,
    ) -> Option<Door> {
        let Some(port) = port else {
            let Some(found) = find(self.ports(index, output), output, None) else {
                if self.instances[index].lost {
                    return None;
                }
                let (what, code) =
                    if output { ("output", codes::NOT_A_SOURCE) } else { ("input", codes::NOT_A_TARGET) };
                let message = format!("`{}` has no {what}", self.instances[index].template.name.text);
                self.error(scope, code, span, message);
                return None;
            };
            return self.open_door(index, output, &found, 0, span, scope);
        };
        let name = self.port_word(port, scope)?;
        let element = self.element(port, scope)?;
        self.door(index, output, &name, element, port.name.span(), scope)
    }

    fn ports(&self, index: usize, output: bool) -> &[(Arc<str>, Option<u32>)] {
        let instance = &self.instances[index];
        if output { &instance.outs } else { &instance.ins }
    }

    /// Whether an instance has an input of this name.
    pub(super) fn has_input(&self, index: usize, name: &str) -> bool {
        find(self.ports(index, false), false, Some(name)).is_some()
    }

    /// The port of this name, or the pair that it is.
    pub(super) fn door(
        &mut self,
        index: usize,
        output: bool,
        name: &str,
        n: u32,
        span: Span,
        scope: usize,
    ) -> Option<Door> {
        let found = find(self.ports(index, output), output, Some(name)).unwrap_or_else(|| Found::One(Arc::from(name)));
        self.open_door(index, output, &found, n, span, scope)
    }

    fn open_door(
        &mut self,
        index: usize,
        output: bool,
        found: &Found,
        n: u32,
        span: Span,
        scope: usize,
    ) -> Option<Door> {
        match found {
            Found::One(name) => Some(Door::One(self.junction(index, output, name, n, span, scope)?)),
            Found::Pair(left, right) => {
                let left = self.junction(index, output, left, n, span, scope)?;
                Some(Door::Pair(left, self.junction(index, output, right, n, span, scope)?))
            }
        }
    }

    fn element(&mut self, port: &'t Port, scope: usize) -> Option<u32> {
        match port.index.as_deref() {
            None => Some(0),
            Some(Index::One(expr)) => {
                let n = self.whole(expr, scope)?;
                let element = u32::try_from(n).ok();
                if element.is_none() {
                    self.error(scope, codes::UNKNOWN_CHANNEL, expr.span(), "indices count from 0");
                }
                element
            }
            Some(Index::Every(every)) => {
                self.error(scope, codes::ARGUMENT, every.span, "`[*n]` stands in cables only");
                None
            }
        }
    }

    /// `v.extra[*n]`.
    pub(super) fn instance_every(&mut self, index: usize, output: bool, port: &'t Port, scope: usize) -> Few<Door> {
        let (Some(name), Some(Index::Every(count))) = (self.port_word(port, scope), port.index.as_deref()) else {
            return Few::new();
        };
        let span = port.name.span();
        let count = self.count(count, scope).unwrap_or(0);
        (0..count).filter_map(|n| self.door(index, output, &name, n, span, scope)).collect()
    }

    /// `$.name`: a port of the template the text stands in, `to` where a cable goes to it.
    pub(super) fn boundary(&mut self, port: &'t Port, to: bool, scope: usize) -> Few<Door> {
        let body = self.scopes[scope].body;
        let Some(&index) = self.instance_of.get(&body) else {
            self.error(scope, codes::MISPLACED, port.span, "`$` is the boundary of a template, and this is none");
            return Few::new();
        };
        let Some(name) = self.port_word(port, scope) else { return Few::new() };
        let doors: Few<Door> = if is_every(port) {
            self.instance_every(index, to, port, scope)
        } else {
            let Some(element) = self.element(port, scope) else { return Few::new() };
            self.door(index, to, &name, element, port.name.span(), scope).into_iter().collect()
        };
        if !to {
            self.is_listened_to(index, name, &doors);
        }
        doors
    }

    /// `$.name` in an expression.
    pub(super) fn boundary_source(&mut self, port: &'t Port, scope: usize) -> V {
        match self.boundary(port, false, scope).as_slice() {
            [door] => value(door.what(), port.span),
            _ => value(What::Poison, port.span),
        }
    }

    /// One port of an instance; made when it is first used.
    pub(super) fn junction(
        &mut self,
        index: usize,
        output: bool,
        name: &str,
        n: u32,
        span: Span,
        scope: usize,
    ) -> Option<usize> {
        let instance = &self.instances[index];
        let list = if output { &instance.outs } else { &instance.ins };
        let Some((name, size)) = list.iter().find(|(port, _)| &**port == name).cloned() else {
            if instance.lost {
                return None;
            }
            let what = if output { "output" } else { "input" };
            let message = format!("`{}` has no {what} `{name}`", instance.template.name.text);
            let known: Vec<Arc<str>> = list.iter().map(|(port, _)| port.clone()).collect();
            let fault = Fault::error(codes::UNKNOWN_PORT, span, message);
            let fault = fault.near(name, known.iter().map(|n| &**n));
            let known = known.iter().map(|name| &**name);
            self.fault(scope, if fault.help.is_none() { listed(fault, known) } else { fault });
            return None;
        };
        if n >= size.unwrap_or(1) {
            let message = format!("`{name}` has no [{n}]: it has {}", size.unwrap_or(1));
            self.error(scope, codes::UNKNOWN_CHANNEL, span, message);
            return None;
        }
        let key = (output, name.clone(), n);
        if let Some(&junction) = instance.junctions.get(&key) {
            return Some(junction);
        }
        let label = if size.is_some() { format!("{name}[{n}]").into() } else { name };
        let (body, junction) = (instance.body, self.out.junctions.len());
        self.out.junctions.push(Junction { body, name: label, feeds: Vec::new(), follows: None });
        self.instances[index].junctions.insert(key.clone(), junction);
        // What comes to the left of a pair goes to both while nothing comes to the right.
        if let (false, Some(left)) = (output, left_of(self.ports(index, output), &key.1)) {
            self.out.junctions[junction].follows = self.junction(index, output, &left, n, span, scope);
        }
        Some(junction)
    }
}

/// A port of an instance, or two of them as the sides of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    One(usize),
    Pair(usize, usize),
}

impl Door {
    /// As a value.
    pub(super) fn what(self) -> What {
        match self {
            Door::One(junction) => What::Junction(junction),
            Door::Pair(left, right) => What::Pair(left, right),
        }
    }
}

enum Found {
    One(Arc<str>),
    Pair(Arc<str>, Arc<str>),
}

type Ports<'a> = &'a [(Arc<str>, Option<u32>)];

/// Finds a port among those declared, the main one where no name is asked for. `x_left` and `x_right` are also the pair
/// `x`; `left` and `right` are also the pair `in` or `out` and its sides.
fn find(list: Ports<'_>, output: bool, asked: Option<&str>) -> Option<Found> {
    let has = |name: &str| list.iter().find(|(port, _)| &**port == name).map(|(port, _)| port.clone());
    let Some(asked) = asked else {
        let (first, _) = list.first()?;
        let right = list.iter().map(|(port, _)| port).find(|port| is_pair(first, port)).cloned();
        return Some(match right {
            Some(right) => Found::Pair(first.clone(), right),
            None => Found::One(first.clone()),
        });
    };
    if let Some(port) = has(asked) {
        return Some(Found::One(port));
    }
    let main = if output { "out" } else { "in" };
    let (left, right) = match asked {
        _ if asked == main => (has("left"), has("right")),
        _ => (has(&format!("{asked}_left")), has(&format!("{asked}_right"))),
    };
    if let (Some(left), Some(right)) = (left, right) {
        return Some(Found::Pair(left, right));
    }
    let side = asked.strip_prefix(main)?.strip_prefix('_').filter(|side| matches!(*side, "left" | "right"))?;
    has("left").and(has("right"))?;
    has(side).map(Found::One)
}

/// `left` and `right`, `x_left` and `x_right`.
fn is_pair(left: &str, right: &str) -> bool {
    let stem = left.strip_suffix("left").filter(|stem| stem.is_empty() || stem.len() > 1 && stem.ends_with('_'));
    stem.is_some() && stem == right.strip_suffix("right")
}

/// The left side that belongs to a right one.
fn left_of(list: Ports<'_>, right: &str) -> Option<Arc<str>> {
    list.iter().map(|(port, _)| port).find(|port| is_pair(port, right)).cloned()
}

fn is_every(port: &Port) -> bool {
    matches!(port.index.as_deref(), Some(Index::Every(_)))
}
