//! Sleep as part of the sound's definition: what reaches the output only through a closed amplifier is frozen, the phase of
//! an oscillator that nothing bends goes on, and neither lanes nor blocks nor instruction sets have a say.

mod common;
use common::*;
use patches_core::isa::Isa;
use patches_engine::midi::{Message, Midi};

/// A gate of so many seconds' period into an envelope, `n` of them.
fn voice(patch: Patch, n: usize, bent: bool) -> Patch {
    let name = |kind: &str| format!("{kind}{n}");
    let (every, env, osc, filter, amp) = (name("every"), name("env"), name("osc"), name("filter"), name("amp"));
    let patch = patch
        .module(&every, "Every", &[("time", 0.05 + 0.013 * n as f64)])
        .module(&env, "Adsr", &[("attack", 0.001), ("decay", 0.008), ("sustain", 0.0)])
        .module(&osc, "Osc", &[("pitch", 4.0 + n as f64 / 7.0)])
        .module(&filter, "Svf", &[("cutoff", 6.0), ("resonance", 0.9)])
        .module(&amp, "Vca", &[])
        .cable(&format!("{every}.gate"), &format!("{env}.gate"), 1.0)
        .cable(&env, &format!("{amp}.gain"), 1.0)
        .cable(&format!("{osc}.sawtooth"), &filter, 1.0)
        .cable(&filter, &format!("{amp}.in"), 1.0);
    if bent { patch.cable("lfo", &format!("{osc}.pitch"), 0.1) } else { patch }
}

fn play(patch: &Patch, isa: Isa, pieces: &[usize]) -> Vec<[f32; 2]> {
    let (_control, mut engine) = engine(patch, isa);
    render(&mut engine, 30_000, pieces)
}

/// One voice, with or without something that listens to the oscillator beside the amplifier and so keeps it awake.
fn one(bent: bool, kept_awake: bool) -> Patch {
    let patch = voice(Patch::new().module("lfo", "Triangle", &[("pitch", -1.0)]), 0, bent).cable("amp0", "out.in", 0.3);
    if !kept_awake {
        return patch;
    }
    let patch = patch.module("ear", "Vca", &[("gain", 0.0)]).cable("filter0", "ear.in", 1.0);
    patch.cable("ear", "out.in", 1.0)
}

#[test]
fn a_steady_oscillator_goes_on_and_a_bent_one_stands_still() {
    let plain = |patch: Patch| {
        // Straight from the oscillator to the amplifier: no filter that would be frozen.
        let mut patch = patch;
        patch.0.cables.retain(|cable| &*cable.from.module != "filter0" && &*cable.to.module != "filter0");
        patch.cable("osc0.sawtooth", "amp0.in", 1.0)
    };
    let awake = |patch: Patch| {
        let patch = patch.module("ear", "Vca", &[("gain", 0.0)]).cable("osc0.sawtooth", "ear.in", 1.0);
        patch.cable("ear", "out.in", 1.0)
    };
    let sound = |patch: &Patch| play(patch, Isa::Base, &[64]);
    let steady = plain(one(false, false));
    let difference =
        |a: &[[f32; 2]], b: &[[f32; 2]]| a.iter().zip(b).map(|(a, b)| (a[0] - b[0]).abs()).fold(0.0, f32::max);
    assert_eq!(difference(&sound(&steady), &sound(&awake(steady))), 0.0);
    let bent = plain(one(true, false));
    assert!(difference(&sound(&bent), &sound(&awake(bent))) > 0.01, "it has slept");
}

#[test]
fn what_else_listens_keeps_it_awake() {
    let frozen = play(&one(false, false), Isa::Base, &[64]);
    let awake = play(&one(false, true), Isa::Base, &[64]);
    // The first note is the same; then the filter's ringing has been frozen in one and has died away in the other.
    assert_eq!(hash(&frozen[..2_000]), hash(&awake[..2_000]));
    assert_ne!(hash(&frozen), hash(&awake));
}

