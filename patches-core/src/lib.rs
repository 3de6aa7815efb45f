//! The words everything else is said in: values and kinds, module specs, the patch graph, lanes, the kernel form and
//! its drivers, and the project's own maths. It knows no text, file, device or thread, and no single module.

pub mod declare;
pub mod drive;
pub mod exact;
pub mod graph;
pub mod isa;
pub mod kernel;
pub mod lanes;
pub mod library;
pub mod lower;
pub mod maths;
pub mod rig;
pub mod score;
pub mod spec;

/// What a module file needs.
pub mod prelude {
    pub use crate::drive::KernelDef;
    pub use crate::kernel::{Cx, Kernel, Row};
    pub use crate::lanes::{LaneBits, LaneMask, Lanes};
    pub use crate::lower::{Def, Feed, Lowering, Period, Wire};
    pub use crate::maths;
    pub use crate::spec::{Input, Kind, Output, Param, Spec, hz};
    pub use crate::{kernel, module, row};
}
