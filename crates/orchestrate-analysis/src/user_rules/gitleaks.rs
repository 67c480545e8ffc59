//! A `gitleaks.toml`: rules and allow-lists. Those that gitleaks itself brings are not part of it; the rules of this
//! program take their place.

use std::ops::Range;
use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use toml::Spanned;

use super::allow::{Allow, RawAllow, Suspect};

/// An expression with its place in the file.
pub(super) type RawPattern = Spanned<String>;

/// The file, as far as it matters here.
#[derive(Debug, Default, Deserialize)]
pub(super) struct RawConfig {
    #[serde(default)]
    pub(super) rules: Vec<RawRule>,
    /// One list, as it was written first.
    pub(super) allowlist: Option<RawAllow>,
    #[serde(default)]
    pub(super) allowlists: Vec<RawAllow>,
    #[serde(default)]
    pub(super) extend: RawExtend,
}

/// What a file builds on.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawExtend {
    pub(super) path: Option<String>,
    #[serde(default)]
    pub(super) disabled_rules: Vec<String>,
}

/// A rule as it is written.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawRule {
    pub(super) id: Spanned<String>,
    #[serde(default)]
    description: String,
    regex: Option<RawPattern>,
    path: Option<RawPattern>,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    entropy: f64,
    #[serde(default)]
    secret_group: usize,
    allowlist: Option<RawAllow>,
    #[serde(default)]
    allowlists: Vec<RawAllow>,
}

/// A rule for secrets.
#[derive(Debug)]
pub(super) struct SecretRule {
    pub(super) id: String,
    pub(super) description: String,
    pattern: Option<String>,
    /// Compiled when a keyword is met for the first time: many rules are slow to compile.
    regex: OnceLock<Option<Regex>>,
    path: Option<Regex>,
    pub(super) keywords: Vec<String>,
    entropy: f64,
    group: usize,
    allow: Vec<Allow>,
}

/// A place that a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SecretHit {
    pub(super) secret: Range<usize>,
    pub(super) matched: Range<usize>,
}

impl RawRule {
    /// The rule, or nothing if its own expressions cannot be read.
    pub(super) fn build(self, problem: &mut dyn FnMut(&RawPattern, String)) -> Option<SecretRule> {
        let path = match &self.path {
            Some(raw) => Some(
                compile(raw.get_ref())
                    .map_err(|what| problem(raw, what))
                    .ok()?,
            ),
            None => None,
        };
        let pattern = match &self.regex {
            Some(raw) => {
                let pattern = readable(raw.get_ref());
                check(&pattern).map_err(|what| problem(raw, what)).ok()?;
                Some(pattern)
            }
            None if path.is_some() => None,
            None => {
                problem(
                    &self.id,
                    "the rule has neither `regex` nor `path`".to_owned(),
                );
                return None;
            }
        };
        let lists = self.allowlist.iter().chain(&self.allowlists);
        Some(SecretRule {
            allow: lists.map(|list| list.build(problem)).collect(),
            id: self.id.into_inner(),
            description: self.description,
            pattern,
            regex: OnceLock::new(),
            path,
            keywords: self.keywords,
            entropy: self.entropy,
            group: self.secret_group,
        })
    }
}

impl SecretRule {
    /// What the rule finds in a text in which one of its keywords stands.
    pub(super) fn find(&self, path: &str, text: &str) -> Vec<SecretHit> {
        if self
            .path
            .as_ref()
            .is_some_and(|wanted| !wanted.is_match(path))
        {
            return Vec::new();
        }
        let Some(pattern) = &self.pattern else {
            // The name of the file says it all; its first character stands for it.
            return vec![SecretHit {
                secret: 0..0,
                matched: 0..0,
            }];
        };
        let regex = self.regex.get_or_init(|| build(pattern).ok());
        let Some(regex) = regex else {
            return Vec::new();
        };
        let found = regex.captures_iter(text).filter_map(|captures| {
            let whole = captures.get(0)?;
            let secret = match self.group {
                // Without a group by number, the first that matched anything.
                0 => captures
                    .iter()
                    .skip(1)
                    .flatten()
                    .find(|group| !group.is_empty()),
                group => captures.get(group),
            };
            let secret = secret.unwrap_or(whole);
            let hit = SecretHit {
                secret: secret.range(),
                matched: whole.range(),
            };
            let suspect = Suspect {
                path,
                secret: secret.as_str(),
                matched: whole.as_str(),
                line: lines_of(text, &hit.matched),
            };
            self.is_secret(suspect).then_some(hit)
        });
        found.collect()
    }

