//! Math: one operation on two signals. What has no answer gets a safe one: x / 0 and x mod 0 are 0, a power of a negative
//! number is the power of its size, negated. Results are held to ±10³⁰.
//! Cost: one operation; `pow` one log2 and one exp2.

use patches_core::prelude::*;

module! {
    Math: "One operation on two signals",
    signals { a: Number, "first operand"; b: Number, "second operand"; }
    controls {}
    options { op: ["add", "sub", "mul", "div", "min", "max", "mod", "pow"], "what is done"; }
    outputs { out: Number, "the result"; }
    state {}
    example "Math { a: Osc { pitch: A3 }.sine, b: Osc { pitch: E4 }.sine, op: mul } -[0.5]-> out"
}

/// Results are held to this: far beyond any signal, and its square is still far from infinity in f64 sums.
const HELD: f32 = 1e30;

impl Kernel for Math {
    type Mid<L: Lanes> = Ctl<L>;
    type Raw<L: Lanes> = Out<L>;

    fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
        c
    }

    fn scan<L: Lanes>(cx: &Cx, _: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Out<L> {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let (a, b) = (x.a, x.b);
        let nothing = b.eq(zero);
        let safe = L::select(nothing, one, b);
        let y = match cx.option(Opt::op as u32) {
            0 => a + b,
            1 => a - b,
            2 => a * b,
            3 => L::select(nothing, zero, a / safe),
            4 => a.min(b),
            5 => a.max(b),
            // From 0 to b, whatever the sign of a; held there where rounding would leave it.
            6 => (a - b * (a / safe).floor()).max(b.min(zero)).min(b.max(zero)),
            _ => {
                let size = maths::pow(a.abs(), b);
                L::select(a.lt(zero), -size, size)
            }
        };
        Out::new(y.clamp(L::splat(-HELD), L::splat(HELD)))
    }

    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}
