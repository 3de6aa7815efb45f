//! The picture as SVG.

use super::layout::{Edge, Layout, Node, Point, Route, layout};
use super::{Picture, Tile, escaped};
use std::fmt::Write;

/// Around everything.
const MARGIN: f64 = 24.0;
/// Room for the title.
const TITLE: f64 = 30.0;
/// A tile's head, and each line of ports.
const HEAD: f64 = 24.0;
const ROW: f64 = 16.0;
/// Mean width of a letter of the small and of the bold text, of the common sans-serif fonts.
const LETTER: f64 = 6.2;
const BOLD: f64 = 7.4;
/// Radius of the corners of lines that go back.
const CORNER: f64 = 6.0;

const STYLE: &str = "\
text{font-family:'DejaVu Sans',Verdana,sans-serif;font-size:10.5px;fill:#222}\
.title{font-size:15px;font-weight:bold}.name{font-size:12px;font-weight:bold}.kind{fill:#666}\
.tile{fill:#f7f7f5;stroke:#888}.port{fill:#fff;stroke:#555}\
.cable{fill:none;stroke:#b06a12;stroke-width:1.2}.sound{stroke:#1d5c9a;stroke-width:2.2}.late{stroke-dasharray:5 4}\
.ground{fill:#fff}.gain{text-anchor:middle}.right{text-anchor:end}";

/// The picture: sound is a thick line, a value a thin one, what is late a broken one.
pub fn draw(picture: &Picture, title: &str) -> String {
    let nodes: Vec<Node> = picture.tiles.iter().map(size).collect();
    let edges: Vec<Edge> = picture
        .lines
        .iter()
        .map(|line| Edge {
            from: (line.from.0, port_y(line.from.1)),
            to: (line.to.0, port_y(line.to.1)),
            late: line.late,
        })
        .collect();
    let Layout { nodes: places, routes, width, height } = layout(&nodes, &edges);
    let title_width = title.chars().count() as f64 * 1.4 * BOLD;
    let (width, height) = (width.max(title_width) + 2.0 * MARGIN, height + 2.0 * MARGIN + TITLE);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\">\n\
         <style>{STYLE}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text class=\"title\" x=\"{MARGIN}\" y=\"{MARGIN}\">{}</text>\n<g transform=\"translate({MARGIN} {})\">\n",
        escaped(title),
        MARGIN + TITLE,
    );
    let mut line = |what: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{what}");
    };
    for (cable, route) in picture.lines.iter().zip(&routes) {
        let sound = if cable.sound { " sound" } else { "" };
        let late = if cable.late { " late" } else { "" };
        line(format_args!("<path class=\"cable{sound}{late}\" d=\"{}\"/>", path(route)));
    }
    for ((tile, node), &place) in picture.tiles.iter().zip(&nodes).zip(&places) {
        line(format_args!("{}", draw_tile(tile, node, place)));
    }
    for (cable, route) in picture.lines.iter().zip(&routes).filter(|(cable, _)| !cable.label.is_empty()) {
        let (x, y) = middle(route);
        let width = cable.label.chars().count() as f64 * LETTER + 4.0;
        let (left, top, base) = (x - width / 2.0, y - 6.5, y + 3.5);
        line(format_args!(
            "<rect class=\"ground\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"13\"/>\
             <text class=\"gain\" x=\"{x:.1}\" y=\"{base:.1}\">{}</text>",
            escaped(&cable.label)
        ));
    }
    text.push_str("</g>\n</svg>\n");
    text
}

/// How wide and high a tile is.
fn size(tile: &Tile) -> Node {
    let letters = |ports: &[String]| ports.iter().map(|port| port.chars().count()).max().unwrap_or(0) as f64;
    let ports = (letters(&tile.inputs) + letters(&tile.outputs)) * LETTER + 36.0;
    let space = if tile.name.is_empty() { 20.0 } else { 28.0 };
    let head = tile.name.chars().count() as f64 * BOLD + tile.kind.chars().count() as f64 * LETTER + space;
    let rows = tile.inputs.len().max(tile.outputs.len()) as f64;
    Node { width: ports.max(head), height: HEAD + rows * ROW + 4.0 }
}

