use super::*;
use crate::event::{Event, Swapped};
use crate::play::{Held, Look, Seen, Sequence};
use patches_engine::engine::Meters;
use patches_engine::host::About;
use patches_engine::midi::Message;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

const PLAIN: Shape = Shape { utf8: true, colour: false };

fn about() -> About {
    About { backend: "jack".into(), device: "system".into(), rate: 48_000, bridged: None, frames: 256, channels: 2 }
}

/// A patch that has played for a while: an octave of sine waves, meters up, two lines in the log.
fn playing() -> Snapshot {
    let mut snapshot = Snapshot::new(Path::new("acid.patches"), about());
    snapshot.event(&Event::Notice { message: "playing acid.patches".into() });
    let swapped = Swapped { save: 15, on: "now".into(), kept: 12, added: vec!["hat".into()], ..Swapped::default() };
    snapshot.event(&Event::Swapped(Box::new(swapped)));
    let meters = Meters {
        peak: vec![0.5, 0.25],
        load: 0.07,
        load_max: 0.11,
        bar: 33,
        beat: 2,
        tempo: 126.0,
        modules: vec![("osc".into(), "Osc", 0.0121), ("filt".into(), "Ladder", 0.02), ("v/env".into(), "Adsr", 0.0005)],
        ..Meters::default()
    };
    let wave: Vec<[f32; 2]> = (0..4096).map(|i| [(i as f32 * std::f32::consts::TAU / 200.0).sin() * 0.8; 2]).collect();
    let sine = |i: usize| 0.1 * (i as f32 * std::f32::consts::TAU / 100.0).sin();
    let probes = [Seen { label: "lead".into(), module: "v/env".into(), frames: (0..4096).map(sine).collect() }];
    snapshot.look(&look(&meters, &wave, &probes));
    snapshot
}

fn look<'a>(meters: &'a Meters, frames: &'a [[f32; 2]], probes: &'a [Seen]) -> Look<'a> {
    static HEADS: LazyLock<BTreeMap<(Arc<str>, usize), f32>> =
        LazyLock::new(|| [(("seq".into(), 0), 2.0), (("drums".into(), 1), 9.0)].into());
    static BORN: LazyLock<BTreeMap<Arc<str>, u64>> =
        LazyLock::new(|| [("osc".into(), 0), ("v/env".into(), 24_000)].into());
    static ABOUT: LazyLock<About> = LazyLock::new(about);
    Look { at: 48_000, meters, frames, about: &ABOUT, xruns: 0, probes, waiting: None, heads: &HEADS, born: &BORN }
}

fn screen(snapshot: &Snapshot, face: &Face, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
    terminal.draw(|frame| draw(frame, snapshot, face)).expect("drawn");
    terminal.backend().to_string()
}

fn face(view: View) -> Face {
    Face { view, ..Face::new(PLAIN) }
}

#[test]
fn the_mix() {
    insta::assert_snapshot!(screen(&playing(), &face(View::Mix), 100, 28));
}

#[test]
fn more_channels_than_two_have_small_meters() {
    let mut snapshot = playing();
    let meters = Meters { peak: vec![0.5, 0.25, 0.125, 0.0, 1.0], ..Meters::default() };
    snapshot.look(&look(&meters, &[], &[]));
    let shown = screen(&snapshot, &face(View::Mix), 100, 28);
    assert!(shown.contains(" 2 ██████·· ") && shown.contains(" -18.1 dB  3 ········   silent  4 ████████"), "{shown}");
    // On the smallest one two of them stand in a line; the limiter is still told.
    let small = screen(&snapshot, &face(View::Mix), 60, 16);
    let line = |number: &str| small.lines().position(|line| line.contains(number));
    let lines = [" 2 ██████·· ", " 3 ········ ", " 4 ████████ "].map(line);
    assert!(lines[0].is_some() && lines[0] == lines[1] && lines[2] == lines[0].map(|at| at + 1), "{small}");
    assert!(small.contains("limiter idle") && small.contains("L "), "{small}");
}

