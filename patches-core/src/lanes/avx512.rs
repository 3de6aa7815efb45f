//! Sixteen lanes as one AVX-512 register, answers as one mask register.
//!
//! These types may be used only inside functions compiled with `#[target_feature(enable = "avx512f")]`, reached after
//! the processor has been asked. The foundation set is all that is needed. Nothing checks that here: every method is
//! inlined into such a function and takes its instruction set from it. No fused multiply-add is used or needed.

use super::exact::{Exact, SNAP};
use super::{LANES, LaneBits, LaneMask, Lanes, Mem};
use std::arch::x86_64::*;
use std::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Neg, Not, Sub};

/// Sixteen floats. Only inside functions compiled with AVX-512F.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Avx512x16(__m512);

/// Sixteen whole numbers. Only inside functions compiled with AVX-512F.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Avx512Bits(__m512i);

/// Sixteen answers, one bit each.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Avx512Mask(__mmask16);

/// Calls intrinsics.
macro_rules! avx512 {
    ($e:expr) => {{
        // SAFETY: the types of this file are used only in functions compiled with AVX-512F, as the head of the file
        // demands; where a pointer is handed on, the caller of the method vouches for it.
        unsafe { $e }
    }};
}

/// An operator of two operands that is one instruction.
macro_rules! operator {
    ($t:ident: $($trait:ident $method:ident $intrinsic:ident;)*) => {$(
        impl $trait for $t {
            type Output = $t;
            #[inline(always)]
            fn $method(self, o: $t) -> $t {
                avx512!($t($intrinsic(self.0, o.0)))
            }
        }
    )*};
}
operator! { Avx512x16:
    Add add _mm512_add_ps;
    Sub sub _mm512_sub_ps;
    Mul mul _mm512_mul_ps;
    Div div _mm512_div_ps;
}
operator! { Avx512Bits:
    Add add _mm512_add_epi32;
    Sub sub _mm512_sub_epi32;
    Mul mul _mm512_mullo_epi32;
    BitAnd bitand _mm512_and_si512;
    BitOr bitor _mm512_or_si512;
    BitXor bitxor _mm512_xor_si512;
}

// Masks are plain 16-bit numbers to the language; the compiler keeps them in mask registers where that is better.
impl BitAnd for Avx512Mask {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, o: Self) -> Self {
        Self(self.0 & o.0)
    }
}
impl BitOr for Avx512Mask {
    type Output = Self;
    #[inline(always)]
    fn bitor(self, o: Self) -> Self {
        Self(self.0 | o.0)
    }
}
impl BitXor for Avx512Mask {
    type Output = Self;
    #[inline(always)]
    fn bitxor(self, o: Self) -> Self {
        Self(self.0 ^ o.0)
    }
}
impl Not for Avx512Mask {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        Self(!self.0)
    }
}
impl Not for Avx512Bits {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        self ^ Self::splat(u32::MAX)
    }
}
// The sign is flipped as a whole number: the float form of that instruction is not in the foundation set.
impl Neg for Avx512x16 {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        (self.bits() ^ Avx512Bits::splat(0x8000_0000)).float_bits()
    }
}

impl LaneMask for Avx512Mask {
    #[inline(always)]
    fn splat(yes: bool) -> Self {
        Self(if yes { __mmask16::MAX } else { 0 })
    }
    #[inline(always)]
    fn any(self) -> bool {
        self.0 != 0
    }
}

impl Lanes for Avx512x16 {
    type Bits = Avx512Bits;
    type Mask = Avx512Mask;
    const COUNT: usize = LANES;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        avx512!(Self(_mm512_set1_ps(x)))
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        avx512!(Self(_mm512_loadu_ps(p)))
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        avx512!(_mm512_storeu_ps(p, self.0))
    }
    #[inline(always)]
    fn lt(self, o: Self) -> Avx512Mask {
        avx512!(Avx512Mask(_mm512_cmp_ps_mask::<_CMP_LT_OQ>(self.0, o.0)))
    }
    #[inline(always)]
    fn le(self, o: Self) -> Avx512Mask {
        avx512!(Avx512Mask(_mm512_cmp_ps_mask::<_CMP_LE_OQ>(self.0, o.0)))
    }
    #[inline(always)]
    fn eq(self, o: Self) -> Avx512Mask {
        avx512!(Avx512Mask(_mm512_cmp_ps_mask::<_CMP_EQ_OQ>(self.0, o.0)))
    }
    #[inline(always)]
    fn select(mask: Avx512Mask, yes: Self, no: Self) -> Self {
        avx512!(Self(_mm512_mask_blend_ps(mask.0, no.0, yes.0)))
    }
    // The instruction gives its second operand where either is NaN or both are zeros, which is `self < o ? self : o`.
    #[inline(always)]
    fn min(self, o: Self) -> Self {
        avx512!(Self(_mm512_min_ps(self.0, o.0)))
    }
    #[inline(always)]
    fn max(self, o: Self) -> Self {
        avx512!(Self(_mm512_max_ps(self.0, o.0)))
    }
    #[inline(always)]
    fn abs(self) -> Self {
        (self.bits() & Avx512Bits::splat(0x7fff_ffff)).float_bits()
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        avx512!(Self(_mm512_sqrt_ps(self.0)))
    }
    // Only the upper bound needs holding: below −2^31 the instruction gives −2^31 by itself.
    #[inline(always)]
    fn to_int(self) -> Avx512Bits {
        let held = self.min(Self::splat(2_147_483_520.0));
        avx512!(Avx512Bits(_mm512_cvttps_epi32(held.0)))
    }
    #[inline(always)]
    fn bits(self) -> Avx512Bits {
        avx512!(Avx512Bits(_mm512_castps_si512(self.0)))
    }
    #[inline(always)]
    fn lookup(mem: &[Mem], index: Avx512Bits) -> Self {
        let (mem, mut at, mut out) = (&mem[..LANES], [0; LANES], [0.0; LANES]);
        // SAFETY: `at` has room for 16 words.
        unsafe { index.store(at.as_mut_ptr()) };
        let mut i = 0;
        while i < LANES {
            out[i] = mem[i].read(at[i]);
            i += 1;
        }
        // SAFETY: `out` holds 16 floats.
        unsafe { Self::load(out.as_ptr()) }
    }
    #[inline(always)]
    fn poke(mem: &[Mem], index: Avx512Bits, value: Self) {
        let (mem, mut at, mut from) = (&mem[..LANES], [0; LANES], [0.0; LANES]);
        // SAFETY: `at` has room for 16 words and `from` for 16 floats.
        unsafe {
            index.store(at.as_mut_ptr());
            value.store(from.as_mut_ptr());
        }
        let mut i = 0;
        while i < LANES {
            mem[i].write(at[i], from[i]);
            i += 1;
        }
    }
    #[inline(always)]
    fn all_zero(self) -> bool {
        avx512!(_mm512_cmp_ps_mask::<_CMP_NEQ_UQ>(self.0, _mm512_setzero_ps()) == 0)
    }
    // One rounding instruction instead of there and back; adding 0 turns −0 into 0, as the form in the trait does.
    #[inline(always)]
    fn floor(self) -> Self {
        let held = self.min(Self::splat(2_147_483_520.0)).max(Self::splat(-2_147_483_648.0));
        avx512!(Self(_mm512_roundscale_ps::<{ _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC }>(held.0))) + Self::splat(0.0)
    }
}

