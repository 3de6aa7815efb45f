//! Lanes: one number, or 16 side by side, under one set of operations. A kernel is written once over [`Lanes`] and runs
//! as one voice (`f32`), as 16 voices, or over 16 frames of one voice, on whatever registers the processor has.
//!
//! Every operation gives the same bits in every realisation, for all inputs, NaN included (payloads aside): no fused
//! multiply-add, no platform maths, `min` and `max` as compare and select, conversions clamped first. Each has a test
//! against its `f32` form. `unsafe` is allowed in this folder: it is where registers are.

mod array;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
pub mod exact;
#[cfg(test)]
pub(crate) mod harness;
mod one;
#[cfg(test)]
mod tests;

pub use array::Array16;
#[cfg(target_arch = "x86_64")]
pub use avx2::Avx2x16;
#[cfg(target_arch = "x86_64")]
pub use avx512::Avx512x16;

use std::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Neg, Not, Sub};

/// How many voices run side by side on every machine, whatever its registers.
pub const LANES: usize = 16;

/// A piece of memory that belongs to one lane: a delay line or a table. Its length is a power of two, so that an index
/// is always brought inside by a mask.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Mem {
    ptr: *mut f32,
    mask: u32,
}

impl Mem {
    /// No memory: one word that reads as 0 must still be there, so this may not be read.
    pub const NONE: Mem = Mem { ptr: std::ptr::null_mut(), mask: 0 };

    /// # Safety
    /// `ptr` must point to `len` floats, valid for reads and writes for as long as this is used, and written by one
    /// thread only. `len` must be a power of two, at least 1 and at most 2^31.
    pub unsafe fn new(ptr: *mut f32, len: usize) -> Mem {
        debug_assert!(len.is_power_of_two() && len <= 1 << 31);
        Mem { ptr, mask: (len - 1) as u32 }
    }

    /// Length in floats.
    pub fn len(&self) -> usize {
        self.mask as usize + 1
    }

    /// Whether there is nothing behind it.
    pub fn is_empty(&self) -> bool {
        self.ptr.is_null()
    }

    #[inline(always)]
    fn read(&self, index: u32) -> f32 {
        // SAFETY: the mask keeps the index inside, `new` vouches for the rest.
        unsafe { *self.ptr.add((index & self.mask) as usize) }
    }

    #[inline(always)]
    fn write(&self, index: u32, value: f32) {
        // SAFETY: as in `read`.
        unsafe { *self.ptr.add((index & self.mask) as usize) = value }
    }
}

