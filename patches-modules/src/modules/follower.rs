//! Envelope follower: the size of the input, rising and falling by one-pole smoothing, y ← y + a·(|x| − y), with the attack's
//! a while |x| is above and the release's while below; a thousandth of the way is left after each time. The gate is high
//! while the envelope is above `threshold`, until it falls below half of that.
//! Source: U. Zölzer (ed.), "DAFX" (2011), 4.2.1. Cost: four divides per set of times, eight operations a frame.

use crate::dsp::curve;
use patches_core::prelude::*;

module! {
    Follower: "How loud the input is",
    signals { audio as "in": Audio, "what is followed"; }
    controls {
        attack: Time = 0.01, 0.0..60.0, "time to rise";
        release: Time = 0.1, 0.0..60.0, "time to fall";
        threshold: Gain = 0.1, 0.0..1000.0, "above this the gate is high";
    }
    options {}
    outputs { out: Gain, "loudness, 1 for full scale"; gate: Gate, "high while loud"; }
    state { y, high }
    example "beat = Square { frequency: 2Hz } -> Vca { gain: Noise }\nSaw { pitch: A2 } -> Vca { gain: Follower { in: beat, release: 200ms } } -[0.4]-> out"
}
row! {
    /// Parts of the way of a frame up and down, and the threshold.
    Mid { up, down, threshold }
}

impl Kernel for Follower {
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
        Mid::new(curve::approach(cx, c.attack), curve::approach(cx, c.release), c.threshold)
    }

    #[inline(always)]
    fn scan<L: Lanes>(_: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
        let way = x.audio.abs() - s.y;
        s.y = s.y.mla(L::select(way.gt(L::splat(0.0)), m.up, m.down), way);
        let half = L::splat(0.5);
        let high = s.y.gt(m.threshold) | (s.high.gt(half) & s.y.gt(half * m.threshold));
        s.high = L::select(high, L::splat(1.0), L::splat(0.0));
        Out::new(s.y, s.high)
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::*;

    #[test]
    fn it_rises_and_falls_in_its_times_and_the_gate_goes_with_it() {
        // −0.5 for 4800 frames, then silence: the size counts.
        let rig = Subject::new(&KERNEL, &spec(), INPUTS).rig().frames(12_000);
        let take = rig.moving(In::audio as usize, |frame, _| if frame < 4800 { -0.5 } else { 0.0 }).take();
        let y = |frame: usize| f64::from(take.outs[0][frame][0]);
        assert_near(y(479), 0.5 * 0.999, 1e-5);
        assert_near(y(4799 + 2400), 0.5 * 0.001_f64.sqrt(), 1e-5);
        assert_near(y(4799 + 4800), 0.5 * 0.001, 1e-6);
        // 0.1 and then 0.05, a tenth: a third of the 60 dB of the release, 1600 frames.
        let gate: Vec<usize> = (0..12_000).filter(|&frame| take.outs[1][frame][0] > 0.5).collect();
        assert_near(*gate.first().expect("it opens") as f64, 480.0 / 3.0 * (1.0_f64 / 0.8).log10(), 1.0);
        assert_near(*gate.last().expect("it opens") as f64, 4799.0 + 1600.0, 1.0);
    }

    #[test]
    fn it_holds_to_what_every_kernel_must() {
        Subject::new(&KERNEL, &spec(), INPUTS).assert_holds();
    }
}
