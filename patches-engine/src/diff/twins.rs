//! Unnamed modules in one place of the text: `Delay@a.out` and `Delay@a.out#2`, or the sums and products of one input. Their numbers follow from all that is
//! known of them, so an edit of one renumbers the others: the number is no identity, and they are matched by what they
//! are set to and wired to, and that of their neighbours, as far as it goes.

use super::identity::Matches;
use super::{source, target};
use crate::net::{Level, Net, NetModule};
use crate::state::ModuleId;
use patches_core::graph::Path;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Neighbours of neighbours that are looked at.
const STEPS: usize = 16;

/// Which modules have twins in one of two nets.
#[derive(Default)]
pub struct Twins(BTreeSet<(String, &'static str)>);

impl Twins {
    /// Those of these modules.
    pub fn among<'a>(modules: impl Iterator<Item = (&'a Path, &'static str)>) -> Twins {
        let numbered = modules.filter(|(path, _)| path.contains('#'));
        Twins(numbered.map(|(path, kind)| (stem(path), kind)).collect())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a module has twins.
    pub fn has(&self, path: &str, kind: &'static str) -> bool {
        !self.is_empty() && self.0.contains(&(stem(path), kind))
    }
}

/// A path without the numbers of twins.
pub fn stem(path: &str) -> String {
    let plain = |part| match str::rsplit_once(part, '#') {
        Some((stem, number)) if number.parse::<u32>().is_ok() => stem,
        _ => part,
    };
    path.split('/').map(plain).collect::<Vec<_>>().join("/")
}

/// Matches twins that look alike, those that do so the farthest around them first.
pub fn match_alike(matches: &mut Matches<'_>, twins: &Twins) {
    let (old, graph) = (matches.old, matches.graph);
    let first_seen = |(path, module): (&Path, &patches_core::graph::Module)| {
        (path.clone(), ModuleId { path: path.clone(), kind: module.spec.name(), generation: 0 })
    };
    let new = Net::settled(graph, &graph.modules.iter().map(first_seen).collect());
    let mut olds = Looks::new(old, |index, _| matches.taken.contains(&index).then_some(index));
    let mut news = Looks::new(&new, |_, module| matches.kept.get(&module.path).copied());
    while olds.steps.len() < STEPS && (olds.step() | news.step()) {}
    let [mut before, after] = [old, &new].map(|net| {
        let has = |&index: &usize| twins.has(&net.modules[index].path, net.modules[index].spec.name());
        (0..net.modules.len()).filter(has).collect::<Vec<usize>>()
    });
    // One that lives goes before one that only fades out.
    before.sort_by_key(|&index| (old.modules[index].dying, index));
    for step in (0..olds.steps.len()).rev() {
        let mut there: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for &index in before.iter().filter(|index| !matches.taken.contains(index)) {
            there.entry(olds.steps[step][index]).or_default().push(index);
        }
        // Among those of one look the number counts, so that true twins stay in their chains.
        for same_path in [true, false] {
            for &index in &after {
                let path = &new.modules[index].path;
                let Some(alike) = there.get_mut(&news.steps[step][index]) else { continue };
                let fits = |&index: &usize| !same_path || old.modules[index].path == *path;
                if !matches.kept.contains_key(path)
                    && let Some(place) = alike.iter().position(fits)
                {
                    matches.keep(path, alike.remove(place));
                }
            }
        }
    }
}

/// How the modules of a net look: a number for what each is by itself, and again step by step with its neighbours'.
struct Looks<'a> {
    net: &'a Net,
    /// Who is known already, by the old net's index.
    known: Vec<Option<usize>>,
    steps: Vec<Vec<u64>>,
}

impl<'a> Looks<'a> {
    fn new(net: &'a Net, known: impl Fn(usize, &NetModule) -> Option<usize>) -> Looks<'a> {
        let known: Vec<Option<usize>> = net.modules.iter().enumerate().map(|(i, module)| known(i, module)).collect();
        let look = |(module, known): (&NetModule, &Option<usize>)| match known {
            Some(index) => hash(&(true, index)),
            None => hash(&(false, alone(module))),
        };
        let steps = vec![net.modules.iter().zip(&known).map(look).collect()];
        Looks { net, known, steps }
    }

    /// One step farther; whether it tells more modules apart.
    fn step(&mut self) -> bool {
        let now = &self.steps[self.steps.len() - 1];
        let mut near: Vec<Vec<u64>> = vec![vec![]; now.len()];
        for cable in self.net.cables.iter().filter(|cable| !cable.leaves()) {
            let ((_, output, from, left), (_, input, to, right)) =
                (source(self.net, cable.from), target(self.net, cable.to));
            let said = (output, from, left, input, to, right, cable.scale.to_bits(), cable.said_late());
            near[cable.from.module].push(hash(&(true, &said, now[cable.to.module])));
            near[cable.to.module].push(hash(&(false, &said, now[cable.from.module])));
        }
        let look = |(index, mut near): (usize, Vec<u64>)| {
            near.sort_unstable();
            if self.known[index].is_some() { now[index] } else { hash(&(now[index], near)) }
        };
        let next: Vec<u64> = near.into_iter().enumerate().map(look).collect();
        let distinct = |looks: &[u64]| looks.iter().collect::<BTreeSet<_>>().len();
        let more = distinct(&next) > distinct(now);
        self.steps.push(next);
        more
    }
}

/// What the text says of a module by itself.
fn alone(module: &NetModule) -> u64 {
    let is_set =
        |slot: &(u16, u16), level: &Level| level.target() != module.spec.inputs[slot.0 as usize].default as f32;
    let settings = module.settings.iter().filter(|(slot, level)| is_set(slot, level));
    let setting = |(slot, level): (&(u16, u16), &Level)| match module.beats.get(slot) {
        Some(beats) => (*slot, true, beats.to_bits()),
        None => (*slot, false, u64::from(level.target().to_bits())),
    };
    let settings: Vec<_> = settings.map(setting).collect();
    let params = format!("{:?}", module.params);
    hash(&(stem(&module.path), module.spec.name(), &module.channels, settings, params))
}

fn hash(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}
