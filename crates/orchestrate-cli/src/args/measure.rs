//! What the agents that measure a repository may be told beside its path.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

/// What is measured against.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Measuring")]
pub(crate) struct MeasureArgs {
    /// A local copy of an advisory database, RustSec or OSV, to audit lock files against; repeatable
    #[arg(long, value_name = "DIR")]
    pub(crate) advisory_db: Vec<PathBuf>,
    /// An advisory that was looked at and does not matter here, with the reason; repeatable
    #[arg(long, value_name = "ID: REASON")]
    pub(crate) accept_advisory: Vec<Accepted>,
    /// A `gitleaks.toml` whose rules and allow-lists hold beside the built-in rules
    #[arg(long, value_name = "FILE")]
    pub(crate) gitleaks_config: Option<PathBuf>,
    /// Own rules: all files `*.toml` in DIR (`orchestrate docs user-rules` shows the format); repeatable
    #[arg(long, value_name = "DIR")]
    pub(crate) rules: Vec<PathBuf>,
    /// Directories from the highest layer to the lowest; a lower one may not import from a higher one
    #[arg(long, value_name = "DIR", value_delimiter = ',')]
    pub(crate) layers: Vec<String>,
    /// Parse every file anew, and keep nothing for the next time
    #[arg(long)]
    pub(crate) no_cache: bool,
}

/// Where the coverage of tests comes from.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct TestArgs {
    /// Coverage reports to read, in place of those found in the repository
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "run_tests")]
    pub(crate) coverage_report: Vec<PathBuf>,
    /// Run the project's own tests under coverage, in a copy of the repository; takes their time
    #[arg(long, help_heading = "Programs")]
    pub(crate) run_tests: bool,
    /// Longest time for the tests of one project, in seconds [default: 1800]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Programs")]
    pub(crate) test_timeout: Option<u64>,
}

/// An id with a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Accepted {
    pub(crate) id: String,
    pub(crate) reason: String,
}

impl FromStr for Accepted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (id, reason) = text.split_once(':').unwrap_or((text, ""));
        let (id, reason) = (id.trim().to_owned(), reason.trim().to_owned());
        if id.is_empty() || reason.is_empty() {
            return Err("an advisory is accepted as `ID: reason`".to_owned());
        }
        Ok(Self { id, reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_accepted_without_a_reason() {
        assert_eq!(
            "CVE-1: not reachable".parse(),
            Ok(Accepted {
                id: "CVE-1".into(),
                reason: "not reachable".into()
            })
        );
        for bad in ["CVE-1", "CVE-1: ", ": why"] {
            assert!(bad.parse::<Accepted>().is_err(), "{bad}");
        }
    }
}
