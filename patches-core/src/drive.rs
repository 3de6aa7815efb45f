//! The drivers: from a kernel's `map`, `scan` and `fin` to the functions that a plan calls, one set per instruction set.
//!
//! | Form | Runs |
//! |---|---|
//! | `block16` | 16 voices, n frames; with n = 1 it is also the frame form inside a loop |
//! | `pre16`, `one16` | 16 voices in a loop whose controls come from outside it: `map` over the block, then frame by frame |
//! | `block1` | one voice: `map` and a heavy `fin` over time, 16 frames at once, `scan` frame by frame |
//! | `pre1`, `one1`, `frame1` | the same for one voice in a loop; `frame1` maps at each frame |
//!
//! Each gives true if an output may not be finite. `unsafe` is allowed here: the drivers turn a plan's places into rows.

use crate::kernel::{BLOCK, Cx, Io, Kernel, Row};
use crate::lanes::{Array16, LANES, LaneMask, Lanes};

/// What a step gives its function: where everything is.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Call {
    /// Ports: controls, then signals, then outputs.
    pub ios: *const Io,
    /// State: word k of lane l at `state + k·width + l`, width 16 or 1.
    pub state: *mut u32,
    /// Room for what `map` and `scan` hand on; see [`KernelDef::mid_room`].
    pub mid: *mut u32,
    /// What is the same for all lanes.
    pub cx: Cx,
    /// Whether no control moves, so that `map` is needed once per call.
    pub still: bool,
}

/// A step: `at` is the frame within the buffers, `n` how many frames, `now` the engine's clock at frame `at`.
///
/// # Safety
/// Every place in the call must be valid for the kernel's declaration and for frames `at..at + n`, n ≤ 32, and the
/// processor must have the instruction set the function was compiled for.
pub type StepFn = unsafe fn(call: &Call, now: u64, at: usize, n: usize) -> bool;

/// What so many frames of sleep do to the state of the lanes in `lanes` (bit by lane), of `width` 16 or 1.
///
/// # Safety
/// The call must be valid for the kernel's declaration.
pub type SkipFn = unsafe fn(call: &Call, width: usize, lanes: u32, frames: u32);

/// The functions of one kernel on one instruction set.
#[derive(Clone, Copy)]
pub struct Forms {
    /// 16 voices, n frames.
    pub block16: StepFn,
    /// 16 voices: `map` of n frames into `mid`.
    pub pre16: StepFn,
    /// 16 voices: one frame from `mid`.
    pub one16: StepFn,
    /// One voice, n frames.
    pub block1: StepFn,
    /// One voice: `map` of n frames into `mid`.
    pub pre1: StepFn,
    /// One voice: one frame from `mid`.
    pub one1: StepFn,
    /// One voice: one frame, `map` included.
    pub frame1: StepFn,
}

/// A kernel as data.
pub struct KernelDef {
    /// Its name, for listings.
    pub name: &'static str,
    /// How many controls.
    pub controls: usize,
    /// How many signals.
    pub signals: usize,
    /// How many outputs.
    pub outputs: usize,
    /// Words of state per voice.
    pub state_words: usize,
    /// Words that `map` hands on, per voice and frame.
    pub mid_words: usize,
    /// Words that `scan` hands on, per voice and frame.
    pub raw_words: usize,
    /// Whether each voice is born different.
    pub seeded: bool,
    /// The state of a new module: `state_words` words.
    pub birth: fn(seed: u32) -> Vec<u32>,
    /// [`Kernel::amplifies`].
    pub amplifies: fn(opt: u32) -> &'static [(usize, usize)],
    /// What sleep does to the state, of kernels whose phase goes on.
    pub skip: Option<SkipFn>,
    /// Its functions, by [`Isa`](crate::isa::Isa).
    pub forms: [Forms; 3],
}

impl KernelDef {
    /// Words of `mid` that a call of this width (1 or 16) needs.
    pub fn mid_room(&self, width: usize) -> usize {
        if width == 1 { (self.mid_words + self.raw_words) * (BLOCK + LANES) } else { self.mid_words * BLOCK * LANES }
    }

