//! Modules, cables, rounds and templates.

use super::values::plays;
use super::{Is, Made, Maker, Sight, Thing};
use patches_core::spec::Spec;

/// What a template's parameter is called, by its kind.
const PARAMS: [(&str, Is); 4] =
    [("root", Is::Pitch), ("shift", Is::Interval), ("long", Is::Time), ("amount", Is::Number)];

impl Maker<'_, '_> {
    /// The statements of a body: its names first, then what they are and how they are wired, in no order that means anything.
    pub(super) fn body(&mut self, sight: &mut Sight, most: usize) -> Vec<String> {
        let first = sight.things.len();
        for _ in 0..=self.choices.below(most) {
            let thing = self.thing();
            sight.things.push(thing);
        }
        let mut lines = Vec::new();
        for at in first..sight.things.len() {
            let thing = sight.things[at].clone();
            lines.push(self.define(&thing, sight));
        }
        for _ in 0..self.choices.below(3) {
            let (name, signal) = (self.name("w"), self.signal(sight, 2));
            // The name of a module alone would be one of its own.
            lines.push(format!("{name} = {signal} * 1"));
            sight.signals.push(name);
        }
        if most > 2 && self.choices.once_in(3) {
            let round = self.rounds(sight);
            lines.push(round);
        }
        for _ in 0..=self.choices.below(most) {
            let cable = self.cable(sight);
            lines.push(cable);
        }
        lines
    }

    /// Something new with a name: of a type, or of a template.
    fn thing(&mut self) -> Thing {
        let name = self.name("m");
        if !self.templates.is_empty() && self.choices.once_in(3) {
            return Thing { name, spec: None, count: self.choices.below(self.templates.len()) };
        }
        let specs: Vec<&'static Spec> =
            self.specs.iter().copied().filter(|spec| !spec.outputs.is_empty() && !spec.faces_device()).collect();
        let spec = self.choices.of(&specs);
        let count = if spec.has_channels() { 1 + self.choices.below(3) } else { 0 };
        Thing { name, spec: Some(spec), count }
    }

    /// `m1 = Osc { pitch: C3 }`, `module m1 : Osc`, `m1 = Noise -> Vca`.
    fn define(&mut self, thing: &Thing, sight: &Sight) -> String {
        let Thing { name, spec, count } = thing;
        let Some(spec) = *spec else {
            return format!("{name} = {}", self.instance(*count, sight));
        };
        let shape = if *count > 0 { format!("(channels: {count})") } else { String::new() };
        let call = format!("{}{shape}{}", self.choices.of(spec.names), self.braces(spec, *count, sight));
        let feeds = spec.inputs.first().is_some_and(|input| plays(input.kind));
        match self.choices.below(5) {
            3 => format!("module {name} : {call}"),
            4 if feeds => format!("{name} = {} -> {call}", self.signal(sight, 1)),
            _ => format!("{name} = {call}{}", self.choices.of(&["", "", "", " was old", " was v/old, other"])),
        }
    }

