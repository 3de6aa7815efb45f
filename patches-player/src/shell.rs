//! `patches completions`, `patches man`: made from the same definitions that read the command line.

use crate::cli::Cli;
use crate::error::Error;
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use patches_dsl::fault::nearest;
use std::io::Write;

/// Flags of `completions`.
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: Shell,
}

/// Flags of `man`.
#[derive(Args, Debug)]
pub struct ManArgs {
    /// A command [default: the whole program]
    pub command: Option<String>,
}

/// Prints a completion script.
///
/// # Errors
/// If standard output is closed.
pub fn completions(args: &CompletionsArgs) -> Result<(), Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "patches", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(())
}

/// Prints a manual page.
///
/// # Errors
/// If there is no such command, or standard output is closed.
pub fn man(args: &ManArgs) -> Result<(), Error> {
    let mut whole = Cli::command();
    // What is said for the whole program is said for its commands too.
    whole.build();
    let page = match &args.command {
        None => whole,
        Some(name) => {
            let found = whole.find_subcommand(name).cloned();
            let names = whole.get_subcommands().map(clap::Command::get_name);
            found.ok_or_else(|| {
                let hint = nearest(name, names).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                Error::Usage(format!("no command `{name}`{hint}"))
            })?
        }
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text)?;
    std::io::stdout().write_all(&text)?;
    Ok(())
}
