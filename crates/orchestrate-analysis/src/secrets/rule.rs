//! A secret rule as data: what `explain` prints and what the scanner needs.

use crate::finding::{Confidence, Severity};

/// One rule of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Stable id, for example `secrets.aws-access-key`.
    pub id: &'static str,
    /// What it finds, in a few words.
    pub title: &'static str,
    /// How bad a live one is.
    pub severity: Severity,
    /// How sure the rule is.
    pub confidence: Confidence,
    pub(super) how: How,
}

/// How a rule recognises its secret.
#[derive(Debug, Clone, Copy)]
pub(super) enum How {
    /// The token has a form of its own: one of the keywords is part of it.
    Form {
        keywords: &'static [&'static str],
        pattern: &'static str,
        /// Least Shannon entropy in bits per character.
        entropy: f64,
        /// Whether a checksum at its end holds; a wrong one lowers the confidence.
        checksum: Option<fn(&str) -> bool>,
    },
    /// A value of a known form assigned to a name that holds one of the words.
    Assigned {
        words: &'static [&'static str],
        pattern: &'static str,
        entropy: f64,
    },
    /// A rule with a scanner of its own.
    Special { keywords: &'static [&'static str] },
    /// A file with one of these endings, whatever it holds.
    File { endings: &'static [&'static str] },
}

impl Rule {
    /// Number in the Common Weakness Enumeration: hard-coded credentials.
    pub const CWE: u16 = 798;
    /// Why it matters, in one sentence.
    pub const WHY: &'static str = "whoever can read the repository, or ever could, can use it";
    /// How to mend it, in one sentence.
    pub const FIX: &'static str = "revoke it, then read it from the environment or a secret store";

    pub(super) fn keywords(&self) -> &'static [&'static str] {
        match self.how {
            How::Form { keywords, .. } | How::Special { keywords } => keywords,
            How::Assigned { words, .. } => words,
            How::File { .. } => &[],
        }
    }
}

/// A token with a form of its own that opens a door: critical.
pub(super) const fn form(
    id: &'static str,
    title: &'static str,
    keywords: &'static [&'static str],
    pattern: &'static str,
    entropy: f64,
) -> Rule {
    Rule {
        id,
        title,
        severity: Severity::Critical,
        confidence: Confidence::High,
        how: How::Form {
            keywords,
            pattern,
            entropy,
            checksum: None,
        },
    }
}

/// A value known by the name that it is assigned to: high.
pub(super) const fn assigned(
    id: &'static str,
    title: &'static str,
    words: &'static [&'static str],
    pattern: &'static str,
    entropy: f64,
) -> Rule {
    Rule {
        id,
        title,
        severity: Severity::High,
        confidence: Confidence::Medium,
        how: How::Assigned {
            words,
            pattern,
            entropy,
        },
    }
}

impl Rule {
    pub(super) const fn as_severity(mut self, severity: Severity, confidence: Confidence) -> Self {
        self.severity = severity;
        self.confidence = confidence;
        self
    }

    pub(super) const fn with_checksum(self, check: fn(&str) -> bool) -> Self {
        match self.how {
            How::Form {
                keywords,
                pattern,
                entropy,
                ..
            } => Self {
                how: How::Form {
                    keywords,
                    pattern,
                    entropy,
                    checksum: Some(check),
                },
                ..self
            },
            _ => self,
        }
    }
}
