//! `patches replay`: a session log becomes the sound it was.

use crate::cli::values::{self, From};
use crate::error::Error;
use crate::out;
use crate::patch;
use crate::render::{self, Job, Loudness};
use crate::several;
use clap::Args;
use patches_core::graph::{self, Graph};
use patches_core::library::Library;
use patches_dsl::Files;
use patches_dsl::fault::nearest;
use patches_engine::channels;
use patches_engine::desk::{Ask, Desk};
use patches_engine::engine::Settings;
use patches_engine::error::Error as EngineError;
use patches_engine::offline::{self, Cue, Note};
use patches_engine::record::{self, Pieces};
use patches_engine::reel::Reels;
use patches_engine::session::{self, Entry, Fate, Head, Session, Sound, What};
use patches_engine::sound::Mark;
use patches_engine::wav::Bits;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Flags of `replay`.
#[derive(Args, Debug)]
pub struct ReplayArgs {
    /// The session: its folder, or its session.jsonl
    pub session: PathBuf,
    /// The sound file to write: .wav or .flac
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Not rendered: what went to the device last, as it was kept on the disk while it played (`--keep` of `play`)
    #[arg(long, conflicts_with_all = ["from", "rate", "stems", "replace", "bits"])]
    pub kept: bool,
    /// Where to begin: a bar, as bar:33, or seconds
    #[arg(long, value_name = "PLACE", value_parser = values::from)]
    pub from: Option<From>,
    /// Frames a second; another rate than the session's is not the same to the bit [default: the session's]
    #[arg(long, value_name = "HZ", value_parser = values::rate)]
    pub rate: Option<u32>,
    /// Write each part alone as well, into FILE.NAME.wav: the channels of the last mixer, or what is added before the output
    #[arg(long)]
    pub stems: bool,
    /// Take another file for one of the session's, as its log names it: texts/0002.patches=better.patches
    #[arg(long, value_name = "OLD=NEW", value_parser = values::replacement)]
    pub replace: Vec<(PathBuf, PathBuf)>,
    /// Sample format: 16, 24 or 32f [default: 32f, of a .flac 24]
    #[arg(long, value_name = "BITS", value_parser = values::bits)]
    pub bits: Option<Bits>,
}

/// Where the patch seems to lie. Deep, so that texts that include from folders above find them.
const DESK: &str = "/a/b/c/d/e/f/g/h";

/// The texts of one entry, under the names they had, and the sound files that they name.
struct Kept {
    files: BTreeMap<PathBuf, PathBuf>,
    /// Where each lies; none of one that was not there, and is silent again.
    sounds: BTreeMap<PathBuf, Option<PathBuf>>,
}

impl Files for Kept {
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        let kept = self.files.get(&patch::plain(path)).ok_or(std::io::ErrorKind::NotFound)?;
        patches_dsl::Disk.read(kept)
    }

    fn exists(&self, path: &Path) -> bool {
        matches!(self.sounds.get(&patch::plain(path)), Some(Some(place)) if place.is_file())
    }

    fn sound(&self, path: &Path) -> PathBuf {
        match self.sounds.get(&patch::plain(path)) {
            Some(Some(place)) => place.clone(),
            // A place where nothing is: what was silent stays so.
            _ => path.to_path_buf(),
        }
    }
}

/// Renders a session.
///
/// # Errors
/// If the log or one of its texts cannot be read or played, it ends before the place asked for, or the file cannot be
/// written.
pub fn run(args: &ReplayArgs) -> Result<(), Error> {
    if args.kept {
        return kept(args);
    }
    render::kind(&args.output, args.bits)?;
    let session = session::read(&args.session)?;
    let session = if let Some(rate) = args.rate { session.at_rate(rate) } else { session };
    let places = places(&session, &args.replace)?;
    for line in fates(&session)? {
        out::say(&line);
    }
    let (cues, names) = cues(&session, &places, &patches_modules::library())?;
    let rate = session.head.rate;
    let skip = match args.from {
        None => 0,
        Some(From::Seconds(seconds)) => (seconds * f64::from(rate)).round() as u64,
        Some(From::Bar(bar)) => offline::frame_of_bar(rate, &cues, bar).unwrap_or(0),
    };
    if skip > 0 && skip >= session.end {
        let seconds = session.end as f64 / f64::from(rate);
        return Err(Error::Usage(format!("the session ends before that: it is {seconds:.3} s long")));
    }
    let input = input(&session, &places);
    let job = Job {
        output: &args.output,
        bits: args.bits,
        loudness: Loudness::Own,
        settings: settings(&session, &cues)?,
        cues: &cues,
        notes: &notes(&session),
        input: input.as_ref(),
        marks: &marks(&session, skip),
        names: &names,
        skip,
        frames: session.end,
        tail: 0,
    };
    render::all(&job, args.stems)
}

