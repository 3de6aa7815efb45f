//! Ladder filter: four one-pole stages in a row, fed back on themselves, with saturation where the feedback comes in.
//!
//! Stages yᵢ = G·yᵢ₋₁ + D·sᵢ with G = g/(1+g), D = 1/(1+g), g = tan(π·fc/fs), s ← 2y − s. The loop y₄ = G⁴u + S,
//! u = (drive·x − k·S)/(1 + k·G⁴) is solved without a delay, then u is saturated. The diode variant's stages load each
//! other (H = 1/T₄(1 + jω)): they oscillate at 1/√2 of the stage's corner with k = 17, the transistor ladder at 1 with 4.
//! Only the saturation lies between old and new state: all else is computed beside it.
//! Source: V. Zavalishin, "The Art of VA Filter Design" 2.1.2 (2018), chapters 5 and 6; the coupling of the diode
//! stages as in 5.10 there. Cost: two divides per cutoff (diode: six), one per frame.

use crate::dsp::{drift, filter};
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    Spec::new(&["Ladder"], "Ladder low-pass filter with resonance and drive")
        .with_input(Input::new(&["in"], Kind::Audio, "signal to filter"))
        .with_input(Input::new(&["cutoff"], Kind::Pitch, "corner frequency, and pitch of the resonance").value(6.0, -4.0..16.0))
        .with_input(Input::new(&["resonance"], Kind::Number, "feedback: from 1 on it sings by itself").value(0.0, 0.0..1.2))
        .with_input(Input::new(&["drive"], Kind::Gain, "gain into the saturation").value(1.0, 0.0..4.0))
        .with_input(Input::new(&["drift"], Kind::Number, "slow wandering of the cutoff, up to 50 cents").value(0.0, 0.0..1.0))
        .with_input(Input::new(&["voct"], Kind::Interval, "octaves added to the cutoff"))
        .with_input(Input::new(&["fm"], Kind::Audio, "moves the cutoff by two octaves a unit"))
        .with_param(Param::choice(
            &["variant"],
            &[&["smooth"], &["sharp"], &["diode"]],
            "smooth: soft, loses bass with resonance; sharp: clips, keeps the bass; diode: coupled stages, acid",
        ))
        .with_param(Param::choice(&["poles"], &[&["four"], &["two"]], "24 or 12 dB an octave"))
        .with_output(Output::new(&["out"], Kind::Audio, "filtered signal"))
        .example("env = Ad { trigger: Every { time: 1/8 }, decay: 150ms }\nOsc { pitch: A1 }.saw -> Ladder { cutoff: 150Hz + 4oct * env, resonance: 0.8 } -> out")
}

/// Feedback at which the transistor ladder begins to oscillate.
const FULL: f32 = 4.0;

mod transistor {
    //! Independent stages.
    use super::*;

    kernel! { Transistor, signals { audio } controls { cutoff, resonance, drive, drift, voct, fm } options { variant, poles }
    outputs { out } state { s1, s2, s3, s4 } }
    row! {
        /// Gain of the input into u, the stage's G and D, and what each state takes from u.
        Mid { gain, g, d, k1, k2, k3, k4 }
    }

    impl Kernel for Transistor {
        type Mid<L: Lanes> = Mid<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
            let one = L::splat(1.0);
            let (sin, cos) = filter::corner(cx, c.cutoff, c.voct + c.drift, c.fm);
            let inv = one / (sin + cos);
            let (g, d) = (sin * inv, cos * inv);
            let k = L::splat(FULL) * c.resonance;
            let (g2, g3) = (g * g, g * g * g);
            let norm = one / one.mla(k, g2 * g2);
            // Sharp gives back half of the bass that feedback takes: all of it would be too loud at the corner.
            let makeup = if cx.option(Opt::variant as u32) == 1 { one.mla(L::splat(0.5), k) } else { one };
            let kd = k * norm * d;
            Mid::new(c.drive * makeup * norm, g, d, kd * g3, kd * g2, kd * g, kd)
        }

        #[inline(always)]
        fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
            let back = (m.k1 * s.s1).mla(m.k2, s.s2) + (m.k3 * s.s3).mla(m.k4, s.s4);
            let u = m.gain * x.audio - back;
            let u = if cx.option(Opt::variant as u32) == 1 { clip(u) } else { maths::tanh_fast(u) };
            // Each stage's output is a part from the states and a part from u.
            let b1 = m.d * s.s1;
            let b2 = (m.d * s.s2).mla(m.g, b1);
            let b3 = (m.d * s.s3).mla(m.g, b2);
            let b4 = (m.d * s.s4).mla(m.g, b3);
            let g2 = m.g * m.g;
            let (y1, y2) = (b1.mla(m.g, u), b2.mla(g2, u));
            let (y3, y4) = (b3.mla(g2 * m.g, u), b4.mla(g2 * g2, u));
            let two = L::splat(2.0);
            *s = State::new(two * y1 - s.s1, two * y2 - s.s2, two * y3 - s.s3, two * y4 - s.s4);
            Out::new(if cx.option(Opt::poles as u32) == 1 { y2 } else { y4 })
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }

    /// u − (4/27)u³ up to ±1.5, where it is flat at ±1: no divide, and harder than tanh.
    #[inline(always)]
    fn clip<L: Lanes>(u: L) -> L {
        let u = u.clamp(L::splat(-1.5), L::splat(1.5));
        u * (L::splat(1.0) - L::splat(4.0 / 27.0) * (u * u))
    }
}

