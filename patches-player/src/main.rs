//! The `patches` command.

mod cli;
mod error;
mod event;
mod listing;
mod out;
mod patch;
mod play;
mod render;
mod replay;
mod ui;

use clap::Parser;
use cli::{Cli, Command};
use error::Error;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: patches_engine::trap::Counting = patches_engine::trap::Counting;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match (cli.command, cli.play) {
        (Some(Command::Play(args)), _) | (None, Some(args)) => play::run(&args),
        (Some(Command::Render(args)), _) => render::run(&args),
        (Some(Command::Replay(args)), _) => replay::run(&args),
        (Some(Command::Check(args)), _) => listing::check(&args),
        (Some(Command::Devices(args)), _) => listing::devices(&args),
        (Some(Command::Modules(args)), _) => listing::modules(&args),
        (None, None) => Err(Error::Usage("what to play? try `patches --help`".into())),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            out::say(&format!("patches: {error}"));
            ExitCode::from(error.exit_code())
        }
    }
}