    fn is_secret(&self, suspect: Suspect<'_>) -> bool {
        let random = self.entropy == 0.0 || crate::secrets::entropy(suspect.secret) > self.entropy;
        // Only a guess by name needs a digit; forms of providers speak for themselves.
        let guesses = self.id.starts_with("generic");
        let digit = !guesses || suspect.secret.bytes().any(|byte| byte.is_ascii_digit());
        random && digit && !self.allow.iter().any(|list| list.allows(suspect))
    }
}

/// The lines on which a range lies.
pub(super) fn lines_of<'t>(text: &'t str, range: &Range<usize>) -> &'t str {
    let start = text
        .get(..range.start)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |at| at + 1);
    let end = text
        .get(range.end..)
        .and_then(|behind| behind.find('\n'))
        .map_or(text.len(), |at| range.end + at);
    text.get(start..end).unwrap_or_default()
}

/// Compiles an expression as Go would read it.
pub(super) fn compile(pattern: &str) -> Result<Regex, String> {
    build(&readable(pattern))
}

fn build(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .size_limit(64 << 20)
        .build()
        .map_err(|error| last_line(&error.to_string()))
}

/// Whether an expression can be read, without the cost of compiling it.
fn check(pattern: &str) -> Result<(), String> {
    regex_syntax::ast::parse::Parser::new()
        .parse(pattern)
        .map(|_| ())
        .map_err(|error| format!("the expression cannot be read: {}", error.kind()))
}

fn last_line(text: &str) -> String {
    let last = text.lines().last().unwrap_or(text);
    format!(
        "the expression cannot be read: {}",
        last.trim_start_matches("error: ")
    )
}

/// Escapes braces that repeat nothing, which Go takes for themselves.
fn readable(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len());
    let (mut in_class, mut escaped) = (false, false);
    for (at, c) in pattern.char_indices() {
        let rest = pattern.get(at + 1..).unwrap_or_default();
        let is_repetition = rest.split_once('}').is_some_and(|(inside, _)| {
            inside.starts_with(|c: char| c.is_ascii_digit())
                && inside.chars().all(|c| c.is_ascii_digit() || c == ',')
        });
        // What belongs to `\x{..}` or `\p{..}` follows its letter.
        let named = pattern.get(..at).is_some_and(|before| {
            ["\\x", "\\p", "\\P", "\\u"]
                .iter()
                .any(|it| before.ends_with(it))
        });
        if c == '{' && !escaped && !in_class && !is_repetition && !named {
            text.push('\\');
        }
        text.push(c);
        match c {
            '\\' => escaped = !escaped,
            '[' if !escaped => {
                in_class = true;
            }
            ']' if !escaped => in_class = false,
            _ => {}
        }
        if c != '\\' {
            escaped = false;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_that_repeat_nothing_are_themselves() {
        assert_eq!(readable(r"^\$(?:\d+|{\d+})$"), r"^\$(?:\d+|\{\d+})$");
        assert_eq!(
            readable(r"a{2}b{3,}c{4,5}[{]\{\x{41}"),
            r"a{2}b{3,}c{4,5}[{]\{\x{41}"
        );
        assert!(compile(r"^\${(?:[A-Z_]+)}$").is_ok_and(|it| it.is_match("${HOME}")));
        assert!(check(r"(?=a)").is_err());
        assert!(compile("(").is_err_and(|what| what.contains("unclosed group")));
    }
}
