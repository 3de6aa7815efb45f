//! Runs one operation on every lane form this processor has, and holds each to the one-lane form's bits.

use super::{Array16, LANES, Lanes};

/// Sixteen bit patterns: what an operation gets and gives, whatever the lane form.
pub(crate) type Group = [u32; LANES];

/// An operation on bit patterns, over any lanes. Some remember: each form starts with a new one.
pub(crate) trait Op: Default {
    /// For reports.
    const NAME: &str;
    /// Whether results are floats that were calculated, so that two NaNs are equal. Where operands are only passed on,
    /// their payloads count too.
    const CALCULATED: bool;
    /// Works on 16 bit patterns, in as many steps as the lane form needs.
    fn group<L: Lanes>(&mut self, a: &Group, b: &Group, c: &Group, out: &mut Group);
}

/// Declares operations on up to three bit patterns, lane by lane. `L` is the lane form in the expression.
macro_rules! ops {
    ($($name:ident $how:ident |$a:ident $(, $b:ident $(, $c:ident)?)?| $e:expr;)*) => {$(
        #[derive(Default)]
        struct $name;
        impl $crate::lanes::harness::Op for $name {
            const NAME: &str = stringify!($name);
            const CALCULATED: bool = $crate::lanes::harness::ops!(@ $how);
            #[inline(always)]
            fn group<L: Lanes>(
                &mut self,
                _a: &$crate::lanes::harness::Group,
                _b: &$crate::lanes::harness::Group,
                _c: &$crate::lanes::harness::Group,
                out: &mut $crate::lanes::harness::Group,
            ) {
                let mut i = 0;
                while i < $crate::lanes::LANES {
                    // SAFETY: a group has room for all lanes, and `i` counts whole steps of them.
                    unsafe {
                        let $a = L::Bits::load(_a.as_ptr().add(i));
                        $(let $b = L::Bits::load(_b.as_ptr().add(i));
                        $(let $c = L::Bits::load(_c.as_ptr().add(i));)?)?
                        let result: L::Bits = $e;
                        result.store(out.as_mut_ptr().add(i));
                    }
                    i += L::COUNT;
                }
            }
        }
    )*};
    (@ calculated) => { true };
    (@ exact) => { false };
}
pub(crate) use ops;

/// Columns of as many groups.
pub(crate) struct Input {
    a: Vec<Group>,
    b: Vec<Group>,
    c: Vec<Group>,
}

/// Works through all of the input.
#[inline(always)]
fn run<L: Lanes, O: Op>(op: &mut O, input: &Input, out: &mut [Group]) {
    let mut i = 0;
    while i < out.len() {
        op.group::<L>(&input.a[i], &input.b[i], &input.c[i], &mut out[i]);
        i += 1;
    }
}

/// # Safety
/// The processor must have AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn run_avx2<L: Lanes, O: Op>(op: &mut O, input: &Input, out: &mut [Group]) {
    run::<L, O>(op, input, out);
}

/// # Safety
/// The processor must have AVX-512F.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn run_avx512<L: Lanes, O: Op>(op: &mut O, input: &Input, out: &mut [Group]) {
    run::<L, O>(op, input, out);
}

/// A way to work through an input.
type Run<O> = unsafe fn(&mut O, &Input, &mut [Group]);

