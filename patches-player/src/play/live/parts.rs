//! The files that play together, one or several: what was read of each, and what of it plays.

use super::{Cause, Live, Newest, Pending, Request, Version, WORTH_TELLING};
use crate::event::{Event, Setting, Swapped, round};
use crate::patch::{self, FaultLine};
use crate::several;
use patches_core::graph::{self, Graph, Landing};
use patches_dsl::Loaded;
use patches_engine::desk::{Ask, covers};
use patches_engine::engine::PlanError;
use patches_engine::report::Report;
use patches_engine::session::{Texts, landing_word};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

/// One of the files.
#[derive(Default)]
pub(super) struct Part {
    /// Its texts as they were read last.
    seen: Option<Vec<(PathBuf, String)>>,
    /// The dates of these when another save of it was called back: written again, the same text is to be heard.
    called_back: Option<Vec<Option<SystemTime>>>,
    /// The save of it that plays; 0: none.
    plays: u64,
    /// The faults of the text as it stands, with excerpts.
    faults: Option<String>,
}

impl Part {
    /// When its texts were written.
    fn dates(&self) -> Vec<Option<SystemTime>> {
        let date = |(path, _): &(PathBuf, String)| std::fs::metadata(path).and_then(|meta| meta.modified()).ok();
        self.seen.iter().flatten().map(date).collect()
    }

    /// Whether these texts are news.
    fn is_new(&self, texts: &[(PathBuf, String)]) -> bool {
        let same = self.seen.as_deref() == Some(texts);
        !same || self.called_back.as_ref().is_some_and(|dates| *dates != self.dates())
    }
}

/// A text without a fault.
pub(super) struct Sound {
    /// Its number.
    pub save: u64,
    pub graph: Arc<Graph>,
    pub text: String,
    /// As they are kept with the session.
    pub texts: Option<Texts>,
    pub warnings: Vec<FaultLine>,
}

/// A text that is new: which file, its number, and what it came to.
pub(super) struct Fresh {
    file: usize,
    save: u64,
    loaded: Loaded,
}

impl Live {
    /// Reads the files, and acts if a text has changed: of each by itself.
    pub(super) fn read(&mut self, now: Instant) {
        let begun = Instant::now();
        let loaded: Vec<Loaded> = self.source.load(&self.library);
        let mut watch: Vec<PathBuf> = Vec::new();
        for path in loaded.iter().flat_map(|loaded| &loaded.watch) {
            if !watch.contains(path) {
                watch.push(path.clone());
            }
        }
        if self.watch.follow(&watch) {
            self.quiet.soon(now);
        }
        let texts = |loaded: &Loaded| -> Vec<(PathBuf, String)> {
            loaded.files.iter().map(|file| (file.path.clone(), file.text.clone())).collect()
        };
        let changed: Vec<(usize, Loaded, _)> = loaded
            .into_iter()
            .enumerate()
            .map(|(file, loaded)| {
                let texts = texts(&loaded);
                (file, loaded, texts)
            })
            .filter(|(file, _, texts)| self.parts[*file].is_new(texts))
            .collect();
        let half = changed.iter().any(|(_, loaded, _)| loaded.has_errors()) && self.quiet.again(now);
        if !changed.is_empty() {
            self.held = None;
        }
        let mut sound = Vec::new();
        for (file, loaded, texts) in changed {
            if loaded.has_errors() && half {
                continue;
            }
            (self.parts[file].seen, self.parts[file].called_back) = (Some(texts), None);
            self.save += 1;
            let fresh = Fresh { file, save: self.save, loaded };
            if fresh.loaded.has_errors() { self.refuse(&fresh) } else { sound.push(fresh) }
        }
        if sound.is_empty() {
            return;
        }
        // A save that has not been sent is overtaken by one of the same file.
        for request in &mut self.requests {
            if let Request::Save(waiting, _) = request {
                waiting.retain(|old| sound.iter().all(|new| new.file != old.file));
            }
        }
        self.requests.retain(|request| !matches!(request, Request::Save(waiting, _) if waiting.is_empty()));
        self.requests.push_back(Request::Save(sound, begun));
        self.pump();
    }

