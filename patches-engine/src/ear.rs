//! Sound from outside on its way to the audio thread. A host fills a ring, the audio thread takes what each callback needs
//! and puts it on the session's tape, so that a replay hears what the set heard. What is late is silence, what is too much
//! is left out; both are counted.

use crate::record::Tap;
use basedrop::Owned;
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A frame of a pair of channels: left and right.
pub type Frame = [f32; 2];

/// The host's end: what comes in.
pub struct Mouth {
    ring: Producer<f32>,
    /// Channels.
    width: usize,
    /// How many frames are meant to wait when the audio thread has taken its own.
    lead: usize,
}

/// The audio thread's end.
pub struct Ear {
    ring: Consumer<f32>,
    /// Channels.
    width: usize,
    lead: usize,
    /// There was too little: it is silent until there is enough again.
    starved: bool,
    slips: Arc<AtomicU64>,
}

/// Both ends, for as many channels as come in. `lead` frames are meant to wait: the longest time between two of the host's
/// callbacks. `slips` counts how often frames were missing or too many.
pub fn pair(channels: u16, lead: usize, slips: Arc<AtomicU64>) -> (Mouth, Ear) {
    let (lead, width) = (lead.max(1), usize::from(channels.max(1)));
    // Room for the longest callbacks there are, several times.
    let (ring, samples) = RingBuffer::new((lead * 8 + 4 * 8192) * width);
    (Mouth { ring, width, lead }, Ear { ring: samples, width, lead, starved: true, slips })
}

impl Mouth {
    /// Gives a frame; channels that it lacks are silent. One that nobody takes is lost, and counts when it is missed.
    pub fn give(&mut self, frame: &[f32]) {
        if let Ok(room) = self.ring.write_chunk_uninit(self.width) {
            room.fill_from_iter((0..self.width).map(|channel| frame.get(channel).copied().unwrap_or(0.0)));
        }
    }

    /// How many frames wait, and how many are meant to.
    pub fn waiting(&self) -> (usize, usize) {
        ((self.ring.buffer().capacity() - self.ring.slots()) / self.width, self.lead)
    }
}

impl Ear {
    /// A callback begins, which takes so many frames.
    fn begin(&mut self, frames: usize) {
        let (there, wanted) = (self.ring.slots() / self.width, frames + self.lead);
        // Each side may come early by one of its own callbacks; more than that has piled up.
        if there > wanted + self.lead + frames {
            self.slips.fetch_add(u64::from(!self.starved), Relaxed);
            self.starved = false;
            if let Ok(old) = self.ring.read_chunk((there - wanted) * self.width) {
                old.commit_all();
            }
        } else if self.starved {
            self.starved = there < wanted;
        } else if there < frames {
            self.starved = true;
            self.slips.fetch_add(1, Relaxed);
        }
    }

    /// A whole callback at once.
    #[cfg(test)]
    pub fn listen(&mut self, into: &mut [f32]) {
        self.begin(into.len() / self.width);
        self.take(into);
    }

    /// The next frames, interleaved.
    fn take(&mut self, into: &mut [f32]) {
        for frame in into.chunks_exact_mut(self.width) {
            match self.ring.read_chunk(self.width) {
                Ok(samples) if !self.starved => frame.iter_mut().zip(samples).for_each(|(into, x)| *into = x),
                _ => frame.fill(0.0),
            }
        }
    }
}

/// What the audio thread hears.
pub(crate) struct Hearing {
    ears: Consumer<Owned<Ear>>,
    ear: Option<Owned<Ear>>,
    tapes: Consumer<Owned<Tap>>,
    tape: Option<Owned<Tap>>,
}

impl Hearing {
    /// Nothing; ears and tapes come by the rings.
    pub fn new(ears: Consumer<Owned<Ear>>, tapes: Consumer<Owned<Tap>>) -> Hearing {
        Hearing { ears, ear: None, tapes, tape: None }
    }

    /// A callback begins, which takes so many frames. Whether a tape begins with it.
    pub fn begin(&mut self, frames: usize) -> bool {
        let mut fresh = false;
        while let Ok(tape) = self.tapes.pop() {
            self.tape = Some(tape);
            fresh = true;
        }
        while let Ok(ear) = self.ears.pop() {
            self.ear = Some(ear);
        }
        if let Some(ear) = &mut self.ear {
            ear.begin(frames);
        }
        fresh
    }

    /// Gives the next frames of so many channels, interleaved: those of `given`, where there are some, else what comes in.
    /// Whether there is anything to hear: once there is, there always will be.
    pub fn take(&mut self, given: Option<&[f32]>, into: &mut [f32], width: usize) -> bool {
        match (given, &mut self.ear) {
            (Some(given), _) => into.copy_from_slice(given),
            (None, Some(ear)) if ear.width == width => ear.take(into),
            (None, _) => into.fill(0.0),
        }
        if let Some(tape) = &mut self.tape {
            into.chunks_exact(width).for_each(|frame| tape.take(frame));
        }
        given.is_some() || self.ear.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a callback of so many frames hears.
    fn hear(ear: &mut Ear, frames: usize) -> Vec<f32> {
        let mut block = vec![9.0; frames * 3];
        ear.listen(&mut block);
        assert!(
            block.chunks(3).all(|frame| frame[1] == -frame[0] && frame[2] == 2.0 * frame[0]),
            "channels are in order"
        );
        block.chunks(3).map(|frame| frame[0]).collect()
    }

    fn give(mouth: &mut Mouth, numbers: std::ops::Range<u32>) {
        numbers.for_each(|n| mouth.give(&[n as f32, -(n as f32), 2.0 * n as f32]));
    }

    #[test]
    fn it_waits_for_enough_and_then_misses_nothing() {
        let slips = Arc::default();
        let (mut mouth, mut ear) = pair(3, 4, Arc::clone(&slips));
        give(&mut mouth, 1..8);
        assert_eq!(hear(&mut ear, 4), [0.0; 4], "seven are fewer than four and four");
        give(&mut mouth, 8..12);
        assert_eq!(hear(&mut ear, 4), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(mouth.waiting(), (7, 4));
        assert_eq!(hear(&mut ear, 4), [5.0, 6.0, 7.0, 8.0], "one that is late is waited for");
        assert_eq!(slips.load(Relaxed), 0);
        assert_eq!(hear(&mut ear, 4), [0.0; 4], "three are too few");
        assert_eq!(slips.load(Relaxed), 1);
        give(&mut mouth, 12..17);
        assert_eq!(hear(&mut ear, 4), [9.0, 10.0, 11.0, 12.0]);
        assert_eq!(slips.load(Relaxed), 1, "what has been told is not told again");
    }

    #[test]
    fn what_piles_up_is_left_out() {
        let slips = Arc::default();
        let (mut mouth, mut ear) = pair(3, 4, Arc::clone(&slips));
        give(&mut mouth, 0..1000);
        assert_eq!(hear(&mut ear, 4), [992.0, 993.0, 994.0, 995.0], "from before it was heard");
        assert_eq!(slips.load(Relaxed), 0);
        give(&mut mouth, 1000..1013);
        assert_eq!(hear(&mut ear, 4), [1005.0, 1006.0, 1007.0, 1008.0]);
        assert_eq!(slips.load(Relaxed), 1);
    }
}
