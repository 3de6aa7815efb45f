//! Signals as sums: a constant, and outputs times factors. What is linear in an expression becomes a value and scaled
//! cables; what is not (a product of two signals, `min`, `max`) becomes a hidden module, here an [`Operation`].

use crate::fault::codes;
use crate::flat::Function;
use crate::kinds::OCTAVES;
use crate::products::{in_beats, operation, product};
use crate::value::{Const, Dim, Misfit};
use patches_core::graph::{End, Item};
use patches_core::spec::Side;
use std::rc::Rc;
use std::sync::Arc;

/// Where a term comes from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// An output of a module.
    Output(End),
    /// A hidden module.
    Operation(Rc<Operation>),
}

/// What tells origins apart, the same however the text was shuffled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// An output.
    Output(End),
    /// Two hashes of what a hidden module computes.
    Operation(u64, u64),
}

/// What a hidden module computes.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Which operation.
    pub op: Op,
    /// Its first input.
    pub a: Sum,
    /// Its second input; empty where there is none.
    pub b: Sum,
    /// What tells it from other operations.
    pub key: Key,
}

/// Operations that hidden modules do.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// One of the words of `Math`.
    Math(&'static str),
    /// To the nearest note of this scale.
    Quantize(Arc<[Item]>),
}

/// An output times a factor.
#[derive(Clone, Debug)]
pub struct Term {
    /// Where it comes from.
    pub origin: Origin,
    /// Its factor.
    pub factor: f64,
    /// One sample late.
    pub late: bool,
    /// What tells its origin from others.
    pub key: Key,
    /// Which side of what its origin gives.
    pub take: Side,
    /// Which side of what it goes to.
    pub to: Side,
}

impl Term {
    /// All but the factor: terms that have this in common are one.
    fn place(&self) -> (&Key, bool, Side, Side) {
        (&self.key, self.late, self.take, self.to)
    }
}

/// What sums are sorted by: kind, constant, terms.
pub type Order = (Dim, (u64, u64), Vec<(Key, bool, Side, Side, u64)>);

/// A constant plus terms.
#[derive(Clone, Debug)]
pub struct Sum {
    /// What the whole measures. A plain one with terms is a number of the kind it meets.
    pub dim: Dim,
    /// The constant part.
    pub base: Option<Const>,
    /// The signal part.
    pub terms: Vec<Term>,
}

/// What decides how constants are read: the kind of the input the sum goes to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Aim {
    /// A rate: frequencies stay hertz.
    pub rate: bool,
    /// A time or a rate: a quotient of whole numbers is a note length.
    pub musical: bool,
    /// A pitch: a large number is in hertz.
    pub pitch: bool,
    /// What it goes to adds the voices that come, so that an expression of several has to be worked out before.
    pub adds: bool,
}

fn misfit<T>(message: impl Into<String>, help: Option<&str>) -> Result<T, Misfit> {
    Err(Misfit { code: codes::ARITHMETIC, message: message.into(), help: help.map(str::to_string) })
}

impl Sum {
    /// A constant alone.
    pub fn constant(c: Const) -> Sum {
        Sum { dim: c.dim, base: Some(c), terms: Vec::new() }
    }

    /// One output alone.
    pub fn term(origin: Origin, dim: Dim, key: Key) -> Sum {
        Sum {
            dim,
            base: None,
            terms: vec![Term { origin, factor: 1.0, late: false, key, take: Side::Both, to: Side::Both }],
        }
    }

    /// The constant, where there is no signal.
    pub fn as_constant(&self) -> Option<Const> {
        if self.terms.is_empty() { Some(self.base.unwrap_or(Const::whole(0.0))) } else { None }
    }

    /// The same by a hidden module, where a value cannot be set.
    pub fn moved(self) -> Sum {
        let nothing = Sum { dim: Dim::Number, base: None, terms: Vec::new() };
        let dim = self.dim;
        operation(Op::Math("add"), self, nothing, dim)
    }

    /// Without kind, so that it may adopt that of what it meets.
    fn is_open(&self) -> bool {
        !self.terms.is_empty() && self.dim.is_plain()
    }

