//! Runs a plan: items in order, loops frame by frame, and what goes wrong contained. `unsafe` is allowed here: it calls
//! the step functions on the plan's own places.

use crate::midi::Heard;
use crate::plan::{Item, KernelStep, Plan, Step, Work};
use crate::rest::{Dormitory, Rest};
use crate::transport::Transport;
use patches_core::kernel::BLOCK;
use patches_core::lanes::LANES;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Where a run is, so that it can go on behind a step that panicked.
#[derive(Clone, Copy, Debug, Default)]
struct Cursor {
    item: usize,
    frame: usize,
    step: usize,
}

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A module's output was not finite.
    NotFinite,
    /// Its code panicked.
    Panicked,
    /// A loop that goes through it ran away, and is held.
    RanAway,
}

impl What {
    /// In words, of the module.
    pub fn why(self) -> &'static str {
        match self {
            What::NotFinite => "output was not finite",
            What::Panicked => "its code panicked",
            What::RanAway => "its loop grew out of bounds and is turned down",
        }
    }
}

/// Something that went wrong in a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trouble {
    /// The module, by index into the plan's modules.
    pub module: u32,
    /// What went wrong.
    pub what: What,
    /// When, by the engine's clock.
    pub at: u64,
}

/// The most that one run reports; more are contained all the same.
const TROUBLES: usize = 8;

/// Runs plans, and remembers what must outlive one run.
#[derive(Default)]
pub struct Runner {
    cursor: Cursor,
    /// Steps with silent lanes.
    silenced: usize,
    troubles: [Option<Trouble>; TROUBLES],
    /// The step whose time is taken in this run.
    timed: usize,
}

impl Runner {
    /// Makes a plan ready at this frame: copies what it asks for, starts its ramps.
    pub fn adopt(&mut self, plan: &mut Plan, now: u64) {
        for fixup in &plan.fixups {
            for word in 0..fixup.words {
                // SAFETY: a fixup names words of blocks that the plan keeps alive.
                unsafe { *fixup.to.add(word * fixup.to_step) = *fixup.from.add(word * fixup.from_step) };
            }
        }
        for &index in &plan.ramps {
            if let Work::Ramp(ramp) = &mut plan.steps[index].work {
                ramp.adopt(now);
            }
        }
        self.silenced = 0;
        self.timed = 0;
    }

    /// A plan ends: what sleeps in it knows of the time that has passed, so that another goes on from there.
    pub fn leave(&mut self, plan: &mut Plan) {
        for index in 0..plan.dormitories.len() {
            awaken(plan, index);
        }
        for step in &mut plan.steps {
            if let (Work::Kernel(kernel), Some(rest)) = (&step.work, &mut step.rest) {
                // SAFETY: the call is the step's own.
                unsafe { rest.wake(&kernel.call, 0) };
            }
        }
    }

    /// Renders `n` frames from the engine's clock `now` on; they do not cross a multiple of the block. Gives what went
    /// wrong.
    pub fn run(
        &mut self,
        plan: &mut Plan,
        transport: &Transport,
        heard: Heard<'_>,
        now: u64,
        n: usize,
    ) -> &[Option<Trouble>] {
        debug_assert!(n <= BLOCK && now / BLOCK as u64 == (now + n as u64 - 1) / BLOCK as u64);
        self.troubles = [None; TROUBLES];
        if self.silenced > 0 && now.is_multiple_of(BLOCK as u64) {
            self.renew(plan);
        }
        self.cursor = Cursor::default();
        self.timed = if plan.steps.is_empty() { 0 } else { (self.timed + 1) % plan.steps.len() };
        // A panic leaves the cursor at the step it came from: that step is taken out, and the run goes on behind it.
        while let Err(payload) = catch_unwind(AssertUnwindSafe(|| self.go(plan, transport, heard, now, n))) {
            // Dropping the payload would free memory here; a panic is a bug of ours, and a few bytes are its price.
            std::mem::forget(payload);
            let step = &mut plan.steps[self.cursor.step];
            step.dead = true;
            let module = step.module;
            silence(step, 0, n);
            self.note(Trouble { module, what: What::Panicked, at: now });
            self.cursor.step += 1;
        }
        for guard in &mut plan.guards {
            // SAFETY: a guard's places are valid for n frames.
            let holds =
                unsafe { (0..guard.voices).any(|voice| *guard.io.p.add((n - 1) * guard.io.stride + voice) != 0.0) };
            if holds && !guard.told {
                self.note(Trouble { module: guard.module, what: What::RanAway, at: now });
            }
            guard.told = holds;
        }
        for front in &plan.fronts {
            for lane in 0..front.width {
                // SAFETY: a late buffer has a front frame and a block.
                unsafe { *front.at.add(lane) = *front.at.add(front.width * n + lane) };
            }
        }
        &self.troubles
    }

