//! One answer of a state-variable filter as a module: low, high or band, with saturation of its memory if asked for.
//!
//! The filter is that of `Svf`. Q = q·0.71/(1 − r); for the band pass q/(1 − r), its output divided by q, so that its
//! peak is at 1/(1 − r). Saturated, the first state goes through tanh: resonance is soft and stays in bounds.
//! Cost: as `Svf`, and one divide per frame with saturation.

use crate::dsp::filter;
use patches_core::prelude::*;

// Of the name and the state of `Svf`'s: a save that makes the one of the other goes on with what the integrators hold.
kernel! { Svf, signals { audio } controls { cutoff, resonance, bandwidth_q, voct, fm } options { kind, saturate }
outputs { out } state { s1, s2 } }
row! {
    /// As in `Svf`, and the gain of the band.
    Mid { a2, a3, b1, k, level }
}

/// Which answer a module gives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Below the corner.
    Low,
    /// Above the corner.
    High,
    /// Around the corner.
    Band,
}

impl Kernel for Svf {
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
        let one = L::splat(1.0);
        let (sin, cos) = filter::corner(cx, c.cutoff, c.voct, c.fm);
        let level = one / c.bandwidth_q;
        let band = cx.option(Opt::kind as u32) == Answer::Band as u32;
        let k = if band { one - c.resonance } else { filter::damping(c.resonance) } * level;
        let inv = one / (cos * cos).mla(sin, sin.mla(k, cos));
        Mid::new(sin * cos * inv, sin * sin * inv, sin * sin.mla(k, cos) * inv, k, level)
    }

    #[inline(always)]
    fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
        let v3 = x.audio - s.s2;
        let (d1, d2) = (m.a2 * v3 - m.b1 * s.s1, (m.a2 * s.s1).mla(m.a3, v3));
        let (v1, v2) = (s.s1 + d1, s.s2 + d2);
        let saturated = cx.option(Opt::saturate as u32) != 0;
        s.s1 = if saturated { maths::tanh_fast(v1 + d1) } else { filter::hold(v1 + d1) };
        s.s2 = filter::hold(v2 + d2);
        Out::new(match cx.option(Opt::kind as u32) {
            0 => v2,
            1 => x.audio - m.k * v1 - v2,
            _ => v1 * m.level,
        })
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}

/// Inputs and output of such a filter.
pub fn ports(spec: Spec) -> Spec {
    spec.with_input(Input::new(&["in"], Kind::Audio, "signal to filter"))
        .with_input(Input::new(&["cutoff", "center"], Kind::Pitch, "corner frequency").value(6.0, -4.0..16.0))
        .with_input(Input::new(&["resonance"], Kind::Number, "0 damped, 1 rings for ever").value(0.0, 0.0..1.0))
        .with_input(
            // A tenth is seven octaves wide; a hundred rings for a second at 100 Hz.
            Input::new(&["bandwidth_q"], Kind::Number, "narrowness, times that of the resonance")
                .value(1.0, 0.1..100.0),
        )
        .with_input(Input::new(&["voct"], Kind::Interval, "octaves added to the cutoff"))
        .with_input(Input::new(&["fm"], Kind::Audio, "moves the cutoff by two octaves a unit"))
        .with_param(Param::flag(&["saturate"], false, "softens what resonance makes too loud"))
        .with_output(Output::new(&["out"], Kind::Audio, "filtered signal"))
}

/// The module as this answer.
pub fn lower(lowering: &mut Lowering<'_>, answer: Answer) {
    let ins = ["cutoff", "resonance", "bandwidth_q", "voct", "fm", "in"].map(|name| lowering.input(name, 0));
    let options = [answer as u32, lowering.option("saturate")];
    let node = lowering.kernel(&KERNEL, &options, &ins);
    lowering.output("out", 0, node.out(0));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::*;

    fn rig(answer: Answer, saturate: u32) -> patches_core::rig::Rig {
        let names = ["cutoff", "resonance", "bandwidth_q", "voct", "fm", "in"];
        let rig = Subject::new(&KERNEL, &ports(Spec::new(&["Pass"], "")), &names).rig().frames(16_384);
        rig.option(0, answer as u32).option(1, saturate).still(In::cutoff as usize, hz(1000.0) as f32)
    }

    #[test]
    fn each_answers_as_the_analogue_filter() {
        let warp = |f: f64| (std::f64::consts::PI * f / RATE).tan();
        for (r, q) in [(0.0, 1.0), (0.6, 2.0)] {
            for answer in [Answer::Low, Answer::High, Answer::Band] {
                let rig =
                    rig(answer, 0).still(In::resonance as usize, r as f32).still(In::bandwidth_q as usize, q as f32);
                let x = rig.moving(In::audio as usize, |frame, _| impulse(frame)).one(0);
                for f in [100.0, 700.0, 1000.0, 2000.0, 9000.0] {
                    let w: f64 = warp(f) / warp(1000.0);
                    let k = (1.0 - r) / q / if answer == Answer::Band { 1.0 } else { 0.71 };
                    let over = [1.0, w * w, w / q][answer as usize];
                    assert_db(response_at(&x, f), db(over / f64::hypot(1.0 - w * w, k * w)), 0.01);
                }
            }
        }
    }

    #[test]
    fn saturated_it_sings_in_bounds() {
        let loud = |saturate| {
            let rig = rig(Answer::Low, saturate).still(In::resonance as usize, 1.0);
            rms(&rig.moving(In::audio as usize, tone(1000.0)).one(0)[8000..])
        };
        assert!(loud(0) > 20.0 && loud(1) < 2.0, "{} and {}", loud(0), loud(1));
    }

    #[test]
    fn it_holds_to_what_every_kernel_must() {
        let names = ["cutoff", "resonance", "bandwidth_q", "voct", "fm", "in"];
        let spec = ports(Spec::new(&["Pass"], "").with_param(Param::choice(&["kind"], &[&["l"], &["h"], &["b"]], "")));
        Subject::new(&KERNEL, &spec, &names).assert_holds();
    }
}
