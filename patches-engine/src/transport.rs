//! Musical time: which beat a frame of the engine's clock is. Beats go on over a change of tempo.
//!
//! Swing bends them: of each pair of sixteenths (a quaver, half a beat) the first takes the part s. All quavers stay where
//! they are, so another swing is taken where one begins, and nothing is played twice or left out.

use crate::net::STRAIGHT;

/// Where the transport is, as a line from frames to beats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transport {
    /// A frame of the engine's clock …
    frame: u64,
    /// … and its beat.
    beat: f64,
    /// Beats a frame.
    slope: f64,
    /// Beats in a bar.
    pub beats_per_bar: f64,
    /// Beats a minute.
    pub tempo: f64,
    /// Frames a second.
    pub rate: f64,
    /// The frame at which it stopped, if it stands still.
    held: Option<u64>,
    /// Frames for which it has stood still before.
    stood: u64,
    /// The swing, from this beat on …
    swing: f64,
    /// … which is that of a quaver …
    swung: f64,
    /// … and the swing before it.
    before: f64,
}

/// What swings: a pair of sixteenths, in beats.
const PAIR: f64 = 0.5;

impl Transport {
    /// At frame 0, beat 0.
    pub fn new(rate: u32) -> Transport {
        let rate = f64::from(rate);
        let tempo = crate::net::TEMPO;
        Transport {
            frame: 0,
            beat: 0.0,
            slope: tempo / 60.0 / rate,
            beats_per_bar: 4.0,
            tempo,
            rate,
            held: None,
            stood: 0,
            swing: STRAIGHT,
            swung: 0.0,
            before: STRAIGHT,
        }
    }

    /// Takes another swing from the next quaver on, or from this frame if it begins one.
    pub fn swing(&mut self, now: u64, swing: f64) {
        if swing != self.swing {
            let beat = self.beat(now);
            self.before = self.swing_at(beat);
            self.swing = swing;
            self.swung = quantised(beat / PAIR).ceil() * PAIR;
        }
    }

    fn swing_at(&self, beat: f64) -> f64 {
        if beat < self.swung { self.before } else { self.swing }
    }

    /// Where a frame is in the music as it is written: the beat with the swing taken out.
    pub fn written(&self, now: u64) -> f64 {
        let beat = self.beat(now);
        let swing = self.swing_at(beat);
        if swing == STRAIGHT {
            return beat;
        }
        let pair = floor(beat / PAIR);
        let part = beat / PAIR - pair;
        let part = if part < swing { 0.5 * part / swing } else { 1.0 - 0.5 * (1.0 - part) / (1.0 - swing) };
        (pair + part) * PAIR
    }

    /// Takes another tempo from this frame on.
    pub fn set(&mut self, now: u64, tempo: f64, beats_per_bar: f64) {
        self.beats_per_bar = beats_per_bar;
        if tempo != self.tempo {
            self.beat = self.beat(now);
            self.frame = now;
            self.tempo = tempo;
            self.slope = if self.held.is_some() { 0.0 } else { tempo / 60.0 / self.rate };
        }
    }

    /// Stops at this frame. Musical times keep their lengths; what counts beats or seconds stands still.
    pub fn hold(&mut self, now: u64) {
        if self.held.is_none() {
            (self.beat, self.frame, self.slope) = (self.beat(now), now, 0.0);
            self.held = Some(now);
        }
    }

    /// Goes on at this frame from where it stopped.
    pub fn go(&mut self, now: u64) {
        if let Some(held) = self.held.take() {
            self.stood += now - held;
            (self.frame, self.slope) = (now, self.tempo / 60.0 / self.rate);
        }
    }

    /// Whether it stands still.
    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Frames that clocks in seconds have counted.
    pub fn counted(&self, now: u64) -> u64 {
        self.held.map_or(now, |held| now.min(held)) - self.stood
    }

    /// The beat at a frame.
    pub fn beat(&self, now: u64) -> f64 {
        self.beat + (now as f64 - self.frame as f64) * self.slope
    }

    /// The frame, between frames as a rule, at which a beat comes at this tempo.
    pub fn frame_of(&self, beat: f64) -> f64 {
        self.frame as f64 + (beat - self.beat) / self.slope
    }

    /// The first frame, not before `now`, that lies on a whole multiple of so many beats.
    pub fn next(&self, now: u64, beats: f64) -> u64 {
        let count = quantised(self.beat(now) / beats).ceil();
        // The same rounding as in the clocks' own arithmetic: a frame within a millionth counts as on the beat.
        ((self.frame_of(count * beats) - 1e-6).ceil().max(0.0) as u64).max(now)
    }
}

/// Positions in ticks are rounded to 2^-24 of a tick, so that one that should be whole is whole.
pub fn quantised(x: f64) -> f64 {
    const STEPS: f64 = (1u64 << 24) as f64;
    floor(x * STEPS + 0.5) / STEPS
}

/// The whole number below one that is not negative, without a call of the system's library.
pub fn floor(x: f64) -> f64 {
    // From 2^52 on all numbers are whole.
    const WHOLE: f64 = (1u64 << 52) as f64;
    if x < WHOLE { x as i64 as f64 } else { x }
}

/// Whether what comes each so many beats swings: what lies between quavers and on the grid of sixteenths, their halves and
/// quarters. Quavers and longer stand where they stand, and triplets have no pairs.
pub fn swings(beats: f64) -> bool {
    let whole = |x: f64| x == floor(x);
    whole(beats * 16.0) && !whole(beats / PAIR)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At 120 beats a minute and 48 kHz a sixteenth is 6000 frames.
    fn sixteenths(transport: &Transport, frames: std::ops::Range<u64>) -> Vec<u64> {
        let at = |frame| quantised(transport.written(frame) / 0.25).ceil();
        frames.filter(|&frame| at(frame) < at(frame + 1)).collect()
    }

    #[test]
    fn the_second_sixteenth_of_each_pair_comes_late_or_early_and_quavers_stay() {
        let mut transport = Transport::new(48_000);
        assert_eq!(sixteenths(&transport, 0..24_001), [0, 6000, 12_000, 18_000, 24_000]);
        transport.swing(0, 0.6);
        assert_eq!(sixteenths(&transport, 0..24_001), [0, 7200, 12_000, 19_200, 24_000]);
        transport.swing(0, 0.25);
        assert_eq!(sixteenths(&transport, 0..24_001), [0, 3000, 12_000, 15_000, 24_000]);
    }

    #[test]
    fn another_swing_is_taken_where_a_quaver_begins() {
        // The second sixteenth has been played at 6000 when the swing would bring it to 8400.
        for (at, wanted) in [(7000, [6000, 12_000, 20_400]), (0, [8400, 12_000, 20_400])] {
            let mut transport = Transport::new(48_000);
            transport.swing(at, 0.7);
            assert_eq!(sixteenths(&transport, 1..24_000), wanted);
        }
        let mut transport = Transport::new(48_000);
        transport.swing(0, 0.7);
        transport.swing(7000, 0.25);
        transport.swing(7500, 0.6);
        assert_eq!(sixteenths(&transport, 1..24_000), [8400, 12_000, 19_200]);
    }

    #[test]
    fn quavers_longer_notes_and_triplets_do_not_swing() {
        let swinging = [0.25, 0.125, 0.0625, 0.375, 0.75, 1.25].map(swings);
        let straight = [0.5, 1.0, 1.5, 4.0, 1.0 / 3.0, 1.0 / 6.0, 0.1].map(swings);
        assert!(swinging.into_iter().all(|x| x) && !straight.into_iter().any(|x| x));
    }
}
