//! The workloads as a performer would wire them; 64 voices are four groups of 16 lanes, declared as polyphony.

use crate::common::Patch;
use patches_core::exact::pitch_of_hz;

/// How many voices the workloads have.
pub const W1_VOICES: usize = 64;
/// Pairs of W2.
pub const W2_PAIRS: usize = 32;
/// Loops of W3.
pub const W3_LOOPS: usize = 64;
/// Sines of W5.
pub const W5_SINES: usize = 500;

/// The sweep of W1's cutoff in octaves: from 300 to 2100 Hz, as 1200 ± 900 Hz does.
pub const SWEEP: (f64, f64) = (300.0, 2100.0);

/// Centre and depth of that sweep, in octaves above C0 and octaves.
pub fn sweep() -> (f64, f64) {
    let (low, high) = (pitch_of_hz(SWEEP.0), pitch_of_hz(SWEEP.1));
    ((low + high) / 2.0, (high - low) / 2.0)
}

/// The pitch of voice i of W1 and W3.
pub fn semitones(base: f64, i: usize) -> f64 {
    pitch_of_hz(base) + i as f64 / 12.0
}

/// A `Merge` whose voices are these numbers.
fn numbers(patch: Patch, path: &str, all: impl Iterator<Item = f64>) -> Patch {
    let all: Vec<(String, f64)> = all.enumerate().map(|(i, x)| (format!("in[{i}]"), x)).collect();
    let settings: Vec<(&str, f64)> = all.iter().map(|(name, x)| (name.as_str(), *x)).collect();
    patch.shaped(path, "Merge", settings.len(), &settings)
}

/// W1: saw → resonant low-pass, swept → times envelope → sum.
pub fn w1(voices: usize) -> Patch {
    let (centre, depth) = sweep();
    let i = || (0..voices).map(|i| i as f64);
    let patch = numbers(Patch::new(), "pitch", (0..voices).map(|i| semitones(55.0, i)));
    let patch = numbers(patch, "rate", i().map(|i| 0.1 + 0.05 * i));
    let patch = numbers(patch, "period", i().map(|i| 0.5 + 0.01 * i));
    patch
        .module("osc", "Osc", &[])
        .module("lfo", "Lfo", &[("rate", 0.0)])
        // Q 4: r = 1 − 0.71/Q.
        .module("filter", "Svf", &[("cutoff", centre), ("resonance", 1.0 - 0.71 / 4.0)])
        .module("gate", "Every", &[])
        .module("env", "Adsr", &[("attack", 0.01), ("decay", 0.1), ("sustain", 0.5), ("release", 0.2)])
        .module("amp", "Vca", &[])
        .cable("pitch", "osc.pitch", 1.0)
        .cable("rate", "lfo.rate", 1.0)
        .cable("period", "gate.time", 1.0)
        .cable("gate.gate", "env.gate", 1.0)
        .cable("osc.saw", "filter.in", 1.0)
        .cable("lfo.sine", "filter.cutoff", depth)
        .cable("filter.low", "amp.in", 1.0)
        .cable("env.out", "amp.gain", 1.0)
        .cable("amp", "out.in", 1.0 / W1_VOICES as f64)
}

/// A clock that ticks once a minute, and is heard.
pub fn clock() -> Patch {
    Patch::new().module("once", "Every", &[("time", 60.0)]).cable("once.gate", "out.in", 0.0)
}

/// 64 voices of oscillator, filter, amplifier and each its own envelope, triggered once by that clock, that are heard for so
/// many seconds.
pub fn once(seconds: f64) -> Patch {
    let patch = numbers(clock(), "pitch", (0..W1_VOICES).map(|i| semitones(55.0, i)));
    numbers(patch, "decay", (0..W1_VOICES).map(|i| seconds * (1.0 + 0.001 * i as f64)))
        .module("osc", "Osc", &[])
        .module("filter", "Svf", &[("cutoff", 7.0), ("resonance", 0.5)])
        .module("env", "Ad", &[("attack", 0.001)])
        .module("amp", "Vca", &[])
        .cable("pitch", "osc.pitch", 1.0)
        .cable("decay", "env.decay", 1.0)
        .cable("once", "env.trigger", 1.0)
        .cable("osc.saw", "filter.in", 1.0)
        .cable("filter.low", "amp.in", 1.0)
        .cable("env.out", "amp.gain", 1.0)
        .cable("amp", "out.in", 1.0 / W1_VOICES as f64)
}

