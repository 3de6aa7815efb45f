//! The player of one row of a pattern or lane. Table: how many steps, the step that the end goes back to, the first value;
//! for each step its first event, and one more; the events.
//!
//! It counts its clock's triggers, each way, or follows a conductor: then `dice` is the step of the song (below 0:
//! silence), `interval` the length of that step, and where it stands in its row follows from these alone.
//! Cost: about fifty selects and fifteen reads per frame, two divides.

use crate::parts::interval::{comes, gate, high, measure, swung};
use patches_core::prelude::*;
use patches_core::score::{Played, RowEvents};

kernel! { Play,
    signals { clock, reset, start, stop, dice } controls { gate_length, swing, interval } options { direction }
    outputs { note, gate, trigger, velocity, step }
    state { since, interval, before, late, left, passed, length, from, to, second, second_to, age, speed,
            heard: Bits, count: Bits, begun: Bits, next: Bits, down: Bits, halted: Bits, cursor: Bits, end: Bits,
            sounded: Bits, round: Bits, seed: Bits, step }
}
row! {
    /// Lengths of the two steps of a pair and what the second is late by, in straight steps; of the gate; and the
    /// clock's interval in frames until it is measured.
    Mid { first, second, lag, gate, guess }
}

/// More frames than any gate lasts, and so large that taking 1 away leaves it.
const HELD: f32 = 1e9;
/// As many frames as can be counted one by one.
const OLD: f32 = 8_388_608.0;

/// The way through the row that a conductor tells; below it are those that count.
pub const FOLLOW: u32 = 4;

/// What an event does: silence.
const REST: f32 = 0.0;
/// A note.
const NOTE: f32 = 1.0;
/// What sounds goes on.
const TIE: f32 = 2.0;

/// Words of the table before the steps.
const HEAD: u32 = 3;
/// Words of an event: part of the step, length in steps, what it does, whether it has a value, value, where it
/// slides to, the same of the second value, whether a tie follows, and two chances with their throws.
const EVENT: usize = 13;

/// The step after `at` of `n`.
#[inline(always)]
fn after<L: Lanes>(cx: &Cx, s: &mut State<L>, at: L::Bits, n: L::Bits, again: L::Bits, dice: L) -> L::Bits {
    let (zero, one) = (L::Bits::splat(0), L::Bits::splat(1));
    let last = n - one;
    let next = match cx.option(Opt::direction as u32) {
        0 => at + one,
        1 => L::Bits::select(at.eq(zero), last, at - one),
        2 => {
            let down = L::Bits::select(at.eq(last), one, s.down);
            s.down = L::Bits::select(at.eq(zero), zero, down);
            L::Bits::select(s.down.eq(one), at - one, at + one)
        }
        _ => (dice * n.to_float()).to_int(),
    };
    L::Bits::select(next.below(n), next, again)
}

/// The step of a row that step `place` of a song is, and the number of the round: 0 before the part that comes again, then
/// from 1 on. Steps are below 2^23, where no quotient is rounded up to a whole number.
#[inline(always)]
fn followed<L: Lanes>(place: L, n: L::Bits, again: L::Bits) -> (L::Bits, L::Bits) {
    let (zero, one) = (L::Bits::splat(0), L::Bits::splat(1));
    let again = L::Bits::select(again.below(n), again, zero);
    let (at, span) = (place.to_int(), n - again);
    let turns = ((place - n.to_float()).max(L::splat(0.0)) / span.to_float()).to_int();
    let first = at.below(n);
    let early = L::Bits::select(at.below(again), zero, one);
    let round = L::Bits::select(first, early, turns + one + one);
    (L::Bits::select(first, at, at - (turns + one) * span), round)
}

/// Whether a throw of this chance falls well.
#[inline(always)]
fn falls<L: Lanes>(s: &State<L>, chance: L, throw: L) -> L::Mask {
    let place = s.seed ^ maths::hash(s.round ^ maths::hash(throw.to_int()));
    let half = L::splat(0.5);
    (maths::noise(place) * half + half).lt(chance)
}

