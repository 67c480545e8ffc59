//! How the time of one invocation grows with the number of its items: a pure function over what was measured.
//!
//! `growth` names the classes, `fit` fits one curve, `judge` holds all of them against the points and names a
//! class only when the points tell it from every other.

mod fit;
mod growth;
mod judge;
#[cfg(test)]
mod tests;

pub use fit::{Fit, Point};
pub use growth::Growth;
pub use judge::{Scaling, scaling};
