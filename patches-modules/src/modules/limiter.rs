//! Limiter: no frame leaves above the ceiling, and nothing is delayed. Gain g = min(1, ceiling/peak) falls at once, or
//! within `attack`, and rises in e^-1 steps of `release`; what a slow attack lets over is cut at the ceiling. Both sides
//! share one gain, so that the image stays. Without attack a sound that stays is only turned down, not bent.
//! Source: D. Giannoulis, M. Massberg, J. D. Reiss, "Digital dynamic range compressor design" (JAES 60, 2012).
//! Cost: a divide per frame.

use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    Spec::new(&["Limiter"], "Limiter: holds a sound below a ceiling")
        .with_input(Input::new(&["in"], Kind::Audio, "signal to hold").stereo())
        .with_input(Input::new(&["sidechain"], Kind::Audio, "what is measured; without a cable, `in`").stereo())
        // −120 dB is silence, 24 dB is above all that is ever heard.
        .with_input(
            Input::new(&["threshold", "ceiling"], Kind::Gain, "the highest level that leaves").value(1.0, 1e-6..16.0),
        )
        .with_input(Input::new(&["attack"], Kind::Time, "how fast it takes hold").value(0.0, 0.0..1.0))
        .with_input(Input::new(&["release"], Kind::Time, "how fast it lets go").value(0.1, 0.001..10.0))
        .with_input(Input::new(&["makeup"], Kind::Gain, "gain before the ceiling").value(1.0, 0.0..100.0))
        .with_output(Output::new(&["out"], Kind::Audio, "held signal").stereo())
        .with_output(Output::new(&["reduction"], Kind::Number, "0 while nothing is held, towards 1 the more is"))
        .one()
        .example("Osc { pitch: C2 }.saw -> Limiter { makeup: 12dB, ceiling: -6dB } -> out")
}

mod gain {
    //! The shared gain.
    use crate::parts::tone::follow;
    use patches_core::prelude::*;

    kernel! { Limiter,
        signals { left_in, right_in, key_left, key_right } controls { ceiling, attack, release, makeup } options {}
        outputs { left, right, reduction } state { held }
    }

    impl Kernel for Limiter {
        type Mid<L: Lanes> = Ctl<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Ctl<L> {
            // From here on the times are the shares of the way that are left after a frame.
            Ctl::new(c.ceiling, follow(cx, c.attack), follow(cx, c.release), c.makeup)
        }

        #[inline(always)]
        fn scan<L: Lanes>(_: &Cx, s: &mut State<L>, c: Ctl<L>, x: Sig<L>) -> Out<L> {
            let (one, low) = (L::splat(1.0), -c.ceiling);
            let peak = x.key_left.abs().max(x.key_right.abs()) * c.makeup;
            // State is what the gain is short of 1, so that a new limiter holds nothing.
            let wanted = one - c.ceiling / peak.max(c.ceiling);
            let share = L::select(wanted.gt(s.held), c.attack, c.release);
            s.held = wanted + (s.held - wanted) * share;
            let gain = (one - s.held) * c.makeup;
            let (left, right) = (x.left_in * gain, x.right_in * gain);
            Out::new(left.clamp(low, c.ceiling), right.clamp(low, c.ceiling), s.held)
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
    let controls = ["threshold", "attack", "release", "makeup", "in_left", "in_right"];
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

    fn tone(level: f64, frames: usize) -> Vec<f32> {
        (0..frames).map(|i| (level * (std::f64::consts::TAU * i as f64 / 48.0).sin()) as f32).collect()
    }

    #[test]
    fn nothing_leaves_above_the_ceiling_and_below_it_not_a_bit_changes() {
        let noise: Vec<f32> = (0..9600).map(|i| 3.0 * maths::noise(<f32 as Lanes>::Bits::splat(i))).collect();
        for attack in [0.0, 0.01] {
            let bench = Bench::new(&DEF, 1).set("ceiling", 0, 0.5).set("attack", 0, attack).plug("in", 0, &noise);
            let outs = bench.run(9600);
            assert!(outs.get("left").iter().all(|x| x.abs() <= 0.5));
        }
        let quiet = tone(0.9, 4800);
        let outs = Bench::new(&DEF, 1).plug("in", 0, &quiet).run(4800);
        assert_eq!(outs.get("right"), quiet);
        assert!(outs.get("reduction").iter().all(|x| *x == 0.0));
    }

    #[test]
    fn a_steady_sound_is_turned_down_not_bent() {
        let outs =
            Bench::new(&DEF, 1).set("makeup", 0, 2.0).set("release", 0, 1.0).plug("in", 0, &tone(1.0, 9600)).run(9600);
        let out = &outs.get("left")[4800..];
        let wanted = tone(1.0, 4800);
        // Between peaks the gain rises by 48 frames' part of the release, 5e-4.
        assert!(out.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 2e-3));
        assert!((outs.get("reduction")[9000] - 0.5).abs() < 1e-3);
    }

    #[test]
    fn it_lets_go_in_its_release() {
        let mut sound = vec![4.0];
        sound.extend(vec![0.1; 9600]);
        let outs = Bench::new(&DEF, 1).plug("in", 0, &sound).run(9601);
        // 0.75 at first, e^-1 of it after a tenth of a second.
        assert_eq!(outs.get("reduction")[0], 0.75);
        assert!((f64::from(outs.get("reduction")[4800]) - 0.75 * (-1.0f64).exp()).abs() < 1e-4);
    }

    #[test]
    fn sides_share_one_gain_and_a_sidechain_takes_over() {
        let outs = Bench::new(&DEF, 1).plug("left", 0, &[4.0]).plug("right", 0, &[1.0]).run(1);
        assert_eq!((outs.get("left")[0], outs.get("right")[0]), (1.0, 0.25));
        let outs = Bench::new(&DEF, 1).plug("in", 0, &[0.5]).plug("sidechain", 0, &[2.0]).run(1);
        assert_eq!(outs.get("left")[0], 0.25);
    }
}
