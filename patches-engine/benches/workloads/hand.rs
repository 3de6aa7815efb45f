//! The workloads written by hand, fused into one loop each, over the library's lanes and maths: what a plan is measured
//! against. What is constant in a workload is computed once; nothing is paid for that the workload does not use.
//!
//! Several groups of 16 voices may run side by side, so that one's latency hides behind another's work; the fastest count
//! is the reference. The same source is compiled for each instruction set.

use crate::patch::{W1_VOICES, W2_PAIRS, W3_LOOPS, W5_SINES, semitones, sweep};
use patches_core::exact::hz_of_pitch;
use patches_core::kernel::BLOCK;
use patches_core::lanes::{LANES, LaneBits, Lanes};
use patches_core::maths;

/// Frames a second.
const RATE: f64 = crate::common::RATE as f64;

/// A voice, or 16.
pub trait Voice<L: Lanes>: Copy {
    /// The voices from this number on.
    fn new(first: usize) -> Self;
    /// The next frame.
    fn frame(&mut self) -> L;
}

/// The numbers of voices `first..`, by a rule.
#[inline(always)]
fn fill<L: Lanes>(first: usize, rule: impl Fn(usize) -> f64) -> L {
    let mut lanes = [0.0; LANES];
    for (i, lane) in lanes.iter_mut().enumerate() {
        *lane = rule(first + i) as f32;
    }
    // SAFETY: there are at least as many floats as `L` has lanes.
    unsafe { L::load(lanes.as_ptr()) }
}

/// Steps of phases at these frequencies.
#[inline(always)]
fn steps<L: Lanes>(first: usize, hz: impl Fn(usize) -> f64) -> L::Bits {
    maths::phase_of_cycles(fill::<L>(first, |i| hz(i) / RATE))
}

#[inline(always)]
fn signed<L: Lanes>(phase: L::Bits) -> L {
    phase.to_float() * L::splat(1.0 / 4_294_967_296.0)
}

/// Four-sample residual of a step, as the library's oscillator has it.
#[inline(always)]
fn residual<L: Lanes>(u: L) -> L {
    let zero = L::splat(0.0);
    let (a, b) = ((L::splat(2.0) - u).max(zero), (L::splat(1.0) - u).max(zero));
    let (a, b) = (a * a, b * b);
    (a * a - L::splat(4.0) * (b * b)) * L::splat(1.0 / 24.0)
}

/// W1.
#[derive(Clone, Copy)]
pub struct W1<L: Lanes> {
    phase: L::Bits,
    step: L::Bits,
    frames: L,
    lfo: L::Bits,
    lfo_step: L::Bits,
    s1: L,
    s2: L,
    gate: L::Bits,
    gate_step: L::Bits,
    level: L,
    fall: L,
    /// 1 once the attack has reached its peak.
    peaked: L,
    was: L,
    centre: L,
    depth: L,
}

impl<L: Lanes> Voice<L> for W1<L> {
    #[inline(always)]
    fn new(first: usize) -> Self {
        let (zero, bits) = (L::splat(0.0), L::Bits::splat(0));
        let step = steps::<L>(first, |i| hz_of_pitch(semitones(55.0, i)));
        let frames = L::splat(1.0) / signed::<L>(step).abs();
        let (centre, depth) = sweep();
        W1 {
            phase: bits,
            step,
            frames,
            lfo: bits,
            lfo_step: steps::<L>(first, |i| 0.1 + 0.05 * i as f64),
            s1: zero,
            s2: zero,
            gate: bits,
            gate_step: steps::<L>(first, |i| 1.0 / (0.5 + 0.01 * i as f64)),
            level: zero,
            fall: zero,
            peaked: zero,
            was: zero,
            centre: L::splat(centre as f32),
            depth: L::splat(depth as f32),
        }
    }

