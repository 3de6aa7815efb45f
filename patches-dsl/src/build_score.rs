//! From the parser's pairs to the syntax tree: patterns, sections, songs, curves.

use crate::build::{Builder, first};
use crate::nodes::P;
use crate::parse::Rule;
use crate::score::*;
use crate::tree::Name;

impl Builder {
    pub(crate) fn pattern(&mut self, pair: P<'_>) -> Pattern {
        let span = self.span(&pair);
        let mut parts = pair.into_inner().skip(1);
        let name = self.name(&parts.next().expect("a pattern has a name"));
        let mut rows = Vec::new();
        for part in parts {
            match part.as_rule() {
                Rule::steps => rows.push(Row { name: None, steps: self.steps(part) }),
                _ => {
                    let mut row = part.into_inner();
                    let label = first(row.next().expect("a row has a label"));
                    let name = Some(self.name(&label));
                    rows.push(Row { name, steps: row.next().map(|steps| self.steps(steps)).unwrap_or_default() });
                }
            }
        }
        Pattern { name, rows, span }
    }

    fn steps(&mut self, pair: P<'_>) -> Vec<Step> {
        pair.into_inner().map(|step| self.step(step)).collect()
    }

    fn step(&mut self, pair: P<'_>) -> Step {
        let span = self.span(&pair);
        let mut what = StepWhat::Rest;
        let mut after = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::times => after.push(After::Times(self.step_value(first(part)))),
                Rule::long => after.push(After::Long(self.step_value(first(part)))),
                Rule::chance => after.push(After::Chance(part.into_inner().next().map(|odds| self.step_value(odds)))),
                Rule::euclid => {
                    after.push(After::Euclid(part.into_inner().map(|n| self.step_value(first(n))).collect()))
                }
                Rule::slide_to => {
                    let value = self.step_value(first(part));
                    if let StepWhat::Play { slide, .. } = &mut what {
                        *slide = Some(value);
                    }
                }
                Rule::second => {
                    let mut values = part.into_inner();
                    let value = values.next().map(|value| self.step_value(value));
                    let to = values.next().map(|to| self.step_value(first(to)));
                    if let StepWhat::Play { second, second_slide, .. } = &mut what {
                        (*second, *second_slide) = (value, to);
                    }
                }
                _ => what = self.step_what(part),
            }
        }
        Step { what, after, span }
    }

    fn step_what(&mut self, pair: P<'_>) -> StepWhat {
        let head = match pair.as_rule() {
            Rule::rest => return StepWhat::Rest,
            Rule::tie => return StepWhat::Tie,
            Rule::slide => {
                let mut values = pair.into_inner().map(|part| match part.as_rule() {
                    Rule::pn => self.step_value(first(part)),
                    _ => self.step_value(part),
                });
                let mut next = || values.next().expect("a slide has three values");
                return StepWhat::Slide(next(), next(), next());
            }
            Rule::subdiv => Head::Group(self.steps(first(pair))),
            Rule::oneof => Head::OneOf(self.steps(first(pair))),
            _ => Head::Value(self.step_value(pair)),
        };
        StepWhat::Play { head, slide: None, second: None, second_slide: None }
    }

    fn step_value(&mut self, pair: P<'_>) -> StepValue {
        let span = self.span(&pair);
        match pair.as_rule() {
            Rule::value => self.step_value(first(pair)),
            Rule::hit => StepValue::Hit(span),
            // In small letters it may be the name of a constant.
            Rule::pnote if pair.as_str().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) => {
                StepValue::Name(self.name(&pair))
            }
            Rule::pnote => StepValue::Note(self.note(&pair), span),
            Rule::param => StepValue::Param(self.param(pair)),
            Rule::name => StepValue::Name(self.name(&pair)),
            Rule::whole | Rule::odds => {
                let text = pair.as_str().trim();
                let (number, unit) = text.strip_suffix('%').map_or((text, ""), |number| (number, "%"));
                let value = number.parse::<f64>().ok().filter(|v| v.is_finite()).unwrap_or(f64::MAX);
                let whole = !number.contains('.');
                StepValue::Quantity(crate::tree::Quantity { value, unit, whole, span })
            }
            _ => StepValue::Quantity(self.quantity(pair)),
        }
    }

    pub(crate) fn section(&mut self, pair: P<'_>) -> Section {
        let span = self.span(&pair);
        let mut parts = pair.into_inner().skip(1);
        let name = Some(self.name(&parts.next().expect("a section has a name")));
        Section { name, rows: self.lines(parts.next().expect("a section has rows")), span }
    }

    fn lines(&mut self, pair: P<'_>) -> Vec<Line> {
        let groups = pair.into_inner().filter(|part| part.as_rule() == Rule::rowgroup);
        groups.map(|group| self.line(first(group))).collect()
    }

    fn line(&mut self, pair: P<'_>) -> Line {
        let span = self.span(&pair);
        if pair.as_rule() == Rule::cells {
            return Line::Cells(pair.into_inner().map(|cell| self.cell(first(cell))).collect(), span);
        }
        let mut parts: Vec<P<'_>> = pair.into_inner().collect();
        let times = self.step_value(first(parts.pop().expect("a repetition ends with its count")));
        Line::Repeat(parts.into_iter().map(|group| self.line(first(group))).collect(), times)
    }

    fn cell(&mut self, pair: P<'_>) -> Cell {
        match pair.as_rule() {
            Rule::silence => Cell::Silence(self.span(&pair)),
            Rule::param => Cell::Param(self.param(pair)),
            Rule::lane => {
                let mut names = pair.into_inner().map(|name| self.name(&name));
                let mut next = || names.next().expect("a lane is named by two");
                Cell::Lane(next(), next())
            }
            _ => Cell::Name(self.name(&pair)),
        }
    }

    pub(crate) fn song(&mut self, pair: P<'_>) -> Song {
        let span = self.span(&pair);
        let mut parts = pair.into_inner().skip(1);
        let name = self.name(&parts.next().expect("a song has a name"));
        let (lanes, sections, patterns, plays) = (vec![], vec![], vec![], vec![]);
        let mut song = Song { name, lanes, sections, patterns, plays, unreadable: false, span };
        for part in parts {
            match part.as_rule() {
                Rule::name => song.lanes.push(self.name(&part)),
                Rule::section => song.sections.push(self.section(part)),
                Rule::pattern => song.patterns.push(self.pattern(part)),
                Rule::play => self.play(part, &mut song),
                Rule::loop_ => song.plays.push(Play::Loop(self.span(&part))),
                Rule::unreadable => song.unreadable = true,
                _ => {}
            }
        }
        song
    }

    fn play(&mut self, pair: P<'_>, song: &mut Song) {
        let span = self.span(&pair);
        let what = pair.into_inner().nth(1).expect("`play` is followed by what it plays");
        match what.as_rule() {
            Rule::plays => {
                let plays = self.plays(what);
                song.plays.extend(plays);
            }
            rule => {
                let (name, rows): (Option<Name>, _) = if rule == Rule::play_named {
                    let mut parts = what.into_inner();
                    let name = self.name(&parts.next().expect("a named play has a name"));
                    (Some(name), parts.next().expect("a named play has rows"))
                } else {
                    (None, what)
                };
                let rows = self.lines(rows);
                song.plays.push(Play::Here(song.sections.len()));
                song.sections.push(Section { name, rows, span });
            }
        }
    }

    fn plays(&mut self, pair: P<'_>) -> Vec<Play> {
        pair.into_inner().map(|one| self.play_one(one)).collect()
    }

    fn play_one(&mut self, pair: P<'_>) -> Play {
        let mut parts = pair.into_inner();
        let what = parts.next().expect("a play plays something");
        let times = parts.next().map(|times| self.step_value(first(times)));
        let plays = match what.as_rule() {
            Rule::play_group => self.plays(first(what)),
            _ => vec![Play::Section(self.name(&what))],
        };
        match (plays.len(), &times) {
            (1, None) => plays.into_iter().next().expect("its length is one"),
            _ => Play::Group(plays, times),
        }
    }

    pub(crate) fn curve(&mut self, pair: P<'_>) -> Curve {
        let span = self.span(&pair);
        let mut parts = pair.into_inner().skip(1);
        let name = self.name(&parts.next().expect("a curve has a name"));
        let points = parts
            .map(|point| {
                let mut inner = point.into_inner();
                let at = self.expr(inner.next().expect("a point has a time"));
                let value = self.expr(inner.next().expect("a point has a value"));
                (at, value, inner.map(|word| self.name(&word)).collect())
            })
            .collect();
        Curve { name, points, span }
    }
}
