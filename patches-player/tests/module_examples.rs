//! Every module type's example is what a reader tries first: it loads without a fault, it sounds, and it stays at or
//! below full scale without the limiter's help.

use patches_core::isa::Isa;
use patches_dsl::{Memory, load};
use patches_engine::engine::Settings;
use patches_engine::offline::{Cue, render};
use std::path::Path;
use std::sync::Arc;

const RATE: u32 = 48_000;

/// What is wrong with an example, if anything.
fn fault(name: &str, text: &str) -> Option<String> {
    let path = Path::new("example.patches");
    let loaded = load(path, &Memory::default().with(path, text), &patches_modules::library());
    if let Some(fault) = loaded.faults.first() {
        return Some(format!("{name}: {fault:?}\n{text}"));
    }
    let settings =
        Settings { rate: RATE, oversample: 1, seed: 1, limiter: false, isa: Isa::Base, lower: patches_modules::lower };
    let cue = Cue { at: 0, graph: Arc::new(loaded.graph), ..Cue::default() };
    let (mut peak, mut finite, mut power, mut frames) = (0.0f32, true, 0.0f64, 0u64);
    let sink = |part: &[f32]| {
        for x in part {
            finite &= x.is_finite();
            peak = peak.max(x.abs());
            power += f64::from(x * x);
            frames += 1;
        }
        Ok::<(), ()>(())
    };
    // Two seconds: the slowest example has played its first notes by then.
    if let Err(stopped) = render(settings, &[cue], u64::from(RATE) * 2, sink) {
        return Some(format!("{name}: {stopped:?}\n{text}"));
    }
    let level = (power / frames as f64).sqrt();
    // −60 dB on the mean is too soft to be an example of anything.
    if !finite || peak > 1.0 || level < 1e-3 {
        return Some(format!("{name}: peak {peak}, mean level {level}, finite {finite}\n{text}"));
    }
    None
}

#[test]
fn every_example_loads_sounds_and_keeps_below_full_scale() {
    let faults: Vec<String> =
        patches_modules::library().specs().iter().filter_map(|spec| fault(spec.name(), spec.example)).collect();
    assert!(faults.is_empty(), "{} of them:\n{}", faults.len(), faults.join("\n\n"));
}

#[test]
fn a_silent_a_loud_and_a_faulty_example_are_found() {
    assert!(fault("silent", "Osc -[0]-> out").is_some());
    assert!(fault("loud", "Osc -[4]-> out").is_some());
    assert!(fault("faulty", "Ocs -> out").is_some());
    assert!(fault("fair", "Osc -[0.5]-> out").is_none());
}