// Not `SEEDED`: voices that it plays share one sequence, its chances too.
impl Kernel for Play {
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
        let (first, second, lag) = swung(c.swing);
        Mid::new(first, second, lag, c.gate_length, c.interval * L::splat(cx.rate))
    }

    #[inline(always)]
    fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let (no, yes) = (L::Bits::splat(0), L::Bits::splat(1));
        let follows = cx.option(Opt::direction as u32) == FOLLOW;
        // A conductor that goes on has told where; one that stands says so all the time.
        let led = L::Mask::splat(follows);
        let (start, stop) = (x.start.gt(zero), x.stop.gt(zero) | (led & x.dice.lt(zero)));
        let goes_on = start | (led & x.dice.ge(zero));
        s.halted = L::Bits::select(goes_on, no, L::Bits::select(stop, yes, s.halted));
        let running = s.halted.eq(no);
        let reset = x.reset.gt(zero) | start;
        s.begun = L::Bits::select(reset, no, s.begun);
        s.count = L::Bits::select(reset, no, s.count);
        s.late = L::select(reset | stop, zero, s.late);
        s.left = L::select(stop, zero, s.left);
        s.cursor = L::Bits::select(reset | stop, s.end, s.cursor);

        let measured = measure(&mut s.since, &mut s.interval, &mut s.before, &mut s.heard, x.clock, m.guess);
        let interval = if follows { m.guess } else { measured };

        let tick = x.clock.gt(zero) & running;
        let odd = (s.count & yes).eq(yes);
        let (comes, place) = comes(&mut s.late, x.clock, tick, L::select(odd, m.lag * interval, zero));
        s.count = L::Bits::select(tick, s.count + yes, s.count);

        // Which step it is, and which comes next.
        let n = L::lookup(cx.mem(0), no).to_int();
        let again = L::lookup(cx.mem(0), yes).to_int();
        let plays = comes & no.below(n);
        let at = if follows {
            let (at, round) = followed(x.dice, n, again);
            s.round = L::Bits::select(plays, round, s.round);
            at
        } else {
            let initial = match cx.option(Opt::direction as u32) {
                1 => n - yes,
                3 => (x.dice * n.to_float()).to_int(),
                _ => no,
            };
            let at = L::Bits::select(s.begun.eq(no), initial, s.next);
            let at = L::Bits::select(at.below(n), at, no);
            let mut turned = *s;
            // The dice lie the same way all frame; turned over they serve for the next step.
            let next = after(cx, &mut turned, at, n, again, one - x.dice);
            s.down = L::Bits::select(plays, turned.down, s.down);
            s.next = L::Bits::select(plays, next, s.next);
            s.begun = L::Bits::select(plays, yes, s.begun);
            s.round = L::Bits::select(plays & at.eq(again), s.round + yes, s.round);
            at
        };
        s.step = L::select(plays, at.to_float(), s.step);
        let entry = L::Bits::splat(HEAD) + at;
        s.cursor = L::Bits::select(plays, L::lookup(cx.mem(0), entry).to_int(), s.cursor);
        s.end = L::Bits::select(plays, L::lookup(cx.mem(0), entry + yes).to_int(), s.end);
        // `count` has gone on by one since this step's clock.
        let length = interval * L::select((s.count & yes).eq(yes), m.first, m.second);
        s.length = L::select(plays, length, s.length);
        // From the step's beginning to the end of this frame.
        s.passed = L::select(plays, place, (s.passed + one).min(L::splat(OLD)));

        // The event at the cursor, once its part of the step is reached; one a frame.
        let events = L::Bits::splat(HEAD) + n + yes;
        let base = events + s.cursor * L::Bits::splat(EVENT as u32);
        let begins = L::lookup(cx.mem(0), base) * s.length;
        let event = s.cursor.below(s.end) & begins.lt(s.passed);
        let place = (s.passed - begins).min(one);
        s.cursor = L::Bits::select(event, s.cursor + yes, s.cursor);
        let steps = L::lookup(cx.mem(0), base + L::Bits::splat(1));
        let kind = L::lookup(cx.mem(0), base + L::Bits::splat(2));
        let valued = L::lookup(cx.mem(0), base + L::Bits::splat(3)).gt(zero);
        let tied = L::lookup(cx.mem(0), base + L::Bits::splat(8)).gt(zero);
        let first =
            falls(s, L::lookup(cx.mem(0), base + L::Bits::splat(9)), L::lookup(cx.mem(0), base + L::Bits::splat(10)));
        let second =
            falls(s, L::lookup(cx.mem(0), base + L::Bits::splat(11)), L::lookup(cx.mem(0), base + L::Bits::splat(12)));
        let sounds = event & first & second;

        let note = sounds & kind.eq(L::splat(NOTE));
        let tie = sounds & kind.eq(L::splat(TIE));
        let moves = (note | tie) & valued;
        let frames = (steps * s.length).max(one);
        s.from = L::select(moves, L::lookup(cx.mem(0), base + L::Bits::splat(4)), s.from);
        s.to = L::select(moves, L::lookup(cx.mem(0), base + L::Bits::splat(5)), s.to);
        s.second = L::select(note, L::lookup(cx.mem(0), base + L::Bits::splat(6)), s.second);
        s.second_to = L::select(note, L::lookup(cx.mem(0), base + L::Bits::splat(7)), s.second_to);
        s.age = L::select(note | moves, place - one, s.age);
        s.speed = L::select(note | moves, one / frames, s.speed);
        s.sounded = L::Bits::select(note, yes, s.sounded);

        let fills = tied | m.gate.ge(one);
        let left = L::select(fills, L::splat(HELD), gate(place, m.gate * frames));
        let held = note | (tie & s.left.gt(zero));
        s.left = L::select(event, L::select(held, left, zero), s.left);

        // A note that was held before its chance fell badly keeps its slide.
        let part = (s.age.max(zero) * s.speed).min(one);
        s.age = (s.age + one).min(L::splat(OLD));
        let value = s.from + (s.to - s.from) * part;
        let waits = s.sounded.eq(no);
        let value = L::select(waits, L::lookup(cx.mem(0), L::Bits::splat(2)), value);
        let velocity = L::select(waits, zero, s.second + (s.second_to - s.second) * part);
        Out::new(value, high(&mut s.left), L::select(note, place, zero), velocity, s.step)
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }

    fn birth(seed: u32) -> State<f32> {
        let zero = <State<f32> as Row<f32>>::zero();
        State { seed: maths::hash(<f32 as Lanes>::Bits::splat(seed)), step: -1.0, ..zero }
    }
}

