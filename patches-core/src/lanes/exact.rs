//! Sums that do not depend on the order of their terms: each is widened to f64 and snapped to 2^-34, so that below 2^19
//! every addition is exact; the sum is rounded once.

use super::{Array16, LANES, Lanes};

/// Adding and taking away this leaves a multiple of 2^-34: the last bit of an f64 of this size is worth 2^-34.
pub const SNAP: f64 = 1.5 * (1u64 << 18) as f64;

/// Lanes that can be added exactly.
pub trait Exact: Lanes {
    /// A sum on its way, per lane.
    type Sums: Copy;
    /// Nothing yet.
    fn none() -> Self::Sums;
    /// One more term in every lane.
    fn gather(self, sums: &mut Self::Sums);
    /// The sum of each lane.
    fn each(sums: Self::Sums) -> Self;
    /// The sum of all lanes, not rounded yet: by halves, which keeps the chain short.
    fn all(sums: Self::Sums) -> f64;
}

impl Exact for Array16 {
    type Sums = [f64; LANES];

    #[inline(always)]
    fn none() -> [f64; LANES] {
        [0.0; LANES]
    }

    #[inline(always)]
    fn gather(self, sums: &mut [f64; LANES]) {
        let mut all = [0.0f32; LANES];
        // SAFETY: there is room for 16 floats.
        unsafe { self.store(all.as_mut_ptr()) };
        for (sum, x) in sums.iter_mut().zip(all) {
            *sum += (f64::from(x) + SNAP) - SNAP;
        }
    }

    #[inline(always)]
    fn each(sums: [f64; LANES]) -> Self {
        let all = sums.map(|sum| sum as f32);
        // SAFETY: there are 16 floats.
        unsafe { Self::load(all.as_ptr()) }
    }

    #[inline(always)]
    fn all(mut sums: [f64; LANES]) -> f64 {
        let mut half = LANES / 2;
        while half > 0 {
            for i in 0..half {
                sums[i] += sums[i + half];
            }
            half /= 2;
        }
        sums[0]
    }
}
