//! Sum: out = Σ in\[i\]. The engine's order-free sum: which channel a cable goes to never changes a bit of the result.
//! Cost: one widened addition per channel.

use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    Spec::new(&["Sum"], "All inputs added")
        .with_input(Input::new(&["in"], Kind::Audio, "one of the signals to add").any().indexed())
        .with_output(Output::new(&["out"], Kind::Audio, "all inputs added"))
        .example("both = Sum(channels: 2)\nOsc { pitch: C3 }.saw -[0.3]-> both.in[0]\nOsc { pitch: G3 }.saw -[0.3]-> both.in[1]\nboth -> out")
}

fn lower(lowering: &mut Lowering<'_>) {
    let ins: Vec<Wire> = (0..lowering.channels).map(|channel| lowering.input("in", channel)).collect();
    let sum = lowering.sum(&ins);
    lowering.output("out", 0, sum);
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;

    #[test]
    fn adds_all_channels_and_what_the_text_sets() {
        let outs = Bench::new(&DEF, 3).plug("in", 0, &[1.0, 2.0]).plug("in", 2, &[0.5, -8.0]).set("in", 1, 0.25).run(3);
        assert_eq!(outs.get("out"), [1.75, -5.75, 0.25]);
    }
}