/// What the session was played with.
fn settings(session: &Session, cues: &[Cue]) -> Result<Settings, Error> {
    let Head { rate, oversample, seed, limiter, outputs, .. } = session.head;
    // What came in is on tape, and what is not there was not heard either.
    let inputs = cues.iter().map(|cue| channels::inputs(&cue.graph)).fold(2, u16::max);
    render::settings(rate, oversample, seed, limiter, (outputs, inputs))
}

/// Writes what went to the device last. Nothing is written over.
fn kept(args: &ReplayArgs) -> Result<(), Error> {
    let take = args.output.display().to_string();
    let path = values::take(&take).map_err(Error::Usage)?;
    let log = args.session.ends_with(session::LOG);
    let folder = if log { args.session.parent().unwrap_or(Path::new("")) } else { &args.session };
    let (file, seconds) = Pieces::left(&folder.join(record::FOLDER))?.join(&path)?;
    out::say(&format!("{}: {seconds:.3} s", file.display()));
    Ok(())
}

/// The MIDI that was heard.
fn notes(session: &Session) -> Vec<Note> {
    let note = |entry: &Entry| match &entry.what {
        What::Midi { port, message } => Some(Note { at: entry.at, port: port.as_str().into(), message: *message }),
        What::Patch { .. } | What::Live { .. } | What::Input { .. } => None,
    };
    session.entries.iter().filter_map(note).collect()
}

/// A mark for each text that took effect from this frame on: its number in the log, of several files which it was, and
/// what the log calls it.
fn marks(session: &Session, from: u64) -> Vec<Mark> {
    let texts = session.entries.iter().filter_map(|entry| match &entry.what {
        What::Patch { path, file, .. } => Some((entry.at, path, file)),
        _ => None,
    });
    let mark = |(number, (at, path, file)): (u32, (u64, &PathBuf, &Option<String>))| {
        let of = file.as_ref().map(|file| format!("{file} ")).unwrap_or_default();
        Some(Mark { at: at.checked_sub(from)?, label: format!("{number} {of}{}", path.display()) })
    };
    (1..).zip(texts).filter_map(mark).collect()
}

/// What came in from outside, if anything did.
fn input(session: &Session, places: &BTreeMap<PathBuf, PathBuf>) -> Option<Reels> {
    let file = |entry: &Entry| match &entry.what {
        What::Input { path } => Some((entry.at, places.get(&patch::plain(path))?.clone())),
        _ => None,
    };
    let files: Vec<(u64, PathBuf)> = session.entries.iter().filter_map(file).collect();
    (!files.is_empty()).then_some(Reels { files })
}

/// Where each file of the session is: beside its log, or where it is replaced.
///
/// # Errors
/// If something is to be replaced that is no file of the session.
fn places(session: &Session, replace: &[(PathBuf, PathBuf)]) -> Result<BTreeMap<PathBuf, PathBuf>, Error> {
    let dir = session.path.parent().unwrap_or(Path::new(""));
    let mut places: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
    for entry in &session.entries {
        let own: Vec<&PathBuf> = match &entry.what {
            What::Patch { path, files, .. } => std::iter::once(path).chain(files.values()).collect(),
            What::Input { path } => vec![path],
            What::Midi { .. } | What::Live { .. } => continue,
        };
        places.extend(own.into_iter().map(|own| (patch::plain(own), dir.join(own))));
    }
    for (old, new) in replace {
        let names: Vec<String> = places.keys().map(|own| own.display().to_string()).collect();
        let place = places.get_mut(&patch::plain(old)).ok_or_else(|| {
            let old = old.display().to_string();
            let hint = match nearest(&old, names.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it has {}", names.join(", ")),
            };
            Error::Usage(format!("`{old}` is no file of the session; {hint}"))
        })?;
        place.clone_from(new);
    }
    Ok(places)
}

