//! What a performer types besides modules and cables: mute and solo, swing, the grid that saves land on, patterns.

mod alone;

use patches_core::graph::{End, Graph, Landing, Probe, Span};
use patches_dsl::{Memory, load};
use patches_engine::control::Control;
use patches_engine::desk::Ask;
use patches_engine::engine::{Engine, Notice, new};
use patches_engine::offline::{Cue, Performance, perform};
use std::path::Path;
use std::sync::Arc;

const RATE: u32 = 48_000;

fn graph(text: &str) -> Arc<Graph> {
    let files = Memory::default().with("test.patches", text);
    let loaded = load(Path::new("test.patches"), &files, &patches_modules::library());
    assert!(!loaded.has_errors(), "{:?}\n{text}", loaded.faults);
    Arc::new(loaded.graph)
}

fn playing(text: &str) -> (Control, Engine) {
    let settings = alone::settings();
    let (mut control, mut engine) = new(settings);
    control.swap(graph(text), Landing::Now, 0.0).expect("within limits");
    let latency = engine.latency() as usize;
    sound(&mut engine, latency);
    (control, engine)
}

/// The left side.
fn sound(engine: &mut Engine, frames: usize) -> Vec<f32> {
    let mut out = vec![0.0; frames * 2];
    engine.process(&mut out, 2);
    out.chunks_exact(2).map(|pair| pair[0]).collect()
}

/// How loud a frequency is.
fn tone(sound: &[f32], hertz: f64) -> f64 {
    let turn = |i: usize| std::f64::consts::TAU * hertz * i as f64 / f64::from(RATE);
    let parts = |f: fn(f64) -> f64| sound.iter().enumerate().map(|(i, x)| f64::from(*x) * f(turn(i))).sum::<f64>();
    2.0 * parts(f64::cos).hypot(parts(f64::sin)) / sound.len() as f64
}

/// Two voices of 400 and 1000 Hz, the first through a filter, both through one mixer whose level an LFO could move.
const BAND: &str = "template voice(pitch: float) {\n out: audio\n o = Osc { pitch: <pitch> }\n o -> $.audio\n}\n\
    low = voice(pitch: 400Hz)\nhigh = Osc { frequency: 1kHz }\nfilt = Svf { cutoff: 3kHz }\n\
    low -> filt -> mix.in[0]\nhigh -> mix.in[1]\nLfo { rate: 1Hz, mode: unipolar_positive } -[0.0]-> mix.level[0]\n\
    mix = Mixer\nmix.out -[0.4]-> out\n";

fn levels(text: &str) -> (f64, f64) {
    let (_control, mut engine) = playing(text);
    sound(&mut engine, 9600);
    let heard = sound(&mut engine, 9600);
    (tone(&heard, 400.0), tone(&heard, 1000.0))
}

#[test]
fn mute_silences_a_module_an_instance_and_what_is_in_it() {
    let near = |(low, high): (f64, f64), wanted: (f64, f64)| {
        assert!((low - wanted.0).abs() < 0.02 && (high - wanted.1).abs() < 0.02, "{low} {high}");
    };
    near(levels(BAND), (0.4, 0.4));
    near(levels(&format!("{BAND}mute high")), (0.4, 0.0));
    near(levels(&format!("{BAND}mute low")), (0.0, 0.4));
    near(levels(&format!("{BAND}mute low/o, high")), (0.0, 0.0));
}

#[test]
fn solo_leaves_what_it_names_and_what_that_goes_through() {
    let (low, high) = levels(&format!("{BAND}solo low"));
    assert!(low > 0.38 && high < 0.001, "{low} {high}");
    let (low, high) = levels(&format!("{BAND}solo filt"));
    assert!(low > 0.38 && high < 0.001, "{low} {high}");
    let (low, high) = levels(&format!("{BAND}solo low, high"));
    assert!(low > 0.38 && high > 0.38, "{low} {high}");
    let (low, high) = levels(&format!("{BAND}solo filt\nmute low"));
    assert!(low < 0.001 && high < 0.001, "{low} {high}");
}

