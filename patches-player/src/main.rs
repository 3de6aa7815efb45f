//! The `patches` command.

mod cli;
mod config;
mod convert;
mod diff;
mod doctor;
mod error;
mod event;
mod format;
mod graph;
mod listing;
mod out;
mod patch;
mod play;
mod render;
mod replay;
mod several;
mod shell;
mod starter;
mod ui;

use cli::{Cli, Command, PlayFile};
use error::Error;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: patches_engine::trap::Counting = patches_engine::trap::Counting;

fn main() -> ExitCode {
    let done = config::parse().and_then(run);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            out::say(&format!("patches: {error}"));
            ExitCode::from(error.exit_code())
        }
    }
}

/// Does what was asked for.
fn run(cli: Cli) -> Result<(), Error> {
    let command = match (cli.command, cli.files) {
        (Some(command), _) => command,
        (None, files) if files.is_empty() => {
            return Err(Error::Usage("what to play? try `patches --help`".into()));
        }
        (None, files) => Command::Play(PlayFile { files: cli::no_command(files)?, how: cli.how }),
    };
    match command {
        Command::Play(args) => play::run(play::Source::disk(args.files), &args.how),
        Command::Demo(args) => starter::demo(&args),
        Command::New(args) => starter::new(&args),
        Command::Render(args) => render::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Check(args) => listing::check(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Graph(args) => graph::run(&args),
        Command::Convert(args) => convert::run(&args),
        Command::Fmt(args) => format::run(&args),
        Command::Modules(args) => listing::modules(&args),
        Command::Devices(args) => listing::devices(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Completions(args) => shell::completions(&args),
        Command::Man(args) => shell::man(&args),
    }
}
