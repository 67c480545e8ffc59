//! Scores of categories, from what agents gave to what the report says.

use std::sync::Arc;

use expect_test::{Expect, expect};
use orchestrate_core::evidence::Evidence;
use orchestrate_core::id::{AgentId, StepPath};
use orchestrate_core::limits::Usage;
use orchestrate_core::outcome::{FailureClass, Outcome};
use orchestrate_core::report::RunReport;
use orchestrate_core::result::AgentResult;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::health_check::{CheckSubject, HealthCheck, HealthReport, History, Mode};

fn result(agent: &str, outcome: Outcome, output: Value) -> AgentResult {
    AgentResult {
        agent_id: AgentId::new(agent).unwrap(),
        step: StepPath::root().child(&agent),
        success: outcome.is_success(),
        error: outcome.error(),
        outcome,
        output: Arc::new(output),
        confidence: 1.0,
        duration_ms: 2.0,
        usage: Usage::default(),
        attempts: 1,
        evidence: vec![Evidence {
            method: "counted".into(),
            ..Evidence::default()
        }],
    }
}

fn report(mode: Mode, agents: Vec<AgentResult>) -> HealthReport {
    let run = RunReport {
        agents,
        wall_us: 2_000_000,
        summed_us: 7_000_000,
        ..RunReport::default()
    };
    let inputs = HealthCheck {
        mode,
        ..HealthCheck::default()
    };
    let subject = CheckSubject {
        path: ".".into(),
        timestamp: "2026-01-02T03:04:05Z".into(),
        history: History::Known(Vec::new()),
    };
    inputs.report(&run, subject).unwrap()
}

/// The category of an agent with this output, as text.
fn check(agent: &str, output: Value, expected: Expect) {
    let report = report(
        Mode::Release,
        vec![result(agent, Outcome::Succeeded, output)],
    );
    let category = report.categories.iter().find(|it| it.agent == agent);
    let category = category.unwrap();
    let mut lines: Vec<String> = vec![match category.score {
        Some(score) => format!("{}: {score:.1}", category.name),
        None => format!("{}: not measured", category.name),
    }];
    lines.extend(category.figures.iter().map(ToString::to_string));
    if let Some(raise) = &category.raise {
        lines.push(format!(
            "raise: {} ({:+.1})",
            raise.what, raise.category_gain
        ));
    }
    if let Some((why, how)) = category.why.as_ref().zip(category.how_to_measure.as_ref()) {
        lines.push(format!("why: {why}\nhow: {how}"));
    }
    expected.assert_eq(&(lines.join("\n") + "\n"));
}

/// So many findings of a severity and a confidence.
fn found(severity: &str, confidence: &str, count: usize) -> Vec<Value> {
    let one = |at| {
        json!({"rule_id": format!("python.{severity}"), "severity": severity, "confidence": confidence,
            "path": "src/a.py", "line": at + 1, "column": 1, "message": "m", "fix": "f",
            "fingerprint": format!("{severity}{at}")})
    };
    (0..count).map(one).collect()
}

fn security(lines: u64, critical: usize, findings: &[Value]) -> Value {
    json!({"critical_issues": critical, "findings": findings, "scan": {"product_code_lines": lines}})
}

