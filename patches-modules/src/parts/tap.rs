//! A delay line: one kernel writes a ring, another reads it. The ring's index is the engine's clock, so that neither
//! needs a position and any reader finds frame `now − d` at that very index.
//!
//! A constant time is rounded to the nearest frame and read as it is. A time that moves is read between frames by the
//! cubic through four of them. Source: E. Catmull, R. Rom, "A class of local interpolating splines" (1974), as a
//! third-order Hermite. Cost: one look-up, or four and ten multiplications.

/// Reads a ring at a distance in seconds.
pub mod read {
    use patches_core::prelude::*;

    kernel! { TapRead, signals {} controls { time } options {} outputs { out } state {} }
    row! {
        /// Whole frames back, at least 1, and the part of a frame beyond them.
        Mid { part, back: Bits }
    }

    impl Kernel for TapRead {
        const SERIAL: bool = true;
        type Mid<L: Lanes> = Mid<L>;
        type Raw<L: Lanes> = Out<L>;

        fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
            let frames = c.time * L::splat(cx.rate);
            if cx.linked(In::time as u32) {
                let frames = frames.max(L::splat(1.0));
                let whole = frames.floor();
                return Mid::new(frames - whole, whole.to_int());
            }
            Mid::new(L::splat(0.0), frames.round().max(L::splat(1.0)).to_int())
        }

        fn scan<L: Lanes>(cx: &Cx, _: &mut State<L>, m: Mid<L>, _: Sig<L>) -> Out<L> {
            let (mem, one) = (cx.mem(0), L::Bits::splat(1));
            let at = L::Bits::splat(cx.now) - m.back;
            let b = L::lookup(mem, at);
            if !cx.linked(In::time as u32) {
                return Out::new(b);
            }
            // One frame back is the newest there is; before it there is nothing to take a slope from.
            let newer = L::Bits::select(m.back.eq(one), at, at + one);
            let (a, c, d) = (L::lookup(mem, newer), L::lookup(mem, at - one), L::lookup(mem, at - one - one));
            let half = L::splat(0.5);
            let slope = (c - a) * half;
            let curve = (d - b) * half - slope;
            let lift = c - b - slope;
            // b + slope·t + (3·lift − curve − …)·t², regrouped by powers of t.
            let cubic = curve - lift - lift;
            let square = lift - cubic;
            let t = m.part;
            Out::new(b + t * (slope + t * (square + t * cubic)))
        }

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

        fn map<L: Lanes>(_: &Cx, c: Ctl<L>) -> Ctl<L> {
            c
        }

        fn scan<L: Lanes>(cx: &Cx, _: &mut State<L>, _: Ctl<L>, x: Sig<L>) -> Out<L> {
            L::poke(cx.mem(0), L::Bits::splat(cx.now), held(x.x));
            Out::new()
        }

        fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
            r
        }
    }
}

use super::fade;
use patches_core::lower::MemId;
use patches_core::prelude::*;

/// The longest delay whose time has a cable, in seconds: what `time` is held to.
pub const LONGEST: f64 = 20.0;

/// The memory that the time at `name` needs, in seconds: all there may be under a cable, else twice the constant time,
/// so that a longer one can be set while it plays, and at least a second.
pub fn memory(lowering: &Lowering<'_>, name: &str, channel: u16) -> f64 {
    match lowering.feed(name, channel) {
        Feed::Cable => LONGEST,
        Feed::Still(time) => (2.0 * f64::from(time)).max(1.0),
        Feed::Changing(old, new) => (2.0 * f64::from(old.max(new))).max(1.0),
    }
}

/// A reader at a constant distance, in the very arithmetic of the kernel.
fn fixed(lowering: &mut Lowering<'_>, ring: MemId, seconds: f32) -> Wire {
    let node = lowering.kernel(&read::KERNEL, &[], &[Wire::Const(seconds)]);
    lowering.reads(node, ring, Lanes::round(seconds * lowering.rate as f32) as u32);
    node.out(0)
}

/// Reads a ring at the time of input `name`. A time changed in the text cross-fades from a reader at the old one to a
/// reader at the new one; only a cable bends the pitch.
pub fn read(lowering: &mut Lowering<'_>, ring: MemId, name: &str, channel: u16) -> Wire {
    match lowering.feed(name, channel) {
        Feed::Still(time) => fixed(lowering, ring, time),
        Feed::Changing(old, new) => {
            let (old, new) = (fixed(lowering, ring, old), fixed(lowering, ring, new));
            let t = lowering.fade();
            lowering.kernel(&fade::KERNEL, &[], &[old, new, t]).out(0)
        }
        Feed::Cable => {
            let time = lowering.input(name, channel);
            let node = lowering.kernel(&read::KERNEL, &[], &[time]);
            lowering.reads(node, ring, 1);
            node.out(0)
        }
    }
}
