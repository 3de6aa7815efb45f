//! The two halves of a running engine: [`Engine`] makes sound in the audio callback, [`Control`] plans and sends from
//! any other thread. They share two rings and a few numbers, and nothing else.

use crate::report::Report;
use patches_core::graph::{Graph, Landing, Path};
use patches_core::isa::Isa;
use patches_core::lower::Lowering;
use patches_core::spec::Spec;
use std::sync::Arc;

/// How the engine finds a type's kernels.
pub type Lower = fn(&Spec) -> Option<fn(&mut Lowering<'_>)>;

/// What an engine is made with; fixed for a session.
#[derive(Clone, Copy)]
pub struct Settings {
    /// Frames a second.
    pub rate: u32,
    /// Seed of all chance.
    pub seed: u64,
    /// Whether the master limiter is on.
    pub limiter: bool,
    /// The instruction set of the step functions.
    pub isa: Isa,
    /// The module types.
    pub lower: Lower,
}

/// Why a graph could not be planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A limit of the engine is exceeded.
    #[error("{what}: {found}, at most {limit}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// How much.
        found: usize,
        /// The limit.
        limit: usize,
    },
}

/// Something the audio side did.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// A plan took effect.
    Landed {
        /// The number that `swap` gave.
        save: u64,
        /// At this frame of the engine's clock.
        at: u64,
    },
    /// A module's output was not finite, or its code panicked.
    Quarantined {
        /// The module.
        module: Path,
        /// What happened.
        why: &'static str,
        /// At this frame.
        at: u64,
    },
}

/// Levels and loads, as of the last callback.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meters {
    /// Largest sample of each side of the master since the last look.
    pub peak: [f32; 2],
    /// Part of real time that callbacks take, smoothed.
    pub load: f32,
    /// Largest part that one callback took since the last look.
    pub load_max: f32,
    /// How far the limiter turns down, in dB, largest since the last look; 0 or negative.
    pub limiter_db: f32,
    /// Bar, from 1.
    pub bar: u64,
    /// Beat in the bar, from 1.
    pub beat: u32,
    /// Beats a minute.
    pub tempo: f64,
    /// Longest callback so far, in microseconds.
    pub longest_callback_us: u32,
    /// Longest adoption of a plan so far, in microseconds.
    pub longest_swap_us: u32,
    /// Each module with the part of real time it takes, as sampled.
    pub modules: Vec<(Path, &'static str, f32)>,
}

/// API as it will be; bodies follow.
pub struct Engine;
/// Control side.
pub struct Control;

/// Both halves of an engine that plays silence until the first swap.
pub fn new(_settings: Settings) -> (Control, Engine) { (Control, Engine) }

impl Engine {
    /// Renders the next frames into interleaved `out`; of more than two channels the others are silent; of one it is the mean.
    /// Real-time safe: no allocation, lock or call into the system.
    pub fn process(&mut self, out: &mut [f32], channels: usize) { let _ = channels; out.fill(0.0) }
    /// Frames rendered so far: the engine's clock.
    pub fn clock(&self) -> u64 { 0 }
    /// Frames by which the master's look-ahead makes the output late.
    pub fn latency(&self) -> u32 { 0 }
}

impl Control {
    /// Plans the graph against what plays and hands the plan over. Gives the number of this save, and what it does.
    /// A landed plan is told by [`Notice::Landed`].
    /// # Errors
    /// If the graph exceeds a limit; nothing has changed then.
    pub fn swap(&mut self, _graph: Arc<Graph>, _landing: Landing, _fade_seconds: f64) -> Result<(u64, Report), PlanError> { Ok((1, Report::default())) }
    /// What happened since the last call; also frees what the audio side is done with. To be called often.
    pub fn poll(&mut self) -> Vec<Notice> { vec![] }
    /// Frames rendered so far, as of the last callback.
    pub fn clock(&self) -> u64 { 0 }
    /// Levels and loads.
    pub fn meters(&mut self) -> Meters { Meters::default() }
    /// Master frames (left, right) since the last call, at most the last 16384, for scopes and recorders.
    pub fn drain(&mut self, _into: &mut Vec<[f32; 2]>) {}
}
