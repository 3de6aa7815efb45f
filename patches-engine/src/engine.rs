//! The two halves of a running engine: [`Engine`] makes sound in the audio callback, [`Control`] plans and sends from
//! any other thread. They share two rings and a few numbers, and nothing else.

mod incoming;
mod pairs;
mod wire;

pub(crate) use wire::{Event, Shared, Swap};

use crate::control::Control;
use crate::ear::Hearing;
use crate::float::FloatMode;
use crate::midi::{Heard, Inlet, Message, Midi, Names, OPENINGS, Queue};
use crate::net::PROBES;
use crate::plan::Plan;
use crate::record::Tap;
use crate::run::Runner;
use crate::transport::Transport;
use crate::trap::Inside;
use basedrop::{Collector, Owned};
use incoming::Incoming;
use pairs::Pair;
use patches_core::graph::Path;
use patches_core::isa::Isa;
use patches_core::kernel::BLOCK;
use patches_core::lower::Lowering;
use patches_core::spec::Spec;
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, Release};
use std::time::Instant;

/// How the engine finds a type's kernels.
pub type Lower = fn(&Spec) -> Option<fn(&mut Lowering<'_>)>;

/// What an engine is made with; fixed for a session.
#[derive(Clone, Copy)]
pub struct Settings {
    /// Frames a second.
    pub rate: u32,
    /// How many times that the engine runs at: 1, 2, 4 or 8. Times are counted in frames of the rate all the same.
    pub oversample: u32,
    /// Seed of all chance.
    pub seed: u64,
    /// Whether the master limiter is on.
    pub limiter: bool,
    /// Channels that go out, two at least.
    pub outputs: u16,
    /// Channels that come in, two at least.
    pub inputs: u16,
    /// The instruction set of the step functions.
    pub isa: Isa,
    /// The module types.
    pub lower: Lower,
}

impl Settings {
    /// Frames a second at which modules run.
    pub(crate) fn inner(&self) -> u32 {
        self.rate * self.oversample
    }
}

/// Why a graph could not be planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A limit of the engine is exceeded.
    #[error("{what}: {found}, at most {limit}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// How much.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// It would take more than all the time there is.
    #[error("it would take {:.0} % of the time there is", .load * 100.0)]
    Heavy {
        /// The part of real time.
        load: f64,
    },
    /// A cable from MIDI to something else, or with a gain.
    #[error("{cable}: {why}")]
    Midi {
        /// The modules at its ends.
        cable: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// Something the audio side did.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// A plan took effect.
    Landed {
        /// The number that `swap` gave.
        save: u64,
        /// At this frame of the engine's clock.
        at: u64,
    },
    /// The audio side takes no plans: it stands still.
    Stalled {
        /// The save that could not be handed over.
        save: u64,
    },
    /// A MIDI message was acted on.
    Heard {
        /// At this frame of the engine's clock.
        at: u64,
        /// The port it came by.
        port: Arc<str>,
        /// The message.
        message: Message,
    },
    /// What comes in from outside is put on a tape.
    Taped {
        /// From this frame of the engine's clock on.
        at: u64,
    },
    /// MIDI messages were acted on that nobody was told of, because too many were.
    Unheard {
        /// How many in all.
        messages: u64,
    },
    /// A module's output was not finite, its code panicked, or its loop ran away.
    Quarantined {
        /// The module.
        module: Path,
        /// What happened.
        why: &'static str,
        /// At this frame.
        at: u64,
    },
}

/// Levels and loads, as of the last callback.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meters {
    /// Largest sample of each channel of the master since the last look: left, right, and the others that there are.
    pub peak: Vec<f32>,
    /// Part of real time that callbacks take, smoothed.
    pub load: f32,
    /// Largest part that one callback took since the last look.
    pub load_max: f32,
    /// How far the limiter turns down, in dB, largest since the last look; 0 or negative.
    pub limiter_db: f32,
    /// Bar, from 1.
    pub bar: u64,
    /// Beat in the bar, from 1.
    pub beat: u32,
    /// Beats a minute.
    pub tempo: f64,
    /// Longest callback so far, in microseconds.
    pub longest_callback_us: u32,
    /// All but one in a thousand callbacks took at most so many microseconds, to within a fifth.
    pub p999_callback_us: u32,
    /// Longest adoption of a plan so far, in microseconds.
    pub longest_swap_us: u32,
    /// Each module with the part of real time it takes, as sampled.
    pub modules: Vec<(Path, &'static str, f32)>,
}

/// When a plan is to take effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    /// At the next frame.
    Now,
    /// At this frame of the engine's clock, or at once if it has passed.
    At(u64),
    /// At the next whole multiple of so many beats.
    Beats(f64),
}

