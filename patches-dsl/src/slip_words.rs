//! Slips in words, units and brackets, in statements that cannot be read. Part of [`crate::slips`].

use crate::build_expr::UNITS;
use crate::fault::nearest;
use crate::flat::Function;
use crate::parse::still_open;
use crate::slips::{Place, Slip, slip};

/// How the statements are written that begin with a word of their own.
pub(crate) const KEYWORDS: &[(&str, &str)] = &[
    ("tempo", "tempo 126"),
    ("meter", "meter 7/8"),
    ("swing", "swing 56%"),
    ("fade", "fade 40ms"),
    ("tail", "tail 4s"),
    ("tuning", "tuning 442Hz"),
    ("swap", "swap on bar"),
    ("mute", "mute kick"),
    ("solo", "solo bass"),
    ("reset", "reset lead"),
    ("include", "include \"drums.patches\""),
    ("template", "template voice { in: pitch; out: audio; … }"),
    ("pattern", "pattern line { C2 . G1 ~ }"),
    ("section", "section verse { line, beat }"),
    ("song", "song tune(bass, drums) { … }"),
    ("play", "play verse, chorus"),
    ("curve", "curve sweep { 0: 200Hz, 4bars: 2kHz }"),
    ("for", "for i in 1..4 { … }"),
    ("module", "module osc : Osc"),
    ("patch", "patch { … }"),
];

/// The units as they are written.
const WRITTEN: [&str; 13] = ["Hz", "kHz", "oct", "st", "ct", "ms", "s", "min", "dB", "bpm", "beats", "bars", "beat"];

