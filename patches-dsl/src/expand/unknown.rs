//! What is told of names that nothing has: what may be meant by them.

use super::{Binding, Expander};
use crate::fault::{Fault, codes, nearest};
use crate::flat::Function;
use crate::older;
use crate::score::{Head, Row, StepValue, StepWhat};
use crate::slip_words::KEYWORDS;
use crate::tree::{Args, Call, Expr, Name, Word};
use patches_core::graph::Span;
use patches_core::spec::Spec;
use std::sync::Arc;

impl<'t> Expander<'t> {
    /// All names in sight, for suggestions.
    pub(super) fn names_in_sight(&self, scope: usize) -> Vec<Arc<str>> {
        let (mut at, mut names, mut behind) = (Some(scope), vec![Arc::from("out"), Arc::from("in")], false);
        while let Some(here) = at {
            let shown = self.scopes[here].names.iter().filter(|(_, (binding, _))| match binding {
                Binding::Module(_) | Binding::Instance(_) => !behind,
                _ => true,
            });
            names.extend(shown.map(|(name, _)| name.clone()));
            behind |= self.scopes[here].barrier;
            at = self.scopes[here].parent;
        }
        names
    }

    /// Names of types and templates, also of older types and of those that no module plays yet.
    fn types_in_sight(&self, scope: usize, name: &Name) -> Vec<Arc<str>> {
        let (mut at, mut names) = (Some(scope), Vec::new());
        while let Some(here) = at {
            names.extend(self.scopes[here].templates.keys().cloned());
            at = self.scopes[here].parent;
        }
        names.extend(self.library.names().chain(older::names()).map(Arc::from));
        // Nobody means an older type by a word that is none.
        if name.text.starts_with(|c: char| c.is_uppercase()) {
            names.extend(older::older_names().map(Arc::from));
        }
        names
    }

    /// With the nearest of these names, where one is near.
    fn suggested(&self, fault: Fault, scope: usize, found: &str, known: &[Arc<str>]) -> Fault {
        match nearest(found, known.iter().map(|name| &**name)) {
            Some(name) if older::not_yet(name).is_some() && self.kind(scope, name).is_none() => {
                fault.help(format!("did you mean `{name}`? no module plays it yet"))
            }
            Some(name) => fault.help(format!("did you mean `{name}`?")),
            None => fault,
        }
    }

    /// Tells that there is no such type.
    pub(super) fn unknown_type(&mut self, scope: usize, name: &Name) {
        let known = self.types_in_sight(scope, name);
        self.no_type(scope, name, &known);
    }

    fn no_type(&mut self, scope: usize, name: &Name, known: &[Arc<str>]) {
        if self.is_lost(scope, &name.text) || self.is_full() {
            return;
        }
        if let Some(today) = older::not_yet(&name.text) {
            let known_as = if *today == *name.text { String::new() } else { format!(", which is `{today}` today") };
            let message = format!("no module plays `{}` yet{known_as}", name.text);
            return self.error(scope, codes::NOT_PLAYABLE, name.span, message);
        }
        if is_note_name(&name.text) {
            let fault = Fault::error(codes::UNKNOWN_NAME, name.span, format!("`{}` is no pitch", name.text));
            return self.fault(scope, fault.help(format!("a note has an octave: write `{}3`", name.text)));
        }
        let fault = Fault::error(codes::UNKNOWN_MODULE, name.span, format!("no module type `{}`", name.text));
        let mut fault = self.suggested(fault, scope, &name.text, known);
        if fault.help.is_none() && matches!(&*name.text, "Out" | "In") {
            fault = fault.help(format!("did you mean `{}`?", name.text.to_lowercase()));
        }
        if fault.help.is_none() && self.lookup(scope, &name.text).is_some() {
            fault = fault.help(format!("`{}` is a name; brackets may follow a module type only", name.text));
        }
        self.fault(scope, fault);
    }

    /// Tells that what brackets stand behind is neither a type nor, of values without names, a function.
    pub(super) fn unknown_call(&mut self, scope: usize, call: &Call, name: &Name) {
        let values = matches!(&call.args, Some(Args::Placed(values)) if !values.is_empty());
        if !values || call.braces.is_some() || older::not_yet(&name.text).is_some() {
            return self.unknown_type(scope, name);
        }
        let functions = || Function::ALL.iter().map(|function| function.name()).chain(["file"]);
        let mut known = self.types_in_sight(scope, name);
        known.extend(functions().map(Arc::from));
        let near = nearest(&name.text, known.iter().map(|name| &**name)).filter(|name| functions().any(|f| f == *name));
        let small = name.text.starts_with(|c: char| c.is_lowercase());
        match near {
            Some(near) => {
                let form = Function::named(near).map_or("file(\"kick.wav\")", |function| function.arguments().1);
                let fault = Fault::error(codes::UNKNOWN_NAME, name.span, format!("no function `{}`", name.text));
                self.fault(scope, fault.help(format!("did you mean `{form}`?")));
            }
            None if small && nearest(&name.text, known.iter().map(|name| &**name)).is_none() => {
                let fault = Fault::error(codes::UNKNOWN_NAME, name.span, format!("no function `{}`", name.text));
                let all: Vec<String> = functions().map(|name| format!("`{name}`")).collect();
                self.fault(scope, fault.help(format!("there are {}", all.join(" "))));
            }
            None => self.unknown_type(scope, name),
        }
    }

