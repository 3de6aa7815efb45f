//! Compressor: what is above the threshold by o rises only by o/ratio. In octaves of level (6.02 dB), with o = log₂ level
//! − log₂ threshold and the knee's width w, the gain is taken down by (1 − 1/ratio)·o above the knee, (1 − 1/ratio)·
//! (o + w/2)²/2w inside it, 0 below. That is smoothed: up by `attack`, down by `release`, decoupled, so that a release
//! is not cut short. Both sides share one gain. Source: D. Giannoulis, M. Massberg, J. D. Reiss, "Digital dynamic range
//! compressor design" (JAES 60, 2012), eq. 4 and 17. Cost: a logarithm and a power per frame.

use patches_core::exact::gain_of_db;
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    Spec::new(&["Compressor"], "Compressor: makes loud parts quieter")
        .with_input(Input::new(&["in"], Kind::Audio, "signal to compress").stereo())
        .with_input(Input::new(&["sidechain"], Kind::Audio, "what is measured; without a cable, `in`").stereo())
        // −120 dB is silence, 24 dB is above all that is ever heard.
        .with_input(Input::new(&["threshold"], Kind::Gain, "the level where it begins").value(gain_of_db(-18.0), 1e-6..16.0))
        // A hundred to one is a wall.
        .with_input(Input::new(&["ratio"], Kind::Number, "dB in for each dB out").value(4.0, 1.0..100.0))
        .with_input(Input::new(&["attack"], Kind::Time, "how fast it takes hold").value(0.01, 0.0..1.0))
        .with_input(Input::new(&["release"], Kind::Time, "how fast it lets go").value(0.1, 0.0..10.0))
        .with_input(Input::new(&["knee"], Kind::Gain, "width of the bend, 0dB is a corner").value(gain_of_db(6.0), 1.0..100.0))
        .with_input(Input::new(&["makeup"], Kind::Gain, "gain of the result").value(1.0, 0.0..100.0))
        .with_output(Output::new(&["out"], Kind::Audio, "compressed signal").stereo())
        .with_output(Output::new(&["reduction"], Kind::Number, "0 while nothing is held, towards 1 the more is"))
        .one()
        .example("beat = Osc { pitch: C1 } -> Vca { gain: Adsr { trigger: Every { time: 1/4 }, attack: 1ms } }\nOsc { pitch: C3 }.saw -> Compressor { sidechain: beat, threshold: -30dB } -[0.4]-> out\nbeat -[0.5]-> out")
}

mod gain {
    //! The shared gain.
    use crate::parts::tone::follow;
    use patches_core::prelude::*;

    kernel! { Compressor,
        signals { left_in, right_in, key_left, key_right } controls { threshold, ratio, attack, release, knee, makeup }
        options {} outputs { left, right, reduction } state { peak, hold }
    }
    row! {
        /// The threshold and half the knee in octaves, 1 − 1/ratio, one over twice the knee, shares left per frame, makeup.
        Mid { threshold, half, slope, over, attack, release, makeup }
    }

    impl Kernel for Compressor {
        type Mid<L: Lanes> = Mid<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
            let one = L::splat(1.0);
            // A knee of a thousandth of an octave is a corner, and can be divided by.
            let knee = maths::log2(c.knee).max(L::splat(1e-3));
            let over = L::splat(0.5) / knee;
            let (attack, release) = (follow(cx, c.attack), follow(cx, c.release));
            Mid::new(
                maths::log2(c.threshold),
                knee * L::splat(0.5),
                one - one / c.ratio,
                over,
                attack,
                release,
                c.makeup,
            )
        }

