//! Every module type's example is what a reader tries first: it loads without a fault, it sounds, and it stays at or
//! below full scale without the limiter's help.

use patches_core::isa::Isa;
use patches_dsl::{Memory, load};
use patches_engine::engine::Settings;
use patches_engine::offline::{Cue, render};
use std::path::Path;
use std::sync::Arc;

const RATE: u32 = 48_000;

fn settings() -> Settings {
    let (isa, lower) = (Isa::Base, patches_modules::lower);
    Settings { rate: RATE, oversample: 1, seed: 1, limiter: false, outputs: 2, inputs: 2, isa, lower }
}

/// What is wrong with an example, if anything.
fn fault(name: &str, text: &str) -> Option<String> {
    let path = Path::new("example.patches");
    let loaded = load(path, &Memory::default().with(path, text), &patches_modules::library());
    if let Some(fault) = loaded.faults.first() {
        return Some(format!("{name}: {fault:?}\n{text}"));
    }
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
    if let Err(stopped) = render(settings(), &[cue], u64::from(RATE) * 2, sink) {
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

/// What is added to a patch and heard nowhere, in two forms.
const FAR: [&str; 2] = [
    "zzfar = Lfo { rate: 3Hz }\nzzear = Vca { gain: zzfar }\nzzfar -> zzear\n",
    "zzfar = Noise\nzzear = Delay { time: 20ms }\nzzfar -[0.3]-> zzear\n",
];

/// A second of a patch with cues, as one number.
fn heard(texts: &[String]) -> u64 {
    let path = Path::new("example.patches");
    let library = patches_modules::library();
    let every = u64::from(RATE) / 100;
    let cue = |(index, text): (usize, &String)| {
        let loaded = load(path, &Memory::default().with(path, text.as_str()), &library);
        assert!(!loaded.has_errors(), "{}", loaded.render(false));
        // Odd moments, each within the fade of the one before for the most part.
        let at = index as u64 * every + index as u64 % 7;
        Cue { at, graph: Arc::new(loaded.graph), fade: if index == 0 { 0.0 } else { 0.011 }, ..Cue::default() }
    };
    let cues: Vec<Cue> = texts.iter().enumerate().map(cue).collect();
    let mut sum = 0xcbf2_9ce4_8422_2325u64;
    let sink = |part: &[f32]| {
        for x in part {
            sum = (sum ^ u64::from(x.to_bits())).wrapping_mul(0x0100_0000_01b3).rotate_left(23);
        }
        Ok::<(), ()>(())
    };
    assert!(render(settings(), &cues, u64::from(RATE), sink).is_ok());
    sum
}

#[test]
fn a_hundred_edits_elsewhere_change_no_bit_of_any_type() {
    let differs = |text: &str, edited: &(dyn Fn(usize) -> String + Sync)| {
        let texts: Vec<String> = (0..100).map(edited).collect();
        heard(&texts) != heard(&[format!("{text}\n{}", FAR[0])])
    };
    let library = patches_modules::library();
    // One that panics is silent until the next save, which is what it is planted for.
    let specs: Vec<_> = library.specs().iter().filter(|spec| spec.name() != "TestPanic").collect();
    let differing: Vec<&str> = std::thread::scope(|scope| {
        let halves = specs.chunks(specs.len().div_ceil(2)).map(|half| {
            scope.spawn(move || {
                let differ = |text: &str| differs(text, &|index| format!("{text}\n{}", FAR[index % 2]));
                half.iter().filter(|spec| differ(spec.example)).map(|spec| spec.name()).collect::<Vec<_>>()
            })
        });
        let halves: Vec<_> = halves.collect();
        halves.into_iter().flat_map(|half| half.join().expect("no panic")).collect()
    });
    assert!(differing.is_empty(), "{differing:?}");
    // The check finds one that does touch what is heard.
    let text = "Osc -[0.5]-> out";
    assert!(differs(text, &|index| format!("{}\n{}", text.replace("0.5", ["0.5", "0.6"][index / 60]), FAR[0])));
}

#[test]
fn a_silent_a_loud_and_a_faulty_example_are_found() {
    assert!(fault("silent", "Osc -[0]-> out").is_some());
    assert!(fault("loud", "Osc -[4]-> out").is_some());
    assert!(fault("faulty", "Ocs -> out").is_some());
    assert!(fault("fair", "Osc -[0.5]-> out").is_none());
}
