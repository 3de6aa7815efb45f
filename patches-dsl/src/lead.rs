//! What the clock of a song brings with it. A player (a type with inputs `clock`, `step` and `step_time`) on the clock of a
//! song's lane gets that lane to play, unless the text gives it another pattern, and cables that say where the song stands.

use crate::fault::{Fault, codes};
use crate::flat::{Channel, Draft, Expanded, Fed, Feed, Given, Shape, Source, V, Value, What};
use patches_core::graph::Span;
use patches_core::spec::{ParamKind, Side, Spec};
use std::rc::Rc;
use std::sync::Arc;

/// Ports of templates that a clock may come through.
const DEEPEST: usize = 64;

/// What a conductor tells its players besides the clock.
const TOLD: [&str; 2] = ["step", "step_time"];

/// A conductor, as seen from one of its players.
struct Lead {
    /// Its clock.
    source: Source,
    /// The cable to the player is a sample late somewhere.
    late: bool,
}

/// Where a clock comes from.
enum From {
    /// A song's conductor.
    Lead(Lead),
    /// Something else.
    Other,
    /// What is faulty already.
    Poison,
}

/// Gives all players what they play.
pub(crate) fn lead(expanded: &mut Expanded) {
    for index in 0..expanded.modules.len() {
        if is_player(expanded.modules[index].spec) {
            player(expanded, index);
        } else {
            let fault = silent(&expanded.modules[index]);
            expanded.faults.extend(fault);
        }
    }
}

fn param_of(spec: &Spec, kind: &ParamKind) -> Option<u16> {
    spec.params.iter().position(|param| param.kind == *kind).map(|index| index as u16)
}

fn is_player(spec: &Spec) -> bool {
    param_of(spec, &ParamKind::Pattern).is_some() && spec.input("clock").is_some() && spec.input(TOLD[0]).is_some()
}

fn player(expanded: &mut Expanded, index: usize) {
    let draft = &expanded.modules[index];
    let (spec, span) = (draft.spec, draft.span);
    let Some(pattern) = param_of(spec, &ParamKind::Pattern) else { return };
    let given = draft.misnamed || draft.params.iter().any(|given| given.param == pattern);
    let own = |name: &str| {
        let port = spec.input(name).map(|(port, _)| port);
        draft.fed.iter().filter(move |fed| Some(fed.port) == port)
    };
    let clocks: Vec<&Fed> = own("clock").collect();
    let led = own(TOLD[0]).next().is_some();
    let from = match clocks[..] {
        [clock] => whence(expanded, &clock.feed, 0),
        _ => From::Other,
    };
    let (played, fault) = match &from {
        From::Lead(lead) => lane(expanded, lead, clocks[0].feed.value.span),
        From::Poison => (What::Poison, None),
        From::Other => (What::Poison, (!given).then(|| nothing(draft))),
    };
    let cables = match from {
        From::Lead(lead) if !led => told(expanded, &lead, spec, clocks[0].feed.span),
        _ => Vec::new(),
    };
    let draft = &mut expanded.modules[index];
    draft.fed.extend(cables);
    if !given {
        draft.params.push(Given::new(pattern, Rc::new(Value::new(played, span))));
        expanded.faults.extend(fault);
    }
}

/// A sequencer of its own, with neither a pattern nor a list.
fn silent(draft: &Draft) -> Option<Fault> {
    let plays = |kind: &ParamKind| matches!(kind, ParamKind::Pattern | ParamKind::List { .. });
    param_of(draft.spec, &ParamKind::Pattern)?;
    if draft.misnamed || draft.params.iter().any(|given| plays(&draft.spec.params[usize::from(given.param)].kind)) {
        return None;
    }
    let kind = draft.spec.name();
    let message = format!("this `{kind}` has nothing to play");
    let list = draft.spec.params.iter().find(|param| matches!(param.kind, ParamKind::List { .. }));
    let list = list.map_or(String::new(), |list| format!(", or a list: `{kind} {{ {}: [C3, Eb3] }}`", list.names[0]));
    Some(Fault::warning(codes::NOTHING_TO_PLAY, draft.span, message).help(format!("give it a `pattern`{list}")))
}

