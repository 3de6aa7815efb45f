//! Voices brought together: each of up to 16 signals a lane, or one signal in all lanes. `unsafe` is allowed here: it
//! reads and writes a plan's buffers.

use patches_core::kernel::Io;
use patches_core::lanes::LANES;

/// A step that makes lanes.
pub struct WeaveStep {
    /// One signal for all lanes, or one each; lanes without are silent.
    pub from: Box<[Io]>,
    /// 16 lanes.
    pub out: Io,
}

// SAFETY: the places belong to the plan that owns the step and to blocks that it keeps alive.
unsafe impl Send for WeaveStep {}

impl WeaveStep {
    /// Frames `at..at + n`.
    ///
    /// # Safety
    /// The places of the step must be valid for these frames.
    pub unsafe fn run(&self, at: usize, n: usize) {
        // SAFETY: the caller vouches for the places.
        unsafe {
            for i in at..at + n {
                let mut lanes = [0.0; LANES];
                if let [one] = &self.from[..] {
                    lanes = [*one.p.add(i * one.stride); LANES];
                } else {
                    for (lane, io) in lanes.iter_mut().zip(&self.from) {
                        *lane = *io.p.add(i * io.stride);
                    }
                }
                self.out.p.add(i * LANES).cast::<[f32; LANES]>().write(lanes);
            }
        }
    }
}
