//! Mixer: per channel level, pan, mute, solo and two sends; two returns, one master.
//!
//! Pan p keeps the power: left·√(1 − p), right·√(1 + p), so the middle is exactly 1, a mono source there is as loud on
//! each side as unmixed, and hard to one side it is √2 there. A stereo source keeps its sides and is balanced. Sends are
//! taken behind level, pan and mute. Mute and solo are gates, and go over in 5 ms. `out` is the mean of both sides,
//! before pan, returns and master included. Source of the law: C. Roads, "The Computer Music Tutorial" (1996), ch. 11.
//! Cost: two square roots per channel and frame while pan moves, a dozen multiplications.

use crate::parts::either;
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    let any = f64::NEG_INFINITY..f64::INFINITY;
    let gain = |names, default, help| Input::new(names, Kind::Gain, help).value(default, any.clone());
    Spec::new(&["Mixer"], "Mixer with pan, sends and returns")
        .with_input(Input::new(&["in"], Kind::Audio, "the channel's signal; stereo keeps its sides").indexed().stereo())
        .with_input(gain(&["level"], 1.0, "the channel's level").indexed())
        .with_input(Input::new(&["pan"], Kind::Number, "-1 left, 1 right").value(0.0, -1.0..1.0).indexed())
        .with_input(gain(&["send_a"], 0.0, "how much of the channel goes to `send_a`").indexed())
        .with_input(gain(&["send_b"], 0.0, "how much of the channel goes to `send_b`").indexed())
        .with_input(Input::new(&["mute"], Kind::Gate, "silences the channel").value(0.0, 0.0..1.0).indexed())
        .with_input(Input::new(&["solo"], Kind::Gate, "silences all channels without it").value(0.0, 0.0..1.0).indexed())
        .with_input(Input::new(&["return_a"], Kind::Audio, "what comes back from `send_a`").stereo())
        .with_input(Input::new(&["return_b"], Kind::Audio, "what comes back from `send_b`").stereo())
        .with_input(gain(&["master"], 1.0, "level of everything"))
        .with_output(Output::new(&["stereo"], Kind::Audio, "the mix").stereo())
        .with_output(Output::new(&["out"], Kind::Audio, "the mix before pan, in mono"))
        .with_output(Output::new(&["send_a"], Kind::Audio, "to an effect that comes back at `return_a`").stereo())
        .with_output(Output::new(&["send_b"], Kind::Audio, "to an effect that comes back at `return_b`").stereo())
        .example("mix = Mixer(channels: [low, high]) { level: 0.3, pan[low]: -0.5, pan[high]: 0.5 }\nOsc { pitch: C2 }.saw -> mix.in[low]\nOsc { pitch: G3 }.sine -> mix.in[high]\nmix -> out")
}

mod strip {
    //! One channel.
    use crate::parts::slew::switch;
    use patches_core::prelude::*;

    kernel! { Strip,
        signals { left_in, right_in, mute, solo, solos } controls { level, pan, send_a, send_b } options {}
        outputs { left, right, mono, a_left, a_right, b_left, b_right } state { closed, begun: Bits }
    }
    row! {
        /// Gains of both sides, of the mono sum and of the sends.
        Mid { left, right, mono, a, b }
    }

    impl Kernel for Strip {
        type Mid<L: Lanes> = Mid<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Mid<L> {
            let one = L::splat(1.0);
            let (left, right) = ((one - c.pan).sqrt() * c.level, (one + c.pan).sqrt() * c.level);
            Mid::new(left, right, c.level * L::splat(0.5), c.send_a, c.send_b)
        }

        #[inline(always)]
        fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
            // Above a half a gate is high.
            let half = L::splat(0.5);
            let silent = x.mute.gt(half) | (x.solos.gt(half) & !x.solo.gt(half));
            let open = L::splat(1.0) - switch(cx, &mut s.closed, &mut s.begun, silent);
            let (left, right) = (x.left_in * m.left * open, x.right_in * m.right * open);
            let mono = (x.left_in + x.right_in) * m.mono * open;
            Out::new(left, right, mono, left * m.a, right * m.a, left * m.b, right * m.b)
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

mod master {
    //! The sums at the master's level.
    use patches_core::prelude::*;

    kernel! { Master, signals { left_in, right_in, mono_in } controls { level } options {} outputs { left, right, mono } state {} }

    impl Kernel for Master {
        type Mid<L: Lanes> = Ctl<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
            c
        }

