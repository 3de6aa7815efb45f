//! Cc: a MIDI controller as a signal: `low` at position 0, `high` at 127, on its way there a one-pole with the time
//! smoothed so that 128 positions are not heard as steps. Cost: two divides per frame where `smooth` moves.

use crate::dsp::curve;
use patches_core::lower::Hears;
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    let any = f64::NEG_INFINITY..f64::INFINITY;
    Spec::new(&["Cc", "MidiCC"], "A MIDI controller as a signal")
        .with_input(Input::new(&["midi"], Kind::Midi, "what it hears; without a cable all ports").normalled("*"))
        .with_input(Input::new(&["low"], Kind::Number, "at position 0, and before it is touched").value(0.0, any.clone()))
        .with_input(Input::new(&["high"], Kind::Number, "at position 127").value(1.0, any))
        // 20 ms is too quick to be felt; 0 is the positions themselves.
        .with_input(Input::new(&["smooth"], Kind::Time, "time until a thousandth of the way is left").value(0.02, 0.0..10.0))
        .with_param(Param::int(&["cc"], 0, 127, 1, "number of the controller; 1 is the modulation wheel"))
        .with_param(Param::text(&["port"], "part of a port's name; else all ports"))
        .with_param(Param::int(&["channel"], 0, 16, 0, "MIDI channel; 0 is all"))
        .with_output(Output::new(&["out"], Kind::Number, "from `low` to `high`"))
        .example("knob = Cc { cc: 74, low: 0.2, high: 0.6, smooth: 20ms }\nOsc { pitch: A3 }.saw -> Vca { gain: knob } -> out")
}

mod way {
    //! A position, smoothed, between two ends.
    use super::curve;
    use patches_core::prelude::*;

    kernel! { Way, signals { position } controls { low, high, smooth } options {} outputs { out } state { at } }
    row! {
        /// The ends, and the part of its way that a position goes each frame.
        Mid { low, span, part }
    }

    impl Kernel for Way {
        type Mid<L: Lanes> = Mid<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
            Mid::new(c.low, c.high - c.low, curve::approach(cx, c.smooth))
        }

        #[inline(always)]
        fn scan<L: Lanes>(_: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
            s.at = s.at + m.part * (x.position - s.at);
            Out::new(m.low + m.span * s.at)
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

fn lower(lowering: &mut Lowering<'_>) {
    let number = lowering.int("cc", 0) as u8;
    let position = lowering.midi(Hears::Controller(number)).out(0);
    let [low, high, smooth] = ["low", "high", "smooth"].map(|name| lowering.input(name, 0));
    let way = lowering.kernel(&way::KERNEL, &[], &[low, high, smooth, position]);
    lowering.output("out", 0, way.out(0));
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;

    fn turned(seconds: f32) -> Vec<f32> {
        let mut position = vec![0.0; 100];
        position.extend(vec![1.0; 2000]);
        let bench = Bench::new(&DEF, 1).set("low", 0, 2.0).set("high", 0, 4.0).set("smooth", 0, seconds);
        bench.hear(0, &position).run(2100).get("out").to_vec()
    }

    #[test]
    fn the_ends_are_low_and_high_and_without_smoothing_it_is_the_position() {
        let out = turned(0.0);
        assert_eq!((out[0], out[99], out[100], out[2099]), (2.0, 2.0, 4.0, 4.0));
    }

    #[test]
    fn smoothing_leaves_a_thousandth_of_the_way_after_its_time() {
        let out = turned(0.02);
        // 960 frames of 0.02 s; the way is 2.
        assert!(((4.0 - out[100 + 959]) / 2.0 - 1e-3).abs() < 2e-5, "{}", out[100 + 959]);
        assert!(out.windows(2).all(|pair| pair[1] >= pair[0]));
    }
}
