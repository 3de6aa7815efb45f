//! What the player tells while it plays: JSON for tools, lines for people.

use crate::patch::FaultLine;
use patches_engine::host::midi::News;
use patches_engine::report::Report;
use serde::Serialize;
use std::fmt;

/// A parameter that a save changed.
#[derive(Clone, Debug, Serialize, PartialEq)]
pub struct Changed {
    pub module: String,
    pub param: String,
    pub from: String,
    pub to: String,
}

/// A line of the text that is no module and says something else now.
#[derive(Clone, Debug, Serialize, PartialEq)]
pub struct Setting {
    pub setting: &'static str,
    pub from: String,
    pub to: String,
}

/// A module that a save starts over.
#[derive(Clone, Debug, Serialize, PartialEq)]
pub struct Reset {
    pub module: String,
    pub why: String,
}

/// A module that goes on under another name.
#[derive(Clone, Debug, Serialize, PartialEq)]
pub struct Renamed {
    pub module: String,
    pub was: String,
}

/// A save that plays now.
#[derive(Clone, Debug, Default, Serialize, PartialEq)]
pub struct Swapped {
    pub save: u64,
    pub file: String,
    pub at: u64,
    pub on: String,
    pub bar: u64,
    pub fade_ms: f64,
    pub kept: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<Setting>,
    pub changed: Vec<Changed>,
    pub rewired: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub renamed: Vec<Renamed>,
    pub added: Vec<String>,
    pub removed: Vec<String>,
    /// Modules that an undo brought back with the state they had.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub restored: Vec<String>,
    /// It is an earlier or later save again, by undo or redo; the file says something else.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
    pub reset: Vec<Reset>,
    pub loops: Vec<String>,
    pub compile_ms: f64,
    pub load: f64,
    /// What it is foretold to take with all of it awake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_after: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<FaultLine>,
}

/// From here on a load is told: little is left for what the machine has to do beside.
const HEAVY: f64 = 0.7;

impl Swapped {
    /// With what the report says.
    pub fn report(mut self, report: &Report) -> Swapped {
        let names = |paths: &[patches_core::graph::Path]| paths.iter().map(|path| path.to_string()).collect();
        self.kept = report.kept.len();
        self.load_after = report.load.map(|load| round(load, 4));
        self.changed = report
            .changed
            .iter()
            .map(|c| Changed {
                module: c.module.to_string(),
                param: c.param.clone(),
                from: c.from.clone(),
                to: c.to.clone(),
            })
            .collect();
        self.rewired = names(&report.rewired);
        let renamed = |(was, module): &(patches_core::graph::Path, patches_core::graph::Path)| Renamed {
            module: module.to_string(),
            was: was.to_string(),
        };
        self.renamed = report.renamed.iter().map(renamed).collect();
        self.added = names(&report.added);
        self.removed = names(&report.removed);
        self.restored = names(&report.restored);
        self.reset =
            report.reset.iter().map(|(path, why)| Reset { module: path.to_string(), why: why.clone() }).collect();
        self.loops = report.loops.iter().map(|closing| closing.cable.clone()).collect();
        self
    }
}

/// The state of things, once a second.
#[derive(Clone, Debug, Default, Serialize, PartialEq)]
pub struct Status {
    pub at: u64,
    pub bar: u64,
    pub beat: u32,
    pub tempo: f64,
    pub load: f64,
    pub load_max: f64,
    pub xruns: u64,
    pub peak_db: f64,
    /// That of each channel, where there are more than two.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub peaks_db: Vec<f64>,
    pub limiter_db: f64,
}

