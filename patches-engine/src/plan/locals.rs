//! Pass 1: every module of a net becomes its kernels, once per side where it is fed stereo.

use crate::engine::Lower;
use crate::net::{Level, Net, NetEnd, NetModule};
use patches_core::graph::ParamValue;
use patches_core::lower::{Feed, Feeds, Filter, Lowering, MemDecl, NodeDecl, Period, Wire};
use patches_core::spec::{Kind, Normal, Side};
use std::collections::{BTreeMap, HashMap};

/// A module's kernels for one side.
pub struct Local {
    /// Its nodes.
    pub nodes: Vec<NodeDecl>,
    /// Its memories.
    pub mems: Vec<MemDecl>,
    /// What each output is: port, channel, side.
    pub outs: BTreeMap<(u16, u16, Side), Wire>,
    /// The input whose voices are placed, and how far apart.
    pub placed: Option<(u16, Wire)>,
}

/// Cables into each input, by module, port and channel.
pub type Inlets = HashMap<(usize, u16, u16), Vec<usize>>;

/// All modules' kernels.
pub struct Locals {
    /// Per module, one or two sides.
    pub modules: Vec<Vec<Local>>,
    /// Cables into each input.
    pub inlets: Inlets,
}

impl Locals {
    /// Whether a module keeps delay lines.
    pub fn has_lines(&self, module: usize) -> bool {
        let mut mems = self.modules[module].iter().flat_map(|local| &local.mems);
        mems.any(|mem| matches!(mem, MemDecl::Ring { .. }))
    }
}

/// Lowers every module.
pub fn locals(net: &Net, lower: Lower, rate: f64) -> Locals {
    let mut inlets = Inlets::new();
    for (index, cable) in net.cables.iter().enumerate() {
        inlets.entry((cable.to.module, cable.to.port, cable.to.channel)).or_default().push(index);
    }
    let sides = sides(net);
    let mut modules = Vec::with_capacity(net.modules.len());
    for (index, module) in net.modules.iter().enumerate() {
        let view = View { net, inlets: &inlets, module: index };
        let one = || {
            let mut lowering = Lowering::new(module.spec, module.channels.len() as u16, rate, &view);
            if let Some(lower) = lower(module.spec) {
                lower(&mut lowering);
            }
            let Lowering { nodes, mems, outs, placed, .. } = lowering;
            Local { nodes, mems, outs: outs.into_iter().collect(), placed }
        };
        modules.push((0..sides[index]).map(|_| one()).collect());
    }
    Locals { modules, inlets }
}

/// Whether a module's type has a stereo port, so that it deals with sides itself.
pub fn has_sides(net: &Net, module: usize) -> bool {
    net.modules[module].spec.has_sides()
}

/// How often each module runs: twice, once per side, if it is mono and an audio input of it is fed stereo, or one side
/// of it alone.
fn sides(net: &Net) -> Vec<usize> {
    let mut sides = vec![1; net.modules.len()];
    let mut out: Vec<Vec<usize>> = vec![vec![]; net.modules.len()];
    for (index, cable) in net.cables.iter().enumerate() {
        out[cable.from.module].push(index);
    }
    let mut work: Vec<usize> = (0..net.modules.len()).collect();
    while let Some(module) = work.pop() {
        for &cable in &out[module] {
            let cable = &net.cables[cable];
            let target = &net.modules[cable.to.module];
            let audio = target.spec.inputs[cable.to.port as usize].kind == Kind::Audio;
            if (is_stereo(net, &sides, cable.from) || cable.to.side != Side::Both)
                && audio
                && sides[cable.to.module] == 1
                && !target.spec.one
                && !has_sides(net, cable.to.module)
            {
                sides[cable.to.module] = 2;
                work.push(cable.to.module);
            }
        }
    }
    sides
}

/// Whether a cable from this end carries two sides.
fn is_stereo(net: &Net, sides: &[usize], from: NetEnd) -> bool {
    let output = &net.modules[from.module].spec.outputs[from.port as usize];
    from.side == Side::Both && (output.stereo || sides[from.module] == 2)
}

/// A module as its lowering sees it.
struct View<'a> {
    net: &'a Net,
    inlets: &'a Inlets,
    module: usize,
}

