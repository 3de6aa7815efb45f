//! Bass drum: a sine whose pitch falls from pitch + sweep to pitch, a click of noise, and saturation.
//!
//! f = pitch + sweep·e^(−6.9·t/sweep_time), amplitude e^(−6.9·t/decay); y = tanh(drive·(sine + click + noise)). The phase starts
//! anew at the very place of the trigger, so each stroke is alike.
//! Source: K. Werner, J. Abel, J. Smith, "A physically-informed, circuit-bendable, digital model of the Roland TR-808
//! bass drum circuit" (DAFx-14), for the parts, not the circuit. Cost: a hash, a sine and a tanh per frame.

use crate::dsp::{curve, drum};
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    drum::ports(Spec::new(&["Kick"], "Bass drum"), 50.0, 0.4)
        .with_input(Input::new(&["sweep"], Kind::Rate, "hertz above the pitch at the stroke").value(200.0, 0.0..5000.0))
        .with_input(Input::new(&["sweep_time"], Kind::Time, "time to come down to the pitch").value(0.08, 0.001..5.0))
        .with_input(Input::new(&["click"], Kind::Gain, "noise at the stroke").value(0.3, 0.0..4.0))
        .with_input(Input::new(&["drive"], Kind::Gain, "gain into the saturation").value(1.0, 0.1..20.0))
        .with_input(Input::new(&["noise"], Kind::Gain, "noise that falls with the body").value(0.0, 0.0..4.0))
        .with_output(Output::new(&["out"], Kind::Audio, "the drum"))
        .example("Kick { trigger: Every { time: 1/4 }, drive: 2 } -> out")
}

kernel! { Kick, signals { trigger, velocity } controls { pitch, decay, sweep, sweep_time, click, drive, noise }
options {} outputs { out } state { phase: Bits, level, bend, click, strength, seed: Bits } }
row! {
    /// Hertz, what a frame leaves of body and sweep, and the levels.
    Mid { hertz, body, fall, sweep, click, drive, noise }
    /// What is heard.
    Stroke { phase: Bits, level, noise, drive, strength }
}

/// The click lasts so long, in seconds: a stick, not a snare.
const CLICK: f32 = 0.006;

impl Kernel for Kick {
    const HEAVY_FIN: bool = true;
    const SEEDED: bool = true;
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Stroke<L>;

    #[inline(always)]
    fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
        let one = L::splat(1.0);
        let (body, fall) = (one - curve::approach(cx, c.decay), one - curve::approach(cx, c.sweep_time));
        Mid::new(maths::hz_of_pitch(c.pitch), body, fall, c.sweep, c.click, c.drive, c.noise)
    }

    #[inline(always)]
    fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Stroke<L> {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let white = drum::noise::<L>(cx, s.seed);
        let noise = white * (s.click * m.click).mla(s.level, m.noise);
        let stroke = Stroke::new(s.phase, s.level, noise, m.drive, s.strength);
        let hit = x.trigger.gt(zero);
        // The stroke lies before what is left of this frame.
        let hertz = m.hertz.mla(m.sweep, L::select(hit, one, s.bend));
        let free = s.phase + drum::step(cx, hertz);
        s.phase = L::Bits::select(hit, drum::step(cx, hertz * x.trigger), free);
        s.level = L::select(hit, one, s.level * m.body);
        s.bend = L::select(hit, one, s.bend * m.fall);
        s.click = L::select(hit, one, s.click * L::splat(1.0 - curve::LN_1000 * cx.period / CLICK));
        s.strength = L::select(hit, x.velocity, s.strength);
        stroke
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Stroke<L>) -> Out<L> {
        let body = maths::sin_of_phase(r.phase) * r.level;
        Out::new(maths::tanh_fast((body + r.noise) * r.drive) * r.strength)
    }

    fn birth(seed: u32) -> State<f32> {
        State { seed: drum::seed(seed), ..<State<f32> as Row<f32>>::zero() }
    }
}

fn lower(lowering: &mut Lowering<'_>) {
    let ins = ["pitch", "decay", "sweep", "sweep_time", "click", "drive", "noise", "trigger", "velocity"];
    let ins = ins.map(|name| lowering.input(name, 0));
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

    const INPUTS: &[&str] =
        &["pitch", "decay", "sweep", "sweep_time", "click", "drive", "noise", "trigger", "velocity"];

    fn struck() -> Rig {
        let rig = Subject::new(&KERNEL, &spec(), INPUTS).rig().frames(96_000).still(In::click as usize, 0.0);
        rig.moving(In::trigger as usize, |frame, _| if frame == 0 { 1.0 } else { 0.0 })
    }

    #[test]
    fn it_falls_to_its_pitch_and_dies_in_its_time() {
        let x = struck().still(In::decay as usize, 2.0).one(0);
        // After the sweep's 80 ms the pitch is 50 Hz, a fifth of a hertz above at most: counted over a second.
        let passes = |x: &[f32]| x.windows(2).filter(|w| w[0] < 0.0 && w[1] >= 0.0).count();
        assert!(passes(&x[9600..57_600]).abs_diff(50) <= 1);
        // The first cycle is over where 50t + 200·τ·(1 − e^(−t/τ)) = 1, τ = 80 ms/ln 1000: after 223.6 frames.
        let first = x.windows(2).position(|w| w[0] < 0.0 && w[1] >= 0.0).expect("it swings");
        assert!(first.abs_diff(223) <= 2, "{first}");
        // 30 dB in half of the decay. Below 0.1 saturation is no more than a third of a percent.
        let level = |from: usize| db(x[from..from + 960].iter().fold(0.0_f64, |top, x| top.max(f64::from(x.abs()))));
        assert_db(level(84_000) - level(60_000), -15.0, 0.1);
    }

    #[test]
    fn click_noise_drive_and_velocity_do_what_they_say() {
        let plain = struck().one(0);
        let with = |input: In, value: f32| struck().still(input as usize, value).one(0);
        let (click, noise, drive) = (with(In::click, 1.0), with(In::noise, 0.5), with(In::drive, 8.0));
        let differ = |x: &[f32], from: usize, to: usize| {
            rms(&x[from..to].iter().zip(&plain[from..to]).map(|(a, b)| a - b).collect::<Vec<_>>())
        };
        assert!(differ(&click, 1, 100) > 0.1 && differ(&click, 600, 2000) < 1e-4);
        assert!(differ(&noise, 600, 2000) > 0.02);
        assert!(rms(&drive[..9600]) > 1.2 * rms(&plain[..9600]));
        let soft = with(In::velocity, 0.25);
        assert!(soft.iter().zip(&plain).all(|(a, b)| *a == b * 0.25));
    }

    #[test]
    fn it_is_silent_until_struck_and_holds_to_what_every_kernel_must() {
        let subject = Subject::new(&KERNEL, &spec(), INPUTS);
        assert_silent(&subject.rig().frames(1000).one(0));
        subject.assert_holds();
    }
}
