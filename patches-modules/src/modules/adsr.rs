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
    const RESTS: bool = true;
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn idle<L: Lanes>(_: &Cx, s: &State<L>) -> L::Mask {
        let zero = L::splat(0.0);
        s.stage.eq(L::Bits::splat(IDLE)) & s.level.eq(zero) & s.rest.eq(zero) & s.high.eq(zero)
    }

    #[inline(always)]
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

    #[inline(always)]
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

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::*;
    use patches_core::rig::Rig;

    fn subject() -> Subject {
        Subject::new(&KERNEL, &spec(), INPUTS)
    }

    /// Gate high for so many frames from frame 0 on.
    fn held(frames: usize, high: usize, shape: u32) -> Rig {
        let rig = subject().rig().frames(frames).option(0, shape);
        rig.moving(In::gate as usize, move |frame, _| if frame < high { 1.0 } else { 0.0 })
    }

    #[test]
    fn straight_lines_pass_their_corners_in_time() {
        // 10 ms, 100 ms to 0.7, and from frame 9600 on 300 ms: 480, 4800 and 14400 frames.
        let (rig, tiny) = (held(30_000, 9600, 0), 1e-4);
        let x = rig.one(To::out as usize);
        for (frame, want) in [(0, 0.0), (240, 0.5), (480, 1.0), (480 + 2400, 0.85), (480 + 4800, 0.7), (9600, 0.7)] {
            assert_near(f64::from(x[frame]), want, tiny);
        }
        assert_near(f64::from(x[9600 + 7200]), 0.35, tiny);
        assert_eq!(x[9600 + 14_401], 0.0);
        let done = rig.one(To::done as usize);
        let at: Vec<usize> = (0..30_000).filter(|&i| done[i] > 0.0).collect();
        assert!(at.len() == 1 && at[0].abs_diff(9600 + 14_400) <= 1, "{at:?}");
    }

    #[test]
    fn curves_pass_their_corners_in_time() {
        let x = held(30_000, 9600, 1).one(To::out as usize);
        // Aimed at 1.3: y = 1.3·(1 − (0.3/1.3)^t).
        assert_near(f64::from(x[240]), 1.3 * (1.0 - (0.3_f64 / 1.3).sqrt()), 1e-3);
        assert!(x[479] < 1.0 && x[481] > 0.995);
        // Half of the time leaves √0.001 of the way.
        assert_near(f64::from(x[480 + 2400]), 0.7 + 0.3 * 0.001_f64.sqrt(), 1e-3);
        assert_near(f64::from(x[480 + 4801]), 0.7, 1e-6);
        assert_near(f64::from(x[9600 + 7200]), 0.7 * 0.001_f64.sqrt(), 1e-3);
        assert_eq!(x[9600 + 14_403], 0.0);
    }

    #[test]
    fn a_trigger_alone_plays_attack_and_decay_and_a_new_one_goes_on_from_where_it_is() {
        for shape in [0, 1] {
            let rig = subject().rig().frames(12_000).option(0, shape);
            let rig = rig.moving(In::trigger as usize, |frame, _| if frame == 0 || frame == 3000 { 1.0 } else { 0.0 });
            let x = rig.one(To::out as usize);
            assert_near(f64::from(x.iter().copied().fold(0.0, f32::max)), 1.0, 1e-6);
            let bottom = x[3000];
            assert!(bottom > 0.02 && bottom < 0.9 && x[3010] > bottom);
            // No step is longer than the attack's longest: a 480th, or 1.47·1.3 of that on the curve.
            let longest = x.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
            assert!(longest < 1.95 / 480.0, "{longest}");
            assert_eq!(x[3000 + 480 + 4800 + 10], 0.0);
            let done = rig.one(To::done as usize);
            assert_eq!(done.iter().filter(|x| **x > 0.0).count(), 1);
        }
    }

    #[test]
    fn a_trigger_late_in_its_frame_starts_late() {
        let at = |trigger: f32| {
            let rig = subject().rig().frames(100);
            rig.moving(In::trigger as usize, move |frame, _| if frame == 10 { trigger } else { 0.0 })
                .one(To::out as usize)
        };
        assert_eq!(at(1.0)[10], 0.0);
        assert_near(f64::from(at(1.0)[11]), 1.0 / 480.0, 1e-7);
        assert_near(f64::from(at(0.25)[11]), 0.25 / 480.0, 1e-7);
        assert_near(f64::from(at(0.25)[60]), 49.25 / 480.0, 1e-6);
    }

    #[test]
    fn times_of_zero_take_one_frame_and_long_ones_their_time() {
        for shape in [0, 1] {
            let none = [In::attack, In::decay, In::release].into_iter();
            let rig = none.fold(held(200, 100, shape), |rig, time| rig.still(time as usize, 0.0));
            let x = rig.one(To::out as usize);
            assert_eq!((x[0], x[1], x[2], x[99]), (0.0, 1.0, 0.7, 0.7));
            assert_eq!((x[100], x[101]), (0.7, 0.0));
        }
        let long = held(480_100, 500_000, 0).still(In::attack as usize, 10.0).wants(&[0]).one(To::out as usize);
        // Steps of 2·10⁻⁶ near 1 would be rounded by 1.5%.
        assert_near(f64::from(long[240_000]), 0.5, 1e-5);
        let top = (0..480_100).find(|&i| long[i] >= 1.0).expect("it gets there");
        assert!(top.abs_diff(480_000) <= 2, "{top}");
    }

    #[test]
    fn it_holds_to_what_every_kernel_must() {
        subject().assert_holds();
    }
}