/// Word that may wait for the control thread.
const EVENTS: usize = 32_768;
/// Of which this many places are kept for landings, so that loads and troubles that nobody reads never crowd them out.
const KEPT: usize = 1024;
/// And this many from loads, for MIDI: the session log needs every message.
const KEPT_FOR_MIDI: usize = 30_000;
/// Master frames that may wait for it.
pub(crate) const FRAMES: usize = 16_384;
/// Plans that may be on their way.
const SWAPS: usize = 16;

/// Both halves of an engine that plays silence until the first swap.
pub fn new(settings: Settings) -> (Control, Engine) {
    let settings = Settings { outputs: settings.outputs.max(2), inputs: settings.inputs.max(2), ..settings };
    let collector = Collector::new();
    let (swaps, inbox) = RingBuffer::new(SWAPS);
    let (outbox, events) = RingBuffer::new(EVENTS);
    let (tape, frames) = RingBuffer::new(FRAMES);
    let (probes, watched) = (0..PROBES).map(|_| RingBuffer::new(FRAMES)).unzip();
    let shared = Arc::new(Shared::new(settings.outputs));
    let epoch = Instant::now();
    let (openings, ports) = RingBuffer::new(OPENINGS);
    let (recorders, taps) = RingBuffer::new(SWAPS);
    let (ears, hearing) = RingBuffer::new(SWAPS);
    let (tapes, taping) = RingBuffer::new(SWAPS);
    let names = Arc::new(Names::default());
    let inlet = Inlet { openings, names: names.clone(), handle: collector.handle(), epoch, lost: Arc::default() };
    let engine = Engine {
        rate: settings.rate,
        clock: 0,
        save: 0,
        plan: None,
        waiting: None,
        settle: None,
        runner: Runner::default(),
        transport: Transport::new(settings.inner()),
        factor: settings.oversample as usize,
        incoming: Incoming::new(&settings),
        pairs: pairs::pairs(&settings),
        inbox,
        outbox,
        tape,
        probes,
        midi: Queue::new(ports, settings.rate, epoch),
        names,
        taps,
        tap: None,
        hearing: Hearing::new(hearing, taping),
        shared: shared.clone(),
        load: 0.0,
    };
    let (sent, heard) = ((swaps, recorders), (events, frames, watched));
    (Control::new(settings, collector, sent, (ears, tapes), heard, shared, inlet), engine)
}

/// The half that makes sound; it lives in the audio callback.
pub struct Engine {
    rate: u32,
    clock: u64,
    /// The save that plays.
    save: u64,
    plan: Option<Owned<Plan>>,
    /// A plan and the frame at which it lands.
    waiting: Option<(u64, Swap)>,
    /// What follows the fade, and when.
    settle: Option<(u64, Owned<Plan>)>,
    runner: Runner,
    transport: Transport,
    /// How many times the rate modules run at.
    factor: usize,
    incoming: Incoming,
    /// What goes out, the first two channels first.
    pairs: Box<[Pair]>,
    inbox: Consumer<Swap>,
    outbox: Producer<Event>,
    tape: Producer<[f32; 2]>,
    probes: Vec<Producer<f32>>,
    midi: Queue,
    names: Arc<Names>,
    taps: Consumer<Owned<Tap>>,
    /// Where what is sent to the device goes too.
    tap: Option<Owned<Tap>>,
    hearing: Hearing,
    shared: Arc<Shared>,
    load: f32,
}

