//! `patches render`, and what it shares with `replay`: cues become a sound file.

mod spool;
mod stems;

use crate::cli::values;
use crate::error::Error;
use crate::out::{self, Progress};
use crate::{patch, several};
use clap::Args;
use patches_core::graph::Graph;
use patches_core::isa::{self, Isa};
use patches_engine::engine::Settings;
use patches_engine::error::Error as EngineError;
use patches_engine::host::platform;
use patches_engine::offline::{self, Cue, Note, Performance, Stopped};
use patches_engine::reel::Reels;
use patches_engine::session::limits;
use patches_engine::smf;
use patches_engine::sound::{Kind, Mark, Sound};
use patches_engine::wav::Bits;
use patches_engine::{channels, flac};
use spool::Spool;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Flags of `render`.
#[derive(Args, Debug)]
pub struct RenderArgs {
    /// The patch; or several, which play together on one clock
    #[arg(value_name = "FILE", required = true, num_args = 1..=limits::FILES)]
    pub files: Vec<PathBuf>,
    /// The sound file to write: .wav or .flac
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// How long, in seconds
    #[arg(long, value_name = "N", value_parser = values::seconds, required_unless_present_any = ["bars", "midi"])]
    pub seconds: Option<f64>,
    /// How long, in bars at the patch's own tempo and meter
    #[arg(long, value_name = "N", conflicts_with = "seconds", value_parser = clap::value_parser!(u32).range(1..))]
    pub bars: Option<u32>,
    /// Seconds after that in which nothing is played any more and what sounds rings out
    #[arg(long, value_name = "N", default_value_t = 0.0, value_parser = values::tail)]
    pub tail: f64,
    /// A MIDI file that plays `Keys`, `MidiIn` and `Cc`, at its own tempo; where nothing else is said, as long as it is
    #[arg(long, value_name = "FILE")]
    pub midi: Option<PathBuf>,
    /// A WAV file that is heard as the audio input `in`, of as many frames a second; each of its channels is one of `in`
    #[arg(long, value_name = "FILE")]
    pub input: Option<PathBuf>,
    /// Bring the loudest sample to full scale
    #[arg(long)]
    pub normalize: bool,
    /// Write each part alone as well, into FILE.NAME.wav: the channels of the last mixer, or what is added before the output
    #[arg(long)]
    pub stems: bool,
    /// Frames a second
    #[arg(long, value_name = "HZ", default_value_t = 48_000, value_parser = values::rate)]
    pub rate: u32,
    /// Run at 2, 4 or 8 times the rate: less aliasing, as many times the work
    #[arg(long, value_name = "N", default_value = "1", value_parser = values::oversample)]
    pub oversample: u32,
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
#[derive(Clone, Copy)]
pub struct Job<'a> {
    pub output: &'a Path,
    /// As asked for.
    pub bits: Option<Bits>,
    pub loudness: Loudness,
    pub settings: Settings,
    pub cues: &'a [Cue],
    /// What is played on keyboards.
    pub notes: &'a [Note],
    /// What comes in from outside.
    pub input: Option<&'a Reels>,
    /// Places with names, in frames of what is written.
    pub marks: &'a [Mark],
    /// Names of the cues, for errors.
    pub names: &'a [String],
    /// Frames from the beginning that are rendered and not written.
    pub skip: u64,
    /// Frames of the performance, those not written among them.
    pub frames: u64,
    /// Frames in which it rings out.
    pub tail: u64,
}

/// How loud it is to be.
#[derive(Clone, Copy, PartialEq)]
pub enum Loudness {
    /// As it is.
    Own,
    /// The loudest sample at full scale.
    Full,
    /// This level at full scale.
    Of(f32),
}

/// Settings of an engine with all modules, and so many channels out and in.
///
/// # Errors
/// If the environment asks for an instruction set that is not there.
pub fn settings(
    rate: u32,
    oversample: u32,
    seed: u64,
    limiter: bool,
    (outputs, inputs): (u16, u16),
) -> Result<Settings, Error> {
    let isa = Isa::choose().map_err(|asked| {
        let there: Vec<&str> = Isa::ALL.iter().filter(|isa| isa.available()).map(|isa| isa.name()).collect();
        Error::Usage(format!("{}={asked}; this machine has {}", isa::FORCE, there.join(", ")))
    })?;
    Ok(Settings { rate, oversample, seed, limiter, outputs, inputs, isa, lower: patches_modules::lower })
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
    /// Into the file, this level at full scale.
    Sound(Sound, f32),
    /// Somewhere until their loudest is known.
    Spool(Spool),
}

impl Sink {
    fn write(&mut self, samples: &[f32]) -> Result<(), EngineError> {
        match self {
            Sink::Spool(spool) => spool.write(samples),
            Sink::Sound(sound, 1.0) => sound.write(samples),
            Sink::Sound(sound, full) => sound.write(&samples.iter().map(|sample| sample / *full).collect::<Vec<_>>()),
        }
    }

    /// Ends the file. The loudest sample, where it was looked for.
    fn finish(self, create: impl Fn() -> Result<Sound, EngineError>) -> Result<Option<f32>, Error> {
        match self {
            Sink::Sound(sound, _) => {
                sound.finish()?;
                Ok(None)
            }
            Sink::Spool(spool) => {
                let mut sound = create()?;
                let peak = spool.pour(&mut sound)?;
                sound.finish()?;
                Ok(Some(peak))
            }
        }
    }
}

/// Why no more samples are taken.
enum Enough {
    Interrupted,
    Failed(EngineError),
}