    /// Tells the faults; nothing else changes.
    fn refuse(&mut self, fresh: &Fresh) {
        let file = self.source.files()[fresh.file].display().to_string();
        let faults = patch::fault_lines(&fresh.loaded);
        self.sink.event(&Event::Refused { save: fresh.save, file, faults });
        self.parts[fresh.file].faults = Some(fresh.loaded.render(self.sink.colour()));
        self.tell_faults();
    }

    /// Shows the faults of all files as they stand.
    fn tell_faults(&mut self) {
        let faults: Vec<&str> = self.parts.iter().filter_map(|part| part.faults.as_deref()).collect();
        let rendered = (!faults.is_empty()).then(|| faults.join("\n"));
        self.sink.faults(rendered);
    }

    /// Sends sound texts to the engine, with what the other files say.
    pub(super) fn accept(&mut self, mut fresh: Vec<Fresh>, begun: Instant) {
        let Newest { version: before, desk, reset, did } = self.newest();
        let mut sounds = before.as_ref().map_or_else(|| vec![None; self.parts.len()], |before| before.sounds.clone());
        let names = self.source.names().iter().cloned();
        let old = sounds.iter().map(|sound: &Option<Arc<Sound>>| sound.as_ref().map(|sound| sound.graph.clone()));
        let mut graphs: Vec<(Option<graph::Path>, Option<Arc<Graph>>)> = names.zip(old).collect();
        for Fresh { file, loaded, .. } in &mut fresh {
            graphs[*file].1 = Some(Arc::new(std::mem::take(&mut loaded.graph)));
        }
        let graph = several::together(&graphs);
        // The first sound starts at once: there is nothing to fade from, and its attack is to be heard.
        let first = self.sent == 0;
        let (landing, fade) = if first { (Landing::Now, 0.0) } else { self.grid(&graph) };
        let desk = desk.after(before.as_ref().map_or(&Graph::default(), |before| &before.graph), &graph);
        let force = std::mem::take(&mut self.force);
        let ask = Ask { stopped: desk.stopped, reset: reset.clone(), force, ..Ask::default() };
        let (id, report) = match self.control.swap_with(desk.over(&graph), landing, fade, &ask) {
            Ok(sent) => sent,
            Err(PlanError::Heavy { load }) => {
                let save = fresh.iter().map(|fresh| fresh.save).max().unwrap_or(0);
                for one in &mut fresh {
                    one.loaded.graph = graphs[one.file].1.take().map(Arc::unwrap_or_clone).unwrap_or_default();
                }
                self.held = Some(fresh);
                self.sink.event(&Event::Held { save, load: round(load, 4) });
                return;
            }
            Err(limit) => match &mut fresh[..] {
                [one] => {
                    patch::add_limit(&mut one.loaded, limit.to_string());
                    return self.refuse(&fresh[0]);
                }
                // Which of them it is shows when each is tried by itself.
                _ => {
                    for mut one in fresh.into_iter().rev() {
                        one.loaded.graph = graphs[one.file].1.take().map(Arc::unwrap_or_clone).unwrap_or_default();
                        self.requests.push_front(Request::Save(vec![one], begun));
                    }
                    return;
                }
            },
        };
        self.sent += 1;
        self.keeper.start();
        let cause = Cause::Save { compile_ms: round(begun.elapsed().as_secs_f64() * 1000.0, 2) };
        let save = fresh.iter().map(|fresh| fresh.save).max().unwrap_or(0);
        self.accepted = save;
        for Fresh { file, save, loaded } in fresh {
            let texts = self.keep(file, &loaded);
            sounds[file] = Some(Arc::new(Sound {
                save,
                graph: graphs[file].1.take().unwrap_or_default(),
                text: loaded.files.first().map(|file| file.text.clone()).unwrap_or_default(),
                texts,
                warnings: patch::fault_lines(&loaded),
            }));
            self.parts[file].faults = None;
        }
        let text = self.shown_text(&sounds);
        let version = Arc::new(Version { save, sounds, graph, text });
        self.pending.insert(id, Pending { version, cause, report, landing, fade, desk, reset, did });
        self.tell_faults();
        let seconds = self.control.waiting().unwrap_or(0) as f64 / f64::from(self.keeper.about().rate.max(1));
        if landing != Landing::Now && seconds >= WORTH_TELLING {
            self.sink.event(&Event::Waiting { save, on: landing_word(landing), seconds: round(seconds, 2) });
        }
    }

