//! Comments that say "this finding is known": what they name, and the reason they give.
//!
//! Only a reason makes a finding known: without one the comment is mentioned and not honoured.

use super::rule::Rule;
use crate::secrets::redact;

/// What is added to the message of a finding that stays in spite of a comment.
pub(crate) const NOT_HONOURED: &str =
    " (a suppression without a reason stands beside it and is not honoured)";

/// A comment that is meant to suppress a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Suppression {
    /// It says why, so the finding is suppressed.
    Reasoned(String),
    /// It does not say why, so the finding stays.
    Bare,
}

impl Suppression {
    /// What follows the mark: a reason if there is a word in it that is no mark of a tool.
    pub(crate) fn because(text: &str) -> Self {
        const MARKS: [&str; 9] = [
            "nosec",
            "noqa",
            "nolint",
            "nosemgrep",
            "type:",
            "pylint:",
            "pragma:",
            "gitleaks:allow",
            "orchestrate:",
        ];
        let reason = tidy(text);
        if !reason.contains(char::is_alphanumeric)
            || MARKS.iter().any(|mark| reason.starts_with(mark))
        {
            return Self::Bare;
        }
        Self::Reasoned(redact(&reason).into_owned())
    }

    /// The one that counts of two: a reason wins.
    fn or(self, other: Self) -> Self {
        match self {
            Self::Bare => other,
            Self::Reasoned(_) => self,
        }
    }
}

/// The one of several comments that counts: the first with a reason.
pub(crate) fn strongest(found: impl IntoIterator<Item = Suppression>) -> Option<Suppression> {
    found.into_iter().reduce(Suppression::or)
}

/// What becomes of a finding: the reason if it is suppressed, and what is added to its message.
pub(crate) fn effect(found: Option<Suppression>) -> (Option<String>, &'static str) {
    match found {
        Some(Suppression::Reasoned(reason)) => (Some(reason), ""),
        Some(Suppression::Bare) => (None, NOT_HONOURED),
        None => (None, ""),
    }
}

/// How `comment` is meant to suppress findings of a rule, if it is.
pub(crate) fn suppression(comment: &str, rule_id: &str, known_as: &[&str]) -> Option<Suppression> {
    let text = comment
        .trim_start_matches(['/', '#', '*', '!'])
        .trim_end_matches("*/")
        .trim();
    let forms = [
        own(text, rule_id),
        nosec(text, known_as),
        noqa(text, known_as),
        nolint(text),
        nosemgrep(text),
    ];
    strongest(
        forms
            .iter()
            .flatten()
            .map(|reason| Suppression::because(reason)),
    )
}

/// The same for a rule of the catalogue.
pub(super) fn suppression_for(comment: &str, rule: &Rule) -> Option<Suppression> {
    suppression(comment, rule.id, rule.known_as)
}

/// `orchestrate: allow(rule-id, other-id) reason`.
fn own(text: &str, rule_id: &str) -> Option<String> {
    let (_, rest) = text.split_once("orchestrate: allow(")?;
    let (ids, reason) = rest.split_once(')')?;
    ids.split(',')
        .any(|id| id.trim() == rule_id)
        .then(|| tidy(reason))
}

/// `nosec`, `nosec: reason`, `nosec B602 reason`, `nosec G204 -- reason`.
fn nosec(text: &str, known_as: &[&str]) -> Option<String> {
    let at = find_word(text, "nosec")?;
    with_codes(text.get(at + "nosec".len()..)?, known_as)
}

/// `noqa: S602 reason`. A bare `noqa` is about style and suppresses nothing here.
fn noqa(text: &str, known_as: &[&str]) -> Option<String> {
    let at = find_word(text, "noqa")?;
    let rest = text.get(at + "noqa".len()..)?.trim_start();
    let rest = rest.strip_prefix(':')?;
    let (codes, reason) = split_codes(rest);
    codes
        .iter()
        .any(|code| same_code(code, known_as))
        .then_some(reason)
}

/// `nolint`, `nolint:gosec // reason`.
fn nolint(text: &str) -> Option<String> {
    let rest = text.strip_prefix("nolint")?;
    match rest.strip_prefix(':') {
        Some(list) => {
            let end = list
                .find(|c: char| c.is_whitespace() || c == '/')
                .unwrap_or(list.len());
            let (linters, reason) = list.split_at_checked(end)?;
            linters
                .split(',')
                .any(|linter| linter == "gosec" || linter == "all")
                .then(|| tidy(reason))
        }
        None if rest.is_empty() || rest.starts_with(char::is_whitespace) => Some(tidy(rest)),
        None => None,
    }
}

