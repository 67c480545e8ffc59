//! The forms that other programs read, held against what these programs demand.

use std::collections::BTreeMap;

use orchestrate_core::outcome::{FailureClass, Outcome};
use orchestrate_workflows::formats::{github, github_summary, html, junit, sarif};
use orchestrate_workflows::report::Verdict;
use orchestrate_workflows::{ReleasePrep, ReleaseReadinessReport};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Value, json};

use crate::fold::{content, fold, result};
use crate::formats::{finding, mixed};

/// Reports of every verdict, with whatever can go wrong in them.
fn reports() -> Vec<ReleaseReadinessReport> {
    let mut failed = content();
    failed[2] = result(
        "code_reviewer",
        Outcome::failed(
            FailureClass::Internal,
            "panicked <at> \u{1}\u{fffe} & \"x\"",
        ),
        Value::Null,
    );
    let mut blocked = content();
    blocked[1] = result(
        "test_coverage_analyzer",
        Outcome::Succeeded,
        json!({"coverage_percent": 91, "blockers": ["the tests fail: 1 of 3"]}),
    );
    vec![
        fold(content(), &ReleasePrep::default()),
        mixed(),
        fold(failed, &ReleasePrep::default()),
        fold(blocked, &ReleasePrep::default()),
        fold(vec![], &ReleasePrep::default()),
    ]
}

/// What a consumer of JUnit counts.
#[derive(Debug, Default, PartialEq)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

/// Reads JUnit as consumers do: elements only where the common schema allows them, with the
/// attributes that it demands, and totals that are those of the cases.
fn consume(xml: &str) -> Counts {
    let mut reader = Reader::from_str(xml);
    let mut open: Vec<String> = Vec::new();
    let (mut all, mut suite) = (Counts::default(), Counts::default());
    let (mut told_all, mut told_suite) = (None, None);
    let mut states_of_case = 0;
    loop {
        let event = reader.read_event().unwrap();
        let (element, is_empty) = match &event {
            Event::Start(element) => (element, false),
            Event::Empty(element) => (element, true),
            Event::End(element) => {
                let name = element.name().as_ref().to_owned();
                assert_eq!(open.pop().as_deref(), Some(name.as_str()));
                if name == "testsuite" {
                    assert_eq!(told_suite.take(), Some(std::mem::take(&mut suite)));
                }
                continue;
            }
            Event::Eof => break,
            _ => continue,
        };
        let name = element.name().as_ref().to_owned();
        let attributes = attributes(element);
        let number = |key: &str| attributes[key].parse::<usize>().unwrap();
        let parent = open.last().map(String::as_str);
        match (parent, name.as_str()) {
            (None, "testsuites") => {
                told_all = Some((number("tests"), number("failures"), number("errors")));
            }
            (Some("testsuites"), "testsuite") => {
                assert!(!attributes["name"].is_empty() && !attributes["timestamp"].is_empty());
                told_suite = Some(Counts {
                    tests: number("tests"),
                    failures: number("failures"),
                    errors: number("errors"),
                    skipped: number("skipped"),
                });
            }
            (Some("testsuite"), "testcase") => {
                assert!(!attributes["name"].is_empty() && !attributes["classname"].is_empty());
                assert!(attributes["time"].parse::<f64>().unwrap() >= 0.0);
                states_of_case = 0;
                (all.tests, suite.tests) = (all.tests + 1, suite.tests + 1);
            }
            (Some("testcase"), state @ ("failure" | "error" | "skipped")) => {
                states_of_case += 1;
                assert_eq!(states_of_case, 1, "one state a case");
                assert!(!attributes["message"].is_empty());
                for counts in [&mut all, &mut suite] {
                    match state {
                        "failure" => counts.failures += 1,
                        "error" => counts.errors += 1,
                        _ => counts.skipped += 1,
                    }
                }
            }
            (Some("testcase"), "system-out") => {}
            other => panic!("{other:?} is not allowed"),
        }
        if !is_empty {
            open.push(name);
        }
    }
    assert!(open.is_empty());
    assert_eq!(told_all, Some((all.tests, all.failures, all.errors)));
    all
}

fn attributes(element: &BytesStart<'_>) -> BTreeMap<String, String> {
    let attributes = element.attributes().map(|attribute| {
        let attribute = attribute.unwrap();
        let key = attribute.key.as_ref().to_owned();
        let value = attribute.value.to_string();
        (key, value)
    });
    attributes.collect()
}

