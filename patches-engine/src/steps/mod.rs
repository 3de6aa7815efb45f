//! The steps of a plan that are no kernels: sums, ramps, clocks, voices brought together, and MIDI.

pub mod keys;
pub mod midi;
pub mod ramp;
pub mod sum;
pub mod tick;
pub mod weave;