    /// Frequencies are pitches beside a signal, save in a rate; quotients are note lengths where a time is meant.
    fn beside_signal(mut self, aim: Aim) -> Result<Sum, Misfit> {
        if let (Some(base), true) = (self.base, self.terms.is_empty()) {
            let base = match (aim.rate, base.dim) {
                (true, Dim::Bpm) => Const::new(Dim::Frequency, base.value / 60.0),
                (true, _) => base,
                (false, _) => base.as_pitch()?,
            };
            self.base = Some(base);
            self.dim = base.dim;
        }
        Ok(self)
    }

    /// A quotient of whole numbers as the musical time it is, where one is meant.
    pub fn note_length(mut self, aim: Aim) -> Sum {
        if let (true, Some(base), true) = (aim.musical, self.base, self.terms.is_empty())
            && base.dim == Dim::Note
        {
            self.base = Some(Const::new(Dim::Beats, base.value * 4.0));
            self.dim = Dim::Beats;
        }
        self
    }

    /// A constant as what it is where it goes, before a signal decides over it.
    fn meant(self, aim: Aim) -> Result<Sum, Misfit> {
        let sum = self.beside_signal(aim)?.note_length(aim);
        match sum.base {
            Some(Const { dim: Dim::Number, value, .. }) if aim.pitch && sum.terms.is_empty() && value > OCTAVES => {
                Ok(Sum::constant(Const::new(Dim::Frequency, value).as_pitch()?))
            }
            _ => Ok(sum),
        }
    }

    /// As [`Self::meant`]; in a rate a musical time is as many hertz as its length says at the tempo of the moment.
    fn compared(self, aim: Aim) -> Result<Sum, Misfit> {
        let sum = self.meant(aim)?;
        if aim.rate && sum.dim == Dim::Beats && sum.terms.is_empty() {
            return Ok(operation(Op::Math("div"), Sum::constant(Const::whole(1.0)), sum, Dim::Frequency));
        }
        Ok(sum)
    }

    /// `self + other`, or `self - other`.
    pub fn plus(self, other: Sum, minus: bool, aim: Aim) -> Result<Sum, Misfit> {
        if let (Some(a), Some(b)) = (self.as_constant(), other.as_constant()) {
            return Ok(Sum::constant(a.plus(b, minus)?));
        }
        let (mut a, mut b) = (self.meant(aim)?, other.meant(aim)?);
        adopt(&mut a, b.dim, aim);
        adopt(&mut b, a.dim, aim);
        let (dim, base) = added(&a, &b, minus)?;
        let mut terms = a.terms;
        for mut term in b.terms {
            term.factor = if minus { -term.factor } else { term.factor };
            merge(&mut terms, term);
        }
        Ok(Sum { dim, base, terms })
    }

    /// `-self`.
    pub fn minus(self) -> Result<Sum, Misfit> {
        if self.dim == Dim::Pitch {
            return misfit("a pitch cannot be negated", Some("write an interval: `-7st`"));
        }
        Ok(self.scaled(-1.0))
    }

    /// Everything times a factor.
    pub fn scaled(mut self, factor: f64) -> Sum {
        self.base = self.base.map(|base| base.by(factor));
        for term in &mut self.terms {
            term.factor *= factor;
        }
        self
    }

    /// `self * other`.
    pub fn times(self, other: Sum, aim: Aim) -> Result<Sum, Misfit> {
        let (a, b) = (self, other);
        if let (Some(x), Some(y)) = (a.as_constant(), b.as_constant()) {
            return Ok(Sum::constant(x.times(y)?));
        }
        let (a, b) = (a.beside_signal(aim)?, b.beside_signal(aim)?);
        // What it measures, and whether it may be multiplied at all, is as with constants.
        let dim = Const::new(a.dim, 1.0).times(Const::new(b.dim, 1.0)).map_err(pitch_help)?.dim;
        if dim == Dim::Beats {
            return if aim.rate {
                let help = "a rate grows as its time shrinks: scale it in hertz, as in `2Hz * env`";
                misfit("a musical time cannot be scaled by a signal in a rate", Some(help))
            } else {
                Ok(in_beats(a, b))
            };
        }
        let mixed = |c: Const| c.dim == Dim::Time && c.beats != 0.0;
        if let (Some(c), true) = (a.as_constant().or(b.as_constant()).filter(|c| mixed(*c)), !aim.rate) {
            // Seconds and beats each move by themselves.
            let signal = if a.terms.is_empty() { b } else { a };
            let seconds = signal.clone().times(Sum::constant(Const { beats: 0.0, ..c }), aim)?;
            let musical = Sum::constant(Const::new(Dim::Beats, c.beats));
            return seconds.plus(in_beats(signal, musical), false, aim);
        }
        Ok(match (a.as_constant(), b.as_constant()) {
            (Some(c), _) => Sum { dim, ..b.scaled(c.value) },
            (_, Some(c)) => Sum { dim, ..a.scaled(c.value) },
            _ => product(a, b, dim),
        })
    }

