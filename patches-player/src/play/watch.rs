//! Watching files for saves. Folders are watched, not files: a file that is saved by renaming a new one over it would
//! never be heard of again. What came is only that something happened; whether a text changed is seen by reading it.

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// After this long without an event a file that was written is read: an editor may write it in parts.
pub const WRITTEN: Duration = Duration::from_millis(5);
/// One that was renamed into place is whole; this is only for editors that rename several.
pub const RENAMED: Duration = Duration::from_millis(1);
/// Never longer than this after the first event.
const PATIENCE: Duration = Duration::from_millis(100);
/// A fault this soon after an event may be half a text: it is read once more when this is over.
const HALF: Duration = Duration::from_millis(50);

/// Watches the folders of the files of a patch.
pub struct Watch {
    watcher: RecommendedWatcher,
    folders: BTreeSet<PathBuf>,
    names: Arc<Mutex<BTreeSet<PathBuf>>>,
    files: Vec<PathBuf>,
    /// At the last look.
    stamps: Vec<Option<Stamp>>,
    /// What was last said to be there.
    known: Vec<Option<Stamp>>,
}

/// What changes when a file does, for folders whose events do not reach us.
type Stamp = (Option<SystemTime>, u64);

impl Watch {
    /// Calls `touched` from another thread when one of the followed files may have changed, with how long to wait for
    /// more.
    ///
    /// # Errors
    /// If the system gives no watcher.
    pub fn new(touched: impl Fn(Duration) + Send + 'static) -> notify::Result<Watch> {
        let names = Arc::new(Mutex::new(BTreeSet::<PathBuf>::new()));
        let known = names.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            let known = known.lock().unwrap_or_else(PoisonError::into_inner);
            if event.paths.iter().any(|path| known.contains(path))
                && let Some(quiet) = saved(event.kind)
            {
                touched(quiet);
            }
        })?;
        Ok(Watch { watcher, folders: BTreeSet::new(), names, files: vec![], stamps: vec![], known: vec![] })
    }

    /// From now on follows exactly these files. Those that are not there are followed too. Whether they are others than
    /// before: then one may have changed since it was read, and before it was followed.
    pub fn follow(&mut self, files: &[PathBuf]) -> bool {
        let mut names = BTreeSet::new();
        for file in files {
            names.extend(places(file));
        }
        let folders: BTreeSet<PathBuf> = names.iter().filter_map(|name| Some(name.parent()?.to_path_buf())).collect();
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) = names;
        for gone in self.folders.difference(&folders) {
            // It may have been removed by then, which is as good.
            let _ = self.watcher.unwatch(gone);
        }
        let mut watched = BTreeSet::new();
        for folder in folders {
            if self.folders.contains(&folder) || self.watcher.watch(&folder, RecursiveMode::NonRecursive).is_ok() {
                watched.insert(folder);
            }
        }
        self.folders = watched;
        let others = self.files != files;
        if others {
            self.files = files.to_vec();
            self.stamps = self.files.iter().map(|file| stamp(file)).collect();
            self.known = self.stamps.clone();
        }
        others
    }

    /// Whether a followed file has another date or size than was last said, and the same as at the last look, so that
    /// nobody is writing it: for file systems without events.
    pub fn look(&mut self) -> bool {
        let now: Vec<_> = self.files.iter().map(|file| stamp(file)).collect();
        let changed = now == self.stamps && now != self.known;
        if changed {
            self.known.clone_from(&now);
        }
        self.stamps = now;
        changed
    }
}

fn stamp(file: &Path) -> Option<Stamp> {
    let meta = std::fs::metadata(file).ok()?;
    Some((meta.modified().ok(), meta.len()))
}

/// Where events for a file show up: under its own name, and where a link leads.
fn places(file: &Path) -> Vec<PathBuf> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let own = folder.canonicalize().ok().zip(file.file_name()).map(|(folder, name)| folder.join(name));
    own.into_iter().chain(file.canonicalize()).collect()
}

/// How long to wait after an event, if it can be the end of a save.
fn saved(kind: EventKind) -> Option<Duration> {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => Some(WRITTEN),
        EventKind::Modify(ModifyKind::Name(RenameMode::From)) => None,
        EventKind::Modify(ModifyKind::Name(_)) => Some(RENAMED),
        // Linux tells when a file is closed; elsewhere every change is one.
        EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Any) | EventKind::Create(_) => {
            (!cfg!(target_os = "linux")).then_some(WRITTEN)
        }
        _ => None,
    }
}

/// When to read after an event.
#[derive(Default)]
pub struct Quiet {
    first: Option<Instant>,
    last: Option<Instant>,
    due: Option<Instant>,
    retried: bool,
}

impl Quiet {
    /// An event came; to be read when no other comes for so long.
    pub fn touched(&mut self, now: Instant, quiet: Duration) {
        let first = *self.first.get_or_insert(now);
        self.last = Some(now);
        self.due = Some((now + quiet).min(first + PATIENCE));
        self.retried = false;
    }

