//! Every fault has a code of its own and a smallest text that has it, and nothing but it.

mod common;

use common::{codes, load_text};
use patches_dsl::codes::{self as all, ALL};
use std::collections::BTreeSet;

/// Code, and the smallest text that has this fault alone.
const SMALLEST: &[(&str, &str)] = &[
    (all::UNREADABLE, "a => b\nNoise -> out"),
    (all::STRAY_BRACE, "Noise -> out\n}"),
    (all::UNCLOSED, "patch { Noise -> out"),
    (all::EMPTY_FILE, "# nothing"),
    (all::FILE, "include \"no.patches\"\nNoise -> out"),
    (all::TOO_LARGE, "for i in 1..1000000 { x = i }\nNoise -> out"),
    (all::TOO_DEEP, "((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((("),
    (all::INCLUDE_CYCLE, "include \"patch.patches\"\nNoise -> out"),
    (all::UNKNOWN_MODULE, "Nois -> out"),
    (all::UNKNOWN_NAME, "nois -> out"),
    (all::UNKNOWN_PORT, "Noise.green -> out"),
    (all::UNKNOWN_PARAMETER, "Osc { foo: 1 } -> out"),
    (all::UNKNOWN_WORD, "Lfo { mode: sideways } -> out"),
    (all::UNKNOWN_CHANNEL, "Mixer(channels: 2) { level[2]: 1 } -> out"),
    (all::UNKNOWN_PATH, "mute x; Noise -> out"),
    (all::GIVEN_TWICE, "Osc { pitch: C4, pitch: C5 } -> out"),
    (all::NOT_NEW, "n = Vca; n -> out\nx = Noise -> n"),
    (all::NOT_A_SOURCE, "out -> Vca -> out"),
    (all::NOT_A_TARGET, "Noise -> 3"),
    (all::WRONG_KIND, "Osc { pitch: 10ms } -> out"),
    (all::NOT_CONSTANT, "Lfo { mode: Noise.pink } -> out"),
    (all::NEGATIVE_GAIN, "Mixer { level: -6 } -> out"),
    (all::ARITHMETIC, "Osc { pitch: C4 + C4 } -> out"),
    (all::NOT_FINITE, "Osc { pitch: C999999999 } -> out"),
    (all::TRIGGER_SCALE, "Clock -[0.5]-> Adsr.trigger -> out"),
    (all::SHAPE, "Osc(channels: 2) -> out"),
    (all::OUT_OF_RANGE, "Drive { drive: 100 } -> out"),
    (all::OLD_SPELLING, "Osc { pitch: 7s } -> out"),
    (all::CYCLE, "x = x\nNoise -> out"),
    (all::MISPLACED, "$.a -> out"),
    (all::ARGUMENT, "Osc { fm: min(1) } -> out"),
    (all::REACHES_NOTHING, "n = Noise"),
    (all::LOOP_GAIN, "v = Vca; v -[2]-> v; v -> out"),
    (all::MISSING_FILE, "Sampler { file: file(\"no.wav\") } -> out"),
    (all::NOT_PLAYABLE, "pattern p { x }\nsong t(a) { play { p } }\nSteps { song: t } -> out"),
    (all::PATTERN, "pattern p { x*0 }\nNoise -> out"),
];

/// Codes that need more than one text, held to in the tests of includes and YAML; and the one that no text has.
const ELSEWHERE: &[&str] = &[all::NOT_UTF8, all::NOT_INCLUDED, all::YAML, all::INTERNAL];

#[test]
fn every_code_has_its_smallest_text() {
    for (code, text) in SMALLEST {
        assert_eq!(codes(text), [*code], "{text}\n{}", load_text(text).render(false));
    }
    let held: BTreeSet<&str> = SMALLEST.iter().map(|(code, _)| *code).chain(ELSEWHERE.iter().copied()).collect();
    let known: BTreeSet<&str> = ALL.iter().map(|(code, _)| *code).collect();
    assert_eq!(held, known);
    assert_eq!(known.len(), ALL.len(), "a code is given to two faults");
}

#[test]
fn messages_read_alike() {
    for (_, text) in SMALLEST {
        for fault in load_text(text).faults {
            let begins = fault.message.chars().next().expect("a message says something");
            assert!(!begins.is_uppercase(), "{}", fault.message);
            assert!(!fault.message.ends_with('.'), "{}", fault.message);
        }
    }
}

#[test]
fn places_count_characters_from_one() {
    let loaded = load_text("# grün\nx = Osc { label: \"ü\", foo: 1 }\nx -> out");
    let fault = &loaded.faults[0];
    let (path, line, column) = loaded.place(fault.span);
    assert_eq!((path.to_str(), line, column), (Some("patch.patches"), 2, 11));
    let fault = &loaded.faults[1];
    assert_eq!(loaded.place(fault.span).2, 23);
}
