//! What feeds an input: base plus cables times gains, held to a range. With three terms or more (a cable of many voices
//! counts once per voice) the order must not matter: terms are widened to f64, snapped to 2^-34, added and rounded once.
//! Below 2^19 every such addition is exact. `unsafe` is allowed here: it reads and writes a plan's buffers.

use crate::plan::nodes::SumShape;
use crate::rest::Watched;
use patches_core::isa::Isa;
use patches_core::kernel::Io;
use patches_core::lanes::exact::{Exact, SNAP};
use patches_core::lanes::{Array16, LANES, Lanes};

/// Frames that a sum of many voices makes at once: what it reads of a term serves them all.
const SIDE: usize = 4;

/// One cable into the sum.
#[derive(Clone, Copy)]
pub struct Term {
    /// The signal.
    pub x: Io,
    /// Its gain, for all voices.
    pub gain: Io,
    /// How many of its lanes count; 1 for a signal of one voice.
    pub voices: usize,
    /// Whether the signal is 16 lanes.
    pub wide: bool,
    /// What says that all of them are 0, if anything does.
    pub asleep: Option<Watched>,
}

/// A sum step.
pub struct SumStep {
    /// What is added.
    pub terms: Box<[Term]>,
    /// What it is added to.
    pub base: Io,
    /// The result.
    pub out: Io,
    /// How.
    pub shape: SumShape,
    /// Whether the result is 16 lanes.
    pub wide: bool,
}

// SAFETY: the pointers lead into the plan that owns the step and into blocks that plan keeps alive.
unsafe impl Send for SumStep {}

/// A function that runs a sum step for frames `at..at + n`.
///
/// # Safety
/// The places of the step must be valid for these frames, and the processor must have the instruction set.
pub type SumFn = unsafe fn(step: &SumStep, at: usize, n: usize);

#[inline(always)]
fn snapped(x: f32) -> f64 {
    (f64::from(x) + SNAP) - SNAP
}

#[inline(always)]
fn finish(shape: SumShape, base: f32, sum: f32) -> f32 {
    let total = if shape.largest { Lanes::max(base, sum) } else { base + sum };
    Lanes::min(Lanes::max(total, shape.lo), shape.hi)
}

/// The meaning of a sum: of one frame and one voice, from (signal, gain) terms.
#[inline(always)]
pub fn add(shape: SumShape, base: f32, terms: &[(f32, f32)]) -> f32 {
    let sum = match terms {
        [] => 0.0,
        _ if shape.largest => {
            let mut top = terms[0].0 * terms[0].1;
            for (x, gain) in &terms[1..] {
                top = Lanes::max(top, x * gain);
            }
            top
        }
        [(x, gain)] => x * gain,
        [(x, a), (y, b)] => x * a + y * b,
        _ => {
            let mut sum = 0.0;
            for (x, gain) in terms {
                sum += snapped(x * gain);
            }
            sum as f32
        }
    };
    finish(shape, base, sum)
}

#[inline(always)]
unsafe fn number(io: &Io, i: usize) -> f32 {
    // SAFETY: the caller vouches for the frame.
    unsafe { *io.p.add(i * io.stride) }
}

/// 16 frames of one signal.
#[inline(always)]
unsafe fn frames<L: Lanes>(io: &Io, at: usize) -> L {
    // SAFETY: the caller vouches for the frames; a buffer has room for a whole last load.
    unsafe { if io.stride == 0 { L::splat(*io.p) } else { L::load(io.p.add(at)) } }
}

#[inline(always)]
fn finished<L: Lanes>(shape: SumShape, base: L, sum: L) -> L {
    let total = if shape.largest { base.max(sum) } else { base + sum };
    total.max(L::splat(shape.lo)).min(L::splat(shape.hi))
}

/// Adds one more term to a sum of less than three, or to the largest.
#[inline(always)]
fn joined<L: Lanes>(shape: SumShape, first: bool, sum: L, x: L) -> L {
    match (first, shape.largest) {
        (true, _) => x,
        (_, true) => sum.max(x),
        (_, false) => sum + x,
    }
}

