//! A graph becomes sound: levels, sums, voices, sides, loops.

mod common;
use common::*;
use patches_core::isa::Isa;

#[test]
fn a_constant_through_an_amplifier_reaches_both_sides() {
    // A clock's phase is the one signal here that is known in closed form.
    let patch = Patch::new()
        .module("clock", "Every", &[("time", 0.01)])
        .module("amp", "Vca", &[("gain", 0.5)])
        .cable("clock.phase", "amp.in", 1.0)
        .cable("amp.out", "out.in", 1.0);
    let (_control, mut engine) = engine(&patch, Isa::Base);
    let out = render(&mut engine, 960, &[64]);
    // The DC block takes away a little of a rising line: its time constant is 80 ms, the line lasts 10.
    for (i, frame) in out.iter().enumerate().take(480) {
        let line = 0.5 * i as f32 / 480.0;
        assert!((frame[0] - line).abs() < 0.05 && frame[0] == frame[1], "frame {i}: {frame:?}, line {line}");
    }
    assert!((out[479][0] - 0.5).abs() < 0.05 && out[481][0] < 0.1);
}

/// Two tones, one for each side, through `wires`; must sound as if they went straight to their sides.
fn assert_sides(wires: impl Fn(Patch) -> Patch) {
    let tones = || {
        Patch::new().module("a", "Sine", &[("pitch", 4.0)]).module("b", "Sine", &[("pitch", 5.3)]).module(
            "amp",
            "Vca",
            &[("gain", 1.0)],
        )
    };
    let straight = tones().cable("a.out", "out.in_left", 1.0).cable("b.out", "out.in_right", 1.0);
    let expected = render(&mut engine(&straight, Isa::Base).1, 300, &[57]);
    let found = render(&mut engine(&wires(tones()), Isa::Base).1, 300, &[57]);
    assert!(expected.iter().any(|frame| frame[0] != frame[1]));
    assert_eq!(expected, found);
}

#[test]
fn a_mono_module_runs_once_for_each_side_that_is_wired_to_it() {
    let sides = |patch: Patch| patch.cable("a.out", "amp.in_left", 1.0).cable("b.out", "amp.in_right", 1.0);
    assert_sides(|patch| sides(patch).cable("amp.out", "out.in", 1.0));
    assert_sides(|patch| {
        sides(patch).cable("amp.out_left", "out.in_left", 1.0).cable("amp.out_right", "out.in_right", 1.0)
    });
    // Crossed once on the way in and once on the way out.
    assert_sides(|patch| {
        let crossed = patch.cable("b.out", "amp.in_left", 1.0).cable("a.out", "amp.in_right", 1.0);
        crossed.cable("amp.out_left", "out.in_right", 1.0).cable("amp.out_right", "out.in_left", 1.0)
    });
    // One side of a module that runs once is that module.
    assert_sides(|patch| {
        patch.cable("a.out", "amp.in", 1.0).cable("amp.out_left", "out.in_left", 1.0).cable(
            "b.out",
            "out.in_right",
            1.0,
        )
    });
}
