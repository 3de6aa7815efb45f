//! Snare drum: two sines for the shell, an octave less a third apart, and noise through a band-pass for the wires.
//!
//! y = tanh(((1−tone)·sin f + tone·sin 1.6f)·e^(−6.9t/body_decay) + snap·band(noise)·e^(−6.9t/noise_decay)), all of it times
//! e^(−6.9t/decay). 1.6 is the ratio of the first two modes of a membrane, 1.593.
//! Source: N. Fletcher, T. Rossing, "The Physics of Musical Instruments" (1998), 18.1 and 18.6; the filter is that of `Svf`.
//! Cost: a hash, two sines, a tanh and twelve operations of filter per frame.

use crate::dsp::{curve, drum, filter};
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    let time = |name, default, help| Input::new(name, Kind::Time, help).value(default, 0.001..20.0);
    drum::ports(Spec::new(&["Snare"], "Snare drum"), 180.0, 0.6)
        .with_input(
            Input::new(&["tone"], Kind::Number, "0 the low mode of the shell, 1 the high one").value(0.4, 0.0..1.0),
        )
        .with_input(Input::new(&["snap"], Kind::Gain, "level of the wires").value(0.7, 0.0..4.0))
        .with_input(time(&["body_decay"], 0.15, "time of the shell"))
        .with_input(time(&["noise_decay"], 0.25, "time of the wires"))
        .with_input(Input::new(&["noise_freq"], Kind::Pitch, "middle of the wires' band").value(hz(3500.0), -4.0..16.0))
        .with_input(Input::new(&["noise_q"], Kind::Number, "narrowness of that band").value(0.7, 0.1..50.0))
        .with_output(Output::new(&["out"], Kind::Audio, "the drum"))
        .example("Snare { trigger: Every { time: 1/2, offset: 1/4 } } -[0.7]-> out")
}

/// The order of the kernel's inputs.
const INPUTS: [&str; 10] =
    ["pitch", "decay", "tone", "snap", "body_decay", "noise_decay", "noise_freq", "noise_q", "trigger", "velocity"];

/// The second mode of a membrane beside the first.
const MODE: f32 = 1.593;

kernel! { Snare, signals { trigger, velocity }
controls { pitch, decay, tone, snap, body_decay, noise_decay, noise_freq, noise_q } options {} outputs { out }
state { low: Bits, high: Bits, body, wires, strength, s1, s2, seed: Bits } }
row! {
    /// Hertz, what a frame leaves of shell and wires, the levels, and the filter's factors.
    Mid { hertz, body, wires, tone, snap, a2, a3, b1 }
    /// What is heard.
    Stroke { low: Bits, high: Bits, tone, body, wires, strength }
}

impl Kernel for Snare {
    const HEAVY_FIN: bool = true;
    const SEEDED: bool = true;
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Stroke<L>;

    #[inline(always)]
    fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let all = one - curve::approach(cx, c.decay);
        let body = all * (one - curve::approach(cx, c.body_decay));
        let wires = all * (one - curve::approach(cx, c.noise_decay));
        let (sin, cos) = filter::corner(cx, c.noise_freq, zero, zero);
        let k = one / c.noise_q;
        let inv = one / (cos * cos).mla(sin, sin.mla(k, cos));
        // Times k the band's peak is 1, whatever its width; times its root it is as loud.
        let snap = c.snap * k.sqrt();
        let hertz = maths::hz_of_pitch(c.pitch);
        Mid::new(hertz, body, wires, c.tone, snap, sin * cos * inv, sin * sin * inv, sin * sin.mla(k, cos) * inv)
    }

    #[inline(always)]
    fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Stroke<L> {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let v3 = drum::noise::<L>(cx, s.seed) - s.s2;
        let (d1, d2) = (m.a2 * v3 - m.b1 * s.s1, (m.a2 * s.s1).mla(m.a3, v3));
        let band = s.s1 + d1;
        s.s1 = filter::hold(band + d1);
        s.s2 = filter::hold(s.s2 + d2 + d2);
        let stroke = Stroke::new(s.low, s.high, m.tone, s.body, band * m.snap * s.wires, s.strength);

        let hit = x.trigger.gt(zero);
        let share = L::select(hit, x.trigger, one);
        let (low, high) = (drum::step(cx, m.hertz * share), drum::step(cx, m.hertz * L::splat(MODE) * share));
        s.low = L::Bits::select(hit, low, s.low + low);
        s.high = L::Bits::select(hit, high, s.high + high);
        s.body = L::select(hit, one, s.body * m.body);
        s.wires = L::select(hit, one, s.wires * m.wires);
        s.strength = L::select(hit, x.velocity, s.strength);
        stroke
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Stroke<L>) -> Out<L> {
        let (low, high) = (maths::sin_of_phase(r.low), maths::sin_of_phase(r.high));
        let shell = low.mla(r.tone, high - low) * r.body;
        Out::new(maths::tanh_fast(shell + r.wires) * r.strength)
    }

    fn birth(seed: u32) -> State<f32> {
        State { seed: drum::seed(seed), ..<State<f32> as Row<f32>>::zero() }
    }
}

fn lower(lowering: &mut Lowering<'_>) {
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
        subject().rig().frames(32_768).moving(In::trigger as usize, |frame, _| if frame == 0 { 1.0 } else { 0.0 })
    }

    #[test]
    fn the_shell_has_two_modes_that_tone_weighs() {
        let shell = |tone| {
            let rig = struck().still(In::snap as usize, 0.0).still(In::body_decay as usize, 20.0);
            rig.still(In::decay as usize, 20.0).still(In::tone as usize, tone).one(0)
        };
        assert_near(peak_hz(&shell(0.0)), 180.0, 0.5);
        assert_near(peak_hz(&shell(1.0)), 180.0 * 1.593, 0.5);
    }

    #[test]
    fn the_wires_lie_in_their_band_and_outlast_the_shell() {
        let x = struck().still(In::noise_q as usize, 8.0).still(In::noise_decay as usize, 2.0).one(0);
        let x = &x[8192..16_384];
        let bins = spectrum(x);
        let power = |from: f64, to: f64| {
            bins[(from / RATE * 8192.0) as usize..(to / RATE * 8192.0) as usize].iter().map(|b| b * b).sum::<f64>()
        };
        assert!(power(2500.0, 4900.0) > 5.0 * (power(300.0, 2500.0) + power(4900.0, 20_000.0)));
    }

    #[test]
    fn it_dies_in_its_time_and_is_silent_until_struck() {
        let x = struck().one(0);
        // The wires' 250 ms within the whole's 600: together 60 dB in 176 ms, and 3 dB for the chance of noise.
        let fall = db(rms(&x[8448 - 480..8448 + 480])) - db(rms(&x[..960]));
        assert!((-66.0..-50.0).contains(&fall), "{fall}");
        assert_silent(&subject().rig().frames(1000).one(0));
    }

    #[test]
    fn it_holds_to_what_every_kernel_must() {
        subject().assert_holds();
    }
}
