//! Patches as YAML: read into the same syntax tree as a text, so that the same faults come of the same mistakes.

use crate::build::Builder;
use crate::fault::{Fault, codes};
use crate::parse::{Parsed, value_alone};
use crate::tree::*;
use patches_core::graph::Span;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::Spanned;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// A mapping in its order, with the places of its keys.
pub(crate) struct Pairs<V>(Vec<(Spanned<String>, V)>);

impl<V> Default for Pairs<V> {
    fn default() -> Pairs<V> {
        Pairs(Vec::new())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Pairs<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pairs<V>, D::Error> {
        struct Visit<V>(PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for Visit<V> {
            type Value = Pairs<V>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<V>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
            fn visit_unit<E>(self) -> Result<Pairs<V>, E> {
                Ok(Pairs::default())
            }
        }
        deserializer.deserialize_map(Visit(PhantomData))
    }
}

/// A value of a parameter.
pub(crate) enum Scalar {
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Spanned<Scalar>>),
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Scalar, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Scalar;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, true or false, a word or a list")
            }
            fn visit_bool<E>(self, v: bool) -> Result<Scalar, E> {
                Ok(Scalar::Bool(v))
            }
            fn visit_i64<E>(self, v: i64) -> Result<Scalar, E> {
                Ok(Scalar::Number(v as f64))
            }
            fn visit_u64<E>(self, v: u64) -> Result<Scalar, E> {
                Ok(Scalar::Number(v as f64))
            }
            fn visit_f64<E>(self, v: f64) -> Result<Scalar, E> {
                Ok(Scalar::Number(v))
            }
            fn visit_str<E>(self, v: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(v.to_string()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar, A::Error> {
                let mut list = Vec::new();
                while let Some(member) = seq.next_element()? {
                    list.push(member);
                }
                Ok(Scalar::List(list))
            }
        }
        deserializer.deserialize_any(Visit)
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Node {
    module: Spanned<String>,
    channels: Option<Spanned<Scalar>>,
    #[serde(default)]
    params: Pairs<Spanned<Scalar>>,
    was: Option<Spanned<Scalar>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    from: Spanned<String>,
    output: Option<Spanned<String>>,
    to: Spanned<String>,
    input: Option<Spanned<String>>,
    scale: Option<Spanned<Scalar>>,
    #[serde(default)]
    late: bool,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    tempo: Option<Spanned<Scalar>>,
    meter: Option<Spanned<String>>,
    swing: Option<Spanned<Scalar>>,
    fade: Option<Spanned<Scalar>>,
    tail: Option<Spanned<Scalar>>,
    tuning: Option<Spanned<Scalar>>,
    swap: Option<Spanned<String>>,
    #[serde(default)]
    mute: Vec<Spanned<String>>,
    #[serde(default)]
    solo: Vec<Spanned<String>>,
    #[serde(default)]
    reset: Vec<Spanned<String>>,
    #[serde(default)]
    scores: Vec<Spanned<String>>,
    nodes: Option<Pairs<Node>>,
    #[serde(default)]
    cables: Vec<Wire>,
    #[serde(default)]
    probes: Vec<View>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct View {
    from: Spanned<String>,
    output: Option<Spanned<String>>,
    kinds: Vec<Spanned<String>>,
    label: Spanned<String>,
}

/// Reads a patch in YAML.
pub(crate) fn parse(text: &str, file: u16) -> Parsed {
    let whole: Whole = match serde_yaml::from_str(text) {
        Ok(whole) => whole,
        Err(error) => {
            let span = error.location().map_or(Span { file, ..Span::default() }, |location| place(&location, file));
            let message = error.without_snippet().to_string();
            let message = message.lines().next().unwrap_or("this is no YAML").trim_end_matches('.').to_string();
            return Parsed { statements: Vec::new(), faults: vec![Fault::error(codes::YAML, span, message)] };
        }
    };
    let mut reader = Reader { file, faults: Vec::new() };
    let mut statements = reader.settings(&whole);
    for score in &whole.scores {
        statements.append(&mut reader.score(score));
    }
    if let Some(nodes) = &whole.nodes {
        // An empty patch is one all the same.
        statements.push(Statement { what: What::Patch(Vec::new()), span: Span { file, ..Span::default() } });
        statements.extend(nodes.0.iter().map(|(name, node)| reader.node(name, node)));
    }
    for wire in &whole.cables {
        statements.push(reader.wire(wire));
    }
    for view in &whole.probes {
        statements.push(reader.view(view));
    }
    Parsed { statements, faults: reader.faults }
}

fn place(location: &serde_yaml::Location, file: u16) -> Span {
    let span = location.span();
    let start = span.byte_offset().unwrap_or(0) as u32;
    Span { file, start, end: start + span.byte_len().unwrap_or(0) as u32 }
}

struct Reader {
    file: u16,
    faults: Vec<Fault>,
}

impl Reader {
    fn span<T>(&self, spanned: &Spanned<T>) -> Span {
        place(&spanned.referenced, self.file)
    }

    /// A text of the language holds no quotes, a path no backquotes, and neither line ends; one of YAML could, and would
    /// not read back.
    fn no_sign(&mut self, sign: char, text: &str, span: Span) {
        if text.contains([sign, '\n']) {
            let message = format!("this may hold no `{sign}` and no line ends");
            self.faults.push(Fault::error(codes::YAML, span, message));
        }
    }

    fn name(&mut self, text: &Spanned<String>) -> Name {
        self.no_sign('`', &text.value, self.span(text));
        Name { text: Arc::from(text.value.as_str()), span: self.span(text) }
    }

    fn path(&mut self, text: &Spanned<String>) -> PathName {
        self.no_sign('`', &text.value, self.span(text));
        PathName { text: Arc::from(text.value.as_str()), span: self.span(text) }
    }

    fn settings(&mut self, whole: &Whole) -> Vec<Statement> {
        let mut list = Vec::new();
        let mut add = |setting, span| list.push(Statement { what: What::Setting(setting), span });
        for (value, make) in [
            (&whole.tempo, Setting::Tempo as fn(Expr) -> Setting),
            (&whole.swing, Setting::Swing),
            (&whole.fade, Setting::Fade),
            (&whole.tail, Setting::Tail),
            (&whole.tuning, Setting::Tuning),
        ] {
            if let Some(value) = value {
                let span = self.span(value);
                add(make(self.expr(&value.value, span)), span);
            }
        }
        if let Some(meter) = &whole.meter {
            let span = self.span(meter);
            let (beats, note) = meter.value.split_once('/').unwrap_or((meter.value.as_str(), ""));
            let name = |text: &str| Name { text: Arc::from(text.trim()), span };
            add(Setting::Meter(name(beats), name(note)), span);
        }
        if let Some(swap) = &whole.swap {
            let span = self.span(swap);
            let on = match swap.value.as_str() {
                "now" => Some(SwapOn::Now),
                "beat" => Some(SwapOn::Beat),
                "bar" => Some(SwapOn::Bar),
                other => match value_alone(other, &mut Builder::at(span)) {
                    Some(Expr::Quantity(quantity)) => Some(SwapOn::Every(quantity)),
                    _ => None,
                },
            };
            match on {
                Some(on) => add(Setting::Swap(on), span),
                None => {
                    let fault = Fault::error(codes::WRONG_KIND, span, "a swap lands `now`, `beat`, `bar` or `4bars`");
                    self.faults.push(fault);
                }
            }
        }
        for (paths, make) in [
            (&whole.mute, Setting::Mute as fn(Vec<PathName>) -> Setting),
            (&whole.solo, Setting::Solo),
            (&whole.reset, Setting::Reset),
        ] {
            if let Some(first) = paths.first() {
                let span = self.span(first);
                add(make(paths.iter().map(|path| self.path(path)).collect()), span);
            }
        }
        list
    }

    /// A pattern or song in the language.
    fn score(&mut self, text: &Spanned<String>) -> Vec<Statement> {
        let span = self.span(text);
        // With as much before it as there is in the file, its places are the file's, where its lines are not folded.
        let parsed = crate::parse::parse(&format!("{}{}", " ".repeat(span.start as usize), text.value), self.file);
        self.faults.extend(parsed.faults);
        // What cannot be read is told, and may have declared what is used elsewhere.
        let is_score =
            |statement: &Statement| matches!(statement.what, What::Pattern(_) | What::Song(_) | What::Unreadable(_));
        if let Some(other) = parsed.statements.iter().find(|statement| !is_score(statement)) {
            let message = "`scores` holds patterns and songs, nothing else";
            self.faults.push(Fault::error(codes::YAML, other.span, message));
        }
        parsed.statements.into_iter().filter(is_score).collect()
    }

    fn node(&mut self, name: &Spanned<String>, node: &Node) -> Statement {
        let span = self.span(name);
        let mut entries = Vec::new();
        for (key, value) in &node.params.0 {
            let at = self.span(value);
            let (name, index) = self.key(key);
            entries.push(Entry::Set { name, index, value: self.expr(&value.value, at) });
        }
        let args = node.channels.as_ref().map(|channels| {
            let at = self.span(channels);
            let name = Name { text: Arc::from("channels"), span: at };
            Args::Named(vec![Entry::Set { name, index: None, value: self.expr(&channels.value, at) }])
        });
        let mut name_of_type = self.name(&node.module);
        if &*name_of_type.text == "MidiIn" {
            name_of_type.text = Arc::from(crate::older::YAML_MIDI_IN);
        }
        let target = Word::Plain(name_of_type);
        let span_of_type = self.span(&node.module);
        let call =
            Call { target, index: vec![], port: None, args, braces: Some(entries), tail: None, span: span_of_type };
        let stages = vec![vec![Member::Expr(Expr::Call(Box::new(call)))]];
        let chain = Chain { stages, arrows: Vec::new(), span };
        let was = node.was.iter().flat_map(|was| self.earlier(was)).collect();
        let raw = !crate::print::is_name(&name.value);
        Statement { what: What::Define { name: self.name(name), raw, module: true, chain, was }, span }
    }

    /// A path, or a list of them.
    fn earlier(&mut self, was: &Spanned<Scalar>) -> Vec<PathName> {
        let span = self.span(was);
        let alone = std::slice::from_ref(was);
        let paths = if let Scalar::List(list) = &was.value { list.as_slice() } else { alone };
        let mut found = Vec::new();
        for path in paths {
            if let Scalar::Text(text) = &path.value {
                self.no_sign('`', text, span);
                found.push(PathName { text: Arc::from(text.as_str()), span });
            } else {
                self.faults.push(Fault::error(codes::YAML, span, "`was` is a path or a list of paths"));
            }
        }
        found
    }

    /// `level/1`: a name and its channel.
    fn key(&mut self, key: &Spanned<String>) -> (Name, Option<Index>) {
        let span = self.span(key);
        self.no_sign('"', &key.value, span);
        let (name, index) = match key.value.split_once('/') {
            Some((name, index)) => (name, Some(Index::One(word(index, span)))),
            None => (key.value.as_str(), None),
        };
        (Name { text: Arc::from(name), span }, index)
    }

    fn wire(&mut self, wire: &Wire) -> Statement {
        let span = self.span(&wire.from);
        let from = self.end(&wire.from, wire.output.as_ref());
        let to = self.end(&wire.to, wire.input.as_ref());
        let scale = wire.scale.as_ref().map(|scale| {
            let at = self.span(scale);
            self.expr(&scale.value, at)
        });
        let way = if wire.late { Way::Late } else { Way::To };
        let chain = Chain { stages: vec![vec![from], vec![to]], arrows: vec![Arrow { way, scale, span }], span };
        Statement { what: What::Wire(chain), span }
    }

    fn view(&mut self, view: &View) -> Statement {
        let span = self.span(&view.from);
        let from = self.end(&view.from, view.output.as_ref());
        let kinds = view.kinds.iter().map(|kind| self.name(kind)).collect();
        let to = Member::Tap(kinds, self.name(&view.label));
        let arrow = Arrow { way: Way::To, scale: None, span };
        Statement { what: What::Wire(Chain { stages: vec![vec![from], vec![to]], arrows: vec![arrow], span }), span }
    }

    fn end(&mut self, module: &Spanned<String>, port: Option<&Spanned<String>>) -> Member {
        let span = self.span(module);
        let port = port.map(|port| {
            let (name, index) = self.key(port);
            let span = name.span;
            Port { name: Word::Plain(name), index: index.map(Box::new), span }
        });
        let target = Word::Plain(self.name(module));
        let call = Call { target, index: vec![], port, args: None, braces: None, tail: None, span };
        Member::Expr(Expr::Call(Box::new(call)))
    }

    fn expr(&mut self, value: &Scalar, span: Span) -> Expr {
        match value {
            Scalar::Bool(v) => word(if *v { "true" } else { "false" }, span),
            Scalar::Number(v) if v.is_finite() => {
                Expr::Quantity(Quantity { value: *v, unit: "", whole: v.fract() == 0.0, span })
            }
            Scalar::Number(_) => {
                self.faults.push(Fault::error(codes::NOT_FINITE, span, "this is no finite number"));
                Expr::Note(0.0, span)
            }
            Scalar::Text(text) => {
                self.no_sign('"', text, span);
                let mut builder = Builder::at(span);
                match value_alone(text, &mut builder).filter(is_plain) {
                    Some(expr) if builder.faults.is_empty() => expr,
                    _ if crate::print::is_name(text) => word(text, span),
                    _ => Expr::Text(Arc::from(text.as_str()), span),
                }
            }
            Scalar::List(list) => {
                let members = list.iter().map(|member| {
                    let at = self.span(member);
                    self.expr(&member.value, at)
                });
                Expr::List(members.collect(), span)
            }
        }
    }
}

/// Whether an expression is of numbers and notes only: what else a YAML text holds is a word.
fn is_plain(expr: &Expr) -> bool {
    match expr {
        // A number in quotes is meant as a word, for YAML has numbers of its own.
        Expr::Quantity(quantity) => !quantity.unit.is_empty(),
        _ => has_only_numbers(expr),
    }
}

fn has_only_numbers(expr: &Expr) -> bool {
    match expr {
        Expr::Quantity(_) | Expr::Note(..) => true,
        Expr::Minus(inner, _) => has_only_numbers(inner),
        Expr::Sum(parts, _) | Expr::Product(parts, _) => parts.iter().all(|(_, part)| has_only_numbers(part)),
        _ => false,
    }
}

/// A bare word, or a number where it is one.
fn word(text: &str, span: Span) -> Expr {
    if let Ok(n) = text.parse::<u32>() {
        return Expr::Quantity(Quantity { value: f64::from(n), unit: "", whole: true, span });
    }
    if !crate::print::is_name(text) {
        return Expr::Text(Arc::from(text), span);
    }
    let target = Word::Plain(Name { text: Arc::from(text), span });
    Expr::Call(Box::new(Call { target, index: vec![], port: None, args: None, braces: None, tail: None, span }))
}
