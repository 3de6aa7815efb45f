//! Views: `-> ~scope(lead)`.

use super::Expander;
use crate::fault::{Fault, codes};
use crate::flat::Tap;
use crate::tree::Name;

/// What a view may be: those of today, then those of older files.
const KINDS: [&str; 6] = ["meter", "scope", "spectrum", "osc", "gate_led", "trigger_led"];

impl<'t> Expander<'t> {
    /// A view with nothing in it yet; its index.
    pub(super) fn tap(&mut self, kinds: &'t [Name], label: &'t Name, scope: usize) -> Option<usize> {
        for kind in kinds {
            if !KINDS.contains(&&*kind.text) {
                let fault = Fault::error(codes::UNKNOWN_WORD, kind.span, format!("no view is called `{}`", kind.text));
                let fault = fault.help(format!("it is one of {}", KINDS[..3].join(", ")));
                self.fault(scope, fault.near(&kind.text, KINDS));
                return None;
            }
        }
        let (body, round) = (self.scopes[scope].body, &self.scopes[scope].round);
        let label_here = format!("{}{round}", label.text);
        let key = (body, label_here.clone());
        if let Some(&before) = self.views.get(&key) {
            self.given_twice(scope, &format!("the view `{}`", label.text), label.span, before);
            return None;
        }
        self.views.insert(key, label.span);
        let mut kinds: Vec<_> = kinds.iter().map(|kind| kind.text.clone()).collect();
        kinds.sort();
        kinds.dedup();
        self.out.taps.push(Tap { body, label: label_here.into(), kinds, feeds: Vec::new(), span: label.span });
        Some(self.out.taps.len() - 1)
    }
}
