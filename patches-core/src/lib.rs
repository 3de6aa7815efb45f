//! The words everything else is said in: values and kinds, module specs, the patch graph, lanes, the kernel form and
//! its drivers, and the project's own maths. It knows no text, file, device or thread, and no single module.

pub mod exact;
pub mod graph;
pub mod lanes;
pub mod library;
pub mod spec;
