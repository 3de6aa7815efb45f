//! How long a resonating line is: its `time`, or one period of its `pitch` while no time is set.

use patches_core::prelude::*;

kernel! { PeriodOf, signals {} controls { pitch } options {} outputs { seconds } state {} }

impl Kernel for PeriodOf {
    type Mid<L: Lanes> = Out<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Out<L> {
        Out::new(L::splat(1.0) / maths::hz_of_pitch(c.pitch))
    }

    #[inline(always)]
    fn scan<L: Lanes>(_: &Cx, _: &mut State<L>, m: Out<L>, _: Sig<L>) -> Out<L> {
        m
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}

/// The longest line in seconds: a period of the lowest pitch there is, 1 Hz.
pub const LONGEST: f64 = 1.0;

/// Adds the inputs `time` and `pitch`.
pub fn with_tuning(spec: Spec) -> Spec {
    // 0 stands for a period of `pitch`: no line is that short.
    spec.with_input(
        Input::new(&["time"], Kind::Time, "length of the line; without it, `pitch`").value(0.0, 0.0..LONGEST),
    )
    .with_input(Input::new(&["pitch"], Kind::Pitch, "pitch whose period is the line").value(4.0, -4.0..16.0))
}

/// The seconds of the line.
pub fn seconds(lowering: &mut Lowering<'_>) -> Wire {
    match lowering.feed("time", 0) {
        Feed::Still(0.0) | Feed::Changing(_, 0.0) => {
            let pitch = lowering.input("pitch", 0);
            lowering.kernel(&KERNEL, &[], &[pitch]).out(0)
        }
        _ => lowering.input("time", 0),
    }
}
