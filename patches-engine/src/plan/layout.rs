//! Where numbers lie in a plan's arena: constants once each, buffers shared by outputs that are not in use at the same
//! time, so that the working set stays small.

use crate::state::Line;
use patches_core::kernel::BLOCK;
use patches_core::lanes::LANES;
use std::collections::HashMap;

/// A place in the arena, in lines of 16 floats.
pub type Slot = usize;

/// Lines of a buffer of one voice: a block, and room for what a wide store writes past it.
const MONO: usize = (BLOCK + LANES) / LANES;
/// Lines of a buffer of 16 lanes.
const WIDE: usize = BLOCK + 1;

/// The arena as it is being laid out.
#[derive(Default)]
pub struct Layout {
    lines: usize,
    constants: HashMap<[u32; LANES], Slot>,
    free: [Vec<Slot>; 2],
}

impl Layout {
    /// So many lines, for good.
    pub fn reserve(&mut self, lines: usize) -> Slot {
        let at = self.lines;
        self.lines += lines;
        at
    }

    /// A constant: a number per lane.
    pub fn constant(&mut self, lanes: [f32; LANES]) -> Slot {
        let bits = lanes.map(f32::to_bits);
        if let Some(&slot) = self.constants.get(&bits) {
            return slot;
        }
        let slot = self.reserve(1);
        self.constants.insert(bits, slot);
        slot
    }

    /// A buffer of 16 lanes or of one voice.
    pub fn take(&mut self, wide: bool) -> Slot {
        match self.free[usize::from(wide)].pop() {
            Some(slot) => slot,
            None => self.reserve(if wide { WIDE } else { MONO }),
        }
    }

    /// Gives a buffer back.
    pub fn give(&mut self, slot: Slot, wide: bool) {
        self.free[usize::from(wide)].push(slot);
    }

    /// The arena: constants in place, every page written to, so that the audio thread meets no fault.
    pub fn build(&self) -> Box<[Line]> {
        let mut arena = vec![Line::ZERO; self.lines.max(1)].into_boxed_slice();
        for (bits, &slot) in &self.constants {
            arena[slot] = Line::of(*bits);
        }
        arena
    }
}
