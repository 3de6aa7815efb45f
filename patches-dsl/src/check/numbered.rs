//! The graph by numbers, for searches that go along its cables.

use crate::hash::HashMap;
use patches_core::graph::{Cable, Graph, Module, Path};

/// Modules in the order of their paths, and the cables between them.
pub(super) struct Numbered<'a> {
    pub modules: Vec<(&'a Path, &'a Module)>,
    /// From which, to which, and the cable.
    pub cables: Vec<(usize, usize, &'a Cable)>,
    numbers: HashMap<&'a str, usize>,
}

impl<'a> Numbered<'a> {
    /// All modules of a graph and its cables; those that lead nowhere are left out.
    pub fn new(graph: &'a Graph) -> Numbered<'a> {
        let modules: Vec<(&Path, &Module)> = graph.modules.iter().collect();
        let numbers: HashMap<&str, usize> = modules.iter().enumerate().map(|(n, (path, _))| (&***path, n)).collect();
        let ends =
            |cable: &'a Cable| Some((*numbers.get(&*cable.from.module)?, *numbers.get(&*cable.to.module)?, cable));
        let cables = graph.cables.iter().filter_map(ends).collect();
        Numbered { modules, cables, numbers }
    }

    /// The number of a path.
    pub fn number(&self, path: &str) -> Option<usize> {
        self.numbers.get(path).copied()
    }

    /// For each module the cables that a number of each says it has: by their place in the list.
    pub fn lists(&self, of: impl Fn(&(usize, usize, &Cable)) -> usize) -> Lists {
        Lists::new(self.modules.len(), self.cables.iter().map(&of))
    }
}

/// Lists of numbers, all in one, for most are short.
pub(super) struct Lists {
    /// Where each begins; the last entry is where all end.
    begins: Vec<u32>,
    all: Vec<u32>,
}

impl Lists {
    /// So many lists; each number from 0 goes into the one that `of` has for it, in order.
    pub fn new(count: usize, of: impl Iterator<Item = usize> + Clone) -> Lists {
        let mut begins = vec![0_u32; count + 1];
        of.clone().for_each(|list| begins[list + 1] += 1);
        for list in 0..count {
            begins[list + 1] += begins[list];
        }
        let mut free = begins.clone();
        let mut all = vec![0; begins[count] as usize];
        for (number, list) in of.enumerate() {
            all[free[list] as usize] = number as u32;
            free[list] += 1;
        }
        Lists { begins, all }
    }

    /// The numbers in one.
    pub fn of(&self, list: usize) -> &[u32] {
        &self.all[self.begins[list] as usize..self.begins[list + 1] as usize]
    }
}
