//! Reads the rules of a user once, before a scan, and asks them file by file.

use std::path::{Path, PathBuf};

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};

use super::allow::{Allow, Suspect};
use super::gitleaks::{RawConfig, RawPattern, SecretRule, lines_of};
use super::own::{OwnRule, RawFile};
use crate::finding::{Confidence, Finding, Severity, fingerprint};
use crate::inventory::read_bytes;
use crate::problem::Problem;
use crate::secrets::masked;
use crate::security::{line_at, suppress};
use crate::source::ParsedFile;

/// Larger files hold no rules, in bytes.
const MAX_BYTES: u64 = 8 << 20;
/// A file may build on another, and that on a third.
const MAX_EXTENDS: usize = 3;

/// The rules of a user. The default has none.
#[derive(Debug, Default)]
pub struct UserRules {
    secrets: Vec<SecretRule>,
    /// Rules by number for each keyword.
    keywords: Option<(AhoCorasick, Vec<usize>)>,
    /// Lists for all rules, or for those that are named.
    allow: Vec<(Vec<String>, Allow)>,
    own: Vec<OwnRule>,
    problems: Vec<Problem>,
    /// A hash of everything that was read.
    digest: String,
}

impl UserRules {
    /// Reads a `gitleaks.toml` and all files `*.toml` of directories of rules.
    ///
    /// What cannot be read is listed in [`problems`](Self::problems), with its position.
    #[must_use]
    pub fn load(gitleaks: Option<&Path>, directories: &[PathBuf]) -> Self {
        let mut rules = Self::default();
        let mut hasher = blake3::Hasher::new();
        if let Some(path) = gitleaks {
            rules.read_gitleaks(path, &mut hasher, 0);
        }
        for directory in directories {
            rules.read_directory(directory, &mut hasher);
        }
        rules.index();
        if !rules.is_empty() {
            rules.digest = hasher.finalize().to_hex().to_string();
        }
        rules
    }

