//! Amplifier: y = x · g. Cost: one multiplication.

use patches_core::prelude::*;

module! {
    Vca or "Gain": "Amplifier: the input times the gain",
    signals {
        audio as "in": Audio, "signal to amplify";
        gain(*) or "cv": Gain = 1.0, f64::NEG_INFINITY..f64::INFINITY, "factor";
    }
    controls {}
    options {}
    outputs { out: Audio, "amplified signal"; }
    state {}
    example "osc = Osc\nLfo { rate: 4Hz, mode: unipolar_positive } -> amp.gain\namp = Vca\nosc.saw -> amp -> out"
}

impl Kernel for Vca {
    type Mid<L: Lanes> = Ctl<L>;
    type Raw<L: Lanes> = Out<L>;

    fn amplifies(_: u32) -> &'static [(usize, usize)] {
        &[(In::audio as usize, In::gain as usize)]
    }

    #[inline(always)]
    fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
        c
    }

    #[inline(always)]
    fn scan<L: Lanes>(_: &Cx, _: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Out<L> {
        Out::new(x.audio * x.gain)
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}
