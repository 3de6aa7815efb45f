//! What is lined up in patterns, sections and songs stays so when a text is laid out.
//!
//! Two words of neighbouring lines are lined up if they began in the same column and at least one of them would not have
//! without white space put there for it. Such words get one column again, as far to the left as all of them can stand.

use crate::hash::HashMap;

/// Words before a brace that holds patterns and rows of them.
const SCORES: [&str; 4] = ["pattern", "section", "song", "play"];

/// A line of code, laid out by itself.
pub(crate) struct Row {
    /// Its text, without white space at either end.
    pub text: String,
    /// Columns it is indented by.
    pub indent: usize,
    /// Its words.
    words: Vec<Word>,
}

/// A word of a line: what stands between spaces.
struct Word {
    /// Where it begins in the text.
    at: usize,
    /// The column it began in as it was written; none if it may stand anywhere.
    column: Option<usize>,
    /// White space was put before it beyond the one space that parts words, or it begins its line.
    slack: bool,
    /// It begins its line.
    first: bool,
    /// It stands in braces of a pattern, section or song, not before them.
    held: bool,
    /// It begins a row: its line, in braces of a pattern, section or song, or what stands in such braces.
    begins: bool,
}

/// Where a scan of lines is.
#[derive(Default)]
pub(crate) struct Scan {
    /// Open brackets; whether each holds patterns.
    open: Vec<bool>,
    /// What was read of the statement in hand.
    head: String,
}

impl Scan {
    /// A row of this text as it was written, and as it is laid out by itself.
    pub fn row(&mut self, written: &str, text: String, indent: usize) -> Row {
        let tabs = written.contains('\t');
        // Only white space tells the two apart: the same signs, in the same order.
        let mut old = written.chars().enumerate().filter(|(_, c)| !c.is_whitespace()).map(|(column, _)| column);
        let (mut words, mut before, mut last) = (Vec::new(), ' ', None);
        let (mut quoted, mut opened): (Option<char>, bool) = (None, false);
        if self.open.is_empty() || self.open.last() == Some(&true) {
            self.head.clear();
        }
        for (at, c) in text.char_indices() {
            let column = if c.is_whitespace() { None } else { old.next() };
            if before == ' ' && c != ' ' && quoted.is_none() {
                let first = at == 0;
                let gap = column.zip(last).map_or(0, |(column, last): (usize, usize)| column - last);
                let held = self.open.contains(&true);
                let counts = !tabs && (held || !first && self.is_score()) && c != '}';
                let column = column.filter(|_| counts);
                let begins = held && (first || opened);
                words.push(Word { at, column, slack: first || gap > 2, first, held, begins });
            }
            self.step(c, &mut quoted);
            opened = c == '{' || opened && c.is_whitespace();
            last = column.or(last);
            before = c;
        }
        Row { text, indent, words }
    }

    /// Whether the statement in hand is one of patterns.
    fn is_score(&self) -> bool {
        let word = self.head.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or("");
        SCORES.contains(&word) && !self.head.contains('=')
    }

    fn step(&mut self, c: char, quoted: &mut Option<char>) {
        if let Some(end) = quoted {
            if c == *end {
                *quoted = None;
            }
            return;
        }
        match c {
            '"' | '`' => *quoted = Some(c),
            '{' => {
                let score = self.open.contains(&true) || self.is_score();
                self.open.push(score);
                self.head.clear();
            }
            '(' | '[' => self.open.push(self.open.contains(&true)),
            '}' | ')' | ']' => {
                self.open.pop();
                if c == '}' {
                    self.head.clear();
                }
            }
            ';' => self.head.clear(),
            _ if c.is_whitespace() && self.head.is_empty() => {}
            _ => self.head.push(c),
        }
    }
}

