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
        let squeezed = text.replace("    ", "  ");
        assert_eq!(format(&squeezed), laid_out, "{squeezed}");
    }
}

#[test]
fn a_text_that_cannot_be_read_stays() {
    let text = "a   =>  b\n";
    assert_eq!(format(text), text);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

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
