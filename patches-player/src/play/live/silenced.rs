//! Modules that are silenced again and again, as many do every 32 frames: the first time is told at once, the others together.

use crate::event::Event;
use std::collections::BTreeMap;

/// What has been silenced in this second: of each module what has not been told, if anything.
#[derive(Default)]
pub(super) struct Silenced(BTreeMap<String, Option<Event>>);

impl Silenced {
    /// A module was silenced. What is to be told at once: the first time in a second.
    pub fn add(&mut self, mut event: Event) -> Option<Event> {
        let Event::Quarantined { module, times, .. } = &mut event else { return Some(event) };
        let Some(untold) = self.0.get_mut(module) else {
            self.0.insert(module.clone(), None);
            return Some(event);
        };
        if let Some(Event::Quarantined { times: before, .. }) = untold {
            *times += *before;
        }
        *untold = Some(event);
        None
    }

    /// A second has gone by. What is to be told by now.
    pub fn gathered(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.0).into_values().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_at_once_and_the_others_once_a_second() {
        let bad =
            |module: &str, at, times| Event::Quarantined { module: module.into(), why: "panic".into(), at, times };
        let mut silenced = Silenced::default();
        assert_eq!(silenced.add(bad("a", 0, 1)), Some(bad("a", 0, 1)));
        assert_eq!(silenced.add(bad("a", 32, 1)), None);
        assert_eq!(silenced.add(bad("b", 40, 1)), Some(bad("b", 40, 1)), "of each module");
        assert_eq!(silenced.add(bad("a", 64, 1)), None);
        assert_eq!(silenced.gathered(), [bad("a", 64, 2)]);
        assert_eq!(silenced.gathered(), []);
        assert_eq!(silenced.add(bad("a", 9_000, 1)), Some(bad("a", 9_000, 1)));
    }
}
