//! The rules of the analysis as pages: what `explain RULE` and `docs rules` print.

use orchestrate_analysis::{secrets, security};
use serde::Serialize;

/// The page of one rule.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Rule {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    /// The worst severity that the rule gives.
    pub(crate) severity: String,
    /// Number in the Common Weakness Enumeration.
    pub(crate) cwe: u16,
    pub(crate) why: &'static str,
    pub(crate) fix: &'static str,
}

/// All rules, by id.
pub(crate) fn all() -> Vec<Rule> {
    let security = security::rules().into_iter().map(|rule| Rule {
        id: rule.id,
        title: rule.title,
        severity: format!("{:?}", rule.severity).to_lowercase(),
        cwe: rule.cwe,
        why: rule.why,
        fix: rule.fix,
    });
    let secrets = secrets::rules().into_iter().map(|rule| Rule {
        id: rule.id,
        title: rule.title,
        severity: format!("{:?}", rule.severity).to_lowercase(),
        cwe: 798,
        why: "whoever can read the repository or its history can use the credential",
        fix: "revoke it where it was issued, then read its successor from the environment or a secret store",
    });
    let mut all: Vec<Rule> = security.chain(secrets).collect();
    all.sort_by_key(|rule| rule.id);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_every_rule_says_why_and_how_to_mend_it() {
        let all = all();
        assert!(all.len() > 20, "{}", all.len());
        for pair in all.windows(2) {
            assert_ne!(pair[0].id, pair[1].id);
        }
        for rule in all {
            assert!(!rule.why.is_empty() && !rule.fix.is_empty(), "{}", rule.id);
        }
    }
}
