//! What tests claim: whether they assert anything, and whether they reach the product at all.
//!
//! Coverage says that a line ran. It does not say that anybody looked at the result, and a suite of `assert True` can
//! be large and green. This module reads the syntax of tests and names those that claim nothing. It judges only what
//! is visible: a call that it cannot look into may assert, so such a test has "no visible assertion", which is not the
//! same as none. It runs nothing.

mod assertions;
mod calls;
mod constants;
mod find;
mod inspect;
mod model;
mod names;
mod reach;
mod tautology;
#[cfg(test)]
mod tests;
mod walk;

pub use inspect::inspect;
pub use model::{Claims, Reach, TestFacts, TestFunction};
pub use names::{ProductNames, declarations};
pub(crate) use walk::walk;
