//! Edits of a running patch: what is kept, what fades, what lands when.

mod common;
use common::*;
use patches_core::graph::Landing;
use patches_core::isa::Isa;
use patches_engine::engine::Notice;

/// A ramp through an amplifier and an echo, which has a long memory.
fn echo(gain: f64, time: f64) -> Patch {
    Patch::new()
        .module("clock", "Every", &[("time", 0.011)])
        .module("amp", "Vca", &[("gain", gain)])
        .module("echo", "Delay", &[("time", time), ("feedback", 0.6), ("mix", 0.5)])
        .cable("clock.phase", "amp.in", 1.0)
        .cable("amp.out", "echo", 1.0)
        .cable("echo", "out.in", 0.3)
}

fn largest_step(frames: &[[f32; 2]]) -> f32 {
    frames.windows(2).map(|w| (w[1][0] - w[0][0]).abs().max((w[1][1] - w[0][1]).abs())).fold(0.0, f32::max)
}

#[test]
fn a_save_without_a_change_changes_no_bit() {
    let patch = echo(0.5, 0.05);
    let (_c, mut plain) = engine(&patch, Isa::Base);
    let expected = render(&mut plain, 30_000, &[256]);
    let (mut control, mut edited) = engine(&patch, Isa::Base);
    let mut got = vec![];
    for piece in [5_000, 7, 10_001, 32, 14_960] {
        got.extend(render(&mut edited, piece, &[100]));
        control.poll();
        let (_, report) = control.swap(patch.graph(), Landing::Now, 0.015).expect("within limits");
        assert!(report.changed.is_empty() && report.added.is_empty() && report.reset.is_empty(), "{report:?}");
        assert_eq!(report.kept.len(), 4);
    }
    assert_eq!(hash(&got), hash(&expected));
}

#[test]
fn an_edit_elsewhere_leaves_a_port_alone_and_a_planted_one_is_seen() {
    let patch = echo(0.5, 0.05);
    let with = |gain: f64| {
        patch
            .clone()
            .module("far", "Vca", &[("gain", gain)])
            .module("ear", "Vca", &[])
            .cable("clock.phase", "far.in", 1.0)
            .cable("far.out", "ear.in", 1.0)
    };
    let run = |edit: &Patch| {
        let (mut control, mut engine) = engine(&with(0.1), Isa::Base);
        let mut got = render(&mut engine, 5_000, &[64]);
        control.poll();
        control.swap(edit.graph(), Landing::Now, 0.015).expect("within limits");
        got.extend(render(&mut engine, 20_000, &[64]));
        hash(&got)
    };
    assert_eq!(run(&with(0.1)), run(&with(0.9)));
    let touched = with(0.1).module("amp", "Vca", &[("gain", 0.4)]);
    assert_ne!(run(&with(0.1)), run(&touched));
}

/// A saw-tooth through a filter that rings, each by a type of this name.
fn voice(source: &str, port: &str, filter: &str, out: &str) -> Patch {
    Patch::new()
        .module("osc", source, &[("pitch", 3.3)])
        .module("filter", filter, &[("cutoff", 7.0), ("resonance", 0.97)])
        .cable(&format!("osc.{port}"), "filter.in", 0.1)
        .cable(&format!("filter.{out}"), "out.in", 1.0)
}

#[test]
fn a_type_of_the_same_family_goes_on_with_what_means_the_same() {
    let edited = |next: &Patch| {
        let (mut control, mut engine) = engine(&voice("Saw", "out", "Lowpass", "out"), Isa::Base);
        let mut got = render(&mut engine, 5_000, &[64]);
        control.poll();
        let (_, report) = control.swap(next.graph(), Landing::Now, 0.0).expect("within limits");
        got.extend(render(&mut engine, 5_000, &[64]));
        (got, report)
    };
    let (plain, _) = edited(&voice("Saw", "out", "Lowpass", "out"));
    let (other_osc, report) = edited(&voice("Osc", "sawtooth", "Lowpass", "out"));
    assert_eq!(hash(&plain), hash(&other_osc), "the phase goes on");
    assert_eq!((report.kept.len(), report.reset.len()), (3, 0), "{report:?}");
    assert!(report.changed.iter().any(|c| c.param == "type" && c.from == "Saw" && c.to == "Osc"), "{report:?}");
    let far = |other: &[[f32; 2]]| plain.iter().zip(other).map(|(a, b)| (a[0] - b[0]).abs()).fold(0.0, f32::max);
    let (other_filter, report) = edited(&voice("Saw", "out", "Svf", "lowpass"));
    assert!(far(&other_filter) < 1e-4 && report.reset.is_empty(), "{} {report:?}", far(&other_filter));
    // A ladder has another memory: it starts over, and that is told.
    let (ladder, report) = edited(&voice("Saw", "out", "Ladder", "out"));
    assert!(far(&ladder) > 0.01 && report.reset.len() == 1, "{report:?}");
}