#[test]
fn a_gate_straight_from_a_clock_or_a_keyboard_lets_sleep() {
    // A filter that rings for long, opened by a gate alone.
    let patch = |gate: &str, kept_awake: bool| {
        let patch = Patch::new()
            .module("every", "Every", &[("time", 0.1)])
            .module("keys", "Keys", &[("voices", 1.0)])
            .module("saw", "Saw", &[("pitch", 3.0)])
            .module("lfo", "Triangle", &[("pitch", -1.0)])
            .module("filter", "Svf", &[("cutoff", 6.0), ("resonance", 0.98)])
            .module("amp", "Vca", &[])
            .cable("lfo", "saw.pitch", 1.0)
            .cable("saw", "filter", 1.0)
            .cable("filter", "amp.in", 1.0)
            .cable(gate, "amp.gain", 1.0)
            .cable("amp", "out", 0.2);
        let ear = |patch: Patch| patch.module("ear", "Vca", &[("gain", 0.0)]).cable("filter", "ear.in", 1.0);
        if kept_awake { ear(patch).cable("ear", "out", 1.0) } else { patch }
    };
    let message = |at: u64, bytes: [u8; 3]| Midi { at, port: 0, message: Message::new(&bytes).expect("a message") };
    let notes: Vec<Midi> =
        (0..6u64).flat_map(|n| [message(n * 5000, [0x90, 60, 100]), message(n * 5000 + 2000, [0x80, 60, 0])]).collect();
    let sound = |patch: &Patch, pieces: &[usize]| {
        let (_control, mut engine) = engine(patch, Isa::Base);
        engine.hear(&notes);
        render(&mut engine, 30_000, pieces)
    };
    for gate in ["every.gate", "keys.gate"] {
        let (asleep, awake) = (sound(&patch(gate, false), &[64]), sound(&patch(gate, true), &[64]));
        assert_eq!(hash(&asleep[..2_000]), hash(&awake[..2_000]), "{gate}");
        let woken = asleep.iter().zip(&awake).filter(|(a, b)| a[0].to_bits() != b[0].to_bits()).count();
        // As loud in both, and from the second time on another part of the sound.
        assert!(woken > 5_000, "{gate}: {woken}");
        let power = |sound: &[[f32; 2]]| sound.iter().map(|frame| frame[0] * frame[0]).sum::<f32>();
        let ratio = power(&asleep) / power(&awake);
        assert!((0.5..2.0).contains(&ratio), "{gate}: {ratio}");
        assert_eq!(hash(&asleep), hash(&sound(&patch(gate, false), &[1])), "{gate}");
    }
}

#[test]
fn neither_blocks_nor_instruction_sets_have_a_say() {
    let patch = (0..3).fold(Patch::new().module("lfo", "Triangle", &[("pitch", -1.0)]), |patch, n| {
        voice(patch, n, n != 1).cable(&format!("amp{n}"), "out.in", 0.2)
    });
    let expected = hash(&play(&patch, Isa::Base, &[256]));
    for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
        for pieces in [&[1][..], &[7, 32, 100, 3], &[64]] {
            assert_eq!(hash(&play(&patch, isa, pieces)), expected, "{isa:?} {pieces:?}");
        }
    }
}

#[test]
fn voices_sleep_each_for_itself_in_lanes_as_alone() {
    let lfo = || Patch::new().module("lfo", "Triangle", &[("pitch", -1.0)]);
    let alone = (0..20).fold(lfo(), |patch, n| voice(patch, n, true).cable(&format!("amp{n}"), "out.in", 0.05));
    // The same as voices of one, in two groups of lanes: gates and pitches merged.
    let names: Vec<String> = (0..20).map(|n| format!("in[{n}]")).collect();
    let pitches: Vec<(&str, f64)> = (0..20).map(|n| (names[n].as_str(), 4.0 + n as f64 / 7.0)).collect();
    let shared = lfo()
        .shaped("pitches", "Merge", 20, &pitches)
        .shaped("gates", "Merge", 20, &[])
        .module("env", "Adsr", &[("attack", 0.001), ("decay", 0.008), ("sustain", 0.0)])
        .module("osc", "Osc", &[("pitch", 0.0)])
        .module("filter", "Svf", &[("cutoff", 6.0), ("resonance", 0.9)])
        .module("amp", "Vca", &[])
        .cable("gates", "env.gate", 1.0)
        .cable("env", "amp.gain", 1.0)
        .cable("pitches", "osc.pitch", 1.0)
        .cable("lfo", "osc.pitch", 0.1)
        .cable("osc.sawtooth", "filter", 1.0)
        .cable("filter", "amp.in", 1.0)
        .cable("amp", "out.in", 0.05);
    let shared = (0..20).fold(shared, |patch, n| {
        let every = format!("every{n}");
        let patch = patch.module(&every, "Every", &[("time", 0.05 + 0.013 * n as f64)]);
        patch.cable(&format!("{every}.gate"), &format!("gates.in[{n}]"), 1.0)
    });
    let (alone, shared) = (play(&alone, widest(), &[64]), play(&shared, widest(), &[64]));
    let first = alone.iter().zip(&shared).position(|(a, b)| a[0].to_bits() != b[0].to_bits());
    assert_eq!(first, None, "{:?}", first.map(|at| (alone[at], shared[at])));
}

#[test]
fn a_save_does_not_wake_nor_stop_what_runs_on() {
    let patch = |gain: f64| {
        let mut patch = one(false, false);
        patch.0.cables.retain(|cable| &*cable.from.module != "filter0" && &*cable.to.module != "filter0");
        let far = patch.cable("osc0.sawtooth", "amp0.in", 1.0).module("far", "Vca", &[("gain", gain)]);
        far.module("ear", "Vca", &[]).cable("lfo", "far.in", 1.0).cable("far", "ear.in", 1.0)
    };
    let plain = play(&patch(0.1), Isa::Base, &[64]);
    let (mut control, mut engine) = common::engine(&patch(0.1), Isa::Base);
    let mut edited = vec![];
    for piece in 0..10 {
        edited.extend(render(&mut engine, 3_000, &[64]));
        control.poll();
        control
            .swap(patch(0.1 * f64::from(piece)).graph(), patches_core::graph::Landing::Now, 0.003)
            .expect("within limits");
    }
    assert_eq!(hash(&plain), hash(&edited));
}
