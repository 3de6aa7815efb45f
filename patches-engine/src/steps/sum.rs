//! What feeds an input: base plus cables times gains, held to a range. With three terms or more (a cable of many voices
//! counts once per voice) the order must not matter: terms are widened to f64, snapped to 2^-34, added and rounded once.
//! Below 2^19 every such addition is exact. `unsafe` is allowed here: it reads and writes a plan's buffers.

use crate::plan::nodes::SumShape;
use patches_core::isa::Isa;
use patches_core::kernel::{BLOCK, Io};
use patches_core::lanes::{LANES, Lanes};

/// Adding and taking away this leaves a multiple of 2^-34: the last bit of an f64 of this size is worth 2^-34.
const SNAP: f64 = 1.5 * (1u64 << 18) as f64;

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

/// A block of one signal, copied or spread so that the loops below are plain.
#[inline(always)]
unsafe fn block(io: &Io, at: usize, n: usize) -> [f32; BLOCK] {
    let mut all = [0.0; BLOCK];
    // SAFETY: the caller vouches for the frames.
    unsafe {
        if io.stride == 0 {
            all = [*io.p; BLOCK];
        } else {
            for (i, x) in all.iter_mut().enumerate().take(n) {
                *x = *io.p.add(at + i);
            }
        }
    }
    all
}

/// One voice into one voice.
#[inline(always)]
unsafe fn mono(step: &SumStep, at: usize, n: usize) {
    // SAFETY: the caller vouches for the places and frames.
    unsafe {
        let base = block(&step.base, at, n);
        let mut sum = [0.0f32; BLOCK];
        if step.shape.largest || step.terms.len() < 3 {
            for (k, term) in step.terms.iter().enumerate() {
                let (x, gain) = (block(&term.x, at, n), block(&term.gain, at, n));
                for i in 0..BLOCK {
                    let scaled = x[i] * gain[i];
                    sum[i] = match (k, step.shape.largest) {
                        (0, _) => scaled,
                        (_, true) => Lanes::max(sum[i], scaled),
                        (_, false) => sum[i] + scaled,
                    };
                }
            }
        } else {
            let mut wide = [0.0f64; BLOCK];
            for term in &step.terms {
                let (x, gain) = (block(&term.x, at, n), block(&term.gain, at, n));
                for i in 0..BLOCK {
                    wide[i] += snapped(x[i] * gain[i]);
                }
            }
            for i in 0..BLOCK {
                sum[i] = wide[i] as f32;
            }
        }
        for i in 0..n {
            *step.out.p.add(at + i) = finish(step.shape, base[i], sum[i]);
        }
    }
}

/// One voice into one voice, one frame: inside a loop.
#[inline(always)]
unsafe fn mono_frame(step: &SumStep, at: usize) {
    // SAFETY: the caller vouches for the places and the frame.
    unsafe {
        let scaled = |term: &Term| number(&term.x, at) * number(&term.gain, at);
        let sum = match &step.terms[..] {
            [] => 0.0,
            [first, rest @ ..] if step.shape.largest => {
                let mut top = scaled(first);
                for term in rest {
                    top = Lanes::max(top, scaled(term));
                }
                top
            }
            [one] => scaled(one),
            [one, two] => scaled(one) + scaled(two),
            all => {
                let mut sum = 0.0;
                for term in all {
                    sum += snapped(scaled(term));
                }
                sum as f32
            }
        };
        *step.out.p.add(at) = finish(step.shape, number(&step.base, at), sum);
    }
}

#[inline(always)]
unsafe fn lanes(term: &Term, i: usize) -> [f32; LANES] {
    // SAFETY: the caller vouches for the frame.
    unsafe {
        let mut x = if term.wide {
            term.x.p.add(i * term.x.stride).cast::<[f32; LANES]>().read()
        } else {
            [number(&term.x, i); LANES]
        };
        if term.wide && term.voices < LANES {
            for value in &mut x[term.voices..] {
                *value = 0.0;
            }
        }
        let gain = number(&term.gain, i);
        for value in &mut x {
            *value *= gain;
        }
        x
    }
}

