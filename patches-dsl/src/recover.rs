//! What cannot be read costs itself only: where such a statement ends, though no rule of the grammar says so.
//!
//! The grammar finds the lines that no statement begins with. Each of these is taken with all that belongs to it: lines
//! that go on with its chain, what stands in its brackets, the body behind a broken head. All of it is blanked, byte for
//! byte, and the text is read again, so that what stands before and behind it is read as if it were not there. Whether a
//! brace is missing is told by counting those of the whole text, and where a block without an end stops by its indent.

use crate::build::maybe_declared;
use crate::fault::{Fault, codes};
use crate::hash::HashMap;
use crate::nodes::{Bad, Nodes};
use crate::parse::{Rule, cannot_stand, nodes, signs, why_unreadable};
use patches_core::graph::Span;
use std::sync::Arc;

/// What stands in the place of a statement that cannot be read; the grammar reads it as such.
const MARK: &str = "\u{1}";

/// How often a text is read again. What only shows once something else is blanked is rare.
const ROUNDS: usize = 16;

/// A text in which every statement that cannot be read is blanked.
pub(crate) struct Recovered<'a> {
    /// The text as it was.
    original: &'a str,
    /// The text, as long as it was.
    pub text: String,
    /// What it is made of.
    pub nodes: Nodes,
    /// Why what is blanked cannot be read.
    pub faults: Vec<Fault>,
    /// Where a blanked statement ends and what it may have declared, by where it begins.
    pub names: HashMap<u32, (u32, Vec<Arc<str>>)>,
    file: u16,
    /// Closing braces without an opening one; negative where opening ones have no closing one.
    spare: i64,
    /// Braces left open by statements that are blanked: what closes them later is no fault of its own.
    left_open: i64,
    /// Where statements with braces begin that are blanked.
    braced: Vec<usize>,
}

/// Reads a text of which some statements cannot be read.
pub(crate) fn recover(original: &str, file: u16, found: Nodes) -> Recovered<'_> {
    let (names, text) = (HashMap::default(), original.to_string());
    let mut all = Recovered {
        original,
        text,
        nodes: found,
        faults: Vec::new(),
        names,
        file,
        spare: 0,
        left_open: 0,
        braced: vec![],
    };
    for _ in 0..ROUNDS {
        let mut bad = all.nodes.bad();
        bad.retain(|bad| !all.names.contains_key(&(bad.start as u32)));
        bad.sort_by_key(|bad| bad.start);
        all.spare = -balance(&all.text);
        // What is closed or not is known once all that may hold braces is blanked.
        if bad.is_empty() || !(all.cut(&bad) || all.statements(&bad) || all.blocks(&bad) || all.strays(&bad)) {
            break;
        }
        // What takes too long to be read has its faults, and nothing else.
        all.nodes = nodes(&all.text).unwrap_or_default();
    }
    all
}

/// Opening braces less closing ones.
fn balance(text: &str) -> i64 {
    signs(text).map(|(.., c)| i64::from(c == '{') - i64::from(c == '}')).sum()
}

