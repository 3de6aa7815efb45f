//! Musical time: which beat a frame of the engine's clock is. Beats go on over a change of tempo.

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
}

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
        }
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
