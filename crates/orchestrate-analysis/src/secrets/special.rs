//! The rules with scanners of their own.

use super::rule::{How, Rule};
use crate::finding::{Confidence, Severity};

/// The rules, by what they look at.
pub(super) static RULES: &[Rule] = &[
    special(
        GENERIC,
        "value that looks like a credential",
        Severity::High,
        Confidence::Medium,
        &[
            "key",
            "token",
            "secret",
            "passw",
            "credential",
            "creds",
            "access",
            "auth",
            "api",
        ],
    ),
    special(
        PRIVATE_KEY,
        "private key",
        Severity::Critical,
        Confidence::High,
        &["PRIVATE KEY"],
    ),
    special(
        KUBERNETES,
        "value in a Kubernetes secret, which is encoded and not encrypted",
        Severity::High,
        Confidence::Medium,
        &["kind: secret", "kind: 'secret", "kind: \"secret"],
    ),
    special(
        NUGET,
        "password of a NuGet source",
        Severity::High,
        Confidence::Medium,
        &["<add key=\""],
    ),
    special(
        URL,
        "password in an address",
        Severity::High,
        Confidence::Medium,
        &["://"],
    ),
    special(
        ENCODED_WEB_TOKEN,
        "JSON web token, encoded once more",
        Severity::Medium,
        Confidence::Low,
        &["ZXlK"],
    ),
    special(
        TERRAFORM,
        "password in a file of Terraform",
        Severity::High,
        Confidence::Medium,
        &["password"],
    ),
    Rule {
        id: KEY_STORE,
        title: "file that usually holds a private key",
        severity: Severity::Medium,
        confidence: Confidence::Medium,
        how: How::File {
            endings: &[".p12", ".pfx"],
        },
    },
];

/// The rule for values that only look like credentials.
pub(super) const GENERIC: &str = "secrets.generic";
/// The rule for private key blocks.
pub(super) const PRIVATE_KEY: &str = "secrets.private-key";
/// The rule for Kubernetes secrets.
pub(super) const KUBERNETES: &str = "secrets.kubernetes-secret";
/// The rule for NuGet settings.
pub(super) const NUGET: &str = "secrets.nuget-password";
/// The rule for web tokens that are encoded once more.
pub(super) const ENCODED_WEB_TOKEN: &str = "secrets.encoded-web-token";
/// The rule for passwords that are written out in Terraform's files.
pub(super) const TERRAFORM: &str = "secrets.terraform-password";
/// The rule for files that hold private keys.
pub(super) const KEY_STORE: &str = "secrets.key-store";
/// The rule for addresses with a password in them.
pub(super) const URL: &str = "secrets.url-password";

const fn special(
    id: &'static str,
    title: &'static str,
    severity: Severity,
    confidence: Confidence,
    keywords: &'static [&'static str],
) -> Rule {
    Rule {
        id,
        title,
        severity,
        confidence,
        how: How::Special { keywords },
    }
}
