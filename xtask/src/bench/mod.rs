//! `bench`: our own benchmarks, and the static analysis beside the tools that do parts of it.

mod criterion;
mod peers;
mod verb;

pub(crate) use verb::VERB;
