//! Lines to the terminal: results to standard output, everything else to standard error.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Says a line on standard error. Nothing can be done if that fails.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Whether standard error takes colours.
pub fn colour() -> bool {
    std::io::stderr().is_terminal() && !no_color()
}

/// Whether the environment asks for none.
pub fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// A progress line on standard error, where that is a terminal.
pub struct Progress {
    total: u64,
    done: u64,
    shown: Option<Instant>,
    visible: bool,
}

impl Progress {
    /// Of so many frames.
    pub fn new(total: u64) -> Progress {
        Progress { total, done: 0, shown: None, visible: std::io::stderr().is_terminal() }
    }

    /// So many more are done.
    pub fn add(&mut self, frames: u64) {
        self.done += frames;
        let due = self.shown.is_none_or(|at| at.elapsed() > Duration::from_millis(100));
        if self.visible && due {
            self.shown = Some(Instant::now());
            let part = (self.done * 40).checked_div(self.total).unwrap_or(0).min(40) as usize;
            let percent = (self.done * 100).checked_div(self.total).unwrap_or(0);
            let _ = write!(std::io::stderr(), "\r[{}{}] {percent:3} %", "#".repeat(part), "-".repeat(40 - part));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.is_some() {
            let _ = write!(std::io::stderr(), "\r{:50}\r", "");
        }
    }
}
