//! The steps of a plan that are no kernels: sums, ramps, clocks, and voices brought together.

pub mod ramp;
pub mod sum;
pub mod tick;
pub mod weave;
