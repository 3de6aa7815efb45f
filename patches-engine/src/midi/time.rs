//! From the time of day to frames: callbacks come early and late, frames do not. A delay-locked loop follows the times of
//! callbacks and takes their jitter out. A callback that is far too late was held up, and is passed over; several in a row
//! mean that the device has lost time, one that is far too early that it was held up before: then the line is drawn anew.
//! Source: F. Adriaensen, "Using a DLL to filter time" (2005).

/// A callback further off than this begins another time line: the machine slept, or another device plays.
const LOST: f64 = 0.1;
/// Further off than this, in seconds, is no jitter. Machines that do nothing else wake threads within a tenth of it.
const FAR: f64 = 0.0015;
/// So many late ones in a row are no accident.
const IN_A_ROW: u32 = 8;
/// Bandwidth of the loop in hertz: slow enough to take out the jitter of callbacks, fast enough to follow a crystal.
const BANDWIDTH: f64 = 0.5;
/// The same for the first [`SETTLING`] callbacks.
const FAST: f64 = 4.0;
const SETTLING: u32 = 200;

/// Where callbacks lie in time, smoothed.
pub struct TimeMap {
    rate: f64,
    /// Smoothed time of a callback, in seconds …
    start: f64,
    /// … its first frame …
    clock: u64,
    /// … and seconds a frame.
    frame: f64,
    /// Frames of the longest callback: by so much input sounds later than it arrives.
    period: u64,
    callbacks: u32,
    /// How many of the last ones were far too late, and the least of that.
    late: (u32, f64),
}

impl TimeMap {
    /// Without a callback yet.
    pub fn new(rate: u32) -> TimeMap {
        let rate = f64::from(rate);
        TimeMap { rate, start: 0.0, clock: 0, frame: 1.0 / rate, period: 0, callbacks: 0, late: (0, 0.0) }
    }

    /// A callback that begins now (in seconds) with this frame of the engine's clock asks for so many frames.
    pub fn callback(&mut self, now: f64, clock: u64, frames: u64) {
        let passed = clock.saturating_sub(self.clock) as f64;
        let error = now - (self.start + passed * self.frame);
        if self.callbacks == 0 || error.abs() > LOST || passed == 0.0 {
            *self = TimeMap { start: now, clock, period: frames, callbacks: 1, ..TimeMap::new(self.rate as u32) };
            return;
        }
        self.callbacks = self.callbacks.saturating_add(1);
        let bandwidth = if self.callbacks < SETTLING { FAST } else { BANDWIDTH };
        // Beyond a quarter the loop would swing.
        let omega = (std::f64::consts::TAU * bandwidth * passed / self.rate).min(0.25);
        self.start = now - error;
        (self.clock, self.period) = (clock, self.period.max(frames));
        if error > FAR {
            let least = if self.late.0 == 0 { error } else { error.min(self.late.1) };
            self.late = (self.late.0 + 1, least);
            if self.late.0 == IN_A_ROW {
                self.start += least;
                self.late.0 = 0;
            }
            return;
        }
        self.late.0 = 0;
        if error < -FAR {
            self.start = now;
            return;
        }
        self.start += std::f64::consts::SQRT_2 * omega * error;
        // No crystal is off by a hundredth.
        self.frame = (self.frame + omega * omega * error / passed).clamp(0.99 / self.rate, 1.01 / self.rate);
    }

    /// The frame at which input that arrived then sounds: one period later.
    pub fn frame(&self, arrived: f64) -> u64 {
        let ahead = (arrived - self.start) / self.frame;
        // A negative number saturates to 0: as late as can be.
        (self.clock as f64 + self.period as f64 + ahead) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 48_000.0;

    /// The largest and smallest delay, in frames, of input that comes every 7 ms, with callbacks of 256 frames that come
    /// up to `jitter` seconds late on a device that is fast by `drift`; after two seconds.
    fn delays(jitter: f64, drift: f64) -> (f64, f64) {
        let mut map = TimeMap::new(48_000);
        let (mut low, mut high) = (f64::MAX, f64::MIN);
        let mut random = 1u32;
        let rate = RATE * (1.0 + drift);
        for k in 0..4000u64 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let late = f64::from(random >> 8) / f64::from(1 << 24) * jitter;
            let begins = (k * 256) as f64 / rate;
            map.callback(5.0 + begins + late, k * 256, 256);
            if k < 400 {
                continue;
            }
            for input in 0..100_000u64 {
                let arrived = (begins / 0.007).floor() * 0.007 - input as f64 * 0.007;
                if arrived < begins - 256.0 / rate {
                    break;
                }
                let delay = map.frame(5.0 + arrived) as f64 - arrived * rate;
                (low, high) = (low.min(delay), high.max(delay));
            }
        }
        (low, high)
    }

    #[test]
    fn input_sounds_a_period_later_whatever_callbacks_do() {
        // Callbacks up to 2 ms late are a millisecond late on the mean, 48 frames. Two thirds of a millisecond are 32.
        for (jitter, drift) in [(0.0, 0.0), (0.002, 0.0), (0.002, 2e-4), (0.002, -2e-4)] {
            let (low, high) = delays(jitter, drift);
            let mean = jitter * 0.5 * RATE;
            assert!(low > 256.0 - mean - 16.0 && high < 256.0 - mean + 16.0, "{jitter} {drift}: {low} to {high}");
            assert!(high - low < 32.0, "{jitter} {drift}: {low} to {high}");
        }
    }

    #[test]
    fn without_smoothing_it_would_not() {
        // The bound above means something: the jitter itself is three times as wide.
        let (low, high) = delays(0.002, 0.0);
        assert!(0.002 * RATE > 3.0 * (high - low), "{low} to {high}");
    }

    /// Where input of each callback's own time comes to lie, less where it belongs, with callbacks late by so many seconds.
    fn errors(late: impl Fn(u64) -> f64) -> Vec<i64> {
        let mut map = TimeMap::new(48_000);
        let all = (0..1000u64).map(|k| {
            let begins = 5.0 + (k * 256) as f64 / RATE;
            map.callback(begins + late(k), k * 256, 256);
            map.frame(begins) as i64 - (k as i64 + 1) * 256
        });
        all.collect()
    }

    #[test]
    fn a_callback_that_was_held_up_moves_nothing() {
        // Every 50th is 20 ms late, and the next five catch up.
        let errors = errors(|k| if k % 50 < 6 && k > 50 { 0.02 - 0.004 * (k % 50) as f64 } else { 0.0 });
        assert!(errors.iter().all(|error| error.abs() <= 1), "{errors:?}");
    }

    #[test]
    fn a_device_that_lost_time_is_followed_at_once() {
        let errors = errors(|k| if k < 500 { 0.0 } else { 0.02 });
        // 20 ms are 960 frames.
        assert!(
            errors[..507].iter().all(|error| error.abs() <= 1) && errors[507..].iter().all(|e| (e + 960).abs() <= 1)
        );
        let back = self::errors(|k| if k < 500 { 0.02 } else { 0.0 });
        assert!(back[500..].iter().all(|error| error.abs() <= 1));
    }

    #[test]
    fn a_machine_that_slept_begins_anew() {
        let mut map = TimeMap::new(48_000);
        for k in 0..100u64 {
            map.callback(k as f64 * 256.0 / RATE, k * 256, 256);
        }
        map.callback(1000.0, 25_600, 512);
        assert_eq!(map.frame(1000.0), 25_600 + 512);
        assert_eq!(map.frame(0.0), 0);
    }
}
