//! One layout for a text, comments kept.
//!
//! The text is taken apart into words, signs, comments and line ends and put together again with the same of them on the
//! same lines: only white space changes. What must not hang together or apart (`x:0.8`, `osc.saw`, `-6dB`) stays as it
//! is written, and what is lined up in patterns and songs stays [so](crate::columns). If the tree of the new text were another one, the text stays as it was.

use crate::columns::{self, Scan};
use crate::nodes::P;
use crate::parse::{Rule, nodes, parse};

/// The text in the one layout. A text that cannot be read stays as it is.
pub fn format(text: &str) -> String {
    let before = parse(text, 0);
    if !before.faults.is_empty() {
        return text.to_string();
    }
    let laid_out = layout(&parted(text));
    let after = parse(&laid_out, 0);
    // The layout is only ever white space, but white space has a meaning here and there; and what would be laid out
    // another way next time is not laid out.
    let same = after.faults.is_empty() && after.to_string() == before.to_string() && layout(&laid_out) == laid_out;
    if same { laid_out } else { text.to_string() }
}

/// The text with a space on both sides of every arrow and behind every colon of a value.
fn parted(text: &str) -> String {
    let Ok(nodes) = nodes(text) else { return text.to_string() };
    let mut places = Vec::new();
    if let Some(file) = nodes.first(text) {
        gaps(file, text, &mut places);
    }
    places.sort_unstable();
    places.dedup();
    let (mut out, mut done) = (String::with_capacity(text.len() + places.len()), 0);
    for place in places {
        let bare = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace());
        out.push_str(&text[done..place]);
        if bare(text[..place].chars().next_back()) && bare(text[place..].chars().next()) {
            out.push(' ');
        }
        done = place;
    }
    out.push_str(&text[done..]);
    out
}

/// Where a space belongs in a part of a text.
fn gaps(part: P<'_>, text: &str, places: &mut Vec<usize>) {
    match part.as_rule() {
        Rule::to | Rule::from | Rule::late => places.extend([part.start() as usize, part.end() as usize]),
        Rule::entry | Rule::given | Rule::decl => {
            let label = |part: &P<'_>| matches!(part.as_rule(), Rule::name | Rule::index | Rule::int | Rule::size);
            let end = part.into_inner().take_while(label).last().map_or(part.start(), |last| last.end()) as usize;
            let behind = text[end..].find(':').map(|colon| end + colon + 1);
            places.extend(behind.filter(|_| text[end..].trim_start_matches([' ', '\t', ']']).starts_with(':')));
        }
        _ => {}
    }
    part.into_inner().for_each(|inner| gaps(inner, text, places));
}

/// Columns that a bracket indents.
const INDENT: usize = 4;

/// A line of the new text: code in its columns, or none, and a comment.
struct Line {
    /// Number of its row of code.
    row: Option<usize>,
    indent: usize,
    comment: String,
    /// An empty line stands before it.
    parted: bool,
}

fn layout(text: &str) -> String {
    let (mut rows, mut lines) = (Vec::new(), Vec::new());
    let (mut depth, mut scan) = (Vec::new(), Scan::default());
    let mut blank = false;
    let mut goes_on = false;
    for line in text.lines() {
        if line.trim().is_empty() {
            blank = true;
            continue;
        }
        let (written, comment) = split_comment(line.trim_end());
        let code = spaced(written.trim());
        let closing = code.chars().take_while(|c| matches!(c, '}' | ')' | ']' | ' ')).filter(|c| *c != ' ').count();
        let level = depth.len() - closing.min(depth.len());
        let arrow = ["->", "-[", "<-", "~>", "~["].iter().any(|arrow| code.starts_with(arrow));
        let operator = code.starts_with(['+', '*', '/']) || code.starts_with("- ");
        let hang = usize::from((arrow || operator || goes_on) && !code.is_empty());
        nest(&code, &mut depth);
        if !code.is_empty() {
            goes_on = depth.is_empty() && code.ends_with([',', '+', '*', '/', '>']) || code.ends_with("->");
        }
        let indent = INDENT * (level + hang);
        // One empty line parts what several parted; none stands at the beginning.
        let parted = blank && !lines.is_empty();
        blank = false;
        let row = (!code.is_empty()).then(|| {
            rows.push(scan.row(written, code, indent));
            rows.len() - 1
        });
        lines.push(Line { row, indent, comment: comment.trim_end().to_string(), parted });
    }
    columns::align(&mut rows);
    let mut out = String::with_capacity(text.len());
    for line in lines {
        if line.parted {
            out.push('\n');
        }
        let (indent, code) = line.row.map_or((line.indent, ""), |row| (rows[row].indent, &*rows[row].text));
        out.push_str(&" ".repeat(indent));
        out.push_str(code);
        if !line.comment.is_empty() {
            out.push_str(if code.is_empty() { "" } else { "  " });
            out.push_str(&line.comment);
        }
        out.push('\n');
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
