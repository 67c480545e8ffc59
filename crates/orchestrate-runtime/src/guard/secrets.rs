//! Masks what looks like a credential before a model, a tool or a report sees it.

use orchestrate_core::guard::{Guard, Subject, Verdict};
use serde_json::Value;

/// How credentials of known services begin, and how many further characters they have at least.
const BEGINNINGS: &[(&str, usize)] = &[
    ("sk-", 16),
    ("sk_live_", 16),
    ("rk_live_", 16),
    ("AKIA", 16),
    ("ASIA", 16),
    ("ghp_", 30),
    ("gho_", 30),
    ("ghs_", 30),
    ("ghu_", 30),
    ("github_pat_", 30),
    ("glpat-", 18),
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("xapp-", 20),
    ("AIza", 30),
    ("gsk_", 20),
    ("xai-", 20),
    ("npm_", 30),
    ("pypi-", 30),
    ("hf_", 30),
    ("dop_v1_", 40),
    ("SG.", 40),
    ("eyJ", 60),
];
const MASK: &str = "[masked]";
const BLOCK_BEGINS: &str = "-----BEGIN ";
const BLOCK_ENDS: &str = "-----END ";

/// Masks credentials in everything that passes.
#[derive(Debug, Clone, Copy, Default)]
pub struct SecretGuard;

impl Guard for SecretGuard {
    fn name(&self) -> &'static str {
        "secrets"
    }

    fn judge(&self, subject: Subject<'_>) -> Verdict {
        let with: Option<Value> = match subject {
            Subject::Input(text) | Subject::ToolResult { content: text, .. } => {
                scrub(text).map(Into::into)
            }
            Subject::Output(value)
            | Subject::ToolCall {
                arguments: value, ..
            } => scrub_value(value),
            _ => None,
        };
        with.map_or(Verdict::Pass, |with| Verdict::Rewrite {
            with,
            reason: "it held what looks like a credential".to_owned(),
        })
    }
}

/// The text with every credential masked; none when there is nothing to mask.
#[must_use]
pub fn scrub(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    let mut found = false;
    while let Some((before, secret, after)) = next(rest) {
        out.push_str(before);
        out.push_str(MASK);
        found |= !secret.is_empty();
        rest = after;
    }
    out.push_str(rest);
    found.then_some(out)
}

/// The first credential with what stands before and behind it.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let token = BEGINNINGS.iter().filter_map(|(start, least)| {
        text.match_indices(start).find_map(|(at, _)| {
            let before = text.get(..at)?;
            // In the middle of a word it is part of something else.
            if before
                .chars()
                .next_back()
                .is_some_and(|c| c.is_ascii_alphanumeric())
            {
                return None;
            }
            let tail = text.get(at + start.len()..)?;
            let length = tail
                .find(|c: char| {
                    !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-' | '.' | '/' | '+')
                })
                .unwrap_or(tail.len());
            let body = tail.get(..length)?;
            // Words with dashes are long too; a credential holds digits.
            let is_random = body.len() >= *least && body.bytes().any(|b| b.is_ascii_digit());
            is_random.then_some((at, at + start.len() + length))
        })
    });
    let block = text.match_indices(BLOCK_BEGINS).find_map(|(at, _)| {
        let tail = text.get(at..)?;
        let head = tail.lines().next()?;
        if !head.contains("PRIVATE KEY") {
            return None;
        }
        let end = tail
            .find(BLOCK_ENDS)
            .and_then(|end| Some(end + tail.get(end..)?.find('\n').unwrap_or(tail.len() - end)));
        Some((at, at + end.unwrap_or(tail.len())))
    });
    let (from, to) = token.chain(block).min()?;
    Some((text.get(..from)?, text.get(from..to)?, text.get(to..)?))
}

/// The value with every credential in its texts masked; none when there is nothing to mask.
#[must_use]
pub fn scrub_value(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => scrub(text).map(Value::String),
        Value::Array(items) => {
            let new: Vec<Option<Value>> = items.iter().map(scrub_value).collect();
            new.iter().any(Option::is_some).then(|| {
                let pairs = items.iter().zip(new);
                Value::Array(
                    pairs
                        .map(|(old, new)| new.unwrap_or_else(|| old.clone()))
                        .collect(),
                )
            })
        }
        Value::Object(fields) => {
            let mut changed = None;
            for (name, item) in fields {
                if let Some(new) = scrub_value(item) {
                    changed
                        .get_or_insert_with(|| fields.clone())
                        .insert(name.clone(), new);
                }
            }
            changed.map(Value::Object)
        }
        _ => None,
    }
}

/// The same with every credential in its texts masked.
#[cfg(feature = "models")]
pub(crate) fn masked<T: serde::Serialize + serde::de::DeserializeOwned>(value: T) -> T {
    let masked = serde_json::to_value(&value).ok();
    let masked = masked.and_then(|it| scrub_value(&it));
    masked
        .and_then(|it| serde_json::from_value(it).ok())
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// Credentials are made up here in two parts, so that no scanner takes this file for one.
    fn key(start: &str) -> String {
        format!(
            "{start}{}",
            "abc123DEF456ghi789JKL012mno345PQR678stu901VWX234yzA567bcd890EFG123"
        )
    }

    #[test]
    fn credentials_are_masked_where_they_stand() {
        for (start, _) in BEGINNINGS {
            let text = format!("before \"{}\" after", key(start));
            assert_eq!(
                scrub(&text).as_deref(),
                Some("before \"[masked]\" after"),
                "{start}"
            );
        }
        let begin = "-----BEGIN RSA PRIVATE";
        let block = format!("a\n{begin} KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----\nb");
        assert_eq!(scrub(&block).as_deref(), Some("a\n[masked]\nb"));
    }

    #[test]
    fn ordinary_words_stay() {
        for text in [
            "risk-assessment-of-everything-here",
            "task-based",
            "sk-learn",
            "AKIA",
            "the eyJ",
            "sk-short1",
        ] {
            assert_eq!(scrub(text), None, "{text}");
        }
    }

    #[test]
    fn values_are_masked_inside() {
        let value = json!({"a": [1, {"b": key("ghp_")}], "c": "fine"});
        assert_eq!(
            scrub_value(&value),
            Some(json!({"a": [1, {"b": "[masked]"}], "c": "fine"}))
        );
        assert_eq!(scrub_value(&json!({"c": "fine"})), None);
    }

    proptest! {
        /// Whatever stands around it, a planted credential is gone afterwards, and scrubbing ends.
        #[test]
        fn prop_a_planted_credential_is_gone(before in "[^a-zA-Z0-9]{0,20}", after in "[ \\n\"'é,;]{1,5}.{0,20}") {
            let planted = key("sk-");
            let scrubbed = scrub(&format!("{before}{planted}{after}")).unwrap();
            prop_assert!(!scrubbed.contains(&planted));
        }
    }
}
