//! What is not linear in signals, as the hidden modules that compute it.

use crate::linear::{Key, Op, Operation, Origin, Sum, fnv};
use crate::value::Dim;
use std::rc::Rc;

/// A product of two signals: factors go outside, so that what is the same up to a factor is one hidden module.
pub(crate) fn product(mut a: Sum, mut b: Sum, dim: Dim) -> Sum {
    let mut factor = 1.0;
    for sum in [&mut a, &mut b] {
        if let (None, [term]) = (sum.base, sum.terms.as_mut_slice()) {
            factor *= term.factor;
            term.factor = 1.0;
        }
    }
    operation(Op::Math("mul"), a, b, dim).scaled(factor)
}

/// A musical time and a signal: the constant part of the signal stays a musical time; what moves is turned into
/// seconds by a hidden module, one of whose inputs is the time, so that it follows the tempo.
pub(crate) fn in_beats(a: Sum, b: Sum) -> Sum {
    let (time, mut signal) = if a.dim == Dim::Beats { (a, b) } else { (b, a) };
    let still = time.as_constant().zip(signal.base.take());
    let base = still.map(|(time, still)| time.by(still.value));
    let terms = product(signal, time, Dim::Time).terms;
    Sum { dim: if base.is_some() { Dim::Beats } else { Dim::Time }, base, terms }
}

pub(crate) fn operation(op: Op, a: Sum, b: Sum, dim: Dim) -> Sum {
    // Two hashes of 64 bits in place of the text itself, which would double with every product of products.
    let text = format!("{op:?}({}, {})", a.key(), b.key());
    let key = Key::Operation(fnv(text.bytes()), fnv(text.bytes().rev()));
    let operation = Operation { op, a, b, key: key.clone() };
    Sum::term(Origin::Operation(Rc::new(operation)), dim, key)
}

impl Sum {
    fn key(&self) -> String {
        let mut key = self.base.map_or(String::new(), |base| {
            let musical = if base.dim == Dim::Beats { "beats" } else { "" };
            format!("{}{musical}{}", base.value, base.beats)
        });
        for term in &self.terms {
            let late = if term.late { "~" } else { "" };
            let (take, to) = (term.take.suffix(), term.to.suffix());
            key.push_str(&format!("+{}*{late}{:?}{take}>{to}", term.factor, term.key));
        }
        key
    }
}