#[test]
fn the_smallest_screen() {
    insta::assert_snapshot!(screen(&playing(), &face(View::Mix), 60, 16));
}

#[test]
fn only_ascii() {
    let face = Face { shape: Shape { utf8: false, colour: false }, ..face(View::Mix) };
    let shown = screen(&playing(), &face, 80, 24);
    assert!(shown.is_ascii(), "{shown}");
    insta::assert_snapshot!(shown);
}

#[test]
fn a_fault_stays_in_view_on_every_screen() {
    let mut snapshot = playing();
    snapshot.event(&Event::Refused { save: 16, file: "acid.patches".into(), faults: vec![] });
    snapshot.fault = Some(
        "error[unknown-module]: no module type `Lowpas`\n --> acid.patches:7:9\n  |\n7 | filt = Lowpas {\n  |        ^^^^^^\n  \
         = help: did you mean `Lowpass`?"
            .into(),
    );
    for (width, height) in [(60, 16), (80, 24), (200, 60)] {
        for view in View::ALL {
            let shown = screen(&snapshot, &face(view), width, height);
            for text in ["no module type `Lowpas`", "acid.patches:7:9", "filt = Lowpas", "save 16 has faults"] {
                assert!(shown.contains(text), "{text} at {width} x {height}\n{shown}");
            }
        }
    }
    insta::assert_snapshot!(screen(&snapshot, &face(View::Patch), 80, 24));
}

#[test]
fn the_steps_with_their_playheads() {
    let mut snapshot = playing();
    let row = |name: &str, words: &str| (name.into(), words.split(' ').map(String::from).collect());
    let drums = vec![row("kick", "x . . . x . . . x . . . x . . ."), row("hat", ". x . x . x . x . x . x . x . x+")];
    snapshot.sequences = Arc::new([
        Sequence { module: "seq".into(), rows: vec![row("0", "C2 . G1 Eb2 - ~")] },
        Sequence { module: "drums".into(), rows: drums },
    ]);
    insta::assert_snapshot!(screen(&snapshot, &face(View::Steps), 100, 24));
    let narrow = screen(&snapshot, &face(View::Steps), 60, 16);
    assert!(narrow.contains(">G1") && narrow.contains(">x"), "{narrow}");
}

#[test]
fn midi_ports_and_what_came_by_them() {
    let mut snapshot = playing();
    snapshot.event(&Event::Midi { state: "found", name: "Keystep".into(), why: None });
    for bytes in [[0x90, 60, 100], [0x90, 67, 90], [0x80, 60, 0], [0xb0, 1, 64]] {
        snapshot.midi("Keystep", Message::new(&bytes).expect("a message"));
    }
    insta::assert_snapshot!(screen(&snapshot, &face(View::Midi), 80, 20));
    snapshot.midi("Keystep", Message::new(&[0xb0, 123, 0]).expect("a message"));
    assert!(snapshot.ports["Keystep"].down.is_empty());
}

#[test]
fn what_holds_over_the_text_is_told() {
    let mut snapshot = playing();
    let (mute, solo) = (vec!["v".to_string()], vec!["osc".to_string()]);
    snapshot.held = Held { mute, solo, stopped: true, file: Some(16) };
    snapshot.waiting = Some(1.25);
    insta::assert_snapshot!(screen(&snapshot, &face(View::Patch), 110, 20));
}

#[test]
fn an_instance_is_one_line_and_ages_are_told() {
    let mut snapshot = playing();
    snapshot.modules.push(("v/osc".into(), "Osc", 0.01));
    snapshot.at = 48_000 * 130;
    let folded = Face { folded: ["v".to_string()].into(), chosen: 2, ..face(View::Patch) };
    let shown = screen(&snapshot, &folded, 80, 20);
    let line = |of: &str| shown.lines().find(|line| line.contains(of)).unwrap_or_default().to_string();
    assert!(line("▸ v ").contains("2 modules") && line("▸ v ").contains("1.05 %"), "{shown}");
    assert!(line("osc").contains("2 min") && !shown.contains("v/env"), "{shown}");
    let page = Face { page: Some("Osc  a voice\n\n  in  pitch\n".into()), ..folded };
    let shown = screen(&snapshot, &page, 80, 20);
    assert!(shown.contains("Osc  a voice") && shown.contains("  in  pitch") && !shown.contains("2 modules"), "{shown}");
}

