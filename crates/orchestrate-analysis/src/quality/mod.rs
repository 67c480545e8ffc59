//! A score for code, from 0 to 10, printed with everything that it is made of.

mod counts;
mod report;
mod score;

pub use counts::QualityCounts;
pub use report::{QualityReport, Worst, quality};
pub use score::{Component, score};