/// Makes the sound file and, if they are asked for, its stems, which are as loud in it as they are alone.
///
/// # Errors
/// As [`write()`].
pub fn all(job: &Job<'_>, with_stems: bool) -> Result<(), Error> {
    let peak = write(job)?;
    if with_stems {
        for (name, cues) in stems::stems(job.cues) {
            let loudness = peak.filter(|peak| *peak > 0.0).map_or(Loudness::Own, Loudness::Of);
            write(&Job { output: &stems::file(job.output, &name), cues: &cues, loudness, ..*job })?;
        }
    }
    Ok(())
}

/// Makes one sound file. When it is interrupted, the file holds what was made until then. The loudest sample, where that
/// was asked to be at full scale.
///
/// # Errors
/// If a cue cannot be planned, the file not written, or it was interrupted.
fn write(job: &Job<'_>) -> Result<Option<f32>, Error> {
    let (kind, bits) = kind(job.output, job.bits)?;
    let (rate, channels) = (job.settings.rate, job.settings.outputs);
    if kind == Kind::Flac && channels > flac::CHANNELS {
        let (name, most) = (job.output.display(), flac::CHANNELS);
        let why = format!("{name}: FLAC holds {most} channels at most, and these are {channels}; write a .wav");
        return Err(Error::Usage(why));
    }
    let width = usize::from(channels);
    let wanted = (job.frames - job.skip) + job.tail;
    let create = || Sound::create(job.output, kind, (rate, channels), bits, wanted, job.marks);
    let mut sink = match job.loudness {
        Loudness::Full => Sink::Spool(Spool::create(job.output)?),
        Loudness::Own => Sink::Sound(create()?, 1.0),
        Loudness::Of(level) => Sink::Sound(create()?, level),
    };
    let mut progress = Progress::new(job.frames + job.tail);
    let started = Instant::now();
    let (mut left, mut written) = (job.skip as usize * width, 0);
    platform::catch_signals();
    let performance = Performance { cues: job.cues, notes: job.notes, input: job.input };
    let done = offline::perform(job.settings, &performance, job.frames, job.tail, |block| {
        if platform::signalled().is_some() {
            return Err(Enough::Interrupted);
        }
        progress.add((block.len() / width) as u64);
        let passed = left.min(block.len());
        left -= passed;
        written += ((block.len() - passed) / width) as u64;
        sink.write(&block[passed..]).map_err(Enough::Failed)
    });
    drop(progress);
    let interrupted = match done {
        Ok(()) => false,
        Err(Stopped::Sink(Enough::Interrupted)) => true,
        Err(Stopped::Sink(Enough::Failed(error)) | Stopped::Input(error)) => return Err(error.into()),
        Err(Stopped::Plan(cue, source)) => return Err(Error::Plan { file: job.names[cue].clone(), source }),
    };
    if interrupted && written == 0 {
        return Err(Error::Failed("interrupted; nothing is written".into()));
    }
    let peak = sink.finish(create)?;
    let seconds = written as f64 / f64::from(rate);
    let name = job.output.display();
    if interrupted {
        return Err(Error::Failed(format!("interrupted; {name} holds the first {seconds:.3} s")));
    }
    let took = started.elapsed().as_secs_f64();
    let turned = match peak {
        None => String::new(),
        Some(peak) if peak > 0.0 => format!(", {:+.1} dB", -20.0 * f64::from(peak).log10()),
        Some(_) => ", all silence".into(),
    };
    out::say(&format!("{name}: {seconds:.3} s in {took:.2} s{turned}"));
    Ok(peak)
}

/// Renders a patch.
///
/// # Errors
/// If it has faults, is to be longer than can be, or the file cannot be written.
pub fn run(args: &RenderArgs) -> Result<(), Error> {
    kind(&args.output, args.bits)?;
    let library = patches_modules::library();
    let load = |file: &PathBuf| patch::load_from_disk(file, &library).map(|loaded| Arc::new(loaded.graph));
    // All faults of all files are told before it ends.
    let loaded: Vec<Result<Arc<Graph>, Error>> = args.files.iter().map(load).collect();
    let graphs = loaded.into_iter().collect::<Result<Vec<_>, Error>>()?;
    let files: Vec<_> = several::names(&args.files).into_iter().zip(graphs.into_iter().map(Some)).collect();
    let cues = [Cue { graph: several::together(&files), ..Cue::default() }];
    let rate = f64::from(args.rate);
    let song = args.midi.as_ref().map(|path| smf::read(path, args.rate)).transpose()?;
    let frames = match (args.seconds, args.bars, &song) {
        (Some(seconds), ..) => (seconds * rate).round() as u64,
        (None, None, Some(song)) => song.end,
        (None, bars, _) => offline::frame_of_bar(args.rate, &cues, u64::from(bars.unwrap_or(0)) + 1).unwrap_or(0),
    };
    if frames > limits::HOURS * 3600 * u64::from(args.rate) {
        return Err(Error::Usage(format!("longer than {} hours", limits::HOURS)));
    }
    let wide = (channels::outputs(&cues[0].graph), channels::inputs(&cues[0].graph));
    let input = args.input.as_ref().map(|path| Reels { files: vec![(0, path.clone())] });
    let job = Job {
        output: &args.output,
        bits: args.bits,
        loudness: if args.normalize { Loudness::Full } else { Loudness::Own },
        settings: settings(args.rate, args.oversample, args.seed, !args.no_limiter, wide)?,
        cues: &cues,
        notes: song.as_ref().map_or(&[], |song| &song.notes),
        input: input.as_ref(),
        marks: &[],
        names: &[args.files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(" + ")],
        skip: 0,
        frames,
        tail: (args.tail * rate).round() as u64,
    };
    all(&job, args.stems)
}