    /// `self / other`.
    pub fn over(self, other: Sum, aim: Aim) -> Result<Sum, Misfit> {
        let (a, b) = (self, other);
        if let (Some(x), Some(y)) = (a.as_constant(), b.as_constant()) {
            return Ok(Sum::constant(x.over(y)?));
        }
        let (a, b) = (a.beside_signal(aim)?.note_length(aim), b.beside_signal(aim)?);
        let by = b.as_constant();
        if a.dim == Dim::Beats && by.is_none() && b.dim.is_plain() {
            // A time that is divided; as a rate, as often in it: the signal over the time.
            let (over, under, dim) = if aim.rate { (b, a, Dim::Frequency) } else { (a, b, Dim::Time) };
            return Ok(operation(Op::Math("div"), over, under, dim));
        }
        let dim = Const::new(a.dim, 1.0).over(Const::new(b.dim, by.map_or(1.0, |c| c.value)))?.dim;
        match by {
            Some(c) => {
                let mut sum = Sum { dim: if a.dim.is_plain() { a.dim } else { dim }, ..a };
                sum.base = sum.base.map(|base| base.shared(c.value));
                for term in &mut sum.terms {
                    term.factor /= c.value;
                }
                Ok(sum)
            }
            None => Ok(operation(Op::Math("div"), a, b, dim)),
        }
    }

    /// The smaller or the larger.
    pub fn bound(self, other: Sum, larger: bool, aim: Aim) -> Result<Sum, Misfit> {
        if let (Some(a), Some(b)) = (self.as_constant(), other.as_constant()) {
            return Ok(Sum::constant(a.bound(b, larger)?));
        }
        let (mut a, mut b) = (self.compared(aim)?, other.compared(aim)?);
        adopt_same(&mut a, b.dim);
        adopt_same(&mut b, a.dim);
        let dim = match (a.dim, b.dim) {
            // What a hidden module gives is seconds, whatever it was made of.
            (Dim::Beats | Dim::Time, Dim::Beats | Dim::Time) => Dim::Time,
            (x, y) if x == y => x,
            (x, y) if x.is_plain() && y.is_plain() => Dim::Number,
            (x, y) => return misfit(format!("cannot compare {} with {}", x.name(), y.name()), None),
        };
        Ok(operation(Op::Math(if larger { "max" } else { "min" }), a, b, dim))
    }

    /// What a function makes of sums.
    pub fn apply(function: Function, mut args: Vec<Sum>, aim: Aim) -> Result<Sum, Misfit> {
        if args.iter().any(|arg| !arg.terms.is_empty()) {
            args = args.into_iter().map(|arg| arg.compared(aim)).collect::<Result<_, _>>()?;
        }
        let mut args = args.into_iter();
        let mut next = || args.next().unwrap_or(Sum::constant(Const::whole(0.0)));
        match function {
            Function::Min => next().bound(next(), false, aim),
            Function::Max => next().bound(next(), true, aim),
            Function::Abs => {
                let x = next();
                let minus = x.clone().minus()?;
                x.bound(minus, true, aim)
            }
            Function::Clamp => {
                let x = next();
                let low = next();
                x.bound(low, true, aim)?.bound(next(), false, aim)
            }
            Function::Mix => {
                let a = next();
                let way = next().plus(a.clone(), true, aim)?.times(next(), aim)?;
                a.plus(way, false, aim)
            }
            Function::Quantize => misfit("quantize needs a scale", None),
        }
    }

    /// To the nearest note of a scale.
    pub fn quantized(self, scale: Arc<[Item]>) -> Result<Sum, Misfit> {
        let sum = Sum { base: self.base.map(|b| b.as_pitch()).transpose()?, ..self };
        let dim = if sum.dim == Dim::Frequency { Dim::Pitch } else { sum.dim };
        Ok(operation(Op::Quantize(scale), sum, Sum { dim: Dim::Number, base: None, terms: Vec::new() }, dim))
    }
}

