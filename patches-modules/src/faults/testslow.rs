//! Takes about ten times real time while its input is above one half: a planted fault, to see that an overload is told.

use patches_core::prelude::*;

module! {
    TestSlow: "Far too slow while the input is above 0.5; else the input",
    signals { audio as "in": Audio, "signal"; }
    controls {}
    options {}
    outputs { out: Audio, "the input"; }
    state { held }
    example "Lfo -> TestSlow -> out"
}

/// Turns of the loop in a frame: at some 2 ns each, ten times the 20.8 µs that a frame lasts at 48 kHz.
const TURNS: u32 = 100_000;

impl Kernel for TestSlow {
    type Mid<L: Lanes> = Ctl<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
        c
    }

    #[inline(always)]
    fn scan<L: Lanes>(_: &Cx, s: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Out<L> {
        if x.audio.gt(L::splat(0.5)).any() {
            for _ in 0..TURNS {
                s.held = std::hint::black_box(s.held * L::splat(0.5));
            }
        }
        Out::new(x.audio + s.held)
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}
