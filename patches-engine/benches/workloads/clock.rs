//! Time, measured side by side: all candidates in each round, many short rounds, so that what else the machine does
//! falls on all of them alike.

use std::time::Instant;

/// Nanoseconds a unit of each candidate, by round.
pub struct Times(Vec<Vec<f64>>);

/// What is measured: the frames of one call, and the call.
pub type Candidate<'a> = (usize, Box<dyn FnMut() + 'a>);

/// Runs each candidate in turn for `rounds` rounds of about `millis` ms; a call does `units` units of work.
pub fn rounds(candidates: &mut [Candidate<'_>], rounds: usize, millis: f64) -> Times {
    let calls: Vec<usize> = candidates
        .iter_mut()
        .map(|(_, call)| {
            // Once to warm up, then as often as it takes to know how long a call is.
            call();
            let (begun, mut count) = (Instant::now(), 0);
            while begun.elapsed().as_secs_f64() < 0.002 {
                call();
                count += 1;
            }
            let each = begun.elapsed().as_secs_f64() / f64::from(count);
            ((millis * 1e-3 / each) as usize).max(1)
        })
        .collect();
    let mut times = vec![vec![]; candidates.len()];
    for _ in 0..rounds {
        for (k, (units, call)) in candidates.iter_mut().enumerate() {
            let begun = Instant::now();
            for _ in 0..calls[k] {
                call();
            }
            times[k].push(begun.elapsed().as_secs_f64() * 1e9 / (calls[k] * *units) as f64);
        }
    }
    Times(times)
}

impl Times {
    /// The time that a tenth of a candidate's rounds stay below: what it takes while nothing else is in the way.
    pub fn of(&self, k: usize) -> f64 {
        let mut all = self.0[k].clone();
        all.sort_by(f64::total_cmp);
        all[all.len() / 10]
    }

    /// The fastest of these candidates.
    pub fn fastest(&self, among: std::ops::Range<usize>) -> usize {
        among.min_by(|&a, &b| self.of(a).total_cmp(&self.of(b))).unwrap_or(0)
    }

    /// How many times as long `k` takes as `than`.
    pub fn ratio(&self, k: usize, than: usize) -> f64 {
        self.of(k) / self.of(than)
    }
}
