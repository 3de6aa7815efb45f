//! The picture for Graphviz.

use super::{Picture, Tile, escaped};
use std::fmt::Write;

/// The picture as a directed graph whose nodes are tables of ports.
pub fn draw(picture: &Picture, title: &str) -> String {
    let mut text = String::from("digraph patch {\n");
    let mut line = |what: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "    {what}");
    };
    line(format_args!("label=<{}>; labelloc=t; rankdir=LR; fontname=\"sans-serif\";", escaped(title)));
    line(format_args!("node [shape=plain, fontname=\"sans-serif\", fontsize=11];"));
    line(format_args!("edge [fontname=\"sans-serif\", fontsize=9, arrowsize=0.6];"));
    for (index, module) in picture.tiles.iter().enumerate() {
        line(format_args!("m{index} [label=<{}>];", table(module)));
    }
    for cable in &picture.lines {
        let style = match (cable.sound, cable.late) {
            (_, true) => "style=dashed, constraint=false",
            (true, false) => "penwidth=1.6",
            (false, false) => "color=\"#777777\"",
        };
        let ((from, output), (to, input)) = (cable.from, cable.to);
        let label = if cable.label.is_empty() { String::new() } else { format!(", label=<{}>", escaped(&cable.label)) };
        line(format_args!("m{from}:o{output}:e -> m{to}:i{input}:w [{style}{label}];"));
    }
    text.push_str("}\n");
    text
}

fn table(module: &Tile) -> String {
    let head = match module.name.as_str() {
        "" => format!("<b>{}</b>", escaped(module.kind)),
        name => format!("<b>{}</b> {}", escaped(name), escaped(module.kind)),
    };
    let rows = (0..module.inputs.len().max(module.outputs.len())).map(|row| {
        let cell = |ports: &[String], letter: char, align: &str| match ports.get(row) {
            Some(name) => format!("<td port=\"{letter}{row}\" align=\"{align}\">{}</td>", escaped(name)),
            None => "<td></td>".into(),
        };
        format!("<tr>{}{}</tr>", cell(&module.inputs, 'i', "left"), cell(&module.outputs, 'o', "right"))
    });
    let rows: String = rows.collect();
    format!(
        "<table border=\"1\" cellborder=\"0\" cellspacing=\"0\" cellpadding=\"3\"><tr><td colspan=\"2\">{head}</td></tr>{rows}</table>"
    )
}
