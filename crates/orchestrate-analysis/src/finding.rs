//! What a rule found, where, how bad it is, and how to mend it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How bad a finding is. The order is from worst to least.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Exploitable as it stands, or a live credential: a release must not carry it.
    Critical,
    /// Likely exploitable, or one step from it.
    High,
    /// A weakness that needs other conditions.
    Medium,
    /// Bad practice with a small effect.
    Low,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// The word that reports show, for example `critical`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Info => "info",
        }
    }
}

/// How sure the rule is that this is what it looks like.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The pattern itself is the fault, or data was followed from its source.
    High,
    /// The pattern is usually the fault.
    Medium,
    /// A hint for a reader.
    Low,
}

/// One finding at one position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Stable id of the rule, for example `python.command-injection` or `secrets.aws-access-key`.
    pub rule_id: String,
    /// How bad it is.
    pub severity: Severity,
    /// How sure the rule is.
    pub confidence: Confidence,
    /// Path relative to the repository, with forward slashes.
    pub path: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What was found, in one sentence that names the code (never a secret itself).
    pub message: String,
    /// How to mend it, in one sentence.
    pub fix: String,
    /// Identity that survives moved lines: a hash of rule, path, enclosing function and the normalised line.
    pub fingerprint: String,
    /// Whether it stands in test code; such findings are listed apart and never counted as product.
    pub in_test: bool,
    /// The reason given in a suppression comment beside it; a suppressed finding is counted apart.
    pub suppressed: Option<String>,
}

/// The identity of a finding that survives moved lines, as 16 hexadecimal digits.
///
/// `function` is the name of the function around it, empty outside of any; `line` its source line
/// (with a secret masked first), whose white space does not count.
#[must_use]
pub fn fingerprint(rule_id: &str, path: &str, function: &str, line: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in [rule_id, path, function] {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    for word in line.split_whitespace() {
        hasher.update(word.as_bytes());
        hasher.update(b" ");
    }
    let mut hex = hasher.finalize().to_hex().to_string();
    hex.truncate(16);
    hex
}

/// Appends an ordinal (`-2`, `-3`) to fingerprints that occur again, in the order given.
pub fn number_equal(findings: &mut [Finding]) {
    let mut seen = std::collections::HashMap::<String, u32>::new();
    for finding in findings {
        let count = seen.entry(finding.fingerprint.clone()).or_default();
        *count += 1;
        if *count > 1 {
            finding.fingerprint = format!("{}-{count}", finding.fingerprint);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_does_not_change_an_identity_and_anything_else_does() {
        let one = fingerprint("r", "p", "f", "  a = b");
        assert_eq!(one, fingerprint("r", "p", "f", "a  =  b  "));
        assert_eq!(one.len(), 16);
        assert_ne!(one, fingerprint("r", "p", "g", "a = b"));
        assert_ne!(one, fingerprint("r", "p", "f", "a = c"));
        assert_ne!(
            fingerprint("ab", "c", "", ""),
            fingerprint("a", "bc", "", "")
        );
    }
}
