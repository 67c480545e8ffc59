//! What each tool writes, read into one form. Anything else than the expected form is an error.

use std::path::Path;

use orchestrate_analysis::finding::{Confidence, Severity};
use serde_json::Value;

use super::cvss;
use super::family::Family;
use super::model::Reported;

/// Reads the output of a tool that ran in `root`. Gives its findings, and what it could not read.
pub(super) type Parse = fn(&str, &Path) -> Result<(Vec<Reported>, Vec<String>), String>;

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text.trim()).map_err(|error| format!("its output is no JSON: {error}"))
}

fn list<'a>(value: &'a Value, field: &str) -> Result<&'a Vec<Value>, String> {
    value
        .pointer(field)
        .and_then(Value::as_array)
        .ok_or_else(|| format!("its output has no list `{field}`"))
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// A number that may be written as one or as a text, as a range of lines is.
fn number(value: &Value, pointer: &str) -> u32 {
    let found = value.pointer(pointer);
    let number = match found {
        Some(Value::String(text)) => text.split('-').next().and_then(|first| first.parse().ok()),
        other => other.and_then(Value::as_u64),
    };
    number
        .and_then(|number| u32::try_from(number).ok())
        .unwrap_or(1)
        .max(1)
}

/// A path of a tool as one of the repository.
fn inside(path: &str, root: &Path) -> String {
    let path = Path::new(path);
    let real = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let inside = path
        .strip_prefix(root)
        .or_else(|_| path.strip_prefix(&real))
        .or_else(|_| path.strip_prefix("."))
        .unwrap_or(path);
    let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

fn word(word: &str) -> Severity {
    match word.to_ascii_uppercase().as_str() {
        "CRITICAL" => Severity::Critical,
        "HIGH" | "ERROR" => Severity::High,
        "MEDIUM" | "WARNING" | "MODERATE" => Severity::Medium,
        "LOW" => Severity::Low,
        _ => Severity::Info,
    }
}

fn confidence(word: &str) -> Confidence {
    match word.to_ascii_uppercase().as_str() {
        "HIGH" => Confidence::High,
        "LOW" => Confidence::Low,
        _ => Confidence::Medium,
    }
}

pub(super) fn ruff(output: &str, root: &Path) -> Result<(Vec<Reported>, Vec<String>), String> {
    let document = json(output)?;
    let found = list(&document, "")?.iter().map(|one| {
        let code = match text(one, "/code") {
            "" => "syntax",
            code => code,
        };
        let severity = match code {
            // The ones that bandit holds to be high.
            "S602" | "S605" | "S501" | "S324" | "S507" | "S701" => Severity::High,
            "S301" | "S307" | "S506" | "S608" | "S102" | "S103" | "S310" => Severity::Medium,
            code if code.starts_with('S') || code.starts_with('F') || code.starts_with('B') => {
                Severity::Low
            }
            "syntax" => Severity::Medium,
            _ => Severity::Info,
        };
        Reported {
            rule: code.to_owned(),
            severity,
            confidence: Confidence::Medium,
            path: inside(text(one, "/filename"), root),
            line: number(one, "/location/row"),
            column: number(one, "/location/column"),
            message: text(one, "/message").to_owned(),
            fix: match text(one, "/fix/message") {
                "" => format!("see {}", text(one, "/url")),
                fix => fix.to_owned(),
            },
            family: Family::of_ruff(code),
        }
    });
    Ok((found.collect(), Vec::new()))
}

pub(super) fn bandit(output: &str, root: &Path) -> Result<(Vec<Reported>, Vec<String>), String> {
    let document = json(output)?;
    let found = list(&document, "/results")?.iter().map(|one| {
        let id = text(one, "/test_id");
        // These quote the credential itself.
        let message = match id {
            "B105" | "B106" | "B107" => "possible hard-coded password",
            _ => text(one, "/issue_text"),
        };
        let cwe = one.pointer("/issue_cwe/id").and_then(Value::as_u64);
        Reported {
            rule: id.to_owned(),
            severity: word(text(one, "/issue_severity")),
            confidence: confidence(text(one, "/issue_confidence")),
            path: inside(text(one, "/filename"), root),
            line: number(one, "/line_number"),
            column: number(one, "/col_offset")
                + u32::from(one.pointer("/col_offset").is_some_and(|it| it != 0)),
            message: message.to_owned(),
            fix: format!("see {}", text(one, "/more_info")),
            family: cwe
                .and_then(|cwe| u16::try_from(cwe).ok())
                .map_or(Family::Own, Family::of_cwe),
        }
    });
    let unread = list(&document, "/errors")?.iter().map(|error| {
        format!(
            "could not read `{}`: {}",
            inside(text(error, "/filename"), root),
            text(error, "/reason")
        )
    });
    Ok((found.collect(), unread.collect()))
}

pub(super) fn semgrep(output: &str, root: &Path) -> Result<(Vec<Reported>, Vec<String>), String> {
    let document = json(output)?;
    let found = list(&document, "/results")?.iter().map(|one| {
        let cwe = one.pointer("/extra/metadata/cwe");
        let cwe = cwe.and_then(|cwe| cwe.as_str().or_else(|| cwe.get(0)?.as_str()));
        let cwe = cwe.and_then(|text| {
            let digits = text.strip_prefix("CWE-")?;
            digits
                .split(|c: char| !c.is_ascii_digit())
                .next()?
                .parse()
                .ok()
        });
        Reported {
            rule: text(one, "/check_id").to_owned(),
            severity: word(text(one, "/extra/severity")),
            confidence: confidence(text(one, "/extra/metadata/confidence")),
            path: inside(text(one, "/path"), root),
            line: number(one, "/start/line"),
            column: number(one, "/start/col"),
            message: text(one, "/extra/message")
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" "),
            fix: match text(one, "/extra/fix") {
                "" => "see the message of the rule".to_owned(),
                fix => format!("write `{fix}`"),
            },
            family: cwe.map_or(Family::Own, Family::of_cwe),
        }
    });
    let unread = list(&document, "/errors")?.iter().map(|error| {
        text(error, "/message")
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()
    });
    Ok((found.collect(), unread.collect()))
}

