//! What may not happen on stage: memory asked for in the callback, a bad module that spoils others, a panic that stops
//! the sound.

mod common;
use common::*;
use patches_core::graph::Landing;
use patches_engine::engine::Notice;
use patches_engine::trap;

#[global_allocator]
static ALLOCATOR: trap::Counting = trap::Counting;

/// The count is of the whole process, so the tests of this file take turns.
fn alone() -> std::sync::MutexGuard<'static, ()> {
    static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());
    TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn line() -> Patch {
    Patch::new()
        .module("clock", "Every", &[("time", 0.4)])
        .module("amp", "Vca", &[("gain", 0.5)])
        .cable("clock.phase", "amp.in", 1.0)
        .cable("amp.out", "out.in", 1.0)
}

/// A bad module beside the good one, into the same output. Its input passes one half at 0.2 s.
fn beside(kind: &str) -> Patch {
    line().module("bad", kind, &[]).cable("clock.phase", "bad.in", 1.0).cable("bad.out", "out.in", 0.1)
}

#[test]
fn no_memory_is_asked_for_over_swaps_and_faults_and_a_planted_request_is_counted() {
    let _alone = alone();
    let before = trap::count();
    {
        let _inside = trap::Inside::enter();
        drop(std::hint::black_box(Box::new(1)));
    }
    let planted = trap::count() - before;
    assert_eq!(planted, 2, "one request and one release were planted");

    let before = trap::count();
    let (mut control, mut engine) = engine(&line(), widest());
    let mut buffer = [0.0; 512];
    for (turn, kind) in ["TestNan", "Mixer", "TestPanic", "Delay", "TestNan"].iter().cycle().take(60).enumerate() {
        let patch = match *kind {
            "Mixer" => {
                line().shaped("mix", "Mixer", 4, &[]).cable("amp.out", "mix.in[2]", 0.1).cable("mix", "out", 1.0)
            }
            "Delay" => line()
                .module("echo", "Delay", &[("time", 0.01)])
                .cable("amp.out", "echo", 1.0)
                .cable("echo", "out", 0.1),
            bad => beside(bad),
        };
        control.swap(patch.graph(), Landing::Now, if turn % 3 == 0 { 0.0 } else { 0.02 }).expect("within limits");
        for _ in 0..turn {
            engine.process(&mut buffer, 2);
        }
        control.poll();
    }
    // The one payload of a panic is made by the planted module itself, inside the callback.
    let allowed = 60;
    assert!(trap::count() - before <= allowed, "{} requests", trap::count() - before);
}

#[test]
fn quiet_play_and_swaps_ask_for_nothing_at_all() {
    let _alone = alone();
    let (mut control, mut engine) = engine(&line(), widest());
    let mut buffer = [0.0; 512];
    let before = trap::count();
    for turn in 0..60 {
        let gain = 0.1 + 0.01 * f64::from(turn);
        let patch = line().module("amp", "Vca", &[("gain", gain)]);
        control.swap(patch.graph(), Landing::Now, 0.02).expect("within limits");
        for _ in 0..turn {
            engine.process(&mut buffer, 2);
        }
        control.poll();
    }
    assert_eq!(trap::count() - before, 0);
}

#[test]
fn what_is_not_finite_is_silent_to_the_end_of_its_block_and_named() {
    let _alone = alone();
    let (mut control, mut engine) = engine(&beside("TestNan"), widest());
    let out = render(&mut engine, 19_000, &[100]);
    assert!(out.iter().flatten().all(|x| x.is_finite()));
    let notices = control.poll();
    // The phase passes one half after frame 9600, a multiple of the block.
    let named = notices.iter().find_map(|notice| match notice {
        Notice::Quarantined { module, why, at } => Some((module.to_string(), *why, *at)),
        _ => None,
    });
    assert_eq!(named, Some(("bad".to_string(), "output was not finite", 9_601)));
    // Once the input is low again, at 0.4 s, the module sounds again: its state was renewed.
    let (_control, mut good) = common::engine(&beside("Vca"), widest());
    let expected = render(&mut good, 28_000, &[100]);
    let (_control, mut engine) = common::engine(&beside("TestNan"), widest());
    let got = render(&mut engine, 28_000, &[100]);
    // By then the DC block, whose time constant is 80 ms, has all but forgotten the silence; the module gives 0.04.
    let difference = (27_000..28_000).map(|i| (got[i][0] - expected[i][0]).abs()).fold(0.0, f32::max);
    assert!(difference < 0.02, "{difference}");
    assert_eq!(hash(&got[..9_600]), hash(&expected[..9_600]));
}

#[test]
fn a_panic_takes_out_one_module_and_the_rest_plays_on() {
    let _alone = alone();
    let (mut control, mut engine) = engine(&beside("TestPanic"), widest());
    let got = render(&mut engine, 19_000, &[100]);
    let (_control, mut alone) = common::engine(&line(), widest());
    let expected = render(&mut alone, 19_000, &[100]);
    assert!(control.poll().iter().any(|notice| matches!(notice, Notice::Quarantined { why: "its code panicked", .. })));
    // With the bad module gone the output is the good one's, but for what the DC block remembers of the step.
    for i in 18_000..19_000 {
        assert!((got[i][0] - expected[i][0]).abs() < 0.06, "frame {i}: {:?} {:?}", got[i], expected[i]);
    }
}

#[test]
fn a_module_that_panicked_stays_silent_whatever_its_buffers_are_used_for() {
    let _alone = alone();
    let others = || {
        let chain = ["a", "b", "c", "d"].iter().fold(line(), |patch, name| patch.module(name, "Vca", &[]));
        chain
            .cable("clock.phase", "a.in", 1.0)
            .cable("a.out", "b.in", -1.0)
            .cable("b.out", "c.in", 1.0)
            .cable("c.out", "d.in", 1.0)
            .cable("d.out", "out.in", 0.25)
    };
    let bad = others()
        .module("bad", "TestPanic", &[])
        .module("tail", "Vca", &[])
        .cable("clock.phase", "bad.in", 1.0)
        .cable("bad.out", "tail.in", 1.0)
        .cable("tail.out", "out.in", 0.5);
    let run = |patch: &Patch| {
        let (_control, mut engine) = engine(patch, widest());
        // Far behind the panic at 0.2 s; the master's DC block has forgotten what was before.
        render(&mut engine, 192_000, &[256]).split_off(144_000)
    };
    let (heard, expected) = (run(&bad), run(&others()));
    let off = heard.iter().zip(&expected).map(|(a, b)| (a[0] - b[0]).abs()).fold(0.0f32, f32::max);
    assert!(off < 1e-3, "{off}");
}
