//! How a step sleeps: which of its voices, and for how many frames of a run. `unsafe` is allowed here: it reads and writes
//! a plan's buffers and a step's state.

use patches_core::drive::{Call, SkipFn};
use patches_core::kernel::Io;
use patches_core::lanes::LANES;

/// What lets a step sleep: 1 where the gain that it is heard through is closed, and 0 from the frame on where it is not.
#[derive(Clone, Copy)]
pub struct Watched {
    /// The numbers, of one voice or 16.
    pub io: Io,
    /// How many of them count.
    pub voices: usize,
    /// All must be closed; else each is for the voice of its number.
    pub all: bool,
}

impl Watched {
    /// Whether all voices are closed at a frame: then they are from the run's beginning on, for who wakes stays awake until
    /// the end of a block.
    ///
    /// # Safety
    /// The places must be valid for this frame.
    #[inline(always)]
    pub unsafe fn is_closed(&self, frame: usize) -> bool {
        for voice in 0..self.voices {
            // SAFETY: the caller vouches for the places.
            if unsafe { *self.io.p.add(frame * self.io.stride + voice) } == 0.0 {
                return false;
            }
        }
        true
    }
}

/// A step that may sleep.
pub struct Rest {
    watched: Box<[Watched]>,
    /// What it gives, where anybody reads it, and whether anybody does while all its voices sleep.
    outs: Box<[(Io, bool)]>,
    wide: bool,
    voices: usize,
    /// State of the voices that sleep while others play.
    kept: Box<[u32]>,
    skip: Option<SkipFn>,
    /// Frames of the run in hand for which each voice sleeps.
    until: [u8; LANES],
    /// The least and the most of these.
    range: (u8, u8),
    /// Frames that each voice has slept, and that its state does not know of yet.
    slept: [u32; LANES],
}

// SAFETY: the places belong to the plan that owns the step.
unsafe impl Send for Rest {}

impl Rest {
    /// `room` is how many words of state the step has.
    pub fn new(
        watched: Box<[Watched]>,
        outs: Box<[(Io, bool)]>,
        wide: bool,
        voices: usize,
        room: usize,
        skip: Option<SkipFn>,
    ) -> Rest {
        Rest {
            watched,
            outs,
            wide,
            voices,
            kept: vec![0; room].into(),
            skip,
            until: [0; LANES],
            range: (0, 0),
            slept: [0; LANES],
        }
    }

    /// Finds out who sleeps in the next `n` frames.
    ///
    /// # Safety
    /// The places of the step must be valid for these frames.
    pub unsafe fn look(&mut self, n: usize) {
        let mut until = [n as u8; LANES];
        for watched in &self.watched {
            // SAFETY: the caller vouches for the places.
            let frames = |voice: usize| unsafe { closed(&watched.io, voice, n) };
            if watched.all {
                let all = (0..watched.voices).map(frames).min().unwrap_or(0);
                until.iter_mut().for_each(|until| *until = all.min(*until));
            } else {
                for (voice, until) in until.iter_mut().enumerate().take(self.voices) {
                    // A voice that has no amplifier of its own is heard nowhere.
                    *until = if voice < watched.voices { frames(voice).min(*until) } else { *until };
                }
            }
        }
        let voices = &until[..self.voices];
        self.range = voices.iter().fold((n as u8, 0), |(least, most), &at| (least.min(at), most.max(at)));
        self.until = until;
    }

    /// Who sleeps at a frame (bit by voice), and up to which frame that is so.
    pub fn at(&self, frame: usize, n: usize) -> (u32, usize) {
        if frame >= usize::from(self.range.1) {
            return (0, n);
        }
        if usize::from(self.range.0) >= n {
            return (u32::MAX >> (32 - self.voices), n);
        }
        let (mut asleep, mut end) = (0, n);
        for (voice, &until) in self.until.iter().enumerate().take(self.voices) {
            if usize::from(until) > frame {
                asleep |= 1 << voice;
                end = end.min(until.into());
            }
        }
        (asleep, end)
    }

    /// Whether these are all voices.
    pub fn is_all(&self, asleep: u32) -> bool {
        asleep == u32::MAX >> (32 - self.voices)
    }

    fn width(&self) -> usize {
        if self.wide { LANES } else { 1 }
    }

    /// All voices have slept for so many frames, in which nobody looked.
    pub fn add(&mut self, frames: u32) {
        if self.skip.is_some() {
            self.slept.iter_mut().take(self.voices).for_each(|slept| *slept = slept.wrapping_add(frames));
        }
    }

    /// What lets it sleep.
    pub fn watched(&self) -> &[Watched] {
        &self.watched
    }

