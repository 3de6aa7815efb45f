//! What a plan will take, before it plays: its kernels are timed by themselves, on numbers of their own, each kind once. The
//! sum is then held against what the callback really takes. `unsafe` is allowed here: it calls step functions on places
//! made for it.

use crate::float::FloatMode;
use crate::plan::{Item, KernelStep, Plan, Work};
use crate::state::Line;
use patches_core::drive::Call;
use patches_core::kernel::{BLOCK, Cx, Io};
use patches_core::lanes::{LANES, Mem};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Nanoseconds that a block takes in other steps, as measured by the benchmark: a term of a sum of one voice and of 16, and
/// a call.
const TERM: f64 = 12.0;
const WIDE_TERM: f64 = 90.0;
const CALL: f64 = 5.0;
/// A kernel's call, with a number of its own for everything that chooses between ways through it.
type Way = (usize, u32, u32, u32, bool);
/// Calls that are timed together, and how often: the fastest counts, for the others waited for something.
const CALLS: u32 = 8;
const TRIES: usize = 3;
/// Ports of a kernel, and memories, at most.
const PORTS: usize = 80;
const MEMORIES: usize = 16;
/// What has more than that is taken for.
const UNTIMED: Duration = Duration::from_micros(2);
/// Floats of the ring that every delay reads and writes here.
const RING: usize = 4096;
/// What comes in: no silence, which an envelope would sleep through.
const LEVEL: f32 = 0.7;

/// Times kernels, and remembers.
pub struct Costs {
    known: HashMap<Way, f64>,
    ports: Box<[Line]>,
    state: Vec<u32>,
    ring: Box<[Line]>,
}

impl Default for Costs {
    fn default() -> Costs {
        let level = Line::of([LEVEL.to_bits(); LANES]);
        Costs {
            known: HashMap::new(),
            ports: vec![level; PORTS * (BLOCK + 1)].into(),
            state: vec![],
            ring: vec![Line::ZERO; RING / LANES].into(),
        }
    }
}

impl Costs {
    /// The part of real time that a plan takes at this rate, if all of it is awake. The plan must not have been handed over.
    pub fn load(&mut self, plan: &Plan, rate: u32) -> f64 {
        let mut block = 0.0;
        for item in &plan.items {
            let (from, to, looped) = match *item {
                Item::Run(from, to) => (from, to, false),
                Item::Region(from, to) => (from, to, true),
                Item::Dormitory(index) => (plan.dormitories[index].from, plan.dormitories[index].to, false),
            };
            for step in &plan.steps[from..to] {
                block += match &step.work {
                    Work::Kernel(kernel) => self.kernel(kernel, looped, rate),
                    Work::Sum(sum, _) => {
                        let terms = sum.terms.iter().map(|term| if term.wide { WIDE_TERM } else { TERM });
                        terms.sum::<f64>() + if looped { CALL * BLOCK as f64 } else { CALL }
                    }
                    _ => WIDE_TERM,
                };
            }
        }
        block * 1e-9 * f64::from(rate) / BLOCK as f64
    }

    /// Nanoseconds of a block.
    fn kernel(&mut self, kernel: &KernelStep, looped: bool, rate: u32) -> f64 {
        let Call { cx, still, .. } = kernel.call;
        let function = if looped { kernel.frame } else { kernel.block };
        let way = (function as usize, cx.opt, cx.linked, cx.zero, still);
        if let Some(&known) = self.known.get(&way) {
            return known;
        }
        // One that panics is contained where it plays; how long it takes is not known.
        let timed = catch_unwind(AssertUnwindSafe(|| self.time(kernel, looped, rate))).unwrap_or(UNTIMED);
        let ns = timed.as_secs_f64() * 1e9 + CALL;
        self.known.insert(way, ns);
        ns
    }

    fn time(&mut self, kernel: &KernelStep, looped: bool, rate: u32) -> Duration {
        let count = kernel.inputs + kernel.outputs;
        self.state.clear();
        self.state.extend_from_slice(kernel.state.birth());
        self.state.resize(self.state.len() + LANES, 0);
        if count > PORTS || kernel.memories > MEMORIES {
            return UNTIMED;
        }
        // As in the callback: numbers near zero are zero.
        let _mode = FloatMode::enter();
        let mut fastest = Duration::MAX;
        // SAFETY: each port has room for a block of 16 lanes and what a store writes past it; what does not move is read
        // where the plan has it. The state has as many words as the kernel's, the ring is a power of two long and each
        // memory is that ring; `mid` is room of the plan's own, which plays nowhere yet.
        unsafe {
            let ring = Mem::new(self.ring.as_mut_ptr().cast(), RING);
            let mems = [ring; MEMORIES * LANES];
            let mut ios = Vec::with_capacity(count);
            for port in 0..count {
                let io = *kernel.call.ios.add(port);
                let moves = io.stride != 0 || port >= kernel.inputs;
                let own: *mut f32 = self.ports.as_mut_ptr().add(port * (BLOCK + 1)).cast();
                ios.push(Io { p: if moves { own } else { io.p }, stride: io.stride });
            }
            let of = kernel.call.cx;
            let mut cx = Cx::new(rate as f32, of.opt, of.linked, of.wanted, mems.as_ptr());
            cx.zero = of.zero;
            let call = Call { ios: ios.as_ptr(), state: self.state.as_mut_ptr(), cx, ..kernel.call };
            if let (true, Some(pre)) = (looped, kernel.pre) {
                pre(&call, 0, 0, BLOCK);
            }
            for _ in 0..TRIES {
                let begun = Instant::now();
                for block in 0..CALLS {
                    let now = u64::from(block) * BLOCK as u64;
                    if looped {
                        for at in 0..BLOCK {
                            (kernel.frame)(&call, now + at as u64, at, 1);
                        }
                    } else {
                        (kernel.block)(&call, now, 0, BLOCK);
                    }
                }
                fastest = fastest.min(begun.elapsed() / CALLS);
            }
        }
        fastest
    }
}
