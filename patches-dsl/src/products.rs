//! What is not linear in signals, as the hidden modules that compute it.

use crate::linear::{Key, Op, Operation, Origin, Sum, fnv};
use crate::value::Dim;
use patches_core::graph::End;
use patches_core::spec::Side;
use std::fmt::Write;
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
    let mut text = String::with_capacity(256);
    let written = write!(text, "{op:?}(").and_then(|()| a.write_key(&mut text));
    let written = written.and_then(|()| text.write_str(", ")).and_then(|()| b.write_key(&mut text));
    written.and_then(|()| text.write_char(')')).expect("a string takes any text");
    let key = Key::Operation(fnv(text.bytes()), fnv(text.bytes().rev()));
    let operation = Operation { op, a, b, key: key.clone() };
    Sum::term(Origin::Operation(Rc::new(operation)), dim, key)
}

impl Sum {
    /// Adds what tells this sum from others.
    fn write_key(&self, key: &mut String) -> std::fmt::Result {
        if let Some(base) = self.base {
            let musical = if base.dim == Dim::Beats { "beats" } else { "" };
            write!(key, "{}{musical}{}", base.value, base.beats)?;
        }
        for term in &self.terms {
            match term.factor {
                1.0 => key.push_str("+1*"),
                factor => write!(key, "+{factor}*")?,
            }
            key.push_str(if term.late { "~" } else { "" });
            write_origin(&term.key, key)?;
            key.push_str(term.take.suffix());
            key.push('>');
            key.push_str(term.to.suffix());
        }
        Ok(())
    }
}

/// Adds an origin as `{:?}` would: what the hashes of hidden modules are made of, and so never to change.
fn write_origin(origin: &Key, key: &mut String) -> std::fmt::Result {
    match origin {
        Key::Operation(a, b) => write!(key, "Operation({a}, {b})"),
        Key::Output(End { module, port, channel, side }) => {
            key.push_str("Output(End { module: ");
            let plain = |b: u8| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\');
            match module.bytes().all(plain) {
                true => {
                    key.push('"');
                    key.push_str(module);
                    key.push('"');
                }
                false => write!(key, "{module:?}")?,
            }
            write!(key, ", port: {port}, channel: {channel}, side: ")?;
            key.push_str(match side {
                Side::Both => "Both",
                Side::Left => "Left",
                Side::Right => "Right",
            });
            key.push_str(" })");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_written_as_they_are_shown() {
        let sides = [Side::Both, Side::Left, Side::Right];
        let paths = ["osc", "v[2]/osc", "Osc@lfo.out#2", "it's", "a\"b", "a\\b", "é", "", "tab\t"];
        let outputs = paths.iter().flat_map(|path| {
            sides.iter().map(|side| Key::Output(End { module: (*path).into(), port: 3, channel: 65535, side: *side }))
        });
        for key in outputs.chain([Key::Operation(0, u64::MAX)]) {
            let mut text = String::new();
            write_origin(&key, &mut text).expect("a string takes any text");
            assert_eq!(text, format!("{key:?}"));
        }
    }
}
