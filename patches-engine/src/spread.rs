//! How long callbacks take, counted in classes a quarter of an octave wide: written by the audio thread, read by others.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Classes: every number of microseconds that 32 bits hold has one.
const CLASSES: usize = 124;

/// Counts by duration.
pub(crate) struct Spread([AtomicU64; CLASSES]);

impl Default for Spread {
    fn default() -> Self {
        Spread(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

/// The class of a duration: its octave, and which quarter of that.
fn class(us: u32) -> usize {
    match us {
        0..4 => us as usize,
        _ => {
            let octave = us.ilog2();
            (octave as usize - 1) * 4 + (us >> (octave - 2) & 3) as usize
        }
    }
}

/// The longest duration of a class.
fn longest(class: usize) -> u32 {
    match class {
        0..4 => class as u32,
        _ => {
            let (octave, quarter) = (class / 4 + 1, (class % 4) as u64);
            (((5 + quarter) << (octave - 2)) - 1).min(u64::from(u32::MAX)) as u32
        }
    }
}

impl Spread {
    /// One more of this duration.
    pub fn count(&self, us: u32) {
        self.0[class(us)].fetch_add(1, Relaxed);
    }

    /// What this part of all durations does not exceed; 0 before the first.
    pub fn at_most(&self, part: f64) -> u32 {
        let counts: Vec<u64> = self.0.iter().map(|count| count.load(Relaxed)).collect();
        let wanted = (counts.iter().sum::<u64>() as f64 * part).ceil() as u64;
        let mut passed = 0;
        let found = counts.iter().position(|count| {
            passed += count;
            passed >= wanted && wanted > 0
        });
        found.map_or(0, longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_has_its_class() {
        for us in (0..5000).chain([1 << 20, u32::MAX]) {
            let class = class(us);
            assert!(us <= longest(class) && (class == 0 || us > longest(class - 1)), "{us} in {class}");
        }
        assert_eq!(class(u32::MAX), CLASSES - 1);
    }

    #[test]
    fn one_in_a_thousand_is_left_out() {
        let spread = Spread::default();
        assert_eq!(spread.at_most(0.999), 0);
        (0..9_995).for_each(|_| spread.count(100));
        (0..5).for_each(|_| spread.count(3_000));
        assert_eq!((spread.at_most(0.999), spread.at_most(1.0)), (111, 3_071));
    }
}
