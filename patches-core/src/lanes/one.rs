//! One lane: plain `f32`, `u32` and a wrapped `bool`. It is the meaning that every other realisation is tested against.

use super::{LaneBits, LaneMask, Lanes, Mem};
use std::ops::{Add, BitAnd, BitOr, BitXor, Mul, Not, Sub};

/// One whole number, wrapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Word(pub u32);

macro_rules! word_op {
    ($($trait:ident $method:ident $body:expr;)*) => {$(
        impl $trait for Word {
            type Output = Word;
            #[inline(always)]
            fn $method(self, o: Word) -> Word {
                let f: fn(u32, u32) -> u32 = $body;
                Word(f(self.0, o.0))
            }
        }
    )*};
}
word_op! {
    Add add u32::wrapping_add;
    Sub sub u32::wrapping_sub;
    Mul mul u32::wrapping_mul;
    BitAnd bitand |a, b| a & b;
    BitOr bitor |a, b| a | b;
    BitXor bitxor |a, b| a ^ b;
}
impl Not for Word {
    type Output = Word;
    #[inline(always)]
    fn not(self) -> Word {
        Word(!self.0)
    }
}

impl LaneMask for bool {
    #[inline(always)]
    fn splat(yes: bool) -> Self {
        yes
    }
    #[inline(always)]
    fn any(self) -> bool {
        self
    }
}

impl Lanes for f32 {
    type Bits = Word;
    type Mask = bool;
    const COUNT: usize = 1;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        x
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        // SAFETY: the caller vouches for one float.
        unsafe { *p }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        // SAFETY: the caller vouches for one float.
        unsafe { *p = self }
    }
    #[inline(always)]
    fn lt(self, o: Self) -> bool {
        self < o
    }
    #[inline(always)]
    fn le(self, o: Self) -> bool {
        self <= o
    }
    #[inline(always)]
    fn eq(self, o: Self) -> bool {
        self == o
    }
    #[inline(always)]
    fn select(mask: bool, yes: Self, no: Self) -> Self {
        if mask { yes } else { no }
    }
    #[inline(always)]
    fn min(self, o: Self) -> Self {
        if self < o { self } else { o }
    }
    #[inline(always)]
    fn max(self, o: Self) -> Self {
        if self > o { self } else { o }
    }
    #[inline(always)]
    fn abs(self) -> Self {
        f32::from_bits(self.to_bits() & 0x7fff_ffff)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        f32::sqrt(self)
    }
    #[inline(always)]
    fn to_int(self) -> Word {
        let held = Lanes::max(Lanes::min(self, 2_147_483_520.0), -2_147_483_648.0);
        // SAFETY: `held` is in the range of i32, and NaN has become the upper bound. The checked conversion gives the same
        // but costs three times as much.
        Word(unsafe { held.to_int_unchecked::<i32>() } as u32)
    }
    #[inline(always)]
    fn bits(self) -> Word {
        Word(self.to_bits())
    }
    #[inline(always)]
    fn lookup(mem: &[Mem], index: Word) -> Self {
        mem[0].read(index.0)
    }
    #[inline(always)]
    fn poke(mem: &[Mem], index: Word, value: Self) {
        mem[0].write(index.0, value);
    }
    #[inline(always)]
    fn all_zero(self) -> bool {
        self == 0.0
    }
}

impl LaneBits for Word {
    type Float = f32;
    type Mask = bool;

    #[inline(always)]
    fn splat(x: u32) -> Self {
        Word(x)
    }
    #[inline(always)]
    unsafe fn load(p: *const u32) -> Self {
        // SAFETY: the caller vouches for one word.
        Word(unsafe { *p })
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut u32) {
        // SAFETY: the caller vouches for one word.
        unsafe { *p = self.0 }
    }
    #[inline(always)]
    fn shl(self, by: u32) -> Self {
        Word(if by < 32 { self.0 << by } else { 0 })
    }
    #[inline(always)]
    fn shr(self, by: u32) -> Self {
        Word(if by < 32 { self.0 >> by } else { 0 })
    }
    #[inline(always)]
    fn sar(self, by: u32) -> Self {
        Word((self.0 as i32 >> (by & 31)) as u32)
    }
    #[inline(always)]
    fn eq(self, o: Self) -> bool {
        self.0 == o.0
    }
    #[inline(always)]
    fn lt(self, o: Self) -> bool {
        (self.0 as i32) < o.0 as i32
    }
    #[inline(always)]
    fn select(mask: bool, yes: Self, no: Self) -> Self {
        if mask { yes } else { no }
    }
    #[inline(always)]
    fn to_float(self) -> f32 {
        self.0 as i32 as f32
    }
    #[inline(always)]
    fn float_bits(self) -> f32 {
        f32::from_bits(self.0)
    }
}