/// Cables into one side of an input: all that go to that side or to both.
pub fn cables_into(net: &Net, inlets: &Inlets, at: (usize, u16, u16), side: Side) -> Vec<usize> {
    let all = inlets.get(&at).map_or(&[][..], Vec::as_slice);
    let serves = |cable: &&usize| side == Side::Both || [side, Side::Both].contains(&net.cables[**cable].to.side);
    all.iter().filter(serves).copied().collect()
}

/// Where an input gets its number from: itself, or the input it follows while it has neither cable nor value.
pub fn resolve(net: &Net, inlets: &Inlets, at: (usize, u16, u16), side: Side) -> ((usize, u16, u16), Side) {
    let (module, port, channel) = at;
    let input = &net.modules[module].spec.inputs[port as usize];
    let Normal::Follows(leader) = input.normal else { return (at, side) };
    if leader == port {
        let alone = side == Side::Right && cables_into(net, inlets, at, Side::Right).is_empty();
        return (at, if alone { Side::Left } else { side });
    }
    let free =
        cables_into(net, inlets, at, side).is_empty() && !net.modules[module].settings.contains_key(&(port, channel));
    if !free {
        return (at, side);
    }
    let led = &net.modules[module].spec.inputs[leader as usize];
    let channel = if led.indexed { channel } else { 0 };
    let side = match (led.stereo, side) {
        (true, Side::Both) => Side::Left,
        (true, side) => side,
        (false, _) => Side::Both,
    };
    resolve(net, inlets, (module, leader, channel), side)
}

impl View<'_> {
    /// The level of an input of the module without cables.
    fn base(&self, port: u16, channel: u16) -> Option<Level> {
        let module = &self.net.modules[self.module];
        module.base(port, channel, false).map(|level| level.held(&module.spec.inputs[port as usize]))
    }
}

impl Feeds for View<'_> {
    fn feed(&self, port: u16, channel: u16, side: Side) -> Feed {
        let (at, side) = resolve(self.net, self.inlets, (self.module, port, channel), side);
        if !cables_into(self.net, self.inlets, at, side).is_empty() {
            return Feed::Cable;
        }
        match self.base(at.1, at.2) {
            None => Feed::Still(0.0),
            Some(Level::Still(value)) => Feed::Still(value),
            Some(Level::Ramp { from, to, .. }) => Feed::Changing(from, to),
        }
    }

    fn past(&self, port: u16, channel: u16) -> Vec<f32> {
        let ((_, port, channel), _) = resolve(self.net, self.inlets, (self.module, port, channel), Side::Both);
        match self.base(port, channel) {
            Some(Level::Ramp { past, .. }) => past,
            _ => vec![],
        }
    }

    fn tuning(&self) -> f32 {
        self.net.tuning
    }

    fn fresh(&self, channel: u16) -> bool {
        let module = &self.net.modules[self.module];
        module.channels.get(channel as usize).is_some_and(|name| module.fresh.contains(name))
    }

    fn period(&self, port: u16, channel: u16) -> Period {
        let module = &self.net.modules[self.module];
        match module.beats.get(&(port, channel)) {
            Some(&beats) => Period::Beats(beats),
            None => {
                let level = self.base(port, channel).map_or(0.0, |level| level.target());
                Period::Seconds(f64::from(level))
            }
        }
    }

    fn is_set(&self, port: u16, channel: u16) -> bool {
        self.net.modules[self.module].settings.contains_key(&(port, channel))
    }

    fn tempo(&self) -> f64 {
        self.net.tempo
    }

    fn bar(&self) -> f64 {
        self.net.beats_per_bar
    }

    fn param(&self, index: u16, channel: u16) -> Option<&ParamValue> {
        self.net.modules[self.module].params.get(&(index, channel))
    }

    fn midi(&self, port: u16) -> Option<Vec<Filter>> {
        let cables = self.inlets.get(&(self.module, port, 0))?;
        Some(cables.iter().map(|&cable| filter(&self.net.modules[self.net.cables[cable].from.module])).collect())
    }
}

/// What a module with an output of MIDI lets through: its `port` and `channel`.
fn filter(module: &NetModule) -> Filter {
    let param = |name: &str| module.params.get(&(module.spec.param(name)?, 0));
    let port = if let Some(ParamValue::Text(port)) = param("port") { port.clone() } else { "".into() };
    let channel = if let Some(ParamValue::Int(channel)) = param("channel") { *channel as u8 } else { 0 };
    Filter { port, channel }
}
