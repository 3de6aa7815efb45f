//! Where events go.

use crate::event::Event;
use crate::out;
use patches_engine::engine::Meters;
use patches_engine::host::About;
use patches_engine::midi::Message;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

/// What a probe saw since the last look.
#[derive(Debug)]
pub struct Seen {
    /// Its label.
    pub label: Arc<str>,
    /// The module whose output it is.
    pub module: Arc<str>,
    /// Its frames.
    pub frames: Vec<f32>,
}

/// What is to be seen between events.
pub struct Look<'a> {
    /// Frames played.
    pub at: u64,
    /// Levels and loads.
    pub meters: &'a Meters,
    /// Master frames since the last look.
    pub frames: &'a [[f32; 2]],
    /// What is watched.
    pub probes: &'a [Seen],
    /// What pulls the frames.
    pub about: &'a About,
    /// The frame at which the state of each module began, as far as it is known.
    pub born: &'a BTreeMap<Arc<str>, u64>,
    /// Xruns so far.
    pub xruns: u64,
    /// Frames until a save that waits takes effect.
    pub waiting: Option<u64>,
    /// The step that each row of the sequencers plays, by module and row, while somebody looks.
    pub heads: &'a BTreeMap<(Arc<str>, usize), f32>,
}

/// A sequencer's rows, as written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// The module.
    pub module: Arc<str>,
    /// Each row's name and steps.
    pub rows: Vec<(Arc<str>, Arc<[String]>)>,
}

/// What is muted and soloed, and how the sound stands to the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Muted modules and instances.
    pub mute: Vec<String>,
    /// Soloed ones.
    pub solo: Vec<String>,
    /// Musical time stands still.
    pub stopped: bool,
    /// The last save that had no faults, if another plays after an undo.
    pub file: Option<u64>,
}

/// Somewhere for events to go.
pub trait Sink: Send {
    /// Something happened.
    fn event(&mut self, event: &Event);
    /// A save was refused: its faults with excerpts; or, mended, none.
    fn faults(&mut self, _rendered: Option<String>) {}
    /// Some time went by.
    fn look(&mut self, _look: &Look<'_>) {}
    /// The text that plays now.
    fn text(&mut self, _text: &str) {}
    /// When saves take effect and how long they fade, where the text does not say.
    fn landing(&mut self, _words: String) {}
    /// What holds over the text, and whether what sounds is what the file says.
    fn held(&mut self, _held: &Held) {}
    /// The sequencers of what plays.
    fn sequences(&mut self, _sequences: Vec<Sequence>) {}
    /// A MIDI message was acted on.
    fn midi(&mut self, _port: &str, _message: Message) {}
    /// Whether faults are to be rendered in colour.
    fn colour(&self) -> bool {
        false
    }
}

/// One JSON object a line.
pub struct JsonSink;

impl Sink for JsonSink {
    fn event(&mut self, event: &Event) {
        if let Ok(line) = serde_json::to_string(event) {
            // A reader that went away does not stop the sound.
            let _ = writeln!(std::io::stdout(), "{line}").and_then(|()| std::io::stdout().flush());
        }
    }
}

/// A line of text for what matters, faults with their excerpts.
pub struct PlainSink;

impl Sink for PlainSink {
    fn event(&mut self, event: &Event) {
        match event {
            Event::Status(_) | Event::Refused { .. } => {}
            event => {
                let _ = writeln!(std::io::stdout(), "{event}").and_then(|()| std::io::stdout().flush());
            }
        }
    }

    fn faults(&mut self, rendered: Option<String>) {
        if let Some(rendered) = rendered {
            out::say(rendered.trim_end());
        }
    }

    fn colour(&self) -> bool {
        out::colour()
    }
}
