//! What is known of a rule beyond a single finding of it.

use orchestrate_analysis::security;

/// The explanation of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RuleHelp {
    pub(super) title: &'static str,
    pub(super) why: &'static str,
    pub(super) fix: &'static str,
    /// Number in the Common Weakness Enumeration.
    pub(super) cwe: Option<u16>,
}

/// The explanation of a rule by its id, where a catalogue has it.
pub(super) fn help(rule_id: &str) -> Option<RuleHelp> {
    security::rules()
        .into_iter()
        .find(|rule| rule.id == rule_id)
        .map(|rule| RuleHelp {
            title: rule.title,
            why: rule.why,
            fix: rule.fix,
            cwe: Some(rule.cwe),
        })
}
