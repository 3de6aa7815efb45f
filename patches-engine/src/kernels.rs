//! The planner's own kernels.

use patches_core::prelude::*;

pub mod nap {
    //! Whether what an amplifier hears may sleep: from a multiple of a block on before which the gain was exactly 0 for a
    //! block, until it is not.
    use patches_core::kernel::BLOCK;
    use patches_core::prelude::*;

    kernel! { Nap, signals { gain } controls {} options {} outputs { asleep } state { calm: Bits, sleeps: Bits } }

    impl Kernel for Nap {
        const SERIAL: bool = true;
        const RESTS: bool = true;
        const AT_REST: f32 = 1.0;
        type Mid<L: Lanes> = Ctl<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn idle<L: Lanes>(_: &Cx, s: &State<L>) -> L::Mask {
            s.sleeps.eq(L::Bits::splat(1)) & s.calm.eq(L::Bits::splat(BLOCK as u32))
        }

        #[inline(always)]
        fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
            c
        }

        #[inline(always)]
        fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Out<L> {
            let (none, one, block) = (L::Bits::splat(0), L::Bits::splat(1), L::Bits::splat(BLOCK as u32));
            let closed = x.gain.eq(L::splat(0.0));
            if cx.now.is_multiple_of(BLOCK as u32) {
                s.sleeps = L::Bits::select(s.calm.eq(block), one, s.sleeps);
            }
            s.sleeps = L::Bits::select(closed, s.sleeps, none);
            // Counted up to a block, and no further.
            s.calm = L::Bits::select(closed, L::Bits::select(s.calm.eq(block), block, s.calm + one), none);
            Out::new(L::select(s.sleeps.eq(one), L::splat(1.0), L::splat(0.0)))
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

pub mod guard {
    //! Holds a loop that runs away: above 12 dB over full scale, and growing as what cannot settle does. What builds up
    //! towards an end takes twice as long for each 6 dB as for those before, or longer; what runs away takes as long for all.
    //! So the last two steps of 6 dB are held against the two before them. Then the loop is open for a moment, in which what
    //! it is fed is measured, and is closed again slowly, as far as what comes round stays near full scale, or within
    //! 8 dB of what it is fed. It is let go when that needs no holding, and measured anew every few seconds until then.
    //! Otherwise the sound passes as it is.
    use patches_core::prelude::*;

    kernel! { Guard, signals { x } controls {} options {} outputs { y, holds }
    state { peak, most, full, time, top, marks: Bits, level0, level1, level2, level3, at0: Bits, at1: Bits, at2: Bits, at3: Bits } }

    /// What is below passes however it grows, 12 dB above full scale.
    const BEYOND: f32 = 4.0;
    /// No music reaches this in a loop, 80 dB above full scale.
    const ENDLESS: f32 = 10_000.0;
    /// From where on growth is watched.
    const FLOOR: f32 = 1e-3;
    /// The speed of growth, of that before, at which it counts as undiminished: a straight line has a quarter of it left
    /// after 12 dB, what grows exponentially all, measured as unevenly as peaks come.
    const UNDIMINISHED: f32 = 0.55;
    /// Seconds in which the top falls by half: as long as the longest delay line.
    const TOP: f32 = 20.0;
    /// Seconds for which it is open, and after which it is opened again.
    const OPEN: f32 = 0.15;
    const AGAIN: f32 = 5.0;
    /// Where it is held at first: a loop that makes seven times as much of it stays within full scale.
    const FIRST: f32 = 0.125;
    /// What comes round stays within so many times what is fed, and between these.
    const FED: f32 = 2.5;
    const LOW: f32 = 0.9;
    const HIGH: f32 = 2.0;
    /// Seconds in which the peak falls by half: slower than any tone, faster than a hand.
    const HALF: f32 = 0.02;
    /// Seconds in which the bound goes down by half, and up to twice.
    const DOWN: f32 = 0.1;
    const UP: f32 = 1.0;

    /// What a frame leaves of a half in so many seconds: 1 − ln 2·t, near enough for steps this short.
    #[inline(always)]
    fn step(cx: &Cx, seconds: f32) -> f32 {
        0.693 * cx.period / seconds
    }

    /// Octaves a frame from one level to a louder one so many frames later.
    #[inline(always)]
    fn speed<L: Lanes>(louder: L, softer: L, frames: L::Bits) -> L {
        maths::log2(louder / softer.max(L::splat(FLOOR))) / frames.to_float().max(L::splat(1.0))
    }

    /// Notes each step of 6 dB that the top has risen, and when; says whether the last steps came as fast as those before.
    #[inline(always)]
    fn grows<L: Lanes>(cx: &Cx, s: &mut State<L>) -> L::Mask {
        let half = L::splat(0.5);
        let (now, none, unit) = (L::Bits::splat(cx.now), L::Bits::splat(0), L::Bits::splat(1));
        // What has become softer begins to grow anew.
        let falls = s.top.lt(s.level0 * half);
        s.marks = L::Bits::select(falls, none, s.marks);
        s.level0 = L::select(falls, s.top, s.level0);
        let rises = s.top.gt(L::splat(FLOOR)) & (s.top * half).gt(s.level0);
        let last = speed(s.top, s.level1, now - s.at1);
        let before = speed(s.level1, s.level3, s.at1 - s.at3);
        let four = L::Bits::splat(4);
        let known = !s.marks.below(four);
        s.marks = L::Bits::select(rises & !known, s.marks + unit, s.marks);
        s.level3 = L::select(rises, s.level2, s.level3);
        s.level2 = L::select(rises, s.level1, s.level2);
        s.level1 = L::select(rises, s.level0, s.level1);
        s.level0 = L::select(rises, s.top, s.level0);
        s.at3 = L::Bits::select(rises, s.at2, s.at3);
        s.at2 = L::Bits::select(rises, s.at1, s.at2);
        s.at1 = L::Bits::select(rises, s.at0, s.at1);
        s.at0 = L::Bits::select(rises, now, s.at0);
        rises & known & last.ge(before * L::splat(UNDIMINISHED))
    }

    impl Kernel for Guard {
        type Mid<L: Lanes> = Ctl<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
            c
        }

        #[inline(always)]
        fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Out<L> {
            let (zero, one) = (L::splat(0.0), L::splat(1.0));
            s.peak = (s.peak * L::splat(1.0 - step(cx, HALF))).max(x.x.abs());
            s.top = (s.top * L::splat(1.0 - step(cx, TOP))).max(x.x.abs());
            let half = L::splat(0.5);
            let moves = (s.top * half).gt(s.level0.max(L::splat(FLOOR * 0.5))) | s.top.lt(s.level0 * half);
            let mut busy = s.time.gt(zero) | s.peak.gt(L::splat(ENDLESS));
            // Hardly ever: what is not held and does not grow does not wait for what follows.
            if !L::Mask::any(busy | moves) {
                return Out::new(x.x, zero);
            }
            busy = busy | (grows(cx, s) & s.peak.gt(L::splat(BEYOND)));
            if !L::Mask::any(busy) {
                return Out::new(x.x, zero);
            }
            // What comes after is growth of its own.
            s.marks = L::Bits::select(busy, L::Bits::splat(0), s.marks);
            s.top = L::select(busy, zero, s.top);
            s.level0 = L::select(busy, zero, s.level0);
            let (frame, open) = (L::splat(cx.period), L::splat(OPEN));
            let (held, was_open) = (s.time.gt(zero), s.time.lt(open));
            let time = L::select(held & s.time.le(L::splat(AGAIN)), s.time + frame, frame);
            s.time = L::select(busy, time, zero);
            let is_open = s.time.lt(open);
            let measured = held & was_open & !is_open;
            s.full = L::select(measured, (s.peak * L::splat(FED)).clamp(L::splat(LOW), L::splat(HIGH)), s.full);
            let way = L::select(s.peak.gt(s.full), L::splat(1.0 - step(cx, DOWN)), L::splat(1.0 + step(cx, UP)));
            let most = L::select(measured, L::splat(FIRST), s.most * way);
            s.most = L::select(is_open, zero, most);
            s.time = L::select(s.most.ge(s.peak.max(one)), zero, s.time);
            let holds = s.time.gt(zero);
            let gain = (s.most / s.peak.max(L::splat(1e-3))).min(one);
            Out::new(L::select(holds, x.x * gain, x.x), L::select(holds, one, zero))
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

pub mod product {
    //! Each voice times a gain of its own.
    use patches_core::prelude::*;

    kernel! { Product, signals { x, gain } controls {} options {} outputs { y } state {} }

    impl Kernel for Product {
        type Mid<L: Lanes> = Ctl<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
            c
        }

        #[inline(always)]
        fn scan<L: Lanes>(_: &Cx, _: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Out<L> {
            Out::new(x.x * x.gain)
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

kernel! { Edge, signals { x } controls {} options { gate } outputs { y } state { last } }

/// Turns any signal into triggers: where it rises through one half, placed inside the frame by a straight line between
/// the two frames (a gate changes on the frame itself).
pub static EDGE: KernelDef = KernelDef::of::<Edge>();

impl Kernel for Edge {
    type Mid<L: Lanes> = Ctl<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
        c
    }

    #[inline(always)]
    fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Out<L> {
        let half = L::splat(0.5);
        let rises = s.last.le(half) & x.x.gt(half);
        let passed = if cx.option(Opt::gate as u32) == 1 { L::splat(0.0) } else { (half - s.last) / (x.x - s.last) };
        s.last = x.x;
        Out::new(L::select(rises, L::splat(1.0) - passed, L::splat(0.0)))
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}

pub mod place {
    //! One side of a voice in its place: left = √(1 − p)·x, right = √(1 + p)·x with p = `spread`·`place`, the law of `Pan` and
    //! `Mixer`. In the middle, and with a `spread` of 0, it goes through unchanged.
    use patches_core::prelude::*;

    kernel! { Place, signals { x } controls { spread, place } options { right } outputs { y } state {} }
    row! {
        /// The gain.
        Mid { gain }
    }

    impl Kernel for Place {
        type Mid<L: Lanes> = Mid<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
            let (one, off) = (L::splat(1.0), c.spread * c.place);
            Mid::new(if cx.option(Opt::right as u32) == 1 { (one + off).sqrt() } else { (one - off).sqrt() })
        }

        #[inline(always)]
        fn scan<L: Lanes>(_: &Cx, _: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
            Out::new(x.x * m.gain)
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}