    /// `{ cutoff: 300Hz, level[1]: 0.5, @0 { pan: 0.1 } }`, some of what there is.
    fn braces(&mut self, spec: &'static Spec, count: usize, sight: &Sight) -> String {
        let mut entries = Vec::new();
        let index = |choices: &mut super::Choices<'_>, indexed: bool| match indexed {
            true if count > 0 && choices.once_in(2) => format!("[{}]", choices.below(count)),
            _ => String::new(),
        };
        for input in &spec.inputs {
            if self.choices.once_in(3)
                && let Some(value) = self.value(input, sight)
            {
                let (name, index) = (self.choices.of(input.names), index(&mut self.choices, input.indexed));
                entries.push(format!("{name}{index}: {value}"));
            }
        }
        for param in &spec.params {
            if self.choices.once_in(2)
                && let Some(value) = self.setting(param, sight)
            {
                let (name, index) = (self.choices.of(param.names), index(&mut self.choices, param.indexed));
                match index.as_str() {
                    "[0]" => entries.push(format!("@0 {{ {name}: {value} }}")),
                    _ => entries.push(format!("{name}{index}: {value}")),
                }
            }
        }
        match entries.is_empty() {
            true => String::new(),
            false => format!(" {{ {} }}", entries.join(self.choices.of(&[", ", " ", "\n    "]))),
        }
    }

    /// `voice(root: C3) { pitch: seq.note }`: a use of a template.
    fn instance(&mut self, template: usize, sight: &Sight) -> String {
        let made = self.templates[template].clone();
        let (mut given, mut fed) = (Vec::new(), Vec::new());
        for (name, is) in made.params {
            if self.choices.once_in(2) {
                let value = format!("{name}: {}", self.fixed(is, sight, 1));
                if self.choices.once_in(3) { fed.push(value) } else { given.push(value) }
            }
        }
        for port in made.ins {
            if self.choices.once_in(2) {
                fed.push(format!("{port}: {}", self.signal(sight, 1)));
            }
        }
        let given = if given.is_empty() { String::new() } else { format!("({})", given.join(", ")) };
        let fed = if fed.is_empty() { String::new() } else { format!(" {{ {} }}", fed.join(", ")) };
        format!("t{template}{given}{fed}")
    }

    /// A cable or a chain, to the output of the patch or of the template, or into a module.
    fn cable(&mut self, sight: &Sight) -> String {
        let mut text = self.signal(sight, 2);
        if self.choices.once_in(6) {
            text = format!("{text}, {}", self.signal(sight, 1));
        }
        if self.choices.once_in(8) {
            return format!(
                "{} {} {text}",
                self.choices.of(&["out", "out.left"]),
                self.choices.of(&["<-", "<-[0.5]-"])
            );
        }
        for _ in 0..self.choices.below(3) {
            text = format!("{text} {} {}", self.arrow(sight), self.way());
        }
        let target = self.target(sight);
        format!("{text} {} {target}", self.arrow(sight))
    }

    fn arrow(&mut self, sight: &Sight) -> String {
        match self.choices.below(9) {
            5 => format!("-[{}]->", self.fixed(Is::Number, sight, 0)),
            6 => "~>".into(),
            7 => format!("-[{}]->", self.signal(sight, 1)),
            8 => "~[0.5]~>".into(),
            _ => "->".into(),
        }
    }

    /// What stands in a chain.
    fn way(&mut self) -> String {
        let plain = [
            "Vca",
            "Svf.high",
            "Drive { drive: 2 }",
            "Lowpass { cutoff: 800Hz }",
            "Delay { time: 3/16 }",
            "Svf { resonance: 0.3 }",
        ];
        let through: Vec<usize> = (0..self.templates.len())
            .filter(|&t| !self.templates[t].ins.is_empty() || self.templates[t].stereo)
            .collect();
        match !through.is_empty() && self.choices.once_in(4) {
            true => format!("t{}", self.choices.of(&through)),
            false => self.choices.of(&plain).into(),
        }
    }

    fn target(&mut self, sight: &Sight) -> String {
        if let Some(border) = &sight.border
            && !self.choices.once_in(4)
        {
            return if border.stereo {
                self.choices.of(&["$.out", "$.left", "$.right"]).into()
            } else {
                format!("$.{}", self.choices.of(&border.outs))
            };
        }
        let into = match self.choices.below(4) {
            1 => self.choices.of(&["out.left", "out.right", "out.in[0]"]).into(),
            2 | 3 if !sight.things.is_empty() => {
                let thing = self.choices.of(&sight.things);
                let ports: Vec<&str> = match thing.spec {
                    Some(spec) => spec
                        .inputs
                        .iter()
                        .filter(|port| plays(port.kind) && !port.indexed)
                        .map(|port| port.names[0])
                        .collect(),
                    None => self.templates[thing.count].ins.clone(),
                };
                match ports.is_empty() {
                    true => "out".into(),
                    false => format!("{}.{}", thing.name, self.choices.of(&ports)),
                }
            }
            _ => "out".into(),
        };
        match self.choices.once_in(8) {
            true if sight.round.is_none() => format!("{into}, out"),
            _ => into,
        }
    }

    /// `for i in 1..3 { … }`; what it makes may be named outside.
    fn rounds(&mut self, sight: &mut Sight) -> String {
        let (over, first, last) = self.choices.of(&[
            ("i in 1..2", 1, 2),
            ("i in 0..1", 0, 1),
            ("i in [0.5, 2, 1]", 0, 2),
            ("i in 2..3 - 1", 2, 2),
        ]);
        let mut inner = sight.clone();
        inner.round = Some("i");
        let before = inner.things.len();
        let lines = self.body(&mut inner, 2);
        for thing in &inner.things[before..] {
            let number = first + self.choices.below(last - first + 1);
            sight.things.push(Thing { name: format!("{}[{number}]", thing.name), ..thing.clone() });
        }
        format!("for {over} {{\n    {}\n}}", lines.join("\n    "))
    }

    /// A template, to be used by the number it has.
    pub(super) fn template(&mut self, sight: &Sight) -> String {
        let number = self.templates.len();
        let params: Vec<(&'static str, Is)> = PARAMS[..self.choices.below(5)].to_vec();
        let stereo = self.choices.once_in(4);
        let (ins, outs): (Vec<&str>, Vec<&str>) = match stereo {
            true => (vec!["left", "right"], vec!["left", "right"]),
            false => (
                ["x", "gate", "y"][..self.choices.below(3)].to_vec(),
                ["audio", "more"][..=self.choices.below(2)].to_vec(),
            ),
        };
        let made = Made { ins, outs, params, stereo };
        let mut inner = Sight { border: Some(made.clone()), ..Sight::default() };
        inner.constants.extend(sight.constants.iter().cloned());
        let mut decls = Vec::new();
        for (name, is) in &made.params {
            inner.constants.push((name.to_string(), *is));
            decls.push(format!("{name}: float = {}", self.fixed(*is, sight, 0)));
        }
        let mut lines = Vec::new();
        if !made.ins.is_empty() {
            lines.push(format!("in: {}", made.ins.join(", ")));
        }
        lines.push(format!("out: {}", made.outs.join(", ")));
        lines.extend(self.body(&mut inner, 3));
        lines.push(match stereo {
            true => "$.in -> $.out".into(),
            false => format!("Noise -> $.{}", made.outs[0]),
        });
        self.templates.push(made);
        let decls = if decls.is_empty() { String::new() } else { format!("({})", decls.join(", ")) };
        format!("template t{number}{decls} {{\n    {}\n}}", lines.join("\n    "))
    }
}
