//! All at once on the same context, joined by a policy.

use orchestrate_core::outcome::Census;
use orchestrate_core::plan::{Join, OnError, Step, StepKind};
use orchestrate_core::strategy::{
    Aggregate, Arity, ExecutionStrategy, Gathered, StrategyError, StrategyInfo,
};
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::common;

/// All agents at once on the same context; none sees another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Parallel {
    /// When the group has succeeded: when all have (the default), any, a quorum, or the best.
    join: Join,
    /// Agents at the same time, at least 1; 8 unless told.
    #[schemars(range(min = 1))]
    max_concurrency: u32,
    /// What a failure means for the others: `continue` (the default) or `stop`, which cancels them.
    on_error: OnError,
}

impl Default for Parallel {
    fn default() -> Self {
        Self {
            join: Join::All,
            max_concurrency: 8,
            on_error: OnError::Continue,
        }
    }
}

impl Parallel {
    /// Its name in the catalogue.
    pub const NAME: &'static str = "parallel";
    /// How many agents it needs.
    pub const ARITY: Arity = Arity {
        least: 1,
        most: None,
    };

    /// Reads it from parameters.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] for an unknown parameter or a value that is not usable.
    pub fn from_params(params: &Context) -> Result<Self, StrategyError> {
        let this: Self = common::read(Self::NAME, params)?;
        this.check()?;
        Ok(this)
    }

    /// The same with another join.
    #[must_use]
    pub fn join(mut self, join: Join) -> Self {
        self.join = join;
        self
    }

    /// The same with so many agents at the same time.
    #[must_use]
    pub fn max_concurrency(mut self, agents: u32) -> Self {
        self.max_concurrency = agents;
        self
    }

    /// The same with another rule for failures.
    #[must_use]
    pub fn on_error(mut self, on_error: OnError) -> Self {
        self.on_error = on_error;
        self
    }

    fn check(&self) -> Result<(), StrategyError> {
        if self.max_concurrency == 0 {
            return Err(common::parameter(
                Self::NAME,
                "max_concurrency",
                "must be at least 1, got `0`",
            ));
        }
        Ok(())
    }
}

impl ExecutionStrategy for Parallel {
    fn info(&self) -> StrategyInfo {
        common::info::<Self>(
            Self::NAME,
            Self::ARITY,
            "all at once on the same context, joined by a policy",
            "the parts do not need each other's results",
            "any number of agents, each with its own view of the task",
        )
    }

    fn compose(&self, team: &Team, _: &Context) -> Result<Step, StrategyError> {
        common::admit(Self::NAME, Self::ARITY, team)?;
        self.check()?;
        if let Join::Quorum { k } = self.join
            && (k == 0 || k as usize > team.len())
        {
            let problem = format!("asks for a quorum of `{k}`, possible: 1 to {}", team.len());
            return Err(common::parameter(Self::NAME, "join", problem));
        }
        let names = common::step_names(team.members());
        let steps = team
            .members()
            .iter()
            .zip(&names)
            .map(|(agent, name)| common::named(common::work(&agent.id, None, []), name))
            .collect();
        Ok(Step::new(StepKind::Parallel {
            steps,
            join: self.join,
            max_concurrency: Some(self.max_concurrency),
            on_error: self.on_error,
            collect: Some(common::collect(Self::NAME, self)),
        }))
    }

