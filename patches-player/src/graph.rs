//! `patches graph`: the signal flow as a picture. Signals go from left to right; what goes back is drawn back.

mod dot;
mod layout;
mod svg;

use crate::error::Error;
use crate::{out, patch};
use clap::Args;
use patches_core::graph::{Cable, End, Graph, Module};
use patches_core::spec::Kind;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Flags of `graph`.
#[derive(Args, Debug)]
pub struct GraphArgs {
    /// The patch
    pub file: PathBuf,
    /// The picture to write: .svg, or .dot for Graphviz
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

/// A module as it is drawn.
struct Tile {
    /// Its path; of one without a name, nothing.
    name: String,
    kind: &'static str,
    /// The inputs and outputs that have a cable, in the order of the declaration.
    inputs: Vec<String>,
    outputs: Vec<String>,
}

/// A cable as it is drawn.
struct Line {
    /// Index of the tile, and of its output.
    from: (usize, usize),
    /// Index of the tile, and of its input.
    to: (usize, usize),
    /// What stands on it: nothing where the gain is 1.
    label: String,
    /// Sound, not a value.
    sound: bool,
    late: bool,
}

/// What is drawn.
struct Picture {
    tiles: Vec<Tile>,
    lines: Vec<Line>,
}

/// Draws a patch.
///
/// # Errors
/// If it has faults, the ending of the picture is unknown, or it cannot be written.
pub fn run(args: &GraphArgs) -> Result<(), Error> {
    let ending = args.output.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let draw = match ending.to_lowercase().as_str() {
        "svg" => svg::draw,
        "dot" | "gv" => dot::draw,
        _ => {
            let name = args.output.display();
            return Err(Error::Usage(format!("{name}: the name of a picture ends with .svg or .dot")));
        }
    };
    let loaded = patch::load_from_disk(&args.file, &patches_modules::library())?;
    let title = args.file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    out::replace(&args.output, draw(&picture(&loaded.graph), &title).as_bytes())
}

/// What is to be seen of a graph.
fn picture(graph: &Graph) -> Picture {
    let index: BTreeMap<&str, usize> = graph.modules.keys().enumerate().map(|(i, path)| (path.as_ref(), i)).collect();
    let mut plugs = vec![(vec![], vec![]); graph.modules.len()];
    for Cable { from, to, .. } in &graph.cables {
        plugs[index[to.module.as_ref()]].0.push(key(to));
        plugs[index[from.module.as_ref()]].1.push(key(from));
    }
    for (inputs, outputs) in &mut plugs {
        inputs.sort_unstable();
        inputs.dedup();
        outputs.sort_unstable();
        outputs.dedup();
    }
    let tiles = graph.modules.iter().zip(&plugs).map(|((path, module), (inputs, outputs))| Tile {
        name: if module.unnamed { String::new() } else { path.to_string() },
        kind: module.spec.name(),
        inputs: inputs.iter().map(|key| port(module, key, false)).collect(),
        outputs: outputs.iter().map(|key| port(module, key, true)).collect(),
    });
    let place = |end: &End, output: bool| {
        let own = index[end.module.as_ref()];
        let list = if output { &plugs[own].1 } else { &plugs[own].0 };
        (own, list.binary_search(&key(end)).unwrap_or(0))
    };
    let lines = graph.cables.iter().map(|cable| Line {
        from: place(&cable.from, true),
        to: place(&cable.to, false),
        label: if cable.scale == 1.0 { String::new() } else { short(cable.scale) },
        sound: graph.modules[&cable.from.module].spec.outputs[cable.from.port as usize].kind == Kind::Audio,
        late: cable.late,
    });
    Picture { tiles: tiles.collect(), lines: lines.collect() }
}

/// A port of a module: which, of which channel, which side.
type Key = (u16, u16, patches_core::spec::Side);

fn key(end: &End) -> Key {
    (end.port, end.channel, end.side)
}

/// A port's name, with its channel and side.
fn port(module: &Module, &(port, channel, side): &Key, output: bool) -> String {
    let (name, indexed) = if output {
        let port = &module.spec.outputs[port as usize];
        (port.names[0], port.indexed)
    } else {
        let port = &module.spec.inputs[port as usize];
        (port.names[0], port.indexed)
    };
    match module.channels.get(usize::from(channel)) {
        Some(channel) if indexed => format!("{name}{}[{channel}]", side.suffix()),
        _ => format!("{name}{}", side.suffix()),
    }
}

/// A gain with as many digits as a person wants to see.
fn short(x: f64) -> String {
    let text = format!("{x:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// Text as XML and HTML have it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
