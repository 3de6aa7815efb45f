//! Values in words, for the save report.

use crate::net::{Net, NetCable, NetModule};
use crate::report::Change;
use patches_core::exact;
use patches_core::graph::{Item, ParamValue};
use patches_core::score::{RowEvents, Score};
use patches_core::spec::{Kind, ParamKind};
use std::sync::Arc;

/// `cutoff`, or `level[kick]`.
pub fn slot_name(name: &str, indexed: bool, channels: &[Arc<str>], channel: u16) -> String {
    match channels.get(channel as usize) {
        Some(channel) if indexed => format!("{name}[{channel}]"),
        _ => name.to_string(),
    }
}

/// Channels, without those that only fade out: how many, or which where they have names.
pub fn channels(module: &NetModule) -> String {
    let names = &module.channels[..module.channels.len() - module.leaving];
    if module.spec.faces_device() {
        // The first two are there in any case.
        return names.len().max(2).to_string();
    }
    let numbered = names.iter().enumerate().all(|(place, name)| name.parse() == Ok(place));
    if numbered { names.len().to_string() } else { names.join(", ") }
}

/// A number with as many digits as a person wants to see.
fn short(x: f64) -> String {
    digits(x, 0)
}

/// A number with so many digits more than a person wants to see.
fn digits(x: f64, more: usize) -> String {
    let text = format!("{x:.*}", more + if x.abs() >= 100.0 { 1 } else { 3 });
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// A level before and after, with as many digits as it takes to see that they differ.
pub fn levels(from: (f32, Kind), to: (f32, Kind)) -> (String, String) {
    // A number of 32 bits has nine digits.
    let said = |more| (level(from.0, from.1, more), level(to.0, to.1, more));
    (0..6).map(said).find(|(from, to)| from != to).unwrap_or_else(|| said(6))
}

/// A level in the unit people use for its kind.
fn level(value: f32, kind: Kind, more: usize) -> String {
    let x = f64::from(value);
    match kind {
        Kind::Pitch => hertz(exact::hz_of_pitch(x), more),
        Kind::Rate => hertz(x, more),
        Kind::Interval => format!("{} st", digits(x * 12.0, more)),
        Kind::Time if x < 1.0 => format!("{} ms", digits(x * 1000.0, more)),
        Kind::Time => format!("{} s", digits(x, more)),
        _ => digits(x, more),
    }
}

/// A cable that carries more or less than before, as a change of its input.
pub fn rescaled(net: &Net, cable: &NetCable, before: f32) -> Change {
    let (from, to) = (&net.modules[cable.from.module], &net.modules[cable.to.module]);
    let (out, input) = (&from.spec.outputs[cable.from.port as usize], &to.spec.inputs[cable.to.port as usize]);
    let source = slot_name(out.names[0], out.indexed, &from.channels, cable.from.channel);
    // What is no pitch, rate or time moves one by as much as the scale says, in its unit.
    let of_pitch = |kind| matches!(kind, Kind::Pitch | Kind::Interval);
    let kind = match input.kind {
        Kind::Pitch | Kind::Interval if !of_pitch(out.kind) => Kind::Interval,
        kind @ (Kind::Rate | Kind::Time) if kind != out.kind => kind,
        _ => Kind::Number,
    };
    let (before, after) = levels((before, kind), (cable.scale, kind));
    let said = |scale: String| format!("{scale} × {}.{source}", from.path);
    let param = slot_name(input.names[0], input.indexed, &to.channels, cable.to.channel);
    Change { module: to.path.clone(), param, from: said(before), to: said(after) }
}

/// A cable, as it would be written.
pub fn cable(net: &Net, cable: &NetCable) -> String {
    let (from, to) = (&net.modules[cable.from.module], &net.modules[cable.to.module]);
    let (out, input) = (&from.spec.outputs[cable.from.port as usize], &to.spec.inputs[cable.to.port as usize]);
    let source = slot_name(out.names[0], out.indexed, &from.channels, cable.from.channel);
    let target = slot_name(input.names[0], input.indexed, &to.channels, cable.to.channel);
    format!("{}.{source} -> {}.{target}", from.path, to.path)
}

fn hertz(hz: f64, more: usize) -> String {
    if hz >= 1000.0 { format!("{} kHz", digits(hz / 1000.0, more)) } else { format!("{} Hz", digits(hz, more)) }
}

/// A pattern: how many steps, and which rows if they have names.
fn score_words(score: &Score) -> String {
    let steps = score.rows().ok().and_then(|rows| rows.iter().map(|row| row.steps).max()).unwrap_or(0);
    let steps = format!("{steps} step{}", if steps == 1 { "" } else { "s" });
    match score.row_names().join(", ").as_str() {
        "0" => steps,
        names => format!("{steps} of {names}"),
    }
}

/// One pattern after another: what there was, and what there is or where it begins to differ.
pub fn scores(from: &Score, to: &Score) -> (String, String) {
    let (before, after) = (score_words(from), score_words(to));
    if before != after {
        return (before, after);
    }
    let (Ok(old), Ok(new)) = (from.rows(), to.rows()) else { return (before, after) };
    let names = to.row_names();
    let first = |(row, (old, new)): (usize, (&RowEvents, &RowEvents))| {
        let differ = old.events.iter().zip(&new.events).find(|(old, new)| old != new);
        let step = differ.map(|(old, new)| old.step.min(new.step));
        let longer = old.events.get(new.events.len()).or_else(|| new.events.get(old.events.len()));
        let step = step.or(longer.map(|event| event.step)).or((old != new).then_some(0))?;
        Some((step, row))
    };
    match old.iter().zip(&new).enumerate().filter_map(first).min() {
        Some((step, row)) if names.len() > 1 => (before, format!("others from step {} of {} on", step + 1, names[row])),
        Some((step, _)) => (before, format!("others from step {} on", step + 1)),
        None => (before, "others in its text, the same in time".into()),
    }
}

fn item(item: &Item) -> String {
    match item {
        Item::Number(x) => short(*x),
        Item::Word(word) => word.to_string(),
    }
}

/// One list after another: of long ones what differs, and where.
pub fn lists(from: &[Item], to: &[Item]) -> (String, String) {
    let all = |items: &[Item]| items.iter().map(item).collect::<Vec<_>>().join(" ");
    let same = from.iter().zip(to).take_while(|(a, b)| a == b).count();
    let ends = from[same..].iter().rev().zip(to[same..].iter().rev()).take_while(|(a, b)| a == b).count();
    let part = |items: &[Item]| match &items[same..items.len() - ends] {
        [] => "nothing".to_string(),
        items => all(items),
    };
    match same + ends {
        0..4 => (all(from), all(to)),
        _ => (part(from), format!("{} (member {} of {})", part(to), same + 1, to.len())),
    }
}

/// A parameter that does not move.
pub fn param(value: Option<&ParamValue>, kind: &ParamKind) -> String {
    match (value, kind) {
        (Some(ParamValue::Choice(index)), ParamKind::Choice(words)) => words[*index as usize][0].to_string(),
        (None, ParamKind::Choice(words)) => words[0][0].to_string(),
        (Some(ParamValue::Int(x)), _) => x.to_string(),
        (None, ParamKind::Int { default, .. }) => default.to_string(),
        (Some(ParamValue::Bool(x)), _) => x.to_string(),
        (None, ParamKind::Bool(default)) => default.to_string(),
        (Some(ParamValue::Text(text)), _) => text.to_string(),
        (Some(ParamValue::Score(score)), _) => score_words(score),
        (Some(ParamValue::List(items)), _) => items.iter().map(item).collect::<Vec<_>>().join(" "),
        _ => "nothing".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_long_lists_only_what_differs_is_told() {
        let list = |text: &str| -> Vec<Item> {
            let item = |part: &str| part.parse().map_or_else(|_| Item::Word(part.into()), Item::Number);
            text.split(' ').map(item).collect()
        };
        let told = |from: &str, to: &str| lists(&list(from), &list(to));
        let long = "0 200 linear 16 1100 exp 32 200 linear";
        let (from, to) = told(long, &long.replace("1100", "2000"));
        assert_eq!((from.as_str(), to.as_str()), ("1100", "2000 (member 5 of 9)"));
        let (from, to) = told(long, &long.replace("16 1100 exp ", ""));
        assert_eq!((from.as_str(), to.as_str()), ("16 1100 exp", "nothing (member 4 of 6)"));
        assert_eq!(told("1 2 3", "1 2 4"), ("1 2 3".to_string(), "1 2 4".to_string()));
    }
}
