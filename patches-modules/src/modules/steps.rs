//! Steps: a sequence of notes, rests and ties, one step per trigger of its clock.
//!
//! A gate lasts `gate_length` of the step, measured from the clock (I, the time between its last two triggers) and with
//! swing s: of each pair of steps the first lasts 2·s·I, the second 2·(1−s)·I. A tie holds the gate of the note before
//! it. Triggers keep their place between two samples. Position is state: an edit of the list plays on.
//! Cost: about thirty selects per frame, no divide.

use crate::parts;
use patches_core::graph::Item;
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    parts::with_clock(Spec::new(&["Steps"], "Step sequencer: a list of notes, one per trigger of the clock"))
        .with_input(Input::new(&["gate_length"], Kind::Number, "part of the step for which the gate is high").value(0.5, 0.0..1.0))
        // Beyond nine tenths the second step of a pair would vanish.
        .with_input(Input::new(&["swing"], Kind::Number, "part of a pair of steps that the first takes").value(0.5, 0.5..0.9))
        .with_input(Input::new(&["reset"], Kind::Trigger, "the next step is the first"))
        .with_input(Input::new(&["start"], Kind::Trigger, "runs, from the first step"))
        .with_input(Input::new(&["stop"], Kind::Trigger, "stops, gate low, until `start`"))
        .with_param(Param::list(&["steps"], Kind::Pitch, "notes, \"-\" for a rest, \"_\" to hold the note before"))
        .with_param(Param::choice(
            &["direction"],
            &[&["forward"], &["backward"], &["pendulum"], &["random"]],
            "the way through the list",
        ))
        .with_output(Output::new(&["note", "pitch", "voct"], Kind::Pitch, "pitch of the last note"))
        .with_output(Output::new(&["gate"], Kind::Gate, "high while a note sounds"))
        .with_output(Output::new(&["trigger"], Kind::Trigger, "at each note"))
        .with_output(Output::new(&["velocity"], Kind::Number, "0 before the first note, then 1"))
        .example("seq = Steps { steps: [C3, \"-\", Eb3, G3, \"_\", Bb3], every: 1/8 }\nOsc { pitch: seq.note }.saw -> Vca { gain: seq.gate } -[0.4]-> out")
}

mod play {
    //! The player. Table: how many steps, pitch of the first note, then pitch and kind of each step.
    use crate::parts::interval::{gate, high, measure};
    use patches_core::prelude::*;

    kernel! { Play,
        signals { clock, reset, start, stop, dice } controls { gate_length, swing, interval } options { direction }
        outputs { note, gate, trigger, velocity }
        state { since, interval, late, pitch, left, velocity, heard: Bits, count: Bits, begun: Bits, next: Bits, down: Bits, halted: Bits }
    }
    row! {
        /// Lengths of the two steps of a pair and what the second is late by, in straight steps; of the gate; and the
        /// clock's interval in frames until it is measured.
        Mid { first, second, lag, gate, guess }
    }

    /// More frames than any gate lasts, and so large that taking 1 away leaves it.
    const HELD: f32 = 1e9;

    /// The kind of a step: rest.
    pub const REST: f32 = 0.0;
    /// The kind of a step: note.
    pub const NOTE: f32 = 1.0;
    /// The kind of a step: tie.
    pub const TIE: f32 = 2.0;

    /// Words of the table before the first step.
    pub const HEAD: u32 = 2;

    /// The step after `at` of `n`.
    #[inline(always)]
    fn after<L: Lanes>(cx: &Cx, s: &mut State<L>, at: L::Bits, n: L::Bits, dice: L) -> L::Bits {
        let (zero, one) = (L::Bits::splat(0), L::Bits::splat(1));
        let last = n - one;
        let next = match cx.option(Opt::direction as u32) {
            0 => at + one,
            1 => L::Bits::select(at.eq(zero), last, at - one),
            2 => {
                let down = L::Bits::select(at.eq(last), one, s.down);
                s.down = L::Bits::select(at.eq(zero), zero, down);
                L::Bits::select(s.down.eq(one), at - one, at + one)
            }
            _ => (dice * n.to_float()).to_int(),
        };
        L::Bits::select(next.below(n), next, zero)
    }