    /// The save that is held plays all the same.
    pub(super) fn go(&mut self) {
        match self.held.take() {
            Some(held) => {
                self.force = true;
                self.requests.push_front(Request::Save(held, Instant::now()));
                self.pump();
            }
            None => self.say("no save is held".into()),
        }
    }

    /// An earlier or later save is called back: of each file that it changes, the text as it stands is to be heard when it
    /// is saved once more.
    pub(super) fn call_back(&mut self, version: &Version) {
        for (part, sound) in self.parts.iter_mut().zip(&version.sounds) {
            if sound.as_ref().map_or(0, |sound| sound.save) != part.plays {
                part.called_back = Some(part.dates());
            }
        }
    }

    /// Keeps the texts of a file with the session.
    fn keep(&mut self, file: usize, loaded: &Loaded) -> Option<Texts> {
        let path = &self.source.files()[file];
        let folder = path.parent().unwrap_or(Path::new(""));
        let ending = path.extension().map_or("patches".into(), |ending| ending.to_string_lossy().into_owned());
        let (main, included) = loaded.files.split_first()?;
        let included: Vec<(String, String)> =
            included.iter().map(|file| (patch::relative(folder, &file.path), file.text.clone())).collect();
        let log = self.log.as_mut()?;
        let mut sounds = BTreeMap::new();
        let mut named = Ok(());
        for path in &loaded.sounds {
            match self.sounds.look(path) {
                Ok(sound) => drop(sounds.insert(patch::relative(folder, path), sound)),
                Err(error) => named = Err(error),
            }
        }
        let kept = log.keep(&main.text, &ending, &included).map(|texts| texts.with_sounds(sounds));
        let kept = named.and(kept);
        let name = self.source.names()[file].clone();
        self.logged(kept).map(|texts| texts.of(name.as_deref()))
    }

    /// The files whose texts take effect with this plan, in the order of their saves. One that falls silent because what it
    /// said is called back says so.
    pub(super) fn fresh(&mut self, landed: &Pending) -> Vec<(usize, Arc<Sound>)> {
        let mut fresh = Vec::new();
        for (file, sound) in landed.version.sounds.iter().enumerate() {
            let save = sound.as_ref().map_or(0, |sound| sound.save);
            if std::mem::replace(&mut self.parts[file].plays, save) == save {
                continue;
            }
            let sound = sound.clone().unwrap_or_else(|| Arc::new(self.silence(file, landed.version.save)));
            fresh.push((file, sound));
        }
        fresh.sort_by_key(|(_, sound)| sound.save);
        fresh
    }

    /// A file that says nothing, as the log has it.
    fn silence(&mut self, file: usize, save: u64) -> Sound {
        let kept = self.log.as_mut().map(|log| log.keep("patch {}\n", "patches", &[]));
        let name = self.source.names()[file].clone();
        let texts = kept.and_then(|kept| self.logged(kept)).map(|texts| texts.of(name.as_deref()));
        Sound { save, graph: Arc::default(), text: String::new(), texts, warnings: vec![] }
    }

    /// The texts as they play, one below the other.
    fn shown_text(&self, sounds: &[Option<Arc<Sound>>]) -> String {
        if let [Some(one)] = sounds {
            return one.text.clone();
        }
        let files = self.source.files().iter().zip(sounds);
        let texts = files.filter_map(|(file, sound)| Some(format!("# {}\n{}", file.display(), sound.as_ref()?.text)));
        texts.collect::<Vec<_>>().join("\n")
    }