fn nothing(draft: &Draft) -> Fault {
    let message = format!("this `{}` has nothing to play", draft.spec.name());
    let help = "give it a `pattern`, or the clock of a song's lane: `PatternPlayer { clock: seq.clock[drums] }`";
    Fault::warning(codes::NOTHING_TO_PLAY, draft.span, message).help(help)
}

/// Follows a clock through ports of templates to where it comes from.
fn whence(expanded: &Expanded, feed: &Feed, depth: usize) -> From {
    if feed.scale.is_some() || depth > DEEPEST {
        return From::Other;
    }
    match &feed.value.what {
        What::Poison => From::Poison,
        What::Port(source) => {
            let spec = expanded.modules[source.module].spec;
            let conducts = param_of(spec, &ParamKind::Song).is_some();
            let clock = spec.output("clock").is_some_and(|(port, _)| port == source.port);
            match conducts && clock {
                true => From::Lead(Lead { source: source.clone(), late: feed.late }),
                false => From::Other,
            }
        }
        What::Junction(junction) => match &expanded.junctions[*junction].feeds[..] {
            [one] => match whence(expanded, one, depth + 1) {
                From::Lead(lead) => From::Lead(Lead { late: lead.late || feed.late, ..lead }),
                from => from,
            },
            _ => From::Other,
        },
        _ => From::Other,
    }
}

/// The lane that a conductor's clock is for.
fn lane(expanded: &Expanded, lead: &Lead, span: Span) -> (What, Option<Fault>) {
    let draft = &expanded.modules[lead.source.module];
    let song = param_of(draft.spec, &ParamKind::Song);
    let Some(song) = draft.params.iter().find(|given| Some(given.param) == song) else {
        return (What::Poison, None);
    };
    let tune = match &song.value.what {
        What::Song(tune) => tune,
        // A song of one lane.
        What::Pattern(name, score) => return (What::Pattern(name.clone(), score.clone()), None),
        _ => return (What::Poison, None),
    };
    let index = match &lead.source.channel {
        Channel::Unsaid | Channel::Alone(_) => 0,
        Channel::Number(n) => *n as usize,
        Channel::Named(name) | Channel::Row(name) => {
            let names =
                if let Shape::Names(names) = &draft.shape { names.iter().position(|n| n == name) } else { None };
            match names.or_else(|| tune.lanes.iter().position(|(lane, _)| lane == name)) {
                Some(index) => index,
                None => return (What::Poison, None),
            }
        }
    };
    // A channel that is not there is told where the cable is made.
    match &draft.shape {
        Shape::Names(names) => names.get(index).map_or((What::Poison, None), |name| named(tune, name, span)),
        _ => (tune.lanes.get(index).map_or(What::Poison, |(name, score)| played(tune, name, score)), None),
    }
}

fn played(tune: &crate::flat::Tune, lane: &str, score: &Arc<patches_core::score::Score>) -> What {
    What::Pattern(format!("{}.{lane}", tune.name).into(), score.clone())
}

fn named(tune: &crate::flat::Tune, name: &str, span: Span) -> (What, Option<Fault>) {
    match tune.lanes.iter().find(|(lane, _)| **lane == *name) {
        Some((lane, score)) => (played(tune, lane, score), None),
        None => {
            let message = format!("the song `{}` has no lane `{name}`", tune.name);
            let fault = Fault::error(codes::UNKNOWN_NAME, span, message);
            (What::Poison, Some(fault.near(name, tune.lanes.iter().map(|(lane, _)| &**lane))))
        }
    }
}

/// Cables that say where the song stands.
fn told(expanded: &Expanded, lead: &Lead, player: &Spec, span: Span) -> Vec<Fed> {
    let conductor = expanded.modules[lead.source.module].spec;
    let cable = |name: &str| {
        let (from, _) = conductor.output(name)?;
        let (to, _) = player.input(name)?;
        let source = Source { module: lead.source.module, port: from, side: Side::Both, channel: Channel::Unsaid };
        let value: V = Rc::new(Value::new(What::Port(source), span));
        let (scale, take, older) = (None, Side::Both, None);
        let feed = Feed { value, scale, take, late: lead.late, set: false, older, called: 0, span };
        Some(Fed { port: to, side: Side::Both, channel: Channel::Unsaid, at: span, feed })
    };
    TOLD.iter().filter_map(|name| cable(name)).collect()
}
