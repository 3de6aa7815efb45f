//! From a path to a graph: the text and all it includes are read, parsed, expanded and checked.

use crate::again::Known;
use crate::check::{Around, Checked, check};
use crate::expand::{Unit, expand};
use crate::fault::{Fault, Severity, codes, nearest};
use crate::hash::HashMap;
use crate::limits;
use crate::parse::{Parsed, parse_again};
use crate::source::{Files, Loaded, SourceFile};
use crate::tree::{Statement, What};
use patches_core::graph::{Graph, ParamValue, Span};
use patches_core::library::Library;
use patches_core::spec::ParamKind;
use std::path::{Component, Path, PathBuf};

/// Warnings that may be there because of a fault alone.
const FOLLOWS: [&str; 4] = [codes::REACHES_NOTHING, codes::NEVER_FED, codes::UNUSED, codes::LOOP_GAIN];

/// What was read before, by path.
#[derive(Default)]
pub struct Before(HashMap<PathBuf, Known>);

/// Reads, expands and checks a patch. Never panics; gives a graph and all faults, whatever the text.
pub fn load(path: &Path, files: &dyn Files, library: &Library) -> Loaded {
    load_again(path, files, library, &mut Before::default())
}

/// The same, of a patch that was read before: of a text that changed, only what is new is read by the grammar. It gives
/// what [`load`] gives.
pub fn load_again(path: &Path, files: &dyn Files, library: &Library, before: &mut Before) -> Loaded {
    let mut reader = Reader {
        files,
        before: std::mem::take(&mut before.0),
        known: HashMap::default(),
        read: Texts::default(),
        texts: Vec::new(),
        watch: Vec::new(),
        open: Vec::new(),
        faults: Vec::new(),
    };
    reader.main(path);
    let read = std::mem::take(&mut reader.read);
    let Reader { texts, mut faults, watch, known, .. } = reader;
    before.0 = known;
    let checked = deep(|| read.graph(library)).unwrap_or_else(|fault| Checked {
        graph: Graph::default(),
        faults: vec![fault],
        wanted: Vec::new(),
    });
    faults.extend(checked.faults);
    for (path, span) in &checked.wanted {
        if !files.exists(path) {
            let message = format!("no sound file `{}`: its module is silent", path.display());
            faults.push(Fault::warning(codes::MISSING_FILE, *span, message));
        }
    }
    let mut sounds: Vec<PathBuf> = checked.wanted.into_iter().map(|(path, _)| path).collect();
    sounds.sort();
    sounds.dedup();
    let mut graph = checked.graph;
    put_sounds(&mut graph, &sounds, files);
    // What reaches nothing in a faulty text, or is not used there, is most often what the fault cut off.
    if faults.iter().any(|fault| fault.severity == Severity::Error) {
        faults.retain(|fault| !FOLLOWS.contains(&fault.code));
    }
    // What goes nowhere as a whole is told once, not for its parts too.
    let idle: Vec<Span> = faults.iter().filter(|f| f.code == codes::REACHES_NOTHING).map(|f| f.span).collect();
    let inside = |a: Span, b: Span| a != b && a.file == b.file && b.start <= a.start && a.end <= b.end;
    faults.retain(|fault| fault.code != codes::REACHES_NOTHING || !idle.iter().any(|whole| inside(fault.span, *whole)));
    faults.sort_by(|a, b| (a.span, a.code, &a.message).cmp(&(b.span, b.code, &b.message)));
    faults.dedup();
    faults.truncate(limits::FAULTS);
    Loaded { graph, faults, files: texts, sounds, watch }
}

/// Names sound files in the graph by where they are read from.
fn put_sounds(graph: &mut Graph, sounds: &[PathBuf], files: &dyn Files) {
    for module in graph.modules.values_mut() {
        for (slot, value) in &mut module.params {
            if module.spec.params[usize::from(slot.0)].kind == ParamKind::File
                && let ParamValue::Text(text) = value
                && sounds.binary_search_by(|path| path.as_path().cmp(Path::new(&**text))).is_ok()
            {
                *text = files.sound(Path::new(&**text)).to_string_lossy().into();
            }
        }
    }
}

