//! From the parser's pairs to the syntax tree: statements, cables, templates. Expressions and scores have their own files.

use crate::fault::Fault;
use crate::hash::{HashMap, HashSet};
use crate::nodes::P;
use crate::parse::Rule;
use crate::tree::*;
use patches_core::graph::Span;
use std::sync::Arc;

/// Makes the tree of one file.
pub(crate) struct Builder {
    file: u16,
    /// Where everything stands that is read, if not where it is found.
    at: Option<Span>,
    /// Every word there is, once: most stand in a text many times.
    words: HashSet<Arc<str>>,
    /// Where a statement ends that cannot be read, and what it may have declared, by where it begins.
    pub(crate) lost: HashMap<u32, (u32, Vec<Arc<str>>)>,
    pub(crate) faults: Vec<Fault>,
}

impl Builder {
    pub(crate) fn new(file: u16) -> Builder {
        Builder { file, at: None, words: HashSet::default(), lost: HashMap::default(), faults: Vec::new() }
    }

    /// For a text that stands inside another, all at one place.
    pub(crate) fn at(span: Span) -> Builder {
        Builder { at: Some(span), ..Builder::new(span.file) }
    }

    pub(crate) fn span(&self, pair: &P<'_>) -> Span {
        if let Some(at) = self.at {
            return at;
        }
        // Rules that end in optional parts take the white space before them along; it is no part of what is meant.
        let end = pair.start() as usize + pair.as_str().trim_end().len();
        Span { file: self.file, start: pair.start(), end: end as u32 }
    }

    pub(crate) fn name(&mut self, pair: &P<'_>) -> Name {
        Name { text: self.word(pair.as_str().trim_matches('`')), span: self.span(pair) }
    }

    fn word(&mut self, text: &str) -> Arc<str> {
        if let Some(word) = self.words.get(text) {
            return word.clone();
        }
        let word: Arc<str> = Arc::from(text);
        self.words.insert(word.clone());
        word
    }

    pub(crate) fn file(&mut self, pair: P<'_>) -> Vec<Statement> {
        let body = pair.into_inner().flat_map(|body| if body.as_rule() == Rule::file_body { Some(body) } else { None });
        body.flat_map(|body| body.into_inner()).filter_map(|item| self.item(item)).collect()
    }

    /// A statement, or the fault of what is none.
    fn item(&mut self, pair: P<'_>) -> Option<Statement> {
        let mut span = self.span(&pair);
        let what = match pair.as_rule() {
            Rule::unreadable => {
                let (end, names) = self.unreadable(&pair);
                span.end = end;
                What::Unreadable(names)
            }
            Rule::stray | Rule::unclosed | Rule::EOI => return None,
            _ => self.statement(pair),
        };
        Some(Statement { what, span })
    }

    /// Where a statement ends that cannot be read, which is a fault already, and what it may declare.
    fn unreadable(&mut self, pair: &P<'_>) -> (u32, Vec<Arc<str>>) {
        self.lost.remove(&pair.start()).unwrap_or_else(|| (pair.end(), maybe_declared(pair.as_str())))
    }

