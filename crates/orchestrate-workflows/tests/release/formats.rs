//! The forms of a report for other programs.

use expect_test::expect;
use orchestrate_core::outcome::{FailureClass, Outcome};
use orchestrate_workflows::formats::{markdown, sarif};
use orchestrate_workflows::report::{Verdict, schema};
use orchestrate_workflows::{ReleasePrep, ReleaseReadinessReport};
use serde_json::{Value, json};

use crate::fold::{content, fold, result};

pub(crate) fn finding(severity: &str, path: &str, line: u32, message: &str) -> Value {
    json!({
        "rule_id": "python.command-injection", "severity": severity, "confidence": "high",
        "path": path, "line": line, "column": 5, "message": message,
        "fix": "pass a list of arguments", "fingerprint": "00112233445566aa-2",
    })
}

/// A report with a blocker, a warning, something not measured and two findings.
pub(crate) fn mixed() -> ReleaseReadinessReport {
    let mut agents = content();
    agents[0] = result(
        "security_auditor",
        Outcome::Succeeded,
        json!({
            "critical_issues": 1,
            "findings": [
                finding("low", "a b/ü|x.py", 3, "`eval(x)` | <b>bold</b> @all"),
                finding("critical", "src/run.py", 6, "`os.system` is given user data"),
            ],
            "not_measured": [{"what": "known vulnerable dependencies", "why": "not audited", "how_to_measure": "run `cargo audit`"}],
        }),
    );
    agents[3] = result(
        "documentation_writer",
        Outcome::Succeeded,
        json!({"doc_coverage_percent": 95}),
    );
    fold(agents, &ReleasePrep::default())
}

#[test]
fn reports_of_all_verdicts_match_the_schema_and_survive_a_round_trip() {
    let schema = serde_json::to_value(schema()).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let mut failed = content();
    failed[2] = result(
        "code_reviewer",
        Outcome::failed(FailureClass::Internal, "panicked"),
        Value::Null,
    );
    let reports = [
        (Verdict::Ready, fold(content(), &ReleasePrep::default())),
        (Verdict::NotReady, mixed()),
        (Verdict::NotReady, fold(failed, &ReleasePrep::default())),
        (Verdict::Undecided, fold(vec![], &ReleasePrep::default())),
    ];
    for (verdict, report) in reports {
        assert_eq!(report.verdict, verdict);
        let json = serde_json::to_value(&report).unwrap();
        let errors: Vec<_> = validator
            .iter_errors(&json)
            .map(|e| e.to_string())
            .collect();
        assert_eq!(errors, Vec::<String>::new());
        let back: ReleaseReadinessReport = serde_json::from_value(json).unwrap();
        assert_eq!(back, report);
    }
    let mut wrong = serde_json::to_value(mixed()).unwrap();
    wrong["verdict"] = "maybe".into();
    assert!(!validator.is_valid(&wrong));
}

#[test]
fn the_keys_of_the_document_are_stable() {
    let report = serde_json::to_value(mixed()).unwrap();
    let keys: Vec<_> = report.as_object().unwrap().keys().cloned().collect();
    expect!["schema path verdict approved confidence quality_gates agent_results blockers warnings not_measured summary findings timestamp wall_duration summed_duration evidence"].assert_eq(&keys.join(" "));
}

