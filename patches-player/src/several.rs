//! Several patches on one clock. Each file has a name, and its modules stand behind that name as those of a template
//! instance do (`bass/osc`), so that no two files share a module, and a file is muted like an instance. A single file has
//! no name, and nothing stands before its modules.

use patches_core::graph::{Cable, End, Graph, Module, Path, Probe};
use patches_engine::report::{Change, Report};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

/// The names of files that play together, from their own names; none of a single one.
pub fn names(files: &[PathBuf]) -> Vec<Option<Path>> {
    if files.len() < 2 {
        return vec![None; files.len()];
    }
    let mut taken = BTreeSet::new();
    let own = |file: &PathBuf| {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let plain = |c: char| if c.is_alphanumeric() || c == '_' { c } else { '_' };
        let name: String = stem.chars().map(plain).collect();
        // No such name is anyone's own: there is no `-` in them.
        let numbered = (2..).map(|n| format!("{name}-{n}"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|name| taken.insert(name.clone()));
        free.map(Path::from)
    };
    files.iter().map(own).collect()
}

/// One patch of what the files say; one that cannot be read yet has none. The first file says what holds for all: tempo,
/// meter, swing, when saves land, how long they fade and how long what goes rings out.
pub fn together(files: &[(Option<Path>, Option<Arc<Graph>>)]) -> Arc<Graph> {
    if let [(None, graph)] = files {
        return graph.clone().unwrap_or_default();
    }
    let first = files.first().and_then(|(_, graph)| graph.as_deref());
    let mut all = Graph {
        tempo: first.and_then(|graph| graph.tempo),
        meter: first.and_then(|graph| graph.meter),
        swing: first.and_then(|graph| graph.swing),
        swap: first.and_then(|graph| graph.swap),
        fade: first.and_then(|graph| graph.fade),
        tail: first.and_then(|graph| graph.tail),
        tuning: first.and_then(|graph| graph.tuning),
        ..Graph::default()
    };
    for (name, graph) in files {
        if let (Some(name), Some(graph)) = (name, graph) {
            add(&mut all, name, graph);
        }
    }
    all.sort();
    Arc::new(all)
}

/// Adds a file's patch, behind its name.
fn add(all: &mut Graph, name: &str, graph: &Graph) {
    let path = |own: &Path| Path::from(format!("{name}/{own}"));
    let end = |own: &End| End { module: path(&own.module), ..own.clone() };
    for (own, module) in &graph.modules {
        let was = module.was.iter().map(path).collect();
        all.modules.insert(path(own), Module { was, ..module.clone() });
    }
    let cable = |own: &Cable| Cable { from: end(&own.from), to: end(&own.to), ..own.clone() };
    all.cables.extend(graph.cables.iter().map(cable));
    all.mute.extend(graph.mute.iter().map(path));
    all.solo.extend(graph.solo.iter().map(path));
    all.reset.extend(graph.reset.iter().map(path));
    let probe = |own: &Probe| Probe { label: path(&own.label), from: end(&own.from), ..own.clone() };
    all.probes.extend(graph.probes.iter().map(probe));
}

/// What a report says of some modules.
pub fn part(report: &Report, wanted: impl Fn(&str) -> bool) -> Report {
    let paths = |all: &[Path]| all.iter().filter(|path| wanted(path)).cloned().collect();
    Report {
        kept: paths(&report.kept),
        changed: report.changed.iter().filter(|Change { module, .. }| wanted(module)).cloned().collect(),
        rewired: paths(&report.rewired),
        renamed: report.renamed.iter().filter(|(_, path)| wanted(path)).cloned().collect(),
        added: paths(&report.added),
        removed: paths(&report.removed),
        restored: paths(&report.restored),
        reset: report.reset.iter().filter(|(path, _)| wanted(path)).cloned().collect(),
        loops: report.loops.iter().filter(|closing| wanted(&closing.cable)).cloned().collect(),
        load: report.load,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use patches_core::graph::Span;
    use patches_dsl::{Memory, load};
    use patches_engine::desk::covers;
    use patches_engine::offline::{self, Cue};
    use patches_engine::report::Closing;

    fn graph(text: &str) -> Option<Arc<Graph>> {
        let path = std::path::Path::new("a.patches");
        let loaded = load(path, &Memory::default().with(path, text), &patches_modules::library());
        assert!(!loaded.has_errors(), "{:?}", loaded.faults);
        Some(Arc::new(loaded.graph))
    }

    #[test]
    fn every_file_has_a_name_and_no_two_the_same() {
        let names = |files: &[&str]| -> Vec<Option<String>> {
            let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
            names(&files).into_iter().map(|name| name.map(|name| name.to_string())).collect()
        };
        let told = |names: &[&str]| names.iter().map(|name| Some(name.to_string())).collect::<Vec<_>>();
        assert_eq!(names(&["set/bass.patches"]), [None]);
        assert_eq!(names(&["a/bass.patches", "b/bass.yaml", "bass.patches"]), told(&["bass", "bass-2", "bass-3"]));
        assert_eq!(
            names(&["my song[1].patches", "my_song_1_.x", "a/b-2.x", "b"]),
            told(&["my_song_1_", "my_song_1_-2", "b_2", "b"])
        );
    }

    #[test]
    fn a_single_file_is_itself() {
        let alone = graph("tempo 90\nosc = Osc\nosc.saw -> out");
        assert_eq!(together(&[(None, alone.clone())]), alone.expect("a graph"));
        assert_eq!(*together(&[(None, None)]), Graph::default());
    }

    #[test]
    fn each_stands_behind_its_name_and_the_first_says_what_holds_for_all() {
        let a =
            graph("tempo 90\ntail 2s\nmute osc\nreset osc\nosc = Osc was vco\nosc.saw -> ~scope(lead)\nosc.saw -> out");
        let b = graph("tempo 140\nswing 60%\nsolo osc\nreset osc\nosc = Osc\nosc.saw -> out");
        let both = together(&[(Some("a".into()), a.clone()), (Some("b".into()), b.clone())]);
        let paths: Vec<&str> = both.modules.keys().map(|path| &**path).collect();
        assert_eq!(paths, ["a/osc", "a/out", "b/osc", "b/out"]);
        assert_eq!(both.modules["a/osc"].was, ["a/vco".into()]);
        assert!(both.cables.len() == 2 && both.cables.iter().all(|c| c.from.module[..2] == c.to.module[..2]));
        assert_eq!((both.tempo, both.swing), (Some(90.0), None));
        assert_eq!((&both.mute[..], &both.solo[..]), (&["a/osc".into()][..], &["b/osc".into()][..]));
        assert_eq!(both.reset, ["a/osc".into(), "b/osc".into()]);
        assert_eq!(both.tail.map(|tail| tail.seconds(90.0)), Some(2.0));
        assert_eq!(&*both.probes[0].label, "a/lead");
        // A file that cannot be read yet says nothing, and is the first all the same.
        let late = together(&[(Some("a".into()), None), (Some("b".into()), b)]);
        assert_eq!((late.modules.len(), late.tempo), (2, None));
    }

    #[test]
    fn a_file_is_muted_as_an_instance_is() {
        let loud = graph("osc = Osc { pitch: A3 }\nosc.sine -[0.5]-> out");
        let mut both = together(&[(Some("a".into()), loud.clone()), (Some("a-2".into()), loud)]);
        let peak = |graph: &Arc<Graph>| {
            let settings = crate::render::settings(48_000, 1, 1, false, (2, 2)).expect("settings");
            let cues = [Cue { graph: graph.clone(), ..Cue::default() }];
            let mut peak = 0.0f32;
            let sink = |block: &[f32]| -> Result<(), ()> {
                peak = block.iter().fold(peak, |peak, x| peak.max(x.abs()));
                Ok(())
            };
            offline::render(settings, &cues, 4800, sink).expect("it plays");
            peak
        };
        assert!((peak(&both) - 1.0).abs() < 0.01);
        for (mute, left) in [("a", 0.5), ("a-2", 0.0)] {
            Arc::make_mut(&mut both).mute.push(mute.into());
            assert!((peak(&both) - left).abs() < 0.01, "{mute}: {}", peak(&both));
        }
    }

    #[test]
    fn a_report_is_told_by_file() {
        let report = Report {
            kept: vec!["a/osc".into(), "ab/osc".into()],
            loops: vec![Closing { cable: "a/x.out -> a/y.in".into(), span: Span::default() }],
            ..Report::default()
        };
        let part = part(&report, |path| covers("a", path));
        assert_eq!((part.kept, part.loops.len()), (vec!["a/osc".into()], 1));
    }
}
