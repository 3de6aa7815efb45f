//! A graph as YAML, which reads back to an equal graph.

use crate::print;
use crate::print_score::Scores;
use patches_core::graph::{Graph, Item, Landing, Module, ParamValue, Setting};
use patches_core::spec::{Input, Kind, ParamKind, Side, Unit};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Whole {
    #[serde(skip_serializing_if = "Option::is_none")]
    tempo: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    swing: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fade: Option<Scalar>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tail: Option<Scalar>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tuning: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    swap: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mute: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    solo: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reset: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scores: Vec<String>,
    nodes: BTreeMap<String, Node>,
    cables: Vec<Wire>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    probes: Vec<View>,
}

#[derive(Serialize)]
struct View {
    from: String,
    output: String,
    kinds: Vec<String>,
    label: String,
}

#[derive(Serialize)]
struct Node {
    module: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    channels: Option<Scalar>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    params: BTreeMap<String, Scalar>,
    #[serde(skip_serializing_if = "Option::is_none")]
    was: Option<Scalar>,
}

#[derive(Serialize)]
struct Wire {
    from: String,
    output: String,
    to: String,
    input: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    scale: Option<f64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    late: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Scalar {
    Bool(bool),
    Int(i64),
    Number(f64),
    Text(String),
    List(Vec<Scalar>),
}

/// The YAML of a graph.
///
/// # Errors
/// What stands between a graph and its text; no graph of this crate meets it.
pub fn to_yaml(graph: &Graph) -> Result<String, String> {
    let scores = Scores::new(graph);
    let nodes = graph.modules.iter().map(|(path, module)| (path.to_string(), node(module, &scores)));
    let cables = graph.cables.iter().filter_map(|cable| {
        let (from, to) = (graph.modules.get(&cable.from.module)?, graph.modules.get(&cable.to.module)?);
        let output = &from.spec.outputs[cable.from.port as usize];
        let input = &to.spec.inputs[cable.to.port as usize];
        Some(Wire {
            from: cable.from.module.to_string(),
            output: port(from, output.names[0], output.indexed, cable.from.channel, cable.from.side),
            to: cable.to.module.to_string(),
            input: port(to, input.names[0], input.indexed, cable.to.channel, cable.to.side),
            scale: (cable.scale != 1.0).then_some(cable.scale),
            late: cable.late,
        })
    });
    let probes = graph.probes.iter().filter_map(|probe| {
        let from = graph.modules.get(&probe.from.module)?;
        let output = &from.spec.outputs[probe.from.port as usize];
        Some(View {
            from: probe.from.module.to_string(),
            output: port(from, output.names[0], output.indexed, probe.from.channel, probe.from.side),
            kinds: probe.kinds.iter().map(ToString::to_string).collect(),
            label: probe.label.to_string(),
        })
    });
    let time = |time| match time {
        Setting::Number(seconds) => Scalar::Number(seconds),
        musical => Scalar::Text(print::time(musical)),
    };
    let whole = Whole {
        tempo: graph.tempo,
        meter: graph.meter.map(|(beats, note)| format!("{beats}/{note}")),
        swing: graph.swing,
        fade: graph.fade.map(time),
        tail: graph.tail.map(time),
        tuning: graph.tuning,
        swap: graph.swap.map(|landing| match landing {
            Landing::Now => "now".to_string(),
            Landing::Beat => "beat".to_string(),
            Landing::Bars(n) => format!("{n}bars"),
        }),
        mute: graph.mute.iter().map(ToString::to_string).collect(),
        solo: graph.solo.iter().map(ToString::to_string).collect(),
        reset: graph.reset.iter().map(ToString::to_string).collect(),
        scores: scores.texts().collect(),
        nodes: nodes.collect(),
        cables: cables.collect(),
        probes: probes.collect(),
    };
    serde_yaml::to_string(&whole).map_err(|error| error.to_string())
}

fn port(module: &Module, name: &str, indexed: bool, channel: u16, side: Side) -> String {
    match module.channels.get(usize::from(channel)) {
        Some(channel) if indexed => format!("{name}{}/{channel}", side.suffix()),
        _ => format!("{name}{}", side.suffix()),
    }
}

fn node(module: &Module, scores: &Scores) -> Node {
    let counted = module.channels.iter().enumerate().all(|(n, channel)| **channel == *n.to_string());
    let channels = match (module.channels.is_empty(), counted) {
        (true, _) => None,
        (false, true) => Some(Scalar::Int(module.channels.len() as i64)),
        (false, false) => Some(Scalar::List(module.channels.iter().map(|c| Scalar::Text(c.to_string())).collect())),
    };
    let mut params = BTreeMap::new();
    for (slot, setting) in &module.settings {
        let input = &module.spec.inputs[slot.0 as usize];
        let value = match setting {
            Setting::Number(v) if is_bare(*v, input) => Scalar::Number(*v),
            Setting::Number(v) => Scalar::Text(print::set_to(*v, input)),
            musical => Scalar::Text(print::time(*musical)),
        };
        params.insert(port(module, input.names[0], input.indexed, slot.1, Side::Both), value);
    }
    for (slot, value) in &module.params {
        let param = &module.spec.params[slot.0 as usize];
        let key = port(module, param.names[0], param.indexed, slot.1, Side::Both);
        params.insert(key, param_value(value, &param.kind, scores));
    }
    let mut was: Vec<Scalar> = module.was.iter().map(|was| Scalar::Text(was.to_string())).collect();
    let was = if was.len() > 1 { Some(Scalar::List(was)) } else { was.pop() };
    Node { module: crate::older::yaml_name(module.spec), channels, params, was }
}

/// Whether a bare number is read as this value.
fn is_bare(v: f64, input: &Input) -> bool {
    match input.kind {
        Kind::Pitch => input.unit == Unit::Own && v <= 16.0,
        Kind::Interval => matches!(input.unit, Unit::Own | Unit::Octaves),
        Kind::Time | Kind::Rate => matches!(input.unit, Unit::Own | Unit::Hertz),
        Kind::Gain => v >= 0.0 || input.min < 0.0,
        _ => true,
    }
}

fn param_value(value: &ParamValue, kind: &ParamKind, scores: &Scores) -> Scalar {
    match (value, kind) {
        (ParamValue::Score(score), _) => Scalar::Text(scores.name(score)),
        (ParamValue::Choice(index), ParamKind::Choice(words)) => {
            Scalar::Text(words.get(usize::from(*index)).map_or_else(String::new, |names| names[0].to_string()))
        }
        (ParamValue::Choice(index), _) => Scalar::Int(i64::from(*index)),
        (ParamValue::Int(n), _) => Scalar::Int(*n),
        (ParamValue::Bool(b), _) => Scalar::Bool(*b),
        (ParamValue::Text(text), _) => Scalar::Text(text.to_string()),
        (ParamValue::List(items), kind) => {
            let of = if let ParamKind::List { kind, .. } = kind { *kind } else { Kind::Number };
            let item = |item: &Item| match item {
                // In quotes only what has a unit is a number.
                Item::Number(v) if print::number(*v, of) == v.to_string() => Scalar::Number(*v),
                Item::Number(v) => Scalar::Text(print::number(*v, of)),
                Item::Word(word) => Scalar::Text(word.to_string()),
            };
            Scalar::List(items.iter().map(item).collect())
        }
    }
}
