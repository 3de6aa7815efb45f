//! What goes out, in pairs of channels. Each pair has a way down from the rate at which modules run and a master of its own,
//! so that what one does changes no bit of another, and the limiter of the phones turns nothing down in the hall.

use super::{Engine, Settings};
use crate::ear::Frame;
use crate::master::Master;
use crate::oversample::Oversampling;
use patches_core::kernel::BLOCK;

/// Two channels on their way to the device.
pub(super) struct Pair {
    over: Oversampling,
    master: Master,
    /// The largest sample of each since the last look.
    peak: Frame,
}

/// The pairs of a session. The last one of an odd number of channels has a right side that is silent.
pub(super) fn pairs(settings: &Settings) -> Box<[Pair]> {
    let pair = |_| Pair {
        over: Oversampling::new(settings.oversample),
        master: Master::new(settings.rate, settings.limiter),
        peak: [0.0; 2],
    };
    (0..settings.outputs.div_ceil(2)).map(pair).collect()
}

impl Pair {
    /// Frames of the rate by which it is late.
    pub fn latency(&self) -> usize {
        self.master.latency() + self.over.latency()
    }

    /// The largest samples and the smallest gain since the last call.
    pub fn take_extremes(&mut self) -> (Frame, f32) {
        (std::mem::take(&mut self.peak), self.master.take_lowest())
    }

    /// One frame of the rate, from as many as it runs at.
    fn frame(&mut self, inside: &mut [Frame]) -> Frame {
        let heard = self.master.frame(self.over.down(inside));
        for (peak, x) in self.peak.iter_mut().zip(heard) {
            *peak = if x.abs() > *peak { x.abs() } else { *peak };
        }
        heard
    }
}

impl Engine {
    /// Sends what has just been run to the device, and to whoever else takes it.
    pub(super) fn send(&mut self, out: &mut [f32], channels: usize) {
        let factor = self.factor;
        let inner = out.len() / channels * factor;
        for (index, pair) in self.pairs.iter_mut().enumerate() {
            let mut block = [[0.0; 2]; BLOCK];
            let block = &mut block[..inner];
            if let Some(plan) = &self.plan {
                plan.master_into(index, block);
            }
            for (inside, into) in block.chunks_exact_mut(factor).zip(out.chunks_exact_mut(channels)) {
                let heard = pair.frame(inside);
                write(into, index, heard);
                if index == 0 {
                    // A full tape is nobody looking; the frame is not missed.
                    let _ = self.tape.push(heard);
                }
            }
        }
        if let Some(tap) = &mut self.tap {
            out.chunks_exact(channels).for_each(|frame| tap.take(frame));
        }
    }
}

/// Puts a pair into its channels, as far as they are there. The first one silences those that no pair may come to.
fn write(into: &mut [f32], pair: usize, heard: Frame) {
    match into {
        [one] if pair == 0 => *one = (heard[0] + heard[1]) * 0.5,
        [_] => {}
        into => {
            for (into, x) in into.iter_mut().skip(2 * pair).zip(heard) {
                *into = x;
            }
            if pair == 0 {
                into[2..].fill(0.0);
            }
        }
    }
}
