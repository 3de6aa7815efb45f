//! The kernel form: what one module type computes, written once over [`Lanes`].
//!
//! A kernel has *controls*, which feed a stateless `map` (evaluated once per call when they are constant, per frame when
//! they move), and *signals*, which feed `scan`, the recurrence. What `scan` gives goes through a stateless `fin` to the
//! outputs. From these three the [drivers](crate::drive) make the mono, per-frame, block and 16-lane versions.
//! There are no closures anywhere below a step function: one that is not inlined falls out of the instruction set.

use crate::lanes::{LANES, Lanes, Mem};

/// Frames in a block. No run crosses a multiple of it on the engine's clock, and any shorter run gives the same bits.
pub const BLOCK: usize = 32;

/// Floats behind every mono buffer that a step may read or write past the last frame.
pub const PAD: usize = LANES;

/// Where a port's numbers are. `stride` is in floats per frame: 0 for a constant, 1 mono, 16 for lanes.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Io {
    /// First frame.
    pub p: *mut f32,
    /// Floats from one frame to the next.
    pub stride: usize,
}

/// What is the same for all lanes of a step.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Cx {
    /// Frames a second.
    pub rate: f32,
    /// Seconds a frame.
    pub period: f32,
    /// Options, eight bits each, in order of declaration.
    pub opt: u32,
    /// Inputs that have a cable: bit by position, controls first.
    pub linked: u32,
    /// Outputs that anything reads: bit by position.
    pub wanted: u32,
    /// Inputs that are 0 for as long as the plan plays: bit by position, controls first. What they would do may be left
    /// out, if that gives the same bits.
    pub zero: u32,
    /// The engine's clock at the frame in hand, its low 32 bits; valid in `scan`.
    pub now: u32,
    mem: *const Mem,
}

impl Cx {
    /// A context; `mem` may be null for kernels without memory.
    ///
    /// # Safety
    /// `mem` must point to 16 entries for each memory of the kernel, valid while the context is used, or be null if
    /// the kernel asks for none.
    pub unsafe fn new(rate: f32, opt: u32, linked: u32, wanted: u32, mem: *const Mem) -> Cx {
        Cx { rate, period: 1.0 / rate, opt, linked, wanted, zero: 0, now: 0, mem }
    }

    /// Option number `index`, as declared.
    #[inline(always)]
    pub fn option(&self, index: u32) -> u32 {
        (self.opt >> (8 * index)) & 0xff
    }

    /// Whether the input at this position has a cable. What depends on it is jumped over, not computed and left out.
    #[inline(always)]
    pub fn linked(&self, input: u32) -> bool {
        taken(self.linked >> input & 1 != 0)
    }

    /// Whether the input at this position is 0 for as long as the plan plays: for work that is then left out and gives the
    /// same bits.
    #[inline(always)]
    pub fn is_zero(&self, input: u32) -> bool {
        taken(self.zero >> input & 1 != 0)
    }

    /// Whether anything reads the output at this position. What depends on it is jumped over, not computed and left out.
    #[inline(always)]
    pub fn wants(&self, output: u32) -> bool {
        taken(self.wanted >> output & 1 != 0)
    }

    /// Memory number `index` of the module: 16 entries, one per lane.
    #[inline(always)]
    pub fn mem(&self, index: usize) -> &[Mem] {
        // SAFETY: `new` vouches for 16 entries per memory.
        unsafe { std::slice::from_raw_parts(self.mem.add(index * LANES), LANES) }
    }
}

/// The same answer, as a branch that the compiler keeps. All frames of a call take it alike, so the processor foresees
/// it; without this, what stands behind it may be computed always and masked.
#[inline(always)]
fn taken(yes: bool) -> bool {
    if yes {
        // Miri knows no assembly, and has no speed to lose.
        #[cfg(not(miri))]
        // SAFETY: no instruction at all.
        unsafe {
            std::arch::asm!("", options(nomem, nostack, preserves_flags));
        }
    }
    yes
}

/// A row of named lane values: ports, state, or what passes from one part of a kernel to the next. Written by [`row!`](crate::row!).
pub trait Row<L: Lanes>: Copy {
    /// How many values.
    const WORDS: usize;

    /// All zero.
    fn zero() -> Self;
    /// Reads value k from `p + k·plane`, as many lanes as `L` has.
    ///
    /// # Safety
    /// Each place must be valid for reading `L::COUNT` words.
    unsafe fn read(p: *const u32, plane: usize) -> Self;
    /// Writes value k to `p + k·plane`.
    ///
    /// # Safety
    /// Each place must be valid for writing `L::COUNT` words.
    unsafe fn write(self, p: *mut u32, plane: usize);
    /// Values of all ports at frame `at`, across lanes.
    ///
    /// # Safety
    /// `io` must have `WORDS` entries, each valid for reading `L::COUNT` floats at that frame.
    unsafe fn across(io: *const Io, at: usize) -> Self;
    /// Values of all ports of one voice at `L::COUNT` frames from `at` on.
    ///
    /// # Safety
    /// As `across`; mono ports must be readable up to frame `at + L::COUNT - 1`.
    unsafe fn along(io: *const Io, at: usize) -> Self;
    /// Writes the ports that anything reads (`wanted`, bit by position) at frame `at`, across lanes. Gives zero in every
    /// lane in which all values written are finite, else NaN.
    ///
    /// # Safety
    /// As `across`, for writing.
    unsafe fn put_across(self, io: *const Io, at: usize, wanted: u32) -> L;
    /// As `put_across`, of one voice at `L::COUNT` frames from `at` on.
    ///
    /// # Safety
    /// As `along`, for writing.
    unsafe fn put_along(self, io: *const Io, at: usize, wanted: u32) -> L;
    /// Floats nearer to zero than 1e-20 become zero, so that no state lingers among denormals, on any processor.
    fn snap(self) -> Self;
}

