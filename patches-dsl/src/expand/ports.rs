//! Ports of template instances, from outside and from inside.

use super::{Expander, value};
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
    ) -> Option<usize> {
        let Some(port) = port else {
            let list = if output { &self.instances[index].outs } else { &self.instances[index].ins };
            let Some((name, _)) = list.first().cloned() else {
                let (what, code) =
                    if output { ("output", codes::NOT_A_SOURCE) } else { ("input", codes::NOT_A_TARGET) };
                let message = format!("`{}` has no {what}", self.instances[index].template.name.text);
                self.error(scope, code, span, message);
                return None;
            };
            return self.junction(index, output, &name, 0, span, scope);
        };
        let name = self.port_word(port, scope)?;
        let element = self.element(port, scope)?;
        self.junction(index, output, &name, element, port.name.span(), scope)
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
    pub(super) fn instance_every(&mut self, index: usize, output: bool, port: &'t Port, scope: usize) -> Vec<usize> {
        let (Some(name), Some(Index::Every(count))) = (self.port_word(port, scope), port.index.as_deref()) else {
            return Vec::new();
        };
        let span = port.name.span();
        let count = self.count(count, scope).unwrap_or(0);
        (0..count).filter_map(|n| self.junction(index, output, &name, n, span, scope)).collect()
    }

    /// `$.name`: a port of the template the text stands in, `to` where a cable goes to it.
    pub(super) fn boundary(&mut self, port: &'t Port, to: bool, scope: usize) -> Vec<usize> {
        let body = self.scopes[scope].body;
        let Some(&index) = self.instance_of.get(&body) else {
            self.error(scope, codes::MISPLACED, port.span, "`$` is the boundary of a template, and this is none");
            return Vec::new();
        };
        if is_every(port) {
            return self.instance_every(index, to, port, scope);
        }
        let (Some(name), Some(element)) = (self.port_word(port, scope), self.element(port, scope)) else {
            return Vec::new();
        };
        self.junction(index, to, &name, element, port.name.span(), scope).into_iter().collect()
    }

    /// `$.name` in an expression.
    pub(super) fn boundary_source(&mut self, port: &'t Port, scope: usize) -> V {
        match self.boundary(port, false, scope).as_slice() {
            [junction] => value(What::Junction(*junction), port.span),
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
            let what = if output { "output" } else { "input" };
            let message = format!("`{}` has no {what} `{name}`", instance.template.name.text);
            let known: Vec<Arc<str>> = list.iter().map(|(port, _)| port.clone()).collect();
            let fault = Fault::error(codes::UNKNOWN_PORT, span, message);
            self.fault(scope, fault.near(name, known.iter().map(|n| &**n)));
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
        self.out.junctions.push(Junction { body, name: label, feeds: Vec::new() });
        self.instances[index].junctions.insert(key, junction);
        Some(junction)
    }
}

fn is_every(port: &Port) -> bool {
    matches!(port.index.as_deref(), Some(Index::Every(_)))
}