#[test]
fn who_counts_failures_in_junit_comes_to_the_same_verdict() {
    let mut seen = Vec::new();
    for report in reports() {
        let xml = junit(&report);
        assert!(!xml.contains('\u{1}'), "XML has no form for it");
        let counts = consume(&xml);
        let is_green = counts.failures + counts.errors == 0;
        assert_eq!(is_green, report.verdict == Verdict::Ready, "{xml}");
        seen.push((report.verdict, counts.failures, counts.errors));
    }
    assert_eq!(
        seen,
        [
            (Verdict::Ready, 0, 0),
            (Verdict::NotReady, 2, 0),
            (Verdict::NotReady, 1, 2),
            (Verdict::NotReady, 2, 0),
            (Verdict::Undecided, 0, 4),
        ]
    );
}

/// The schema is the one of version 2.1.0 with errata 01, unchanged: copyright OASIS Open, who let it be copied and
/// furnished to others.
#[test]
fn sarif_of_every_report_is_what_its_schema_admits() {
    let schema: Value = serde_json::from_str(include_str!("sarif-2.1.0.schema.json")).unwrap();
    let validator = jsonschema::draft4::new(&schema).unwrap();
    for report in reports() {
        let log = sarif(&report);
        let wrong: Vec<String> = validator
            .iter_errors(&log)
            .map(|it| it.to_string())
            .collect();
        assert_eq!(wrong, Vec::<String>::new());
    }
    assert!(!validator.is_valid(&json!({"version": "2.1.0", "runs": [{}]})));
}

