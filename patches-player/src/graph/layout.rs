//! Where things stand in the picture: columns from left to right, few crossings, straight lines where they can be.
//! Source: K. Sugiyama, S. Tagawa, M. Toda, "Methods for Visual Understanding of Hierarchical System Structures" (1981):
//! columns, then the order in them by the mean place of the neighbours, then heights.

/// Space between columns, rows, and lines that go back.
const COLUMN_GAP: f64 = 64.0;
const ROW_GAP: f64 = 18.0;
const LANE: f64 = 9.0;
/// Height that a line takes where it passes through a column.
const PASSING: f64 = 6.0;
/// Times that the order and the heights are gone over, in both directions each; more changes nothing that is seen.
const SWEEPS: usize = 8;

/// Places where lines pass, at most: a picture with more of them is no longer looked at line by line, and its long lines
/// run straight.
const PASSINGS: usize = 50_000;

/// Something to be placed.
pub struct Node {
    pub width: f64,
    pub height: f64,
}

/// A line between two nodes: its ends as heights below their tops.
pub struct Edge {
    pub from: (usize, f64),
    pub to: (usize, f64),
    /// Drawn back, whatever the rest.
    pub late: bool,
}

/// A point.
pub type Point = (f64, f64);

/// How a line runs.
#[derive(Debug, PartialEq)]
pub enum Route {
    /// From left to right, level at each point.
    Forward(Vec<Point>),
    /// Back, below everything, with corners at the points.
    Back(Vec<Point>),
}

/// All places.
pub struct Layout {
    /// Top left corners.
    pub nodes: Vec<Point>,
    /// As the edges.
    pub routes: Vec<Route>,
    pub width: f64,
    pub height: f64,
}

/// What stands in a column: a node, or a place where a line passes.
struct Spot {
    column: usize,
    width: f64,
    height: f64,
    y: f64,
    /// Neighbours to the left and right, with the heights below both tops at which the line leaves here and there.
    left: Vec<(usize, f64, f64)>,
    right: Vec<(usize, f64, f64)>,
}

/// Places everything.
pub fn layout(nodes: &[Node], edges: &[Edge]) -> Layout {
    let back = going_back(nodes.len(), edges);
    let columns = columns(nodes.len(), edges, &back);
    let mut spots: Vec<Spot> = nodes
        .iter()
        .zip(&columns)
        .map(|(node, &column)| Spot {
            column,
            width: node.width,
            height: node.height,
            y: 0.0,
            left: vec![],
            right: vec![],
        })
        .collect();
    let forward = || edges.iter().zip(&back).filter(|(_, back)| !**back).map(|(edge, _)| edge);
    let passings: usize = forward().map(|edge| columns[edge.to.0] - columns[edge.from.0] - 1).sum();
    let ways: Vec<Vec<usize>> = edges
        .iter()
        .zip(&back)
        .map(|(edge, &back)| {
            let far = columns[edge.to.0].abs_diff(columns[edge.from.0]) > 1;
            if back || (far && passings > PASSINGS) { vec![] } else { way(&mut spots, edge) }
        })
        .collect();
    let order = order(&mut spots);
    heights(&mut spots, &order);
    let top = spots.iter().map(|spot| spot.y).fold(f64::INFINITY, f64::min);
    let top = if top.is_finite() { top } else { 0.0 };
    spots.iter_mut().for_each(|spot| spot.y -= top);
    let mut grid = Grid::new(&spots, &order);
    let mut routes: Vec<Route> =
        edges.iter().zip(&ways).zip(&back).map(|((edge, way), &back)| grid.route(&spots, edge, way, back)).collect();
    // A line that goes back to the first column comes in from further left than that.
    let xs = || routes.iter().flat_map(points).map(|point| point.0);
    let (left, right) = (xs().fold(0.0, f64::min), xs().fold(0.0, f64::max));
    let across = right.max(grid.lefts.last().copied().unwrap_or(0.0) - COLUMN_GAP);
    let nodes = spots[..nodes.len()].iter().map(|spot| (grid.lefts[spot.column] - left, spot.y)).collect();
    for route in &mut routes {
        let (Route::Forward(points) | Route::Back(points)) = route;
        points.iter_mut().for_each(|point| point.0 -= left);
    }
    Layout { nodes, width: (across - left).max(0.0), height: grid.lane, routes }
}

/// Where columns begin, how wide they are, and how deep lines go below them.
struct Grid {
    lefts: Vec<f64>,
    widths: Vec<f64>,
    below: f64,
    /// The last height at which a line goes back.
    lane: f64,
}

