//! `patches render`, and what it shares with `replay`: cues become a sound file.

mod spool;

use crate::cli::values;
use crate::error::Error;
use crate::out::{self, Progress};
use crate::patch;
use clap::Args;
use patches_core::isa::{self, Isa};
use patches_engine::engine::Settings;
use patches_engine::error::Error as EngineError;
use patches_engine::host::platform;
use patches_engine::offline::{self, Cue, Note, Stopped};
use patches_engine::session::limits;
use patches_engine::sound::{Kind, Sound};
use patches_engine::wav::Bits;
use spool::Spool;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Flags of `render`.
#[derive(Args, Debug)]
pub struct RenderArgs {
    /// The patch
    pub file: PathBuf,
    /// The sound file to write: .wav or .flac
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// How long, in seconds
    #[arg(long, value_name = "N", value_parser = values::seconds, required_unless_present = "bars")]
    pub seconds: Option<f64>,
    /// How long, in bars at the patch's own tempo and meter
    #[arg(long, value_name = "N", conflicts_with = "seconds", value_parser = clap::value_parser!(u32).range(1..))]
    pub bars: Option<u32>,
    /// Seconds after that in which nothing is played any more and what sounds rings out
    #[arg(long, value_name = "N", default_value_t = 0.0, value_parser = values::tail)]
    pub tail: f64,
    /// Bring the loudest sample to full scale
    #[arg(long)]
    pub normalize: bool,
    /// Frames a second
    #[arg(long, value_name = "HZ", default_value_t = 48_000, value_parser = values::rate)]
    pub rate: u32,
    /// Sample format: 16, 24 or 32f [default: 32f, of a .flac 24]
    #[arg(long, value_name = "BITS", value_parser = values::bits)]
    pub bits: Option<Bits>,
    /// Seed of all chance
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Switch the limiter off
    #[arg(long)]
    pub no_limiter: bool,
}

/// A sound file to be made.
pub struct Job<'a> {
    pub output: &'a Path,
    /// As asked for.
    pub bits: Option<Bits>,
    pub normalize: bool,
    pub settings: Settings,
    pub cues: &'a [Cue],
    /// What is played on keyboards.
    pub notes: &'a [Note],
    /// Names of the cues, for errors.
    pub names: &'a [String],
    /// Frames from the beginning that are rendered and not written.
    pub skip: u64,
    /// Frames of the performance, those not written among them.
    pub frames: u64,
    /// Frames in which it rings out.
    pub tail: u64,
}

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

/// What kind of file, and how samples are stored in it.
///
/// # Errors
/// If the ending of the name is none that can be written, or that kind does not hold such samples.
pub fn kind(output: &Path, bits: Option<Bits>) -> Result<(Kind, Bits), Error> {
    match (Kind::of(output), bits) {
        (None, _) => {
            let name = output.display();
            Err(Error::Usage(format!("{name}: the name of a sound file ends with .wav or .flac")))
        }
        (Some(Kind::Flac), Some(Bits::Float32)) => {
            let name = output.display();
            Err(Error::Usage(format!("{name}: FLAC has no 32-bit floats; say --bits 24 or 16, or write a .wav")))
        }
        (Some(Kind::Flac), None) => Ok((Kind::Flac, Bits::Int24)),
        (Some(kind), bits) => Ok((kind, bits.unwrap_or_default())),
    }
}

/// Where samples go.
enum Sink {
    Sound(Sound),
    Spool(Spool),
}

/// Why no more samples are taken.
enum Enough {
    Interrupted,
    Failed(EngineError),
}

/// Makes the sound file. When it is interrupted, the file holds what was made until then.
///
/// # Errors
/// If a cue cannot be planned, the file not written, or it was interrupted.
pub fn write(job: &Job<'_>) -> Result<(), Error> {
    let (kind, bits) = kind(job.output, job.bits)?;
    let wanted = (job.frames - job.skip) + job.tail;
    let create = || Sound::create(job.output, kind, job.settings.rate, bits, wanted);
    let mut sink = if job.normalize { Sink::Spool(Spool::create(job.output)?) } else { Sink::Sound(create()?) };
    let mut progress = Progress::new(job.frames + job.tail);
    let started = Instant::now();
    let (mut left, mut written) = (job.skip as usize * 2, 0);
    platform::catch_signals();
    let done = offline::perform(job.settings, job.cues, job.notes, job.frames, job.tail, |block| {
        if platform::signalled().is_some() {
            return Err(Enough::Interrupted);
        }
        progress.add(block.len() as u64 / 2);
        let passed = left.min(block.len());
        left -= passed;
        let block = &block[passed..];
        written += block.len() as u64 / 2;
        match &mut sink {
            Sink::Sound(sound) => sound.write(block),
            Sink::Spool(spool) => spool.write(block),
        }
        .map_err(Enough::Failed)
    });
    drop(progress);
    let interrupted = match done {
        Ok(()) => false,
        Err(Stopped::Sink(Enough::Interrupted)) => true,
        Err(Stopped::Sink(Enough::Failed(error))) => return Err(error.into()),
        Err(Stopped::Plan(cue, source)) => return Err(Error::Plan { file: job.names[cue].clone(), source }),
    };
    if interrupted && written == 0 {
        return Err(Error::Failed("interrupted; nothing is written".into()));
    }
    let turned = match sink {
        Sink::Sound(sound) => {
            sound.finish()?;
            None
        }
        Sink::Spool(spool) => {
            let mut sound = create()?;
            let peak = spool.pour(&mut sound)?;
            sound.finish()?;
            Some(peak)
        }
    };
    let seconds = |frames: u64| frames as f64 / f64::from(job.settings.rate);
    let name = job.output.display();
    if interrupted {
        return Err(Error::Failed(format!("interrupted; {name} holds the first {:.3} s", seconds(written))));
    }
    let took = started.elapsed().as_secs_f64();
    let turned = match turned {
        None => String::new(),
        Some(peak) if peak > 0.0 => format!(", {:+.1} dB", -20.0 * f64::from(peak).log10()),
        Some(_) => ", all silence".into(),
    };
    out::say(&format!("{name}: {:.3} s in {took:.2} s{turned}", seconds(written)));
    Ok(())
}

/// Renders a patch.
///
/// # Errors
/// If it has faults, is to be longer than can be, or the file cannot be written.
pub fn run(args: &RenderArgs) -> Result<(), Error> {
    kind(&args.output, args.bits)?;
    let loaded = patch::load_from_disk(&args.file, &patches_modules::library())?;
    let cues = [Cue { at: 0, graph: Arc::new(loaded.graph), fade: 0.0 }];
    let rate = f64::from(args.rate);
    let frames = match (args.seconds, args.bars) {
        (Some(seconds), _) => (seconds * rate).round() as u64,
        (None, bars) => offline::frame_of_bar(args.rate, &cues, u64::from(bars.unwrap_or(0)) + 1).unwrap_or(0),
    };
    if frames > limits::HOURS * 3600 * u64::from(args.rate) {
        return Err(Error::Usage(format!("longer than {} hours", limits::HOURS)));
    }
    write(&Job {
        output: &args.output,
        bits: args.bits,
        normalize: args.normalize,
        settings: settings(args.rate, args.seed, !args.no_limiter)?,
        cues: &cues,
        notes: &[],
        names: &[args.file.display().to_string()],
        skip: 0,
        frames,
        tail: (args.tail * rate).round() as u64,
    })
}
