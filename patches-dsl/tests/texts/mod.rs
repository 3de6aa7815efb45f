//! Whole patches made at random from all of the language, for the property tests and the fuzzer.
//!
//! A text is made from a row of bytes, each of which decides one thing; where they end, the simplest is taken. So any
//! bytes make a text, the same ones the same text, and fewer or smaller ones a simpler text, which is what proptest and
//! libFuzzer need to shrink and to grow what they find. Names are always declared and values are of the kind that is
//! asked for, so most texts have no fault; a few do, for two cables may meet where one is allowed.

mod body;
mod scores;
mod values;

use patches_core::library::Library;
use patches_core::spec::Spec;

/// Decisions, from a row of bytes.
pub struct Choices<'a>(pub &'a [u8]);

impl Choices<'_> {
    /// A number below `count`; 0 where the bytes have ended.
    fn below(&mut self, count: usize) -> usize {
        match self.0.split_first() {
            Some((&byte, rest)) => {
                self.0 = rest;
                usize::from(byte) % count.max(1)
            }
            None => 0,
        }
    }

    /// True once in so many times; never where the bytes have ended.
    fn once_in(&mut self, count: usize) -> bool {
        self.below(count) == count - 1
    }

    /// One of these.
    fn of<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())].clone()
    }
}

/// What a constant or a parameter of a template is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Is {
    Pitch,
    Interval,
    Time,
    Number,
}

/// A module or template instance that may be named.
#[derive(Clone, Debug)]
struct Thing {
    /// As it is written where it may be seen: `m0`, `n[2]`.
    name: String,
    spec: Option<&'static Spec>,
    /// How many channels it has been given, and of an instance the number of its template.
    count: usize,
}

/// A template that has been written.
#[derive(Clone, Debug)]
struct Made {
    ins: Vec<&'static str>,
    outs: Vec<&'static str>,
    params: Vec<(&'static str, Is)>,
    stereo: bool,
}

/// What may be named in a body.
#[derive(Clone, Debug, Default)]
struct Sight {
    constants: Vec<(String, Is)>,
    things: Vec<Thing>,
    signals: Vec<String>,
    /// Ports of the template whose body this is.
    border: Option<Made>,
    /// The number of a round, as it may be used.
    round: Option<&'static str>,
}

/// Makes one text.
struct Maker<'a, 'l> {
    choices: Choices<'a>,
    specs: &'l [&'static Spec],
    templates: Vec<Made>,
    patterns: Vec<(String, Vec<&'static str>)>,
    /// Songs with their lanes.
    songs: Vec<(String, Vec<&'static str>)>,
    curves: Vec<String>,
    /// Names so far, so that no two are the same.
    names: usize,
}

/// Texts made from so many rows of so many bytes at random, the same for the same seed.
#[allow(dead_code, reason = "the fuzzer brings bytes of its own")]
pub fn at_random(mut seed: u64, rows: usize, bytes: usize, library: &Library) -> Vec<String> {
    let mut byte = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as u8
    };
    let mut row = || (0..bytes).map(|_| byte()).collect::<Vec<u8>>();
    (0..rows).map(|_| statements(&row(), library).join("\n")).collect()
}

/// The statements of a text, each as it is written, none of them empty.
pub fn statements(bytes: &[u8], library: &Library) -> Vec<String> {
    let mut maker = Maker {
        choices: Choices(bytes),
        specs: library.specs(),
        templates: Vec::new(),
        patterns: Vec::new(),
        songs: Vec::new(),
        curves: Vec::new(),
        names: 0,
    };
    maker.file()
}

impl Maker<'_, '_> {
    fn file(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut sight = Sight::default();
        for _ in 0..self.choices.below(4) {
            let constant = self.constant(&mut sight);
            lines.push(constant);
        }
        for _ in 0..self.choices.below(4) {
            let score = self.score(&sight);
            lines.push(score);
        }
        for _ in 0..self.choices.below(3) {
            let template = self.template(&sight);
            lines.push(template);
        }
        lines.extend(self.settings());
        lines.extend(self.body(&mut sight, 5));
        if self.choices.once_in(6) {
            let word = self.choices.of(&["mute", "solo", "reset"]);
            if let Some(thing) = sight.things.first() {
                lines.push(format!("{word} {}", thing.name.split('[').next().unwrap_or("out")));
            }
        }
        lines
    }

    /// A name that nothing has.
    fn name(&mut self, stem: &str) -> String {
        self.names += 1;
        format!("{stem}{}", self.names)
    }

    /// Settings of the whole patch, each at most once.
    fn settings(&mut self) -> Vec<String> {
        let all: [&[&str]; 7] = [
            &["", "tempo 126", "tempo 90.5", "tempo 126bpm"],
            &["", "", "meter 7/8", "meter 3/4"],
            &["", "", "swing 56%", "swing 0.6"],
            &["", "", "fade 40ms", "fade 1/4", "fade 2bars"],
            &["", "", "tail 4s", "tail 1bars + 0.5s"],
            &["", "", "swap on bar", "swap now", "swap on 4bars", "swap on beat"],
            &["", "", "tuning 442Hz"],
        ];
        all.iter().map(|list| self.choices.of(list)).filter(|line| !line.is_empty()).map(str::to_string).collect()
    }
}