/// What the declaration of a kernel says; written by [`module!`](crate::module!) and [`kernel!`](crate::kernel!).
pub trait Declared: 'static {
    /// Inputs that feed `map`.
    type Ctl<L: Lanes>: Row<L>;
    /// Inputs that feed `scan`.
    type Sig<L: Lanes>: Row<L>;
    /// Outputs.
    type Out<L: Lanes>: Row<L>;
    /// What is kept from frame to frame.
    type State<L: Lanes>: Row<L>;
    /// The kernel's name, for listings.
    const NAME: &'static str;
}

/// What a kernel computes. `map`, `scan` and `fin`, and every function that they call, carry `#[inline(always)]`: one that
/// is called from a step function is compiled without its instruction set and runs up to a hundred times slower, with
/// the same bits. A test reads the machine code and finds it.
pub trait Kernel: Declared {
    /// Whether `fin` is heavy (oscillators) and is better run over time than in the recurrence.
    const HEAVY_FIN: bool = false;
    /// Whether frames must be run in order although there is no state: kernels that use `now` or memory. Others without
    /// state run over time, 16 frames at once.
    const SERIAL: bool = false;
    /// Whether `birth` uses its seed, so that each voice differs. What is born by chance runs on while others sleep.
    const SEEDED: bool = false;
    /// Whether `idle` can be true: envelopes. A block of one in which all signals are 0 and all voices are idle is not
    /// computed: its outputs are `AT_REST`, and its state is what it was.
    const RESTS: bool = false;
    /// What an idle kernel gives at all outputs.
    const AT_REST: f32 = 0.0;
    /// Whether `skip` does anything: oscillators, whose phase goes on while they sleep.
    const SKIPS: bool = false;
    /// What `map` makes of the controls. Without a map: `Ctl`.
    type Mid<L: Lanes>: Row<L>;
    /// What `scan` gives to `fin`. Without a fin: `Out`.
    type Raw<L: Lanes>: Row<L>;

    /// From controls to what the recurrence needs; knows nothing of time.
    fn map<L: Lanes>(cx: &Cx, c: Self::Ctl<L>) -> Self::Mid<L>;
    /// One frame of the recurrence.
    fn scan<L: Lanes>(cx: &Cx, s: &mut Self::State<L>, m: Self::Mid<L>, x: Self::Sig<L>) -> Self::Raw<L>;
    /// From the recurrence to the outputs; knows nothing of time.
    fn fin<L: Lanes>(cx: &Cx, r: Self::Raw<L>) -> Self::Out<L>;
    /// Whether a frame with signals of 0 gives `AT_REST` at all outputs and leaves the state as it is.
    #[inline(always)]
    fn idle<L: Lanes>(_: &Cx, _: &Self::State<L>) -> L::Mask {
        <L::Mask as crate::lanes::LaneMask>::splat(false)
    }
    /// What so many frames do to the state of an oscillator that sleeps, where no control moves.
    fn skip(_: &Cx, _: &mut Self::State<f32>, _: Self::Mid<f32>, _frames: u32) {}
    /// The pairs of inputs (by position, controls first) of which the first is heard no more, and gives nothing but 0, while
    /// the second is 0: signal and gain of an amplifier.
    fn amplifies(_opt: u32) -> &'static [(usize, usize)] {
        &[]
    }
    /// The state of a new module. `seed` is of the module, its side and its voice.
    fn birth(seed: u32) -> Self::State<f32> {
        let _ = seed;
        Self::State::<f32>::zero()
    }
}

