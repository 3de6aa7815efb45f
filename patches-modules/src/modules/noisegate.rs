//! Noise gate: what is below the threshold falls `ratio` times as fast, so that it is gone. In octaves of level, with
//! u = log₂ threshold − log₂ level and the knee's width w, the gain is taken down by (ratio − 1)·u above the knee,
//! (ratio − 1)·(u + w/2)²/2w inside it. The level is the peak, falling by e^-1 in 20 ms, so that a low tone does not open
//! the gate each time it swings. Opens in e^-1 steps of `attack`, closes in those of `release`; both sides share one gain.
//! Source: D. Giannoulis, M. Massberg, J. D. Reiss, "Digital dynamic range compressor design" (JAES 60, 2012), turned
//! upside down. Cost: a logarithm and a power per frame.

use patches_core::exact::gain_of_db;
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    Spec::new(&["NoiseGate"], "Noise gate: silences what is too soft")
        .with_input(Input::new(&["in"], Kind::Audio, "signal with noise").stereo())
        .with_input(Input::new(&["sidechain"], Kind::Audio, "what is measured; without a cable, `in`").stereo())
        // −120 dB is silence, 24 dB is above all that is ever heard.
        .with_input(Input::new(&["threshold"], Kind::Gain, "the level below which it closes").value(gain_of_db(-40.0), 1e-6..16.0))
        .with_input(Input::new(&["ratio"], Kind::Number, "dB down for each dB below").value(10.0, 1.0..100.0))
        .with_input(Input::new(&["attack"], Kind::Time, "how fast it opens").value(0.001, 0.0..1.0))
        .with_input(Input::new(&["release"], Kind::Time, "how fast it closes").value(0.1, 0.0..10.0))
        .with_input(Input::new(&["knee"], Kind::Gain, "width of the bend, 0dB is a corner").value(gain_of_db(6.0), 1.0..100.0))
        .with_input(Input::new(&["makeup"], Kind::Gain, "gain of the result").value(1.0, 0.0..100.0))
        .with_output(Output::new(&["out"], Kind::Audio, "the signal, or silence").stereo())
        .with_output(Output::new(&["reduction"], Kind::Number, "0 while it is open, 1 while it is closed"))
        .one()
        .example("beat = Every { time: 1/4 }\nNoise -> NoiseGate { sidechain: Adsr { trigger: beat }, threshold: -12dB, release: 20ms } -[0.3]-> out")
}

mod gain {
    //! The shared gain.
    use crate::parts::tone::follow;
    use patches_core::prelude::*;

    kernel! { NoiseGate,
        signals { left_in, right_in, key_left, key_right } controls { threshold, ratio, attack, release, knee, makeup }
        options {} outputs { left, right, reduction } state { level, hold, begun: Bits }
    }
    row! {
        /// The threshold and half the knee in octaves, ratio − 1, one over twice the knee, shares left per frame, makeup.
        Mid { threshold, half, slope, over, attack, release, makeup }
    }

    /// A hundred octaves down is nothing at all, and no more is needed.
    const CLOSED: f32 = 100.0;

    impl Kernel for NoiseGate {
        type Mid<L: Lanes> = Mid<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
            // A knee of a thousandth of an octave is a corner, and can be divided by.
            let knee = maths::log2(c.knee).max(L::splat(1e-3));
            let over = L::splat(0.5) / knee;
            let (attack, release) = (follow(cx, c.attack), follow(cx, c.release));
            let slope = c.ratio - L::splat(1.0);
            Mid::new(maths::log2(c.threshold), knee * L::splat(0.5), slope, over, attack, release, c.makeup)
        }

        #[inline(always)]
        fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
            let (zero, one) = (L::splat(0.0), L::Bits::splat(1));
            let fall = follow(cx, L::splat(0.02));
            s.level = x.key_left.abs().max(x.key_right.abs()).max(s.level * fall);
            let under = m.threshold - maths::log2(s.level);
            let into = (under + m.half).max(zero);
            let down = L::select(under.gt(m.half), under, into * into * m.over) * m.slope;
            let down = down.min(L::splat(CLOSED));
            // A new gate begins where it belongs.
            let share = L::select(down.lt(s.hold), m.attack, m.release);
            s.hold = L::select(s.begun.eq(one), down + (s.hold - down) * share, down);
            s.begun = one;
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

    #[test]
    fn the_static_curve_falls_below_the_threshold() {
        // Threshold −40 dB, ratio 10, knee 6 dB.
        for (db, wanted) in [(-10.0, -10.0), (-37.0, -37.0), (-45.0, -90.0), (-40.0, -40.0 - 9.0 * 9.0 / 12.0)] {
            let outs = Bench::new(&DEF, 1).plug("in", 0, &vec![gain_of_db(db) as f32; 100]).run(100);
            let found = db_of_gain(f64::from(outs.get("left")[99]));
            assert!((found - wanted).abs() < 0.01, "{db} dB: {found}, wanted {wanted}");
        }
    }

    #[test]
    fn a_low_tone_keeps_it_open_and_it_closes_in_its_time() {
        let mut sound: Vec<f32> = (0..24_000).map(|i| 0.1 * maths::sin_cycles(i as f32 / 960.0)).collect();
        sound.extend(vec![1e-4; 48_000]);
        let outs = Bench::new(&DEF, 1).plug("in", 0, &sound).run(72_000);
        assert!(outs.get("reduction")[2000..24_000].iter().all(|x| *x < 1e-3));
        // 20 dB from −20 to −40 dB take the peak 46 ms; after a second all is settled at ten times 40 dB below.
        let quiet = outs.get("left")[71_999];
        assert!(quiet < 1e-12 && outs.get("reduction")[24_000 + 960] < 1e-3, "{quiet}");
    }

    #[test]
    fn a_sidechain_opens_it_for_both_sides() {
        let bench = Bench::new(&DEF, 1).plug("left", 0, &[0.001; 4800]).plug("right", 0, &[0.002; 4800]);
        let outs = bench.plug("sidechain", 0, &[0.5; 4800]).run(4800);
        assert_eq!((outs.get("left")[4799], outs.get("right")[4799]), (0.001, 0.002));
    }
}
