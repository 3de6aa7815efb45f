//! Where a plan's state comes from: the block that the module already has, or a new one, with the few words that must
//! be copied when the plan is adopted.

use super::nodes::{Node, NodeKey, seed};
use crate::state::{Block, ModuleId, RingKey, StateKey, Store};
use crate::steps::midi::WORDS;
use patches_core::drive::KernelDef;
use patches_core::kernel::BLOCK;
use patches_core::lanes::{LANES, Mem};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Words to copy when a plan is adopted: a module's state into another width, or that of a new voice.
#[derive(Clone, Debug)]
pub struct Fixup {
    /// First word to copy.
    pub from: *const u32,
    /// Words from one to the next.
    pub from_step: usize,
    /// Where the first goes.
    pub to: *mut u32,
    /// Words from one to the next.
    pub to_step: usize,
    /// How many.
    pub words: usize,
}

// SAFETY: the places belong to blocks that the plan keeps alive.
unsafe impl Send for Fixup {}

/// Finds or makes blocks for one plan.
pub struct Memory<'a> {
    old: &'a Store,
    copies: BTreeMap<&'a ModuleId, &'a ModuleId>,
    session_seed: u64,
    rate: f64,
    /// What this plan uses.
    pub store: Store,
    /// What must be copied.
    pub fixups: Vec<Fixup>,
    /// Modules whose delay lines would have to grow.
    pub grown: BTreeSet<usize>,
    /// Modules that began with the state of another.
    pub inherited: BTreeSet<ModuleId>,
    /// Blocks that are read from while adopting.
    pub keep: Vec<Arc<Block>>,
}

impl<'a> Memory<'a> {
    /// Memory on top of what plays. `copies` names modules (old, new) whose state begins as a copy.
    pub fn new(old: &'a Store, copies: &'a [(ModuleId, ModuleId)], session_seed: u64, rate: f64) -> Self {
        let copies = copies.iter().map(|(from, to)| (to, from)).collect();
        let (store, fixups) = (Store::default(), vec![]);
        Memory {
            old,
            copies,
            session_seed,
            rate,
            store,
            fixups,
            grown: BTreeSet::new(),
            inherited: BTreeSet::new(),
            keep: vec![],
        }
    }

    /// The state of a kernel for one voice (`group` none) or for 16.
    pub fn kernel(
        &mut self,
        id: &ModuleId,
        node: &Node,
        def: &KernelDef,
        group: Option<u16>,
        voices: u16,
    ) -> Arc<Block> {
        let key = StateKey::Kernel(id.clone(), node.key.clone(), group);
        if let Some((block, before)) = self.old.get(&key).cloned() {
            for lane in before..voices {
                self.copy_birth(&block, lane as usize, def.state_words);
            }
            self.store.put(key, block.clone(), voices);
            return block;
        }
        let block = Block::kernel(self.birth(id, node, def, group), def.state_words);
        self.inherit(id, node, def, group, &block);
        self.store.put(key, block.clone(), voices);
        block
    }

    /// The state of a MIDI node for 16 voices or one. All groups of voices agree about who plays what, so one that an edit
    /// adds begins as the first is.
    pub fn midi(&mut self, id: &ModuleId, node: &Node, group: u16) -> Arc<Block> {
        let key = |group| StateKey::Kernel(id.clone(), node.key.clone(), Some(group));
        if let Some((block, _)) = self.old.get(&key(group)).cloned() {
            self.store.put(key(group), block.clone(), 1);
            return block;
        }
        let block = Block::new(vec![], WORDS);
        if let Some((first, _)) = self.old.get(&key(0)).cloned() {
            let (from, to) = (first.ptr().cast_const(), block.ptr());
            self.fixups.push(Fixup { from, from_step: 1, to, to_step: 1, words: WORDS });
            self.keep.push(first);
        }
        self.store.put(key(group), block.clone(), 1);
        block
    }

    fn birth(&self, id: &ModuleId, node: &Node, def: &KernelDef, group: Option<u16>) -> Vec<u32> {
        match group {
            None => (def.birth)(seed(self.session_seed, id, &node.key, 0)),
            Some(group) => {
                let mut words = vec![0; def.state_words * LANES];
                for lane in 0..LANES {
                    let voice = group * LANES as u16 + lane as u16;
                    for (word, value) in
                        (def.birth)(seed(self.session_seed, id, &node.key, voice)).into_iter().enumerate()
                    {
                        words[word * LANES + lane] = value;
                    }
                }
                words
            }
        }
    }

