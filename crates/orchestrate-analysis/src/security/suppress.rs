//! Comments that say "this finding is known": what they name, and the reason they give.

use super::rule::Rule;
use crate::secrets::redact;

/// What is recorded for a suppression without a reason.
pub(crate) const NO_REASON: &str = "no reason given";

/// The reason if `comment` suppresses findings of `rule`.
pub(crate) fn reason(comment: &str, rule_id: &str, known_as: &[&str]) -> Option<String> {
    let text = comment
        .trim_start_matches(['/', '#', '*', '!'])
        .trim_end_matches("*/")
        .trim();
    own(text, rule_id)
        .or_else(|| nosec(text, known_as))
        .or_else(|| noqa(text, known_as))
        .or_else(|| nolint(text))
        .or_else(|| nosemgrep(text))
        .map(|reason| {
            if reason.is_empty() {
                NO_REASON.to_owned()
            } else {
                redact(&reason).into_owned()
            }
        })
}

/// The reason if `comment` suppresses findings of a rule of the catalogue.
pub(super) fn reason_for(comment: &str, rule: &Rule) -> Option<String> {
    reason(comment, rule.id, rule.known_as)
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
        .trim_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '-' | '/' | ',' | '#'))
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(comment: &str, expected: Option<&str>) {
        let found = reason(comment, "python.command-injection", &["B602", "G204"]);
        assert_eq!(found.as_deref(), expected, "{comment}");
    }

    #[test]
    fn the_usual_comments_are_understood() {
        check("# nosec", Some(NO_REASON));
        check("# nosec: the list is fixed", Some("the list is fixed"));
        check("# nosec B602 - fixed list", Some("fixed list"));
        check("# nosec B101", None);
        check("/* #nosec G204 -- fixed list */", Some("fixed list"));
        check("# noqa: S602 fixed list", Some("fixed list"));
        check("# noqa: E501", None);
        check("# noqa", None);
        check("//nolint:gosec // fixed list", Some("fixed list"));
        check("//nolint:errcheck", None);
        check("//nolint", Some(NO_REASON));
        check("// nosemgrep", Some(NO_REASON));
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