    /// The step whose time was taken in the last run: its index, its module, and the part of real time it takes.
    pub fn sample(&self, plan: &Plan) -> Option<(u32, u32, f32)> {
        let step = plan.steps.get(self.timed)?;
        Some((self.timed as u32, step.module, plan.loads[self.timed]))
    }

    fn go(&mut self, plan: &mut Plan, transport: &Transport, heard: Heard<'_>, now: u64, n: usize) {
        while let Some(&item) = plan.items.get(self.cursor.item) {
            match item {
                Item::Run(from, to) => self.stretch(plan, transport, heard, now, n, (from, to)),
                Item::Dormitory(index) => {
                    let Dormitory { from, to, .. } = plan.dormitories[index];
                    // SAFETY: what it watches and gives is as valid as the places of its steps.
                    if unsafe { plan.dormitories[index].sleep(n) } {
                        self.cursor.step = to;
                        if (from..to).contains(&self.timed) {
                            follow(&mut plan.loads[self.timed], 0.0);
                        }
                    } else {
                        awaken(plan, index);
                        self.stretch(plan, transport, heard, now, n, (from, to));
                    }
                }
                Item::Region(from, to) => {
                    if self.cursor.frame == 0 && self.cursor.step <= from {
                        for step in &mut plan.steps[from..to] {
                            pre(step, now, n);
                        }
                    }
                    self.cursor.step = self.cursor.step.max(from);
                    while self.cursor.frame < n {
                        while self.cursor.step < to {
                            let index = self.cursor.step;
                            self.frame(&mut plan.steps[index], now + self.cursor.frame as u64, self.cursor.frame);
                            self.cursor.step += 1;
                        }
                        self.cursor.frame += 1;
                        self.cursor.step = from;
                    }
                    self.cursor.step = to;
                }
            }
            self.cursor.item += 1;
            self.cursor.frame = 0;
        }
    }

    /// Steps one after another, each for a block.
    fn stretch(
        &mut self,
        plan: &mut Plan,
        transport: &Transport,
        heard: Heard<'_>,
        now: u64,
        n: usize,
        (from, to): (usize, usize),
    ) {
        self.cursor.step = self.cursor.step.max(from);
        while self.cursor.step < to {
            self.timed_block(plan, transport, heard, now, n);
            self.cursor.step += 1;
        }
    }

    /// One step for a block; of one step in each run the time is taken, so that every module's share is known in time.
    fn timed_block(&mut self, plan: &mut Plan, transport: &Transport, heard: Heard<'_>, now: u64, n: usize) {
        let index = self.cursor.step;
        let begun = (index == self.timed).then(std::time::Instant::now);
        self.block(&mut plan.steps[index], transport, heard, now, n);
        if let Some(begun) = begun {
            let part = begun.elapsed().as_secs_f64() * transport.rate / n as f64;
            follow(&mut plan.loads[index], part as f32);
        }
    }

