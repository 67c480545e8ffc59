//! How bad an advisory says it is.

use std::str::FromStr;

use crate::finding::Severity;

/// The severity of a CVSS vector of version 2, 3 or 4; `None` for text that is none.
pub(super) fn of_vector(vector: &str) -> Option<Severity> {
    let vector = cvss::Cvss::from_str(vector.trim()).ok()?;
    Some(match vector.severity() {
        cvss::Severity::Critical => Severity::Critical,
        cvss::Severity::High => Severity::High,
        cvss::Severity::Medium => Severity::Medium,
        cvss::Severity::Low => Severity::Low,
        cvss::Severity::None => Severity::Info,
    })
}

/// The severity of a word such as `MODERATE`.
pub(super) fn of_word(word: &str) -> Option<Severity> {
    Some(match word.to_ascii_lowercase().as_str() {
        "critical" => Severity::Critical,
        "high" | "important" => Severity::High,
        "medium" | "moderate" => Severity::Medium,
        "low" => Severity::Low,
        "none" | "informational" => Severity::Info,
        _ => return None,
    })
}
