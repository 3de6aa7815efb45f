//! Words for tests of sound: what goes in, what is heard in what comes out, and what every kernel must hold to.
//!
//! Spectra are taken through a seven-term Blackman–Harris window (H. Albrecht, "A family of cosine-sum windows for
//! high-resolution measurements", ICASSP 2001), whose side lobes lie below −180 dB: what is seen beside a tone is there.
//! Its main lobe reaches eight bins to each side. Levels are in dB of a sine's amplitude.

use patches_core::drive::KernelDef;
use patches_core::rig::{Rig, difference};
use patches_core::spec::{Kind, ParamKind, Spec};
use std::f64::consts::TAU;

/// The rate of the rig unless said otherwise.
pub const RATE: f64 = 48_000.0;

/// Bins to each side of a tone that its main lobe fills.
const LOBE: f64 = 8.0;

/// One sample of 1, then silence.
pub fn impulse(frame: usize) -> f32 {
    if frame == 0 { 1.0 } else { 0.0 }
}

/// A sine of amplitude 1.
pub fn tone(hz: f64) -> impl Fn(usize, usize) -> f32 {
    move |frame, _| (TAU * (hz * frame as f64 / RATE).fract()).sin() as f32
}

/// A sine whose pitch rises evenly from one frequency to another over so many frames.
pub fn sweep(from: f64, to: f64, frames: usize) -> impl Fn(usize, usize) -> f32 {
    let octaves = (to / from).ln() / frames as f64;
    move |frame, _| (TAU * from / RATE * ((octaves * frame as f64).exp_m1() / octaves)).sin() as f32
}

/// Decibels of an amplitude.
pub fn db(amplitude: f64) -> f64 {
    20.0 * amplitude.max(1e-15).log10()
}

/// Root mean square.
pub fn rms(x: &[f32]) -> f64 {
    (x.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>() / x.len() as f64).sqrt()
}

/// The window, with a sum of one.
fn window(n: usize) -> Vec<f64> {
    const TERMS: [f64; 7] = [
        0.271_220_360_585_039,
        0.433_444_612_327_442,
        0.218_004_122_892_930,
        0.065_785_343_295_606,
        0.010_761_867_305_342,
        0.000_770_012_710_581,
        0.000_013_680_883_060,
    ];
    let at = |i: usize| {
        let turn = TAU * i as f64 / n as f64;
        TERMS
            .iter()
            .enumerate()
            .map(|(k, a)| a * (k as f64 * turn + std::f64::consts::PI * k as f64).cos())
            .sum::<f64>()
    };
    let raw: Vec<f64> = (0..n).map(at).collect();
    let sum: f64 = raw.iter().sum();
    raw.into_iter().map(|w| w / sum).collect()
}

/// Amplitude by frequency bin (of rate / length each).
pub fn spectrum(x: &[f32]) -> Vec<f64> {
    let mut windowed: Vec<f64> = x.iter().zip(window(x.len())).map(|(&x, w)| f64::from(x) * w).collect();
    let plan = realfft::RealFftPlanner::new().plan_fft_forward(x.len());
    let mut bins = plan.make_output_vec();
    plan.process(&mut windowed, &mut bins).expect("the lengths are those of the plan");
    bins.into_iter().map(|bin| 2.0 * bin.norm()).collect()
}

/// Level of the tone at this frequency.
pub fn level_at(x: &[f32], hz: f64) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (i, (&x, w)) in x.iter().zip(window(x.len())).enumerate() {
        let turn = TAU * (hz * i as f64 / RATE).fract();
        re += f64::from(x) * w * turn.cos();
        im += f64::from(x) * w * turn.sin();
    }
    db(2.0 * f64::hypot(re, im))
}

/// What a filter does at this frequency, from its answer to an impulse.
pub fn response_at(answer: &[f32], hz: f64) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (i, &x) in answer.iter().enumerate() {
        let turn = TAU * (hz * i as f64 / RATE).fract();
        re += f64::from(x) * turn.cos();
        im += f64::from(x) * turn.sin();
    }
    db(f64::hypot(re, im))
}

/// Frequency of the strongest tone, found between bins by a parabola through the logarithms.
pub fn peak_hz(x: &[f32]) -> f64 {
    let bins = spectrum(x);
    let top = (1..bins.len() - 1).max_by(|&a, &b| bins[a].total_cmp(&bins[b])).expect("there are bins");
    let [a, b, c] = [bins[top - 1], bins[top], bins[top + 1]].map(|bin| bin.max(1e-30).ln());
    (top as f64 + 0.5 * (a - c) / (a - 2.0 * b + c)) * RATE / x.len() as f64
}

/// The strongest thing below `up_to` that is no harmonic of `hz`, beside the fundamental, in dB.
pub fn alias_floor(x: &[f32], hz: f64, up_to: f64) -> f64 {
    let bins = spectrum(x);
    let width = RATE / x.len() as f64;
    let beside = |bin: usize| {
        let order = bin as f64 * width / hz;
        (order - order.round()).abs() * hz / width > LOBE
    };
    let last = (up_to / width) as usize;
    let worst = (0..last.min(bins.len())).filter(|&bin| beside(bin)).map(|bin| bins[bin]).fold(0.0, f64::max);
    db(worst) - level_at(x, hz)
}

/// All harmonics from the second on, together, beside the fundamental, in dB.
pub fn thd(x: &[f32], hz: f64) -> f64 {
    let orders = (RATE / 2.0 / hz) as usize;
    let power: f64 = (2..=orders).map(|order| 10.0_f64.powf(level_at(x, hz * order as f64) / 10.0)).sum();
    10.0 * power.max(1e-30).log10() - level_at(x, hz)
}

