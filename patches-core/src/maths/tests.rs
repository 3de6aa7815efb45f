//! Errors against f64, exactness, and the same bits on every lane form.
