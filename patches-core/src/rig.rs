//! A test rig: runs one kernel by itself, safely, in every form, on every instruction set, in any split of its blocks, so
//! that a test can ask what it sounds like and whether all of these give the same bits.
//!
//! The rig makes all the places a step function needs, with more behind each than it may use filled with NaN, so that
//! a kernel that reads what it should not is heard. `unsafe` is allowed here: the rig stands in for a plan's buffers.
//!
//! ```
//! use patches_core::rig::Rig;
//! # mod half {
//! #     use patches_core::prelude::*;
//! #     kernel! { Half, signals { x } controls { } options {} outputs { y } state {} }
//! #     impl Kernel for Half {
//! #         type Mid<L: Lanes> = Ctl<L>;
//! #         type Raw<L: Lanes> = Out<L>;
//! #         fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> { c }
//! #         fn scan<L: Lanes>(_: &Cx, _: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Out<L> { Out::new(x.x * L::splat(0.5)) }
//! #         fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> { r }
//! #     }
//! # }
//! let rig = Rig::new(&half::KERNEL).frames(100).moving(0, |frame, _| frame as f32);
//! assert_eq!(rig.one(0)[7], 3.5);
//! rig.assert_same_bits();
//! ```

use crate::drive::{Call, Forms, KernelDef};
use crate::isa::Isa;
use crate::kernel::{BLOCK, Cx, Io, PAD};
use crate::lanes::{LANES, Mem};

/// What one input gets.
#[derive(Clone)]
enum Feed {
    /// A number for all voices and frames.
    Still(f32),
    /// A number for each frame and voice.
    Moving(Vec<[f32; LANES]>),
}

/// Which functions run the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `block1`, voice by voice.
    Block1,
    /// `pre1` and `one1`, voice by voice.
    Loop1,
    /// `frame1`, voice by voice.
    Frame1,
    /// `block16`.
    Block16,
    /// `pre16` and `one16`.
    Loop16,
    /// `block16`, each call one frame.
    Frame16,
}

impl Form {
    /// All of them.
    pub const ALL: [Form; 6] = [Form::Block1, Form::Loop1, Form::Frame1, Form::Block16, Form::Loop16, Form::Frame16];

    fn width(self) -> usize {
        if matches!(self, Form::Block16 | Form::Loop16 | Form::Frame16) { LANES } else { 1 }
    }
}

/// What one run gave.
#[derive(Clone, Debug)]
pub struct Take {
    /// By output, then frame: one number for each voice. Zeros where the output was not wanted.
    pub outs: Vec<Vec<[f32; LANES]>>,
    /// Whether the kernel has said that an output may not be finite.
    pub bad: bool,
}

/// One kernel with its inputs and options. See the [module page](self).
#[derive(Clone)]
pub struct Rig {
    def: &'static KernelDef,
    rate: f32,
    frames: usize,
    start: u64,
    options: u32,
    linked: u32,
    wanted: u32,
    seed: u32,
    ins: Vec<Feed>,
    mems: Vec<Vec<f32>>,
}

impl Rig {
    /// A kernel at 48 kHz for a second: all inputs 0, without cables, all outputs wanted, the first of each option.
    pub fn new(def: &'static KernelDef) -> Rig {
        let ins = vec![Feed::Still(0.0); def.controls + def.signals];
        let (rate, frames, start) = (48_000.0, 48_000, 0);
        Rig { def, rate, frames, start, options: 0, linked: 0, wanted: !0, seed: 1, ins, mems: vec![] }
    }

    /// How many frames it runs.
    pub fn frames(mut self, frames: usize) -> Rig {
        self.frames = frames;
        self
    }

    /// Frames a second.
    pub fn rate(mut self, rate: f32) -> Rig {
        self.rate = rate;
        self
    }

    /// The engine's clock at the first frame.
    pub fn start(mut self, clock: u64) -> Rig {
        self.start = clock;
        self
    }

