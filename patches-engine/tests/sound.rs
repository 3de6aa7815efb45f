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
