//! What can be typed. Help, completions and the manual page come from here.

use clap::{Args, Parser, Subcommand, ValueEnum};
use patches_core::graph::Landing;
use patches_engine::host::{Backend, Wish};
use patches_engine::session;
use patches_engine::wav::Bits;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  patches song.patches                         play it; every save is heard
  patches render song.patches -o song.wav --seconds 30
  patches check song.patches                   what is wrong with it
  patches modules Osc                          what a module can do

Exit codes: 0 done, 1 the work failed, 2 wrong use, 3 no such device";

/// A modular synthesizer that is played by editing a text.
#[derive(Parser, Debug)]
#[command(name = "patches", version, after_help = EXAMPLES)]
#[command(args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub play: Option<PlayArgs>,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Play a patch, and every save of it
    #[command(
        after_help = "Examples:\n  patches play song.patches\n  patches play song.patches --backend clock --json"
    )]
    Play(PlayArgs),
    /// Write a patch to a sound file, faster than real time
    #[command(after_help = "Example:\n  patches render song.patches -o song.wav --seconds 30 --bits 24")]
    Render(RenderArgs),
    /// Render a session as it was played, bit for bit
    #[command(
        after_help = "Example:\n  patches replay ~/.local/state/patches/sessions/2026-01-31T21-00-00 -o take.wav"
    )]
    Replay(ReplayArgs),
    /// Tell all faults and warnings of patches
    #[command(after_help = "Example:\n  patches check song.patches lib/*.patches --json")]
    Check(CheckArgs),
    /// List sound devices and MIDI ports, and whether they can be used
    #[command(after_help = "Example:\n  patches devices --json")]
    Devices(DevicesArgs),
    /// List modules, or show one: ports, parameters, units, ranges, an example
    #[command(after_help = "Examples:\n  patches modules\n  patches modules Svf")]
    Modules(ModulesArgs),
}

/// Where sound goes.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// Whatever works
    #[default]
    Auto,
    /// ALSA
    #[cfg(all(feature = "device", target_os = "linux"))]
    Alsa,
    /// JACK
    #[cfg(feature = "jack")]
    Jack,
    /// No device: a clock
    Clock,
}

impl Way {
    pub fn backend(self) -> Backend {
        match self {
            Way::Auto => Backend::Auto,
            #[cfg(all(feature = "device", target_os = "linux"))]
            Way::Alsa => Backend::Alsa,
            #[cfg(feature = "jack")]
            Way::Jack => Backend::Jack,
            Way::Clock => Backend::Clock,
        }
    }
}

fn landing(word: &str) -> Result<Landing, String> {
    session::landing(word).ok_or_else(|| "expected now, beat, bar or 4bars".into())
}

fn bits(word: &str) -> Result<Bits, String> {
    match word {
        "16" => Ok(Bits::Int16),
        "24" => Ok(Bits::Int24),
        "32f" => Ok(Bits::Float32),
        _ => Err("expected 16, 24 or 32f".into()),
    }
}

fn take(word: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(word);
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    if ending.as_deref() == Some("wav") { Ok(path) } else { Err("the name of a take ends with .wav".into()) }
}

fn seconds(word: &str) -> Result<f64, String> {
    let most = (session::limits::HOURS * 3600) as f64;
    match word.parse::<f64>() {
        Ok(value) if value > 0.0 && value <= most => Ok(value),
        _ => Err(format!("expected seconds, more than 0 and at most {most}")),
    }
}

fn fade(word: &str) -> Result<f64, String> {
    match word.parse::<f64>() {
        Ok(value) if (0.0..=session::limits::FADE_MS).contains(&value) => Ok(value),
        _ => Err(format!("expected milliseconds, 0 to {}", session::limits::FADE_MS)),
    }
}

fn rate(word: &str) -> Result<u32, String> {
    let rates = session::limits::RATES;
    match word.parse() {
        Ok(value) if rates.contains(&value) => Ok(value),
        _ => Err(format!("expected frames a second, {} to {}", rates.start(), rates.end())),
    }
}

