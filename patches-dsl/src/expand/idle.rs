//! Names that do nothing, and names that hide others: what is read otherwise than it was meant. Only names of the file that
//! is played are told; what an include brings is there for other files too.

use super::ports::Door;
use super::{Binding, Expander, Score, State};
use crate::fault::{Fault, Severity, codes};
use crate::hash::HashSet;
use crate::tree::{self, Name};
use patches_core::graph::Span;
use std::sync::Arc;

/// What of the text is played: all scopes but those of templates that are opened for their faults alone.
pub(super) struct Played {
    scopes: usize,
    instances: usize,
    called: usize,
    /// Nothing is: the file is there to be included.
    silent: bool,
}

impl<'t> Expander<'t> {
    /// Something in the text asks for what is declared here.
    pub(super) fn is_asked_for(&self, span: Span) {
        self.used.borrow_mut().insert(span);
    }

    /// The body of a template listens to a port of its own, or to both sides of a pair.
    pub(super) fn is_listened_to(&mut self, instance: usize, name: Arc<str>, doors: &[Door]) {
        let template = self.instances[instance].template.name.span;
        for door in doors {
            let Door::Pair(left, right) = *door else { continue };
            for side in [left, right] {
                let side = self.out.junctions[side].name.split('[').next().unwrap_or("");
                self.heard.insert((template, side.into()));
            }
        }
        self.heard.insert((template, name));
    }

    /// Whether anything in the text asks for what is declared here.
    pub(super) fn is_used(&self, span: Span) -> bool {
        self.used.borrow().contains(&span)
    }

    pub(super) fn played(&self) -> Played {
        let silent = self.out.modules.is_empty() && self.instances.is_empty();
        Played { scopes: self.scopes.len(), instances: self.instances.len(), called: self.called.len(), silent }
    }

    /// Whether a place is in the file that is played; included ones are read after it.
    fn is_own(span: Span) -> bool {
        span.file == 0
    }

    /// Tells the names that nothing uses. What a faulty text does not use is most often what the fault cut off.
    pub(super) fn unused(&mut self, played: &Played) {
        if played.silent || self.out.faults.iter().any(|fault| fault.severity == Severity::Error) {
            return;
        }
        let mut found: Vec<(Span, String)> = Vec::new();
        for scope in &self.scopes[..played.scopes] {
            let templates = scope.templates.iter().map(|(name, (_, span))| ("template", name, *span));
            let scores = scope.scores.iter().map(|((word, name), (_, span))| (*word, name, *span));
            let idle = templates.chain(scores).filter(|(_, name, span)| self.is_idle(name, *span));
            found.extend(idle.map(|(word, name, span)| (span, format!("nothing uses the {word} `{name}`"))));
        }
        for &(span, signal) in &self.called[..played.called] {
            let name = &self.signals[signal].name;
            let waits = name.starts_with('_');
            if !self.is_used(span) {
                // What it is made of needs no word of its own.
                if let State::Done(value) = &self.signals[signal].state {
                    self.out.idle.push(value.clone());
                }
                if !waits && Self::is_own(span) {
                    found.push((span, format!("nothing uses `{name}`")));
                }
            }
        }
        self.unused_in_templates(played, &mut found);
        let told: HashSet<Span> = self.out.faults.iter().map(|fault| fault.span).collect();
        found.retain(|(span, _)| !told.contains(span));
        found.sort();
        found.dedup();
        let faults = found.into_iter().map(|(span, message)| Fault::warning(codes::UNUSED, span, message));
        self.out.faults.extend(faults);
    }

    fn is_idle(&self, name: &str, span: Span) -> bool {
        Self::is_own(span) && !name.starts_with('_') && !self.is_used(span)
    }

