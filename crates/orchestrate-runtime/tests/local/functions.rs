//! Agents that are Rust functions, and strategies carried out by hand.

use std::sync::Arc;

use expect_test::expect;
use orchestrate_core::backend::{AgentBackend, AgentInput, AgentOutput};
use orchestrate_core::limits::Usage;
use orchestrate_core::plan::Step;
use orchestrate_core::strategy::{
    Aggregate, Arity, ExecutionStrategy, Gathered, StrategyError, StrategyInfo,
};
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use orchestrate_core::template::Tier;
use orchestrate_core::testing::template;
use orchestrate_runtime::{FunctionAgent, FunctionBackend, LocalExecutor, RunError};
use serde_json::json;

use crate::support::{agent, all_of, executor, parallel, run, team};

#[tokio::test(start_paused = true)]
async fn a_function_runs_the_agents_of_its_template() {
    let twice = FunctionAgent::new(
        template("twice", Tier::Cheap),
        |input: AgentInput| async move {
            Ok(AgentOutput::json(json!(input.agent.id.as_str())).with_confidence(0.5))
        },
    );
    let thread = FunctionAgent::blocking(template("thread", Tier::Premium), |input| {
        Ok(AgentOutput::json(json!(&*input.task)))
    });
    assert_eq!(twice.name(), "function:twice");
    let team = Team::new([
        twice.template().clone(),
        twice.template().clone(),
        thread.template().clone(),
    ]);
    let steps = team
        .members()
        .iter()
        .map(|member| Step::agent(member.id.clone()))
        .collect();
    let plan = orchestrate_core::plan::Plan::new("the task", &team, parallel(steps));
    let executor = LocalExecutor::builder()
        .backend(twice)
        .backend(thread)
        .build()
        .unwrap();
    let (report, _) = run(&executor, &plan).await;
    let outputs: Vec<_> = report
        .agents
        .iter()
        .map(|result| result.output.as_str())
        .collect();
    assert_eq!(outputs, [Some("twice"), Some("twice_2"), Some("the task")]);
    // A function uses no model, whatever its tier: its attempts are counted and cost nothing.
    let calls = Usage {
        calls: 3,
        ..Usage::default()
    };
    assert_eq!(report.usage, calls);
}

#[tokio::test(start_paused = true)]
async fn a_member_has_its_own_function_before_that_of_its_template() {
    let answers = |text: &'static str| move |_| async move { Ok(AgentOutput::json(json!(text))) };
    let backend = FunctionBackend::new()
        .agent("a", answers("template"))
        .agent("a_2", answers("member"));
    expect![[r#"FunctionBackend { ids: ["a", "a_2"] }"#]].assert_eq(&format!("{backend:?}"));
    let (report, _) = run(&executor(backend), &all_of(&["a"])).await;
    assert_eq!(report.agents[0].output.as_str(), Some("template"));
}

/// All at once, in the plainest way.
#[derive(Debug)]
struct Together;

impl ExecutionStrategy for Together {
    fn info(&self) -> StrategyInfo {
        StrategyInfo {
            name: "together".into(),
            summary: "all at once".into(),
            when: "in tests".into(),
            roles: "any".into(),
            arity: Arity {
                least: 2,
                most: None,
            },
            parameters: json!({}).into(),
        }
    }

    fn compose(&self, team: &Team, _: &Context) -> Result<Step, StrategyError> {
        if !self.info().arity.admits(team.len()) {
            return Err(StrategyError::Arity {
                strategy: "together".into(),
                needs: self.info().arity.to_string(),
                got: team.len(),
            });
        }
        Ok(parallel(
            team.members()
                .iter()
                .map(|member| agent(member.id.as_str()))
                .collect(),
        ))
    }

    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate {
        let outcome = group.outcome.clone();
        Aggregate {
            outcome,
            output: json!(null),
            confidence: 1.0,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_strategy_is_carried_out_by_a_team() {
    let echo = |input: AgentInput| async move {
        let given = input.context.get("n").cloned();
        Ok(AgentOutput::json(json!([&*input.task, given])))
    };
    let executor = executor(FunctionBackend::new().agent("a", echo).agent("b", echo));
    let mut context = Context::new();
    context.insert("task".into(), json!("count"));
    context.insert("n".into(), json!(3));
    let result = executor
        .execute(&Together, &team(&["a", "b"]), context.clone())
        .await
        .unwrap();
    assert!(result.success);
    assert_eq!(result.outputs[1].output, Arc::new(json!(["count", 3])));
    let alone = executor.execute(&Together, &team(&["a"]), context).await;
    assert!(matches!(alone, Err(RunError::Strategy(_))), "{alone:?}");
}
