//! Every example loads without a fault, sounds, and stays within full scale without the limiter.

mod common;

use common::{examples, level, run, sides, told, wav};
use std::path::Path;

/// Seconds that are rendered of each.
const SECONDS: usize = 12;

#[test]
fn every_example_sounds_and_stays_within_full_scale() {
    let dir = tempfile::tempdir().expect("a folder");
    let out = dir.path().join("out.wav");
    for path in examples() {
        let name = path.display();
        let check = run(dir.path(), [Path::new("check"), Path::new("--json"), &path]);
        assert_eq!(told(&check), (0, "[]\n".into(), String::new()), "{name}");
        let seconds = SECONDS.to_string();
        let render = run(
            dir.path(),
            [
                Path::new("render"),
                &path,
                "-o".as_ref(),
                &out,
                "--no-limiter".as_ref(),
                "--seconds".as_ref(),
                seconds.as_ref(),
            ],
        );
        assert_eq!(told(&render).0, 0, "{name}: {render:?}");
        let frames = sides(&out);
        assert_eq!(frames.len(), SECONDS * 48_000, "{name}");
        let (peak, _) = level(&frames);
        assert!(peak <= 1.0, "{name} peaks at {peak}");
        for (second, part) in frames.chunks(48_000).enumerate() {
            let (_, loud) = level(part);
            // -40 dB: softer than any music, louder than a tail that dies away.
            assert!(loud > 0.01, "{name} is silent in second {second}: {loud}");
        }
    }
}

#[test]
fn every_example_says_what_to_edit() {
    for path in examples() {
        let text = std::fs::read_to_string(&path).expect("a text");
        assert!(text.starts_with('#'), "{}", path.display());
        assert!(text.contains("While it plays"), "{}", path.display());
    }
}

/// Four bars of the set at its 124 beats a minute, in frames at 24 kHz.
const PHRASE: usize = 185_806;

#[test]
fn the_set_lasts_five_minutes_rises_and_falls_and_never_clips() {
    let set = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/set/set.patches");
    let dir = tempfile::tempdir().expect("a folder");
    let out = dir.path().join("out.wav");
    // At half the rate: the arc is the same, and is there in half the time.
    let flags = ["--no-limiter", "--bars", "160", "--rate", "24000"];
    let args = [Path::new("render"), &set, Path::new("-o"), &out].into_iter().chain(flags.iter().map(Path::new));
    let render = run(dir.path(), args);
    assert_eq!(told(&render).0, 0, "{render:?}");
    let frames = wav(&out);
    let minutes = frames.len() as f64 / 24_000.0 / 60.0;
    assert!((4.5..=5.5).contains(&minutes), "{minutes} minutes");
    let (peak, _) = level(&frames);
    assert!((0.5..=1.0).contains(&peak), "it peaks at {peak}");
    let phrases: Vec<f64> = frames.chunks_exact(PHRASE).map(|part| level(part).1).collect();
    let list = || phrases.iter().map(|loud| format!("{loud:.3}")).collect::<Vec<_>>().join(" ");
    assert!(phrases.iter().all(|loud| *loud > 0.03), "a section is silent: {}", list());
    // By phrases of four bars: the intro is from 0, the drop 12, break 18, rise 24, peak 26, the last two of the outro 38.
    let mean = |from: usize, to: usize| phrases[from..to].iter().sum::<f64>() / (to - from) as f64;
    let [intro, drop, pause, rise, top, end] =
        [(0, 4), (12, 18), (18, 24), (24, 26), (26, 32), (38, 40)].map(|(a, b)| mean(a, b));
    assert!(drop > 1.3 * intro && pause < 0.85 * drop && rise < 0.85 * drop, "no drop: {}", list());
    assert!(top > 1.25 * rise && end < 0.8 * top, "no arc: {}", list());
}
