//! Crossfade at equal power: y = √(1−m)·a + √m·b, so that two unlike sounds are as loud in the middle as at the ends.
//! Signals that are alike grow by 3 dB there: for those the expression `mix(a, b, t)` is right. Cost: two square roots per mix.

use patches_core::prelude::*;

module! {
    Crossfade: "From one sound to another at equal loudness",
    signals { a(any): Audio, "heard at mix 0"; b(any): Audio, "heard at mix 1"; }
    controls { mix: Number = 0.5, 0.0..1.0, "0 is a, 1 is b"; }
    options {}
    outputs { out: Audio, "both, faded"; }
    state {}
    example "Crossfade { a: Saw { pitch: A2 }, b: Noise, mix: Lfo { rate: 0.5Hz, mode: unipolar_positive } } -[0.3]-> out"
}
row! {
    /// Gains of both.
    Mid { a, b }
}

impl Kernel for Crossfade {
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Mid<L> {
        Mid::new((L::splat(1.0) - c.mix).sqrt(), c.mix.sqrt())
    }

    #[inline(always)]
    fn scan<L: Lanes>(_: &Cx, _: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
        Out::new((x.a * m.a).mla(x.b, m.b))
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
    fn ends_are_exact_and_power_stays() {
        for (mix, a, b) in [
            (0.0, 1.0, 0.0),
            (1.0, 0.0, 1.0),
            (0.5, 0.5_f32.sqrt(), 0.5_f32.sqrt()),
            (0.2, 0.8_f32.sqrt(), 0.2_f32.sqrt()),
        ] {
            let rig = Subject::new(&KERNEL, &spec(), INPUTS).rig().frames(1).still(In::mix as usize, mix);
            let gain = |input: In| rig.clone().still(input as usize, 1.0).one(0)[0];
            assert_eq!((gain(In::a), gain(In::b)), (a, b));
        }
    }

    #[test]
    fn it_holds_to_what_every_kernel_must() {
        Subject::new(&KERNEL, &spec(), INPUTS).assert_holds();
    }
}