impl Recovered<'_> {
    /// Blanks a block, or a statement, that a brace too many cuts in two, so that it goes on behind that; false where there
    /// is none, or where something cannot be read before.
    fn cut(&mut self, bad: &[Bad]) -> bool {
        let Some(stray) = bad.iter().find(|bad| bad.rule == Rule::stray).map(|bad| bad.start) else { return false };
        let line = self.text[..stray].rfind(['\n', ';']).map_or(0, |end| end + 1);
        let block = self.nodes.before(stray).filter(|(start, end)| {
            let (own, between) = (indent_at(&self.text, *start), &self.text[*end..stray]);
            let mut lines = between.split('\n').skip(1);
            !between.trim().is_empty() && lines.all(|line| line.trim().is_empty() || indent(line) > own)
        });
        let (start, brace, end) = match block {
            Some((start, end)) => (start, end - 1, stray + 1),
            None => (line + indent(&self.text[line..]), stray, stray + 1),
        };
        let behind = self.text[end..].trim_start_matches([' ', '\t']);
        let inside = start < stray && !behind.is_empty() && !behind.starts_with(['\n', ';', '#']);
        let readable = bad.iter().all(|bad| bad.rule == Rule::stray || bad.start >= brace.min(stray));
        if !readable || block.is_none() && !inside {
            return false;
        }
        let span = |at: usize| Span { file: self.file, start: at as u32, end: at as u32 + 1 };
        let fault = |message: &str| Fault::error(codes::STRAY_BRACE, span(brace), message);
        let (fault, end) = match block {
            Some(_) => {
                let fault = fault("this `}` closes a block that goes on behind it");
                (fault.also(span(stray), "nothing is left to close here").help("take one of both away"), end)
            }
            None => (fault("this `}` closes nothing"), self.statement_end(end)),
        };
        self.faults.push(fault);
        self.blank(start, end);
        true
    }

    /// Blanks statements that cannot be read; false where there was none.
    fn statements(&mut self, bad: &[Bad]) -> bool {
        let unclosed = bad.iter().any(|bad| bad.rule == Rule::unclosed);
        let mut behind = None;
        for Bad { start, in_song, .. } in bad.iter().filter(|bad| bad.rule == Rule::unreadable) {
            if behind.is_some_and(|behind| *start < behind) {
                continue;
            }
            let (spare, left_open) = (self.spare, self.left_open);
            let end = self.end(*start);
            let statement = &self.text[*start..end];
            let mut fault = match why_unreadable(statement, *start, self.file) {
                Some(fault) => fault,
                // What follows a song that is not closed is no part of it.
                None if *in_song && unclosed => {
                    (self.spare, self.left_open) = (spare, left_open);
                    continue;
                }
                None => cannot_stand(statement, *start, self.file),
            };
            if *in_song && fault.help.is_none() {
                fault = fault.help("a song holds sections, patterns, `play` and `@loop`");
            }
            self.faults.push(fault);
            self.braced.extend(statement.contains('{').then_some(*start));
            self.blank(*start, end);
            behind = Some(end);
            // Where a brace too many or too few was taken along, all that follows stands elsewhere than it seemed.
            if self.spare != spare {
                break;
            }
        }
        behind.is_some()
    }

    /// Blanks blocks that are not closed.
    fn blocks(&mut self, bad: &[Bad]) -> bool {
        let mut behind = None;
        for Bad { start, .. } in bad.iter().filter(|bad| bad.rule == Rule::unclosed) {
            if behind.is_some_and(|behind| *start < behind) {
                continue;
            }
            let Some(brace) = opening(&self.text[*start..]).map(|at| start + at) else { continue };
            // The statements of a `patch` mean the same without it.
            let patch = first_word(&self.text[*start..]) == "patch";
            let end = if patch { brace + 1 } else { indented(&self.text, *start, Some(brace)) };
            // Where a statement in it has braces and cannot be read, the one that is too many may be its.
            if !self.braced.iter().any(|open| (*start..end).contains(open)) {
                let span = Span { file: self.file, start: brace as u32, end: brace as u32 + 1 };
                let fault = Fault::error(codes::UNCLOSED, span, "this block is still open at the end of the file");
                self.faults.push(fault.help("close it with `}`"));
            }
            self.blank(*start, end);
            behind = Some(end);
        }
        behind.is_some()
    }

    /// Blanks braces that close nothing.
    fn strays(&mut self, bad: &[Bad]) -> bool {
        for Bad { start, .. } in bad.iter().filter(|bad| bad.rule == Rule::stray) {
            if self.left_open > 0 {
                self.left_open -= 1;
            } else {
                let span = Span { file: self.file, start: *start as u32, end: *start as u32 + 1 };
                self.faults.push(Fault::error(codes::STRAY_BRACE, span, "this `}` closes nothing"));
            }
            // A sign that ends a statement, as the brace did.
            self.text.replace_range(*start..start + 1, ";");
        }
        bad.iter().any(|bad| bad.rule == Rule::stray)
    }

    fn blank(&mut self, start: usize, end: usize) {
        // What is blank in the text may be the middle of a sign in the original.
        let end = (end..).find(|end| self.original.is_char_boundary(*end)).unwrap_or(end);
        self.names.insert(start as u32, (end as u32, maybe_declared(&self.original[start..end])));
        self.text.replace_range(start..end, &format!("{MARK}{}", " ".repeat(end - start - MARK.len())));
    }

    /// Where a statement ends that begins here.
    fn end(&mut self, start: usize) -> usize {
        let text = self.text[start..].trim_start_matches(['{', '(', '[']);
        let block = matches!(first_word(text), "template" | "patch" | "for" | "song");
        let end = if block { self.block_end(start) } else { self.statement_end(start) };
        // Other blanks than these are signs that cannot be read.
        start + self.text[start..end].trim_end_matches([' ', '\t', '\r', '\n']).len().max(1)
    }

    /// The same of one that is no block.
    fn statement_end(&mut self, start: usize) -> usize {
        let text = &self.text[start..];
        let (mut open, mut last, mut end) = (Vec::new(), ' ', text.len());
        for (at, before, c) in signs(text) {
            match c {
                '\n' | ';' => {
                    let next = next_code(&text[at + 1..]);
                    if !goes_on(c, last, next, &open, self.spare) {
                        end = at;
                        break;
                    }
                }
                '(' | '[' | '{' => open.push(c),
                ')' | ']' => drop(open.pop_if(|open| matches!((*open, c), ('(', ')') | ('[', ']')))),
                '}' => match open.iter().rposition(|open| *open == '{') {
                    Some(brace) => {
                        open.truncate(brace);
                        let next = text[at + 1..].trim_start_matches([' ', '\t']);
                        if open.is_empty() && declares(next) {
                            end = at + 1;
                            break;
                        }
                    }
                    None if self.spare > 0 || begins_with_arrow(next_code(&text[at + 1..])) => self.spare -= 1,
                    None => {
                        end = at;
                        break;
                    }
                },
                _ => {}
            }
            // The `>` of a parameter is no arrow.
            let c = if c == '>' && !matches!(before, '-' | '~') { ')' } else { c };
            last = if c.is_whitespace() { last } else { c };
        }
        let left = open.iter().filter(|open| **open == '{').count() as i64;
        self.spare += left;
        self.left_open += left;
        start + end
    }

    /// The same of one that is a block with a broken head: its body goes with it.
    fn block_end(&mut self, start: usize) -> usize {
        let text = &self.text[start..];
        let (mut open, mut begun, mut headless) = (Vec::new(), false, false);
        for (at, _, c) in signs(text) {
            match c {
                '(' | '[' | '{' => {
                    begun |= c == '{';
                    open.push(c);
                }
                ')' | ']' => drop(open.pop_if(|open| matches!((*open, c), ('(', ')') | ('[', ']')))),
                '}' => match open.iter().rposition(|open| *open == '{') {
                    Some(brace) => {
                        open.truncate(brace);
                        if !headless && !open.contains(&'{') {
                            return start + at + 1;
                        }
                    }
                    // Before its body there is nothing to close.
                    None if self.spare > 0 && !begun && !headless => self.spare -= 1,
                    None if self.spare > 0 => {
                        self.spare -= 1;
                        return start + at + 1;
                    }
                    None => return start + at,
                },
                '\n' if !begun && !headless => {
                    let next = next_code(&text[at + 1..]);
                    let listed = !open.is_empty() && !begins_statement(next, true);
                    // Its body stands in the lines behind, without the brace that opens it.
                    headless = !listed && !next.starts_with('{') && self.spare > 0;
                    if !(listed || headless || next.starts_with('{')) {
                        break;
                    }
                }
                _ => {}
            }
        }
        self.spare += i64::from(begun);
        indented(&self.text, start, None)
    }
}