pub(super) fn gosec(output: &str, root: &Path) -> Result<(Vec<Reported>, Vec<String>), String> {
    let document = json(output)?;
    let empty = Vec::new();
    // Without any finding the list is null.
    let issues = match document.get("Issues") {
        Some(Value::Array(issues)) => issues,
        Some(Value::Null) => &empty,
        _ => return Err("its output has no list `Issues`".to_owned()),
    };
    let found = issues.iter().map(|one| {
        let cwe = text(one, "/cwe/id").parse().ok();
        Reported {
            rule: text(one, "/rule_id").to_owned(),
            severity: word(text(one, "/severity")),
            confidence: confidence(text(one, "/confidence")),
            path: inside(text(one, "/file"), root),
            line: number(one, "/line"),
            column: number(one, "/column"),
            message: text(one, "/details").to_owned(),
            fix: format!("see {}", text(one, "/cwe/url")),
            family: cwe.map_or(Family::Own, Family::of_cwe),
        }
    });
    let errors = document.get("Golang errors").and_then(Value::as_object);
    let unread = errors
        .into_iter()
        .flatten()
        .map(|(file, _)| format!("could not read `{}`", inside(file, root)));
    Ok((found.collect(), unread.collect()))
}

pub(super) fn clippy(output: &str, root: &Path) -> Result<(Vec<Reported>, Vec<String>), String> {
    let mut found = Vec::new();
    for line in output.lines().filter(|line| line.starts_with('{')) {
        let document = json(line)?;
        if text(&document, "/reason") != "compiler-message" {
            continue;
        }
        let lint = text(&document, "/message/code/code");
        let level = text(&document, "/message/level");
        if level == "error" && (lint.is_empty() || (lint.starts_with('E') && lint.len() == 5)) {
            return Err(format!(
                "the project does not compile: {}",
                text(&document, "/message/message")
            ));
        }
        let spans = document.pointer("/message/spans").and_then(Value::as_array);
        let is_primary =
            |span: &&Value| span.get("is_primary").and_then(Value::as_bool) == Some(true);
        let Some(span) = spans.and_then(|spans| spans.iter().find(is_primary)) else {
            continue;
        };
        if lint.is_empty() {
            continue;
        }
        let children = document
            .pointer("/message/children")
            .and_then(Value::as_array);
        let help = children
            .into_iter()
            .flatten()
            .find(|child| text(child, "/level") == "help");
        let one = Reported {
            rule: lint.trim_start_matches("clippy::").to_owned(),
            severity: if level == "error" {
                Severity::Medium
            } else {
                Severity::Low
            },
            confidence: Confidence::High,
            path: inside(text(span, "/file_name"), root),
            line: number(span, "/line_start"),
            column: number(span, "/column_start"),
            message: text(&document, "/message/message").to_owned(),
            fix: help
                .map_or("see the message of the lint", |help| text(help, "/message"))
                .to_owned(),
            family: Family::of_clippy(lint),
        };
        // A file that belongs to several targets is checked for each of them.
        if !found.contains(&one) {
            found.push(one);
        }
    }
    Ok((found, Vec::new()))
}

