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

#[test]
fn ten_thousand_lines_and_a_megabyte_on_one() {
    let mut text = String::new();
    for i in 0..5_000 {
        text.push_str(&format!("o{i} = Sine {{ pitch: C4 + {i}ct }}  # voice {i}\no{i} -[0.001]-> out\n"));
    }
    assert_eq!(soon(&text), [] as [&str; 0]);
    let line = format!("x = Osc {{ fm: {}0 }}; x -> out", "Noise.white * 0 + ".repeat(58_000));
    assert!(line.len() > 1_000_000);
    assert_eq!(soon(&line), ["too-large"], "an expression has its limit");
    let comment = format!("Noise -> out # {}", "ä".repeat(600_000));
    assert_eq!(soon(&comment), [] as [&str; 0]);
    let list = format!("s = Steps {{ steps: [{}C2] }}; s -> Sine -> out", "C2, ".repeat(200_000));
    assert_eq!(soon(&list), [] as [&str; 0]);
    let statements = format!("{}Noise -> out", "x; ".repeat(300_000));
    assert!(soon(&statements).contains(&"unknown-name"));
    assert_eq!(soon(&"\n;\r\n".repeat(300_000)), ["empty-file"]);
    assert_eq!(soon(&format!("Noise -> out\n{}", "}".repeat(100_000))).len(), patches_dsl::limits::FAULTS);
}

#[test]
fn two_hundred_deep_works_or_is_a_fault() {
    // Templates in templates by use, names by names, junctions by junctions: 200 of each.
    let templates = |n: usize| {
        let bodies: String = (0..n).map(|i| format!("template t{i} {{ out: o; t{} -> $.o }}\n", i + 1)).collect();
        format!("{bodies}template t{n} {{ out: o; Noise -> $.o }}\nt0 -> out")
    };
    assert_eq!(soon(&templates(200)), ["too-deep"]);
    assert_eq!(soon(&templates(100)), [] as [&str; 0]);
    let names = |n: usize| {
        let all: String = (0..n).map(|i| format!("a{i} = a{} + 1\n", i + 1)).collect();
        format!("{all}a{n} = 1\nVca {{ gain: a0 }} -> out\nNoise -> out")
    };
    assert!(soon(&names(200)).contains(&"too-deep"));
    assert_eq!(soon(&names(100)), [] as [&str; 0]);
    let wires = format!("template w {{ in: i; out: o; $.i -> $.o }}\nNoise -> {}out", "w -> ".repeat(2_000));
    assert_eq!(soon(&wires), [] as [&str; 0]);
    let fors = |n: usize| format!("{}Noise -> out{}", "for i in 1..1 { ".repeat(n), " }".repeat(n));
    assert_eq!(soon(&fors(200)), ["too-deep"]);
    assert_eq!(soon(&fors(60)), [] as [&str; 0]);
    for (open, close) in [("(", ")"), ("abs(", ")"), ("[", "]"), ("-(", ")"), ("Vca { in: ", " }")] {
        let text = format!("x = {}Noise{}\nNoise -> out", open.repeat(200), close.repeat(200));
        assert_eq!(soon(&text), ["too-deep"], "{open}");
    }
    let groups = |n: usize| format!("pattern p {{ {}x{} }}\nNoise -> out", "[".repeat(n), "]".repeat(n));
    assert_eq!(soon(&groups(200)), ["too-deep"]);
    let patches = format!("{}Noise -> out{}", "patch { ".repeat(200), " }".repeat(200));
    assert_eq!(soon(&patches), ["too-deep"]);
}

/// Code, line and column of a text's faults.
fn places(text: &[u8]) -> Vec<(&'static str, usize, usize)> {
    let memory = patches_dsl::Memory::default().with("p.patches", text);
    let loaded = patches_dsl::load(std::path::Path::new("p.patches"), &memory, common::library());
    let place = |fault: &patches_dsl::Fault| {
        let (_, line, column) = loaded.place(fault.span);
        (fault.code, line, column)
    };
    loaded.faults.iter().map(place).collect()
}

