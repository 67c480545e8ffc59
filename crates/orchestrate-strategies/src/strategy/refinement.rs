//! Draft, review, polish: each stage improves on the one before.

use orchestrate_core::condition::{Comparison, Condition, Reference};
use orchestrate_core::plan::{Arm, OnError, Step, StepKind};
use orchestrate_core::strategy::{
    Aggregate, Arity, ExecutionStrategy, Gathered, Part, StrategyError, StrategyInfo,
};
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::common;

const FIRST: &str = "Write the first version of what the task asks for. Others will improve on it.";
const LATER: &str = "Improve on the version in `previous_output`; the versions before it are there as `stage_1_output` and so on. Give the whole improved version, not remarks about it.";

/// Each stage sees the version before it as `previous_output` and all versions as `stage_<i>_output`; the first failure stops.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Refinement {
    /// The quality, from 0 to 10, at which the later stages are not needed. It is read from
    /// `quality_score` of a stage's output, else it is the stage's confidence times 10.
    /// Without it `target_quality` of the context holds, and without both every stage runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 10))]
    target_quality: Option<f64>,
}

impl Refinement {
    /// Its name in the catalogue.
    pub const NAME: &'static str = "refinement";
    /// How many agents it needs.
    pub const ARITY: Arity = Arity {
        least: 2,
        most: None,
    };

    /// Reads it from parameters.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] for an unknown parameter or a target out of range.
    pub fn from_params(params: &Context) -> Result<Self, StrategyError> {
        let this: Self = common::read(Self::NAME, params)?;
        this.target(&Context::new())?;
        Ok(this)
    }

    /// The same with a quality from 0 to 10 that ends it early.
    #[must_use]
    pub fn target_quality(mut self, quality: f64) -> Self {
        self.target_quality = Some(quality);
        self
    }

    /// The target from 0 to 10: the parameter, else the context's, else none.
    fn target(&self, context: &Context) -> Result<Option<f64>, StrategyError> {
        let possible = "a number from 0 to 10";
        common::number(
            Self::NAME,
            "target_quality",
            self.target_quality,
            context,
            possible,
        )
    }
}

/// The stage before is good enough, or was itself not needed.
fn good_enough(stage: usize, target: f64) -> Condition {
    let name = format!("stage_{stage}");
    let score = || Reference::new(format!("steps.{name}.output.quality_score"));
    let scored = Condition::Exists { field: score() };
    let by_score = Condition::Compare {
        field: score(),
        by: Comparison::Gte,
        value: target.into(),
    };
    let by_confidence = common::sure(&name, target / 10.0);
    let mut of = vec![
        Condition::All {
            of: vec![scored.clone(), by_score],
        },
        Condition::All {
            of: vec![common::succeeded(&name), scored.negated(), by_confidence],
        },
    ];
    // The first stage always runs.
    if stage > 1 {
        of.push(Condition::compare(
            format!("steps.{name}.outcome"),
            Comparison::Eq,
            "skipped",
        ));
    }
    Condition::Any { of }
}

/// The quality that a stage says it reached, from 0 to 10.
fn quality(part: &Part) -> Value {
    match part.output.get("quality_score").and_then(Value::as_f64) {
        Some(score) => score.into(),
        None if part.outcome.is_success() => (part.confidence * 10.0).into(),
        None => Value::Null,
    }
}

impl ExecutionStrategy for Refinement {
    fn info(&self) -> StrategyInfo {
        common::info::<Self>(
            Self::NAME,
            Self::ARITY,
            "draft, review, polish: each stage improves on the one before",
            "the result gains from being gone over more than once",
            "one agent per stage, usually draft, review, polish",
        )
    }