    /// Sets option number `index`.
    pub fn option(mut self, index: u32, value: u32) -> Rig {
        self.options = self.options & !(0xff << (8 * index)) | value << (8 * index);
        self
    }

    /// Voice v of the kernel is born with seed + v.
    pub fn seed(mut self, seed: u32) -> Rig {
        self.seed = seed;
        self
    }

    /// Input number `input` (controls first) stays at a number.
    pub fn still(mut self, input: usize, value: f32) -> Rig {
        self.ins[input] = Feed::Still(value);
        self
    }

    /// Input number `input` has a cable that carries this, by frame and voice. Call it after `frames`.
    pub fn moving(mut self, input: usize, wave: impl Fn(usize, usize) -> f32) -> Rig {
        let row = |frame| std::array::from_fn(|voice| wave(frame, voice));
        self.ins[input] = Feed::Moving((0..self.frames).map(row).collect());
        self.linked |= 1 << input;
        self
    }

    /// Input number `input` has a cable, whatever it carries.
    pub fn linked(mut self, input: usize) -> Rig {
        self.linked |= 1 << input;
        self
    }

    /// Only these outputs are wanted.
    pub fn wants(mut self, outputs: &[usize]) -> Rig {
        self.wanted = outputs.iter().fold(0, |bits, output| bits | 1 << output);
        self
    }

    /// One more memory, each voice with its own copy; the length must be a power of two.
    pub fn mem(mut self, numbers: &[f32]) -> Rig {
        assert!(numbers.len().is_power_of_two(), "a memory's length is a power of two");
        self.mems.push(numbers.to_vec());
        self
    }

    /// Output `output` of the first voice, in blocks, on the widest instruction set there is.
    pub fn one(&self, output: usize) -> Vec<f32> {
        self.voice(output, 0)
    }

    /// The kernel.
    pub fn def(&self) -> &'static KernelDef {
        self.def
    }

    /// Output `output` of one voice.
    pub fn voice(&self, output: usize, voice: usize) -> Vec<f32> {
        self.take().outs[output].iter().map(|row| row[voice]).collect()
    }

    /// All outputs and voices, in whole blocks, on the widest instruction set there is.
    pub fn take(&self) -> Take {
        let isa = Isa::ALL.into_iter().rev().find(|isa| isa.available()).unwrap_or(Isa::Base);
        self.run(Form::Block16, isa, &[BLOCK], false)
    }

    /// All outputs in one form on one instruction set. `split` are the lengths of the runs, taken in turn; each ends at the
    /// latest where the clock is a multiple of 32. With `spread`, inputs that stay come as ones that move.
    pub fn run(&self, form: Form, isa: Isa, split: &[usize], spread: bool) -> Take {
        assert!(isa.available(), "this processor has no {}", isa.name());
        assert!(split.iter().all(|&n| n > 0), "a run has at least one frame");
        let mut outs = vec![vec![[0.0; LANES]; self.frames]; self.def.outputs];
        let mut bad = false;
        let width = form.width();
        for voice in (0..LANES).step_by(width) {
            let mut bench = Bench::new(self, width, voice, spread);
            let (mut done, mut turn) = (0, 0);
            while done < self.frames {
                let clock = self.start + done as u64;
                let to_edge = BLOCK - (clock % BLOCK as u64) as usize;
                let n = split[turn % split.len()].min(to_edge).min(self.frames - done);
                turn += 1;
                // A block may lie anywhere in its buffers; in a loop it lies at their beginning.
                let at = if matches!(form, Form::Block1 | Form::Block16) { BLOCK - to_edge } else { 0 };
                bench.fill(self, voice, done, at, n);
                bad |= bench.go(&self.def.forms[isa as usize], form, clock, at, n);
                bench.collect(&mut outs, voice, done, at, n);
                done += n;
            }
        }
        for (index, out) in outs.iter_mut().enumerate() {
            if self.wanted >> index & 1 == 0 {
                out.fill([0.0; LANES]);
            }
        }
        Take { outs, bad }
    }

    /// The same, but what moves goes another way for all voices save one: theirs comes late and from a neighbour. A voice
    /// that does not hear the others sounds the same in both.
    pub fn scrambled(&self, keep: usize) -> Rig {
        let mut other = self.clone();
        for feed in &mut other.ins {
            let Feed::Moving(rows) = feed else { continue };
            let old = rows.clone();
            for (frame, row) in rows.iter_mut().enumerate() {
                for voice in (0..LANES).filter(|&voice| voice != keep) {
                    row[voice] = old[(frame + 5) % old.len()][(voice + 3) % LANES];
                }
            }
        }
        other
    }

    /// # Panics
    /// If any form, instruction set, split, or a cable that carries a constant gives other bits, or if the kernel has an
    /// output that is not finite and does not say so.
    pub fn assert_same_bits(&self) {
        if let Err(words) = self.same_bits() {
            panic!("{}: {words}", self.def.name);
        }
    }

    /// As `assert_same_bits`.
    ///
    /// # Errors
    /// Where the first difference lies, in words.
    pub fn same_bits(&self) -> Result<(), String> {
        const SPLITS: [&[usize]; 3] = [&[BLOCK], &[1], &[7, 1, 13, 32, 2]];
        let want = self.run(Form::Frame1, Isa::Base, &[BLOCK], false);
        let finite = want.outs.iter().flatten().flatten().all(|x| x.is_finite());
        for isa in Isa::ALL {
            if !isa.available() {
                eprintln!("skipped: {}, which this processor does not have", isa.name());
                continue;
            }
            for form in Form::ALL {
                for (split, spread) in SPLITS.into_iter().flat_map(|split| [(split, false), (split, true)]) {
                    let got = self.run(form, isa, split, spread);
                    let place = || format!("{form:?} on {}, split {split:?}, spread {spread}", isa.name());
                    if !finite && !got.bad {
                        return Err(format!("{}: an output that is not finite goes unsaid", place()));
                    }
                    if let Some(words) = difference(&want, &got) {
                        return Err(format!("{}: {words}", place()));
                    }
                }
            }
        }
        Ok(())
    }
}

