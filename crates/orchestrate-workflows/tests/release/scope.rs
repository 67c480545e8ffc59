//! Reports that list less than everything: beside a baseline, on a change, under ignore rules.

use std::path::Path;
use std::process::Command;

use orchestrate_core::error::Explain;
use orchestrate_core::outcome::Outcome;
use orchestrate_core::report::RunReport;
use orchestrate_workflows::formats::scope_told;
use orchestrate_workflows::report::Verdict;
use orchestrate_workflows::scope::{Baseline, Change, Scope};
use orchestrate_workflows::{
    AnalysisOptions, IgnoreRule, ReleasePrep, ReleaseReadinessReport, Subject,
};
use serde_json::{Value, json};

use crate::driver::{report_of, subject};
use crate::fold::{content, result};
use crate::project::Project;

fn finding(severity: &str, fingerprint: &str, path: &str, line: u32) -> Value {
    json!({
        "rule_id": "python.command-injection", "severity": severity, "confidence": "high",
        "path": path, "line": line, "column": 5, "message": "m", "fix": "f", "fingerprint": fingerprint,
    })
}

/// A report with these findings of the security auditor, limited to a scope.
fn scoped(findings: &[Value], scope: Scope) -> ReleaseReadinessReport {
    let critical = findings
        .iter()
        .filter(|it| it["severity"] == "critical")
        .count();
    let mut agents = content();
    agents[0] = result(
        "security_auditor",
        Outcome::Succeeded,
        json!({"critical_issues": critical, "findings": findings}),
    );
    let run = RunReport {
        agents,
        ..RunReport::default()
    };
    let subject = Subject { scope, ..subject() };
    ReleasePrep::default().report(&run, subject).unwrap()
}

fn baseline(report: &ReleaseReadinessReport) -> Scope {
    let text = serde_json::to_string(report).unwrap();
    Scope {
        baseline: Some(Baseline::read("before.json", &text).unwrap()),
        change: None,
    }
}

