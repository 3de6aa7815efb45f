//! Faults: what is wrong in a patch, where, and what would be right.

use patches_core::graph::Span;

/// How bad a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The patch is not played.
    Error,
    /// It is played, and something in it is probably not meant.
    Warning,
}

/// Something wrong in a patch.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Which fault: one of [`codes`], stable for ever.
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// Where.
    pub span: Span,
    /// Other places that belong to it, and what each is.
    pub also: Vec<(Span, String)>,
    /// What was found, and what was expected.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

impl Fault {
    /// An error.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Fault {
        let severity = Severity::Error;
        Fault { code, severity, span, also: Vec::new(), message: message.into(), help: None }
    }

    /// A warning.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Fault {
        Fault { severity: Severity::Warning, ..Fault::error(code, span, message) }
    }

    /// With what would be right.
    pub fn help(mut self, help: impl Into<String>) -> Fault {
        self.help = Some(help.into());
        self
    }

    /// With the nearest of these names, where one is near, as the suggestion.
    pub fn near<'a>(mut self, found: &str, names: impl IntoIterator<Item = &'a str>) -> Fault {
        if let Some(name) = nearest(found, names) {
            self.help = Some(format!("did you mean `{name}`?"));
        }
        self
    }

    /// With another place.
    pub fn also(mut self, span: Span, what: impl Into<String>) -> Fault {
        self.also.push((span, what.into()));
        self
    }
}

/// The name nearest to the one found, if one is near enough to have been meant.
pub fn nearest<'a>(found: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let low = found.to_lowercase();
    let length = low.chars().count();
    // Every letter is near every other; a word of one letter is near its capital only.
    let allowed = (length / 3).max(1).min(length.saturating_sub(1));
    // What is only begun is near too: `unipolar` is `unipolar_positive` before it is `bipolar`.
    let begun = |name: &str| length >= 4 && name.to_lowercase().starts_with(&low);
    // The first letter is the one that is seldom mistyped.
    let first = |text: &str| text.chars().next().map(|c| c.to_ascii_lowercase());
    names
        .into_iter()
        .filter(|name| *name != found)
        .map(|name| (strsim::osa_distance(&low, &name.to_lowercase()), strsim::osa_distance(found, name), name))
        .filter(|(distance, _, name)| *distance <= allowed || begun(name))
        .min_by_key(|(distance, exact, name)| {
            (*distance > 1 && !begun(name), *distance, first(name) != first(found), *exact, *name)
        })
        .map(|(.., name)| name)
}

macro_rules! codes {
    ($($name:ident = $code:literal, $what:literal;)*) => {
        /// Every code there is, with what it says.
        pub const ALL: &[(&str, &str)] = &[$(($code, $what)),*];
        $(#[doc = $what] pub const $name: &str = $code;)*
    };
}

/// The codes of all faults.
pub mod codes {
    codes! {
        UNREADABLE = "unreadable", "A statement that cannot be read.";
        STRAY_BRACE = "stray-brace", "A closing brace that closes nothing.";
        UNCLOSED = "unclosed", "A block that is not closed.";
        EMPTY_FILE = "empty-file", "A file without a statement.";
        FILE = "file", "A file that cannot be read.";
        NOT_UTF8 = "not-utf8", "A file that is no UTF-8 text.";
        TOO_LARGE = "too-large", "More than a limit allows.";
        TOO_DEEP = "too-deep", "Brackets, templates or names nested too deep.";
        INCLUDE_CYCLE = "include-cycle", "Files that include each other.";
        NOT_INCLUDED = "not-included", "A statement that an include does not bring in.";
        INTERNAL = "internal", "A mistake of the program, not of the text.";
        UNKNOWN_MODULE = "unknown-module", "No module type of this name.";
        UNKNOWN_NAME = "unknown-name", "Nothing of this name.";
        UNKNOWN_PORT = "unknown-port", "No port of this name.";
        UNKNOWN_PARAMETER = "unknown-parameter", "No parameter of this name.";
        UNKNOWN_WORD = "unknown-word", "A word that the parameter does not have.";
        UNKNOWN_CHANNEL = "unknown-channel", "No channel of this name or number.";
        UNKNOWN_PATH = "unknown-path", "No module at this path.";
        GIVEN_TWICE = "given-twice", "A name, parameter, setting or cable given twice.";
        NOT_NEW = "not-new", "A name for a module that has one already.";
        NOT_A_SOURCE = "not-a-source", "Nothing that a cable can start from.";
        NOT_A_TARGET = "not-a-target", "Nothing that a cable can go to.";
        WRONG_KIND = "wrong-kind", "A value of the wrong kind.";
        NOT_CONSTANT = "not-constant", "A signal where a constant is needed.";
        NEGATIVE_GAIN = "negative-gain", "A negative number where only a positive gain can stand.";
        ARITHMETIC = "arithmetic", "Kinds that cannot be combined.";
        NOT_FINITE = "not-finite", "A number that is infinite or none.";
        TRIGGER_SCALE = "trigger-scale", "A scale on a trigger cable.";
        EMPTY_RANGE = "empty-range", "A `for` over a range that runs backwards.";
        SHAPE = "shape", "A shape that the type does not have.";
        OUT_OF_RANGE = "out-of-range", "A value outside its range.";
        OLD_SPELLING = "old-spelling", "A spelling of older files.";
        CYCLE = "cycle", "Names or templates that are made of themselves.";
        MISPLACED = "misplaced", "A statement that may not stand here.";
        ARGUMENT = "argument", "Wrong arguments.";
        REACHES_NOTHING = "reaches-nothing", "A module whose outputs reach nothing.";
        NEVER_FED = "never-fed", "An input that a module cannot do without, and that nothing feeds.";
        UNUSED = "unused", "A name that nothing uses.";
        SHADOWED = "shadowed", "A name that hides another.";
        LOOP_GAIN = "loop-gain", "A loop with gain above one.";
        LATE_CABLE = "late-cable", "A cable that is one sample late because it closes a loop.";
        PITCH_AS_TRIGGER = "pitch-as-trigger", "A pitch where a trigger or gate is waited for.";
        PITCHES_ADDED = "pitches-added", "Pitches that are added where a chord may be meant.";
        SETTING_AS_NAME = "setting-as-name", "A name that is the word of a setting, and that nothing uses.";
        MISSING_FILE = "missing-file", "A sound file that is missing.";
        NOTHING_TO_PLAY = "nothing-to-play", "A player without a pattern or a song's clock.";
        NOT_PLAYABLE = "not-playable", "A part of the language that no module plays yet.";
        PATTERN = "pattern", "A mistake in a pattern, section, song or curve.";
        YAML = "yaml", "A YAML file that is no patch.";
    }
}
