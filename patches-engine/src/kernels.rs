//! The planner's own kernels.

use patches_core::prelude::*;

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
