//! Sound from outside on its way to the audio thread. A host fills a ring, the audio thread takes what each callback needs
//! and puts it on the session's tape, so that a replay hears what the set heard. What is late is silence, what is too much
//! is left out; both are counted.

use crate::record::Tap;
use basedrop::Owned;
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A frame: left and right.
pub type Frame = [f32; 2];

/// The host's end: what comes in.
pub struct Mouth {
    ring: Producer<Frame>,
    /// How many frames are meant to wait when the audio thread has taken its own.
    lead: usize,
}

/// The audio thread's end.
pub struct Ear {
    ring: Consumer<Frame>,
    lead: usize,
    /// There was too little: it is silent until there is enough again.
    starved: bool,
    slips: Arc<AtomicU64>,
}

/// Both ends. `lead` frames are meant to wait: the longest time between two of the host's callbacks. `slips` counts how
/// often frames were missing or too many.
pub fn pair(lead: usize, slips: Arc<AtomicU64>) -> (Mouth, Ear) {
    let lead = lead.max(1);
    // Room for the longest callbacks there are, several times.
    let (ring, frames) = RingBuffer::new(lead * 8 + 4 * 8192);
    (Mouth { ring, lead }, Ear { ring: frames, lead, starved: true, slips })
}

impl Mouth {
    /// Gives a frame. One that nobody takes is lost, and counts when it is missed.
    pub fn give(&mut self, frame: Frame) {
        let _ = self.ring.push(frame);
    }

    /// How many frames wait, and how many are meant to.
    pub fn waiting(&self) -> (usize, usize) {
        (self.ring.buffer().capacity() - self.ring.slots(), self.lead)
    }
}

impl Ear {
    /// A callback begins, which takes so many frames.
    fn begin(&mut self, frames: usize) {
        let (there, wanted) = (self.ring.slots(), frames + self.lead);
        // Each side may come early by one of its own callbacks; more than that has piled up.
        if there > wanted + self.lead + frames {
            self.slips.fetch_add(u64::from(!self.starved), Relaxed);
            self.starved = false;
            if let Ok(old) = self.ring.read_chunk(there - wanted) {
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
    #[cfg(all(test, feature = "device"))]
    pub fn listen(&mut self, into: &mut [Frame]) {
        self.begin(into.len());
        self.take(into);
    }

    fn take(&mut self, into: &mut [Frame]) {
        for frame in into {
            *frame = if self.starved { [0.0; 2] } else { self.ring.pop().unwrap_or_default() };
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

    /// Gives the next frames: those of `given`, where there are some, else what comes in. Whether there is anything to hear:
    /// once there is, there always will be.
    pub fn take(&mut self, given: Option<&[Frame]>, into: &mut [Frame]) -> bool {
        match (given, &mut self.ear) {
            (Some(given), _) => into.copy_from_slice(given),
            (None, Some(ear)) => ear.take(into),
            (None, None) => into.fill([0.0; 2]),
        }
        if let Some(tape) = &mut self.tape {
            into.iter().for_each(|frame| tape.take(frame));
        }
        given.is_some() || self.ear.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a callback of so many frames hears.
    fn hear(ear: &mut Ear, frames: usize) -> Vec<f32> {
        let mut block = vec![[9.0; 2]; frames];
        ear.begin(frames);
        ear.take(&mut block);
        block.into_iter().map(|frame| frame[0]).collect()
    }

    fn give(mouth: &mut Mouth, numbers: std::ops::Range<u32>) {
        numbers.for_each(|n| mouth.give([n as f32, -(n as f32)]));
    }

    #[test]
    fn it_waits_for_enough_and_then_misses_nothing() {
        let slips = Arc::default();
        let (mut mouth, mut ear) = pair(4, Arc::clone(&slips));
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
        let (mut mouth, mut ear) = pair(4, Arc::clone(&slips));
        give(&mut mouth, 0..1000);
        assert_eq!(hear(&mut ear, 4), [992.0, 993.0, 994.0, 995.0], "from before it was heard");
        assert_eq!(slips.load(Relaxed), 0);
        give(&mut mouth, 1000..1013);
        assert_eq!(hear(&mut ear, 4), [1005.0, 1006.0, 1007.0, 1008.0]);
        assert_eq!(slips.load(Relaxed), 1);
    }
}
