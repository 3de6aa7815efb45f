//! The flat patch as a text of the language, which reads back to an equal graph.
//!
//! Paths that are no names stand between backquotes. Values are in the units of their inputs, with all their digits.
//! Files are named as they were found, so the text reads back in the working directory of the load.

use crate::print_score::Scores;
use patches_core::graph::{End, Graph, Item, Landing, Module, ParamValue, Path, Setting, Slot};
use patches_core::spec::{Input, Kind, ParamKind};
use std::fmt::Write;
use std::sync::Arc;

/// The flat form of a graph.
pub fn flat(graph: &Graph) -> String {
    let mut text = String::new();
    settings(graph, &mut text);
    let scores = Scores::new(graph);
    scores.texts().for_each(|score| line(&mut text, format_args!("{score}")));
    for (path, module) in &graph.modules {
        text.push_str(&declared(path, module, &scores));
        text.push('\n');
    }
    for cable in &graph.cables {
        let arrow = match (cable.scale == 1.0, cable.late) {
            (true, false) => "->".to_string(),
            (true, true) => "~>".to_string(),
            (false, false) => format!("-[{}]->", cable.scale),
            (false, true) => format!("~[{}]~>", cable.scale),
        };
        line(&mut text, format_args!("{} {arrow} {}", end(graph, &cable.from, true), end(graph, &cable.to, false)));
    }
    for probe in &graph.probes {
        let (from, kinds) = (end(graph, &probe.from, true), probe.kinds.join("+"));
        line(&mut text, format_args!("{from} -> ~{kinds}({})", name(&probe.label)));
    }
    if text.is_empty() {
        text.push_str("patch {}\n");
    }
    text
}

/// Writing to a string cannot fail.
fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    let _ = writeln!(text, "{what}");
}

fn settings(graph: &Graph, text: &mut String) {
    if let Some(tempo) = graph.tempo {
        line(text, format_args!("tempo {tempo}"));
    }
    if let Some((beats, note)) = graph.meter {
        line(text, format_args!("meter {beats}/{note}"));
    }
    if let Some(swing) = graph.swing {
        line(text, format_args!("swing {swing}"));
    }
    match graph.swap {
        None => {}
        Some(Landing::Now) => line(text, format_args!("swap now")),
        Some(Landing::Beat) => line(text, format_args!("swap on beat")),
        Some(Landing::Bars(n)) => line(text, format_args!("swap on {n}bars")),
    }
    if let Some(fade) = graph.fade {
        line(text, format_args!("fade {}", time(fade)));
    }
    if let Some(tuning) = graph.tuning {
        line(text, format_args!("tuning {tuning}Hz"));
    }
    if let Some(tail) = graph.tail {
        line(text, format_args!("tail {}", time(tail)));
    }
    for (word, paths) in [("mute", &graph.mute), ("solo", &graph.solo), ("reset", &graph.reset)] {
        if !paths.is_empty() {
            let paths: Vec<String> = paths.iter().map(name).collect();
            line(text, format_args!("{word} {}", paths.join(", ")));
        }
    }
}

fn declared(path: &Path, module: &Module, scores: &Scores) -> String {
    let mut text = format!("{} = {}", name(path), module.spec.name());
    if !module.channels.is_empty() {
        let counted = module.channels.iter().enumerate().all(|(n, channel)| **channel == *n.to_string());
        let channels = match counted {
            true => module.channels.len().to_string(),
            false => {
                let names: Vec<String> = module.channels.iter().map(|channel| word(channel)).collect();
                format!("[{}]", names.join(", "))
            }
        };
        let _ = write!(text, "(channels: {channels})");
    }
    let mut entries = Vec::new();
    for (slot, setting) in &module.settings {
        let input = &module.spec.inputs[slot.0 as usize];
        let value = match setting {
            Setting::Number(v) => set_to(*v, input),
            musical => time(*musical),
        };
        entries.push(format!("{}{}: {value}", input.names[0], channel(module, slot, input.indexed)));
    }
    for (slot, value) in &module.params {
        let param = &module.spec.params[slot.0 as usize];
        let channel = channel(module, slot, param.indexed);
        entries.push(format!("{}{channel}: {}", param.names[0], param_value(value, &param.kind, scores)));
    }
    if !entries.is_empty() {
        let _ = write!(text, " {{ {} }}", entries.join(", "));
    }
    if !module.was.is_empty() {
        let was: Vec<String> = module.was.iter().map(name).collect();
        let _ = write!(text, " was {}", was.join(", "));
    }
    text
}