    /// The data of kernel `K`.
    pub const fn of<K: Kernel>() -> KernelDef {
        KernelDef {
            name: K::NAME,
            controls: <K::Ctl<f32> as Row<f32>>::WORDS,
            signals: <K::Sig<f32> as Row<f32>>::WORDS,
            outputs: <K::Out<f32> as Row<f32>>::WORDS,
            state_words: <K::State<f32> as Row<f32>>::WORDS,
            mid_words: <K::Mid<f32> as Row<f32>>::WORDS,
            raw_words: <K::Raw<f32> as Row<f32>>::WORDS,
            seeded: K::SEEDED,
            birth: birth::<K>,
            amplifies: K::amplifies,
            skip: if K::SKIPS { Some(skip::<K>) } else { None },
            forms: [base::forms::<K>(), wide::avx2::<K>(), wide::avx512::<K>()],
        }
    }
}

fn birth<K: Kernel>(seed: u32) -> Vec<u32> {
    let mut words = vec![0; <K::State<f32> as Row<f32>>::WORDS];
    // SAFETY: there is room for each word of the state at distance 1.
    unsafe { K::birth(seed).write(words.as_mut_ptr(), 1) };
    words
}

unsafe fn skip<K: Kernel>(call: &Call, width: usize, lanes: u32, frames: u32) {
    if !call.still {
        return;
    }
    let mut controls = [Io { p: std::ptr::null_mut(), stride: 0 }; 32];
    for lane in (0..width).filter(|lane| lanes >> lane & 1 == 1) {
        // SAFETY: the caller vouches for state and ports; a control that is still has a number for each lane.
        unsafe {
            for (index, control) in controls.iter_mut().take(<K::Ctl<f32> as Row<f32>>::WORDS).enumerate() {
                control.p = (*call.ios.add(index)).p.add(lane);
            }
            let mid = K::map(&call.cx, K::Ctl::<f32>::across(controls.as_ptr(), 0));
            let mut state = K::State::<f32>::read(call.state.add(lane), width);
            K::skip(&call.cx, &mut state, mid, frames);
            state.write(call.state.add(lane), width);
        }
    }
}

/// Whether a block of a kernel that rests needs no computing: all voices idle, all signals 0. Then its outputs are.
#[inline(always)]
unsafe fn rests<K: Kernel, L: Lanes>(call: &Call, at: usize, n: usize) -> bool {
    // SAFETY: the caller vouches for state, ports and frames.
    unsafe {
        let state = K::State::<L>::read(call.state, L::COUNT);
        if LaneMask::any(!K::idle::<L>(&call.cx, &state)) {
            return false;
        }
        let ports = ports::<K>(call);
        let mut silent = L::Mask::splat(true);
        for port in 0..<K::Sig<L> as Row<L>>::WORDS {
            let io = &*ports.sig.add(port);
            for i in at..if io.stride == 0 { at + 1 } else { at + n } {
                silent = silent & L::load(io.p.add(i * io.stride)).eq(L::splat(0.0));
            }
        }
        if LaneMask::any(!silent) {
            return false;
        }
        for out in (0..<K::Out<L> as Row<L>>::WORDS).filter(|out| call.cx.wanted >> out & 1 == 1) {
            let io = &*ports.out.add(out);
            for i in at..at + n {
                L::splat(K::AT_REST).store(io.p.add(i * io.stride));
            }
        }
        true
    }
}

/// Distance between planes of `mid` for one voice: a block and what a wide store may write past it.
const PLANE: usize = BLOCK + LANES;

/// The positions of a kernel's rows among the ports of a call.
struct Ports {
    ctl: *const Io,
    sig: *const Io,
    out: *const Io,
}

#[inline(always)]
unsafe fn ports<K: Kernel>(call: &Call) -> Ports {
    let c = <K::Ctl<f32> as Row<f32>>::WORDS;
    let s = <K::Sig<f32> as Row<f32>>::WORDS;
    // SAFETY: the caller vouches for all ports of the declaration.
    unsafe { Ports { ctl: call.ios, sig: call.ios.add(c), out: call.ios.add(c + s) } }
}

