//! Scans a text: one pass over all keywords, then only the rules whose keyword was met, each over
//! bounded windows around it. Work is linear in the length of the text.

use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};
use regex::Regex;

use super::rule::{How, Rule};
use super::{allow, assigned, documents, encoded, special};
use crate::finding::{Confidence, Finding, Severity, fingerprint, number_equal};
use crate::inventory::role_of_path;
use crate::language::Language;
use crate::security::line_at;
use crate::security::suppress::{self, Suppression};
use crate::source::Role;
use crate::user_rules::{Suspect, UserRules};

/// How far before a keyword a token may begin.
const BEFORE: usize = 110;
/// How far behind a keyword a token may end.
const BEHIND: usize = 1_600;
/// The longest private key that is looked at.
const KEY_BLOCK: usize = 16 * 1024;

/// How many findings of one file are reported; a file with more is a dump, and said often enough.
const MOST: usize = 200;

struct Engine {
    automaton: Option<AhoCorasick>,
    /// Per keyword: the rule and the keyword itself.
    keywords: Vec<(usize, &'static str)>,
    rules: Vec<(&'static Rule, OnceLock<Option<Regex>>)>,
}

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let rules: Vec<(&'static Rule, OnceLock<Option<Regex>>)> = super::rules()
        .into_iter()
        .map(|rule| (rule, OnceLock::new()))
        .collect();
    let keywords: Vec<(usize, &'static str)> = rules
        .iter()
        .enumerate()
        .flat_map(|(at, (rule, _))| rule.keywords().iter().map(move |word| (at, *word)))
        .collect();
    Engine {
        automaton: AhoCorasickBuilder::new()
            .ascii_case_insensitive(true)
            .build(keywords.iter().map(|(_, word)| word))
            .ok(),
        keywords,
        rules,
    }
});

/// Where a token of a known form may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    /// By itself: as a part of a name or in a file name it is most likely no token.
    Alone,
    /// Also in a file name or between underscores, if its form is beyond doubt.
    Anywhere,
}

/// Something found, before it becomes a finding.
#[derive(Debug)]
struct Hit {
    rule: &'static Rule,
    secret: Range<usize>,
    severity: Severity,
    confidence: Confidence,
    /// Rules that know the provider win over those that guess.
    rank: u8,
}

/// Finds credentials in the text of any file.
///
/// `path` names the file in the findings and tells whether it is source code, where a credential
/// stands in quotes. The secret itself is in no field of a finding. Findings are sorted by position.
#[must_use]
pub fn check(path: &str, text: &str, in_test: bool) -> Vec<Finding> {
    check_with(path, text, in_test, &UserRules::default())
}

/// The same, with the rules and the allow-lists of a user.
pub(crate) fn check_with(path: &str, text: &str, in_test: bool, rules: &UserRules) -> Vec<Finding> {
    let mut hits = without_overlaps(scan(path, text, Where::Alone));
    let mut findings = Vec::new();
    if !rules.is_empty() {
        hits.retain(|hit| !is_allowed(path, text, hit, rules));
        for (finding, range) in rules.in_text(path, text, in_test) {
            let known = |hit: &Hit| hit.secret.start < range.end && range.start < hit.secret.end;
            if !hits.iter().any(known) {
                findings.push(finding);
            }
        }
    }
    let mut row = 0;
    let mut counted = 0;
    let own = hits.iter().take(MOST).map(|hit| {
        let between = text.get(counted..hit.secret.start).unwrap_or_default();
        row += between.bytes().filter(|byte| *byte == b'\n').count();
        counted = hit.secret.start;
        finding(hit, path, text, row, in_test)
    });
    findings.extend(own);
    findings.sort_by_key(|finding| (finding.line, finding.column));
    number_equal(&mut findings);
    findings
}

/// Whether a list of the user says that this is no secret. The rule has the name that gitleaks would give it, as
/// far as the two agree.
fn is_allowed(path: &str, text: &str, hit: &Hit, rules: &UserRules) -> bool {
    let secret = text.get(hit.secret.clone()).unwrap_or_default();
    let (_, line) = line_at(text, hit.secret.start);
    let name = hit.rule.id.strip_prefix("secrets.").unwrap_or(hit.rule.id);
    let suspect = Suspect {
        path,
        secret,
        matched: secret,
        line,
    };
    rules.allows(name, suspect)
}

/// Where secrets stand in a text that is no file; the ranges may overlap.
pub(super) fn ranges(text: &str, place: Where) -> Vec<Range<usize>> {
    let hits = scan("", text, place);
    hits.into_iter().map(|hit| hit.secret).collect()
}

fn scan(path: &str, text: &str, place: Where) -> Vec<Hit> {
    let engine = &*ENGINE;
    let Some(automaton) = &engine.automaton else {
        return Vec::new();
    };
    let mut hits = Vec::new();
    let mut windows: Vec<(usize, Range<usize>)> = Vec::new();
    let mut last_window: Vec<Option<usize>> = Vec::new();
    for found in automaton.find_overlapping_iter(text) {
        let Some((at, keyword)) = engine.keywords.get(found.pattern().as_usize()) else {
            continue;
        };
        let Some((rule, regex)) = engine.rules.get(*at) else {
            continue;
        };
        match rule.how {
            How::Form { pattern, .. } => {
                let exact = text.get(found.range()) == Some(keyword);
                if exact || pattern.contains("(?i") {
                    let window = found.start().saturating_sub(BEFORE)
                        ..(found.end() + BEHIND).min(text.len());
                    // Most short texts need no windows at all.
                    last_window.resize(engine.rules.len(), None);
                    add_window(&mut windows, &mut last_window, *at, window);
                }
            }
            How::Assigned {
                pattern, entropy, ..
            } => hits.extend(by_name(text, rule, regex, pattern, entropy, found.range())),
            How::File { .. } => {}
            How::Special { .. } => {
                hits.extend(match rule.id {
                    special::GENERIC => generic(path, text, rule, found.range()),
                    special::PRIVATE_KEY => private_key(text, rule, found.range()),
                    special::KUBERNETES => documents::kubernetes(text, &found.range())
                        .map(|secret| known(rule, secret)),
                    special::NUGET => documents::nuget(path, text, &found.range())
                        .map(|secret| known(rule, secret)),
                    special::ENCODED_WEB_TOKEN => {
                        encoded::web_token(text, &found.range()).map(|secret| known(rule, secret))
                    }
                    special::TERRAFORM => terraform(path, text, rule, found.range()),
                    _ => address(text, rule, found.range()),
                });
            }
        }
    }
    for (at, window) in windows {
        if let Some((rule, regex)) = engine.rules.get(at) {
            by_form(text, rule, regex, &window, place, &mut hits);
        }
    }
    hits
}

/// A secret that the document around it tells.
fn known(rule: &'static Rule, secret: Range<usize>) -> Hit {
    Hit {
        rule,
        secret,
        severity: rule.severity,
        confidence: rule.confidence,
        rank: 1,
    }
}

/// Adds a window, or widens the last one of the same rule if they touch.
fn add_window(
    windows: &mut Vec<(usize, Range<usize>)>,
    last: &mut [Option<usize>],
    rule: usize,
    window: Range<usize>,
) {
    let Some(slot) = last.get_mut(rule) else {
        return;
    };
    if let Some((_, known)) = slot.and_then(|at| windows.get_mut(at))
        && window.start <= known.end
    {
        known.end = known.end.max(window.end);
        return;
    }
    *slot = Some(windows.len());
    windows.push((rule, window));
}

/// The expression of a rule, compiled when its keyword is met for the first time.
fn compiled(regex: &OnceLock<Option<Regex>>, pattern: impl FnOnce() -> String) -> Option<&Regex> {
    regex.get_or_init(|| Regex::new(&pattern()).ok()).as_ref()
}

fn by_form(
    text: &str,
    rule: &'static Rule,
    regex: &OnceLock<Option<Regex>>,
    window: &Range<usize>,
    place: Where,
    hits: &mut Vec<Hit>,
) {
    let How::Form {
        pattern,
        entropy,
        checksum,
        ..
    } = rule.how
    else {
        return;
    };
    let start = boundary(text, window.start);
    let Some(part) = text.get(start..boundary(text, window.end)) else {
        return;
    };
    let Some(regex) = compiled(regex, || pattern.to_owned()) else {
        return;
    };
    let place = match rule.confidence {
        Confidence::High => place,
        Confidence::Medium | Confidence::Low => Where::Alone,
    };
    for found in regex.find_iter(part) {
        let secret = start + found.start()..start + found.end();
        let token = found.as_str();
        if !stands_alone(text, &secret, place)
            || allow::is_example(token)
            || allow::entropy(token) < entropy
        {
            continue;
        }
        let checked = checksum.is_none_or(|holds| holds(token));
        let (severity, confidence) = if allow::counts(token) {
            (Severity::Low, Confidence::Low)
        } else if checked {
            (rule.severity, rule.confidence)
        } else {
            (Severity::High, Confidence::Medium)
        };
        hits.push(Hit {
            rule,
            secret,
            severity,
            confidence,
            rank: 0,
        });
    }
}

/// The nearest character boundary at or before a byte offset.
fn boundary(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at)
}

