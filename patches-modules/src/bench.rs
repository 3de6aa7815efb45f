//! For tests: one module on a bench. Its lowered nodes run frame by frame with test signals at its inputs, and every
//! output can be looked at as it is, without an engine's cables, master or limiter. One voice.

use patches_core::drive::Call;
use patches_core::graph::ParamValue;
use patches_core::kernel::{Cx, Io};
use patches_core::lanes::Mem;
use patches_core::lower::{Def, Feed, Feeds, Lowering, MemDecl, NodeDecl, NodeKind, Period, Wire};
use patches_core::spec::{Normal, Side, Spec};
use std::collections::BTreeMap;

type Place = (u16, u16, Side);

/// A module type with its inputs set and fed.
pub struct Bench {
    def: &'static Def,
    spec: &'static Spec,
    channels: u16,
    /// Frames a second.
    pub rate: f64,
    /// Beats a minute.
    pub tempo: f64,
    /// Frames over which `Lowering::ramp` goes.
    pub fade: f64,
    still: BTreeMap<(u16, u16), f32>,
    changing: BTreeMap<(u16, u16), (f32, f32)>,
    beats: BTreeMap<(u16, u16), f64>,
    params: BTreeMap<(u16, u16), ParamValue>,
    plugged: BTreeMap<Place, Vec<f32>>,
    heard: BTreeMap<usize, Vec<f32>>,
}

impl Bench {
    /// A module of this type with so many channels.
    pub fn new(def: &'static Def, channels: u16) -> Bench {
        let spec = Box::leak(Box::new((def.spec)()));
        let (still, changing, beats) = Default::default();
        let (params, plugged, heard) = Default::default();
        Bench {
            def,
            spec,
            channels,
            rate: 48000.0,
            tempo: 120.0,
            fade: 0.0,
            still,
            changing,
            beats,
            params,
            plugged,
            heard,
        }
    }

    fn input(&self, name: &str) -> (u16, Side) {
        self.spec.input(name).unwrap_or_else(|| panic!("no input `{name}`"))
    }

    /// Sets an input, in the unit of its kind.
    pub fn set(mut self, name: &str, channel: u16, value: f32) -> Bench {
        self.still.insert((self.input(name).0, channel), value);
        self
    }

    /// Sets a time in beats.
    pub fn beats(mut self, name: &str, channel: u16, beats: f64) -> Bench {
        let port = self.input(name).0;
        self.beats.insert((port, channel), beats);
        self.still.insert((port, channel), (beats * 60.0 / self.tempo) as f32);
        self
    }

    /// An input that an edit takes from one value to another.
    pub fn change(mut self, name: &str, channel: u16, from: f32, to: f32) -> Bench {
        self.changing.insert((self.input(name).0, channel), (from, to));
        self
    }

    /// Sets a parameter.
    pub fn param(mut self, name: &str, value: ParamValue) -> Bench {
        let index = self.spec.param(name).unwrap_or_else(|| panic!("no parameter `{name}`"));
        self.params.insert((index, 0), value);
        self
    }

    /// Sets a choice by its word.
    pub fn choose(self, name: &str, word: &str) -> Bench {
        let index = self.spec.param(name).unwrap_or_else(|| panic!("no parameter `{name}`"));
        let patches_core::spec::ParamKind::Choice(words) = &self.spec.params[index as usize].kind else {
            panic!("`{name}` is no choice")
        };
        let choice = words.iter().position(|names| names.contains(&word)).unwrap_or_else(|| panic!("no word `{word}`"));
        self.param(name, ParamValue::Choice(choice as u16))
    }

    /// Plugs a signal in; a stereo port's own name is both its sides. After its end it is 0.
    pub fn plug(mut self, name: &str, channel: u16, signal: &[f32]) -> Bench {
        let (port, side) = self.input(name);
        let stereo = self.spec.inputs[port as usize].stereo;
        let sides = if stereo && side == Side::Both { vec![Side::Left, Side::Right] } else { vec![side] };
        for side in sides {
            self.plugged.insert((port, channel, side), signal.to_vec());
        }
        self
    }

    /// What a MIDI node gives at an output: silence is 0.
    pub fn hear(mut self, out: usize, signal: &[f32]) -> Bench {
        self.heard.insert(out, signal.to_vec());
        self
    }

    fn signal(&self, (port, channel, side): Place) -> Option<&Vec<f32>> {
        let own = self.plugged.get(&(port, channel, side));
        let follows = side == Side::Right && self.spec.inputs[port as usize].normal == Normal::Follows(port);
        own.or_else(|| if follows { self.plugged.get(&(port, channel, Side::Left)) } else { None })
    }

