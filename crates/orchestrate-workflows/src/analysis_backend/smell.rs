//! Findings that are made here from figures, rather than by a rule of the analysis.

use orchestrate_analysis::finding::{Confidence, Finding, Severity, fingerprint};

/// Something worth mending at a line of product code.
#[derive(Debug)]
pub(super) struct Smell<'a> {
    pub(super) rule_id: &'static str,
    pub(super) severity: Severity,
    pub(super) confidence: Confidence,
    pub(super) path: &'a str,
    pub(super) line: u32,
    /// What it is about beside its file, for its identity: a function, a link; may be empty.
    pub(super) subject: &'a str,
    pub(super) message: String,
    pub(super) fix: &'static str,
}

impl From<Smell<'_>> for Finding {
    fn from(smell: Smell<'_>) -> Self {
        Self {
            rule_id: smell.rule_id.to_owned(),
            severity: smell.severity,
            confidence: smell.confidence,
            path: smell.path.to_owned(),
            line: smell.line,
            column: 1,
            message: smell.message,
            fix: smell.fix.to_owned(),
            fingerprint: fingerprint(smell.rule_id, smell.path, smell.subject, ""),
            in_test: false,
            suppressed: None,
        }
    }
}