/// What has become of the session's sound files, as lines for people.
///
/// # Errors
/// If one is there and cannot be read.
fn fates(session: &Session) -> Result<Vec<String>, Error> {
    let folder = session.path.parent().unwrap_or(Path::new(""));
    let mut told: BTreeMap<&Sound, String> = BTreeMap::new();
    for entry in &session.entries {
        let What::Patch { sounds, .. } = &entry.what else { continue };
        for sound in sounds.values() {
            let place = sound.place(folder);
            let line = match sound.fate(folder)? {
                Fate::Same => continue,
                Fate::Missing => format!("`{}` is gone: its module is silent", place.display()),
                Fate::Changed => {
                    format!("`{}` has changed since the session: it will not sound as it did", place.display())
                }
            };
            told.insert(sound, line);
        }
    }
    Ok(told.into_values().collect())
}

/// Every text as a cue, and all that was done beside it; and the names of their texts. Of several files the others play on;
/// those that took effect at one frame are one cue.
fn cues(
    session: &Session,
    places: &BTreeMap<PathBuf, PathBuf>,
    library: &Library,
) -> Result<(Vec<Cue>, Vec<String>), Error> {
    let folder = session.path.parent().unwrap_or(Path::new(""));
    let place = |own: &Path| places.get(&patch::plain(own)).cloned().unwrap_or_else(|| own.into());
    let mut cues = Vec::new();
    let mut names = Vec::new();
    let mut desk = Desk::default();
    let mut files: Vec<(Option<graph::Path>, Option<Arc<Graph>>)> =
        session.head.files.iter().map(|name| (Some(name.as_str().into()), None)).collect();
    if files.is_empty() {
        files.push((None, None));
    }
    let mut saved = None;
    for entry in &session.entries {
        let (path, included, sounds, file, fade_ms, restore, mut reset) = match &entry.what {
            What::Midi { .. } | What::Input { .. } => continue,
            What::Live { desk: change, reset, fade_ms, .. } => {
                change.apply(&mut desk);
                let ask = Ask { reset: reset.clone(), stopped: desk.stopped, ..Ask::default() };
                let graph = desk.over(&several::together(&files));
                cues.push(Cue { at: entry.at, graph, fade: fade_ms / 1000.0, ask });
                names.extend(names.last().cloned());
                saved = None;
                continue;
            }
            What::Patch { path, files: included, sounds, file, fade_ms, restore, desk: change, reset, .. } => {
                change.apply(&mut desk);
                (path, included, sounds, file, fade_ms, *restore, reset.clone())
            }
        };
        let text = place(path);
        // Its ending says what it is, also where another is taken for it.
        let main = Path::new(DESK).join(text.file_name().unwrap_or(text.as_os_str()));
        let mut kept = Kept { files: BTreeMap::new(), sounds: BTreeMap::new() };
        kept.files.insert(main.clone(), text);
        for (name, at) in included {
            kept.files.insert(patch::plain(&Path::new(DESK).join(name)), place(at));
        }
        for (name, sound) in sounds {
            let place = sound.sha256.is_some().then(|| sound.place(folder));
            kept.sounds.insert(patch::plain(&Path::new(DESK).join(name)), place);
        }
        let loaded = patch::load(&main, &kept, library).map_err(|_| EngineError::Session {
            path: session.path.clone(),
            line: entry.line,
            what: format!("{} cannot be played", path.display()),
        })?;
        if let Some((_, graph)) = files.iter_mut().find(|(name, _)| name.as_deref() == file.as_deref()) {
            *graph = Some(Arc::new(loaded.graph));
        }
        if saved.replace(entry.at) == Some(entry.at) {
            // What started over with them stands in the first line.
            reset.add(cues.pop().map(|cue: Cue| cue.ask.reset).unwrap_or_default());
            names.pop();
        }
        names.push(path.display().to_string());
        let ask = Ask { restore, reset, stopped: desk.stopped, force: true };
        let graph = desk.over(&several::together(&files));
        cues.push(Cue { at: entry.at, graph, fade: fade_ms / 1000.0, ask });
    }
    Ok((cues, names))
}

