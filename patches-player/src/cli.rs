//! What can be typed. Help, completions and the manual page come from here.

pub mod values;

use crate::convert::ConvertArgs;
use crate::diff::DiffArgs;
use crate::doctor::DoctorArgs;
use crate::error::Error;
use crate::format::FmtArgs;
use crate::graph::GraphArgs;
use crate::render::RenderArgs;
use crate::replay::ReplayArgs;
use crate::shell::{CompletionsArgs, ManArgs};
use crate::starter::{DemoArgs, NewArgs};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use patches_core::graph::Landing;
use patches_dsl::fault::nearest;
use patches_engine::host::{Backend, Wish};
use patches_engine::session;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  patches new song.patches                     a patch to begin with
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
    /// A patch to play, or several together; as `patches play`
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub how: PlayArgs,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Play a patch, and every save of it
    #[command(
        after_help = "Examples:\n  patches play song.patches\n  patches play drums.patches bass.patches\n  patches play song.patches --backend clock --json"
    )]
    Play(PlayFile),
    /// Play a built-in example
    #[command(after_help = "Examples:\n  patches demo\n  patches demo acid\n  patches demo --list")]
    Demo(DemoArgs),
    /// Write a commented patch to begin with
    #[command(after_help = "Example:\n  patches new song.patches")]
    New(NewArgs),
    /// Write a patch to a sound file, faster than real time
    #[command(after_help = "\
Examples:
  patches render song.patches -o song.wav --seconds 30 --bits 24
  patches render song.patches -o song.flac --bars 16 --tail 4 --normalize
  patches render drums.patches bass.patches -o song.wav --bars 16
  patches render keys.patches -o song.wav --midi song.mid --tail 3")]
    Render(RenderArgs),
    /// Render a session as it was played, bit for bit
    #[command(after_help = "\
Examples:
  patches replay ~/.local/state/patches/sessions/2026-01-31T21-00-00 -o take.wav
  patches replay sessions/friday -o drop.flac --from bar:33")]
    Replay(ReplayArgs),
    /// Tell all faults and warnings of patches
    #[command(after_help = "Examples:\n  patches check song.patches\n  patches check song.patches --json")]
    Check(CheckArgs),
    /// Tell what a save of NEW does to a playing OLD
    #[command(
        after_help = "Examples:\n  patches diff old.patches new.patches\n  patches diff old.patches new.patches --json"
    )]
    Diff(DiffArgs),
    /// Draw the signal flow
    #[command(
        after_help = "Examples:\n  patches graph song.patches -o song.svg\n  patches graph song.patches -o song.dot"
    )]
    Graph(GraphArgs),
    /// Turn a patch into YAML, or YAML into a patch
    #[command(
        after_help = "Examples:\n  patches convert song.patches song.yaml\n  patches convert song.yaml song.patches"
    )]
    Convert(ConvertArgs),
    /// Bring patches into the one layout; comments stay
    #[command(
        after_help = "Examples:\n  patches fmt song.patches\n  patches fmt --check song.patches\n  patches fmt - < song.patches"
    )]
    Fmt(FmtArgs),
    /// List modules, or show one: ports, parameters, units, ranges, an example
    #[command(after_help = "Examples:\n  patches modules\n  patches modules Svf")]
    Modules(ModulesArgs),
    /// List sound devices and MIDI ports, and whether they can be used
    #[command(after_help = "Examples:\n  patches devices\n  patches devices --json")]
    Devices(DevicesArgs),
    /// Tell what stands between this machine and clean sound, and what mends it
    #[command(after_help = "Examples:\n  patches doctor\n  patches doctor --json")]
    Doctor(DoctorArgs),
    /// Print a completion script for a shell
    #[command(after_help = "\
