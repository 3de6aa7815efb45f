//! Patches as YAML: read into the same syntax tree as a text, so that the same faults come of the same mistakes.

use crate::build::Builder;
use crate::fault::{Fault, codes};
use crate::hash::HashMap;
use crate::parse::{Parsed, value_alone};
use crate::tree::*;
use crate::yaml_tree::{Keys, Node, Tree, place, read, text, twice};
use patches_core::graph::Span;
use serde_yaml::Spanned;
use std::sync::Arc;

/// What a patch may have.
const WHOLE: [&str; 14] = [
    "tempo", "meter", "swing", "fade", "tail", "tuning", "swap", "mute", "solo", "reset", "scores", "nodes", "cables",
    "probes",
];

/// Reads a patch in YAML.
pub(crate) fn parse(source: &str, file: u16) -> Parsed {
    let whole = match read(source, file) {
        Ok(Some(whole)) => whole,
        Ok(None) => return Parsed::default(),
        Err(fault) => return Parsed { statements: Vec::new(), faults: vec![fault] },
    };
    let mut reader = Reader { file, source, faults: Vec::new() };
    let statements = if let Tree::Null = whole.value { Vec::new() } else { reader.whole(&whole) };
    Parsed { statements, faults: reader.faults }
}

struct Reader<'a> {
    file: u16,
    source: &'a str,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn whole(&mut self, whole: &Node) -> Vec<Statement> {
        let Some(keys) = Keys::new(whole, "a patch", &WHOLE, self.file, &mut self.faults) else { return Vec::new() };
        let mut statements = self.settings(&keys);
        for score in self.list(&keys, "scores") {
            statements.append(&mut self.score(score));
        }
        if let Some(nodes) = keys.get("nodes") {
            // An empty patch is one all the same.
            let span = Span { file: self.file, ..Span::default() };
            statements.push(Statement { what: What::Patch(Vec::new()), span });
            for (name, node) in self.pairs(nodes, "nodes") {
                statements.extend(self.node(name, node));
            }
        }
        for wire in self.list(&keys, "cables") {
            statements.extend(self.wire(wire));
        }
        for view in self.list(&keys, "probes") {
            statements.extend(self.view(view));
        }
        statements
    }

    fn span<T>(&self, spanned: &Spanned<T>) -> Span {
        place(spanned, self.file)
    }

    fn wrong(&mut self, span: Span, message: impl Into<String>) {
        self.faults.push(Fault::error(codes::YAML, span, message));
    }

    /// The members of a list, where the key is there.
    fn list<'n>(&mut self, keys: &Keys<'n>, name: &str) -> &'n [Node] {
        match keys.get(name) {
            None => &[],
            Some(Node { value: Tree::List(list), .. }) => list,
            Some(other) => {
                self.wrong(self.span(other), format!("`{name}` is a list, not {}", other.value.name()));
                &[]
            }
        }
    }

    /// A mapping of names that the patch gives, each once.
    fn pairs<'n>(&mut self, node: &'n Node, name: &str) -> Vec<(&'n Spanned<String>, &'n Node)> {
        let Tree::Map(map) = &node.value else {
            if !matches!(node.value, Tree::Null) {
                let message = format!("`{name}` is a mapping of names and values, not {}", node.value.name());
                self.wrong(self.span(node), message);
            }
            return Vec::new();
        };
        let mut pairs: Vec<(&Spanned<String>, &Node)> = Vec::with_capacity(map.len());
        let mut seen: HashMap<&str, Span> = HashMap::default();
        for (key, node) in map {
            match seen.insert(key.value.as_str(), self.span(key)) {
                Some(first) => self.faults.push(twice(&key.value, self.span(key), first)),
                None => pairs.push((key, node)),
            }
        }
        pairs
    }

    /// A text that must be there.
    fn needed(&mut self, keys: &Keys<'_>, what: &str, name: &str) -> Option<Name> {
        if keys.lacks(name) {
            self.wrong(keys.span, format!("{what} has no `{name}`, which it needs"));
        }
        self.text(keys, name)
    }

    /// A text, where it is there.
    fn text(&mut self, keys: &Keys<'_>, name: &str) -> Option<Name> {
        let node = keys.get(name)?;
        let found = text(node, self.file, self.source);
        if found.is_none() {
            self.wrong(self.span(node), format!("`{name}` is a word, not {}", node.value.name()));
        }
        found
    }

    /// Words in a list.
    fn words(&mut self, keys: &Keys<'_>, name: &str) -> Vec<Name> {
        let mut words = Vec::new();
        for node in self.list(keys, name) {
            match text(node, self.file, self.source) {
                Some(word) => words.push(word),
                None => self.wrong(self.span(node), format!("`{name}` holds words, not {}", node.value.name())),
            }
        }
        words
    }

    /// A text of the language holds no quotes, a path no backquotes, and neither line ends; one of YAML could, and would
    /// not read back.
    fn no_sign(&mut self, sign: char, text: &str, span: Span) {
        if text.contains([sign, '\n']) {
            self.wrong(span, format!("this may hold no `{sign}` and no line ends"));
        }
    }

    fn name(&mut self, name: Name) -> Name {
        self.no_sign('`', &name.text, name.span);
        name
    }

    fn path(&mut self, name: Name) -> PathName {
        let Name { text, span } = self.name(name);
        PathName { text, span }
    }

    fn settings(&mut self, keys: &Keys<'_>) -> Vec<Statement> {
        let mut list = Vec::new();
        let mut add = |setting, span| list.push(Statement { what: What::Setting(setting), span });
        for (name, make) in [
            ("tempo", Setting::Tempo as fn(Expr) -> Setting),
            ("swing", Setting::Swing),
            ("fade", Setting::Fade),
            ("tail", Setting::Tail),
            ("tuning", Setting::Tuning),
        ] {
            if let Some(node) = keys.get(name) {
                add(make(self.expr(node)), self.span(node));
            }
        }
        if let Some(Name { text, span }) = self.text(keys, "meter") {
            let (beats, note) = text.split_once('/').unwrap_or((&*text, ""));
            let name = |text: &str| Name { text: Arc::from(text.trim()), span };
            add(Setting::Meter(name(beats), name(note)), span);
        }
        if let Some(Name { text, span }) = self.text(keys, "swap") {
            let on = match &*text {
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
        for (name, make) in [
            ("mute", Setting::Mute as fn(Vec<PathName>) -> Setting),
            ("solo", Setting::Solo),
            ("reset", Setting::Reset),
        ] {
            let words = self.words(keys, name);
            if let Some(Name { span, .. }) = words.first() {
                let span = *span;
                add(make(words.into_iter().map(|word| self.path(word)).collect()), span);
            }
        }
        list
    }

    /// A pattern or song in the language.
    fn score(&mut self, node: &Node) -> Vec<Statement> {
        let span = self.span(node);
        let Tree::Text(text) = &node.value else {
            self.wrong(span, format!("`scores` holds texts, not {}", node.value.name()));
            return Vec::new();
        };
        // With as much before it as there is in the file, its places are the file's, where its lines are not folded.
        let parsed = crate::parse::parse(&format!("{}{text}", " ".repeat(span.start as usize)), self.file);
        self.faults.extend(parsed.faults);
        // What cannot be read is told, and may have declared what is used elsewhere.
        let is_score =
            |statement: &Statement| matches!(statement.what, What::Pattern(_) | What::Song(_) | What::Unreadable(_));
        if let Some(other) = parsed.statements.iter().find(|statement| !is_score(statement)) {
            self.wrong(other.span, "`scores` holds patterns and songs, nothing else");
        }
        parsed.statements.into_iter().filter(is_score).collect()
    }

    fn node(&mut self, name: &Spanned<String>, node: &Node) -> Option<Statement> {
        let (span, what) = (self.span(name), format!("the node `{}`", name.value));
        let known = ["module", "channels", "params", "was"];
        let keys = match node.value {
            Tree::Null => None,
            _ => Some(Keys::new(node, &what, &known, self.file, &mut self.faults)?),
        };
        let Some(keys) = keys else {
            self.wrong(span, format!("{what} has no `module`, which it needs"));
            return None;
        };
        let mut entries = Vec::new();
        for (key, value) in keys.get("params").map(|params| self.pairs(params, "params")).unwrap_or_default() {
            if let Tree::Null = value.value {
                self.wrong(self.span(key), format!("`{}` has no value", key.value));
                continue;
            }
            let (name, index) = self.key(&Name { text: Arc::from(key.value.as_str()), span: self.span(key) });
            entries.push(Entry::Set { name, index, value: self.expr(value) });
        }
        let args = keys.get("channels").map(|channels| {
            let name = Name { text: Arc::from("channels"), span: self.span(channels) };
            Args::Named(vec![Entry::Set { name, index: None, value: self.expr(channels) }])
        });
        let was = keys.get("was").map(|was| self.earlier(was)).unwrap_or_default();
        let own = self.name(Name { text: Arc::from(name.value.as_str()), span });
        let mut kind = self.needed(&keys, &what, "module").map(|kind| self.name(kind));
        if let Some(kind) = kind.as_mut().filter(|kind| &*kind.text == "MidiIn") {
            kind.text = Arc::from(crate::older::YAML_MIDI_IN);
        }
        let Some(kind) = kind else {
            // What is of no type is faulty, and so is what is wired to it.
            return Some(Statement { what: What::Unreadable(vec![own.text]), span });
        };
        let kind_span = kind.span;
        let target = Word::Plain(kind);
        let call = Call { target, index: vec![], port: None, args, braces: Some(entries), tail: None, span: kind_span };
        let stages = vec![vec![Member::Expr(Expr::Call(Box::new(call)))]];
        let chain = Chain { stages, arrows: Vec::new(), span };
        let raw = !crate::print::is_name(&own.text);
        Some(Statement { what: What::Define { name: own, raw, module: true, chain, was }, span })
    }

    /// A path, or a list of them.
    fn earlier(&mut self, was: &Node) -> Vec<PathName> {
        let span = self.span(was);
        let alone = std::slice::from_ref(was);
        let paths = if let Tree::List(list) = &was.value { list.as_slice() } else { alone };
        let mut found = Vec::new();
        for path in paths {
            if let Tree::Text(text) = &path.value {
                self.no_sign('`', text, span);
                found.push(PathName { text: Arc::from(text.as_str()), span });
            } else {
                self.wrong(span, "`was` is a path or a list of paths");
            }
        }
        found
    }

    /// `level/1`: a name and its channel.
    fn key(&mut self, key: &Name) -> (Name, Option<Index>) {
        let span = key.span;
        self.no_sign('"', &key.text, span);
        let (name, index) = match key.text.split_once('/') {
            Some((name, index)) => (name, Some(Index::One(word(index, span)))),
            None => (&*key.text, None),
        };
        (Name { text: Arc::from(name), span }, index)
    }

    fn wire(&mut self, wire: &Node) -> Option<Statement> {
        let known = ["from", "output", "to", "input", "scale", "late"];
        let keys = Keys::new(wire, "a cable", &known, self.file, &mut self.faults)?;
        let scale = keys.get("scale").map(|scale| self.expr(scale));
        let late = match keys.get("late") {
            None => false,
            Some(Node { value: Tree::Bool(late), .. }) => *late,
            Some(other) => {
                self.wrong(self.span(other), "`late` is true or false");
                false
            }
        };
        let from = self.end(&keys, "a cable", "from", "output");
        let to = self.end(&keys, "a cable", "to", "input");
        let ((from, span), (to, _)) = (from?, to?);
        let way = if late { Way::Late } else { Way::To };
        let chain = Chain { stages: vec![vec![from], vec![to]], arrows: vec![Arrow { way, scale, span }], span };
        Some(Statement { what: What::Wire(chain), span })
    }

    fn view(&mut self, view: &Node) -> Option<Statement> {
        let keys = Keys::new(view, "a probe", &["from", "output", "kinds", "label"], self.file, &mut self.faults)?;
        let kinds = self.words(&keys, "kinds").into_iter().map(|kind| self.name(kind)).collect();
        let from = self.end(&keys, "a probe", "from", "output");
        let label = self.needed(&keys, "a probe", "label");
        let ((from, span), label) = (from?, label?);
        let to = Member::Tap(kinds, self.name(label));
        let arrow = Arrow { way: Way::To, scale: None, span };
        let chain = Chain { stages: vec![vec![from], vec![to]], arrows: vec![arrow], span };
        Some(Statement { what: What::Wire(chain), span })
    }

    /// One end of a cable, and the place of its module.
    fn end(&mut self, keys: &Keys<'_>, what: &str, module: &str, port: &str) -> Option<(Member, Span)> {
        let port = self.text(keys, port);
        let module = self.needed(keys, what, module)?;
        let span = module.span;
        let port = port.map(|port| {
            let (name, index) = self.key(&port);
            let span = name.span;
            Port { name: Word::Plain(name), index: index.map(Box::new), span }
        });
        let target = Word::Plain(self.name(module));
        let call = Call { target, index: vec![], port, args: None, braces: None, tail: None, span };
        Some((Member::Expr(Expr::Call(Box::new(call))), span))
    }

    fn expr(&mut self, node: &Node) -> Expr {
        let span = self.span(node);
        match &node.value {
            Tree::Bool(v) => word(if *v { "true" } else { "false" }, span),
            Tree::Number(v) if v.is_finite() => {
                Expr::Quantity(Quantity { value: *v, unit: "", whole: v.fract() == 0.0, span })
            }
            Tree::Number(_) => {
                self.faults.push(Fault::error(codes::NOT_FINITE, span, "this is no finite number"));
                Expr::Note(0.0, span)
            }
            Tree::Text(text) => {
                self.no_sign('"', text, span);
                let mut builder = Builder::at(span);
                match value_alone(text, &mut builder).filter(is_plain) {
                    Some(expr) if builder.faults.is_empty() => expr,
                    _ if crate::print::is_name(text) => word(text, span),
                    _ => Expr::Text(Arc::from(text.as_str()), span),
                }
            }
            Tree::List(list) => Expr::List(list.iter().map(|member| self.expr(member)).collect(), span),
            Tree::Null | Tree::Map(_) => {
                let message = "a number, true or false, a word or a list is expected here";
                self.wrong(span, format!("{message}, not {}", node.value.name()));
                Expr::Note(0.0, span)
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
