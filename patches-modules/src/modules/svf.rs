//! State-variable filter, trapezoidal integrators. g = tan(π·fc/fs), k = 1/Q = (1 − r)/0.71:
//! v₁ = (s₁ + g·(x − s₂))/(1 + g(g + k)), v₂ = s₂ + g·v₁, then s ← 2v − s; low = v₂, band = v₁, high = x − k·v₁ − v₂.
//! With g as a quotient of sine and cosine all factors share one divide. The states are stepped by v − s, which keeps a
//! ringing filter's level over hours.
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
    example "env = Ad { trigger: Every { time: 1/4 }, decay: 200ms }\nfilt = Svf { cutoff: 200Hz + 4oct * env, resonance: 0.7 }\nOsc { pitch: C2 }.saw -[0.4]-> filt.lowpass -> out"
}
row! {
    /// What the integrators take on from each other and the input, and the damping.
    Mid { a2, a3, b1, k }
}

impl Kernel for Svf {
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
        let (sin, cos) = filter::corner(cx, c.cutoff, c.voct, c.fm);
        let k = filter::damping(c.resonance);
        let inv = L::splat(1.0) / (cos * cos).mla(sin, sin.mla(k, cos));
        Mid::new(sin * cos * inv, sin * sin * inv, sin * sin.mla(k, cos) * inv, k)
    }

    #[inline(always)]
    fn scan<L: Lanes>(_: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
        // Steps, not new values: at low corners these are small, and so is what rounding adds to the energy.
        let v3 = x.audio - s.s2;
        let (d1, d2) = (m.a2 * v3 - m.b1 * s.s1, (m.a2 * s.s1).mla(m.a3, v3));
        let (v1, v2) = (s.s1 + d1, s.s2 + d2);
        s.s1 = filter::hold(v1 + d1);
        s.s2 = filter::hold(v2 + d2);
        let notch = x.audio - m.k * v1;
        Out::new(v2, notch - v2, v1, notch)
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
    fn subject() -> Subject {
        Subject::new(&KERNEL, &spec(), INPUTS)
    }

    #[test]
    fn it_answers_as_the_analogue_filter_with_its_frequency_warped() {
        let corner: f64 = 1000.0;
        let rig = subject().rig().frames(16_384).still(In::cutoff as usize, hz(corner) as f32);
        let take = rig.still(In::resonance as usize, 0.5).moving(In::audio as usize, |frame, _| impulse(frame)).take();
        let k = 0.5 / 0.71;
        let warp = |f: f64| (std::f64::consts::PI * f / RATE).tan();
        for f in [50.0, 300.0, 900.0, 1000.0, 1100.0, 4000.0, 12_000.0] {
            // s = jw: the denominator 1 − w² + jkw.
            let w = warp(f) / warp(corner);
            let under = f64::hypot(1.0 - w * w, k * w);
            for (output, over) in [1.0, w * w, w, 1.0 - w * w].into_iter().enumerate() {
                let answer: Vec<f32> = take.outs[output].iter().map(|row| row[0]).collect();
                // The notch itself is as deep as the rounding of the corner lets it be.
                if over != 0.0 {
                    assert_db(response_at(&answer, f), db(f64::abs(over) / under), 0.01);
                }
            }
        }
    }

    #[test]
    fn at_resonance_one_it_rings_for_ever_at_its_cutoff() {
        let rig = subject().rig().frames(480_000).still(In::cutoff as usize, hz(440.0) as f32);
        let x = rig.still(In::resonance as usize, 1.0).moving(In::audio as usize, |frame, _| impulse(frame)).one(2);
        let (early, late) = (&x[1000..33_768], &x[447_000..479_768]);
        // Ten seconds of rounding may be heard neither in level nor in pitch.
        assert_db(level_at(late, 440.0), level_at(early, 440.0), 0.1);
        assert_near(peak_hz(late), 440.0, 0.05);
    }

    #[test]
    fn voct_adds_octaves_and_fm_two_a_unit() {
        let rig = |voct, fm| {
            let rig = subject().rig().frames(500).still(In::cutoff as usize, 7.0).still(In::voct as usize, voct);
            rig.still(In::fm as usize, fm).moving(In::audio as usize, tone(700.0)).one(0)
        };
        assert_eq!(rig(1.0, 0.0), rig(0.0, 0.5));
        assert_ne!(rig(1.0, 0.0), rig(0.0, 0.0));
    }

    #[test]
    fn it_holds_to_what_every_kernel_must() {
        subject().assert_holds();
    }
}
