//! Places a sound between left and right: left = √(1−p)·x, right = √(1+p)·x, the law of `Mixer`: the power stays, and in the
//! middle the sound goes through unchanged. Source: C. Roads, "The Computer Music Tutorial" (1996), ch. 11.
//! Cost: two square roots per pan.

use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    Spec::new(&["Pan"], "Places a sound between left and right")
        .with_input(Input::new(&["in"], Kind::Audio, "sound to place"))
        .with_input(Input::new(&["pan"], Kind::Number, "-1 left, 0 middle, 1 right").value(0.0, -1.0..1.0))
        .with_output(Output::new(&["out"], Kind::Audio, "both sides").stereo())
        .example("Saw { pitch: A2 } -[0.3]-> Pan { pan: Lfo { rate: 0.5Hz } } -> out")
}

kernel! { Pan, signals { audio } controls { pan } options {} outputs { left, right } state {} }
row! {
    /// Gains of both sides.
    Mid { left, right }
}

impl Kernel for Pan {
    type Mid<L: Lanes> = Mid<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Mid<L> {
        let one = L::splat(1.0);
        Mid::new((one - c.pan).sqrt(), (one + c.pan).sqrt())
    }

    #[inline(always)]
    fn scan<L: Lanes>(_: &Cx, _: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
        Out::new(x.audio * m.left, x.audio * m.right)
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}

fn lower(lowering: &mut Lowering<'_>) {
    let ins = [lowering.input("pan", 0), lowering.input("in", 0)];
    let node = lowering.kernel(&KERNEL, &[], &ins);
    lowering.output("left", 0, node.out(0));
    lowering.output("right", 0, node.out(1));
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;
    use crate::listen::*;

    #[test]
    fn power_stays_and_the_middle_is_unchanged() {
        for pan in [-1.0_f32, -0.3, 0.0, 0.8, 1.0] {
            let outs = Bench::new(&DEF, 1).plug("in", 0, &[0.5]).set("pan", 0, pan).run(1);
            let (left, right) = (outs.get("left")[0], outs.get("right")[0]);
            assert_eq!((left, right), (0.5 * (1.0 - pan).sqrt(), 0.5 * (1.0 + pan).sqrt()));
        }
    }

    #[test]
    fn it_holds_to_what_every_kernel_must() {
        Subject::new(&KERNEL, &spec(), &["pan", "in"]).assert_holds();
    }
}
