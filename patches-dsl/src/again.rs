//! Reading a text again of which a save changed a part. A text is cut where one statement is over and another begins,
//! whatever these say; what was read before the first change and behind the last one is as it was.
//!
//! That holds where all can be read: what cannot be read ends by rules of its own. So what is known is always a text
//! without such a place, the last one there was, and a text in which one appears is read as a whole.

use crate::nodes::Nodes;

/// A text as it was read.
pub(crate) struct Known {
    text: String,
    nodes: Nodes,
    cuts: Vec<usize>,
}

impl Known {
    /// What was found in a text, with its [`cuts`]; nothing where not all of it can be read.
    pub fn new(text: &str, nodes: Nodes, cuts: Vec<usize>) -> Option<Known> {
        nodes.is_readable().then(|| Known { text: text.to_string(), nodes, cuts })
    }

    /// What stands in a text that this one became; nothing where a part of it cannot be read. `read` reads what is new.
    pub fn changed(&self, text: &str, cuts: &[usize], read: impl FnOnce(&str) -> Option<Nodes>) -> Option<Nodes> {
        let (old, new) = (self.text.as_bytes(), text.as_bytes());
        let same = |(a, b): &(&u8, &u8)| a == b;
        let head = old.iter().zip(new).take_while(same).count();
        let most = old.len().min(new.len()) - head;
        let tail = old.iter().rev().zip(new.iter().rev()).take(most).take_while(same).count();
        // Whether there is a cut depends on what stands before it and on the byte behind it.
        let from = self.cuts[..self.cuts.partition_point(|&cut| cut < head)].last().copied().unwrap_or(0);
        let behind = &cuts[cuts.partition_point(|&cut| cut < new.len() - tail)..];
        let in_old = |cut: usize| cut + old.len() - new.len();
        let to = behind.iter().find(|&&cut| self.cuts.binary_search(&in_old(cut)).is_ok()).copied();
        let to = to.unwrap_or(new.len());
        let part = read(text.get(from..to)?).filter(Nodes::is_readable)?;
        Some(self.nodes.replaced(from, in_old(to), &part, to))
    }
}

/// Where a statement of the file begins, whatever stands before and behind: a line begins there with a word, no bracket
/// is open, and what stands before is not what a statement goes on behind. What comes after something that is not as it
/// should be is not cut.
pub(crate) fn cuts(text: &str) -> Vec<usize> {
    let (mut cuts, mut open) = (Vec::new(), Vec::new());
    let (mut quote, mut comment, mut last, mut end) = (None, false, b' ', b'\n');
    for (at, &c) in text.as_bytes().iter().enumerate() {
        let before = std::mem::replace(&mut last, c);
        match (c, quote) {
            (b'\n', Some(_)) => return cuts,
            (b'\n', None) => {
                comment = false;
                continue;
            }
            _ if comment => continue,
            (_, Some(sign)) => {
                quote = (c != sign).then_some(sign);
                continue;
            }
            (b' ' | b'\t' | b'\r', None) => continue,
            (b'#', None) if !before.is_ascii_alphabetic() => {
                comment = true;
                continue;
            }
            _ => {}
        }
        let begins = before == b'\n' && matches!(c, b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'`');
        if begins && open.is_empty() && ends_statement(end) {
            cuts.push(at);
        }
        match c {
            b'"' | b'`' => quote = Some(c),
            b'(' => open.push(b')'),
            b'[' => open.push(b']'),
            b'{' => open.push(b'}'),
            b')' | b']' | b'}' if open.pop() != Some(c) => return cuts,
            _ => {}
        }
        end = c;
    }
    cuts
}