#[derive(Args, Debug)]
pub struct PlayArgs {
    /// The patch
    pub file: PathBuf,
    /// Sound device, by name or id (see `patches devices`)
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,
    /// Way to the sound
    #[arg(long, value_enum, default_value_t)]
    pub backend: Way,
    /// Frames a second [default: what the device likes]
    #[arg(long, value_name = "HZ", value_parser = rate)]
    pub rate: Option<u32>,
    /// Frames a callback [default: 256, or what the device likes]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(16..=8192))]
    pub frames: Option<u32>,
    /// Channels of the device [default: 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub channels: Option<u16>,
    /// MIDI ports: those whose names have this part [default: all]
    #[arg(long, value_name = "NAME")]
    pub midi: Option<String>,
    /// Record what is played, from the start: .wav, 32-bit float. Nothing is written over
    #[arg(long, value_name = "FILE", value_parser = take)]
    pub record: Option<PathBuf>,
    /// When saves take effect, where the text does not say: now, beat, bar, 4bars
    #[arg(long, value_name = "WHEN", default_value = "now", value_parser = landing)]
    pub swap: Landing,
    /// Cross-fade of a save in milliseconds, where the text does not say
    #[arg(long, value_name = "MS", default_value_t = session::FADE_MS, value_parser = fade)]
    pub fade: f64,
    /// Folder for this session's log and texts [default: one in the platform's state folder]
    #[arg(long, value_name = "DIR")]
    pub session: Option<PathBuf>,
    /// Switch the limiter off
    #[arg(long)]
    pub no_limiter: bool,
    /// Seed of all chance
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Lines of text in place of the terminal UI; ends with its input
    #[arg(long)]
    pub plain: bool,
    /// One JSON object a line in place of the terminal UI; ends with its input
    #[arg(long, conflicts_with = "plain")]
    pub json: bool,
}

impl PlayArgs {
    pub fn wish(&self) -> Wish {
        Wish {
            backend: self.backend.backend(),
            device: self.device.clone(),
            rate: self.rate,
            frames: self.frames,
            channels: self.channels,
        }
    }
}

#[derive(Args, Debug)]
pub struct RenderArgs {
    /// The patch
    pub file: PathBuf,
    /// The sound file to write: .wav
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// How long
    #[arg(long, value_name = "N", value_parser = seconds)]
    pub seconds: f64,
    /// Frames a second
    #[arg(long, value_name = "HZ", default_value_t = 48_000, value_parser = rate)]
    pub rate: u32,
    /// Sample format: 16, 24 or 32f
    #[arg(long, value_name = "BITS", default_value = "32f", value_parser = bits)]
    pub bits: Bits,
    /// Seed of all chance
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Switch the limiter off
    #[arg(long)]
    pub no_limiter: bool,
}

#[derive(Args, Debug)]
pub struct ReplayArgs {
    /// The session: its folder, or its session.jsonl
    pub session: PathBuf,
    /// The sound file to write: .wav
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Sample format: 16, 24 or 32f
    #[arg(long, value_name = "BITS", default_value = "32f", value_parser = bits)]
    pub bits: Bits,
}

#[derive(Args, Debug)]
pub struct CheckArgs {
    /// The patches
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// One JSON array of all faults
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct DevicesArgs {
    /// One JSON array
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct ModulesArgs {
    /// A module type
    pub name: Option<String>,
    /// JSON
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_commands_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_bare_file_is_played() {
        let bare = Cli::try_parse_from(["patches", "a.patches", "--json"]).expect("parses");
        assert!(bare.command.is_none());
        assert!(bare.play.is_some_and(|play| play.json && play.file.as_os_str() == "a.patches"));
        let named = Cli::try_parse_from(["patches", "play", "a.patches"]).expect("parses");
        assert!(matches!(named.command, Some(Command::Play(_))) && named.play.is_none());
    }

    #[test]
    fn what_is_out_of_range_is_wrong_use() {
        for args in [
            ["play", "a", "--fade", "-1"],
            ["play", "a", "--swap", "soon"],
            ["play", "a", "--rate", "10"],
            ["play", "a", "--record", "take.flac"],
            ["render", "a", "--seconds", "0"],
        ] {
            let error = Cli::try_parse_from(["patches"].into_iter().chain(args)).expect_err("refused");
            assert_eq!(error.exit_code(), 2, "{args:?}");
        }
    }
}
