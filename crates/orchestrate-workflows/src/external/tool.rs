//! Which tools there are, who runs them, and what they are good for.

use orchestrate_analysis::language::Language;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const SECURITY: &str = "security_auditor";
const QUALITY: &str = "code_reviewer";

/// A tool that is run on request.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ExternalTool {
    /// Linter for Python.
    Ruff,
    /// Security linter for Python.
    Bandit,
    /// Rules of the user's own for many languages.
    Semgrep,
    /// Security linter for Go.
    Gosec,
    /// Linter for Rust.
    Clippy,
    /// Known vulnerabilities of Rust crates.
    CargoAudit,
    /// Linter for JavaScript and TypeScript.
    Eslint,
}

impl ExternalTool {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Ruff,
        Self::Bandit,
        Self::Semgrep,
        Self::Gosec,
        Self::Clippy,
        Self::CargoAudit,
        Self::Eslint,
    ];

    /// Its name, as it is asked for.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ruff => "ruff",
            Self::Bandit => "bandit",
            Self::Semgrep => "semgrep",
            Self::Gosec => "gosec",
            Self::Clippy => "clippy",
            Self::CargoAudit => "cargo-audit",
            Self::Eslint => "eslint",
        }
    }

    /// The tool of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    /// Whether an agent runs it, by the id of its template. What ruff finds is of two kinds, so two
    /// agents run it and each keeps its own.
    #[must_use]
    pub fn is_run_by(self, agent: &str) -> bool {
        match self {
            Self::Bandit | Self::Semgrep | Self::Gosec | Self::CargoAudit => agent == SECURITY,
            Self::Clippy | Self::Eslint => agent == QUALITY,
            Self::Ruff => agent == SECURITY || agent == QUALITY,
        }
    }

    /// Whether a finding of it is for this agent.
    pub(super) fn is_for(self, rule: &str, agent: &str) -> bool {
        match self {
            // The rules that ruff took over from bandit.
            Self::Ruff => (agent == SECURITY) == is_security_rule(rule),
            _ => true,
        }
    }

    /// The languages that it reads; none when it reads many.
    pub(super) fn languages(self) -> &'static [Language] {
        match self {
            Self::Ruff | Self::Bandit => &[Language::Python],
            Self::Semgrep => &[],
            Self::Gosec => &[Language::Go],
            Self::Clippy | Self::CargoAudit => &[Language::Rust],
            Self::Eslint => &[Language::JavaScript, Language::TypeScript],
        }
    }

    /// How to get it.
    pub(super) fn install(self) -> &'static str {
        match self {
            Self::Ruff => "`pip install ruff`",
            Self::Bandit => "`pip install bandit`",
            Self::Semgrep => "`pip install semgrep`",
            Self::Gosec => "`go install github.com/securego/gosec/v2/cmd/gosec@latest`",
            Self::Clippy => "`rustup component add clippy`",
            Self::CargoAudit => {
                "`cargo install cargo-audit`, and `cargo audit` once to get its database"
            }
            Self::Eslint => "`npm install --save-dev eslint`",
        }
    }
}

/// `S` and a number: `SIM` and `SLF` are of other kinds.
fn is_security_rule(rule: &str) -> bool {
    rule.strip_prefix('S')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}
