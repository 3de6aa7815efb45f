//! Sample and hold: takes the input at each trigger and keeps it; while `track` is high it follows. Without a cable the
//! input is white noise, from the seed and the engine's clock. Cost: a hash and three selects.

use patches_core::prelude::*;

module! {
    Sah: "Sample and hold",
    signals {
        value(* any) as "in": Number, "what is sampled; noise without a cable";
        trigger or "trig": Trigger, "takes a sample";
        track: Gate, "follows the input while high";
    }
    controls {}
    options {}
    outputs { out: Number, "the sample"; }
    state { held, seed: Bits }
    example "pick = Sah { trigger: Every { time: 1/8 } }\nSine { pitch: A3 + 1oct * pick } -[0.4]-> out"
}

impl Kernel for Sah {
    const SEEDED: bool = true;
    type Mid<L: Lanes> = Ctl<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
        c
    }

    #[inline(always)]
    fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Out<L> {
        let value = if cx.linked(In::value as u32) {
            x.value
        } else {
            // A value in the text moves the noise.
            x.value + maths::noise(s.seed ^ L::Bits::splat(cx.now))
        };
        let takes = x.trigger.gt(L::splat(0.0)) | x.track.gt(L::splat(0.5));
        s.held = L::select(takes, value, s.held);
        Out::new(s.held)
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }

    fn birth(seed: u32) -> State<f32> {
        State::new(0.0, maths::hash(<f32 as Lanes>::Bits::splat(seed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::*;

    fn subject() -> Subject {
        Subject::new(&KERNEL, &spec(), INPUTS)
    }

    #[test]
    fn it_holds_from_trigger_to_trigger_and_follows_while_tracking() {
        let rig = subject().rig().frames(30).moving(In::value as usize, |frame, _| frame as f32);
        let rig = rig.moving(In::trigger as usize, |frame, _| if frame == 5 || frame == 12 { 0.5 } else { 0.0 });
        let x = rig.moving(In::track as usize, |frame, _| if (20..25).contains(&frame) { 1.0 } else { 0.0 }).one(0);
        assert_eq!(
            [x[4], x[5], x[11], x[12], x[19], x[20], x[24], x[29]],
            [0.0, 5.0, 5.0, 12.0, 12.0, 20.0, 24.0, 24.0]
        );
    }

    #[test]
    fn without_a_cable_it_takes_noise_each_voice_its_own() {
        let rig = subject().rig().frames(4000);
        let take = rig.moving(In::trigger as usize, |frame, _| if frame % 10 == 0 { 1.0 } else { 0.0 }).take();
        let x: Vec<f32> = (0..4000).map(|frame| take.outs[0][frame][0]).collect();
        assert_eq!(x.windows(2).filter(|w| w[0] != w[1]).count(), 399);
        // 400 even numbers: an RMS of 0.577 within 0.013; four times that.
        assert_near(rms(&x), 1.0 / 3.0_f64.sqrt(), 0.05);
        assert_ne!(take.outs[0][0][0], take.outs[0][0][1]);
    }

    #[test]
    fn it_holds_to_what_every_kernel_must() {
        subject().assert_holds();
    }
}