#[test]
fn beside_a_baseline_only_what_is_new_is_listed_and_the_rest_is_counted() {
    let (old, gone, new) = (
        finding("critical", "aa", "a.py", 1),
        finding("low", "bb", "b.py", 2),
        finding("medium", "cc", "c.py", 3),
    );
    let before = scoped(&[old.clone(), gone], Scope::default());
    assert_eq!(
        (before.verdict, before.scope.is_none()),
        (Verdict::NotReady, true)
    );
    let after = scoped(&[old.clone(), new], baseline(&before));
    let listed: Vec<&str> = after.findings.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(listed, ["c.py"]);
    expect_test::expect![[r#"
        [
            "only findings that are not in `before.json` of 2026-01-02T03:04:05Z: 2 before, 1 still there, 1 gone, 1 new",
            "left out by this: 1 finding, critical and not counted by the gate: 1",
        ]
    "#]]
    .assert_debug_eq(&scope_told(&after));
    // The gate counts what is listed, and the warning says that something is not.
    assert_eq!(after.quality_gates[0].actual, Some(0.0));
    assert_eq!(after.verdict, Verdict::Ready);
    assert!(
        after
            .warnings
            .iter()
            .any(|it| it.starts_with("critical findings outside"))
    );
    // A critical finding that is new still blocks.
    let worse = scoped(
        &[old, finding("critical", "dd", "d.py", 4)],
        baseline(&before),
    );
    assert_eq!(worse.verdict, Verdict::NotReady);
    assert_eq!(worse.quality_gates[0].actual, Some(1.0));
}

#[test]
fn what_nobody_looked_for_is_not_gone() {
    let before = scoped(&[finding("low", "aa", "a.py", 1)], Scope::default());
    let run = RunReport {
        agents: content().split_off(1),
        ..RunReport::default()
    };
    let subject = Subject {
        scope: baseline(&before),
        ..subject()
    };
    let report = ReleasePrep::default().report(&run, subject).unwrap();
    let summary = report.scope.unwrap().baseline.unwrap();
    assert_eq!((summary.still_there, summary.gone), (0, 0));
}

#[test]
fn a_file_that_is_no_report_is_no_baseline() {
    let code = |text: &str| Baseline::read("x.json", text).unwrap_err().code();
    assert_eq!(code("{"), "ORC1502");
    assert_eq!(code("[]"), "ORC1502");
    assert_eq!(
        code(r#"{"schema": "orchestrate.release-readiness/9", "timestamp": "t", "findings": []}"#),
        "ORC1503"
    );
}

fn git(root: &Path, args: &[&str]) {
    let status = Command::new("git")
        .arg("-C")
        .arg(root)
        .args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@localhost",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(args)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(status.status.success(), "{args:?}: {status:?}");
}

#[test]
fn on_a_change_only_its_lines_and_files_are_listed() {
    let project = Project::empty()
        .file("a.py", "1\n2\n3\n4\n")
        .file("b.py", "1\n2\n");
    let root = project.root();
    git(root, &["init", "-q", "-b", "main"]);
    git(root, &["add", "."]);
    git(root, &["commit", "-q", "-m", "one"]);
    let project = project
        .file("a.py", "1\ntwo\n3\n4\n5\n")
        .file("new \u{e9}.py", "1\n");
    let root = project.root();
    let change = Change::since(root, "main").unwrap();
    let mut findings: Vec<Value> = (1..=5)
        .map(|line| finding("low", &format!("a{line}"), "a.py", line))
        .collect();
    findings.push(finding("low", "b", "b.py", 1));
    findings.push(finding("low", "n", "new \u{e9}.py", 1));
    for (fingerprint, path) in [("q1", "a.py"), ("q2", "b.py")] {
        let mut about_a_function = finding("low", fingerprint, path, 1);
        about_a_function["rule_id"] = "quality.long-function".into();
        findings.push(about_a_function);
    }
    let scope = Scope {
        baseline: None,
        change: Some(change),
    };
    let report = scoped(&findings, scope);
    let mut listed: Vec<String> = report
        .findings
        .iter()
        .map(|it| format!("{} {}:{}", it.rule_id, it.path, it.line))
        .collect();
    listed.sort();
    assert_eq!(
        listed,
        [
            "python.command-injection a.py:2",
            "python.command-injection a.py:5",
            "python.command-injection new \u{e9}.py:1",
            "quality.long-function a.py:1",
        ]
    );
    let told = scope_told(&report);
    assert!(
        told[0].contains("since `main`") && told[0].ends_with("2 lines in 1 file, and 1 new file"),
        "{told:?}"
    );
    let error = Change::since(root, "nowhere").unwrap_err();
    assert_eq!(error.code(), "ORC1504");
    let error = Change::since(root, "--output=x").unwrap_err();
    assert_eq!(error.code(), "ORC1504");
    assert!(!root.join("x").exists());
}

#[test]
fn ignore_rules_leave_out_count_and_tell_when_they_are_idle() {
    let project = Project::good().file(
        "shop/run.py",
        "\"\"\"Runs.\"\"\"\nimport os\nimport sys\n\n\ndef run():\n    \"\"\"Runs.\"\"\"\n    os.system(sys.argv[1])\n",
    );
    let rule = |rule: &str, path: &str| IgnoreRule::new(rule, path, "an inner tool").unwrap();
    let with = |ignore: Vec<IgnoreRule>| {
        let options = AnalysisOptions {
            ignore,
            ..AnalysisOptions::default()
        };
        report_of(&project, &ReleasePrep::default(), options)
    };
    let found = |report: &ReleaseReadinessReport| {
        report
            .findings
            .iter()
            .filter(|it| it.path == "shop/run.py" && it.rule_id.starts_with("python."))
            .count()
    };
    let all = with(vec![]);
    assert!(found(&all) > 0 && all.ignored.is_empty());
    let less = with(vec![rule("python.*", "shop/"), rule("go.*", "**")]);
    assert_eq!(found(&less), 0);
    let counts: Vec<u32> = less.ignored.iter().map(|it| it.findings).collect();
    assert_eq!(counts[1], 0);
    assert_eq!(counts[0] as usize, found(&all));
    assert!(
        scope_told(&less)[0].contains("in `shop/`: an inner tool"),
        "{:?}",
        scope_told(&less)
    );
    let idle: Vec<&String> = less
        .warnings
        .iter()
        .filter(|it| it.contains("leaves nothing out"))
        .collect();
    assert_eq!(idle.len(), 1);
    assert!(idle[0].contains("`go.*`"));
}