    fn items<'i>(&mut self, pairs: impl Iterator<Item = P<'i>>) -> Vec<Statement> {
        pairs.filter_map(|pair| self.item(pair)).collect()
    }

    fn statement(&mut self, pair: P<'_>) -> What {
        match pair.as_rule() {
            Rule::include => {
                let text = pair.into_inner().nth(1).expect("an include has its keyword and a string");
                let span = self.span(&text);
                What::Include(Arc::from(string(text)), span)
            }
            Rule::template => self.template(pair),
            Rule::patch => {
                let inner = pair.into_inner().skip(1);
                What::Patch(self.items(inner))
            }
            Rule::pattern => What::Pattern(Arc::new(self.pattern(pair))),
            Rule::section => What::Section(Arc::new(self.section(pair))),
            Rule::song => What::Song(Arc::new(self.song(pair))),
            Rule::curve => What::Curve(Arc::new(self.curve(pair))),
            Rule::for_ => self.for_(pair),
            Rule::module | Rule::define => self.define(pair),
            Rule::setting => What::Setting(self.setting(first(pair))),
            Rule::ports_in => What::In(self.ports(pair)),
            Rule::ports_out => What::Out(self.ports(pair)),
            Rule::wire => What::Wire(self.chain(first(pair))),
            rule => unreachable!("the grammar has no statement {rule:?}"),
        }
    }

    fn define(&mut self, pair: P<'_>) -> What {
        let module = pair.as_rule() == Rule::module;
        let mut inner = pair.into_inner().filter(|p| p.as_rule() != Rule::kw_module);
        let id = inner.next().expect("a definition begins with its name");
        let raw = id.as_rule() == Rule::raw;
        let name = self.name(&id);
        let body = inner.next().expect("a definition has a body");
        let chain = if module {
            let span = self.span(&body);
            let call = Expr::Call(Box::new(self.call(body)));
            Chain { stages: vec![vec![Member::Expr(call)]], arrows: Vec::new(), span }
        } else {
            self.chain(body)
        };
        let was = inner.flat_map(|was| was.into_inner().skip(1)).map(|path| self.path(path)).collect();
        What::Define { name, raw, module, chain, was }
    }

    fn path(&mut self, pair: P<'_>) -> PathName {
        let Name { text, span } = self.name(&pair);
        PathName { text, span }
    }

    pub(crate) fn chain(&mut self, pair: P<'_>) -> Chain {
        let span = self.span(&pair);
        let (mut stages, mut arrows) = (Vec::new(), Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::stage => stages.push(part.into_inner().map(|member| self.member(member)).collect()),
                _ => arrows.push(self.arrow(part)),
            }
        }
        Chain { stages, arrows, span }
    }

    fn member(&mut self, pair: P<'_>) -> Member {
        if pair.as_rule() == Rule::tap {
            let mut names: Vec<Name> = pair.into_inner().map(|name| self.name(&name)).collect();
            let label = names.pop().expect("a tap ends with its label");
            return Member::Tap(names, label);
        }
        Member::Expr(self.expr(pair))
    }

    fn arrow(&mut self, pair: P<'_>) -> Arrow {
        let way = match pair.as_rule() {
            Rule::to => Way::To,
            Rule::from => Way::From,
            _ => Way::Late,
        };
        let span = self.span(&pair);
        Arrow { way, scale: pair.into_inner().next().map(|scale| self.expr(scale)), span }
    }

    fn for_(&mut self, pair: P<'_>) -> What {
        let mut inner = pair.into_inner().skip(1);
        let name = self.name(&inner.next().expect("`for` is followed by a name"));
        let over = inner.nth(1).expect("`in` is followed by what it runs over");
        let over = match over.as_rule() {
            Rule::range => {
                let ends = over.into_inner().filter(|part| part.as_rule() == Rule::bound);
                let mut ends = ends.map(|bound| self.expr(bound));
                let from = ends.next().expect("a range has two ends");
                Over::Range(from, ends.next().expect("a range has two ends"))
            }
            _ => Over::List(self.value(over)),
        };
        What::For(For { name, over, body: self.items(inner) })
    }

    fn template(&mut self, pair: P<'_>) -> What {
        let mut inner = pair.into_inner();
        let name = self.name(&inner.nth(1).expect("a template has a name"));
        let mut decls = Vec::new();
        if let Some(list) = inner.next_of(Rule::decls) {
            decls = list.into_inner().map(|decl| self.decl(decl)).collect();
        }
        let body = self.items(inner);
        What::Template(Arc::new(Template { name, decls, body }))
    }

    fn decl(&mut self, pair: P<'_>) -> Decl {
        let mut inner = pair.into_inner();
        let name = self.name(&inner.next().expect("a parameter has a name"));
        let size = inner.next_of(Rule::size).map(|size| Size(self.name(&first(size))));
        let kind = match inner.next().map(|p| p.as_str().trim()) {
            Some("int") => Type::Int,
            Some("bool") => Type::Bool,
            Some("str") => Type::Str,
            Some("pattern") => Type::Pattern,
            Some("song") => Type::Song,
            _ => Type::Float,
        };
        Decl { name, size, kind, default: inner.next().map(|value| self.expr(value)) }
    }

    fn ports(&mut self, pair: P<'_>) -> Vec<(Name, Option<Size>)> {
        let mut list: Vec<(Name, Option<Size>)> = Vec::new();
        for part in first(pair).into_inner() {
            match part.as_rule() {
                Rule::size => {
                    let size = Size(self.name(&first(part)));
                    if let Some((_, last)) = list.last_mut() {
                        *last = Some(size);
                    }
                }
                _ => list.push((self.name(&part), None)),
            }
        }
        list
    }

    fn setting(&mut self, pair: P<'_>) -> Setting {
        let rule = pair.as_rule();
        let mut inner = pair.into_inner().skip(1);
        let list = match rule {
            Rule::set_mute => Some(Setting::Mute as fn(Vec<PathName>) -> Setting),
            Rule::set_solo => Some(Setting::Solo as _),
            Rule::set_reset => Some(Setting::Reset as _),
            _ => None,
        };
        if let Some(list) = list {
            return list(inner.map(|path| self.path(path)).collect());
        }
        let value = inner.next().expect("a setting has a value");
        match rule {
            Rule::set_tempo => Setting::Tempo(self.expr(value)),
            Rule::set_meter => {
                let beats = self.name(&value);
                Setting::Meter(beats, self.name(&inner.next().expect("a meter has two numbers")))
            }
            Rule::set_swing => Setting::Swing(self.expr(value)),
            Rule::set_fade => Setting::Fade(self.expr(value)),
            Rule::set_tail => Setting::Tail(self.expr(value)),
            Rule::set_tuning => Setting::Tuning(self.expr(value)),
            _ => Setting::Swap(match value.as_rule() {
                Rule::now => SwapOn::Now,
                _ => match inner.next().map(|on| (on.as_rule(), on)) {
                    Some((Rule::on_bar, _)) => SwapOn::Bar,
                    Some((Rule::quantity, on)) => SwapOn::Every(self.quantity(on)),
                    _ => SwapOn::Beat,
                },
            }),
        }
    }
}