/// 16 frames of a term of one voice, the gain in.
#[inline(always)]
unsafe fn scaled<L: Lanes>(term: &Term, at: usize) -> L {
    // SAFETY: the caller vouches for the frames.
    unsafe { frames::<L>(&term.x, at) * frames::<L>(&term.gain, at) }
}

/// One voice into one voice, 16 frames at once.
#[inline(always)]
unsafe fn mono<L: Exact>(step: &SumStep, at: usize, n: usize) {
    let plain = step.shape.largest || step.terms.len() < 3;
    let mut i = at;
    while i < at + n {
        // SAFETY: the caller vouches for the places and frames; buffers have room for a whole last load and store.
        unsafe {
            let sum = if plain {
                let mut sum = L::splat(0.0);
                for (k, term) in step.terms.iter().enumerate() {
                    sum = joined(step.shape, k == 0, sum, scaled(term, i));
                }
                sum
            } else {
                let mut sums = L::none();
                for term in &step.terms {
                    scaled::<L>(term, i).gather(&mut sums);
                }
                L::each(sums)
            };
            finished(step.shape, frames(&step.base, i), sum).store(step.out.p.add(i));
        }
        i += L::COUNT;
    }
}

/// One frame of a term of one voice, the gain in.
#[inline(always)]
unsafe fn scaled_one(term: &Term, at: usize) -> f32 {
    // SAFETY: the caller vouches for the frame.
    unsafe { number(&term.x, at) * number(&term.gain, at) }
}

/// One voice into one voice, one frame: inside a loop.
#[inline(always)]
unsafe fn mono_frame(step: &SumStep, at: usize) {
    // SAFETY: the caller vouches for the places and the frame.
    unsafe {
        let sum = match &step.terms[..] {
            [] => 0.0,
            [first, rest @ ..] if step.shape.largest => {
                let mut top = scaled_one(first, at);
                for term in rest {
                    top = Lanes::max(top, scaled_one(term, at));
                }
                top
            }
            [one] => scaled_one(one, at),
            [one, two] => scaled_one(one, at) + scaled_one(two, at),
            all => {
                let mut sum = 0.0;
                for term in all {
                    sum += snapped(scaled_one(term, at));
                }
                sum as f32
            }
        };
        *step.out.p.add(at) = finish(step.shape, number(&step.base, at), sum);
    }
}

/// 16 lanes of a term at one frame, the gain in; lanes that do not count are zero.
#[inline(always)]
unsafe fn lanes<L: Lanes>(term: &Term, i: usize) -> L {
    // SAFETY: the caller vouches for the frame.
    unsafe {
        let x = if term.wide { L::load(term.x.p.add(i * term.x.stride)) } else { L::splat(number(&term.x, i)) };
        let x = if term.wide && term.voices < LANES { counted(x, term.voices) } else { x };
        x * L::splat(number(&term.gain, i))
    }
}

/// Zero in all lanes from this one on.
#[inline(always)]
fn counted<L: Lanes>(x: L, voices: usize) -> L {
    let mut all = [0.0f32; LANES];
    // SAFETY: no form has more than 16 lanes.
    unsafe {
        x.store(all.as_mut_ptr());
        let mut i = 0;
        while i < LANES {
            all[i] = if i < voices { all[i] } else { 0.0 };
            i += 1;
        }
        L::load(all.as_ptr())
    }
}

/// 16 lanes into 16 lanes.
#[inline(always)]
unsafe fn wide<L: Exact>(step: &SumStep, at: usize, n: usize) {
    let plain = step.shape.largest || step.terms.len() < 3;
    for i in at..at + n {
        // SAFETY: the caller vouches for the places and frames.
        unsafe {
            let sum = if plain {
                let mut sum = L::splat(0.0);
                for (k, term) in step.terms.iter().enumerate() {
                    sum = joined(step.shape, k == 0, sum, lanes(term, i));
                }
                sum
            } else {
                let mut sums = L::none();
                for term in &step.terms {
                    lanes::<L>(term, i).gather(&mut sums);
                }
                L::each(sums)
            };
            let base = L::splat(number(&step.base, i));
            finished(step.shape, base, sum).store(step.out.p.add(i * LANES));
        }
    }
}