/// Whether a statement that cannot be read goes on behind the end of a line, or a `;`.
fn goes_on(c: char, last: char, next: &str, open: &[char], spare: i64) -> bool {
    if next.is_empty() {
        return false;
    }
    if !open.is_empty() {
        // Where no brace is missing, the one that is open will be closed.
        return open.contains(&'{') && spare >= 0 || !begins_statement(next, true);
    }
    let joined = "+-*/,>".contains(last) || next.starts_with('{') || begins_with_arrow(next);
    c == '\n' && (joined || spare > 0 && !begins_statement(next, false))
}

/// What follows in the next line that is neither empty nor a comment.
fn next_code(text: &str) -> &str {
    let mut rest = text.trim_start();
    while rest.starts_with('#') {
        rest = rest.find('\n').map_or("", |end| rest[end..].trim_start());
    }
    rest
}

fn first_word(text: &str) -> &str {
    let word = &text[..text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '@')).unwrap_or(text.len())];
    let behind = text[word.len()..].trim_start_matches([' ', '\t']);
    // Nothing that has one of these behind its first word is a keyword's statement.
    let begins = behind.is_empty() || behind.starts_with(|c: char| c.is_alphanumeric() || "_{(\"[<-'`".contains(c));
    if !begins || begins_with_arrow(behind) { "" } else { word }
}

