//! What a report is limited to: findings that are new beside an earlier report, or that lie on a change.
//!
//! Only the list of findings and the gate over critical issues are limited. Every other figure is
//! one of the whole repository, and what is left out is counted.

mod baseline;
mod change;
mod narrow;

pub use baseline::Baseline;
pub use change::Change;
pub(crate) use narrow::narrow;

/// What a report is limited to; nothing by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Only findings that this earlier report does not hold.
    pub baseline: Option<Baseline>,
    /// Only findings on lines and files that this change touches.
    pub change: Option<Change>,
}
