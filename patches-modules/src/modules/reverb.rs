//! Reverb: a feedback delay network of eight lines behind three allpass diffusers per side.
//!
//! Lines of prime lengths L feed each other through a Hadamard matrix H/√8, which loses nothing, so that the decay is
//! that of the lines: g = 10^(−3·L/(fs·T)) gives −60 dB after T = `decay`, and a one-pole low-pass of gain 1 at 0 Hz and
//! R at fs/2, pole (1 − R)/(1 + R), R = 10^(−3·L/fs·(1/Tₕ − 1/T)), makes the highest tones last Tₕ, which `brightness`
//! sets. `freeze` turns both losses and the input off. The lines' ends sway by a few frames, so that tails do not ring,
//! and a moved `size` cross-fades from lengths to lengths. The wet level follows √(1 − g²): as loud as the input however
//! long the decay. Source: J.-M. Jot, A. Chaigne, "Digital delay networks for designing artificial reverberators"
//! (AES 90, 1991); M. R. Schroeder, "Natural sounding artificial reverberation" (1962), for the diffusers.
//! Cost: 38 look-ups and about 200 multiplications per frame.

use crate::parts::{blend, jitter, tap};
use patches_core::prelude::*;

/// What the language sees of this type.
fn spec() -> Spec {
    Spec::new(&["Reverb"], "Reverb: a room of any size, from a chamber to a cathedral")
        .with_input(Input::new(&["in"], Kind::Audio, "signal in the room").stereo())
        .with_input(Input::new(&["size"], Kind::Number, "0 half, 1 twice as large").value(0.5, 0.0..1.0))
        // A twentieth of a second is a tiled bathroom with towels, a hundred outlast any piece.
        .with_input(Input::new(&["decay"], Kind::Time, "time until the tail is 60 dB down").value(2.0, 0.05..100.0))
        .with_input(Input::new(&["brightness"], Kind::Number, "1: high tones last as long as low ones").value(0.5, 0.0..1.0))
        .with_input(Input::new(&["pre_delay"], Kind::Time, "time before the room answers").value(0.01, 0.0..1.0))
        .with_input(Input::new(&["freeze"], Kind::Gate, "holds the tail for ever, nothing enters").value(0.0, 0.0..1.0))
        .with_input(Input::new(&["mix"], Kind::Gain, "0 dry, 1 only the room").value(0.3, 0.0..1.0))
        .with_input(jitter::input())
        .with_param(Param::choice(
            &["character"],
            &[&["hall"], &["plate"], &["room"], &["chamber"], &["cathedral"]],
            "kind of room: how large, how dense, how much it sways",
        ))
        .with_output(Output::new(&["out"], Kind::Audio, "signal and room").stereo())
        .one()
        .example("beat = Every { time: 1/2 }\nOsc { pitch: C5 } -> Vca { gain: Adsr { trigger: beat, attack: 1ms, decay: 50ms } } -> Reverb { decay: 4s } -[0.5]-> out")
}

mod room {
    //! Diffusers and network: memories 0 to 7 are the lines, 8 to 10 the left diffusers, 11 to 13 the right ones.
    use crate::parts::{
        slew::switch,
        tap::{
            read::{cubic, split},
            write::held,
        },
    };
    use patches_core::prelude::*;

    kernel! { Room,
        signals { left_in, right_in, freeze, stray } controls { size, decay, brightness } options { character } outputs { left, right }
        state {
            l0, l1, l2, l3, l4, l5, l6, l7, g0, g1, g2, g3, g4, g5, g6, g7, p0, p1, p2, p3, p4, p5, p6, p7,
            level, from, to, fade, frozen, begun: Bits, sway: Bits
        }
    }
    row! {
        /// Gain and pole of each line, the lengths' factor, the wet level.
        Mid { g0, g1, g2, g3, g4, g5, g6, g7, p0, p1, p2, p3, p4, p5, p6, p7, scale, level }
    }

