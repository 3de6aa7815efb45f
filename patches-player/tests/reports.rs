//! What a save is said to do is what it does: pairs of texts as a performer saves them in turn.

mod common;

use common::{run, told};
use patches_core::graph::{Graph, Landing};
use patches_core::isa::Isa;
use patches_dsl::{Memory, load};
use patches_engine::control::Control;
use patches_engine::engine::{Engine, Settings, new};
use patches_engine::report::Report;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

/// What `patches diff` with these flags says of two texts.
fn diff(flags: &[&str], old: &str, new: &str) -> String {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, text) in [("old.patches", old), ("new.patches", new)] {
        std::fs::write(dir.path().join(name), format!("{text}\n")).expect("written");
    }
    let (code, out, err) = told(&run(dir.path(), ["diff", "old.patches", "new.patches"].iter().chain(flags)));
    assert_eq!(code, 0, "{err}\n{new}");
    out
}

/// Each line of the report, and no other, is as these say.
fn says(old: &str, new: &str, lines: &[&str]) {
    assert_eq!(diff(&[], old, new).lines().collect::<Vec<_>>(), lines, "\n{old}\n-- and then --\n{new}");
}

#[test]
fn a_time_may_grow_fourfold_and_shrink_without_a_word_of_starting_over() {
    let delay = |time: &str| format!("d = Delay {{ time: {time} }}\nSaw -> d -> out");
    says(&delay("680ms"), &delay("690ms"), &["d.time[0]: 680 ms → 690 ms", "3 modules play on"]);
    says(&delay("500ms"), &delay("2s"), &["d.time[0]: 500 ms → 2 s", "3 modules play on"]);
    says(&delay("6s"), &delay("10ms"), &["d.time[0]: 6 s → 10 ms", "3 modules play on"]);
    let tempo = |tempo: u32| format!("tempo {tempo}\n{}", delay("3/16"));
    says(&tempo(66), &tempo(65), &["tempo: 66 → 65", "3 modules play on"]);
    says(&tempo(160), &tempo(40), &["tempo: 160 → 40", "3 modules play on"]);
    let lines = ["d.time[0]: 50 ms → 4 s", "d: starts over (its memory had to grow)", "2 modules play on"];
    says(&delay("50ms"), &delay("4s"), &lines);
}

#[test]
fn channels_that_come_go_or_move_are_told() {
    let delay = |shape: &str| format!("d = Delay{shape} {{ time: 0.2, mix: 1 }}\nSaw -> d -> out");
    says(&delay("(channels: 1)"), &delay("(channels: 2)"), &["d.channels: 1 → 2", "3 modules play on"]);
    says(&delay("(channels: 3)"), &delay(""), &["d.channels: 3 → 1", "3 modules play on"]);
    let mixer = |names: &str| format!("m = Mixer(channels: [{names}])\nSaw -> m.in[b]\nm -> out");
    says(&mixer("a, b"), &mixer("b, c, a"), &["m.channels: a, b → b, c, a", "3 modules play on"]);
    let lines = ["out.channels: 2 → 4", "out: other cables", "2 modules play on"];
    says("o = Saw\no -> out", "out = AudioOut(channels: 4)\no = Saw\no -> out.in[2]", &lines);
    // Rows are told with their pattern.
    let steps = |rows: &str| format!("pattern p {{ {rows} }}\ns = Steps {{ pattern: p }}\ns.trigger -> out");
    let lines = ["s.pattern: 4 steps of kick → 4 steps of kick, hat", "2 modules play on"];
    says(&steps("kick: x . . ."), &steps("kick: x . . .\nhat: . x . x"), &lines);
}

#[test]
fn a_module_that_goes_on_under_another_name_is_told_by_both() {
    let (old, new) = ("osc = Saw\nosc -> Lowpass -> out", "bass = Saw\nbass -> Lowpass -> out");
    says(old, new, &["osc is now bass", "3 modules play on"]);
    let told: Value = serde_json::from_str(&diff(&["--json"], old, new)).expect("json");
    assert_eq!(told["renamed"], json!([{ "module": "bass", "was": "osc" }]));
    says("Saw -> Lowpass -> out", "s = Saw\ns -> Lowpass -> out", &["Saw@>Lowpass.in is now s", "3 modules play on"]);
}