#[test]
fn every_size_is_drawn() {
    for snapshot in [Snapshot::new(Path::new("a"), about()), playing()] {
        for help in [false, true] {
            for view in View::ALL {
                for (width, height) in [(1, 1), (10, 3), (59, 15), (60, 16), (80, 24), (132, 43), (200, 60)] {
                    let face = Face { help, ..face(view) };
                    let shown = screen(&snapshot, &face, width, height);
                    assert_eq!(shown.lines().count(), usize::from(height));
                }
            }
        }
    }
}

#[test]
fn without_colour_no_cell_has_one() {
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("a terminal");
    terminal.draw(|frame| draw(frame, &playing(), &face(View::Mix))).expect("drawn");
    let coloured = |c: &ratatui::buffer::Cell| c.fg != Color::Reset || c.bg != Color::Reset;
    assert!(!terminal.backend().buffer().content().iter().any(coloured));
    let face = Face { shape: Shape { utf8: true, colour: true }, ..face(View::Mix) };
    terminal.draw(|frame| draw(frame, &playing(), &face)).expect("drawn");
    assert!(terminal.backend().buffer().content().iter().any(coloured), "the check finds colours");
}

#[test]
fn control_characters_never_reach_the_terminal() {
    let mut snapshot = playing();
    snapshot.line("a\x1b[2Jb\tc\u{7}".into());
    let shown = screen(&snapshot, &face(View::Mix), 80, 24);
    assert!(shown.contains("a?[2Jb    c?"), "{shown}");
}

#[test]
fn keys_turn_the_views_round() {
    assert_eq!(View::Mix.next(), View::Scope);
    assert_eq!(View::Midi.next(), View::Mix);
    assert_eq!(View::Mix.previous(), View::Midi);
}

#[test]
fn the_spectrum_of_a_probe() {
    insta::assert_snapshot!(screen(&playing(), &Face { source: 1, ..face(View::Spectrum) }, 80, 24));
}

#[test]
fn the_scope_of_a_probe() {
    insta::assert_snapshot!(screen(&playing(), &Face { source: 1, ..face(View::Scope) }, 80, 24));
}

#[test]
fn the_patch_with_one_chosen_and_some_left_out() {
    let face = Face { chosen: 7, filter: "OS".into(), typing: true, ..face(View::Patch) };
    let shown = screen(&playing(), &face, 80, 24);
    assert!(shown.contains("3 modules, 1 with `OS_`") && shown.contains("osc") && !shown.contains("Ladder"), "{shown}");
    assert_eq!(super::patch::chosen(&playing(), &face).as_deref(), Some("osc"));
    insta::assert_snapshot!(screen(&playing(), &super::tests::face(View::Patch), 80, 24));
}

#[test]
fn the_text_scrolls_to_its_end_and_no_further() {
    let mut snapshot = playing();
    snapshot.text = (1..=200).map(|line| format!("# line {line}\n")).collect::<String>().into();
    let end = screen(&snapshot, &Face { scroll: 10_000, ..face(View::Text) }, 80, 24);
    assert!(end.contains("200 # line 200"), "{end}");
    let begin = screen(&snapshot, &face(View::Text), 80, 24);
    assert!(begin.contains("  1 # line 1 "), "{begin}");
}

#[test]
fn more_modules_than_lines_are_told_and_the_chosen_one_is_in_view() {
    let mut snapshot = playing();
    snapshot.modules = (0..100).map(|n| (format!("m{n:03}"), "Osc", 0.0)).collect();
    let shown = screen(&snapshot, &Face { chosen: 50, ..face(View::Patch) }, 80, 24);
    assert!(shown.contains("m050") && shown.contains(" above, ") && shown.contains(" below"), "{shown}");
}
