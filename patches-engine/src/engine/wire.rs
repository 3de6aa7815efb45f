//! What the two halves of an engine send each other, and what both see.

use super::When;
use crate::midi::Midi;
use crate::plan::Plan;
use crate::run::What;
use crate::spread::Spread;
use basedrop::Owned;
use std::sync::atomic::{AtomicU32, AtomicU64};

/// A plan on its way to the audio side.
pub(crate) struct Swap {
    /// Which save it is.
    pub save: u64,
    /// The save it was planned against.
    pub base: u64,
    /// Whether that save's fade was still running in the plan's eyes.
    pub fading: bool,
    /// When to land.
    pub when: When,
    /// Length of its own fade in frames.
    pub fade: u32,
    /// Whether musical time stands still from there.
    pub stopped: bool,
    /// What plays from the landing on.
    pub first: Owned<Plan>,
    /// What plays after the fade, if there is anything to fade.
    pub settled: Option<Owned<Plan>>,
}

/// Word from the audio side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Event {
    /// A plan took effect.
    Landed { save: u64, at: u64 },
    /// A plan was made against something that no longer plays.
    Missed { save: u64 },
    /// A module was silenced, or its loop is held.
    Trouble { save: u64, module: u32, what: What, at: u64 },
    /// A MIDI message was acted on.
    Heard(Midi),
    /// A tape of what comes in begins.
    Taped { at: u64 },
    /// What a step of the plan takes.
    Load { save: u64, settled: bool, module: u32, step: u32, load: f32 },
}

/// Numbers that both sides see.
pub(crate) struct Shared {
    pub clock: AtomicU64,
    pub beat: AtomicU64,
    pub tempo: AtomicU64,
    pub beats_per_bar: AtomicU64,
    pub peak: Box<[AtomicU32]>,
    pub load: AtomicU32,
    pub load_max: AtomicU32,
    pub limiter: AtomicU32,
    pub longest_callback: AtomicU32,
    pub recent_callback: AtomicU32,
    pub callbacks: Spread,
    pub longest_swap: AtomicU32,
    pub unheard: AtomicU64,
}

impl Shared {
    /// Of a session with so many channels out.
    pub fn new(outputs: u16) -> Shared {
        Shared {
            clock: AtomicU64::default(),
            beat: AtomicU64::default(),
            tempo: AtomicU64::default(),
            beats_per_bar: AtomicU64::default(),
            peak: (0..outputs).map(|_| AtomicU32::default()).collect(),
            load: AtomicU32::default(),
            load_max: AtomicU32::default(),
            limiter: AtomicU32::default(),
            longest_callback: AtomicU32::default(),
            recent_callback: AtomicU32::default(),
            callbacks: Spread::default(),
            longest_swap: AtomicU32::default(),
            unheard: AtomicU64::default(),
        }
    }
}
