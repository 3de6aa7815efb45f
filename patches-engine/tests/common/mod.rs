//! What the engine's tests share: patches built by hand, engines made for them, renders in odd pieces.
#![allow(dead_code, reason = "each test file uses a part")]

use patches_core::graph::{Cable, End, Graph, Landing, Module, ParamValue, Path, Setting, Span};
use patches_core::isa::Isa;
use patches_core::lower::{Feed, Feeds, Period};
use patches_core::spec::{ParamKind, Side, Spec};
use patches_engine::control::Control;
use patches_engine::engine::{Engine, Settings, new};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

static LIBRARY: LazyLock<patches_core::library::Library> = LazyLock::new(patches_modules::library);

pub const RATE: u32 = 48_000;

/// A patch under construction.
#[derive(Clone, Default)]
pub struct Patch(pub Graph);

fn slot(spec: &Spec, module: &Module, name: &str) -> (u16, u16, patches_core::spec::Side, bool) {
    let (name, channel) = match name.split_once('[') {
        Some((name, rest)) => (name, rest.trim_end_matches(']')),
        None => (name, ""),
    };
    let channel = module.channels.iter().position(|c| c.as_ref() == channel).unwrap_or(0) as u16;
    if let Some((port, side)) = spec.input(name) {
        return (port, channel, side, true);
    }
    let port = spec.param(name).unwrap_or_else(|| panic!("{} has no `{name}`", spec.name()));
    (port, channel, patches_core::spec::Side::Both, false)
}

impl Patch {
    pub fn new() -> Patch {
        Patch::default().module("out", "AudioOut", &[])
    }

    /// A module with parameters in the units of their kinds.
    pub fn module(self, path: &str, kind: &str, settings: &[(&str, f64)]) -> Patch {
        self.shaped(path, kind, 0, settings)
    }

    /// A module with so many channels.
    pub fn shaped(mut self, path: &str, kind: &str, channels: usize, settings: &[(&str, f64)]) -> Patch {
        let spec = LIBRARY.find(kind).unwrap_or_else(|| panic!("no module type {kind}"));
        let mut module = Module {
            spec,
            channels: (0..channels).map(|i| i.to_string().into()).collect(),
            settings: BTreeMap::new(),
            params: BTreeMap::new(),
            was: vec![],
            unnamed: false,
            span: Span::default(),
        };
        for &(name, value) in settings {
            let (port, channel, _, input) = slot(spec, &module, name);
            if input {
                module.settings.insert((port, channel), Setting::Number(value));
            } else {
                let param = &spec.params[port as usize];
                let value = match param.kind {
                    ParamKind::Choice(_) => ParamValue::Choice(value as u16),
                    ParamKind::Bool(_) => ParamValue::Bool(value != 0.0),
                    _ => ParamValue::Int(value as i64),
                };
                module.params.insert((port, channel), value);
            }
        }
        self.0.modules.insert(path.into(), module);
        self
    }

    /// A musical time.
    pub fn beats(mut self, path: &str, input: &str, beats: f64) -> Patch {
        let module = self.0.modules.get_mut(path).expect("the module is there");
        let (port, channel, ..) = slot(module.spec, module, input);
        module.settings.insert((port, channel), Setting::Beats(beats));
        self
    }

    /// A list parameter.
    pub fn list(mut self, path: &str, param: &str, items: Vec<patches_core::graph::Item>) -> Patch {
        let module = self.0.modules.get_mut(path).expect("the module is there");
        let index = module.spec.param(param).expect("the parameter is there");
        module.params.insert((index, 0), ParamValue::List(items.into()));
        self
    }