#[test]
fn a_mute_fades_and_tells_of_nothing_else() {
    let text = "o = Osc { frequency: 100Hz }\no -[0.5]-> out\n";
    let (mut control, mut engine) = playing(text);
    sound(&mut engine, 4800);
    control.poll();
    let (_, report) = control.swap(graph(&format!("{text}mute o")), Landing::Now, 0.015).expect("within limits");
    assert!(report.rewired.is_empty() && report.changed.is_empty() && report.kept.len() == 2, "{report:?}");
    let heard = sound(&mut engine, 4800);
    let step = heard.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
    // The sine's own largest step is 0.5·2π·100/48000.
    assert!(step < 0.5 * 0.0131 * 1.1, "{step}");
    assert!(heard[2000..].iter().all(|x| x.abs() < 0.01));
}

#[test]
fn a_save_lands_on_its_beat_or_bar() {
    // At 120 beats a minute a beat is 24 000 frames.
    for (grid, at) in [("now", 1000), ("on beat", 24_000), ("on bar", 96_000), ("on 2bars", 192_000)] {
        let text = "tempo 120\no = Osc { frequency: 100Hz }\no -[0.5]-> out";
        let (mut control, mut engine) = playing(text);
        let latency = engine.latency() as usize;
        sound(&mut engine, 1000 - latency);
        control.poll();
        let edited = graph(&format!("{text}\nswap {grid}\nn = Noise\nn -[0.1]-> out"));
        control.swap(edited.clone(), edited.swap.expect("the text says so"), 0.015).expect("within limits");
        sound(&mut engine, 200_000);
        let landed = control.poll().into_iter().find_map(|notice| match notice {
            Notice::Landed { at, .. } => Some(at),
            _ => None,
        });
        assert_eq!(landed, Some(at), "{grid}");
    }
}

#[test]
fn swing_moves_every_second_step_of_every_sequencer_that_says_nothing_else() {
    let rises = |text: &str| {
        let (_control, mut engine) = playing(text);
        let heard = sound(&mut engine, 48_000);
        (1..heard.len()).filter(|&i| heard[i] - heard[i - 1] > 0.1).collect::<Vec<_>>()
    };
    // At 120 beats a minute a sixteenth is 6000 frames; with 60 % the second of a pair comes 1200 later.
    let text = "tempo 120\nswing 60%\npattern p { x }\ns = Steps { pattern: p }\ns.trigger -> out";
    let found = rises(text);
    // The first comes with the first frame, before which there is none to rise from.
    for (index, frame) in (1..).zip(&found) {
        let wanted = 6000 * index + if index % 2 == 1 { 1200 } else { 0 };
        assert!(frame.abs_diff(wanted) <= 1, "{found:?}");
    }
    assert!(found.len() == 7, "{found:?}");
    let own = rises(&text.replace("pattern: p }", "pattern: p, swing: 0.5 }"));
    assert!((1..).zip(&own).all(|(index, frame)| frame.abs_diff(6000 * index) <= 1), "{own:?}");
}

#[test]
fn a_song_plays_its_lanes_side_by_side_and_goes_back_to_its_loop() {
    let text = "tempo 120\npattern a { x . }\npattern b { . x }\npattern c { x x }\n\
        song s(l, r) {\n section one { a, b }\n section two { c, _ }\n play one\n @loop\n play two, one\n}\n\
        left = Steps { pattern: s.l }\nright = Steps { pattern: s.r }\nleft.trigger -> out.left\nright.trigger -> out.right";
    let (_control, mut engine) = playing(text);
    let mut out = vec![0.0; 2 * 72_000];
    engine.process(&mut out, 2);
    let steps = |side: usize| -> Vec<usize> {
        let level = |i: usize| out[2 * i + side];
        (1..72_000).filter(|&i| level(i) - level(i - 1) > 0.1).map(|i| (i + 100) / 6000).collect()
    };
    // Steps of each lane: a|c a|c a …, and b|_ b|_ b …
    assert_eq!(steps(0)[..], [2, 3, 4, 6, 7, 8, 10, 11]);
    assert_eq!(steps(1)[..], [1, 5, 9]);
}

fn probe(graph: &Graph, module: &str, output: &str) -> Probe {
    let (port, side) = graph.modules[module].spec.output(output).expect("it has the output");
    let from = End { module: module.into(), port, channel: 0, side };
    Probe { label: format!("{module}.{output}").into(), from, kinds: vec!["scope".into()], span: Span::default() }
}