    /// Tells that the last of a chain, which its name is for, is no type; whether it is told, or is something else.
    pub(super) fn unknown_end(&mut self, scope: usize, expr: &Expr, declared: bool) -> bool {
        match expr {
            Expr::Call(call) if call.index.is_empty() && !declared => match &call.target {
                Word::Plain(name) if !matches!(&*name.text, "in" | "out") && self.is_unknown(scope, name) => {
                    self.unknown_type(scope, name);
                    true
                }
                _ => false,
            },
            _ => false,
        }
    }

    fn is_unknown(&mut self, scope: usize, name: &Name) -> bool {
        let scores = ["curve", "pattern", "song"];
        self.lookup(scope, &name.text).is_none()
            && super::eval::lower_note(&name.text).is_none()
            && scores.iter().all(|word| self.score(scope, word, &name.text).is_none())
    }

    /// Tells that nothing has this name.
    pub(super) fn unknown_name(&mut self, scope: usize, name: &Name) {
        self.no_name(scope, name, false);
    }

    /// The same; `ported`: a port stands behind it, or what may be the lane of a song.
    pub(super) fn no_name(&mut self, scope: usize, name: &Name, ported: bool) {
        if self.is_full() || self.is_lost(scope, &name.text) {
            return;
        }
        if &*name.text == "in" {
            let message = "no module plays the audio input yet";
            return self.error(scope, codes::NOT_PLAYABLE, name.span, message);
        }
        let mut known = self.types_in_sight(scope, name);
        known.extend(self.names_in_sight(scope));
        known.extend(self.scores_in_sight(scope, "curve"));
        if ported {
            known.extend(self.scores_in_sight(scope, "song"));
        }
        if name.text.starts_with(|c: char| c.is_uppercase()) {
            return self.no_type(scope, name, &known);
        }
        let fault = Fault::error(codes::UNKNOWN_NAME, name.span, format!("nothing is named `{}`", name.text));
        let mut fault = self.suggested(fault, scope, &name.text, &known);
        if let Some((_, form)) = KEYWORDS.iter().find(|(word, _)| **word == *name.text) {
            fault = fault.help(format!("a statement of this word is written `{form}`"));
        }
        if let Some((name, number)) = self.in_some_round(scope, &name.text) {
            fault = fault.help(format!("it stands in a `for`: write `{name}[{number}]`"));
        }
        if self.hidden_by_barrier(scope, &name.text) {
            fault = fault.help("a template sees no modules or signals of the file: give it a port with `in:`");
        }
        self.fault(scope, fault);
    }

    /// Tells that a step is no constant.
    pub(super) fn unknown_step(&mut self, scope: usize, name: &Name) {
        if self.is_lost(scope, &name.text) {
            return;
        }
        let mut known = self.names_in_sight(scope);
        known.retain(|name| match self.lookup(scope, name) {
            Some(Binding::Signal(signal)) => super::names::is_constant(&self.signal(signal)),
            Some(Binding::Value(_)) => true,
            _ => false,
        });
        let fault = Fault::error(codes::UNKNOWN_NAME, name.span, format!("no constant `{}`", name.text));
        let fault = fault.help("a step is `x`, `.`, `~`, a note, a number or a constant");
        let note = is_note_name(&name.text);
        self.fault(
            scope,
            match note {
                true => fault.help(format!("a note has an octave: write `{}3`", name.text)),
                false if &*name.text == "X" => fault.help("a hit is a small `x`"),
                false => fault.near(&name.text, known.iter().map(|n| &**n)),
            },
        );
    }

    /// `pattern p { note C2 . acc: 1 0 }`: the word at the start of a row is the row's name, and its colon is missing.
    pub(super) fn no_colon(&mut self, scope: usize, row: &'t Row, several: bool) -> bool {
        let Some((first, rest)) = row.steps.split_first() else { return false };
        let StepWhat::Play { head: Head::Value(StepValue::Name(name)), .. } = &first.what else { return false };
        let rows = ["note", "pitch", "gate", "trigger", "velocity", "accent"];
        let word = name.text.len() > 1 && (several || rows.contains(&&*name.text));
        let is_row = word && !rest.is_empty() && self.lookup(scope, &name.text).is_none();
        if is_row {
            let message = format!("a `:` stands behind `{}`, the name of the row", name.text);
            let fault = Fault::error(codes::PATTERN, name.span, message);
            self.fault(scope, fault.help(format!("write `{}: ` and its steps", name.text)));
            // Where the pattern is played it is no constant either.
            self.told.insert((codes::UNKNOWN_NAME, name.span));
            self.check_steps(scope, rest);
        }
        is_row
    }

