//! Keys: MIDI notes as voices. Each note takes the voice that was let go first, or steals the one struck first; `mono`,
//! `legato` and `unison` play the last note. The sustain pedal holds notes; all notes off, a port that goes and an edit of
//! `port`, `channel` or `mode` release them. Gate and trigger rise one frame after the message, together for a chord.
//! Pitch: octaves above C0, note/12 − 1, plus the bend times its range. Cost: one multiply per voice and frame.

use patches_core::lower::{Hears, KeysMode};
use patches_core::prelude::*;
use patches_core::spec::Unit;

/// What the language sees of this type.
fn spec() -> Spec {
    Spec::new(&["Keys", "PolyMidiToCv", "PolyMidiIn"], "MIDI notes as voices")
        .with_input(Input::new(&["midi"], Kind::Midi, "what it hears; without a cable all ports").normalled("*"))
        // Four octaves are the widest bend that keyboards speak of.
        .with_input(
            Input::new(&["bend"], Kind::Interval, "pitch of a full bend")
                .value(2.0 / 12.0, -4.0..4.0)
                .unit(Unit::Semitones),
        )
        .with_param(Param::int(&["voices"], 1, 64, 8, "how many voices"))
        .with_param(Param::choice(
            &["mode"],
            &[&["poly"], &["mono"], &["legato"], &["unison"]],
            "a voice for each note; or the last note alone, started anew, tied, or on all voices",
        ))
        .with_param(Param::text(&["port"], "part of a port's name; else all ports"))
        .with_param(Param::int(&["channel"], 0, 16, 0, "MIDI channel; 0 is all"))
        .with_output(Output::new(&["pitch", "voct", "v_oct"], Kind::Pitch, "the note, bent"))
        .with_output(Output::new(&["gate"], Kind::Gate, "high while the key or the pedal is down"))
        .with_output(Output::new(&["trigger"], Kind::Trigger, "at each note"))
        .with_output(Output::new(&["velocity"], Kind::Number, "of the last note, 0 to 1"))
        .with_output(Output::new(&["pressure"], Kind::Number, "of the key or the channel, 0 to 1"))
        .with_output(Output::new(&["mod"], Kind::Number, "modulation wheel, 0 to 1"))
        .with_output(Output::new(&["bend"], Kind::Number, "bend wheel, -1 to 1"))
        .with_output(Output::new(&["slur"], Kind::Gate, "high while a note is tied to the one before, but in poly"))
        .example("keys = Keys { voices: 4 }\nenv = Adsr { gate: keys.gate, release: 1s }\nOsc { pitch: keys.pitch }.saw -> Vca { gain: 0.1 + env * 0.1 } -> out")
}

mod bent {
    //! A note with its bend.
    use patches_core::prelude::*;

    kernel! { Bent, signals { note, wheel } controls { range } options {} outputs { pitch } state {} }

    impl Kernel for Bent {
        type Mid<L: Lanes> = Ctl<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
            c
        }

        #[inline(always)]
        fn scan<L: Lanes>(_: &Cx, _: &mut State<L>, c: Ctl<L>, x: Sig<L>) -> Out<L> {
            Out::new(x.note + x.wheel * c.range)
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

fn lower(lowering: &mut Lowering<'_>) {
    let mode = match lowering.choice("mode") {
        0 => KeysMode::Poly,
        1 => KeysMode::Mono,
        2 => KeysMode::Legato,
        _ => KeysMode::Unison,
    };
    let one = matches!(mode, KeysMode::Mono | KeysMode::Legato);
    let voices = if one { 1 } else { lowering.int("voices", 0) as u16 };
    let keys = lowering.midi(Hears::Keys { voices, mode });
    let range = lowering.input("bend", 0);
    let bent = lowering.kernel(&bent::KERNEL, &[], &[range, keys.out(0), keys.out(6)]);
    let pitch = match lowering.tuning() {
        0.0 => bent.out(0),
        tuning => lowering.sum(&[bent.out(0), Wire::Const(tuning)]),
    };
    lowering.output("pitch", 0, pitch);
    for (out, name) in ["gate", "trigger", "velocity", "pressure", "mod", "bend", "slur"].into_iter().enumerate() {
        lowering.output(name, 0, keys.out(out as u16 + 1));
    }
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;
    use patches_core::graph::ParamValue;
    use patches_core::lower::NodeKind;

    fn hears(bench: Bench) -> Hears {
        let (nodes, _) = bench.nodes();
        let NodeKind::Midi(filters, hears) = &nodes[0].kind else { panic!("the first node hears") };
        assert_eq!((&*filters[0].port, filters[0].channel, filters.len()), ("pads", 3, 1));
        *hears
    }

    #[test]
    fn one_note_at_a_time_has_one_voice() {
        let bench = || {
            let text = ParamValue::Text("pads".into());
            Bench::new(&DEF, 1).param("port", text).param("channel", ParamValue::Int(3))
        };
        let poly = |voices| Hears::Keys { voices, mode: KeysMode::Poly };
        assert_eq!(hears(bench()), poly(8));
        assert_eq!(hears(bench().param("voices", ParamValue::Int(40))), poly(40));
        assert_eq!(hears(bench().choose("mode", "legato")), Hears::Keys { voices: 1, mode: KeysMode::Legato });
        assert_eq!(hears(bench().choose("mode", "unison")), Hears::Keys { voices: 8, mode: KeysMode::Unison });
    }
}