/// 16 lanes into 16 lanes.
#[inline(always)]
unsafe fn wide(step: &SumStep, at: usize, n: usize) {
    for i in at..at + n {
        // SAFETY: the caller vouches for the places and frames.
        unsafe {
            let mut sum = [0.0f32; LANES];
            if step.shape.largest || step.terms.len() < 3 {
                for (k, term) in step.terms.iter().enumerate() {
                    let x = lanes(term, i);
                    for l in 0..LANES {
                        sum[l] = match (k, step.shape.largest) {
                            (0, _) => x[l],
                            (_, true) => Lanes::max(sum[l], x[l]),
                            (_, false) => sum[l] + x[l],
                        };
                    }
                }
            } else {
                let mut exact = [0.0f64; LANES];
                for term in &step.terms {
                    let x = lanes(term, i);
                    for l in 0..LANES {
                        exact[l] += snapped(x[l]);
                    }
                }
                for l in 0..LANES {
                    sum[l] = exact[l] as f32;
                }
            }
            let base = number(&step.base, i);
            let out = step.out.p.add(i * LANES);
            for (l, x) in sum.iter().enumerate() {
                *out.add(l) = finish(step.shape, base, *x);
            }
        }
    }
}

/// All voices of all terms into one voice.
#[inline(always)]
unsafe fn collapse(step: &SumStep, at: usize, n: usize) {
    let count: usize = step.terms.iter().map(|term| term.voices).sum();
    if step.shape.largest || count < 3 {
        for i in at..at + n {
            let mut sum = 0.0;
            let mut first = true;
            for term in &step.terms {
                // SAFETY: the caller vouches for the places and frames.
                let x = unsafe { lanes(term, i) };
                for value in &x[..term.voices] {
                    sum = match (first, step.shape.largest) {
                        (true, _) => *value,
                        (_, true) => Lanes::max(sum, *value),
                        (_, false) => sum + *value,
                    };
                    first = false;
                }
            }
            // SAFETY: the caller vouches for the places and frames.
            unsafe { *step.out.p.add(i * step.out.stride) = finish(step.shape, number(&step.base, i), sum) };
        }
        return;
    }
    for i in at..at + n {
        let mut exact = [0.0f64; LANES];
        for term in &step.terms {
            // SAFETY: the caller vouches for the places and frames.
            unsafe {
                if term.wide {
                    let x = lanes(term, i);
                    for l in 0..LANES {
                        exact[l] += snapped(x[l]);
                    }
                } else {
                    exact[0] += snapped(number(&term.x, i) * number(&term.gain, i));
                }
            }
        }
        let mut sum = 0.0;
        for x in exact {
            sum += x;
        }
        // SAFETY: the caller vouches for the places and frames.
        unsafe { *step.out.p.add(i * step.out.stride) = finish(step.shape, number(&step.base, i), sum as f32) };
    }
}

#[inline(always)]
unsafe fn run(step: &SumStep, at: usize, n: usize) {
    // SAFETY: the caller vouches for the step.
    unsafe {
        if step.shape.collapse {
            collapse(step, at, n);
        } else if step.wide {
            wide(step, at, n);
        } else if n == 1 {
            mono_frame(step, at);
        } else {
            mono(step, at, n);
        }
    }
}

unsafe fn base(step: &SumStep, at: usize, n: usize) {
    // SAFETY: the caller vouches for the step.
    unsafe { run(step, at, n) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn avx2(step: &SumStep, at: usize, n: usize) {
    // SAFETY: the caller vouches for the step.
    unsafe { run(step, at, n) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl")]
unsafe fn avx512(step: &SumStep, at: usize, n: usize) {
    // SAFETY: the caller vouches for the step.
    unsafe { run(step, at, n) }
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
