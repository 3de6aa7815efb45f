//! Sixteen lanes as plain arrays: the compiler turns each loop into whatever vector instructions the target has. This
//! is the form on baseline x86-64, on ARM and anywhere else, and the one that Miri can run.

use super::one::Word;
use super::{LANES, LaneBits, LaneMask, Lanes, Mem};
use std::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Neg, Not, Sub};

/// Sixteen floats.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Array16([f32; LANES]);

/// Sixteen whole numbers.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Words16([u32; LANES]);

/// Sixteen answers, each all ones or all zeros, as compares give them.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Mask16([u32; LANES]);

/// Applies one-lane code to each lane. A macro, not a function: a closure that is not inlined would leave the
/// instruction set of the step function it stands in.
macro_rules! each {
    ($make:ident, |$i:ident| $e:expr) => {{
        let mut out = [Default::default(); LANES];
        let mut $i = 0;
        while $i < LANES {
            out[$i] = $e;
            $i += 1;
        }
        $make(out)
    }};
}

macro_rules! op {
    ($t:ident, $trait:ident, $method:ident, |$a:ident, $b:ident| $e:expr) => {
        impl $trait for $t {
            type Output = $t;
            #[inline(always)]
            fn $method(self, o: $t) -> $t {
                each!($t, |i| {
                    let ($a, $b) = (self.0[i], o.0[i]);
                    $e
                })
            }
        }
    };
}
op!(Array16, Add, add, |a, b| a + b);
op!(Array16, Sub, sub, |a, b| a - b);
op!(Array16, Mul, mul, |a, b| a * b);
op!(Array16, Div, div, |a, b| a / b);
op!(Words16, Add, add, |a, b| a.wrapping_add(b));
op!(Words16, Sub, sub, |a, b| a.wrapping_sub(b));
op!(Words16, Mul, mul, |a, b| a.wrapping_mul(b));
op!(Words16, BitAnd, bitand, |a, b| a & b);
op!(Words16, BitOr, bitor, |a, b| a | b);
op!(Words16, BitXor, bitxor, |a, b| a ^ b);
op!(Mask16, BitAnd, bitand, |a, b| a & b);
op!(Mask16, BitOr, bitor, |a, b| a | b);
op!(Mask16, BitXor, bitxor, |a, b| a ^ b);

impl Neg for Array16 {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        each!(Array16, |i| -self.0[i])
    }
}
impl Not for Words16 {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        each!(Words16, |i| !self.0[i])
    }
}
impl Not for Mask16 {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        each!(Mask16, |i| !self.0[i])
    }
}

#[inline(always)]
fn ones(yes: bool) -> u32 {
    if yes { u32::MAX } else { 0 }
}

#[inline(always)]
fn pick(mask: u32, yes: u32, no: u32) -> u32 {
    (yes & mask) | (no & !mask)
}

impl LaneMask for Mask16 {
    #[inline(always)]
    fn splat(yes: bool) -> Self {
        Mask16([ones(yes); LANES])
    }
    #[inline(always)]
    fn any(self) -> bool {
        self.0.iter().fold(0, |a, b| a | b) != 0
    }
}

impl Lanes for Array16 {
    type Bits = Words16;
    type Mask = Mask16;
    const COUNT: usize = LANES;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        Array16([x; LANES])
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        // SAFETY: the caller vouches for 16 floats; arrays of floats have no alignment beyond the float's.
        Array16(unsafe { p.cast::<[f32; LANES]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        // SAFETY: as in `load`.
        unsafe { p.cast::<[f32; LANES]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    fn lt(self, o: Self) -> Mask16 {
        each!(Mask16, |i| ones(self.0[i] < o.0[i]))
    }
    #[inline(always)]
    fn le(self, o: Self) -> Mask16 {
        each!(Mask16, |i| ones(self.0[i] <= o.0[i]))
    }
    #[inline(always)]
    fn eq(self, o: Self) -> Mask16 {
        each!(Mask16, |i| ones(self.0[i] == o.0[i]))
    }
    #[inline(always)]
    fn select(mask: Mask16, yes: Self, no: Self) -> Self {
        each!(Array16, |i| f32::from_bits(pick(mask.0[i], yes.0[i].to_bits(), no.0[i].to_bits())))
    }
    #[inline(always)]
    fn min(self, o: Self) -> Self {
        each!(Array16, |i| Lanes::min(self.0[i], o.0[i]))
    }
    #[inline(always)]
    fn max(self, o: Self) -> Self {
        each!(Array16, |i| Lanes::max(self.0[i], o.0[i]))
    }
    #[inline(always)]
    fn abs(self) -> Self {
        each!(Array16, |i| Lanes::abs(self.0[i]))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        each!(Array16, |i| Lanes::sqrt(self.0[i]))
    }
    #[inline(always)]
    fn to_int(self) -> Words16 {
        // SAFETY: held to the range of i32 first, and NaN has become the upper bound, so the conversion is defined;
        // unchecked, because the checked form is not vectorised.
        each!(Words16, |i| unsafe {
            Lanes::max(Lanes::min(self.0[i], 2_147_483_520.0), -2_147_483_648.0).to_int_unchecked::<i32>() as u32
        })
    }
    #[inline(always)]
    fn bits(self) -> Words16 {
        each!(Words16, |i| self.0[i].to_bits())
    }
    #[inline(always)]
    fn lookup(mem: &[Mem], index: Words16) -> Self {
        each!(Array16, |i| mem[i].read(index.0[i]))
    }
    #[inline(always)]
    fn poke(mem: &[Mem], index: Words16, value: Self) {
        let mut i = 0;
        while i < LANES {
            mem[i].write(index.0[i], value.0[i]);
            i += 1;
        }
    }
    #[inline(always)]
    fn all_zero(self) -> bool {
        self.0.iter().fold(0, |a, b| a | ones(*b != 0.0)) == 0
    }
}

impl LaneBits for Words16 {
    type Float = Array16;
    type Mask = Mask16;

    #[inline(always)]
    fn splat(x: u32) -> Self {
        Words16([x; LANES])
    }
    #[inline(always)]
    unsafe fn load(p: *const u32) -> Self {
        // SAFETY: the caller vouches for 16 words.
        Words16(unsafe { p.cast::<[u32; LANES]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut u32) {
        // SAFETY: the caller vouches for 16 words.
        unsafe { p.cast::<[u32; LANES]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    fn shl(self, by: u32) -> Self {
        each!(Words16, |i| Word(self.0[i]).shl(by).0)
    }
    #[inline(always)]
    fn shr(self, by: u32) -> Self {
        each!(Words16, |i| Word(self.0[i]).shr(by).0)
    }
    #[inline(always)]
    fn sar(self, by: u32) -> Self {
        each!(Words16, |i| Word(self.0[i]).sar(by).0)
    }
    #[inline(always)]
    fn eq(self, o: Self) -> Mask16 {
        each!(Mask16, |i| ones(self.0[i] == o.0[i]))
    }
    #[inline(always)]
    fn lt(self, o: Self) -> Mask16 {
        each!(Mask16, |i| ones((self.0[i] as i32) < o.0[i] as i32))
    }
    #[inline(always)]
    fn select(mask: Mask16, yes: Self, no: Self) -> Self {
        each!(Words16, |i| pick(mask.0[i], yes.0[i], no.0[i]))
    }
    #[inline(always)]
    fn to_float(self) -> Array16 {
        each!(Array16, |i| self.0[i] as i32 as f32)
    }
    #[inline(always)]
    fn float_bits(self) -> Array16 {
        each!(Array16, |i| f32::from_bits(self.0[i]))
    }
}
