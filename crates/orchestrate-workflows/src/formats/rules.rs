//! What is known of a rule beyond a single finding of it.

use orchestrate_analysis::{secrets, security};

/// The explanation of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RuleHelp {
    pub(super) title: &'static str,
    pub(super) why: &'static str,
    /// Number in the Common Weakness Enumeration.
    pub(super) cwe: u16,
}

/// The explanation of a rule by its id, where a catalogue has it.
pub(super) fn help(rule_id: &str) -> Option<RuleHelp> {
    let security = security::rules()
        .into_iter()
        .find(|rule| rule.id == rule_id);
    if let Some(rule) = security {
        return Some(RuleHelp {
            title: rule.title,
            why: rule.why,
            cwe: rule.cwe,
        });
    }
    let secrets = secrets::rules();
    let secret = secrets.into_iter().find(|rule| rule.id == rule_id)?;
    Some(RuleHelp {
        title: secret.title,
        why: "whoever can read the repository or any copy of it can use the credential",
        // Use of hard-coded credentials.
        cwe: 798,
    })
}

#[cfg(test)]
mod tests {
    use super::help;

    #[test]
    fn both_catalogues_are_asked() {
        assert_eq!(
            help("python.command-injection").map(|rule| rule.cwe),
            Some(78)
        );
        let secret = orchestrate_analysis::secrets::rules()[0].id;
        assert_eq!(help(secret).map(|rule| rule.cwe), Some(798));
        assert_eq!(help("quality.unwrap"), None);
    }
}
