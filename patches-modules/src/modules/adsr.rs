//! Envelope: attack, decay, sustain, release, from wherever it is.
//!
//! Linear: attack goes a whole unit in its time, decay from 1 to the sustain level, release from its start to 0.
//! Exponential: each part aims past its end (attack by 0.3, the others by a thousandth of their way) and is over when it
//! gets there, y ← y + k·(aim − y) with k = 1 − (r/(1+r))^(1/T·fs).
//! Source: N. Redmon, "Envelope generators: ADSR code" (EarLevel Engineering, 2013), with the aim taken relative to the way.
//! A trigger within a frame moves it by the part of the frame that is left. Each step's rounding is carried on, so that a
//! minute's attack takes a minute. Cost: four divides per set of times, forty selects and sums per frame.

use crate::dsp::curve;
use patches_core::prelude::*;

module! {
    Adsr: "Envelope: attack, decay, sustain, release",
    signals {
        gate: Gate, "held while high";
        trigger(*): Trigger, "starts the attack; without a cable, the rise of the gate";
    }
    controls {
        attack: Time = 0.01, 0.0..60.0, "time up to 1";
        decay: Time = 0.1, 0.0..60.0, "time down to the sustain level";
        sustain: Gain = 0.7, 0.0..1.0, "level while the gate is high";
        release: Time = 0.3, 0.0..60.0, "time down to 0";
    }
    options { shape: ["linear", "exponential"], "straight lines, or the curves of a capacitor"; }
    outputs { out: Gain, "0 to 1"; done: Trigger, "back at 0"; }
    state { level, rest, from, stage: Bits, high }
    example "beat = Every { time: 1/2 }\nOsc { pitch: A3 }.saw -> Vca { gain: Adsr { gate: beat.gate, attack: 5ms, shape: exponential } } -[0.4]-> out"
}
row! {
    /// Parts of the way that a frame goes in attack, decay and release, and the sustain level.
    Mid { attack, decay, sustain, release }
}

/// Stages. In `FALL` a trigger without gate comes down, in the time of the decay.
const IDLE: u32 = 0;
const ATTACK: u32 = 1;
const DECAY: u32 = 2;
const FALL: u32 = 3;
const RELEASE: u32 = 4;
/// It has come to 0 in the frame before.
const DONE: u32 = 5;

/// How far past 1 an exponential attack aims: the bend of the common analogue circuits.
const PAST_PEAK: f32 = 0.3;
/// How far past its end any other exponential part aims, of its way: −60 dB.
const PAST_END: f32 = 1e-3;
/// ln((1+r)/r) for both.
const LN_PEAK: f32 = 1.466_337;
const LN_END: f32 = 6.908_755;

impl Kernel for Adsr {
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Out<L>;

    fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
        let [attack, decay, release] = if cx.option(Opt::shape as u32) == 0 {
            [curve::straight(cx, c.attack), curve::straight(cx, c.decay), curve::straight(cx, c.release)]
        } else {
            let (peak, end) = (L::splat(LN_PEAK * cx.period), L::splat(LN_END * cx.period));
            [
                curve::one_minus_exp(peak / c.attack),
                curve::one_minus_exp(end / c.decay),
                curve::one_minus_exp(end / c.release),
            ]
        };
        Mid::new(attack, decay, c.sustain, release)
    }

    fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
        let (zero, one, half) = (L::splat(0.0), L::splat(1.0), L::splat(0.5));
        let stage = L::Bits::splat;
        let (high, was) = (x.gate.gt(half), s.high.gt(half));
        s.high = x.gate;
        let trigger = if cx.linked(In::trigger as u32) { x.trigger } else { L::select(high & !was, one, zero) };
        let starts = trigger.gt(zero);

        // What is heard now, and where it goes from here.
        let out = s.level;
        let done = L::select(s.stage.eq(stage(DONE)), one, zero);
        let rests = s.stage.eq(stage(IDLE)) | s.stage.eq(stage(DONE));
        let falls = s.stage.eq(stage(FALL));
        let drops = was & !high & !rests & !falls;
        s.from = L::select(drops, s.level, s.from);
        let now = L::Bits::select(rests, stage(IDLE), L::Bits::select(drops, stage(RELEASE), s.stage));
        s.stage = L::Bits::select(starts, stage(ATTACK), now);
        let attacks = s.stage.eq(stage(ATTACK));
        let releases = s.stage.eq(stage(RELEASE));
        let idles = s.stage.eq(stage(IDLE));
        let decays = s.stage.eq(stage(DECAY));

        let target = L::select(attacks, one, L::select(decays, m.sustain, zero));
        let start = L::select(releases, s.from, one);
        let part = L::select(attacks, m.attack, L::select(releases, m.release, m.decay));
        let step = if cx.option(Opt::shape as u32) == 0 {
            // The whole way in the whole time. A sustain level that is raised later is reached at the pace of a unit.
            let way = target - s.level;
            let rise = L::select(attacks, part, L::select(way.gt(zero), part, part * (start - target)));
            way.max(-rise).min(rise)
        } else {
            let past = L::select(attacks, L::splat(PAST_PEAK), L::splat(-PAST_END) * (start - target));
            let aim = L::select(target.gt(s.level) & !attacks, target, target + past);
            part * (aim - s.level)
        };
        // The event's own frame counts for what is left of it.
        let step = L::select(starts, step * trigger, step);
        let before = s.level;
        let moved = L::select(idles, zero, step);
        let (mut level, mut rest) = (s.level, L::select(starts, zero, s.rest));
        curve::creep(&mut level, &mut rest, moved);

        // Past or at the end of a part, or on the way there within what a frame goes at once.
        let whole = part.ge(one) & !(starts & trigger.lt(one));
        let rises = before.lt(target);
        let over = whole | L::select(rises, level, target).ge(L::select(rises, target, level));
        let over = over & !idles;
        s.level = L::select(over | idles, target, level);
        s.rest = L::select(over | idles, zero, rest);
        let end = L::Bits::select(attacks, L::Bits::select(high, stage(DECAY), stage(FALL)), stage(DONE));
        s.stage = L::Bits::select(over & !decays, end, s.stage);
        Out::new(out, done)
    }

    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}