mod diode {
    //! Stages that load each other: y₁' = ω(u − y₁ + y₂), yᵢ' = ω(½(yᵢ₋₁ + yᵢ₊₁) − yᵢ).
    use super::*;

    kernel! { Diode, signals { audio } controls { cutoff, resonance, drive, drift, voct, fm } options { variant, poles }
    outputs { out } state { s1, s2, s3, s4 } }
    row! {
        /// Gain of the input into u; the coupling g, the stages' G and D; and what each state takes from u.
        Mid { gain, g, g1, g2, g3, g4, d1, d2, d3, d4, k1, k2, k3, k4 }
    }

    /// Feedback at which it begins to oscillate.
    const FULL: f32 = 17.0;

    impl Kernel for Diode {
        type Mid<L: Lanes> = Mid<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
            let one = L::splat(1.0);
            // Half an octave up, so that it sings at its cutoff.
            let (sin, cos) = filter::corner(cx, c.cutoff + L::splat(0.5), c.voct + c.drift, c.fm);
            let g = sin / cos;
            let h = g * L::splat(0.5);
            // From the last stage to the first: y₄ = g4·y₃ + …, and so on, each with the next one put in.
            let d4 = one / (one + g);
            let g4 = h * d4;
            let d3 = one / (one + g - h * g4);
            let g3 = h * d3;
            let d2 = one / (one + g - h * g3);
            let g2 = h * d2;
            let d1 = one / (one + g - g * g2);
            let g1 = g * d1;
            let k = L::splat(FULL) * c.resonance;
            let norm = one / one.mla(k, g1 * g2 * g3 * g4);
            // What state i alone gives at y₄, going down to the first stage and up again.
            let down3 = h * d3;
            let down2 = h * d2;
            let down1 = g * d1;
            let w1 = d1 * g2 * g3 * g4;
            let w2 = d2 * one.mla(g2, down1) * g3 * g4;
            let to3 = one.mla(g3 * down2, one.mla(g2, down1));
            let w3 = d3 * to3 * g4;
            let w4 = d4 * one.mla(g4 * down3, to3);
            let kn = k * norm;
            Mid::new(c.drive * norm, g, g1, g2, g3, g4, d1, d2, d3, d4, kn * w1, kn * w2, kn * w3, kn * w4)
        }

