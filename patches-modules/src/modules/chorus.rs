//! Chorus: the signal beside a copy of itself that sways by some milliseconds, other on each side. The copy is
//! [`swept`]'s, with a slow sway around 10 ms: half a hertz and 30 % make ±16 cents. Cost: that of `swept`.
//!
//! The modes are the buttons of a chorus with buttons: each is a sway of its own around 3 ms, chosen by ear, and `rate`,
//! `depth` and `manual` then do nothing. `dark` takes the highs of the copy, `hiss` puts noise beside it, as the delay chips
//! of such a box do.

use super::onepole;
use crate::parts::{
    blend,
    swept::{self, Defaults},
};
use patches_core::prelude::*;

/// Half a hertz around 10 ms, ±3 ms.
const DEFAULTS: Defaults = Defaults { rate: 0.5, depth: 0.3, feedback: 0.0, manual: 0.01, longest: 0.05 };

/// Rate in hertz, depth and middle in seconds of the modes `one`, `two` and `both`: slow and wide, faster, and a fast
/// flutter that hardly moves.
const MODES: [[f32; 3]; 3] = [[0.5, 0.55, 0.0033], [0.85, 0.55, 0.0033], [9.7, 0.05, 0.0034]];
/// Corner of the dark copy.
const DARK: f64 = 3000.0;

/// What the language sees of this type.
fn spec() -> Spec {
    swept::with_ports(Spec::new(&["Chorus"], "Chorus: one voice sounds like several"), &DEFAULTS)
        .with_input(Input::new(&["hiss"], Kind::Number, "noise beside the copy").value(0.0, 0.0..1.0))
        .with_param(Param::choice(
            &["mode"],
            &[&["free"], &["one"], &["two"], &["both"], &["off"]],
            "free: as `rate`, `depth` and `manual` say; else one of three sways, or none",
        ))
        .with_param(Param::choice(&["variant"], &[&["bright"], &["dark"]], "whether the copy has highs"))
        .example("Osc { pitch: C3 }.saw -[0.3]-> Chorus { depth: 0.4 } -> out")
}

mod hiss {
    //! White noise beside a signal, -46 dB at 1.
    use patches_core::prelude::*;
    kernel! { Hiss, signals { x } controls { hiss } options { side } outputs { out } state { seed: Bits } }

    /// -46 dB: what is heard between notes, and not among them.
    const LEVEL: f32 = 0.005;

    impl Kernel for Hiss {
        const SERIAL: bool = true;
        const SEEDED: bool = true;
        type Mid<L: Lanes> = Ctl<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
            c
        }

        #[inline(always)]
        fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, c: Ctl<L>, x: Sig<L>) -> Out<L> {
            // Each side has noise of its own.
            let side = maths::hash(L::Bits::splat(cx.option(Opt::side as u32)));
            let noise = maths::noise(s.seed ^ side ^ L::Bits::splat(cx.now));
            Out::new(x.x + noise * c.hiss * L::splat(LEVEL))
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }

        fn birth(seed: u32) -> State<f32> {
            State::new(maths::hash(<f32 as Lanes>::Bits::splat(seed)))
        }
    }
}

