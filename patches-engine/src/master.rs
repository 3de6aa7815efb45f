//! The last things before the device: a DC block, and a limiter that looks ahead so that nothing passes full scale, neither
//! at a sample nor between two, where a converter would have to draw the curve higher than both.

mod between;

use between::Between;

/// Frames of look-ahead, and so of latency.
pub const LOOKAHEAD: usize = 64;

/// Frames from the one where a peak between samples is known to the one that leaves the look-ahead.
const WINDOW: usize = LOOKAHEAD - between::LATE;

/// Fixed point of gains: so many bits behind the point. Whole numbers make "exactly 1 until needed" exact.
const POINT: u32 = 24;
/// Gain 1.
const ONE: u32 = 1 << POINT;
/// The level that is not passed.
const CEILING: f32 = 1.0;
/// Of the way back to 1, this part is gone each frame: 2^-11 a frame is 43 ms at 48 kHz.
const RELEASE: u32 = 11;
/// Corner of the DC block in hertz: far below hearing, fast enough to settle within a second.
const DC_HZ: f32 = 2.0;

/// Both sides of the master.
pub struct Master {
    limiter: bool,
    /// Pole of the DC block.
    pole: f32,
    last_in: [f32; 2],
    last_out: [f32; 2],
    delay: [[f32; 2]; LOOKAHEAD],
    between: [Between; 2],
    /// Wanted gain of each of the frames in the window, newest at `at`.
    wanted: [u32; WINDOW + 1],
    /// Released gain of each frame in the window, and their sum.
    held: [u32; WINDOW],
    sum: u64,
    gain: u32,
    /// Frames since a gain below 1 was wanted.
    calm: usize,
    at: usize,
    /// Smallest gain since the last look.
    lowest: f32,
}

impl Master {
    /// A master for this rate. Without the limiter there is no latency either.
    pub fn new(rate: u32, limiter: bool) -> Master {
        Master {
            limiter,
            pole: 1.0 - std::f32::consts::TAU * DC_HZ / rate as f32,
            last_in: [0.0; 2],
            last_out: [0.0; 2],
            delay: [[0.0; 2]; LOOKAHEAD],
            between: [Between::default(); 2],
            wanted: [ONE; WINDOW + 1],
            held: [ONE; WINDOW],
            sum: u64::from(ONE) * WINDOW as u64,
            gain: ONE,
            calm: 2 * LOOKAHEAD,
            at: 0,
            lowest: 1.0,
        }
    }

    /// Frames from input to output.
    pub fn latency(&self) -> usize {
        if self.limiter { LOOKAHEAD } else { 0 }
    }

    /// The smallest gain since the last call.
    pub fn take_lowest(&mut self) -> f32 {
        std::mem::replace(&mut self.lowest, 1.0)
    }

    /// One frame.
    pub fn frame(&mut self, input: [f32; 2]) -> [f32; 2] {
        let mut x = [0.0; 2];
        for side in 0..2 {
            // y[n] = x[n] − x[n−1] + p·y[n−1] (J. O. Smith, "Introduction to Digital Filters", DC blocker).
            let y = input[side] - self.last_in[side] + self.pole * self.last_out[side];
            let y = if y.abs() < 1e-20 { 0.0 } else { y };
            self.last_in[side] = input[side];
            self.last_out[side] = y;
            x[side] = y;
        }
        if self.limiter { self.limit(x) } else { x }
    }