        #[inline(always)]
        fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
            let back = (m.k1 * s.s1).mla(m.k2, s.s2) + (m.k3 * s.s3).mla(m.k4, s.s4);
            let u = maths::tanh_fast(m.gain * x.audio - back);
            let h = m.g * L::splat(0.5);
            let b4 = m.d4 * s.s4;
            let b3 = m.d3 * s.s3.mla(h, b4);
            let b2 = m.d2 * s.s2.mla(h, b3);
            let b1 = m.d1 * s.s1.mla(m.g, b2);
            let b2 = b2.mla(m.g2, b1);
            let b3 = b3.mla(m.g3, b2);
            let b4 = b4.mla(m.g4, b3);
            let u1 = m.g1;
            let u2 = u1 * m.g2;
            let u3 = u2 * m.g3;
            let (y1, y2, y3, y4) = (b1.mla(u1, u), b2.mla(u2, u), b3.mla(u3, u), b4.mla(u3 * m.g4, u));
            let two = L::splat(2.0);
            *s = State::new(two * y1 - s.s1, two * y2 - s.s2, two * y3 - s.s3, two * y4 - s.s4);
            // At rest y₂ is three times y₄.
            Out::new(if cx.option(Opt::poles as u32) == 1 { y2 * L::splat(1.0 / 3.0) } else { y4 })
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

fn lower(lowering: &mut Lowering<'_>) {
    let drift = drift::wire(lowering);
    let [cutoff, resonance, drive, voct, fm, audio] =
        ["cutoff", "resonance", "drive", "voct", "fm", "in"].map(|name| lowering.input(name, 0));
    let variant = lowering.choice("variant");
    let kernel = if variant == 2 { &diode::KERNEL } else { &transistor::KERNEL };
    let options = [variant, lowering.choice("poles")];
    let node = lowering.kernel(kernel, &options, &[cutoff, resonance, drive, drift, voct, fm, audio]);
    lowering.output("out", 0, node.out(0));
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::transistor::In;
    use super::*;
    use crate::listen::*;
    const INPUTS: &[&str] = &["cutoff", "resonance", "drive", "(octaves)", "voct", "fm", "in"];

    /// Transistor and diode with the spec's options: kernel and number of the variant.
    fn subjects() -> [(Subject, u32); 3] {
        let of = |kernel, variant| (Subject::new(kernel, &spec(), INPUTS), variant);
        [of(&transistor::KERNEL, 0), of(&transistor::KERNEL, 1), of(&diode::KERNEL, 2)]
    }

    /// The analogue circuit at w times its corner, at four poles and at two.
    fn circuit(variant: u32, r: f64, w: f64) -> [f64; 2] {
        // Complex numbers as (re, im), few enough to be written out.
        let mul = |a: (f64, f64), b: (f64, f64)| (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0);
        let size = |a: (f64, f64)| f64::hypot(a.0, a.1);
        if variant == 2 {
            let a = (1.0, w / 2.0_f64.sqrt());
            let a2 = mul(a, a);
            let a4 = mul(a2, a2);
            let under = size((8.0 * a4.0 - 8.0 * a2.0 + 1.0 + 17.0 * r, 8.0 * a4.1 - 8.0 * a2.1));
            return [1.0 / under, size((4.0 * a2.0 - 1.0, 4.0 * a2.1)) / 3.0 / under];
        }
        let k = 4.0 * r;
        let a2 = mul((1.0, w), (1.0, w));
        let a4 = mul(a2, a2);
        let gain = if variant == 1 { 1.0 + k / 2.0 } else { 1.0 } / size((a4.0 + k, a4.1));
        [gain, gain * size(a2)]
    }

    #[test]
    fn a_quiet_signal_is_filtered_as_by_the_analogue_circuit() {
        let corner = 500.0;
        let warp = |f: f64| (std::f64::consts::PI * f / RATE).tan();
        for (subject, variant) in subjects() {
            for poles in [0, 1] {
                let rig = subject.rig().frames(8192).option(0, variant).option(1, poles);
                let rig = rig.still(In::cutoff as usize, hz(corner) as f32).still(In::resonance as usize, 0.7);
                // So quiet that saturation does nothing.
                let answer = rig.moving(In::audio as usize, |frame, _| 1e-3 * impulse(frame)).one(0);
                // The diode's corner is warped where it is set, half an octave up.
                let (place, scale) =
                    if variant == 2 { (corner * 2.0_f64.sqrt(), 2.0_f64.sqrt()) } else { (corner, 1.0) };
                for f in [50.0, 200.0, 450.0, 500.0, 600.0, 1500.0, 4000.0] {
                    let want = circuit(variant, 0.7, warp(f) / warp(place) * scale)[poles as usize];
                    assert_db(response_at(&answer, f) + 60.0, db(want), 0.02);
                }
            }
        }
    }

    #[test]
    fn above_resonance_one_it_sings_at_its_cutoff_and_below_it_dies() {
        for (subject, variant) in subjects() {
            let at = |r| {
                let rig = subject.rig().frames(96_000).option(0, variant).still(In::cutoff as usize, hz(880.0) as f32);
                rig.still(In::resonance as usize, r).moving(In::audio as usize, |frame, _| impulse(frame)).one(0)
            };
            let sung = at(1.1);
            // Two cents; the saturation's harmonics do not move it farther.
            assert_near(peak_hz(&sung[63_232..]), 880.0, 1.0);
            assert!(rms(&sung[63_232..]) > 0.01, "variant {variant}");
            assert!(rms(&at(0.9)[90_000..]) < 1e-6, "variant {variant}");
        }
    }

    #[test]
    fn drive_saturates_and_never_passes_one() {
        for (subject, variant) in subjects() {
            let rig = |drive, level: f32| {
                let rig = subject.rig().frames(32_768).option(0, variant).still(In::cutoff as usize, 9.0);
                rig.still(In::drive as usize, drive)
                    .moving(In::audio as usize, move |f, v| level * tone(220.0)(f, v))
                    .one(0)
            };
            assert!(thd(&rig(1.0, 0.01), 220.0) < -80.0, "a quiet signal stays clean");
            assert!(thd(&rig(4.0, 1.0), 220.0) > -20.0, "a loud one does not");
            assert!(rig(4.0, 1e4).iter().all(|x| x.abs() < 1.2), "stages ring a little past what goes into them");
        }
    }

    #[test]
    fn it_holds_to_what_every_kernel_must() {
        for (subject, _) in subjects() {
            subject.assert_holds();
        }
    }
}