impl Grid {
    fn new(spots: &[Spot], order: &[Vec<usize>]) -> Grid {
        let width = |column: &Vec<usize>| column.iter().map(|&spot| spots[spot].width).fold(0.0, f64::max);
        let widths: Vec<f64> = order.iter().map(width).collect();
        let mut lefts = vec![0.0];
        for width in &widths {
            lefts.push(lefts.last().copied().unwrap_or(0.0) + width + COLUMN_GAP);
        }
        let below = spots.iter().map(|spot| spot.y + spot.height).fold(0.0, f64::max);
        Grid { lefts, widths, below, lane: below }
    }

    /// How an edge runs, over the spots on its way.
    fn route(&mut self, spots: &[Spot], edge: &Edge, way: &[usize], back: bool) -> Route {
        let ((from, out_y), (to, in_y)) = (edge.from, edge.to);
        let left_of = |spot: usize| self.lefts[spots[spot].column];
        let start = (left_of(from) + spots[from].width, spots[from].y + out_y);
        let end = (left_of(to), spots[to].y + in_y);
        if back {
            self.lane += LANE;
            // Each in its own place of the gap, so that two do not lie on each other.
            let aside = LANE + (self.lane - self.below) % (COLUMN_GAP / 2.0 - LANE);
            let right = self.lefts[spots[from].column] + self.widths[spots[from].column] + aside;
            let (left, lane) = (end.0 - aside, self.lane);
            return Route::Back(vec![start, (right, start.1), (right, lane), (left, lane), (left, end.1), end]);
        }
        let mut points = vec![start];
        for &spot in way {
            let (left, y) = (left_of(spot), spots[spot].y + PASSING / 2.0);
            points.extend([(left, y), (left + self.widths[spots[spot].column], y)]);
        }
        points.push(end);
        Route::Forward(points)
    }
}

fn points(route: &Route) -> &[Point] {
    match route {
        Route::Forward(points) | Route::Back(points) => points,
    }
}

/// Which edges are drawn back: late ones, and of every loop that is left the one that closes it.
fn going_back(count: usize, edges: &[Edge]) -> Vec<bool> {
    let mut back: Vec<bool> = edges.iter().map(|edge| edge.late || edge.from.0 == edge.to.0).collect();
    let mut out = vec![vec![]; count];
    for (index, edge) in edges.iter().enumerate() {
        if !back[index] {
            out[edge.from.0].push(index);
        }
    }
    // 0 not seen, 1 on the way, 2 done.
    let mut state = vec![0u8; count];
    for root in 0..count {
        let mut way = if state[root] == 0 { vec![(root, 0)] } else { vec![] };
        while let Some((node, next)) = way.last_mut() {
            state[*node] = 1;
            let Some(&edge) = out[*node].get(*next) else {
                state[*node] = 2;
                way.pop();
                continue;
            };
            *next += 1;
            let to = edges[edge].to.0;
            match state[to] {
                0 => way.push((to, 0)),
                1 => back[edge] = true,
                _ => {}
            }
        }
    }
    back
}

/// The column of each node: one right of all it hears; what hears nothing stands close to what hears it.
fn columns(count: usize, edges: &[Edge], back: &[bool]) -> Vec<usize> {
    let forward = || edges.iter().zip(back).filter(|(_, back)| !**back).map(|(edge, _)| (edge.from.0, edge.to.0));
    let (mut into, mut out) = (vec![0; count], vec![vec![]; count]);
    for (from, to) in forward() {
        into[to] += 1;
        out[from].push(to);
    }
    let sources: Vec<usize> = (0..count).filter(|&node| into[node] == 0).collect();
    let mut columns = vec![0; count];
    let mut ready = sources.clone();
    while let Some(node) = ready.pop() {
        for &to in &out[node] {
            columns[to] = columns[to].max(columns[node] + 1);
            into[to] -= 1;
            if into[to] == 0 {
                ready.push(to);
            }
        }
    }
    for node in sources {
        if let Some(nearest) = out[node].iter().map(|&to| columns[to]).min() {
            columns[node] = nearest - 1;
        }
    }
    columns
}

/// Puts spots in the columns that an edge passes, and joins its ends over them.
fn way(spots: &mut Vec<Spot>, edge: &Edge) -> Vec<usize> {
    let (mut last, mut leaves) = edge.from;
    let mut way = vec![];
    for column in spots[last].column + 1..spots[edge.to.0].column {
        let spot = spots.len();
        spots.push(Spot { column, width: 0.0, height: PASSING, y: 0.0, left: vec![], right: vec![] });
        join(spots, (last, leaves), (spot, PASSING / 2.0));
        (last, leaves) = (spot, PASSING / 2.0);
        way.push(spot);
    }
    join(spots, (last, leaves), edge.to);
    way
}

