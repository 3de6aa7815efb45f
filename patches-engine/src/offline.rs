//! Sound without a device, as fast as it goes: what `render` and `replay` share.

use crate::engine::{self, PlanError, Settings};
use crate::midi::{Message, Midi};
use patches_core::graph::{Graph, Landing};
use std::sync::Arc;

/// Frames rendered at a time.
const CHUNK: u64 = 1024;

/// A graph that takes over at a frame.
#[derive(Clone, Debug)]
pub struct Cue {
    /// The frame.
    pub at: u64,
    /// What plays from there.
    pub graph: Arc<Graph>,
    /// Seconds over which it fades in.
    pub fade: f64,
}

/// A MIDI message that is heard at a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The frame.
    pub at: u64,
    /// The port it comes by.
    pub port: Arc<str>,
    /// The message.
    pub message: Message,
}

/// Why there is no sound, or no more of it.
#[derive(Debug)]
pub enum Stopped<E> {
    /// The graph of this cue cannot be played.
    Plan(usize, PlanError),
    /// The sink takes no more.
    Sink(E),
}

/// Plays the cues, in order of their frames, and gives exactly `frames` stereo frames to `sink`, interleaved. The first
/// frame given is the first of the patch: the master's latency is trimmed.
///
/// # Errors
/// If a graph cannot be planned, or the sink takes no more.
pub fn render<E>(
    settings: Settings,
    cues: &[Cue],
    frames: u64,
    sink: impl FnMut(&[f32]) -> Result<(), E>,
) -> Result<(), Stopped<E>> {
    perform(settings, cues, &[], frames, sink)
}

/// As [`render`], with MIDI, which is in order of its frames too. At a frame of both, the graph comes first.
///
/// # Errors
/// As `render`.
pub fn perform<E>(
    settings: Settings,
    cues: &[Cue],
    notes: &[Note],
    frames: u64,
    mut sink: impl FnMut(&[f32]) -> Result<(), E>,
) -> Result<(), Stopped<E>> {
    let (mut control, mut engine) = engine::new(settings);
    let midi = notes.iter().map(|note| Midi { at: note.at, port: control.port(&note.port), message: note.message });
    let midi: Vec<Midi> = midi.collect();
    let mut heard = 0;
    let latency = u64::from(engine.latency());
    let end = frames + latency;
    let mut block = vec![0.0; CHUNK as usize * 2];
    let mut next = 0;
    let mut at = 0;
    while at < end {
        while let Some(cue) = cues.get(next).filter(|cue| cue.at <= at) {
            control.swap(cue.graph.clone(), Landing::Now, cue.fade).map_err(|e| Stopped::Plan(next, e))?;
            next += 1;
        }
        let until = cues.get(next).map_or(end, |cue| cue.at.min(end)).min(at + CHUNK);
        let due = midi[heard..].iter().take_while(|midi| midi.at < until).count();
        engine.hear(&midi[heard..heard + due]);
        heard += due;
        let part = &mut block[..(until - at) as usize * 2];
        engine.process(part, 2);
        control.poll();
        let skip = latency.saturating_sub(at).min(until - at) as usize;
        if skip * 2 < part.len() {
            sink(&part[skip * 2..]).map_err(Stopped::Sink)?;
        }
        at = until;
    }
    Ok(())
}
