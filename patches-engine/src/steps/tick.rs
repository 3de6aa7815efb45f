//! A clock: a trigger at each whole multiple of a period, placed inside the frame, and the phase between them. All
//! clocks count from the same transport, so they never drift apart. `unsafe` is allowed here: it writes a plan's buffers.

use crate::transport::{Transport, floor, quantised, swings};
use patches_core::kernel::Io;
use patches_core::lower::Period;

/// A clock step.
pub struct TickStep {
    /// How often.
    pub period: Period,
    /// 0, or the part of the frame that is left after the tick.
    pub trigger: Io,
    /// 0 to 1 between ticks.
    pub phase: Io,
}

// SAFETY: the results belong to the plan that owns the step.
unsafe impl Send for TickStep {}

impl TickStep {
    /// Ticks passed at a frame.
    fn position(&self, transport: &Transport, now: u64) -> f64 {
        match self.period {
            // A period below a frame would tick more than once in it.
            Period::Beats(beats) if swings(beats) => quantised(transport.written(now) / beats.max(1e-9)),
            Period::Beats(beats) | Period::Straight(beats) => quantised(transport.beat(now) / beats.max(1e-9)),
            Period::Seconds(seconds) => quantised(transport.counted(now) as f64 / (seconds * transport.rate).max(1.0)),
        }
    }

    /// Frames `at..at + n`, the first of which is `now`.
    ///
    /// # Safety
    /// The places of the step must be valid for these frames.
    pub unsafe fn run(&self, transport: &Transport, now: u64, at: usize, n: usize) {
        let mut here = self.position(transport, now);
        // Positions never go back, so a block that ends before the next tick has none.
        let ticks = here.ceil() < self.position(transport, now + n as u64);
        if !ticks && self.phase.stride == 0 {
            // SAFETY: the caller vouches for the places.
            return (at..at + n).for_each(|i| unsafe { *self.trigger.p.add(i * self.trigger.stride) = 0.0 });
        }
        for i in 0..n {
            let next = self.position(transport, now + i as u64 + 1);
            let tick = if ticks { here.ceil() } else { next };
            let left = if tick < next { ((next - tick) / (next - here)) as f32 } else { 0.0 };
            // SAFETY: the caller vouches for the places.
            unsafe {
                *self.trigger.p.add((at + i) * self.trigger.stride) = left;
                *self.phase.p.add((at + i) * self.phase.stride) = (here - floor(here)) as f32;
            }
            here = next;
        }
    }
}