fn join(spots: &mut [Spot], from: (usize, f64), to: (usize, f64)) {
    spots[from.0].right.push((to.0, from.1, to.1));
    spots[to.0].left.push((from.0, to.1, from.1));
}

/// The spots of each column from top to bottom, by the mean place of their neighbours, the fewest crossings kept.
fn order(spots: &mut [Spot]) -> Vec<Vec<usize>> {
    let count = spots.iter().map(|spot| spot.column + 1).max().unwrap_or(0);
    let mut order = vec![vec![]; count];
    for (index, spot) in spots.iter().enumerate() {
        order[spot.column].push(index);
    }
    let mut rank = vec![0; spots.len()];
    let number = |order: &[Vec<usize>], rank: &mut Vec<usize>| {
        order.iter().flat_map(|column| column.iter().enumerate()).for_each(|(place, &spot)| rank[spot] = place);
    };
    number(&order, &mut rank);
    let mut best = (crossings(spots, &order, &rank), order.clone());
    for sweep in 0..2 * SWEEPS {
        let rightward = sweep % 2 == 0;
        let walk: Vec<usize> = if rightward { (0..count).collect() } else { (0..count).rev().collect() };
        for column in walk {
            let mean = |spot: usize| {
                let plugs = if rightward { &spots[spot].left } else { &spots[spot].right };
                // Ports of one neighbour in their order.
                let places = plugs.iter().map(|&(other, _, y)| rank[other] as f64 + y / (spots[other].height + 1.0));
                if plugs.is_empty() { rank[spot] as f64 } else { places.sum::<f64>() / plugs.len() as f64 }
            };
            let mut sorted: Vec<(f64, usize)> = order[column].iter().map(|&spot| (mean(spot), spot)).collect();
            sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
            order[column] = sorted.into_iter().map(|(_, spot)| spot).collect();
            order[column].iter().enumerate().for_each(|(place, &spot)| rank[spot] = place);
        }
        let found = crossings(spots, &order, &rank);
        if found < best.0 {
            best = (found, order.clone());
        }
    }
    best.1
}

/// How many pairs of lines cross: for each column those pairs that stand in another order on its right.
fn crossings(spots: &[Spot], order: &[Vec<usize>], rank: &[usize]) -> usize {
    let mut sum = 0;
    for column in order {
        let mut ends: Vec<((usize, f64), (usize, f64))> = vec![];
        for &spot in column {
            ends.extend(spots[spot].right.iter().map(|&(to, out, into)| ((rank[spot], out), (rank[to], into))));
        }
        ends.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
        let mut before: Vec<(usize, f64)> = vec![];
        for (_, to) in ends {
            // Kept in order, so that those behind this one are those it crosses.
            let place = before.partition_point(|other| *other <= to);
            sum += before.len() - place;
            before.insert(place, to);
        }
    }
    sum
}

/// Heights: each spot as near as can be to where its lines would be level, none over another.
fn heights(spots: &mut [Spot], order: &[Vec<usize>]) {
    for column in order {
        settle(spots, column, |_, _| None);
    }
    for sweep in 0..2 * SWEEPS {
        let rightward = sweep % 2 == 0;
        let walk: Vec<&Vec<usize>> = if rightward { order.iter().collect() } else { order.iter().rev().collect() };
        for column in walk {
            settle(spots, column, |spots, spot| {
                let plugs = if rightward { &spots[spot].left } else { &spots[spot].right };
                let level = plugs.iter().map(|&(other, here, there)| spots[other].y + there - here);
                (!plugs.is_empty()).then(|| level.sum::<f64>() / plugs.len() as f64)
            });
        }
    }
}

/// Places one column: the least sum of squared distances from the wishes, in the given order (pool adjacent violators).
/// A spot without a wish wishes to stay.
fn settle(spots: &mut [Spot], column: &[usize], wish: impl Fn(&[Spot], usize) -> Option<f64>) {
    // (sum of wishes less what stands above, how many)
    let mut pools: Vec<(f64, f64)> = vec![];
    let mut above = 0.0;
    for &spot in column {
        pools.push((wish(spots, spot).unwrap_or(spots[spot].y) - above, 1.0));
        while let [.., (sum, count), (next, more)] = pools[..]
            && sum / count > next / more
        {
            pools.pop();
            pools.pop();
            pools.push((sum + next, count + more));
        }
        above += spots[spot].height + ROW_GAP;
    }
    let mut column = column.iter();
    let mut above = 0.0;
    for (sum, count) in pools {
        for &spot in column.by_ref().take(count as usize) {
            spots[spot].y = sum / count + above;
            above += spots[spot].height + ROW_GAP;
        }
    }
}