/// Whether the range is not part of a longer word or of a file name.
fn stands_alone(text: &str, range: &Range<usize>, place: Where) -> bool {
    let bytes = text.as_bytes();
    let in_names = place == Where::Anywhere;
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || (*byte == b'_' && !in_names);
    let before = |back: usize| range.start.checked_sub(back).and_then(|at| bytes.get(at));
    // `\n` before a token in an escaped text is no part of it.
    let starts = !before(1).is_some_and(is_word) || before(2) == Some(&b'\\');
    let next = bytes.get(range.end);
    let in_file_name = !in_names
        && next == Some(&b'.')
        && bytes
            .get(range.end + 1)
            .is_some_and(u8::is_ascii_alphabetic);
    starts && !next.is_some_and(is_word) && !in_file_name
}

/// Whether a word in a name is a word of its own there, as `okta` is in `oktaToken` and not in `bookTable`.
fn is_own_word(text: &str, word: &Range<usize>) -> bool {
    let bytes = text.as_bytes();
    let first = bytes.get(word.start);
    let last = word.end.checked_sub(1).and_then(|at| bytes.get(at));
    let before = word.start.checked_sub(1).and_then(|at| bytes.get(at));
    let next = bytes.get(word.end);
    let lower = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_lowercase);
    let upper = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_uppercase);
    let joined_before = (lower(before) && lower(first)) || (upper(before) && upper(first));
    let joined_behind = lower(next) && upper(last) && word.len() > 1;
    let short = word.len() <= 4 && lower(next) && lower(last);
    !joined_before && !joined_behind && !short
}

