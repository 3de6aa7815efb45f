//! What others tell the control thread, by key or by line.

use std::time::{Duration, Instant};

/// What can be typed where there is no screen.
pub const COMMANDS: &str = "there is q, r, k, k FILE.wav, b, f, g, u, U, p, !, t TEMPO, and m, s, x or w with a name";

/// What others tell the control thread.
pub enum Message {
    /// A file of the patch may have changed then; more may come for so long.
    Touched(Instant, Duration),
    /// Begin a take, or end it.
    Record,
    /// Keep what was played last, in a file of this name or of one after the patch.
    Keep(Option<String>),
    /// Watch a module's main output, or no longer.
    Watch(String),
    /// Another grid for saves to land on.
    Grid,
    /// Another length of fades.
    Fade,
    /// Mute a module or template instance, or no longer.
    Mute(String),
    /// Solo it, or no longer.
    Solo(String),
    /// Stop musical time, or go on.
    Transport,
    /// A tap of the tempo, made then.
    Tap(Instant),
    /// This tempo.
    Tempo(f64),
    /// Somebody looks at where sequencers are, or no longer.
    Steps(bool),
    /// The save that is held for its load is to play all the same.
    Go,
    /// The sound of the save before.
    Undo,
    /// The sound of the save after.
    Redo,
    /// A module or template instance starts over.
    Reset(String),
    /// Everything starts over.
    Panic,
    /// A line that is no command.
    Unknown(String),
    /// Stop.
    Quit,
}

/// What a line asks for.
pub fn command(line: &str) -> Message {
    known(line).unwrap_or_else(|| Message::Unknown(line.trim().into()))
}

fn known(line: &str) -> Option<Message> {
    let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    let name = || Some(rest.trim().to_string()).filter(|name| !name.is_empty());
    Some(match word {
        "r" => Message::Record,
        "k" => Message::Keep(name()),
        "b" => Message::Grid,
        "g" => Message::Go,
        "f" => Message::Fade,
        "u" => Message::Undo,
        "U" => Message::Redo,
        "p" => Message::Transport,
        "!" => Message::Panic,
        "t" => match name() {
            None => Message::Tap(Instant::now()),
            Some(tempo) => Message::Tempo(tempo.parse().ok().filter(|tempo| (1.0..=10_000.0).contains(tempo))?),
        },
        "m" => Message::Mute(name()?),
        "s" => Message::Solo(name()?),
        "x" => Message::Reset(name()?),
        "w" => Message::Watch(name()?),
        _ => return None,
    })
}
