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
    //! Holds a loop that runs away. What passes 12 dB above full scale is turned down far below it, and then held where what
    //! the loop makes of it stays just within full scale; let go once it would not pass that by itself. Otherwise the sound
    //! passes as it is.
    use patches_core::prelude::*;

    kernel! { Guard, signals { x } controls {} options {} outputs { y, holds } state { peak, most } }

    /// No music reaches this in a loop, 12 dB above full scale.
    const BEYOND: f32 = 4.0;
    /// Where it is held at first: a loop that makes eight times as much of it stays within full scale.
    const FIRST: f32 = 0.125;
    /// And at least: a loop of a thousand times a turn.
    const LEAST: f32 = 1e-3;
    /// What comes round is to stay between these.
    const FULL: f32 = 1.0;
    const CALM: f32 = 0.7;
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
            let held = s.most.gt(zero);
            let up = L::select(s.peak.lt(L::splat(CALM)), L::splat(1.0 + step(cx, UP)), one);
            let way = L::select(s.peak.gt(L::splat(FULL)), L::splat(1.0 - step(cx, DOWN)), up);
            let most = (s.most * way).max(L::splat(LEAST));
            let first = L::select(s.peak.gt(L::splat(BEYOND)), L::splat(FIRST), zero);
            s.most = L::select(held, L::select(most.ge(one), zero, most), first);
            let holds = s.most.gt(zero);
            // Hardly ever: what is not held does not wait for the division.
            let y = if L::Mask::any(holds) {
                L::select(holds, x.x * (s.most / s.peak.max(L::splat(LEAST)).max(s.most)), x.x)
            } else {
                x.x
            };
            Out::new(y, L::select(holds, one, zero))
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
