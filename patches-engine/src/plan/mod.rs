//! From a net to a plan, in passes from data to data: modules become kernels ([`locals`]), loops get their late cables
//! ([`loops`]), cables become node inputs ([`nodes`]), nodes get their voices ([`voices`]) and their order ([`order`]),
//! and the plan its buffers and functions ([`emit`]). `unsafe` is
//! allowed here: a plan reads its own buffers.

pub mod crowd;
pub mod emit;
pub mod items;
pub mod layout;
pub mod locals;
pub mod loops;
pub mod memory;
pub mod nodes;
pub mod order;
pub mod places;
pub mod sleep;
pub mod voices;

use crate::rest::{Dormitory, Rest};
use crate::state::Block;
use crate::steps::midi::MidiStep;
use crate::steps::ramp::RampStep;
use crate::steps::sound::SoundStep;
use crate::steps::sum::{SumFn, SumStep};
use crate::steps::tick::TickStep;
use crate::steps::weave::WeaveStep;
use memory::Fixup;
use patches_core::drive::{Call, StepFn};
use patches_core::graph::Path;
use patches_core::kernel::Io;
use patches_core::lanes::Mem;
use std::sync::Arc;

/// A kernel as a step.
pub struct KernelStep {
    /// Runs a block.
    pub block: StepFn,
    /// Runs one frame inside a loop.
    pub frame: StepFn,
    /// Maps a block before a loop's frames, where no control comes from inside the loop.
    pub pre: Option<StepFn>,
    /// Where everything is.
    pub call: Call,
    /// How many inputs stand before the outputs.
    pub inputs: usize,
    /// How many outputs.
    pub outputs: usize,
    /// How many memories.
    pub memories: usize,
    /// Its state, for renewal.
    pub state: Arc<Block>,
    /// Lanes that count.
    pub voices: usize,
    /// 16 lanes, or one voice.
    pub wide: bool,
    /// Lanes that are silent until the next multiple of a block, because they were not finite.
    pub silent: u32,
}

/// What a step does.
pub enum Work {
    /// A kernel.
    Kernel(KernelStep),
    /// A sum.
    Sum(SumStep, SumFn),
    /// A ramp.
    Ramp(RampStep),
    /// A clock.
    Tick(TickStep),
    /// Voices brought together.
    Weave(WeaveStep),
    /// MIDI messages as numbers.
    Midi(MidiStep),
    /// What comes in from outside.
    Sound(SoundStep),
}

/// One call in a plan.
pub struct Step {
    /// What it does.
    pub work: Work,
    /// The module it belongs to, by index into the plan's modules.
    pub module: u32,
    /// Its code panicked: it is run no more.
    pub dead: bool,
    /// How it sleeps, if it may.
    pub rest: Option<Box<Rest>>,
}

/// A stretch of steps.
#[derive(Clone, Copy, Debug)]
pub enum Item {
    /// Steps from, to: each for a whole block.
    Run(usize, usize),
    /// Steps from, to: all of them frame by frame.
    Region(usize, usize),
    /// The steps of one of the plan's dormitories: none of them, or each for a whole block.
    Dormitory(usize),
}

/// A buffer whose last frame is carried over to the front, for late cables.
#[derive(Clone, Copy, Debug)]
pub struct Front {
    /// The front frame.
    pub at: *mut f32,
    /// Floats in a frame.
    pub width: usize,
}

/// What tells that a loop is held.
#[derive(Clone, Copy, Debug)]
pub struct Guard {
    /// 1 where it is.
    pub io: Io,
    /// How many voices of it count.
    pub voices: usize,
    /// The module it comes from, by index into the plan's modules.
    pub module: u32,
    /// It held in the run before.
    pub told: bool,
}

/// What the audio thread runs.
pub struct Plan {
    /// The steps in order.
    pub steps: Vec<Step>,
    /// How they run.
    pub items: Vec<Item>,
    /// Steps that sleep together.
    pub dormitories: Vec<Dormitory>,
    /// Late cables' buffers.
    pub fronts: Vec<Front>,
    /// Loops that are kept from running away.
    pub guards: Vec<Guard>,
    /// Indexes of the ramps.
    pub ramps: Vec<usize>,
    /// Copies to make when adopted.
    pub fixups: Vec<Fixup>,
    /// The channels of the audio output, in pairs.
    pub master: Box<[[Io; 2]]>,
    /// What is watched, in the order of the net's probes.
    pub probes: Vec<Io>,
    /// Beats a minute.
    pub tempo: f64,
    /// Beats in a bar.
    pub beats_per_bar: f64,
    /// Part of a pair of sixteenths that the first takes.
    pub swing: f64,
    /// The modules, for people: path and type.
    pub modules: Vec<(Path, &'static str)>,
    /// Each step's part of real time, as sampled.
    pub loads: Vec<f32>,
    /// What the pointers above lead into.
    pub hold: Hold,
}

/// Memory that a plan's pointers lead into.
pub struct Hold {
    /// Buffers and constants.
    pub arena: Box<[crate::state::Line]>,
    /// Ports of the steps.
    pub ios: Box<[Io]>,
    /// Memories of the steps.
    pub mems: Box<[Mem]>,
    /// Blocks that outlive the plan.
    pub blocks: Vec<Arc<Block>>,
}

// SAFETY: the pointers lead into `hold`, whose memory does not move with the plan and is used by one thread at a time:
// the control thread until the plan is handed over, the audio thread from then on.
unsafe impl Send for Plan {}

impl Plan {
    /// The frames of the last run at a probe.
    pub fn watched(&self, probe: usize, frames: usize) -> impl Iterator<Item = f32> + '_ {
        let io = self.probes[probe];
        // SAFETY: a probe's places are valid for a block.
        (0..frames).map(move |i| unsafe { *io.p.add(i * io.stride) })
    }

    /// The frames of the last run of a pair of the audio output's channels.
    pub fn master_into(&self, pair: usize, block: &mut [[f32; 2]]) {
        for (side, io) in self.master.get(pair).into_iter().flatten().enumerate() {
            for (i, frame) in block.iter_mut().enumerate() {
                // SAFETY: the master's places are valid for a block.
                frame[side] = unsafe { *io.p.add(i * io.stride) };
            }
        }
    }
}
