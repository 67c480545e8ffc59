//! Cases of gitleaks as its own rules make them: most are texts for a pattern, and only exist when the rules run.
//!
//! The rules are Go functions that hand their cases to a function that checks them. They are built here with that
//! function replaced by one that prints the cases; what they need besides is small and stands in `generator`, so that
//! no module has to be fetched. Nothing of the suite is kept.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::cases::{Case, Cases, file_name, files, read};
use crate::measured::text;

/// Where the rules of the suite lie below its root, and below the copy.
const RULES: &str = "cmd/generate/config/rules";
const UTILS: &str = "cmd/generate/config/utils";

/// What stands in for packages of the suite, by the place in the copy.
const REPLACED: [(&str, &str); 5] = [
    (
        "go.mod",
        "module github.com/zricethezav/gitleaks/v8\n\ngo 1.18\n",
    ),
    ("config/config.go", include_str!("generator/config.go.txt")),
    ("regexp/regexp.go", include_str!("generator/regexp.go.txt")),
    (
        "cmd/generate/secrets/secrets.go",
        include_str!("generator/secrets.go.txt"),
    ),
    (
        "cmd/generate/config/utils/cases.go",
        include_str!("generator/utils.go.txt"),
    ),
];

fn put(path: &Path, content: &str) -> Result<(), String> {
    let failed = |error| format!("cannot write `{}`: {error}", path.display());
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    fs::write(path, content).map_err(failed)
}

/// All cases of the rules that the suite publishes, made with this seed. `copy` is a directory to build them in.
pub(super) fn gitleaks(root: &Path, copy: &Path, seed: u64) -> Result<Cases, String> {
    for (place, content) in REPLACED {
        put(&copy.join(place), content)?;
    }
    for name in ["generate.go", "patterns.go"] {
        put(
            &copy.join(UTILS).join(name),
            &read(&root.join(UTILS).join(name))?,
        )?;
    }
    for path in files(&root.join(RULES), ".go")? {
        let name = path.file_name().unwrap_or_default();
        if !name.to_string_lossy().ends_with("_test.go") {
            put(&copy.join(RULES).join(name), &read(&path)?)?;
        }
    }
    let published = read(&root.join("cmd/generate/config/main.go"))?;
    put(&copy.join("main.go"), &main_of(&published))?;
    let ended = Command::new("go")
        .args(["run", "."])
        .current_dir(copy)
        .envs([
            ("GOFLAGS", "-mod=mod"),
            ("GOPROXY", "off"),
            ("GOTOOLCHAIN", "local"),
        ])
        .env("CASE_SEED", seed.to_string())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot start `go`: {error}"))?;
    if !ended.status.success() {
        let said = String::from_utf8_lossy(&ended.stderr);
        return Err(format!("the rules do not build: {}", said.trim()));
    }
    let mut cases = Vec::new();
    for line in String::from_utf8_lossy(&ended.stdout).lines() {
        cases.push(case(line)?);
    }
    let left_out = leave_out_disputed(&mut cases);
    println!("{left_out} cases that one rule must not find and another must were left out");
    Ok(Cases { cases, computed: 0 })
}

/// Leaves out texts that are no secret to one rule and are one to another; gives how many.
fn leave_out_disputed(cases: &mut Vec<Case>) -> usize {
    let found: BTreeSet<_> = cases
        .iter()
        .filter(|case| case.expected > 0)
        .map(|case| case.files.clone())
        .collect();
    let before = cases.len();
    cases.retain(|case| case.expected > 0 || !found.contains(&case.files));
    before - cases.len()
}

/// A program that calls every rule that the suite's own program calls.
fn main_of(published: &str) -> String {
    let calls: String = published
        .match_indices("rules.")
        .filter_map(|(at, _)| {
            let call = published.get(at..)?;
            let (name, _) = call.split_once("()")?;
            let is_name = name
                .chars()
                .all(|c| c.is_alphanumeric() || "._".contains(c));
            is_name.then(|| format!("\t{name}()\n"))
        })
        .collect();
    format!(
        "package main\n\nimport \"github.com/zricethezav/gitleaks/v8/{RULES}\"\n\nfunc main() {{\n{calls}}}\n"
    )
}

fn case(line: &str) -> Result<Case, String> {
    let value: Value = serde_json::from_str(line).map_err(|error| format!("a case: {error}"))?;
    let is = |name: &str| value.get(name).and_then(Value::as_bool) == Some(true);
    let path = text(&value, "path");
    Ok(Case {
        family: text(&value, "rule").to_owned(),
        files: vec![(
            file_name((!path.is_empty()).then_some(path)),
            text(&value, "text").to_owned(),
        )],
        expected: u64::from(is("found")),
        made: is("made"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_that_is_called_is_called_again() {
        let main = main_of("// rules.\nall := []*R{\n rules.One(),\n rules.Two_2(),\n}");
        assert!(
            main.contains("{\n\trules.One()\n\trules.Two_2()\n}"),
            "{main}"
        );
    }

    #[test]
    fn a_text_that_two_rules_dispute_is_no_case_against_either() {
        let case = |expected, text: &str| Case {
            family: String::new(),
            files: vec![("case.cfg".to_owned(), text.to_owned())],
            expected,
            made: false,
        };
        let mut cases = vec![case(1, "a"), case(0, "a"), case(0, "b")];
        assert_eq!(leave_out_disputed(&mut cases), 1);
        assert_eq!(cases.len(), 2);
    }

    #[test]
    fn a_line_is_a_case_with_the_file_name_of_its_path() {
        let case = case(
            r#"{"rule":"r","found":true,"path":"C:\\a\\nuget.config","text":"t","made":true}"#,
        )
        .unwrap();
        assert_eq!(case.files, [("nuget.config".to_owned(), "t".to_owned())]);
        assert!(case.made);
        assert_eq!(case.expected, 1);
        assert!(super::case("{").is_err());
    }
}
