//! Left and right: a pair of mono signals as the two sides of one, and one side of a signal.

use crate::linear::{Sum, Term};
use crate::value::Const;
use patches_core::spec::Side;

impl Sum {
    /// What one side of a stereo input gets of this. A mono signal gives the same to both.
    pub fn side(self, side: Side) -> Sum {
        if side == Side::Both {
            return self;
        }
        let terms = self.terms.into_iter().flat_map(|term| match (term.to, term.take) {
            (Side::Both, Side::Both) => vec![Term { take: side, ..term }],
            (Side::Both, _) => vec![term],
            (to, _) if to != side => Vec::new(),
            // A stereo signal on one side of a pair is both its sides there.
            (_, Side::Both) => halves(term, |half, take| Term { take, to: Side::Both, ..half }).into(),
            _ => vec![Term { to: Side::Both, ..term }],
        });
        Sum { terms: terms.collect(), ..self }
    }

    /// These two as the sides of one signal.
    pub fn pair(left: Sum, right: Sum) -> Sum {
        let same = |a: Option<Const>, b: Option<Const>| match (a, b) {
            (Some(a), Some(b)) => a == b,
            (None, None) => true,
            _ => false,
        };
        let (left, right) = if same(left.base, right.base) { (left, right) } else { (left.still(), right.still()) };
        let dim = if left.dim.is_plain() { right.dim } else { left.dim };
        let base = left.base;
        let mut terms = Vec::with_capacity(left.terms.len() + right.terms.len());
        for (sum, side) in [(left, Side::Left), (right, Side::Right)] {
            for term in sum.terms {
                match term.to {
                    Side::Both => terms.push(Term { to: side, ..term }),
                    _ => terms.push(Term { factor: term.factor * 0.5, to: side, ..term }),
                }
            }
        }
        Sum { dim, base, terms }
    }

    /// Without a constant of its own: a hidden module gives it.
    fn still(mut self) -> Sum {
        if let Some(base) = self.base.take() {
            self.terms.extend(Sum::constant(base).moved().terms);
        }
        self
    }
}

/// A signal's two sides with half its factor each: their mean.
fn halves(term: Term, make: impl Fn(Term, Side) -> Term) -> [Term; 2] {
    let half = Term { factor: term.factor * 0.5, ..term };
    [make(half.clone(), Side::Left), make(half, Side::Right)]
}

/// The cables a term needs into a mono input that cannot tell sides apart: the mean of both.
pub(crate) fn mean(term: Term) -> Term {
    match term.to {
        Side::Both => term,
        _ => Term { factor: term.factor * 0.5, to: Side::Both, ..term },
    }
}