/// What each probe saw since the last time.
fn watched(control: &mut Control) -> Vec<(String, Vec<f32>)> {
    let mut seen = vec![];
    control.watched(|probe, frames| seen.push((probe.label.to_string(), frames.collect())));
    seen
}

#[test]
fn watching_shows_what_runs_and_changes_no_bit() {
    let text = "o = Osc { frequency: 100Hz }\nv = Vca { gain: 0.5 }\no -> v -> Delay { time: 20ms } -> out\n";
    let (mut plain, mut unseen) = playing(text);
    let (mut control, mut engine) = playing(text);
    plain.poll();
    control.poll();
    let graph = graph(text);
    let mut heard = sound(&mut engine, 1000);
    let expected = sound(&mut unseen, 12_000);
    control.watch(vec![probe(&graph, "o", "sine"), probe(&graph, "v", "out")]);
    heard.extend(sound(&mut engine, 1000));
    control.poll();
    watched(&mut control);
    heard.extend(sound(&mut engine, 10_000));
    let seen = watched(&mut control);
    assert_eq!(heard, expected);
    assert_eq!(seen.iter().map(|(label, _)| &**label).collect::<Vec<_>>(), ["o.sine", "v.out"]);
    assert_eq!((seen[0].1.len(), seen[1].1.len()), (10_000, 10_000));
    assert!(seen[0].1.iter().zip(&seen[1].1).all(|(o, v)| (o * 0.5 - v).abs() < 1e-6));
    assert!(seen[0].1.iter().any(|x| *x > 0.99));
}

#[test]
fn a_view_in_the_text_is_watched_and_one_that_is_gone_is_not() {
    let text = "o = Osc { frequency: 100Hz }\no -[0.5]-> out\n";
    let (mut control, mut engine) = playing(text);
    sound(&mut engine, 100);
    control.poll();
    let edited = graph(&format!("{text}o -> ~scope(lead)\nLfo {{ rate: 1Hz }} -> ~meter(slow)"));
    control.swap(edited, Landing::Now, 0.015).expect("within limits");
    sound(&mut engine, 100);
    control.poll();
    watched(&mut control);
    sound(&mut engine, 64);
    let labels: Vec<String> = watched(&mut control).into_iter().map(|(label, _)| label).collect();
    assert_eq!(labels, ["lead", "slow"]);
    control.swap(graph(text), Landing::Now, 0.015).expect("within limits");
    sound(&mut engine, 1000);
    control.poll();
    assert!(watched(&mut control).is_empty());
}

#[test]
fn a_save_that_was_overtaken_by_another_still_gives_way_to_it() {
    // The first lands before the second is sent, and nobody has told the planning side yet.
    let text = |level: &str| format!("o = Osc {{ frequency: 100Hz }}\no -[{level}]-> out\n");
    let (mut control, mut engine) = playing(&text("0.1"));
    control.poll();
    for level in ["0.2", "0.3", "0.4"] {
        control.swap(graph(&text(level)), Landing::Now, 0.001).expect("within limits");
    }
    sound(&mut engine, 10);
    control.swap(graph(&text("0.5")), Landing::Now, 0.001).expect("within limits");
    for _ in 0..10 {
        sound(&mut engine, 480);
        control.poll();
    }
    let heard = sound(&mut engine, 4800);
    let peak = heard.iter().fold(0.0f32, |a, b| a.max(b.abs()));
    assert!((peak - 0.5).abs() < 0.01, "{peak}");
}

/// The sound when one text takes over from another after 10 000 frames, and what the save says of it.
fn edited(before: &str, after: &str) -> (Vec<f32>, patches_engine::report::Report) {
    let (mut control, mut engine) = playing(before);
    let mut heard = sound(&mut engine, 10_000);
    control.poll();
    let (_, report) = control.swap(graph(after), Landing::Now, 0.015).expect("within limits");
    heard.extend(sound(&mut engine, 20_000));
    (heard, report)
}