/// State at the start of a run: brought off the denormals at each multiple of the block on the engine's clock.
#[inline(always)]
unsafe fn open<K: Kernel, L: Lanes>(call: &Call, now: u64) -> K::State<L> {
    // SAFETY: the caller vouches for the state.
    let state = unsafe { K::State::<L>::read(call.state, L::COUNT) };
    if now.is_multiple_of(BLOCK as u64) { state.snap() } else { state }
}

/// `L::COUNT` voices, n frames, all in one loop.
#[inline(always)]
unsafe fn fused<K: Kernel, L: Lanes>(call: &Call, now: u64, at: usize, n: usize) -> bool {
    // SAFETY: the caller vouches for the call.
    if K::RESTS && unsafe { rests::<K, L>(call, at, n) } {
        return false;
    }
    let mut cx = call.cx;
    let mut fault = L::splat(0.0);
    // SAFETY: the caller vouches for state, ports and frames.
    unsafe {
        let ports = ports::<K>(call);
        let mut state = open::<K, L>(call, now);
        if call.still {
            let mid = K::map(&cx, K::Ctl::<L>::across(ports.ctl, at));
            for i in at..at + n {
                cx.now = (now as u32).wrapping_add((i - at) as u32);
                let raw = K::scan(&cx, &mut state, mid, K::Sig::<L>::across(ports.sig, i));
                let out = K::fin(&cx, raw);
                fault = fault + out.put_across(ports.out, i, cx.wanted);
            }
        } else {
            for i in at..at + n {
                cx.now = (now as u32).wrapping_add((i - at) as u32);
                let mid = K::map(&cx, K::Ctl::<L>::across(ports.ctl, i));
                let raw = K::scan(&cx, &mut state, mid, K::Sig::<L>::across(ports.sig, i));
                let out = K::fin(&cx, raw);
                fault = fault + out.put_across(ports.out, i, cx.wanted);
            }
        }
        state.write(call.state, L::COUNT);
    }
    !fault.all_zero()
}

/// 16 voices: `map` of a block; frame-major, so that one frame's values lie together.
#[inline(always)]
unsafe fn pre_lanes<K: Kernel, L: Lanes>(call: &Call, at: usize, n: usize) -> bool {
    let words = <K::Mid<L> as Row<L>>::WORDS;
    let n = if call.still { 1 } else { n };
    // SAFETY: the caller vouches for ports, frames and room.
    unsafe {
        let ports = ports::<K>(call);
        for i in at..at + n {
            let mid = K::map(&call.cx, K::Ctl::<L>::across(ports.ctl, i));
            mid.write(call.mid.add((i - at) * words * L::COUNT), L::COUNT);
        }
    }
    false
}

/// 16 voices: frame `at` of a block that `pre_lanes` has mapped from frame 0 on.
#[inline(always)]
unsafe fn one_lanes<K: Kernel, L: Lanes>(call: &Call, now: u64, at: usize) -> bool {
    let words = <K::Mid<L> as Row<L>>::WORDS;
    let mut cx = call.cx;
    cx.now = now as u32;
    // SAFETY: the caller vouches for state, ports, frame and room.
    unsafe {
        let ports = ports::<K>(call);
        let row = if call.still { 0 } else { at };
        let mid = K::Mid::<L>::read(call.mid.add(row * words * L::COUNT), L::COUNT);
        let mut state = open::<K, L>(call, now);
        let raw = K::scan(&cx, &mut state, mid, K::Sig::<L>::across(ports.sig, at));
        let out = K::fin(&cx, raw);
        let fault = out.put_across(ports.out, at, cx.wanted);
        state.write(call.state, L::COUNT);
        !fault.all_zero()
    }
}

