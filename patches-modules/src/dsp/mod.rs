//! What several kernels compute: band-limited steps, times as factors, corners of filters, slow wandering.
//! Everything here is inlined into kernels and written once over lanes.

pub mod blep;
pub mod curve;
pub mod drift;
pub mod drum;
pub mod filter;
pub mod pass;
pub mod shape;
pub mod wander;
