//! A junior tries first; an expert takes over when the attempt is not good enough.

use orchestrate_core::condition::Condition;
use orchestrate_core::outcome::{Outcome, SkipReason};
use orchestrate_core::plan::{Arm, OnError, Step, StepKind};
use orchestrate_core::strategy::{
    Aggregate, Arity, ExecutionStrategy, Gathered, StrategyError, StrategyInfo,
};
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::common;

const DEFAULT_THRESHOLD: f64 = 0.7;
const EXPERT: &str = "A junior tried this and did not reach the bar. What came of it is in `junior_attempt`, if anything: keep what is right, mend the rest, and finish the task.";

/// A junior tries; it passes when it succeeded and is sure enough, otherwise an expert takes over, also when the junior failed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Teaching {
    /// How sure the junior must be, from 0 to 1; a number above 1 is read on a scale to 10.
    /// Without it `quality_threshold` of the context holds, else 0.7.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 10))]
    quality_threshold: Option<f64>,
}

impl Teaching {
    /// Its name in the catalogue.
    pub const NAME: &'static str = "teaching";
    /// How many agents it needs.
    pub const ARITY: Arity = Arity {
        least: 2,
        most: Some(2),
    };

    /// Reads it from parameters.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] for an unknown parameter or a threshold out of range.
    pub fn from_params(params: &Context) -> Result<Self, StrategyError> {
        let this: Self = common::read(Self::NAME, params)?;
        this.threshold(&Context::new())?;
        Ok(this)
    }

    /// The same with a threshold from 0 to 1, or above 1 on a scale to 10.
    #[must_use]
    pub fn quality_threshold(mut self, threshold: f64) -> Self {
        self.quality_threshold = Some(threshold);
        self
    }

    /// The threshold from 0 to 1: the parameter, else the context's, else the default.
    fn threshold(&self, context: &Context) -> Result<f64, StrategyError> {
        let possible = "a number from 0 to 1, or up to 10 on that scale";
        let own = self.quality_threshold;
        let given = common::number(Self::NAME, "quality_threshold", own, context, possible)?
            .unwrap_or(DEFAULT_THRESHOLD);
        Ok(if given > 1.0 { given / 10.0 } else { given })
    }
}

impl ExecutionStrategy for Teaching {
    fn info(&self) -> StrategyInfo {
        common::info::<Self>(
            Self::NAME,
            Self::ARITY,
            "a junior tries, an expert takes over when that is not good enough",
            "a cheap agent is often good enough, and a dearer one can tell when not",
            "junior, expert",
        )
    }

    fn compose(&self, team: &Team, context: &Context) -> Result<Step, StrategyError> {
        let [junior, expert] = team.members() else {
            return Err(common::wrong_arity(
                Self::NAME,
                Self::ARITY.to_string(),
                team,
            ));
        };
        let threshold = self.threshold(context)?;
        let passed = Condition::All {
            of: vec![
                common::succeeded("junior"),
                common::sure("junior", threshold),
            ],
        };
        let attempt = [(
            "junior_attempt".to_owned(),
            "steps.junior.output".to_owned(),
        )];
        let takeover = Arm {
            label: "expert_takeover".to_owned(),
            when: passed.negated(),
            then: common::named(
                common::work(&expert.id, Some(EXPERT), attempt),
                "expert_takeover",
            ),
        };
        Ok(Step::new(StepKind::Sequence {
            steps: vec![
                common::named(common::work(&junior.id, None, []), "junior"),
                common::named(
                    Step::new(StepKind::Branch {
                        arms: vec![takeover],
                        otherwise: None,
                    }),
                    "expert",
                ),
            ],
            on_error: OnError::Continue,
            collect: Some(common::collect(
                Self::NAME,
                &Self {
                    quality_threshold: Some(threshold),
                },
            )),
        }))
    }

