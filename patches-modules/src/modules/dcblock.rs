//! Takes away what does not move: y = (1+R)/2·(x − x') + R·y', whose zero lies exactly at 0 Hz, with a corner at 10 Hz.
//! Source: J. O. Smith, "Introduction to Digital Filters" (2007), "DC blocker". Cost: five operations a frame.

use crate::dsp::curve;
use patches_core::prelude::*;

module! {
    DcBlock: "Takes away a constant offset",
    signals { audio as "in": Audio, "signal with an offset"; }
    controls {}
    options {}
    outputs { out: Audio, "signal around 0"; }
    state { x, y }
    example "Square { pitch: A2, pulse_width: 0.1 } -> DcBlock -[0.4]-> out"
}
row! {
    /// The pole.
    Mid { r }
}

/// The corner in hertz: an octave below what is heard, so that nothing of that is lost.
const CORNER: f32 = 10.0;

impl Kernel for DcBlock {
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(cx: &Cx, _: Ctl<L>) -> Mid<L> {
        Mid::new(L::splat(1.0) - curve::one_minus_exp(L::splat(std::f32::consts::TAU * CORNER * cx.period)))
    }

    #[inline(always)]
    fn scan<L: Lanes>(_: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
        let level = L::splat(0.5).mla(L::splat(0.5), m.r);
        s.y = (level * (x.audio - s.x)).mla(m.r, s.y);
        s.x = x.audio;
        Out::new(s.y)
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::*;

    #[test]
    fn an_offset_dies_and_a_tone_passes() {
        let rig = Subject::new(&KERNEL, &spec(), INPUTS).rig().frames(96_000);
        let x = rig.clone().moving(In::audio as usize, |_, _| 0.7).one(0);
        // e^(−2π·10) after a second: nothing that 32 bits would show.
        assert_silent(&x[48_000..]);
        let x = rig.moving(In::audio as usize, |frame, voice| 0.5 + 0.5 * tone(100.0)(frame, voice)).one(0);
        // First order: 10 dB·log10(1 + (10/100)²) are missing at a decade above.
        assert_db(level_at(&x[63_232..], 100.0), db(0.5) - 0.0432, 0.01);
    }

    #[test]
    fn it_holds_to_what_every_kernel_must() {
        Subject::new(&KERNEL, &spec(), INPUTS).assert_holds();
    }
}
