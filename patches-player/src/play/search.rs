//! Something outside that is opened on a thread of its own, since that may take its time, and tried again until it is there.

use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

enum State<T> {
    /// It is there, or nobody wants it.
    Idle,
    /// It is tried again from then on.
    From(Instant),
    /// It is being tried.
    Trying(Receiver<T>),
}

/// A search for it: what an attempt gives is a `T`.
pub struct Search<T> {
    state: State<T>,
    /// How long to wait before it is tried again.
    pause: Duration,
}

impl<T: Send + 'static> Search<T> {
    /// None is going on.
    pub fn new(pause: Duration) -> Search<T> {
        Search { state: State::Idle, pause }
    }

    /// Tries it now.
    pub fn begin(&mut self, open: impl FnOnce() -> T + Send + 'static) {
        let (sender, receiver) = channel();
        // If the player has stopped meanwhile, what was opened is closed again.
        std::thread::spawn(move || drop(sender.send(open())));
        self.state = State::Trying(receiver);
    }

    /// Tries it after a pause.
    pub fn again(&mut self) {
        self.state = State::From(Instant::now() + self.pause);
    }

    /// To be called now and then: begins with `open` when it is time to. What an attempt has come to.
    pub fn tend<F: FnOnce() -> T + Send + 'static>(&mut self, open: impl FnOnce() -> F) -> Option<T> {
        match &self.state {
            State::From(when) if *when <= Instant::now() => self.begin(open()),
            State::Trying(found) => match found.try_recv() {
                Ok(found) => {
                    self.state = State::Idle;
                    return Some(found);
                }
                // It panicked, which has been told.
                Err(TryRecvError::Disconnected) => self.again(),
                Err(TryRecvError::Empty) => {}
            },
            State::From(_) | State::Idle => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_tried_until_it_is_there() {
        let mut search: Search<Option<u32>> = Search::new(Duration::from_millis(10));
        assert_eq!(search.tend(|| || Some(1)), None, "nobody has asked for it");
        search.begin(|| None);
        let (mut tries, end) = (0, Instant::now() + Duration::from_secs(10));
        let found = loop {
            assert!(Instant::now() < end);
            let open = || {
                tries += 1;
                let there = (tries == 4).then_some(7);
                move || if tries == 2 { panic!("on purpose") } else { there }
            };
            match search.tend(open) {
                Some(Some(found)) => break found,
                Some(None) => search.again(),
                None => std::thread::sleep(Duration::from_millis(1)),
            }
        };
        assert_eq!((found, tries), (7, 4));
        assert_eq!(search.tend(|| || Some(1)), None, "it is there");
    }
}