    impl Kernel for Play {
        type Mid<L: Lanes> = Mid<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
            let two = L::splat(2.0);
            let first = c.swing * two;
            Mid::new(first, two - first, first - L::splat(1.0), c.gate_length, c.interval * L::splat(cx.rate))
        }

        #[inline(always)]
        fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
            let (zero, one, two) = (L::splat(0.0), L::splat(1.0), L::splat(2.0));
            let (no, yes) = (L::Bits::splat(0), L::Bits::splat(1));
            let (start, stop) = (x.start.gt(zero), x.stop.gt(zero));
            s.halted = L::Bits::select(start, no, L::Bits::select(stop, yes, s.halted));
            let running = s.halted.eq(no);
            let reset = x.reset.gt(zero) | start;
            s.begun = L::Bits::select(reset, no, s.begun);
            s.count = L::Bits::select(reset, no, s.count);
            s.late = L::select(reset | stop, zero, s.late);
            s.left = L::select(stop, zero, s.left);

            let interval = measure(&mut s.since, &mut s.interval, &mut s.heard, x.clock, m.guess);

            // When the step comes: at once, or `late` − 1 frames from here.
            let tick = x.clock.gt(zero) & running;
            let odd = (s.count & yes).eq(yes);
            let lag = L::select(odd, m.lag * interval, zero);
            let now = tick & lag.le(zero);
            s.late = L::select(tick, L::select(now, zero, two - x.clock + lag), s.late);
            s.count = L::Bits::select(tick, s.count + yes, s.count);
            let due = s.late.gt(zero) & s.late.lt(two);
            let place = L::select(now, x.clock, two - s.late);
            s.late = L::select(due, zero, (s.late - one).max(zero));

            // Which step it is, and which comes next: a tie to come holds the gate.
            let n = L::lookup(cx.mem(0), no).to_int();
            let plays = (now | due) & no.below(n);
            let initial = match cx.option(Opt::direction as u32) {
                1 => n - yes,
                3 => (x.dice * n.to_float()).to_int(),
                _ => no,
            };
            let at = L::Bits::select(s.begun.eq(no), initial, s.next);
            let at = L::Bits::select(at.below(n), at, no);
            let mut turned = *s;
            // The dice lie the same way all frame; turned over they serve for the next step.
            let next = after(cx, &mut turned, at, n, one - x.dice);
            s.down = L::Bits::select(plays, turned.down, s.down);
            s.next = L::Bits::select(plays, next, s.next);
            s.begun = L::Bits::select(plays, yes, s.begun);
            let place_of = L::Bits::splat(HEAD) + at + at;
            let kind = L::lookup(cx.mem(0), place_of + yes);
            let follows = L::lookup(cx.mem(0), L::Bits::splat(HEAD) + next + next + yes);

            let note = plays & kind.eq(L::splat(NOTE));
            let sounds = note | (plays & kind.eq(L::splat(TIE)) & s.left.gt(zero));
            s.pitch = L::select(note, L::lookup(cx.mem(0), place_of), s.pitch);
            s.velocity = L::select(note, one, s.velocity);
            // `count` has gone on by one since this step's clock.
            let length = interval * L::select((s.count & yes).eq(yes), m.first, m.second);
            let fills = follows.eq(L::splat(TIE)) | m.gate.ge(one);
            let left = L::select(fills, L::splat(HELD), gate(place, m.gate * length));
            s.left = L::select(plays, L::select(sounds, left, zero), s.left);