    /// A name that rounds of a `for` in sight have, and the first of them; of `line3` the round 3, if it has it.
    fn in_some_round<'n>(&self, scope: usize, name: &'n str) -> Option<(&'n str, i64)> {
        let plain = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let number = name[plain.len()..].parse::<i64>().ok();
        let counted = number.filter(|number| self.in_round(scope, plain, &[*number]).is_some());
        let first = || self.rounds_of(scope, name).into_iter().min().map(|number| (name, number));
        counted.map(|number| (plain, number)).or_else(first)
    }

    /// The rounds of a `for` in this body that have a name.
    pub(super) fn rounds_of(&self, scope: usize, name: &str) -> Vec<i64> {
        let rounds = self.scopes[scope].rounds.iter();
        let with = rounds.filter(|(_, inner)| inner.iter().any(|&i| self.scopes[i].names.contains_key(name)));
        with.map(|(number, _)| *number).collect()
    }

    /// Tells that there is no `line[9]`: the rounds there are, or the name that may be meant.
    pub(super) fn unknown_round(&mut self, scope: usize, name: &Name, index: &str) {
        let message = format!("there is no `{}{index}`", name.text);
        let fault = Fault::error(codes::UNKNOWN_NAME, name.span, message);
        let rounds = self.rounds_of(scope, &name.text);
        let inner = self.scopes[scope].rounds.values().flatten();
        let known: Vec<Arc<str>> = inner.flat_map(|&inner| self.scopes[inner].names.keys().cloned()).collect();
        let fault = match (rounds.iter().min(), rounds.iter().max()) {
            (Some(first), Some(last)) => fault.help(format!("its rounds go from `[{first}]` to `[{last}]`")),
            _ => match nearest(&name.text, known.iter().map(|name| &**name)) {
                Some(near) => fault.help(format!("did you mean `{near}{index}`?")),
                None => fault,
            },
        };
        self.fault(scope, fault);
    }

    pub(super) fn unknown_input(&mut self, spec: &'static Spec, name: &str, span: Span, scope: usize) {
        let known = names_of(spec.inputs.iter().map(|port| (port.names, port.stereo)));
        let message = format!("`{}` has no input `{name}`", spec.name());
        let mut fault = Fault::error(codes::UNKNOWN_PORT, span, message).near(name, known.iter().map(|name| &**name));
        if spec.param(name).is_some() {
            fault = fault.help(format!("`{name}` does not move; set it in braces"));
        } else if spec.output(name).is_some() {
            fault = fault.help(format!("`{name}` is an output"));
        }
        self.fault(scope, fault);
    }

    pub(super) fn unknown_output(&mut self, spec: &'static Spec, name: &str, span: Span, scope: usize) {
        let mut known = names_of(spec.outputs.iter().map(|port| (port.names, port.stereo)));
        known.extend(spec.inputs.iter().flat_map(|port| port.names).map(|name| name.to_string()));
        let message = format!("`{}` has no output `{name}`", spec.name());
        let mut fault = Fault::error(codes::UNKNOWN_PORT, span, message).near(name, known.iter().map(|name| &**name));
        if spec.param(name).is_some() {
            fault = fault.help(format!("`{name}` does not move; set it in braces"));
        } else if fault.help.is_none() {
            fault = listed(fault, spec.outputs.iter().map(|port| port.names[0]));
        }
        self.fault(scope, fault);
    }

    fn hidden_by_barrier(&self, scope: usize, name: &str) -> bool {
        let mut at = Some(scope);
        while let Some(here) = at {
            if self.scopes[here].names.contains_key(name) {
                return true;
            }
            at = self.scopes[here].parent;
        }
        false
    }
}

/// Whether a word is a note without its octave.
pub(super) fn is_note_name(word: &str) -> bool {
    matches!(word.as_bytes(), [b'A'..=b'G'] | [b'A'..=b'G', b'b'])
}

/// With all there are, where there are any.
pub(super) fn listed<'n>(fault: Fault, names: impl Iterator<Item = &'n str>) -> Fault {
    let shown: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if shown.is_empty() { fault } else { fault.help(format!("it has {}", shown.join(" "))) }
}

/// All names of ports, those of the sides of stereo ones among them.
pub(super) fn names_of<'n>(ports: impl Iterator<Item = (&'n [&'static str], bool)>) -> Vec<String> {
    let mut known = Vec::new();
    for (index, (names, stereo)) in ports.enumerate() {
        known.extend(names.iter().map(|name| name.to_string()));
        if stereo {
            known.extend(names.iter().flat_map(|name| [format!("{name}_left"), format!("{name}_right")]));
            known.extend(["left", "right"].into_iter().filter(|_| index == 0).map(String::from));
        }
    }
    known
}
