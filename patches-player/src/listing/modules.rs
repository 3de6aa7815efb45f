//! `patches modules`: what each module type can do, from its own declaration.

use super::print_json;
use crate::cli::ModulesArgs;
use crate::error::Error;
use patches_core::exact;
use patches_core::spec::{Input, Kind, Normal, Param, ParamKind, Spec, Unit};
use patches_dsl::fault::nearest;
use patches_dsl::{find_type, not_yet, older_names, type_names};
use serde_json::{Value, json};
use std::io::Write;

/// Lists the module types, or shows one.
///
/// # Errors
/// If there is none of the name asked for.
pub fn modules(args: &ModulesArgs) -> Result<(), Error> {
    let library = patches_modules::library();
    let mut specs = library.specs().to_vec();
    specs.sort_by_key(|spec| spec.name().to_lowercase());
    let Some(name) = &args.name else {
        if args.json {
            return print_json(&specs.iter().map(|spec| describe(spec)).collect::<Vec<_>>());
        }
        let mut stdout = std::io::stdout().lock();
        let width = specs.iter().map(|spec| spec.name().len()).max().unwrap_or(0);
        for spec in specs {
            writeln!(stdout, "{:width$}  {}", spec.name(), spec.help)?;
        }
        return Ok(());
    };
    let all = || library.names().chain(type_names()).chain(older_names());
    let name = all().find(|own| own.eq_ignore_ascii_case(name)).unwrap_or(name);
    let Some((spec, _)) = find_type(&library, name) else {
        return Err(Error::Usage(match not_yet(name) {
            Some(today) if today == name => format!("no module plays `{name}` yet"),
            Some(today) => format!("no module plays `{name}` yet, which is `{today}` today"),
            None => {
                let near = nearest(name, library.names().chain(older_names()));
                let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                format!("no module type `{name}`{hint}")
            }
        }));
    };
    if args.json {
        return print_json(&describe(spec));
    }
    let mut stdout = std::io::stdout().lock();
    if !spec.names.contains(&name) {
        writeln!(stdout, "{name}, of older files, is {} today.\n", spec.name())?;
    }
    write!(stdout, "{}", page(spec))?;
    Ok(())
}

/// A value of an input in the unit that it is thought in: `C4`, `10 ct`, `-18 dB`.
fn value(input: &Input, value: f64) -> String {
    let whole = |x: f64| value.is_finite() && (x - x.round()).abs() < 1e-9;
    match (input.kind, unit(input)) {
        (Kind::Pitch, None) if whole(value * 12.0) => note((value * 12.0).round() as i32),
        (Kind::Interval, Some("ct")) => format!("{} ct", short(value * 1200.0)),
        (Kind::Interval, Some("st")) => format!("{} st", short(value * 12.0)),
        (Kind::Interval, None) if !whole(value) && whole(value * 12.0) => format!("{} st", short(value * 12.0)),
        // A level that is no round number was meant in decibels.
        (Kind::Gain, _) if value > 0.0 && !whole(value * 1000.0) => {
            format!("{} dB", short((exact::db_of_gain(value) * 100.0).round() / 100.0))
        }
        (kind, _) => words(kind, value),
    }
}

/// A note by its number above C0.
fn note(semitones: i32) -> String {
    const NAMES: [&str; 12] = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];
    format!("{}{}", NAMES[semitones.rem_euclid(12) as usize], semitones.div_euclid(12))
}

/// A number in the words of its kind: `1 kHz`, `10 ms`, `-6.0 dB`.
pub fn words(kind: Kind, value: f64) -> String {
    if !value.is_finite() {
        return "any".into();
    }
    match kind {
        Kind::Pitch => hertz(exact::hz_of_pitch(value)),
        Kind::Rate => hertz(value),
        Kind::Interval => format!("{} oct", short(value)),
        Kind::Time if value.abs() < 1.0 => format!("{} ms", short(value * 1000.0)),
        Kind::Time => format!("{} s", short(value)),
        _ => short(value),
    }
}