#[test]
fn what_is_done_to_a_module_is_not_told_of_its_neighbours() {
    for (text, old, new, line) in [
        ("tm = Turing { seed: # }\nq = Quant\ntm -> q -> o.pitch\no = Saw\no -> out", "7", "8", "tm.seed: 7 → 8"),
        ("c = Cc { cc: # }\nf = Lowpass { cutoff: 200Hz + 3oct * c }\nSaw -> f -> out", "74", "75", "c.cc: 74 → 75"),
        ("d = Drive { mode: # }\nSaw -> d -> Pan -> out", "fold", "clip", "d.mode: fold → clip"),
        ("r = Reverb { character: # }\nSaw -> r -> out", "hall", "plate", "r.character: hall → plate"),
        ("o = #\no -> f -> out\nf = Lowpass", "Saw", "Sine", "o.type: Saw → Sine"),
        ("o = Saw\no -[#]-> out", "0", "0.7", "out.in: 0 × o.out → 0.7 × o.out"),
        (
            "l = Lfo\nf = Lowpass { cutoff: 1kHz + # * l.sine }\nSaw -> f -> out",
            "1oct",
            "2oct",
            "f.cutoff: 12 st × l.sine → 24 st × l.sine",
        ),
        (
            "l = Lfo\nd = Delay { time: 0.5s + # * l.sine }\nSaw -> d -> out",
            "2ms",
            "4ms",
            "d.time[0]: 2 ms × l.sine → 4 ms × l.sine",
        ),
        ("o = Saw { pitch: # }\no -> out", "440Hz", "440.01Hz", "o.pitch: 440 Hz → 440.01 Hz"),
        ("v = Vca { gain: # }\nSaw -> v -> out", "0.5", "0.5001", "v.gain: 0.5 → 0.5001"),
    ] {
        let [old, new] = [old, new].map(|word| text.replace('#', word));
        let told = diff(&[], &old, &new);
        assert_eq!(told.lines().next(), Some(line), "{told}");
        assert_eq!(told.lines().count(), 2, "{told}");
    }
    let text = "l = Lfo\nf = Lowpass { cutoff: 200Hz + 3oct * l.sine }\nSaw -> f -> out";
    let lines = ["reset: not set → l", "l: starts over (as the text says)", "3 modules play on"];
    says(text, &format!("{text}\nreset l"), &lines);
    // What has other cables itself is told, also where an option of it changes.
    let lines = ["f.mode: fold → clip", "f: other cables", "o: new", "3 modules play on"];
    let drive = |mode: &str| format!("f = Drive {{ mode: {mode} }}\nSaw -> f -> out");
    says(&drive("fold"), &format!("o = Noise\no -> f\n{}", drive("clip")), &lines);
    says(
        "o = Lfo\no.sine -> out",
        "o = Lfo { mode: bipolar }\no.sine -> out",
        &["nothing changes", "2 modules play on"],
    );
}

#[test]
fn a_frequency_is_told_in_hertz_and_what_is_added_to_a_pitch_in_semitones() {
    let filter = |cutoff: &str| format!("e = Adsr\nl = Lowpass {{ cutoff: {cutoff} + 2oct * e }}\nSaw -> l -> out");
    says(&filter("250Hz"), &filter("400Hz"), &["l.cutoff: 250 Hz → 400 Hz", "4 modules play on"]);
    let voice =
        |pitch: &str| format!("s = Keys\no = Saw {{ pitch: {pitch} }}\ns.gate -> v.gain\no -> v -> out\nv = Vca");
    says(&voice("s.pitch"), &voice("s.pitch + 2st"), &["o.pitch: 0 st → 2 st", "4 modules play on"]);
    let lines = ["o.pitch: 7 st → 110 Hz", "o: other cables", "4 modules play on"];
    says(&voice("s.pitch + 7st"), &voice("A2"), &lines);
}

#[test]
fn unnamed_modules_in_one_place_are_known_by_what_they_are() {
    let a = |times: &[&str]| {
        let line = |time: &&str| format!("\na -> Delay {{ time: {time}, feedback: 50% }} -> out");
        format!("a = Saw{}", times.iter().map(line).collect::<String>())
    };
    // Whatever the number is that each gets: what was there plays on as it was.
    for other in ["0.1", "0.2", "0.3", "0.5", "0.7"] {
        let told = diff(&[], &a(&["0.4"]), &a(&["0.4", other]));
        assert!(told.starts_with("out: other cables\nDelay@a.out") && told.ends_with("3 modules play on\n"), "{told}");
        assert_eq!(told.lines().count(), 3, "{told}");
        let told = diff(&[], &a(&["0.4", other]), &a(&[other]));
        assert!(told.contains(": gone\n3 modules play on") && told.lines().count() == 3, "{told}");
        let told = diff(&[], &a(&["0.4", other, "1"]), &a(&["0.6", other, "1"]));
        assert!(told.contains(".time[0]: 400 ms → 600 ms\n") && told.lines().count() == 2, "{told}");
        let chains =
            format!("Saw -> Delay {{ time: 0.4 }} -> out\nSaw {{ pitch: A2 }} -> Delay {{ time: {other} }} -> out");
        let told = diff(&[], "Saw -> Delay { time: 0.4 } -> out", &chains);
        assert!(told.contains("3 modules play on") && told.lines().count() == 4 && !told.contains('→'), "{told}");
        let told = diff(&[], "Saw -> Delay { time: 0.6 } -> out", &chains);
        assert!(told.contains("time[0]: 600 ms → 400 ms\n") && told.contains("3 modules play on"), "{told}");
    }
    // The product of a text is no more renumbered than what is written in it.
    let told = diff(&[], "a = Saw\nb = Sine\na * b -> out", "a = Saw\nb = Sine\na * b -> out\nb * a * a -> out");
    assert_eq!((told.matches("other cables").count(), told.matches(": new").count()), (1, 2), "{told}");
    assert!(!told.contains("is now"), "{told}");
    let instances = |ps: &[&str]| {
        let line = |p: &&str| format!("\nv(p: {p}) -> out");
        let lines = ps.iter().map(line).collect::<String>();
        format!("template v(p: float) {{ out: o\n k = Saw {{ pitch: <p> }}\n k -> $.o }}{lines}")
    };
    for other in ["100Hz", "300Hz"] {
        let told = diff(&[], &instances(&["200Hz"]), &instances(&["200Hz", other]));
        assert!(told.contains("/k: new\n2 modules play on") && told.lines().count() == 3, "{told}");
    }
}