    /// A new block begins as the old one where the module only changed its width, is a copy of another, or runs once per
    /// side from now on: the right begins as what was both.
    fn inherit(&mut self, id: &ModuleId, node: &Node, def: &KernelDef, group: Option<u16>, block: &Arc<Block>) {
        let widths = [None, Some(group.unwrap_or(0))];
        let ids = [Some(id), self.copies.get(id).copied()];
        let sides = if node.key.side == 0 { 0..1 } else { 0..2 };
        for (from_id, side) in ids.into_iter().flatten().flat_map(|id| sides.clone().rev().map(move |side| (id, side)))
        {
            for from_group in widths {
                let node_key = NodeKey { side, ..node.key.clone() };
                let key = StateKey::Kernel(from_id.clone(), node_key, from_group);
                let Some((from, voices)) = self.old.get(&key).cloned() else { continue };
                // A kernel of that name in another type counts if its state is alike.
                if from.voice() != def.state_words {
                    continue;
                }
                if from_id != id {
                    self.inherited.insert(id.clone());
                }
                let (from_step, to_step) =
                    (if from_group.is_some() { LANES } else { 1 }, if group.is_some() { LANES } else { 1 });
                // Voice 0 is the one voice of the narrow form; between wide forms every voice goes over.
                let lanes = if from_step == LANES && to_step == LANES { voices as usize } else { 1 };
                if lanes == 1 && group.unwrap_or(0) != 0 {
                    continue;
                }
                for lane in 0..lanes {
                    // SAFETY: both blocks have room for all words of all their lanes.
                    let (from, to) = unsafe { (from.ptr().add(lane), block.ptr().add(lane)) };
                    self.fixups.push(Fixup { from, from_step, to, to_step, words: def.state_words });
                }
                self.keep.push(from);
                return;
            }
        }
    }

    fn copy_birth(&mut self, block: &Arc<Block>, lane: usize, words: usize) {
        if block.birth().len() < words * LANES {
            return;
        }
        // SAFETY: birth and words have room for all words of 16 lanes.
        let (from, to) = unsafe { (block.birth().as_ptr().add(lane), block.ptr().add(lane)) };
        self.fixups.push(Fixup { from, from_step: LANES, to, to_step: LANES, words });
    }

    /// A delay line of one side and voice: the one there is while it holds the first number of seconds, however long it
    /// is, else one that holds the second.
    pub fn ring(
        &mut self,
        id: &ModuleId,
        module: usize,
        ring: &RingKey,
        (side, voice): (u8, u16),
        seconds: [f64; 2],
    ) -> Mem {
        let frames = |seconds: f64| (seconds.max(0.0) * self.rate).ceil() as usize + BLOCK + 4;
        let [least, len] = seconds.map(|seconds| frames(seconds).next_power_of_two());
        let key = StateKey::Ring(id.clone(), ring.clone(), side, voice);
        let block = match self.store.get(&key).or_else(|| self.old.get(&key)) {
            Some((block, _)) if block.len() >= least => block.clone(),
            Some(_) => {
                self.grown.insert(module);
                Block::new(vec![], len)
            }
            None => Block::new(vec![], len),
        };
        self.store.put(key, block.clone(), 1);
        // SAFETY: the block holds as many words as its length, a power of two, and is kept alive by the store's plan.
        unsafe { Mem::new(block.ptr().cast(), block.len()) }
    }

    /// The buffer of an output that is read a frame late: one frame in front, then a block.
    pub fn late(&mut self, id: &ModuleId, node: &Node, out: u16, group: Option<u16>) -> Arc<Block> {
        let width = if group.is_some() { LANES } else { 1 };
        let key = StateKey::Late(id.clone(), node.key.clone(), out, group);
        self.find(key, vec![], (1 + BLOCK) * width + LANES)
    }

    /// The cell of a ramp.
    pub fn ramp(&mut self, key: &crate::state::RampKey, from: f32) -> Arc<Block> {
        let key = StateKey::Ramp(key.clone());
        self.find(key, vec![from.to_bits()], 1)
    }

    fn find(&mut self, key: StateKey, birth: Vec<u32>, room: usize) -> Arc<Block> {
        let block = match self.old.get(&key) {
            Some((block, _)) => block.clone(),
            None => Block::new(birth, room),
        };
        self.store.put(key, block.clone(), 1);
        block
    }
}
