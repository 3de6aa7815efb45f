//! Quantiser: the note nearest to `centre` + `range` × `in`, of a scale on `root`, or of the pitches at `pitch[i]`.
//!
//! A scale is a name or a list of intervals above the root, and repeats in every octave; the nearest degree to each of the
//! 1200 cents of an octave stands in a table. Pitches at `pitch[i]` count in every octave too, and may move.
//! Cost: a lookup and ten operations; with pitches seven for each.

use patches_core::graph::Item;
use patches_core::prelude::*;
use std::sync::LazyLock;

/// What the language sees of this type.
fn spec() -> Spec {
    Spec::new(&["Quant"], "Brings a signal to the nearest note of a scale")
        .with_input(Input::new(&["in"], Kind::Pitch, "signal or pitch to bring to a note"))
        .with_input(Input::new(&["centre"], Kind::Pitch, "pitch of an input of 0").value(0.0, -4.0..16.0))
        .with_input(Input::new(&["range"], Kind::Interval, "octaves a unit of the input").value(1.0, -16.0..16.0))
        .with_input(Input::new(&["root"], Kind::Pitch, "first note of the scale").value(0.0, -4.0..16.0))
        .with_input(Input::new(&["pitch"], Kind::Pitch, "notes instead of a scale, in any octave").indexed())
        .with_param(Param::list_of(&["scale"], Kind::Interval, &NAMES, "its name, or intervals above the root; chromatic if not set"))
        .with_output(Output::new(&["out"], Kind::Pitch, "the nearest note"))
        .with_output(Output::new(&["trigger", "trig_out"], Kind::Trigger, "when the note changes"))
        .example("tune = Quant { in: Lfo { rate: 0.5Hz }, centre: C4, range: 1oct, scale: minor }\nTriangle { pitch: tune } -> Vca { gain: Ad { trigger: tune.trigger, decay: 300ms } } -> out")
}

/// Scales by name, in semitones.
const SCALES: &[(&[&str], &[f64])] = &[
    (&["chromatic"], &[0., 1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 11.]),
    (&["major", "ionian"], &[0., 2., 4., 5., 7., 9., 11.]),
    (&["minor", "aeolian"], &[0., 2., 3., 5., 7., 8., 10.]),
    (&["dorian"], &[0., 2., 3., 5., 7., 9., 10.]),
    (&["phrygian"], &[0., 1., 3., 5., 7., 8., 10.]),
    (&["lydian"], &[0., 2., 4., 6., 7., 9., 11.]),
    (&["mixolydian"], &[0., 2., 4., 5., 7., 9., 10.]),
    (&["locrian"], &[0., 1., 3., 5., 6., 8., 10.]),
    (&["harmonic_minor"], &[0., 2., 3., 5., 7., 8., 11.]),
    (&["melodic_minor"], &[0., 2., 3., 5., 7., 9., 11.]),
    (&["pentatonic", "major_pentatonic"], &[0., 2., 4., 7., 9.]),
    (&["minor_pentatonic"], &[0., 3., 5., 7., 10.]),
    (&["blues"], &[0., 3., 5., 6., 7., 10.]),
    (&["whole_tone"], &[0., 2., 4., 6., 8., 10.]),
    (&["diminished"], &[0., 2., 3., 5., 6., 8., 9., 11.]),
    (&["fifths"], &[0., 7.]),
    (&["octaves"], &[0.]),
];

/// All names of scales.
static NAMES: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| SCALES.iter().flat_map(|(names, _)| names.iter().copied()).collect());

/// Cents of an octave: the table's steps.
const CENTS: usize = 1200;

