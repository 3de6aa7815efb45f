//! A number on its way from one value to another over the length of a fade, by the engine's clock. Its present value is
//! kept in a cell that outlives the plan, so that the next save goes on from where it is. `unsafe` is allowed here: it
//! writes a plan's buffers.

use crate::net::Curve;
use patches_core::kernel::Io;
use patches_core::maths;

/// A ramp step.
pub struct RampStep {
    /// The present value: what the ramp has at the frame after the last.
    pub cell: *mut f32,
    /// Value at the start, taken from the cell when the plan is adopted.
    pub from: f32,
    /// Value at the end.
    pub to: f32,
    /// How it goes.
    pub curve: Curve,
    /// First frame, by the engine's clock; set when the plan is adopted.
    pub start: u64,
    /// Frames before it moves.
    pub delay: u32,
    /// Frames it takes.
    pub frames: u32,
    /// The result.
    pub out: Io,
}

// SAFETY: the cell belongs to a block that the plan keeps alive, the result to the plan itself.
unsafe impl Send for RampStep {}

impl RampStep {
    /// Begins at this frame, from where a ramp of the same key is.
    pub fn adopt(&mut self, now: u64) {
        self.start = now;
        // SAFETY: the cell is valid while the plan lives.
        self.from = unsafe { *self.cell };
    }

    fn at(&self, now: u64) -> f32 {
        let Some(passed) = now.saturating_sub(self.start).checked_sub(self.delay.into()) else { return self.from };
        if passed >= u64::from(self.frames) {
            return self.to;
        }
        let part = passed as f32 / self.frames as f32;
        match self.curve {
            Curve::Decibel if self.from > 0.0 => self.from * maths::exp2(part * maths::log2(self.to / self.from)),
            _ => self.from + (self.to - self.from) * part,
        }
    }

    /// Frames `at..at + n`, the first of which is `now`.
    ///
    /// # Safety
    /// The places of the step must be valid for these frames.
    pub unsafe fn run(&self, now: u64, at: usize, n: usize) {
        // SAFETY: the caller vouches for the places.
        unsafe {
            for i in 0..n {
                *self.out.p.add(at + i) = self.at(now + i as u64);
            }
            *self.cell = self.at(now + n as u64);
        }
    }
}
