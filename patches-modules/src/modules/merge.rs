//! Merge: each input becomes one voice of the output, in order of the channels. Cost: one copy per channel.

use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    Spec::new(&["Merge"], "Signals side by side as the voices of one cable")
        .with_input(Input::new(&["in"], Kind::Audio, "the signal that becomes this voice, of any kind").any().indexed())
        .with_output(Output::new(&["out"], Kind::Audio, "one voice per input"))
        .example("chord = Merge(channels: 3) { in[0]: C4, in[1]: Eb4, in[2]: G4 }\nOsc { pitch: chord }.triangle -[0.2]-> out")
}

fn lower(lowering: &mut Lowering<'_>) {
    let ins: Vec<Wire> = (0..lowering.channels).map(|channel| lowering.input("in", channel)).collect();
    let voices = lowering.merge(&ins);
    lowering.output("out", 0, voices);
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;
    use patches_core::lower::NodeKind;
    use patches_core::spec::Side;

    #[test]
    fn each_channel_is_the_voice_of_its_number() {
        let bench = Bench::new(&DEF, 3);
        let mut lowering = Lowering::new(Box::leak(Box::new(spec())), 3, 48e3, &bench);
        lower(&mut lowering);
        let [node] = &lowering.nodes[..] else { panic!("one node") };
        assert!(matches!(node.kind, NodeKind::Merge));
        let channels: Vec<_> = node.ins.iter().map(|wire| matches!(wire, Wire::Input { port: 0, .. })).collect();
        assert_eq!(channels, [true; 3]);
        let ins: Vec<Wire> = (0..3).map(|channel| Wire::Input { port: 0, channel, side: Side::Both }).collect();
        assert_eq!(node.ins, ins);
    }
}
