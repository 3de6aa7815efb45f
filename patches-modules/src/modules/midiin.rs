//! MidiIn: messages of some ports and channels, for modules with a `midi` input. It runs nothing: its `port` and `channel`
//! become filters of what it feeds, and several cables into one input are heard together.

use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    // In YAML `MidiIn` is a keyboard of older files, so that this one goes by its other name there.
    Spec::new(&["MidiIn", "MidiPorts"], "MIDI of some ports and channels")
        .with_param(Param::text(&["port"], "part of a port's name; else all ports"))
        .with_param(Param::int(&["channel"], 0, 16, 0, "MIDI channel; 0 is all"))
        .with_output(Output::new(&["midi"], Kind::Midi, "the messages"))
        .example("drone = Osc { pitch: C3 }\nkeys = Keys { voices: 4 }\nMidiIn { channel: 1 } -> keys.midi\ndrone.sine -[0.2]-> out\nOsc { pitch: keys.pitch }.sine -> Vca { gain: keys.gate } -[0.15]-> out")
}

/// The planner reads the parameters themselves.
fn lower(_: &mut Lowering<'_>) {}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_gives_is_midi() {
        let spec = spec();
        assert_eq!(spec.outputs[0].kind, Kind::Midi);
        // The planner asks for these names.
        assert!(spec.param("port").is_some() && spec.param("channel").is_some());
    }
}
