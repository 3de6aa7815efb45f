//! Hand clap: noise through a band-pass, opened in several short bursts of which the last rings out.
//!
//! Each burst starts at 1; all but the last fall to a thousandth in two spreads, the last in `decay`.
//! Source: the envelope of the Roland TR-808 service notes (1981), p. 7; the filter is that of `Svf`.
//! Cost: a hash and thirty operations per frame.

use crate::dsp::{curve, drum, filter};
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    Spec::new(&["Clap"], "Hand clap")
        .with_input(Input::new(&["trigger"], Kind::Trigger, "claps"))
        .with_input(
            Input::new(&["velocity"], Kind::Gain, "how hard, taken at the trigger").value(1.0, 0.0..4.0).normalled("*"),
        )
        .with_input(Input::new(&["filter", "pitch"], Kind::Pitch, "middle of the band").value(hz(1200.0), -4.0..16.0))
        .with_input(Input::new(&["decay"], Kind::Time, "time of the last burst").value(0.25, 0.001..20.0))
        .with_input(Input::new(&["bursts"], Kind::Number, "how many hands").value(4.0, 1.0..16.0))
        .with_input(Input::new(&["spread"], Kind::Time, "time from hand to hand").value(0.011, 0.001..1.0))
        .with_input(Input::new(&["q"], Kind::Number, "narrowness of the band").value(1.5, 0.1..50.0))
        .with_output(Output::new(&["out"], Kind::Audio, "the clap"))
        .example("Clap { trigger: Every { time: 1/2, offset: 1/4 } } -[0.7]-> out")
}

/// The order of the kernel's inputs.
const INPUTS: [&str; 7] = ["filter", "decay", "bursts", "spread", "q", "trigger", "velocity"];

kernel! { Clap, signals { trigger, velocity } controls { filter, decay, bursts, spread, q } options {} outputs { out }
state { level, more, wait, strength, s1, s2, seed: Bits } }
row! {
    /// What a frame leaves of the last burst and of the others, bursts after the first, frames between them, the filter.
    Mid { ring, short, more, spread, a2, a3, b1, gain }
}

impl Kernel for Clap {
    const SEEDED: bool = true;
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let (sin, cos) = filter::corner(cx, c.filter, zero, zero);
        let k = one / c.q;
        let inv = one / (cos * cos).mla(sin, sin.mla(k, cos));
        let ring = one - curve::approach(cx, c.decay);
        let short = one - curve::approach(cx, c.spread * L::splat(2.0));
        let (a2, a3, b1) = (sin * cos * inv, sin * sin * inv, sin * sin.mla(k, cos) * inv);
        // A band is as loud as its width: the root of its narrowness makes up for it, and doubles it for the ear.
        let gain = L::splat(2.0) * k.sqrt();
        Mid::new(ring, short, c.bursts.floor() - one, c.spread * L::splat(cx.rate), a2, a3, b1, gain)
    }

    #[inline(always)]
    fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let v3 = drum::noise::<L>(cx, s.seed) * s.level - s.s2;
        let (d1, d2) = (m.a2 * v3 - m.b1 * s.s1, (m.a2 * s.s1).mla(m.a3, v3));
        let band = s.s1 + d1;
        s.s1 = filter::hold(band + d1);
        s.s2 = filter::hold(s.s2 + d2 + d2);
        let y = band * m.gain * s.strength;

        let hit = x.trigger.gt(zero);
        let next = s.more.gt(zero) & s.wait.lt(one);
        let falls = s.level * L::select(s.more.gt(zero), m.short, m.ring);
        s.level = L::select(hit | next, one, falls);
        s.more = L::select(hit, m.more, L::select(next, s.more - one, s.more));
        // Parts of frames are carried on from burst to burst, and from the trigger's place.
        let wait = L::select(hit, m.spread - x.trigger, L::select(next, s.wait + m.spread - one, s.wait - one));
        s.wait = L::select(s.more.gt(zero), wait, zero);
        s.strength = L::select(hit, x.velocity, s.strength);
        Out::new(y)
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }

    fn birth(seed: u32) -> State<f32> {
        State { seed: drum::seed(seed), ..<State<f32> as Row<f32>>::zero() }
    }
}

fn lower(lowering: &mut Lowering<'_>) {
    let ins = INPUTS.map(|name| lowering.input(name, 0));
    let node = lowering.kernel(&KERNEL, &[], &ins);
    lowering.output("out", 0, node.out(0));
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::*;
    use patches_core::rig::Rig;

    fn subject() -> Subject {
        Subject::new(&KERNEL, &spec(), &INPUTS)
    }

    fn struck() -> Rig {
        // A filter so wide that it does not ring from burst to burst.
        let rig = subject().rig().frames(24_000).still(In::spread as usize, 0.02).still(In::q as usize, 0.5);
        rig.moving(In::trigger as usize, |frame, _| if frame == 0 { 1.0 } else { 0.0 })
    }

    #[test]
    fn hands_come_one_after_the_other_and_the_last_rings_out() {
        let x = struck().still(In::bursts as usize, 3.0).one(0);
        // 20 ms are 960 frames; a burst falls by 30 dB in that, and the next begins at full level.
        let level = |from: usize| db(rms(&x[from..from + 192]));
        for burst in [960, 1920] {
            assert!(level(burst) - level(burst - 200) > 15.0, "{burst}");
        }
        // After the last, 250 ms for 60 dB: 14 dB in 2880 frames, and the chance of two hundred samples of noise.
        assert_db(level(1920 + 2880) - level(1920), -14.4, 3.0);
        assert!(level(1920 + 960) - level(1920 + 760) < 6.0, "no fourth");
    }

    #[test]
    fn it_lies_in_its_band_and_is_silent_until_struck() {
        let bins = spectrum(&struck().still(In::q as usize, 8.0).one(0)[..16_384]);
        let power = |from: usize, to: usize| {
            bins[from * 16_384 / 48_000..to * 16_384 / 48_000].iter().map(|b| b * b).sum::<f64>()
        };
        assert!(power(900, 1600) > 5.0 * (power(50, 900) + power(1600, 20_000)));
        assert_silent(&subject().rig().frames(1000).one(0));
    }

    #[test]
    fn it_holds_to_what_every_kernel_must() {
        subject().assert_holds();
    }
}