#[test]
fn columns_count_characters_whatever_the_text_is_made_of() {
    let at = |text: &str| places(text.as_bytes());
    assert_eq!(at("Noise -> out\nx -> out"), [("unknown-name", 2, 1)]);
    assert_eq!(at("\u{feff}x -> out; Noise -> out"), [("unknown-name", 1, 1)], "a mark of byte order is no character");
    assert_eq!(at("Noise -> out\r\n  x -> out\r\n\r\ny -> out"), [("unknown-name", 2, 3), ("unknown-name", 4, 1)]);
    assert_eq!(at("s = Sampler { label: \"äöü\" }; s, x -> out"), [("unknown-name", 1, 34)]);
    // A letter and its combining mark are two characters, a zero-width space is one.
    assert_eq!(at("s = Sampler { label: \"e\u{301}\u{200b}\" }; s, x -> out"), [("unknown-name", 1, 34)]);
    assert_eq!(at("# \u{1f3b9}\nNoise -> out; # \u{1f3b9}\nx -> out"), [("unknown-name", 3, 1)]);
    assert_eq!(at("Noise -> out\nö -> out"), [("unreadable", 2, 1)]);
    assert_eq!(at("Noise -> out\nx\u{301} -> out"), [("unreadable", 2, 2)]);
    assert_eq!(at("Noise -> out\nNoise \u{200b}-> out"), [("unreadable", 2, 7)]);
    assert_eq!(at("Noise -> out\n\u{a0}Noise -> out"), [("unreadable", 2, 1)]);
    assert_eq!(at("Noise -> out\rx -> out"), [("unreadable", 1, 14)]);
    assert_eq!(at("Noise -> out\nab\0 -> out"), [("unreadable", 2, 3)]);
}

#[test]
fn bytes_that_are_no_text_have_their_place() {
    assert_eq!(places(b"Noise -> out\n# \xc3\xa4\xff"), [("not-utf8", 2, 4)]);
    assert_eq!(places(b"\xff\xfeN\0"), [("not-utf8", 1, 1)]);
    assert_eq!(places(b"Noise -> out\n\xed\xa0\x80"), [("not-utf8", 2, 1)]);
}

#[test]
fn numbers_beyond_all_ranges_are_held_or_told() {
    for text in [
        "Osc { pitch: 1e5 } -> out",
        "Delay { time: 9999999min } -> out",
        "Lfo { rate: 0Hz } -> out",
        "Osc { pitch: 99999999999999999999Hz } -> out",
        "Keys { voices: 99999999999999999999 } -> Sine -> out",
        "tempo 0; Noise -> out",
        "tempo 99999; Noise -> out",
        "meter 0/4; Noise -> out",
        "meter 4/99999999999; Noise -> out",
        "fade 99999999min; Noise -> out",
        "tail 99999999min; Noise -> out",
        "swap on 99999999999bars; Noise -> out",
        "Mixer(channels: -1) -> out",
        "Mixer(channels: 1.5) -> out",
        "for i in 5..1 { Noise -> out }; for i in -3..99999999999999999999 { Noise -> out }",
        "for i in 0.5..2 { Noise -> out }",
        "Osc { pitch: 0Hz } -> out",
        "Delay { time: 1/0 } -> out",
    ] {
        assert!(!soon(text).is_empty() && !soon(text).contains(&"internal"), "{text}: {:?}", soon(text));
    }
}

#[test]
fn a_text_that_stopped_the_checker_is_told_what_is_wrong_with_it() {
    let loaded = common::load_text(include_str!("fuzz/two_of_one_name.patches"));
    assert!(loaded.has_errors());
    assert!(loaded.faults.iter().all(|fault| fault.code != patches_dsl::codes::INTERNAL), "{:?}", loaded.faults);
}

/// Found by throwing texts at it: what stands in the place of such a statement is shorter than its first sign.
#[test]
fn a_statement_that_begins_with_a_sign_of_several_bytes_has_its_whole_place() {
    for text in [
        "n = Noise; n -> out\n\u{a0}\nm = Saw; m -> out\n\u{1f3b9} x",
        "pattern p { slide(3,",
        "pattern p { slide(3,\u{1f3b9}) }",
        "Saw -[0.5]",
        "Saw -[0.5]\u{e4}",
        "patternNoise.white[n]Y\u{a0}\nm = Saw -> \n\u{a0}\nm -> out\n t { \u{fffd}ut: y; 45\u{c}; N\n^ -> ",
    ] {
        let parsed = patches_dsl::parse::parse(text, 0);
        assert!(!parsed.faults.is_empty());
        let spans = parsed.statements.iter().map(|s| s.span).chain(parsed.faults.iter().map(|f| f.span));
        for span in spans {
            assert!(text.get(span.start as usize..span.end as usize).is_some(), "{text}: {span:?}");
        }
    }
}
