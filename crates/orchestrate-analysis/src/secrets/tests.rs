//! Tests of the secret rules. Tokens are put together at run time, so that no scanner takes this
//! file for a leak.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::rule::How;
use super::{check, rules, special};
use crate::finding::Severity;

/// Random-looking text over an alphabet, the same for the same arguments.
fn random(alphabet: &str, length: usize, seed: u64) -> String {
    let letters: Vec<char> = alphabet.chars().collect();
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            letters[usize::try_from(state >> 33).unwrap() % letters.len()]
        })
        .collect()
}

/// A text that a rule's pattern matches, made from the pattern.
fn sample(pattern: &str, seed: u64) -> String {
    use regex_sample::generate;
    generate(pattern, seed)
}

/// Makes texts from the small part of the pattern language that the rules use.
mod regex_sample {
    use super::random;

    pub(super) fn generate(pattern: &str, seed: u64) -> String {
        let mut at = 0;
        let chars: Vec<char> = pattern.chars().collect();
        alternatives(&chars, &mut at, seed)
    }

    /// Takes the first alternative; the others are skipped.
    fn alternatives(chars: &[char], at: &mut usize, seed: u64) -> String {
        let mut first = None;
        loop {
            let text = sequence(chars, at, seed);
            first.get_or_insert(text);
            if chars.get(*at) != Some(&'|') {
                return first.unwrap();
            }
            *at += 1;
        }
    }

    fn sequence(chars: &[char], at: &mut usize, seed: u64) -> String {
        let mut text = String::new();
        while let Some(c) = chars.get(*at) {
            let position = u64::try_from(*at).unwrap();
            let unit: Box<dyn Fn(u64) -> String> = match c {
                '|' | ')' => break,
                '(' => {
                    *at += 1;
                    if chars.get(*at) == Some(&'?') {
                        while !matches!(chars[*at], ':' | ')') {
                            *at += 1;
                        }
                        if chars[*at] == ')' {
                            *at += 1;
                            continue;
                        }
                        *at += 1;
                    }
                    let inner = alternatives(chars, at, seed + position);
                    *at += 1;
                    Box::new(move |_| inner.clone())
                }
                '[' => {
                    let alphabet = class(chars, at);
                    Box::new(move |n| random(&alphabet, 1, seed + position * 131 + n))
                }
                '\\' => {
                    let escaped = chars[*at + 1];
                    *at += 2;
                    match escaped {
                        'd' => Box::new(move |n| random("0123456789", 1, seed + position * 7 + n)),
                        's' => Box::new(|_| " ".to_owned()),
                        other => Box::new(move |_| other.to_string()),
                    }
                }
                other => {
                    let other = *other;
                    *at += 1;
                    Box::new(move |_| other.to_string())
                }
            };
            let times = repeat(chars, at);
            for n in 0..times {
                text += &unit(n);
            }
        }
        text
    }

    fn class(chars: &[char], at: &mut usize) -> String {
        *at += 1;
        let mut negated = false;
        if chars[*at] == '^' {
            negated = true;
            *at += 1;
        }
        let mut alphabet = String::new();
        while chars[*at] != ']' {
            if chars[*at] == '\\' {
                *at += 1;
                match chars[*at] {
                    'd' => alphabet += "0123456789",
                    's' => alphabet.push(' '),
                    other => alphabet.push(other),
                }
                *at += 1;
            } else if chars.get(*at + 1) == Some(&'-') && chars[*at + 2] != ']' {
                alphabet.extend(chars[*at]..=chars[*at + 2]);
                *at += 3;
            } else {
                alphabet.push(chars[*at]);
                *at += 1;
            }
        }
        *at += 1;
        if negated {
            "k8Zq2mX7".to_owned()
        } else {
            alphabet
        }
    }

    fn repeat(chars: &[char], at: &mut usize) -> u64 {
        let times = match chars.get(*at) {
            Some('?' | '*') => 0,
            Some('+') => 20,
            Some('{') => {
                let digits: String = chars[*at + 1..]
                    .iter()
                    .take_while(|c| c.is_ascii_digit())
                    .collect();
                while chars[*at] != '}' {
                    *at += 1;
                }
                let least: u64 = digits.parse().unwrap();
                *at += 1;
                if chars.get(*at) == Some(&'?') {
                    *at += 1;
                }
                return least;
            }
            _ => return 1,
        };
        *at += 1;
        times
    }
}