/// One voice: `map` over time, `L::COUNT` frames at once, each value in its own plane.
#[inline(always)]
unsafe fn pre_mono<K: Kernel, L: Lanes>(call: &Call, at: usize, n: usize) -> bool {
    // SAFETY: the caller vouches for ports, frames and room; planes have room for a whole last row.
    unsafe {
        let ports = ports::<K>(call);
        if call.still {
            K::map(&call.cx, K::Ctl::<f32>::across(ports.ctl, at)).write(call.mid, PLANE);
        } else {
            let mut i = 0;
            while i < n {
                K::map(&call.cx, K::Ctl::<L>::along(ports.ctl, at + i)).write(call.mid.add(i), PLANE);
                i += L::COUNT;
            }
        }
    }
    false
}

/// One voice: frame `at` of a block that `pre_mono` has mapped from frame 0 on.
#[inline(always)]
unsafe fn one_mono<K: Kernel>(call: &Call, now: u64, at: usize) -> bool {
    let mut cx = call.cx;
    cx.now = now as u32;
    // SAFETY: the caller vouches for state, ports, frame and room.
    unsafe {
        let ports = ports::<K>(call);
        let row = if call.still { 0 } else { at };
        let mid = K::Mid::<f32>::read(call.mid.add(row), PLANE);
        let mut state = open::<K, f32>(call, now);
        let raw = K::scan(&cx, &mut state, mid, K::Sig::<f32>::across(ports.sig, at));
        let out = K::fin(&cx, raw);
        let fault: f32 = out.put_across(ports.out, at, cx.wanted);
        state.write(call.state, 1);
        !fault.all_zero()
    }
}

/// One voice of a kernel without state, n frames: everything over time.
#[inline(always)]
unsafe fn flat<K: Kernel, L: Lanes>(call: &Call, at: usize, n: usize) -> bool {
    let mut fault = L::splat(0.0);
    // SAFETY: the caller vouches for ports and frames; a row without words is read from nowhere.
    unsafe {
        let ports = ports::<K>(call);
        let mut none = K::State::<L>::zero();
        let mut i = at;
        while i < at + n {
            let mid = K::map(&call.cx, K::Ctl::<L>::along(ports.ctl, i));
            let raw = K::scan(&call.cx, &mut none, mid, K::Sig::<L>::along(ports.sig, i));
            let out = K::fin(&call.cx, raw);
            fault = fault + out.put_along(ports.out, i, call.cx.wanted);
            i += L::COUNT;
        }
    }
    !fault.all_zero()
}

/// One voice, n frames: `map` over time, the recurrence frame by frame, a heavy `fin` over time again.
#[inline(always)]
unsafe fn split<K: Kernel, L: Lanes>(call: &Call, now: u64, at: usize, n: usize) -> bool {
    if <K::State<f32> as Row<f32>>::WORDS == 0 && !K::SERIAL {
        // SAFETY: the caller vouches for the call.
        return unsafe { flat::<K, L>(call, at, n) };
    }
    // SAFETY: as above.
    if K::RESTS && unsafe { rests::<K, f32>(call, at, n) } {
        return false;
    }
    let mut cx = call.cx;
    let mut bad = false;
    // SAFETY: the caller vouches for state, ports, frames and room.
    unsafe {
        let ports = ports::<K>(call);
        pre_mono::<K, L>(call, at, n);
        let raws = call.mid.add(<K::Mid<f32> as Row<f32>>::WORDS * PLANE);
        let mut state = open::<K, f32>(call, now);
        let mut fault = 0.0;
        let still = K::Mid::<f32>::read(call.mid, PLANE);
        for i in 0..n {
            cx.now = (now as u32).wrapping_add(i as u32);
            let mid = if call.still { still } else { K::Mid::<f32>::read(call.mid.add(i), PLANE) };
            let raw = K::scan(&cx, &mut state, mid, K::Sig::<f32>::across(ports.sig, at + i));
            if K::HEAVY_FIN {
                raw.write(raws.add(i), PLANE);
            } else {
                let out = K::fin(&cx, raw);
                fault += out.put_across(ports.out, at + i, cx.wanted);
            }
        }
        state.write(call.state, 1);
        if K::HEAVY_FIN {
            let mut faults = L::splat(0.0);
            let mut i = 0;
            while i < n {
                let out = K::fin(&cx, K::Raw::<L>::read(raws.add(i), PLANE));
                faults = faults + out.put_along(ports.out, at + i, cx.wanted);
                i += L::COUNT;
            }
            bad = !faults.all_zero();
        }
        bad | (fault != 0.0) | fault.is_nan()
    }
}