/// # Panics
/// If two levels in dB lie farther apart than that.
#[track_caller]
pub fn assert_db(got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance, "{got:.4} dB, not {want:.4} dB within {tolerance} dB");
}

/// # Panics
/// If two numbers lie farther apart than that.
#[track_caller]
pub fn assert_near(got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance, "{got}, not {want} within {tolerance}");
}

/// # Panics
/// If anything is heard: 10^−10, −200 dB.
#[track_caller]
pub fn assert_silent(x: &[f32]) {
    if let Some((frame, x)) = x.iter().enumerate().find(|(_, x)| x.is_nan() || x.abs() > 1e-10) {
        panic!("{x} at frame {frame}");
    }
}

/// A kernel with what is known of its inputs.
pub struct Subject {
    def: &'static KernelDef,
    /// Of each input, controls first: smallest and largest value to try, and the default.
    ranges: Vec<(f32, f32, f32)>,
    /// How many values each option has.
    options: Vec<u32>,
    outputs: usize,
}

/// A signal without a range is tried up to this: far beyond any sound, and its cube is still a number.
const HUGE: f32 = 1e6;

impl Subject {
    /// A kernel whose inputs have these names in the spec; a name that the spec does not know is an interval of ±1.
    pub fn new(def: &'static KernelDef, spec: &Spec, inputs: &[&str]) -> Subject {
        assert_eq!(inputs.len(), def.controls + def.signals, "a name for each input");
        let range = |name: &&str| match spec.input(name) {
            None => (-1.0, 1.0, 0.0),
            Some((index, _)) => {
                let input = &spec.inputs[index as usize];
                let (min, max) = match input.kind {
                    Kind::Gate | Kind::Trigger => (0.0, 1.0),
                    _ => (input.min.max(-f64::from(HUGE)), input.max.min(f64::from(HUGE))),
                };
                (min as f32, max as f32, input.default as f32)
            }
        };
        let options = spec.params.iter().map(|param| match param.kind {
            ParamKind::Choice(words) => words.len() as u32,
            ParamKind::Bool(_) => 2,
            _ => 1,
        });
        Subject { def, ranges: inputs.iter().map(range).collect(), options: options.collect(), outputs: def.outputs }
    }

    /// Every input at its default, without cables.
    pub fn rig(&self) -> Rig {
        self.ranges.iter().enumerate().fold(Rig::new(self.def), |rig, (i, range)| rig.still(i, range.2))
    }

    /// Inputs from the one of that number on jump about, each voice its own way: between default, ends and the middle
    /// of their ranges; triggers and gates now and then.
    fn jumping(&self, rig: Rig, from: usize, scale: f32) -> Rig {
        self.ranges.iter().enumerate().skip(from).fold(rig, |rig, (input, &(min, max, default))| {
            rig.moving(input, move |frame, voice| {
                let dice = scatter((frame / 3 * 16 + voice) as u32 ^ (input as u32) << 24);
                let near = |end: f32| if end.abs() >= HUGE { end * scale } else { end };
                match dice % 8 {
                    0 => near(min),
                    1 => near(max),
                    2 => near(min) * 0.5 + near(max) * 0.5,
                    3 => default + (dice >> 8) as f32 / 16_777_216.0 * (near(max) - default),
                    _ => default,
                }
            })
        })
    }

    /// Holds the kernel to what every kernel must: the same bits in every form, on every instruction set, in any split;
    /// voices that do not hear each other; numbers that stay finite whatever comes in; a new one like one that is reset.
    ///
    /// # Panics
    /// If it does not.
    pub fn assert_holds(&self) {
        for (rig, scale) in self.choices().into_iter().flat_map(|rig| [(rig.clone(), 1e-6), (rig, 1.0)]) {
            // Long enough for a block in the middle, from a clock that is no multiple of the block.
            let rig = rig.frames(84).start(1_000_011);
            let moving = self.jumping(rig.clone(), 0, scale);
            moving.assert_same_bits();
            self.jumping(rig.clone(), self.def.controls, scale).assert_same_bits();
            rig.assert_same_bits();
            for output in 0..self.outputs {
                moving.clone().wants(&[output]).assert_same_bits();
            }
            assert_voices_apart(&moving);
            let long = self.jumping(rig.frames(5_000), 0, scale);
            let (first, second) = (long.take(), long.take());
            assert!(difference(&first, &second).is_none(), "{}: reset is not new", self.def.name);
            let finite = first.outs.iter().flatten().flatten().all(|x| x.is_finite());
            assert!(finite && !first.bad, "{}: not finite at scale {scale}", self.def.name);
        }
    }

    /// A rig for each setting of the options, at most 24 of them.
    fn choices(&self) -> Vec<Rig> {
        let mut rigs = vec![self.rig()];
        for (index, &count) in self.options.iter().enumerate() {
            let more = |rig: &Rig| (0..count).map(|value| rig.clone().option(index as u32, value)).collect::<Vec<_>>();
            rigs = rigs.iter().flat_map(more).collect();
        }
        rigs.truncate(24);
        rigs
    }
}

/// A number without pattern.
pub fn scatter(x: u32) -> u32 {
    let x = (x ^ x >> 16).wrapping_mul(0x7feb_352d);
    let x = (x ^ x >> 15).wrapping_mul(0x846c_a68b);
    x ^ x >> 16
}

/// # Panics
/// If a voice sounds otherwise because the others do.
pub fn assert_voices_apart(rig: &Rig) {
    let mine = rig.take();
    for voice in [0, 7, 15] {
        let other = rig.scrambled(voice).take();
        for (a, b) in mine.outs.iter().flatten().zip(other.outs.iter().flatten()) {
            assert_eq!(a[voice].to_bits(), b[voice].to_bits(), "{}: voice {voice} hears another", rig.def().name);
        }
    }
}

#[cfg(test)]
mod tests;
