//! The resampler of everything that comes in or goes out at another rate.

use rubato::{Async, FixedAsync, SincInterpolationParameters, SincInterpolationType, WindowFunction};

/// A resampler by windowed sines: `ratio` is the rate it gives over the rate it takes, which may be moved by up to `most`, in
/// chunks of so many frames. None if there is no such resampler.
pub fn sinc(ratio: f64, most: f64, chunk: usize, channels: usize) -> Option<Async<f32>> {
    let parameters = SincInterpolationParameters {
        sinc_len: 64,
        f_cutoff: Some(0.95),
        interpolation: SincInterpolationType::Cubic,
        oversampling_factor: 128,
        window: WindowFunction::BlackmanHarris2,
    };
    Async::new_sinc(ratio, most, &parameters, chunk, channels, FixedAsync::Input).ok()
}