    /// Tells of each file that took effect what that did to its modules; the last one tells all that is left.
    pub(super) fn tell_swapped(
        &mut self,
        at: u64,
        landed: &Pending,
        fresh: &[(usize, Arc<Sound>)],
        settings: Vec<Setting>,
    ) {
        let (compile_ms, again) = match landed.cause {
            Cause::Save { compile_ms } => (compile_ms, false),
            _ => (0.0, true),
        };
        let swapped = |file: usize, save: u64, warnings: Vec<FaultLine>| Swapped {
            save,
            again,
            file: self.source.files()[file].display().to_string(),
            at,
            on: landing_word(landed.landing),
            bar: self.meters.bar,
            fade_ms: landed.fade * 1000.0,
            compile_ms,
            load: round(f64::from(self.meters.load), 4),
            warnings,
            ..Swapped::default()
        };
        let name = |file: usize| self.source.names()[file].as_deref().unwrap_or_default();
        let mut events = Vec::new();
        for (index, (file, sound)) in fresh.iter().enumerate() {
            let told = |path: &str| fresh[..index].iter().any(|(other, _)| covers(name(*other), path));
            let report: Report = match (index + 1 == fresh.len(), fresh.len()) {
                (true, 1) => landed.report.clone(),
                (true, _) => several::part(&landed.report, |path| !told(path)),
                (false, _) => several::part(&landed.report, |path| covers(name(*file), path)),
            };
            events.push(swapped(*file, sound.save, sound.warnings.clone()).report(&report));
        }
        // What played already is called back.
        if events.is_empty() {
            events.push(swapped(0, landed.version.save, vec![]).report(&landed.report));
        }
        if let Some(last) = events.last_mut() {
            last.settings = settings;
        }
        self.swaps += events.len() as u64;
        events.into_iter().for_each(|event| self.sink.event(&Event::Swapped(Box::new(event))));
    }
}

/// At which frame the state of each module began, as far as it is known, once a plan has landed.
pub(super) fn ages(
    mut born: BTreeMap<graph::Path, u64>,
    at: u64,
    report: &Report,
    graph: &Graph,
) -> BTreeMap<graph::Path, u64> {
    let gone = |was: &&graph::Path| !graph.modules.contains_key(*was);
    let before = |module: &graph::Module| module.was.iter().filter(gone).find_map(|was| born.get(was).copied());
    let renamed = graph.modules.iter().filter_map(|(path, module)| Some((path, before(module)?)));
    let renamed: Vec<(graph::Path, u64)> =
        renamed.filter(|(path, _)| !born.contains_key(*path)).map(|(path, at)| (path.clone(), at)).collect();
    born.extend(renamed);
    born.retain(|path, _| graph.modules.contains_key(path));
    let fresh = report.added.iter().chain(report.reset.iter().map(|(path, _)| path));
    born.extend(fresh.map(|path| (path.clone(), at)));
    born
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_count_from_where_a_state_began() {
        let graph = |text: &str| {
            let memory = patches_dsl::Memory::default().with("a.patches", text);
            patches_dsl::load(Path::new("a.patches"), &memory, &patches_modules::library()).graph
        };
        let paths = |names: &[&str]| names.iter().map(|name| graph::Path::from(*name)).collect();
        let first = Report { added: paths(&["osc", "lfo", "out"]), ..Report::default() };
        let born = ages(BTreeMap::new(), 0, &first, &graph("osc = Osc\nlfo = Lfo\nosc.saw -> out\n"));
        let second =
            Report { kept: paths(&["vco", "out"]), reset: vec![("out".into(), "".into())], ..Report::default() };
        let born = ages(born, 500, &second, &graph("vco = Osc was osc\nvco.saw -> out\n"));
        let told: Vec<(&str, u64)> = born.iter().map(|(path, at)| (&**path, *at)).collect();
        assert_eq!(told, [("out", 500), ("vco", 0)], "renamed is as old as it was, what is gone has no age");
    }
}
