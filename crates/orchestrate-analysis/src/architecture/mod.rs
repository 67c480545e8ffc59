//! Who imports whom: the graph of a project's own modules, its cycles, its couplings and its layers.
//!
//! A module is a file; in Go, where files of a directory are one, it is the directory.

mod extract;
mod graph;
mod import;
mod layers;
mod report;
mod resolve;
#[cfg(test)]
mod tests;

pub use extract::imports;
pub use import::{Import, When};
pub use layers::{LayerViolation, Layers};
pub use report::{ArchitectureReport, Coupling, Cycle, Step, architecture};
