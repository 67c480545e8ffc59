//! Figures of one parsed file: its functions, its lines, its markers and its hazards.
//!
//! The tree is walked once, without recursion, whatever its depth.

mod construct;
mod facts;
mod hazard;
mod marker;
mod measure;
mod name;
mod test_code;
#[cfg(test)]
mod tests;

pub use facts::{FileMeasures, FunctionFacts};
pub use hazard::{Hazard, HazardKind};
pub use marker::{Marker, MarkerKind};
pub use measure::measure;
pub use test_code::{TestCode, test_code};