fn by_name(
    text: &str,
    rule: &'static Rule,
    regex: &OnceLock<Option<Regex>>,
    pattern: &str,
    entropy: f64,
    word: Range<usize>,
) -> Option<Hit> {
    if !is_own_word(text, &word) {
        return None;
    }
    let found = assigned::find(text, word)?;
    let value = text.get(found.value.clone())?;
    if value.len() < 6 || allow::entropy(value) < entropy || allow::is_example(value) {
        return None;
    }
    let whole = compiled(regex, || format!("^(?:{pattern})$"))?;
    let is_whole = whole.is_match(value);
    // A word may have the length of a key; two words with a colon between them have not its form.
    let is_no_word = value
        .bytes()
        .any(|byte| byte.is_ascii_digit() || byte == b':');
    let (severity, confidence) = if allow::counts(value) {
        (Severity::Low, Confidence::Low)
    } else {
        (rule.severity, rule.confidence)
    };
    (is_whole && is_no_word).then_some(Hit {
        rule,
        secret: found.value,
        severity,
        confidence,
        rank: 1,
    })
}

/// A password that a file of Terraform gives to something, written out.
fn terraform(path: &str, text: &str, rule: &'static Rule, word: Range<usize>) -> Option<Hit> {
    let lower = path.to_ascii_lowercase();
    if !lower.ends_with(".tf") && !lower.ends_with(".hcl") {
        return None;
    }
    let found = assigned::find(text, word)?;
    let name = text.get(found.name.clone())?.to_ascii_lowercase();
    let value = text.get(found.value.clone())?;
    let is_whole = text.as_bytes().get(found.value.end) == Some(&b'"');
    let is_written_out = found.quoted && is_whole && !value.contains("${");
    (name.ends_with("password")
        && is_written_out
        && value.len() >= 8
        && !allow::is_example(value)
        && allow::entropy(value) > 2.0)
        .then(|| known(rule, found.value))
}

