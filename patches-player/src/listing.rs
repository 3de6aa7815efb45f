//! `patches check`, `patches devices`, `patches modules`.

mod modules;

pub use modules::{modules, page};

use crate::cli::{CheckArgs, DevicesArgs};
use crate::error::Error;
use crate::out;
use crate::patch;
use patches_dsl::Disk;
use patches_engine::host::{self, platform::Stderr};
use serde::Serialize;
use std::io::Write;

/// Tells the faults of patches.
///
/// # Errors
/// If one of them is more than a warning.
pub fn check(args: &CheckArgs) -> Result<(), Error> {
    let library = patches_modules::library();
    let mut lines = Vec::new();
    let mut faulty = Vec::new();
    for file in &args.files {
        let mut loaded = patches_dsl::load(file, &Disk, &library);
        if !loaded.has_errors() {
            patch::plan(&mut loaded)?;
        }
        if loaded.has_errors() {
            faulty.push(file.display().to_string());
        }
        if args.json {
            lines.extend(patch::fault_lines(&loaded));
        } else if loaded.faults.is_empty() {
            writeln!(std::io::stdout(), "{}: no faults", file.display())?;
        } else {
            out::say(loaded.render(out::colour()).trim_end());
        }
    }
    if args.json {
        print_json(&lines)?;
    }
    if faulty.is_empty() { Ok(()) } else { Err(Error::Faulty(faulty.join(", "))) }
}

/// Prints a value as JSON over several lines.
pub fn print_json(value: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(value).map_err(std::io::Error::from)?;
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}

#[derive(Serialize)]
struct Device {
    kind: &'static str,
    backend: String,
    id: String,
    name: String,
    default: bool,
    usable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channels: Option<u16>,
}

/// Lists the sound devices, each tried, and the MIDI ports.
///
/// # Errors
/// If standard output is closed.
pub fn devices(args: &DevicesArgs) -> Result<(), Error> {
    // What sound libraries have to say about devices that are not there is in the list already.
    let quiet = Stderr::take()?;
    let mut listed = host::devices();
    listed.sort_by_key(|device| device.why_not.is_some());
    let inputs = host::input::list();
    let (ports, no_midi) = host::midi::ports(true);
    drop(quiet);
    let mut stdout = std::io::stdout().lock();
    if args.json {
        let audio = listed.into_iter().map(|device| ("audio", device));
        let devices: Vec<Device> = audio
            .chain(inputs.into_iter().map(|device| ("input", device)))
            .map(|(kind, d)| Device {
                kind,
                usable: d.why_not.is_none(),
                backend: d.backend,
                id: d.id,
                name: d.name,
                default: d.default,
                why: d.why_not,
                rate: d.rate,
                channels: d.channels,
            })
            .chain(ports.into_iter().map(|(backend, name)| Device {
                kind: "midi",
                backend: backend.into(),
                id: name.clone(),
                name,
                // All are open where none is asked for.
                default: true,
                usable: true,
                why: None,
                rate: None,
                channels: None,
            }))
            .collect();
        drop(stdout);
        return print_json(&devices);
    }
    let all = listed.iter().map(|device| ("", device)).chain(inputs.iter().map(|device| ("input: ", device)));
    let width = all.clone().map(|(_, device)| device.id.chars().count()).max().unwrap_or(0);
    for (way, device) in all {
        let mark = if device.why_not.is_none() { "usable  " } else { "unusable" };
        let default = if device.default { " (default)" } else { "" };
        let facts = match (&device.why_not, device.rate, device.channels) {
            (Some(why), ..) => why.clone(),
            (None, Some(rate), Some(channels)) => format!("{rate} Hz, {channels} channels"),
            _ => String::new(),
        };
        let (backend, id, name) = (&device.backend, &device.id, &device.name);
        writeln!(stdout, "{mark}  {backend:5} {id:width$}  {way}{name}{default}: {facts}")?;
    }
    for (backend, name) in ports {
        writeln!(stdout, "usable    {backend:5} MIDI: {name}")?;
    }
    if let Some(why) = no_midi {
        writeln!(stdout, "no MIDI: {why}")?;
    }
    Ok(())
}
