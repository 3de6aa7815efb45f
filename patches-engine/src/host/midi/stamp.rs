//! From a driver's own time to the time of day. Drivers stamp messages when they arrive, callbacks hear of them some time
//! later; the shortest way ever seen tells where the driver's time begins.

use std::time::{Duration, Instant};

/// Messages that come this soon after one another came together: a chord on one USB packet is one instant. Less than a
/// note takes on a MIDI cable.
const TOGETHER: Duration = Duration::from_micros(250);

/// The times of one port's messages.
#[derive(Default)]
pub struct Stamps {
    begins: Option<Instant>,
    first: Option<Instant>,
}

impl Stamps {
    /// When a message arrived that is heard of now, stamped by the driver with these microseconds.
    pub fn arrived(&mut self, now: Instant, stamp: u64) -> Instant {
        let since = Duration::from_micros(stamp);
        let begins = now.checked_sub(since).unwrap_or(now);
        let begins = self.begins.map_or(begins, |before| before.min(begins));
        self.begins = Some(begins);
        let arrived = (begins + since).min(now);
        match self.first {
            Some(first) if arrived >= first && arrived - first < TOGETHER => first,
            _ => *self.first.insert(arrived),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_busy_machine_hears_late_has_arrived_in_time() {
        let begin = Instant::now();
        let at = |micros: u64| begin + Duration::from_micros(micros);
        let mut stamps = Stamps::default();
        // Heard 300 µs late, then as soon as can be, then 5 ms late.
        assert_eq!(stamps.arrived(at(10_300), 1000), at(10_300));
        assert_eq!(stamps.arrived(at(20_000), 11_000), at(20_000));
        assert_eq!(stamps.arrived(at(35_000), 21_000), at(30_000));
    }

    #[test]
    fn a_chord_is_one_instant_and_a_roll_is_not() {
        let begin = Instant::now() + Duration::from_secs(1);
        let mut stamps = Stamps::default();
        let mut at = |micros: u64| stamps.arrived(begin + Duration::from_micros(micros), micros);
        let first = at(0);
        assert_eq!([at(60), at(120), at(249)], [first; 3]);
        let next = at(310);
        assert_eq!(next, begin + Duration::from_micros(310));
        assert_eq!(at(1000), begin + Duration::from_micros(1000));
    }
}