    /// To be read once more soon, though no event came.
    pub fn soon(&mut self, now: Instant) {
        self.due = self.due.or(Some(now + WRITTEN));
    }

    /// Whether to read now.
    pub fn ready(&mut self, now: Instant) -> bool {
        let ready = self.due.is_some_and(|due| due <= now);
        if ready {
            self.due = None;
            self.first = None;
        }
        ready
    }

    /// What was read has a fault. Whether it shall be read once more, because it may have been half a text.
    pub fn again(&mut self, now: Instant) -> bool {
        let Some(last) = self.last else { return false };
        let again = !self.retried && now < last + HALF;
        if again {
            self.retried = true;
            self.due = Some(last + HALF);
        }
        again
    }

    /// How long there is nothing to do, at most `longest`.
    pub fn wait(&self, now: Instant, longest: Duration) -> Duration {
        self.due.map_or(longest, |due| due.saturating_duration_since(now).min(longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::sync::mpsc;

    fn heard(receiver: &mpsc::Receiver<()>) -> bool {
        let heard = receiver.recv_timeout(Duration::from_secs(5)).is_ok();
        std::thread::sleep(Duration::from_millis(50));
        while receiver.try_recv().is_ok() {}
        heard
    }

    fn watch(files: &[PathBuf]) -> (Watch, mpsc::Receiver<()>) {
        let (sender, receiver) = mpsc::channel();
        let mut watch = Watch::new(move |_| sender.send(()).expect("the test listens")).expect("a watcher");
        watch.follow(files);
        (watch, receiver)
    }

    #[test]
    fn every_way_of_saving_is_heard() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("a.patches");
        fs::write(&file, "one").expect("written");
        let (_watch, receiver) = watch(std::slice::from_ref(&file));
        for round in 0..3 {
            fs::write(&file, format!("in place {round}")).expect("written");
            assert!(heard(&receiver), "in place, round {round}");
            let other = dir.path().join("a.tmp");
            fs::write(&other, format!("renamed {round}")).expect("written");
            fs::rename(&other, &file).expect("renamed");
            assert!(heard(&receiver), "by renaming, round {round}");
            fs::remove_file(&file).expect("removed");
            fs::write(&file, format!("made anew {round}")).expect("written");
            assert!(heard(&receiver), "made anew, round {round}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn links_are_followed_and_other_files_are_not() {
        let dir = tempfile::tempdir().expect("a folder");
        let (real, links) = (dir.path().join("real"), dir.path().join("links"));
        fs::create_dir_all(&real).expect("a folder");
        fs::create_dir_all(&links).expect("a folder");
        fs::write(real.join("a"), "one").expect("written");
        fs::write(real.join("b"), "one").expect("written");
        let link = links.join("patch");
        std::os::unix::fs::symlink(real.join("a"), &link).expect("a link");
        let (mut watch, receiver) = watch(std::slice::from_ref(&link));
        fs::write(real.join("a"), "two").expect("written");
        assert!(heard(&receiver), "what the link leads to");
        fs::write(real.join("b"), "two").expect("written");
        assert!(receiver.recv_timeout(Duration::from_millis(200)).is_err(), "another file");
        std::os::unix::fs::symlink(real.join("b"), links.join("new")).expect("a link");
        fs::rename(links.join("new"), &link).expect("renamed");
        assert!(heard(&receiver), "a link that leads elsewhere");
        watch.follow(std::slice::from_ref(&link));
        fs::write(real.join("b"), "three").expect("written");
        assert!(heard(&receiver), "what it leads to now");
    }

    #[test]
    fn a_file_that_is_not_there_yet_is_heard_and_seen() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("later");
        let (mut watch, receiver) = watch(std::slice::from_ref(&file));
        assert!(!watch.look());
        fs::write(&file, "now").expect("written");
        assert!(heard(&receiver));
        assert!(!watch.look(), "it may still be written");
        assert!(watch.look(), "seen without an event too");
        assert!(!watch.look(), "once");
    }

    #[test]
    fn it_is_read_after_a_quiet_moment_and_half_a_text_once_more() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut quiet = Quiet::default();
        quiet.touched(at(0), WRITTEN);
        quiet.touched(at(3), WRITTEN);
        assert!(!quiet.ready(at(7)));
        assert!(quiet.ready(at(8)));
        assert!(!quiet.ready(at(9)), "once");
        assert!(quiet.again(at(10)), "it may be half a text");
        assert!(!quiet.ready(at(52)));
        assert!(quiet.ready(at(53)));
        assert!(!quiet.again(at(53)), "but once only");
        quiet.soon(at(55));
        assert!(quiet.ready(at(60)) && !quiet.again(at(60)), "no event, so no half text");
        quiet.touched(at(60), RENAMED);
        assert!(quiet.ready(at(61)), "what was renamed is whole");
        for ms in 100..300 {
            quiet.touched(at(ms), WRITTEN);
        }
        assert!(quiet.ready(at(200)), "a file that is always written is read now and then");
    }
}
