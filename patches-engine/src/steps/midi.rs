//! MIDI messages as numbers: each acts at its own frame, whatever the block. Of more than 16 voices each group has a step
//! and a keyboard of its own; all of them hear the same messages, so they agree about who plays what. `unsafe` is allowed
//! here: it writes a plan's buffers and reads the state behind them.

use super::keys::{Keyboard, OUTS};
use crate::midi::{Heard, Midi, Names};
use patches_core::kernel::Io;
use patches_core::lanes::LANES;
use patches_core::lower::{Filter, Hears};
use std::sync::Arc;

/// A MIDI step.
pub struct MidiStep {
    /// What comes out.
    pub hears: Hears,
    /// Which messages it hears; ports in lower case.
    pub filters: Box<[Filter]>,
    /// The filters and the way of playing as one number, never 0.
    pub mark: u32,
    /// Which 16 voices, and whether it is 16 or one.
    pub group: usize,
    /// 16 lanes, or one voice.
    pub wide: bool,
    /// The state: a [`Keyboard`], or a controller's number.
    pub state: *mut u32,
    /// The outputs.
    pub outs: Box<[Io]>,
}

// SAFETY: state and outputs belong to the plan that owns the step and to blocks that it keeps alive.
unsafe impl Send for MidiStep {}

/// Words of state.
pub const WORDS: usize = size_of::<Keyboard>() / 4;

/// How many outputs there are.
pub fn outputs(hears: Hears) -> usize {
    if matches!(hears, Hears::Keys { .. }) { OUTS } else { 1 }
}

/// Filters with ports in lower case, and the mark of what a module hears and how it plays it.
pub fn prepared(filters: &Arc<[Filter]>, hears: Hears) -> (Box<[Filter]>, u32) {
    let lower = |filter: &Filter| Filter { port: filter.port.to_lowercase().into(), channel: filter.channel };
    let filters: Box<[Filter]> = filters.iter().map(lower).collect();
    // FNV-1a (Fowler, Noll, Vo), as elsewhere: from names, so that it is the same in every run.
    let mode = if let Hears::Keys { mode, .. } = hears { mode as u8 } else { 0 };
    let bytes = filters.iter().flat_map(|filter| filter.port.bytes().chain([0xff, filter.channel])).chain([mode]);
    let mark = bytes.fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (filters, mark.max(1))
}

impl MidiStep {
    fn lets(&self, midi: &Midi, names: &Names) -> bool {
        let channel = midi.message.bytes()[0] & 0x0f;
        let fits = |filter: &Filter| filter.channel == 0 || filter.channel == channel + 1;
        self.filters.iter().any(|filter| fits(filter) && names.has(midi.port, &filter.port))
    }

    /// Frames `at..at + n`, the first of which is `now`.
    ///
    /// # Safety
    /// The places of the step must be valid for these frames, its state for as many words as [`WORDS`].
    pub unsafe fn run(&self, heard: Heard<'_>, now: u64, at: usize, n: usize) {
        // SAFETY: the caller vouches for the state, which only this step uses while it runs.
        unsafe {
            match self.hears {
                Hears::Keys { .. } => self.keys(&mut *self.state.cast(), heard, now, at, n),
                Hears::Controller(number) => self.controller(number, &mut *self.state.cast(), heard, now, at, n),
            }
        }
    }

    /// Zeroes n frames.
    ///
    /// # Safety
    /// The places of the step must be valid for these frames.
    pub unsafe fn silence(&self, n: usize) {
        for io in &self.outs {
            for word in 0..n * io.stride {
                // SAFETY: the caller vouches for the frames.
                unsafe { *io.p.add(word) = 0.0 };
            }
        }
    }

    unsafe fn keys(&self, keyboard: &mut Keyboard, heard: Heard<'_>, now: u64, at: usize, n: usize) {
        keyboard.begin(self.mark);
        let mut rows = [[0.0; LANES]; OUTS];
        self.look(keyboard, &mut rows);
        let mut messages = heard.messages;
        for i in 0..n {
            let mut changed = keyboard.tick();
            while let Some((midi, rest)) = messages.split_first()
                && midi.at * heard.factor <= now + i as u64
            {
                messages = rest;
                if self.lets(midi, heard.names) {
                    keyboard.hear(midi.port, midi.message, self.hears);
                    changed = true;
                }
            }
            if changed {
                self.look(keyboard, &mut rows);
            }
            for (io, row) in self.outs.iter().zip(&rows) {
                // SAFETY: the caller vouches for the frames; a wide output has 16 lanes a frame. One that nobody reads
                // has stride 0 and one frame.
                unsafe {
                    let place = io.p.add((at + i) * io.stride);
                    if self.wide { place.cast::<[f32; LANES]>().write(*row) } else { place.write(row[0]) }
                }
            }
        }
    }

    /// What the voices of this step give now.
    fn look(&self, keyboard: &Keyboard, rows: &mut [[f32; LANES]; OUTS]) {
        for lane in 0..if self.wide { LANES } else { 1 } {
            let outs = keyboard.outs(self.group * LANES + lane);
            for (row, out) in rows.iter_mut().zip(outs) {
                row[lane] = out;
            }
        }
    }

    unsafe fn controller(&self, number: u8, value: &mut f32, heard: Heard<'_>, now: u64, at: usize, n: usize) {
        let mut messages = heard.messages;
        let Some(io) = self.outs.first() else { return };
        for i in 0..n {
            while let Some((midi, rest)) = messages.split_first()
                && midi.at * heard.factor <= now + i as u64
            {
                messages = rest;
                let (kind, _, controller, position) = midi.message.parts();
                if kind == 0xb0 && controller == number && self.lets(midi, heard.names) {
                    *value = f32::from(position) / 127.0;
                }
            }
            // SAFETY: the caller vouches for the frames.
            unsafe { *io.p.add((at + i) * io.stride) = *value };
        }
    }
}
