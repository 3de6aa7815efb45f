//! Steps in time: what happens when, in steps of the sequencer's clock, with groups opened and rounds written out.

use super::{After, Head, Lane, Pattern, RowKind, Score, Step, StepValue, What};

/// What an event does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Played {
    /// Silence; the value holds.
    Rest,
    /// A note.
    Note,
    /// What sounds goes on.
    Tie,
}

/// One event of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The step it stands in.
    pub step: u32,
    /// How far into the step, 0..1.
    pub part: f64,
    /// How many steps it takes.
    pub length: f64,
    /// What it does.
    pub what: Played,
    /// The value, and what it slides to; none keeps the one before.
    pub value: Option<(f64, f64)>,
    /// It is an `x`, not a value.
    pub hit: bool,
    /// The second value, and what it slides to; none where none is written.
    pub second: Option<(f64, f64)>,
    /// The next event is a tie.
    pub tied: bool,
    /// Chances that must all fall well, each with the number of its throw: events of one group share one.
    pub chances: [(f64, u32); 2],
}

/// A row, laid out.
#[derive(Clone, Debug, PartialEq)]
pub struct RowEvents {
    /// How many steps.
    pub steps: u32,
    /// The step that the end goes back to.
    pub loop_at: u32,
    /// Its events in order.
    pub events: Vec<Event>,
}

/// A score that would take more events than a row may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl RowEvents {
    /// Events of one row: an hour of sixteenths at 120 beats a minute is half of it.
    pub const MOST: usize = 1 << 16;
}

impl Score {
    /// The rows, laid out.
    ///
    /// # Errors
    /// When a row would hold more than [`RowEvents::MOST`] events or steps.
    pub fn rows(&self) -> Result<Vec<RowEvents>, TooLong> {
        let names = self.row_names();
        let lay = |(index, name): (usize, &std::sync::Arc<str>)| {
            let mut layer = Layer::new(self.kind(index));
            let row = |pattern: &Pattern| -> Vec<Step> {
                pattern.row(name, index).map(|row| row.steps.clone()).unwrap_or_default()
            };
            match &self.lane {
                None => layer.pattern(&self.patterns.first().map(row).unwrap_or_default())?,
                Some(lane) => layer.lane(lane, &self.patterns.iter().map(row).collect::<Vec<_>>())?,
            }
            Ok(layer.done())
        };
        names.iter().enumerate().map(lay).collect()
    }
}

/// A slide and a second value that hold for all of a group.
#[derive(Clone, Copy, Default)]
struct Outer {
    slide: Option<StepValue>,
    second: Option<StepValue>,
    second_slide: Option<StepValue>,
}

/// Lays out a row.
struct Layer {
    kind: RowKind,
    /// Start of each event in steps, with the event.
    events: Vec<Event>,
    steps: u64,
    loop_at: u64,
    /// Which time round.
    round: u64,
    throws: u32,
    chances: Vec<(f64, u32)>,
    full: bool,
}

impl Layer {
    fn new(kind: RowKind) -> Layer {
        let (events, chances) = (Vec::new(), Vec::new());
        Layer { kind, events, steps: 0, loop_at: 0, round: 0, throws: 0, chances, full: false }
    }

    fn checked(&self) -> Result<(), TooLong> {
        if self.full || self.steps > RowEvents::MOST as u64 { Err(TooLong) } else { Ok(()) }
    }

    /// A row that goes round by itself, as often as it takes until all choices come again.
    fn pattern(&mut self, steps: &[Step]) -> Result<(), TooLong> {
        for round in 0..rounds(steps) {
            self.round = round;
            self.row(steps);
            self.checked()?;
        }
        Ok(())
    }

    fn row(&mut self, steps: &[Step]) {
        for step in steps {
            let length = step.length();
            self.step(step, self.steps as f64, length as f64, Outer::default());
            self.steps += length;
            if self.checked().is_err() {
                return;
            }
        }
    }

    /// A lane: its beginning, then the parts that come again, as often as it takes until all choices come again.
    fn lane(&mut self, lane: &Lane, rows: &[Vec<Step>]) -> Result<(), TooLong> {
        let loop_at = (lane.loop_at as usize).min(lane.cells.len());
        let mut rounds_of: Vec<u64> = vec![0; rows.len()];
        let mut times = 1;
        for (index, row) in rows.iter().enumerate() {
            let often = lane.cells[loop_at..].iter().filter(|cell| cell.pattern == Some(index as u32)).count() as u64;
            let period = rounds(row);
            if often > 0 {
                times = lcm(times, period / gcd(period, often));
            }
        }
        for time in 0..times {
            let cells = if time == 0 { &lane.cells[..] } else { &lane.cells[loop_at..] };
            for (index, cell) in cells.iter().enumerate() {
                if time == 0 && index == loop_at {
                    self.loop_at = self.steps;
                }
                let end = self.steps + u64::from(cell.steps);
                if let Some((row, round)) = cell.pattern.and_then(|p| Some((rows.get(p as usize)?, p as usize))) {
                    self.round = rounds_of[round];
                    rounds_of[round] += 1;
                    self.row(row);
                    self.checked()?;
                }
                if self.steps < end {
                    self.push(self.steps as f64, (end - self.steps) as f64, Played::Rest, None, None);
                    self.steps = end;
                }
                self.checked()?;
            }
        }
        Ok(())
    }

    fn step(&mut self, step: &Step, at: f64, length: f64, outer: Outer) {
        self.after(step, step.after.len(), at, length, outer);
    }