#[test]
fn a_gain_goes_to_its_new_value_over_the_fade_and_not_before() {
    // The phase of a slow clock is as good as constant over the fade, at 0.9 here.
    let patch = |gain: f64| {
        Patch::new()
            .module("clock", "Every", &[("time", 10.0)])
            .module("amp", "Vca", &[("gain", gain)])
            .cable("clock.phase", "amp.in", 1.0)
            .cable("amp.out", "out.in", 1.0)
    };
    let (mut control, mut engine) = engine(&patch(0.25), Isa::Base);
    let before = render(&mut engine, 432_000, &[256]);
    control.poll();
    let (save, report) = control.swap(patch(1.0).graph(), Landing::Now, 0.010).expect("within limits");
    assert_eq!(report.changed.len(), 1);
    assert_eq!((report.changed[0].from.as_str(), report.changed[0].to.as_str()), ("0.25", "1"));
    let after = render(&mut engine, 1_000, &[64]);
    assert!(control.poll().contains(&Notice::Landed { save, at: 432_000 }));
    // The DC block takes a tenth in that time. In decibels the middle of the way from a quarter to one is one half: it has risen by 0.9 · 0.25.
    let rise = |at: usize| after[at][0] - before[431_999][0];
    assert!(rise(0).abs() < 1e-3 && (rise(240) - 0.225).abs() < 0.02 && (rise(480) - 0.675).abs() < 0.06);
}

#[test]
fn every_edit_stays_within_twice_the_signals_own_step() {
    let source = |t: &str| -> Patch {
        let p = Patch::new().module("clock", "Every", &[("time", 0.4)]).module("a", "Vca", &[("gain", 0.5)]).module(
            "b",
            "Vca",
            &[("gain", 0.25)],
        );
        match t {
            "a" => p.cable("clock.phase", "a.in", 1.0).cable("a.out", "out.in", 1.0),
            "scaled" => p.cable("clock.phase", "a.in", 1.0).cable("a.out", "out.in", 0.2),
            "both" => p
                .cable("clock.phase", "a.in", 1.0)
                .cable("clock.phase", "b.in", 1.0)
                .cable("a.out", "out.in", 1.0)
                .cable("b.out", "out.in", 1.0),
            "none" => p.cable("clock.phase", "a.in", 1.0),
            "gain" => {
                p.module("a", "Vca", &[("gain", 0.1)]).cable("clock.phase", "a.in", 1.0).cable("a.out", "out.in", 1.0)
            }
            "replaced" => Patch::new()
                .module("clock", "Every", &[("time", 0.4)])
                .shaped("a", "Mixer", 1, &[("level[0]", 0.3)])
                .cable("clock.phase", "a.in[0]", 1.0)
                .cable("a.out", "out.in", 1.0),
            other => panic!("no variant {other}"),
        }
    };
    let variants = ["a", "scaled", "both", "none", "gain", "replaced"];
    for from in variants {
        for to in variants {
            for second in variants {
                let (mut control, mut engine) = engine(&source(from), Isa::Base);
                // The phase is 0.74 at the edit and wraps at 0.4 s, after the fades.
                let mut got = render(&mut engine, 14_200, &[256]);
                got.drain(..14_190);
                control.poll();
                control.swap(source(to).graph(), Landing::Now, 0.010).expect("within limits");
                got.extend(render(&mut engine, 200, &[33]));
                control.poll();
                control.swap(source(second).graph(), Landing::Now, 0.010).expect("within limits");
                got.extend(render(&mut engine, 1_000, &[33]));
                // Over 480 frames at most 0.75 of full scale is crossed; twice in a row where a fade is turned round.
                let step = largest_step(&got);
                assert!(step < 2.0 * 0.75 / 480.0 + 1e-4, "{from} to {to} to {second}: {step}");
            }
        }
    }
}

#[test]
fn without_a_fade_the_same_edit_does_step() {
    let patch = |gain: f64| {
        Patch::new()
            .module("clock", "Every", &[("time", 0.4)])
            .module("a", "Vca", &[("gain", gain)])
            .cable("clock.phase", "a.in", 1.0)
            .cable("a.out", "out.in", 1.0)
    };
    let (mut control, mut engine) = engine(&patch(0.5), Isa::Base);
    let mut got = render(&mut engine, 14_200, &[256]);
    got.drain(..14_190);
    control.poll();
    control.swap(patch(0.1).graph(), Landing::Now, 0.0).expect("within limits");
    got.extend(render(&mut engine, 200, &[33]));
    assert!(largest_step(&got) > 0.2);
}

