//! From a patch graph to sound: the planner, the executor, the swap, the hosts that pull frames, and the session log.
//! It knows no text and no terminal.

pub mod channels;
pub mod control;
mod cost;
pub mod desk;
pub mod diff;
pub mod ear;
pub mod engine;
pub mod error;
pub mod flac;
mod float;
pub mod host;
mod kernels;
mod master;
pub mod midi;
pub mod net;
pub mod offline;
pub mod oversample;
pub mod plan;
pub mod record;
pub mod reel;
pub mod report;
mod rest;
mod run;
pub mod session;
pub mod smf;
pub mod sound;
mod spread;
mod state;
mod steps;
mod transport;
pub mod trap;
pub mod wav;
