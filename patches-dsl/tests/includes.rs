//! Files that include files.

mod common;

use common::library;
use patches_dsl::{Loaded, Memory, load};
use std::path::{Path, PathBuf};

fn load_files(files: &[(&str, &str)]) -> Loaded {
    let memory = files.iter().fold(Memory::default(), |memory, (path, text)| memory.with(*path, *text));
    common::aside(load(Path::new("set/main.patches"), &memory, library()))
}

fn faults(loaded: &Loaded) -> Vec<(&'static str, PathBuf, usize)> {
    let place = |fault: &patches_dsl::Fault| {
        let (path, line, _) = loaded.place(fault.span);
        (fault.code, path.to_path_buf(), line)
    };
    loaded.faults.iter().map(place).collect()
}

#[test]
fn an_include_brings_templates_constants_and_scores() {
    let loaded = load_files(&[
        ("set/main.patches", "include \"lib/voices.patches\"\ntone { pitch: root + shift } -> out"),
        (
            "set/lib/voices.patches",
            "include \"../notes.patches\"\nroot = A1\ntemplate tone { in: pitch; out: o\n Sine { pitch: $.pitch + shift } -> $.o }",
        ),
        ("set/notes.patches", "shift = 1oct\npattern p { x . }"),
    ]);
    assert!(loaded.faults.is_empty(), "{}", loaded.render(false));
    let sine = loaded.graph.modules.values().find(|module| module.spec.name() == "Sine").expect("the tone has a sine");
    assert_eq!(sine.settings.len(), 1);
    assert!(loaded.graph.to_string().contains("Sine pitch=3.75"), "{}", loaded.graph);
    let watched: Vec<&str> = loaded.watch.iter().filter_map(|path| path.to_str()).collect();
    assert_eq!(watched, ["set/main.patches", "set/lib/voices.patches", "set/notes.patches"]);
}

#[test]
fn a_diamond_is_fine() {
    let loaded = load_files(&[
        ("set/main.patches", "include \"a.patches\"\ninclude \"b.patches\"\nSine { pitch: x + y + z } -> out"),
        ("set/a.patches", "include \"c.patches\"\nx = C2 + z"),
        ("set/b.patches", "include \"./c.patches\"\ny = 1st + z"),
        ("set/c.patches", "z = 1oct"),
    ]);
    assert!(loaded.faults.is_empty(), "{}", loaded.render(false));
    assert_eq!(loaded.files.len(), 4);
}

#[test]
fn a_cycle_is_shown() {
    let loaded = load_files(&[
        ("set/main.patches", "include \"a.patches\"\nNoise -> out"),
        ("set/a.patches", "include \"b.patches\""),
        ("set/b.patches", "include \"a.patches\""),
    ]);
    assert_eq!(faults(&loaded), [("include-cycle", "set/b.patches".into(), 1)]);
    assert!(loaded.faults[0].message.contains("a.patches → b.patches → a.patches"));
}

#[test]
fn a_missing_file_is_a_fault_and_is_watched() {
    let loaded = load_files(&[("set/main.patches", "Noise -> out\ninclude \"drums.patches\"")]);
    assert_eq!(faults(&loaded), [("file", "set/main.patches".into(), 2)]);
    assert!(loaded.watch.contains(&PathBuf::from("set/drums.patches")));
    let nothing = load_files(&[]);
    assert_eq!(faults(&nothing), [("file", "set/main.patches".into(), 1)]);
    assert!(nothing.has_errors());
}

#[test]
fn modules_of_an_included_file_are_left_out_with_a_warning() {
    let loaded = load_files(&[
        ("set/main.patches", "include \"a.patches\"\nSine { pitch: k } -> out"),
        ("set/a.patches", "k = C3\no = Osc\no -> out\ntempo 90"),
    ]);
    assert_eq!(faults(&loaded), [("not-included", "set/a.patches".into(), 2)]);
    assert!(!loaded.has_errors());
    assert_eq!(loaded.graph.modules.len(), 2);
    assert_eq!(loaded.graph.tempo, None);
    let used = load_files(&[
        ("set/main.patches", "include \"a.patches\"\no -> out"),
        ("set/a.patches", "o = Osc\nw = Lfo * 2"),
    ]);
    assert!(faults(&used).contains(&("unknown-name", "set/main.patches".into(), 2)), "{}", used.render(false));
}

#[test]
fn names_of_two_files_may_not_meet() {
    let loaded = load_files(&[
        ("set/main.patches", "include \"a.patches\"\ninclude \"b.patches\"\nk = C4\nSine { pitch: k } -> out"),
        ("set/a.patches", "k = C3\ntemplate t { out: o\n Noise -> $.o }"),
        ("set/b.patches", "template t { out: o\n Noise -> $.o }"),
    ]);
    let codes: Vec<&str> = loaded.faults.iter().map(|fault| fault.code).collect();
    assert_eq!(codes, ["given-twice", "given-twice"], "{}", loaded.render(false));
}

#[test]
fn faults_in_an_included_template_show_both_places() {
    let loaded = load_files(&[
        ("set/main.patches", "include \"a.patches\"\nv = t; v -> out"),
        ("set/a.patches", "template t { out: o\n Nois -> $.o }"),
    ]);
    assert_eq!(faults(&loaded), [("unknown-module", "set/a.patches".into(), 2)]);
    let text = loaded.render(false);
    assert!(text.contains("set/a.patches:2") && text.contains("set/main.patches:2"), "{text}");
}

#[test]
fn files_are_found_beside_the_text_that_names_them() {
    let loaded = load_files(&[
        ("set/main.patches", "include \"lib/a.patches\"\nt -> out\nSampler { file: file(\"b.wav\") } -> out"),
        ("set/lib/a.patches", "template t { out: o\n Sampler { file: file(\"b.wav\") } -> $.o }"),
        ("set/lib/b.wav", "RIFF"),
    ]);
    assert_eq!(faults(&loaded), [("missing-file", "set/main.patches".into(), 3)]);
}

#[test]
fn no_text_at_all() {
    let empty = load_files(&[("set/main.patches", " \n# nothing\n")]);
    assert_eq!(faults(&empty), [("empty-file", "set/main.patches".into(), 1)]);
    let silence = load_files(&[("set/main.patches", "patch {}")]);
    assert!(silence.faults.is_empty() && silence.graph.modules.is_empty());
    let memory = Memory::default().with("set/main.patches", vec![0x4e, 0xff, 0xfe]);
    let bytes = load(Path::new("set/main.patches"), &memory, library());
    assert_eq!(faults(&bytes), [("not-utf8", "set/main.patches".into(), 1)]);
}