fn hertz(value: f64) -> String {
    // What is shown as 1000 Hz is 1 kHz.
    if value >= 999.95 { format!("{} kHz", short(value / 1000.0)) } else { format!("{} Hz", short(value)) }
}

/// At most four figures, no zeros at the end.
fn short(value: f64) -> String {
    let digits = if value == 0.0 { 0 } else { (3 - value.abs().log10().floor() as i32).clamp(0, 6) as usize };
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

fn unit(input: &Input) -> Option<&'static str> {
    match input.unit {
        Unit::Own => None,
        Unit::Milliseconds => Some("ms"),
        Unit::Semitones => Some("st"),
        Unit::Cents => Some("ct"),
        Unit::Octaves => Some("oct"),
        Unit::Bpm => Some("bpm"),
        Unit::Hertz => Some("Hz"),
    }
}

fn range(input: &Input) -> String {
    match (input.min.is_finite(), input.max.is_finite()) {
        (false, false) => String::new(),
        // All pitches there are, and beyond.
        _ if input.kind == Kind::Pitch && (input.min, input.max) == (-4.0, 16.0) => String::new(),
        (true, false) => format!("from {}", value(input, input.min)),
        (false, true) => format!("to {}", value(input, input.max)),
        (true, true) => format!("{} .. {}", value(input, input.min), value(input, input.max)),
    }
}

/// A param's possible words or range, and its default.
fn choices(param: &Param) -> (String, String) {
    match &param.kind {
        ParamKind::Choice(words) => {
            (words.iter().map(|word| word[0]).collect::<Vec<_>>().join(" | "), words[0][0].to_string())
        }
        ParamKind::Int { min, max, default } => (format!("{min} .. {max}"), default.to_string()),
        ParamKind::Bool(default) => ("true | false".into(), default.to_string()),
        ParamKind::Text => ("text".into(), String::new()),
        ParamKind::File => ("a file".into(), String::new()),
        ParamKind::List { kind, words: [] } => (format!("a list of {}", kind.name()), String::new()),
        ParamKind::List { kind, words } => {
            (format!("a list of {}, or {}", kind.name(), words.join(" ")), String::new())
        }
        ParamKind::Pattern => ("a pattern".into(), String::new()),
        ParamKind::Song => ("a song".into(), String::new()),
    }
}

fn port(names: &[&str], indexed: bool) -> String {
    names
        .iter()
        .map(|name| if indexed { format!("{name}[i]") } else { (*name).to_string() })
        .collect::<Vec<_>>()
        .join("/")
}

/// A module for people: aligned columns, the main port first.
pub fn page(spec: &Spec) -> String {
    let mut rows: Vec<(&str, [String; 4], &str)> = Vec::new();
    let mut lists: Vec<(&str, String)> = Vec::new();
    for input in &spec.inputs {
        let star = if input.normal == Normal::Stays { "" } else { "*" };
        let stereo = if input.stereo { ", stereo" } else { "" };
        let kind = format!(
            "{}{stereo}{}",
            if input.any { "any" } else { input.kind.name() },
            unit(input).map(|u| format!(", {u}")).unwrap_or_default()
        );
        let default = match input.kind {
            Kind::Audio | Kind::Gate | Kind::Trigger | Kind::Midi if input.default == 0.0 => String::new(),
            _ => value(input, input.default),
        };
        rows.push(("in", [port(input.names, input.indexed) + star, kind, default, range(input)], input.help));
    }
    for param in &spec.params {
        let (mut range, default) = choices(param);
        // Many words have a line of their own.
        if let ParamKind::List { kind, words: words @ [_, ..] } = &param.kind {
            range = format!("a word, or a list of {}", kind.name());
            lists.push((param.names[0], words.join(", ")));
        }
        rows.push(("set", [port(param.names, param.indexed), "constant".into(), default, range], param.help));
    }
    for output in &spec.outputs {
        let stereo = if output.stereo { ", stereo" } else { "" };
        let kind = format!("{}{stereo}", output.kind.name());
        rows.push(("out", [port(output.names, output.indexed), kind, String::new(), String::new()], output.help));
    }
    let mut page = format!("{}  {}\n\n", spec.names.join(", "), spec.help);
    let widths: Vec<usize> =
        (0..4).map(|i| rows.iter().map(|(_, row, _)| row[i].chars().count()).max().unwrap_or(0)).collect();
    for (what, row, help) in &rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}")).collect();
        page += format!("  {what:4}{}  {help}", cells.join("  ")).trim_end();
        page.push('\n');
    }
    if spec.inputs.iter().any(|input| input.normal != Normal::Stays) {
        page += "\n  * a cable takes the place of the default\n";
    }
    for (name, words) in lists {
        page += &format!("\n  {name} is one of {words}\n");
    }
    if !spec.example.is_empty() {
        page += &format!("\nExample:\n\n{}\n", indent(spec.example));
    }
    page
}

