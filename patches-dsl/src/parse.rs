//! From one text to its syntax tree. What cannot be read is a fault of its own; the rest is there.

use crate::again::{Known, cuts};
use crate::build::Builder;
use crate::fault::{Fault, codes};
use crate::limits;
use crate::nodes::Nodes;
use crate::recover::recover;
use crate::slips;
use crate::tree::{Expr, Statement};
use patches_core::graph::Span;
use pest::Parser;
use pest::error::{Error, ErrorVariant, InputLocation};

/// The parser made from the grammar; the derived names are those of its rules.
#[allow(missing_docs, reason = "the grammar documents its rules")]
mod grammar {
    /// Reads texts by the rules of the grammar.
    #[derive(pest_derive::Parser)]
    #[grammar = "grammar.pest"]
    pub struct Grammar;
}
use grammar::Grammar;
pub(crate) use grammar::Rule;

/// What one text says.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// Its statements, in order.
    pub statements: Vec<Statement>,
    /// What could not be read.
    pub faults: Vec<Fault>,
}

/// Reads one text. The caller gives the thread a stack of [`limits::STACK`] bytes.
pub fn parse(text: &str, file: u16) -> Parsed {
    match too_deep(text, file) {
        Some(fault) => Parsed { statements: Vec::new(), faults: vec![fault] },
        None => tree(text, file, nodes(text)).0,
    }
}

/// The same, of a text that was read before, as it was then or changed in places; `known` is what was found in it.
pub(crate) fn parse_again(text: &str, file: u16, known: &mut Option<Known>) -> Parsed {
    if let Some(fault) = too_deep(text, file) {
        return Parsed { statements: Vec::new(), faults: vec![fault] };
    }
    let cuts = cuts(text);
    let changed = known.as_ref().and_then(|known| known.changed(text, &cuts, |part| nodes(part).ok()));
    let (parsed, nodes) = tree(text, file, changed.map_or_else(|| nodes(text), Ok));
    let now = nodes.and_then(|nodes| Known::new(text, nodes, cuts));
    *known = now.or_else(|| known.take());
    parsed
}

/// The parts of a file.
pub(crate) fn nodes(text: &str) -> Result<Nodes, Box<Error<Rule>>> {
    let steps = text.len().saturating_mul(limits::STEPS_PER_BYTE).saturating_add(1 << 20);
    pest::set_call_limit(std::num::NonZeroUsize::new(steps));
    Grammar::parse(Rule::file, text).map(Nodes::new).map_err(Box::new)
}

/// The tree of a file from its parts.
fn tree(text: &str, file: u16, nodes: Result<Nodes, Box<Error<Rule>>>) -> (Parsed, Option<Nodes>) {
    let mut builder = Builder::new(file);
    let (statements, nodes) = match nodes {
        Ok(nodes) if nodes.is_readable() => {
            (nodes.first(text).map(|file| builder.file(file)).unwrap_or_default(), Some(nodes))
        }
        Ok(nodes) => {
            let recovered = recover(text, file, nodes);
            (builder.faults, builder.lost) = (recovered.faults, recovered.names);
            let file = recovered.nodes.first(&recovered.text);
            let mut statements = file.map(|file| builder.file(file)).unwrap_or_default();
            statements.iter_mut().for_each(|statement| whole(&mut statement.span, text));
            for fault in &mut builder.faults {
                whole(&mut fault.span, text);
                fault.also.iter_mut().for_each(|(span, _)| whole(span, text));
            }
            (statements, None)
        }
        Err(error) => {
            let span = place(&error.location, file);
            builder.faults.push(Fault::error(codes::UNREADABLE, span, "cannot read this text from here on"));
            (Vec::new(), None)
        }
    };
    (Parsed { statements, faults: builder.faults }, nodes)
}

/// Widens a place to whole signs: what cannot be read is taken apart byte by byte.
fn whole(span: &mut Span, text: &str) {
    let boundary = |at: &usize| text.is_char_boundary(*at);
    let (start, end) = ((span.start as usize).min(text.len()), (span.end as usize).min(text.len()));
    span.start = (0..=start).rev().find(boundary).unwrap_or(0) as u32;
    span.end = (end..=text.len()).find(boundary).unwrap_or(text.len()) as u32;
}

