//! Slips of beginners, of phones and of word processors, in statements that cannot be read: each with exactly what to type.

use crate::build_expr::UNITS;
use crate::parse::{signs, still_open};

/// What was found, from where to where, and what is to be typed.
pub(crate) struct Slip {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// What was found.
    pub message: String,
    /// What to type.
    pub help: String,
}

pub(crate) fn slip(start: usize, end: usize, message: impl Into<String>, help: impl Into<String>) -> Option<Slip> {
    Some(Slip { start, end, message: message.into(), help: help.into() })
}

/// Words that open a statement of the whole patch.
pub(crate) const SETTINGS: &[&str] =
    &["tempo", "meter", "swing", "fade", "tail", "tuning", "swap", "mute", "solo", "reset"];

/// Signs that look like those of the language, and what to type.
const LOOK_ALIKES: &[(&str, &str)] = &[
    ("“”„‟″«»‘’‚‛′´", "\""),
    ("–—−‐‑‒―", "-"),
    ("→⟶➔➜⇒⇨", "->"),
    ("←⟵⇐⇦", "<-"),
    ("↝⇝", "~>"),
    ("♯", "#"),
    ("♭", "b"),
    ("×✕∙⋅", "*"),
    ("÷∕⁄", "/"),
    ("…", ".."),
    ("∼˜", "~"),
];

/// What explains that reading stopped at `at`, if it is one of those.
pub(crate) fn found(text: &str, at: usize) -> Option<Slip> {
    look_alike(text).or_else(|| {
        let at = at + text[at..].len() - text[at..].trim_start_matches([' ', '\t', '\r']).len();
        let place = Place { text, at, before: &text[..at], rest: &text[at..] };
        let pattern = text.trim_start().starts_with("pattern");
        let first = [Place::unit, Place::spaced_unit, Place::arrow, Place::comment, Place::setting, Place::keyword];
        let last = [Place::closed, Place::left_out, Place::definition, Place::slide];
        let found = first.iter().chain(&last).find_map(|look| look(&place));
        found.or_else(|| if pattern { None } else { place.brackets().or_else(|| place.no_colon()) })
    })
}

/// A sign that is none of the language's, outside of strings and comments.
fn look_alike(text: &str) -> Option<Slip> {
    let (at, _, c) = signs(text).find(|(_, _, c)| !c.is_ascii() || *c == '\'')?;
    let end = at + c.len_utf8();
    if c == '\'' {
        return slip(at, end, "a text stands in double quotes, not in single ones", "type `\"`");
    }
    if ('\u{ff01}'..='\u{ff5e}').contains(&c) {
        let plain = char::from_u32(c as u32 - 0xfee0).unwrap_or(' ');
        return slip(at, end, format!("`{c}` looks like `{plain}`, and is another sign"), format!("type `{plain}`"));
    }
    if matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}') {
        return slip(at, end, format!("an invisible sign stands here (U+{:04X})", c as u32), "delete it");
    }
    if c.is_whitespace() {
        let message = format!("this space is not the plain one (U+{:04X})", c as u32);
        return slip(at, end, message, "type a plain space in its place");
    }
    if let Some((_, plain)) = LOOK_ALIKES.iter().find(|(signs, _)| signs.contains(c)) {
        let arrow = *plain == "-" && text[end..].starts_with('>');
        let (end, plain) = if arrow { (end + 1, "->") } else { (end, *plain) };
        let found = &text[at..end];
        return slip(
            at,
            end,
            format!("`{found}` looks like `{plain}`, and is another sign"),
            format!("type `{plain}`"),
        );
    }
    if c.is_alphanumeric() {
        let message = format!("`{c}` cannot stand in a name");
        return slip(at, end, message, "a name is of the letters a to z, digits and `_`");
    }
    None
}

/// Where reading stopped.
pub(crate) struct Place<'a> {
    pub text: &'a str,
    pub at: usize,
    pub before: &'a str,
    pub rest: &'a str,
}

