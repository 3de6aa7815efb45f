//! `patches doctor`: what stands between this machine and clean sound, and the command that mends each thing.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod proc;

use crate::error::Error;
use crate::{listing, out};
use clap::Args;
use patches_core::isa::Isa;
use patches_engine::host::{self, Listed, platform::Stderr};
use ratatui::crossterm::terminal;
use serde::Serialize;
use std::io::{IsTerminal, Write};

/// Flags of `doctor`.
#[derive(Args, Debug)]
pub struct DoctorArgs {
    /// One JSON array
    #[arg(long)]
    pub json: bool,
}

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// As it should be.
    Ok,
    /// To be mended, with a command.
    Mend,
    /// Worth knowing; there is nothing to be done, or no need.
    Note,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Finding {
    /// Which thing.
    about: &'static str,
    state: State,
    /// How it is.
    found: String,
    /// What to type, a line for each command.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    commands: Vec<String>,
    /// What is to be done besides typing.
    #[serde(skip_serializing_if = "Option::is_none")]
    then: Option<&'static str>,
}

impl Finding {
    fn ok(about: &'static str, found: impl Into<String>) -> Finding {
        Finding { about, state: State::Ok, found: found.into(), commands: vec![], then: None }
    }

    fn note(about: &'static str, found: impl Into<String>) -> Finding {
        Finding { state: State::Note, ..Finding::ok(about, found) }
    }

    fn mend(about: &'static str, found: impl Into<String>, command: impl Into<String>) -> Finding {
        Finding { state: State::Mend, commands: vec![command.into()], ..Finding::ok(about, found) }
    }

    fn then(self, then: &'static str) -> Finding {
        Finding { then: Some(then), ..self }
    }
}

/// Looks at everything and tells it.
///
/// # Errors
/// If standard output is closed.
pub fn run(args: &DoctorArgs) -> Result<(), Error> {
    let findings = all()?;
    if args.json {
        return listing::print_json(&findings);
    }
    std::io::stdout().write_all(told(&findings).as_bytes())?;
    Ok(())
}

fn all() -> Result<Vec<Finding>, Error> {
    let mut findings = vec![device()?];
    #[cfg(target_os = "linux")]
    findings.extend(linux::findings());
    findings.extend([processor(), watching(), screen(), letters()]);
    Ok(findings)
}

/// For people: a line for each thing, what to type below it, what there is to do at the end.
fn told(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.about.len()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for Finding { about, state, found, commands, then } in findings {
        let mark = match state {
            State::Ok => "ok  ",
            State::Mend => "MEND",
            State::Note => "note",
        };
        lines.push(format!("{mark}  {about:width$}  {found}"));
        lines.extend(commands.iter().map(|command| format!("      {:width$}      {command}", "")));
        lines.extend(then.map(|then| format!("      {:width$}  {then}", "")));
    }
    let count = findings.iter().filter(|finding| finding.state == State::Mend).count();
    lines.push(match count {
        0 => "\nNothing to mend.".into(),
        1 => "\nOne thing to mend.".into(),
        count => format!("\n{count} things to mend."),
    });
    lines.join("\n") + "\n"
}

/// Whether there is something to play on.
fn device() -> Result<Finding, Error> {
    const ABOUT: &str = "sound device";
    // What sound libraries have to say about devices that are not there is in the list already.
    let quiet = Stderr::take()?;
    let devices = host::devices();
    drop(quiet);
    Ok(best(ABOUT, &devices))
}

/// What is to be said about these devices.
fn best(about: &'static str, devices: &[Listed]) -> Finding {
    let usable: Vec<&Listed> = devices.iter().filter(|d| d.why_not.is_none() && d.backend != "clock").collect();
    let default = devices.iter().find(|device| device.default);
    match (default.filter(|device| device.why_not.is_none()), usable.first()) {
        (Some(device), _) => {
            Finding::ok(about, format!("{} ({}), {} in all", device.name, device.backend, usable.len()))
        }
        (None, Some(device)) => {
            let found = format!("the default one does not play, {} does", device.name);
            let folder = "~/.config/patches";
            let id = &device.id;
            Finding::mend(about, found, format!("mkdir -p {folder} && echo 'device: \"{id}\"' >> {folder}/config.yaml"))
        }
        (None, None) => {
            let why =
                default.and_then(|device| device.why_not.as_ref()).map(|why| format!(" ({why})")).unwrap_or_default();
            let found = format!("none that plays{why}: patches run on a clock, `patches render` writes sound files");
            Finding::note(about, found)
        }
    }
}