    fn compose(&self, team: &Team, context: &Context) -> Result<Step, StrategyError> {
        common::admit(Self::NAME, Self::ARITY, team)?;
        let target = self.target(context)?;
        let mut steps = Vec::with_capacity(team.len());
        for (i, agent) in team.members().iter().enumerate() {
            let name = format!("stage_{}", i + 1);
            if i == 0 {
                steps.push(common::named(
                    common::work(&agent.id, Some(FIRST), []),
                    &name,
                ));
                continue;
            }
            let before = (1..=i)
                .map(|stage| {
                    (
                        format!("stage_{stage}_output"),
                        format!("steps.stage_{stage}.output"),
                    )
                })
                .chain([(
                    "previous_output".to_owned(),
                    format!("steps.stage_{i}.output"),
                )]);
            let work = common::work(&agent.id, Some(LATER), before);
            let stage = match target {
                None => work,
                Some(target) => Step::new(StepKind::Branch {
                    arms: vec![Arm {
                        label: "below_target".to_owned(),
                        when: good_enough(i, target).negated(),
                        then: common::named(work, "below_target"),
                    }],
                    otherwise: None,
                }),
            };
            steps.push(common::named(stage, &name));
        }
        Ok(Step::new(StepKind::Sequence {
            steps,
            on_error: OnError::Stop,
            collect: Some(common::collect(
                Self::NAME,
                &Self {
                    target_quality: target,
                },
            )),
        }))
    }