fn generic(path: &str, text: &str, rule: &'static Rule, word: Range<usize>) -> Option<Hit> {
    let found = assigned::find(text, word)?;
    let name = text.get(found.name.clone())?;
    let value = text.get(found.value.clone())?;
    // In source code a value without quotes is an expression.
    if (!found.quoted && is_source(path)) || is_list_of_hashes(path) {
        return None;
    }
    // A manual or an example shows what a key looks like; only a form of a provider's own makes it more.
    let is_example = role_of_path(path, Language::of_path(path)) == Role::Example;
    let (severity, confidence) = if is_prose(path) || is_example {
        (Severity::Low, Confidence::Low)
    } else {
        (rule.severity, rule.confidence)
    };
    allow::looks_secret(name, value, found.quoted).then_some(Hit {
        rule,
        secret: found.value,
        severity,
        confidence,
        rank: 2,
    })
}

fn is_prose(path: &str) -> bool {
    [".md", ".markdown", ".rst", ".adoc", ".txt"]
        .iter()
        .any(|ending| path.ends_with(ending))
}

fn is_source(path: &str) -> bool {
    const OTHERS: [&str; 14] = [
        ".java", ".kt", ".c", ".h", ".cc", ".cpp", ".cs", ".rb", ".php", ".swift", ".scala",
        ".lua", ".md", ".rst",
    ];
    Language::of_path(path).is_some() || OTHERS.iter().any(|ending| path.ends_with(ending))
}

/// Lock files hold hashes behind names of packages such as `oauth`.
fn is_list_of_hashes(path: &str) -> bool {
    const NAMES: [&str; 12] = [
        "go.sum",
        "Cargo.lock",
        "package-lock.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "poetry.lock",
        "uv.lock",
        "Pipfile.lock",
        "composer.lock",
        "Gemfile.lock",
        "RECORD",
        "bun.lock",
    ];
    let name = path.rsplit('/').next().unwrap_or(path);
    NAMES.contains(&name)
}

/// A private key block, from its first line on.
fn private_key(text: &str, rule: &'static Rule, word: Range<usize>) -> Option<Hit> {
    let head_start = boundary(text, word.start.saturating_sub(60));
    let head = text.get(head_start..word.start)?;
    let start = head_start + head.rfind("-----BEGIN")?;
    let rest = text.get(word.end..boundary(text, (word.end + KEY_BLOCK).min(text.len())))?;
    let rest = rest.strip_prefix(" BLOCK").unwrap_or(rest);
    let body = rest.strip_prefix("-----")?;
    let ended = body.find("-----END").and_then(|end| body.get(..end));
    // A block without an end is one only as far as it is encoded text.
    let body = ended.unwrap_or_else(|| {
        let end = body.find(|c: char| !is_encoded(c)).unwrap_or(body.len());
        body.get(..end).unwrap_or_default()
    });
    let plain = body.replace("\\n", "").replace("\\r", "");
    let encoded: String = plain.chars().filter(|c| is_base64(*c)).collect();
    let other = plain
        .chars()
        .filter(|c| !is_base64(*c) && !c.is_whitespace())
        .count();
    let least = if ended.is_some() { 64 } else { 200 };
    if encoded.len() < least
        || other * 6 > encoded.len()
        || allow::entropy(&encoded) < 3.5
        || allow::is_example(&encoded)
    {
        return None;
    }
    Some(Hit {
        rule,
        secret: start..word.end + body.len(),
        severity: rule.severity,
        confidence: rule.confidence,
        rank: 0,
    })
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')
}

fn is_encoded(c: char) -> bool {
    is_base64(c) || c.is_ascii_whitespace() || c == '\\'
}