    /// Lengths of the lines, in frames at 48 kHz: primes, 30 to 64 ms, so that no two agree on an echo for long.
    const LINES: [f32; 8] = [1427.0, 1637.0, 1871.0, 2053.0, 2297.0, 2539.0, 2819.0, 3083.0];
    /// Lengths of the diffusers, in frames at 48 kHz: primes, each about twice the one before, left ones and right ones.
    const DIFFUSERS: [f32; 6] = [113.0, 337.0, 571.0, 127.0, 359.0, 541.0];
    /// Per character: factor of all lengths, gain of the diffusers, sway in frames at 48 kHz. Chosen by ear: a plate is
    /// dense at once, a room short and plain, a cathedral long and slow.
    const CHARACTERS: [(f32, f32, f32); 5] =
        [(1.0, 0.6, 6.0), (0.45, 0.7, 4.0), (0.3, 0.5, 2.0), (0.55, 0.6, 4.0), (1.9, 0.65, 8.0)];
    /// Seconds of a frame of the tables above.
    const FRAME: f32 = 1.0 / 48_000.0;
    /// The longest line: cathedral, size 1, with its sway and jitter.
    pub const LONGEST: f64 = (3083.0 * 1.9 * 2.0 + 16.0) / 48_000.0;
    /// The longest diffuser.
    pub const LONGEST_DIFFUSER: f64 = 571.0 / 48_000.0;
    /// log₂ 1000: powers of two in 60 dB.
    const SIXTY_DB: f32 = 9.965_784;

    #[inline(always)]
    fn character(cx: &Cx) -> (f32, f32, f32) {
        CHARACTERS[(cx.option(Opt::character as u32) as usize).min(CHARACTERS.len() - 1)]
    }

    /// Eight numbers through the Hadamard matrix, divided by √8: their squares keep their sum.
    #[inline(always)]
    fn hadamard<L: Lanes>(mut x: [L; 8]) -> [L; 8] {
        let mut reach = 1;
        while reach < 8 {
            let mut i = 0;
            while i < 8 {
                if i & reach == 0 {
                    (x[i], x[i + reach]) = (x[i] + x[i + reach], x[i] - x[i + reach]);
                }
                i += 1;
            }
            reach *= 2;
        }
        let mut i = 0;
        while i < 8 {
            x[i] = x[i] * L::splat(std::f32::consts::FRAC_1_SQRT_2 * 0.5);
            i += 1;
        }
        x
    }

    /// Line `i` at `back` frames.
    #[inline(always)]
    fn line<L: Lanes>(cx: &Cx, i: usize, back: L) -> L {
        let (back, part) = split(back);
        cubic(cx, i, back, part)
    }

    /// Towards new gains in 10 ms, so that a jump of a control does not click; at first at once.
    #[inline(always)]
    fn creep<L: Lanes>(cx: &Cx, fresh: L::Mask, mut now: [L; 8], to: [L; 8]) -> [L; 8] {
        let share = L::select(fresh, L::splat(1.0), L::splat(cx.period / 0.01));
        let mut i = 0;
        while i < 8 {
            now[i] = now[i] + (to[i] - now[i]) * share;
            i += 1;
        }
        now
    }

    impl Kernel for Room {
        type Mid<L: Lanes> = Mid<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
            let one = L::splat(1.0);
            let scale = maths::exp2(c.size + c.size - one) * L::splat(character(cx).0);
            // The highest tones last from 3 % of the decay to all of it.
            let high = L::splat(0.03) + L::splat(0.97) * c.brightness * c.brightness;
            let (mut gain, mut pole) = ([one; 8], [one; 8]);
            let mut power = L::splat(0.0);
            let mut i = 0;
            while i < 8 {
                let decades = scale * L::splat(LINES[i] * FRAME * SIXTY_DB) / c.decay;
                gain[i] = maths::exp2(-decades);
                // At least 1 %, so that the pole stays off 1.
                let ratio = maths::exp2(decades - decades / high).max(L::splat(0.01));
                pole[i] = (one - ratio) / (one + ratio);
                power = power + gain[i] * gain[i];
                i += 1;
            }
            // Each side's input is spread over four lines at a half, each output gathers four: a steady sound on both
            // sides comes out with the power 1/(4·(1 − g²)) of its own.
            let level = L::splat(2.0) * (one - power * L::splat(0.125)).max(L::splat(0.0)).sqrt();
            let ([g0, g1, g2, g3, g4, g5, g6, g7], [p0, p1, p2, p3, p4, p5, p6, p7]) = (gain, pole);
            Mid::new(g0, g1, g2, g3, g4, g5, g6, g7, p0, p1, p2, p3, p4, p5, p6, p7, scale, level)
        }

