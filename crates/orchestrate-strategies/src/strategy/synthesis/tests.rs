//! What a synthesis makes of answers: only what was said, by whom, and exact counts.

use expect_test::{Expect, expect};
use orchestrate_core::outcome::{FailureClass, Outcome};
use orchestrate_core::strategy::{ExecutionStrategy, Gathered, Part};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::strategy::testing::{bad, dependent, good};

fn parts() -> Vec<Part> {
    vec![
        good(
            "security",
            json!({"score": 9, "verdict": "Ship", "safe": true, "findings": [
                {"message": "SQL built from input", "path": "auth.py", "line": 3, "severity": "high", "fix": "bind the value"},
                {"message": "Old hash", "severity": "low"},
            ]}),
            0.9,
        ),
        good(
            "quality",
            json!({"score": 7, "verdict": "wait", "findings": [
                {"message": "sql built from input!", "path": "auth.py", "line": 3, "severity": "medium"},
            ]}),
            0.6,
        ),
        good(
            "docs",
            json!({"verdict": "wait ", "recommendations": ["Write a guide"]}),
            0.2,
        ),
        bad("tests", FailureClass::Timeout),
        bad("load", FailureClass::Timeout),
        dependent("report", "tests"),
    ]
}

#[track_caller]
fn check(question: Question, conflict: Conflict, expected: &Expect) {
    let answer = synthesize(question, conflict, &parts());
    expected.assert_eq(&format!("{answer:#}"));
}

#[test]
fn agents_are_compared_and_what_they_contradict_is_settled_by_the_policy() {
    check(
        Question::Comparative,
        Conflict::Majority,
        &expect![[r#"
        {
          "quality_comparison": {
            "security": {
              "outcome": "succeeded",
              "confidence": 0.9,
              "items": 2,
              "score": 9
            },
            "quality": {
              "outcome": "succeeded",
              "confidence": 0.6,
              "items": 1,
              "score": 7
            },
            "docs": {
              "outcome": "succeeded",
              "confidence": 0.2,
              "items": 1
            },
            "tests": {
              "outcome": "failed"
            },
            "load": {
              "outcome": "failed"
            },
            "report": {
              "outcome": "skipped"
            }
          },
          "consensus_items": [
            {
              "text": "SQL built from input (auth.py:3)",
              "agents": [
                "security",
                "quality"
              ]
            }
          ],
          "disagreements": [
            {
              "field": "verdict",
              "values": {
                "security": "Ship",
                "quality": "wait",
                "docs": "wait "
              },
              "policy": "majority",
              "resolved": "wait",
              "settled": true
            }
          ],
          "census": {
            "requested": 6,
            "succeeded": 3,
            "partial": 0,
            "failed": {
              "timeout": 2
            },
            "skipped": 1,
            "cancelled": 0,
            "limited": 0,
            "unknown": 0
          }
        }"#]],
    );
    let settled = |conflict| {
        let answer = synthesize(Question::Comparative, conflict, &parts());
        answer["disagreements"][0]["resolved"].clone()
    };
    assert_eq!(settled(Conflict::Weighted), json!("Ship"));
    assert_eq!(settled(Conflict::HighestConfidence), json!("Ship"));
}

#[test]
fn nobody_wins_a_draw() {
    let parts = [
        good("a", json!({"verdict": "x"}), 0.5),
        good("b", json!({"verdict": "y"}), 0.5),
    ];
    for conflict in [
        Conflict::Majority,
        Conflict::Weighted,
        Conflict::HighestConfidence,
    ] {
        let answer = synthesize(Question::Comparative, conflict, &parts);
        assert_eq!(
            answer["disagreements"][0]["settled"],
            json!(false),
            "{conflict:?}"
        );
    }
}

#[test]
fn successes_and_failures_are_counted_with_who() {
    check(
        Question::Patterns,
        Conflict::Majority,
        &expect![[r#"
        {
          "success_patterns": [
            {
              "text": "SQL built from input (auth.py:3)",
              "agents": [
                "security",
                "quality"
              ]
            }
          ],
          "failure_patterns": [
            {
              "class": "timeout",
              "count": 2,
              "agents": [
                "tests",
                "load"
              ],
              "messages": [
                "tests broke",
                "load broke"
              ]
            },
            {
              "class": "skipped",
              "count": 1,
              "agents": [
                "report"
              ],
              "messages": [
                "not run: step `tests` did not succeed"
              ]
            }
          ],
          "census": {
            "requested": 6,
            "succeeded": 3,
            "partial": 0,
            "failed": {
              "timeout": 2
            },
            "skipped": 1,
            "cancelled": 0,
            "limited": 0,
            "unknown": 0
          }
        }"#]],
    );
}

#[test]
fn what_harms_most_and_most_agree_on_comes_first() {
    check(
        Question::Recommendation,
        Conflict::Majority,
        &expect![[r#"
            {
              "recommendations": [
                {
                  "priority": 1,
                  "message": "SQL built from input",
                  "severity": "high",
                  "path": "auth.py:3",
                  "fix": "bind the value",
                  "agents": [
                    "security",
                    "quality"
                  ],
                  "confidence": 0.9
                },
                {
                  "priority": 2,
                  "message": "Old hash",
                  "severity": "low",
                  "path": null,
                  "fix": null,
                  "agents": [
                    "security"
                  ],
                  "confidence": 0.9
                },
                {
                  "priority": 3,
                  "message": "Write a guide",
                  "severity": "low",
                  "path": null,
                  "fix": null,
                  "agents": [
                    "docs"
                  ],
                  "confidence": 0.2
                }
              ],
              "more": 0,
              "confidence": 0.283,
              "census": {
                "requested": 6,
                "succeeded": 3,
                "partial": 0,
                "failed": {
                  "timeout": 2
                },
                "skipped": 1,
                "cancelled": 0,
                "limited": 0,
                "unknown": 0
              }
            }"#]],
    );
}

proptest! {
    #[test]
    fn prop_a_synthesis_says_only_what_was_said(
        said in prop::collection::vec((0u8..4, "[a-z]{1,3}", 0.0f64..=1.0, any::<bool>()), 0..12),
    ) {
        let parts: Vec<Part> = said
            .iter()
            .map(|(agent, text, confidence, success)| {
                let agent = format!("agent_{agent}");
                if *success {
                    good(&agent, json!({"recommendations": [text], "verdict": text}), *confidence)
                } else {
                    bad(&agent, FailureClass::Reported)
                }
            })
            .collect();
        let all = Synthesis::default();
        let aggregate = all.aggregate(&Gathered::new(&parts, Outcome::Succeeded));
        let texts: Vec<&str> = said.iter().filter(|it| it.3).map(|it| it.1.as_str()).collect();
        for advice in aggregate.output["recommendations"].as_array().unwrap() {
            prop_assert!(texts.contains(&advice["message"].as_str().unwrap()));
        }
        prop_assert_eq!(aggregate.output["census"]["requested"].as_u64(), Some(parts.len() as u64));
        prop_assert!((0.0..=1.0).contains(&aggregate.output["confidence"].as_f64().unwrap()));
    }
}
