//! The channels of a sound device, as `out` and `in` have them: `out.in[2]` is its third. The first two are the sides of the
//! pair that the port is without an index, so that a cable to `out.left` and one to `out.in[0]` meet in one place.

use super::Checker;
use crate::fault::{Fault, codes};
use crate::flat::{Channel, Draft, Shape};
use patches_core::graph::Span;
use patches_core::spec::{DEVICE_CHANNELS, Side};
use std::sync::Arc;

/// A port as the graph has it: index, channel, side.
pub(super) type Place = (u16, u16, Side);

/// The channels of one whose text does not say how many: as many as are used. Where that is none but the first, it has none,
/// and `[0]` is the port itself, as it is of any.
pub(super) fn channels(used: u32) -> Vec<Arc<str>> {
    match used.min(DEVICE_CHANNELS as u32) {
        0 | 1 => Vec::new(),
        count => super::counted(count),
    }
}

impl Checker<'_> {
    /// The place of a port with an index. `ones` is the port that has the channels one by one, where this one is a pair of a
    /// device's.
    pub(super) fn placed(
        &mut self,
        module: usize,
        (port, channel, side): (u16, &Channel, Side),
        ones: Option<u16>,
        (indexed, name): (bool, &str),
        span: Span,
    ) -> Option<Place> {
        let Some(ones) = ones.filter(|_| side == Side::Both && !matches!(channel, Channel::Unsaid | Channel::Alone(_)))
        else {
            return Some((port, self.channel(module, channel, indexed, name, span)?, side));
        };
        if self.channels[module].is_empty() {
            if *channel == Channel::Number(0) {
                return Some((port, 0, side));
            }
            self.fault(nameless(&self.expanded.modules[module], channel, name, span));
            return None;
        }
        // Of one channel `[0]` is its left side, and not the first of all as elsewhere.
        match self.channel(module, channel, true, name, span)? {
            0 => Some((port, 0, Side::Left)),
            1 => Some((port, 0, Side::Right)),
            other => Some((ones, other, Side::Both)),
        }
    }
}

/// Names of channels have no order of their own, and a device's have one.
fn nameless(draft: &Draft, channel: &Channel, port: &str, span: Span) -> Fault {
    let word = if let Channel::Named(name) = channel { name.as_ref() } else { "" };
    debug_assert!(matches!(draft.shape, Shape::Unsaid), "a shape has at least one channel");
    let kind = draft.spec.name();
    let message = format!("`{port}` has no channel `{word}`: the channels of `{kind}` have no names yet");
    let own = draft.name.as_deref().unwrap_or(if kind == "AudioIn" { "in" } else { "out" });
    let help =
        format!("name them in their order, `{own} = {kind}(channels: [left, right, {word}])`, or write a number");
    Fault::error(codes::UNKNOWN_CHANNEL, span, message).help(help)
}