pub(super) fn cargo_audit(
    output: &str,
    root: &Path,
) -> Result<(Vec<Reported>, Vec<String>), String> {
    let document = json(output)?;
    let lock = std::fs::read_to_string(root.join("Cargo.lock")).unwrap_or_default();
    let mut found = Vec::new();
    for one in list(&document, "/vulnerabilities/list")? {
        let (severity, told) = match cvss::severity(text(one, "/advisory/cvss")) {
            Some(severity) => (severity, ""),
            None => (
                Severity::High,
                " (its severity is unknown and taken as high)",
            ),
        };
        let patched = one.pointer("/versions/patched").and_then(Value::as_array);
        let patched: Vec<&str> = patched
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        found.push(advisory(
            one,
            &lock,
            severity,
            told,
            match &*patched {
                [] => "no version is patched: replace it, or say why it does not matter here"
                    .to_owned(),
                some => format!("update to {}", some.join(" or ")),
            },
        ));
    }
    let kinds = document.get("warnings").and_then(Value::as_object);
    for one in kinds
        .into_iter()
        .flat_map(|kinds| kinds.values())
        .filter_map(Value::as_array)
        .flatten()
    {
        if one.pointer("/advisory/id").is_some() {
            let fix = "replace it by something that is kept".to_owned();
            found.push(advisory(one, &lock, Severity::Low, "", fix));
        }
    }
    Ok((found, Vec::new()))
}

fn advisory(one: &Value, lock: &str, severity: Severity, told: &str, fix: String) -> Reported {
    let id = text(one, "/advisory/id");
    let (name, version) = (text(one, "/package/name"), text(one, "/package/version"));
    let wanted = (
        format!("name = \"{name}\""),
        format!("version = \"{version}\""),
    );
    let mut lines = lock.lines().zip(lock.lines().skip(1)).enumerate();
    let line = lines
        .find(|(_, (a, b))| *a == wanted.0 && *b == wanted.1)
        .map_or(1, |(at, _)| at + 1);
    Reported {
        rule: id.to_owned(),
        severity,
        confidence: Confidence::High,
        path: "Cargo.lock".to_owned(),
        line: u32::try_from(line).unwrap_or(1),
        column: 1,
        message: format!("`{name}` {version}: {}{told}", text(one, "/advisory/title")),
        fix,
        family: Family::Advisory(id.to_owned()),
    }
}

pub(super) fn eslint(output: &str, root: &Path) -> Result<(Vec<Reported>, Vec<String>), String> {
    let document = json(output)?;
    let (mut found, mut unread) = (Vec::new(), Vec::new());
    for file in list(&document, "")? {
        let path = inside(text(file, "/filePath"), root);
        for one in list(file, "/messages")? {
            let rule = text(one, "/ruleId");
            if rule.is_empty() {
                unread.push(format!(
                    "could not read `{path}`: {}",
                    text(one, "/message")
                ));
                continue;
            }
            found.push(Reported {
                rule: rule.to_owned(),
                severity: match number(one, "/severity") {
                    2 => Severity::Low,
                    _ => Severity::Info,
                },
                confidence: Confidence::Medium,
                path: path.clone(),
                line: number(one, "/line"),
                column: number(one, "/column"),
                message: text(one, "/message").trim_end_matches('.').to_owned(),
                fix: format!("see the documentation of `{rule}`"),
                family: Family::of_eslint(rule),
            });
        }
    }
    Ok((found, unread))
}