    fn block(&mut self, step: &mut Step, transport: &Transport, heard: Heard<'_>, now: u64, n: usize) {
        if step.dead {
            // Its buffers are others' too, when it is not their turn.
            return silence(step, 0, n);
        }
        let Step { work, module, rest: Some(rest), .. } = step else {
            // SAFETY: the plan's places are valid for n frames.
            unsafe {
                match &mut step.work {
                    Work::Ramp(ramp) => ramp.run(now, 0, n),
                    Work::Tick(tick) => tick.run(transport, now, 0, n),
                    Work::Midi(midi) => midi.run(heard, now, 0, n),
                    Work::Sound(sound) => sound.run((heard.sound, heard.width), 0, n),
                    work => self.listen(work, step.module, now, (0, n), false),
                }
            }
            return;
        };
        // SAFETY: what a step watches is as valid as its own places.
        unsafe { rest.look(n) };
        let mut at = 0;
        while at < n {
            let (asleep, end) = rest.at(at, n);
            let from = now + at as u64;
            self.in_part(rest, asleep, work, *module, from, (at, end - at), false);
            at = end;
        }
    }

    fn frame(&mut self, step: &mut Step, now: u64, at: usize) {
        if step.dead {
            return silence(step, at, 1);
        }
        match &mut step.rest {
            Some(rest) => {
                let (asleep, _) = rest.at(at, BLOCK);
                self.in_part(rest, asleep, &mut step.work, step.module, now, (at, 1), true);
            }
            None => self.listen(&mut step.work, step.module, now, (at, 1), true),
        }
    }

    /// Frames `at.0..at.0 + at.1` of a step some of whose voices sleep.
    fn in_part(
        &mut self,
        rest: &mut Rest,
        asleep: u32,
        work: &mut Work,
        module: u32,
        now: u64,
        at: (usize, usize),
        one: bool,
    ) {
        let (from, n) = at;
        let state = if let Work::Kernel(kernel) = work { Some(kernel.state.ptr()) } else { None };
        if let Work::Kernel(kernel) = work {
            // SAFETY: the call is the step's own.
            unsafe { rest.wake(&kernel.call, asleep) };
        }
        // SAFETY: the state is the step's own, and its places are valid for these frames.
        unsafe {
            if asleep == 0 {
                return self.listen(work, module, now, at, one);
            }
            if !rest.is_all(asleep) {
                state.into_iter().for_each(|state| rest.keep(state));
                self.listen(work, module, now, at, one);
                state.into_iter().for_each(|state| rest.restore(state, asleep));
            }
            rest.sleep(asleep, from, n);
        }
    }

    /// A step that hears nothing but other steps: frames `at.0..at.0 + at.1` of the run.
    fn listen(&mut self, work: &mut Work, module: u32, now: u64, at: (usize, usize), one: bool) {
        let (at, n) = at;
        // SAFETY: the plan's places are valid for these frames, and its functions were chosen for this processor.
        unsafe {
            match work {
                Work::Kernel(kernel) => {
                    let function = if one { kernel.frame } else { kernel.block };
                    let bad = function(&kernel.call, now, at, n);
                    if bad || kernel.silent != 0 {
                        self.contain(kernel, module, now, at, n);
                    }
                }
                Work::Sum(sum, function) => function(sum, at, n),
                Work::Weave(weave) => weave.run(at, n),
                // Ramps, clocks, keyboards and what comes from outside have no inputs: they are in no loop and never sleep.
                Work::Ramp(_) | Work::Tick(_) | Work::Midi(_) | Work::Sound(_) => {}
            }
        }
    }

    /// Zeroes each lane from its first frame that is not finite on, and remembers it until the next multiple of the block.
    fn contain(&mut self, kernel: &mut KernelStep, module: u32, now: u64, at: usize, n: usize) {
        let before = kernel.silent;
        for frame in at..at + n {
            for lane in 0..kernel.voices {
                for out in 0..kernel.outputs {
                    let x = output(kernel, out, frame, lane);
                    if x.is_some_and(|x| !x.is_finite()) && kernel.silent >> lane & 1 == 0 {
                        kernel.silent |= 1 << lane;
                        self.note(Trouble { module, what: What::NotFinite, at: now + (frame - at) as u64 });
                    }
                }
            }
            for lane in 0..kernel.voices {
                if kernel.silent >> lane & 1 == 1 {
                    zero(kernel, frame, lane);
                }
            }
        }
        // Lanes without a voice do not count, but what they hold is not to spread.
        for lane in kernel.voices..if kernel.wide { LANES } else { 1 } {
            for frame in at..at + n {
                zero(kernel, frame, lane);
            }
        }
        if before == 0 && kernel.silent != 0 {
            self.silenced += 1;
        }
    }

