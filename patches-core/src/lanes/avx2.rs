//! Sixteen lanes as two AVX2 registers of eight.
//!
//! These types may be used only inside functions compiled with `#[target_feature(enable = "avx2")]`, reached after the
//! processor has been asked. Nothing checks that here: every method is inlined into such a function and takes its
//! instruction set from it, and elsewhere it would be an illegal instruction on an older processor. No fused
//! multiply-add is used or needed.

use super::exact::{Exact, SNAP};
use super::{LANES, LaneBits, LaneMask, Lanes, Mem};
use std::arch::x86_64::*;
use std::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Neg, Not, Sub};

/// Sixteen floats. Only inside functions compiled with AVX2.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Avx2x16(__m256, __m256);

/// Sixteen whole numbers. Only inside functions compiled with AVX2.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Avx2Bits(__m256i, __m256i);

/// Sixteen answers, each all ones or all zeros. Only inside functions compiled with AVX2.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Avx2Mask(__m256i, __m256i);

/// Calls intrinsics.
macro_rules! avx2 {
    ($e:expr) => {{
        // SAFETY: the types of this file are used only in functions compiled with AVX2, as the head of the file demands;
        // where a pointer is handed on, the caller of the method vouches for it.
        unsafe { $e }
    }};
}

/// An operator of two operands that is one instruction per register.
macro_rules! operator {
    ($t:ident: $($trait:ident $method:ident $intrinsic:ident;)*) => {$(
        impl $trait for $t {
            type Output = $t;
            #[inline(always)]
            fn $method(self, o: $t) -> $t {
                avx2!($t($intrinsic(self.0, o.0), $intrinsic(self.1, o.1)))
            }
        }
    )*};
}
operator! { Avx2x16:
    Add add _mm256_add_ps;
    Sub sub _mm256_sub_ps;
    Mul mul _mm256_mul_ps;
    Div div _mm256_div_ps;
}
operator! { Avx2Bits:
    Add add _mm256_add_epi32;
    Sub sub _mm256_sub_epi32;
    Mul mul _mm256_mullo_epi32;
    BitAnd bitand _mm256_and_si256;
    BitOr bitor _mm256_or_si256;
    BitXor bitxor _mm256_xor_si256;
}
operator! { Avx2Mask:
    BitAnd bitand _mm256_and_si256;
    BitOr bitor _mm256_or_si256;
    BitXor bitxor _mm256_xor_si256;
}

impl Neg for Avx2x16 {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        avx2!({
            let sign = _mm256_set1_ps(-0.0);
            Self(_mm256_xor_ps(self.0, sign), _mm256_xor_ps(self.1, sign))
        })
    }
}
impl Not for Avx2Bits {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        self ^ Self::splat(u32::MAX)
    }
}
impl Not for Avx2Mask {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        self ^ Self::splat(true)
    }
}

/// A compare of floats, as a mask.
macro_rules! compare {
    ($a:expr, $b:expr, $how:ident) => {
        avx2!(Avx2Mask(
            _mm256_castps_si256(_mm256_cmp_ps::<$how>($a.0, $b.0)),
            _mm256_castps_si256(_mm256_cmp_ps::<$how>($a.1, $b.1)),
        ))
    };
}

impl LaneMask for Avx2Mask {
    #[inline(always)]
    fn splat(yes: bool) -> Self {
        avx2!({
            let m = _mm256_set1_epi32(-i32::from(yes));
            Self(m, m)
        })
    }
    #[inline(always)]
    fn any(self) -> bool {
        avx2!(_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_or_si256(self.0, self.1))) != 0)
    }
}

impl Lanes for Avx2x16 {
    type Bits = Avx2Bits;
    type Mask = Avx2Mask;
    const COUNT: usize = LANES;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        avx2!({
            let v = _mm256_set1_ps(x);
            Self(v, v)
        })
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        avx2!(Self(_mm256_loadu_ps(p), _mm256_loadu_ps(p.add(8))))
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        avx2!({
            _mm256_storeu_ps(p, self.0);
            _mm256_storeu_ps(p.add(8), self.1);
        })
    }
    #[inline(always)]
    fn lt(self, o: Self) -> Avx2Mask {
        compare!(self, o, _CMP_LT_OQ)
    }
    #[inline(always)]
    fn le(self, o: Self) -> Avx2Mask {
        compare!(self, o, _CMP_LE_OQ)
    }
    #[inline(always)]
    fn eq(self, o: Self) -> Avx2Mask {
        compare!(self, o, _CMP_EQ_OQ)
    }
    #[inline(always)]
    fn select(mask: Avx2Mask, yes: Self, no: Self) -> Self {
        avx2!(Self(
            _mm256_blendv_ps(no.0, yes.0, _mm256_castsi256_ps(mask.0)),
            _mm256_blendv_ps(no.1, yes.1, _mm256_castsi256_ps(mask.1)),
        ))
    }
    // The instruction gives its second operand where either is NaN or both are zeros, which is `self < o ? self : o`.
    #[inline(always)]
    fn min(self, o: Self) -> Self {
        avx2!(Self(_mm256_min_ps(self.0, o.0), _mm256_min_ps(self.1, o.1)))
    }
    #[inline(always)]
    fn max(self, o: Self) -> Self {
        avx2!(Self(_mm256_max_ps(self.0, o.0), _mm256_max_ps(self.1, o.1)))
    }
    #[inline(always)]
    fn abs(self) -> Self {
        avx2!({
            let sign = _mm256_set1_ps(-0.0);
            Self(_mm256_andnot_ps(sign, self.0), _mm256_andnot_ps(sign, self.1))
        })
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        avx2!(Self(_mm256_sqrt_ps(self.0), _mm256_sqrt_ps(self.1)))
    }
    // Only the upper bound needs holding: below −2^31 the instruction gives −2^31 by itself.
    #[inline(always)]
    fn to_int(self) -> Avx2Bits {
        let held = self.min(Self::splat(2_147_483_520.0));
        avx2!(Avx2Bits(_mm256_cvttps_epi32(held.0), _mm256_cvttps_epi32(held.1)))
    }
    #[inline(always)]
    fn bits(self) -> Avx2Bits {
        avx2!(Avx2Bits(_mm256_castps_si256(self.0), _mm256_castps_si256(self.1)))
    }
    #[inline(always)]
    fn lookup(mem: &[Mem], index: Avx2Bits) -> Self {
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
    fn poke(mem: &[Mem], index: Avx2Bits, value: Self) {
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
        !compare!(self, Self::splat(0.0), _CMP_NEQ_UQ).any()
    }
    // One rounding instruction instead of there and back; adding 0 turns −0 into 0, as the form in the trait does.
    #[inline(always)]
    fn floor(self) -> Self {
        let held = self.min(Self::splat(2_147_483_520.0)).max(Self::splat(-2_147_483_648.0));
        avx2!(Self(_mm256_floor_ps(held.0), _mm256_floor_ps(held.1))) + Self::splat(0.0)
    }
}

