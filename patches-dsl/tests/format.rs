//! The one layout.

use patches_dsl::format;
use patches_dsl::parse::parse;
use proptest::prelude::*;

const MESSY: &str = "tempo   126 ;swap now


# a comment
osc=Osc{frequency:440Hz,drift:0.1}   # the first
  osc.saw
-> Lowpass{
cutoff: 800Hz   # low
   +   1oct
resonance: 0.5}
   -> out
template v(a: float=1,b:int = 2){
in: x
out: y
$.x -> Vca { gain: a }
-> $.y
}
s = Sampler { label: \"a   b # c\" }
pattern k { x...x.x.   x:0.8 note: C2 }
o = Osc { pitch: f#3 }#x

";

#[test]
fn a_messy_text_is_laid_out() {
    insta::assert_snapshot!(format(MESSY));
}

#[test]
fn every_good_text_keeps_its_meaning_and_is_laid_out_once() {
    for text in [
        MESSY,
        include_str!("good/acid.patches"),
        include_str!("good/cables.patches"),
        include_str!("good/expressions.patches"),
        include_str!("good/templates.patches"),
        include_str!("good/scores.patches"),
    ] {
        let laid_out = format(text);
        assert_eq!(parse(text, 0).to_string(), parse(&laid_out, 0).to_string());
        assert_eq!(laid_out, format(&laid_out));
        assert_eq!(text.matches('#').count(), laid_out.matches('#').count());
        // What is lined up would be so no more.
        if !text.contains("song") {
            let squeezed = text.replace("    ", "  ");
            assert_eq!(format(&squeezed), laid_out, "{squeezed}");
        }
    }
}

/// A set as it is laid out: steps in columns, rows under the first one, songs as tables.
const COLUMNS: &str = "\
pattern thin { kick: x...x...x...x...
               hat:  ..x...x...x...x. }
pattern line {
    note:   C2 . C2  Eb2 | . G1 ~ C3  # the tune
    # and what it stresses
    accent: 1  . 0.4 1   | . 0.7 . 1
}
pattern a  { C2 . G1 }
pattern bc { .  . G1 }
song tune(drums, low) {
    section intro { (thin, _) * 2
                    thin,  line }
    play intro
    @loop
    play { thin, a
           _,    line }
}
";

#[test]
fn what_is_lined_up_stays_lined_up() {
    assert_eq!(format(COLUMNS), COLUMNS);
    // Moved as a whole, or farther apart, it is the same again.
    let moved: String = COLUMNS.lines().map(|line| format!("   {line}  \n")).collect();
    assert_eq!(format(&moved), COLUMNS);
    assert_eq!(format(&COLUMNS.replace("C2  Eb2", "C2     Eb2").replace("0.4 1 ", "0.4    1 ")), COLUMNS);
    assert_eq!(format(&COLUMNS.replace("pattern thin { ", "pattern  thin{ ")), COLUMNS);
    // A longer word moves its column, and what stands behind it.
    let longer = COLUMNS
        .replace("note:   C2", "melody: C2")
        .replace("pattern a  {", "pattern a {")
        .replace("bc { .  .", "bc { . .");
    let expected = "    melody: C2 . C2  Eb2 | . G1 ~ C3  # the tune\n";
    assert!(format(&longer).contains(expected), "{}", format(&longer));
}

#[test]
fn what_is_not_lined_up_is_one_space_apart() {
    let text =
        "pattern k {\n  a:  x   .  x\n      b: . x    .   x\n}\nosc  =  Osc {\n    pitch:  A2\n    drift:  0.1\n}\n";
    let expected = "pattern k {\n    a: x . x\n    b: . x . x\n}\nosc = Osc {\n    pitch: A2\n    drift: 0.1\n}\n";
    assert_eq!(format(text), expected);
    // What begins in one column by chance has no column of its own.
    let chance = "pattern k {\n    a:   x 0\n    b: 0.5 0\n}\n";
    assert_eq!(format(chance), "pattern k {\n    a: x 0\n    b: 0.5 0\n}\n");
    // A module may be called like the word before a pattern.
    assert_eq!(
        format("play = Osc {  drift: 0.1 }\nsong = Vca  {  gain: 0.1 }\n"),
        "play = Osc { drift: 0.1 }\nsong = Vca { gain: 0.1 }\n"
    );
    // Tabs have no columns.
    assert_eq!(format("pattern k {\n\ta: x\t. x\n\tb: x\t. x\n}\n"), "pattern k {\n    a: x . x\n    b: x . x\n}\n");
}

#[test]
fn a_text_that_cannot_be_read_stays() {
    let text = "a   =>  b\n";
    assert_eq!(format(text), text);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn columns_are_never_a_change_of_meaning(places in prop::collection::vec((any::<u16>(), 0..4_u8), 0..20)) {
        let mut text = COLUMNS.to_string();
        for (at, what) in places {
            let at = at as usize % text.len();
            match what {
                0 => text.insert_str(at, "  "),
                1 => text.insert(at, '\n'),
                2 => text.insert(at, '\t'),
                _ if text[at..].starts_with(' ') => drop(text.remove(at)),
                _ => {}
            }
        }
        let laid_out = format(&text);
        prop_assert_eq!(parse(&text, 0).to_string(), parse(&laid_out, 0).to_string());
        prop_assert_eq!(&laid_out, &format(&laid_out));
        // A text that is laid out is one, unless its layout could not be kept; that is rare.
        prop_assert!(laid_out.lines().all(|line| !line.ends_with(' ')) || laid_out == text);
    }

    #[test]
    fn white_space_put_in_or_taken_out_is_never_a_change_of_meaning(places in prop::collection::vec((any::<u16>(), 0..3_u8), 0..20)) {
        let mut text = MESSY.to_string();
        for (at, what) in places {
            let at = at as usize % text.len();
            match what {
                0 => text.insert(at, ' '),
                1 => text.insert(at, '\n'),
                _ if text[at..].starts_with(' ') => drop(text.remove(at)),
                _ => {}
            }
        }
        let laid_out = format(&text);
        prop_assert_eq!(parse(&text, 0).to_string(), parse(&laid_out, 0).to_string());
        prop_assert_eq!(&laid_out, &format(&laid_out));
    }
}

#[test]
fn lines_that_began_in_one_column_stand_where_their_brackets_put_them() {
    let written = "song t(a) {\n section v { p # 2\n p }\n play v # x\n # y\n play v\n}\npattern p { C2 }\n";
    let laid_out =
        "song t(a) {\n    section v { p  # 2\n        p }\n    play v  # x\n    # y\n    play v\n}\npattern p { C2 }\n";
    assert_eq!(format(written), laid_out);
}

#[test]
fn arrows_stand_apart_and_values_behind_their_colons() {
    for (written, laid_out) in [
        ("osc->out", "osc -> out"),
        ("a~>b.in;c<-[0.5]-d", "a ~> b.in; c <-[0.5]- d"),
        ("Osc { frequency:440Hz,drift :0.1 }.saw-[1/2]->out", "Osc { frequency: 440Hz, drift : 0.1 }.saw -[1/2]-> out"),
        (
            "a=Mixer(channels:2){level[0]:0.5,@1{pan:-0.2}}",
            "a = Mixer(channels: 2) { level[0]: 0.5, @1 { pan: -0.2 } }",
        ),
        ("template t(a:float=1,b[2]:int=0) { out:o }", "template t(a: float = 1, b[2]: int = 0) { out:o }"),
        // What is calculated is as tight as it was written, and a pattern's steps are no values.
        ("x = (1+2)*-3 + i/16", "x = (1+2)*-3 + i/16"),
        ("pattern p { x:0.8 C4:0.5 }", "pattern p { x:0.8 C4:0.5 }"),
        ("Osc { pitch:C4 }->Vca\n->out", "Osc { pitch: C4 } -> Vca\n    -> out"),
    ] {
        assert_eq!(format(written).trim_end(), laid_out);
    }
}
