//! From text to graph: faults have their places, a graph without errors reads back from both of its other forms.
#![no_main]

use libfuzzer_sys::fuzz_target;
use patches_fuzz::{assert_reads_back, assert_sound, load_as};

fuzz_target!(|text: &[u8]| {
    let loaded = load_as("patch.patches", text);
    assert_sound(&loaded);
    if !loaded.has_errors() {
        assert_reads_back(&loaded.graph);
    }
});
