//! Delay: taps, each a stereo delay line of its own with feedback through a tone control and a drive.
//!
//! Per tap and side, with line w, tap t = shape(w\[now − time\]) and return r (t where nothing is plugged in):
//! w\[now\] = in + feedback·r, wet = Σ gain·t·√(1 ∓ pan), out = in·(1 − mix) + wet·mix. With `pingpong` the mean of both
//! sides enters the left line alone and each echo goes to the other side's line. The shape is a one-pole low-pass with
//! pole exp(−2π·f/fs), f = 200 Hz·2^(5·tone)/(1 − tone), which at 1 lets everything through untouched, then
//! tanh(k·x)/k with k = drive − 1: the slope at 0 is 1, so that drive leaves the decay of quiet echoes as it is.
//!
//! With a constant `mix` of 1 nothing of the input reaches the output in the same frame: such a delay closes a loop by
//! itself. Cost: per tap and side a look-up, a one-pole and a store; with drive a divide.

use crate::parts::{blend, fade, tap};
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    let any = f64::NEG_INFINITY..f64::INFINITY;
    Spec::new(&["Delay"], "Stereo delay with any number of taps, each with its own feedback")
        .with_input(Input::new(&["in"], Kind::Audio, "signal to delay").stereo())
        .with_input(Input::new(&["time", "delay"], Kind::Time, "the tap's delay").value(0.5, 0.0..20.0).indexed())
        // A little above 1 an echo grows until the line's bound holds it, as on a tape delay.
        .with_input(Input::new(&["feedback"], Kind::Gain, "how much of each echo comes again").value(0.0, -1.2..1.2).indexed())
        .with_input(Input::new(&["gain"], Kind::Gain, "the tap's level").value(1.0, any).indexed())
        .with_input(Input::new(&["tone"], Kind::Number, "1 bright, 0 dark, darker with each echo").value(1.0, 0.0..1.0).indexed())
        // Ten is 19 dB into the curve: beyond, an echo is a square wave.
        .with_input(Input::new(&["drive"], Kind::Number, "1 clean, above it each echo is bent").value(1.0, 1.0..10.0).indexed())
        .with_input(Input::new(&["pan"], Kind::Number, "-1 left, 1 right").value(0.0, -1.0..1.0).indexed())
        .with_input(Input::new(&["pingpong"], Kind::Gate, "echoes from side to side, left first").value(0.0, 0.0..1.0).indexed())
        .with_input(Input::new(&["return"], Kind::Audio, "what is fed back; without a cable, `send`").indexed().stereo())
        .with_input(Input::new(&["mix"], Kind::Gain, "0 dry, 1 only echoes").value(0.3, 0.0..1.0))
        .with_output(Output::new(&["out"], Kind::Audio, "input and echoes").stereo())
        .with_output(Output::new(&["send"], Kind::Audio, "the tap's echo, to come back at `return`").indexed().stereo())
        .one()
        .example("beat = Every { time: 1/2 }\nOsc { pitch: C4 } -> Vca { gain: Adsr { trigger: beat, decay: 80ms } } -> Delay { time: 3/16, feedback: 45% } -[0.5]-> out")
}

mod shape {
    //! Tone and drive of one side of a tap.
    use crate::parts::tone::pole;
    use patches_core::prelude::*;

    kernel! { TapShape, signals { x } controls { tone, drive } options {} outputs { out } state { low } }
    row! {
        /// The pole, the drive and one over it.
        Mid { pole, drive, over }
    }

    /// Drives below this are straight lines to within 1e-4 at the line's bound.
    const STRAIGHT: f32 = 1e-3;

    impl Kernel for TapShape {
        type Mid<L: Lanes> = Mid<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
            let one = L::splat(1.0);
            let drive = c.drive - one;
            Mid::new(pole(cx, c.tone), drive, one / drive.max(L::splat(STRAIGHT)))
        }