/// Runs on a thread with a stack that fits what the limits allow.
fn deep<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Fault> {
    let failed =
        |what: &str| Fault::error(codes::INTERNAL, Span::default(), format!("the text could not be checked: {what}"));
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("patch".into()).stack_size(limits::STACK);
        match thread.spawn_scoped(scope, work) {
            Ok(thread) => thread.join().map_err(|_| failed("a mistake in the checker")),
            Err(error) => Err(failed(&error.to_string())),
        }
    })
}

/// What was read and parsed.
#[derive(Default)]
struct Texts {
    parsed: Vec<Parsed>,
    folders: Vec<PathBuf>,
    /// Which files each file includes.
    includes: Vec<Vec<usize>>,
    /// Files in the order they are needed: included ones first.
    order: Vec<usize>,
    /// An include brought nothing in, for its file could not be read.
    blind: bool,
}

struct Reader<'a> {
    files: &'a dyn Files,
    /// What was read before, and what is read now.
    before: HashMap<PathBuf, Known>,
    known: HashMap<PathBuf, Known>,
    read: Texts,
    texts: Vec<SourceFile>,
    watch: Vec<PathBuf>,
    /// Files that are being read, each because of the one before.
    open: Vec<usize>,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn main(&mut self, path: &Path) {
        let Some(file) = self.file(path, None) else { return };
        let empty = self.read.parsed[file].statements.is_empty() && self.faults.is_empty();
        if empty {
            let fault = Fault::error(codes::EMPTY_FILE, Span::default(), "the file is empty");
            self.faults.push(fault.help("write `patch {}` for silence"));
        }
    }

    /// Reads and parses a file and all it includes; its index.
    fn file(&mut self, path: &Path, asked: Option<Span>) -> Option<usize> {
        let span = asked.unwrap_or_default();
        if !self.watch.iter().any(|watched| watched == path) {
            self.watch.push(path.to_path_buf());
        }
        if self.texts.len() >= limits::FILES {
            let message = format!("a patch may be made of {} files", limits::FILES);
            self.faults.push(Fault::error(codes::TOO_LARGE, span, message));
            return None;
        }
        let (read, told) = (self.files.read(path), self.faults.len());
        let file = self.texts.len();
        // The first file has a place for its faults even where it cannot be read.
        let place = asked.unwrap_or(Span { file: file as u16, ..Span::default() });
        // What stands in a file that is no text is for its faults alone.
        let mut shown = None;
        let text = match read.map(String::from_utf8) {
            Ok(Ok(text)) => text,
            Ok(Err(error)) => {
                let at = error.utf8_error().valid_up_to();
                let (file, start) = (file as u16, at as u32);
                let here = Span { file, start, end: start + char::REPLACEMENT_CHARACTER.len_utf8() as u32 };
                let message = format!("`{}` is no UTF-8 text (byte {at})", path.display());
                let fault = Fault::error(codes::NOT_UTF8, here, message);
                self.faults.push(match asked {
                    Some(asked) => fault.also(asked, "included here"),
                    None => fault,
                });
                shown = Some(String::from_utf8_lossy(error.as_bytes()).into_owned());
                String::new()
            }
            Err(error) => {
                let message = format!("cannot read `{}`: {error}", path.display());
                let fault = Fault::error(codes::FILE, place, message);
                let missing = error.kind() == std::io::ErrorKind::NotFound;
                self.faults.push(match (missing, asked) {
                    (true, None) => fault.help(format!("`patches new {}` writes one to begin with", path.display())),
                    (true, Some(_)) => self.near_file(fault, path),
                    (false, _) => fault,
                });
                String::new()
            }
        };
        let text = if text.len() > limits::FILE_BYTES {
            let message = format!("`{}` is larger than {} bytes", path.display(), limits::FILE_BYTES);
            self.faults.push(Fault::error(codes::TOO_LARGE, place, message));
            String::new()
        } else {
            text.strip_prefix('\u{feff}').map(str::to_string).unwrap_or(text)
        };
        let yaml = path.extension().is_some_and(|end| end == "yaml" || end == "yml");
        let mut known = self.before.remove(path);
        let mut parsed = deep(|| match yaml {
            true => crate::yaml::parse(&text, file as u16),
            false => parse_again(&text, file as u16, &mut known),
        })
        .unwrap_or_else(|fault| Parsed { statements: Vec::new(), faults: vec![fault] });
        self.known.extend(known.map(|known| (path.to_path_buf(), known)));
        // Where a whole file has no statement, or an include has no file, any name may be missing.
        self.read.blind |=
            parsed.statements.is_empty() && asked.is_some() && told < self.faults.len() + parsed.faults.len();
        self.read.blind |= parsed.statements.iter().any(is_lost_include);
        self.faults.append(&mut parsed.faults);
        let asked: Vec<(String, Span)> = includes(&parsed.statements);
        self.texts.push(SourceFile { path: path.to_path_buf(), text: shown.unwrap_or(text) });
        self.read.parsed.push(parsed);
        self.read.folders.push(path.parent().unwrap_or(Path::new("")).to_path_buf());
        self.read.includes.push(Vec::new());
        self.open.push(file);
        for (name, span) in asked {
            let folder = path.parent().unwrap_or(Path::new(""));
            let target = tidy(&folder.join(&name));
            match self.include(&target, span) {
                Some(included) if !self.read.includes[file].contains(&included) => {
                    self.read.includes[file].push(included);
                }
                Some(_) => {}
                None => self.read.blind = true,
            }
        }
        self.open.pop();
        self.read.order.push(file);
        Some(file)
    }

    fn include(&mut self, target: &Path, span: Span) -> Option<usize> {
        let Some(known) = self.texts.iter().position(|file| tidy(&file.path) == target) else {
            return self.file(target, Some(span));
        };
        if let Some(start) = self.open.iter().position(|&open| open == known) {
            let mut path: Vec<String> = self.open[start..].iter().map(|&file| self.short(file)).collect();
            path.push(self.short(known));
            let message = format!("files include each other: {}", path.join(" → "));
            self.faults.push(Fault::error(codes::INCLUDE_CYCLE, span, message));
            return None;
        }
        Some(known)
    }

    /// With the file of the same folder that may be meant.
    fn near_file(&self, fault: Fault, path: &Path) -> Fault {
        let names = self.files.names(path.parent().unwrap_or(Path::new("")));
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        match nearest(&name, names.iter().map(String::as_str)) {
            Some(near) => fault.help(format!("did you mean `{}`?", path.with_file_name(near).display())),
            None => fault,
        }
    }

    fn short(&self, file: usize) -> String {
        let path = &self.texts[file].path;
        path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
    }
}

