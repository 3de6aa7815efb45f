//! Slips of what is left out, in statements that cannot be read: a brace, quotes, the ports of a template.

use crate::build::port_word;
use crate::parse::signs;
use crate::slips::{Place, Slip, slip};

impl Place<'_> {
    /// What is left out, if it is one of these.
    pub(crate) fn left_out(&self) -> Option<Slip> {
        self.quotes().or_else(|| self.braces()).or_else(|| self.ports()).or_else(|| self.opening())
    }

    /// `include lib.patches`.
    fn quotes(&self) -> Option<Slip> {
        let path = self.text.strip_prefix("include ")?.lines().next()?.trim().trim_matches(['"', '\'']);
        let start = self.text.find(path)?;
        let plain = !path.is_empty() && !path.contains([' ', '"', '=', ';']);
        let help = format!("write `include \"{path}\"`");
        if plain { slip(start, start + path.len(), "the file of an include stands in quotes", help) } else { None }
    }

    /// `template v(a: int)`, `pattern p`, with a body in the lines behind or with none.
    fn braces(&self) -> Option<Slip> {
        const WORDS: &[&str] = &["template", "song", "for", "patch", "pattern", "section", "curve"];
        let word = self.text.split_whitespace().next().filter(|word| WORDS.contains(word))?;
        let mut depth = 0;
        let end = signs(self.text).find_map(|(at, _, c)| {
            depth += i32::from(matches!(c, '(' | '[')) - i32::from(matches!(c, ')' | ']'));
            (matches!(c, '{' | '}') || c == '\n' && depth <= 0).then_some(at)
        });
        let end = end.unwrap_or(self.text.len());
        let head = self.text[..end].trim_end();
        if self.text[end..].starts_with(['{', '}']) || depth > 0 || head.len() <= word.len() {
            return None;
        }
        let name = head[word.len()..].trim();
        let (name, behind) =
            name.split_at(name.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(name.len()));
        let fits = match word {
            "for" => behind.trim_start().starts_with("in "),
            "template" | "song" => behind.is_empty() || behind.starts_with('(') && behind.ends_with(')'),
            _ => behind.is_empty(),
        };
        if name.is_empty() || !fits {
            return None;
        }
        let message = format!("what is in this `{word}` stands in braces, which open on its line");
        slip(head.len(), head.len(), message, "write `{` here, and `}` behind the last line")
    }

    /// `ot: left`, in a template.
    fn ports(&self) -> Option<Slip> {
        let port = port_word(self.text)?;
        let (word, names) = self.text.split_once([':', ' '])?;
        let names = names.lines().next().unwrap_or("").trim_matches([' ', ':']);
        let colon = self.text[word.len()..].trim_start().starts_with(':');
        if colon && word == port || names.is_empty() {
            return None;
        }
        slip(
            0,
            word.len(),
            format!("the ports of a template stand behind `{port}:`"),
            format!("write `{port}: {names}`"),
        )
    }

    /// `frequency: 440Hz }`, where the module it is for has no brace behind it.
    fn opening(&self) -> Option<Slip> {
        let mut open = 0;
        let closes = signs(self.text).any(|(.., c)| {
            open += i32::from(c == '{') - i32::from(c == '}');
            open < 0
        });
        let word = self.text.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
        let help = "write `{` in front of it, behind the module it is for";
        if closes && self.text[word..].trim_start().starts_with(':') {
            slip(0, word, "what is set stands in braces, and none opens here", help)
        } else {
            None
        }
    }
}
