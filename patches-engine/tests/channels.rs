//! More than two channels out: each sound comes to its own place and to no other, over edits too, and what one pair of
//! channels does changes no bit of another.

mod common;

use common::{Patch, settings, widest};
use patches_core::graph::Landing;
use patches_engine::engine::{Settings, new};

/// A way for the sound: a patch, then others at their frames, each with a fade of so many seconds.
type Set<'a> = &'a [(usize, &'a Patch, f64)];

/// Frames of a session of so many channels.
fn play(settings: Settings, set: Set<'_>, frames: usize) -> Vec<Vec<f32>> {
    let width = usize::from(settings.outputs);
    let (mut control, mut engine) = new(settings);
    let mut all: Vec<Vec<f32>> = Vec::new();
    let mut pieces = [32usize, 1, 77, 250].iter().cycle();
    let mut next = 0;
    while all.len() < frames {
        while let Some((_, patch, fade)) = set.get(next).filter(|(at, ..)| *at <= all.len()) {
            control.swap(patch.graph(), Landing::Now, *fade).expect("within the limits");
            next += 1;
        }
        let until = set.get(next).map_or(frames, |(at, ..)| *at);
        let n = (*pieces.next().expect("endless")).min(until - all.len());
        let mut block = vec![9.0; n * width];
        engine.process(&mut block, width);
        control.poll();
        all.extend(block.chunks_exact(width).map(<[f32]>::to_vec));
    }
    all
}

fn with(outputs: u16) -> Settings {
    Settings { outputs, limiter: true, ..settings(widest()) }
}

/// The bits of one channel.
fn bits(frames: &[Vec<f32>], channel: usize) -> Vec<u32> {
    frames.iter().map(|frame| frame[channel].to_bits()).collect()
}

/// The amplitude of a frequency in hertz in one channel, over a second.
fn level(frames: &[Vec<f32>], channel: usize, hertz: f64) -> f64 {
    let part = &frames[frames.len() - 48_000..];
    let turn = |i: usize| std::f64::consts::TAU * hertz * i as f64 / 48_000.0;
    let sums = part.iter().enumerate().map(|(i, frame)| {
        let x = f64::from(frame[channel]);
        (x * turn(i).cos(), x * turn(i).sin())
    });
    let (a, b) = sums.fold((0.0, 0.0), |(a, b), (x, y)| (a + x, b + y));
    2.0 * a.hypot(b) / part.len() as f64
}

fn peak(frames: &[Vec<f32>], channel: usize) -> f32 {
    frames.iter().map(|frame| frame[channel].abs()).fold(0.0, f32::max)
}

/// Pitch in octaves above C0.
fn pitch(hertz: f64) -> f64 {
    patches_core::spec::hz(hertz)
}

/// An output with so many channels; of none as today.
fn out(channels: usize) -> Patch {
    Patch::default().shaped("out", "AudioOut", channels, &[])
}

fn sine(patch: Patch, name: &str, hertz: f64) -> Patch {
    patch.module(name, "Osc", &[("pitch", pitch(hertz))])
}

/// Something with noise, an echo and a voice that sleeps between its notes, into this port.
fn song(patch: Patch, to: &str) -> Patch {
    sine(patch, "osc", 220.0)
        .module("every", "Every", &[("time", 0.1)])
        .module("env", "Ad", &[("attack", 0.002), ("decay", 0.03)])
        .module("amp", "Vca", &[])
        .module("noise", "Noise", &[])
        .module("echo", "Delay", &[("time[0]", 0.05), ("mix", 0.5)])
        .cable("every.trigger", "env.trigger", 1.0)
        .cable("env.out", "amp.gain", 1.0)
        .cable("osc.saw", "amp.in", 1.0)
        .cable("noise.white", "echo.in_left", 0.1)
        .cable("amp.out", to, 0.8)
        .cable("echo.left", to, 1.0)
}

#[test]
fn the_first_pair_does_not_know_of_the_others() {
    for oversample in [1, 4] {
        let base = |outputs| Settings { oversample, ..with(outputs) };
        let alone = [song(out(0), "out.in"), song(out(0), "out.left")];
        let plain = play(base(2), &[(0, &alone[0], 0.0), (5_000, &alone[1], 0.01)], 12_000);
        assert!(peak(&plain, 0) > 0.5 && peak(&plain[6_000..], 1) < 0.2, "both texts are heard");
        // The same, with a noise beside it that any limiter has much to do with.
        let beside = |patch: Patch| {
            let loud = patch.module("loud", "Noise", &[]);
            (2..5).fold(loud, |patch, channel| patch.cable("loud.white", &format!("out.in[{channel}]"), 9.0))
        };
        let beside = [beside(song(out(5), "out.in")), beside(song(out(5), "out.left"))];
        for outputs in [2, 3, 5, 8] {
            let more = play(base(outputs), &[(0, &beside[0], 0.0), (5_000, &beside[1], 0.01)], 12_000);
            for side in 0..2 {
                assert!(bits(&plain, side) == bits(&more, side), "{oversample} times, {outputs} channels, side {side}");
            }
            for channel in 2..usize::from(outputs) {
                let wanted = if channel < 5 { 0.9..=1.0 } else { 0.0..=0.0 };
                assert!(wanted.contains(&peak(&more, channel)), "channel {channel}: {}", peak(&more, channel));
            }
        }
    }
}

#[test]
fn any_channel_plays_what_the_left_one_would() {
    for oversample in [1, 2] {
        let base = Settings { oversample, ..with(6) };
        let on = |channel: usize| {
            let to = format!("out.in[{channel}]");
            let first = song(out(6), &to);
            let second = sine(song(out(6), &to), "more", 330.0).cable("more.sine", &to, 0.5);
            play(base, &[(0, &first, 0.0), (4_000, &second, 0.02), (8_000, &first, 0.02)], 14_000)
        };
        let left = on(0);
        assert!(peak(&left, 0) > 0.5);
        for channel in 1..6 {
            let other = on(channel);
            assert!(bits(&left, 0) == bits(&other, channel), "{oversample} times, channel {channel}");
            let silent = (0..6).filter(|other| *other != channel);
            silent.for_each(|silent| assert_eq!(peak(&other, silent), 0.0, "{silent} beside {channel}"));
        }
    }
}

#[test]
fn every_channel_has_its_own_sound_and_voices_and_sides_come_together_in_it() {
    let hertz = [200.0, 300.0, 400.0, 500.0];
    let mut patch = out(4).module("out2", "AudioOut", &[]).shaped("out3", "AudioOut", 3, &[]);
    for (channel, hertz) in hertz.into_iter().enumerate() {
        let name = format!("osc{channel}");
        patch = sine(patch, &name, hertz).cable(&format!("{name}.sine"), &format!("out.in[{channel}]"), 0.2);
    }
    // A chord into the third: its voices are added. What has sides comes as their mean into the fourth.
    patch = patch
        .shaped("chord", "Merge", 2, &[("in[0]", pitch(600.0)), ("in[1]", pitch(700.0))])
        .module("voices", "Osc", &[])
        .cable("chord.out", "voices.pitch", 1.0)
        .cable("voices.sine", "out.in[2]", 0.1)
        .module("wide", "Delay", &[("time[0]", 0.01), ("mix", 0.0)]);
    patch = sine(sine(patch, "l", 800.0), "r", 900.0).cable("l.sine", "wide.in_left", 0.3);
    patch = patch.cable("r.sine", "wide.in_right", 0.3).cable("wide.out", "out.in[3]", 1.0);
    // Other outputs add to the first; the index of a mixer's channel is none here.
    patch = sine(patch, "two", 1000.0).cable("two.sine", "out2.in", 0.1).cable("two.sine", "out3.in[2]", 0.05);
    let frames = play(with(4), &[(0, &patch, 0.0)], 60_000);
    let expected = |channel: usize| -> Vec<(f64, f64)> {
        let own = (hertz[channel], 0.2);
        match channel {
            0 | 1 => vec![own, (1000.0, 0.1)],
            2 => vec![own, (600.0, 0.1), (700.0, 0.1), (1000.0, 0.05)],
            _ => vec![own, (800.0, 0.15), (900.0, 0.15)],
        }
    };
    for channel in 0..4 {
        for tone in [200.0, 300.0, 400.0, 500.0, 600.0, 700.0, 800.0, 900.0, 1000.0] {
            let wanted = expected(channel).iter().find(|(hertz, _)| *hertz == tone).map_or(0.0, |(_, level)| *level);
            let found = level(&frames, channel, tone);
            assert!((found - wanted).abs() < 0.002, "channel {channel}, {tone} Hz: {found}, {wanted} wanted");
        }
    }
}

#[test]
fn an_edit_fades_what_it_moves_where_it_was_and_where_it_goes_and_touches_nothing_else() {
    let base = |channels: usize| {
        let patch = sine(sine(sine(out(channels), "a", 200.0), "b", 300.0), "c", 400.0);
        patch.cable("a.sine", "out.in", 0.5).cable("b.sine", "out.in[2]", 0.5)
    };
    let before = base(5).cable("c.sine", "out.in[4]", 0.5);
    let moved = base(5).cable("c.sine", "out.in[3]", 0.5);
    // The channel itself goes, and with it its number.
    let fewer = base(4).cable("c.sine", "out.in[3]", 0.5);
    let gone = base(3);
    let fade = 0.05;
    let settings = || Settings { limiter: false, ..with(5) };
    let plain = play(settings(), &[(0, &before, 0.0)], 48_000);
    for (name, after) in [("moved", &moved), ("with its channel", &fewer), ("gone", &gone)] {
        let frames = play(settings(), &[(0, &before, 0.0), (20_000, after, fade)], 48_000);
        for channel in 0..3 {
            assert!(bits(&frames, channel) == bits(&plain, channel), "{name}: channel {channel} is not touched");
        }
        let middle = &frames[20_000 + 1100..20_000 + 1300];
        let level = |channel: usize| peak(middle, channel);
        // Half of its way; the DC block passes it.
        assert!((level(4) - 0.25).abs() < 0.03, "{name}: {} where it was", level(4));
        let there = if name == "gone" { 0.0 } else { 0.25 };
        assert!((level(3) - there).abs() < 0.03, "{name}: {} where it goes", level(3));
        assert!(peak(&frames[30_000..], 4) < 0.02, "{name}: it is gone");
        for channel in 3..5 {
            let step = frames.windows(2).map(|pair| (pair[1][channel] - pair[0][channel]).abs()).fold(0.0, f32::max);
            // The sine's own largest step is 0.026.
            assert!(step < 0.03, "{name}: channel {channel} steps by {step}");
        }
    }
}

#[test]
fn a_channel_is_its_place_whatever_it_is_called() {
    let called = |names: [&str; 5]| {
        let mut patch = sine(sine(out(5), "a", 200.0), "b", 300.0);
        let out = patch.0.modules.get_mut("out").expect("there is one");
        out.channels = names.map(Into::into).to_vec();
        patch.cable("a.sine", "out.in[phones]", 0.5).cable("b.sine", "out.in[right]", 0.5)
    };
    let (before, after) =
        (called(["left", "right", "phones", "click", "x"]), called(["right", "left", "x", "click", "phones"]));
    let settings = || Settings { limiter: false, ..with(5) };
    let frames = play(settings(), &[(0, &before, 0.0), (20_000, &after, 0.05)], 48_000);
    let halves = |from: usize| [0, 1, 2, 3, 4].map(|channel| peak(&frames[from..from + 200], channel));
    let near = |found: [f32; 5], wanted: [f32; 5]| found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 0.03);
    assert!(near(halves(15_000), [0.0, 0.5, 0.5, 0.0, 0.0]), "{:?}", halves(15_000));
    assert!(near(halves(21_100), [0.25, 0.25, 0.25, 0.0, 0.25]), "half of the way: {:?}", halves(21_100));
    assert!(near(halves(40_000), [0.5, 0.0, 0.0, 0.0, 0.5]), "{:?}", halves(40_000));
}

#[test]
fn what_goes_where_no_channel_is_turns_nothing_down() {
    let quiet = sine(out(3), "a", 200.0).cable("a.sine", "out.in[2]", 0.9);
    let beyond =
        sine(sine(out(4), "a", 200.0), "b", 300.0).cable("a.sine", "out.in[2]", 0.9).cable("b.sine", "out.in[3]", 9.0);
    let (three, lost) = (play(with(3), &[(0, &quiet, 0.0)], 20_000), play(with(3), &[(0, &beyond, 0.0)], 20_000));
    assert!(bits(&three, 2) == bits(&lost, 2) && peak(&three, 2) > 0.85);
}

#[test]
fn the_limiter_of_a_pair_turns_nothing_else_down() {
    let quiet = sine(out(4), "a", 200.0).cable("a.sine", "out.in", 0.9);
    let loud = sine(sine(out(4), "a", 200.0), "b", 300.0)
        .cable("a.sine", "out.in", 0.9)
        .cable("b.sine", "out.in[2]", 4.0)
        .cable("a.sine", "out.in[3]", 0.5);
    let (calm, hot) = (play(with(4), &[(0, &quiet, 0.0)], 48_000), play(with(4), &[(0, &loud, 0.0)], 48_000));
    assert!(bits(&calm, 0) == bits(&hot, 0) && bits(&calm, 1) == bits(&hot, 1), "the first pair is not turned down");
    assert!((0.9..=1.0).contains(&peak(&hot[10_000..], 2)), "the second one is: {}", peak(&hot[10_000..], 2));
    // Both of its channels by the same.
    assert!((peak(&hot[10_000..], 3) - 0.125).abs() < 0.02, "{}", peak(&hot[10_000..], 3));
    let (mut control, mut engine) = new(with(4));
    control.swap(loud.graph(), Landing::Now, 0.0).expect("within the limits");
    let mut block = vec![0.0; 4 * 4800];
    engine.process(&mut block, 4);
    let meters = control.meters();
    assert!(meters.limiter_db < -11.0 && meters.peak.len() == 4, "{meters:?}");
    assert!((meters.peak[0] - 0.9).abs() < 0.02 && meters.peak[2] > 0.9 && meters.peak[3] < 0.6, "{meters:?}");
}

#[test]
fn a_device_gets_the_channels_it_has() {
    let patch =
        sine(sine(out(4), "a", 200.0), "b", 300.0).cable("a.sine", "out.left", 0.5).cable("b.sine", "out.in[3]", 0.5);
    let get = |outputs: u16, device: usize| {
        let (mut control, mut engine) = new(with(outputs));
        control.swap(patch.graph(), Landing::Now, 0.0).expect("within the limits");
        let mut block = vec![9.0; 4800 * device];
        engine.process(&mut block, device);
        block.chunks_exact(device).map(<[f32]>::to_vec).collect::<Vec<_>>()
    };
    let peaks = |frames: &[Vec<f32>]| -> Vec<i32> {
        (0..frames[0].len()).map(|channel| (peak(frames, channel) * 100.0).round() as i32).collect()
    };
    assert_eq!(peaks(&get(4, 4)), [50, 0, 0, 50]);
    // The session has three channels: there is no fourth, whatever the device has.
    assert_eq!(peaks(&get(3, 3)), [50, 0, 0]);
    assert_eq!(peaks(&get(3, 6)), [50, 0, 0, 0, 0, 0]);
    assert_eq!(peaks(&get(4, 2)), [50, 0]);
    // One alone gets the mean of the first two.
    assert_eq!(peaks(&get(4, 1)), [25]);
}
