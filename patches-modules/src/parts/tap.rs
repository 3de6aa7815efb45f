//! A delay line: one kernel writes a ring, another reads it. The ring's index is the engine's clock, so that neither
//! needs a position and any reader finds frame `now − d` at that very index.
//!
//! A constant time is rounded to the nearest frame and read as it is. A time that moves is read between frames by the
//! cubic through four of them. Source: E. Catmull, R. Rom, "A class of local interpolating splines" (1974), as a
//! third-order Hermite. Cost: one look-up, or four and ten multiplications.

/// Reads a ring at a distance in seconds.
pub mod read {
    use patches_core::prelude::*;

    kernel! { TapRead, signals {} controls { time } options { moves } outputs { out } state {} }
    row! {
        /// Whole frames back, at least 1, and the part of a frame beyond them.
        Mid { part, back: Bits }
    }

    /// Whole frames and the part of one in a distance of so many frames, which is at least 1.
    #[inline(always)]
    pub fn split<L: Lanes>(frames: L) -> (L::Bits, L) {
        let frames = frames.max(L::splat(1.0));
        let whole = frames.floor();
        (whole.to_int(), frames - whole)
    }

    /// Memory `mem` at `back` frames and a part of one, by the cubic through four frames.
    #[inline(always)]
    pub fn cubic<L: Lanes>(cx: &Cx, mem: usize, back: L::Bits, part: L) -> L {
        let (mem, one) = (cx.mem(mem), L::Bits::splat(1));
        let at = L::Bits::splat(cx.now) - back;
        // One frame back is the newest there is; before it there is nothing to take a slope from.
        let newer = L::Bits::select(back.eq(one), at, at + one);
        let (a, b) = (L::lookup(mem, newer), L::lookup(mem, at));
        let (c, d) = (L::lookup(mem, at - one), L::lookup(mem, at - one - one));
        // Slopes at b and c are half the way between their neighbours.
        let half = L::splat(0.5);
        let slope = (c - a) * half;
        let lift = c - b - slope;
        let cubic = (d - b) * half - slope - lift - lift;
        b + part * (slope + part * (lift - cubic + part * cubic))
    }

    impl Kernel for TapRead {
        const SERIAL: bool = true;
        type Mid<L: Lanes> = Mid<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
            let frames = c.time * L::splat(cx.rate);
            if cx.option(Opt::moves as u32) == 1 {
                let (back, part) = split(frames);
                return Mid::new(part, back);
            }
            Mid::new(L::splat(0.0), frames.round().max(L::splat(1.0)).to_int())
        }

        #[inline(always)]
        fn scan<L: Lanes>(cx: &Cx, _: &mut State<L>, m: Mid<L>, _: Sig<L>) -> Out<L> {
            if cx.option(Opt::moves as u32) == 0 {
                return Out::new(L::lookup(cx.mem(0), L::Bits::splat(cx.now) - m.back));
            }
            Out::new(cubic(cx, 0, m.back, m.part))
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

/// Writes a ring: only numbers, and none beyond [`write::BOUND`].
pub mod write {
    use patches_core::prelude::*;

    kernel! { TapWrite, signals { x } controls {} options {} outputs {} state {} }

    /// 24 dB above full scale: no music reaches it, and a loop that runs away stays there.
    pub const BOUND: f32 = 16.0;

    /// Held to the bound; what is no number is silence.
    #[inline(always)]
    pub fn held<L: Lanes>(x: L) -> L {
        L::select(x.eq(x), x.clamp(L::splat(-BOUND), L::splat(BOUND)), L::splat(0.0))
    }

    impl Kernel for TapWrite {
        const SERIAL: bool = true;
        type Mid<L: Lanes> = Ctl<L>;
        type Raw<L: Lanes> = Out<L>;

        #[inline(always)]
        fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
            c
        }

        #[inline(always)]
        fn scan<L: Lanes>(cx: &Cx, _: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Out<L> {
            L::poke(cx.mem(0), L::Bits::splat(cx.now), held(x.x));
            Out::new()
        }

        #[inline(always)]
        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

use super::fade;
use patches_core::lower::MemId;
use patches_core::prelude::*;

/// The memories, numbered by `keys`, for the time at `name`. They need all there may be under a cable, else no more than
/// the constant time; new ones are made four times as long and at least two seconds, so that a longer time can be set
/// while what they hold plays on.
pub fn memory<const N: usize>(lowering: &mut Lowering<'_>, keys: [u32; N], name: &str, channel: u16) -> [MemId; N] {
    let (port, _) = lowering.spec.input(name).expect("the module's own input");
    let most = lowering.spec.inputs[port as usize].max;
    let needed = match lowering.feed(name, channel) {
        Feed::Cable => most,
        _ => lowering.among(name, channel).into_iter().map(f64::from).fold(0.0, f64::max),
    };
    let room = (4.0 * needed).max(2.0).min(most);
    keys.map(|key| lowering.roomy_ring(key, needed, room))
}

/// A reader at a constant distance, in the very arithmetic of the kernel.
fn fixed(lowering: &mut Lowering<'_>, ring: MemId, seconds: f32) -> Wire {
    let node = lowering.kernel(&read::KERNEL, &[0], &[Wire::Const(seconds)]);
    lowering.reads(node, ring, Lanes::round(seconds * lowering.rate as f32) as u32);
    node.out(0)
}

/// A reader whose distance, in seconds, moves.
pub fn moving(lowering: &mut Lowering<'_>, ring: MemId, time: Wire) -> Wire {
    let node = lowering.kernel(&read::KERNEL, &[1], &[time]);
    lowering.reads(node, ring, 1);
    node.out(0)
}

/// Reads a ring at the time of input `name`. A time changed in the text cross-fades from a reader at the old one to a
/// reader at the new one, changed again within the fade to a third; only a cable bends the pitch.
pub fn read(lowering: &mut Lowering<'_>, ring: MemId, name: &str, channel: u16) -> Wire {
    match lowering.feed(name, channel) {
        Feed::Still(time) => fixed(lowering, ring, time),
        Feed::Changing(from, to) => {
            let mut parts = vec![];
            for time in lowering.among(name, channel) {
                let tap = fixed(lowering, ring, time);
                let share = |is: bool| f32::from(u8::from(is));
                let t = lowering.ramp(time.to_bits(), share(time == from), share(time == to));
                parts.push(lowering.kernel(&fade::KERNEL, &[], &[Wire::Const(0.0), tap, t]).out(0));
            }
            lowering.sum(&parts)
        }
        Feed::Cable => {
            let time = lowering.input(name, channel);
            moving(lowering, ring, time)
        }
    }
}

/// Writes a signal to a ring.
pub fn write(lowering: &mut Lowering<'_>, ring: MemId, signal: Wire) {
    let node = lowering.kernel(&write::KERNEL, &[], &[signal]);
    lowering.writes(node, ring);
}
