//! Rules of a project's configuration that leave findings out, each with a reason.
//!
//! What a rule leaves out is counted and shown, never passed over in silence; a rule that leaves
//! nothing out is told as well, because it has become idle.

use globset::{GlobBuilder, GlobMatcher};
use orchestrate_analysis::finding::Finding;

/// Leaves out findings of some rules in some paths.
#[derive(Debug, Clone)]
pub struct IgnoreRule {
    /// The pattern of rules, for example `python.*`.
    pub rule: String,
    /// The pattern of paths, for example `scripts/**`.
    pub path: String,
    /// Why.
    pub reason: String,
    rules: GlobMatcher,
    paths: GlobMatcher,
}

impl IgnoreRule {
    /// A rule. In patterns `*` stands for anything but a slash, `**` for anything, `{a,b}` for
    /// either; a path that ends with a slash stands for all that lies below it.
    ///
    /// # Errors
    /// A fragment that says what is wrong: a pattern that cannot be read, or no reason.
    pub fn new(rule: &str, path: &str, reason: &str) -> Result<Self, String> {
        if reason.trim().is_empty() {
            return Err("needs a `reason`".to_owned());
        }
        let below = if path.ends_with('/') { "**" } else { "" };
        Ok(Self {
            rules: pattern(rule)?,
            paths: pattern(&format!("{}{below}", path.trim_start_matches("./")))?,
            rule: rule.to_owned(),
            path: path.to_owned(),
            reason: reason.trim().to_owned(),
        })
    }

    /// Whether it leaves this finding out.
    #[must_use]
    pub fn covers(&self, finding: &Finding) -> bool {
        self.rules.is_match(&finding.rule_id) && self.paths.is_match(&finding.path)
    }
}

fn pattern(text: &str) -> Result<GlobMatcher, String> {
    let glob = GlobBuilder::new(text).literal_separator(true).build();
    let glob = glob.map_err(|error| format!("has a pattern that cannot be read: {error}"))?;
    Ok(glob.compile_matcher())
}

#[cfg(test)]
mod tests {
    use super::*;
    use orchestrate_analysis::finding::{Confidence, Severity};

    #[test]
    fn patterns_say_what_is_left_out() {
        let check = |rule: &str, path: &str, expected: bool| {
            let finding = Finding {
                rule_id: "python.weak-hash".into(),
                severity: Severity::Low,
                confidence: Confidence::High,
                path: "scripts/deep/a.py".into(),
                line: 1,
                column: 1,
                message: String::new(),
                fix: String::new(),
                fingerprint: String::new(),
                in_test: false,
                suppressed: None,
            };
            let ignore = IgnoreRule::new(rule, path, "why").unwrap();
            assert_eq!(ignore.covers(&finding), expected, "{rule} {path}");
        };
        check("*", "**", true);
        check("python.*", "scripts/", true);
        check("python.weak-hash", "scripts/**", true);
        check("{go,python}.weak-*", "./scripts/deep/*.py", true);
        check("python", "**", false);
        check("python.*", "scripts/*", false);
        check("python.*", "src/", false);
        assert!(
            IgnoreRule::new("*", "**", " ")
                .unwrap_err()
                .contains("reason")
        );
        assert!(
            IgnoreRule::new("[", "**", "why")
                .unwrap_err()
                .contains("pattern")
        );
    }
}