fn processor() -> Finding {
    match Isa::choose() {
        Ok(isa) => Finding::ok("processor", isa.name()),
        Err(asked) => Finding::mend(
            "processor",
            format!("{}={asked} asks for instructions that it does not have", patches_core::isa::FORCE),
            format!("unset {}", patches_core::isa::FORCE),
        ),
    }
}

/// Whether saves can be seen.
fn watching() -> Finding {
    match notify::recommended_watcher(|_| {}) {
        Ok(_) => Finding::ok("saves", "are seen at once"),
        Err(error) => Finding::mend(
            "saves",
            format!("cannot be seen: {error}"),
            "sudo sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=524288",
        ),
    }
}

/// Whether there is a terminal that the screen fits.
fn screen() -> Finding {
    const ABOUT: &str = "terminal";
    if !std::io::stdout().is_terminal() {
        return Finding::note(ABOUT, "standard output is none: playing tells lines in place of a screen");
    }
    match terminal::size() {
        Ok((width, height)) if width >= 60 && height >= 16 => Finding::ok(ABOUT, format!("{width}×{height}")),
        Ok((width, height)) => {
            Finding::note(ABOUT, format!("{width}×{height}; the screen is made for 60×16 and larger: make it larger"))
        }
        Err(error) => Finding::note(ABOUT, format!("its size is not known: {error}")),
    }
}

/// Whether it shows more than ASCII.
fn letters() -> Finding {
    match out::utf8() {
        true => Finding::ok("letters", "UTF-8"),
        false => {
            Finding::mend("letters", "the locale is not UTF-8: the screen is drawn in ASCII", "export LC_ALL=C.UTF-8")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_mended_is_told_with_its_command() {
        let findings = [
            Finding::ok("saves", "are seen"),
            Finding::mend("governor", "powersave", "echo performance").then("and so on"),
            Finding::note("terminal", "none"),
        ];
        let text = told(&findings);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "ok    saves     are seen");
        assert_eq!(lines[1], "MEND  governor  powersave");
        assert!(lines[2].ends_with("echo performance") && lines[3].ends_with("and so on"), "{text}");
        assert!(text.ends_with("One thing to mend.\n"));
        let json = serde_json::to_value(&findings[1]).expect("json");
        assert_eq!(json["state"], "mend");
        assert_eq!(json["commands"][0], "echo performance");
    }

    #[test]
    fn a_device_that_plays_is_found_where_the_default_does_not() {
        let device = |id: &str, default, why_not: Option<&str>| Listed {
            backend: if id == "clock" { "clock".into() } else { "alsa".into() },
            id: id.into(),
            name: id.to_uppercase(),
            default,
            rate: Some(48_000),
            channels: Some(2),
            why_not: why_not.map(Into::into),
        };
        let (clock, jack) = (device("clock", false, None), device("jack", false, None));
        let (gone, there) = (device("default", true, Some("it is gone")), device("default", true, None));
        let of = |devices: &[&Listed]| best("device", &devices.iter().map(|d| (*d).clone()).collect::<Vec<_>>());
        assert_eq!(of(&[&there, &jack, &clock]).found, "DEFAULT (alsa), 2 in all");
        let found = of(&[&gone, &jack, &clock]);
        assert!(found.state == State::Mend && found.commands[0].contains("device: \"jack\""), "{found:?}");
        let found = of(&[&gone, &clock]);
        assert!(found.state == State::Note && found.found.contains("it is gone"), "{found:?}");
        assert_eq!(of(&[&clock]).state, State::Note);
    }

    #[test]
    fn everything_is_looked_at_and_nothing_is_to_be_mended_without_a_way() {
        let findings = all().expect("looked");
        assert!(findings.iter().any(|finding| finding.about == "sound device"));
        for finding in findings {
            assert_eq!(finding.state == State::Mend, !finding.commands.is_empty(), "{finding:?}");
            assert!(!finding.found.is_empty(), "{finding:?}");
        }
    }
}