impl LaneBits for Avx512Bits {
    type Float = Avx512x16;
    type Mask = Avx512Mask;

    #[inline(always)]
    fn splat(x: u32) -> Self {
        avx512!(Self(_mm512_set1_epi32(x.cast_signed())))
    }
    #[inline(always)]
    unsafe fn load(p: *const u32) -> Self {
        avx512!(Self(_mm512_loadu_si512(p.cast())))
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut u32) {
        avx512!(_mm512_storeu_si512(p.cast(), self.0))
    }
    #[inline(always)]
    fn shl(self, by: u32) -> Self {
        avx512!(Self(_mm512_sll_epi32(self.0, _mm_cvtsi32_si128(by.cast_signed()))))
    }
    #[inline(always)]
    fn shr(self, by: u32) -> Self {
        avx512!(Self(_mm512_srl_epi32(self.0, _mm_cvtsi32_si128(by.cast_signed()))))
    }
    #[inline(always)]
    fn sar(self, by: u32) -> Self {
        avx512!(Self(_mm512_sra_epi32(self.0, _mm_cvtsi32_si128((by & 31).cast_signed()))))
    }
    #[inline(always)]
    fn eq(self, o: Self) -> Avx512Mask {
        avx512!(Avx512Mask(_mm512_cmpeq_epi32_mask(self.0, o.0)))
    }
    #[inline(always)]
    fn lt(self, o: Self) -> Avx512Mask {
        avx512!(Avx512Mask(_mm512_cmplt_epi32_mask(self.0, o.0)))
    }
    #[inline(always)]
    fn below(self, o: Self) -> Avx512Mask {
        avx512!(Avx512Mask(_mm512_cmplt_epu32_mask(self.0, o.0)))
    }
    #[inline(always)]
    fn select(mask: Avx512Mask, yes: Self, no: Self) -> Self {
        avx512!(Self(_mm512_mask_blend_epi32(mask.0, no.0, yes.0)))
    }
    #[inline(always)]
    fn to_float(self) -> Avx512x16 {
        avx512!(Avx512x16(_mm512_cvtepi32_ps(self.0)))
    }
    #[inline(always)]
    fn float_bits(self) -> Avx512x16 {
        avx512!(Avx512x16(_mm512_castsi512_ps(self.0)))
    }
}

impl Exact for Avx512x16 {
    type Sums = [__m512d; 2];

    #[inline(always)]
    fn none() -> [__m512d; 2] {
        avx512!([_mm512_setzero_pd(); 2])
    }

    #[inline(always)]
    fn gather(self, sums: &mut [__m512d; 2]) {
        avx512!({
            let snap = _mm512_set1_pd(SNAP);
            let bits = _mm512_castps_pd(self.0);
            let low = _mm512_castps512_ps256(self.0);
            let high = _mm256_castpd_ps(_mm512_extractf64x4_pd::<1>(bits));
            let low = _mm512_sub_pd(_mm512_add_pd(_mm512_cvtps_pd(low), snap), snap);
            let high = _mm512_sub_pd(_mm512_add_pd(_mm512_cvtps_pd(high), snap), snap);
            *sums = [_mm512_add_pd(sums[0], low), _mm512_add_pd(sums[1], high)];
        })
    }

    #[inline(always)]
    fn each(sums: [__m512d; 2]) -> Self {
        avx512!({
            let low = _mm256_castps_pd(_mm512_cvtpd_ps(sums[0]));
            let high = _mm256_castps_pd(_mm512_cvtpd_ps(sums[1]));
            Self(_mm512_castpd_ps(_mm512_insertf64x4::<1>(_mm512_castpd256_pd512(low), high)))
        })
    }

    #[inline(always)]
    fn all(sums: [__m512d; 2]) -> f64 {
        avx512!({
            let eight = _mm512_add_pd(sums[0], sums[1]);
            let four = _mm256_add_pd(_mm512_castpd512_pd256(eight), _mm512_extractf64x4_pd::<1>(eight));
            let two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd::<1>(four));
            _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)))
        })
    }
}