#[test]
fn state_goes_into_a_template_and_out_of_it() {
    // Wired alike, so that by type and wiring each would be taken for the other.
    let alone = "a = Saw { pitch: C2 }\nb = Saw { pitch: G2 }\na, b -[0.3]-> out";
    let within = "template voice { out: o\n k = Saw { pitch: G2 } was b\n l = Saw { pitch: C2 } was a\n k, l -> $.o }\n\
        v = voice\nv -[0.3]-> out";
    let again = "c = Saw { pitch: C2 } was v/l\nd = Saw { pitch: G2 } was v/k\nc, d -[0.3]-> out";
    let rounds =
        "for i in 1..2 { a = Saw { pitch: C2 + 3st * i }\n b = Saw { pitch: C4 + 4st * i }\n a, b -[0.2]-> out }";
    let voices = "template voice(i: int) { out: o\n k = Saw { pitch: C4 + 4st * i } was b\n\
        l = Saw { pitch: C2 + 3st * i } was a\n k, l -> $.o }\nfor i in 1..2 { v = voice(i: i)\n v -[0.2]-> out }";
    let rounds_again = rounds.replace("3st * i }", "3st * i } was v/l").replace("4st * i }", "4st * i } was v/k");
    for (before, after, kept) in [
        (alone, within, &["out", "v/k", "v/l"][..]),
        (within, again, &["c", "d", "out"]),
        (rounds, voices, &["out", "v[1]/k", "v[1]/l", "v[2]/k", "v[2]/l"]),
        (voices, &rounds_again, &["a[1]", "a[2]", "b[1]", "b[2]", "out"]),
    ] {
        let (untouched, _) = edited(before, before);
        let (heard, report) = edited(before, after);
        assert!(report.kept.iter().map(|path| &**path).eq(kept.iter().copied()), "{report:?}");
        assert!(report.changed.is_empty() && report.rewired.is_empty(), "{report:?}");
        assert_eq!(heard, untouched, "{after}");
        assert!(heard[10_000..].iter().any(|x| x.abs() > 0.1));
    }
    // Without its `was` each is taken for the other once nothing else tells them apart.
    let (heard, report) = edited(alone, &within.replace(" was b", "").replace(" was a", "").replace("2 }", "3 }"));
    assert_eq!(report.changed.len(), 2, "{report:?}");
    assert_ne!(heard, edited(alone, alone).0);
}

#[test]
fn the_text_starts_modules_over_when_it_first_says_so() {
    let text = "template voice { out: o\n lfo = Lfo { rate: 4Hz }\n lfo.saw_up -> $.o }\nv = voice\nlfo = Lfo { rate: 4Hz }\n\
        v -[0]-> out\nlfo.saw_up -[0.5]-> out";
    let reset = |names: &str| format!("{text}\nreset {names}");
    let (untouched, _) = edited(text, text);
    let (heard, report) = edited(text, &reset("lfo"));
    let told: Vec<(&str, &str)> = report.reset.iter().map(|(path, why)| (&**path, &**why)).collect();
    assert_eq!(told, [("lfo", "as the text says")]);
    assert_eq!(report.kept.len(), 2, "{report:?}");
    // Four times a second it falls: 12 000 frames after it began.
    let falls = |heard: &[f32]| heard.windows(2).skip(11_000).position(|pair| pair[1] - pair[0] < -0.3);
    let (untouched, heard) = (falls(&untouched), falls(&heard));
    assert!(untouched.expect("it falls").abs_diff(1_000) < 100, "{untouched:?}");
    assert!(heard.expect("it falls").abs_diff(11_000) < 100, "{heard:?}");
    // All modules of an instance.
    let (_, report) = edited(text, &reset("v"));
    assert!(report.reset.iter().map(|(path, _)| &**path).eq(["v/lfo"]), "{report:?}");
    // While the line stays, nothing more; a name that is new in it counts by itself; nor does what has just begun.
    let named = |before: &str, after: &str| {
        let (_, report) = edited(before, after);
        report.reset.iter().map(|(path, _)| path.to_string()).collect::<Vec<_>>()
    };
    assert!(named(&reset("lfo"), &reset("lfo")).is_empty());
    assert_eq!(named(&reset("lfo"), &reset("lfo, v/lfo")), ["v/lfo"]);
    assert_eq!(named(&reset("lfo"), text), [""; 0]);
    assert_eq!(named("patch {}", &reset("lfo")), [""; 0]);
}

