//! What comes in from outside, as numbers. `unsafe` is allowed here: it writes a plan's buffers.

use patches_core::kernel::Io;

/// A step that gives what comes in.
pub struct SoundStep {
    /// Each channel.
    pub channels: Box<[Io]>,
}

// SAFETY: the results belong to the plan that owns the step.
unsafe impl Send for SoundStep {}

impl SoundStep {
    /// Frames `at..at + n`, the first of which is the first of `sound`, interleaved in so many channels; what it does not
    /// have is silent.
    ///
    /// # Safety
    /// The places of the step must be valid for these frames.
    pub unsafe fn run(&self, (sound, width): (&[f32], usize), at: usize, n: usize) {
        for i in 0..n {
            let frame = sound.get(i * width..(i + 1) * width).unwrap_or_default();
            for (channel, io) in self.channels.iter().enumerate() {
                let x = frame.get(channel).copied().unwrap_or(0.0);
                // SAFETY: the caller vouches for the places.
                unsafe { *io.p.add((at + i) * io.stride) = x };
            }
        }
    }
}