/// Declares rows of lane values: `row! { Mid { g, k, phase: Bits } }`. Fields are `L`, or with `: Bits` the integer twin.
#[macro_export]
macro_rules! row {
    ($($(#[$doc:meta])* $name:ident { $($f:ident $(: $b:ident)?),* $(,)? })*) => {$(
        $(#[$doc])*
        #[allow(missing_docs, dead_code, reason = "fields are named by the declaration; `none` fills a row without fields")]
        pub struct $name<L: $crate::lanes::Lanes> { $(pub $f: $crate::row!(@ty L $($b)?),)* pub none: std::marker::PhantomData<L> }

        impl<L: $crate::lanes::Lanes> Clone for $name<L> {
            #[inline(always)]
            fn clone(&self) -> Self { *self }
        }
        impl<L: $crate::lanes::Lanes> Copy for $name<L> {}

        impl<L: $crate::lanes::Lanes> $name<L> {
            /// The row of these values.
            #[allow(dead_code, clippy::new_without_default, reason = "not every row is made by hand")]
            #[inline(always)]
            pub fn new($($f: $crate::row!(@ty L $($b)?)),*) -> Self { $name { $($f,)* none: std::marker::PhantomData } }
        }

        #[allow(unused_variables, unused_mut, unused_assignments, clippy::unused_unit, reason = "rows may be empty")]
        impl<L: $crate::lanes::Lanes> $crate::kernel::Row<L> for $name<L> {
            const WORDS: usize = 0 $(+ { let _ = stringify!($f); 1 })*;
            #[inline(always)]
            fn zero() -> Self { $name { $($f: $crate::row!(@splat L $($b)?),)* none: std::marker::PhantomData } }
            #[inline(always)]
            unsafe fn read(p: *const u32, plane: usize) -> Self {
                let mut k = 0;
                // SAFETY: the caller vouches for every place read.
                $(let $f = unsafe { $crate::row!(@load L (p.add(k * plane)) $($b)?) }; k += 1;)*
                $name { $($f,)* none: std::marker::PhantomData }
            }
            #[inline(always)]
            unsafe fn write(self, p: *mut u32, plane: usize) {
                let mut k = 0;
                // SAFETY: the caller vouches for every place written.
                $(unsafe { $crate::row!(@store L (self.$f) (p.add(k * plane)) $($b)?) }; k += 1;)*
            }
            #[inline(always)]
            unsafe fn across(io: *const $crate::kernel::Io, at: usize) -> Self {
                let mut k = 0;
                // SAFETY: the caller vouches for the ports and the frame.
                $(let $f = unsafe { let io = &*io.add(k); $crate::row!(@load L (io.p.add(at * io.stride)) $($b)?) }; k += 1;)*
                $name { $($f,)* none: std::marker::PhantomData }
            }
            #[inline(always)]
            unsafe fn along(io: *const $crate::kernel::Io, at: usize) -> Self {
                let mut k = 0;
                // SAFETY: the caller vouches for the ports and the frames.
                $(let $f = unsafe {
                    let io = &*io.add(k);
                    if io.stride == 0 { $crate::row!(@spread L (io.p) $($b)?) } else { $crate::row!(@load L (io.p.add(at)) $($b)?) }
                }; k += 1;)*
                $name { $($f,)* none: std::marker::PhantomData }
            }
            #[inline(always)]
            unsafe fn put_across(self, io: *const $crate::kernel::Io, at: usize, wanted: u32) -> L {
                let (mut k, mut fault) = (0, L::splat(0.0));
                $(
                    if wanted >> k & 1 != 0 {
                        $crate::row!(@fault fault (self.$f) $($b)?);
                        // SAFETY: the caller vouches for the ports and the frame.
                        unsafe {
                            let io = &*io.add(k);
                            $crate::row!(@store L (self.$f) (io.p.add(at * io.stride)) $($b)?);
                        }
                    }
                    k += 1;
                )*
                fault
            }
            #[inline(always)]
            unsafe fn put_along(self, io: *const $crate::kernel::Io, at: usize, wanted: u32) -> L {
                // A voice's frames lie side by side: the same places, `L::COUNT` of them.
                // SAFETY: the caller vouches for the ports and the frames.
                unsafe { $crate::kernel::Row::<L>::put_across(self, io, at, wanted) }
            }
            #[inline(always)]
            fn snap(self) -> Self {
                $name { $($f: $crate::row!(@snap L (self.$f) $($b)?),)* none: std::marker::PhantomData }
            }
        }
    )*};
    (@ty $l:ident) => { $l };
    (@ty $l:ident Bits) => { $l::Bits };
    (@splat $l:ident) => { $l::splat(0.0) };
    (@splat $l:ident Bits) => { <$l::Bits as $crate::lanes::LaneBits>::splat(0) };
    (@load $l:ident ($p:expr)) => { $l::load(($p) as *const f32) };
    (@load $l:ident ($p:expr) Bits) => { <$l::Bits as $crate::lanes::LaneBits>::load(($p) as *const u32) };
    (@spread $l:ident ($p:expr)) => { $l::splat(*(($p) as *const f32)) };
    (@spread $l:ident ($p:expr) Bits) => { <$l::Bits as $crate::lanes::LaneBits>::splat(*(($p) as *const u32)) };
    (@store $l:ident ($v:expr) ($p:expr)) => { $l::store($v, ($p) as *mut f32) };
    (@store $l:ident ($v:expr) ($p:expr) Bits) => { <$l::Bits as $crate::lanes::LaneBits>::store($v, ($p) as *mut u32) };
    (@fault $sum:ident ($v:expr)) => { $sum = $sum + ($v - $v) };
    (@fault $sum:ident ($v:expr) Bits) => {};
    (@snap $l:ident ($v:expr)) => { $l::select(<$l as $crate::lanes::Lanes>::lt(<$l as $crate::lanes::Lanes>::abs($v), $l::splat(1e-20)), $l::splat(0.0), $v) };
    (@snap $l:ident ($v:expr) Bits) => { $v };
}
