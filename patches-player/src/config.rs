//! The configuration: a YAML file whose keys are flags of `play` and whose values are their defaults. What is typed wins.

use crate::cli::Cli;
use crate::error::Error;
use clap::{ArgAction, Command, CommandFactory, FromArgMatches};
use patches_dsl::fault::nearest;
use patches_engine::error::Error as EngineError;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{Location, Spanned};
use std::fmt;
use std::io::ErrorKind;
use std::path::PathBuf;

/// Commands that play, and so take the configuration.
const PLAYERS: [&str; 2] = ["play", "demo"];
/// Flags of one run that a file cannot mean for all of them.
const ONCE: [&str; 4] = ["json", "session", "record", "list"];

/// Reads the command line, with what the configuration says where it says nothing. Wrong use and `--help` end the
/// program here.
///
/// # Errors
/// If something is to be played and the configuration is wrong.
pub fn parse() -> Result<Cli, Error> {
    let typed = Cli::command().get_matches();
    let plays = typed.subcommand_name().is_none_or(|name| PLAYERS.contains(&name));
    let defaults = if plays { read()? } else { vec![] };
    let matches = if defaults.is_empty() { typed } else { with(Cli::command(), &defaults).get_matches() };
    Cli::from_arg_matches(&matches).map_err(|e| e.exit())
}

/// Where it is, in the platform's usual place.
fn place() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = if cfg!(windows) {
        absolute("APPDATA")
    } else if cfg!(target_os = "macos") {
        absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join("Library/Application Support")))
    } else {
        absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")))
    };
    Some(folder?.join("patches").join("config.yaml"))
}

/// A flag and its values.
type Default = (String, Vec<String>);

/// What the file says; nothing where there is none.
fn read() -> Result<Vec<Default>, Error> {
    let Some(path) = place() else { return Ok(vec![]) };
    match std::fs::read_to_string(&path) {
        Ok(text) => check(&text).map_err(|((line, column), what)| {
            let file = path.display().to_string();
            Error::Config { file, line, column, what }
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(vec![]),
        Err(error) => Err(EngineError::file(&path)(error).into()),
    }
}

/// Line and column, from 1.
type Place = (u64, u64);

fn place_of(location: &Location) -> Place {
    (location.line().max(1), location.column().max(1))
}

/// Every key is to be a flag, every value one that the flag takes.
fn check(text: &str) -> Result<Vec<Default>, (Place, String)> {
    let pairs: Option<Pairs> = serde_yaml::from_str(text).map_err(|error| {
        let what = error.without_snippet().to_string();
        let what = what.lines().next().unwrap_or("this is no YAML").trim_end_matches('.').to_string();
        (error.location().as_ref().map_or((1, 1), place_of), what)
    })?;
    let mut defaults = Vec::new();
    for (key, value) in pairs.map(|pairs| pairs.0).unwrap_or_default() {
        let name = key.value.as_str();
        let (here, there) = (place_of(&key.referenced), place_of(&value.referenced));
        if ONCE.contains(&name) {
            return Err((here, format!("`{name}` is for one run; give it on the command line")));
        }
        let flag = is_flag(name).map_err(|what| (here, what))?;
        let values = value.value.words(flag).map_err(|what| (there, format!("`{name}`: {what}")))?;
        try_out(name, flag, &values).map_err(|what| (there, what))?;
        if !values.is_empty() {
            defaults.push((name.to_string(), values));
        }
    }
    Ok(defaults)
}

/// Whether a flag of `play` is only there or not; else it takes values.
fn is_flag(name: &str) -> Result<bool, String> {
    let mut whole = Cli::command();
    whole.build();
    let play = whole.find_subcommand("play").ok_or("`play` is no command")?;
    let known = |name: &&str| !ONCE.contains(name) && !["help", "version"].contains(name);
    let names: Vec<&str> = play.get_arguments().filter_map(clap::Arg::get_long).filter(known).collect();
    let arg = play.get_arguments().find(|arg| arg.get_long() == Some(name) && names.contains(&name));
    let arg = arg.ok_or_else(|| match nearest(name, names.iter().copied()) {
        Some(near) => format!("no flag `{name}` of `patches play`; did you mean `{near}`?"),
        None => format!("no flag `{name}` of `patches play`; there is {}", names.join(", ")),
    })?;
    Ok(matches!(arg.get_action(), ArgAction::SetTrue))
}

/// What the command line would say to it.
fn try_out(name: &str, flag: bool, values: &[String]) -> Result<(), String> {
    let given = |value: &String| if flag { format!("--{name}") } else { format!("--{name}={value}") };
    let words = ["patches", "play", "a.patches"].map(String::from).into_iter();
    let tried = Cli::command().try_get_matches_from(words.chain(values.iter().map(given)));
    tried.map(drop).map_err(|error| {
        let said = error.to_string();
        let said: Vec<&str> = said.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
        said.join(" ").trim_start_matches("error: ").to_string()
    })
}

/// The command with other defaults, wherever something is played.
fn with(command: Command, defaults: &[Default]) -> Command {
    let set = |command: Command| {
        defaults.iter().fold(command, |command, (name, values)| {
            let id = name.replace('-', "_");
            command.mut_arg(id, |arg| arg.default_values(values.clone()))
        })
    };
    PLAYERS.iter().fold(set(command), |command, name| command.mut_subcommand(name, set))
}

/// A mapping in its order.
struct Pairs(Vec<(Spanned<String>, Spanned<Value>)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pairs, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Pairs;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("flags and their values, such as `fade: 40`")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Visit)
    }
}

