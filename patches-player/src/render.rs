//! `patches render`.

use crate::cli::RenderArgs;
use crate::error::Error;
use crate::out::{self, Progress};
use crate::patch;
use patches_core::isa::{self, Isa};
use patches_engine::engine::Settings;
use patches_engine::offline::{self, Cue, Note, Stopped};
use patches_engine::wav::{Bits, Wav};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Settings of an engine with all modules.
///
/// # Errors
/// If the environment asks for an instruction set that is not there.
pub fn settings(rate: u32, seed: u64, limiter: bool) -> Result<Settings, Error> {
    let isa = Isa::choose().map_err(|asked| {
        let there: Vec<&str> = Isa::ALL.iter().filter(|isa| isa.available()).map(|isa| isa.name()).collect();
        Error::Usage(format!("{}={asked}; this machine has {}", isa::FORCE, there.join(", ")))
    })?;
    Ok(Settings { rate, seed, limiter, isa, lower: patches_modules::lower })
}

/// Only endings that can be written.
fn check_ending(path: &Path) -> Result<(), Error> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    if ending.as_deref() == Some("wav") {
        return Ok(());
    }
    Err(Error::Usage(format!("{}: the name of a sound file ends with .wav", path.display())))
}

/// Plays the cues, and MIDI, into a sound file. `names` are those of the cues, for errors.
///
/// # Errors
/// If a cue cannot be planned, or the file not written.
pub fn write(
    output: &Path,
    bits: Bits,
    settings: Settings,
    cues: &[Cue],
    names: &[String],
    notes: &[Note],
    frames: u64,
) -> Result<(), Error> {
    check_ending(output)?;
    let mut wav = Wav::create(output, settings.rate, bits, frames)?;
    let mut progress = Progress::new(frames);
    let started = Instant::now();
    let done = offline::perform(settings, cues, notes, frames, |block| {
        progress.add(block.len() as u64 / 2);
        wav.write(block)
    });
    drop(progress);
    done.map_err(|stopped| match stopped {
        Stopped::Plan(cue, source) => Error::Plan { file: names[cue].clone(), source },
        Stopped::Sink(error) => Error::Engine(error),
    })?;
    wav.finish()?;
    let seconds = frames as f64 / f64::from(settings.rate);
    let took = started.elapsed().as_secs_f64();
    out::say(&format!("{}: {seconds:.3} s in {took:.2} s", output.display()));
    Ok(())
}

/// Renders a patch.
///
/// # Errors
/// If it has faults, or the file cannot be written.
pub fn run(args: &RenderArgs) -> Result<(), Error> {
    check_ending(&args.output)?;
    let loaded = patch::load_from_disk(&args.file, &patches_modules::library())?;
    let frames = (args.seconds * f64::from(args.rate)).round() as u64;
    let cue = Cue { at: 0, graph: Arc::new(loaded.graph), fade: 0.0 };
    let settings = settings(args.rate, args.seed, !args.no_limiter)?;
    write(&args.output, args.bits, settings, &[cue], &[args.file.display().to_string()], &[], frames)
}