mod aim {
    //! Where the note should be.
    use super::*;
    kernel! { Aim, signals { value, centre, range } controls {} options {} outputs { at } state {} }
    impl Kernel for Aim {
        type Mid<L: Lanes> = Ctl<L>;
        type Raw<L: Lanes> = Out<L>;
        #[inline(always)]
        fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
            c
        }
        #[inline(always)]
        fn scan<L: Lanes>(_: &Cx, _: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Out<L> {
            // Far beyond any pitch; what is held there still has its octave.
            Out::new(x.centre.mla(x.range, x.value).clamp(L::splat(-100.0), L::splat(100.0)))
        }
        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

mod degree {
    //! The nearest degree of a scale. Table: for each cent of the octave, the degree in octaves.
    use super::*;
    kernel! { Degree, signals { at, root } controls {} options {} outputs { note } state {} }
    impl Kernel for Degree {
        const SERIAL: bool = true;
        type Mid<L: Lanes> = Ctl<L>;
        type Raw<L: Lanes> = Out<L>;
        #[inline(always)]
        fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
            c
        }
        #[inline(always)]
        fn scan<L: Lanes>(cx: &Cx, _: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Out<L> {
            let above = x.at - x.root;
            let octave = above.floor();
            // To the nearest cent.
            let cent = ((above - octave) * L::splat(CENTS as f32) + L::splat(0.5)).to_int();
            Out::new(x.root + (octave + L::lookup(cx.mem(0), cent)))
        }
        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

mod near {
    //! The nearer one of two notes: the best so far, and a pitch in its nearest octave.
    use super::*;
    kernel! { Near, signals { at, best, pitch } controls {} options { first } outputs { note } state {} }
    impl Kernel for Near {
        type Mid<L: Lanes> = Ctl<L>;
        type Raw<L: Lanes> = Out<L>;
        #[inline(always)]
        fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
            c
        }
        #[inline(always)]
        fn scan<L: Lanes>(cx: &Cx, _: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Out<L> {
            let note = x.pitch + (x.at - x.pitch).round();
            if cx.option(Opt::first as u32) == 1 {
                return Out::new(note);
            }
            let nearer = (note - x.at).abs().lt((x.best - x.at).abs());
            Out::new(L::select(nearer, note, x.best))
        }
        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

mod change {
    //! A trigger when a note is not the one before.
    use super::*;
    kernel! { Change, signals { note } controls {} options {} outputs { trigger } state { last, begun: Bits } }
    impl Kernel for Change {
        type Mid<L: Lanes> = Ctl<L>;
        type Raw<L: Lanes> = Out<L>;
        #[inline(always)]
        fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
            c
        }
        #[inline(always)]
        fn scan<L: Lanes>(_: &Cx, s: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Out<L> {
            let none = L::Bits::splat(0);
            let same = x.note.eq(s.last) | s.begun.eq(none);
            *s = State::new(x.note, !none);
            Out::new(L::select(same, L::splat(0.0), L::splat(1.0)))
        }
        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

/// The degrees of a scale in semitones, within an octave; those of a list are in octaves, of which a note has some more.
fn degrees(scale: &[Item]) -> Vec<f64> {
    if let [Item::Word(name)] = scale {
        let found = SCALES.iter().find(|(names, _)| names.contains(&&**name));
        return found.map_or(SCALES[0].1, |(_, degrees)| degrees).to_vec();
    }
    let numbers: Vec<f64> =
        scale.iter().filter_map(|item| if let Item::Number(x) = item { Some(*x) } else { None }).collect();
    if numbers.is_empty() {
        return SCALES[0].1.to_vec();
    }
    numbers.iter().map(|x| (x * 12.0).rem_euclid(12.0)).collect()
}

/// For each cent of the octave, both ends included, the nearest degree in octaves, of the next octaves too; the lower of two.
fn table(degrees: &[f64]) -> Vec<f32> {
    let all: Vec<f64> = [-12.0, 0.0, 12.0].iter().flat_map(|octave| degrees.iter().map(move |x| x + octave)).collect();
    let nearest = |cent: usize| {
        let at = cent as f64 / 100.0;
        let order = |a: &&f64, b: &&f64| (**a - at).abs().total_cmp(&(**b - at).abs()).then(a.total_cmp(b));
        (all.iter().min_by(order).expect("a scale has a degree") / 12.0) as f32
    };
    (0..=CENTS).map(nearest).collect()
}

fn lower(lowering: &mut Lowering<'_>) {
    let ins = ["in", "centre", "range"].map(|name| lowering.input(name, 0));
    let at = lowering.kernel(&aim::KERNEL, &[], &ins).out(0);
    let used = (0..lowering.channels).any(|channel| lowering.feed("pitch", channel) != Feed::Still(0.0));
    let note = if used {
        (0..lowering.channels).fold(Wire::Const(0.0), |best, channel| {
            lowering.for_channel(Some(channel));
            let pitch = lowering.input("pitch", channel);
            lowering.kernel(&near::KERNEL, &[u32::from(channel == 0)], &[at, best, pitch]).out(0)
        })
    } else {
        // Without a root it is the C of the patch's tuning.
        let root = match lowering.feed("root", 0) {
            Feed::Still(0.0) => Wire::Const(lowering.tuning()),
            _ => lowering.input("root", 0),
        };
        let node = lowering.kernel(&degree::KERNEL, &[], &[at, root]);
        let table = table(&degrees(lowering.list("scale")));
        let table = lowering.table(table);
        lowering.mems(node, &[table]);
        node.out(0)
    };
    lowering.for_channel(None);
    let change = lowering.kernel(&change::KERNEL, &[], &[note]);
    lowering.output("out", 0, note);
    lowering.output("trigger", 0, change.out(0));
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;
    use crate::listen::*;
    use patches_core::graph::ParamValue;
    use patches_core::rig::Rig;

    fn scale(items: Vec<Item>) -> Bench {
        Bench::new(&DEF, 1).param("scale", ParamValue::List(items.into()))
    }

    /// Semitones above C4 for inputs in semitones above C4.
    fn played(bench: Bench, semitones: &[f32]) -> Vec<f32> {
        let ins: Vec<f32> = semitones.iter().map(|x| x / 12.0).collect();
        let outs = bench.set("centre", 0, 4.0).plug("in", 0, &ins).run(ins.len());
        outs.get("out").iter().map(|x| ((x - 4.0) * 12.0 * 1000.0).round() / 1000.0).collect()
    }

    #[test]
    fn it_finds_the_nearest_note_of_a_scale() {
        let asked = [0.2, 0.9, 1.1, 3.4, 5.4, 10.9, 11.6, -0.4, -1.2, 24.3];
        assert_eq!(played(Bench::new(&DEF, 1), &asked), [0.0, 1.0, 1.0, 3.0, 5.0, 11.0, 12.0, 0.0, -1.0, 24.0]);
        let minor = || scale(vec![Item::Word("minor".into())]);
        assert_eq!(played(minor(), &asked), [0.0, 0.0, 2.0, 3.0, 5.0, 10.0, 12.0, 0.0, -2.0, 24.0]);
        // The same as a list of intervals, and of notes, which are some octaves higher.
        let list = |octaves: f64| {
            let above = [0.0, 2.0, 3.0, 5.0, 7.0, 8.0, 10.0];
            scale(above.iter().map(|x| Item::Number(x / 12.0 + octaves)).collect())
        };
        assert_eq!(played(list(0.0), &asked), played(minor(), &asked));
        assert_eq!(played(list(4.0), &asked), played(minor(), &asked));
        // On D the same minor has B flat and no A flat.
        assert_eq!(played(minor().set("root", 0, 2.0 / 12.0), &[8.4, 9.9]), [9.0, 10.0]);
    }

    #[test]
    fn pitches_count_in_every_octave() {
        let chord =
            || Bench::new(&DEF, 3).set("pitch", 0, 4.0).set("pitch", 1, 2.0 + 4.0 / 12.0).set("pitch", 2, 7.0 / 12.0);
        assert_eq!(
            played(chord(), &[0.4, 1.9, 2.1, 5.0, 6.0, 10.0, 16.3, -4.8]),
            [0.0, 0.0, 4.0, 4.0, 7.0, 12.0, 16.0, -5.0]
        );
    }

    #[test]
    fn it_says_when_the_note_changes_and_range_scales() {
        let ins: Vec<f32> = (0..100).map(|frame| frame as f32 / 100.0).collect();
        let outs = Bench::new(&DEF, 1).plug("in", 0, &ins).set("range", 0, 0.25).run(100);
        // A quarter of an octave: to 0, 1, 2, 3 semitones, changing at ½, 1½ and 2½.
        let at: Vec<usize> = (0..100).filter(|&frame| outs.get("trigger")[frame] > 0.0).collect();
        assert_eq!(at.len(), 3);
        for (at, want) in at.iter().zip([16.7, 50.0, 83.3]) {
            assert_near(*at as f64, want, 1.1);
        }
    }

    #[test]
    fn they_hold_to_what_every_kernel_must() {
        let pitch = |min, max| Input::new(&["x"], Kind::Pitch, "").value(4.0, min..max);
        let spec = Spec::new(&["Parts"], "").with_input(pitch(-4.0, 16.0));
        Subject::new(&aim::KERNEL, &spec, &["x", "x", "x"]).assert_holds();
        Subject::new(&near::KERNEL, &spec, &["x", "x", "x"]).assert_holds();
        Subject::new(&change::KERNEL, &spec, &["x"]).assert_holds();
        let mut table = table(&degrees(&[]));
        table.resize(2048, 0.0);
        let wave = |frame: usize, voice: usize| (scatter((frame * 16 + voice) as u32) >> 8) as f32 / 1e6 - 4.0;
        let rig = Rig::new(&degree::KERNEL).frames(100).mem(&table).still(1, 0.3).moving(0, wave);
        rig.assert_same_bits();
        assert_voices_apart(&rig);
    }
}