        #[inline(always)]
        fn scan<L: Lanes>(_: &Cx, _: &mut State<L>, c: Ctl<L>, x: Sig<L>) -> Out<L> {
            Out::new(x.left_in * c.level, x.right_in * c.level, x.mono_in * c.level)
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

mod mean {
    //! Both sides as one.
    use patches_core::prelude::*;

    kernel! { Mean, signals { left, right } controls {} options {} outputs { out } state {} }

    impl Kernel for Mean {
        type Mid<L: Lanes> = Ctl<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
            c
        }

        #[inline(always)]
        fn scan<L: Lanes>(_: &Cx, _: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Out<L> {
            Out::new((x.left + x.right) * L::splat(0.5))
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

/// The largest of all `solo`: above a half where any channel is solo.
fn solos(lowering: &mut Lowering<'_>) -> Wire {
    let mut any = Wire::Const(0.0);
    for channel in 0..lowering.channels {
        if lowering.feed("solo", channel) != Feed::Still(0.0) {
            let solo = lowering.input("solo", channel);
            any = lowering.kernel(&either::KERNEL, &[], &[any, solo]).out(0);
        }
    }
    any
}

fn lower(lowering: &mut Lowering<'_>) {
    let solos = solos(lowering);
    // What each strip gives, by output of the strip.
    let mut buses: [Vec<Wire>; 7] = Default::default();
    for channel in 0..lowering.channels {
        lowering.for_channel(Some(channel));
        let ins = ["level", "pan", "send_a", "send_b", "in_left", "in_right", "mute", "solo"];
        let mut ins = ins.map(|name| lowering.input(name, channel)).to_vec();
        ins.push(solos);
        let strip = lowering.kernel(&strip::KERNEL, &[], &ins);
        for (out, bus) in buses.iter_mut().enumerate() {
            bus.push(strip.out(out as u16));
        }
    }
    lowering.for_channel(None);
    for back in ["return_a", "return_b"] {
        if !lowering.linked(&format!("{back}_left"), 0) && !lowering.linked(&format!("{back}_right"), 0) {
            continue;
        }
        let (left, right) = (lowering.input(&format!("{back}_left"), 0), lowering.input(&format!("{back}_right"), 0));
        let mean = lowering.kernel(&mean::KERNEL, &[], &[left, right]).out(0);
        for (bus, wire) in buses.iter_mut().zip([left, right, mean]) {
            bus.push(wire);
        }
    }
    let sums = buses.map(|bus| lowering.sum(&bus));
    let level = lowering.input("master", 0);
    let master = lowering.kernel(&master::KERNEL, &[], &[level, sums[0], sums[1], sums[2]]);
    let outs = [master.out(0), master.out(1), master.out(2), sums[3], sums[4], sums[5], sums[6]];
    let names = ["left", "right", "out", "send_a_left", "send_a_right", "send_b_left", "send_b_right"];
    for (name, wire) in names.into_iter().zip(outs) {
        lowering.output(name, 0, wire);
    }
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{Bench, Outs};
    use patches_core::spec::Side;

    /// Left, right and mono of the first frame.
    fn mix(outs: &Outs) -> (f32, f32, f32) {
        (outs.get("left")[0], outs.get("right")[0], outs.get("out")[0])
    }

    #[test]
    fn the_page_says_which_output_is_which() {
        let spec = spec();
        assert_eq!(spec.output("left"), Some((0, Side::Left)));
        assert_eq!(spec.output("right"), Some((0, Side::Right)));
        assert_eq!(spec.output("out"), Some((1, Side::Both)));
        assert_eq!(spec.output("send_a_left"), Some((2, Side::Left)));
        assert_eq!(spec.input("in"), Some((0, Side::Both)));
    }

    #[test]
    fn a_mono_source_in_the_middle_is_as_loud_as_unmixed() {
        let outs = Bench::new(&DEF, 2).plug("in", 1, &[0.7]).run(1);
        assert_eq!(mix(&outs), (0.7, 0.7, 0.7));
        assert_eq!((outs.get("send_a_left")[0], outs.get("send_b_right")[0]), (0.0, 0.0));
    }

    #[test]
    fn pan_keeps_the_power_and_out_comes_before_it() {
        for step in -10..=10 {
            let pan = step as f32 / 10.0;
            let (left, right, mono) = mix(&Bench::new(&DEF, 1).plug("in", 0, &[0.5]).set("pan", 0, pan).run(1));
            // Two square roots and their squares are good to a few last places.
            assert!((left * left + right * right - 0.5).abs() < 1e-6 && mono == 0.5, "{pan}: {left} {right} {mono}");
        }
        let (left, right, _) = mix(&Bench::new(&DEF, 1).plug("in", 0, &[0.5]).set("pan", 0, -1.0).run(1));
        assert_eq!((left, right), (0.5 * 2.0f32.sqrt(), 0.0));
    }

    #[test]
    fn stereo_keeps_its_sides_and_channels_add() {
        let bench =
            Bench::new(&DEF, 2).plug("in_left", 0, &[0.5]).plug("in_right", 0, &[-0.25]).plug("in", 1, &[0.125]);
        let outs = bench.set("level", 1, 2.0).set("master", 0, 0.5).run(1);
        assert_eq!(mix(&outs), (0.375, 0.0, 0.1875));
    }

    #[test]
    fn sends_leave_behind_level_and_pan_and_come_back() {
        let bench = Bench::new(&DEF, 2).plug("in", 0, &[0.5]).plug("in", 1, &[1.0]);
        let outs =
            bench.set("level", 0, 0.5).set("send_a", 0, 0.5).set("send_b", 1, 2.0).plug("return_a", 0, &[4.0]).run(1);
        assert_eq!((outs.get("send_a_left")[0], outs.get("send_b_right")[0]), (0.125, 2.0));
        assert_eq!(mix(&outs), (5.25, 5.25, 5.25));
    }

    #[test]
    fn mute_and_solo_go_over_in_five_milliseconds() {
        let mut mute = vec![0.0; 100];
        mute.extend(vec![1.0; 500]);
        let outs = Bench::new(&DEF, 1).plug("in", 0, &[1.0; 600]).plug("mute", 0, &mute).run(600);
        let left = outs.get("left");
        assert_eq!((left[99], left[400]), (1.0, 0.0));
        // 240 frames of the same step, each a little off by rounding.
        assert!((0..240).all(|i| (left[100 + i] - (1.0 - (i + 1) as f32 / 240.0)).abs() < 1e-4));
        let solo = Bench::new(&DEF, 3).plug("in", 0, &[1.0]).plug("in", 1, &[2.0]).plug("in", 2, &[4.0]);
        assert_eq!(mix(&solo.set("solo", 1, 1.0).set("solo", 2, 1.0).set("mute", 2, 1.0).run(1)).0, 2.0);
    }

    #[test]
    fn a_muted_channel_is_silent_from_its_first_frame() {
        assert_eq!(mix(&Bench::new(&DEF, 1).plug("in", 0, &[1.0]).set("mute", 0, 1.0).run(1)).0, 0.0);
    }
}