/// W2: a sine whose phase another moves by two radians.
pub fn w2() -> Patch {
    let patch = numbers(Patch::new(), "pitch", (0..W2_PAIRS).map(|i| semitones(110.0, i)));
    let patch = numbers(patch, "above", (0..W2_PAIRS).map(|i| semitones(220.0, i)));
    patch
        .module("carrier", "Osc", &[])
        .module("modulator", "Osc", &[])
        .cable("pitch", "carrier.pitch", 1.0)
        .cable("above", "modulator.pitch", 1.0)
        .cable("modulator.sine", "carrier.phase_mod", 2.0 / std::f64::consts::TAU)
        .cable("carrier.sine", "out.in", 1.0 / W2_PAIRS as f64)
}

/// W3: sines whose phase is moved by themselves through a one-pole low-pass, a sample late. W3b is one of them.
pub fn w3(loops: usize) -> Patch {
    let patch = Patch::new();
    let patch = if loops > 1 {
        let patch = numbers(patch, "pitch", (0..loops).map(|i| semitones(55.0, i))).module("osc", "Osc", &[]);
        patch.cable("pitch", "osc.pitch", 1.0)
    } else {
        patch.module("osc", "Osc", &[("pitch", pitch_of_hz(55.0))])
    };
    patch
        .module("lag", "OnePole", &[("cutoff", pitch_of_hz(2000.0))])
        .cable("osc.sine", "lag.in", 1.0)
        .late("lag", "osc.phase_mod", 1.5 / std::f64::consts::TAU)
        .cable("osc.sine", "out.in", 1.0 / W3_LOOPS as f64)
}

/// W5 as polyphony: 500 sines, 500 gains, one sum.
pub fn w5() -> Patch {
    numbers(Patch::new(), "pitch", (0..W5_SINES).map(|i| pitch_of_hz(50.0 + 7.0 * i as f64)))
        .module("osc", "Osc", &[])
        .module("amp", "Vca", &[("gain", 0.002)])
        .cable("pitch", "osc.pitch", 1.0)
        .cable("osc.sine", "amp.in", 1.0)
        .cable("amp", "out.in", 1.0)
}

/// W5 as it stands in `workloads`: 1499 modules of one voice, a tree of sums.
pub fn w5_modules() -> Patch {
    let mut patch = Patch::new();
    let mut level = vec![];
    for i in 0..W5_SINES {
        let (osc, amp) = (format!("osc{i}"), format!("amp{i}"));
        patch = patch
            .module(&osc, "Osc", &[("pitch", pitch_of_hz(50.0 + 7.0 * i as f64))])
            .module(&amp, "Vca", &[("gain", 0.002)])
            .cable(&format!("{osc}.sine"), &format!("{amp}.in"), 1.0);
        level.push(amp);
    }
    let mut made = 0;
    while level.len() > 1 {
        let mut next = vec![];
        for pair in level.chunks(2) {
            let [a, b] = pair else {
                next.push(pair[0].clone());
                continue;
            };
            let sum = format!("sum{made}");
            made += 1;
            patch = patch.shaped(&sum, "Sum", 2, &[]).cable(a, &format!("{sum}.in[0]"), 1.0).cable(
                b,
                &format!("{sum}.in[1]"),
                1.0,
            );
            next.push(sum);
        }
        level = next;
    }
    patch.cable(&level[0], "out.in", 1.0)
}

/// So many voices of W1, each of modules of its own: what a large patch without polyphony is.
pub fn many(voices: usize) -> Patch {
    let mut patch = Patch::new();
    for i in 0..voices {
        let name = |kind: &str| format!("v{i}/{kind}");
        let [osc, lfo, filter, env, amp] = ["osc", "lfo", "filter", "env", "amp"].map(name);
        patch = patch
            .module(&osc, "Osc", &[("pitch", 3.0 + (i % 37) as f64 / 12.0)])
            .module(&lfo, "Lfo", &[("rate", 0.1 + 0.05 * (i % 20) as f64)])
            .module(&filter, "Svf", &[("cutoff", 6.0), ("resonance", 0.5)])
            .module(&env, "Adsr", &[("gate", 1.0)])
            .module(&amp, "Vca", &[])
            .cable(&format!("{osc}.saw"), &format!("{filter}.in"), 1.0)
            .cable(&format!("{lfo}.sine"), &format!("{filter}.cutoff"), 1.0)
            .cable(&format!("{filter}.low"), &format!("{amp}.in"), 1.0)
            .cable(&format!("{env}.out"), &format!("{amp}.gain"), 1.0)
            .cable(&amp, "out.in", 1.0 / voices as f64);
    }
    patch
}