        #[inline(always)]
        fn scan<L: Lanes>(_: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
            s.low = x.x + m.pole * (s.low - x.x);
            let bent = maths::tanh_fast(s.low * m.drive) * m.over;
            Out::new(L::select(m.drive.gt(L::splat(STRAIGHT)), bent, s.low))
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

mod feed {
    //! What enters the line of one side: the input and what comes back, of this side or, with ping-pong, of the other.
    use crate::parts::{slew::switch, tap::write::held};
    use patches_core::prelude::*;

    kernel! { Feed,
        signals { own, other, own_back, other_back, pingpong } controls { feedback } options { right } outputs {}
        state { cross, begun: Bits }
    }

    impl Kernel for Feed {
        const SERIAL: bool = true;
        type Mid<L: Lanes> = Ctl<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
            c
        }

        #[inline(always)]
        fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, c: Ctl<L>, x: Sig<L>) -> Out<L> {
            let cross = switch(cx, &mut s.cross, &mut s.begun, x.pingpong.gt(L::splat(0.5)));
            // The mean of both sides enters on the left, nothing on the right.
            let entry = L::splat(if cx.option(Opt::right as u32) == 0 { 0.5 } else { 0.0 });
            let mean = (x.own + x.other) * entry;
            let fresh = x.own + (mean - x.own) * cross;
            let back = x.own_back + (x.other_back - x.own_back) * cross;
            L::poke(cx.mem(0), L::Bits::splat(cx.now), held(fresh + c.feedback * back));
            Out::new()
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

mod place {
    //! A tap's level and place.
    use patches_core::prelude::*;

    kernel! { Place, signals { left_in, right_in } controls { gain, pan } options {} outputs { left, right } state {} }

    impl Kernel for Place {
        type Mid<L: Lanes> = Ctl<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
            let one = L::splat(1.0);
            // From here on the pair holds the gains of both sides.
            Ctl::new(c.gain * (one - c.pan).sqrt(), c.gain * (one + c.pan).sqrt())
        }

        #[inline(always)]
        fn scan<L: Lanes>(_: &Cx, _: &mut State<L>, gains: Ctl<L>, x: Sig<L>) -> Out<L> {
            Out::new(x.left_in * gains.gain, x.right_in * gains.pan)
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

/// Tag of the ramp with which a new tap begins to hear: no time has these bits.
const FRESH: u32 = u32::MAX;

/// Both sides of one tap: what it adds to the wet signal.
fn tap(lowering: &mut Lowering<'_>, channel: u16) -> [Wire; 2] {
    lowering.for_channel(Some(channel));
    let rings = tap::memory(lowering, [0, 1], "time", channel);
    let echoes = rings.map(|ring| {
        let line = tap::read(lowering, ring, "time", channel);
        let ins = [lowering.input("tone", channel), lowering.input("drive", channel), line];
        lowering.kernel(&shape::KERNEL, &[], &ins).out(0)
    });
    let backs = [("return_left", echoes[0]), ("return_right", echoes[1])]
        .map(|(name, echo)| if lowering.linked(name, channel) { lowering.input(name, channel) } else { echo });
    let mut ins = ["left", "right"].map(|name| lowering.input(name, 0));
    if lowering.fresh(channel) {
        // The first echo of a new tap is no jump.
        let t = lowering.ramp(FRESH, 0.0, 1.0);
        ins = ins.map(|input| lowering.kernel(&fade::KERNEL, &[], &[Wire::Const(0.0), input, t]).out(0));
    }
    for side in [0, 1] {
        let [feedback, pingpong] = ["feedback", "pingpong"].map(|name| lowering.input(name, channel));
        let wires = [feedback, ins[side], ins[1 - side], backs[side], backs[1 - side], pingpong];
        let feed = lowering.kernel(&feed::KERNEL, &[side as u32], &wires);
        lowering.writes(feed, rings[side]);
    }
    lowering.output("send_left", channel, echoes[0]);
    lowering.output("send_right", channel, echoes[1]);
    let [gain, pan] = ["gain", "pan"].map(|name| lowering.input(name, channel));
    let place = lowering.kernel(&place::KERNEL, &[], &[gain, pan, echoes[0], echoes[1]]);
    [place.out(0), place.out(1)]
}

fn lower(lowering: &mut Lowering<'_>) {
    let taps: Vec<[Wire; 2]> = (0..lowering.channels).map(|channel| tap(lowering, channel)).collect();
    lowering.for_channel(None);
    for (side, name) in ["left", "right"].into_iter().enumerate() {
        let wets: Vec<Wire> = taps.iter().map(|tap| tap[side]).collect();
        let wet = if let [only] = wets[..] { only } else { lowering.sum(&wets) };
        let dry = lowering.input(name, 0);
        let out = blend::blend(lowering, dry, wet);
        lowering.output(name, 0, out);
    }
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;
    use patches_core::lower::NodeKind;

    fn bench(time: f32) -> Bench {
        Bench::new(&DEF, 1).set("time", 0, time).plug("in", 0, &[1.0])
    }

    /// Frames that are not 0, with their value.
    fn spikes(signal: &[f32]) -> Vec<(usize, f32)> {
        signal.iter().copied().enumerate().filter(|(_, x)| *x != 0.0).collect()
    }

    #[test]
    fn an_impulse_comes_after_exactly_its_time() {
        for (time, frame) in [(0.1, 4800), (0.000_5, 24), (1.0 / 48e3, 1), (0.0, 1), (0.012_344, 593)] {
            let outs = bench(time).set("mix", 0, 1.0).run(frame + 10);
            assert_eq!(spikes(outs.get("left")), [(frame, 1.0)], "{time} s");
            assert_eq!(spikes(outs.get("right")), [(frame, 1.0)], "{time} s");
        }
        assert_eq!(spikes(bench(0.5).run(24_001).get("left")), [(0, 0.7), (24_000, 0.3)]);
    }

    #[test]
    fn echoes_fall_by_the_feedback() {
        let outs = bench(0.001).set("feedback", 0, -0.5).set("mix", 0, 1.0).set("gain", 0, 2.0).run(200);
        assert_eq!(spikes(outs.get("left")), [(48, 2.0), (96, -1.0), (144, 0.5), (192, -0.25)]);
    }

    #[test]
    fn ping_pong_goes_from_side_to_side() {
        let bench = bench(0.001).set("feedback", 0, 0.5).set("mix", 0, 1.0).set("pingpong", 0, 1.0);
        let outs = bench.run(200);
        assert_eq!(spikes(outs.get("left")), [(48, 1.0), (144, 0.25)]);
        assert_eq!(spikes(outs.get("right")), [(96, 0.5), (192, 0.125)]);
    }

    #[test]
    fn taps_are_lines_of_their_own() {
        let bench = Bench::new(&DEF, 2).plug("in", 0, &[1.0]).set("mix", 0, 1.0);
        let bench = bench.set("time", 0, 0.001).set("time", 1, 0.0015).set("feedback", 0, 0.5).set("pan", 1, -1.0);
        let outs = bench.run(120);
        assert_eq!(spikes(outs.get("right")), [(48, 1.0), (96, 0.5)]);
        assert_eq!(spikes(outs.get("left")), [(48, 1.0), (72, 2.0f32.sqrt()), (96, 0.5)]);
        assert_eq!(spikes(outs.at("send_left", 1)), [(72, 1.0)]);
    }

    #[test]
    fn what_returns_is_fed_back_in_place_of_the_echo() {
        let bench = bench(0.001).set("feedback", 0, 0.5).set("mix", 0, 1.0).plug("return", 0, &[0.0, 0.0, 0.0, 4.0]);
        assert_eq!(spikes(bench.run(120).get("left")), [(48, 1.0), (51, 2.0)]);
    }

    #[test]
    fn a_cable_moves_the_time_between_frames() {
        // A straight line is what the cubic draws exactly: at a delay of 100.25 frames the ramp lags by that much.
        let ramp: Vec<f32> = (0..1000).map(|i| i as f32).map(|x| x * 1e-3).collect();
        let time = vec![100.25 / 48e3; 1000];
        let bench =
            Bench::new(&DEF, 1).plug("in", 0, &ramp).set("time", 0, 0.0).plug("time", 0, &time).set("mix", 0, 1.0);
        let outs = bench.run(1000);
        for frame in 110..1000 {
            let wanted = (frame as f32 - 100.25) * 1e-3;
            // The time itself is good to 100.25·2^-24 of a frame, the ramp to 2^-24.
            assert!((outs.get("left")[frame] - wanted).abs() < 1e-6, "{frame}: {} {wanted}", outs.get("left")[frame]);
        }
    }

    #[test]
    fn the_shortest_moving_time_is_one_frame() {
        let signal: Vec<f32> = (0..50).map(|i| (i % 7) as f32).collect();
        let bench = Bench::new(&DEF, 1).plug("in", 0, &signal).set("time", 0, 0.0).plug("time", 0, &[0.0; 50]);
        let outs = bench.set("mix", 0, 1.0).run(50);
        assert_eq!(outs.get("left")[1..], signal[..49]);
    }

    #[test]
    fn an_edited_time_fades_from_tap_to_tap() {
        let mut bench =
            Bench::new(&DEF, 1).plug("in", 0, &[1.0; 1000]).change("time", 0, 0.001, 0.002).set("mix", 0, 1.0);
        bench.fade = 480.0;
        let outs = bench.run(1000);
        let left = outs.get("left");
        // At first the old tap, half-way both, at the end the new one; a held signal stays as it is.
        assert_eq!((left[47], left[95], left[96]), (0.0, 1.0 - 95.0 / 480.0, 1.0));
        assert!((48..96).all(|i| (left[i] - (1.0 - i as f32 / 480.0)).abs() < 1e-6));
    }

    #[test]
    fn tone_darkens_each_echo_and_leaves_the_mean() {
        let outs = bench(0.01).set("tone", 0, 0.3).set("mix", 0, 1.0).run(2000);
        let left = outs.get("left");
        let f = 200.0 * 2f64.powf(1.5) / 0.7;
        let pole = (-std::f64::consts::TAU * f / 48e3).exp();
        for i in 0..40 {
            let wanted = (1.0 - pole) * pole.powi(i);
            // Rounding of the pole, some 2^-23, over 40 steps.
            assert!((f64::from(left[480 + i as usize]) - wanted).abs() < 1e-6, "{i}");
        }
        assert!((left.iter().sum::<f32>() - 1.0).abs() < 1e-4);
    }

    #[test]
    fn drive_bends_what_is_loud_and_leaves_what_is_quiet() {
        let echo = |level: f32, drive: f32| {
            let bench = Bench::new(&DEF, 1).plug("in", 0, &[level]).set("time", 0, 0.001).set("mix", 0, 1.0);
            bench.set("drive", 0, drive).run(49).get("left")[48]
        };
        assert_eq!(echo(0.9, 1.0), 0.9);
        assert!((echo(0.001, 4.0) - 0.001).abs() < 1e-8);
        // The fast tanh is good to 1.4e-3, here over k = 3.
        assert!((f64::from(echo(0.9, 4.0)) - 2.7f64.tanh() / 3.0).abs() < 5e-4);
        assert!((echo(0.9, 1.000_9) - 0.9).abs() < 1e-4 && (echo(0.9, 1.001_1) - 0.9).abs() < 1e-4);
    }

    #[test]
    fn a_loop_that_runs_away_is_held_and_takes_nothing_but_numbers() {
        let outs = bench(0.001).set("feedback", 0, 1.2).set("mix", 0, 1.0).run(48 * 40);
        assert_eq!(outs.get("left").iter().fold(0.0f32, |a, b| a.max(*b)), tap::write::BOUND);
        let bad = Bench::new(&DEF, 1).plug("in", 0, &[f32::NAN, f32::INFINITY, -1.0]).set("time", 0, 0.001);
        let outs = bad.set("mix", 0, 1.0).run(60);
        assert_eq!(outs.get("left")[48..51], [0.0, 0.0, -1.0]);
    }

    #[test]
    fn only_a_full_mix_is_late() {
        // Whether the left output depends on the input within a frame: what it is wired to, ring by ring.
        let late = |bench: &Bench| {
            let (nodes, outs) = bench.nodes();
            let mut open = vec![outs[&(0, 0, patches_core::spec::Side::Left)]];
            while let Some(wire) = open.pop() {
                match wire {
                    Wire::Input { port: 0, .. } => return false,
                    Wire::Node { node, .. } => {
                        assert!(!matches!(nodes[node as usize].kind, NodeKind::Merge));
                        open.extend(&nodes[node as usize].ins);
                    }
                    _ => {}
                }
            }
            true
        };
        assert!(late(&bench(0.1).set("mix", 0, 1.0)));
        assert!(!late(&bench(0.1)));
        assert!(!late(&bench(0.1).change("mix", 0, 1.0, 0.5)));
    }

    #[test]
    fn readers_say_how_far_back_they_read() {
        let reads = |bench: Bench| -> Vec<u32> {
            bench.nodes().0.iter().filter_map(|node| node.reads).map(|(_, frames)| frames).collect()
        };
        assert_eq!(reads(bench(0.1)), [4800, 4800]);
        assert_eq!(reads(bench(0.0)), [1, 1]);
        assert_eq!(reads(bench(0.1).plug("time", 0, &[0.1])), [1, 1]);
        assert_eq!(reads(bench(0.1).change("time", 0, 0.1, 0.2)), [4800, 9600, 4800, 9600]);
    }
}