impl Engine {
    /// Renders the next frames into interleaved `out`. Channels that the session does not have are silent; one alone gets
    /// the mean of the first two. Real-time safe: no allocation, no lock, no call into the system.
    pub fn process(&mut self, out: &mut [f32], channels: usize) {
        self.process_with(None, out, channels);
    }

    /// As [`process`](Engine::process), and in place of what comes in from outside it hears `input`, as many frames as `out`
    /// has, of as many channels as come in, interleaved.
    pub fn process_with(&mut self, input: Option<&[f32]>, out: &mut [f32], channels: usize) {
        let _inside = Inside::enter();
        let _mode = FloatMode::enter();
        let begun = Instant::now();
        let channels = channels.max(1);
        let frames = out.len() / channels;
        let mut done = 0;
        self.receive();
        while let Ok(tap) = self.taps.pop() {
            self.tap = Some(tap);
        }
        self.midi.collect(begun, self.clock, frames as u64);
        if self.hearing.begin(frames) {
            let _ = self.outbox.push(Event::Taped { at: self.clock });
        }
        while done < frames {
            self.land();
            let n = self.stretch(frames - done);
            let width = self.incoming.width();
            self.incoming.take(&mut self.hearing, input.map(|input| &input[done * width..(done + n) * width]), n);
            self.run(n * self.factor);
            self.send(&mut out[done * channels..(done + n) * channels], channels);
            done += n;
        }
        self.publish(begun, frames);
    }

    /// Frames rendered so far: the engine's clock.
    pub fn clock(&self) -> u64 {
        self.clock
    }

    /// Frames by which the sound is later than the clock says: the limiter's look-ahead, and the filters of oversampling.
    pub fn latency(&self) -> u32 {
        self.pairs.first().map_or(0, Pair::latency) as u32
    }

    /// The clock in frames at which modules run.
    fn inner(&self) -> u64 {
        self.clock * self.factor as u64
    }

    /// Lets it hear MIDI at its frames, in order and not before the next frame, as a log has it. Not for the audio thread.
    pub fn hear(&mut self, messages: &[Midi]) {
        self.midi.hear(messages);
    }

    /// Takes plans from the control side. A newer one replaces one that still waits.
    fn receive(&mut self) {
        while let Ok(swap) = self.inbox.pop() {
            let at = match swap.when {
                When::Now => self.clock,
                When::At(frame) => frame.max(self.clock),
                // No beat comes while musical time stands still.
                When::Beats(_) if self.transport.is_held() => self.clock,
                // On a frame of the rate, or the one after.
                When::Beats(beats) => self.transport.next(self.inner(), beats).div_ceil(self.factor as u64),
            };
            self.waiting = Some((at, swap));
        }
    }

    /// How many frames until something happens: the end of the block, a landing, the end of a fade.
    fn stretch(&self, wanted: usize) -> usize {
        let left = (BLOCK - (self.inner() % BLOCK as u64) as usize) / self.factor;
        let mut n = wanted.min(left) as u64;
        let moments = [self.waiting.as_ref().map(|w| w.0), self.settle.as_ref().map(|s| s.0)];
        for at in moments.into_iter().flatten() {
            if at > self.clock {
                n = n.min(at - self.clock);
            }
        }
        n as usize
    }

    /// Adopts what is due at this frame.
    fn land(&mut self) {
        if let Some((at, _)) = self.settle
            && at <= self.clock
            && let Some((_, plan)) = self.settle.take()
        {
            let now = self.inner();
            self.take_over(plan, now);
        }
        let Some((at, _)) = self.waiting else { return };
        if at > self.clock {
            return;
        }
        let Some((_, swap)) = self.waiting.take() else { return };
        if swap.base != self.save || swap.fading != self.settle.is_some() {
            let _ = self.outbox.push(Event::Missed { save: swap.save });
            return;
        }
        let begun = Instant::now();
        let plan = swap.first;
        let now = self.inner();
        self.transport.set(now, plan.tempo, plan.beats_per_bar);
        self.transport.swing(now, plan.swing);
        match (self.transport.is_held(), swap.stopped) {
            (false, true) => self.transport.hold(now),
            (true, false) => self.transport.go(now),
            _ => {}
        }
        self.take_over(plan, now);
        self.settle = swap.settled.map(|plan| (self.clock + u64::from(swap.fade), plan));
        self.save = swap.save;
        let _ = self.outbox.push(Event::Landed { save: swap.save, at: self.clock });
        self.shared.longest_swap.fetch_max(begun.elapsed().as_nanos() as u32, Relaxed);
    }