            let first_note = L::lookup(cx.mem(0), yes);
            let pitch = L::select(s.velocity.gt(zero), s.pitch, first_note);
            Out::new(pitch, high(&mut s.left), L::select(note, place, zero), s.velocity)
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

/// The list as the player reads it.
fn table(steps: &[Item]) -> Vec<f32> {
    let step = |item: &Item| match item {
        Item::Number(pitch) => [*pitch as f32, play::NOTE],
        Item::Word(word) if &**word == "_" => [0.0, play::TIE],
        Item::Word(_) => [0.0, play::REST],
    };
    let rows: Vec<[f32; 2]> = steps.iter().map(step).collect();
    let first = rows.iter().find(|row| row[1] == play::NOTE).map_or(0.0, |row| row[0]);
    let head = [rows.len() as f32, first];
    head.into_iter().chain(rows.into_iter().flatten()).collect()
}

fn lower(lowering: &mut Lowering<'_>) {
    let (clock, interval) = parts::clock(lowering);
    let direction = lowering.choice("direction");
    let random = direction == 3;
    let dice = if random { lowering.kernel(&parts::dice::KERNEL, &[], &[]).out(0) } else { Wire::Const(0.0) };
    let controls = ["gate_length", "swing"].map(|name| lowering.input(name, 0));
    let triggers = ["reset", "start", "stop"].map(|name| lowering.input(name, 0));
    let ins = [controls[0], controls[1], interval, clock, triggers[0], triggers[1], triggers[2], dice];
    let play = lowering.kernel(&play::KERNEL, &[direction], &ins);
    let table = table(lowering.list("steps"));
    let table = lowering.table(table);
    lowering.mems(play, &[table]);
    for (port, name) in ["note", "gate", "trigger", "velocity"].into_iter().enumerate() {
        lowering.output(name, 0, play.out(port as u16));
    }
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{Bench, triggers};
    use patches_core::graph::ParamValue;

    fn list(text: &str) -> ParamValue {
        let item = |word: &str| word.parse().map_or(Item::Word(word.into()), Item::Number);
        ParamValue::List(text.split(' ').map(item).collect())
    }

    /// A sequencer at a thousand frames a step, so that times are easy to read.
    fn bench(steps: &str) -> Bench {
        let mut bench = Bench::new(&DEF, 1).param("steps", list(steps));
        bench.rate = 10_000.0;
        bench.set("every", 0, 0.1)
    }

    /// The pitch at each trigger.
    fn notes(bench: Bench, frames: usize) -> Vec<f32> {
        let outs = bench.run(frames);
        let (trigger, note) = (outs.get("trigger"), outs.get("note"));
        (0..frames).filter(|&i| trigger[i] > 0.0).map(|i| note[i]).collect()
    }

    #[test]
    fn steps_last_a_sixteenth_unless_told() {
        let times = Bench::new(&DEF, 1).param("steps", list("1 2")).run(13_000).times("trigger");
        assert_eq!(times, [0.0, 6000.0, 12_000.0]);
    }

    #[test]
    fn the_first_gate_knows_the_tempo() {
        let mut bench = Bench::new(&DEF, 1).param("steps", list("1 2"));
        bench.tempo = 90.0;
        assert_eq!(bench.run(8000).gates("gate"), [(0, 4000)]);
    }

    #[test]
    fn plays_notes_rests_and_ties() {
        let outs = bench("4 - 4.5 _ 5").run(5000);
        assert_eq!(outs.times("trigger"), [0.0, 2000.0, 4000.0]);
        // The tie holds the gate of the note before it, and ends like a note.
        assert_eq!(outs.gates("gate"), [(0, 500), (2000, 3500), (4000, 4500)]);
        let note = outs.get("note");
        assert_eq!((note[0], note[1500], note[2000], note[3999], note[4000]), (4.0, 4.0, 4.5, 4.5, 5.0));
    }

    #[test]
    fn a_tie_after_a_rest_is_a_rest_and_the_pitch_of_the_first_note_waits() {
        let outs = bench("- _ 3").run(3000);
        assert_eq!(outs.gates("gate"), [(2000, 2500)]);
        assert_eq!((outs.get("note")[0], outs.get("velocity")[0], outs.get("velocity")[2000]), (3.0, 0.0, 1.0));
    }

    #[test]
    fn a_full_gate_never_falls_between_notes() {
        let outs = bench("4 5 -").set("gate_length", 0, 1.0).run(3000);
        assert_eq!(outs.gates("gate"), [(0, 2000)]);
        assert_eq!(outs.times("trigger"), [0.0, 1000.0]);
        // And the shortest is still one frame high.
        assert_eq!(bench("4 5").set("gate_length", 0, 0.0).run(1500).gates("gate"), [(0, 1), (1000, 1001)]);
    }

    #[test]
    fn goes_through_the_list_each_way() {
        assert_eq!(notes(bench("1 2 3"), 5000), [1.0, 2.0, 3.0, 1.0, 2.0]);
        assert_eq!(notes(bench("1 2 3").choose("direction", "backward"), 5000), [3.0, 2.0, 1.0, 3.0, 2.0]);
        assert_eq!(notes(bench("1 2 3").choose("direction", "pendulum"), 7000), [1.0, 2.0, 3.0, 2.0, 1.0, 2.0, 3.0]);
        assert_eq!(notes(bench("7").choose("direction", "pendulum"), 3000), [7.0, 7.0, 7.0]);
        let thrown = notes(bench("1 2 3").choose("direction", "random"), 300_000);
        for note in [1.0, 2.0, 3.0] {
            // 300 throws at a third: 100, and four deviations are 4·√(300·2/9) = 33.
            let count = thrown.iter().filter(|n| **n == note).count();
            assert!(count.abs_diff(100) < 33, "{note} came {count} times");
        }
        assert!(notes(bench("-"), 3000).is_empty());
    }

    #[test]
    fn swing_makes_the_first_of_a_pair_longer() {
        let outs = bench("1 2").set("swing", 0, 0.6).run(4000);
        let times = outs.times("trigger");
        assert!(times.iter().zip([0.0, 1200.0, 2000.0, 3200.0]).all(|(a, b)| (a - b).abs() < 1e-2), "{times:?}");
        // Gates are half of each step: 600 and 400 frames.
        for (gate, wanted) in outs.gates("gate").into_iter().zip([(0, 600), (1200, 1600), (2000, 2600), (3200, 3600)]) {
            assert!(gate.0.abs_diff(wanted.0) <= 1 && gate.1.abs_diff(wanted.1) <= 1, "{gate:?} {wanted:?}");
        }
    }

    #[test]
    fn a_clock_of_its_own_keeps_its_places_and_is_measured() {
        let times = [10.25, 1010.5, 2010.75, 4010.0];
        let outs = bench("1 2 3 4").plug("clock", 0, &triggers(&times)).run(6000);
        assert_eq!(outs.times("trigger"), times);
        let ends: Vec<usize> = outs.gates("gate").iter().map(|gate| gate.1).collect();
        // Half of the interval before; at first of `every`; each end is the first frame that begins after it.
        assert_eq!(ends, [511, 1511, 2511, 5010]);
    }

    #[test]
    fn reset_start_and_stop() {
        let outs = bench("1 2 3").plug("reset", 0, &triggers(&[1500.0])).run(3000);
        assert_eq!((outs.get("note")[1000], outs.get("note")[2000]), (2.0, 1.0));
        // Together with a clock's trigger, reset comes first.
        let outs = bench("1 2 3").plug("reset", 0, &triggers(&[2000.0])).run(3000);
        assert_eq!(outs.get("note")[2000], 1.0);
        let stopped = bench("1 2 3").plug("stop", 0, &triggers(&[1200.0])).plug("start", 0, &triggers(&[3500.0]));
        let outs = stopped.run(6000);
        assert_eq!(outs.times("trigger"), [0.0, 1000.0, 4000.0, 5000.0]);
        assert_eq!(outs.gates("gate")[1], (1000, 1200));
        assert_eq!(outs.get("note")[4000], 1.0);
    }
}
