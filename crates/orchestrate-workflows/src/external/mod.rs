//! The user's own tools, run on request, with their findings beside ours.
//!
//! Only programs that are installed are run, within a time limit, and nothing is downloaded. What a
//! tool finds is merged with what the analysis found at the same line of the same kind, and names
//! the tool. A tool that is missing or fails has found nothing, which is told and is no good news.

mod cvss;
mod family;
mod merge;
mod model;
mod parse;
mod run;
mod tool;

pub(crate) use merge::{Merged, merge, merge_across};
pub(crate) use model::{ToolRun, ToolState};
pub(crate) use run::{Bounds, run};
pub use tool::ExternalTool;
