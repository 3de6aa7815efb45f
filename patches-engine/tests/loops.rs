//! Loops: one sample where the text or the rule puts it, none where a delay closes them.

mod common;
use common::*;
use patches_core::graph::Landing;
use patches_core::isa::Isa;
use patches_engine::engine::Notice;

/// The sound before the master's DC block, which is undone here: x\[n\] = y\[n\] − p·y\[n−1\] + x\[n−1\].
fn heard(patch: &Patch, isa: Isa, frames: usize) -> Vec<f64> {
    let (_control, mut engine) = engine(patch, isa);
    let pole = f64::from(1.0 - std::f32::consts::TAU * 2.0 / RATE as f32);
    let (mut x, mut last) = (0.0, 0.0);
    render(&mut engine, frames, &[57])
        .iter()
        .map(|frame| {
            let y = f64::from(frame[0]);
            x += y - pole * last;
            last = y;
            x
        })
        .collect()
}

/// A single 1 at frame 0 (the clock's first trigger), into a sum.
fn impulse() -> Patch {
    Patch::new()
        .module("clock", "Every", &[("time", 10.0)])
        .shaped("sum", "Sum", 2, &[])
        .cable("clock.trigger", "sum.in[0]", 1.0)
        .cable("sum.out", "out.in", 1.0)
}

fn loops(patch: &Patch) -> Vec<String> {
    let (mut control, _engine) = patches_engine::engine::new(settings(Isa::Base));
    let (_, report) = control.swap(patch.graph(), Landing::Now, 0.0).expect("within limits");
    report.loops.into_iter().map(|closing| closing.cable).collect()
}

#[test]
fn a_late_cable_is_one_sample_late() {
    let patch = impulse().late("sum.out", "sum.in[1]", 0.5);
    let out = heard(&patch, Isa::Base, 40);
    for (n, x) in out.iter().enumerate() {
        assert!((x - 0.5f64.powi(n as i32)).abs() < 1e-6, "frame {n}: {x}");
    }
    assert!(loops(&patch).is_empty());
    let open = Patch::new().module("clock", "Every", &[("time", 10.0)]).late("clock.trigger", "out.in", 1.0);
    let out = heard(&open, Isa::Base, 4);
    assert!(out[0].abs() < 1e-6 && (out[1] - 1.0).abs() < 1e-6 && out[2].abs() < 1e-6);
}

#[test]
fn how_far_apart_voices_stand_is_heard_in_the_same_frame() {
    let patch = Patch::new()
        .module("osc", "Osc", &[])
        .module("wide", "Voices", &[])
        .cable("osc.sine", "wide.in", 0.3)
        .cable("wide.out", "wide.spread", 0.3)
        .cable("wide.out", "out.in", 0.1);
    let loops = loops(&patch);
    assert!(loops.len() == 1 && loops[0].contains("spread"), "{loops:?}");
}

#[test]
fn a_loop_without_one_gets_one_and_is_told() {
    let patch = impulse().module("amp", "Vca", &[("gain", 0.5)]).cable("sum.out", "amp.in", 1.0).cable(
        "amp.out",
        "sum.in[1]",
        1.0,
    );
    let out = heard(&patch, widest(), 40);
    for (n, x) in out.iter().enumerate() {
        assert!((x - 0.5f64.powi(n as i32)).abs() < 1e-6, "frame {n}: {x}");
    }
    // The walk begins at `amp.in`, the first fed input by name; the way back into it is late.
    assert_eq!(loops(&patch), ["sum.out -> amp.in"]);
}

#[test]
fn the_cut_does_not_depend_on_what_else_there_is() {
    let patch = |extra: bool| {
        let patch = impulse().module("amp", "Vca", &[("gain", 0.5)]).cable("sum.out", "amp.in", 1.0).cable(
            "amp.out",
            "sum.in[1]",
            1.0,
        );
        if extra {
            patch.module("aaa", "Vca", &[]).cable("sum.out", "aaa.in", 1.0).cable("aaa.out", "out.in", 0.0)
        } else {
            patch
        }
    };
    assert_eq!(loops(&patch(true)), loops(&patch(false)));
}

