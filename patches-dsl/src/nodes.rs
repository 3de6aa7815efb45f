//! What the parser read, as a list in the order of the text: each part with where its own parts end. Walking it counts
//! and looks up nothing, which the parser's own pairs do at every step.

use crate::parse::Rule;
use pest::Token;
use pest::iterators::Pairs;

/// One part of a text.
#[derive(Clone)]
struct Node {
    rule: Rule,
    start: u32,
    end: u32,
    /// The index behind all that is in it.
    next: u32,
}

/// All parts of a text.
#[derive(Default)]
pub(crate) struct Nodes(Vec<Node>);

impl Nodes {
    /// What the parser found.
    pub fn new(pairs: Pairs<'_, Rule>) -> Nodes {
        let tokens = pairs.tokens();
        let mut list: Vec<Node> = Vec::with_capacity(tokens.len() / 2);
        let mut open: Vec<usize> = Vec::new();
        // Where the part ends that was last read.
        let mut last = 0;
        for token in tokens {
            match token {
                Token::Start { rule, pos } => {
                    open.push(list.len());
                    list.push(Node { rule, start: pos.pos() as u32, end: 0, next: 0 });
                }
                Token::End { rule, pos } => {
                    let index = open.pop().expect("what ends has begun");
                    last = if takes_blank(rule) { last } else { pos.pos() as u32 };
                    let next = list.len() as u32;
                    (list[index].end, list[index].next) = (last, next);
                }
            }
        }
        Nodes(list)
    }

    /// The part that all others are in, of the text they were found in.
    pub fn first<'i>(&'i self, text: &'i str) -> Option<P<'i>> {
        self.0.first().map(|_| P { text, list: &self.0, index: 0 })
    }

    /// Whether all can be read.
    pub fn is_readable(&self) -> bool {
        !self.0.iter().any(|node| matches!(node.rule, Rule::unreadable | Rule::stray | Rule::unclosed))
    }

    /// What cannot be read, with where it begins; of a block that is not closed, where its statement does.
    pub fn bad(&self) -> Vec<Bad> {
        let (mut blocks, mut list): (Vec<&Node>, _) = (Vec::new(), Vec::new());
        for (index, node) in self.0.iter().enumerate() {
            while blocks.pop_if(|block| block.next as usize <= index).is_some() {}
            let block = blocks.last();
            match node.rule {
                Rule::template | Rule::for_ | Rule::patch | Rule::song => blocks.push(node),
                Rule::unreadable | Rule::stray | Rule::unclosed => {
                    let begun = block.filter(|_| node.rule == Rule::unclosed);
                    let start = begun.map_or(node.start, |block| block.start) as usize;
                    let in_song = block.is_some_and(|block| block.rule == Rule::song);
                    list.push(Bad { rule: node.rule, start, in_song });
                }
                _ => {}
            }
        }
        list
    }

    /// Where the last block begins and ends that stands before a place.
    pub fn before(&self, at: usize) -> Option<(usize, usize)> {
        let block = |node: &&Node| matches!(node.rule, Rule::template | Rule::for_ | Rule::patch | Rule::song);
        let before = self.0.iter().filter(block).filter(|node| node.end as usize <= at);
        before
            .max_by_key(|node| (node.end, std::cmp::Reverse(node.start)))
            .map(|node| (node.start as usize, node.end as usize))
    }

    /// Those of a file in which what stood from byte `from` to byte `old` became what `others` were found in, up to byte
    /// `new`. All three are places where a statement begins, or the end.
    pub fn replaced(&self, from: usize, old: usize, others: &Nodes, new: usize) -> Nodes {
        let all = &self.0;
        // The statements stand in the body of the file, which begins with them and ends with its end.
        let mut place = BODY + 1;
        let mut skip = |at: usize| {
            while all[place].rule != Rule::EOI && (all[place].start as usize) < at {
                place = all[place].next as usize;
            }
            place
        };
        let (before, behind) = (skip(from), skip(old));
        let mut list = Vec::with_capacity(all.len() + others.0.len());
        list.extend_from_slice(&all[..before]);
        let others = &others.0[BODY + 1..others.0.len() - 1];
        list.extend(moved(others, from as u32, (before as u32).wrapping_sub(BODY as u32 + 1)));
        let (bytes, places) = ((new as u32).wrapping_sub(old as u32), (list.len() as u32).wrapping_sub(behind as u32));
        list.extend(moved(&all[behind..], bytes, places));
        let (end, next) = (list[list.len() - 1].end, list.len() as u32);
        for outer in &mut list[..=BODY] {
            (outer.end, outer.next) = (end, next);
        }
        Nodes(list)
    }
}

/// What cannot be read.
pub(crate) struct Bad {
    /// The rule that says so.
    pub rule: Rule,
    /// Its first byte.
    pub start: usize,
    /// It stands in a song.
    pub in_song: bool,
}

/// Where the body of a file stands in the list of its parts.
const BODY: usize = 1;

/// Parts that stand so many bytes and places further on, or, where the sum runs over, further to the front.
fn moved(list: &[Node], bytes: u32, places: u32) -> impl Iterator<Item = Node> + '_ {
    list.iter().map(move |node| Node {
        start: node.start.wrapping_add(bytes),
        end: node.end.wrapping_add(bytes),
        next: node.next.wrapping_add(places),
        ..*node
    })
}

/// Rules that take the white space behind them along, which is no part of what is meant: they end where their last part
/// does.
fn takes_blank(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::expr | Rule::call | Rule::entry | Rule::given | Rule::stage | Rule::chain | Rule::wire | Rule::define
    )
}

/// A part of a text.
#[derive(Clone, Copy)]
pub(crate) struct P<'i> {
    text: &'i str,
    list: &'i [Node],
    index: u32,
}

impl<'i> P<'i> {
    fn node(&self) -> &'i Node {
        &self.list[self.index as usize]
    }

    /// The rule it was read by.
    pub fn as_rule(&self) -> Rule {
        self.node().rule
    }

    /// Its text.
    pub fn as_str(&self) -> &'i str {
        let node = self.node();
        &self.text[node.start as usize..node.end as usize]
    }

    /// Its first byte.
    pub fn start(&self) -> u32 {
        self.node().start
    }

    /// One past its last byte.
    pub fn end(&self) -> u32 {
        self.node().end
    }

    /// Its parts, in the order of the text.
    pub fn into_inner(self) -> Inner<'i> {
        Inner { next: P { index: self.index + 1, ..self }, end: self.node().next }
    }
}

/// The parts of a part.
#[derive(Clone)]
pub(crate) struct Inner<'i> {
    next: P<'i>,
    end: u32,
}

impl<'i> Iterator for Inner<'i> {
    type Item = P<'i>;

    fn next(&mut self) -> Option<P<'i>> {
        if self.next.index >= self.end {
            return None;
        }
        let part = self.next;
        self.next.index = part.node().next;
        Some(part)
    }
}

impl<'i> Inner<'i> {
    /// The next part, if it was read by this rule.
    pub fn next_of(&mut self, rule: Rule) -> Option<P<'i>> {
        if self.peek() == Some(rule) { self.next() } else { None }
    }

    /// The rule of the next part.
    pub fn peek(&self) -> Option<Rule> {
        (self.next.index < self.end).then(|| self.next.as_rule())
    }
}