impl LaneBits for Avx2Bits {
    type Float = Avx2x16;
    type Mask = Avx2Mask;

    #[inline(always)]
    fn splat(x: u32) -> Self {
        avx2!({
            let v = _mm256_set1_epi32(x.cast_signed());
            Self(v, v)
        })
    }
    #[inline(always)]
    unsafe fn load(p: *const u32) -> Self {
        avx2!(Self(_mm256_loadu_si256(p.cast()), _mm256_loadu_si256(p.add(8).cast())))
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut u32) {
        avx2!({
            _mm256_storeu_si256(p.cast(), self.0);
            _mm256_storeu_si256(p.add(8).cast(), self.1);
        })
    }
    #[inline(always)]
    fn shl(self, by: u32) -> Self {
        avx2!({
            let by = _mm_cvtsi32_si128(by.cast_signed());
            Self(_mm256_sll_epi32(self.0, by), _mm256_sll_epi32(self.1, by))
        })
    }
    #[inline(always)]
    fn shr(self, by: u32) -> Self {
        avx2!({
            let by = _mm_cvtsi32_si128(by.cast_signed());
            Self(_mm256_srl_epi32(self.0, by), _mm256_srl_epi32(self.1, by))
        })
    }
    #[inline(always)]
    fn sar(self, by: u32) -> Self {
        avx2!({
            let by = _mm_cvtsi32_si128((by & 31).cast_signed());
            Self(_mm256_sra_epi32(self.0, by), _mm256_sra_epi32(self.1, by))
        })
    }
    #[inline(always)]
    fn eq(self, o: Self) -> Avx2Mask {
        avx2!(Avx2Mask(_mm256_cmpeq_epi32(self.0, o.0), _mm256_cmpeq_epi32(self.1, o.1)))
    }
    #[inline(always)]
    fn lt(self, o: Self) -> Avx2Mask {
        avx2!(Avx2Mask(_mm256_cmpgt_epi32(o.0, self.0), _mm256_cmpgt_epi32(o.1, self.1)))
    }
    #[inline(always)]
    fn select(mask: Avx2Mask, yes: Self, no: Self) -> Self {
        avx2!(Self(_mm256_blendv_epi8(no.0, yes.0, mask.0), _mm256_blendv_epi8(no.1, yes.1, mask.1)))
    }
    #[inline(always)]
    fn to_float(self) -> Avx2x16 {
        avx2!(Avx2x16(_mm256_cvtepi32_ps(self.0), _mm256_cvtepi32_ps(self.1)))
    }
    #[inline(always)]
    fn float_bits(self) -> Avx2x16 {
        avx2!(Avx2x16(_mm256_castsi256_ps(self.0), _mm256_castsi256_ps(self.1)))
    }
}

impl Exact for Avx2x16 {
    type Sums = [__m256d; 4];

    #[inline(always)]
    fn none() -> [__m256d; 4] {
        avx2!([_mm256_setzero_pd(); 4])
    }

    #[inline(always)]
    fn gather(self, sums: &mut [__m256d; 4]) {
        avx2!({
            let snap = _mm256_set1_pd(SNAP);
            let parts = [
                _mm256_castps256_ps128(self.0),
                _mm256_extractf128_ps::<1>(self.0),
                _mm256_castps256_ps128(self.1),
                _mm256_extractf128_ps::<1>(self.1),
            ];
            let mut i = 0;
            while i < parts.len() {
                let snapped = _mm256_sub_pd(_mm256_add_pd(_mm256_cvtps_pd(parts[i]), snap), snap);
                sums[i] = _mm256_add_pd(sums[i], snapped);
                i += 1;
            }
        })
    }

    #[inline(always)]
    fn each(sums: [__m256d; 4]) -> Self {
        avx2!({
            let four = [
                _mm256_cvtpd_ps(sums[0]),
                _mm256_cvtpd_ps(sums[1]),
                _mm256_cvtpd_ps(sums[2]),
                _mm256_cvtpd_ps(sums[3]),
            ];
            Self(_mm256_set_m128(four[1], four[0]), _mm256_set_m128(four[3], four[2]))
        })
    }

    #[inline(always)]
    fn all(sums: [__m256d; 4]) -> f64 {
        avx2!({
            let four = _mm256_add_pd(_mm256_add_pd(sums[0], sums[2]), _mm256_add_pd(sums[1], sums[3]));
            let two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd::<1>(four));
            _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)))
        })
    }
}
