//! What comes in from outside, as numbers. `unsafe` is allowed here: it writes a plan's buffers.

use patches_core::kernel::Io;

/// A step that gives what comes in.
pub struct SoundStep {
    /// Left and right.
    pub sides: [Io; 2],
}

// SAFETY: the results belong to the plan that owns the step.
unsafe impl Send for SoundStep {}

impl SoundStep {
    /// Frames `at..at + n`, the first of which is the first of `sound`; those that it does not have are silent.
    ///
    /// # Safety
    /// The places of the step must be valid for these frames.
    pub unsafe fn run(&self, sound: &[[f32; 2]], at: usize, n: usize) {
        for i in 0..n {
            let frame = sound.get(i).copied().unwrap_or_default();
            for (io, x) in self.sides.iter().zip(frame) {
                // SAFETY: the caller vouches for the places.
                unsafe { *io.p.add((at + i) * io.stride) = x };
            }
        }
    }
}
