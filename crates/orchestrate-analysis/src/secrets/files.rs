//! Files that are secrets as a whole, whatever is in them.

use super::rule::{How, Rule};
use super::special;
use crate::finding::{Finding, fingerprint};
use crate::user_rules::{Suspect, UserRules};

/// A finding for a file whose name says that it holds a private key, unless the user allows it.
pub(crate) fn key_store(path: &str, in_test: bool, rules: &UserRules) -> Option<Finding> {
    let lower = path.to_ascii_lowercase();
    let rule = special::RULES.iter().find(|rule| match rule.how {
        How::File { endings } => endings.iter().any(|ending| lower.ends_with(ending)),
        _ => false,
    })?;
    let suspect = Suspect {
        path,
        secret: "",
        matched: "",
        line: "",
    };
    let name = rule.id.strip_prefix("secrets.").unwrap_or(rule.id);
    if rules.allows(name, suspect) {
        return None;
    }
    Some(Finding {
        rule_id: rule.id.to_owned(),
        severity: rule.severity,
        confidence: rule.confidence,
        path: path.to_owned(),
        line: 1,
        column: 1,
        message: rule.title.to_owned(),
        fix: Rule::FIX.to_owned(),
        fingerprint: fingerprint(rule.id, path, "", ""),
        in_test,
        suppressed: None,
    })
}

#[cfg(test)]
mod tests {
    use super::key_store;
    use crate::user_rules::UserRules;

    #[test]
    fn files_with_private_keys_are_found_by_their_names() {
        let found = |path| key_store(path, false, &UserRules::default()).map(|it| it.rule_id);
        let rule = Some("secrets.key-store".to_owned());
        assert_eq!(found("deploy/signing.P12"), rule);
        assert_eq!(found("app/release.pfx"), rule);
        assert_eq!(found("docs/pfx.md"), None);
        assert_eq!(found("p12"), None);
    }
}
