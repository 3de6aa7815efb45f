use super::layout::{Edge, Layout, Node, Route, layout};
use super::*;
use patches_dsl::{Memory, load};
use std::path::Path;

fn of(text: &str) -> Picture {
    let loaded = load(Path::new("a.patches"), &Memory::default().with("a.patches", text), &patches_modules::library());
    assert!(!loaded.has_errors(), "{:?}", loaded.faults);
    picture(&loaded.graph)
}

fn edge(from: usize, to: usize) -> Edge {
    Edge { from: (from, 10.0), to: (to, 10.0), late: false }
}

/// So many nodes of one size.
fn place(count: usize, edges: &[Edge]) -> Layout {
    let nodes: Vec<Node> = (0..count).map(|_| Node { width: 50.0, height: 20.0 }).collect();
    let placed = layout(&nodes, edges);
    for route in &placed.routes {
        let (Route::Forward(points) | Route::Back(points)) = route;
        let inside = |&(x, y): &(f64, f64)| (0.0..=placed.width).contains(&x) && (0.0..=placed.height).contains(&y);
        assert!(points.iter().all(inside), "{points:?}");
    }
    for (a, (x, y)) in placed.nodes.iter().enumerate() {
        assert!(*x >= 0.0 && *y >= 0.0 && x + 50.0 <= placed.width && y + 20.0 <= placed.height, "{:?}", placed.nodes);
        for (other_x, other_y) in &placed.nodes[..a] {
            assert!((x - other_x).abs() >= 50.0 || (y - other_y).abs() >= 20.0, "one over the other");
        }
    }
    placed
}

#[test]
fn signals_go_to_the_right_and_a_chain_is_straight() {
    let placed = place(4, &[edge(0, 1), edge(1, 2), edge(2, 3), edge(0, 3)]);
    assert!(placed.nodes.windows(2).all(|pair| pair[0].0 < pair[1].0), "{:?}", placed.nodes);
    let edges = [edge(2, 1), edge(1, 0)];
    let placed = place(3, &edges);
    assert!(placed.nodes.iter().all(|node| node.1 == placed.nodes[0].1), "{:?}", placed.nodes);
    for route in &placed.routes {
        let Route::Forward(points) = route else { panic!("{route:?}") };
        assert!(points.windows(2).all(|pair| pair[0].0 <= pair[1].0 && pair[0].1 == pair[1].1), "{points:?}");
    }
}

#[test]
fn lines_that_can_do_not_cross() {
    // Drawn in the order of their numbers, 0 → 3 and 1 → 2 would cross.
    let placed = place(4, &[edge(0, 3), edge(1, 2)]);
    let y = |node: usize| placed.nodes[node].1;
    assert_eq!(y(0) < y(1), y(3) < y(2), "{:?}", placed.nodes);
}

#[test]
fn loops_are_drawn_back_and_end() {
    let placed = place(3, &[edge(0, 1), edge(1, 2), edge(2, 0), edge(1, 1)]);
    let back = |route: &Route| matches!(route, Route::Back(_));
    assert_eq!(placed.routes.iter().map(back).collect::<Vec<_>>(), [false, false, true, true]);
    let late = Edge { late: true, ..edge(0, 1) };
    assert!(back(&place(2, &[late]).routes[0]));
    assert_eq!(place(0, &[]).nodes, []);
}

#[test]
fn what_is_too_large_to_be_looked_at_is_drawn_all_the_same() {
    // A chain, and one that all of it hears: five million places where a line passes.
    let count = 3000;
    let edges: Vec<Edge> = (1..count).flat_map(|node| [edge(node - 1, node), edge(0, node)]).collect();
    let placed = place(count, &edges);
    assert_eq!(placed.routes.len(), edges.len());
    assert!(placed.nodes.windows(2).all(|pair| pair[0].0 < pair[1].0));
}

#[test]
fn a_picture_has_every_module_port_and_cable() {
    let picture = of(
        "a = Osc { pitch: A3 }\nlfo = Lfo\nf = Svf\na.saw -[0.5]-> f -> Delay -> out\nlfo -[2oct]-> f.cutoff\nf ~[0.25]~> a.phase_mod",
    );
    let kinds: Vec<&str> = picture.tiles.iter().map(|tile| tile.kind).collect();
    assert!(["Osc", "Lfo", "Svf", "Delay", "AudioOut"].iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
    let delay = picture.tiles.iter().find(|tile| tile.kind == "Delay").expect("it is there");
    assert_eq!(delay.name, "", "one without a name has none");
    let labels: Vec<&str> = picture.lines.iter().map(|line| line.label.as_str()).collect();
    assert!(["0.5", "2", "0.25", ""].iter().all(|label| labels.contains(label)), "{labels:?}");
    assert_eq!(picture.lines.iter().filter(|line| line.late).count(), 1);
    assert!(picture.lines.iter().any(|line| !line.sound) && picture.lines.iter().any(|line| line.sound));
    for line in &picture.lines {
        assert!(line.from.1 < picture.tiles[line.from.0].outputs.len());
        assert!(line.to.1 < picture.tiles[line.to.0].inputs.len());
    }
    let svg = svg::draw(&picture, "a <b> & \"c\"");
    assert_eq!(svg.matches("<path ").count(), picture.lines.len());
    assert!(svg.contains("a &lt;b&gt; &amp; &quot;c&quot;") && svg.contains(">cutoff<"), "{svg}");
    let dot = dot::draw(&picture, "a");
    assert_eq!(dot.matches(" -> ").count(), picture.lines.len());
    assert_eq!(dot.matches("<table ").count(), picture.tiles.len());
}
