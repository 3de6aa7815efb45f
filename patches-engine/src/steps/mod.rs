//! The steps of a plan that are no kernels: sums, ramps, clocks, voices brought together, MIDI, and sound from outside.

pub mod keys;
pub mod midi;
pub mod ramp;
pub mod sound;
pub mod sum;
pub mod tick;
pub mod weave;