pub(crate) fn begins_with_arrow(text: &str) -> bool {
    ["->", "-[", "<-", "~>", "~["].iter().any(|arrow| text.starts_with(arrow))
}

/// Whether a line looks like the beginning of a statement, and not like what stands in braces.
fn begins_statement(text: &str, in_brackets: bool) -> bool {
    let line = text.lines().next().unwrap_or("");
    if declares(line) {
        return true;
    }
    if behind_name(line).is_some_and(|behind| behind.starts_with(':')) {
        return !in_brackets && (line.starts_with("in") || line.starts_with("out"));
    }
    let arrow = line.contains("->") || line.contains("~>") || line.contains("<- ");
    arrow && !begins_with_arrow(line) && !line.starts_with(['}', ')', ']', '@'])
}

/// Whether a keyword's statement or a definition begins here.
fn declares(text: &str) -> bool {
    const WORDS: &[&str] =
        &["template", "patch", "for", "song", "section", "pattern", "curve", "module", "include", "play", "@loop"];
    let word = first_word(text);
    WORDS.contains(&word)
        || crate::slips::SETTINGS.contains(&word)
        || behind_name(text).is_some_and(|behind| behind.starts_with('='))
}

/// What stands behind the name that a text begins with.
fn behind_name(text: &str) -> Option<&str> {
    let behind = text.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
    (behind.len() < text.len()).then(|| behind.trim_start_matches([' ', '\t']))
}

/// The brace that opens a block, of the statement that begins here.
fn opening(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, _, c) in signs(text) {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '{' if depth <= 0 => return Some(at),
            _ => {}
        }
    }
    None
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

/// How far the line stands in that a place is in.
fn indent_at(text: &str, at: usize) -> usize {
    indent(&text[text[..at].rfind('\n').map_or(0, |end| end + 1)..])
}

/// Where a block ends that is not closed: behind the lines that stand further in than it. Where none does, it goes on to the end
/// of the file, if nothing stands behind its brace.
fn indented(text: &str, start: usize, brace: Option<usize>) -> usize {
    let own = indent_at(text, start);
    let head = brace.unwrap_or(start);
    let first = head + text[head..].find('\n').unwrap_or(text.len() - head);
    let (mut end, mut at) = (first, first);
    for line in text[first..].split_inclusive('\n') {
        at += line.len();
        if line.trim().is_empty() {
            continue;
        }
        if indent(line) <= own {
            let closing = line.trim_start().starts_with('}').then(|| line.find('}')).flatten();
            end = closing.map_or(end, |brace| at - line.len() + brace + 1);
            break;
        }
        end = at;
    }
    let bare = brace.is_some_and(|brace| next_code(&text[brace + 1..first]).is_empty());
    let end = if end == first && bare { text.len() } else { end };
    start + text[start..end].trim_end_matches([' ', '\t', '\r', '\n']).len()
}
