//! `mute` and `solo`: which cables carry nothing.
//!
//! A muted module, or all of a template instance, is cut off from what it feeds: sound, envelopes, gates and triggers
//! carry nothing, pitches, times and rates go on, for a pitch of 0 is not silence. While anything is soloed, only that is
//! heard: what comes by a sound input into anything the soloed modules feed, and does not itself come from them, is cut.
//! What ends in itself, such as the output of the patch, is muted by what comes into it, and soloed with all of that.
//! Modules run on all the same, so that they come back as if they had played.

use super::Net;
use crate::desk::covers;
use patches_core::graph::Path;
use patches_core::spec::Kind;

/// Silences the cables of a settled net.
pub fn quieten(net: &mut Net, mute: &[Path], solo: &[Path]) {
    if mute.is_empty() && solo.is_empty() {
        return;
    }
    let within = |names: &[Path]| -> Vec<bool> {
        net.modules.iter().map(|module| names.iter().any(|name| covers(name, &module.path))).collect()
    };
    let (muted, soloed) = (within(mute), within(solo));
    let cables = net.cables.iter().map(|cable| (cable.from.module, cable.to.module));
    let reached = if solo.is_empty() { Vec::new() } else { downstream(cables, soloed.clone()) };
    for cable in &mut net.cables {
        let (from, to) = (cable.from.module, cable.to.module);
        let output = net.modules[from].spec.outputs[cable.from.port as usize].kind;
        let input = net.modules[to].spec.inputs[cable.to.port as usize].kind;
        let carries = !matches!(output, Kind::Pitch | Kind::Time | Kind::Rate | Kind::Interval);
        let end = net.modules[to].spec.outputs.is_empty();
        // A file that is muted has its output in itself.
        let leaves = muted[from] && !muted[to];
        let mutes = carries && (leaves || end && (muted[from] || muted[to]));
        let heard = solo.is_empty() || reached[from] || soloed[to];
        let hides = !heard && input == Kind::Audio && (reached[to] || end);
        if mutes || hides {
            cable.gain = super::Level::Still(0.0);
        }
    }
}

/// All that these modules feed by these cables, themselves included.
pub(crate) fn downstream(cables: impl Iterator<Item = (usize, usize)>, mut reached: Vec<bool>) -> Vec<bool> {
    let mut out: Vec<Vec<usize>> = vec![vec![]; reached.len()];
    for (from, to) in cables {
        out[from].push(to);
    }
    let mut work: Vec<usize> = (0..reached.len()).filter(|&module| reached[module]).collect();
    while let Some(module) = work.pop() {
        for &next in &out[module] {
            if !reached[next] {
                reached[next] = true;
                work.push(next);
            }
        }
    }
    reached
}