fn indent(text: &str) -> String {
    text.trim_end().lines().map(|line| format!("    {}", line.trim_end())).collect::<Vec<_>>().join("\n")
}

/// A finite number, or null.
fn number(value: f64) -> Value {
    if value.is_finite() { json!(value) } else { Value::Null }
}

/// A module for tools.
fn describe(spec: &Spec) -> Value {
    let inputs: Vec<Value> = spec
        .inputs
        .iter()
        .map(|i| {
            json!({ "names": i.names, "kind": i.kind.name(), "any": i.any, "unit": unit(i), "default": number(i.default),
                "min": number(i.min), "max": number(i.max), "normalled": i.normal != Normal::Stays,
                "indexed": i.indexed, "stereo": i.stereo, "help": i.help })
        })
        .collect();
    let params: Vec<Value> = spec
        .params
        .iter()
        .map(|p| {
            let (range, default) = choices(p);
            json!({ "names": p.names, "values": range, "default": default, "indexed": p.indexed, "help": p.help })
        })
        .collect();
    let outputs: Vec<Value> = spec
        .outputs
        .iter()
        .map(|o| {
            json!({ "names": o.names, "kind": o.kind.name(), "indexed": o.indexed, "stereo": o.stereo, "help": o.help })
        })
        .collect();
    json!({ "names": spec.names, "help": spec.help, "inputs": inputs, "parameters": params, "outputs": outputs,
        "one": spec.one, "example": spec.example })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(words(Kind::Pitch, exact::pitch_of_hz(1000.0)), "1 kHz");
        assert_eq!(words(Kind::Pitch, exact::pitch_of_hz(440.0)), "440 Hz");
        assert_eq!(words(Kind::Time, 0.01), "10 ms");
        assert_eq!(words(Kind::Time, 20.0), "20 s");
        assert_eq!(words(Kind::Gain, 0.7), "0.7");
        assert_eq!(words(Kind::Rate, 0.001), "0.001 Hz");
        assert_eq!(words(Kind::Audio, f64::INFINITY), "any");
    }

    #[test]
    fn values_stand_in_the_unit_they_are_thought_in() {
        let library = patches_modules::library();
        let default = |name: &str, input: &str| {
            let spec = library.find(name).expect("it is there");
            let input = &spec.inputs[usize::from(spec.input(input).expect("it has it").0)];
            (value(input, input.default), range(input))
        };
        assert_eq!(default("Quant", "centre"), ("C0".into(), String::new()));
        assert_eq!(default("Unison", "detune").0, "10 ct");
        assert_eq!(default("Keys", "bend").0, "2 st");
        assert_eq!(default("Compressor", "threshold").0, "-18 dB");
        let page = page(library.find("Quant").expect("it is there"));
        assert!(
            page.contains("scale is one of chromatic, major, ") && page.contains("a word, or a list of interval"),
            "{page}"
        );
        assert!(page.lines().all(|line| line.chars().count() < 300), "{page}");
    }

    #[test]
    fn every_module_shows_itself() {
        for spec in patches_modules::library().specs() {
            let all = describe(spec);
            assert_eq!(all["inputs"].as_array().map(Vec::len), Some(spec.inputs.len()), "{}", spec.name());
            assert!(!spec.help.is_empty(), "{} has no help", spec.name());
        }
    }
}
