//! What the parser read, as a list in the order of the text: each part with where its own parts end. Walking it counts
//! and looks up nothing, which the parser's own pairs do at every step.

use crate::parse::Rule;
use pest::Token;
use pest::iterators::Pairs;

/// One part of a text.
struct Node {
    rule: Rule,
    start: u32,
    end: u32,
    /// The index behind all that is in it.
    next: u32,
}

/// All parts of a text.
pub(crate) struct Nodes<'i> {
    text: &'i str,
    list: Vec<Node>,
}

impl<'i> Nodes<'i> {
    /// The parts that the parser found in this text.
    pub fn new(text: &'i str, pairs: Pairs<'i, Rule>) -> Nodes<'i> {
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
        Nodes { text, list }
    }

    /// The part that all others are in.
    pub fn first(&self) -> Option<P<'_>> {
        self.list.first().map(|_| P { nodes: self, index: 0 })
    }
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
    nodes: &'i Nodes<'i>,
    index: u32,
}

impl<'i> P<'i> {
    fn node(&self) -> &'i Node {
        &self.nodes.list[self.index as usize]
    }

    /// The rule it was read by.
    pub fn as_rule(&self) -> Rule {
        self.node().rule
    }

    /// Its text.
    pub fn as_str(&self) -> &'i str {
        let node = self.node();
        &self.nodes.text[node.start as usize..node.end as usize]
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
        Inner { nodes: self.nodes, index: self.index + 1, end: self.node().next }
    }
}

/// The parts of a part.
#[derive(Clone)]
pub(crate) struct Inner<'i> {
    nodes: &'i Nodes<'i>,
    index: u32,
    end: u32,
}

impl<'i> Iterator for Inner<'i> {
    type Item = P<'i>;

    fn next(&mut self) -> Option<P<'i>> {
        if self.index >= self.end {
            return None;
        }
        let part = P { nodes: self.nodes, index: self.index };
        self.index = part.node().next;
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
        (self.index < self.end).then(|| self.nodes.list[self.index as usize].rule)
    }
}
