//! Every rule that a finding of the analysis can name: what it finds, why it matters, how to mend it.
//!
//! The rules of the security and secret scanners stand with them; those over figures stand here.

use orchestrate_analysis::finding::Severity;
use orchestrate_analysis::performance::slow_patterns;
use orchestrate_analysis::{secrets, security};

/// The explanation of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Stable id, for example `python.command-injection`.
    pub id: &'static str,
    /// What it finds, in a few words.
    pub title: &'static str,
    /// The worst severity that it gives.
    pub severity: Severity,
    /// Why it matters, in one sentence.
    pub why: &'static str,
    /// How to mend it, in one sentence.
    pub fix: &'static str,
    /// Number in the Common Weakness Enumeration, where the rule is about a weakness.
    pub cwe: Option<u16>,
}

const fn figure(
    id: &'static str,
    title: &'static str,
    severity: Severity,
    why: &'static str,
    fix: &'static str,
) -> Rule {
    Rule {
        id,
        title,
        severity,
        why,
        fix,
        cwe: None,
    }
}

const fn weakness(
    id: &'static str,
    title: &'static str,
    severity: Severity,
    why: &'static str,
    fix: &'static str,
    cwe: u16,
) -> Rule {
    Rule {
        cwe: Some(cwe),
        ..figure(id, title, severity, why, fix)
    }
}

const OR_ERROR: &str = "return an error that says what was expected";

/// The rules over figures and dependencies.
const FIGURES: &[Rule] = &[
    figure(
        "architecture.import-cycle",
        "modules that import each other",
        Severity::Low,
        "none of them can be understood, tested or loaded without the others",
        "move what both need into a module of its own, or hand it in",
    ),
    figure(
        "architecture.layer",
        "import from a lower layer into a higher one",
        Severity::Medium,
        "the lower layer cannot be used or changed without the higher one",
        "move what is needed down, or hand it in from above",
    ),
    weakness(
        "dependencies.notice",
        "notice about a dependency",
        Severity::Info,
        "its keepers or others want its users to know something",
        "read the advisory",
        1395,
    ),
    weakness(
        "dependencies.unmaintained",
        "dependency that nobody maintains",
        Severity::Low,
        "faults that become known in it will not be mended",
        "replace it by one that is maintained",
        1104,
    ),
    weakness(
        "dependencies.unrated",
        "known vulnerability of unknown severity",
        Severity::Medium,
        "nobody said how bad it is, so nobody can say that it is harmless",
        "update the package, or look at the advisory and accept it with a reason",
        1395,
    ),
    weakness(
        "dependencies.unsound",
        "dependency that allows undefined behaviour",
        Severity::Critical,
        "safe code that uses it can corrupt memory",
        "update the package, or check that the affected function is not used",
        1395,
    ),
    weakness(
        "dependencies.vulnerable",
        "dependency with a known vulnerability",
        Severity::Critical,
        "how to exploit it is public",
        "update the package to a version that is not affected",
        1395,
    ),
    figure(
        "docs.broken-link",
        "link that leads nowhere",
        Severity::Low,
        "readers are sent to a file that does not exist",
        "mend the path or take the link out",
    ),
    figure(
        "docs.undocumented",
        "public items without documentation",
        Severity::Info,
        "who uses them has to read the code to know what they do",
        "say what it is for, what it takes and gives, and how it fails",
    ),
    figure(
        "quality.bare-except",
        "handler that swallows every error",
        Severity::Low,
        "mistakes of the program, and the wish to stop it, are hidden with the error that was meant",
        "name the exceptions that are expected",
    ),
    figure(
        "quality.complex-function",
        "function with many ways through it",
        Severity::Low,
        "each way has to be understood and tested",
        "split it where it decides between cases, and return early",
    ),
    figure(
        "quality.duplication",
        "code that stands more than once",
        Severity::Low,
        "a fault that is mended in one copy stays in the others",
        "keep one of them and call it from both places",
    ),
    figure(
        "quality.expect",
        "calls of `expect` outside of tests",
        Severity::Info,
        "the program ends where the claim does not hold",
        OR_ERROR,
    ),
    figure(
        "quality.oversized-file",
        "file that is too large to be read as one",
        Severity::Low,
        "it holds more than one subject, and changes to them meet in it",
        "split it by subject",
    ),
    figure(
        "quality.panic",
        "explicit panics outside of tests",
        Severity::Low,
        "the caller cannot handle it, and the program ends",
        OR_ERROR,
    ),
    figure(
        "quality.unfinished",
        "place that is not implemented",
        Severity::Medium,
        "whoever comes there finds a program that ends instead of an answer",
        "implement it or take it out",
    ),
    figure(
        "quality.unreachable",
        "claim that a place is unreachable",
        Severity::Info,
        "nothing checks the claim but the panic when it is wrong",
        "let the type say it",
    ),
    figure(
        "quality.unwrap",
        "calls of `unwrap` outside of tests",
        Severity::Low,
        "the program ends without a word on what was expected",
        OR_ERROR,
    ),
    figure(
        "refactoring.hotspot",
        "file that is complex and often changed",
        Severity::Info,
        "every change to it has to find its way through it",
        "begin with the function that is named: take its cases apart, and what is copied together",
    ),
];