impl Place<'_> {
    /// `440 hz`, `50 %`: the unit lies behind the place, or right before it.
    fn spaced_unit(&self) -> Option<Slip> {
        let unit_of = |text: &str| -> usize {
            if text.starts_with('%') { 1 } else { text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len()) }
        };
        let found = |start: usize| -> Option<Slip> {
            let length = unit_of(&self.text[start..]);
            let (unit, behind) = (&self.text[start..start + length], &self.text[start + length..]);
            let follows = behind.trim_start_matches([' ', '\t']).chars().next();
            if !UNITS.contains(&unit.to_lowercase().as_str())
                || behind.starts_with(|c: char| c.is_alphanumeric() || c == '_')
                || matches!(follows, Some(':' | '='))
            {
                return None;
            }
            let head = self.text[..start].trim_end_matches([' ', '\t']);
            let number = head.len() - head.bytes().rev().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
            let is_number = self.text[number..head.len()].parse::<f64>().is_ok();
            let part_of_word = head[..number].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            // A sign straight before a number is part of it.
            let lead = head[..number].strip_suffix('-');
            let signed = lead.is_some_and(|lead| !lead.ends_with(|c: char| c.is_alphanumeric() || c == ')'));
            let number = number - usize::from(signed);
            if head.len() == start || !is_number || part_of_word {
                return None;
            }
            let help = format!("write `{}{unit}`, without the space", &head[number..]);
            slip(number, start + length, "a unit stands straight behind its number", help)
        };
        let word = self.before.trim_end();
        let letters = word.bytes().rev().take_while(u8::is_ascii_alphabetic).count();
        let percent = usize::from(letters == 0 && word.ends_with('%'));
        found(self.at).or_else(|| found(word.len() - letters.max(percent)))
    }

    /// `=>`, `-->`, `>`, and a scale that stands away from its arrow.
    fn arrow(&self) -> Option<Slip> {
        let part = |c: char| "-=~<>".contains(c);
        let start = self.before.trim_end_matches(part).len();
        let end = self.at + self.rest.len() - self.rest.trim_start_matches(part).len();
        let run = &self.text[start..end];
        if self.text.trim_start().starts_with("pattern") {
            return None;
        }
        if self.rest.starts_with("] ") && self.rest[1..].trim_start().starts_with("->") {
            let end = self.at + self.rest.find("->")? + 2;
            return slip(self.at, end, "a scale and its arrow stand together", "write `-[0.5]->`, without a space");
        }
        if let Some(slip) = self.scale() {
            return Some(slip);
        }
        if !run.contains(['<', '>']) || ["->", "<-", "~>"].contains(&run) {
            let open = still_open(self.before).filter(|open| self.text[*open..].starts_with('{'));
            if ["->", "<-", "~>"].contains(&run) && self.at == start && open.is_some() {
                let help = format!("write `}}` before the `{run}`");
                return slip(start, end, "a brace is still open at this arrow", help);
            }
            return None;
        }
        let plain = if run.contains('~') {
            "~>"
        } else if run.starts_with('<') {
            "<-"
        } else {
            "->"
        };
        slip(start, end, format!("`{run}` is no arrow"), format!("write `{plain}`"))
    }

    /// `// so`, `/* so`.
    fn comment(&self) -> Option<Slip> {
        let start = self.before.trim_end_matches('/').len();
        let is = |text: &str| text.starts_with("//") || text.starts_with("/*");
        let is = is(&self.text[start..]);
        if is { slip(start, start + 2, "a comment begins with `#`", "write `#`, with a space before it") } else { None }
    }

    /// `tempo: 120`, `Tempo 120`, `bpm 120`.
    fn setting(&self) -> Option<Slip> {
        let text = self.text.trim_start();
        let start = self.text.len() - text.len();
        let word = &text[..text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len())];
        let lower = word.to_lowercase();
        let right = match lower.as_str() {
            "bpm" => "tempo",
            other => SETTINGS.iter().find(|setting| **setting == other)?,
        };
        let behind = text[word.len()..].trim_start_matches([' ', '\t']);
        let value = behind.trim_start_matches([':', '=']);
        let value = value[..value.find(['\n', ';', '#']).unwrap_or(value.len())].trim();
        let here = self.at == start + text.len() - behind.len();
        if !here || right == word && value.len() == behind.trim_end().len() {
            return None;
        }
        let value = if value.is_empty() { "…" } else { value };
        let message = format!("`{right}` and its value stand side by side");
        slip(start, start + word.len() + 1, message, format!("write `{right} {value}`"))
    }

    /// `osc: Saw`, `osc := Saw`, `pattern p = …`.
    fn definition(&self) -> Option<Slip> {
        let mut words = self.text.split_whitespace();
        if let (Some(word @ ("pattern" | "song" | "section" | "curve" | "template")), Some(name)) =
            (words.next(), words.next())
            && let name = name.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or("")
            && !name.is_empty()
            && let behind = self.behind(word, name)?.trim_start()
            && behind.starts_with(|c: char| c.is_alphanumeric() || "=:.".contains(c))
        {
            let line = behind.trim_start_matches(['=', ':', ' ']);
            let steps = line[..line.find(['\n', ';', '#', '{']).unwrap_or(line.len())].trim();
            let start = self.text.len() - behind.len();
            let steps = if steps.is_empty() { "…" } else { steps };
            let help = format!("write `{word} {name} {{ {steps} }}`");
            return slip(start, start + 1, format!("what is in a {word} stands in braces"), help);
        }
        let head = self.before.trim();
        if still_open(self.before).is_some() || !self.rest.starts_with([':', '=']) {
            return None;
        }
        let length = self.rest.len() - self.rest.trim_start_matches([':', '=']).len();
        let words: Vec<&str> = head.split_whitespace().collect();
        match words[..] {
            [note] if crate::print::is_note(note) => {
                let help = format!("write a name that is no note, such as `{}`", note.to_lowercase());
                let start = self.before.len() - self.before.trim_start().len();
                slip(start, start + note.len(), format!("`{note}` is a pitch, and no name"), help)
            }
            [name] if crate::print::is_name(name) => {
                let line = self.rest[length..].trim_start_matches([' ', '\t']);
                let value = line[..line.find(['\n', ';', '#', '{', '(']).unwrap_or(line.len())].trim();
                let value = if value.is_empty() { "…" } else { value };
                slip(self.at, self.at + length, "a name is given by `=`", format!("write `{name} = {value}`"))
            }
            _ => None,
        }
    }

    /// What stands behind a word and the name that follows it.
    fn behind(&self, word: &str, name: &str) -> Option<&str> {
        let rest = &self.text[self.text.find(word)? + word.len()..];
        Some(&rest[rest.find(name)? + name.len()..])
    }

    /// What belongs into brackets, or between their members.
    fn brackets(&self) -> Option<Slip> {
        let open = still_open(self.before);
        let bracket = open.and_then(|open| self.text[open..].chars().next());
        let word =
            |text: &str| -> usize { text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len()) };
        let until = |ends: &[char]| self.rest[..self.rest.find(ends).unwrap_or(self.rest.len())].trim_end();
        match (bracket, self.rest.chars().next()?) {
            (Some('{' | '('), '=') => {
                let key = self.before.trim_end();
                let key = &key
                    [key.len() - key.bytes().rev().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count()..];
                let value = until(&[',', '}', ')', '\n', ';']).trim_start_matches('=').trim();
                let (key, value) =
                    (if key.is_empty() { "name" } else { key }, if value.is_empty() { "…" } else { value });
                let message = "in brackets a value stands behind `:`";
                slip(self.at, self.at + 1, message, format!("write `{key}: {value}`"))
            }
            (Some('{' | '('), digit) if digit.is_ascii_digit() && self.before.ends_with(',') => {
                let head = &self.before[..self.before.len() - 1];
                let whole = head.len() - head.bytes().rev().take_while(u8::is_ascii_digit).count();
                let end = word(self.rest);
                let help = format!("write `{}.{}`", &head[whole..], &self.rest[..end]);
                if whole == head.len() {
                    None
                } else {
                    slip(whole, self.at + end, "a number has a point, not a comma", help)
                }
            }
            (_, '.')
                if self.rest[1..].starts_with(|c: char| c.is_ascii_digit())
                    && self.before.ends_with([' ', ':', '[', '(']) =>
            {
                let end = 1 + word(&self.rest[1..]);
                let help = format!("write `0{}`", &self.rest[..end]);
                slip(self.at, self.at + end, "a number begins with a digit", help)
            }
            (Some('['), c) if c.is_alphanumeric() || c == '"' => {
                let open = open?;
                let inside = self.text[open + 1..].split(']').next().unwrap_or("");
                let plain = !inside.contains(['[', '(', '{', '+', '*', '/', '"', '\n']);
                let members: Vec<&str> = inside.split([',', ' ', '\t']).filter(|member| !member.is_empty()).collect();
                let help =
                    if plain { format!("write `[{}]`", members.join(", ")) } else { "write `,` between them".into() };
                slip(self.at, self.at + word(self.rest).max(1), "commas stand between the members of a list", help)
            }
            (None, c)
                if c.is_ascii_alphabetic()
                    && self.rest[word(self.rest)..].trim_start_matches([' ', '\t']).starts_with(':') =>
            {
                let head = self.before.trim_end();
                let kind = &head
                    [head.len() - head.bytes().rev().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count()..];
                let value = until(&['\n', ';', '#']);
                let value = value.split("->").next().unwrap_or(value).trim_end();
                let value = if value.contains('{') { value } else { value.trim_end_matches([' ', '}']) };
                let is_type = kind.starts_with(|c: char| c.is_ascii_uppercase());
                let help = format!("write `{kind} {{ {value} }}`");
                if is_type {
                    slip(self.at, self.at + word(self.rest), "parameters stand in braces", help)
                } else {
                    None
                }
            }
            (_, '"') if !self.rest[1..].split('\n').next().unwrap_or("").contains('"') => {
                slip(self.at, self.at + 1, "a text is not closed on its line", "write `\"` behind it")
            }
            _ => None,
        }
    }
}
