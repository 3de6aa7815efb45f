//! W3b in the manner of modular synthesizers that call every module once a frame: one virtual call each, and every cable
//! one sample late. It is another sound (three samples round the loop), and the loop is no chain of latencies.

use crate::common::RATE;
use crate::patch::{W3_LOOPS, semitones};
use patches_core::exact::hz_of_pitch;
use patches_core::maths;

/// Cables as pairs: this frame's number and the last one's.
struct Cables {
    all: Vec<[f32; 2]>,
    now: usize,
}

impl Cables {
    fn read(&self, cable: usize) -> f32 {
        self.all[cable][1 - self.now]
    }

    fn write(&mut self, cable: usize, x: f32) {
        self.all[cable][self.now] = x;
    }
}

trait Module {
    fn frame(&mut self, cables: &mut Cables);
}

struct Sine {
    phase: u32,
    step: u32,
    moved: usize,
    out: usize,
}

impl Module for Sine {
    fn frame(&mut self, cables: &mut Cables) {
        let at = self.phase as i32 as f32 * (1.0 / 4_294_967_296.0) + cables.read(self.moved);
        self.phase = self.phase.wrapping_add(self.step);
        cables.write(self.out, maths::sin_cycles(at));
    }
}

struct Lag {
    s: f32,
    g: f32,
    x: usize,
    out: usize,
}

impl Module for Lag {
    fn frame(&mut self, cables: &mut Cables) {
        let v = self.g * (cables.read(self.x) - self.s);
        let y = v + self.s;
        self.s = y + v;
        cables.write(self.out, y);
    }
}

struct Gain {
    gain: f32,
    x: usize,
    out: usize,
}

impl Module for Gain {
    fn frame(&mut self, cables: &mut Cables) {
        let x = cables.read(self.x);
        cables.write(self.out, x * self.gain);
    }
}

/// A patch of such modules.
pub struct Peer {
    modules: Vec<Box<dyn Module>>,
    cables: Cables,
    heard: usize,
}

impl Peer {
    /// W3b: sine, lag, amount of modulation, level.
    pub fn w3b() -> Peer {
        let hz = hz_of_pitch(semitones(55.0, 0));
        let step = (hz / f64::from(RATE) * 4_294_967_296.0).round() as u32;
        let g = crate::hand::lag() as f32;
        let modules: Vec<Box<dyn Module>> = vec![
            Box::new(Sine { phase: 0, step, moved: 2, out: 0 }),
            Box::new(Lag { s: 0.0, g, x: 0, out: 1 }),
            Box::new(Gain { gain: (1.5 / std::f64::consts::TAU) as f32, x: 1, out: 2 }),
            Box::new(Gain { gain: 1.0 / W3_LOOPS as f32, x: 0, out: 3 }),
        ];
        Peer { modules, cables: Cables { all: vec![[0.0; 2]; 4], now: 0 }, heard: 3 }
    }

    /// The next frames.
    pub fn block(&mut self, out: &mut [f32]) {
        for x in out {
            for module in &mut self.modules {
                module.frame(&mut self.cables);
            }
            *x = self.cables.all[self.heard][self.cables.now];
            self.cables.now = 1 - self.cables.now;
        }
    }
}
