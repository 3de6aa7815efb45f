//! Running the engine at a multiple of the rate: what comes out is brought down to the rate by half-band filters, what comes
//! in from outside is brought up by the same. Of a half-band filter every other tap but the middle one is zero, so a stage
//! costs one multiplication for two taps.
//!
//! Taps: the ideal half-band response h\[j\] = sin(πj/2) / (πj) under a window of Kaiser's with β for 100 dB. Sources: J. F.
//! Kaiser, "Nonrecursive digital filter design using the I0-sinh window function" (ISCAS 1974); R. E. Crochiere and L. R.
//! Rabiner, "Multirate Digital Signal Processing" (Prentice-Hall 1983), chapters 4 and 5 for stages of two. All sums are in
//! one order and without functions of the platform, so they are the same to the bit everywhere.
//!
//! Linear phase; latency in frames of the rate: down 32 at twice, 36 at four times, 38 at eight times; up 33, 37, 39. From 0 to 20 kHz (of
//! 48 kHz) nothing changes by more than a hundredth of a decibel; what would fold back under 20 kHz is 100 dB down.

use crate::ear::Frame;

/// How many times the rate an engine may run at.
pub const FACTORS: [u32; 4] = [1, 2, 4, 8];
/// Kaiser's β for 100 dB: 0.1102 (A − 8.7).
const BETA: f64 = 0.1102 * (100.0 - 8.7);
/// One less than the taps on one side of the middle that are not zero, for each stage, the one next to the rate first. That
/// one is steep: it passes 20 kHz and stops 28 kHz. The others have all of the room up to their own rate's half. Each is a
/// multiple of the stages' ratio before it, so that latencies are whole frames.
const REACH: [usize; 3] = [32, 8, 8];
/// The same of what goes up, which is later by one more at each stage.
const REACH_UP: [usize; 3] = [32, 7, 7];

/// The modified Bessel function of order 0, by its power series.
fn bessel(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    // The terms fall below the last bit long before the fortieth for the β used here.
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..=40 {
        term *= quarter / f64::from(k * k);
        sum += term;
    }
    sum
}

/// The taps at distance 1, 3, 5 … from the middle, which is a half; together they are a quarter.
fn taps(reach: usize) -> Vec<f64> {
    let half = (2 * reach + 2) as f64;
    let tap = |i: usize| {
        let distance = (2 * i + 1) as f64;
        let sign = if i.is_multiple_of(2) { 1.0 } else { -1.0 };
        let place = distance / half;
        sign / (std::f64::consts::PI * distance) * bessel(BETA * (1.0 - place * place).sqrt()) / bessel(BETA)
    };
    let taps: Vec<f64> = (0..=reach).map(tap).collect();
    let sum: f64 = taps.iter().sum();
    taps.into_iter().map(|tap| tap * 0.25 / sum).collect()
}

/// The last frames that came, newest last, in one piece.
struct Past {
    frames: Box<[Frame]>,
    len: usize,
    at: usize,
}

impl Past {
    fn new(len: usize) -> Past {
        Past { frames: vec![[0.0; 2]; 2 * len].into(), len, at: 0 }
    }

    /// Adds a frame; the last `len` of them, oldest first.
    fn push(&mut self, frame: Frame) -> &[Frame] {
        // Written twice, so that from any place on the last `len` lie side by side.
        (self.frames[self.at], self.frames[self.at + self.len]) = (frame, frame);
        self.at = (self.at + 1) % self.len;
        &self.frames[self.at..self.at + self.len]
    }
}

/// The sum of the frames around the middle of `past`, each pair by its tap.
fn convolve(past: &[Frame], taps: &[f64]) -> [f64; 2] {
    let middle = past.len() / 2;
    let mut sum = [0.0; 2];
    for (i, tap) in taps.iter().enumerate() {
        let (before, after) = (past[middle - 1 - i], past[middle + i]);
        for side in 0..2 {
            sum[side] += (f64::from(before[side]) + f64::from(after[side])) * tap;
        }
    }
    sum
}

/// From two frames one.
struct Down {
    taps: Vec<f64>,
    even: Past,
    odd: Past,
}

impl Down {
    fn new(reach: usize) -> Down {
        Down { taps: taps(reach), even: Past::new(reach + 1), odd: Past::new(2 * reach + 2) }
    }

    fn frame(&mut self, [first, second]: [Frame; 2]) -> Frame {
        let middle = self.even.push(first)[0];
        let sum = convolve(self.odd.push(second), &self.taps);
        [0, 1].map(|side: usize| (sum[side] + 0.5 * f64::from(middle[side])) as f32)
    }
}

/// From one frame two.
struct Up {
    taps: Vec<f64>,
    past: Past,
}

impl Up {
    fn new(reach: usize) -> Up {
        Up { taps: taps(reach), past: Past::new(2 * reach + 2) }
    }

    fn frame(&mut self, frame: Frame) -> [Frame; 2] {
        let past = self.past.push(frame);
        let between = convolve(past, &self.taps);
        // Between frames there is nothing but what the taps make, so all of it counts twice.
        [past[past.len() / 2 - 1], between.map(|x| (2.0 * x) as f32)]
    }
}

/// Both ways between the rate and a multiple of it.
pub struct Oversampling {
    /// The stage next to the rate first.
    down: Vec<Down>,
    up: Vec<Up>,
}

impl Oversampling {
    /// For 1, 2, 4 or 8 times the rate.
    pub fn new(factor: u32) -> Oversampling {
        let stages = (factor.max(1).ilog2() as usize).min(REACH.len());
        Oversampling {
            down: REACH[..stages].iter().map(|reach| Down::new(*reach)).collect(),
            up: REACH_UP[..stages].iter().map(|reach| Up::new(*reach)).collect(),
        }
    }

