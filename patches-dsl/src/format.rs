//! One layout for a text, comments kept.
//!
//! The text is taken apart into words, signs, comments and line ends and put together again with the same of them on the
//! same lines: only white space changes. What must not hang together or apart (`x:0.8`, `osc.saw`, `-6dB`) stays as it
//! is written. If the tree of the new text were another one, the text stays as it was.

use crate::parse::parse;

/// The text in the one layout. A text that cannot be read stays as it is.
pub fn format(text: &str) -> String {
    let before = parse(text, 0);
    if !before.faults.is_empty() {
        return text.to_string();
    }
    let laid_out = layout(text);
    let after = parse(&laid_out, 0);
    // The layout is only ever white space, but white space has a meaning here and there; and what would be laid out
    // another way next time is not laid out.
    let same = after.faults.is_empty() && after.to_string() == before.to_string() && layout(&laid_out) == laid_out;
    if same { laid_out } else { text.to_string() }
}

/// Columns that a bracket indents.
const INDENT: usize = 4;

fn layout(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut depth = Vec::new();
    let mut blank = 0;
    let mut goes_on = false;
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty() {
            blank += 1;
            continue;
        }
        // One empty line parts what several parted; none stands at the beginning.
        if blank > 0 && !out.is_empty() {
            out.push('\n');
        }
        blank = 0;
        let (code, comment) = split_comment(line);
        let code = spaced(code.trim_end());
        let closing = code.chars().take_while(|c| matches!(c, '}' | ')' | ']' | ' ')).filter(|c| *c != ' ').count();
        let level = depth.len() - closing.min(depth.len());
        let arrow = ["->", "-[", "<-", "~>", "~["].iter().any(|arrow| code.starts_with(arrow));
        let operator = code.starts_with(['+', '*', '/']) || code.starts_with("- ");
        let hang = usize::from((arrow || operator || goes_on) && !code.is_empty());
        out.push_str(&" ".repeat(INDENT * (level + hang)));
        out.push_str(&code);
        if !comment.is_empty() {
            if !code.is_empty() {
                out.push_str("  ");
            }
            out.push_str(comment.trim_end());
        }
        out.push('\n');
        nest(&code, &mut depth);
        if !code.is_empty() {
            goes_on = depth.is_empty() && code.ends_with([',', '+', '*', '/', '=', '>']) || code.ends_with("->");
        }
    }
    out
}

/// Opens and closes the brackets of a line. Several that open on one line indent once.
fn nest(code: &str, depth: &mut Vec<char>) {
    let mut quoted = false;
    for c in code.chars() {
        match c {
            '"' | '`' => quoted = !quoted,
            _ if quoted => {}
            '{' | '(' | '[' => depth.push(c),
            '}' | ')' | ']' => drop(depth.pop()),
            _ => {}
        }
    }
}

/// A line's code and its comment: a `#` that stands neither in quotes nor straight behind a letter.
fn split_comment(line: &str) -> (&str, &str) {
    let (mut quoted, mut before) = (false, ' ');
    for (at, c) in line.char_indices() {
        match c {
            '"' | '`' => quoted = !quoted,
            '#' if !quoted && !before.is_ascii_alphabetic() => return line.split_at(at),
            _ => {}
        }
        before = c;
    }
    (line, "")
}

/// A line of code with one space where there were several, one inside braces, one behind a comma.
fn spaced(code: &str) -> String {
    let mut out = String::with_capacity(code.len() + 8);
    let mut chars = code.chars().peekable();
    let mut quoted: Option<char> = None;
    while let Some(c) = chars.next() {
        if let Some(end) = quoted {
            out.push(c);
            quoted = if c == end { None } else { quoted };
            continue;
        }
        match c {
            '"' | '`' => {
                quoted = Some(c);
                out.push(c);
            }
            ' ' | '\t' | '\r' => {
                let next = chars.peek();
                let wanted = !out.is_empty()
                    && !out.ends_with([' ', '('])
                    && !matches!(next, None | Some(' ' | '\t' | '\r' | ',' | ')' | ';'));
                if wanted {
                    out.push(' ');
                }
            }
            '{' | ',' | ';' => {
                if c == '{' && !out.is_empty() && !out.ends_with([' ', '(', '[']) {
                    out.push(' ');
                }
                out.push(c);
                // No space stands before these, so none is put there.
                if !matches!(chars.peek(), None | Some(' ' | '\t' | '\r' | '}' | ',' | ')' | ';')) {
                    out.push(' ');
                }
            }
            '=' => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
                out.push(c);
                if !matches!(chars.peek(), None | Some(' ' | '\t')) {
                    out.push(' ');
                }
            }
            '}' => {
                if !out.is_empty() && !out.ends_with([' ', '{']) {
                    out.push(' ');
                }
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out.trim_end().to_string()
}
