//! Quality gates: a threshold over a measurement. A gate over nothing measured does not pass.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{ErrorKind, Explain};
use crate::evidence::Evidence;

/// On which side of the threshold a value must lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// At least the threshold.
    AtLeast,
    /// At most the threshold.
    AtMost,
}

/// What became of a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GateStatus {
    /// The value is on the right side.
    Passed,
    /// The value is on the wrong side.
    Failed,
    /// There is no value.
    NotMeasured,
}

/// A gate before it is judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GateRule {
    /// What people call it, for example `Test coverage`.
    pub name: String,
    /// The metric it reads, for example `coverage_percent`.
    pub metric: String,
    /// The threshold, not negative.
    pub threshold: f64,
    /// The right side.
    pub direction: Direction,
    /// Whether a release is blocked by it.
    pub critical: bool,
}

/// A threshold that is not usable.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "gate `{name}`: the threshold `{given}` is not usable: it must be a finite number, 0 or more"
)]
pub struct InvalidThreshold {
    /// The gate.
    pub name: String,
    /// What was given.
    pub given: f64,
}

impl Explain for InvalidThreshold {
    fn code(&self) -> &'static str {
        "ORC0301"
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Argument
    }

    fn hints(&self) -> Vec<String> {
        vec!["percentages run from 0 to 100, scores from 0 to 10, counts from 0".into()]
    }
}

/// A gate that was judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QualityGate {
    /// What people call it.
    pub name: String,
    /// The metric it reads.
    pub metric: String,
    /// The threshold.
    pub threshold: f64,
    /// The value; null when not measured.
    pub actual: Option<f64>,
    /// What became of it.
    pub status: GateStatus,
    /// True, false, or null when not measured.
    pub passed: Option<bool>,
    /// Whether a release is blocked by it.
    pub critical: bool,
    /// All of that in one sentence.
    pub message: String,
    /// How the value came to be.
    pub evidence: Vec<Evidence>,
}

impl GateRule {
    /// Checks the threshold.
    ///
    /// # Errors
    /// [`InvalidThreshold`] when it is negative or no finite number.
    pub fn validate(&self) -> Result<(), InvalidThreshold> {
        if self.threshold.is_finite() && self.threshold >= 0.0 {
            Ok(())
        } else {
            Err(InvalidThreshold {
                name: self.name.clone(),
                given: self.threshold,
            })
        }
    }

    /// Judges a value. `why_not` says why there is none, and is used only then. A value that is no number is no value.
    #[must_use]
    pub fn judge(
        &self,
        actual: Option<f64>,
        why_not: &str,
        evidence: Vec<Evidence>,
    ) -> QualityGate {
        let actual = actual.filter(|value| value.is_finite());
        let (word, holds): (_, fn(f64, f64) -> bool) = match self.direction {
            Direction::AtLeast => ("at least", |value, threshold| value >= threshold),
            Direction::AtMost => ("at most", |value, threshold| value <= threshold),
        };
        let (name, threshold) = (&self.name, self.threshold);
        let told = |value| {
            format!(
                "{name} is {}, wanted {word} {threshold}",
                shown(value, threshold)
            )
        };
        let (status, message) = match actual {
            Some(value) if holds(value, threshold) => (GateStatus::Passed, told(value)),
            Some(value) => (GateStatus::Failed, told(value)),
            None => (
                GateStatus::NotMeasured,
                format!("{name} was not measured: {why_not}"),
            ),
        };
        let passed = match status {
            GateStatus::Passed => Some(true),
            GateStatus::Failed => Some(false),
            GateStatus::NotMeasured => None,
        };
        QualityGate {
            name: name.clone(),
            metric: self.metric.clone(),
            threshold,
            actual,
            status,
            passed,
            critical: self.critical,
            message,
            evidence,
        }
    }
}

/// A value as people read it: whole numbers as they are, others cut (not rounded) to one decimal,
/// because 79.96 must not look like the 80 that it missed; in full where even that would.
#[must_use]
pub fn shown(value: f64, threshold: f64) -> String {
    if value.fract() == 0.0 {
        return value.to_string();
    }
    // The little more keeps 2.3, which is a bit less as a binary number, from becoming 2.2.
    let tenths = (value * 10.0 + 1e-6).floor() / 10.0;
    if tenths == threshold && value != threshold {
        value.to_string()
    } else {
        format!("{tenths:.1}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(direction: Direction, threshold: f64) -> GateRule {
        GateRule {
            name: "Test coverage".into(),
            metric: "coverage_percent".into(),
            threshold,
            direction,
            critical: true,
        }
    }

    #[test]
    fn a_gate_over_nothing_measured_does_not_pass() {
        for value in [None, Some(f64::NAN), Some(f64::INFINITY)] {
            for direction in [Direction::AtLeast, Direction::AtMost] {
                let gate = rule(direction, 0.0).judge(value, "no report was found", vec![]);
                assert_eq!(
                    (gate.status, gate.passed, gate.actual),
                    (GateStatus::NotMeasured, None, None)
                );
                assert!(gate.message.contains("no report was found"));
            }
        }
    }

    #[test]
    fn both_sides_of_a_threshold_and_the_threshold_itself() {
        let status = |direction, value| rule(direction, 80.0).judge(Some(value), "", vec![]).status;
        assert_eq!(status(Direction::AtLeast, 80.0), GateStatus::Passed);
        assert_eq!(status(Direction::AtLeast, 79.99), GateStatus::Failed);
        assert_eq!(status(Direction::AtMost, 80.0), GateStatus::Passed);
        assert_eq!(status(Direction::AtMost, 80.01), GateStatus::Failed);
    }

    #[test]
    fn a_message_never_rounds_a_value_onto_its_threshold() {
        let message = |value| {
            rule(Direction::AtLeast, 80.0)
                .judge(Some(value), "", vec![])
                .message
        };
        assert_eq!(message(79.96), "Test coverage is 79.9, wanted at least 80");
        assert_eq!(message(80.04), "Test coverage is 80.04, wanted at least 80");
        assert_eq!(message(2.3), "Test coverage is 2.3, wanted at least 80");
        assert_eq!(message(80.0), "Test coverage is 80, wanted at least 80");
        assert_eq!(message(71.249), "Test coverage is 71.2, wanted at least 80");
    }

    #[test]
    fn thresholds_must_be_numbers_from_zero_up() {
        assert!(rule(Direction::AtLeast, 0.0).validate().is_ok());
        for bad in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(rule(Direction::AtLeast, bad).validate().is_err());
        }
    }
}