impl Texts {
    /// Expands and checks all that was read.
    fn graph(&self, library: &Library) -> Checked {
        let place = |file: usize| self.order.iter().position(|&f| f == file);
        let units: Vec<Unit<'_>> = self
            .order
            .iter()
            .map(|&file| Unit {
                statements: &self.parsed[file].statements,
                includes: self.includes[file].iter().filter_map(|&f| place(f)).collect(),
            })
            .collect();
        let mut expanded = expand(&units, library, self.blind);
        crate::lead::lead(&mut expanded);
        let around = Around { library, folders: self.folders.clone() };
        let mut checked = check(&expanded, &around);
        checked.faults.append(&mut expanded.faults);
        checked
    }
}

/// The includes of a text, those in `patch { … }` among them.
fn includes(statements: &[Statement]) -> Vec<(String, Span)> {
    let mut list = Vec::new();
    for statement in statements {
        match &statement.what {
            What::Include(name, span) => list.push((name.to_string(), *span)),
            What::Patch(inner) => list.extend(includes(inner)),
            _ => {}
        }
    }
    list
}

/// Whether a statement is an include that cannot be read.
fn is_lost_include(statement: &Statement) -> bool {
    match &statement.what {
        What::Unreadable(names) => names.iter().any(|name| &**name == "include"),
        What::Patch(body) => body.iter().any(is_lost_include),
        _ => false,
    }
}

/// A path without `.` and, where it can be told without the disk, without `..`, so that a file has one name.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(tidy.components().next_back(), Some(Component::Normal(_))) => {
                tidy.pop();
            }
            part => tidy.push(part),
        }
    }
    tidy
}
