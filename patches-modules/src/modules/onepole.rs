//! One-pole low-pass, 6 dB an octave: v = G·(x − s), y = v + s, s ← y + v, with G = g/(1+g), g = tan(π·fc/fs).
//! Source: V. Zavalishin, "The Art of VA Filter Design" 2.1.2 (2018), 3.10. Cost: one divide per cutoff, four operations a frame.

use crate::dsp::filter;
use patches_core::prelude::*;

module! {
    OnePole: "Gentle low-pass filter, 6 dB an octave",
    signals { audio as "in": Audio, "signal to filter"; }
    controls {
        cutoff: Pitch = 6.0, -4.0..16.0, "corner frequency";
        voct: Interval, "octaves added to the cutoff";
        fm: Audio, "moves the cutoff by two octaves a unit";
    }
    options {}
    outputs { out: Audio, "filtered signal"; }
    state { s }
    example "Noise -> OnePole { cutoff: 500Hz } -[0.5]-> out"
}
row! {
    /// The part of the way that the filter goes.
    Mid { g }
}

impl Kernel for OnePole {
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
        let (sin, cos) = filter::corner(cx, c.cutoff, c.voct, c.fm);
        Mid::new(sin / (sin + cos))
    }

    #[inline(always)]
    fn scan<L: Lanes>(_: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
        let v = m.g * (x.audio - s.s);
        let y = v + s.s;
        s.s = y + v;
        Out::new(y)
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
    fn it_answers_as_a_resistor_and_a_capacitor() {
        let rig =
            Subject::new(&KERNEL, &spec(), INPUTS).rig().frames(8192).still(In::cutoff as usize, hz(1000.0) as f32);
        let x = rig.moving(In::audio as usize, |frame, _| impulse(frame)).one(0);
        let warp = |f: f64| (std::f64::consts::PI * f / RATE).tan();
        for f in [20.0, 500.0, 1000.0, 5000.0, 15_000.0] {
            assert_db(response_at(&x, f), -db(f64::hypot(1.0, warp(f) / warp(1000.0))), 0.01);
        }
    }

    #[test]
    fn it_holds_to_what_every_kernel_must() {
        Subject::new(&KERNEL, &spec(), INPUTS).assert_holds();
    }
}