    /// Another plan plays from here.
    fn take_over(&mut self, mut plan: Owned<Plan>, now: u64) {
        if let Some(before) = &mut self.plan {
            self.runner.leave(before);
        }
        self.runner.adopt(&mut plan, now);
        self.plan = Some(plan);
    }

    /// Runs the plan for a stretch of the frames at which modules run, and advances the clock.
    fn run(&mut self, n: usize) {
        let (factor, now) = (self.factor, self.inner());
        let end = self.clock + (n / factor) as u64;
        let (sound, width) = (self.incoming.inside(n), self.incoming.width());
        let heard = Heard { messages: self.midi.take(end), names: &self.names, sound, width, factor: factor as u64 };
        for midi in heard.messages {
            if self.outbox.slots() <= KEPT || self.outbox.push(Event::Heard(*midi)).is_err() {
                self.shared.unheard.fetch_add(1, Relaxed);
            }
        }
        if let Some(plan) = &mut self.plan {
            let troubles = self.runner.run(plan, &self.transport, heard, now, n);
            for trouble in troubles.iter().flatten() {
                let (module, what, at) = (trouble.module, trouble.what, trouble.at / factor as u64);
                tell(&mut self.outbox, Event::Trouble { save: self.save, module, what, at });
            }
            for (probe, tape) in self.probes.iter_mut().enumerate().take(plan.probes.len()) {
                // A full tape is nobody looking; to look at, one frame of each of the rate is enough.
                if tape.slots() >= n / factor {
                    for x in plan.watched(probe, n).step_by(factor) {
                        let _ = tape.push(x);
                    }
                }
            }
            if let Some((step, module, load)) = self.runner.sample(plan) {
                let settled = self.settle.is_none();
                tell(&mut self.outbox, Event::Load { save: self.save, settled, module, step, load });
            }
        }
        self.clock = end;
    }

    fn publish(&mut self, begun: Instant, frames: usize) {
        let shared = &self.shared;
        // Who sees this frame sees all that happened before it.
        shared.clock.store(self.clock, Release);
        shared.beat.store(self.transport.beat(self.inner()).to_bits(), Relaxed);
        shared.tempo.store(self.transport.tempo.to_bits(), Relaxed);
        shared.beats_per_bar.store(self.transport.beats_per_bar.to_bits(), Relaxed);
        let mut lowest = 1.0f32;
        for (pair, shared) in self.pairs.iter_mut().zip(shared.peak.chunks(2)) {
            let (peak, gain) = pair.take_extremes();
            for (shared, peak) in shared.iter().zip(peak) {
                // Bit patterns of numbers that are not negative are in the order of the numbers.
                shared.fetch_max(peak.to_bits(), Relaxed);
            }
            lowest = if gain < lowest { gain } else { lowest };
        }
        shared.limiter.fetch_max((1.0 - lowest).to_bits(), Relaxed);
        let took = begun.elapsed();
        let load = took.as_secs_f32() * self.rate as f32 / frames.max(1) as f32;
        self.load += (load - self.load) * 0.1;
        shared.load.store(self.load.to_bits(), Relaxed);
        shared.load_max.fetch_max(load.to_bits(), Relaxed);
        let took = took.as_micros() as u32;
        shared.longest_callback.fetch_max(took, Relaxed);
        shared.recent_callback.fetch_max(took, Relaxed);
        shared.callbacks.count(took);
    }
}

/// Says something that may be lost if nobody listens.
fn tell(outbox: &mut Producer<Event>, event: Event) {
    if outbox.slots() > KEPT_FOR_MIDI {
        let _ = outbox.push(event);
    }
}