const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

fn found(text: &str) -> Vec<String> {
    // A name under which every rule looks.
    check("nuget.config", text, false)
        .into_iter()
        .map(|finding| format!("{}@{}", finding.rule_id, finding.line))
        .collect()
}

fn private_key() -> String {
    let body: Vec<String> = (0..8).map(|line| random(ALNUM, 64, line + 5)).collect();
    format!(
        "-----BEGIN RSA {0} KEY-----\n{1}\n-----END RSA {0} KEY-----",
        "PRIVATE",
        body.join("\n")
    )
}

/// A text in which the rule must be found, made from the rule itself.
fn positive(rule: &super::Rule, seed: u64) -> String {
    match rule.how {
        // Not every token holds its keyword; some are only known beside it.
        How::Form {
            pattern, keywords, ..
        } => {
            format!("{}:\nvalue = \"{}\"\n", keywords[0], sample(pattern, seed))
        }
        How::Assigned { words, pattern, .. } => {
            format!("{}_token = \"{}\"\n", words[0], sample(pattern, seed))
        }
        How::Special { .. } => match rule.id {
            special::PRIVATE_KEY => private_key(),
            special::KUBERNETES => {
                format!("kind: Secret\ndata:\n  one: {}\n", random(ALNUM, 24, seed))
            }
            special::NUGET => format!(
                "<add key=\"Password\" value=\"{}\" />\n",
                random(ALNUM, 20, seed)
            ),
            special::GENERIC => format!("service_api_key = \"{}\"\n", random(ALNUM, 32, seed)),
            special::ENCODED_WEB_TOKEN => format!("token: {}\n", encoded_web_token()),
            special::TERRAFORM => String::new(),
            _ => format!(
                "postgres://app:{}@db-prod.internal.net/x\n",
                random(ALNUM, 20, seed)
            ),
        },
        How::File { .. } => String::new(),
    }
}

/// `{"alg":"HS256","x":1}` and `{"sub":"1","name":"n"}` as parts of a token, encoded once more.
fn encoded_web_token() -> &'static str {
    "ZXlKaGJHY2lPaUpJVXpJMU5pSXNJbmdpT2pGOS5leUp6ZFdJaU9pSXhJaXdpYm1GdFpTSTZJbTRpZlEuYzJsbmJtRjBkWEps"
}

#[test]
fn every_rule_finds_what_its_pattern_says() {
    let silent: Vec<&str> = rules()
        .into_iter()
        // These two look at names of files, and have tests of their own.
        .filter(|rule| ![special::TERRAFORM, special::KEY_STORE].contains(&rule.id))
        .filter(|rule| {
            !(1..12).any(|seed| {
                found(&positive(rule, seed))
                    .iter()
                    .any(|hit| hit.starts_with(&format!("{}@", rule.id)))
            })
        })
        .map(|rule| rule.id)
        .collect();
    assert_eq!(silent, Vec::<&str>::new());
}

#[test]
fn every_rule_leaves_a_placeholder_in_its_place_alone() {
    for rule in rules() {
        let text = match rule.how {
            How::Form { keywords, .. } => format!(
                "value = \"{}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"\n",
                keywords[0]
            ),
            How::Assigned { words, .. } => format!(
                "{}_token = \"${{TOKEN}}\"\nb = \"<your-{}-key>\"\n",
                words[0], words[0]
            ),
            How::Special { .. } => match rule.id {
                special::PRIVATE_KEY => format!(
                    "-----BEGIN {0} KEY-----\n...\n-----END {0} KEY-----",
                    "PRIVATE"
                ),
                special::GENERIC => {
                    "api_key = os.environ[\"API_KEY\"]\ntoken = \"your-token-here-12345\"\n"
                        .to_owned()
                }
                _ => {
                    "postgres://user:password@localhost/x\nhttps://user:${PASSWORD}@real.host.net\n"
                        .to_owned()
                }
            },
            How::File { .. } => String::new(),
        };
        assert_eq!(found(&text), Vec::<String>::new(), "{}", rule.id);
    }
}

#[test]
fn ids_are_distinct_and_named_alike() {
    let ids: BTreeSet<&str> = rules().iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), rules().len());
    assert!(ids.iter().all(|id| id.starts_with("secrets.")));
}

