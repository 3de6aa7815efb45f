//! How long a text takes to a checked graph, and where the time goes. The aim: a thousand lines in less than 10 ms.
//!
//! `cargo bench -p patches-dsl` prints the best of many runs for each text: parsing alone, the whole of a text that was
//! never seen, and the whole of one that was read before and is saved with another number in one line.

#[path = "../tests/common/mod.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod common;

use patches_dsl::parse::parse;
use patches_dsl::{Before, Memory, load_again};
use std::cell::{Cell, RefCell};
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// A text of about so many lines that calls for `line` again and again.
fn lines(count: usize, line: impl Fn(usize, &mut String)) -> String {
    let mut text = "tempo 126\nlfo = Lfo { rate: 1/8 }\nenv = Adsr { attack: 5ms }\n".to_string();
    text.push_str("template voice(cut: float = 800Hz) { in: pitch, gate; out: left, right\n");
    text.push_str("  o = Osc { pitch: $.pitch }; e = Adsr { gate: $.gate }\n");
    text.push_str("  o.saw -> Ladder { cutoff: cut + 2oct * e } -> $.left; o.square -> Vca { gain: e } -> $.right }\n");
    for i in 0..count {
        line(i, &mut text);
    }
    text
}

fn write(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what).expect("a string takes any text");
}

fn texts() -> Vec<(&'static str, String)> {
    let named = |i: usize, t: &mut String| {
        write(t, format_args!("o{i} = Osc {{ pitch: {}Hz, drift: 0.1 }}\no{i}.saw -[0.1]-> out\n", 100 + i));
    };
    let chains = |i: usize, t: &mut String| {
        write(
            t,
            format_args!("Osc {{ pitch: {}Hz }} -> Ladder {{ cutoff: 1kHz }} -> Vca {{ gain: env }} -> out\n", i + 50),
        );
    };
    let sums = |i: usize, t: &mut String| {
        write(
            t,
            format_args!(
                "f{i} = Svf {{ cutoff: 300Hz + 3oct * env * lfo - {i}ct, in: Noise * (lfo + 0.5) }}; f{i} -> out\n"
            ),
        );
    };
    let voices = |i: usize, t: &mut String| write(t, format_args!("v{i} = voice(cut: {}Hz); v{i} -> out\n", 200 + i));
    vec![
        ("1000 lines: acid, again and again", acid(111)),
        ("1000 lines: modules and cables", lines(500, named)),
        ("1000 lines: unnamed chains", lines(1000, chains)),
        ("1000 lines: expressions", lines(1000, sums)),
        ("1000 lines: instances", lines(1000, voices)),
        ("10000 lines: modules and cables", lines(5000, named)),
        ("20000 modules unnamed", lines(6700, chains)),
        ("1 MB on one line", format!("x = Osc {{ fm: {}0 }}\nx -> out", "Noise.white * 0 + ".repeat(58_000))),
    ]
}

/// A patch as people write them, with its empty lines, so many times under other names: nine lines each.
fn acid(count: usize) -> String {
    let (tempo, body) = include_str!("../tests/good/acid.patches").split_once('\n').expect("a line");
    let names = ["line", "seq", "env", "osc", "filt"];
    let body = |i: usize| names.iter().fold(body.to_string(), |text, name| text.replace(name, &format!("{name}{i}")));
    std::iter::once(tempo.to_string()).chain((0..count).map(body)).collect()
}

/// The best of as many runs as fit into half a second.
fn best(mut work: impl FnMut()) -> Duration {
    let (start, mut best) = (Instant::now(), Duration::MAX);
    while best == Duration::MAX || start.elapsed() < Duration::from_millis(500) {
        let begun = Instant::now();
        work();
        best = best.min(begun.elapsed());
    }
    best
}

/// Saves a text again and again, each time with another number in the middle of it.
fn saves(text: &str) -> impl Fn() {
    let (before, turn) = (RefCell::new(Before::default()), Cell::new(0));
    let digit = |(at, _): &(usize, &str)| *at > text.len() / 2;
    let of = |sign| text.match_indices(sign).find(digit).map(|(at, _)| at);
    let at = of("0Hz").or_else(|| of("0 ")).expect("every text has a number that may be another");
    let with = |digit: &str| Memory::default().with("a.patches", [&text[..at], digit, &text[at + 1..]].concat());
    let texts = ["0", "1"].map(with);
    move || {
        turn.set(1 - turn.get());
        let files = &texts[turn.get()];
        let loaded = load_again(Path::new("a.patches"), files, common::library(), &mut before.borrow_mut());
        drop(std::hint::black_box(loaded));
    }
}

/// With `whole NAME`, `parsing NAME` or `saves NAME` behind it, that alone is done twenty times, for a profiler or a counter of
/// instructions, which a loaded machine does not disturb.
fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    if let [part, name] = args.as_slice() {
        for (_, text) in texts().iter().filter(|(text, _)| text.contains(name)) {
            let save = saves(text);
            for _ in 0..20 {
                match part.as_str() {
                    "saves" => save(),
                    "parsing" => drop(std::hint::black_box(parse(text, 0))),
                    _ => drop(std::hint::black_box(common::load_text(text))),
                }
            }
        }
        return;
    }
    println!("{:36} {:>9} {:>10} {:>10} {:>10}", "text", "bytes", "parsing", "whole", "save");
    for (name, text) in texts() {
        let parsing = best(|| drop(std::hint::black_box(parse(&text, 0))));
        let whole = best(|| drop(std::hint::black_box(common::load_text(&text))));
        let save = saves(&text);
        let save = best(&save);
        let [parsing, whole, save] = [parsing, whole, save].map(|time| time.as_secs_f64() * 1e3);
        println!("{name:36} {:>9} {parsing:>8.2}ms {whole:>8.2}ms {save:>8.2}ms", text.len());
    }
}