/// How far below the top of its tile a port is.
fn port_y(row: usize) -> f64 {
    HEAD + ROW * (row as f64 + 0.5)
}

fn draw_tile(tile: &Tile, Node { width, height }: &Node, (x, y): Point) -> String {
    let mut text = format!(
        "<g transform=\"translate({x:.1} {y:.1})\"><rect class=\"tile\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"5\"/>"
    );
    let (name, kind) = (escaped(&tile.name), escaped(tile.kind));
    // Writing to a string cannot fail.
    let _ = match name.as_str() {
        "" => write!(text, "<text class=\"kind\" x=\"10\" y=\"16\">{kind}</text>"),
        name => write!(
            text,
            "<text x=\"10\" y=\"16\"><tspan class=\"name\">{name}</tspan> <tspan class=\"kind\" dx=\"4\">{kind}</tspan></text>"
        ),
    };
    for (row, port) in tile.inputs.iter().enumerate() {
        let (y, port) = (port_y(row), escaped(port));
        let _ =
            write!(text, "<circle class=\"port\" cy=\"{y}\" r=\"3\"/><text x=\"8\" y=\"{}\">{port}</text>", y + 3.5);
    }
    for (row, port) in tile.outputs.iter().enumerate() {
        let (y, port) = (port_y(row), escaped(port));
        let _ = write!(
            text,
            "<circle class=\"port\" cx=\"{width:.1}\" cy=\"{y}\" r=\"3\"/><text class=\"right\" x=\"{:.1}\" y=\"{}\">{port}</text>",
            width - 8.0,
            y + 3.5
        );
    }
    text + "</g>"
}

/// A route as a path: curves that leave and arrive level, or straight lines with rounded corners.
fn path(route: &Route) -> String {
    let (Route::Forward(points) | Route::Back(points)) = route;
    let Some(((x, y), rest)) = points.split_first() else { return String::new() };
    let mut path = format!("M{x:.1} {y:.1}");
    let mut from = (*x, *y);
    for (index, &to) in rest.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = match (route, rest.get(index + 1)) {
            (Route::Forward(_), _) => {
                let middle = (from.0 + to.0) / 2.0;
                let ((_, y0), (x1, y1)) = (from, to);
                write!(path, "C{middle:.1} {y0:.1} {middle:.1} {y1:.1} {x1:.1} {y1:.1}")
            }
            (Route::Back(_), None) => write!(path, "L{:.1} {:.1}", to.0, to.1),
            (Route::Back(_), Some(&next)) => {
                let (before, after) = (towards(to, from), towards(to, next));
                let ((ax, ay), (bx, by), (x, y)) = (before, after, to);
                write!(path, "L{ax:.1} {ay:.1}Q{x:.1} {y:.1} {bx:.1} {by:.1}")
            }
        };
        from = to;
    }
    path
}

/// The point a corner's radius away from `at`, at most half the way.
fn towards(at: Point, to: Point) -> Point {
    let (x, y) = (to.0 - at.0, to.1 - at.1);
    let length = (x * x + y * y).sqrt().max(1e-9);
    let part = CORNER.min(length / 2.0) / length;
    (at.0 + x * part, at.1 + y * part)
}

/// Where a label stands: in the middle of the last curve, or of the lane that goes back.
fn middle(route: &Route) -> Point {
    let (Route::Forward(points) | Route::Back(points)) = route;
    let last = match route {
        Route::Forward(_) => points.len().saturating_sub(2),
        Route::Back(_) => 2,
    };
    match points.get(last..last + 2) {
        Some([a, b]) => ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0),
        _ => (0.0, 0.0),
    }
}