#[test]
fn junit_tells_what_failed() {
    let xml = junit(&mixed());
    expect_test::expect![[r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="release-prep" tests="9" failures="2" errors="0" time="2.000">
          <testsuite name="release-prep.verdict" tests="1" failures="1" errors="0" skipped="0" time="2.000" timestamp="2026-01-02T03:04:05">
            <testcase name="ready to be released" classname="release-prep.verdict" time="2.000">
              <failure message="Not ready: Number of critical issues is 1, wanted at most 0." type="release-prep.verdict">Not ready: Number of critical issues is 1, wanted at most 0.</failure>
              <system-out>warning: Documentation coverage is 95, wanted at least 100
        not measured: known vulnerable dependencies: not audited (run `cargo audit`)
        </system-out>
            </testcase>
          </testsuite>
          <testsuite name="release-prep.gates" tests="4" failures="1" errors="0" skipped="1" time="0.000" timestamp="2026-01-02T03:04:05">
            <testcase name="Number of critical issues" classname="release-prep.gates.critical_issues" time="0.000">
              <failure message="Number of critical issues is 1, wanted at most 0" type="release-prep.gates.critical_issues">Number of critical issues is 1, wanted at most 0</failure>
              <system-out>src/run.py:6:5: critical: `os.system` is given user data (python.command-injection)
        </system-out>
            </testcase>
            <testcase name="Test coverage" classname="release-prep.gates.coverage_percent" time="0.000"/>
            <testcase name="Quality score" classname="release-prep.gates.quality_score" time="0.000"/>
            <testcase name="Documentation coverage" classname="release-prep.gates.doc_coverage_percent" time="0.000">
              <skipped message="warning only: Documentation coverage is 95, wanted at least 100"/>
            </testcase>
          </testsuite>
          <testsuite name="release-prep.agents" tests="4" failures="0" errors="0" skipped="0" time="0.008" timestamp="2026-01-02T03:04:05">
            <testcase name="code_reviewer" classname="release-prep.agents" time="0.002"/>
            <testcase name="documentation_writer" classname="release-prep.agents" time="0.002"/>
            <testcase name="security_auditor" classname="release-prep.agents" time="0.002">
              <system-out>src/run.py:6:5: critical: `os.system` is given user data (python.command-injection)
        a b/ü|x.py:3:5: low: `eval(x)` | &lt;b&gt;bold&lt;/b&gt; @all (python.command-injection)
        </system-out>
            </testcase>
            <testcase name="test_coverage_analyzer" classname="release-prep.agents" time="0.002"/>
          </testsuite>
        </testsuites>
    "#]].assert_eq(&xml);
}

#[test]
fn annotations_are_at_most_ten_of_a_kind_worst_first() {
    let mut agents = content();
    let mut findings: Vec<Value> = (1..=30)
        .map(|line| finding("high", "src/a.py", line, "m"))
        .collect();
    findings.extend((1..=12).map(|line| finding("info", "src/b.py", line, "n")));
    findings.push(finding("critical", "src/z,1.py", 7, "worst\nof all"));
    agents[0] = result(
        "security_auditor",
        Outcome::Succeeded,
        json!({"critical_issues": 1, "findings": findings}),
    );
    let text = github(&fold(agents, &ReleasePrep::default()), "sub/dir");
    let of = |kind: &str| {
        text.lines()
            .filter(|line| line.starts_with(&format!("::{kind} ")))
            .count()
    };
    assert_eq!((of("error"), of("warning"), of("notice")), (10, 0, 10));
    assert_eq!(text.lines().count(), 20, "nothing but commands");
    let lines: Vec<&str> = text.lines().collect();
    expect_test::expect![[r#"
        ::error title=Release blocked::Number of critical issues is 1, wanted at most 0
        ::error file=sub/dir/src/z%2C1.py,line=7,col=5,title=python.command-injection (critical)::worst%0Aof all. To mend it: pass a list of arguments
        ::error title=More::23 more of this kind are not shown here; the report holds all of them
        ::notice title=More::3 more of this kind are not shown here; the report holds all of them"#]].assert_eq(&[lines[0], lines[1], lines[9], lines[19]].join("\n"));
}

#[test]
fn the_summary_of_a_job_stays_below_its_limit() {
    let mut agents = content();
    let long = "x".repeat(20_000);
    let findings: Vec<Value> = (1..=150)
        .map(|line| finding("low", "src/a.py", line, &long))
        .collect();
    agents[0] = result(
        "security_auditor",
        Outcome::Succeeded,
        json!({"critical_issues": 0, "findings": findings}),
    );
    let summary = github_summary(&fold(agents, &ReleasePrep::default()));
    assert!(summary.len() < 1 << 20, "{}", summary.len());
    assert!(summary.contains("**Cut here"));
    let short = github_summary(&mixed());
    assert!(short.starts_with("## Release readiness") && !short.contains("**Cut here"));
}

/// The elements of a page, checked to be closed in the order in which they were opened.
fn elements(page: &str) -> Vec<String> {
    const VOID: [&str; 3] = ["meta", "br", "hr"];
    let (mut open, mut all): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for tag in page.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap();
        if tag.starts_with('!') {
            continue;
        }
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop().as_deref(), Some(name)),
            None => {
                let name = tag.split_whitespace().next().unwrap().to_owned();
                all.push(tag.to_owned());
                if !VOID.contains(&name.as_str()) {
                    open.push(name);
                }
            }
        }
    }
    assert!(open.is_empty(), "{open:?}");
    all
}

#[test]
fn the_page_stands_alone_and_nothing_in_it_becomes_markup() {
    for mut report in reports() {
        report.summary.push_str(" <script>alert(1)</script> `<b>`");
        report.warnings.push("\"><img src=x onerror=y>".to_owned());
        let page = html(&report, "demo");
        let elements = elements(&page);
        for element in &elements {
            let name = element.split_whitespace().next().unwrap();
            assert!(
                !["script", "img", "link", "iframe", "b"].contains(&name) || element == "b",
                "{element}"
            );
            let asks = |part: &str| part.starts_with("src=") || part.contains("://");
            assert!(!element.split_whitespace().any(asks), "{element}");
            if let Some((_, target)) = element.split_once("href=\"") {
                assert!(target.starts_with('#'), "{element}");
            }
        }
        assert!(page.starts_with("<!DOCTYPE html>"));
        assert!(page.contains("default-src &#39;none&#39;") || page.contains("default-src 'none'"));
        assert!(!page.contains("url(") && !page.contains("@import"));
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    }
}

/// Needs Chromium on PATH: `cargo nextest run -p orchestrate-workflows --run-ignored only browser`.
#[cfg(unix)]
#[test]
#[ignore = "needs a browser"]
fn a_browser_without_network_shows_the_page_and_reports_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let page = directory.path().join("report.html");
    std::fs::write(&page, html(&mixed(), "demo")).unwrap();
    let profile = format!("--user-data-dir={}", directory.path().display());
    let shown = std::process::Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--enable-logging=stderr",
            "--dump-dom",
            &profile,
        ])
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    let document = String::from_utf8_lossy(&shown.stdout);
    assert!(document.contains("Quality gates"), "{document}");
    let said = String::from_utf8_lossy(&shown.stderr);
    assert!(!said.contains("CONSOLE"), "{said}");
    assert!(!said.contains("ERR_NAME_NOT_RESOLVED"), "{said}");
}

#[test]
fn the_page_says_each_state_in_a_word() {
    let words = |report: &ReleaseReadinessReport| {
        let page = html(report, "demo");
        let text: Vec<&str> = page
            .split('<')
            .filter_map(|part| Some(part.split_once('>')?.1))
            .collect();
        text.join(" ")
    };
    let all = reports();
    for (report, expected) in
        all.iter()
            .zip(["Ready", "Not ready", "Not ready", "Not ready", "Undecided"])
    {
        assert!(words(report).contains(expected));
    }
    let mixed = words(&all[1]);
    for word in [
        "passed",
        "failed",
        "failed, warns only",
        "critical",
        "not audited",
        "src/run.py:6:5",
    ] {
        assert!(mixed.contains(word), "{word}");
    }
    assert!(words(&all[4]).contains("not measured"));
}