#[test]
fn saves_land_on_the_frame_the_beat_or_the_bar() {
    let patch = echo(0.5, 0.05);
    let (mut control, mut engine) = engine(&patch, Isa::Base);
    render(&mut engine, 1_000, &[64]);
    let mut landed = |engine: &mut _, landing| {
        control.poll();
        let (save, _) = control.swap(patch.graph(), landing, 0.0).expect("within limits");
        render(engine, 100_000, &[77]);
        control.poll().into_iter().find_map(|notice| match notice {
            Notice::Landed { save: at_save, at } if at_save == save => Some(at),
            _ => None,
        })
    };
    // At 120 beats a minute a beat is 24 000 frames, a bar 96 000.
    assert_eq!(landed(&mut engine, Landing::Now), Some(1_000));
    assert_eq!(landed(&mut engine, Landing::Beat), Some(120_000));
    assert_eq!(landed(&mut engine, Landing::Bars(1)), Some(288_000));
}

#[test]
fn a_newer_save_replaces_one_that_waits() {
    let (mut control, mut engine) = engine(&echo(0.5, 0.05), Isa::Base);
    render(&mut engine, 1_000, &[64]);
    control.poll();
    let (first, _) = control.swap(echo(0.1, 0.05).graph(), Landing::Beat, 0.0).expect("within limits");
    let (second, _) = control.swap(echo(0.2, 0.05).graph(), Landing::Now, 0.0).expect("within limits");
    render(&mut engine, 50_000, &[64]);
    let landed: Vec<_> = control.poll();
    assert!(landed.contains(&Notice::Landed { save: second, at: 1_000 }), "{landed:?}");
    assert!(!landed.iter().any(|n| matches!(n, Notice::Landed { save, .. } if *save == first)));
}

#[test]
fn a_save_made_during_a_fade_may_land_after_it() {
    let (mut control, mut engine) = engine(&echo(0.5, 0.05), Isa::Base);
    render(&mut engine, 1_000, &[64]);
    control.poll();
    control.swap(echo(0.1, 0.05).graph(), Landing::Now, 0.010).expect("within limits");
    render(&mut engine, 100, &[50]);
    let (save, _) = control.swap(echo(0.7, 0.05).graph(), Landing::Beat, 0.010).expect("within limits");
    render(&mut engine, 60_000, &[64]);
    assert!(control.poll().contains(&Notice::Landed { save, at: 24_000 }));
}

#[test]
fn a_landing_is_told_however_long_nobody_listened() {
    let (mut control, mut engine) = engine(&echo(0.5, 0.05), Isa::Base);
    // More blocks than there is room for word of them.
    let (save, _) = control.swap_at(echo(0.1, 0.05).graph(), 300_000, 0.010).expect("within limits");
    render(&mut engine, 310_000, &[32]);
    assert!(control.poll().contains(&Notice::Landed { save, at: 300_000 }));
}

#[test]
fn a_removed_echo_rings_out_as_long_as_the_text_says() {
    let before = |tail: f64| {
        let mut patch = Patch::new()
            .module("osc", "Sine", &[("pitch", 4.0)])
            .module("echo", "Delay", &[("time", 0.09), ("feedback", 0.8), ("mix", 1.0)])
            .module("tone", "Lowpass", &[("cutoff", 8.0)])
            .cable("osc", "echo", 0.1)
            .cable("echo", "tone.in", 1.0)
            .cable("tone", "out.in", 1.0);
        patch.0.tail = Some(patches_core::graph::Setting::Number(tail));
        patch
    };
    let after = |tail: f64| {
        let mut patch = Patch::new().module("osc", "Sine", &[("pitch", 4.0)]);
        patch.0.tail = Some(patches_core::graph::Setting::Number(tail));
        patch
    };
    let run = |tail: f64, second: bool| {
        let (mut control, mut engine) = engine(&before(tail), Isa::Base);
        render(&mut engine, 24_000, &[64]);
        control.poll();
        control.swap(after(tail).graph(), Landing::Now, 0.015).expect("within limits");
        let mut sound = render(&mut engine, 4_000, &[64]);
        control.poll();
        if second {
            // A save while it rings: it goes on ringing.
            control.swap(after(tail).graph(), Landing::Now, 0.015).expect("within limits");
        }
        sound.extend(render(&mut engine, 60_000, &[64]));
        control.poll();
        sound
    };
    let level = |sound: &[[f32; 2]]| sound.iter().map(|frame| frame[0].abs()).fold(0.0, f32::max);
    let cut = run(0.0, false);
    assert!(level(&cut[..300]) > 0.05 && level(&cut[1_000..]) < 0.02, "{}", level(&cut[1_000..]));
    for second in [false, true] {
        let rung = run(0.5, second);
        // Half a second and two fades of 15 ms, from the last save.
        let end = 24_000 + 2 * 720 + if second { 4_000 } else { 0 };
        assert!(level(&rung[20_000..24_000]) > 0.02, "{}", level(&rung[20_000..24_000]));
        assert!(level(&rung[end + 100..]) < level(&rung[20_000..24_000]) / 4.0, "{}", level(&rung[end + 100..]));
        assert!(largest_step(&rung) < 2.0 * largest_step(&cut[..300]).max(0.05), "{}", largest_step(&rung));
    }
}