        #[inline(always)]
        fn scan<L: Lanes>(_: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
            let zero = L::splat(0.0);
            let over = maths::log2(x.key_left.abs().max(x.key_right.abs())) - m.threshold;
            let into = (over + m.half).max(zero);
            let down = L::select(over.gt(m.half), over, into * into * m.over) * m.slope;
            // A peak falls by the release alone; the attack follows the peak.
            s.peak = down.max(down + (s.peak - down) * m.release);
            s.hold = s.peak + (s.hold - s.peak) * m.attack;
            let gain = maths::exp2(-s.hold);
            let level = gain * m.makeup;
            Out::new(x.left_in * level, x.right_in * level, L::splat(1.0) - gain)
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

fn lower(lowering: &mut Lowering<'_>) {
    let key = if lowering.linked("sidechain_left", 0) || lowering.linked("sidechain_right", 0) {
        ["sidechain_left", "sidechain_right"]
    } else {
        ["in_left", "in_right"]
    };
    let controls = ["threshold", "ratio", "attack", "release", "knee", "makeup", "in_left", "in_right"];
    let ins: Vec<Wire> = controls.into_iter().chain(key).map(|name| lowering.input(name, 0)).collect();
    let gain = lowering.kernel(&gain::KERNEL, &[], &ins);
    for (out, name) in ["left", "right", "reduction"].into_iter().enumerate() {
        lowering.output(name, 0, gain.out(out as u16));
    }
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;
    use patches_core::exact::db_of_gain;

    /// What a level held for ever comes out at, in dB.
    fn settled(db: f64, bench: Bench) -> f64 {
        let outs = bench.plug("in", 0, &vec![gain_of_db(db) as f32; 24_000]).run(24_000);
        db_of_gain(f64::from(outs.get("left")[23_999]))
    }

    #[test]
    fn the_static_curve_is_that_of_the_paper() {
        let bench = || Bench::new(&DEF, 1);
        // Threshold −18 dB, ratio 4, knee 6 dB: below −21 dB untouched, above −15 dB a quarter, half-way the parabola.
        for (db, wanted) in
            [(-30.0, -30.0), (-21.0, -21.0), (-10.0, -16.0), (-2.0, -14.0), (-18.0, -18.0 - 0.75 * 9.0 / 12.0)]
        {
            let found = settled(db, bench());
            assert!((found - wanted).abs() < 0.01, "{db} dB: {found}, wanted {wanted}");
        }
        let hard = settled(-18.0, bench().set("knee", 0, 1.0));
        assert!((hard + 18.0).abs() < 0.01, "{hard}");
        let wall = settled(0.0, bench().set("ratio", 0, 100.0).set("makeup", 0, 2.0));
        assert!((wall - (-18.0 + 0.18 + db_of_gain(2.0))).abs() < 0.01, "{wall}");
    }

    #[test]
    fn it_takes_hold_and_lets_go_in_its_times() {
        let mut sound = vec![gain_of_db(-2.0) as f32; 24_000];
        sound.extend(vec![1e-4; 24_000]);
        let outs = Bench::new(&DEF, 1).plug("in", 0, &sound).run(48_000);
        let down = |frame: usize| -db_of_gain(1.0 - f64::from(outs.get("reduction")[frame]));
        // 12 dB in all: 1 − e^-1 of it after an attack of 10 ms.
        assert!((down(480) - 12.0 * (1.0 - (-1.0f64).exp())).abs() < 0.05, "{}", down(480));
        // And e^-1 of it after a release of 100 ms and the attack's own lag of 10 ms.
        assert!((down(24_000 + 4800 + 480) - 12.0 * (-1.0f64).exp()).abs() < 0.1, "{}", down(29_280));
    }

    #[test]
    fn sides_share_one_gain_and_a_sidechain_takes_over() {
        let outs = Bench::new(&DEF, 1).plug("left", 0, &[1.0; 4800]).plug("right", 0, &[0.01; 4800]).run(4800);
        let (left, right) = (outs.get("left")[4799], outs.get("right")[4799]);
        assert!(left < 0.3 && (left / right - 100.0).abs() < 1e-3, "{left} {right}");
        let ducked = Bench::new(&DEF, 1).plug("in", 0, &[0.01; 4800]).plug("sidechain", 0, &[1.0; 4800]).run(4800);
        assert_eq!(ducked.get("left")[4799], right);
    }
}
