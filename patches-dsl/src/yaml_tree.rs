//! What a YAML file holds, before any of it is understood: mappings, lists and values with their places.

use crate::fault::{Fault, codes};
use crate::tree::Name;
use patches_core::graph::Span;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{DuplicateKeyPolicy, Error, Location, Spanned};
use std::fmt;
use std::sync::Arc;

/// A part of a YAML file and its place.
pub(crate) type Node = Spanned<Tree>;

/// What a part of a YAML file is.
pub(crate) enum Tree {
    /// `~`, or nothing.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// Any other text.
    Text(String),
    /// `[a, b]`.
    List(Vec<Node>),
    /// `{ a: b }`, in its order, with the places of its keys; a key may stand there twice.
    Map(Vec<(Spanned<String>, Node)>),
}

impl Tree {
    /// How faults call it.
    pub fn name(&self) -> &'static str {
        match self {
            Tree::Null => "nothing",
            Tree::Bool(_) => "true or false",
            Tree::Number(_) => "a number",
            Tree::Text(_) => "a text",
            Tree::List(_) => "a list",
            Tree::Map(_) => "a mapping",
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Tree, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Tree;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value, a list or a mapping")
            }
            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::Null)
            }
            fn visit_bool<E>(self, v: bool) -> Result<Tree, E> {
                Ok(Tree::Bool(v))
            }
            fn visit_i64<E>(self, v: i64) -> Result<Tree, E> {
                Ok(Tree::Number(v as f64))
            }
            fn visit_u64<E>(self, v: u64) -> Result<Tree, E> {
                Ok(Tree::Number(v as f64))
            }
            fn visit_f64<E>(self, v: f64) -> Result<Tree, E> {
                Ok(Tree::Number(v))
            }
            fn visit_str<E>(self, v: &str) -> Result<Tree, E> {
                Ok(Tree::Text(v.to_string()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree, A::Error> {
                let mut list = Vec::new();
                while let Some(member) = seq.next_element()? {
                    list.push(member);
                }
                Ok(Tree::List(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Tree::Map(pairs))
            }
        }
        deserializer.deserialize_any(Visit)
    }
}

/// Reads a file; nothing where it holds nothing.
pub(crate) fn read(text: &str, file: u16) -> Result<Option<Node>, Fault> {
    // A key that is given twice is a fault of ours, with both places.
    let options = serde_yaml::options! { duplicate_keys: DuplicateKeyPolicy::PassThrough };
    match serde_yaml::from_str_with_options::<Node>(text, options) {
        Ok(node) => Ok(Some(node)),
        Err(error) if matches!(error.without_snippet(), Error::Eof { .. }) => Ok(None),
        Err(error) => {
            let mut at = error.location().map_or(0, |location| offset(text, &location));
            let (message, help) = said(error.without_snippet());
            if help == Some(SPACES) {
                // What is before it begins there.
                at += text[at..].find('\t').unwrap_or(0);
            }
            let end = text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
            let span = Span { file, start: at as u32, end: end as u32 };
            let fault = Fault::error(codes::YAML, span, message);
            Err(if let Some(help) = help { fault.help(help) } else { fault })
        }
    }
}

/// What to do about a tab.
const SPACES: &str = "YAML is indented by spaces";

/// What is wrong with a text that is no YAML, in words for musicians.
fn said(error: &Error) -> (String, Option<&'static str>) {
    match error {
        Error::MultipleDocuments { .. } => {
            ("a patch is one document".into(), Some("take the `---` away, or what stands behind it"))
        }
        Error::UnknownAnchor { .. } => ("nothing has this anchor".into(), Some("write `&name` before what `*name` is")),
        Error::Budget { .. } => ("this holds more than a patch may".into(), None),
        error => {
            let said = error.to_string();
            let said = said.lines().next().unwrap_or("").split(" at line ").next().unwrap_or("");
            let said = said.split(" at byte ").next().unwrap_or("").trim_end_matches(['.', ',']);
            let tab = said.contains("tab");
            (format!("this is no YAML: {said}"), tab.then_some(SPACES))
        }
    }
}

/// The byte that a place is at.
fn offset(text: &str, location: &Location) -> usize {
    if let Some(byte) = location.span().byte_offset() {
        return floor(text, byte as usize);
    }
    let line = (location.line() as usize).saturating_sub(1);
    let begins = text.split_inclusive('\n').take(line).map(str::len).sum::<usize>();
    let column = (location.column() as usize).saturating_sub(1);
    let rest = text[begins..].char_indices().nth(column).map_or(text.len() - begins, |(at, _)| at);
    begins + rest
}

/// The same byte, or the first of the character that it is in.
fn floor(text: &str, byte: usize) -> usize {
    let mut at = byte.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The place of a part.
pub(crate) fn place<T>(spanned: &Spanned<T>, file: u16) -> Span {
    let span = spanned.referenced.span();
    let start = span.byte_offset().unwrap_or(0) as u32;
    Span { file, start, end: start + span.byte_len().unwrap_or(0) as u32 }
}

/// A mapping with keys that are known.
pub(crate) struct Keys<'n> {
    pairs: Vec<(&'n str, Span, &'n Node)>,
    /// Keys that were meant by others, so that they are not told to be missing.
    meant: Vec<&'static str>,
    /// Where it begins.
    pub span: Span,
}

impl<'n> Keys<'n> {
    /// The keys of a mapping. What else it holds, and what it holds twice, is told.
    pub fn new(node: &'n Node, what: &str, known: &[&'static str], file: u16, faults: &mut Vec<Fault>) -> Option<Self> {
        let whole = place(node, file);
        let Tree::Map(map) = &node.value else {
            let message = format!("{what} is a mapping of names and values, not {}", node.value.name());
            faults.push(Fault::error(codes::YAML, whole, message));
            return None;
        };
        let span = map.first().map_or(whole, |(key, _)| place(key, file));
        let mut keys = Keys { pairs: Vec::new(), meant: Vec::new(), span };
        for (key, node) in map {
            let span = place(key, file);
            let name = key.value.as_str();
            if let Some((_, first, _)) = keys.pairs.iter().find(|(other, ..)| *other == name) {
                faults.push(twice(name, span, *first));
            } else if known.contains(&name) {
                keys.pairs.push((name, span, node));
            } else {
                let near = crate::fault::nearest(name, known.iter().copied());
                let fault = Fault::error(codes::YAML, span, format!("{what} has no `{name}`"));
                keys.meant.extend(known.iter().find(|known| Some(**known) == near));
                let all = format!("it may have `{}`", known.join("` `"));
                faults.push(fault.help(near.map_or(all, |near| format!("did you mean `{near}`?"))));
            }
        }
        Some(keys)
    }

    /// What stands behind a key; nothing is as if the key were not there.
    pub fn get(&self, name: &str) -> Option<&'n Node> {
        let (.., node) = self.pairs.iter().find(|(key, ..)| *key == name)?;
        if let Tree::Null = node.value { None } else { Some(*node) }
    }

    /// Whether a key is missing and none that stands there was meant to be it.
    pub fn lacks(&self, name: &str) -> bool {
        self.get(name).is_none() && !self.meant.contains(&name)
    }
}

/// The fault of a key that a mapping has twice.
pub(crate) fn twice(name: &str, second: Span, first: Span) -> Fault {
    let fault = Fault::error(codes::GIVEN_TWICE, second, format!("`{name}` is given twice"));
    fault.also(first, "first given here")
}

/// A text, or what a number or word of YAML's own is written as.
pub(crate) fn text(node: &Node, file: u16, source: &str) -> Option<Name> {
    let span = place(node, file);
    let text: Arc<str> = match &node.value {
        Tree::Text(text) => Arc::from(text.as_str()),
        Tree::Number(_) | Tree::Bool(_) => Arc::from(source.get(span.start as usize..span.end as usize)?.trim()),
        _ => return None,
    };
    Some(Name { text, span })
}