    /// How many times the rate.
    pub fn factor(&self) -> usize {
        1 << self.down.len()
    }

    /// Frames of the rate from what goes down to what comes out.
    pub fn latency(&self) -> usize {
        REACH.iter().take(self.down.len()).enumerate().map(|(stage, reach)| reach >> stage).sum()
    }

    /// Brings as many frames as there are times down to one, in place: it is the first.
    pub fn down(&mut self, frames: &mut [Frame]) -> Frame {
        let mut count = frames.len();
        for stage in self.down.iter_mut().rev() {
            count /= 2;
            for i in 0..count {
                frames[i] = stage.frame([frames[2 * i], frames[2 * i + 1]]);
            }
        }
        frames[0]
    }

    /// Brings a frame up, into as many as there are times.
    pub fn up(&mut self, frame: Frame, into: &mut [Frame]) {
        into[0] = frame;
        let mut count = 1;
        for stage in &mut self.up {
            let mut fresh = [[0.0; 2]; 8];
            for i in 0..count {
                [fresh[2 * i], fresh[2 * i + 1]] = stage.frame(into[i]);
            }
            count *= 2;
            into[..count].copy_from_slice(&fresh[..count]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 48_000.0;

    /// How loud a tone of this frequency comes out, brought down from so many times the rate, in decibels.
    fn passed(factor: u32, hertz: f64) -> f64 {
        let mut over = Oversampling::new(factor);
        let inner = RATE * f64::from(factor);
        let mut at = 0u32;
        let mut power = 0.0;
        for frame in 0..6000 {
            let mut block = [[0.0; 2]; 8];
            for x in &mut block[..factor as usize] {
                *x = [(f64::from(at) / inner * hertz * std::f64::consts::TAU).sin() as f32; 2];
                at += 1;
            }
            let out = over.down(&mut block[..factor as usize]);
            // A whole number of cycles of the low ones.
            if (1000..5800).contains(&frame) {
                power += f64::from(out[0]) * f64::from(out[1]) / 4800.0;
            }
        }
        10.0 * (2.0 * power).max(1e-20).log10()
    }

    #[test]
    fn what_is_heard_passes_and_what_would_fold_back_does_not() {
        for factor in [2, 4, 8] {
            for hertz in [100.0, 1000.0, 10_007.0, 15_001.0, 20_000.0] {
                let db = passed(factor, hertz);
                assert!(db.abs() < 0.01, "{factor} times, {hertz} Hz: {db} dB");
            }
            // All that would come back at or under 20 kHz.
            let highest = RATE * f64::from(factor) / 2.0;
            let above = (1..=40).map(|i| 28_000.0 + f64::from(i) * 4801.0).filter(|hertz| *hertz < highest);
            for hertz in
                above.chain([28_000.0]).filter(|hertz| ((hertz / RATE).round() * RATE - hertz).abs() <= 20_000.0)
            {
                let db = passed(factor, hertz);
                assert!(db < -97.0, "{factor} times, {hertz} Hz: {db} dB");
            }
        }
    }

    #[test]
    fn an_impulse_comes_out_after_the_latency_and_both_sides_are_alike() {
        for (factor, latency) in [(1, 0), (2, 32), (4, 36), (8, 38)] {
            let mut over = Oversampling::new(factor);
            assert_eq!((over.latency(), over.factor()), (latency, factor as usize));
            let out: Vec<Frame> = (0..100)
                .map(|frame| {
                    let mut block = [[0.0; 2]; 8];
                    block[0] = if frame == 10 { [1.0, -1.0] } else { [0.0; 2] };
                    over.down(&mut block[..factor as usize])
                })
                .collect();
            let largest = (0..100).max_by(|a, b| out[*a][0].total_cmp(&out[*b][0]));
            assert_eq!(largest, Some(10 + latency), "{factor} times");
            assert!(out.iter().all(|[left, right]| *left == -*right));
            // Linear phase: the same before and after.
            let around = |d: usize| (out[10 + latency - d][0], out[10 + latency + d][0]);
            assert!((1..=10.min(latency)).all(|d| around(d).0 == around(d).1), "{factor} times");
        }
    }

    #[test]
    fn up_and_down_again_is_what_it_was() {
        for factor in [1, 2, 4, 8] {
            let mut over = Oversampling::new(factor);
            let tone = |frame: u32| (f64::from(frame) * 0.31).sin() as f32;
            let mut out = vec![];
            for frame in 0..2000 {
                let mut block = [[0.0; 2]; 8];
                let block = &mut block[..factor as usize];
                over.up([tone(frame); 2], block);
                out.push(over.down(block)[0]);
            }
            // Down and up, as documented.
            let latency = over.latency() + [0, 33, 37, 39][factor.ilog2() as usize];
            let error = |late: usize| (500..2000).map(|i| (out[i] - tone((i - late) as u32)).abs()).fold(0.0, f32::max);
            assert!(error(latency) < 1e-4, "{factor} times: {}", error(latency));
        }
    }

    #[test]
    fn the_taps_are_those_of_the_books() {
        // I0(2) and I0(10), Abramowitz and Stegun, table 9.8.
        assert!((bessel(2.0) - 2.279_585_302_336_067).abs() < 1e-12);
        assert!((bessel(10.0) / 2_815.716_628_466_254 - 1.0).abs() < 1e-12);
        let taps = taps(32);
        assert!(taps.len() == 33 && taps.windows(2).all(|pair| pair[0] * pair[1] < 0.0));
        assert!((taps.iter().sum::<f64>() - 0.25).abs() < 1e-15);
    }
}
