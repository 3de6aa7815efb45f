//! Every operation against its one-lane form.