/// A sum without kind takes that of what it is added to; beside a pitch it is an interval.
fn adopt(sum: &mut Sum, other: Dim, aim: Aim) {
    if sum.is_open() && !other.is_plain() {
        sum.dim = match other {
            Dim::Pitch => Dim::Interval,
            Dim::Beats if aim.rate => Dim::Frequency,
            Dim::Beats => Dim::Time,
            other => other,
        };
        sum.base = sum.base.map(|base| Const { dim: sum.dim, ..base });
    }
}

fn adopt_same(sum: &mut Sum, other: Dim) {
    if sum.is_open() && !other.is_plain() {
        sum.dim = other;
        sum.base = sum.base.map(|base| Const { dim: other, ..base });
    }
}

/// Kind and constant part of a sum of two.
fn added(a: &Sum, b: &Sum, minus: bool) -> Result<(Dim, Option<Const>), Misfit> {
    // A note length beside seconds that only a signal gives: the one is set, the other comes by cable.
    match (a.dim, b.dim) {
        (Dim::Beats, dim @ (Dim::Time | Dim::Frequency)) if b.base.is_none() => return Ok((dim, a.base)),
        (dim @ (Dim::Time | Dim::Frequency), Dim::Beats) if a.base.is_none() => {
            return Ok((dim, b.base.map(|b| if minus { b.by(-1.0) } else { b })));
        }
        _ => {}
    }
    let zero = |sum: &Sum| match sum.base {
        None => Const::new(sum.dim, 0.0),
        // A musical time beside seconds stays what it is.
        Some(base) if base.dim == Dim::Beats => base,
        Some(base) => Const { dim: sum.dim, ..base },
    };
    let dim = Const::new(a.dim, 1.0).plus(Const::new(b.dim, 1.0), minus)?.dim;
    if a.base.is_none() && b.base.is_none() {
        return Ok((dim, None));
    }
    let base = zero(a).plus(zero(b), minus)?;
    Ok((dim, Some(base)))
}

fn merge(terms: &mut Vec<Term>, term: Term) {
    match terms.iter_mut().find(|t| t.place() == term.place()) {
        Some(same) => same.factor += term.factor,
        None => terms.push(term),
    }
}

/// What a sum that multiplied a frequency with a signal was probably meant to be.
fn pitch_help(misfit: Misfit) -> Misfit {
    if misfit.message.contains("pitch") {
        let help = "a signal moves a pitch by an interval: `300Hz + 3oct * env`".to_string();
        return Misfit { help: Some(help), ..misfit };
    }
    misfit
}

impl Sum {
    /// What puts sums into an order that is the same however the text was shuffled.
    pub fn order(&self) -> Order {
        let bits = |v: f64| v.to_bits();
        let terms = self.terms.iter().map(|t| (t.key.clone(), t.late, t.take, t.to, bits(t.factor))).collect();
        (self.dim, self.base.map_or((0, 0), |base| (bits(base.value), bits(base.beats))), terms)
    }

    /// What two cables into one place bring together. Unlike an expression this asks for no kinds of signals: cables
    /// into one input are added, whatever they carry.
    pub fn joined(self, other: Sum, aim: Aim) -> Result<Sum, Misfit> {
        if self.base.is_some() && other.base.is_some() {
            return self.plus(other, false, aim);
        }
        let a = if other.terms.is_empty() { self } else { self.beside_signal(aim)?.note_length(aim) };
        let b = if a.terms.is_empty() { other } else { other.beside_signal(aim)?.note_length(aim) };
        let dim = match (a.dim, b.dim) {
            (x, y) if x.is_plain() && !y.is_plain() => y,
            (x, _) => x,
        };
        let mut terms = a.terms;
        // What comes from one output twice is added where the cables are made; looking for it here would take the
        // square of their number.
        terms.extend(b.terms);
        Ok(Sum { dim, base: a.base.or(b.base), terms })
    }
}

/// FNV-1a, 64 bits: the same on every machine and in every version, unlike the standard library's.
pub(crate) fn fnv(bytes: impl IntoIterator<Item = u8>) -> u64 {
    fnv_on(0xcbf2_9ce4_8422_2325, bytes)
}

/// The same, from a hash of what stands before these bytes.
pub(crate) fn fnv_on(so_far: u64, bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(so_far, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}