    /// `final_output` is the output of the most confident (`best`), of the first in order that
    /// succeeded (`any`), else an object with the output of everyone who succeeded.
    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate {
        let (parts, outcome) = (group.parts, group.outcome.clone());
        let mut succeeded = parts.iter().filter(|part| part.outcome.is_success());
        let (final_output, confidence) = match self.join {
            Join::Best => {
                let best = common::most_confident(succeeded);
                (
                    common::output(best),
                    best.map_or(0.0, |part| part.confidence),
                )
            }
            Join::Any => {
                let first = succeeded.next();
                (
                    common::output(first),
                    first.map_or(0.0, |part| part.confidence),
                )
            }
            Join::All | Join::Quorum { .. } => {
                let by_agent: Context = succeeded
                    .map(|part| (common::label(part).to_owned(), common::output(Some(part))))
                    .collect();
                (Value::Object(by_agent), common::mean_confidence(parts))
            }
        };
        let mut output = common::summary(parts, final_output);
        let census = Census::of(parts.iter().map(|part| &part.outcome));
        output.insert(
            "census".to_owned(),
            // A census holds only numbers under words.
            serde_json::to_value(census).unwrap_or_default(),
        );
        Aggregate {
            outcome,
            output: Value::Object(output),
            confidence,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        assert_references_resolve, bad, generic_failure, good, object, text, tree,
    };
    use super::*;
    use expect_test::{Expect, expect};
    use orchestrate_core::outcome::{FailureClass, Outcome};
    use orchestrate_core::strategy::Part;
    use orchestrate_core::testing::agent;
    use serde_json::json;

    #[test]
    fn nobody_is_given_anything_of_the_others() {
        let step = Parallel::default()
            .compose(&agent(&["a", "b"]), &Context::new())
            .unwrap();
        assert_references_resolve(&step);
        expect![[r#"
            : parallel {policy:all} continue width 8 -> parallel {"join":{"policy":"all"},"max_concurrency":8,"on_error":"continue"}
              a: agent a
              b: agent b
        "#]].assert_eq(&tree(&step));
    }

    #[test]
    fn impossible_parameters_say_what_is_possible() {
        let two = agent(&["a", "b"]);
        let compose =
            |params| Parallel::from_params(&object(params))?.compose(&two, &Context::new());
        let message = |params| compose(params).unwrap_err().to_string();
        expect!["strategy `parallel`: parameter `max_concurrency` must be at least 1, got `0`"]
            .assert_eq(&message(json!({"max_concurrency": 0})));
        expect!["strategy `parallel`: parameter `join` asks for a quorum of `3`, possible: 1 to 2"]
            .assert_eq(&message(json!({"join": {"policy": "quorum", "k": 3}})));
        expect!["strategy `parallel`: parameter `join` is not usable: unknown variant `most`, expected one of `all`, `any`, `quorum`, `best`"].assert_eq(&message(json!({"join": {"policy": "most"}})));
        assert!(compose(json!({"join": {"policy": "quorum", "k": 2}})).is_ok());
    }

    fn check(join: Join, parts: &[Part], outcome: Outcome, expected: Expect) {
        expected.assert_eq(&text(
            &Parallel::default()
                .join(join)
                .aggregate(&Gathered::new(parts, outcome)),
        ));
    }

    #[test]
    fn the_census_is_exact_and_the_final_output_follows_the_join() {
        let parts = [
            good("a", json!(1), 0.5),
            bad("x", FailureClass::Timeout),
            good("b", json!(2), 0.9),
        ];
        check(
            Join::All,
            &parts,
            generic_failure(),
            expect![[r#"
                failed: not all parts succeeded (0.47)
                num_agents = 3
                all_succeeded = false
                avg_confidence = 0.4666666666666666
                outputs = [1,null,2]
                final_output = {"a":1,"b":2}
                census = {"requested":3,"succeeded":2,"partial":0,"failed":{"timeout":1},"skipped":0,"cancelled":0,"limited":0,"unknown":0}
            "#]],
        );
        check(
            Join::Best,
            &parts,
            Outcome::Succeeded,
            expect![[r#"
                succeeded (0.90)
                num_agents = 3
                all_succeeded = false
                avg_confidence = 0.4666666666666666
                outputs = [1,null,2]
                final_output = 2
                census = {"requested":3,"succeeded":2,"partial":0,"failed":{"timeout":1},"skipped":0,"cancelled":0,"limited":0,"unknown":0}
            "#]],
        );
        check(
            Join::Any,
            &parts,
            Outcome::Succeeded,
            expect![[r#"
                succeeded (0.50)
                num_agents = 3
                all_succeeded = false
                avg_confidence = 0.4666666666666666
                outputs = [1,null,2]
                final_output = 1
                census = {"requested":3,"succeeded":2,"partial":0,"failed":{"timeout":1},"skipped":0,"cancelled":0,"limited":0,"unknown":0}
            "#]],
        );
        check(
            Join::Best,
            &[bad("x", FailureClass::Denied)],
            generic_failure(),
            expect![[r#"
                failed: not all parts succeeded (0.00)
                num_agents = 1
                all_succeeded = false
                avg_confidence = 0.0
                outputs = [null]
                final_output = null
                census = {"requested":1,"succeeded":0,"partial":0,"failed":{"denied":1},"skipped":0,"cancelled":0,"limited":0,"unknown":0}
            "#]],
        );
    }
}