        #[inline(always)]
        fn scan<L: Lanes>(cx: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
            let (one, half, now) = (L::splat(1.0), L::splat(0.5), L::Bits::splat(cx.now));
            let (_, diffusion, sway) = character(cx);
            let fresh = s.begun.eq(L::Bits::splat(0));
            let frozen = switch(cx, &mut s.frozen, &mut s.begun, x.freeze.gt(half));
            let free = one - frozen;

            // From lengths to lengths in 30 ms; a change in the meantime waits for the end.
            let turn = fresh | (s.fade.ge(one) & (m.scale - s.to).abs().gt(L::splat(1e-4)));
            s.from = L::select(turn, L::select(fresh, m.scale, s.to), s.from);
            s.to = L::select(turn, m.scale, s.to);
            s.fade = L::select(turn, L::splat(0.0), (s.fade + L::splat(cx.period / 0.03)).min(one));

            // The diffusers: allpasses (z^-D − g)/(1 − g·z^-D).
            let g = L::splat(diffusion);
            let mut sides = [x.left_in, x.right_in];
            let mut k = 0;
            while k < 6 {
                let back = L::splat(DIFFUSERS[k] * FRAME * cx.rate).round().to_int();
                let late = L::lookup(cx.mem(8 + k), now - back);
                let entry = held(sides[k / 3] + g * late);
                L::poke(cx.mem(8 + k), now, entry);
                sides[k / 3] = late - g * entry;
                k += 1;
            }

            // The lines' ends, swaying at 0.7 Hz, an eighth of a turn apart: sin(φ + i/8) from one sine and cosine.
            s.sway = s.sway + L::Bits::splat((0.7 * 4_294_967_296.0 * cx.period) as u32);
            let deep = L::splat(sway * FRAME * cx.rate) * free;
            let (sin, cos) = (maths::sin_of_phase(s.sway), maths::sin_of_phase(s.sway + L::Bits::splat(1 << 30)));
            let diagonal = L::splat(std::f32::consts::FRAC_1_SQRT_2);
            let quarter = [sin, (sin + cos) * diagonal, cos, (cos - sin) * diagonal];
            // Jitter moves them by another eight frames at most, all at once, as a clock would.
            let stray = x.stray * L::splat(8.0 * FRAME * cx.rate) * free;
            let gain = [s.g0, s.g1, s.g2, s.g3, s.g4, s.g5, s.g6, s.g7];
            let gain = creep(cx, fresh, gain, [m.g0, m.g1, m.g2, m.g3, m.g4, m.g5, m.g6, m.g7]);
            let pole = [s.p0, s.p1, s.p2, s.p3, s.p4, s.p5, s.p6, s.p7];
            let pole = creep(cx, fresh, pole, [m.p0, m.p1, m.p2, m.p3, m.p4, m.p5, m.p6, m.p7]);
            let [level, ..] = creep(cx, fresh, [s.level; 8], [m.level; 8]);
            [s.g0, s.g1, s.g2, s.g3, s.g4, s.g5, s.g6, s.g7] = gain;
            [s.p0, s.p1, s.p2, s.p3, s.p4, s.p5, s.p6, s.p7] = pole;
            s.level = level;
            let mut low = [s.l0, s.l1, s.l2, s.l3, s.l4, s.l5, s.l6, s.l7];
            let fades = s.fade.lt(one);
            let mut ends = [one; 8];
            let mut i = 0;
            while i < 8 {
                let swing = (if i < 4 { quarter[i] } else { -quarter[i - 4] }) * deep + stray;
                let length = L::splat(LINES[i] * FRAME * cx.rate);
                let mut end = line(cx, i, (s.to * length).round() + swing);
                // Whoever does not fade is left as it is, so that looking at all lanes at once changes no bit.
                if fades.any() {
                    let old = line(cx, i, (s.from * length).round() + swing);
                    end = L::select(fades, old + (end - old) * s.fade, end);
                }
                low[i] = end + pole[i] * free * (low[i] - end);
                ends[i] = low[i] * (gain[i] + (one - gain[i]) * frozen);
                i += 1;
            }
            [s.l0, s.l1, s.l2, s.l3, s.l4, s.l5, s.l6, s.l7] = low;

            let mixed = hadamard(ends);
            let mut i = 0;
            while i < 8 {
                L::poke(cx.mem(i), now, held(mixed[i] + sides[i & 1] * half * free));
                i += 1;
            }
            let left = low[0] - low[2] + low[4] - low[6];
            let right = low[1] - low[3] + low[5] - low[7];
            Out::new(left * half * level, right * half * level)
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

fn lower(lowering: &mut Lowering<'_>) {
    let dry = ["left", "right"].map(|name| lowering.input(name, 0));
    let rings = tap::memory(lowering, [0, 1], "pre_delay", 0);
    let late = [0, 1].map(|side| {
        tap::write(lowering, rings[side], dry[side]);
        tap::read(lowering, rings[side], "pre_delay", 0)
    });
    let [size, decay, brightness, freeze] =
        ["size", "decay", "brightness", "freeze"].map(|name| lowering.input(name, 0));
    let character = lowering.choice("character");
    let stray = jitter::wire(lowering);
    let room = lowering.kernel(&room::KERNEL, &[character], &[size, decay, brightness, late[0], late[1], freeze, stray]);
    let lengths = [room::LONGEST; 8].into_iter().chain([room::LONGEST_DIFFUSER; 6]);
    let rings: Vec<_> = (2..).zip(lengths).map(|(key, seconds)| lowering.ring(key, seconds)).collect();
    lowering.mems(room, &rings);
    for (side, name) in ["left", "right"].into_iter().enumerate() {
        let out = blend::blend(lowering, dry[side], room.out(side as u16));
        lowering.output(name, 0, out);
    }
}

/// The module type.
pub static DEF: Def = Def { spec, lower };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;

    const RATE: usize = 48_000;

    /// Only the room, without the wait before it.
    fn bench() -> Bench {
        Bench::new(&DEF, 1).set("mix", 0, 1.0).set("pre_delay", 0, 0.0)
    }

    /// White noise from the project's own, power 1/3.
    fn noise(frames: usize) -> Vec<f32> {
        let word = <f32 as Lanes>::Bits::splat;
        (0..frames).map(|i| maths::noise(word(i as u32))).collect()
    }

    /// Noise without its highest tones, of which reading between frames takes a little each time round.
    fn dull_noise(frames: usize) -> Vec<f32> {
        noise(frames).windows(8).map(|part| part.iter().sum::<f32>() / 8.0).collect()
    }

    fn power(signal: &[f32]) -> f64 {
        signal.iter().map(|x| f64::from(x * x)).sum::<f64>() / signal.len() as f64
    }

    /// Level of a part of the signal against another, in dB.
    fn fall(signal: &[f32], early: f64, late: f64) -> f64 {
        let at = |time: f64| power(&signal[(time * RATE as f64) as usize..][..RATE / 5]);
        10.0 * (at(late) / at(early)).log10()
    }

    #[test]
    fn the_tail_falls_by_sixty_decibels_in_its_decay() {
        for (decay, word) in [(1.0, "hall"), (3.0, "plate"), (2.0, "cathedral"), (0.8, "room"), (1.5, "chamber")] {
            let bench = bench().choose("character", word).set("decay", 0, decay).set("brightness", 0, 1.0);
            let outs = bench.plug("in", 0, &dull_noise(RATE / 2)).run(RATE * 2);
            let fell = fall(outs.get("left"), 0.6, 1.4);
            let wanted = -60.0 * 0.8 / f64::from(decay);
            // The tail is noise: 9600 frames of it below 3 kHz have a power that is good to some tenths of a dB.
            assert!((fell - wanted).abs() < 0.02 * wanted.abs() + 1.0, "{word}: {fell} dB, wanted {wanted}");
        }
    }

    #[test]
    fn dull_rooms_lose_their_high_tones_first() {
        let tail = |brightness: f32| {
            let outs = bench().set("brightness", 0, brightness).plug("in", 0, &noise(RATE / 4)).run(RATE);
            let tail = outs.get("left")[RATE / 2..].to_vec();
            let steps: Vec<f32> = tail.windows(2).map(|pair| pair[1] - pair[0]).collect();
            // The power of the differences over that of the signal: 2 for white noise, near 0 for a low hum.
            power(&steps) / power(&tail)
        };
        let (dull, middle, bright) = (tail(0.0), tail(0.5), tail(1.0));
        assert!(dull < 0.3 * middle && middle < 0.5 * bright && bright > 0.6, "{dull} {middle} {bright}");
    }

    #[test]
    fn a_steady_sound_is_as_loud_in_the_room_however_long_it_lasts() {
        for (decay, word) in [(0.3, "room"), (1.0, "hall"), (1.0, "plate"), (2.0, "chamber"), (2.0, "cathedral")] {
            let bench = bench().choose("character", word).set("decay", 0, decay).set("brightness", 0, 1.0);
            let sound = dull_noise(RATE * 3);
            let outs = bench.plug("in", 0, &sound).run(RATE * 3);
            let db = 10.0 * (power(&outs.get("left")[RATE * 2..]) / power(&sound)).log10();
            // Lines are not of one length, and a mono input meets itself: within 2 dB.
            assert!(db.abs() < 2.0, "{word}: {db} dB");
        }
    }

    #[test]
    fn freeze_holds_the_tail_and_lets_nothing_in() {
        let mut freeze = vec![0.0; RATE / 2];
        freeze.extend(vec![1.0; RATE * 4]);
        let mut sound = noise(RATE / 2);
        sound.extend(vec![0.0; RATE / 2]);
        let quiet = bench().plug("in", 0, &sound).plug("freeze", 0, &freeze).run(RATE * 4);
        let fell = fall(quiet.get("left"), 0.7, 3.7);
        // 3 s of nothing lost; two stretches of noise differ by tenths of a dB.
        assert!(fell.abs() < 1.0, "{fell} dB");
        sound.extend(noise(RATE));
        let loud = bench().plug("in", 0, &sound).plug("freeze", 0, &freeze).run(RATE * 4);
        assert_eq!(loud.get("right"), quiet.get("right"));
    }

    #[test]
    fn the_room_answers_after_the_pre_delay_and_sides_differ() {
        let outs = bench().set("pre_delay", 0, 0.1).plug("in", 0, &[1.0]).run(RATE / 2);
        let first = outs.get("left").iter().position(|x| *x != 0.0).expect("the room answers");
        // The shortest line of a hall, less its sway, straight through the diffusers.
        assert!((4800 + 1427 - 8..4800 + 1427 + 8).contains(&first), "{first}");
        let (left, right) = (outs.get("left"), outs.get("right"));
        let cross: f64 = left.iter().zip(right).map(|(a, b)| f64::from(a * b)).sum::<f64>() / left.len() as f64;
        let together = cross / (power(left) * power(right)).sqrt();
        assert!(together.abs() < 0.2, "{together}");
    }

    #[test]
    fn a_moved_size_does_not_click() {
        let tone: Vec<f32> = (0..RATE as i32).map(|i| maths::sin_cycles(i as f32 / 480.0)).collect();
        let mut size = vec![0.0; RATE / 2];
        size.extend(vec![1.0; RATE]);
        let bench = bench().set("size", 0, 0.0).plug("size", 0, &size).plug("in", 0, &tone).set("brightness", 0, 1.0);
        let outs = bench.run(RATE);
        let steps: Vec<f32> = outs.get("left").windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
        let largest = |part: &[f32]| part.iter().fold(0.0f32, |a, b| a.max(*b));
        let (before, after) = (largest(&steps[RATE / 4..RATE / 2 - 10]), largest(&steps[RATE / 2 - 10..]));
        // A tone of 100 Hz moves by a hundredth a frame; a click would be of the size of the tone itself.
        assert!(after < 4.0 * before && after < 0.15, "{before} {after}");
    }
}
