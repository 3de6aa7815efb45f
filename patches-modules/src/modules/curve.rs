//! Curve: a value over time, from the first bar after it appears. In the language it is written
//! `curve sweep { 0: 200Hz, 4bars: 2kHz exp }`; here its points are a list.
//!
//! Between two points the value goes linearly, exponentially (a·(b/a)^t) or not at all. Frequencies go linearly or
//! exponentially in hertz and come out as a pitch and as a rate. Cost: one divide, one exp2, of frequencies one log2.

use patches_core::exact;
use patches_core::graph::Item;
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    Spec::new(&["Curve"], "A value over time; written `curve name { 0: 200Hz, 4bars: 2kHz exp }`")
        .with_param(Param::list_of(&["points"], Kind::Number, &["linear", "exp", "hold"], "time, value and way (linear, exp or hold) of each point"))
        .with_param(Param::choice(&["unit"], &[&["beats"], &["seconds"]], "what times are in"))
        .with_param(Param::choice(&["values"], &[&["number"], &["pitch"], &["hertz"]], "what values are"))
        .with_param(Param::flag(&["loop"], false, "the last point goes back to the beginning"))
        .with_output(Output::new(&["out"], Kind::Number, "the value"))
        .with_output(Output::new(&["pitch"], Kind::Pitch, "the value as a pitch"))
        .with_output(Output::new(&["rate"], Kind::Rate, "a frequency as a rate"))
        .example(
            "curve sweep { 0: 200Hz, 1bar: 2kHz exp, 2bars: 200Hz loop }\nNoise -> Svf { cutoff: sweep, resonance: 0.8 } -[0.1]-> out",
        )
}

mod play {
    //! Where the time stands between the points. Table: how many points, the time of the last; then of each its time, its
    //! value, the value's logarithm and its way.
    use patches_core::prelude::*;

    kernel! { Play, signals { bar, phase } controls {} options { unit, values, again } outputs { out, pitch, rate }
        state { last, bars, age: Bits, begun: Bits, at: Bits } }
    row! {
        /// Linear value, its exponential twin's logarithm, and 1 where the way is exponential.
        Raw { linear, log, exp }
    }

    /// Words of the table before the points: count, time of the last, beats in a bar.
    pub const HEAD: u32 = 3;
    /// Words of a point.
    pub const POINT: u32 = 4;
    /// The way to a point: straight.
    pub const LINEAR: f32 = 0.0;
    /// Exponentially.
    pub const EXP: f32 = 1.0;
    /// Not before it is there.
    pub const HOLD: f32 = 2.0;

    impl Kernel for Play {
        type Mid<L: Lanes> = Ctl<L>;
        type Raw<L: Lanes> = Raw<L>;

        #[inline(always)]
        fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
            c
        }

        #[inline(always)]
        fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Raw<L> {
            let (zero, one) = (L::splat(0.0), L::splat(1.0));
            let (no, yes) = (L::Bits::splat(0), L::Bits::splat(1));
            let word = L::Bits::splat(POINT);
            let count = L::lookup(cx.mem(0), no).to_int();
            let end = L::lookup(cx.mem(0), yes);
            let beats = L::lookup(cx.mem(0), L::Bits::splat(2));

            // A bar begins where its phase falls, and on the very first frame.
            let begins = x.phase.lt(s.last) | x.bar.ge(one);
            s.last = x.phase;
            let runs = s.begun.eq(yes);
            s.bars = L::select(begins & runs, s.bars + one, s.bars);
            s.age = L::Bits::select(runs, s.age + yes, s.age);
            s.begun = L::Bits::select(begins, yes, s.begun);
            let running = s.begun.eq(yes);
            let time = match cx.option(Opt::unit as u32) {
                0 => (s.bars + x.phase) * beats,
                _ => s.age.to_float() * L::splat(cx.period),
            };
            let time = L::select(running, time, zero);

            // Over the end a loop begins again, as much into it as it was over.
            let again = time.ge(end) & L::splat(cx.option(Opt::again as u32) as f32).gt(zero);
            s.bars = L::select(again, s.bars - end / beats, s.bars);
            s.age = L::Bits::select(again, no, s.age);
            s.at = L::Bits::select(again, no, s.at);
            let time = L::select(again, zero, time);

            // The point that is ahead; one step a frame.
            let ahead = L::Bits::splat(HEAD) + s.at * word;
            let passed = s.at.below(count) & L::lookup(cx.mem(0), ahead).le(time);
            s.at = L::Bits::select(passed, s.at + yes, s.at);
            let last = count - yes;
            let to = L::Bits::select(s.at.below(count), s.at, last);
            let from = L::Bits::select(s.at.eq(no), no, s.at - yes);
            let from = L::Bits::select(from.below(count), from, last);
            let (from, to) = (L::Bits::splat(HEAD) + from * word, L::Bits::splat(HEAD) + to * word);
            let (begin, finish) = (L::lookup(cx.mem(0), from), L::lookup(cx.mem(0), to));
            let span = finish - begin;
            let part = L::select(span.gt(zero), (time - begin) / L::select(span.gt(zero), span, one), one);
            let part = part.max(zero).min(one);
            let way = L::lookup(cx.mem(0), to + L::Bits::splat(3));
            let holds = way.eq(L::splat(HOLD)) & part.lt(one);
            let part = L::select(holds, zero, part);
            let two = L::Bits::splat(2);
            let (a, b) = (L::lookup(cx.mem(0), from + yes), L::lookup(cx.mem(0), to + yes));
            let (log_a, log_b) = (L::lookup(cx.mem(0), from + two), L::lookup(cx.mem(0), to + two));
            let exp = L::select(way.eq(L::splat(EXP)), one, zero);
            Raw::new(a + (b - a) * part, log_a + (log_b - log_a) * part, exp)
        }