    fn base(&self, port: u16, channel: u16, linked: bool) -> f32 {
        let input = &self.spec.inputs[port as usize];
        let default = if linked && input.normal == Normal::Unplugs { 0.0 } else { input.default as f32 };
        self.still.get(&(port, channel)).copied().unwrap_or(default)
    }

    fn value(&self, place: Place, frame: usize) -> f32 {
        let input = &self.spec.inputs[place.0 as usize];
        let signal = self.signal(place);
        let sum = self.base(place.0, place.1, signal.is_some())
            + signal.map_or(0.0, |s| s.get(frame).copied().unwrap_or(0.0));
        sum.clamp(input.min as f32, input.max as f32)
    }

    /// The nodes that the module becomes, and what its outputs are.
    pub fn nodes(&self) -> (Vec<NodeDecl>, BTreeMap<Place, Wire>) {
        let mut lowering = Lowering::new(self.spec, self.channels, self.rate, self);
        (self.def.lower)(&mut lowering);
        (lowering.nodes, lowering.outs.into_iter().collect())
    }

    /// Runs so many frames and gives every output.
    pub fn run(&self, frames: usize) -> Outs {
        let mut lowering = Lowering::new(self.spec, self.channels, self.rate, self);
        (self.def.lower)(&mut lowering);
        let (nodes, outs) = (lowering.nodes, lowering.outs);
        let mut mems: Vec<Vec<f32>> = lowering.mems.iter().map(|mem| self.memory(mem)).collect();
        let mut states: Vec<Vec<u32>> = nodes.iter().map(|node| birth(&node.kind)).collect();
        let mut values: Vec<Vec<f32>> = nodes.iter().map(|node| vec![0.0; width(&node.kind)]).collect();
        let mut sound: BTreeMap<Place, Vec<f32>> = outs.iter().map(|(place, _)| (*place, vec![])).collect();
        for frame in 0..frames {
            for (index, node) in nodes.iter().enumerate() {
                let ins: Vec<f32> = node.ins.iter().map(|wire| self.read(wire, &values, frame)).collect();
                values[index] = match &node.kind {
                    NodeKind::Kernel(def, options) => {
                        let lanes: Vec<Mem> = node
                            .mems
                            .iter()
                            .flat_map(|id| {
                                let mem = &mut mems[id.0 as usize];
                                // SAFETY: the memory lives as long as the run, its length is a power of two.
                                [unsafe { Mem::new(mem.as_mut_ptr(), mem.len()) }; 16]
                            })
                            .collect();
                        let mut ins = ins;
                        let mut outs = vec![0.0; def.outputs];
                        let io = |p: &mut f32| Io { p, stride: 0 };
                        let ios: Vec<Io> = ins.iter_mut().chain(outs.iter_mut()).map(io).collect();
                        // SAFETY: there are 16 entries for each memory of the node.
                        let cx = unsafe { Cx::new(self.rate as f32, *options, node.linked, u32::MAX, lanes.as_ptr()) };
                        let mut mid = vec![0; def.mid_room(1)];
                        let (state, mid) = (states[index].as_mut_ptr(), mid.as_mut_ptr());
                        let call = Call { ios: ios.as_ptr(), state, mid, cx, still: false };
                        // SAFETY: ports, state and memories are those of the declaration; the form needs no extension.
                        let bad = unsafe { (def.forms[0].frame1)(&call, frame as u64, 0, 1) };
                        assert!(!bad, "{} is not finite at frame {frame}", def.name);
                        outs
                    }
                    NodeKind::Sum => vec![ins.iter().map(|x| f64::from(*x)).sum::<f64>() as f32],
                    NodeKind::Tick(period) => self.tick(*period, frame),
                    NodeKind::Ramp { from, to, .. } => {
                        let part = if self.fade > 0.0 { (frame as f64 / self.fade).min(1.0) as f32 } else { 1.0 };
                        vec![from + (to - from) * part]
                    }
                    NodeKind::Midi(..) => {
                        let at =
                            |out| self.heard.get(&out).and_then(|signal| signal.get(frame)).copied().unwrap_or(0.0);
                        (0..MIDI_OUTS).map(at).collect()
                    }
                    NodeKind::Sound(channels) => vec![0.0; usize::from(*channels)],
                    NodeKind::Merge => panic!("the bench has one voice"),
                };
            }
            for (place, wire) in &outs {
                let value = self.read(wire, &values, frame);
                sound.get_mut(place).expect("made from the same list").push(value);
            }
        }
        Outs { spec: self.spec, sound }
    }