#[test]
fn no_secret_is_in_any_field() {
    for rule in rules() {
        for seed in 1..4 {
            let text = positive(rule, seed);
            for finding in check("a/config.txt", &text, false) {
                let shown = format!("{finding:?}{}", serde_json::to_string(&finding).unwrap());
                for word in text.split(|c: char| c.is_whitespace() || "\"=@:".contains(c)) {
                    let is_secret = word.len() >= 16
                        && word.bytes().any(|byte| byte.is_ascii_digit())
                        && word.bytes().any(|byte| byte.is_ascii_alphabetic());
                    if is_secret {
                        assert!(!shown.contains(word), "{}: {word} in {shown}", rule.id);
                        assert!(
                            !shown.contains(&word[..word.len() / 2]),
                            "{}: {word} in {shown}",
                            rule.id
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn known_dummies_and_hashes_are_left_alone() {
    for text in [
        concat!("AKIA", "IOSFODNN7EXAMPLE"),
        "aws_secret = \"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\"",
        "integrity: \"sha512-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"",
        "commit = \"3f786850e387550fdab836ed7e6dc881de23001b\"",
        "password_hash = \"5e884898da28047151d0e56f8dc6292773603d0d\"",
        "def token_for(user): return make_token(user)",
        "secret = get_secret(\"projects/1/secrets/db\")",
        "key = \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
    ] {
        assert_eq!(found(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn an_example_that_only_counts_weighs_little_and_one_that_is_nothing_else_is_left_alone() {
    let severities = |text: &str| -> Vec<Severity> {
        let findings = check("conf.yml", text, false);
        findings.iter().map(|finding| finding.severity).collect()
    };
    let counted = "12345678-9abc-4def-8123-".to_owned() + "123456789012";
    assert_eq!(
        severities(&format!("heroku_key: {counted}\n")),
        [Severity::Low]
    );
    let alphabet = "AIzaSyabcdefghijklmnopqrstuvwxyz1234567";
    assert_eq!(severities(&format!("key: {alphabet}\n")), []);
}

#[test]
fn a_password_in_a_file_of_terraform_is_found_unless_it_comes_from_elsewhere() {
    let found = |path: &str, text: &str| check(path, text, false).len();
    assert_eq!(found("db/main.tf", "admin_password = \"Rain4Falls\"\n"), 1);
    assert_eq!(found("db/main.tf", "password = \"${var.password}\"\n"), 0);
    assert_eq!(found("db/main.tf", "password = var.password\n"), 0);
    assert_eq!(found("db/main.py", "password = \"Rain4Falls\"\n"), 0);
}

#[test]
fn lines_tests_and_suppressions_are_told() {
    let token = format!("ghp_{}", random(ALNUM, 36, 3));
    let text = format!("# one\n# é\nx = \"{token}\"  # nosec: revoked\ny = \"{token}\"\n");
    let findings = check("src/a.py", &text, true);
    let shown: Vec<_> = findings
        .iter()
        .map(|f| (f.line, f.column, f.in_test, f.suppressed.as_deref()))
        .collect();
    assert_eq!(shown, [(3, 6, true, Some("revoked")), (4, 6, true, None)]);
    assert_ne!(findings[0].fingerprint, findings[1].fingerprint);
    assert_eq!(
        findings[0].severity,
        Severity::High,
        "its checksum is wrong"
    );
}

#[test]
fn a_suppression_without_a_reason_is_mentioned_and_not_honoured() {
    let token = format!("ghp_{}", random(ALNUM, 36, 3));
    for (comment, reason) in [
        ("# nosec", None),
        ("# gitleaks:allow", None),
        ("<!-- gitleaks:allow -->", None),
        ("# pragma: allowlist secret", None),
        ("# nosec # gitleaks:allow", None),
        ("# gitleaks:allow revoked in May", Some("revoked in May")),
        ("# pragma: allowlist secret - revoked", Some("revoked")),
        ("# nosec # gitleaks:allow revoked", Some("revoked")),
    ] {
        let found = check("a.py", &format!("x = \"{token}\"  {comment}\n"), false);
        let [finding] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!(finding.suppressed.as_deref(), reason, "{comment}");
        let mentioned = finding.message.ends_with("is not honoured)");
        assert_eq!(mentioned, reason.is_none(), "{comment}");
    }
}

#[test]
fn in_a_manual_or_an_example_a_value_by_name_weighs_little_and_a_providers_form_all_it_weighs() {
    let value = random(ALNUM, 32, 7);
    let severities = |path: &str, text: &str| -> Vec<Severity> {
        let findings = check(path, text, false);
        findings.iter().map(|finding| finding.severity).collect()
    };
    let by_name = format!("service_api_key = \"{value}\"\n");
    assert_eq!(severities("conf.py", &by_name), [Severity::High]);
    assert_eq!(severities("docs/config.rst", &by_name), [Severity::Low]);
    assert_eq!(severities("examples/conf.py", &by_name), [Severity::Low]);
    let by_form = private_key();
    assert_eq!(
        severities("docs/config.rst", &by_form),
        [Severity::Critical]
    );
}

#[test]
fn in_source_code_a_credential_stands_in_quotes() {
    let value = random(ALNUM, 32, 9);
    assert_eq!(
        check("a.py", &format!("api_key = {value}\n"), false).len(),
        0
    );
    assert_eq!(
        check("a.py", &format!("api_key = '{value}'\n"), false).len(),
        1
    );
    assert_eq!(
        check("app.env", &format!("API_KEY={value}\n"), false).len(),
        1
    );
    assert_eq!(
        check("go.sum", &format!("oauth v0.1 h1:{value}\n"), false).len(),
        0
    );
}

proptest! {
    #[test]
    fn prop_any_text_is_survived(text in "\\PC{0,400}") {
        let _ = check("a.txt", &text, false);
    }

    #[test]
    fn prop_keywords_in_any_surroundings_are_survived(
        parts in proptest::collection::vec(("[ -~é\n\"'=:@/\\\\-]{0,30}", 0_usize..400), 0..12),
    ) {
        let words: Vec<&str> = rules().iter().flat_map(|rule| rule.keywords().iter().copied()).collect();
        let text: String = parts.iter().map(|(text, at)| format!("{text}{}", words[at % words.len()])).collect();
        let _ = check("a.txt", &text, false);
    }
}

#[test]
fn a_text_is_shown_with_its_secrets_masked_and_otherwise_as_it_is() {
    use super::redact;
    use std::borrow::Cow;
    let token = format!("ghp_{}", random(ALNUM, 36, 3));
    let value = random(ALNUM, 32, 7);
    let password = format!("{}{}", "Vq7zK2m", "X9tLw4");
    for (text, expected) in [
        (format!("a {token} b"), "a ghp_...(40 characters) b"),
        (format!("src/{token}.py"), "src/ghp_...(40 characters).py"),
        (format!("get_{token}_now"), "get_ghp_...(40 characters)_now"),
        (
            format!("{token} {token}"),
            "ghp_...(40 characters) ghp_...(40 characters)",
        ),
        (
            format!("connect(\"mysql://u:{password}@db.corp/x\")"),
            "connect(\"mysql://u:Vq7...(13 characters)@db.corp/x\")",
        ),
    ] {
        assert_eq!(redact(&text), expected);
        assert_eq!(redact(&redact(&text)), expected, "masked twice");
    }
    for text in [format!("api_key = \"{value}\""), private_key()] {
        let shown = redact(&text).into_owned();
        assert!(!shown.contains(&text[12..40]), "{shown}");
        assert!(shown.contains(" characters)"), "{shown}");
    }
    for text in [
        "src/path/key_store.rs",
        "`get_token` (line 12) reaches `os.system`",
        "https://example.com/a?token=1",
        "tests/auth/test_api_key.py::test_token_2024",
        "",
    ] {
        assert!(
            matches!(redact(text), Cow::Borrowed(same) if same == text),
            "{text}"
        );
    }
}

proptest! {
    #[test]
    fn prop_masking_any_text_is_survived_and_done_at_once(
        parts in proptest::collection::vec(("[ -~é\n\"'=:@/\\\\-]{0,30}", 0_usize..400), 0..12),
    ) {
        let words: Vec<&str> = rules().iter().flat_map(|rule| rule.keywords().iter().copied()).collect();
        let token = format!("ghp_{}", random(ALNUM, 36, 3));
        let text: String = parts.iter().map(|(text, at)| format!("{text}{} {token} ", words[at % words.len()])).collect();
        prop_assert!(!super::redact(&text).contains(&token));
    }
}