/// What a key is set to.
enum Value {
    Flag(bool),
    Word(String),
    List(Vec<Value>),
    Nothing,
}

impl Value {
    /// As it would be typed; of a flag that is off, nothing.
    fn words(self, flag: bool) -> Result<Vec<String>, String> {
        match (self, flag) {
            (Value::Nothing, _) | (Value::Flag(false), true) => Ok(vec![]),
            (Value::Flag(true), true) => Ok(vec!["true".into()]),
            (_, true) => Err("expected true or false".into()),
            (Value::Flag(_), false) => Err("expected a value, not true or false".into()),
            (Value::Word(word), false) => Ok(vec![word]),
            (Value::List(values), false) => {
                let words = values.into_iter().map(|value| value.words(false)).collect::<Result<Vec<_>, _>>()?;
                Ok(words.concat())
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Value;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value, true or false, or a list of values")
            }
            fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
                Ok(Value::Flag(v))
            }
            fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
                Ok(Value::Word(v.to_string()))
            }
            fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
                Ok(Value::Word(v.to_string()))
            }
            fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
                Ok(Value::Word(v.to_string()))
            }
            fn visit_str<E>(self, v: &str) -> Result<Value, E> {
                Ok(Value::Word(v.into()))
            }
            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Nothing)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
                let mut list = Vec::new();
                while let Some(value) = seq.next_element()? {
                    list.push(value);
                }
                Ok(Value::List(list))
            }
        }
        deserializer.deserialize_any(Visit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn played(text: &str, typed: &[&str]) -> crate::cli::PlayArgs {
        let defaults = check(text).unwrap_or_else(|(_, what)| panic!("{what}"));
        let matches = with(Cli::command(), &defaults).try_get_matches_from(["patches"].iter().chain(typed));
        let cli = Cli::from_arg_matches(&matches.expect("parses")).expect("parses");
        match cli.command {
            Some(crate::cli::Command::Play(play)) => play.how,
            Some(crate::cli::Command::Demo(demo)) => demo.how,
            None => cli.how,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn it_gives_defaults_and_what_is_typed_wins() {
        let text = "# mine\nfade: 40\nrate: 44100\nno-limiter: true\nbackend: clock\nplain: false\n";
        for typed in [&["a.patches"][..], &["play", "a.patches"], &["demo"]] {
            let how = played(text, typed);
            assert_eq!((how.fade, how.rate, how.no_limiter, how.plain), (40.0, Some(44_100), true, false));
            assert_eq!(how.backend, crate::cli::Way::Clock);
        }
        let how = played(text, &["a.patches", "--fade", "5", "--backend=auto"]);
        assert_eq!((how.fade, how.backend, how.rate), (5.0, crate::cli::Way::Auto, Some(44_100)));
        let how = played("plain: true", &["a.patches", "--json"]);
        assert!(how.json, "what is typed is no conflict with a default");
        assert_eq!(played("", &["a.patches"]).fade, patches_engine::session::FADE_MS);
        assert_eq!(played("fade:\n", &["a.patches"]).fade, patches_engine::session::FADE_MS);
    }

    #[test]
    fn a_fault_has_its_place() {
        for (text, line, column, words) in [
            ("fade: 40\nrat: 1\n", 2, 1, "did you mean `rate`"),
            ("fade: soon\n", 1, 7, "expected milliseconds, 0 to 600000"),
            ("plain: yes please\n", 1, 8, "expected true or false"),
            ("rate: true\n", 1, 7, "expected a value"),
            ("fade: 1\nfade: 2\n", 2, 1, "fade"),
            ("fade: [1, 2]\n", 1, 7, "cannot be used multiple times"),
            ("json: true\n", 1, 1, "for one run"),
            ("- fade\n", 1, 1, "mapping"),
            ("fade: 'x\n", 2, 1, ""),
            ("backend: tape\n", 1, 10, "possible values"),
        ] {
            let (place, what) = check(text).expect_err(text);
            assert_eq!(place, (line, column), "{text}: {what}");
            assert!(what.contains(words), "{text}: {what}");
        }
    }
}
