//! What an input is: what the text sets plus every cable into it, and only then held to its range.

mod common;
use common::*;
use patches_core::graph::Landing;
use patches_core::isa::Isa;

/// The last frame of so many, before the master: a number through a meter of its own.
fn level(patch: &Patch) -> f32 {
    let (_control, mut engine) = engine(patch, Isa::Base);
    let frames = render(&mut engine, 4800, &[64]);
    frames.iter().map(|frame| frame[0].abs()).fold(0.0, f32::max)
}

/// A sine of level 0.25 through a crossfade from silence, its `mix` set to a number, with a cable of another.
fn mixed(mix: f64, cable: Option<f64>) -> Patch {
    let patch = Patch::new()
        .module("osc", "Sine", &[("pitch", 5.0)])
        .module("fade", "Crossfade", &[("mix", mix)])
        .module("more", "Vca", &[("in", cable.unwrap_or(0.0))])
        .cable("osc", "fade.b", 0.25)
        .cable("fade", "out.in", 1.0);
    if cable.is_some() { patch.cable("more", "fade.mix", 1.0) } else { patch }
}

#[test]
fn the_sum_is_held_not_what_is_added() {
    let whole = level(&mixed(1.0, None));
    for (mix, cable, part) in [(3.0, Some(-2.5), 0.5), (-1.0, Some(1.5), 0.5), (3.0, Some(0.0), 1.0), (3.0, None, 1.0)]
    {
        let heard = level(&mixed(mix, cable)) / whole;
        let linear = level(&mixed(part, None)) / whole;
        assert!((heard - linear).abs() < 1e-3, "{mix} {cable:?}: {heard}, not {linear}");
    }
}

#[test]
fn a_least_value_is_not_added_to_a_cable() {
    // Three for one, not four.
    let patch = Patch::new()
        .module("beat", "Every", &[("time", 0.001)])
        .module("three", "Vca", &[("in", 3.0)])
        .module("part", "Divider", &[("by", 0.0)])
        .cable("beat.trigger", "part.in", 1.0)
        .cable("three", "part.by", 1.0)
        .cable("part", "out.in", 0.1);
    let (_control, mut engine) = engine(&patch, Isa::Base);
    let ticks = render(&mut engine, 4800, &[64]).windows(2).filter(|pair| pair[1][0] - pair[0][0] > 0.05).count();
    assert!(ticks.abs_diff(100 / 3) <= 1, "{ticks}");
}

#[test]
fn an_edit_goes_from_what_was_held_to_what_is() {
    // From 3, which is 1, to 0 by a straight line from 1; with a cable of -2.5 from 0.5.
    for cable in [None, Some(-2.5)] {
        let (mut control, mut engine) = engine(&mixed(3.0, cable), Isa::Base);
        let before = render(&mut engine, 4800, &[64]);
        control.poll();
        control.swap(mixed(3.0, None).graph(), Landing::Now, 0.02).expect("within limits");
        let fade = render(&mut engine, 4800, &[64]);
        let step = |frames: &[[f32; 2]]| frames.windows(2).map(|w| (w[1][0] - w[0][0]).abs()).fold(0.0, f32::max);
        // No step larger than those of the sine itself at its full level.
        assert!(step(&fade) < 0.02 && step(&before) < 0.02, "{cable:?}: {}", step(&fade));
    }
}
