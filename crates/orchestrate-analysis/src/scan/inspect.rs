//! The one place where the rules that look for findings are called, file by file.
//!
//! `ENGINES` says which rules run. A report must not read "no findings" from a scan that ran none.

use super::snapshot::Engine;
use crate::finding::Finding;
use crate::source::{ParsedFile, Role};
use crate::user_rules::UserRules;
use crate::{secrets, security};

/// The engines whose findings a scan holds.
pub(super) const ENGINES: &[Engine] = &[Engine::Security, Engine::Secrets];

/// Findings of rules over the syntax tree of one file.
pub(super) fn syntax(file: &ParsedFile<'_>, rules: &UserRules) -> Vec<Finding> {
    let mut found = security::check(file);
    found.extend(rules.in_tree(file));
    found
}

/// Credentials in the text of any file, source or not, and what rules of the user find in it.
pub(super) fn text(path: &str, text: &str, role: Role, rules: &UserRules) -> Vec<Finding> {
    secrets::check_with(path, text, role == Role::Test, rules)
}

/// Marks findings that stand in test code inside a file that ships, which only the tree tells.
pub(super) fn mark_tests(findings: &mut [Finding], file: &ParsedFile<'_>) {
    if file.test_ranges.is_empty() || findings.is_empty() {
        return;
    }
    let mut starts = vec![0];
    starts.extend(file.source.text.match_indices('\n').map(|(at, _)| at + 1));
    for finding in findings {
        let start = starts.get((finding.line as usize).saturating_sub(1));
        finding.in_test |= start.is_some_and(|start| file.is_test(*start));
    }
}