#[cfg(test)]
mod tests {
    use super::*;
    use patches_core::graph::{Landing, ParamValue};
    use patches_core::spec::{Kind, Output, Param, ParamKind, Spec};
    use patches_engine::desk::{Change, Reset};
    use patches_engine::session::{Sounds, Writer};

    /// A type that plays a file, as the language sees one, and an output.
    fn library() -> Library {
        let file = Param { names: &["file"], kind: ParamKind::File, indexed: false, help: "" };
        let player = Spec::new(&["Player"], "").with_param(file).with_output(Output::new(&["out"], Kind::Audio, ""));
        let out = Spec::new(&["AudioOut"], "").with_input(patches_core::spec::Input::new(&["in"], Kind::Audio, ""));
        let specs: &'static [Spec] = Vec::leak(vec![player, out]);
        Library::new(specs)
    }

    /// A session in a folder of its own of a text that names three files, in folders beside and above its own.
    fn session(root: &Path) -> Session {
        let songs = root.join("music/songs");
        std::fs::create_dir_all(songs.join("kit")).expect("made");
        std::fs::write(songs.join("kit/kick.wav"), "kick").expect("written");
        std::fs::write(root.join("music/hat.wav"), "hat").expect("written");
        let text = "a = Player { file: file(\"kit/kick.wav\") }; b = Player { file: file(\"../hat.wav\") }
            c = Player { file: file(\"gone.wav\") }; a, b, c -> out\n";
        std::fs::write(songs.join("a.patches"), text).expect("written");
        let loaded = patches_dsl::load(&songs.join("a.patches"), &patches_dsl::Disk, &library());
        assert!(!loaded.has_errors());
        let mut looked = Sounds::default();
        let named = loaded.sounds.iter().map(|path| (patch::relative(&songs, path), looked.look(path).expect("read")));
        let head = Head { rate: 48_000, oversample: 1, seed: 1, limiter: true, outputs: 2, files: vec![] };
        let mut log = Writer::create(&root.join("session"), &head).expect("begun");
        let texts = log.keep(text, "patches", &[]).expect("kept").with_sounds(named.collect());
        log.patch(0, &texts, (Landing::Now, 0.0), false, (&Change::default(), &Reset::None)).expect("written");
        log.end(100).expect("written");
        session::read(&root.join("session")).expect("read")
    }

    fn files(session: &Session) -> Vec<String> {
        let (cues, _) = cues(session, &places(session, &[]).expect("places"), &library()).expect("it can be played");
        let modules = cues[0].graph.modules.values();
        let file =
            |value: &ParamValue| if let ParamValue::Text(text) = value { text.to_string() } else { String::new() };
        modules.filter_map(|module| module.params.get(&(0, 0)).map(file)).collect()
    }

    #[test]
    fn sound_files_are_found_from_the_log_and_changes_are_named() {
        let root = tempfile::tempdir().expect("a folder");
        let session = session(root.path());
        let found = files(&session);
        assert_eq!(found[0], root.path().join("music/songs/kit/kick.wav").to_string_lossy());
        assert_eq!(std::fs::read_to_string(&found[1]).expect("it is there"), "hat");
        assert!(fates(&session).expect("they can be read").is_empty());
        // What was not there while it was played is silent, also where it has come since.
        std::fs::write(root.path().join("music/songs/gone.wav"), "late").expect("written");
        assert!(!Path::new(&files(&session)[2]).exists());
        std::fs::write(root.path().join("music/hat.wav"), "another hat").expect("written");
        std::fs::remove_file(root.path().join("music/songs/kit/kick.wav")).expect("removed");
        let told = fates(&session).expect("they can be read");
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told.iter().any(|line| line.contains("hat.wav` has changed since the session")));
        assert!(told.iter().any(|line| line.contains("kick.wav` is gone")));
    }
}
