//! `patches new`, `patches demo`: patches that the program brings along.

use crate::cli::PlayArgs;
use crate::error::Error;
use crate::{out, patch, play};
use clap::Args;
use patches_dsl::fault::nearest;
use patches_engine::error::Error as EngineError;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

/// The text that `new` writes.
const STARTER: &str = include_str!("starter.patches");

/// The examples, by name.
const EXAMPLES: &[(&str, &str)] = &[
    ("first", include_str!("../../examples/first.patches")),
    ("acid", include_str!("../../examples/acid.patches")),
    ("dub_chord", include_str!("../../examples/dub_chord.patches")),
    ("drum_machine", include_str!("../../examples/drum_machine.patches")),
    ("strings", include_str!("../../examples/strings.patches")),
    ("west_coast", include_str!("../../examples/west_coast.patches")),
    ("gamelan", include_str!("../../examples/gamelan.patches")),
    ("ambient", include_str!("../../examples/ambient.patches")),
    ("chords", include_str!("../../examples/chords.patches")),
    ("phase", include_str!("../../examples/phase.patches")),
    ("wobble", include_str!("../../examples/wobble.patches")),
    ("break", include_str!("../../examples/break.patches")),
    ("night_drive", include_str!("../../examples/night_drive.patches")),
    ("song", include_str!("../../examples/song.patches")),
    ("chord_swap", include_str!("../../examples/chord_swap.patches")),
    ("demo_synth", include_str!("../../examples/demo_synth.patches")),
    ("drone", include_str!("../../examples/drone.patches")),
    ("feedback", include_str!("../../examples/feedback.patches")),
    ("weather", include_str!("../../examples/weather.patches")),
    ("stage", include_str!("../../examples/stage.patches")),
    ("keys", include_str!("../../examples/keys.patches")),
    ("sine_tone", include_str!("../../examples/sine_tone.patches")),
];

/// Plays when no name is given.
const DEFAULT: &str = "acid";

/// Flags of `new`.
#[derive(Args, Debug)]
pub struct NewArgs {
    /// The file to write; one that is there already is left alone
    pub file: PathBuf,
}

/// Flags of `demo`.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// Which example [default: acid]
    pub name: Option<String>,
    /// List the examples, play none
    #[arg(long)]
    pub list: bool,
    #[command(flatten)]
    pub how: PlayArgs,
}

/// Writes the starter patch.
///
/// # Errors
/// If there is such a file already, or it cannot be written.
pub fn new(args: &NewArgs) -> Result<(), Error> {
    let file = &args.file;
    if patch::is_yaml(file) {
        return Err(Error::Usage(format!("{}: the patch is no YAML; name it .patches", file.display())));
    }
    let mut opened = File::options().write(true).create_new(true).open(file).map_err(|e| match e.kind() {
        ErrorKind::AlreadyExists => Error::Failed(format!("{} is there already, and stays", file.display())),
        _ => EngineError::file(file)(e).into(),
    })?;
    opened.write_all(STARTER.as_bytes()).map_err(EngineError::file(file))?;
    out::say(&format!("{} is written; play it with: patches {}", file.display(), file.display()));
    Ok(())
}

/// Plays an example, or lists them.
///
/// # Errors
/// If there is no example of that name, or as playing does.
pub fn demo(args: &DemoArgs) -> Result<(), Error> {
    if args.list {
        let mut stdout = std::io::stdout().lock();
        let width = EXAMPLES.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, text) in EXAMPLES {
            writeln!(stdout, "{name:width$}  {}", about(text))?;
        }
        return Ok(());
    }
    let name = args.name.as_deref().unwrap_or(DEFAULT);
    let Some((name, text)) = EXAMPLES.iter().find(|(own, _)| *own == name) else {
        let names: Vec<&str> = EXAMPLES.iter().map(|(own, _)| *own).collect();
        let hint = match nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there is {}", names.join(", ")),
        };
        return Err(Error::Usage(format!("no example `{name}`; {hint}")));
    };
    play::run(play::Source::built_in(&format!("{name}.patches"), text), &args.how)
}

/// The first sentence of a text's comment.
fn about(text: &str) -> String {
    let comment = text.lines().map_while(|line| line.strip_prefix('#')).map(str::trim).collect::<Vec<_>>().join(" ");
    comment
        .split_inclusive(['.', ':', ',', ';'])
        .next()
        .unwrap_or_default()
        .trim_end_matches(['.', ':', ',', ';'])
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn every_example_of_the_folder_is_there() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
        let entries = std::fs::read_dir(folder).expect("the examples").map(|entry| entry.expect("an entry").path());
        let patches = entries.filter(|path| path.extension().is_some_and(|ending| ending == "patches"));
        let there: BTreeSet<String> =
            patches.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned())).collect();
        assert_eq!(there, EXAMPLES.iter().map(|(name, _)| (*name).to_string()).collect());
        assert!(EXAMPLES.iter().any(|(name, _)| *name == DEFAULT));
    }

    #[test]
    fn the_starter_is_laid_out_and_each_example_says_what_it_is() {
        assert_eq!(patches_dsl::format(STARTER), STARTER);
        assert!(EXAMPLES.iter().all(|(_, text)| about(text).len() > 5));
    }
}
