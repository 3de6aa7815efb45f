//! Noise: white from a hash of seed and clock, so that the same patch gives the same noise; the colours are filters on it.
//!
//! White is even over ±1 (RMS 0.577). The colours have an RMS of 0.25 at any rate, and peaks of about ±1. Pink, −3 dB an
//! octave (within 0.6 dB from 20 Hz to 20 kHz), is a sum of eight one-pole low-passes, two octaves apart from 0.4 of the rate
//! down, each twice as loud as the one above it: the sum of relaxations of which 1/f noise is made. Blue, +3 dB an
//! octave, is the difference of pink. Brown (red is another name of it), −6 dB an octave above 20 Hz, is a leaky integral.
//! Source: J. Barnes, S. Jarvis, "Efficient numerical and analog modeling of flicker noise processes" (NBS Technical
//! Note 604, 1971). Cost: one hash for white, thirty operations more for pink and blue, three for brown; only what is wanted.

use crate::dsp::curve;
use patches_core::prelude::*;

module! {
    Noise: "Noise in colours",
    signals {}
    controls {}
    options {}
    outputs {
        white: Audio, "the same at all frequencies";
        pink: Audio, "falling by 3 dB an octave";
        brown or "red": Audio, "falling by 6 dB an octave above 20 Hz";
        blue: Audio, "rising by 3 dB an octave";
    }
    state { seed: Bits, p0, p1, p2, p3, p4, p5, p6, p7, last, integral }
    example "Noise.pink -> Svf { cutoff: 400Hz + 2oct * Lfo { rate: 0.1Hz }, resonance: 0.6 } -[0.5]-> out"
}
row! {
    /// Brown: the part of the way that a frame goes, and the level.
    Mid { leak, level }
}

/// 1 − e^(−2π·0.4·4^−k): the low-passes of pink.
const PINK: [f32; 8] =
    [0.9189974, 0.4665119, 0.145364, 0.03850884, 0.0097694425, 0.0024513598, 0.0006134041, 0.00015338631];
/// RMS of every colour.
const RMS: f32 = 0.25;
/// RMS of the bare sums of pink and blue, from their responses.
const PINK_RMS: f32 = 3.440_367;
const BLUE_RMS: f32 = 1.944_587;
/// Below this brown is flat: what is not heard is not to fill the room above.
const BROWN_HZ: f32 = 20.0;

impl Kernel for Noise {
    const SEEDED: bool = true;
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(cx: &Cx, _: Ctl<L>) -> Mid<L> {
        let leak = curve::one_minus_exp(L::splat(std::f32::consts::TAU * BROWN_HZ * cx.period));
        // A one-pole low-pass of white noise (variance ⅓) has the variance ⅓·a/(2 − a).
        let level = L::splat(RMS) * (L::splat(3.0) * (L::splat(2.0) - leak) / leak).sqrt();
        Mid::new(leak, level)
    }

    #[inline(always)]
    fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, _: Sig<L>) -> Out<L> {
        let mut out = Out::zero();
        let white = maths::noise(s.seed ^ L::Bits::splat(cx.now));
        out.white = white;
        if cx.wants(To::pink as u32) | cx.wants(To::blue as u32) {
            s.p0 = follow(s.p0, PINK[0], white);
            s.p1 = follow(s.p1, PINK[1], white);
            s.p2 = follow(s.p2, PINK[2], white);
            s.p3 = follow(s.p3, PINK[3], white);
            s.p4 = follow(s.p4, PINK[4], white);
            s.p5 = follow(s.p5, PINK[5], white);
            s.p6 = follow(s.p6, PINK[6], white);
            s.p7 = follow(s.p7, PINK[7], white);
            let two = L::splat(2.0);
            let low = s.p4.mla(two, s.p5.mla(two, s.p6.mla(two, s.p7)));
            let sum = s.p0.mla(two, s.p1.mla(two, s.p2.mla(two, s.p3.mla(two, low))));
            out.pink = sum * L::splat(RMS / PINK_RMS);
            out.blue = (sum - s.last) * L::splat(RMS / BLUE_RMS);
            s.last = sum;
        }
        if cx.wants(To::brown as u32) {
            s.integral = s.integral.mla(m.leak, white - s.integral);
            out.brown = s.integral * m.level;
        }
        out
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }

    fn birth(seed: u32) -> State<f32> {
        let zero = <State<f32> as Row<f32>>::zero();
        State { seed: maths::hash(<f32 as Lanes>::Bits::splat(seed)), ..zero }
    }
}

