//! The one place where the rules that look for findings are called, file by file.
//!
//! `ENGINES` says which rules run. A report must not read "no findings" from a scan that ran none.

use super::snapshot::Engine;
use crate::finding::Finding;
use crate::source::{ParsedFile, Role};

/// The engines whose findings a scan holds.
pub(super) const ENGINES: &[Engine] = &[];

/// Findings of rules over the syntax tree of one file.
pub(super) fn syntax(_file: &ParsedFile<'_>) -> Vec<Finding> {
    Vec::new()
}

/// Findings of rules over the text of any file, source or not.
pub(super) fn text(_path: &str, _text: &str, _role: Role) -> Vec<Finding> {
    Vec::new()
}