/// All rules, by id.
#[must_use]
pub fn all() -> Vec<Rule> {
    let security = security::rules().into_iter().map(|rule| Rule {
        id: rule.id,
        title: rule.title,
        severity: rule.severity,
        why: rule.why,
        fix: rule.fix,
        cwe: Some(rule.cwe),
    });
    let secrets = secrets::rules().into_iter().map(|rule| Rule {
        id: rule.id,
        title: rule.title,
        severity: rule.severity,
        why: secrets::Rule::WHY,
        fix: secrets::Rule::FIX,
        cwe: Some(secrets::Rule::CWE),
    });
    let slow = slow_patterns().into_iter().map(|pattern| Rule {
        id: pattern.id,
        title: pattern.title,
        severity: pattern.severity,
        why: pattern.why,
        fix: pattern.fix,
        cwe: None,
    });
    let mut all: Vec<Rule> = security
        .chain(secrets)
        .chain(slow)
        .chain(FIGURES.iter().copied())
        .collect();
    all.sort_by_key(|rule| rule.id);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    #[test]
    fn every_rule_stands_once_and_says_why_and_how_to_mend_it() {
        let all = all();
        for pair in all.windows(2) {
            assert_ne!(pair[0].id, pair[1].id);
        }
        for rule in &all {
            assert!(!rule.why.is_empty() && !rule.fix.is_empty(), "{}", rule.id);
        }
        let cwe = |id: &str| all.iter().find(|rule| rule.id == id).map(|rule| rule.cwe);
        assert_eq!(cwe("python.command-injection"), Some(Some(78)));
        assert_eq!(cwe(secrets::rules()[0].id), Some(Some(798)));
        assert_eq!(cwe("quality.unwrap"), Some(None));
    }

    #[test]
    fn every_rule_over_figures_that_an_agent_names_is_explained_and_no_other() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/analysis_backend");
        let mut named = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            let quoted = text.split('"').filter(|part| {
                part.split_once('.').is_some_and(|(family, rule)| {
                    matches!(
                        family,
                        "dependencies"
                            | "docs"
                            | "quality"
                            | "architecture"
                            | "performance"
                            | "refactoring"
                    ) && !rule.is_empty()
                        && rule.chars().all(|c| c.is_ascii_lowercase() || c == '-')
                })
            });
            named.extend(quoted.map(str::to_owned));
        }
        named.sort();
        named.dedup();
        let explained: Vec<&str> = FIGURES.iter().map(|rule| rule.id).collect();
        assert_eq!(named, explained);
    }
}