    fn read(&self, wire: &Wire, values: &[Vec<f32>], frame: usize) -> f32 {
        match *wire {
            Wire::Input { port, channel, side } => self.value((port, channel, side), frame),
            Wire::Node { node, out } => values[node as usize][out as usize],
            Wire::Const(value) => value,
        }
    }

    fn memory(&self, decl: &MemDecl) -> Vec<f32> {
        match decl {
            MemDecl::Ring { seconds, .. } => {
                vec![0.0; ((seconds * self.rate).ceil() as usize + 36).next_power_of_two()]
            }
            MemDecl::Table(numbers) => {
                let mut numbers = numbers.to_vec();
                numbers.resize(numbers.len().next_power_of_two(), 0.0);
                numbers
            }
        }
    }

    fn tick(&self, period: Period, frame: usize) -> Vec<f32> {
        let seconds = match period {
            Period::Beats(beats) | Period::Straight(beats) => beats * 60.0 / self.tempo,
            Period::Seconds(seconds) => seconds,
        };
        let position = |frame: usize| {
            let x = frame as f64 / (seconds * self.rate);
            // As the engine does, so that a whole position is whole.
            (x * 16_777_216.0 + 0.5).floor() / 16_777_216.0
        };
        let (here, next) = (position(frame), position(frame + 1));
        let left = if here.ceil() < next { (next - here.ceil()) / (next - here) } else { 0.0 };
        vec![left as f32, (here - here.floor()) as f32]
    }
}

/// The most that a MIDI node gives.
const MIDI_OUTS: usize = 8;

/// The seed of all chance on the bench.
const SEED: u32 = 7;

fn birth(kind: &NodeKind) -> Vec<u32> {
    match kind {
        NodeKind::Kernel(def, _) => (def.birth)(SEED),
        _ => vec![],
    }
}

fn width(kind: &NodeKind) -> usize {
    match kind {
        NodeKind::Kernel(def, _) => def.outputs,
        NodeKind::Midi(..) => MIDI_OUTS,
        _ => 2,
    }
}

impl Feeds for Bench {
    fn feed(&self, port: u16, channel: u16, side: Side) -> Feed {
        let at = (port, channel);
        if self.signal((port, channel, side)).is_some() {
            Feed::Cable
        } else if let Some(&(from, to)) = self.changing.get(&at) {
            Feed::Changing(from, to)
        } else {
            Feed::Still(self.base(port, channel, false))
        }
    }

    fn period(&self, port: u16, channel: u16) -> Period {
        let seconds = f64::from(self.base(port, channel, false));
        self.beats.get(&(port, channel)).map_or(Period::Seconds(seconds), |beats| Period::Beats(*beats))
    }

    fn tempo(&self) -> f64 {
        self.tempo
    }

    fn bar(&self) -> f64 {
        4.0
    }

    fn param(&self, index: u16, channel: u16) -> Option<&ParamValue> {
        self.params.get(&(index, channel))
    }
}

/// What came out.
pub struct Outs {
    spec: &'static Spec,
    sound: BTreeMap<Place, Vec<f32>>,
}

impl Outs {
    /// An output, channel 0.
    pub fn get(&self, name: &str) -> &[f32] {
        self.at(name, 0)
    }

    /// An output of a channel.
    pub fn at(&self, name: &str, channel: u16) -> &[f32] {
        let (port, side) = self.spec.output(name).unwrap_or_else(|| panic!("no output `{name}`"));
        self.sound.get(&(port, channel, side)).unwrap_or_else(|| panic!("`{name}` is not lowered"))
    }

    /// Where a trigger output fires: exact times in frames.
    pub fn times(&self, name: &str) -> Vec<f64> {
        let fires = self.get(name).iter().enumerate().filter(|(_, x)| **x > 0.0);
        fires.map(|(frame, left)| frame as f64 + 1.0 - f64::from(*left)).collect()
    }

    /// Where a gate goes up and down again: first frame high, first frame low.
    pub fn gates(&self, name: &str) -> Vec<(usize, usize)> {
        let high: Vec<bool> = self.get(name).iter().map(|x| *x > 0.5).collect();
        let mut gates = vec![];
        let mut frame = 0;
        while frame < high.len() {
            let length = high[frame..].iter().take_while(|h| **h).count();
            if length > 0 {
                gates.push((frame, frame + length));
            }
            frame += length.max(1);
        }
        gates
    }
}

/// A signal of triggers at these exact times in frames.
pub fn triggers(times: &[f64]) -> Vec<f32> {
    let mut signal = vec![0.0; times.iter().fold(0.0f64, |a, b| a.max(*b)) as usize + 1];
    for time in times {
        signal[time.floor() as usize] = (time.floor() + 1.0 - time) as f32;
    }
    signal
}
