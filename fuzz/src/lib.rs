//! What the fuzz targets share: the module types of the language's own tests, and what must hold for every text.

#[path = "../../patches-dsl/tests/common/mod.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod common;
#[path = "../../patches-dsl/tests/texts/mod.rs"]
mod texts;

use patches_core::graph::Graph;
use patches_dsl::print::flat;
use patches_dsl::{Loaded, Memory, load, to_yaml};
use std::path::Path;

/// Loads a text by the name of its file, which says what kind it is. It may include itself and sound files.
pub fn load_as(name: &str, text: &[u8]) -> Loaded {
    load(Path::new(name), &Memory::default().with(name, text), common::library())
}

/// The statements of a patch made from these bytes.
pub fn statements(bytes: &[u8]) -> Vec<String> {
    texts::statements(bytes, common::library())
}

/// What holds for the outcome of every load: no mistake of the program's own, every place inside its text.
pub fn assert_sound(loaded: &Loaded) {
    for fault in &loaded.faults {
        assert_ne!(fault.code, "internal", "{}", fault.message);
        let spans = std::iter::once(fault.span).chain(fault.also.iter().map(|(span, _)| *span));
        for span in spans {
            let file = loaded.files.get(usize::from(span.file));
            let length = file.map_or(0, |file| file.text.len());
            assert!(span.start <= span.end && span.end as usize <= length, "{}: {span:?} of {length}", fault.code);
            let (_, line, column) = loaded.place(span);
            assert!(line >= 1 && column >= 1);
        }
    }
    // Rendering marks the text, which must not meet half a character.
    loaded.render(false);
}

/// A graph without errors reads back from its flat form and from YAML.
pub fn assert_reads_back(graph: &Graph) {
    let printed = flat(graph);
    let back = load_as("flat.patches", printed.as_bytes());
    assert!(!back.has_errors(), "{printed}\n{}", back.render(false));
    assert_eq!(*graph, back.graph, "{printed}");
    let yaml = to_yaml(graph).expect("a graph has a YAML");
    let back = load_as("flat.yaml", yaml.as_bytes());
    assert!(!back.has_errors(), "{yaml}\n{}", back.render(false));
    assert_eq!(*graph, back.graph, "{yaml}");
}

/// Runs on a stack as large as the language's own threads have.
pub fn deep(work: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(patches_dsl::limits::STACK);
        thread.spawn_scoped(scope, work).expect("a thread starts").join().expect("no text panics");
    });
}
