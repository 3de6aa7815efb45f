//! State-variable filter, trapezoidal integrators. g = tan(π·fc/fs), k = 1/Q = (1 − r)/0.71:
//! v₁ = (s₁ + g·(x − s₂))/(1 + g(g + k)), v₂ = s₂ + g·v₁, then s ← 2v − s; low = v₂, band = v₁, high = x − k·v₁ − v₂.
//! With g as a quotient of sine and cosine all factors share one divide.
//! Source: A. Simper, "Linear Trapezoidal Integrated State Variable Filter" (Cytomic, 2013).
//! Cost: one exp2, two short polynomials and one divide per cutoff; twelve operations per frame.

use crate::dsp::filter;
use patches_core::prelude::*;

module! {
    Svf: "State-variable filter: low, high, band and notch at once",
    signals { audio as "in": Audio, "signal to filter"; }
    controls {
        cutoff: Pitch = 6.0, -4.0..16.0, "corner frequency";
        resonance or "q": Number = 0.0, 0.0..1.0, "0 damped, 1 rings for ever";
        voct: Interval, "octaves added to the cutoff";
        fm: Audio, "moves the cutoff by two octaves a unit";
    }
    options {}
    outputs {
        lowpass or "low": Audio, "below the corner";
        highpass or "high": Audio, "above the corner";
        bandpass or "band": Audio, "around the corner, louder with resonance";
        notch: Audio, "all but the corner";
    }
    state { s1, s2 }
    example "env = Ad { trigger: Every { time: 1/4 }, decay: 200ms }\nfilt = Svf { cutoff: 200Hz + 4oct * env, resonance: 0.7 }\nOsc { pitch: C2 }.saw -[0.5]-> filt.lowpass -> out"
}
row! {
    /// Factors of the two integrators, and the damping.
    Mid { a1, a2, a3, k }
}

impl Kernel for Svf {
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Out<L>;

    fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
        let (sin, cos) = filter::corner(cx, c.cutoff, c.voct, c.fm);
        let k = filter::damping(c.resonance);
        let inv = L::splat(1.0) / (cos * cos).mla(sin, sin.mla(k, cos));
        Mid::new(cos * cos * inv, sin * cos * inv, sin * sin * inv, k)
    }

    fn scan<L: Lanes>(_: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
        let v3 = x.audio - s.s2;
        let v1 = (m.a1 * s.s1).mla(m.a2, v3);
        let v2 = s.s2 + (m.a2 * s.s1).mla(m.a3, v3);
        let two = L::splat(2.0);
        s.s1 = filter::hold(two * v1 - s.s1);
        s.s2 = filter::hold(two * v2 - s.s2);
        let notch = x.audio - m.k * v1;
        Out::new(v2, notch - v2, v1, notch)
    }

    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}