Examples:
  patches completions bash > ~/.local/share/bash-completion/completions/patches
  patches completions fish > ~/.config/fish/completions/patches.fish")]
    Completions(CompletionsArgs),
    /// Print a manual page, of the whole or of one command
    #[command(after_help = "Examples:\n  patches man > patches.1\n  patches man render > patches-render.1")]
    Man(ManArgs),
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

/// Patches, and how to play them.
#[derive(Args, Debug)]
pub struct PlayFile {
    /// The patch; of several, which play together on one clock, the first one's tempo, meter, swing, swap and fade count
    #[arg(value_name = "FILE", required = true, num_args = 1..=session::limits::FILES)]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub how: PlayArgs,
}

#[derive(Args, Debug)]
pub struct PlayArgs {
    /// Sound device, by name or id (see `patches devices`)
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,
    /// Way to the sound
    #[arg(long, value_enum, default_value_t)]
    pub backend: Way,
    /// Frames a second [default: what the device likes]
    #[arg(long, value_name = "HZ", value_parser = values::rate)]
    pub rate: Option<u32>,
    /// Frames a callback [default: 256, or what the device likes]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(16..=8192))]
    pub frames: Option<u32>,
    /// Channels of the device [default: 2, or as many as the patch's `out` has, where the device has them too]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub channels: Option<u16>,
    /// Sound input, by name or id (see `patches devices`) [default: the system's, when a patch uses `in`]
    #[arg(long, value_name = "NAME")]
    pub input: Option<String>,
    /// MIDI ports: those whose names have this part [default: all]
    #[arg(long, value_name = "NAME")]
    pub midi: Option<String>,
    /// Record what is played, from the start: .wav, 32-bit float. Nothing is written over
    #[arg(long, value_name = "FILE", value_parser = values::take)]
    pub record: Option<PathBuf>,
    /// How much of what was played last is always on the disk, for the key k: 30min, 90s, 2h; 0 for none
    #[arg(long, value_name = "LENGTH", default_value = "30min", value_parser = values::keep)]
    pub keep: f64,
    /// When saves take effect, where the text does not say: now, beat, bar, 4bars
    #[arg(long, value_name = "WHEN", default_value = "now", value_parser = values::landing)]
    pub swap: Landing,
    /// Cross-fade of a save in milliseconds, where the text does not say
    #[arg(long, value_name = "MS", default_value_t = session::FADE_MS, value_parser = values::fade)]
    pub fade: f64,
    /// Run at 2, 4 or 8 times the rate: less aliasing, as many times the work
    #[arg(long, value_name = "N", default_value = "1", value_parser = values::oversample)]
    pub oversample: u32,
    /// Watch an output, such as osc.saw: in the screen's mix, scope and spectrum. May be given often
    #[arg(long, value_name = "PORT")]
    pub probe: Vec<String>,
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
            engine: None,
            frames: self.frames,
            channels: self.channels,
            asks: 2,
        }
    }
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

/// Files to play, typed without a command. A patch that is not there yet is waited for, but a name without an ending is more
/// likely a command: one in the wrong place, or one that there is not.
///
/// # Errors
/// If there is no file of such a name.
pub fn no_command(files: Vec<PathBuf>) -> Result<Vec<PathBuf>, Error> {
    let whole = Cli::command();
    let Some(file) = files.iter().find(|file| file.extension().is_none() && !file.exists()) else { return Ok(files) };
    let name = file.display().to_string();
    if whole.find_subcommand(&name).is_some() {
        return Err(Error::Usage(format!("`{name}` is a command, and commands come first")));
    }
    let patch = file.with_extension("patches");
    let hint = match nearest(&name, whole.get_subcommands().map(clap::Command::get_name)) {
        _ if patch.exists() => format!("did you mean `{}`?", patch.display()),
        Some(near) => format!("did you mean `patches {near}`?"),
        None => "`patches --help` lists the commands".to_string(),
    };
    Err(Error::Usage(format!("there is no file and no command `{name}`; {hint}")))
}

#[cfg(test)]
mod tests;
