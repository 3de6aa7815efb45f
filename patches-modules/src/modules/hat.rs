//! Hi-hat: six squares at ratios that fit no scale, noise, and a high-pass filter twice.
//!
//! The squares are bare: what they fold down is as little in tune as they are, and the filter takes away what lies below.
//! `tone` goes from noise to metal; `shimmer` multiplies the squares by pairs, which fills the gaps between them.
//! Source: the ratios are those of the cymbal oscillators in the Roland TR-808 service notes (1981), p. 8:
//! 205.3, 304.4, 369.6, 522.7, 540 and 800 Hz. Cost: a hash and two filters of twelve operations per frame.

use crate::dsp::{curve, drum, filter};
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    ports(Spec::new(&["Hat", "ClosedHiHat"], "Hi-hat, closed"), 0.08)
        .example("Hat { trigger: Every { time: 1/8 } } -[0.5]-> out")
}

/// Inputs and output of a hi-hat that lasts so long.
pub fn ports(spec: Spec, decay: f64) -> Spec {
    drum::ports(spec, 205.3, decay)
        .with_input(Input::new(&["tone"], Kind::Number, "0 noise, 1 metal").value(0.6, 0.0..1.0))
        .with_input(Input::new(&["filter"], Kind::Pitch, "what lies below is taken away").value(hz(7000.0), -4.0..16.0))
        .with_input(Input::new(&["choke"], Kind::Trigger, "closes it at once"))
        .with_input(Input::new(&["shimmer"], Kind::Number, "more partials").value(0.0, 0.0..1.0))
        .with_output(Output::new(&["out"], Kind::Audio, "the cymbal"))
}

/// The order of the kernel's inputs.
const INPUTS: [&str; 8] = ["pitch", "decay", "tone", "filter", "shimmer", "trigger", "velocity", "choke"];

kernel! { Hat, signals { trigger, velocity, choke } controls { pitch, decay, tone, filter, shimmer } options {} outputs { out }
state { p1: Bits, p2: Bits, p3: Bits, p4: Bits, p5: Bits, p6: Bits, level, pace, strength, s1, s2, t1, t2, seed: Bits } }
row! {
    /// Hertz of the first square, what a frame leaves, the levels, and the filters' factors.
    Mid { hertz, left, tone, shimmer, a2, a3, b1, k }
}

/// How long a choked cymbal still sounds, in seconds.
const CHOKED: f32 = 0.01;

impl Kernel for Hat {
    const SEEDED: bool = true;
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let (sin, cos) = filter::corner(cx, c.filter, zero, zero);
        let k = filter::damping(zero);
        let inv = one / (cos * cos).mla(sin, sin.mla(k, cos));
        let left = one - curve::approach(cx, c.decay);
        let (a2, a3, b1) = (sin * cos * inv, sin * sin * inv, sin * sin.mla(k, cos) * inv);
        Mid::new(maths::hz_of_pitch(c.pitch), left, c.tone, c.shimmer, a2, a3, b1, k)
    }

    #[inline(always)]
    fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        s.p1 = s.p1 + drum::step(cx, m.hertz);
        s.p2 = s.p2 + drum::step(cx, m.hertz * L::splat(304.4 / 205.3));
        s.p3 = s.p3 + drum::step(cx, m.hertz * L::splat(369.6 / 205.3));
        s.p4 = s.p4 + drum::step(cx, m.hertz * L::splat(522.7 / 205.3));
        s.p5 = s.p5 + drum::step(cx, m.hertz * L::splat(540.0 / 205.3));
        s.p6 = s.p6 + drum::step(cx, m.hertz * L::splat(800.0 / 205.3));
        let (a, b, c) = (square::<L>(s.p1), square::<L>(s.p2), square::<L>(s.p3));
        let (d, e, f) = (square::<L>(s.p4), square::<L>(s.p5), square::<L>(s.p6));
        let pairs = (a * b + c * d) + e * f;
        let metal = ((a + b) + (c + d) + (e + f)).mla(m.shimmer, pairs) * L::splat(1.0 / 3.0);
        let white = drum::noise::<L>(cx, s.seed);
        let source = white.mla(m.tone, metal - white);
        let first = high_pass(&mut s.s1, &mut s.s2, &m, source);
        let second = high_pass(&mut s.t1, &mut s.t2, &m, first);
        let y = second * s.level * s.strength;

        let (hit, choked) = (x.trigger.gt(zero), x.choke.gt(zero));
        let short = L::splat(1.0 - curve::LN_1000 * cx.period / CHOKED);
        // A choke holds until the next stroke.
        s.pace = L::select(hit, zero, L::select(choked, one, s.pace));
        let left = L::select(s.pace.gt(zero), short.min(m.left), m.left);
        s.level = L::select(hit, one, s.level * left);
        s.strength = L::select(hit, x.velocity, s.strength);
        Out::new(y)
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }

    fn birth(seed: u32) -> State<f32> {
        State { seed: drum::seed(seed), ..<State<f32> as Row<f32>>::zero() }
    }
}

