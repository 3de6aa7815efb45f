//! Every operation of the three traits, on every lane form, against its one-lane form; and that form against what the
//! traits say.

use super::harness::{Group, Input, Op, Random, check, check_all, compare, forms, one_lane, ops};
use super::{LANES, LaneBits, LaneMask, Lanes, Mem};
use std::hint::black_box;

/// The float of a bit pattern, over the lane form at hand.
macro_rules! f {
    ($x:expr) => {
        LaneBits::float_bits($x)
    };
}

/// A mask as bit patterns: all ones or all zeros.
macro_rules! shown {
    ($mask:expr) => {
        L::Bits::select($mask, L::Bits::splat(u32::MAX), L::Bits::splat(0))
    };
}

ops! {
    FloatSplat exact |_a| L::splat(1.1).bits();
    FloatBits exact |a| f!(a).bits();
    FloatAdd calculated |a, b| (f!(a) + f!(b)).bits();
    FloatSub calculated |a, b| (f!(a) - f!(b)).bits();
    FloatMul calculated |a, b| (f!(a) * f!(b)).bits();
    FloatDiv calculated |a, b| (f!(a) / f!(b)).bits();
    FloatNeg exact |a| (-f!(a)).bits();
    FloatLt exact |a, b| shown!(f!(a).lt(f!(b)));
    FloatLe exact |a, b| shown!(f!(a).le(f!(b)));
    FloatEq exact |a, b| shown!(Lanes::eq(f!(a), f!(b)));
    FloatGt exact |a, b| shown!(f!(a).gt(f!(b)));
    FloatGe exact |a, b| shown!(f!(a).ge(f!(b)));
    FloatSelect exact |a, b, c| L::select(f!(a).lt(f!(b)), f!(b), f!(c)).bits();
    FloatMin exact |a, b| f!(a).min(f!(b)).bits();
    FloatMax exact |a, b| f!(a).max(f!(b)).bits();
    FloatAbs exact |a| f!(a).abs().bits();
    FloatSqrt calculated |a| f!(a).sqrt().bits();
    FloatToInt exact |a| f!(a).to_int();
    FloatMla calculated |a, b, c| f!(a).mla(f!(b), f!(c)).bits();
    FloatClamp exact |a, b, c| f!(a).clamp(f!(b), f!(c)).bits();
    FloatFloor exact |a| f!(a).floor().bits();
    FloatRound exact |a| f!(a).round().bits();
    BitsSplat exact |_a| L::Bits::splat(0xdead_beef);
    BitsAdd exact |a, b| a + b;
    BitsSub exact |a, b| a - b;
    BitsMul exact |a, b| a * b;
    BitsAnd exact |a, b| a & b;
    BitsOr exact |a, b| a | b;
    BitsXor exact |a, b| a ^ b;
    BitsNot exact |a| !a;
    BitsEq exact |a, b| shown!(LaneBits::eq(a, b));
    BitsLt exact |a, b| shown!(LaneBits::lt(a, b));
    BitsBelow exact |a, b| shown!(a.below(b));
    BitsSelect exact |a, b, c| L::Bits::select(LaneBits::lt(a, b), b, c);
    BitsToFloat exact |a| a.to_float().bits();
    MaskSplat exact |_a| shown!(L::Mask::splat(true)) - shown!(L::Mask::splat(false));
    MaskAnd exact |a, b, c| shown!(f!(a).lt(f!(b)) & LaneBits::lt(b, c));
    MaskOr exact |a, b, c| shown!(f!(a).lt(f!(b)) | LaneBits::lt(b, c));
    MaskXor exact |a, b, c| shown!(f!(a).lt(f!(b)) ^ LaneBits::lt(b, c));
    MaskNot exact |a, b| shown!(!f!(a).lt(f!(b)));
}

macro_rules! shifts {
    ($($by:literal $shl:ident $shr:ident $sar:ident $hidden:ident;)*) => {
        ops! {$(
            $shl exact |a| a.shl($by);
            $shr exact |a| a.shr($by);
            $sar exact |a| a.sar($by);
            $hidden exact |a| a.shl(black_box($by)) ^ a.shr(black_box($by)) ^ a.sar(black_box($by));
        )*}
        #[test]
        fn shifts() {
            let input = Input::mixed();
            $(check::<$shl>(&input); check::<$shr>(&input); check::<$sar>(&input); check::<$hidden>(&input);)*
        }
    };
}
shifts! {
    0 Shl0 Shr0 Sar0 Hidden0;
    1 Shl1 Shr1 Sar1 Hidden1;
    16 Shl16 Shr16 Sar16 Hidden16;
    23 Shl23 Shr23 Sar23 Hidden23;
    31 Shl31 Shr31 Sar31 Hidden31;
    32 Shl32 Shr32 Sar32 Hidden32;
    33 Shl33 Shr33 Sar33 Hidden33;
    256 Shl256 Shr256 Sar256 Hidden256;
    0x8000_0001 ShlHuge ShrHuge SarHuge HiddenHuge;
}