    /// The gain is the mean over the window of the smallest gain that any frame in the window wants, so it has come down
    /// by the time the frame that wanted it leaves the delay.
    fn limit(&mut self, x: [f32; 2]) -> [f32; 2] {
        let [left, right] = [0, 1].map(|side| self.between[side].peak(x[side]));
        let peak = if left > right { left } else { right };
        let delayed = std::mem::replace(&mut self.delay[self.at % LOOKAHEAD], x);
        let wanted = if peak > CEILING { (CEILING / peak * ONE as f32) as u32 } else { ONE };
        let slot = self.at % WINDOW;
        self.wanted[self.at % (WINDOW + 1)] = wanted;
        self.calm = if wanted < ONE { 0 } else { self.calm + 1 };
        self.at = (self.at + 1) % (LOOKAHEAD * WINDOW * (WINDOW + 1));
        if self.calm > WINDOW && self.gain == ONE && self.sum == u64::from(ONE) * WINDOW as u64 {
            return delayed;
        }
        let floor = if self.calm > WINDOW { ONE } else { self.wanted.iter().copied().fold(ONE, u32::min) };
        // At least one step a frame, so that the gain comes back to 1 exactly.
        let released = self.gain + ((ONE - self.gain) >> RELEASE).max(1);
        self.gain = released.min(floor).min(ONE);
        self.sum = self.sum - u64::from(self.held[slot]) + u64::from(self.gain);
        self.held[slot] = self.gain;
        let gain = (self.sum / WINDOW as u64) as f32 / ONE as f32;
        self.lowest = if gain < self.lowest { gain } else { self.lowest };
        delayed.map(|x| (x * gain).clamp(-CEILING, CEILING))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(limiter: bool, input: impl Fn(usize) -> f32, frames: usize) -> Vec<f32> {
        let mut master = Master::new(48_000, limiter);
        (0..frames).map(|i| master.frame([input(i), -input(i)])[0]).collect()
    }

    fn tone(i: usize, level: f32) -> f32 {
        level * (i as f32 * 0.05).sin()
    }

    #[test]
    fn what_fits_passes_untouched() {
        let with = run(true, |i| tone(i, 0.99), 4000);
        let without = run(false, |i| tone(i, 0.99), 4000);
        assert_eq!(with[LOOKAHEAD..], without[..4000 - LOOKAHEAD]);
    }

    #[test]
    fn nothing_passes_full_scale() {
        for level in [1.5, 4.0, 100.0] {
            let out = run(true, |i| if i < 1000 { tone(i, 0.5) } else { tone(i, level) }, 20_000);
            assert!(out.iter().all(|x| x.abs() <= 1.0), "level {level}");
        }
    }

    #[test]
    fn nothing_passes_full_scale_between_samples() {
        // Four frames a cycle, sampled an eighth of it off the tops: the curve through them goes 3 dB higher.
        let hot = |i: usize| [0.99, 0.99, -0.99, -0.99][i % 4];
        // And a seventh of the rate, whose tops fall anywhere.
        let odd = |i: usize| 1.05 * (i as f32 * std::f32::consts::TAU / 7.01).sin();
        for (name, out) in [("quarter", run(true, hot, 20_000)), ("seventh", run(true, odd, 20_000))] {
            // The tops, drawn by a far longer sinc than the limiter's own.
            let top = |at: usize, part: f64| -> f64 {
                let term = |k: usize| {
                    let d = std::f64::consts::PI * (k as f64 - at as f64 - part);
                    let window = 0.5 + 0.5 * (d / 64.0).cos();
                    f64::from(out[k]) * d.sin() / d * window
                };
                (at - 63..=at + 64).map(term).sum()
            };
            let tops = (10_000..11_000).flat_map(|at| [0.25, 0.5, 0.75].map(|part| top(at, part).abs()));
            let highest = tops.fold(0.0, f64::max);
            // 0.1 dB over is what twelve taps cannot see.
            assert!(highest < 1.012 && highest > 0.9, "{name}: {highest}");
        }
    }

    #[test]
    fn a_rising_level_is_turned_down_smoothly() {
        let out = run(true, |i| tone(i, i as f32 / 5000.0), 20_000);
        let step = out.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
        // The tone's own largest step at full scale is 0.05.
        assert!(step < 0.1, "largest step {step}");
    }

    #[test]
    fn it_comes_back_to_exactly_one() {
        let quiet = |i: usize| if (1000..1100).contains(&i) { tone(i, 3.0) } else { tone(i, 0.5) };
        let (with, without) = (run(true, quiet, 200_000), run(false, quiet, 200_000));
        assert_eq!(with[100_000 + LOOKAHEAD..], without[100_000..200_000 - LOOKAHEAD]);
    }

    #[test]
    fn a_constant_dies_away() {
        let out = run(false, |_| 0.5, 96_000);
        assert!(out[95_999].abs() < 1e-4);
    }
}