/// A bare square: the sign of a phase.
#[inline(always)]
fn square<L: Lanes>(phase: L::Bits) -> L {
    L::select(phase.lt(L::Bits::splat(0)), L::splat(-1.0), L::splat(1.0))
}

/// The high answer of `Svf`.
#[inline(always)]
fn high_pass<L: Lanes>(s1: &mut L, s2: &mut L, m: &Mid<L>, x: L) -> L {
    let v3 = x - *s2;
    let (d1, d2) = (m.a2 * v3 - m.b1 * *s1, (m.a2 * *s1).mla(m.a3, v3));
    let (v1, v2) = (*s1 + d1, *s2 + d2);
    *s1 = filter::hold(v1 + d1);
    *s2 = filter::hold(v2 + d2);
    x - m.k * v1 - v2
}

/// The kernel with a hi-hat's inputs.
pub fn lower(lowering: &mut Lowering<'_>) {
    let ins = INPUTS.map(|name| lowering.input(name, 0));
    let node = lowering.kernel(&KERNEL, &[], &ins);
    lowering.output("out", 0, node.out(0));
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::*;
    use patches_core::rig::Rig;

    fn subject() -> Subject {
        Subject::new(&KERNEL, &spec(), &INPUTS)
    }

    fn struck() -> Rig {
        subject().rig().frames(16_384).moving(In::trigger as usize, |frame, _| if frame == 0 { 1.0 } else { 0.0 })
    }

    #[test]
    fn it_lies_above_its_filter_and_dies_in_its_time() {
        let bins = spectrum(&struck().still(In::decay as usize, 2.0).one(0));
        let power = |from: usize, to: usize| {
            bins[from * 16_384 / 48_000..to * 16_384 / 48_000].iter().map(|b| b * b).sum::<f64>()
        };
        // 24 dB an octave: two octaves and more below, nothing is left beside what lies above.
        assert!(power(100, 1700) < 1e-4 * power(7000, 20_000));
        let x = struck().one(0);
        // 80 ms for 60 dB: 30 dB in 1920 frames, with the beating of the squares.
        assert_db(db(rms(&x[1920..2880])) - db(rms(&x[..960])), -30.0, 2.0);
    }

    #[test]
    fn tone_goes_from_noise_to_tones() {
        // How far the strongest bin stands out above the mean.
        let crest = |tone: f32| {
            let rig = struck().still(In::decay as usize, 20.0).still(In::tone as usize, tone);
            let bins = spectrum(&rig.one(0));
            let mean = bins.iter().map(|b| b * b).sum::<f64>() / bins.len() as f64;
            bins.iter().fold(0.0_f64, |top, b| top.max(b * b)) / mean
        };
        assert!(crest(1.0) > 4.0 * crest(0.0), "{} and {}", crest(1.0), crest(0.0));
    }

    #[test]
    fn a_choke_closes_it_until_the_next_stroke() {
        let rig = struck().still(In::decay as usize, 2.0);
        let open = rig.one(0);
        let x = rig.moving(In::choke as usize, |frame, _| if frame == 4800 { 1.0 } else { 0.0 }).one(0);
        assert_eq!(open[..4801], x[..4801]);
        assert!(rms(&open[5760..6720]) > 0.02 && rms(&x[5760..6720]) < 1e-4);
        assert_silent(&subject().rig().frames(1000).one(0));
    }

    #[test]
    fn it_holds_to_what_every_kernel_must() {
        subject().assert_holds();
    }
}
