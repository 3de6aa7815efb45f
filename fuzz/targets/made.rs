//! Whole patches made from the bytes: every form of one says the same, in any order of its statements.
#![no_main]

use libfuzzer_sys::fuzz_target;
use patches_fuzz::{assert_reads_back, assert_sound, load_as, statements};

fuzz_target!(|bytes: &[u8]| {
    let mut lines = statements(bytes);
    let text = lines.join("\n");
    let loaded = load_as("patch.patches", text.as_bytes());
    assert_sound(&loaded);
    if !loaded.has_errors() {
        assert_reads_back(&loaded.graph);
        let laid_out = patches_dsl::format(&text);
        assert_eq!(loaded.graph, load_as("patch.patches", laid_out.as_bytes()).graph, "{text}\n=>\n{laid_out}");
        lines.reverse();
        let turned = lines.join("\n");
        assert_eq!(loaded.graph, load_as("patch.patches", turned.as_bytes()).graph, "{text}\n=>\n{turned}");
    }
});