macro_rules! check_each {
    ($input:expr; $($op:ident)*) => {{ let input = $input; $(check::<$op>(&input);)* }};
}

#[test]
fn float_operations() {
    check_each!(Input::mixed(); FloatSplat FloatBits FloatAdd FloatSub FloatMul FloatDiv FloatNeg FloatAbs FloatSqrt
        FloatToInt FloatMla FloatFloor FloatRound);
}

#[test]
fn float_compares_and_choices() {
    check_each!(Input::mixed(); FloatLt FloatLe FloatEq FloatGt FloatGe FloatSelect FloatMin FloatMax FloatClamp);
}

#[test]
fn whole_number_operations() {
    check_each!(Input::mixed(); BitsSplat BitsAdd BitsSub BitsMul BitsAnd BitsOr BitsXor BitsNot BitsEq BitsLt
        BitsBelow BitsSelect BitsToFloat);
}

#[test]
fn mask_operations() {
    check_each!(Input::mixed(); MaskSplat MaskAnd MaskOr MaskXor MaskNot Any AllZero);
}

macro_rules! check_all_each {
    ($step:expr; $($op:ident)*) => { $(check_all::<$op>($step);)* };
}

/// One pattern in 101, spread over all 2^32; with `PATCHES_EXHAUSTIVE=1` every one, which takes some minutes.
#[test]
fn one_operand_over_the_whole_range() {
    let stride = if std::env::var_os("PATCHES_EXHAUSTIVE").is_some() { 1 } else { 101 };
    check_all_each!(stride; FloatToInt FloatFloor FloatRound FloatAbs FloatNeg FloatSqrt BitsToFloat);
}

/// Answers given for all lanes at once: whether any lane of a group says yes.
macro_rules! answers {
    ($($name:ident |$a:ident| $e:expr;)*) => {$(
        #[derive(Default)]
        struct $name;
        impl Op for $name {
            const NAME: &str = stringify!($name);
            const CALCULATED: bool = false;
            #[inline(always)]
            fn group<L: Lanes>(&mut self, a: &Group, b: &Group, _c: &Group, out: &mut Group) {
                // One lane after the other becomes a zero, so that in the end one lane alone decides, then none.
                let mut values = *a;
                let mut round = 0;
                while round < LANES {
                    let (mut yes, mut i) = (false, 0);
                    while i < LANES {
                        // SAFETY: a group has room for all lanes, and `i` counts whole steps of them.
                        let $a = unsafe { L::Bits::load(values.as_ptr().add(i)) };
                        yes |= $e;
                        i += L::COUNT;
                    }
                    out[round] = u32::from(yes);
                    values[(b[0] as usize + round) % LANES] = b[round] & 0x8000_0000;
                    round += 1;
                }
            }
        }
    )*};
}
answers! {
    Any |a| f!(a).lt(L::splat(0.0)).any();
    AllZero |a| !f!(a).all_zero();
}

/// Memories of all sizes from 1 to 2^15, one per lane, filled with numbers that tell where they stand.
struct Memories {
    mem: Vec<Mem>,
    // The memory behind `mem`.
    _floats: Vec<Vec<f32>>,
}

impl Default for Memories {
    fn default() -> Self {
        let mut floats: Vec<Vec<f32>> =
            (0..LANES).map(|i| (0..1 << i).map(|k| (i * 100_000 + k) as f32).collect()).collect();
        // SAFETY: the floats live as long as the memories, and only these reach them.
        let mem = floats.iter_mut().map(|f| unsafe { Mem::new(f.as_mut_ptr(), f.len()) }).collect();
        Memories { mem, _floats: floats }
    }
}

/// Reads, writes, and reads elsewhere what may have been written before.
#[derive(Default)]
struct LookupAndPoke(Memories);

impl Op for LookupAndPoke {
    const NAME: &str = "LookupAndPoke";
    const CALCULATED: bool = false;
    #[inline(always)]
    fn group<L: Lanes>(&mut self, a: &Group, b: &Group, c: &Group, out: &mut Group) {
        let mut i = 0;
        while i < LANES {
            let mem = &self.0.mem[i..];
            // SAFETY: a group has room for all lanes, and `i` counts whole steps of them.
            unsafe {
                let (at, value) = (L::Bits::load(a.as_ptr().add(i)), L::Bits::load(b.as_ptr().add(i)));
                let before = L::lookup(mem, at).bits();
                L::poke(mem, at, value.float_bits());
                let after = L::lookup(mem, L::Bits::load(c.as_ptr().add(i))).bits();
                (before ^ after.shl(1)).store(out.as_mut_ptr().add(i));
            }
            i += L::COUNT;
        }
    }
}

#[test]
fn each_lane_has_its_own_memory() {
    check::<LookupAndPoke>(&Input::mixed());
}

/// Reads and writes at places aligned to no more than four bytes, and nothing beyond.
#[derive(Default)]
struct Unaligned;