/// The first part of a pair, for rules that always have one.
pub(crate) fn first(pair: P<'_>) -> P<'_> {
    pair.into_inner().next().expect("the grammar gives this rule at least one part")
}

/// The text between the quotes of a string.
pub(crate) fn string(pair: P<'_>) -> &str {
    first(pair).as_str()
}

/// Words that open a statement, which declare nothing.
const WORDS: &[&str] =
    &["template", "patch", "for", "song", "section", "pattern", "curve", "module", "play", "in", "out"];

/// The names an unreadable statement may have declared: those before a `=`, those of its head, and the ports of a template
/// where it looks like them. Uses of them are no faults of their own. An empty one stands for all, where the name itself
/// cannot be read.
pub(crate) fn maybe_declared(text: &str) -> Vec<Arc<str>> {
    let text = text.trim_start_matches(['(', '[', '{', ' ']);
    let mut names: Vec<&str> = port_word(text).into_iter().collect();
    let mut parts = text.split('=');
    parts.next_back();
    names.extend(parts.map(|part| part.trim_end().rsplit(|c: char| !is_letter(c)).next().unwrap_or("")));
    let head = text.split(['=', ':', '{', '(', '\n']).next().unwrap_or("");
    let words: Vec<&str> = head.split(|c: char| !is_letter(c)).filter(|word| !word.is_empty()).collect();
    // A cable declares nothing, and what begins with a type does not.
    let cable = ["->", "<-", "~>"].iter().any(|arrow| head.contains(arrow));
    let lone = words.len() == 1 && head.trim() == words[0] && text[head.len()..].starts_with('{');
    let words = if cable || lone { Vec::new() } else { words };
    names.extend(words.into_iter().filter(|word| !WORDS.contains(word)).take(4));
    let mut names: Vec<Arc<str>> = names.into_iter().map(Arc::from).collect();
    if head.trim().is_empty() {
        names.push(Arc::from(""));
    }
    // A name with a sign in it that no name has.
    let odd = head.split_whitespace().filter(|word| !cable && !word.chars().all(is_letter));
    names.extend(odd.take(2).map(|word| Arc::from(word.chars().filter(|c| is_letter(*c)).collect::<String>())));
    names
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// `in` or `out`, where a statement looks like the ports of a template: `ot: left`, `out left`.
pub(crate) fn port_word(text: &str) -> Option<&'static str> {
    let ports = ["in", "out"];
    if let Some((port, behind)) = ports.into_iter().find_map(|port| Some((port, text.strip_prefix(port)?)))
        && behind.starts_with(' ')
        && behind.trim_start().starts_with(is_letter)
    {
        return Some(port);
    }
    let (word, behind) = text.split_once(':')?;
    let word: String = word.chars().filter(|c| is_letter(*c)).collect();
    let names = behind.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_,[]:; \t".contains(c));
    let longer = |end: &str| ["", "s", "put", "puts"].contains(&end);
    let near =
        |port: &&str| word.strip_prefix(port).is_some_and(longer) || names && strsim::osa_distance(&word, port) <= 1;
    ports.into_iter().find(near)
}
