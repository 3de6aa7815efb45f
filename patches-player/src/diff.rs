//! `patches diff`: what a save would do, told without playing.

use crate::error::Error;
use crate::event::{Renamed, Setting, Swapped};
use crate::{listing, patch, render};
use clap::Args;
use patches_core::graph::{Graph, Landing};
use patches_engine::engine;
use patches_engine::host::RATE;
use patches_engine::net::time;
use patches_engine::report::Report;
use patches_engine::session::{FADE_MS, landing_word};
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Flags of `diff`.
#[derive(Args, Debug)]
pub struct DiffArgs {
    /// The patch as it plays
    pub old: PathBuf,
    /// The patch as it would be saved
    pub new: PathBuf,
    /// One JSON object, as the event `swapped`
    #[arg(long)]
    pub json: bool,
}

/// A line of the text that is no module: its word, and its values before and after.

#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    report: Reported,
    settings: Vec<Setting>,
}

/// What the event has, without what only a playing engine knows.
#[derive(Serialize)]
struct Reported {
    on: String,
    fade_ms: f64,
    kept: usize,
    changed: Vec<crate::event::Changed>,
    rewired: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    renamed: Vec<Renamed>,
    added: Vec<String>,
    removed: Vec<String>,
    reset: Vec<crate::event::Reset>,
    loops: Vec<String>,
}

/// Compares two patches.
///
/// # Errors
/// If one of them has faults or cannot be planned.
pub fn run(args: &DiffArgs) -> Result<(), Error> {
    let library = patches_modules::library();
    let mut graphs = Vec::new();
    for file in [&args.old, &args.new] {
        graphs.push(Arc::new(patch::load_from_disk(file, &library)?.graph));
    }
    let report = compare(&graphs[0], &graphs[1], [&args.old, &args.new])?;
    let new = &graphs[1];
    let landing = new.swap.unwrap_or(Landing::Now);
    let fade_ms = new.fade.map_or(FADE_MS, |fade| fade.seconds(time(new).0) * 1000.0);
    let swapped = Swapped { on: landing_word(landing), fade_ms, ..Swapped::default() }.report(&report);
    let settings = settings(&graphs[0], new);
    if args.json {
        let Swapped { on, fade_ms, kept, changed, rewired, renamed, added, removed, reset, loops, .. } = swapped;
        let report = Reported { on, fade_ms, kept, changed, rewired, renamed, added, removed, reset, loops };
        return listing::print_json(&Told { report, settings });
    }
    std::io::stdout().write_all(words(&swapped, &settings).as_bytes())?;
    Ok(())
}

/// The report of the second patch taking over from the first.
fn compare(old: &Arc<Graph>, new: &Arc<Graph>, files: [&Path; 2]) -> Result<Report, Error> {
    let (mut control, mut engine) = engine::new(render::settings(RATE, 1, 1, true, (2, 2))?);
    let mut report = Report::default();
    for (graph, file) in [old, new].into_iter().zip(files) {
        let planned = control.swap(graph.clone(), Landing::Now, 0.0);
        let limit = |source| Error::Plan { file: file.display().to_string(), source };
        report = planned.map_err(limit)?.1;
        // The first must play before anything can take over from it.
        engine.process(&mut [0.0; 2], 2);
        control.poll();
    }
    Ok(report)
}

/// Which of the lines that are no modules differ.
pub fn settings(old: &Graph, new: &Graph) -> Vec<Setting> {
    let number = |value: Option<f64>| value.map(|value| value.to_string());
    let meter = |graph: &Graph| graph.meter.map(|(beats, note)| format!("{beats}/{note}"));
    let names = |paths: &[patches_core::graph::Path]| (!paths.is_empty()).then(|| paths.join(" "));
    let span = |time| match time {
        patches_core::graph::Setting::Number(seconds) => format!("{seconds} s"),
        patches_core::graph::Setting::Beats(1.0) => "1 beat".into(),
        patches_core::graph::Setting::Beats(beats) => format!("{beats} beats"),
        patches_core::graph::Setting::Mixed { seconds, beats } => format!("{seconds} s + {beats} beats"),
    };
    let lines = [
        ("tempo", number(old.tempo), number(new.tempo)),
        ("meter", meter(old), meter(new)),
        ("swing", number(old.swing), number(new.swing)),
        ("swap", old.swap.map(landing_word), new.swap.map(landing_word)),
        ("fade", old.fade.map(span), new.fade.map(span)),
        ("tail", old.tail.map(span), new.tail.map(span)),
        ("tuning", number(old.tuning).map(|hz| hz + " Hz"), number(new.tuning).map(|hz| hz + " Hz")),
        ("mute", names(&old.mute), names(&new.mute)),
        ("solo", names(&old.solo), names(&new.solo)),
        ("reset", names(&old.reset), names(&new.reset)),
    ];
    let said = |value: Option<String>| value.unwrap_or_else(|| "not set".into());
    let differ = lines.into_iter().filter(|(_, from, to)| from != to);
    differ.map(|(setting, from, to)| Setting { setting, from: said(from), to: said(to) }).collect()
}

/// The report for people.
fn words(swapped: &Swapped, settings: &[Setting]) -> String {
    let mut lines = Vec::new();
    for Setting { setting, from, to } in settings {
        lines.push(format!("{setting}: {from} → {to}"));
    }
    for change in &swapped.changed {
        lines.push(format!("{}.{}: {} → {}", change.module, change.param, change.from, change.to));
    }
    for Renamed { module, was } in &swapped.renamed {
        lines.push(format!("{was} is now {module}"));
    }
    for name in &swapped.rewired {
        lines.push(format!("{name}: other cables"));
    }
    for reset in &swapped.reset {
        lines.push(format!("{}: starts over ({})", reset.module, reset.why));
    }
    for name in &swapped.added {
        lines.push(format!("{name}: new"));
    }
    for name in &swapped.removed {
        lines.push(format!("{name}: gone"));
    }
    if lines.is_empty() {
        lines.push("nothing changes".into());
    }
    for cable in &swapped.loops {
        lines.push(patch::late(cable));
    }
    let play = if swapped.kept == 1 { "module plays" } else { "modules play" };
    lines.push(format!("{} {play} on", swapped.kept));
    lines.join("\n") + "\n"
}