/// One step of a one-pole low-pass.
#[inline(always)]
fn follow<L: Lanes>(y: L, a: f32, x: L) -> L {
    y.mla(L::splat(a), x - y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::*;
    fn subject() -> Subject {
        Subject::new(&KERNEL, &spec(), INPUTS)
    }

    fn colour(to: To, rate: f32) -> Vec<f32> {
        subject().rig().rate(rate).frames(1 << 18).one(to as usize)
    }

    /// Power around a frequency, half an octave wide, in dB, over all voices.
    fn density(to: To, hertz: [f64; 2]) -> [f64; 2] {
        let take = subject().rig().frames(1 << 16).take();
        let mut power = [0.0; 2];
        for voice in 0..16 {
            let x: Vec<f32> = take.outs[to as usize].iter().map(|row| row[voice]).collect();
            let (bins, width) = (spectrum(&x), RATE / x.len() as f64);
            for (power, hertz) in power.iter_mut().zip(hertz) {
                let range = (hertz / 1.19 / width) as usize..(hertz * 1.19 / width) as usize;
                let count = range.len() as f64;
                *power += bins[range].iter().map(|bin| bin * bin).sum::<f64>() / count;
            }
        }
        power.map(|power| 10.0 * power.log10())
    }

    #[test]
    fn colours_fall_and_rise_as_they_should() {
        // 16 voices of 120 bins, of which the window joins about three: 0.2 dB of chance; four times that, and pink's 0.6.
        for (to, slope) in [(To::white, 0.0), (To::pink, -10.0), (To::brown, -20.0), (To::blue, 10.0)] {
            for low in [250.0, 800.0] {
                let [at, decade] = density(to, [low, low * 10.0]);
                // Only white, pink and brown keep their slope up to the end: a difference bends down by 0.4 dB at 8 kHz.
                assert_db(decade - at, slope, if slope == 0.0 { 0.8 } else { 1.4 });
            }
        }
    }

    #[test]
    fn levels_are_as_stated_at_any_rate() {
        for rate in [44_100.0, 48_000.0, 96_000.0] {
            assert_near(rms(&colour(To::white, rate)), 1.0 / 3.0_f64.sqrt(), 0.005);
            // Low frequencies have few periods in five seconds: pink and brown vary by some percent from take to take.
            assert_db(db(rms(&colour(To::pink, rate))), db(0.25), 0.7);
            assert_db(db(rms(&colour(To::brown, rate))), db(0.25), 1.0);
            assert_db(db(rms(&colour(To::blue, rate))), db(0.25), 0.2);
        }
        assert!(colour(To::white, 48_000.0).iter().all(|x| x.abs() < 1.0));
    }

    #[test]
    fn each_voice_has_its_own_and_the_clock_gives_the_same_again() {
        let rig = subject().rig().wants(&[0]);
        let (a, b) = (rig.voice(0, 0), rig.voice(0, 1));
        let across: f64 = a.iter().zip(&b).map(|(a, b)| f64::from(a * b)).sum::<f64>() / 48_000.0 * 3.0;
        // Chance gives 1/√48000 = 0.0046; six times that.
        assert!(across.abs() < 0.03, "{across}");
        let later = rig.start(1000).voice(0, 0);
        assert_eq!(later[..1000], a[1000..2000], "a frame's noise belongs to the frame");
    }

    #[test]
    fn it_holds_to_what_every_kernel_must() {
        subject().assert_holds();
    }
}
