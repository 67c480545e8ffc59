//! The quality gates of a plan, held against what its agents measured.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::gate::{Direction, GateRule, QualityGate};
use crate::id::AgentId;
use crate::result::AgentResult;

/// What a metric may be called beside the name in a gate: `min_coverage` reads `coverage_percent` too.
const ENDINGS: [&str; 4] = ["", "_percent", "_score", "_issues"];

/// Judges gates by their names: `min_METRIC` and `METRIC` want at least the threshold, `max_METRIC` at
/// most. A bare name with the threshold 0 wants at most that too, since at least nothing is no demand.
///
/// Only what an agent measured counts; `measures` says who does. Where several measured the same, the
/// worst value decides. All gates are critical.
#[must_use]
pub fn judge(
    gates: &BTreeMap<String, f64>,
    results: &[AgentResult],
    measures: impl Fn(&AgentId) -> bool,
) -> Vec<QualityGate> {
    gates
        .iter()
        .map(|(name, threshold)| judged(name, *threshold, results, &measures))
        .collect()
}

fn judged(
    name: &str,
    threshold: f64,
    results: &[AgentResult],
    measures: &impl Fn(&AgentId) -> bool,
) -> QualityGate {
    let (stem, direction) = match (name.strip_prefix("min_"), name.strip_prefix("max_")) {
        (Some(stem), _) => (stem, Direction::AtLeast),
        (None, Some(stem)) => (stem, Direction::AtMost),
        (None, None) if threshold > 0.0 => (name, Direction::AtLeast),
        (None, None) => (name, Direction::AtMost),
    };
    let metrics = ENDINGS.map(|ending| format!("{stem}{ending}"));
    let found = metrics.iter().find_map(|metric| {
        let measured = results.iter().filter_map(|result| {
            let value = result.output.get(metric)?.as_f64()?;
            let counts =
                result.success && !result.evidence.is_empty() && measures(&result.agent_id);
            counts.then_some((value, result))
        });
        let worst = measured.min_by(|(one, _), (other, _)| match direction {
            Direction::AtLeast => one.total_cmp(other),
            Direction::AtMost => other.total_cmp(one),
        });
        worst.map(|(value, result)| (metric, value, result))
    });
    let rule = |metric: &str| GateRule {
        // What is told is about the metric; the name is a demand.
        name: metric.to_owned(),
        metric: metric.to_owned(),
        threshold,
        direction,
        critical: true,
    };
    let gate = match found {
        Some((metric, value, result)) => {
            rule(metric).judge(Some(value), "", result.evidence.clone())
        }
        None => {
            let why = why_not(&metrics, results)
                .unwrap_or_else(|| format!("no agent of this plan gives `{stem}`"));
            rule(stem).judge(None, &why, Vec::new())
        }
    };
    QualityGate {
        name: name.to_owned(),
        ..gate
    }
}

/// What the agents say about a metric that none of them measured.
fn why_not(metrics: &[String], results: &[AgentResult]) -> Option<String> {
    let named = |value: Option<&Value>| {
        let value = value.and_then(Value::as_str);
        value.is_some_and(|value| metrics.iter().any(|metric| metric == value))
    };
    let told = results.iter().find_map(|result| {
        let open = result.output.get("not_measured")?.as_array()?;
        let told = open.iter().find(|item| named(item.get("what")))?;
        let why = told.get("why")?.as_str()?;
        Some(match told.get("how_to_measure").and_then(Value::as_str) {
            Some(how) => format!("{why} ({how})"),
            None => why.to_owned(),
        })
    });
    told.or_else(|| {
        results.iter().find_map(|result| {
            let value = metrics
                .iter()
                .find_map(|metric| result.output.get(metric))?;
            let agent = &result.agent_id;
            Some(match &result.error {
                Some(error) => format!("`{agent}` did not succeed: {error}"),
                None => format!("`{agent}` states {value} and did not measure it"),
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;
    use crate::evidence::Evidence;
    use crate::id::StepPath;
    use crate::limits::Usage;
    use crate::outcome::Outcome;

    fn result(agent: &str, output: Value) -> AgentResult {
        AgentResult {
            agent_id: AgentId::new(agent).unwrap(),
            step: StepPath::root(),
            outcome: Outcome::Succeeded,
            success: true,
            output: Arc::new(output),
            confidence: 1.0,
            duration_ms: 1.0,
            usage: Usage::default(),
            attempts: 1,
            evidence: vec![Evidence::default()],
            error: None,
        }
    }

    /// `model` only states what it gives.
    fn check(gates: Value, results: &[AgentResult], expected: Expect) {
        let gates = serde_json::from_value(gates).unwrap();
        let judged = judge(&gates, results, |agent| agent.as_str() != "model");
        let told: Vec<String> = judged
            .iter()
            .map(|gate| format!("{:?} {}: {}", gate.status, gate.metric, gate.message))
            .collect();
        expected.assert_eq(&told.join("\n"));
    }

    #[test]
    fn a_gate_is_read_by_its_name_and_the_worst_measured_value_decides() {
        let results = [
            result(
                "one",
                json!({"coverage_percent": 90, "critical_issues": 0, "quality_score": 8.5}),
            ),
            result(
                "other",
                json!({"coverage_percent": 70, "critical_issues": 2}),
            ),
        ];
        check(
            json!({"min_coverage": 80, "max_critical": 1, "quality_score": 8, "critical_issues": 0}),
            &results,
            expect![[r#"
                Failed critical_issues: critical_issues is 2, wanted at most 0
                Failed critical_issues: critical_issues is 2, wanted at most 1
                Failed coverage_percent: coverage_percent is 70, wanted at least 80
                Passed quality_score: quality_score is 8.5, wanted at least 8"#]],
        );
    }

    #[test]
    fn what_is_stated_or_missing_is_not_measured() {
        let mut failed = result("broken", json!({"latency": 3}));
        (failed.success, failed.error) = (false, Some("it broke".into()));
        let results = [
            result("model", json!({"coverage_percent": 99})),
            result(
                "one",
                json!({"not_measured": [
                    {"what": "doc_coverage_percent", "why": "no sources", "how_to_measure": "add some"}
                ]}),
            ),
            failed,
        ];
        check(
            json!({"min_coverage": 80, "min_doc_coverage": 90, "max_latency": 5, "min_speed": 1}),
            &results,
            expect![[r#"
                NotMeasured latency: latency was not measured: `broken` did not succeed: it broke
                NotMeasured coverage: coverage was not measured: `model` states 99 and did not measure it
                NotMeasured doc_coverage: doc_coverage was not measured: no sources (add some)
                NotMeasured speed: speed was not measured: no agent of this plan gives `speed`"#]],
        );
    }
}