/// `nosemgrep`, `nosemgrep: rule-id`.
fn nosemgrep(text: &str) -> Option<String> {
    let at = find_word(text, "nosemgrep")?;
    let rest = text.get(at + "nosemgrep".len()..)?.trim_start();
    let reason = rest.strip_prefix(':').map_or(rest, |ids| {
        ids.trim_start()
            .split_once(' ')
            .map_or("", |(_, reason)| reason)
    });
    Some(tidy(reason))
}

fn with_codes(rest: &str, known_as: &[&str]) -> Option<String> {
    let rest = rest.trim_start().trim_start_matches(':');
    let (codes, reason) = split_codes(rest);
    (codes.is_empty() || codes.iter().any(|code| same_code(code, known_as))).then_some(reason)
}

/// The codes at the head of a text, as `B602, S607 G204`, and what follows them.
fn split_codes(text: &str) -> (Vec<&str>, String) {
    let mut rest = text.trim_start();
    let mut codes = Vec::new();
    loop {
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        let Some((word, after)) = rest.split_at_checked(end) else {
            break;
        };
        let is_code = word.len() >= 3
            && word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.ends_with(|c: char| c.is_ascii_digit());
        if !is_code {
            break;
        }
        codes.push(word);
        rest = after.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
    }
    (codes, tidy(rest))
}

/// Bandit's `B602` and ruff's `S602` are the same rule.
fn same_code(code: &str, known_as: &[&str]) -> bool {
    let as_bandit = code.strip_prefix('S').map(|digits| format!("B{digits}"));
    known_as
        .iter()
        .any(|known| *known == code || as_bandit.as_deref() == Some(*known))
}

fn find_word(text: &str, word: &str) -> Option<usize> {
    let at = text.find(word)?;
    let starts = at == 0
        || text
            .get(..at)
            .is_some_and(|before| before.ends_with(|c: char| !c.is_alphanumeric()));
    let ends = text
        .get(at + word.len()..)
        .is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric()));
    (starts && ends).then_some(at)
}

fn tidy(reason: &str) -> String {
    reason
        .trim_matches(|c: char| {
            c.is_whitespace() || matches!(c, ':' | '-' | '/' | ',' | '#' | '>' | '*')
        })
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How a comment without a reason is shown here.
    const BARE: &str = "-";

    fn check(comment: &str, expected: Option<&str>) {
        let found = suppression(comment, "python.command-injection", &["B602", "G204"]);
        let found = found.map(|found| match found {
            Suppression::Reasoned(reason) => reason,
            Suppression::Bare => BARE.to_owned(),
        });
        assert_eq!(found.as_deref(), expected, "{comment}");
    }

    #[test]
    fn the_usual_comments_are_understood() {
        check("# nosec", Some(BARE));
        check("# nosec: the list is fixed", Some("the list is fixed"));
        check("# nosec B602 - fixed list", Some("fixed list"));
        check("# nosec B101", None);
        check("/* #nosec G204 -- fixed list */", Some("fixed list"));
        check("# noqa: S602 fixed list", Some("fixed list"));
        check("# noqa: E501", None);
        check("# noqa", None);
        check("# nosec B602", Some(BARE));
        check("# noqa: S602", Some(BARE));
        check("//nolint:gosec", Some(BARE));
        check("// nosemgrep: a.b.c", Some(BARE));
        check("# nosec # noqa: S602", Some(BARE));
        check("# nosec # noqa: S602 fixed list", Some("fixed list"));
        check("// nosec --", Some(BARE));
        check(
            "// orchestrate: allow(python.command-injection)",
            Some(BARE),
        );
        check("//nolint:gosec // fixed list", Some("fixed list"));
        check("//nolint:errcheck", None);
        check("//nolint", Some(BARE));
        check("// nosemgrep", Some(BARE));
        check("// nosemgrep: a.b.c fixed list", Some("fixed list"));
        check(
            "// orchestrate: allow(python.command-injection) fixed list",
            Some("fixed list"),
        );
        check("// orchestrate: allow(python.sql-injection) fixed", None);
        check("# nosecret here", None);
        check("// plain words about nolint", None);
    }
}
