//! Keeps an input in step with an output that has another clock: it is resampled by a ratio that follows how much waits.

use crate::ear::Mouth;
use crate::host::resample::sinc;
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Adjustable, Async, Resampler};

/// Frames resampled at a time.
const CHUNK: usize = 64;
/// Largest correction: crystals are wrong by less than a tenth of this.
const MOST: f64 = 0.005;
/// Part of the ratio for each frame that waits too much: a crystal wrong by 100 millionths is made up for by ten frames.
const GAIN: f64 = 1e-5;
/// Part of the way that the mean goes with each chunk: about a second, so that single callbacks do not move the pitch.
const SLOW: f64 = 0.002;

/// A resampler between a host's callback and the ear.
pub struct Bend {
    resampler: Async<f32>,
    /// Channels.
    width: usize,
    chunk: Vec<f32>,
    out: Vec<f32>,
    /// What is meant to wait, and what does so in the mean.
    wanted: f64,
    mean: f64,
}

impl Bend {
    /// From one rate to another, of so many channels; `wanted` frames are meant to wait. None if there is no such resampler.
    pub fn new((from, to): (u32, u32), width: usize, wanted: usize) -> Option<Bend> {
        let ratio = f64::from(to) / f64::from(from);
        let resampler = sinc(ratio, 1.0 + 2.0 * MOST, CHUNK, width)?;
        let out = vec![0.0; resampler.output_frames_max() * width];
        let chunk = Vec::with_capacity(CHUNK * width);
        Some(Bend { resampler, width, chunk, out, wanted: wanted as f64, mean: wanted as f64 })
    }

    /// Gives a frame, of all channels. Nothing is allocated.
    pub fn give(&mut self, frame: &[f32], mouth: &mut Mouth) {
        self.chunk.extend(frame);
        if self.chunk.len() < CHUNK * self.width {
            return;
        }
        self.mean += (mouth.waiting().0 as f64 - self.mean) * SLOW;
        let relative = 1.0 - ((self.mean - self.wanted) * GAIN).clamp(-MOST, MOST);
        // The ratio is within what the resampler was made for.
        let _ = self.resampler.set_resample_ratio_relative(relative, true);
        let (width, room) = (self.width, self.out.len() / self.width);
        if let (Ok(from), Ok(mut to)) =
            (InterleavedSlice::new(&self.chunk, width, CHUNK), InterleavedSlice::new_mut(&mut self.out, width, room))
            && let Ok((_, frames)) = self.resampler.process_into_buffer(&from, &mut to, None)
        {
            self.out[..frames * width].chunks_exact(width).for_each(|frame| mouth.give(frame));
        }
        self.chunk.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ear::pair;
    use std::sync::Arc;
    use std::sync::atomic::Ordering::Relaxed;

    /// What an output of 256 frames hears of a tone from an input of 128 whose clock is wrong by so much: left sides after the
    /// first seconds, and how often something was missing or too much.
    fn heard(wrong: f64, bent: bool, rate: u32) -> (Vec<f32>, u64) {
        let slips = Arc::default();
        let (mut mouth, mut ear) = pair(3, 128, Arc::clone(&slips));
        let mut bend = bent.then(|| Bend::new((rate, 48_000), 3, 128 + 256).expect("a resampler"));
        let (mut heard, mut given) = (vec![], 0u64);
        let seconds = 60;
        for callback in 0..seconds * 48_000 / 256 {
            let due = f64::from(callback * 256) / 48_000.0 * f64::from(rate) * (1.0 + wrong);
            while given as f64 <= due {
                for _ in 0..128 {
                    let at = given as f64 / f64::from(rate);
                    let tone = (at * 1000.0 * std::f64::consts::TAU).sin() as f32;
                    match &mut bend {
                        Some(bend) => bend.give(&[tone, 0.0, -tone], &mut mouth),
                        None => mouth.give(&[tone, 0.0, -tone]),
                    }
                    given += 1;
                }
            }
            let mut block = [0.0; 256 * 3];
            ear.listen(&mut block);
            // Each channel stays in its place.
            assert!(block.chunks(3).all(|frame| frame[1] == 0.0 && frame[2] == -frame[0]));
            heard.extend(block.chunks(3).map(|frame| frame[0]));
        }
        (heard.split_off(480_000), slips.load(Relaxed))
    }

    /// The largest part of the sound that is no tone near 1000 Hz: the error of guessing each frame from the two before it.
    fn worst(heard: &[f32]) -> f32 {
        let twice_cosine = (2.0 * (1000.0 * std::f64::consts::TAU / 48_000.0).cos()) as f32;
        heard.windows(3).map(|w| (w[0] + w[2] - twice_cosine * w[1]).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn a_clock_that_is_wrong_is_followed_without_a_click() {
        for (wrong, rate) in [(0.0, 48_000), (300e-6, 48_000), (-300e-6, 48_000), (100e-6, 44_100)] {
            let (sound, slips) = heard(wrong, true, rate);
            assert_eq!(slips, 0, "{wrong} {rate}");
            // 300 millionths of the step of a tone at 1 kHz, squared, are far below this.
            assert!(worst(&sound) < 1e-3, "{wrong} {rate}: {}", worst(&sound));
            assert!(sound.iter().fold(0.0f32, |peak, x| peak.max(x.abs())) > 0.99);
        }
        let (sound, slips) = heard(300e-6, false, 48_000);
        assert!(slips > 0 && worst(&sound) > 0.01, "passed on as it is, it clicks: {slips} {}", worst(&sound));
    }
}
