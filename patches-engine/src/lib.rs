//! From a patch graph to sound: the planner, the executor, the swap, the hosts that pull frames, and the session log.
//! It knows no text and no terminal.

pub mod engine;
pub mod error;
pub mod host;
pub mod offline;
pub mod report;
pub mod session;
pub mod wav;