#[test]
fn what_is_gone_back_to_starts_nothing_over() {
    let text = "lfo = Lfo { rate: 1Hz }\nlfo.saw_up -[0.5]-> out";
    let reset = graph(&format!("{text}\nreset lfo"));
    let (mut control, mut engine) = playing(text);
    sound(&mut engine, 1000);
    let mut swap = |graph: &Arc<Graph>, restore| {
        control.poll();
        let ask = Ask { restore, ..Ask::default() };
        let report = control.swap_with(graph.clone(), Landing::Now, 0.0, &ask).expect("within limits").1;
        sound(&mut engine, 1000);
        report.reset.len()
    };
    assert_eq!(
        [swap(&reset, false), swap(&graph(text), false), swap(&reset, true), swap(&graph(text), true)],
        [1, 0, 0, 0]
    );
    assert_eq!(swap(&reset, false), 1);
}

#[test]
fn notes_go_with_the_tuning_wherever_they_come_from() {
    // A whole tone is far enough to tell: 440 Hz times 2^(2/12).
    let played = |text: &str| sound(&mut playing(&format!("{text}\ntuning 493.8833Hz")).1, RATE as usize);
    for (text, hertz) in [
        ("Sine { pitch: A4 } -> out", 493.8833),
        ("Sine { pitch: a4 } -> out", 493.8833),
        ("Sine { pitch: 440Hz } -> out", 440.0),
        ("pattern p { A4 }\ns = Steps { pattern: p, every: 1/4 }\nSine { pitch: s.note } -> out", 493.8833),
        // The nearest A to 490 Hz in a scale of C.
        ("Sine { pitch: Quant { in: 490Hz, scale: major } } -> out", 493.8833),
        ("keys = Keys\nSine { pitch: keys.pitch + 9st } -> out", 493.8833),
    ] {
        let heard = played(text);
        let (there, beside) = (tone(&heard, hertz), tone(&heard, if hertz == 440.0 { 493.8833 } else { 440.0 }));
        assert!(there > 0.4 && beside < there / 50.0, "{text}: {there} {beside}");
    }
}

#[test]
fn a_replay_of_the_texts_starts_over_what_they_did() {
    let text = |reset: &str| format!("lfo = Lfo {{ rate: 4Hz }}\nlfo.saw_up -[0.5]-> out\n{reset}");
    let saves: Vec<(u64, Arc<Graph>)> =
        [(0, ""), (10_000, "reset lfo"), (15_000, "reset lfo\nfade 30ms"), (20_000, ""), (26_000, "reset lfo")]
            .map(|(at, reset)| (at, graph(&text(reset))))
            .to_vec();
    let settings = alone::settings;
    let (mut control, mut engine) = new(settings());
    let (mut live, mut at) = (Vec::new(), 0);
    for (index, (from, graph)) in saves.iter().enumerate() {
        control.poll();
        control.swap(graph.clone(), Landing::Now, if index == 0 { 0.0 } else { 0.015 }).expect("within limits");
        let until = saves.get(index + 1).map_or(40_000, |(at, _)| *at);
        assert_eq!(at, *from);
        live.extend(sound(&mut engine, (until - at) as usize));
        at = until;
    }
    // It falls 12 000 frames after it began or was started over, by the first save that says so and by the last.
    let falls: Vec<usize> = (1..live.len()).filter(|&i| live[i] - live[i - 1] < -0.3).collect();
    assert_eq!(falls.len(), 2, "{falls:?}");
    assert!(falls[0].abs_diff(22_000) < 200 && falls[1].abs_diff(38_000) < 200, "{falls:?}");
    let cue = |(index, (at, graph)): (usize, &(u64, Arc<Graph>))| Cue {
        at: *at,
        graph: graph.clone(),
        fade: if index == 0 { 0.0 } else { 0.015 },
        ask: Ask::default(),
    };
    let cues: Vec<Cue> = saves.iter().enumerate().map(cue).collect();
    let (mut replay, latency) = (Vec::new(), engine.latency() as usize);
    let performance = Performance { cues: &cues, ..Performance::default() };
    let done = perform(settings(), &performance, (live.len() - latency) as u64, 0, |part| {
        replay.extend(part.chunks_exact(2).map(|pair| pair[0]));
        Ok::<(), ()>(())
    });
    assert!(done.is_ok());
    assert_eq!(live[latency..], replay);
}