    /// Whether there is no rule and no list.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty() && self.allow.is_empty() && self.own.is_empty()
    }

    /// How many rules there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.secrets.len() + self.own.len()
    }

    /// Rules and lists that could not be read, sorted by position.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// A hash of everything that was read; empty without rules.
    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }

    fn problem(&mut self, path: &Path, line: u32, what: impl Into<String>) {
        self.problems.push(Problem {
            path: path.display().to_string(),
            line,
            what: what.into(),
        });
    }

    fn text(&mut self, path: &Path, hasher: &mut blake3::Hasher) -> Option<String> {
        let read = read_bytes(path, MAX_BYTES)
            .map_err(|error| error.to_string())
            .and_then(|bytes| {
                String::from_utf8(bytes).map_err(|_| "it is not valid UTF-8".to_owned())
            });
        match read {
            Ok(text) => {
                hasher.update(text.as_bytes());
                Some(text)
            }
            Err(what) => {
                self.problem(path, 1, what);
                None
            }
        }
    }

    fn read_gitleaks(&mut self, path: &Path, hasher: &mut blake3::Hasher, depth: usize) {
        let Some(text) = self.text(path, hasher) else {
            return;
        };
        let config: RawConfig = match toml::from_str(&text) {
            Ok(config) => config,
            Err(error) => {
                let line = line(&text, error.span().map_or(0, |span| span.start));
                return self.problem(path, line, error.message());
            }
        };
        if let Some(base) = &config.extend.path {
            // As gitleaks does, from where the program was started, or else from beside this file.
            let beside = path.with_file_name(base);
            let base = if beside.is_file() {
                beside
            } else {
                PathBuf::from(base)
            };
            if depth < MAX_EXTENDS {
                self.read_gitleaks(&base, hasher, depth + 1);
            } else {
                self.problem(
                    path,
                    1,
                    "files that build on each other more than three deep",
                );
            }
        }
        let disabled = &config.extend.disabled_rules;
        self.secrets.retain(|rule| !disabled.contains(&rule.id));
        let mut problems = Vec::new();
        let mut problem =
            |at: &RawPattern, what: String| problems.push((line(&text, at.span().start), what));
        for raw in config.rules {
            if let Some(rule) = raw.build(&mut problem) {
                // A rule takes the place of the one that it builds on.
                self.secrets.retain(|known| known.id != rule.id);
                self.secrets.push(rule);
            }
        }
        for raw in config.allowlist.iter().chain(&config.allowlists) {
            let list = raw.build(&mut problem);
            self.allow.push((raw.target_rules.clone(), list));
        }
        for (line, what) in problems {
            self.problem(path, line, what);
        }
    }

    fn read_directory(&mut self, directory: &Path, hasher: &mut blake3::Hasher) {
        let entries = match std::fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) => return self.problem(directory, 1, error.to_string()),
        };
        let mut files: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
            .collect();
        files.sort();
        if files.is_empty() {
            self.problem(directory, 1, "there is no file `*.toml` in it");
        }
        for path in files {
            let Some(text) = self.text(&path, hasher) else {
                continue;
            };
            let file: RawFile = match toml::from_str(&text) {
                Ok(file) => file,
                Err(error) => {
                    let line = line(&text, error.span().map_or(0, |span| span.start));
                    self.problem(&path, line, error.message());
                    continue;
                }
            };
            for raw in file.rule {
                match raw.build() {
                    Ok(rule) => self.own.push(rule),
                    Err((at, what)) => self.problem(&path, line(&text, at), what),
                }
            }
        }
    }

    fn index(&mut self) {
        let mut words = Vec::new();
        let mut rules = Vec::new();
        for (number, rule) in self.secrets.iter().enumerate() {
            for word in &rule.keywords {
                words.push(word);
                rules.push(number);
            }
        }
        let automaton = AhoCorasickBuilder::new()
            .ascii_case_insensitive(true)
            .build(&words);
        self.keywords = automaton.ok().map(|automaton| (automaton, rules));
        self.problems.sort();
    }

    /// Whether a list for all rules says that this is no secret.
    pub(crate) fn allows(&self, rule: &str, suspect: Suspect<'_>) -> bool {
        let is_for = |targets: &[String]| targets.is_empty() || targets.iter().any(|it| it == rule);
        self.allow
            .iter()
            .any(|(targets, list)| is_for(targets) && list.allows(suspect))
    }

    /// What the rules over text find in a file: secrets, each with its range, and others.
    pub(crate) fn in_text(
        &self,
        path: &str,
        text: &str,
        in_test: bool,
    ) -> Vec<(Finding, std::ops::Range<usize>)> {
        let mut found = Vec::new();
        for number in self.awake(text) {
            let Some(rule) = self.secrets.get(number) else {
                continue;
            };
            for hit in rule.find(path, text) {
                let suspect = Suspect {
                    path,
                    secret: text.get(hit.secret.clone()).unwrap_or_default(),
                    matched: text.get(hit.matched.clone()).unwrap_or_default(),
                    line: lines_of(text, &hit.matched),
                };
                if !self.allows(&rule.id, suspect) {
                    let mask = masked(suspect.secret);
                    let id = format!("gitleaks.{}", rule.id);
                    let title = if rule.description.is_empty() {
                        &rule.id
                    } else {
                        &rule.description
                    };
                    let length = suspect.secret.chars().count();
                    let mut finding = at(path, text, hit.secret.start, &id, in_test, &mask);
                    finding.message =
                        format!("{title}: `{mask}`, {length} characters") + &finding.message;
                    finding.fix = crate::secrets::Rule::FIX.to_owned();
                    found.push((finding, hit.secret));
                }
            }
        }
        for rule in &self.own {
            for byte in rule.in_text(path, text) {
                found.push((
                    self.own_finding(rule, path, text, byte, in_test),
                    byte..byte,
                ));
            }
        }
        found
    }

    /// The rules that must look at a text: those without keywords, and those of which one stands in it.
    fn awake(&self, text: &str) -> Vec<usize> {
        let mut awake: Vec<bool> = self
            .secrets
            .iter()
            .map(|rule| rule.keywords.is_empty())
            .collect();
        if let Some((automaton, rules)) = &self.keywords {
            for found in automaton.find_overlapping_iter(text) {
                let rule = rules.get(found.pattern().as_usize());
                if let Some(slot) = rule.and_then(|rule| awake.get_mut(*rule)) {
                    *slot = true;
                }
            }
        }
        awake
            .into_iter()
            .enumerate()
            .filter(|(_, awake)| *awake)
            .map(|(number, _)| number)
            .collect()
    }

    /// What the rules over trees find in a file.
    pub(crate) fn in_tree(&self, file: &ParsedFile<'_>) -> Vec<Finding> {
        let (path, text) = (&file.source.path, &file.source.text);
        self.own
            .iter()
            .flat_map(|rule| {
                let bytes = rule.in_tree(file);
                bytes
                    .into_iter()
                    .map(move |byte| self.own_finding(rule, path, text, byte, file.is_test(byte)))
            })
            .collect()
    }

    fn own_finding(
        &self,
        rule: &OwnRule,
        path: &str,
        text: &str,
        byte: usize,
        in_test: bool,
    ) -> Finding {
        let mut finding = at(path, text, byte, &rule.id, in_test, "");
        finding.message = rule.message.clone() + &finding.message;
        finding.fix.clone_from(&rule.fix);
        finding.severity = rule.severity;
        finding.confidence = rule.confidence;
        finding
    }
}

/// A finding at a byte, with what a comment on its line makes of it. Its message is only what is to be added.
fn at(path: &str, text: &str, byte: usize, id: &str, in_test: bool, mask: &str) -> Finding {
    let (column, line) = line_at(text, byte);
    let comment = line
        .find(['#', '/', ';', '<'])
        .and_then(|start| line.get(start..));
    let found = comment.and_then(|comment| suppress::suppression(comment, id, &[]));
    let (suppressed, addition) = suppress::effect(found);
    let identity = if mask.is_empty() {
        crate::secrets::redact(line).into_owned()
    } else {
        mask.to_owned()
    };
    Finding {
        rule_id: id.to_owned(),
        severity: Severity::High,
        confidence: Confidence::Medium,
        path: path.to_owned(),
        line: self::line(text, byte),
        column,
        message: addition.to_owned(),
        fix: String::new(),
        fingerprint: fingerprint(id, path, "", &identity),
        in_test,
        suppressed,
    }
}

fn line(text: &str, byte: usize) -> u32 {
    let before = text.as_bytes().get(..byte).unwrap_or(text.as_bytes());
    let breaks = before.iter().filter(|byte| **byte == b'\n').count();
    u32::try_from(breaks).unwrap_or(u32::MAX - 1) + 1
}