/// The expression that a text is, if it is one and nothing more.
pub(crate) fn value_alone(text: &str, builder: &mut Builder) -> Option<Expr> {
    if too_deep(text, 0).is_some() {
        return None;
    }
    let text = text.trim();
    let nodes = Nodes::new(Grammar::parse(Rule::value_alone, text).ok()?);
    let expr = nodes.first(text)?.into_inner().find(|pair| pair.as_rule() == Rule::value_body)?.into_inner().next()?;
    Some(builder.expr(expr))
}

/// The fault of a statement that reads well, and not where it stands.
pub(crate) fn cannot_stand(text: &str, start: usize, file: u16) -> Fault {
    let whole = Span { file, start: start as u32, end: (start + text.trim_end().len()) as u32 };
    let fault = Fault::error(codes::UNREADABLE, whole, "this statement cannot stand here");
    match text.starts_with(['p', '@']) && !text.starts_with("pattern") {
        true => fault.help("`play` and `@loop` stand in a song: `song tune(lanes) { play { … } }`"),
        false => fault,
    }
}

/// Why one statement cannot be read: where reading stopped, and what would have been possible there. Nothing where it can.
pub(crate) fn why_unreadable(text: &str, start: usize, file: u16) -> Option<Fault> {
    let error = Grammar::parse(Rule::lone, text).err()?;
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at.min(text.len()),
    };
    if let Some(fault) = not_closed(text, start, file) {
        return Some(fault);
    }
    if let Some(slip) = slips::found(text, at) {
        // Where the text ends no sign is left to be marked.
        let place = |at: usize| (start + at.min(text.len())) as u32;
        let span = Span { file, start: place(slip.start), end: place(slip.end) };
        return Some(Fault::error(codes::UNREADABLE, span, slip.message).help(slip.help));
    }
    let mut rest = &text[at..];
    if rest.trim_start_matches([' ', '\t', '\r']).len() < rest.len() {
        rest = rest.trim_start_matches([' ', '\t', '\r']);
    }
    let from = start + text.len() - rest.len();
    let found: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let (found, length) = match (found.is_empty(), rest.chars().next()) {
        (false, _) => (format!("`{found}`"), found.len()),
        (true, Some('\n')) => ("the end of the line".to_string(), 0),
        (true, None) => ("the end of the statement".to_string(), 0),
        (true, Some(c)) => (format!("`{c}`"), c.len_utf8()),
    };
    let span = Span { file, start: from as u32, end: (from + length) as u32 };
    let fault =
        Fault::error(codes::UNREADABLE, span, format!("cannot read this statement: {found} is not expected here"));
    let fault = match still_open(&text[..at]) {
        Some(at) => {
            let at = (start + at) as u32;
            fault.also(Span { file, start: at, end: at + 1 }, "still open here")
        }
        None => fault,
    };
    if text[from - start + length..].starts_with('#') {
        return Some(fault.help("a `#` straight after a letter is a sharp; a comment has a space before it"));
    }
    Some(match expected(&error.variant) {
        Some(help) => fault.help(help),
        None => fault,
    })
}

/// The fault of a statement that can be read with its brackets closed at its end.
fn not_closed(text: &str, start: usize, file: u16) -> Option<Fault> {
    let text = text.trim_end();
    let open = all_open(text);
    let close = |at: &usize| {
        text[*at..].chars().next().map(|c| {
            if c == '{' {
                " }"
            } else if c == '(' {
                ")"
            } else {
                "]"
            }
        })
    };
    let missing: String = open.iter().rev().filter_map(close).collect();
    let last = open.last()?;
    Grammar::parse(Rule::lone, &format!("{text}{missing}")).ok()?;
    let (at, end) = ((start + last) as u32, (start + text.len()) as u32);
    let message = "a bracket is still open at the end of this statement";
    let fault = Fault::error(codes::UNREADABLE, Span { file, start: end, end }, message);
    let fault = fault.also(Span { file, start: at, end: at + 1 }, "opened here");
    Some(fault.help(format!("write `{}` here", missing.trim_start())))
}

/// The last bracket of a text that nothing closes.
pub(crate) fn still_open(text: &str) -> Option<usize> {
    all_open(text).pop()
}

