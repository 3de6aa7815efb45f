//! Views on outputs. What is no output as it stands (a sum, a scaled cable, a template's two sides) is made one by a
//! hidden module.

use super::Checker;
use crate::linear::{Aim, Origin, Sum, Term};
use patches_core::graph::{End, Path, Probe, Span};
use patches_core::spec::Side;
use std::sync::Arc;

impl Checker<'_> {
    /// Makes all views.
    pub(super) fn probes(&mut self, bodies: &[Path]) {
        let expanded = self.expanded;
        for tap in &expanded.taps {
            let mut sums = Vec::new();
            for feed in &tap.feeds {
                sums.extend(self.feed_sum(feed, Aim::default()).map(|sum| (sum, feed.span)));
            }
            // One that was told a fault, or to which nothing came.
            let Some(sum) = self.join(sums, Aim::default()) else { continue };
            let label: Arc<str> = match &*bodies[tap.body] {
                "" => tap.label.clone(),
                outer => format!("{outer}/{}", tap.label).into(),
            };
            if let Some(from) = self.watched(sum, &label, tap.span) {
                self.graph.probes.push(Probe { label, from, kinds: tap.kinds.clone(), span: tap.span });
            }
        }
    }

    /// The output that carries a sum.
    fn watched(&mut self, mut sum: Sum, label: &str, span: Span) -> Option<End> {
        // A view is not late, whatever the arrow: it only looks.
        let direct = |term: &Term| term.factor == 1.0 && term.to == Side::Both;
        if !matches!((sum.base, sum.terms.as_slice()), (None, [term]) if direct(term)) {
            sum = sum.moved();
        }
        let term = sum.terms.pop()?;
        let end = match &term.origin {
            Origin::Output(end) => end.clone(),
            Origin::Operation(operation) => self.hidden(operation, &format!("{label}~"), &mut 0, span)?,
        };
        let side = if end.side == Side::Both { term.take } else { end.side };
        Some(End { side, ..end })
    }
}
