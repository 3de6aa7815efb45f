//! Math: one operation on two signals. What has no answer gets a safe one: x / 0 and x mod 0 are 0, a power of a negative
//! number is the power of its size, negated. Results are held to ±10³⁰.
//! Cost: one operation; `pow` one log2 and one exp2.

use patches_core::prelude::*;

module! {
    Math: "One operation on two signals",
    signals { a(any): Audio, "first operand"; b(any): Audio, "second operand"; }
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

    fn amplifies(op: u32) -> &'static [(usize, usize)] {
        const BOTH: [(usize, usize); 2] = [(In::a as usize, In::b as usize), (In::b as usize, In::a as usize)];
        if op == 2 { &BOTH } else { &[] }
    }

    #[inline(always)]
    fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
        c
    }

    #[inline(always)]
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

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::*;
    fn subject() -> Subject {
        Subject::new(&KERNEL, &spec(), INPUTS)
    }

    fn done(op: u32, a: f32, b: f32) -> f32 {
        subject().rig().frames(1).option(0, op).still(In::a as usize, a).still(In::b as usize, b).one(0)[0]
    }

    #[test]
    fn each_operation_is_what_its_name_says() {
        assert_eq!(done(0, 7.5, -2.0), 5.5);
        assert_eq!(done(1, 7.5, -2.0), 9.5);
        assert_eq!(done(2, 7.5, -2.0), -15.0);
        assert_eq!(done(3, 7.5, -2.0), -3.75);
        assert_eq!(done(4, 7.5, -2.0), -2.0);
        assert_eq!(done(5, 7.5, -2.0), 7.5);
        assert_eq!(done(6, 7.5, 2.0), 1.5);
        assert_eq!(done(6, -0.5, 2.0), 1.5);
        assert_eq!(done(6, 7.5, -2.0), -0.5);
        // Through the logarithm, to a few units in the last place.
        assert_near(f64::from(done(7, 3.0, 4.0)), 81.0, 1e-4);
        assert_near(f64::from(done(7, -2.0, 3.0)), -8.0, 1e-5);
    }

    #[test]
    fn what_has_no_answer_gets_a_safe_one() {
        assert_eq!(done(3, 1.0, 0.0), 0.0);
        assert_eq!(done(6, 1.0, 0.0), 0.0);
        assert_eq!(done(7, 0.0, -1.0), 0.0);
        assert_eq!(done(2, 1e25, -1e25), -1e30);
        assert_eq!(done(3, 1.0, 1e-40), 1e30);
    }

    #[test]
    fn it_holds_to_what_every_kernel_must() {
        subject().assert_holds();
    }
}
