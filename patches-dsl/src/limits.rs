//! How much one patch may hold. What exceeds a limit is a fault with its place, never a hang, a crash or a lost sound.

/// Bytes of one file.
pub const FILE_BYTES: usize = 4 << 20;
/// Files of one patch, the first included.
pub const FILES: usize = 256;
/// Brackets within brackets.
pub const NESTING: usize = 64;
/// Angle brackets within one another; `>` is a slide too, so the count is only an upper bound.
pub const ANGLES: usize = 512;
/// Templates within templates, and names that stand for names.
pub const DEPTH: usize = 128;
/// Modules of the flat patch.
pub const MODULES: usize = 65_536;
/// Cables of the flat patch.
pub const CABLES: usize = 1 << 18;
/// Rounds of all `for`s together.
pub const ROUNDS: usize = 1 << 17;
/// Parts of all expressions together, after names are put in.
pub const WORK: usize = 1 << 22;
/// Parts of one expression, after names are put in.
pub const PARTS: usize = 1 << 14;
/// Channels of one module.
pub const CHANNELS: usize = 256;
/// Faults of one load: a text that has more is told of the first ones only.
pub const FAULTS: usize = 500;
/// Stack of the thread that reads and checks. [`NESTING`] and [`DEPTH`] bound what it needs; pages that are not
/// touched cost nothing.
pub const STACK: usize = 256 << 20;
/// Parser steps for each byte of text: far above what any text needs, so that a mistake in the grammar is a fault and
/// not a hang.
pub const STEPS_PER_BYTE: usize = 4_000;

/// Places of values with names that are kept for faults.
pub const USES: usize = 1 << 16;
