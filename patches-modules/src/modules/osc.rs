//! Oscillator: a 32-bit phase that grows by f/fs each frame, and the waves that hang on it.
//!
//! Saw and square are corrected around each jump, the triangle around each corner, by four-sample B-spline residuals that
//! are functions of phase and step alone (see `dsp::blep` for the source and what it costs in treble). `phase_mod` counts
//! into the step that these see, so modulated waves are band-limited too. Hard sync sets the phase at the very place of
//! the trigger between two frames; its jump is not band-limited.
//! Cost: one exp2 per pitch; per frame ten operations of recurrence, and for a saw one divide and twenty more.

use crate::dsp::{blep, drift};
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    inputs(Spec::new(&["Osc"], "Band-limited oscillator: sine, triangle, saw and square at once"))
        .with_output(Output::new(&["sine"], Kind::Audio, "sine"))
        .with_output(Output::new(&["triangle"], Kind::Audio, "triangle, in step with the sine"))
        .with_output(Output::new(&["sawtooth", "saw"], Kind::Audio, "saw, rising from -1 at the start of the cycle"))
        .with_output(Output::new(&["square"], Kind::Audio, "1 for the pulse width, then -1"))
        .with_output(Output::new(&["phase"], Kind::Number, "0 to 1 over the cycle"))
        .with_output(Output::new(&["reset_out"], Kind::Trigger, "at the start of each cycle"))
        .example("osc = Osc { pitch: A2 + 7st, pulse_width: Lfo { rate: 0.3Hz } * 0.3 + 0.5 }\nosc.square -[0.4]-> out")
}

/// The inputs of every oscillator.
pub fn inputs(spec: Spec) -> Spec {
    spec.with_input(
        Input::new(&["pitch", "frequency", "voct"], Kind::Pitch, "pitch").value(4.0, -4.0..16.0).normalled("*"),
    )
    .with_input(Input::new(&["fm"], Kind::Audio, "moves the frequency by 10 Hz a unit, or an octave (`fm_type`)"))
    .with_input(Input::new(&["tzfm"], Kind::Audio, "moves the frequency by itself a unit, through zero"))
    .with_input(Input::new(&["phase_mod"], Kind::Audio, "moves the phase, in cycles"))
    .with_input(
        Input::new(&["pulse_width"], Kind::Number, "part of the cycle that the square is high").value(0.5, 0.01..0.99),
    )
    .with_input(Input::new(&["sync"], Kind::Trigger, "starts the cycle anew"))
    .with_input(
        Input::new(&["drift"], Kind::Number, "slow wandering of the pitch, up to 50 cents").value(0.0, 0.0..1.0),
    )
    .with_param(Param::choice(
        &["fm_type"],
        &[&["linear"], &["logarithmic"]],
        "what a unit of `fm` is: 10 Hz or an octave",
    ))
}

kernel! { Osc, signals { fm, tzfm, phase_mod, pulse_width, sync } controls { pitch, drift } options { fm_type }
outputs { sine, triangle, sawtooth, square, phase, reset_out } state { phase: Bits, shift: Bits } }
row! {
    /// Cycles a frame, before modulation.
    Mid { cycles }
    /// Phase and its step as the waves see them, the pulse width, and the trigger.
    Turn { phase: Bits, inc: Bits, width, reset }
}

/// Hertz a unit of linear `fm`.
const FM_HZ: f32 = 10.0;

impl Kernel for Osc {
    const HEAVY_FIN: bool = true;
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Turn<L>;

    fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
        Mid::new(maths::hz_of_pitch(c.pitch + c.drift) * L::splat(cx.period))
    }

    fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Turn<L> {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let none = L::Bits::splat(0);
        let cycles = if cx.option(Opt::fm_type as u32) == 0 {
            m.cycles + x.fm * L::splat(FM_HZ * cx.period)
        } else {
            m.cycles * maths::exp2(x.fm)
        };
        // Just below half a cycle: beyond, there is nothing but aliases, and the phase would seem to run backwards.
        let cycles = cycles.mla(m.cycles, x.tzfm).clamp(L::splat(-0.49), L::splat(0.49));
        let inc = maths::phase_of_cycles(cycles);
        let shift = maths::phase_of_cycles(x.phase_mod);
        let slip = shift - s.shift;
        s.shift = shift;

        let synced = x.sync.gt(zero);
        let here = L::Bits::select(x.sync.ge(one), none, s.phase);
        let free = s.phase + inc;
        s.phase = L::Bits::select(synced, maths::phase_of_cycles(cycles * x.sync), free);
        let reset = if cx.wants(To::reset_out as u32) {
            // Whichever way it runs: what is left of the step behind phase 0. Coming to exactly 0 is the next frame's.
            let left = free.to_float() / inc.to_float();
            let moves = !inc.eq(none);
            let passes = moves & left.gt(zero) & left.lt(one);
            let reset = L::select(passes, left, zero);
            L::select(synced, x.sync, L::select(moves & here.eq(none), one, reset))
        } else {
            zero
        };
        Turn::new(here + shift, inc + slip, x.pulse_width, reset)
    }

    fn fin<L: Lanes>(cx: &Cx, r: Turn<L>) -> Out<L> {
        let (saw, square) = (cx.wants(To::sawtooth as u32), cx.wants(To::square as u32));
        let mut out = Out::zero();
        out.reset_out = r.reset;
        if cx.wants(To::sine as u32) {
            out.sine = maths::sin_of_phase(r.phase);
        }
        if cx.wants(To::phase as u32) {
            out.phase = maths::phase_to_unit(r.phase);
        }
        if saw | square | cx.wants(To::triangle as u32) {
            let n = blep::frames_per_cycle(r.inc);
            if saw | square {
                out.sawtooth = blep::saw(r.phase, n);
            }
            if square {
                out.square = blep::pulse(r.phase, n, r.width, out.sawtooth);
            }
            if cx.wants(To::triangle as u32) {
                out.triangle = blep::triangle(r.phase, n);
            }
        }
        out
    }
}

/// The kernel with an oscillator's inputs.
pub fn node(lowering: &mut Lowering<'_>) -> patches_core::lower::Node {
    let drift = drift::wire(lowering);
    let [pitch, fm, tzfm, phase_mod, width, sync] =
        ["pitch", "fm", "tzfm", "phase_mod", "pulse_width", "sync"].map(|name| lowering.input(name, 0));
    let options = [lowering.choice("fm_type")];
    lowering.kernel(&KERNEL, &options, &[pitch, drift, fm, tzfm, phase_mod, width, sync])
}

/// A type that is one wave of the oscillator, as its `out`.
pub fn single(lowering: &mut Lowering<'_>, wave: To) {
    let node = node(lowering);
    lowering.output("out", 0, node.out(wave as u16));
}

fn lower(lowering: &mut Lowering<'_>) {
    let node = node(lowering);
    for (port, name) in ["sine", "triangle", "sawtooth", "square", "phase", "reset_out"].into_iter().enumerate() {
        lowering.output(name, 0, node.out(port as u16));
    }
}

/// The module type.
pub static DEF: Def = Def { spec, lower };
