//! What a module may have been called before: `was`, into and out of templates.
//!
//! A `was` names a module of the same body first, then one of each body around it, the file's last. Where a template
//! instance was renamed, so was all that is in it. In a round of a `for` the same round of what is named comes first.

use super::paths::joined;
use crate::flat::{Draft, Expanded};
use patches_core::graph::Path;

/// More are not asked for: names in bodies in bodies, each renamed, would double them at every step.
const MOST: usize = 16;

/// The earlier paths of a module, the likeliest first. `bodies` are the paths of the bodies, `local` is its name in its own.
pub(super) fn earlier(expanded: &Expanded, bodies: &[Path], draft: &Draft, local: &str) -> Vec<Path> {
    let own = joined(&bodies[draft.body], local);
    let mut found: Vec<Path> = Vec::new();
    let mut note = |path: Path| {
        if path != own && found.len() < MOST && !found.contains(&path) {
            found.push(path);
        }
    };
    let mut at = draft.body;
    let mut round = draft.round.to_string();
    // All it may have been called in the body looked at, first what it is called today.
    let mut names = vec![local.to_string()];
    loop {
        for name in draft.was.iter().flat_map(|was| rounds(&was.text, &round)) {
            note(joined(&bodies[at], &name));
            if at == draft.body {
                names.push(name);
            }
        }
        let here = &expanded.bodies[at];
        let Some(outer) = here.outer else { return found };
        let today = bodies[at].strip_prefix(&*bodies[outer]).unwrap_or(&bodies[at]).trim_start_matches('/').to_string();
        let before = here.was.iter().flat_map(|was| rounds(&was.text, &here.round));
        let heads: Vec<String> = std::iter::once(today).chain(before).collect();
        names = heads.iter().flat_map(|head| names.iter().map(move |name| format!("{head}/{name}"))).collect();
        names.truncate(MOST);
        names.iter().for_each(|name| note(joined(&bodies[outer], name)));
        round.insert_str(0, &here.round);
        at = outer;
    }
}

/// A path in this round of a `for`, then as it is written: `v/osc` in round `[2]` is `v[2]/osc`, `v/osc[2]` or `v/osc`.
fn rounds(written: &str, round: &str) -> Vec<String> {
    let mut paths = Vec::new();
    if !round.is_empty() && !written.contains('[') {
        let ends = written.match_indices('/').map(|(at, _)| at).chain([written.len()]);
        paths.extend(ends.map(|at| format!("{}{round}{}", &written[..at], &written[at..])));
    }
    paths.push(written.to_string());
    paths
}