    /// Gives every silenced lane the state of a new module.
    fn renew(&mut self, plan: &mut Plan) {
        for step in &mut plan.steps {
            let Work::Kernel(kernel) = &mut step.work else { continue };
            if kernel.silent == 0 {
                continue;
            }
            let width = if kernel.wide { LANES } else { 1 };
            for (index, &word) in kernel.state.birth().iter().enumerate() {
                if kernel.silent >> (index % width) & 1 == 1 {
                    // SAFETY: the block has at least as many words as its birth, and only this thread uses them.
                    unsafe { *kernel.state.ptr().add(index) = word };
                }
            }
            kernel.silent = 0;
        }
        self.silenced = 0;
    }

    fn note(&mut self, trouble: Trouble) {
        if let Some(free) = self.troubles.iter_mut().find(|slot| slot.is_none()) {
            *free = Some(trouble);
        }
    }
}

/// A slow mean: one long look at the clock is no load.
fn follow(load: &mut f32, part: f32) {
    *load += (part - *load) * 0.1;
}

/// Tells steps that slept together for how long they did.
fn awaken(plan: &mut Plan, index: usize) {
    let dormitory = &mut plan.dormitories[index];
    let slept = dormitory.take_slept();
    if slept > 0 {
        let rests = plan.steps[dormitory.from..dormitory.to].iter_mut().filter_map(|step| step.rest.as_mut());
        rests.for_each(|rest| rest.add(slept));
    }
}

/// Before a loop's frames: who sleeps in them, and what needs no loop to be known.
fn pre(step: &mut Step, now: u64, n: usize) {
    if step.dead {
        return;
    }
    if let Some(rest) = &mut step.rest {
        // SAFETY: what a step watches is as valid as its own places.
        unsafe { rest.look(n) };
        let (asleep, end) = rest.at(0, n);
        if rest.is_all(asleep) && end == n {
            return;
        }
    }
    if let Work::Kernel(KernelStep { pre: Some(pre), call, .. }) = &step.work {
        // SAFETY: as in `block`; the step has room of its own for what it maps.
        unsafe { pre(call, now, 0, n) };
    }
}

/// An output's number; none where nobody reads it.
fn output(kernel: &KernelStep, out: usize, frame: usize, lane: usize) -> Option<f32> {
    // SAFETY: the ports stand in the plan's table, and their places are valid for the block.
    unsafe {
        let io = &*kernel.call.ios.add(kernel.inputs + out);
        (io.stride != 0).then(|| *io.p.add(frame * io.stride + lane))
    }
}

fn zero(kernel: &KernelStep, frame: usize, lane: usize) {
    for out in 0..kernel.outputs {
        // SAFETY: as in `output`.
        unsafe {
            let io = &*kernel.call.ios.add(kernel.inputs + out);
            if io.stride != 0 {
                *io.p.add(frame * io.stride + lane) = 0.0;
            }
        }
    }
}

/// Zeroes what a step that is run no more gives, for so many frames.
fn silence(step: &mut Step, from: usize, n: usize) {
    match &mut step.work {
        Work::Kernel(kernel) => {
            for frame in from..from + n {
                for lane in 0..if kernel.wide { LANES } else { 1 } {
                    zero(kernel, frame, lane);
                }
            }
        }
        // SAFETY: as in `output`.
        Work::Midi(midi) => unsafe { midi.silence(n) },
        _ => {}
    }
}