/// The brackets of a text that nothing closes, strings and comments left out.
fn all_open(text: &str) -> Vec<usize> {
    let mut open = Vec::new();
    for (at, _, c) in signs(text) {
        match c {
            '(' | '[' | '{' => open.push(at),
            ')' | ']' | '}' => drop(open.pop()),
            _ => {}
        }
    }
    open
}

/// What stands outside of strings and comments: each sign with its place and the one before it.
pub(crate) fn signs(text: &str) -> impl Iterator<Item = (usize, char, char)> + '_ {
    let (mut quoted, mut comment, mut last) = (false, false, ' ');
    text.char_indices().filter_map(move |(at, c)| {
        let before = std::mem::replace(&mut last, c);
        match c {
            '\n' => (quoted, comment) = (false, false),
            _ if comment => return None,
            '"' => quoted = !quoted,
            _ if quoted => return None,
            '#' if !before.is_ascii_alphabetic() => comment = true,
            _ => {}
        }
        Some((at, before, c))
    })
}

/// What the grammar would have taken, in words of the language, where that is short enough to help.
fn expected(variant: &ErrorVariant<Rule>) -> Option<String> {
    let ErrorVariant::ParsingError { positives, .. } = variant else { return None };
    // Where any value may stand, so may all that a value begins with.
    if positives.contains(&Rule::group) {
        return Some("expected a value".to_string());
    }
    let mut words: Vec<&str> = positives
        .iter()
        .filter_map(|rule| match rule {
            Rule::to | Rule::from | Rule::late => Some("an arrow"),
            Rule::expr | Rule::quantity => Some("a value"),
            Rule::braces | Rule::block => Some("braces"),
            Rule::dots => Some("`..`"),
            // Where a number may stand a name may too, which is seldom meant.
            Rule::name if positives.contains(&Rule::whole) => None,
            Rule::name | Rule::call => Some("a name"),
            Rule::entry => Some("`name: value`"),
            Rule::op => Some("an operator"),
            Rule::type_ => Some("a type: float, int, bool, str, pattern or song"),
            Rule::string => Some("a text in quotes"),
            Rule::step | Rule::steps => Some("a step"),
            Rule::whole => Some("a whole number, such as `3`"),
            _ => None,
        })
        .collect();
    words.sort_unstable();
    words.dedup();
    match words.len() {
        1..=4 => Some(format!("expected {}", words.join(", "))),
        _ => None,
    }
}

fn place(location: &InputLocation, file: u16) -> Span {
    let (start, end) = match *location {
        InputLocation::Pos(at) => (at, at),
        InputLocation::Span((start, end)) => (start, end),
    };
    Span { file, start: start as u32, end: end as u32 }
}

/// Finds the bracket that nests too deep for the parser's stack, strings and comments left out as by [`signs`]. Byte by
/// byte, for every text goes through here: what counts is ASCII.
fn too_deep(text: &str, file: u16) -> Option<Fault> {
    let (mut depth, mut angles) = (0_usize, 0_usize);
    let (mut quoted, mut comment, mut last) = (false, false, b' ');
    for (at, &c) in text.as_bytes().iter().enumerate() {
        let before = std::mem::replace(&mut last, c);
        match c {
            b'\n' => (quoted, comment) = (false, false),
            _ if comment => continue,
            b'"' => quoted = !quoted,
            _ if quoted => continue,
            b'#' if !before.is_ascii_alphabetic() => comment = true,
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b'}' => {
                depth = depth.saturating_sub(1);
                angles = if depth == 0 { 0 } else { angles };
            }
            b'<' => angles += 1,
            // A slide's `>` stands between values, an arrow's behind a dash: neither closes anything.
            b'>' if before != b'-' && before != b'~' => angles = angles.saturating_sub(1),
            b'-' if before == b'<' => angles = angles.saturating_sub(1),
            _ => {}
        }
        if depth > limits::NESTING || angles > limits::ANGLES {
            let span = Span { file, start: at as u32, end: at as u32 + 1 };
            let message = format!("brackets nest more than {} deep", limits::NESTING);
            return Some(Fault::error(codes::TOO_DEEP, span, message));
        }
    }
    None
}
