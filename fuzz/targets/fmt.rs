//! The layout: it keeps what a text says, and is its own layout.
#![no_main]

use libfuzzer_sys::fuzz_target;
use patches_dsl::{format, parse::parse};

fuzz_target!(|text: &str| {
    patches_fuzz::deep(|| {
        let laid_out = format(text);
        assert_eq!(parse(text, 0).to_string(), parse(&laid_out, 0).to_string());
        assert_eq!(laid_out, format(&laid_out));
    });
});