        #[inline(always)]
        fn fin<L: Lanes>(cx: &Cx, r: Raw<L>) -> Out<L> {
            let exp = r.exp.gt(L::splat(0.0));
            let curved = maths::exp2(r.log);
            match cx.option(Opt::values as u32) {
                1 => Out::new(r.linear, r.linear, r.linear),
                2 => {
                    let log = L::select(exp, r.log, maths::log2(r.linear));
                    let hertz = L::select(exp, curved, r.linear);
                    let pitch = log - L::splat(C0);
                    Out::new(pitch, pitch, hertz)
                }
                _ => {
                    let value = L::select(exp, curved, r.linear);
                    Out::new(value, value, value)
                }
            }
        }
    }

    /// log2 of C0 in hertz: A4 is 440 Hz, four octaves and nine semitones above.
    const C0: f32 = 4.031_359_7;
}

/// The points as the player reads them.
fn table(points: &[Item], beats: f64) -> Vec<f32> {
    let mut rows: Vec<[f32; play::POINT as usize]> = Vec::new();
    let mut numbers = Vec::with_capacity(2);
    for item in points {
        match item {
            Item::Number(number) => numbers.push(*number),
            Item::Word(word) => {
                if let [time, value] = numbers[..] {
                    let way = match &**word {
                        "exp" => play::EXP,
                        "hold" => play::HOLD,
                        _ => play::LINEAR,
                    };
                    let log = if value > 0.0 { exact::log2(value) } else { 0.0 };
                    rows.push([time as f32, value as f32, log as f32, way]);
                }
                numbers.clear();
            }
        }
    }
    if rows.is_empty() {
        rows.push([0.0; play::POINT as usize]);
    }
    let end = rows.last().map_or(0.0, |row| row[0]);
    let head = [rows.len() as f32, end, beats as f32];
    head.into_iter().chain(rows.into_iter().flatten()).collect()
}

fn lower(lowering: &mut Lowering<'_>) {
    let beats = lowering.bar();
    let bar = lowering.tick(Period::Beats(beats));
    let options = ["unit", "values", "loop"].map(|name| lowering.option(name));
    let player = lowering.kernel(&play::KERNEL, &options, &[bar.out(0), bar.out(1)]);
    let table = table(lowering.list("points"), beats);
    let table = lowering.table(table);
    lowering.mems(player, &[table]);
    for (port, name) in ["out", "pitch", "rate"].into_iter().enumerate() {
        lowering.output(name, 0, player.out(port as u16));
    }
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;
    use patches_core::graph::ParamValue;

    /// At 120 beats a minute and 1000 frames a second a beat is 500 frames, a bar 2000.
    fn bench(points: &str) -> Bench {
        let item = |word: &str| word.parse().map_or(Item::Word(word.into()), Item::Number);
        let mut bench = Bench::new(&DEF, 1).param("points", ParamValue::List(points.split(' ').map(item).collect()));
        bench.rate = 1000.0;
        bench
    }

    fn near(a: f32, b: f64) -> bool {
        (f64::from(a) - b).abs() < 1e-4 * b.abs().max(1.0)
    }

    #[test]
    fn goes_linearly_exponentially_or_not_and_holds_the_last() {
        let out = bench("0 1 linear 4 3 linear 8 12 exp 12 5 hold").run(8000);
        let value = out.get("out");
        assert!(near(value[0], 1.0) && near(value[1000], 2.0) && near(value[2000], 3.0), "{}", value[1000]);
        assert!(near(value[3000], 6.0), "{}", value[3000]);
        assert!(near(value[4000], 12.0) && near(value[5900], 12.0) && near(value[6002], 5.0) && near(value[7999], 5.0));
    }

    #[test]
    fn a_loop_begins_again() {
        let out = bench("0 0 linear 2 4 linear").param("loop", ParamValue::Bool(true)).run(5000);
        let value = out.get("out");
        for frame in [250, 999, 1250, 2750, 4250] {
            assert!(near(value[frame], (frame % 1000) as f64 / 250.0), "{frame}: {}", value[frame]);
        }
    }

    #[test]
    fn frequencies_come_as_pitch_and_rate() {
        let out = bench("0 200 linear 4 400 linear 8 1600 exp").choose("values", "hertz").run(4100);
        let (pitch, rate) = (out.get("pitch"), out.get("rate"));
        assert!(near(rate[1000], 300.0) && near(pitch[1000], exact::pitch_of_hz(300.0)), "{}", pitch[1000]);
        assert!(near(rate[3000], 800.0) && near(pitch[3000], exact::pitch_of_hz(800.0)), "{}", pitch[3000]);
    }

    #[test]
    fn seconds_go_on_from_the_bar() {
        let out = bench("0 0 linear 2 4 linear").choose("unit", "seconds").run(3000);
        let value = out.get("out");
        assert!(near(value[500], 1.0) && near(value[2500], 4.0), "{} {}", value[500], value[2500]);
    }
}