/// What stands for values that are not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwritten {
    /// A second value is 1; before the first note its value waits.
    Full,
    /// 0, and of an `x` 1; an `x` among values keeps the one before.
    Zero,
}

/// A row as the player reads it.
pub fn table(row: &RowEvents, unwritten: Unwritten) -> Vec<f32> {
    let full = unwritten == Unwritten::Full;
    let first = row.events.iter().find_map(|event| event.value);
    let hits = !full && first.is_none();
    let first = first.filter(|_| full).map_or(0.0, |(value, _)| value);
    let mut table = vec![row.steps as f32, row.loop_at as f32, first as f32];
    let mut next = 0;
    for step in 0..=row.steps {
        while row.events.get(next).is_some_and(|event| event.step < step) {
            next += 1;
        }
        table.push(next as f32);
    }
    for event in &row.events {
        let what = match event.what {
            Played::Rest => REST,
            Played::Note => NOTE,
            Played::Tie => TIE,
        };
        let written = event.value.or(if hits && event.hit { Some((1.0, 1.0)) } else { None });
        let (value, to) = written.unwrap_or_default();
        let plain = if full || event.hit { 1.0 } else { 0.0 };
        let (second, second_to) = event.second.unwrap_or((plain, plain));
        let [(chance, throw), (chance2, throw2)] = event.chances;
        let words: [f32; EVENT] = [
            event.part as f32,
            event.length as f32,
            what,
            f32::from(u8::from(written.is_some())),
            value as f32,
            to as f32,
            second as f32,
            second_to as f32,
            f32::from(u8::from(event.tied)),
            chance as f32,
            throw as f32,
            chance2 as f32,
            throw2 as f32,
        ];
        table.extend(words);
    }
    table
}
