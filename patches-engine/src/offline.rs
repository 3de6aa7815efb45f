//! Sound without a device, as fast as it goes: what `render` and `replay` share.

use crate::desk::{Ask, released};
use crate::engine::{self, PlanError, Settings};
use crate::error::Error;
use crate::midi::{Message, Midi};
use crate::net;
use crate::reel::Reels;
use crate::transport::Transport;
use patches_core::graph::{Graph, Landing};
use std::sync::Arc;

/// Frames rendered at a time.
const CHUNK: u64 = 1024;

/// A graph that takes over at a frame.
#[derive(Clone, Debug, Default)]
pub struct Cue {
    /// The frame.
    pub at: u64,
    /// What plays from there.
    pub graph: Arc<Graph>,
    /// Seconds over which it fades in.
    pub fade: f64,
    /// What goes with it.
    pub ask: Ask,
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
    /// What is to be heard from outside cannot be read.
    Input(Error),
}

/// Plays the cues, in order of their frames, and gives exactly `frames` frames of as many channels as go out to `sink`,
/// interleaved. The first frame given is the first of the patch: the master's latency is trimmed.
///
/// # Errors
/// If a graph cannot be planned, or the sink takes no more.
pub fn render<E>(
    settings: Settings,
    cues: &[Cue],
    frames: u64,
    sink: impl FnMut(&[f32]) -> Result<(), E>,
) -> Result<(), Stopped<E>> {
    perform(settings, &Performance { cues, ..Performance::default() }, frames, 0, sink)
}

/// What is played.
#[derive(Clone, Copy, Default)]
pub struct Performance<'a> {
    /// Graphs, in order of their frames.
    pub cues: &'a [Cue],
    /// MIDI, in order of its frames; at a frame of a graph too, the graph comes first.
    pub notes: &'a [Note],
    /// What comes in from outside.
    pub input: Option<&'a Reels>,
}

/// As [`render`], with all there is to a performance. Then `tail`
/// frames of what rings on: musical time stands still and nothing is triggered or held any more, so that envelopes are
/// released and echoes die away.
///
/// # Errors
/// As `render`, and if a file of what comes in cannot be read.
pub fn perform<E>(
    settings: Settings,
    performance: &Performance<'_>,
    frames: u64,
    tail: u64,
    mut sink: impl FnMut(&[f32]) -> Result<(), E>,
) -> Result<(), Stopped<E>> {
    let Performance { cues, notes, input } = *performance;
    let inputs = settings.inputs.max(2);
    let mut input = input.map(|reels| reels.play(settings.rate, inputs)).transpose().map_err(Stopped::Input)?;
    let mut sound = vec![0.0; CHUNK as usize * usize::from(inputs)];
    let (mut control, mut engine) = engine::new(settings);
    let midi = notes.iter().map(|note| Midi { at: note.at, port: control.port(&note.port), message: note.message });
    let midi: Vec<Midi> = midi.collect();
    let mut heard = 0;
    let latency = u64::from(engine.latency());
    let end = frames + tail + latency;
    let mut release = (tail > 0).then_some(frames);
    let width = usize::from(settings.outputs.max(2));
    let mut block = vec![0.0; CHUNK as usize * width];
    let mut next = 0;
    let mut at = 0;
    while at < end {
        while let Some(cue) = cues.get(next).filter(|cue| cue.at <= at) {
            let graph = cue.graph.clone();
            control.swap_with(graph, Landing::Now, cue.fade, &cue.ask).map_err(|e| Stopped::Plan(next, e))?;
            next += 1;
        }
        if release.take_if(|frame| *frame <= at).is_some()
            && let Some(last) = next.checked_sub(1)
        {
            let graph = Arc::new(released(&cues[last].graph, false));
            let ask = Ask { stopped: true, ..Ask::default() };
            control.swap_with(graph, Landing::Now, 0.0, &ask).map_err(|e| Stopped::Plan(last, e))?;
        }
        let moments = [cues.get(next).map(|cue| cue.at), release];
        let until = moments.into_iter().flatten().fold(end, u64::min).min(at + CHUNK);
        let due = midi[heard..].iter().take_while(|midi| midi.at < until).count();
        engine.hear(&midi[heard..heard + due]);
        heard += due;
        let part = &mut block[..(until - at) as usize * width];
        match &mut input {
            Some(reels) => {
                let sound = &mut sound[..part.len() / width * usize::from(inputs)];
                reels.read(sound).map_err(Stopped::Input)?;
                engine.process_with(Some(sound), part, width);
            }
            None => engine.process(part, width),
        }
        control.poll();
        let skip = latency.saturating_sub(at).min(until - at) as usize;
        if skip * width < part.len() {
            sink(&part[skip * width..]).map_err(Stopped::Sink)?;
        }
        at = until;
    }
    Ok(())
}

/// The frame in which a bar begins, bars counted from 1: what its first beat triggers is heard in it, and not before.
/// Each cue's tempo and meter hold until the next. None if there is no cue.
pub fn frame_of_bar(rate: u32, cues: &[Cue], bar: u64) -> Option<u64> {
    let mut transport = Transport::new(rate);
    let mut found = None;
    for (index, cue) in cues.iter().enumerate() {
        let (tempo, beats_per_bar) = net::time(&cue.graph);
        transport.set(cue.at, tempo, beats_per_bar);
        if cue.ask.stopped {
            transport.hold(cue.at)
        } else {
            transport.go(cue.at)
        }
        // A shorter bar may bring the bar at once.
        let frame = transport.frame_of(bar.saturating_sub(1) as f64 * beats_per_bar).max(cue.at as f64);
        // A millionth of a frame, as in the clocks' own arithmetic.
        found = Some((frame + 1e-6) as u64);
        if cues.get(index + 1).is_none_or(|next| frame < next.at as f64) {
            break;
        }
    }
    found
}
