//! Parameters that do not move: choices, whole numbers, words, lists, files, patterns.

use super::Checker;
use crate::fault::{Fault, codes};
use crate::flat::{Channel, Draft, Given, V, What};
use crate::kinds;
use crate::value::Dim;
use patches_core::exact;
use patches_core::graph::{Item, ParamValue, Setting, Span};
use patches_core::spec::{Input, Kind, Param, ParamKind};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

impl Checker<'_> {
    /// Sets a module's parameters.
    pub(super) fn params(&mut self, index: usize, draft: &Draft) {
        let mut one: BTreeMap<(u16, u16), &Given> = BTreeMap::new();
        let mut all: BTreeMap<u16, &Given> = BTreeMap::new();
        for given in &draft.params {
            let (spec, v) = (&draft.spec.params[given.param as usize], &given.value);
            let name = spec.names[given.called as usize];
            let Some(found) = self.channel(index, &given.channel, spec.indexed, name, given.at) else { continue };
            let before = match (spec.indexed, &given.channel) {
                (true, Channel::Unsaid) => all.insert(given.param, given),
                _ => one.insert((given.param, found), given),
            };
            if let Some(Given { value: before, .. }) = before {
                let (first, second) = if before.span < v.span { (before.span, v.span) } else { (v.span, before.span) };
                let fault = Fault::error(codes::GIVEN_TWICE, second, format!("`{name}` is given twice"));
                self.fault(fault.also(first, "first given here"));
            }
        }
        for (param, given) in all {
            for channel in 0..self.channels[index].len() as u16 {
                one.entry((param, channel)).or_insert(given);
            }
        }
        for (slot, given) in one {
            let param = &draft.spec.params[slot.0 as usize];
            if let Some(value) = self.param_value(param, param.names[given.called as usize], &given.value) {
                self.built[index].params.insert(slot, value);
            }
        }
    }

    fn param_value(&mut self, param: &Param, name: &str, v: &V) -> Option<ParamValue> {
        let expected = match (&param.kind, &v.what) {
            (_, What::Poison) => return None,
            (ParamKind::Choice(words), What::Word(word) | What::Text(word)) => {
                return self.choice_of(name, words, word, v);
            }
            (ParamKind::Choice(words), _) => {
                let words: Vec<String> = words.iter().map(|names| format!("`{}`", names[0])).collect();
                format!("one of {}", words.join(" "))
            }
            (ParamKind::Int { min, max, .. }, What::Const(c)) if c.as_whole().is_some() => {
                return Some(self.whole_of(name, c.as_whole().unwrap_or(0), *min..=*max, v));
            }
            (ParamKind::Int { .. }, _) => "a whole number, such as `3`".to_string(),
            (ParamKind::Bool(_), What::Bool(b)) => return Some(ParamValue::Bool(*b)),
            // 0 and 1 are what a gate on a cable is.
            (ParamKind::Bool(_), What::Const(c)) if matches!(c.as_whole(), Some(0 | 1)) => {
                return Some(ParamValue::Bool(c.value == 1.0));
            }
            (ParamKind::Bool(_), _) => "`true` or `false`".to_string(),
            (ParamKind::Text, What::Text(text) | What::Word(text)) => return Some(ParamValue::Text(text.clone())),
            (ParamKind::Text, _) => "a text, such as `\"lead\"`".to_string(),
            (ParamKind::File, What::File(text) | What::Text(text)) => return Some(self.file(text, v)),
            // Some types know files by a word of their own, such as the built-in tables.
            (ParamKind::File, What::Word(word)) => return Some(ParamValue::Text(word.clone())),
            (ParamKind::File, _) => "a file, such as `file(\"kick.wav\")`".to_string(),
            (ParamKind::List { .. }, What::List(members)) => return self.listed(name, param, members),
            (ParamKind::List { .. }, What::Const(_) | What::Word(_) | What::Text(_)) => {
                return self.listed(name, param, std::slice::from_ref(v));
            }
            (ParamKind::List { kind, .. }, _) => {
                format!("a list, such as `[{0}]`", kind.example().split(' ').next().unwrap_or(""))
            }
            (ParamKind::Pattern, What::Pattern(_, score)) => return Some(ParamValue::Score(score.clone())),
            // Who conducts a song needs its time alone, which is the same in all lanes.
            (ParamKind::Song, What::Song(song)) => {
                let (_, lane) = song.lanes.first()?;
                return Some(ParamValue::Score(Arc::new(lane.time())));
            }
            (ParamKind::Song, What::Pattern(_, score)) => return Some(ParamValue::Score(Arc::new(score.time()))),
            (ParamKind::Pattern, What::Song(song)) => {
                let lane = song.lanes.first().map_or("…", |(lane, _)| lane);
                let message = format!("`{name}` expects a pattern, not a whole song");
                let fault = Fault::error(codes::WRONG_KIND, v.span, message);
                self.fault(fault.help(format!("write a lane of it, such as `{}.{lane}`", song.name)));
                return None;
            }
            (ParamKind::Pattern, _) => "a pattern, by its name".to_string(),
            (ParamKind::Song, _) => "a song, by its name".to_string(),
        };
        let moves = matches!(
            v.what,
            What::Port(_)
                | What::Junction(_)
                | What::Pair(..)
                | What::Sum(_)
                | What::Product(_)
                | What::Minus(_)
                | What::Apply(..)
        );
        let code = if moves { codes::NOT_CONSTANT } else { codes::WRONG_KIND };
        let message = format!("`{name}` expects {expected}, not {}", v.what.name());
        self.fault(Fault::error(code, v.span, message));
        None
    }

    /// A whole number, held to its range.
    fn whole_of(&mut self, name: &str, n: i64, range: RangeInclusive<i64>, v: &V) -> ParamValue {
        let held = n.clamp(*range.start(), *range.end());
        if held != n {
            let message = format!("`{name}` is {} to {}; {held} is used", range.start(), range.end());
            self.fault(Fault::warning(codes::OUT_OF_RANGE, v.span, message));
        }
        ParamValue::Int(held)
    }

    fn choice_of(&mut self, name: &str, words: &[&[&'static str]], word: &str, v: &V) -> Option<ParamValue> {
        if let Some(index) = words.iter().position(|names| names.contains(&word)) {
            return Some(ParamValue::Choice(index as u16));
        }
        let known: Vec<&str> = words.iter().flat_map(|names| names.iter().copied()).collect();
        let shown: Vec<&str> = words.iter().map(|names| names[0]).collect();
        self.fault(unknown_word(name, word, &known, &shown, v.span));
        None
    }

    /// A file's path, made relative to where the player reads from.
    fn file(&mut self, text: &str, v: &V) -> ParamValue {
        let folder = self.around.folders.get(usize::from(v.span.file)).cloned().unwrap_or_default();
        let path = folder.join(text);
        self.wanted.push((path.clone(), v.span));
        ParamValue::Text(path.to_string_lossy().into())
    }

    fn listed(&mut self, name: &str, param: &Param, members: &[V]) -> Option<ParamValue> {
        self.list(name, param, members).map(ParamValue::List)
    }

    /// The members of a list that a parameter takes, or a function as that parameter does.
    pub(super) fn list(&mut self, name: &str, param: &Param, members: &[V]) -> Option<Arc<[Item]>> {
        let ParamKind::List { kind, words } = param.kind else { return None };
        // A list's members are read as an input of the kind would read them.
        let names: &'static [&'static str] = &["a member of this list"];
        let input = Input::new(names, kind, "");
        let tuned = self.expanded.whole.tuning.map_or(0.0, |a4| exact::pitch_of_hz(a4) - exact::pitch_of_hz(440.0));
        let semitones = kind == Kind::Interval && kinds::in_semitones(members);
        let (mut items, mut wrong) = (Vec::with_capacity(members.len()), false);
        for member in members {
            match &member.what {
                What::Poison => wrong = true,
                What::Word(word) | What::Text(word) if words.is_empty() || words.contains(&&**word) => {
                    items.push(Item::Word(word.clone()));
                }
                What::Word(word) | What::Text(word) => {
                    let mut fault = unknown_word(name, word, words, words, member.span);
                    if let (Kind::Pitch, Some(help)) = (kind, &mut fault.help) {
                        *help = help.replace("it is one of", "it takes notes, such as `C4`, and");
                    }
                    self.fault(fault);
                    wrong = true;
                }
                // A note is as far above C0 as one of an A4 of 440 Hz: what tunes a scale is its root.
                What::Const(c) if kind == Kind::Interval && c.dim == Dim::Pitch => {
                    items.push(Item::Number(c.value - tuned));
                }
                What::Const(c) if semitones && c.dim == Dim::Number => items.push(Item::Number(c.value / 12.0)),
                What::Const(c) => match kinds::setting(*c, &input, member.span) {
                    Ok((Setting::Number(v), hint)) => {
                        hint.into_iter().for_each(|hint| self.fault(hint));
                        items.push(Item::Number(v));
                    }
                    Ok((Setting::Beats(_) | Setting::Mixed { .. }, _)) => {
                        let message = format!("`{name}` takes no musical times");
                        self.fault(Fault::error(codes::WRONG_KIND, member.span, message));
                        wrong = true;
                    }
                    Err(fault) => {
                        self.fault(fault);
                        wrong = true;
                    }
                },
                _ => {
                    let message = format!("a list holds constants, not {}", member.what.name());
                    self.fault(Fault::error(codes::NOT_CONSTANT, member.span, message));
                    wrong = true;
                }
            }
        }
        if wrong { None } else { Some(items.into()) }
    }
}

/// A word that a parameter does not have, with the one that may be meant, else with those to choose from.
pub(super) fn unknown_word(name: &str, word: &str, known: &[&str], shown: &[&str], span: Span) -> Fault {
    let message = format!("`{name}` has no `{word}`");
    let fault = Fault::error(codes::UNKNOWN_WORD, span, message).near(word, known.iter().copied());
    if fault.help.is_some() {
        return fault;
    }
    let shown: Vec<String> = shown.iter().map(|word| format!("`{word}`")).collect();
    fault.help(format!("it is one of {}", shown.join(" ")))
}
