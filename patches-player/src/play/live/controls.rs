//! What keys and flags change while a set runs: what is watched, when saves land, how long they fade.

use super::Live;
use crate::event::Event;
use patches_core::graph::{End, Graph, Landing, Probe, Span};
use patches_engine::net::PROBES;
use patches_engine::session::landing_word;

/// Grids that the key goes through.
const GRIDS: [Landing; 4] = [Landing::Now, Landing::Beat, Landing::Bars(1), Landing::Bars(4)];
/// Fades that the key goes through, in seconds.
const FADES: [f64; 6] = [0.0, 0.015, 0.05, 0.2, 1.0, 4.0];

impl Live {
    pub(super) fn say(&mut self, message: String) {
        self.sink.event(&Event::Notice { message });
    }

    /// Watches a module's main output, or no longer.
    pub(super) fn watch_module(&mut self, module: &str) {
        if let Some(known) = self.watching.iter().position(|probe| *probe.from.module == *module) {
            self.watching.remove(known);
        } else if let Some(probe) = main_output(&self.graph, module) {
            self.add(probe);
        } else {
            self.say(format!("`{module}` has no output to watch"));
        }
        self.watch_all();
    }

    /// Tells the engine all that is watched.
    pub(super) fn watch_all(&mut self) {
        let room = PROBES.saturating_sub(self.watching.len() + self.graph.probes.len());
        let heads = self.head_probes.iter().take(room);
        self.control.watch(self.watching.iter().chain(heads).cloned().collect());
    }

    fn add(&mut self, probe: Probe) {
        let watched = self.watching.len() + self.graph.probes.len();
        match watched < PROBES {
            true => self.watching.push(probe),
            false => self.say(format!("{PROBES} outputs are watched, which is the most")),
        }
    }

    /// Watches what was asked for by name and is there by now.
    pub(super) fn find_wanted(&mut self) {
        let (graph, wanted) = (self.graph.clone(), std::mem::take(&mut self.wanted));
        for name in wanted {
            match output(&graph, &name) {
                Some(probe) => self.add(probe),
                None => {
                    self.say(format!("no output `{name}` to watch yet"));
                    self.wanted.push(name);
                }
            }
        }
        self.watch_all();
    }

    /// The next grid for saves to land on.
    pub(super) fn next_grid(&mut self) {
        let now = GRIDS.iter().position(|grid| *grid == self.swap).map_or(0, |grid| grid + 1);
        self.swap = GRIDS[now % GRIDS.len()];
        let by_text = if self.graph.swap.is_some() { "; this text says for itself" } else { "" };
        self.say(format!("saves are heard {}{by_text}", grid_words(self.swap)));
        self.tell_landing();
    }

    /// The next length of fades.
    pub(super) fn next_fade(&mut self) {
        let next = FADES.iter().find(|fade| **fade > self.fade + 1e-9).unwrap_or(&FADES[0]);
        self.fade = *next;
        let by_text = if self.graph.fade.is_some() { "; this text says for itself" } else { "" };
        self.say(format!("saves fade over {} ms{by_text}", self.fade * 1000.0));
        self.tell_landing();
    }

    /// Shows both, as they hold for the text that plays.
    pub(super) fn tell_landing(&mut self) {
        let (landing, fade) = (self.graph.swap.unwrap_or(self.swap), self.fade_of(&self.graph));
        self.sink.landing(format!("{}, {} ms", landing_word(landing), fade * 1000.0));
    }
}

fn grid_words(landing: Landing) -> String {
    match landing {
        Landing::Now => "at once".into(),
        Landing::Beat => "on the next beat".into(),
        Landing::Bars(1) => "on the next bar".into(),
        Landing::Bars(bars) => format!("every {bars} bars"),
    }
}

fn main_output(graph: &Graph, path: &str) -> Option<Probe> {
    let (path, module) = graph.modules.get_key_value(path)?;
    let output = module.spec.outputs.first()?;
    output.names.first().and_then(|name| probe(graph, path, name))
}

/// `osc.saw`, or a module for its main output.
fn output(graph: &Graph, name: &str) -> Option<Probe> {
    let port = name.rsplit_once('.').and_then(|(path, port)| probe(graph, path, port));
    port.or_else(|| main_output(graph, name))
}

fn probe(graph: &Graph, path: &str, port: &str) -> Option<Probe> {
    let (path, module) = graph.modules.get_key_value(path)?;
    let (index, side) = module.spec.output(port)?;
    let from = End { module: path.clone(), port: index, channel: 0, side };
    Some(Probe { label: format!("{path}.{port}").into(), from, kinds: vec!["scope".into()], span: Span::default() })
}
