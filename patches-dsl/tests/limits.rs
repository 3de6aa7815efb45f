//! What asks for too much is a fault, soon, and never a crash.

mod common;

use common::{codes, load_text};
use std::time::{Duration, Instant};

/// Far more than any of these takes, so that a loaded machine does not fail the test, and far less than an
/// exponential one would.
const SOON: Duration = Duration::from_secs(20);

fn soon(text: &str) -> Vec<&'static str> {
    let start = Instant::now();
    let found = codes(text);
    assert!(start.elapsed() < SOON, "{:?} for {} bytes: {:.60}", start.elapsed(), text.len(), text);
    found
}

#[test]
fn twenty_thousand_modules_are_fine() {
    let mut text = String::new();
    for i in 0..10_000 {
        text.push_str(&format!("o{i} = Sine {{ pitch: {i}Hz + 1Hz }}\no{i} -> Vca {{ gain: 0.01 }} -> out\n"));
    }
    let loaded = load_text(&text);
    assert!(!loaded.has_errors(), "{:.2000}", loaded.render(false));
    assert_eq!(loaded.graph.modules.len(), 20_001);
}

#[test]
fn five_hundred_instances_of_twenty_modules() {
    let body: String = (0..20).map(|i| format!("s{i} = Sine {{ pitch: $.pitch }}; s{i} -> $.out\n")).collect();
    let text = format!(
        "template voice {{ in: pitch; out: out\n{body}}}\nk = Keys\nfor i in 1..500 {{ v = voice {{ pitch: k.pitch }}; v -> out }}"
    );
    let start = Instant::now();
    let loaded = load_text(&text);
    assert!(loaded.faults.is_empty(), "{:.2000}", loaded.render(false));
    assert_eq!(loaded.graph.modules.len(), 10_002);
    assert!(start.elapsed() < SOON);
}

#[test]
fn deep_brackets_are_a_fault() {
    for (open, close) in
        [("(", ")"), ("[", "]"), ("x = p(", ")"), ("f(a[", "])"), ("Osc { pitch: ", "}"), ("for i in 1..2 {", "}")]
    {
        let deep = format!("x = {}1{}", open.repeat(5_000), close.repeat(5_000));
        assert_eq!(soon(&deep), ["too-deep"], "{open}");
        let unclosed = format!("x = {}", open.repeat(60));
        assert!(!soon(&unclosed).contains(&"internal"), "{open}");
    }
    let pattern = format!("pattern p {{ {} }}", "<".repeat(20_000));
    assert_eq!(soon(&pattern), ["too-deep"]);
    let nested = format!("pattern p {{ {}x }}\nout <- Noise", "<".repeat(500));
    assert!(!soon(&nested).contains(&"internal"));
}

#[test]
fn what_nests_as_deep_as_it_may_is_read() {
    for (open, close) in [("(", ")"), ("f(a[", "])"), ("abs(", ")"), ("Vca { in: ", "}")] {
        let count = 60 / open.matches(['(', '[', '{']).count();
        let text = format!("x = {}1{}\nNoise -> out", open.repeat(count), close.repeat(count));
        assert!(!soon(&text).iter().any(|code| matches!(*code, "internal" | "unreadable" | "too-deep")), "{open}");
    }
}

#[test]
fn long_texts_without_nesting_are_read() {
    let sum = format!("x = Osc {{ fm: {}0 }}\nx -> out", "Noise.white * 0 + ".repeat(3_000));
    assert_eq!(soon(&sum), [] as [&str; 0]);
    let chain = format!("Noise -> {}out", "Vca -> ".repeat(3_000));
    assert_eq!(soon(&chain), [] as [&str; 0]);
    let minus = format!("x = Vca {{ gain: {}1 }}\nx -> out", "- ".repeat(20_000));
    assert_eq!(soon(&minus), [] as [&str; 0]);
    let lines = "a => b { \n".repeat(60) + &"a => b\n".repeat(2_000);
    assert!(soon(&lines).contains(&"unreadable"));
}

#[test]
fn growth_by_names_and_rounds_is_a_fault() {
    let mut doubling = "n = Noise\na0 = n * n\n".to_string();
    for i in 0..100 {
        doubling.push_str(&format!("a{} = a{i} * a{i}\n", i + 1));
    }
    doubling.push_str("a100 -> out\n");
    assert_eq!(soon(&doubling), ["too-large"]);
    let names: String = (0..2_000).map(|i| format!("b{i} = b{} * 1\n", i + 1)).collect();
    assert!(soon(&format!("{names}b2000 = Lfo * 1\nb0 -> out")).contains(&"too-deep"));
    let rounds = "for i in 1..100000000 { for j in 1..100000 { a = Sine; a -> out } }";
    assert!(soon(rounds).contains(&"too-large"));
    let templates: String =
        (0..30).map(|i| format!("template t{i} {{ out: o; t{0} -> $.o; t{0} {{ }} -> $.o }}\n", i + 1)).collect();
    let templates = format!("{templates}template t30 {{ out: o; Noise -> $.o }}\nt0 -> out");
    assert!(soon(&templates).contains(&"too-large"));
    assert_eq!(soon("template t { out: o; t -> $.o }\nt -> out"), ["cycle"]);
}

#[test]
fn large_numbers_are_faults_or_finite() {
    let huge = "9".repeat(400);
    assert_eq!(soon(&format!("v = Vca {{ gain: {huge} }}\nv -> out")), ["not-finite"]);
    assert_eq!(soon("m = Mixer(channels: 99999999999999)\nm -> out"), ["shape"]);
    assert!(soon("Noise -> Mixer.in[4000000000] -> out").contains(&"unknown-channel"));
    assert!(soon("v = Osc { pitch: C99999999999 }\nv -> out").contains(&"not-finite"));
    let big = "1".to_string() + &"0".repeat(200);
    assert_eq!(soon(&format!("v = Vca {{ gain: {big} * {big} }}\nv -> out")), ["not-finite"]);
    assert_eq!(soon(&format!("v = Vca {{ gain: Noise * {big} * {big} }}\nv -> out")), ["not-finite"]);
}