#[test]
fn markdown_fits_into_a_comment() {
    expect![[r#"
        ## Release readiness: ❌ not ready

        Confidence: high. Not ready: Number of critical issues is 1, wanted at most 0.

        | Gate | Actual | Target | Status |
        |---|---:|---:|---|
        | Number of critical issues | 1 | ≤ 0 | ❌ failed |
        | Test coverage | 91.5 | ≥ 80 | ✅ passed |
        | Quality score | 8.2 | ≥ 7 | ✅ passed |
        | Documentation coverage | 95 | ≥ 100 | ⚠️ failed (warning) |

        ### Blockers

        - Number of critical issues is 1, wanted at most 0

        ### Warnings

        - Documentation coverage is 95, wanted at least 100

        ### Not measured

        - **known vulnerable dependencies**: not audited. To measure it: run `cargo audit`

        ### Findings: the first 2 of 2

        | Severity | Where | What | How to mend it |
        |---|---|---|---|
        | Critical | `src/run.py:6` | `os.system` is given user data (`python.command-injection`) | pass a list of arguments |
        | Low | `a b/ü\|x.py:3` | `eval(x)` \| &lt;b&gt;bold&lt;/b&gt; @<!-- -->all (`python.command-injection`) | pass a list of arguments |

        <details><summary>Agents and time: 2.0 s in all</summary>

        | Agent | Outcome | Time | Evidence |
        |---|---|---:|---|
        | `code_reviewer` | succeeded | 0.00 s | counted |
        | `documentation_writer` | succeeded | 0.00 s | counted |
        | `security_auditor` | succeeded | 0.00 s | counted |
        | `test_coverage_analyzer` | succeeded | 0.00 s | counted |

        . · 2026-01-02T03:04:05Z · orchestrate.release-readiness/1

        </details>
    "#]].assert_eq(&markdown(&mixed()));
}

#[test]
fn sarif_has_one_run_per_agent() {
    let log = sarif(&mixed());
    let runs = log["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 4);
    let security = &runs[2];
    assert_eq!(
        security["automationDetails"]["id"],
        "release-prep/security_auditor/"
    );
    expect![[r#"
        {
          "tool": {
            "driver": {
              "name": "orchestrate security_auditor",
              "version": "0.1.0",
              "rules": [
                {
                  "id": "python.command-injection",
                  "shortDescription": {
                    "text": "operating-system command built from data"
                  },
                  "fullDescription": {
                    "text": "whoever chooses the data can run any command with the rights of the program"
                  },
                  "help": {
                    "text": "pass a list of arguments"
                  },
                  "properties": {
                    "tags": [
                      "security",
                      "external/cwe/cwe-078"
                    ],
                    "security-severity": "9.5"
                  }
                }
              ]
            }
          },
          "automationDetails": {
            "id": "release-prep/security_auditor/"
          },
          "columnKind": "unicodeCodePoints",
          "invocations": [
            {
              "executionSuccessful": true,
              "toolExecutionNotifications": [
                {
                  "level": "warning",
                  "message": {
                    "text": "not measured: known vulnerable dependencies: not audited. To measure it: run `cargo audit`"
                  }
                }
              ]
            }
          ],
          "results": [
            {
              "ruleId": "python.command-injection",
              "ruleIndex": 0,
              "level": "error",
              "message": {
                "text": "`os.system` is given user data. To mend it: pass a list of arguments"
              },
              "locations": [
                {
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "src/run.py",
                      "uriBaseId": "%SRCROOT%"
                    },
                    "region": {
                      "startLine": 6,
                      "startColumn": 5
                    }
                  }
                }
              ],
              "partialFingerprints": {
                "orchestrate/v1": "00112233445566aa-2",
                "primaryLocationLineHash": "00112233445566aa:2"
              }
            },
            {
              "ruleId": "python.command-injection",
              "ruleIndex": 0,
              "level": "note",
              "message": {
                "text": "`eval(x)` | <b>bold</b> @all. To mend it: pass a list of arguments"
              },
              "locations": [
                {
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "a%20b/%C3%BC%7Cx.py",
                      "uriBaseId": "%SRCROOT%"
                    },
                    "region": {
                      "startLine": 3,
                      "startColumn": 5
                    }
                  }
                }
              ],
              "partialFingerprints": {
                "orchestrate/v1": "00112233445566aa-2",
                "primaryLocationLineHash": "00112233445566aa:2"
              }
            }
          ]
        }"#]].assert_eq(&serde_json::to_string_pretty(security).unwrap());
}

#[test]
fn sarif_keeps_the_worst_and_says_what_was_cut() {
    let mut agents = content();
    let mut findings: Vec<_> = (0..6_000)
        .map(|at| finding("low", "src/a.py", at + 1, "m"))
        .collect();
    findings.push(finding("critical", "z.py", 9, "worst"));
    agents[2] = result(
        "code_reviewer",
        Outcome::Succeeded,
        json!({"quality_score": 8, "findings": findings}),
    );
    let log = sarif(&fold(agents, &ReleasePrep::default()));
    let run = &log["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 5_000);
    assert_eq!(
        run["results"][0]["message"]["text"],
        "worst. To mend it: pass a list of arguments"
    );
    assert_eq!(
        run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"],
        "5000 of 6001 findings are shown, the worst ones; the JSON report holds all of them"
    );
}

#[test]
fn a_failed_agent_shows_in_sarif() {
    let mut agents = content();
    agents[2] = result(
        "code_reviewer",
        Outcome::failed(FailureClass::Internal, "panicked"),
        Value::Null,
    );
    let log = sarif(&fold(agents, &ReleasePrep::default()));
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(
        invocation["toolExecutionNotifications"][0]["message"]["text"],
        "panicked"
    );
}

#[test]
fn a_figure_that_misses_its_target_does_not_look_as_if_it_met_it() {
    let mut report = mixed();
    report.quality_gates[1].actual = Some(79.96);
    assert!(markdown(&report).contains("| Test coverage | 79.9 | ≥ 80 |"));
}