/// How it went.
#[derive(Clone, Debug, Default, Serialize, PartialEq)]
pub struct Stopped {
    pub at: u64,
    pub swaps: u64,
    pub xruns: u64,
    pub longest_callback_us: u32,
    /// All but one in a thousand took at most so long.
    pub p999_callback_us: u32,
    /// Frames a period, and a second: what a callback has time for.
    pub frames: u32,
    pub rate: u32,
    pub longest_swap_us: u32,
    pub allocations_in_callback: u64,
    pub limited_percent: f64,
    /// How often sound that came in was missing or too much; none where nothing came in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_slips: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize, PartialEq)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// The first patch plays.
    Started {
        file: String,
        /// All of them, where several play together.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        files: Vec<String>,
        backend: String,
        device: String,
        rate: u32,
        frames: u32,
        channels: u16,
        at: u64,
        save: u64,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        warnings: Vec<FaultLine>,
    },
    /// A save waits for its beat or bar.
    Waiting { save: u64, on: String, seconds: f64 },
    /// A save that would take more than all the time there is; it waits to be forced, or for the next.
    Held { save: u64, load: f64 },
    /// A save plays.
    Swapped(Box<Swapped>),
    /// A save has faults; what played plays on.
    Refused { save: u64, file: String, faults: Vec<FaultLine> },
    /// Once a second.
    Status(Status),
    /// The performer did something beside the text: what, and what holds now.
    Control { at: u64, did: String, mute: Vec<String>, solo: Vec<String>, tempo: f64, playing: bool },
    /// A module was silenced, `times` since that was told last: of each module once a second.
    Quarantined { module: String, why: String, at: u64, times: u64 },
    /// The device went or came: `lost`, `back`, `none`.
    Device {
        state: &'static str,
        name: String,
        /// Frames a second of the session.
        #[serde(skip_serializing_if = "Option::is_none")]
        rate: Option<u32>,
        /// Frames a second of the device, if they are others: its sound is resampled on the way there.
        #[serde(skip_serializing_if = "Option::is_none")]
        bridged: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// The sound input: `open`, `none`, `lost`.
    Input {
        state: &'static str,
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// MIDI ports: `none`, `found`, `lost`, and `dropped` messages.
    Midi {
        state: &'static str,
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// A take: `started`, `continued` in another file, `missing` frames, `failed`, `stopped`. The last minutes: `keeping`,
    /// and then `kept` or `unkept`.
    Record {
        state: &'static str,
        file: String,
        /// How long what is kept is.
        #[serde(skip_serializing_if = "Option::is_none")]
        seconds: Option<f64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// Something was late, and the device had nothing to play.
    Xrun { at: u64, xruns: u64, why: String },
    /// The end.
    Stopped(Stopped),
    /// Something else worth a line.
    Notice { message: String },
}

/// A level in decibels of full scale, not under -150, to a tenth.
pub fn decibels(level: f32) -> f64 {
    let db = 20.0 * f64::from(level).log10();
    if db.is_finite() { round(db.max(-150.0), 1) } else { -150.0 }
}

/// Rounded to so many places.
pub fn round(value: f64, places: i32) -> f64 {
    let scale = 10f64.powi(places);
    let rounded = (value * scale).round() / scale;
    // No minus before nothing.
    if rounded == 0.0 { 0.0 } else { rounded }
}

/// A module's name for people: an unnamed one, `Saw@>out.in`, is `Saw (to out.in)`.
fn people(name: &str) -> String {
    match name.split_once("@>") {
        Some((kind, to)) => format!("{kind} (to {to})"),
        None => name.to_string(),
    }
}

impl fmt::Display for Swapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "save {} plays{}", self.save, if self.again { " again" } else { "" })?;
        if self.on != "now" {
            write!(f, " on bar {}", self.bar)?;
        }
        write!(f, ": {} kept", self.kept)?;
        for Setting { setting, from, to } in &self.settings {
            write!(f, ", {setting} {from} → {to}")?;
        }
        for change in &self.changed {
            write!(f, ", {}.{} {} → {}", people(&change.module), change.param, change.from, change.to)?;
        }
        for Renamed { module, was } in &self.renamed {
            write!(f, ", {} is now {}", people(was), people(module))?;
        }
        let lists = [
            ("rewired", &self.rewired),
            ("added", &self.added),
            ("removed", &self.removed),
            ("back as it was", &self.restored),
        ];
        for (what, names) in lists {
            if !names.is_empty() {
                write!(f, ", {what} {}", names.iter().map(|name| people(name)).collect::<Vec<_>>().join(" "))?;
            }
        }
        for reset in &self.reset {
            write!(f, ", {} starts over ({})", people(&reset.module), reset.why)?;
        }
        for cable in &self.loops {
            write!(f, ", one sample late: {cable}")?;
        }
        if let Some(after) = self.load_after.filter(|after| *after >= HEAVY) {
            let (before, after) = (self.load * 100.0, after * 100.0);
            write!(f, ", load {before:.0} % → {after:.0} % when all of it sounds: close to the end")?;
        }
        Ok(())
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Started { file, files, backend, device, rate, frames, .. } => {
                let file = if files.is_empty() { file } else { &files.join(" + ") };
                write!(f, "playing {file} on {device} ({backend}, {rate} Hz, {frames} frames)")
            }
            Event::Held { save, load } => write!(
                f,
                "save {save} would take {:.0} % of the time there is: held, `g` plays it all the same",
                load * 100.0
            ),
            Event::Waiting { save, on, seconds } => write!(f, "save {save} waits for its {on}: {seconds:.1} s"),
            Event::Swapped(swapped) => write!(f, "{swapped}"),
            Event::Refused { save, faults, .. } => {
                write!(f, "save {save} has faults, nothing changes")?;
                for fault in faults.iter().filter(|fault| fault.severity == "error") {
                    write!(f, "\n  {}:{}:{}: {}", fault.file, fault.line, fault.column, fault.message)?;
                    if let Some(help) = &fault.help {
                        write!(f, " ({help})")?;
                    }
                }
                Ok(())
            }
            Event::Control { did, .. } => write!(f, "{did}"),
            Event::Status(s) => write!(
                f,
                "bar {} beat {}, tempo {}, load {:.0} %, peak {:.1} dB, {} xruns",
                s.bar,
                s.beat,
                s.tempo,
                s.load * 100.0,
                s.peak_db,
                s.xruns
            ),
            Event::Quarantined { module, why, .. } if why.starts_with("its loop") => {
                write!(f, "{}", why.replacen("its loop", &format!("the loop through {module}"), 1))
            }
            Event::Quarantined { module, why, times: 1, .. } => write!(f, "{module} is silenced: {why}"),
            Event::Quarantined { module, why, times, .. } => write!(f, "{module} is silenced {times} times: {why}"),
            Event::Device { state: "lost", name, why, .. } => {
                write!(f, "{name} is gone{}: playing on a clock until it is back", because(why))
            }
            Event::Device { state: "back", name, rate, bridged: Some(own), .. } => {
                let rate = rate.unwrap_or_default();
                write!(f, "{name} is back, at {own} Hz: the set goes on at {rate} Hz and is resampled for it")
            }
            Event::Device { state: "back", name, .. } => write!(f, "{name} is back"),
            Event::Device { why, .. } => {
                write!(
                    f,
                    "no sound device{}: running silent on a clock; `patches render` writes a sound file",
                    because(why)
                )
            }
            Event::Input { state: "open", name, why } => write!(f, "`in` hears {name}{}", because(why)),
            Event::Input { state: "lost", name, why } => {
                write!(f, "{name} is gone{}: `in` is silent until it is back", because(why))
            }
            Event::Input { why, .. } => write!(f, "no sound input{}: `in` is silent", because(why)),
            Event::Midi { state: "none", why, .. } => write!(f, "no MIDI{}", because(why)),
            Event::Midi { state: "dropped", why, .. } => {
                write!(f, "more MIDI than can be played{}: all notes are released", because(why))
            }
            Event::Midi { state, name, .. } => write!(f, "MIDI port {state}: {name}"),
            Event::Record { state: "started", file, .. } => write!(f, "recording to {file}"),
            Event::Record { state: "stopped", file, .. } => write!(f, "recorded {file}"),
            Event::Record { state: "keeping", file, seconds, .. } => write!(f, "writing {} to {file}", last(*seconds)),
            Event::Record { state: "kept", file, seconds, .. } => write!(f, "{} is in {file}", last(*seconds)),
            Event::Record { state: "unkept", file, why, .. } => {
                write!(f, "the last minutes are not in {file}{}", because(why))
            }
            Event::Record { state, file, why, .. } => write!(f, "recording {state}, {file}{}", because(why)),
            Event::Xrun { xruns, why, .. } => write!(f, "xrun ({xruns} so far): {why}"),
            Event::Stopped(s) => {
                let seconds = s.at / u64::from(s.rate.max(1));
                let plural = |count: u64| if count == 1 { "" } else { "s" };
                let period = 1e6 * f64::from(s.frames) / f64::from(s.rate.max(1));
                write!(
                    f,
                    "played {}:{:02}, {} save{} taken over, ",
                    seconds / 60,
                    seconds % 60,
                    s.swaps,
                    plural(s.swaps)
                )?;
                writeln!(f, "{} xrun{}", s.xruns, plural(s.xruns))?;
                writeln!(
                    f,
                    "callbacks: 999 of 1000 within {} µs, the longest {} µs, of {:.0} µs there are; {} allocations in them",
                    s.p999_callback_us, s.longest_callback_us, period, s.allocations_in_callback
                )?;
                write!(f, "the limiter worked for {} % of the time", s.limited_percent)?;
                if let Some(session) = &s.session {
                    write!(f, "\nagain, bit for bit:  patches replay {session} -o set.wav")?;
                }
                Ok(())
            }
            Event::Notice { message } => write!(f, "{message}"),
        }
    }
}

