//! The gates of release preparation: which metric of which agent must reach which threshold.

use orchestrate_core::gate::{Direction, GateRule, QualityGate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::WorkflowError;

/// The metric of the gate over critical security issues.
pub(crate) const CRITICAL_ISSUES: &str = "critical_issues";

/// The thresholds of the gates. All of them are checked before anything runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    /// Least test coverage in percent; critical.
    #[schemars(range(min = 0, max = 100))]
    pub min_coverage: f64,
    /// Least quality score, from 0 to 10; critical.
    #[schemars(range(min = 0, max = 10))]
    pub min_quality: f64,
    /// Most critical security issues; critical.
    #[schemars(range(min = 0))]
    pub max_critical: f64,
    /// Least share of documented public items in percent; a warning only.
    #[schemars(range(min = 0, max = 100))]
    pub min_docs: f64,
}

impl Default for Thresholds {
    /// Coverage 80 %, quality 7 of 10, no critical issue, everything public documented.
    fn default() -> Self {
        Self {
            min_coverage: 80.0,
            min_quality: 7.0,
            max_critical: 0.0,
            min_docs: 100.0,
        }
    }
}

/// A gate and the agent that measures its metric.
#[derive(Debug, Clone, PartialEq)]
pub struct ReleaseGate {
    /// The gate.
    pub rule: GateRule,
    /// The template of the agent that gives the metric.
    pub agent: &'static str,
    /// The end of the metric's scale, if it has one.
    pub most: Option<f64>,
}

impl Thresholds {
    /// The gates in the order in which reports show them.
    ///
    /// # Errors
    /// When a threshold is negative, no finite number, or above the end of its scale.
    pub fn gates(&self) -> Result<Vec<ReleaseGate>, WorkflowError> {
        let gates = self.unchecked();
        for gate in &gates {
            gate.rule.validate()?;
            if let Some(most) = gate.most.filter(|most| gate.rule.threshold > *most) {
                return Err(WorkflowError::AboveScale {
                    name: gate.rule.name.clone(),
                    given: gate.rule.threshold,
                    most,
                });
            }
        }
        Ok(gates)
    }

    fn unchecked(&self) -> Vec<ReleaseGate> {
        use Direction::{AtLeast, AtMost};
        let gate = |agent, name: &str, metric: &str, threshold, direction, critical, most| {
            let rule = GateRule {
                name: name.to_owned(),
                metric: metric.to_owned(),
                threshold,
                direction,
                critical,
            };
            ReleaseGate { rule, agent, most }
        };
        vec![
            gate(
                "security_auditor",
                "Number of critical issues",
                CRITICAL_ISSUES,
                self.max_critical,
                AtMost,
                true,
                None,
            ),
            gate(
                "test_coverage_analyzer",
                "Test coverage",
                "coverage_percent",
                self.min_coverage,
                AtLeast,
                true,
                Some(100.0),
            ),
            gate(
                "code_reviewer",
                "Quality score",
                "quality_score",
                self.min_quality,
                AtLeast,
                true,
                Some(10.0),
            ),
            gate(
                "documentation_writer",
                "Documentation coverage",
                "doc_coverage_percent",
                self.min_docs,
                AtLeast,
                false,
                Some(100.0),
            ),
        ]
    }
}

/// The target of a judged gate as people read it, for example `≥ 80`.
#[must_use]
pub fn target(gate: &QualityGate) -> String {
    let gates = Thresholds::default().unchecked();
    let known = gates.iter().find(|known| known.rule.metric == gate.metric);
    let sign = match known.map(|known| known.rule.direction) {
        Some(Direction::AtLeast) => "≥ ",
        Some(Direction::AtMost) => "≤ ",
        None => "",
    };
    format!("{sign}{}", gate.threshold)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_that_make_no_sense_are_errors() {
        let with = |change: fn(&mut Thresholds, f64), value| {
            let mut thresholds = Thresholds::default();
            change(&mut thresholds, value);
            thresholds.gates().map(|_| ())
        };
        let fields: [fn(&mut Thresholds, f64); 4] = [
            |t, v| t.min_coverage = v,
            |t, v| t.min_quality = v,
            |t, v| t.max_critical = v,
            |t, v| t.min_docs = v,
        ];
        for field in fields {
            for bad in [-0.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                assert!(matches!(with(field, bad), Err(WorkflowError::Threshold(_))));
            }
            assert_eq!(with(field, 0.0), Ok(()));
        }
        let above = |result| matches!(result, Err(WorkflowError::AboveScale { .. }));
        assert!(above(with(fields[0], 100.1)));
        assert!(above(with(fields[1], 10.1)));
        assert!(above(with(fields[3], 101.0)));
        assert_eq!(with(fields[2], 1000.0), Ok(()), "counts have no end");
    }
}