/// Other words for units.
const ALSO: &[(&str, &str)] = &[
    ("sec", "s"),
    ("secs", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("msec", "ms"),
    ("msecs", "ms"),
    ("millis", "ms"),
    ("semi", "st"),
    ("semis", "st"),
    ("semitone", "st"),
    ("semitones", "st"),
    ("cent", "ct"),
    ("cents", "ct"),
    ("octave", "oct"),
    ("octaves", "oct"),
    ("hertz", "Hz"),
    ("minute", "min"),
    ("minutes", "min"),
    ("percent", "%"),
];

impl Place<'_> {
    /// `440Hzz`, `2octaves`: letters behind a number that are no unit.
    pub fn unit(&self) -> Option<Slip> {
        let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let start = self.before.trim_end_matches(part).len();
        let whole = &self.text[start..];
        let whole = &whole[..whole.find(|c: char| !part(c)).unwrap_or(whole.len())];
        let digits = whole.find(|c: char| c.is_ascii_alphabetic())?;
        let (number, unit) = whole.split_at(digits);
        let known = number.parse::<f64>().is_err() || UNITS.contains(&unit.to_lowercase().as_str());
        if known || !unit.chars().all(|c| c.is_ascii_alphabetic()) {
            return None;
        }
        if self.text[start + whole.len()..].trim_start_matches([' ', '\t']).starts_with('=') {
            let help = format!("a name begins with a letter: write `{unit}{number} = …`");
            return slip(start, start + whole.len(), format!("`{whole}` begins with a digit"), help);
        }
        // A sign straight before a number is part of it.
        let head = self.text[..start].strip_suffix(['-', '+']).unwrap_or(&self.text[..start]);
        let signed = head.is_empty() || head.ends_with(|c: char| c.is_whitespace() || "[({:,=".contains(c));
        let start = if signed { head.len() } else { start };
        let number = &self.text[start..start + self.text[start..].find(unit)?];
        let also = ALSO.iter().find(|(word, _)| unit.eq_ignore_ascii_case(word)).map(|(_, unit)| *unit);
        let help = match also.or_else(|| nearest(unit, WRITTEN)) {
            Some(near) => format!("did you mean `{number}{near}`?"),
            None => format!("the units are `{}`", WRITTEN[..12].join("` `")),
        };
        slip(start, start + number.len() + unit.len(), format!("no unit `{unit}`"), help)
    }

    /// `patern p { … }`, `swap on bra`: a keyword that is none.
    pub fn keyword(&self) -> Option<Slip> {
        let text = self.text.trim_start();
        let start = self.text.len() - text.len();
        let word = &text[..text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len())];
        if word == "swap" {
            let line = text[..text.find(['\n', ';', '#']).unwrap_or(text.len())].trim_end();
            let last = line.rsplit(' ').next().and_then(|last| nearest(last, ["now", "on beat", "bar", "beat"]));
            let near = match last {
                Some("now") => "now",
                Some("beat" | "on beat") => "on beat",
                _ => "on bar",
            };
            let message = "a swap lands `now`, `on beat`, `on bar` or `on 4bars`";
            return slip(self.at, start + line.len().max(self.at - start), message, format!("write `swap {near}`"));
        }
        let behind = start + text.len() - text[word.len()..].trim_start_matches([' ', '\t']).len();
        let follows = self.rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '"');
        if word.is_empty() || behind != self.at || !follows {
            return None;
        }
        let near = nearest(word, KEYWORDS.iter().map(|(word, _)| *word))?;
        let (_, form) = KEYWORDS.iter().find(|(word, _)| *word == near)?;
        let help = format!("did you mean `{near}`, as in `{form}`?");
        slip(start, start + word.len(), format!("no statement begins with `{word}`"), help)
    }

    /// `[C4 E4}`: a bracket that closes another.
    pub fn closed(&self) -> Option<Slip> {
        let found = self.rest.chars().next().filter(|c| ")]}".contains(*c))?;
        let open = self.text[still_open(self.before)?..].chars().next()?;
        let right = match open {
            '(' => ')',
            '[' => ']',
            _ => '}',
        };
        if found == right {
            return None;
        }
        let message = format!("`{found}` does not close a `{open}`");
        slip(self.at, self.at + 1, message, format!("write `{right}`"))
    }

    /// `slide(8, C2)`.
    pub fn slide(&self) -> Option<Slip> {
        let open = still_open(self.before)?;
        let start = self.before[..open].trim_end().strip_suffix("slide")?.len();
        let help = "write `slide(8, C2, C4)`: so many steps, from here, to there";
        slip(start, self.at + 1, "`slide` takes three values", help)
    }

    /// `~[0.3]-> b`, `a -[0.5] b`: a scale that ends as no arrow does, or another.
    pub fn scale(&self) -> Option<Slip> {
        let open = still_open(self.before)?;
        let (head, scale) = (&self.before[..open], self.before[open..].trim_end());
        let arrow = match head.trim_end().chars().next_back()? {
            _ if !self.rest.starts_with(']') || scale == "[" => return None,
            '~' => ("~", "~>"),
            '-' if head.trim_end().ends_with("<-") => ("<-", "-"),
            '-' => ("-", "->"),
            _ => return None,
        };
        let end = self.at + self.rest.len() - self.rest[1..].trim_start_matches(['-', '~', '>', '<']).len();
        let start = head.trim_end().len() - arrow.0.len();
        let message = "an arrow with a scale is not ended";
        slip(start, end, message, format!("write `{}{scale}]{}`", arrow.0, arrow.1))
    }

    /// `{ pitch 110Hz }`, `{ pitch }`: what is set without its colon.
    pub fn no_colon(&self) -> Option<Slip> {
        let open = still_open(self.before)?;
        let (braces, head) = (self.text[open..].starts_with('{'), self.before.trim_end());
        let word = |text: &str| text.bytes().rev().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        let start = head.len() - word(head);
        let key = Some(&head[start..]).filter(|key| crate::print::is_name(key))?;
        let before = self.text[..open].trim_end();
        let called = &before[before.len() - word(before)..];
        if !braces && (!self.text[open..].starts_with('(') || Function::named(called).is_some() || called == "file") {
            return None;
        }
        let ends = self.rest.starts_with(['}', ',']) && braces;
        let follows = self.rest.starts_with(|c: char| c.is_ascii_alphanumeric() || "\"-+[<(".contains(c));
        if !(ends || follows && head.len() < self.before.len()) {
            return None;
        }
        let line = self.rest[..self.rest.find([',', '}', ')', '\n', ';', '#']).unwrap_or(self.rest.len())].trim_end();
        // Where another follows without a comma, its name is no part of the value.
        let value = if line.contains(':') { line.split(' ').next().unwrap_or(line) } else { line };
        let value = if value.is_empty() { "…" } else { value };
        slip(
            start,
            head.len(),
            format!("a `:` stands between `{key}` and its value"),
            format!("write `{key}: {value}`"),
        )
    }
}
