//! What is done beside the text: undo with state, over again, musical time that stands still; live and offline.

mod common;
use common::*;
use patches_core::graph::Landing;
use patches_engine::control::Control;
use patches_engine::desk::{Ask, Reset};
use patches_engine::offline::{Cue, Performance, perform};

/// A slow ramp through an amplifier: its value tells how far its oscillator has come.
fn ramp() -> Patch {
    Patch::new()
        .module("lfo", "Lfo", &[("rate", 3.7)])
        .module("amp", "Vca", &[("gain", 0.5)])
        .cable("lfo.saw_up", "amp.in", 1.0)
        .cable("amp.out", "out.in", 1.0)
}

fn without_lfo() -> Patch {
    Patch::new().module("amp", "Vca", &[("gain", 0.5)]).cable("amp.out", "out.in", 1.0)
}

/// A trigger now and then, into a long echo.
fn echo() -> Patch {
    Patch::new()
        .module("clock", "Every", &[])
        .beats("clock", "time", 1.0)
        .module("env", "Adsr", &[("decay", 0.02), ("sustain", 0.5), ("release", 0.02)])
        .module("echo", "Delay", &[("time", 0.1), ("feedback", 0.95), ("mix", 1.0)])
        .module("osc", "Sine", &[])
        .module("amp", "Vca", &[])
        .cable("clock.trigger", "env.trigger", 1.0)
        .cable("osc", "amp.in", 1.0)
        .cable("env", "amp.gain", 1.0)
        .cable("amp", "echo", 1.0)
        .cable("echo", "out.in", 0.3)
}

fn swap(control: &mut Control, patch: &Patch, ask: &Ask) -> patches_engine::report::Report {
    control.poll();
    control.swap_with(patch.graph(), Landing::Now, 0.0, ask).expect("within limits").1
}

fn restore() -> Ask {
    Ask { restore: true, ..Ask::default() }
}

fn peak(frames: &[[f32; 2]]) -> f32 {
    frames.iter().flatten().fold(0.0, |peak, x| peak.max(x.abs()))
}

#[test]
fn the_output_is_muted_with_all_that_comes_into_it_and_soloed_with_it_too() {
    let heard = |mute: &[&str], solo: &[&str]| {
        let mut patch = ramp();
        patch.0.mute = mute.iter().map(|name| path(name)).collect();
        patch.0.solo = solo.iter().map(|name| path(name)).collect();
        let (_control, mut engine) = engine(&patch, widest());
        peak(&render(&mut engine, 4_000, &[256]))
    };
    let plain = heard(&[], &[]);
    assert!(plain > 0.01);
    assert_eq!(heard(&["out"], &[]), 0.0);
    assert_eq!(heard(&[], &["out"]), plain);
    assert_eq!(heard(&["out"], &["amp"]), 0.0);
}

#[test]
fn an_undo_brings_modules_back_with_the_state_they_had() {
    // One saw-tooth in 12 973 frames; it is stopped at 10 000, and falls 2 973 frames after it goes on.
    let falls_after = |ask: &Ask| {
        let (mut control, mut engine) = engine(&ramp(), widest());
        render(&mut engine, 10_000, &[256]);
        let report = swap(&mut control, &without_lfo(), &Ask::default());
        assert_eq!(report.removed.len(), 1);
        render(&mut engine, 5_000, &[256]);
        let report = swap(&mut control, &ramp(), ask);
        let came_back = (report.restored.len(), report.added.len());
        assert_eq!(came_back, if ask.restore { (1, 0) } else { (0, 1) }, "{report:?}");
        let frames = render(&mut engine, 20_000, &[256]);
        frames.windows(2).position(|pair| pair[1][0] - pair[0][0] < -0.3).expect("it falls")
    };
    let (restored, fresh) = (falls_after(&restore()), falls_after(&Ask::default()));
    assert!(restored.abs_diff(2_973) < 4, "{restored}");
    assert!(fresh.abs_diff(12_973) < 4 || fresh.abs_diff(12_973 / 2) < 4, "a new one begins anew: {fresh}");
}

#[test]
fn what_plays_goes_on_over_an_undo() {
    let (mut control, mut one) = engine(&ramp(), widest());
    let (_c, mut other) = engine(&ramp(), widest());
    for round in 0..6 {
        let (a, b) = (render(&mut one, 3_001, &[128]), render(&mut other, 3_001, &[128]));
        assert_eq!(hash(&a), hash(&b), "round {round}");
        let far = ramp().module("far", "Lfo", &[]).module("ear", "Vca", &[]).cable("far.sine", "ear.in", 1.0);
        let next = if round % 2 == 0 { far } else { ramp() };
        swap(&mut control, &next, &restore());
    }
}