#[test]
fn a_wet_delay_closes_a_loop_with_nothing_added() {
    for frames in [1usize, 7, 31, 32, 33, 480] {
        let time = frames as f64 / f64::from(RATE);
        let patch = impulse()
            .module("delay", "Delay", &[("time", time), ("mix", 1.0)])
            .cable("sum.out", "delay", 1.0)
            .cable("delay.left", "sum.in[1]", 0.5);
        assert!(loops(&patch).is_empty());
        for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
            for (n, x) in heard(&patch, isa, 1_000).iter().enumerate() {
                let expected = if n % frames == 0 { 0.5f64.powi((n / frames) as i32) } else { 0.0 };
                assert!((x - expected).abs() < 1e-5, "{frames} frames, frame {n}: {x}, not {expected}");
            }
        }
    }
    // With the dry path on, the loop is one within the frame, and one cable must be late.
    let dry = impulse().module("delay", "Delay", &[("time", 0.01), ("mix", 0.5)]).cable("sum.out", "delay", 1.0).cable(
        "delay.left",
        "sum.in[1]",
        0.5,
    );
    assert_eq!(loops(&dry).len(), 1);
}

#[test]
fn a_save_elsewhere_does_not_disturb_a_loop() {
    let patch = |gain: f64| {
        impulse().late("sum.out", "sum.in[1]", 0.999).module("far", "Vca", &[("gain", gain)]).cable(
            "clock.phase",
            "far.in",
            1.0,
        )
    };
    let (_control, mut plain) = engine(&patch(0.1), Isa::Base);
    let expected = render(&mut plain, 3_000, &[64]);
    let (mut control, mut edited) = engine(&patch(0.1), Isa::Base);
    let mut got = render(&mut edited, 1_001, &[64]);
    control.poll();
    control.swap(patch(0.9).graph(), Landing::Now, 0.010).expect("within limits");
    got.extend(render(&mut edited, 1_999, &[64]));
    assert_eq!(hash(&got), hash(&expected));
}

/// A sine into an amplifier whose output comes back to it, so many times as loud.
fn fed_back(gain: f64, level: f64) -> Patch {
    Patch::new()
        .module("osc", "Sine", &[("pitch", 5.0)])
        .module("amp", "Vca", &[("gain", 1.0)])
        .cable("osc", "amp.in", level)
        .late("amp", "amp.in", gain)
        .cable("amp", "out.in", 1.0)
}

#[test]
fn a_loop_that_runs_away_is_turned_down_and_told() {
    for gain in [1.01, 1.5, 4.0, -4.0] {
        let (mut control, mut engine) = engine(&fed_back(gain, 0.1), Isa::Base);
        let sound = render(&mut engine, 96_000, &[64]);
        let peak = |part: &[[f32; 2]]| part.iter().map(|frame| frame[0].abs()).fold(0.0, f32::max);
        // Above twelve decibels over full scale, until it is seen that it does not settle (of 1.01 a sample in a hundred
        // samples more), then within full scale for good.
        let after = sound.iter().rposition(|frame| frame[0].abs() > 1.0).map_or(0, |last| last + 1);
        assert!(peak(&sound) < 20.0 && after < 60_000, "gain {gain}: {} until {after}", peak(&sound));
        assert!(peak(&sound[after..]) > 0.01, "gain {gain}: it sounds on");
        let told = |notice: &Notice| matches!(notice, Notice::Quarantined { module, why, .. } if &**module == "amp" && why.contains("loop"));
        assert!(control.poll().iter().any(told), "gain {gain}");
    }
}

#[test]
fn a_loop_through_a_delay_is_turned_down_as_well() {
    let patch = Patch::new()
        .module("osc", "Sine", &[("pitch", 5.0)])
        .module("echo", "Delay", &[("time", 0.01), ("mix", 1.0)])
        .cable("osc", "echo", 0.1)
        .cable("echo", "echo", 1.6)
        .cable("echo", "out.in", 1.0);
    let (mut control, mut engine) = engine(&patch, Isa::Base);
    let sound = render(&mut engine, 96_000, &[64]);
    let late = sound[48_000..].iter().map(|frame| frame[0].abs()).fold(0.0, f32::max);
    assert!(late < 1.0 && late > 0.01, "{late}");
    assert!(control.poll().iter().any(|notice| matches!(notice, Notice::Quarantined { .. })));
}

#[test]
fn a_loop_is_clean_within_a_block_of_the_edit_that_cures_it() {
    let (mut control, mut engine) = engine(&fed_back(4.0, 0.1), Isa::Base);
    render(&mut engine, 48_000, &[64]);
    control.poll();
    control.swap(fed_back(0.0, 0.1).graph(), Landing::Now, 0.0).expect("within limits");
    let cured = render(&mut engine, 48_000, &[64]);
    let (_control, mut clean) = common::engine(&fed_back(0.0, 0.1), Isa::Base);
    let never = render(&mut clean, 96_000, &[64]).split_off(48_000);
    let apart =
        |from: usize| cured[from..].iter().zip(&never[from..]).map(|(a, b)| (a[0] - b[0]).abs()).fold(0.0, f32::max);
    // What is left is the master's DC block, which has heard the loop.
    assert!(apart(32) < 0.02 && apart(40_000) < 1e-6, "{} {}", apart(32), apart(40_000));
}

