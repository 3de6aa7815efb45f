//! The patch language: text to a checked patch graph, with faults.
//!
//! `text → tree → flat patch → graph`: [`parse`] reads one text with the grammar, `expand` opens templates and puts
//! names in, `check` gives values the units of the inputs they meet. Each gives what could be made of the text, and what
//! is wrong with it. Nothing here knows how a module sounds.

mod again;
mod build;
mod build_expr;
mod build_score;
mod check;
mod columns;
mod expand;
pub mod fault;
pub mod flat;
mod format;
mod hash;
mod kinds;
mod lead;
pub mod limits;
pub mod linear;
mod load;
mod missing;
mod nodes;
mod older;
pub mod parse;
pub mod print;
mod print_score;
mod products;
mod recover;
mod render;
pub mod score;
mod show;
mod show_score;
mod sides;
mod slip_words;
mod slips;
mod source;
mod statement;
pub mod tree;
pub mod value;
mod yaml;
mod yaml_tree;
mod yaml_write;

pub use fault::{Fault, Severity, codes};
pub use format::format;
pub use load::{Before, load, load_again};
pub use older::{find as find_type, names as type_names, not_yet, older_names};
pub use source::{Disk, Files, Loaded, Memory, SourceFile};
pub use yaml_write::to_yaml;