/// Whether no statement goes on in another line behind this: unlike `,`, an operator or an arrow.
fn ends_statement(c: u8) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, b'_' | b')' | b']' | b'}' | b'"' | b'`' | b'%' | b';')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits;
    use crate::parse::{nodes, parse, parse_again};
    use proptest::prelude::*;
    use proptest::sample::{Index, select};
    use proptest::test_runner::TestRunner;

    const TEXTS: [&str; 8] = [
        include_str!("../tests/good/cables.patches"),
        include_str!("../tests/good/expressions.patches"),
        include_str!("../tests/good/templates.patches"),
        include_str!("../tests/good/loops.patches"),
        include_str!("../tests/good/scores.patches"),
        include_str!("../tests/good/songs.patches"),
        include_str!("../tests/bad/unreadable.patches"),
        include_str!("../tests/bad/slips.patches"),
    ];
    const SIGNS: [&str; 48] = [
        "\n",
        "\n\n",
        " ",
        ";",
        "\"",
        "#",
        "`",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "<",
        ">",
        "->",
        "<-",
        "~>",
        "-[",
        "=",
        ",",
        ":",
        ".",
        "+",
        "*",
        "-",
        "a",
        "x1",
        "3",
        "é",
        "\r",
        "\t",
        "\nb = 2\n",
        "\nosc -> out\n",
        "x = ",
        "# no\n",
        "{\n",
        "}\n",
        "(\n",
        ",\n",
        "=\n",
        "->\n",
        "\n-> out",
        "template t {\n",
        "for i in 0..2 {\n",
        "in: a\n",
        "tempo ",
        "was ",
    ];

    /// On a thread with the stack that reading needs.
    fn deep(work: impl FnOnce() + Send) {
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(limits::STACK).spawn_scoped(scope, work);
            thread.expect("a thread").join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        });
    }

    /// A byte where a sign of the text begins, or its end.
    fn sign(text: &str, index: Index) -> usize {
        let mut at = index.index(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    #[test]
    fn a_text_that_changes_reads_as_if_it_were_new() {
        let edit = (any::<Index>(), 0..3_usize, any::<Index>(), select(&SIGNS[..]));
        let saves = proptest::collection::vec(proptest::collection::vec(edit, 0..3), 1..6);
        let mut runner = TestRunner::new(ProptestConfig { cases: 1500, ..ProptestConfig::default() });
        deep(move || {
            let all = runner.run(&(select(&TEXTS[..]), saves), |(text, saves)| {
                let (mut text, mut known) = (text.to_string(), None);
                parse_again(&text, 3, &mut known);
                for save in saves {
                    for (at, taken, from, put) in save {
                        let at = sign(&text, at);
                        // A sign goes in, a few go out, or something that stands elsewhere comes here too.
                        match taken {
                            0 => text.insert_str(at, put),
                            1 => drop(text.drain(at..).take(4).collect::<String>()),
                            _ => {
                                let from = sign(&text, from);
                                let copy: String = text[from..].chars().take(60).collect();
                                text.insert_str(at, &copy);
                            }
                        }
                    }
                    let again = format!("{:?}", parse_again(&text, 3, &mut known));
                    prop_assert_eq!(again, format!("{:?}", parse(&text, 3)), "{}", text);
                }
                Ok(())
            });
            all.unwrap_or_else(|error| panic!("{error}"));
        });
    }

    #[test]
    fn of_a_changed_line_no_more_is_read_than_it_and_its_neighbours() {
        let text: String = (0..1000).map(|i| format!("o{i} = Osc {{ pitch: {i}Hz }}\n")).collect();
        let changed = text.replace("o500 = Osc { pitch: 500Hz }", "o500 = Osc {\n  pitch: 2Hz\n} # slow");
        let known = Known::new(&text, nodes(&text).expect("it reads"), cuts(&text)).expect("all of it reads");
        let mut read = String::new();
        let again = known.changed(&changed, &cuts(&changed), |part| {
            read = part.to_string();
            nodes(part).ok()
        });
        assert!(again.is_some());
        assert!(read.contains("pitch: 2Hz") && read.lines().count() <= 5, "{read}");
    }

    #[test]
    fn a_text_is_cut_only_where_a_statement_is_over() {
        let text = "a = 1\nb = (2 +\n3)\nc =\nd\ne -> # so\nout\nf = \"\ng = {\nh = 1\n";
        let begun: Vec<&str> = cuts(text).into_iter().map(|at| &text[at..at + 1]).collect();
        assert_eq!(begun, ["b", "c", "e", "f"]);
    }
}