    /// Parameters and inputs of templates that their bodies do not use.
    fn unused_in_templates(&self, played: &Played, found: &mut Vec<(Span, String)>) {
        let instances = &self.instances[..played.instances];
        let mut seen: HashSet<Span> = HashSet::default();
        for instance in instances {
            let template = instance.template;
            if !Self::is_own(template.name.span) || !seen.insert(template.name.span) {
                continue;
            }
            let mut idle = |word: &str, name: &Name| {
                let message = format!("nothing in `{}` uses its {word} `{}`", template.name.text, name.text);
                found.push((name.span, message));
            };
            let decls = template.decls.iter().map(|decl| &decl.name);
            decls.filter(|name| self.is_idle(&name.text, name.span)).for_each(|name| idle("parameter", name));
            for statement in super::flatten(&template.body) {
                let tree::What::In(ports) = &statement.what else { continue };
                let unheard = ports.iter().map(|(name, _)| name).filter(|name| {
                    !name.text.starts_with('_') && !self.heard.contains(&(template.name.span, name.text.clone()))
                });
                unheard.for_each(|name| idle("input", name));
            }
        }
    }

    /// Tells names that hide others which their bodies could see. Parameters of templates are no such names: they are how a
    /// template is spoken to, and those of the file may well be called the same.
    pub(super) fn shadowed(&mut self, played: &Played) {
        let mut found: Vec<(Span, Span, String)> = Vec::new();
        for (index, scope) in self.scopes[..played.scopes].iter().enumerate() {
            if let Some(parent) = scope.parent {
                for (name, (binding, span)) in &scope.names {
                    let parameter = match binding {
                        Binding::Signal(signal) => self.signals[*signal].want.is_some(),
                        binding => matches!(binding, Binding::Array(_) | Binding::Poison),
                    };
                    if Self::is_own(*span)
                        && !parameter
                        && let Some(hidden) = self.hidden_name(parent, scope.barrier, name)
                    {
                        found.push((*span, hidden, format!("`{name}`")));
                    }
                }
                for ((word, name), (_, span)) in &scope.scores {
                    if Self::is_own(*span)
                        && let Some(hidden) = self.hidden_score(parent, word, name)
                    {
                        found.push((*span, hidden, format!("the {word} `{name}`")));
                    }
                }
            }
            for (score, span) in scope.scores.values() {
                let Score::Song(song) = score else { continue };
                let patterns = song.patterns.iter().map(|pattern| ("pattern", &pattern.name));
                let sections = song.sections.iter().filter_map(|section| Some(("section", section.name.as_ref()?)));
                for (word, name) in patterns.chain(sections).filter(|_| Self::is_own(*span)) {
                    if let Some(hidden) = self.hidden_score(index, word, &name.text) {
                        found.push((name.span, hidden, format!("the {word} `{}`", name.text)));
                    }
                }
            }
        }
        found.sort();
        found.dedup_by_key(|(span, ..)| *span);
        for (span, hidden, what) in found {
            let fault = Fault::warning(codes::SHADOWED, span, format!("{what} hides another of that name"));
            self.out.faults.push(fault.also(hidden, "which is not seen here"));
        }
    }

    /// Where a name is declared that a scope would see from here outwards.
    fn hidden_name(&self, from: usize, mut behind: bool, name: &str) -> Option<Span> {
        let mut at = Some(from);
        while let Some(here) = at {
            let scope = &self.scopes[here];
            if let Some((binding, span)) = scope.names.get(name) {
                let seen = match binding {
                    Binding::Poison => false,
                    Binding::Module(_) | Binding::Instance(_) => !behind,
                    Binding::Signal(signal) if behind => match &self.signals[*signal].state {
                        State::Done(value) => super::names::is_constant(value),
                        _ => false,
                    },
                    _ => true,
                };
                return seen.then_some(*span);
            }
            behind |= scope.barrier;
            at = scope.parent;
        }
        None
    }

    /// Where a pattern, section, song or curve is declared that is seen from a scope.
    fn hidden_score(&self, from: usize, word: &'static str, name: &Arc<str>) -> Option<Span> {
        let mut at = Some(from);
        while let Some(here) = at {
            if let Some((_, span)) = self.scopes[here].scores.get(&(word, name.clone())) {
                return Some(*span);
            }
            at = self.scopes[here].parent;
        }
        None
    }
}