#[test]
fn security_is_halved_by_what_is_critical_and_by_density() {
    let agent = "security_auditor";
    check(
        agent,
        security(9000, 0, &[]),
        expect![[r#"
        security: 100.0
        critical: 0
        product code: 9000 lines
    "#]],
    );
    let critical = found("critical", "high", 1);
    check(
        agent,
        security(9000, 1, &critical),
        expect![[r#"
        security: 50.0
        critical: 1
        product code: 9000 lines
        raise: mend the finding of `python.critical` in `src/a.py:1` (+50.0)
    "#]],
    );
    // 50 points in 10 times 1000 lines, the steadying ones with them.
    let high = [found("high", "high", 3), found("high", "medium", 4)].concat();
    check(
        agent,
        security(9000, 0, &high),
        expect![[r#"
        security: 50.0
        critical: 0
        high: 7
        product code: 9000 lines
        raise: mend the 7 findings of `python.high`, the first in `src/a.py:1` (+50.0)
    "#]],
    );
    let many = [
        found("medium", "high", 9),
        found("low", "high", 40),
        found("info", "high", 8),
    ];
    check(
        agent,
        security(90_000, 0, &many.concat()),
        expect![[r#"
        security: 95.4
        critical: 0
        medium: 9
        low: 40
        info: 8
        product code: 90000 lines
        raise: mend the 9 findings of `python.medium`, the first in `src/a.py:1` (+4.0)
    "#]],
    );
    // What is counted and not listed still counts.
    check(
        agent,
        security(9000, 2, &[]),
        expect![[r#"
        security: 25.0
        critical: 2
        product code: 9000 lines
    "#]],
    );
    let small = found("high", "high", 1);
    check(
        agent,
        security(50, 0, &small),
        expect![[r#"
        security: 26.7
        critical: 0
        high: 1
        product code: 50 lines
        raise: mend the finding of `python.high` in `src/a.py:1` (+73.3)
    "#]],
    );
}

#[test]
fn coverage_counts_if_it_is_known_closely_enough() {
    let agent = "test_coverage_analyzer";
    let output = |least: f64| {
        json!({
            "coverage_percent": 75.0,
            "totals": [{"unit": "line", "covered": 75, "total": 100}],
            "bounds": {"coverage_percent": {"least": least, "most": 75.0, "why": "no report names 3 files",
                "how_to_measure": "load all"}},
            "gaps": [
                {"path": "a.py", "function": "f", "start": 3, "uncovered": 12},
                {"path": "b.py", "function": null, "start": 1, "uncovered": 4},
            ],
        })
    };
    check(
        agent,
        output(70.5),
        expect![[r#"
        coverage: 70.5
        coverage: 75 percent
        at least: 70.5 percent
        covered: 75 of 100
        raise: test `f` in `a.py:3`, `b.py:1` (+15.0)
    "#]],
    );
    check(
        agent,
        output(50.0),
        expect![[r#"
        coverage: not measured
        why: it lies between 50.0 and 75.0: no report names 3 files
        how: load all
    "#]],
    );
    let missing = json!({"not_measured": [{"what": "coverage_percent", "why": "there is no report",
        "how_to_measure": "run the tests"}]});
    check(
        agent,
        missing,
        expect![[r#"
        coverage: not measured
        why: there is no report
        how: run the tests
    "#]],
    );
}

#[test]
fn quality_is_the_reviewers_and_names_what_costs_most() {
    let component = |name: &str, value: f64, weight: f64, contribution: f64| {
        json!({"name": name, "value": value, "unit": "percent of lines", "half_at": 10.0,
            "weight": weight, "contribution": contribution})
    };
    let output = json!({"quality_score": 7.5, "components": [
        component("copied code", 10.0, 0.2, 1.0), component("nesting over 4", 2.0, 0.8, 6.5)]});
    check(
        "code_reviewer",
        output,
        expect![[r#"
        quality: 75.0
        quality score: 7.5 of 10
        nesting over 4: 2 percent of lines
        copied code: 10 percent of lines
        raise: bring down nesting over 4 (2.0 percent of lines) (+15.0)
    "#]],
    );
}

#[test]
fn performance_weighs_patterns_by_density() {
    let findings = [
        found("medium", "high", 2),
        found("low", "medium", 8),
        found("info", "low", 9),
    ];
    let output = json!({"slow_patterns": 19, "findings": findings.concat(),
        "scan": {"product_code_lines": 9000}});
    check(
        "performance_optimizer",
        output,
        expect![[r#"
        performance: 50.0
        slow patterns: 19
        medium: 2
        low: 8
        info: 9
        product code: 9000 lines
        raise: mend the 2 findings of `python.medium`, the first in `src/a.py:1` (+25.8)
    "#]],
    );
}

#[test]
fn documentation_is_the_share_of_public_items() {
    let output = json!({"doc_coverage_percent": 60.0, "public_items": 10, "documented_items": 6});
    check(
        "documentation_writer",
        output,
        expect![[r#"
        documentation: 60.0
        documented: 60 percent
        public items: 10
        documented items: 6
        raise: document 4 public items (+40.0)
    "#]],
    );
}

fn architecture(language: &str, in_cycle: usize, files: usize, layers: bool) -> Value {
    let modules: Vec<String> = (0..in_cycle).map(|at| format!("m{at}")).collect();
    let cycles = match in_cycle {
        0 => json!([]),
        _ => json!([{"language": language, "modules": modules, "at_load": true,
            "shortest": [{"from": "m0", "to": "m1", "path": "a.py", "line": 2}, {"from": "m1", "to": "m0", "path": "b.py", "line": 1}]}]),
    };
    let missing =
        json!([{"what": "layering", "why": "no layers were given", "how_to_measure": "give some"}]);
    json!({
        "import_cycles": usize::from(in_cycle > 0), "layer_violations": 0, "modules": files, "cycles": cycles,
        "not_measured": if layers { json!([]) } else { missing },
        "scan": {"by_language": {language: {"product": files, "test": 3}}},
    })
}

#[test]
fn architecture_counts_who_imports_whom_in_a_circle() {
    let agent = "architecture_analyst";
    check(
        agent,
        architecture("python", 5, 20, false),
        expect![[r#"
        architecture: 50.0
        import cycles at load: 1
        modules in them: 5 of 20
        imports against the layers: 0
        raise: take apart the 5 modules that import each other around `a.py:2` (+50.0)
    "#]],
    );
    check(
        agent,
        architecture("rust", 10, 20, false),
        expect![[r#"
        architecture: 50.0
        import cycles at load: 1
        modules in them: 10 of 20
        imports against the layers: 0
        raise: take apart the 10 modules that import each other around `a.py:2` (+50.0)
    "#]],
    );
    check(
        agent,
        architecture("go", 0, 20, false),
        expect![[r#"
        architecture: not measured
        why: there is nothing that could be wrong: fewer than two modules are written in a language that admits import cycles (Go does not), and no layers were given
        how: give the directories from top to bottom with `--layers`, or `layers` in `orchestrate.toml`
    "#]],
    );
    check(
        agent,
        architecture("go", 0, 20, true),
        expect![[r#"
        architecture: 100.0
        import cycles at load: 0
        modules in them: 0 of 20
        imports against the layers: 0
    "#]],
    );
}

#[test]
fn what_nobody_measured_has_no_score_and_enough_of_it_no_grade() {
    let failed = Outcome::failed(FailureClass::Reported, "it broke");
    let quality = result(
        "code_reviewer",
        Outcome::Succeeded,
        json!({"quality_score": 10.0}),
    );
    let one = report(
        Mode::Daily,
        vec![
            quality.clone(),
            result("security_auditor", failed, Value::Null),
        ],
    );
    assert_eq!(
        (one.score, one.grade, one.passed),
        (Some(100.0), None, None)
    );
    expect![[r#"
        No grade: 27 % of the weight was measured, and a grade needs 65 %. What was measured comes to 100.0 of 100. With security and coverage measured as well it would lie between 26.7 and 100.0.
    "#]]
    .assert_eq(&(one.summary.clone() + "\n"));
    let missing: Vec<String> = one
        .not_measured()
        .iter()
        .map(|it| format!("{}: {}", it.what, it.why))
        .collect();
    assert_eq!(
        missing,
        [
            "security: agent `security_auditor` failed: it broke",
            "coverage: `test_coverage_analyzer` did not run",
        ]
    );
    // A figure without evidence of how it was measured is no figure.
    let mut claimed = quality;
    claimed.evidence.clear();
    let none = report(Mode::Daily, vec![claimed]);
    assert_eq!((none.score, none.measured_share), (None, 0.0));
    assert_eq!(none.summary, "No grade: nothing was measured.");
}

#[test]
fn what_helps_the_whole_most_comes_first() {
    let report = report(
        Mode::Daily,
        vec![
            result(
                "security_auditor",
                Outcome::Succeeded,
                security(9000, 1, &found("critical", "high", 1)),
            ),
            result(
                "test_coverage_analyzer",
                Outcome::Succeeded,
                json!({"coverage_percent": 80.0,
            "totals": [{"covered": 80, "total": 100}],
            "gaps": [{"path": "a.py", "function": "f", "start": 3, "uncovered": 20}]}),
            ),
            result(
                "code_reviewer",
                Outcome::Succeeded,
                json!({"quality_score": 9.0}),
            ),
        ],
    );
    let advice: Vec<(&str, f64)> = report
        .do_first
        .iter()
        .map(|it| (it.category.as_str(), it.gain))
        .collect();
    assert_eq!(advice, [("security", 20.0), ("coverage", 6.7)]);
    assert_eq!((report.score, report.passed), (Some(70.7), Some(true)));
    assert_eq!((report.range.least, report.range.most), (70.7, 70.7));
}

const SEVERITIES: [&str; 5] = ["critical", "high", "medium", "low", "info"];
const CONFIDENCES: [&str; 3] = ["high", "medium", "low"];

fn score(agent: &str, metric: &str, counts: &[usize], lines: u64) -> f64 {
    let kinds = SEVERITIES
        .iter()
        .flat_map(|severity| CONFIDENCES.iter().map(move |it| (severity, it)));
    let findings: Vec<Value> = kinds
        .zip(counts)
        .flat_map(|((severity, confidence), count)| found(severity, confidence, *count))
        .collect();
    let counted: usize = match agent {
        "security_auditor" => counts.iter().take(3).sum(),
        _ => counts.iter().sum(),
    };
    let mut output = json!({"findings": findings, "scan": {"product_code_lines": lines}});
    output[metric] = json!(counted);
    let report = report(
        Mode::Release,
        vec![result(agent, Outcome::Succeeded, output)],
    );
    let category = report.categories.iter().find(|it| it.agent == agent);
    category.and_then(|it| it.score).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn prop_more_findings_never_raise_a_score_and_no_score_leaves_the_scale(
        counts in proptest::collection::vec(0..6_usize, 15),
        which in 0..15_usize,
        lines in 0..200_000_u64,
    ) {
        for (agent, metric) in [
            ("security_auditor", "critical_issues"),
            ("performance_optimizer", "slow_patterns"),
        ] {
            let mut more = counts.clone();
            more[which] += 1;
            let (before, after) = (score(agent, metric, &counts, lines), score(agent, metric, &more, lines));
            prop_assert!((0.0..=100.0).contains(&before));
            prop_assert!(after <= before, "{agent}: {before} and then {after}");
            // The same findings in more code are no worse.
            prop_assert!(score(agent, metric, &counts, lines + 1000) >= before);
        }
    }

    #[test]
    fn prop_more_circles_never_raise_a_score(in_cycle in 2..40_usize, files in 40..400_usize) {
        let of = |in_cycle| {
            let output = architecture("python", in_cycle, files, false);
            let report = report(Mode::Release, vec![result("architecture_analyst", Outcome::Succeeded, output)]);
            report.score.unwrap()
        };
        prop_assert!((0.0..=100.0).contains(&of(in_cycle)));
        prop_assert!(of(in_cycle + 1) <= of(in_cycle) && of(in_cycle) <= of(0));
    }
}
