//! Names of older files: types and ports that go by another name today.

use patches_core::library::Library;
use patches_core::spec::Spec;

/// The type of a name. One that is not found is sought without `Poly`, `Stereo` and a leading `V`.
pub fn find(library: &Library, name: &str) -> Option<&'static Spec> {
    if let Some(spec) = library.find(name) {
        return Some(spec);
    }
    let plain = name.replace("Poly", "").replace("Stereo", "");
    let tries = [
        name.replace("Poly", ""),
        name.replace("Stereo", ""),
        name.strip_prefix('V').unwrap_or(name).to_string(),
        plain.clone(),
        plain.strip_prefix('V').unwrap_or(&plain).to_string(),
    ];
    // A name that is all prefix would be empty, which no type is.
    tries.iter().filter(|tried| tried.as_str() != name).find_map(|tried| library.find(tried))
}

/// What an older port name says today: the port, and the unit a bare number is in.
pub fn port(name: &str) -> Option<(&str, Option<Bare>)> {
    if let Some(plain) = name.strip_suffix("_cv") {
        return Some((plain, None));
    }
    if let Some(plain) = name.strip_suffix("_ms") {
        return Some((plain, Some(Bare::Milliseconds)));
    }
    if let Some(plain) = name.strip_suffix("_hz") {
        return Some((plain, Some(Bare::Hertz)));
    }
    Some(match name {
        "dry_wet" | "drywet_cv" => ("mix", None),
        "fb_cv" => ("feedback", None),
        "ir_data" => ("ir", None),
        "drift_amount" => ("drift", None),
        _ => return None,
    })
}

/// The unit that a parameter's name gives to a bare number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bare {
    /// `time_ms`.
    Milliseconds,
    /// `cutoff_hz`.
    Hertz,
}
