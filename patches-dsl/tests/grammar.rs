//! What reads and what does not, statement by statement, with the tree where it is easy to get wrong.
//!
//! `+` must read and `-` must not; `=>` gives the tree.

use patches_dsl::parse::parse;

#[test]
fn every_case_reads_or_does_not_and_has_its_tree() {
    let cases = include_str!("grammar/cases.txt");
    let mut wrong = String::new();
    let mut count = 0;
    for case in cases.split("\n---\n") {
        let case = case.trim_end_matches('\n');
        let (text, tree) = match case.split_once("\n=> ") {
            Some((text, tree)) => (text, Some(tree)),
            None => (case, None),
        };
        let (reads, text) = match text.split_at(2) {
            ("+ ", text) => (true, text),
            ("- ", text) => (false, text),
            (sign, _) => panic!("a case begins with `+ ` or `- `, not `{sign}`"),
        };
        count += 1;
        let parsed = parse(text, 0);
        if parsed.faults.is_empty() != reads {
            wrong.push_str(&format!("{text}\n  {:?}\n\n", parsed.faults));
        }
        let shown = parsed.to_string().trim_end().replace('\n', " ");
        if tree.is_some_and(|tree| tree != shown) {
            wrong.push_str(&format!("{text}\n  {shown}\n  expected {}\n\n", tree.unwrap_or_default()));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count > 100, "only {count} cases");
}
