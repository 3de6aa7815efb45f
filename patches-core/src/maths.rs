//! The project's own maths over lanes.
