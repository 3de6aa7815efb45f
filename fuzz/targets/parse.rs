//! The parser alone: no text panics, every statement stands inside the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use patches_dsl::parse::parse;

fuzz_target!(|text: &str| {
    patches_fuzz::deep(|| {
        let parsed = parse(text, 0);
        let spans = parsed.statements.iter().map(|s| s.span).chain(parsed.faults.iter().map(|f| f.span));
        for span in spans {
            let range = span.start as usize..span.end as usize;
            assert!(text.get(range).is_some(), "{span:?} is no part of the text");
        }
    });
});