fn lower(lowering: &mut Lowering<'_>) {
    let (mode, dark) = (lowering.choice("mode") as usize, lowering.choice("variant") == 1);
    let dry = ["left", "right"].map(|name| lowering.input(name, 0));
    if mode > MODES.len() {
        lowering.output("left", 0, dry[0]);
        lowering.output("right", 0, dry[1]);
        return;
    }
    let [rate, depth, feedback, manual, mix] =
        ["rate", "depth", "feedback", "manual", "mix"].map(|name| lowering.input(name, 0));
    let [rate, depth, manual] = match mode.checked_sub(1) {
        Some(mode) => MODES[mode].map(Wire::Const),
        None => [rate, depth, manual],
    };
    let hisses = lowering.feed("hiss", 0) != Feed::Still(0.0);
    let outs = if dark || hisses {
        // Only the copy is changed, so the two are put together here.
        let wet = swept::wired(lowering, [rate, depth, feedback, manual, Wire::Const(1.0)], dry);
        let changed = [0, 1].map(|side| {
            let mut wire = wet[side];
            if hisses {
                let hiss = lowering.input("hiss", 0);
                wire = lowering.kernel(&hiss::KERNEL, &[side as u32], &[hiss, wire]).out(0);
            }
            if dark {
                let still = Wire::Const(0.0);
                wire = lowering.kernel(&onepole::KERNEL, &[], &[Wire::Const(hz(DARK) as f32), still, still, wire]).out(0);
            }
            wire
        });
        [0, 1].map(|side| blend::blend(lowering, dry[side], changed[side]))
    } else {
        swept::wired(lowering, [rate, depth, feedback, manual, mix], dry)
    };
    lowering.output("left", 0, outs[0]);
    lowering.output("right", 0, outs[1]);
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;

    #[test]
    fn without_depth_it_is_a_plain_delay() {
        let bench = Bench::new(&DEF, 1).set("depth", 0, 0.0).set("feedback", 0, 0.5).plug("in", 0, &[1.0]);
        let outs = bench.run(1000);
        let spikes: Vec<_> = outs.get("left").iter().copied().enumerate().filter(|(_, x)| x.abs() > 1e-4).collect();
        assert_eq!(spikes.iter().map(|spike| spike.0).collect::<Vec<_>>(), [0, 480, 960]);
        // 10 ms is 480 frames to within a rounding.
        assert!(
            spikes.iter().zip([0.5, 0.5, 0.25]).all(|(spike, wanted)| (spike.1 - wanted).abs() < 1e-4),
            "{spikes:?}"
        );
    }

    #[test]
    fn the_sway_is_a_sine_with_the_right_side_a_quarter_ahead() {
        // A rising line shows the delay as what it lags by.
        let line: Vec<f32> = (0..96_000).map(|i| i as f32 / 96_000.0).collect();
        let outs = Bench::new(&DEF, 1).set("mix", 0, 1.0).set("rate", 0, 1.0).plug("in", 0, &line).run(96_000);
        for (name, ahead) in [("left", 0.0), ("right", 0.25)] {
            for frame in (2000..96_000).step_by(777) {
                let lag = (f64::from(line[frame]) - f64::from(outs.get(name)[frame])) * 96_000.0;
                let turn = (frame as f64 / 48_000.0 + ahead) * std::f64::consts::TAU;
                // A number near 1 is good to 2^-24, which is 6e-3 of a frame here; four of them and a sum.
                assert!((lag - 480.0 * (1.0 + 0.3 * turn.sin())).abs() < 0.03, "{name} {frame}: {lag}");
            }
        }
    }

    /// The times by which an impulse comes back at the left, at some moments, in frames.
    fn lags(bench: Bench, frames: usize) -> Vec<f64> {
        let line: Vec<f32> = (0..frames).map(|i| i as f32 / 1e5).collect();
        let outs = bench.set("mix", 0, 1.0).plug("in", 0, &line).run(frames);
        (1000..frames).map(|i| (f64::from(line[i]) - f64::from(outs.get("left")[i])) * 1e5).collect()
    }

    #[test]
    fn the_modes_sway_as_they_say_and_off_is_the_signal() {
        let reach = |word: &str| {
            let lags = lags(Bench::new(&DEF, 1).choose("mode", word), 99_000);
            lags.iter().fold((1e9f64, 0.0f64), |(a, b), lag| (a.min(*lag), b.max(*lag)))
        };
        // 3.3 ms and 55 % of it; a line to 1 is good to 2^-24, which is 6e-3 of a frame, four of them and a sum.
        for (word, middle, part) in [("one", 3.3, 0.55), ("two", 3.3, 0.55), ("both", 3.4, 0.05)] {
            let (low, high) = reach(word);
            let (least, most) = (middle * 48.0 * (1.0 - part), middle * 48.0 * (1.0 + part));
            assert!((low - least).abs() < 0.05 && (high - most).abs() < 0.05, "{word}: {low} {high}");
        }
        let outs = Bench::new(&DEF, 1).choose("mode", "off").plug("in", 0, &[1.0, 0.5]).run(1000);
        assert_eq!(outs.get("right")[..3], [1.0, 0.5, 0.0]);
        assert!(outs.get("right")[3..].iter().all(|x| *x == 0.0));
    }

    #[test]
    fn jitter_is_a_hundredth_of_the_middle() {
        let still = Bench::new(&DEF, 1).set("depth", 0, 0.0);
        let strays: Vec<f64> = lags(still.set("jitter", 0, 1.0), 49_000).iter().map(|lag| (lag - 480.0).abs()).collect();
        let most = strays.iter().fold(0.0f64, |a, b| a.max(*b));
        assert!(most > 3.5 && most < 4.85, "{most}");
    }

    #[test]
    fn the_dark_copy_has_no_highs_and_hiss_is_heard_without_a_signal() {
        let tone: Vec<f32> = (0..20_000).map(|i| maths::sin_cycles(i as f32 * 12.0 / 48.0)).collect();
        let level = |bench: Bench| {
            let outs = bench.set("mix", 0, 1.0).set("depth", 0, 0.0).run(20_000);
            let part = &outs.get("left")[10_000..];
            (part.iter().map(|x| f64::from(x * x)).sum::<f64>() / part.len() as f64).sqrt()
        };
        let bench = || Bench::new(&DEF, 1).plug("in", 0, &tone);
        let fell = level(bench().choose("variant", "dark")) / level(bench());
        // At 12 kHz: 1/√(1 + (tan(π/4)/tan(π/16))²), the corner at 3 kHz.
        assert!((fell - 0.195).abs() < 0.01, "{fell}");
        let hiss = level(Bench::new(&DEF, 1).set("hiss", 0, 1.0));
        // Even noise of ±0.005 has a power of a third of that, squared.
        assert!((hiss - 0.005 / 3.0f64.sqrt()).abs() < 2e-4, "{hiss}");
        let outs = Bench::new(&DEF, 1).set("hiss", 0, 1.0).run(100);
        assert_ne!(outs.get("left"), outs.get("right"));
    }

    #[test]
    fn full_depth_and_feedback_stay_finite() {
        let noise: Vec<f32> = (0..20_000).map(|i| maths::noise(<f32 as Lanes>::Bits::splat(i))).collect();
        let bench = Bench::new(&DEF, 1).set("depth", 0, 1.0).set("feedback", 0, 0.98).set("rate", 0, 20.0);
        let outs = bench.plug("in", 0, &noise).run(20_000);
        assert!(outs.get("right").iter().all(|x| x.abs() <= 17.0));
    }
}