/// The first place where two takes differ; any NaN equals any other.
pub fn difference(want: &Take, got: &Take) -> Option<String> {
    for (output, (a, b)) in want.outs.iter().zip(&got.outs).enumerate() {
        for (frame, (a, b)) in a.iter().zip(b).enumerate() {
            for (voice, (a, b)) in a.iter().zip(b).enumerate() {
                if a.to_bits() != b.to_bits() && !(a.is_nan() && b.is_nan()) {
                    return Some(format!("output {output}, frame {frame}, voice {voice}: {a:e} and {b:e}"));
                }
            }
        }
    }
    None
}

/// The places of one kernel that runs.
struct Bench {
    width: usize,
    /// For each port a block, and what lies behind it.
    buffers: Vec<Vec<f32>>,
    ios: Vec<Io>,
    state: Vec<u32>,
    mid: Vec<u32>,
    /// What `mems` point into.
    _rings: Vec<Vec<f32>>,
    _mems: Vec<Mem>,
    cx: Cx,
    still: bool,
    moves: Vec<bool>,
}

impl Bench {
    fn new(rig: &Rig, width: usize, voice: usize, spread: bool) -> Bench {
        let def = rig.def;
        let ports = def.controls + def.signals + def.outputs;
        let moves: Vec<bool> = (0..ports)
            .map(|port| match rig.ins.get(port) {
                Some(Feed::Moving(_)) => true,
                Some(Feed::Still(_)) => spread,
                None => rig.wanted >> (port - def.controls - def.signals) & 1 == 1,
            })
            .collect();
        let mut buffers = vec![vec![f32::NAN; BLOCK * width + PAD]; ports];
        for (buffer, feed) in buffers.iter_mut().zip(&rig.ins) {
            if let Feed::Still(value) = feed {
                buffer.fill(*value);
            }
        }
        let stride = |moves: &bool| if *moves { width } else { 0 };
        let ios = buffers.iter_mut().zip(&moves).map(|(b, m)| Io { p: b.as_mut_ptr(), stride: stride(m) }).collect();
        let mut state = vec![0; def.state_words * width];
        for lane in 0..width {
            for (word, bits) in (def.birth)(rig.seed.wrapping_add((voice + lane) as u32)).into_iter().enumerate() {
                state[word * width + lane] = bits;
            }
        }
        let mut rings: Vec<Vec<f32>> = vec![];
        let mut mems = vec![];
        for numbers in &rig.mems {
            for _ in 0..LANES {
                rings.push(numbers.clone());
                let ring = rings.last_mut().expect("it was just put there");
                // SAFETY: the bench owns the ring as long as the memory; the length was checked.
                mems.push(unsafe { Mem::new(ring.as_mut_ptr(), ring.len()) });
            }
        }
        // SAFETY: there are 16 entries for each memory the test has given.
        let cx = unsafe { Cx::new(rig.rate, rig.options, rig.linked, rig.wanted, mems.as_ptr()) };
        let still = !moves[..def.controls].contains(&true);
        let mid = vec![f32::NAN.to_bits(); def.mid_room(width)];
        Bench { width, buffers, ios, state, mid, _rings: rings, _mems: mems, cx, still, moves }
    }

