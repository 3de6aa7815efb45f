//! Faults as a person reads them in a terminal: the text with the place marked.

use crate::fault::{Fault, Severity};
use crate::source::Loaded;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use patches_core::graph::Span;
use std::ops::Range;

impl Loaded {
    /// All faults with excerpts of the text, for a terminal; with colours if asked.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut text = String::new();
        for fault in &self.faults {
            text.push_str(&renderer.render(&[self.group(fault)]));
            text.push_str("\n\n");
        }
        text
    }

    fn group<'a>(&'a self, fault: &'a Fault) -> Group<'a> {
        let level = match fault.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(fault.message.as_str()).id(fault.code));
        let mut places = vec![(fault.span, AnnotationKind::Primary, "")];
        places.extend(fault.also.iter().map(|(span, what)| (*span, AnnotationKind::Context, what.as_str())));
        // One excerpt for each file, that of the fault first.
        while let Some(&(first, ..)) = places.first() {
            let (here, rest): (Vec<_>, Vec<_>) = places.into_iter().partition(|(span, ..)| span.file == first.file);
            places = rest;
            let Some(file) = self.files.get(usize::from(first.file)) else { continue };
            let path = file.path.to_string_lossy().into_owned();
            if file.text.is_empty() {
                // There is nothing to show but where.
                group = group.element(Origin::path(file.path.to_string_lossy().into_owned()));
                continue;
            }
            let mut snippet = Snippet::source(file.text.as_str()).line_start(1).path(path).fold(true);
            for (span, kind, label) in here {
                let mark = kind.span(range(span, &file.text));
                snippet = snippet.annotation(if label.is_empty() { mark } else { mark.label(label) });
            }
            group = group.element(snippet);
        }
        match &fault.help {
            Some(help) => group.element(Level::HELP.message(help.as_str())),
            None => group,
        }
    }
}

/// The bytes of a span, held to the text and to whole characters, and to its first line: a mark over a whole block
/// hides more than it shows.
fn range(span: Span, text: &str) -> Range<usize> {
    let hold = |at: u32| {
        let mut at = (at as usize).min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (start, end) = (hold(span.start), hold(span.end));
    let line_end = text[start..].find('\n').map_or(text.len(), |n| start + n);
    start..end.clamp(start, line_end.max(start))
}