/// Puts lined-up words of neighbouring rows into one column. A row without a word that counts parts those around it.
pub(crate) fn align(rows: &mut [Row]) {
    let mut from = 0;
    for to in 0..=rows.len() {
        let counts = rows.get(to).is_some_and(|row| row.words.iter().any(|word| word.column.is_some()));
        if !counts {
            if to > from + 1 {
                block(&mut rows[from..to]);
            }
            from = to + 1;
        }
    }
}

/// Whether two words of neighbouring rows that began in one column were meant to.
fn meant(a: &Word, b: &Word, level: bool) -> bool {
    // The beginning of a line lines up with the beginning of a row, not with a step of one; beginnings of two lines stand
    // where their brackets put them.
    let rows = (!a.first || b.begins) && (!b.first || a.begins) && (level || !(a.first && b.first));
    a.held == b.held && (a.slack || b.slack) && rows
}

fn block(rows: &mut [Row]) {
    // Words that line up, by the row and number of the first of them.
    let mut leader: HashMap<(usize, usize), (usize, usize)> = HashMap::default();
    for row in 1..rows.len() {
        for (number, word) in rows[row].words.iter().enumerate() {
            let Some(column) = word.column else { continue };
            let above = rows[row - 1].words.iter().position(|other| other.column == Some(column));
            let level = rows[row - 1].indent == rows[row].indent;
            if let Some(above) = above.filter(|&above| meant(&rows[row - 1].words[above], word, level)) {
                let head = leader.get(&(row - 1, above)).copied().unwrap_or((row - 1, above));
                leader.insert((row, number), head);
                leader.insert(head, head);
            }
        }
    }
    if leader.is_empty() {
        return;
    }
    // From left to right as written, so that what stands before a word is settled when its turn comes.
    let mut order: Vec<(usize, usize, usize)> = Vec::new();
    for (row, line) in rows.iter().enumerate() {
        let mut reached = 0;
        for (number, word) in line.words.iter().enumerate() {
            reached = word.column.unwrap_or(reached).max(reached);
            order.push((reached, row, number));
        }
    }
    order.sort_unstable();
    let mut places: Vec<Vec<usize>> = rows.iter().map(|row| vec![0; row.words.len()]).collect();
    let natural = |places: &[Vec<usize>], row: usize, number: usize| match number.checked_sub(1) {
        None => rows[row].indent,
        Some(before) => {
            let words = &rows[row].words;
            places[row][before] + rows[row].text[words[before].at..words[number].at].chars().count()
        }
    };
    let mut next = 0;
    while next < order.len() {
        let reached = order[next].0;
        let end = next + order[next..].iter().take_while(|place| place.0 == reached).count();
        // Words of one row that began in no column of their own stand behind the last that did, in order.
        for &(_, row, number) in &order[next..end] {
            places[row][number] = natural(&places, row, number);
        }
        let mut widest: HashMap<(usize, usize), usize> = HashMap::default();
        for &(_, row, number) in &order[next..end] {
            if let Some(head) = leader.get(&(row, number)) {
                let place = widest.entry(*head).or_default();
                *place = (*place).max(places[row][number]);
            }
        }
        for &(_, row, number) in &order[next..end] {
            places[row][number] = match leader.get(&(row, number)) {
                Some(head) => widest[head],
                None => natural(&places, row, number),
            };
        }
        next = end;
    }
    for (row, places) in rows.iter_mut().zip(places) {
        spread(row, &places);
    }
}

/// Puts the words of a row into these columns.
fn spread(row: &mut Row, places: &[usize]) {
    let Some(&first) = places.first() else { return };
    let mut text = String::with_capacity(row.text.len() + 16);
    let (mut column, mut done) = (first, 0);
    for (word, &place) in row.words.iter().zip(places) {
        let piece = &row.text[done..word.at];
        text.push_str(piece);
        column += piece.chars().count();
        text.push_str(&" ".repeat(place.saturating_sub(column)));
        column = column.max(place);
        done = word.at;
    }
    text.push_str(&row.text[done..]);
    (row.indent, row.text) = (first, text);
}