    fn end(&self, text: &str, out: bool) -> End {
        let (path, port) = text.split_once('.').unwrap_or((text, ""));
        let module = &self.0.modules[path];
        let (port, channel) = match port.split_once('[') {
            Some((port, rest)) => (port, rest.trim_end_matches(']')),
            None => (port, ""),
        };
        let channel = module.channels.iter().position(|c| c.as_ref() == channel).unwrap_or(0) as u16;
        let found = match (port, out) {
            ("", _) => Some((0, patches_core::spec::Side::Both)),
            (port, true) => module.spec.output(port),
            (port, false) => module.spec.input(port),
        };
        let (port, side) = found.unwrap_or_else(|| panic!("no port `{text}`"));
        let ones = if out { module.spec.output_by_channel(port) } else { module.spec.input_by_channel(port) };
        let (port, channel, side) = match (ones.filter(|_| text.contains('[')), channel) {
            (Some(_), 0) => (port, 0, Side::Left),
            (Some(_), 1) => (port, 0, Side::Right),
            (Some(ones), channel) => (ones, channel, Side::Both),
            (None, channel) => (port, channel, side),
        };
        End { module: path.into(), port, channel, side }
    }

    /// A cable.
    pub fn cable(self, from: &str, to: &str, scale: f64) -> Patch {
        self.any_cable(from, to, scale, false)
    }

    /// A cable that is one sample late.
    pub fn late(self, from: &str, to: &str, scale: f64) -> Patch {
        self.any_cable(from, to, scale, true)
    }

    fn any_cable(mut self, from: &str, to: &str, scale: f64, late: bool) -> Patch {
        let cable = Cable { from: self.end(from, true), to: self.end(to, false), scale, late, span: Span::default() };
        self.0.cables.push(cable);
        self
    }

    pub fn graph(&self) -> Arc<Graph> {
        let mut graph = self.0.clone();
        graph.sort();
        Arc::new(graph)
    }
}

pub fn path(text: &str) -> Path {
    text.into()
}

pub fn settings(isa: Isa) -> Settings {
    Settings {
        rate: RATE,
        oversample: 1,
        seed: 1,
        limiter: false,
        outputs: 2,
        inputs: 2,
        isa,
        lower: patches_modules::lower,
    }
}

/// An engine that plays a patch from frame 0.
pub fn engine(patch: &Patch, isa: Isa) -> (Control, Engine) {
    let (mut control, engine) = new(settings(isa));
    control.swap(patch.graph(), Landing::Now, 0.0).expect("the patch is within the limits");
    (control, engine)
}

/// Renders in pieces of these sizes, over and over.
pub fn render(engine: &mut Engine, frames: usize, pieces: &[usize]) -> Vec<[f32; 2]> {
    let mut out = Vec::with_capacity(frames);
    let mut pieces = pieces.iter().cycle();
    while out.len() < frames {
        let n = (*pieces.next().expect("there are pieces")).min(frames - out.len());
        let mut buffer = vec![0.0; n * 2];
        engine.process(&mut buffer, 2);
        out.extend(buffer.chunks_exact(2).map(|frame| [frame[0], frame[1]]));
    }
    out
}

/// The widest instruction set here.
pub fn widest() -> Isa {
    Isa::ALL.into_iter().rev().find(|isa| isa.available()).expect("the base is always there")
}

/// One number for a render: equal for equal bits.
pub fn hash(frames: &[[f32; 2]]) -> u64 {
    let bits = frames.iter().flatten().map(|x| u64::from(x.to_bits()));
    bits.fold(0xcbf2_9ce4_8422_2325, |hash, word| (hash ^ word).wrapping_mul(0x0100_0000_01b3).rotate_left(23))
}

/// A module all of whose inputs have cables.
pub struct Fed;

impl Feeds for Fed {
    fn feed(&self, _: u16, _: u16, _: Side) -> Feed {
        Feed::Cable
    }
    fn period(&self, _: u16, _: u16) -> Period {
        Period::Beats(1.0)
    }
    fn param(&self, _: u16, _: u16) -> Option<&ParamValue> {
        None
    }
    fn tempo(&self) -> f64 {
        120.0
    }
    fn bar(&self) -> f64 {
        4.0
    }
}
