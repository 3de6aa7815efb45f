//! `patches convert`: the same patch as a text of the language or as YAML.

use crate::error::Error;
use crate::{out, patch};
use clap::Args;
use patches_core::graph::Graph;
use patches_core::library::Library;
use patches_dsl::{Memory, load, print, to_yaml};
use std::path::{Path, PathBuf};

/// Flags of `convert`.
#[derive(Args, Debug)]
pub struct ConvertArgs {
    /// The patch, or its YAML
    #[arg(value_name = "IN")]
    pub from: PathBuf,
    /// The file to write: .patches for the language, .yaml or .yml for YAML
    #[arg(value_name = "OUT")]
    pub to: PathBuf,
}

/// Converts. The result is flat: templates and loops are opened, comments are gone.
///
/// # Errors
/// If the patch has faults, or the file cannot be written.
pub fn run(args: &ConvertArgs) -> Result<(), Error> {
    let yaml = match (patch::is_yaml(&args.from), form(&args.to)) {
        (_, None) => {
            let name = args.to.display();
            return Err(Error::Usage(format!("{name}: the name to write ends with .patches, .yaml or .yml")));
        }
        (true, Some(Form::Yaml)) | (false, Some(Form::Text)) => {
            let (from, to) = (args.from.display(), args.to.display());
            return Err(Error::Usage(format!(
                "{from} and {to} are of one form; one is to be .patches, the other .yaml"
            )));
        }
        (_, Some(form)) => form == Form::Yaml,
    };
    let library = patches_modules::library();
    let graph = patch::load_from_disk(&args.from, &library)?.graph;
    let text = if yaml { to_yaml(&graph).map_err(Error::Failed)? } else { print::flat(&graph) };
    if !reads_back(&graph, &args.to, &text, &library) {
        let what = "cannot be said in the other form without a change; nothing is written";
        return Err(Error::Failed(format!("{} {what}", args.from.display())));
    }
    out::replace(&args.to, text.as_bytes())
}

#[derive(PartialEq)]
enum Form {
    Text,
    Yaml,
}

fn form(path: &Path) -> Option<Form> {
    if patch::is_yaml(path) {
        return Some(Form::Yaml);
    }
    path.extension().filter(|ending| *ending == "patches").map(|_| Form::Text)
}

/// Whether the text is the same patch, but for which modules have a name: all have one now.
fn reads_back(graph: &Graph, path: &Path, text: &str, library: &Library) -> bool {
    let name = path.file_name().map_or(path, Path::new);
    let back = load(name, &Memory::default().with(name, text), library);
    let named = |graph: &Graph| {
        let mut graph = graph.clone();
        graph.modules.values_mut().for_each(|module| module.unnamed = false);
        graph
    };
    !back.has_errors() && named(&back.graph) == named(graph)
}