/// The lane forms to be held to the one-lane form: also that form itself and plain arrays, where they are compiled for
/// a wider instruction set, as drivers do.
pub(crate) fn forms<O: Op>() -> Vec<(&'static str, Run<O>)> {
    #[cfg_attr(not(target_arch = "x86_64"), expect(unused_mut))]
    let mut all: Vec<(&'static str, Run<O>)> = vec![("arrays", run::<Array16, O>)];
    #[cfg(target_arch = "x86_64")]
    {
        use super::{Avx2x16, Avx512x16};
        use crate::isa::Isa;
        static SAY: [std::sync::Once; 2] = [const { std::sync::Once::new() }; 2];
        if Isa::Avx2.available() {
            all.push(("one lane compiled for AVX2", run_avx2::<f32, O>));
            all.push(("arrays compiled for AVX2", run_avx2::<Array16, O>));
            all.push(("AVX2", run_avx2::<Avx2x16, O>));
        } else {
            SAY[0].call_once(|| eprintln!("skipped: AVX2 lanes, which this processor does not have"));
        }
        if Isa::Avx512.available() {
            all.push(("one lane compiled for AVX-512", run_avx512::<f32, O>));
            all.push(("arrays compiled for AVX-512", run_avx512::<Array16, O>));
            all.push(("AVX-512", run_avx512::<Avx512x16, O>));
        } else {
            SAY[1].call_once(|| eprintln!("skipped: AVX-512 lanes, which this processor does not have"));
        }
    }
    all
}

fn same(calculated: bool, x: u32, y: u32) -> bool {
    x == y || calculated && f32::from_bits(x).is_nan() && f32::from_bits(y).is_nan()
}

/// The first difference of a form from one lane, in words.
pub(crate) fn compare<O: Op>(form: &str, run_form: Run<O>, input: &Input, want: &[Group]) -> Result<(), String> {
    let mut got = vec![[0; LANES]; want.len()];
    // SAFETY: only forms that this processor has are listed.
    unsafe { run_form(&mut O::default(), input, &mut got) };
    for (g, (got, want)) in got.iter().zip(want).enumerate() {
        if got == want {
            continue;
        }
        for i in 0..LANES {
            if !same(O::CALCULATED, got[i], want[i]) {
                let (a, b, c) = (input.a[g][i], input.b[g][i], input.c[g][i]);
                let (got, want) = (got[i], want[i]);
                return Err(format!(
                    "{} on {form}, lane {i}: of {a:#010x}, {b:#010x}, {c:#010x} got {got:#010x}, one lane gives {want:#010x}",
                    O::NAME
                ));
            }
        }
    }
    Ok(())
}

/// What one lane gives.
pub(crate) fn one_lane<O: Op>(input: &Input) -> Vec<Group> {
    let mut want = vec![[0; LANES]; input.a.len()];
    run::<f32, O>(&mut O::default(), input, &mut want);
    want
}

/// Holds all forms to one lane.
pub(crate) fn check<O: Op>(input: &Input) {
    let want = one_lane::<O>(input);
    for (form, run_form) in forms::<O>() {
        if let Err(fault) = compare::<O>(form, run_form, input, &want) {
            panic!("{fault}");
        }
    }
}

/// Bit patterns at which floats or whole numbers change their ways.
pub(crate) const SPECIAL: [u32; 48] = [
    // Zero, subnormals, the smallest normal number, and whole numbers of few bits.
    0,
    1,
    2,
    31,
    32,
    0x007f_ffff,
    0x0080_0000,
    0x0080_0001,
    // 0.49999997, 0.5, 0.99999994, 1, 1.0000001, 1.5, 2.5, π.
    0x3eff_ffff,
    0x3f00_0000,
    0x3f7f_ffff,
    0x3f80_0000,
    0x3f80_0001,
    0x3fc0_0000,
    0x4020_0000,
    0x4049_0fdb,
    // 2^22 − ½, 2^22, 2^23 − ½, 2^23 + 1, 2^24, 2147483520, 2^31, 2^32.
    0x4a7f_fffe,
    0x4a80_0000,
    0x4aff_ffff,
    0x4b00_0001,
    0x4b80_0000,
    0x4eff_ffff,
    0x4f00_0000,
    0x4f80_0000,
    // The largest float, infinity, a signalling and a quiet NaN, NaNs with full payloads, and the largest whole number.
    0x7f7f_ffff,
    0x7f80_0000,
    0x7f80_0001,
    0x7fc0_0000,
    0x7fff_fffe,
    0x7fff_ffff,
    0x7fa5_5aa5,
    0x7fc1_2345,
    // The same with the sign set, as far as it matters.
    0x8000_0000,
    0x8000_0001,
    0x807f_ffff,
    0x8080_0000,
    0xbeff_ffff,
    0xbf00_0000,
    0xbf80_0000,
    0xbfc0_0000,
    0xcb00_0001,
    0xceff_ffff,
    0xcf00_0000,
    0xcf00_0001,
    0xff7f_ffff,
    0xff80_0000,
    0xff80_0001,
    0xffff_ffff,
];

/// Numbers without pattern: G. Marsaglia, "Xorshift RNGs" (2003), triple 13, 7, 17.
pub(crate) struct Random(pub u64);

impl Random {
    pub(crate) fn word(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as u32
    }

    /// Any bit pattern; or a special one; or a float of moderate size, which most sums and products leave finite.
    fn pattern(&mut self) -> u32 {
        match self.word() % 8 {
            0 => SPECIAL[self.word() as usize % SPECIAL.len()],
            1 | 2 => (self.word() & 0x83ff_ffff) + 0x3e00_0000,
            _ => self.word(),
        }
    }

    /// A pattern that may be equal or close to another, so that compares are tested where they turn.
    fn near(&mut self, other: u32) -> u32 {
        match self.word() % 8 {
            0 => other,
            1 => other.wrapping_add(self.word() % 5).wrapping_sub(2),
            2 => other ^ 0x8000_0000,
            _ => self.pattern(),
        }
    }
}

impl Input {
    /// From a column each, as many as there are groups.
    pub(crate) fn new(groups: usize, mut triple: impl FnMut(usize) -> [u32; 3]) -> Input {
        let empty = || vec![[0; LANES]; groups];
        let mut input = Input { a: empty(), b: empty(), c: empty() };
        for at in 0..groups * LANES {
            let (g, i) = (at / LANES, at % LANES);
            [input.a[g][i], input.b[g][i], input.c[g][i]] = triple(at);
        }
        input
    }

    /// Every triple of special patterns, then a million random ones.
    pub(crate) fn mixed() -> Input {
        const N: usize = SPECIAL.len();
        let mut random = Random(0x2545_f491_4f6c_dd1d);
        Input::new((N * N * N + (1 << 20)).div_ceil(LANES), |at| {
            if at < N * N * N {
                return [SPECIAL[at % N], SPECIAL[at / N % N], SPECIAL[at / N / N]];
            }
            let a = random.pattern();
            let b = random.near(a);
            [a, b, random.near(b)]
        })
    }

    /// Bit patterns from `start` on, `step` apart, in the first column.
    pub(crate) fn count(start: u32, step: u32, groups: usize) -> Input {
        Input::new(groups, |at| [start.wrapping_add(step.wrapping_mul(at as u32)), 0, 0])
    }
}

/// Holds all forms to one lane at bit patterns `step` apart over all 2^32 of them.
pub(crate) fn check_all<O: Op>(step: u32) {
    const GROUPS: usize = 1 << 10;
    let (mut at, chunk) = (0, u64::from(step) * (GROUPS * LANES) as u64);
    while at < 1 << 32 {
        check::<O>(&Input::count(at as u32, step, GROUPS));
        at += chunk;
    }
}
