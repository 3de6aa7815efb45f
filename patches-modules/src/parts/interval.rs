//! The time from a clock's trigger to the next, gates that last a part of it, and steps that swing by one.

use patches_core::lanes::{LaneBits, Lanes};

/// The interval that begins, in frames, parts of frames included, with this frame's trigger taken in. A clock that swings
/// takes turns, so it is as long as the one before the last; as the last while that is all there is, and `guess` until
/// then. `since` counts frames from the last trigger, `interval` is the last and `before` the one before it, `heard` says
/// that there was a trigger; all four are state, 0 at first.
#[inline(always)]
pub fn measure<L: Lanes>(
    since: &mut L,
    interval: &mut L,
    before: &mut L,
    heard: &mut L::Bits,
    trigger: L,
    guess: L,
) -> L {
    let (zero, one) = (L::splat(0.0), L::splat(1.0));
    let tick = trigger.gt(zero);
    let yes = L::Bits::splat(1);
    let again = tick & heard.eq(yes);
    *before = L::select(again, *interval, *before);
    *interval = L::select(again, *since + (one - trigger), *interval);
    *heard = L::Bits::select(tick, yes, *heard);
    // Held at 2^23, where counting on by one still counts.
    *since = L::select(tick, trigger, (*since + one).min(L::splat(8_388_608.0)));
    L::select(before.gt(zero), *before, L::select(interval.gt(zero), *interval, guess))
}

/// A gate of `length` frames, one at least, from an event that leaves `place` of this frame: how many frames from this
/// frame's beginning it is high.
#[inline(always)]
pub fn gate<L: Lanes>(place: L, length: L) -> L {
    length.max(L::splat(1.0)) + (L::splat(1.0) - place)
}

/// Whether a gate with so many frames left is high in this frame: 1 or 0. Takes the frame off.
#[inline(always)]
pub fn high<L: Lanes>(left: &mut L) -> L {
    let (zero, one) = (L::splat(0.0), L::splat(1.0));
    let high = L::select(left.gt(zero), one, zero);
    *left = (*left - one).max(zero);
    high
}

/// Of each pair of steps with this swing, in straight steps: what the first lasts, what the second lasts, and by how much
/// that is late.
#[inline(always)]
pub fn swung<L: Lanes>(swing: L) -> (L, L, L) {
    let two = L::splat(2.0);
    let first = swing * two;
    (first, two - first, first - L::splat(1.0))
}

/// Whether a step comes in this frame that its clock asked for `lag` frames before, and its place in the frame. `late` is
/// state: 0, or one more than the frames until it comes. `tick` says whether the clock asks for one now.
#[inline(always)]
pub fn comes<L: Lanes>(late: &mut L, clock: L, tick: L::Mask, lag: L) -> (L::Mask, L) {
    let (zero, one, two) = (L::splat(0.0), L::splat(1.0), L::splat(2.0));
    let now = tick & lag.le(zero);
    *late = L::select(tick, L::select(now, zero, two - clock + lag), *late);
    let due = late.gt(zero) & late.lt(two);
    let place = L::select(now, clock, two - *late);
    *late = L::select(due, zero, (*late - one).max(zero));
    (now | due, place)
}
