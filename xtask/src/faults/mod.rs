//! `faults`: builds the fault harness with what it tests, and starts it. The harness itself is a
//! program of its own in this folder (`main.rs`), so that the other verbs build without the product.

mod verb;

pub(crate) use verb::VERB;