    /// A step with the first `count` of what is done with it; the last of them holds the others.
    fn after(&mut self, step: &Step, count: usize, at: f64, length: f64, outer: Outer) {
        if self.full {
            return;
        }
        let Some(inner) = count.checked_sub(1) else { return self.what(&step.what, at, length, outer) };
        match step.after[inner] {
            After::Long(_) => self.after(step, inner, at, length, outer),
            After::Times(times) => {
                let part = length / f64::from(times);
                for n in 0..times {
                    self.after(step, inner, at + f64::from(n) * part, part, outer);
                }
            }
            After::Chance(chance) => {
                self.throws += 1;
                self.chances.push((chance, self.throws));
                self.after(step, inner, at, length, outer);
                self.chances.pop();
            }
            After::Euclid { hits, steps, turn } => {
                let part = length / f64::from(steps);
                for n in 0..steps {
                    let turned = (i64::from(n) + i64::from(turn)).rem_euclid(i64::from(steps)) as u64;
                    let start = at + f64::from(n) * part;
                    match (turned * u64::from(hits)) % u64::from(steps) < u64::from(hits) {
                        true => self.after(step, inner, start, part, outer),
                        false => self.push(start, part, Played::Rest, None, None),
                    }
                }
            }
        }
    }

    fn what(&mut self, what: &What, at: f64, length: f64, outer: Outer) {
        match what {
            What::Rest => self.push(at, length, Played::Rest, None, None),
            What::Tie => self.push(at, length, Played::Tie, None, None),
            What::Slide(steps, from, to) => {
                let (Some(from), Some(to)) = (from.number(), to.number()) else { return };
                let part = length / f64::from(*steps);
                for n in 0..*steps {
                    let played = if n == 0 { Played::Note } else { Played::Tie };
                    let value = |n: u32| from + (to - from) * f64::from(n) / f64::from(*steps);
                    self.push(at + f64::from(n) * part, part, played, Some((value(n), value(n + 1))), None);
                }
            }
            What::Play { head, slide, second, second_slide } => {
                let own = Outer {
                    slide: slide.or(outer.slide),
                    second: second.or(outer.second),
                    second_slide: second_slide.or(if second.is_none() { outer.second_slide } else { None }),
                };
                match head {
                    Head::Value(value) => self.note(*value, own, at, length),
                    Head::Group(steps) => {
                        let whole: u64 = steps.iter().map(Step::length).sum();
                        let part = length / whole.max(1) as f64;
                        let mut before = 0;
                        for step in steps {
                            let own_length = step.length();
                            self.step(step, at + before as f64 * part, own_length as f64 * part, own);
                            before += own_length;
                        }
                    }
                    Head::OneOf(steps) if steps.is_empty() => {}
                    Head::OneOf(steps) => {
                        let (round, count) = (self.round, steps.len() as u64);
                        self.round = round / count;
                        self.step(&steps[(round % count) as usize], at, length, own);
                        self.round = round;
                    }
                }
            }
        }
    }

    fn note(&mut self, value: StepValue, own: Outer, at: f64, length: f64) {
        let number = match (value, self.kind) {
            // Among numbers a hit is 1.
            (StepValue::Hit, RowKind::Numbers) => Some(1.0),
            (value, _) => value.number(),
        };
        let to = own.slide.and_then(StepValue::number);
        let second = own.second.and_then(StepValue::number);
        let second_to = own.second_slide.and_then(StepValue::number);
        let second = second.map(|second| (second, second_to.unwrap_or(second)));
        let slid = number.map(|number| (number, to.unwrap_or(number)));
        self.push(at, length, Played::Note, slid, second);
        if let (StepValue::Hit, Some(event)) = (value, self.events.last_mut()) {
            event.hit = true;
        }
    }

    fn push(&mut self, at: f64, length: f64, what: Played, value: Option<(f64, f64)>, second: Option<(f64, f64)>) {
        self.full |= self.events.len() >= RowEvents::MOST;
        if self.full {
            return;
        }
        // Thirds of thirds come out a little beside the step they end with.
        let step = (at + 1e-6).floor();
        let part = if at - step < 1e-6 { 0.0 } else { at - step };
        let chances = match self.chances[..] {
            [] => [(1.0, 0); 2],
            [one] => [one, (1.0, 0)],
            // Beyond two, the inner ones are thrown as one.
            [one, ref inner @ ..] => {
                let throw = inner.last().map_or(0, |(_, throw)| *throw);
                [one, (inner.iter().map(|(chance, _)| chance).product(), throw)]
            }
        };
        let step = step as u32;
        self.events.push(Event { step, part, length, what, value, hit: false, second, tied: false, chances });
    }

    fn done(mut self) -> RowEvents {
        let first = self.events.iter().position(|event| u64::from(event.step) >= self.loop_at).unwrap_or(0);
        for index in 0..self.events.len() {
            let next = if index + 1 < self.events.len() { index + 1 } else { first };
            self.events[index].tied = self.events[next].what == Played::Tie;
        }
        RowEvents { steps: self.steps as u32, loop_at: self.loop_at as u32, events: self.events }
    }
}

/// How many rounds of steps are different.
fn rounds(steps: &[Step]) -> u64 {
    steps.iter().fold(1, |all, step| match &step.what {
        What::Play { head: Head::Group(steps), .. } => lcm(all, rounds(steps)),
        What::Play { head: Head::OneOf(steps), .. } => {
            lcm(all, (steps.len().max(1) as u64).saturating_mul(rounds(steps)))
        }
        _ => all,
    })
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Held to what no row holds.
fn lcm(a: u64, b: u64) -> u64 {
    (a / gcd(a, b)).saturating_mul(b).min(1 << 40)
}