/// Numbers side by side. All operations are lane by lane.
pub trait Lanes:
    Copy + 'static + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// As many whole numbers, or bit patterns, of 32 bits.
    type Bits: LaneBits<Float = Self, Mask = Self::Mask>;
    /// A yes or no per lane.
    type Mask: LaneMask;
    /// How many there are.
    const COUNT: usize;

    /// The same number in every lane.
    fn splat(x: f32) -> Self;
    /// Reads `COUNT` floats, aligned or not.
    ///
    /// # Safety
    /// `p` must be valid for reading `COUNT` floats.
    unsafe fn load(p: *const f32) -> Self;
    /// Writes `COUNT` floats, aligned or not.
    ///
    /// # Safety
    /// `p` must be valid for writing `COUNT` floats.
    unsafe fn store(self, p: *mut f32);

    /// Less than; false where either is NaN.
    fn lt(self, o: Self) -> Self::Mask;
    /// Less or equal; false where either is NaN.
    fn le(self, o: Self) -> Self::Mask;
    /// Equal; false where either is NaN.
    fn eq(self, o: Self) -> Self::Mask;
    /// Greater than.
    #[inline(always)]
    fn gt(self, o: Self) -> Self::Mask {
        o.lt(self)
    }
    /// Greater or equal.
    #[inline(always)]
    fn ge(self, o: Self) -> Self::Mask {
        o.le(self)
    }
    /// `yes` where the mask is set, else `no`.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;

    /// `self < o ? self : o`, so `o` where either is NaN.
    fn min(self, o: Self) -> Self;
    /// `self > o ? self : o`, so `o` where either is NaN.
    fn max(self, o: Self) -> Self;
    /// Without its sign bit.
    fn abs(self) -> Self;
    /// Square root, exactly rounded; of a negative number NaN.
    fn sqrt(self) -> Self;
    /// Toward zero, held to −2147483648..=2147483520 (the largest float below 2^31); NaN gives the largest.
    fn to_int(self) -> Self::Bits;
    /// The bit patterns.
    fn bits(self) -> Self::Bits;

    /// Reads `mem[i]` of each lane's own memory at `index`, wrapped into its length. `mem` has at least `COUNT` entries.
    fn lookup(mem: &[Mem], index: Self::Bits) -> Self;
    /// Writes each lane's own memory at `index`, wrapped into its length.
    fn poke(mem: &[Mem], index: Self::Bits, value: Self);
    /// Whether every lane is exactly zero; false if any is NaN.
    fn all_zero(self) -> bool;

    /// `self + a * b`, rounded twice: the one place where a fused form could go, and does not.
    #[inline(always)]
    fn mla(self, a: Self, b: Self) -> Self {
        self + a * b
    }
    /// Held to `lo..=hi`; NaN gives `lo`.
    #[inline(always)]
    fn clamp(self, lo: Self, hi: Self) -> Self {
        self.max(lo).min(hi)
    }
    /// Largest whole number not above, for |x| < 2^31; beyond, held as in `to_int`.
    #[inline(always)]
    fn floor(self) -> Self {
        let t = self.to_int().to_float();
        t - Self::select(t.gt(self), Self::splat(1.0), Self::splat(0.0))
    }
    /// Nearest whole number, halves up, for |x| < 2^22.
    #[inline(always)]
    fn round(self) -> Self {
        (self + Self::splat(0.5)).floor()
    }
}

/// Whole numbers of 32 bits side by side, wrapping.
pub trait LaneBits:
    Copy
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + BitAnd<Output = Self>
    + BitOr<Output = Self>
    + BitXor<Output = Self>
    + Not<Output = Self>
{
    /// The numbers they are the twin of.
    type Float: Lanes<Bits = Self, Mask = Self::Mask>;
    /// A yes or no per lane.
    type Mask: LaneMask;

    /// The same in every lane.
    fn splat(x: u32) -> Self;
    /// Reads as many words as there are lanes.
    ///
    /// # Safety
    /// `p` must be valid for reading that many words.
    unsafe fn load(p: *const u32) -> Self;
    /// Writes as many words as there are lanes.
    ///
    /// # Safety
    /// `p` must be valid for writing that many words.
    unsafe fn store(self, p: *mut u32);
    /// Shifted left; by 32 or more gives 0.
    fn shl(self, by: u32) -> Self;
    /// Shifted right, zeros come in; by 32 or more gives 0.
    fn shr(self, by: u32) -> Self;
    /// Shifted right, the sign comes in; `by` is taken modulo 32.
    fn sar(self, by: u32) -> Self;
    /// Equal.
    fn eq(self, o: Self) -> Self::Mask;
    /// Less, as signed numbers.
    fn lt(self, o: Self) -> Self::Mask;
    /// Less, as unsigned numbers.
    #[inline(always)]
    fn below(self, o: Self) -> Self::Mask {
        let flip = Self::splat(0x8000_0000);
        (self ^ flip).lt(o ^ flip)
    }
    /// `yes` where the mask is set, else `no`.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;
    /// As signed numbers, rounded to nearest even.
    fn to_float(self) -> Self::Float;
    /// The floats of these bit patterns.
    fn float_bits(self) -> Self::Float;
}

/// A yes or no per lane.
pub trait LaneMask:
    Copy + 'static + BitAnd<Output = Self> + BitOr<Output = Self> + BitXor<Output = Self> + Not<Output = Self>
{
    /// The same answer in every lane.
    fn splat(yes: bool) -> Self;
    /// Whether any lane says yes.
    fn any(self) -> bool;
}