    /// Success is that of whoever finished. `expert_output` is there only when the expert ran, and
    /// `outcome` is null when the junior did not pass and the expert did not run.
    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate {
        let (parts, outcome) = (group.parts, group.outcome.clone());
        let junior = parts.first();
        let expert = parts.get(1);
        let not_needed = Outcome::Skipped {
            reason: SkipReason::NotTaken,
        };
        let took_over = expert.is_some_and(common::ran);
        let passed = expert.is_some_and(|part| part.outcome == not_needed);
        let last = if took_over {
            expert
        } else {
            junior.filter(|_| passed)
        };
        let finisher = last.filter(|part| part.outcome.is_success());
        let mut output = Context::from_iter([
            (
                "outcome".to_owned(),
                if took_over {
                    json!("expert_takeover")
                } else if finisher.is_some() {
                    json!("junior_success")
                } else {
                    Value::Null
                },
            ),
            ("junior_output".to_owned(), common::output(junior)),
            (
                "completed_by".to_owned(),
                finisher.map(common::label).into(),
            ),
            ("final_output".to_owned(), common::output(finisher)),
        ]);
        if took_over {
            output.insert("expert_output".to_owned(), common::output(expert));
        }
        Aggregate {
            outcome: match last {
                _ if finisher.is_some() => Outcome::Succeeded,
                Some(part) if !common::interrupted(&outcome) => part.outcome.clone(),
                _ => outcome,
            },
            output: Value::Object(output),
            confidence: finisher.map_or(0.0, |part| part.confidence),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        assert_references_resolve, bad, branch, called, generic_failure, good, not_taken, object,
        text, tree,
    };
    use super::*;
    use expect_test::{Expect, expect};
    use orchestrate_core::outcome::{CancelReason, FailureClass};
    use orchestrate_core::strategy::Part;
    use orchestrate_core::testing::agent;

    #[test]
    fn the_expert_is_given_the_attempt_and_takes_over_below_the_threshold() {
        let step = Teaching::default()
            .compose(&agent(&["writer", "editor"]), &Context::new())
            .unwrap();
        assert_references_resolve(&step);
        expect![[r#"
            : sequence continue -> teaching {"quality_threshold":0.7}
              junior: agent writer
              expert: branch
                expert_takeover when not (steps.junior.success == true and steps.junior.confidence >= 0.7)
                  expert_takeover: agent editor junior_attempt=steps.junior.output
        "#]].assert_eq(&tree(&step));
    }

    fn threshold(params: Value, context: Value) -> String {
        match Teaching::from_params(&object(params)).and_then(|it| it.threshold(&object(context))) {
            Ok(threshold) => threshold.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_threshold_comes_from_the_parameter_then_the_context_then_the_default() {
        assert_eq!(threshold(json!({}), json!({})), "0.7");
        assert_eq!(
            threshold(json!({}), json!({"quality_threshold": 8.0})),
            "0.8"
        );
        assert_eq!(
            threshold(
                json!({"quality_threshold": 0.5}),
                json!({"quality_threshold": 8})
            ),
            "0.5"
        );
        assert_eq!(threshold(json!({"quality_threshold": 1}), json!({})), "1");
        expect!["strategy `teaching`: parameter `quality_threshold` must be a number from 0 to 1, or up to 10 on that scale, got `11`"].assert_eq(&threshold(json!({"quality_threshold": 11}), json!({})));
        expect![[r#"strategy `teaching`: parameter `quality_threshold` must be a number from 0 to 1, or up to 10 on that scale, got `"high"`"#]].assert_eq(&threshold(json!({}), json!({"quality_threshold": "high"})));
        expect![[r#"strategy `teaching`: parameter `quality_threshold` is not usable: invalid type: string "high", expected f64"#]].assert_eq(&threshold(json!({"quality_threshold": "high"}), json!({})));
    }

    #[test]
    fn one_or_three_agents_are_refused() {
        for team in [agent(&["a"]), agent(&["a", "b", "c"])] {
            let error = Teaching::default()
                .compose(&team, &Context::new())
                .unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "strategy `teaching` needs exactly 2 agents, got {}",
                    team.len()
                )
            );
        }
    }

    fn check(junior: Part, expert: Part, generic: Outcome, expected: Expect) {
        let parts = [
            called("junior", junior),
            branch("expert", vec![called("expert_takeover", expert)]),
        ];
        expected.assert_eq(&text(
            &Teaching::default().aggregate(&Gathered::new(&parts, generic)),
        ));
    }

    #[test]
    fn success_is_that_of_whoever_finished() {
        let timeout = || bad("writer", FailureClass::Timeout);
        check(
            good("writer", json!("draft"), 0.9),
            not_taken("editor"),
            Outcome::Succeeded,
            expect![[r#"
                succeeded (0.90)
                outcome = "junior_success"
                junior_output = "draft"
                completed_by = "writer"
                final_output = "draft"
            "#]],
        );
        check(
            good("writer", json!("draft"), 0.3),
            good("editor", json!("text"), 0.8),
            Outcome::Succeeded,
            expect![[r#"
                succeeded (0.80)
                outcome = "expert_takeover"
                junior_output = "draft"
                completed_by = "editor"
                final_output = "text"
                expert_output = "text"
            "#]],
        );
        check(
            timeout(),
            good("editor", json!("text"), 0.8),
            Outcome::Partial {
                succeeded: 1,
                total: 2,
            },
            expect![[r#"
                succeeded (0.80)
                outcome = "expert_takeover"
                junior_output = null
                completed_by = "editor"
                final_output = "text"
                expert_output = "text"
            "#]],
        );
        check(
            good("writer", json!("draft"), 0.3),
            bad("editor", FailureClass::Denied),
            Outcome::Partial {
                succeeded: 1,
                total: 2,
            },
            expect![[r#"
                failed: editor broke (0.00)
                outcome = "expert_takeover"
                junior_output = "draft"
                completed_by = null
                final_output = null
                expert_output = null
            "#]],
        );
        check(
            timeout(),
            bad("editor", FailureClass::Denied),
            generic_failure(),
            expect![[r#"
                failed: editor broke (0.00)
                outcome = "expert_takeover"
                junior_output = null
                completed_by = null
                final_output = null
                expert_output = null
            "#]],
        );
    }

    #[test]
    fn cancelling_stays_cancelling_and_nobody_took_over() {
        let cancelled = Outcome::Cancelled {
            reason: CancelReason::User,
        };
        let stopped = |part: Part| Part {
            outcome: cancelled.clone(),
            ..part
        };
        let skipped = Part {
            outcome: Outcome::Skipped {
                reason: SkipReason::JoinDecided,
            },
            ..good("editor", Value::Null, 0.0)
        };
        check(
            stopped(good("writer", json!("half"), 0.0)),
            skipped,
            cancelled.clone(),
            expect![[r#"
                cancelled: cancelled by the user (0.00)
                outcome = null
                junior_output = "half"
                completed_by = null
                final_output = null
            "#]],
        );
    }
}
