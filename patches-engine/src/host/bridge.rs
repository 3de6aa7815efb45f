//! An engine's way to a device with another rate: the engine's rate is fixed for a session, so a device that comes back at
//! another one is given its sound resampled. Log and takes do not know of it.

use super::resample::sinc;
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Async, Resampler};

/// Frames resampled at a time.
const CHUNK: usize = 64;
/// Frames of a device that are made at a time, at most.
const MOST: usize = 8192;

/// Between an engine and a device.
pub struct Bridge {
    resampler: Async<f32>,
    channels: usize,
    /// Frames that come of a chunk, at least.
    least: usize,
    /// What the engine gives.
    block: Vec<f32>,
    /// What is ready for the device, and how many samples of it there are.
    ready: Vec<f32>,
    there: usize,
}

impl Bridge {
    /// From the engine's rate to the device's. None if there is no such resampler.
    pub fn new(engine: u32, device: u32, channels: usize) -> Option<Bridge> {
        let ratio = f64::from(device) / f64::from(engine);
        let resampler = sinc(ratio, 1.0, CHUNK, channels)?;
        // From one chunk to the next they differ by one.
        let least = ((CHUNK as f64 * ratio) as usize).saturating_sub(1).max(1);
        let chunks = MOST.div_ceil(least) + 1;
        let block = vec![0.0; chunks * CHUNK * channels];
        let ready = vec![0.0; (chunks + 1) * resampler.output_frames_max() * channels];
        Some(Bridge { resampler, channels, least, block, ready, there: 0 })
    }

    /// Fills a callback's buffer with what `play` gives, which is called once for as many frames as it takes. Nothing is
    /// allocated.
    pub fn fill(&mut self, out: &mut [f32], mut play: impl FnMut(&mut [f32])) {
        for part in out.chunks_mut(MOST * self.channels) {
            let lacks = part.len().saturating_sub(self.there) / self.channels;
            let block = &mut self.block[..lacks.div_ceil(self.least) * CHUNK * self.channels];
            if !block.is_empty() {
                play(block);
            }
            for chunk in block.chunks_exact(CHUNK * self.channels) {
                let into = &mut self.ready[self.there..];
                let room = into.len() / self.channels;
                if let (Ok(from), Ok(mut to)) = (
                    InterleavedSlice::new(chunk, self.channels, CHUNK),
                    InterleavedSlice::new_mut(into, self.channels, room),
                ) && let Ok((_, frames)) = self.resampler.process_into_buffer(&from, &mut to, None)
                {
                    self.there += frames * self.channels;
                }
            }
            let given = part.len().min(self.there);
            part[..given].copy_from_slice(&self.ready[..given]);
            part[given..].fill(0.0);
            self.ready.copy_within(given..self.there, 0);
            self.there -= given;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a device hears of 440 Hz, in callbacks of these many frames: the left sides after the first tenth of a second. The right
    /// sides are to be the same turned round.
    fn heard(engine: u32, device: u32, sizes: &[usize]) -> Vec<f32> {
        let mut bridge = Bridge::new(engine, device, 2).expect("a resampler");
        let (mut played, mut heard) = (0u32, vec![]);
        for size in sizes.iter().cycle().take(400) {
            let mut out = vec![9.0; size * 2];
            bridge.fill(&mut out, |block| {
                for frame in block.chunks_exact_mut(2) {
                    let tone = (f64::from(played) * 440.0 * std::f64::consts::TAU / f64::from(engine)).sin() as f32;
                    frame.copy_from_slice(&[tone, -tone]);
                    played += 1;
                }
            });
            assert!(out.chunks_exact(2).all(|frame| frame[0] == -frame[1]));
            heard.extend(out.chunks_exact(2).map(|frame| frame[0]));
        }
        // No more is played than is heard, but for what waits.
        let (played, due) = (f64::from(played), heard.len() as f64 * f64::from(engine) / f64::from(device));
        assert!(played >= due - 1.0 && played - due < 1024.0 * f64::from(engine) / f64::from(device), "{played} {due}");
        heard.split_off(device as usize / 10)
    }

    #[test]
    fn the_pitch_stays_and_nothing_clicks() {
        for (engine, device) in
            [(48_000, 44_100), (44_100, 48_000), (48_000, 192_000), (96_000, 44_101), (48_000, 48_000)]
        {
            for sizes in [&[256][..], &[64, 1, 333, 1024], &[9000]] {
                let heard = heard(engine, device, sizes);
                // Of a pure tone each frame follows from the two before it.
                let twice_cosine = (2.0 * (440.0 * std::f64::consts::TAU / f64::from(device)).cos()) as f32;
                let worst = heard.windows(3).map(|w| (w[0] + w[2] - twice_cosine * w[1]).abs()).fold(0.0, f32::max);
                assert!(worst < 2e-5, "{engine} to {device}: {worst}");
                let peak = heard.iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
                assert!((peak - 1.0).abs() < 1e-3, "{engine} to {device}: {peak}");
            }
        }
    }
}