#[test]
fn a_cured_loop_is_let_go_though_it_is_fed_loudly() {
    for (gain, level) in [(-0.5, 0.5), (0.5, 1.0)] {
        let (mut control, mut engine) = engine(&fed_back(4.0, level), Isa::Base);
        render(&mut engine, 48_000, &[64]);
        control.poll();
        control.swap(fed_back(gain, level).graph(), Landing::Now, 0.0).expect("within limits");
        let cured = render(&mut engine, 480_000, &[64]).split_off(432_000);
        let (_control, mut clean) = common::engine(&fed_back(gain, level), Isa::Base);
        let never = render(&mut clean, 528_000, &[64]).split_off(480_000);
        let apart = cured.iter().zip(&never).map(|(a, b)| (a[0] - b[0]).abs()).fold(0.0, f32::max);
        assert!(apart < 1e-6, "gain {gain}: {apart}");
    }
}

#[test]
fn a_loud_loop_that_does_not_run_away_passes_untouched() {
    let sound = |level: f64| {
        let (_control, mut engine) = engine(&fed_back(-0.75, level), Isa::Base);
        render(&mut engine, 20_000, &[64])
    };
    let (soft, loud) = (sound(0.5), sound(4.0));
    let peak = loud.iter().map(|frame| frame[0].abs()).fold(0.0, f32::max);
    assert!(peak > 2.0 && peak < 4.0, "{peak}");
    assert!(soft.iter().zip(&loud).all(|(soft, loud)| soft[0] * 8.0 == loud[0]), "eight times as loud, to the bit");
}

/// A number into an amplifier whose output comes back to it, a sample later.
fn builds_up(number: f64, gain: f64) -> Patch {
    Patch::new()
        .module("amp", "Vca", &[("in", number), ("gain", 1.0)])
        .late("amp", "amp.in", gain)
        .cable("amp", "out.in", 0.0005)
}

#[test]
fn what_builds_up_towards_an_end_reaches_it() {
    for (number, gain) in [(1.0, 0.999), (10.0, 0.5), (10.0, 0.9), (3.0, -0.75), (-1.0, 0.99)] {
        let out = heard(&builds_up(number, gain), Isa::Base, 20_000);
        for n in [0, 1, 2, 3, 10, 100, 1000, 19_999] {
            let wanted = number * (1.0 - gain.powi(n as i32 + 1)) / (1.0 - gain) * 0.0005;
            assert!(
                (out[n] - wanted).abs() < 2e-3 * wanted.abs() + 1e-5,
                "{number} {gain} {n}: {}, not {wanted}",
                out[n]
            );
        }
    }
}

#[test]
fn resonance_and_repeats_far_above_full_scale_are_left_alone() {
    let told = |notice: &Notice| matches!(notice, Notice::Quarantined { .. });
    for (gain, seconds) in [(0.95, 0.01), (0.8, 0.3)] {
        let patch = Patch::new()
            .module("osc", "Sine", &[("pitch", 3.0)])
            .module("echo", "Delay", &[("time", seconds), ("mix", 1.0)])
            .cable("osc", "echo", 4.0)
            .cable("echo", "echo", gain)
            .cable("echo", "out.in", 0.01);
        let (mut control, mut engine) = engine(&patch, Isa::Base);
        render(&mut engine, 96_000, &[64]);
        assert!(!control.poll().iter().any(told), "gain {gain}");
    }
}

#[test]
fn a_loop_of_pitches_holds_any_number() {
    // A pitch of six octaves that is held and goes round.
    let patch = Patch::new()
        .module("sum", "Sum", &[("in[0]", 6.0)])
        .module("osc", "Sine", &[("pitch", 0.0)])
        .late("sum", "sum.in[0]", 0.5)
        .cable("sum", "osc.pitch", 1.0)
        .cable("osc", "out.in", 0.5);
    let (mut control, mut engine) = engine(&patch, Isa::Base);
    render(&mut engine, 20_000, &[64]);
    let told = |notice: &Notice| matches!(notice, Notice::Quarantined { .. });
    assert!(!control.poll().iter().any(told));
}