/// What an input is set to, with all its digits.
pub(crate) fn set_to(v: f64, input: &Input) -> String {
    match input.kind {
        // What is calculated may be below zero where what is written may not.
        Kind::Gain if v < 0.0 && input.min >= 0.0 => format!("{v} * 100%"),
        kind => number(v, kind),
    }
}

/// A value in the unit of a kind, with all its digits.
pub(crate) fn number(v: f64, kind: Kind) -> String {
    match kind {
        // A bare number above 16 would be hertz; an interval counts from C0.
        Kind::Pitch | Kind::Interval => format!("{v}oct"),
        Kind::Time => format!("{v}s"),
        Kind::Rate => format!("{v}Hz"),
        _ => v.to_string(),
    }
}

/// A time with all its digits.
pub(crate) fn time(setting: Setting) -> String {
    match setting {
        Setting::Number(seconds) => format!("{seconds}s"),
        Setting::Beats(beats) => format!("{beats}beats"),
        Setting::Mixed { seconds, beats } => format!("{seconds}s + {beats}beats"),
    }
}

pub(crate) fn param_value(value: &ParamValue, kind: &ParamKind, scores: &Scores) -> String {
    match (value, kind) {
        (ParamValue::Score(score), _) => scores.name(score),
        (ParamValue::Choice(index), ParamKind::Choice(words)) => {
            words.get(usize::from(*index)).map_or(String::new(), |names| word(names[0]))
        }
        (ParamValue::Choice(index), _) => index.to_string(),
        (ParamValue::Int(n), _) => n.to_string(),
        (ParamValue::Bool(b), _) => b.to_string(),
        (ParamValue::Text(text), ParamKind::File) => format!("file({})", quoted(text)),
        (ParamValue::Text(text), _) => quoted(text),
        (ParamValue::List(items), kind) => {
            let of = if let ParamKind::List { kind, .. } = kind { *kind } else { Kind::Number };
            let items: Vec<String> = items
                .iter()
                .map(|item| match item {
                    Item::Number(v) => number(*v, of),
                    Item::Word(word) => quoted(word),
                })
                .collect();
            format!("[{}]", items.join(", "))
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// A word, in quotes where it is none to the grammar.
fn word(text: &str) -> String {
    if is_name(text) || !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        text.to_string()
    } else {
        quoted(text)
    }
}

fn channel(module: &Module, slot: &Slot, indexed: bool) -> String {
    match module.channels.get(usize::from(slot.1)) {
        Some(channel) if indexed => format!("[{}]", word(channel)),
        _ => String::new(),
    }
}

fn end(graph: &Graph, end: &End, output: bool) -> String {
    let Some(module) = graph.modules.get(&end.module) else { return name(&end.module) };
    let (port, indexed) = if output {
        let port = &module.spec.outputs[end.port as usize];
        (port.names[0], port.indexed)
    } else {
        let port = &module.spec.inputs[end.port as usize];
        (port.names[0], port.indexed)
    };
    let channel = channel(module, &(end.port, end.channel), indexed);
    format!("{}.{port}{}{channel}", name(&end.module), end.side.suffix())
}

/// A path, between backquotes where it is no name.
fn name(path: &Arc<str>) -> String {
    if is_name(path) { path.to_string() } else { format!("`{path}`") }
}

/// Whether the grammar reads a text as a name: a letter or `_`, then letters, digits and `_`, and no note.
pub(crate) fn is_name(text: &str) -> bool {
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let lone = text == "_";
    begins && !lone && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !is_note(text)
}

/// `A1`, `Bb3`: what stands for a pitch.
pub(crate) fn is_note(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(|c: char| ('A'..='G').contains(&c)) else { return false };
    let octave = rest.strip_prefix('b').unwrap_or(rest);
    !octave.is_empty() && octave.bytes().all(|b| b.is_ascii_digit())
}
