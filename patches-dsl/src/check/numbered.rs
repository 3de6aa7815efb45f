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
    pub fn lists(&self, of: impl Fn(&(usize, usize, &Cable)) -> usize) -> Vec<Vec<u32>> {
        let mut lists = vec![Vec::new(); self.modules.len()];
        for (index, cable) in self.cables.iter().enumerate() {
            lists[of(cable)].push(index as u32);
        }
        lists
    }
}