/// Makes the functions of one instruction set: wrappers that hold the feature, into which everything below is inlined.
macro_rules! forms {
    ($(#[$feature:meta])? $lanes:ty) => {
        use crate::drive::*;
        $(#[$feature])?
        unsafe fn block16<K: Kernel>(call: &Call, now: u64, at: usize, n: usize) -> bool {
            // SAFETY: the caller vouches for the call.
            unsafe { fused::<K, $lanes>(call, now, at, n) }
        }
        $(#[$feature])?
        unsafe fn pre16<K: Kernel>(call: &Call, _now: u64, at: usize, n: usize) -> bool {
            // SAFETY: the caller vouches for the call.
            unsafe { pre_lanes::<K, $lanes>(call, at, n) }
        }
        $(#[$feature])?
        unsafe fn one16<K: Kernel>(call: &Call, now: u64, at: usize, _n: usize) -> bool {
            // SAFETY: the caller vouches for the call.
            unsafe { one_lanes::<K, $lanes>(call, now, at) }
        }
        $(#[$feature])?
        unsafe fn block1<K: Kernel>(call: &Call, now: u64, at: usize, n: usize) -> bool {
            // SAFETY: the caller vouches for the call.
            unsafe { split::<K, $lanes>(call, now, at, n) }
        }
        $(#[$feature])?
        unsafe fn pre1<K: Kernel>(call: &Call, _now: u64, at: usize, n: usize) -> bool {
            // SAFETY: the caller vouches for the call.
            unsafe { pre_mono::<K, $lanes>(call, at, n) }
        }
        $(#[$feature])?
        unsafe fn one1<K: Kernel>(call: &Call, now: u64, at: usize, _n: usize) -> bool {
            // SAFETY: the caller vouches for the call.
            unsafe { one_mono::<K>(call, now, at) }
        }
        $(#[$feature])?
        unsafe fn frame1<K: Kernel>(call: &Call, now: u64, at: usize, n: usize) -> bool {
            // SAFETY: the caller vouches for the call.
            unsafe { fused::<K, f32>(call, now, at, n) }
        }
        pub const fn forms<K: Kernel>() -> Forms {
            Forms {
                block16: block16::<K>,
                pre16: pre16::<K>,
                one16: one16::<K>,
                block1: block1::<K>,
                pre1: pre1::<K>,
                one1: one1::<K>,
                frame1: frame1::<K>,
            }
        }
    };
}

mod base {
    forms! { Array16 }
}

#[cfg(target_arch = "x86_64")]
mod wide {
    use super::{Forms, Kernel};
    mod with_avx2 {
        use crate::lanes::Avx2x16;
        forms! { #[target_feature(enable = "avx2")] Avx2x16 }
    }
    mod with_avx512 {
        use crate::lanes::Avx512x16;
        forms! { #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl")] Avx512x16 }
    }
    pub const fn avx2<K: Kernel>() -> Forms {
        with_avx2::forms::<K>()
    }
    pub const fn avx512<K: Kernel>() -> Forms {
        let wide = with_avx512::forms::<K>();
        let narrow = with_avx2::forms::<K>();
        // One voice runs on AVX2 code also here: mask registers lengthen the select latency (951 against 737 ns on 64
        // single voices, see the ADR on lanes).
        Forms { block1: narrow.block1, pre1: narrow.pre1, one1: narrow.one1, frame1: narrow.frame1, ..wide }
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod wide {
    use super::{Forms, Kernel, base};
    pub const fn avx2<K: Kernel>() -> Forms {
        base::forms::<K>()
    }
    pub const fn avx512<K: Kernel>() -> Forms {
        base::forms::<K>()
    }
}