    /// Puts the next frames of what moves where the kernel looks.
    fn fill(&mut self, rig: &Rig, voice: usize, from: usize, at: usize, n: usize) {
        for (port, feed) in rig.ins.iter().enumerate() {
            let Feed::Moving(rows) = feed else { continue };
            for frame in 0..n {
                let place = (at + frame) * self.width;
                let row = &rows[from + frame][voice..voice + self.width];
                self.buffers[port][place..place + self.width].copy_from_slice(row);
            }
        }
    }

    fn go(&mut self, forms: &Forms, form: Form, clock: u64, at: usize, n: usize) -> bool {
        for (io, buffer) in self.ios.iter_mut().zip(&mut self.buffers) {
            io.p = buffer.as_mut_ptr();
        }
        let (ios, state, mid) = (self.ios.as_ptr(), self.state.as_mut_ptr(), self.mid.as_mut_ptr());
        let call = Call { ios, state, mid, cx: self.cx, still: self.still };
        let mut bad = false;
        // SAFETY: every port has a block and its padding, state and mid the sizes that the kernel declares, frames stay
        // within the block, and `run` has seen to it that the processor has the instruction set.
        unsafe {
            match form {
                Form::Block1 => bad |= (forms.block1)(&call, clock, at, n),
                Form::Block16 => bad |= (forms.block16)(&call, clock, at, n),
                Form::Loop1 | Form::Loop16 => {
                    let wide = form == Form::Loop16;
                    let (pre, one) = if wide { (forms.pre16, forms.one16) } else { (forms.pre1, forms.one1) };
                    bad |= pre(&call, clock, at, n);
                    for frame in 0..n {
                        bad |= one(&call, clock + frame as u64, at + frame, 1);
                    }
                }
                Form::Frame1 | Form::Frame16 => {
                    let one = if form == Form::Frame16 { forms.block16 } else { forms.frame1 };
                    for frame in 0..n {
                        bad |= one(&call, clock + frame as u64, at + frame, 1);
                    }
                }
            }
        }
        bad
    }

    /// Takes what the kernel has written.
    fn collect(&self, outs: &mut [Vec<[f32; LANES]>], voice: usize, to: usize, at: usize, n: usize) {
        let first = self.buffers.len() - outs.len();
        for (output, rows) in outs.iter_mut().enumerate() {
            if !self.moves[first + output] {
                continue;
            }
            for frame in 0..n {
                let place = (at + frame) * self.width;
                let numbers = &self.buffers[first + output][place..place + self.width];
                rows[to + frame][voice..voice + self.width].copy_from_slice(numbers);
            }
        }
    }
}

#[cfg(test)]
mod tests;