#[test]
fn only_what_the_last_eight_saves_took_away_comes_back() {
    let (mut control, mut engine) = engine(&ramp(), widest());
    render(&mut engine, 1_000, &[256]);
    let other = |round: usize| without_lfo().module(&format!("m{round}"), "Noise", &[]);
    for round in 0..9 {
        swap(&mut control, &other(round), &Ask::default());
        render(&mut engine, 64, &[64]);
    }
    let restored = |control: &mut Control, patch: &Patch| {
        let report = swap(control, patch, &restore());
        report.restored.iter().map(|path| path.to_string()).collect::<Vec<_>>()
    };
    // The first of nine took `lfo`; eight are kept.
    assert_eq!(restored(&mut control, &ramp().module("m1", "Noise", &[])), ["m1"]);
}

#[test]
fn over_again_ends_an_echo_and_leaves_the_rest() {
    let after = |reset: Reset| {
        let (mut control, mut engine) = engine(&echo(), widest());
        render(&mut engine, 18_000, &[256]);
        let report = swap(&mut control, &echo(), &Ask { reset, ..Ask::default() });
        // The echo comes every 4 800 frames, the next beat at 24 000.
        (report.reset.len(), peak(&render(&mut engine, 1_800, &[64])[400..]))
    };
    let (none, rings) = after(Reset::None);
    assert!(none == 0 && rings > 0.05, "{rings}");
    let (all, silent) = after(Reset::All);
    assert!(all == 6 && silent < 0.02, "{silent}");
    let (one, silent) = after(Reset::These(vec![path("echo")]));
    assert!(one == 1 && silent < 0.02, "{silent}");
    assert_eq!(after(Reset::These(vec![path("clock")])).0, 1);
}

#[test]
fn musical_time_stands_still_and_goes_on_from_there() {
    let stopped = Ask { stopped: true, ..Ask::default() };
    let (mut control, mut engine) = engine(&echo(), widest());
    render(&mut engine, 30_000, &[256]);
    swap(&mut control, &echo(), &stopped);
    render(&mut engine, 48_000 * 3, &[256]);
    // The echo of what was held would be as loud as ever; ten seconds on it has died away at 0.95 a tenth of a second.
    let left = peak(&render(&mut engine, 480_000, &[256])[432_000..]);
    assert!(left < 0.02, "no new beat came: {left}");
    // A save on the bar does not wait for one that never comes.
    control.poll();
    control.swap_with(echo().graph(), Landing::Bars(1), 0.0, &stopped).expect("within limits");
    render(&mut engine, 64, &[64]);
    let landed = control.poll();
    assert!(landed.iter().any(|notice| matches!(notice, patches_engine::engine::Notice::Landed { .. })), "{landed:?}");
    let held_at = control.meters().beat;
    swap(&mut control, &echo(), &Ask::default());
    let begun = engine.clock();
    // It stopped at frame 30 000: the next beat, the second, comes 18 000 frames on, and a tenth of a second later its echo.
    let frames = render(&mut engine, 48_000, &[256]);
    let heard = frames.iter().position(|frame| frame[0].abs() > 0.04).expect("a beat");
    assert!(heard.abs_diff(18_000 + 4_800) < 200, "{heard} after {begun}");
    assert_eq!(held_at, 2, "in the second beat of the bar");
}

/// A panic must come through, and replay must be what was heard.
#[test]
fn offline_it_is_the_same_to_the_bit() {
    let steps: [(u64, Patch, Ask, f64); 6] = [
        (0, echo(), Ask::default(), 0.0),
        (10_000, ramp(), Ask::default(), 0.01),
        (15_007, echo(), restore(), 0.01),
        (20_000, echo(), Ask { stopped: true, ..Ask::default() }, 0.01),
        (40_001, echo(), Ask { reset: Reset::All, stopped: true, ..Ask::default() }, 0.01),
        (50_000, echo(), Ask { reset: Reset::These(vec![path("env")]), ..Ask::default() }, 0.01),
    ];
    let (mut control, mut engine) = patches_engine::engine::new(settings(widest()));
    let mut live = vec![];
    for (index, (at, patch, ask, fade)) in steps.iter().enumerate() {
        let wait = *at as usize - live.len();
        live.extend(render(&mut engine, wait, &[77]));
        control.poll();
        control.swap_with(patch.graph(), Landing::Now, *fade, ask).unwrap_or_else(|e| panic!("{index}: {e}"));
    }
    live.extend(render(&mut engine, 90_000 - live.len(), &[77]));
    let cues: Vec<Cue> = steps
        .iter()
        .map(|(at, patch, ask, fade)| Cue { at: *at, graph: patch.graph(), fade: *fade, ask: ask.clone() })
        .collect();
    let mut replay: Vec<[f32; 2]> = vec![];
    let latency = engine.latency() as usize;
    let performance = Performance { cues: &cues, ..Performance::default() };
    let done = perform(settings(widest()), &performance, (90_000 - latency) as u64, 0, |part| {
        replay.extend(part.chunks_exact(2).map(|frame| [frame[0], frame[1]]));
        Ok::<(), ()>(())
    });
    assert!(done.is_ok());
    assert_eq!(hash(&live[latency..]), hash(&replay));
}