impl From<News> for Event {
    fn from(news: News) -> Event {
        let (state, name, why) = match news {
            News::None(why) => ("none", String::new(), Some(why)),
            News::Found(name) => ("found", name, None),
            News::Lost(name) => ("lost", name, None),
            News::Dropped(count) => ("dropped", String::new(), Some(format!("{count} messages lost so far"))),
        };
        Event::Midi { state, name, why }
    }
}

/// What was played last, in minutes and seconds.
fn last(seconds: Option<f64>) -> String {
    let seconds = seconds.unwrap_or_default() as u64;
    format!("the last {}:{:02}", seconds / 60, seconds % 60)
}

fn because(why: &Option<String>) -> String {
    why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_contract() {
        let started = Event::Started {
            file: "acid.patches".into(),
            files: vec![],
            backend: "jack".into(),
            device: "system".into(),
            rate: 48_000,
            frames: 256,
            channels: 2,
            at: 0,
            save: 1,
            warnings: vec![],
        };
        let json = serde_json::to_value(&started).expect("json");
        for key in ["event", "file", "backend", "device", "rate", "frames", "at"] {
            assert!(json.get(key).is_some(), "{key}");
        }
        assert_eq!(json["event"], "started");
        let json = serde_json::to_value(Event::Swapped(Box::default())).expect("json");
        for key in
            ["event", "save", "file", "at", "on", "bar", "fade_ms", "kept", "changed", "rewired", "added", "removed"]
        {
            assert!(json.get(key).is_some(), "{key}");
        }
        for key in ["reset", "compile_ms", "load"] {
            assert!(json.get(key).is_some(), "{key}");
        }
        let json = serde_json::to_value(Event::Status(Status::default())).expect("json");
        for key in ["at", "bar", "beat", "tempo", "load", "load_max", "xruns", "peak_db", "limiter_db"] {
            assert!(json.get(key).is_some(), "{key}");
        }
    }

    #[test]
    fn decibels_are_finite() {
        assert_eq!(decibels(1.0), 0.0);
        assert_eq!(decibels(0.5), -6.0);
        assert_eq!(decibels(0.0), -150.0);
        assert_eq!(decibels(f32::NAN), -150.0);
    }
}