    #[inline(always)]
    fn frame(&mut self) -> L {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let x = signed::<L>(self.phase);
        let far = x.abs();
        let edge = one - L::splat(2.0) * (residual(far * self.frames) - residual((one - far) * self.frames));
        let saw = L::splat(2.0) * x - L::select(x.lt(zero), -edge, edge);
        self.phase = self.phase + self.step;

        let pitch = self.centre.mla(self.depth, maths::sin_of_phase(self.lfo));
        self.lfo = self.lfo + self.lfo_step;
        let (sin, cos) = maths::tan_half_parts(maths::hz_of_pitch(pitch) * L::splat((1.0 / RATE) as f32));
        let k = L::splat(0.25);
        let inv = one / (cos * cos).mla(sin, sin.mla(k, cos));
        let (a1, a2, a3) = (cos * cos * inv, sin * cos * inv, sin * sin * inv);
        let v3 = saw - self.s2;
        let v1 = (a1 * self.s1).mla(a2, v3);
        let v2 = self.s2 + (a2 * self.s1).mla(a3, v3);
        self.s1 = v1 + v1 - self.s1;
        self.s2 = v2 + v2 - self.s2;

        // The upper half of the phase is the second half of the period.
        let high = !self.gate.lt(L::Bits::splat(0));
        self.gate = self.gate + self.gate_step;
        let was = self.was.gt(zero);
        self.was = L::select(high, one, zero);
        let out = self.level;
        self.fall = L::select(was & !high, out * L::splat((1.0 / (0.2 * RATE)) as f32), self.fall);
        self.peaked = L::select(high & was, self.peaked, zero);
        let rise = (out + L::splat((1.0 / (0.01 * RATE)) as f32)).min(one);
        let decay = (out - L::splat((0.5 / (0.1 * RATE)) as f32)).max(L::splat(0.5));
        let held = L::select(self.peaked.gt(zero), decay, rise);
        self.peaked = L::select(high & rise.ge(one), one, self.peaked);
        self.level = L::select(high, held, (out - self.fall).max(zero));
        v2 * out * L::splat(1.0 / W1_VOICES as f32)
    }
}

/// W2.
#[derive(Clone, Copy)]
pub struct W2<L: Lanes> {
    phase: L::Bits,
    step: L::Bits,
    above: L::Bits,
    above_step: L::Bits,
}

impl<L: Lanes> Voice<L> for W2<L> {
    #[inline(always)]
    fn new(first: usize) -> Self {
        W2 {
            phase: L::Bits::splat(0),
            step: steps::<L>(first, |i| hz_of_pitch(semitones(110.0, i))),
            above: L::Bits::splat(0),
            above_step: steps::<L>(first, |i| hz_of_pitch(semitones(220.0, i))),
        }
    }

    #[inline(always)]
    fn frame(&mut self) -> L {
        let moved = maths::sin_of_phase(self.above);
        self.above = self.above + self.above_step;
        let at = signed::<L>(self.phase).mla(moved, L::splat((2.0 / std::f64::consts::TAU) as f32));
        self.phase = self.phase + self.step;
        maths::sin_cycles(at) * L::splat(1.0 / W2_PAIRS as f32)
    }
}

/// What W3's low-pass, trapezoidal as the library's, goes of its way: g/(1+g), g = tan(π·fc/fs) at 2000 Hz.
pub fn lag() -> f64 {
    let g = (std::f64::consts::PI * 2000.0 / RATE).tan();
    g / (1.0 + g)
}

/// W3, and over one lane W3b.
#[derive(Clone, Copy)]
pub struct W3<L: Lanes> {
    phase: L::Bits,
    step: L::Bits,
    /// The low-pass's output, and its memory.
    z: L,
    s: L,
    g: L,
}

impl<L: Lanes> Voice<L> for W3<L> {
    #[inline(always)]
    fn new(first: usize) -> Self {
        W3 {
            phase: L::Bits::splat(0),
            step: steps::<L>(first, |i| hz_of_pitch(semitones(55.0, i))),
            z: L::splat(0.0),
            s: L::splat(0.0),
            g: L::splat(lag() as f32),
        }
    }

    #[inline(always)]
    fn frame(&mut self) -> L {
        let at = signed::<L>(self.phase).mla(self.z, L::splat((1.5 / std::f64::consts::TAU) as f32));
        self.phase = self.phase + self.step;
        let y = maths::sin_cycles(at);
        let v = self.g * (y - self.s);
        self.z = v + self.s;
        self.s = self.z + v;
        y * L::splat(1.0 / W3_LOOPS as f32)
    }
}

/// W5.
#[derive(Clone, Copy)]
pub struct W5<L: Lanes> {
    phase: L::Bits,
    step: L::Bits,
    gain: L,
}

impl<L: Lanes> Voice<L> for W5<L> {
    #[inline(always)]
    fn new(first: usize) -> Self {
        W5 {
            phase: L::Bits::splat(0),
            step: steps::<L>(first, |i| 50.0 + 7.0 * i as f64),
            gain: fill(first, |i| if i < W5_SINES { 0.002 } else { 0.0 }),
        }
    }

    #[inline(always)]
    fn frame(&mut self) -> L {
        let y = maths::sin_of_phase(self.phase) * self.gain;
        self.phase = self.phase + self.step;
        y
    }
}

