//! Width: m = (l + r)/2, s = (l − r)/2·width; left m + s, right m − s. 0 is mono, 1 as it came, 2 twice as wide.
//! Source: A. D. Blumlein, British patent 394325 (1931). Cost: two multiplications.

use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    Spec::new(&["Width"], "Makes a stereo signal narrower or wider")
        .with_input(Input::new(&["in"], Kind::Audio, "stereo signal").stereo())
        // Above 2 the middle would be lost behind the sides.
        .with_input(Input::new(&["width"], Kind::Number, "0 mono, 1 as it came, 2 wide").value(1.0, 0.0..2.0))
        .with_output(Output::new(&["out"], Kind::Audio, "the same, narrower or wider").stereo())
        .one()
        .example("Osc { pitch: C3 }.saw -> Chorus -> Width { width: 1.6 } -[0.2]-> out")
}

mod sides {
    //! Middle and sides.
    use patches_core::prelude::*;

    kernel! { Width, signals { left_in, right_in } controls { width } options {} outputs { left, right } state {} }

    impl Kernel for Width {
        type Mid<L: Lanes> = Ctl<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
            c
        }

        #[inline(always)]
        fn scan<L: Lanes>(_: &Cx, _: &mut State<L>, c: Ctl<L>, x: Sig<L>) -> Out<L> {
            // The input plus what is missing: at width 1 not a bit is changed.
            let more = (x.left_in - x.right_in) * (c.width - L::splat(1.0)) * L::splat(0.5);
            Out::new(x.left_in + more, x.right_in - more)
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

fn lower(lowering: &mut Lowering<'_>) {
    let ins = ["width", "left", "right"].map(|name| lowering.input(name, 0));
    let sides = lowering.kernel(&sides::KERNEL, &[], &ins);
    lowering.output("left", 0, sides.out(0));
    lowering.output("right", 0, sides.out(1));
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;

    #[test]
    fn width_scales_what_the_sides_differ_by() {
        for (width, left, right) in [(0.0, 0.25, 0.25), (1.0, 0.75, -0.25), (2.0, 1.25, -0.75)] {
            let bench = Bench::new(&DEF, 1).plug("left", 0, &[0.75]).plug("right", 0, &[-0.25]).set("width", 0, width);
            let outs = bench.run(1);
            assert_eq!((outs.get("left")[0], outs.get("right")[0]), (left, right), "width {width}");
        }
    }
}