/// All voices of all terms into one voice.
#[inline(always)]
unsafe fn collapse<L: Exact>(step: &SumStep, at: usize, n: usize) {
    let count: usize = step.terms.iter().map(|term| term.voices).sum();
    let few_terms = step.shape.largest || count < 3;
    // Zeros change nothing in an exact sum.
    let mut asleep = 0u64;
    for (k, term) in step.terms.iter().enumerate().take(64) {
        if let Some(watched) = &term.asleep {
            // SAFETY: the caller vouches for the places.
            asleep |= u64::from(unsafe { watched.is_closed(at + n - 1) }) << k;
        }
    }
    let end = at + n;
    let mut i = at;
    while i < end {
        // SAFETY: the caller vouches for the places and frames.
        unsafe {
            if few_terms {
                ended(step, i, few::<L>(step, i));
                i += 1;
            } else if i + SIDE <= end {
                many::<L, SIDE>(step, asleep, i);
                i += SIDE;
            } else {
                many::<L, 1>(step, asleep, i);
                i += 1;
            }
        }
    }
}

/// Writes one frame of one voice.
#[inline(always)]
unsafe fn ended(step: &SumStep, i: usize, sum: f32) {
    // SAFETY: the caller vouches for the places and the frame.
    unsafe { *step.out.p.add(i * step.out.stride) = finish(step.shape, number(&step.base, i), sum) };
}

/// One frame of all voices, less than three or the largest of them.
#[inline(always)]
unsafe fn few<L: Lanes>(step: &SumStep, i: usize) -> f32 {
    let mut sum = 0.0;
    let mut first = true;
    for term in &step.terms {
        let mut x = [0.0f32; LANES];
        // SAFETY: the caller vouches for the places and the frame; no form has more than 16 lanes.
        unsafe { lanes::<L>(term, i).store(x.as_mut_ptr()) };
        for value in &x[..term.voices] {
            sum = joined(step.shape, first, sum, *value);
            first = false;
        }
    }
    sum
}

/// So many frames of all voices, three or more. The terms in `asleep` (bit by term) are 0.
#[inline(always)]
unsafe fn many<L: Exact, const N: usize>(step: &SumStep, asleep: u64, at: usize) {
    let mut sums = [L::none(); N];
    let mut single = [0.0f64; N];
    let mut widely = false;
    for (index, term) in step.terms.iter().enumerate() {
        if index < 64 && asleep >> index & 1 == 1 {
            continue;
        }
        widely |= term.wide;
        let mut k = 0;
        while k < N {
            // SAFETY: the caller vouches for the places and frames.
            unsafe {
                if term.wide {
                    lanes::<L>(term, at + k).gather(&mut sums[k]);
                } else {
                    single[k] += snapped(scaled_one(term, at + k));
                }
            }
            k += 1;
        }
    }
    let mut k = 0;
    while k < N {
        let wide = if widely { L::all(sums[k]) } else { 0.0 };
        // SAFETY: as above.
        unsafe { ended(step, at + k, (single[k] + wide) as f32) };
        k += 1;
    }
}

#[inline(always)]
unsafe fn run<L: Exact>(step: &SumStep, at: usize, n: usize) {
    // SAFETY: the caller vouches for the step.
    unsafe {
        if step.shape.collapse {
            collapse::<L>(step, at, n);
        } else if step.wide {
            wide::<L>(step, at, n);
        } else if n == 1 {
            mono_frame(step, at);
        } else {
            mono::<L>(step, at, n);
        }
    }
}

unsafe fn base(step: &SumStep, at: usize, n: usize) {
    // SAFETY: the caller vouches for the step.
    unsafe { run::<Array16>(step, at, n) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn avx2(step: &SumStep, at: usize, n: usize) {
    // SAFETY: the caller vouches for the step.
    unsafe { run::<patches_core::lanes::Avx2x16>(step, at, n) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl")]
unsafe fn avx512(step: &SumStep, at: usize, n: usize) {
    // SAFETY: the caller vouches for the step.
    unsafe { run::<patches_core::lanes::Avx512x16>(step, at, n) }
}

/// The function for an instruction set.
pub fn function(isa: Isa) -> SumFn {
    #[cfg(target_arch = "x86_64")]
    match isa {
        Isa::Base => base,
        Isa::Avx2 => avx2,
        Isa::Avx512 => avx512,
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = isa;
        base
    }
}