    /// `stage_outputs` and `quality` have one place per stage that ran; `final_output` is that of the last stage that succeeded.
    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate {
        let (parts, outcome) = (group.parts, group.outcome.clone());
        let ran = || parts.iter().filter(|part| common::ran(part));
        let last = common::last_success(parts);
        Aggregate {
            outcome,
            output: json!({
                "refinement_stages": ran().count(),
                "stage_outputs": ran().map(|part| part.output.as_ref()).collect::<Vec<_>>(),
                "quality": ran().map(quality).collect::<Vec<_>>(),
                "final_output": last.map(|part| part.output.as_ref()),
            }),
            confidence: last.map_or(0.0, |part| part.confidence),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        assert_references_resolve, bad, branch, called, dependent, good, not_taken, object, text,
        tree,
    };
    use super::*;
    use expect_test::{Expect, expect};
    use orchestrate_core::outcome::{FailureClass, Outcome};
    use orchestrate_core::testing::agent;

    #[test]
    fn every_stage_is_given_all_versions_before_it() {
        let team = agent(&["drafter", "reviewer", "polisher"]);
        let step = Refinement::default()
            .compose(&team, &Context::new())
            .unwrap();
        assert_references_resolve(&step);
        expect![[r#"
            : sequence stop -> refinement {}
              stage_1: agent drafter
              stage_2: agent reviewer previous_output=steps.stage_1.output stage_1_output=steps.stage_1.output
              stage_3: agent polisher previous_output=steps.stage_2.output stage_1_output=steps.stage_1.output stage_2_output=steps.stage_2.output
        "#]].assert_eq(&tree(&step));
    }

    #[test]
    fn a_target_makes_the_later_stages_optional() {
        let team = agent(&["drafter", "reviewer", "polisher"]);
        let context = object(json!({"target_quality": 8}));
        let step = Refinement::default().compose(&team, &context).unwrap();
        assert_references_resolve(&step);
        expect![[r#"
            : sequence stop -> refinement {"target_quality":8.0}
              stage_1: agent drafter
              stage_2: branch
                below_target when not ((steps.stage_1.output.quality_score exists and steps.stage_1.output.quality_score >= 8.0) or (steps.stage_1.success == true and not steps.stage_1.output.quality_score exists and steps.stage_1.confidence >= 0.8))
                  below_target: agent reviewer previous_output=steps.stage_1.output stage_1_output=steps.stage_1.output
              stage_3: branch
                below_target when not ((steps.stage_2.output.quality_score exists and steps.stage_2.output.quality_score >= 8.0) or (steps.stage_2.success == true and not steps.stage_2.output.quality_score exists and steps.stage_2.confidence >= 0.8) or steps.stage_2.outcome == "skipped")
                  below_target: agent polisher previous_output=steps.stage_2.output stage_1_output=steps.stage_1.output stage_2_output=steps.stage_2.output
        "#]].assert_eq(&tree(&step));
    }

    fn holds(stage: usize, facts: Value) -> bool {
        let evaluation =
            good_enough(stage, 8.0).evaluate(&json!({"steps": {format!("stage_{stage}"): facts}}));
        assert_eq!(evaluation.diagnostics, Vec::<String>::new());
        evaluation.holds
    }

    #[test]
    fn quality_is_the_score_and_without_one_the_confidence() {
        let done = |output: Value, confidence: f64| json!({"success": true, "outcome": "succeeded", "confidence": confidence, "output": output});
        assert!(holds(1, done(json!({"quality_score": 8.0}), 0.1)));
        assert!(!holds(1, done(json!({"quality_score": 7.9}), 1.0)));
        assert!(holds(2, done(json!({}), 0.8)));
        assert!(!holds(2, done(json!({}), 0.79)));
        assert!(holds(
            2,
            json!({"success": false, "outcome": "skipped", "confidence": 0.0})
        ));
    }

    #[test]
    fn too_few_agents_and_targets_out_of_range_are_refused() {
        let error = Refinement::default()
            .compose(&agent(&["a"]), &Context::new())
            .unwrap_err();
        expect!["strategy `refinement` needs at least 2 agents, got 1"]
            .assert_eq(&error.to_string());
        let error = Refinement::from_params(&object(json!({"target_quality": 11}))).unwrap_err();
        expect!["strategy `refinement`: parameter `target_quality` must be a number from 0 to 10, got `11`"].assert_eq(&error.to_string());
        let context = object(json!({"target_quality": "best"}));
        let error = Refinement::default()
            .compose(&agent(&["a", "b"]), &context)
            .unwrap_err();
        expect![[r#"strategy `refinement`: parameter `target_quality` must be a number from 0 to 10, got `"best"`"#]].assert_eq(&error.to_string());
    }

    fn check(parts: &[Part], outcome: Outcome, expected: Expect) {
        expected.assert_eq(&text(
            &Refinement::default().aggregate(&Gathered::new(parts, outcome)),
        ));
    }

    #[test]
    fn stages_that_ran_are_told_with_their_quality() {
        let draft = good("drafter", json!({"text": "a", "quality_score": 6}), 0.5);
        let review = good("reviewer", json!({"text": "b"}), 0.9);
        check(
            &[draft.clone(), review.clone()],
            Outcome::Succeeded,
            expect![[r#"
                succeeded (0.90)
                refinement_stages = 2
                stage_outputs = [{"text":"a","quality_score":6},{"text":"b"}]
                quality = [6.0,9.0]
                final_output = {"text":"b"}
            "#]],
        );
        let early = [
            draft.clone(),
            branch("stage_2", vec![called("below_target", review)]),
            branch("stage_3", vec![not_taken("below_target")]),
        ];
        check(
            &early,
            Outcome::Succeeded,
            expect![[r#"
                succeeded (0.90)
                refinement_stages = 2
                stage_outputs = [{"text":"a","quality_score":6},{"text":"b"}]
                quality = [6.0,9.0]
                final_output = {"text":"b"}
            "#]],
        );
        let failed = [
            draft,
            bad("reviewer", FailureClass::Timeout),
            dependent("polisher", "stage_2"),
        ];
        check(
            &failed,
            Outcome::failed(FailureClass::Timeout, "too slow"),
            expect![[r#"
                failed: too slow (0.50)
                refinement_stages = 2
                stage_outputs = [{"text":"a","quality_score":6},null]
                quality = [6.0,null]
                final_output = {"text":"a","quality_score":6}
            "#]],
        );
        check(
            &[bad("drafter", FailureClass::Timeout)],
            Outcome::failed(FailureClass::Timeout, "too slow"),
            expect![[r#"
                failed: too slow (0.00)
                refinement_stages = 1
                stage_outputs = [null]
                quality = [null]
                final_output = null
            "#]],
        );
    }
}