const RATE: usize = 48_000;

fn graph(text: &str) -> Arc<Graph> {
    let loaded = load(Path::new("a.patches"), &Memory::default().with("a.patches", text), &patches_modules::library());
    assert!(!loaded.has_errors(), "{:?}\n{text}", loaded.faults);
    Arc::new(loaded.graph)
}

fn playing(text: &str) -> (Control, Engine) {
    let lower = patches_modules::lower;
    let (isa, rate) = (Isa::Base, RATE as u32);
    let (mut control, mut engine) =
        new(Settings { rate, oversample: 1, seed: 1, limiter: false, outputs: 2, inputs: 2, isa, lower });
    control.swap(graph(text), Landing::Now, 0.0).expect("within limits");
    sound(&mut engine, RATE);
    (control, engine)
}

fn save(control: &mut Control, text: &str, fade: f64) -> Report {
    control.poll();
    control.swap(graph(text), Landing::Now, fade).expect("within limits").1
}

fn sound(engine: &mut Engine, frames: usize) -> Vec<[f32; 2]> {
    let mut out = vec![0.0; frames * 2];
    engine.process(&mut out, 2);
    out.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect()
}

#[test]
fn the_echoes_of_a_delay_outlive_another_time() {
    let text = |source: &str, time: &str| format!("tempo 65\nd = Delay {{ time: {time}, mix: 1 }}\n{source}d -> out");
    for (before, after, lasts) in
        [("680ms", "690ms", 0.69), ("680ms", "2.7s", 2.7), ("3/16", "1/4", 0.9), ("2s", "1s", 1.0)]
    {
        let (mut control, mut engine) = playing(&text("Sine { pitch: 150Hz } -> d\n", before));
        sound(&mut engine, 3 * RATE);
        let report = save(&mut control, &text("", after), 0.015);
        assert!(report.reset.is_empty(), "{report:?}");
        let heard = sound(&mut engine, 3 * RATE);
        let loud = |from: f64, to: f64| {
            let part = &heard[(from * RATE as f64) as usize..(to * RATE as f64) as usize];
            part.iter().map(|[left, _]| left.abs()).fold(0.0, f32::max)
        };
        let pieces = (1..(lasts * 20.0) as usize).map(|n| loud(n as f64 / 20.0, n as f64 / 20.0 + 0.04));
        assert!(pieces.clone().all(|loud| loud > 0.9), "{before} {after}: {:?}", pieces.collect::<Vec<_>>());
        assert!(loud(lasts + 0.1, 2.99) < 0.01);
    }
}

#[test]
fn a_save_within_a_fade_tells_what_it_does_and_not_what_still_fades() {
    let text = |channels: u8, level: &str| {
        format!("m = Mixer(channels: {channels}) {{ level[0]: {level} }}\nSaw -> m.in[0]\nm -> out")
    };
    let (mut control, mut engine) = playing(&text(3, "0.5"));
    save(&mut control, &text(2, "0.5"), 2.0);
    sound(&mut engine, RATE / 2);
    let report = save(&mut control, &text(2, "0.25"), 2.0);
    let told: Vec<&str> = report.changed.iter().map(|change| &*change.param).collect();
    assert_eq!((told, report.rewired.len(), report.kept.len()), (vec!["level[0]"], 0, 3), "{report:?}");
}

#[test]
fn a_new_module_by_the_name_of_one_that_was_renamed_rolls_dice_of_its_own() {
    let (mut control, mut engine) = playing("a = Noise\na -> out.left");
    let report = save(&mut control, "b = Noise was a\na = Noise\nb -> out.left\na -> out.right", 0.0);
    assert_eq!((report.kept.len(), report.added.len()), (1 + 1, 1), "{report:?}");
    // Both started anew, so that only chance tells them apart.
    let again = "b = Noise was a\na = Noise\nb -> out.left\na -> out.right\nreset a, b";
    sound(&mut engine, 100);
    save(&mut control, again, 0.0);
    let heard = sound(&mut engine, RATE / 10);
    let alike = heard[100..].iter().filter(|[left, right]| left == right).count();
    assert!(alike < 10, "{alike}");
}
