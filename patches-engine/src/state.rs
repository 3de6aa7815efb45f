//! What outlives a plan: the state of kernels, delay lines, the last frame of late cables, the place of running ramps.
//! The control thread owns them by key; plans hold pointers into them and keep them alive. A kept module's new plan
//! points to the very block the old plan points to, so a swap moves nothing.

pub mod parked;

use patches_core::graph::Path;
use patches_core::lanes::LANES;
use std::cell::UnsafeCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// A module's identity over edits: where it was first seen, of which type, and which of several of that name and type.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleId {
    /// Its path when first seen.
    pub path: Path,
    /// Its type.
    pub kind: &'static str,
    /// 0, or higher while an older one of the same path and type fades out.
    pub generation: u32,
}

/// What a block of words is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StateKey {
    /// State of a kernel: module, which of its nodes, and which 16 voices (`None`: one voice).
    Kernel(ModuleId, NodeKey, Option<u16>),
    /// The block of an output that is read a sample late: module, node, output, which 16 voices.
    Late(ModuleId, NodeKey, u16, Option<u16>),
    /// A ramp's present value.
    Ramp(RampKey),
    /// A delay line: module, which of its lines, side, voice.
    Ring(ModuleId, RingKey, u8, u16),
}

impl StateKey {
    /// The module whose state it is; of ramps none.
    pub fn module(&self) -> Option<&ModuleId> {
        match self {
            StateKey::Kernel(id, ..) | StateKey::Late(id, ..) | StateKey::Ring(id, ..) => Some(id),
            StateKey::Ramp(_) => None,
        }
    }
}

/// Which of a module's nodes, said so that it stays the same when the module's shape changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeKey {
    /// What it runs.
    pub name: &'static str,
    /// The channel it is for, if it is for one.
    pub channel: Option<Arc<str>>,
    /// Which of several of that name and channel.
    pub ordinal: u32,
    /// 0, or 1 for the right side of a module that runs once per side.
    pub side: u8,
}

/// Which of a module's delay lines: the channel it is for, and its number there.
pub type RingKey = (Option<Arc<str>>, u32);

/// Which ramp.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RampKey {
    /// The gain of a cable: both ends as module, port, channel, side; and whether it is late.
    Cable(ModuleId, (u16, Arc<str>, u8), ModuleId, (u16, Arc<str>, u8), bool),
    /// A parameter: module, port, channel.
    Value(ModuleId, u16, Arc<str>),
    /// The gain of a voice of a kernel where voices are added.
    Voice(ModuleId, NodeKey, u16),
    /// A cross-fade inside a module: its channel and its tag there.
    Inside(ModuleId, Option<Arc<str>>, u32),
}

/// Words shared by the control thread, which makes them, and the audio thread, which alone uses them afterwards.
pub struct Block {
    words: UnsafeCell<Box<[Line]>>,
    len: usize,
    /// What the words were at first, for renewal.
    birth: Box<[u32]>,
    /// Words of one voice, of a kernel's state.
    voice: usize,
}

/// One cache line, so that lanes never straddle two.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub struct Line([u32; LANES]);

impl Line {
    /// All zero.
    pub const ZERO: Line = Line([0; LANES]);

    /// These words.
    pub const fn of(words: [u32; LANES]) -> Line {
        Line(words)
    }
}

// SAFETY: after it is made, the words are touched by the audio thread only, through pointers from `ptr`.
unsafe impl Send for Block {}
// SAFETY: as above; nothing else here can be changed.
unsafe impl Sync for Block {}

impl Block {
    /// A block that begins as `birth`, with `room` words at least, the rest zero. Every page has been written to.
    pub fn new(birth: Vec<u32>, room: usize) -> Arc<Block> {
        Arc::new(Block::with(birth, room, 0))
    }

    /// The state of a kernel with so many words a voice.
    pub fn kernel(birth: Vec<u32>, voice: usize) -> Arc<Block> {
        Arc::new(Block::with(birth, 1, voice))
    }

    fn with(birth: Vec<u32>, room: usize, voice: usize) -> Block {
        let len = room.max(birth.len()).max(1);
        let mut lines = vec![Line::ZERO; len.div_ceil(LANES)];
        for (index, word) in birth.iter().enumerate() {
            lines[index / LANES].0[index % LANES] = *word;
        }
        Block { words: UnsafeCell::new(lines.into_boxed_slice()), len, birth: birth.into_boxed_slice(), voice }
    }

    /// Words of one voice; 0 of what is no kernel's state.
    pub fn voice(&self) -> usize {
        self.voice
    }

    /// The first word.
    pub fn ptr(&self) -> *mut u32 {
        // SAFETY: only the place is taken, no reference to the words is made.
        unsafe { (*self.words.get()).as_mut_ptr().cast() }
    }

    /// How many words.
    pub fn len(&self) -> usize {
        self.len
    }

    /// What the words were at first.
    pub fn birth(&self) -> &[u32] {
        &self.birth
    }
}

impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} words", self.len)
    }
}

/// The blocks in use, by key.
#[derive(Clone, Debug, Default)]
pub struct Store {
    blocks: HashMap<StateKey, (Arc<Block>, u16)>,
}

impl Store {
    /// The block of this key, if there is one, and how many of its lanes are in use.
    pub fn get(&self, key: &StateKey) -> Option<&(Arc<Block>, u16)> {
        self.blocks.get(key)
    }

    /// Enters a block.
    pub fn put(&mut self, key: StateKey, block: Arc<Block>, voices: u16) {
        self.blocks.insert(key, (block, voices));
    }

    /// The blocks of these modules.
    pub fn of(&self, modules: &BTreeSet<&ModuleId>) -> Store {
        let theirs = self.blocks.iter().filter(|(key, _)| key.module().is_some_and(|id| modules.contains(id)));
        Store { blocks: theirs.map(|(key, block)| (key.clone(), block.clone())).collect() }
    }

    /// With the blocks of another.
    pub fn with(mut self, other: Store) -> Store {
        self.blocks.extend(other.blocks);
        self
    }

    /// How many words they hold together.
    pub fn words(&self) -> usize {
        self.blocks.values().map(|(block, _)| block.len()).sum()
    }

    /// The blocks, to be kept alive.
    pub fn blocks(&self) -> Vec<Arc<Block>> {
        self.blocks.values().map(|(block, _)| block.clone()).collect()
    }
}
