//! Transpose: out = in + octave + semi + cent, all of them octaves on the cable; bare numbers are in the unit of the name.
//! Cost: three additions.

use patches_core::prelude::*;
use patches_core::spec::Unit;

/// What the language sees of this type.
fn spec() -> Spec {
    // The whole range of pitches, up and down.
    let part = |name, unit, help| Input::new(name, Kind::Interval, help).value(0.0, -20.0..20.0).unit(unit);
    Spec::new(&["Transpose", "Tuner"], "Moves a pitch")
        .with_input(Input::new(&["in"], Kind::Pitch, "pitch to move"))
        .with_input(part(&["octave"], Unit::Octaves, "octaves up"))
        .with_input(part(&["semi"], Unit::Semitones, "semitones up"))
        .with_input(part(&["cent"], Unit::Cents, "cents up"))
        .with_output(Output::new(&["out"], Kind::Pitch, "pitch, moved"))
        .example("seq = Steps { steps: [C3, Eb3, G3], every: 1/8 }\nSaw { pitch: Transpose { in: seq.note, octave: -1, cent: 7 } } -[0.3]-> out")
}

kernel! { Transpose, signals { pitch, octave, semi, cent } controls {} options {} outputs { out } state {} }

impl Kernel for Transpose {
    type Mid<L: Lanes> = Ctl<L>;
    type Raw<L: Lanes> = Out<L>;

    #[inline(always)]
    fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
        c
    }

    #[inline(always)]
    fn scan<L: Lanes>(_: &Cx, _: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Out<L> {
        Out::new(x.pitch + (x.octave + (x.semi + x.cent)))
    }

    #[inline(always)]
    fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
        r
    }
}

fn lower(lowering: &mut Lowering<'_>) {
    let ins = ["in", "octave", "semi", "cent"].map(|name| lowering.input(name, 0));
    let node = lowering.kernel(&KERNEL, &[], &ins);
    lowering.output("out", 0, node.out(0));
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;
    use crate::listen::*;

    #[test]
    fn parts_add_up_as_octaves() {
        let bench = Bench::new(&DEF, 1).set("in", 0, 4.0).set("octave", 0, -1.0);
        let outs = bench.set("semi", 0, 7.0 / 12.0).set("cent", 0, -50.0 / 1200.0).run(1);
        assert_near(f64::from(outs.get("out")[0]), 3.0 + 6.5 / 12.0, 1e-6);
    }

    #[test]
    fn it_holds_to_what_every_kernel_must() {
        Subject::new(&KERNEL, &spec(), &["in", "octave", "semi", "cent"]).assert_holds();
    }
}
