//! Stems: the parts of a patch, each alone. Walking back from the output, where sound first comes together: the channels
//! of a mixer, or the modules that are added.

use patches_core::graph::{Cable, Graph, Module, Path};
use patches_core::spec::Kind;
use patches_engine::offline::Cue;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// The stems of these cues: each name, and the cues of that part alone. A cue that does not have the part is silent.
pub fn stems(cues: &[Cue]) -> Vec<(String, Vec<Cue>)> {
    let parts: Vec<BTreeMap<String, BTreeSet<usize>>> = cues.iter().map(|cue| parts(&cue.graph)).collect();
    let names: BTreeSet<&String> = parts.iter().flat_map(BTreeMap::keys).collect();
    let alone = |name: &String| {
        let cues = cues.iter().zip(&parts).map(|(cue, parts)| {
            let others: BTreeSet<usize> =
                parts.iter().filter(|(other, _)| *other != name).flat_map(|(_, cables)| cables).copied().collect();
            Cue { graph: Arc::new(without(&cue.graph, &others)), ..cue.clone() }
        });
        (name.clone(), cues.collect())
    };
    names.into_iter().map(alone).collect()
}

/// The file of a stem: its name stands before the ending.
pub fn file(output: &std::path::Path, name: &str) -> PathBuf {
    let ending = output.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    let stem = output.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    output.with_file_name(format!("{stem}.{name}{ending}"))
}

fn without(graph: &Graph, cables: &BTreeSet<usize>) -> Graph {
    let mut graph = graph.clone();
    let mut index = 0..;
    graph.cables.retain(|_| index.next().is_none_or(|index| !cables.contains(&index)));
    graph
}

/// The parts of one patch: a name for each, and the cables (by index) by which only it is heard.
fn parts(graph: &Graph) -> BTreeMap<String, BTreeSet<usize>> {
    let mut seen: BTreeSet<&Path> = graph.modules.keys().filter(|path| is_output(&graph.modules[*path])).collect();
    let mut cut: Vec<(usize, &Cable)> = sounds(graph).filter(|(_, cable)| seen.contains(&cable.to.module)).collect();
    loop {
        let sources: BTreeSet<&Path> = cut.iter().map(|(_, cable)| &cable.from.module).collect();
        let alone = match sources.first() {
            Some(&alone) if sources.len() == 1 && seen.insert(alone) => alone,
            _ => return gathered(cut.into_iter().map(|(index, cable)| (name(graph, &cable.from.module), index))),
        };
        let module = &graph.modules[alone];
        let into: Vec<(usize, &Cable)> = sounds(graph)
            .filter(|(_, cable)| cable.to.module == *alone && !seen.contains(&cable.from.module))
            .collect();
        let mixes = module.spec.inputs.first().is_some_and(|main| main.indexed && main.kind == Kind::Audio);
        if mixes {
            let channels = into.iter().filter(|(_, cable)| cable.to.port == 0);
            return gathered(channels.map(|(index, cable)| (channel(graph, module, cable), *index)));
        }
        if into.is_empty() {
            return gathered(cut.into_iter().map(|(index, cable)| (name(graph, &cable.from.module), index)));
        }
        cut = into;
    }
}

fn is_output(module: &Module) -> bool {
    module.spec.name() == "AudioOut"
}

/// The cables that carry sound to sound, with their indexes.
fn sounds(graph: &Graph) -> impl Iterator<Item = (usize, &Cable)> {
    graph.cables.iter().enumerate().filter(|(_, cable)| {
        let target = graph.modules.get(&cable.to.module);
        target.is_some_and(|module| module.spec.inputs[cable.to.port as usize].kind == Kind::Audio)
    })
}

fn gathered(named: impl Iterator<Item = (String, usize)>) -> BTreeMap<String, BTreeSet<usize>> {
    let mut parts: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (name, index) in named {
        parts.entry(name).or_default().insert(index);
    }
    parts
}

/// What a mixer's channel is called: by its own name, or, where it has a number, by what is plugged into it.
fn channel(graph: &Graph, mixer: &Module, cable: &Cable) -> String {
    match mixer.channels.get(usize::from(cable.to.channel)) {
        Some(own) if !own.bytes().all(|c| c.is_ascii_digit()) => plain(own),
        _ => name(graph, &cable.from.module),
    }
}

/// What a module is called in the name of a file; one without a name by the first before it that has one, or by what
/// plays it and its type.
fn name(graph: &Graph, path: &Path) -> String {
    let mut here = path;
    let mut seen = BTreeSet::new();
    while graph.modules[here].unnamed && seen.insert(here) {
        let before: BTreeSet<&Path> =
            sounds(graph).filter(|(_, cable)| cable.to.module == *here).map(|(_, cable)| &cable.from.module).collect();
        match before.first() {
            Some(one) if before.len() == 1 => here = one,
            _ => break,
        }
    }
    let module = &graph.modules[here];
    if !module.unnamed {
        return plain(here);
    }
    let into = graph.cables.iter().filter(|cable| cable.to.module == *here).map(|cable| &cable.from.module);
    match into.filter(|from| !graph.modules[*from].unnamed).min() {
        Some(player) => plain(&format!("{player}-{}", module.spec.name())),
        None => module.spec.name().into(),
    }
}

/// Letters, digits, `-` and `_` only: for every file system.
fn plain(path: &str) -> String {
    let words = path.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use patches_dsl::{Memory, load};

    fn names(text: &str) -> Vec<String> {
        let path = std::path::Path::new("a.patches");
        let loaded = load(path, &Memory::default().with(path, text), &patches_modules::library());
        assert!(!loaded.has_errors(), "{:?}", loaded.faults);
        parts(&loaded.graph).into_keys().collect()
    }

    #[test]
    fn parts_are_where_sound_comes_together() {
        assert_eq!(names("a = Osc\nb = Noise\na.saw -> out\nb -> out"), ["a", "b"]);
        assert_eq!(names("a = Osc\nb = Noise\na.saw -> f\nb -[0.5]-> f\nf = Svf\nf -> Delay -> out"), ["a", "b"]);
        assert_eq!(names("a = Osc\na.saw -> Svf -> Vca -> out"), ["a"]);
        assert_eq!(names("a = Osc\na.saw -> f\nf = Svf\nf ~[0.5]~> f\nf -> out"), ["a"]);
        assert_eq!(names("patch {}"), Vec::<String>::new());
    }

    #[test]
    fn parts_of_a_mixer_are_its_channels() {
        let text = "m = Mixer(channels: [kick, bass])\nOsc.sine -> m.in[kick]\nNoise -> m.in[bass]\nm -> Drive -> out";
        assert_eq!(names(text), ["bass", "kick"]);
        let text = "m = Mixer(channels: 2)\na = Osc\na.sine -> Vca -> m.in[0]\nNoise -> m.in[1]\nm -> out";
        assert_eq!(names(text), ["Noise", "a"]);
        let text = "s = Steps { steps: [A4], every: 1/4 }\nKick { trigger: s.trigger } -> out\nNoise -> Vca -> out";
        assert_eq!(names(text), ["Noise", "s-Kick"]);
    }

    #[test]
    fn names_are_names_of_files() {
        assert_eq!(plain("voice[3]/osc"), "voice-3-osc");
        assert_eq!(file("set/song.v2.wav".as_ref(), "bass"), PathBuf::from("set/song.v2.bass.wav"));
    }
}
