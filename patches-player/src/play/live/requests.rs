//! What is to be done, and what is on its way to the engine.

use super::Message;
use super::parts::{Fresh, Sound};
use patches_core::graph::{Graph, Landing};
use patches_engine::desk::{Desk, Reset};
use patches_engine::report::Report;
use std::sync::Arc;
use std::time::Instant;

/// What the files say: one of the sounds that undo goes through.
pub(super) struct Version {
    /// The newest save in it.
    pub save: u64,
    /// What each file says; of one that has never been without a fault, nothing.
    pub sounds: Vec<Option<Arc<Sound>>>,
    pub graph: Arc<Graph>,
    pub text: String,
}

/// Why a plan is sent.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cause {
    /// A save.
    Save { compile_ms: f64 },
    /// Undo or redo.
    Again,
    /// Something beside the text.
    Beside,
}

/// A plan on its way: sent to the engine, not yet landed.
#[derive(Clone)]
pub(super) struct Pending {
    pub version: Arc<Version>,
    pub cause: Cause,
    pub report: Report,
    pub landing: Landing,
    /// In seconds.
    pub fade: f64,
    pub desk: Desk,
    pub reset: Reset,
    /// What was done beside the text since the plan before.
    pub did: Vec<String>,
}

/// What is to be done, in order. While a plan is on its way to land at once nothing else is sent: each is planned on what
/// plays when it lands, so that none is lost and none is done twice.
pub(super) enum Request {
    /// Saves, and when their reading began.
    Save(Vec<Fresh>, Instant),
    /// Something beside the text.
    Act(Message),
    /// What waited for its beat or bar while something else was done at once.
    Wait(Box<Pending>),
}

/// What the next plan follows: the last that was sent.
pub(super) struct Newest {
    pub version: Option<Arc<Version>>,
    pub desk: Desk,
    pub reset: Reset,
    pub did: Vec<String>,
}
