//! Allow-lists as gitleaks writes them: what is no secret, by path, by text, by word.

use regex::Regex;
use serde::Deserialize;

use super::gitleaks::{RawPattern, compile};

/// An allow-list as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawAllow {
    #[serde(default)]
    condition: String,
    #[serde(default)]
    paths: Vec<RawPattern>,
    #[serde(default)]
    regexes: Vec<RawPattern>,
    #[serde(default)]
    regex_target: String,
    #[serde(default)]
    stopwords: Vec<String>,
    /// Of a list for all rules: the rules that it is for, if not for all.
    #[serde(default)]
    pub(super) target_rules: Vec<String>,
}

/// Something that may be a secret, with what is around it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Suspect<'t> {
    pub(crate) path: &'t str,
    pub(crate) secret: &'t str,
    /// What the expression of the rule matched, the secret in it.
    pub(crate) matched: &'t str,
    pub(crate) line: &'t str,
}

/// A part of an allow-list: whether something is as it says.
type Holds<'a> = &'a dyn Fn() -> bool;

#[derive(Debug)]
enum Target {
    Secret,
    Match,
    Line,
}

/// An allow-list.
#[derive(Debug)]
pub(super) struct Allow {
    all: bool,
    paths: Vec<Regex>,
    regexes: Vec<Regex>,
    target: Target,
    stopwords: Vec<String>,
}

impl RawAllow {
    /// The list, without the expressions that cannot be read, which are handed to `problem`.
    pub(super) fn build(&self, problem: &mut dyn FnMut(&RawPattern, String)) -> Allow {
        let mut patterns = |raw: &[RawPattern]| {
            raw.iter()
                .filter_map(|pattern| {
                    compile(pattern.get_ref())
                        .map_err(|what| problem(pattern, what))
                        .ok()
                })
                .collect::<Vec<_>>()
        };
        Allow {
            all: matches!(self.condition.as_str(), "AND" | "and" | "&&"),
            paths: patterns(&self.paths),
            regexes: patterns(&self.regexes),
            target: match self.regex_target.as_str() {
                "match" => Target::Match,
                "line" => Target::Line,
                _ => Target::Secret,
            },
            stopwords: self
                .stopwords
                .iter()
                .map(|word| word.to_lowercase())
                .collect(),
        }
    }
}

impl Allow {
    pub(super) fn allows(&self, suspect: Suspect<'_>) -> bool {
        let by_path = || self.paths.iter().any(|path| path.is_match(suspect.path));
        let by_text = || {
            let text = match self.target {
                Target::Secret => suspect.secret,
                Target::Match => suspect.matched,
                Target::Line => suspect.line,
            };
            self.regexes.iter().any(|regex| regex.is_match(text))
        };
        let by_word = || {
            let secret = suspect.secret.to_lowercase();
            self.stopwords
                .iter()
                .any(|word| secret.contains(word.as_str()))
        };
        let parts: [(bool, Holds<'_>); 3] = [
            (!self.paths.is_empty(), &by_path),
            (!self.regexes.is_empty(), &by_text),
            (!self.stopwords.is_empty(), &by_word),
        ];
        let mut given = parts.iter().filter(|(given, _)| *given).peekable();
        if given.peek().is_none() {
            return false;
        }
        if self.all {
            given.all(|(_, holds)| holds())
        } else {
            given.any(|(_, holds)| holds())
        }
    }
}