impl Op for Unaligned {
    const NAME: &str = "Unaligned";
    const CALCULATED: bool = false;
    #[inline(always)]
    fn group<L: Lanes>(&mut self, a: &Group, b: &Group, _c: &Group, out: &mut Group) {
        let at = 1 + b[0] as usize % 4;
        let mut from = [0; LANES + 8];
        from[at..at + LANES].copy_from_slice(a);
        let mut to = [[0x5a5a_5a5a_u32; LANES + 8]; 2];
        let mut i = 0;
        while i < LANES {
            // SAFETY: 16 words from `at` are inside, and `i` counts whole steps of them.
            unsafe {
                let p = from.as_ptr().add(at + i);
                L::load(p.cast()).store(to[0].as_mut_ptr().add(at + i).cast());
                L::Bits::load(p).store(to[1].as_mut_ptr().add(at + i));
            }
            i += L::COUNT;
        }
        for to in to {
            assert_eq!(to[at..at + LANES], a[..]);
            assert!(to[..at].iter().chain(&to[at + LANES..]).all(|&w| w == 0x5a5a_5a5a));
        }
        *out = *a;
    }
}

#[test]
fn loads_and_stores_need_no_alignment() {
    check::<Unaligned>(&Input::mixed());
}

// Deliberate mistakes, of the kinds that a new lane form could bring. Each must be found on every form of 16 lanes.
ops! {
    MinOtherWayRound exact |a, b| if L::COUNT == 1 { f!(a).min(f!(b)) } else { f!(b).min(f!(a)) }.bits();
    LessOrEqualForLess exact |a, b| if L::COUNT == 1 { shown!(f!(a).lt(f!(b))) } else { shown!(f!(a).le(f!(b))) };
    FloorTowardZero exact |a| if L::COUNT == 1 { f!(a).floor() } else { f!(a).to_int().to_float() }.bits();
    ShiftTakenModulo32 exact |a| a.shl(if L::COUNT == 1 { 32 } else { 0 });
    ZeroWithItsSign exact |a| if L::COUNT == 1 { f!(a) + L::splat(0.0) } else { f!(a) - L::splat(0.0) }.bits();
}

/// The fused form of `mla`, which rounds once.
#[derive(Default)]
struct MlaRoundedOnce;

impl Op for MlaRoundedOnce {
    const NAME: &str = "MlaRoundedOnce";
    const CALCULATED: bool = true;
    #[inline(always)]
    fn group<L: Lanes>(&mut self, a: &Group, b: &Group, c: &Group, out: &mut Group) {
        for i in 0..LANES {
            let [a, b, c] = [a[i], b[i], c[i]].map(f32::from_bits);
            out[i] = if L::COUNT == 1 { a + b * c } else { b.mul_add(c, a) }.to_bits();
        }
    }
}

fn must_be_found<O: Op>(input: &Input) {
    let want = one_lane::<O>(input);
    for (form, run) in forms::<O>().into_iter().filter(|(form, _)| !form.starts_with("one lane")) {
        assert!(compare::<O>(form, run, input, &want).is_err(), "{} on {form} was not noticed", O::NAME);
    }
}

#[test]
fn planted_faults_are_found() {
    let input = Input::mixed();
    must_be_found::<MinOtherWayRound>(&input);
    must_be_found::<LessOrEqualForLess>(&input);
    must_be_found::<FloorTowardZero>(&input);
    must_be_found::<ShiftTakenModulo32>(&input);
    must_be_found::<ZeroWithItsSign>(&input);
    must_be_found::<MlaRoundedOnce>(&input);
}

/// The one-lane form itself, by example.
#[test]
fn one_lane_means_what_the_traits_say() {
    let nan = f32::NAN;
    let int = |x: f32| {
        let mut out = 0;
        // SAFETY: one word.
        unsafe { Lanes::to_int(x).store(&mut out) };
        out.cast_signed()
    };
    assert_eq!([int(1.9), int(-1.9), int(-0.0)], [1, -1, 0]);
    assert_eq!([int(1e20), int(-1e20), int(nan)], [2_147_483_520, i32::MIN, 2_147_483_520]);
    assert_eq!([int(f32::INFINITY), int(f32::NEG_INFINITY)], [2_147_483_520, i32::MIN]);
    assert_eq!(Lanes::min(nan, 1.0), 1.0);
    assert!(Lanes::min(1.0, nan).is_nan());
    assert_eq!(Lanes::max(nan, 1.0), 1.0);
    assert!(Lanes::max(1.0, nan).is_nan());
    assert_eq!(Lanes::clamp(nan, -2.0, 3.0), -2.0);
    assert_eq!([Lanes::round(0.5), Lanes::round(-0.5), Lanes::round(2.5)], [1.0, 0.0, 3.0]);
    assert_eq!([Lanes::floor(1e20), Lanes::floor(-1e20)], [2_147_483_520.0, -2_147_483_648.0]);
    assert!(!nan.all_zero() && (-0.0).all_zero());
    let mut random = Random(1);
    for _ in 0..1_000_000 {
        let x = f32::from_bits(random.word());
        if x.abs() < 2_147_483_520.0 {
            assert_eq!(Lanes::floor(x), x.floor(), "floor of {x:e}");
            assert_eq!(int(x), x as i32, "to_int of {x:e}");
        }
    }
}