/// `scheme://user:password@host`.
fn address(text: &str, rule: &'static Rule, word: Range<usize>) -> Option<Hit> {
    let bytes = text.as_bytes();
    let rest = bytes.get(word.end..)?;
    let length = rest
        .iter()
        .take(300)
        .position(|byte| {
            !byte.is_ascii_graphic()
                || matches!(byte, b'/' | b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\')
        })
        .unwrap_or_else(|| rest.len().min(300));
    let authority = text.get(word.end..word.end + length)?;
    let (login, host) = authority.rsplit_once('@')?;
    let (user, password) = login.split_once(':')?;
    if host.is_empty() || allow::is_default_password(user, password, host) {
        return None;
    }
    let start = word.end + user.len() + 1;
    let scheme_start = boundary(text, word.start.saturating_sub(12));
    let scheme = text.get(scheme_start..word.start)?;
    let database = [
        "postgres",
        "postgresql",
        "mysql",
        "mongodb",
        "mongodb+srv",
        "redis",
        "rediss",
        "amqp",
        "amqps",
        "mssql",
        "mariadb",
    ]
    .iter()
    .any(|name| scheme.ends_with(name));
    Some(Hit {
        rule,
        secret: start..start + password.len(),
        severity: if database {
            Severity::High
        } else {
            Severity::Medium
        },
        confidence: rule.confidence,
        rank: 1,
    })
}

/// One hit per place: the one that knows most.
fn without_overlaps(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by_key(|hit| (hit.secret.start, hit.rank, hit.severity, hit.rule.id));
    let mut kept: Vec<Hit> = Vec::new();
    for hit in hits {
        match kept.last_mut() {
            Some(last) if hit.secret.start < last.secret.end => {
                if (hit.rank, hit.severity) < (last.rank, last.severity) {
                    *last = hit;
                }
            }
            _ => kept.push(hit),
        }
    }
    kept
}

fn finding(hit: &Hit, path: &str, text: &str, row: usize, in_test: bool) -> Finding {
    let secret = text.get(hit.secret.clone()).unwrap_or_default();
    let mask = masked(secret);
    let (column, _) = line_at(text, hit.secret.start);
    let known = around(text, &hit.secret, &mask);
    let (suppressed, addition) = suppress::effect(suppression(text, hit));
    Finding {
        rule_id: hit.rule.id.to_owned(),
        severity: hit.severity,
        confidence: hit.confidence,
        path: path.to_owned(),
        line: u32::try_from(row + 1).unwrap_or(u32::MAX),
        column,
        message: format!(
            "{}: `{mask}`, {} characters{addition}",
            hit.rule.title,
            secret.chars().count()
        ),
        fix: Rule::FIX.to_owned(),
        fingerprint: fingerprint(hit.rule.id, path, "", &known),
        in_test,
        suppressed,
    }
}

/// The line of a secret with the mask in its place, as far as it is near.
fn around(text: &str, secret: &Range<usize>, mask: &str) -> String {
    const NEAR: usize = 200;
    let before = text
        .get(boundary(text, secret.start.saturating_sub(NEAR))..secret.start)
        .and_then(|before| before.rsplit('\n').next())
        .unwrap_or_default();
    let behind = text
        .get(secret.end..boundary(text, (secret.end + NEAR).min(text.len())))
        .and_then(|behind| behind.split('\n').next())
        .unwrap_or_default();
    format!("{before}{mask}{behind}")
}

/// The first characters of a secret: at most four, never more than a quarter of it.
pub(crate) fn masked(secret: &str) -> String {
    let shown = (secret.chars().count() / 4).min(4);
    let head: String = secret.chars().take(shown).collect();
    format!("{head}...")
}

/// What a comment behind the secret on its line makes of it.
fn suppression(text: &str, hit: &Hit) -> Option<Suppression> {
    let behind = text.get(hit.secret.end..)?;
    let tail = behind.split('\n').next().unwrap_or_default();
    let tail: String = tail.chars().take(400).collect();
    let comment = tail
        .find(['#', '/', ';', '<'])
        .and_then(|at| tail.get(at..))
        .unwrap_or(&tail);
    let other = ["gitleaks:allow", "allowlist secret"]
        .iter()
        .filter_map(|mark| tail.split_once(mark))
        .map(|(_, reason)| Suppression::because(reason));
    let usual = suppress::suppression(comment, hit.rule.id, &["B105", "B106", "B107", "G101"]);
    suppress::strongest(usual.into_iter().chain(other))
}
