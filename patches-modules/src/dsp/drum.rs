//! What all drums share: the inputs that strike them, and noise that belongs to the frame.

use patches_core::prelude::*;

/// Inputs of every drum; pitch and decay with their defaults in hertz and seconds.
pub fn ports(spec: Spec, pitch: f64, decay: f64) -> Spec {
    spec.with_input(Input::new(&["trigger"], Kind::Trigger, "strikes it"))
        .with_input(
            Input::new(&["velocity"], Kind::Gain, "how hard, taken at the trigger").value(1.0, 0.0..4.0).normalled("*"),
        )
        .with_input(Input::new(&["pitch"], Kind::Pitch, "pitch of the body").value(hz(pitch), -4.0..16.0))
        .with_input(
            // A millisecond is a click; twenty seconds is longer than any cymbal.
            Input::new(&["decay"], Kind::Time, "time to fall to a thousandth").value(decay, 0.001..20.0),
        )
}

/// White noise of ±1 of this frame.
#[inline(always)]
pub fn noise<L: Lanes>(cx: &Cx, seed: L::Bits) -> L {
    maths::noise(seed ^ L::Bits::splat(cx.now))
}

/// A seed as state.
pub fn seed(seed: u32) -> <f32 as Lanes>::Bits {
    maths::hash(<f32 as Lanes>::Bits::splat(seed))
}

/// The phase's step of a frequency, held below half a cycle.
#[inline(always)]
pub fn step<L: Lanes>(cx: &Cx, hertz: L) -> L::Bits {
    maths::phase_of_cycles((hertz * L::splat(cx.period)).min(L::splat(0.49)))
}