/// A block of all voices added, `SIDE` groups side by side.
#[inline(always)]
fn block<L: Lanes, V: Voice<L>, const SIDE: usize>(voices: &mut [V], out: &mut [f32; BLOCK]) {
    let mut sums = [[0.0f32; LANES]; BLOCK];
    let mut first = 0;
    while first + SIDE <= voices.len() {
        let mut now = [voices[first]; SIDE];
        now.copy_from_slice(&voices[first..first + SIDE]);
        for sum in &mut sums {
            // SAFETY: a row has 16 floats, and no form has more lanes.
            let mut all = unsafe { L::load(sum.as_ptr()) };
            let mut k = 0;
            while k < SIDE {
                all = all + now[k].frame();
                k += 1;
            }
            // SAFETY: as above.
            unsafe { all.store(sum.as_mut_ptr()) };
        }
        voices[first..first + SIDE].copy_from_slice(&now);
        first += SIDE;
    }
    for (out, sum) in out.iter_mut().zip(&sums) {
        let mut half = L::COUNT / 2;
        let mut sum = *sum;
        while half > 0 {
            for i in 0..half {
                sum[i] += sum[i + half];
            }
            half /= 2;
        }
        *out = sum[0];
    }
}

/// Renders one block.
type Render = Box<dyn FnMut(&mut [f32; BLOCK])>;

/// A workload by hand, ready to run.
pub struct Hand {
    run: Render,
}

impl Hand {
    /// The next block.
    pub fn block(&mut self, out: &mut [f32; BLOCK]) {
        (self.run)(out)
    }
}

macro_rules! forms {
    ($name:ident, $lanes:ty $(, $feature:meta)?) => {
        mod $name {
            use super::*;
            $(#[$feature])?
            unsafe fn make<V: Voice<$lanes>>(count: usize) -> Vec<V> {
                let mut voices = Vec::with_capacity(count);
                let mut i = 0;
                while i < count {
                    voices.push(V::new(i * <$lanes as Lanes>::COUNT));
                    i += 1;
                }
                voices
            }
            $(#[$feature])?
            unsafe fn run<V: Voice<$lanes>, const SIDE: usize>(voices: &mut [V], out: &mut [f32; BLOCK]) {
                block::<$lanes, V, SIDE>(voices, out)
            }
            /// So many groups, `SIDE` of them side by side.
            pub fn hand<V: Voice<$lanes> + 'static, const SIDE: usize>(count: usize) -> Hand {
                // SAFETY: only made for instruction sets that the processor has.
                let mut voices = unsafe { make::<V>(count) };
                // SAFETY: as above.
                Hand { run: Box::new(move |out| unsafe { run::<V, SIDE>(&mut voices, out) }) }
            }
        }
    };
}
forms!(base, patches_core::lanes::Array16);
forms!(scalar, f32);
#[cfg(target_arch = "x86_64")]
forms!(avx2, patches_core::lanes::Avx2x16, target_feature(enable = "avx2"));
#[cfg(target_arch = "x86_64")]
forms!(avx512, patches_core::lanes::Avx512x16, target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl"));

/// Each way of laying out one workload for an instruction set; the fastest is the reference.
macro_rules! ways {
    ($voice:ident, $count:expr, $isa:expr) => {
        match $isa {
            #[cfg(target_arch = "x86_64")]
            patches_core::isa::Isa::Avx512 => {
                type V = $voice<patches_core::lanes::Avx512x16>;
                vec![avx512::hand::<V, 1>($count), avx512::hand::<V, 2>($count), avx512::hand::<V, 4>($count)]
            }
            #[cfg(target_arch = "x86_64")]
            patches_core::isa::Isa::Avx2 => {
                type V = $voice<patches_core::lanes::Avx2x16>;
                vec![avx2::hand::<V, 1>($count), avx2::hand::<V, 2>($count)]
            }
            _ => {
                type V = $voice<patches_core::lanes::Array16>;
                vec![base::hand::<V, 1>($count)]
            }
        }
    };
}

/// W1 by hand.
pub fn w1(isa: patches_core::isa::Isa) -> Vec<Hand> {
    ways!(W1, W1_VOICES / LANES, isa)
}

/// W2 by hand.
pub fn w2(isa: patches_core::isa::Isa) -> Vec<Hand> {
    ways!(W2, W2_PAIRS / LANES, isa).into_iter().take(2).collect()
}

/// W3 by hand.
pub fn w3(isa: patches_core::isa::Isa) -> Vec<Hand> {
    ways!(W3, W3_LOOPS / LANES, isa)
}

/// W3b by hand: one voice, so one form for all instruction sets.
pub fn w3b(_: patches_core::isa::Isa) -> Vec<Hand> {
    vec![scalar::hand::<W3<f32>, 1>(1)]
}

/// W5 by hand.
pub fn w5(isa: patches_core::isa::Isa) -> Vec<Hand> {
    ways!(W5, W5_SINES.div_ceil(LANES), isa)
}
