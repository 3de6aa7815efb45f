//! What comes in from outside, brought up to the rate at which modules run: each pair of channels by a way of its own.

use super::Settings;
use crate::ear::Hearing;
use crate::oversample::{FACTORS, Oversampling};
use patches_core::kernel::BLOCK;

/// Most frames that one becomes.
const MOST: usize = FACTORS[FACTORS.len() - 1] as usize;

/// Room for a block of it.
pub(super) struct Incoming {
    /// Channels.
    width: usize,
    /// Frames of the rate, interleaved.
    sound: Box<[f32]>,
    /// Frames at which modules run. Silent until anything comes.
    inside: Box<[f32]>,
    /// The ways up, of the first two channels first.
    ways: Box<[Oversampling]>,
}

impl Incoming {
    /// For a session.
    pub fn new(settings: &Settings) -> Incoming {
        let width = usize::from(settings.inputs);
        Incoming {
            width,
            sound: vec![0.0; BLOCK * width].into(),
            inside: vec![0.0; BLOCK * width].into(),
            ways: (0..width.div_ceil(2)).map(|_| Oversampling::new(settings.oversample)).collect(),
        }
    }

    /// How many channels there are.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Takes so many frames of the rate: of `given`, where there are some.
    pub fn take(&mut self, hearing: &mut Hearing, given: Option<&[f32]>, frames: usize) {
        let sound = &mut self.sound[..frames * self.width];
        // What has been silent from the beginning on is so when it is brought up.
        if !hearing.take(given, sound, self.width) {
            return;
        }
        for (index, way) in self.ways.iter_mut().enumerate() {
            let (first, factor) = (2 * index, way.factor());
            let count = (self.width - first).min(2);
            let inside = self.inside.chunks_exact_mut(self.width * factor);
            for (frame, into) in sound.chunks_exact(self.width).zip(inside) {
                let (mut pair, mut up) = ([0.0; 2], [[0.0; 2]; MOST]);
                pair[..count].copy_from_slice(&frame[first..first + count]);
                way.up(pair, &mut up[..factor]);
                for (into, up) in into.chunks_exact_mut(self.width).zip(up) {
                    into[first..first + count].copy_from_slice(&up[..count]);
                }
            }
        }
    }

    /// So many of the frames at which modules run, interleaved.
    pub fn inside(&self, frames: usize) -> &[f32] {
        &self.inside[..frames * self.width]
    }
}
