//! Small faults planted in a function, so that a test can show that it would notice one.
//!
//! A test that passes whatever the code does proves nothing. Here are changes of one place each: a
//! condition negated, an operator swapped, a returned value replaced, a statement removed. Whether a
//! test fails for one of them is for a caller to find out who can run it.

mod choose;
mod mutant;
mod operators;
mod plant;
#[cfg(test)]
mod tests;

pub use mutant::{Mutant, MutantKind};
pub use plant::mutants;