    /// Outputs that somebody hears while all voices sleep, with floats from one frame to the next.
    pub fn heard(&self) -> impl Iterator<Item = Io> + '_ {
        let stride = self.width();
        self.outs.iter().filter(|(_, heard)| *heard).map(move |(io, _)| Io { p: io.p, stride })
    }

    /// Remembers the state of the voices that sleep, for a run in which others play.
    ///
    /// # Safety
    /// `state` must be that of the step.
    pub unsafe fn keep(&mut self, state: *const u32) {
        // SAFETY: the caller vouches for the state; the room was made for it.
        unsafe { std::ptr::copy_nonoverlapping(state, self.kept.as_mut_ptr(), self.kept.len()) };
    }

    /// Gives voices that sleep their state back.
    ///
    /// # Safety
    /// As `keep`.
    pub unsafe fn restore(&self, state: *mut u32, asleep: u32) {
        let width = self.width();
        for (index, word) in self.kept.iter().enumerate() {
            if asleep >> (index % width) & 1 == 1 {
                // SAFETY: the caller vouches for the state.
                unsafe { *state.add(index) = *word };
            }
        }
    }

    /// Voices that sleep no more, or whose plan ends: the phase of an oscillator goes on from where it is by now.
    ///
    /// # Safety
    /// `call` must be that of the step.
    pub unsafe fn wake(&mut self, call: &Call, asleep: u32) {
        let Some(skip) = self.skip else { return };
        for (voice, slept) in self.slept.iter_mut().enumerate().take(self.voices) {
            if *slept > 0 && asleep >> voice & 1 == 0 {
                // SAFETY: the caller vouches for the call. As often around as there are numbers is where it was.
                unsafe { skip(call, if self.wide { LANES } else { 1 }, 1 << voice, *slept) };
                *slept = 0;
            }
        }
    }

    /// What voices that sleep do in frames `at..at + n`: their outputs are 0.
    ///
    /// # Safety
    /// The places of the step must be valid for these frames.
    pub unsafe fn sleep(&mut self, asleep: u32, at: usize, n: usize) {
        let (width, all) = (self.width(), self.is_all(asleep));
        if self.skip.is_some() {
            for (voice, slept) in self.slept.iter_mut().enumerate() {
                *slept = if asleep >> voice & 1 == 1 { slept.wrapping_add(n as u32) } else { *slept };
            }
        }
        // SAFETY: the caller vouches for the places.
        unsafe {
            for (out, heard) in &self.outs {
                if all {
                    if *heard {
                        std::ptr::write_bytes(out.p.add(at * width), 0, n * width);
                    }
                    continue;
                }
                for frame in at..at + n {
                    for voice in (0..self.voices).filter(|voice| asleep >> voice & 1 == 1) {
                        *out.p.add(frame * width + voice) = 0.0;
                    }
                }
            }
        }
    }
}

/// Steps one after another that all sleep whenever the same amplifiers are closed in all their voices: one look instead
/// of one for each.
pub struct Dormitory {
    /// The first step.
    pub from: usize,
    /// The one behind the last.
    pub to: usize,
    watched: Box<[Watched]>,
    outs: Box<[Io]>,
    /// Frames slept that the steps do not know of yet.
    slept: u32,
}

// SAFETY: the places belong to the plan that owns the steps.
unsafe impl Send for Dormitory {}

impl Dormitory {
    /// `outs` are those that somebody hears meanwhile.
    pub fn new(from: usize, to: usize, watched: Box<[Watched]>, outs: Box<[Io]>) -> Dormitory {
        Dormitory { from, to, watched, outs, slept: 0 }
    }

    /// If all sleep in the next `n` frames, they do; true then.
    ///
    /// # Safety
    /// The places must be valid for these frames.
    pub unsafe fn sleep(&mut self, n: usize) -> bool {
        // SAFETY: the caller vouches for the places.
        unsafe {
            if !self.watched.iter().all(|watched| watched.is_closed(n - 1)) {
                return false;
            }
            for out in &self.outs {
                std::ptr::write_bytes(out.p, 0, n * out.stride);
            }
        }
        self.slept = self.slept.wrapping_add(n as u32);
        true
    }

    /// Frames slept since the last call.
    pub fn take_slept(&mut self) -> u32 {
        std::mem::take(&mut self.slept)
    }
}

/// How many of the next `n` frames a voice's amplifier is closed: from the first on, or not at all.
unsafe fn closed(io: &Io, voice: usize, n: usize) -> u8 {
    // SAFETY: the caller vouches for the places.
    let is_closed = |frame: usize| unsafe { *io.p.add(frame * io.stride + voice) != 0.0 };
    if is_closed(n - 1) {
        return n as u8;
    }
    (0..n).find(|&frame| !is_closed(frame)).unwrap_or(n) as u8
}
