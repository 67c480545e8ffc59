//! One after another: each agent sees what the ones before it gave.

use orchestrate_core::plan::{OnError, Step, StepKind};
use orchestrate_core::strategy::{
    Aggregate, Arity, ExecutionStrategy, Gathered, StrategyError, StrategyInfo,
};
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::common;

/// One after another; each agent is given the output of the one before it as `previous_output`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sequential {
    /// What a failure means for the agents behind it: `stop` (the default), `continue`, or `skip_dependents`, which is the same as `stop` here.
    on_error: OnError,
}

impl Sequential {
    /// Its name in the catalogue.
    pub const NAME: &'static str = "sequential";
    /// How many agents it needs.
    pub const ARITY: Arity = Arity {
        least: 1,
        most: None,
    };

    /// Reads it from parameters.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] for an unknown parameter or a value of the wrong form.
    pub fn from_params(params: &Context) -> Result<Self, StrategyError> {
        common::read(Self::NAME, params)
    }

    /// The same with another rule for failures.
    #[must_use]
    pub fn on_error(mut self, on_error: OnError) -> Self {
        self.on_error = on_error;
        self
    }
}

impl ExecutionStrategy for Sequential {
    fn info(&self) -> StrategyInfo {
        common::info::<Self>(
            Self::NAME,
            Self::ARITY,
            "one after another, each sees the output of the one before",
            "each step needs what the step before it found",
            "any number of agents, in the order in which they work",
        )
    }

    fn compose(&self, team: &Team, _: &Context) -> Result<Step, StrategyError> {
        common::admit(Self::NAME, Self::ARITY, team)?;
        let names = common::step_names(team.members());
        let mut steps = Vec::with_capacity(names.len());
        let mut before: Option<&str> = None;
        for (agent, name) in team.members().iter().zip(&names) {
            let previous =
                before.map(|step| ("previous_output".to_owned(), format!("steps.{step}.output")));
            steps.push(common::named(common::work(&agent.id, None, previous), name));
            before = Some(name);
        }
        Ok(Step::new(StepKind::Sequence {
            steps,
            on_error: self.on_error,
            collect: Some(common::collect(Self::NAME, self)),
        }))
    }

    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate {
        let (parts, outcome) = (group.parts, group.outcome.clone());
        let last = common::output(common::last_success(parts));
        Aggregate {
            outcome,
            output: Value::Object(common::summary(parts, last)),
            confidence: common::mean_confidence(parts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        assert_references_resolve, bad, dependent, good, object, text, tree,
    };
    use super::*;
    use expect_test::{Expect, expect};
    use orchestrate_core::outcome::{FailureClass, Outcome};
    use orchestrate_core::strategy::Part;
    use orchestrate_core::testing::agent;
    use serde_json::json;

    #[test]
    fn each_agent_is_given_the_output_before_it() {
        let step = Sequential::default()
            .compose(&agent(&["a", "b.c", "b_c"]), &Context::new())
            .unwrap();
        assert_references_resolve(&step);
        expect![[r#"
            : sequence stop -> sequential {"on_error":"stop"}
              a: agent a
              b_c: agent b.c previous_output=steps.a.output
              b_c_2: agent b_c previous_output=steps.b_c.output
        "#]]
        .assert_eq(&tree(&step));
    }

    #[test]
    fn nobody_is_too_few_and_unknown_parameters_are_named() {
        let error = Sequential::default()
            .compose(&agent(&[]), &Context::new())
            .unwrap_err();
        expect!["strategy `sequential` needs at least 1 agents, got 0"]
            .assert_eq(&error.to_string());
        let error = Sequential::from_params(&object(json!({"on_eror": "stop"}))).unwrap_err();
        expect!["strategy `sequential`: parameter `on_eror` is not usable: unknown field `on_eror`, expected `on_error`"].assert_eq(&error.to_string());
        let error = Sequential::from_params(&object(json!({"on_error": "explode"}))).unwrap_err();
        expect!["strategy `sequential`: parameter `on_error` is not usable: unknown variant `explode`, expected one of `stop`, `continue`, `skip_dependents`"].assert_eq(&error.to_string());
        let lenient = Sequential::from_params(&object(json!({"on_error": "continue"}))).unwrap();
        assert_eq!(lenient, Sequential::default().on_error(OnError::Continue));
    }

    fn check(parts: &[Part], outcome: Outcome, expected: Expect) {
        expected.assert_eq(&text(
            &Sequential::default().aggregate(&Gathered::new(parts, outcome)),
        ));
    }

    #[test]
    fn the_final_output_is_that_of_the_last_success() {
        let (a, b) = (good("a", json!(1), 0.5), good("b", json!(2), 1.0));
        check(
            &[a.clone(), b.clone()],
            Outcome::Succeeded,
            expect![[r#"
                succeeded (0.75)
                num_agents = 2
                all_succeeded = true
                avg_confidence = 0.75
                outputs = [1,2]
                final_output = 2
            "#]],
        );
        let partial = Outcome::Partial {
            succeeded: 2,
            total: 3,
        };
        check(
            &[a, bad("x", FailureClass::Timeout), b],
            partial,
            expect![[r#"
                partial: 2 of 3 parts succeeded (0.50)
                num_agents = 3
                all_succeeded = false
                avg_confidence = 0.5
                outputs = [1,null,2]
                final_output = 2
            "#]],
        );
        let failed = Outcome::failed(FailureClass::Timeout, "a: too slow");
        check(
            &[bad("a", FailureClass::Timeout), dependent("b", "a")],
            failed,
            expect![[r#"
                failed: a: too slow (0.00)
                num_agents = 2
                all_succeeded = false
                avg_confidence = 0.0
                outputs = [null,null]
                final_output = null
            "#]],
        );
    }
}
