//! The promise of the planner: whatever is asked, the plan passes the check and runs to its end.

use orchestrate_core::outcome::{FailureClass, Outcome};
use orchestrate_core::task::{Context, TaskDomain};
use orchestrate_core::template::AgentRegistry;
use orchestrate_core::testing::example;
use proptest::prelude::*;
use serde_json::json;

use super::succeed;
use crate::catalog::Catalog;
use crate::graph::walk::{StepResult, Walk};
use crate::graph::{Graph, bounds, check};
use crate::meta::{MetaOrchestrator, PlanError, RULES};

/// Runs a plan in a walk; every `fails`-th step fails, or none. Gives how many steps ran.
fn run(
    plan: &orchestrate_core::plan::ExecutionPlan,
    fails: usize,
    confidence: f64,
) -> (u64, Outcome) {
    let graph = Graph::compile(&plan.plan, &Catalog::builtin())
        .expect("the planner's plans pass the check");
    let mut walk = Walk::new(graph, std::sync::Arc::new(plan.plan.context.clone()));
    let mut calls = 0u64;
    while let Some(ready) = walk.next_ready() {
        calls += 1;
        let failed = fails > 0 && calls.is_multiple_of(fails as u64);
        let result = if failed {
            StepResult::without_output(Outcome::failed(FailureClass::Reported, "no"))
        } else {
            let asked = ready
                .task
                .agent_work()
                .and_then(|work| work.answer.as_deref());
            let text = json!({"text": ready.task.path.as_str()});
            succeed(asked.map_or(text, example), confidence)
        };
        walk.finish(ready.node, result);
    }
    (
        calls,
        walk.result().expect("every plan ends").outcome.clone(),
    )
}

proptest! {
    #[test]
    fn prop_any_task_gives_a_plan_that_passes_the_check_and_runs(
        words in proptest::collection::vec(prop_oneof![
            proptest::sample::select(vec!["release", "security", "audit", "tests", "coverage", "refactor", "document", "readme", "optimize", "architecture", "design", "review", "quality", "debate", "compare", "triage", "without", "not", "simple", "latest", "protest", "migrate"]).prop_map(str::to_owned),
            "\\PC{0,12}",
        ], 0..12),
        domain in proptest::option::of(proptest::sample::select(TaskDomain::ALL.to_vec())),
        strategy in proptest::option::of(proptest::sample::select(Catalog::builtin().iter().map(|info| info.name.clone()).collect::<Vec<_>>())),
        fails in 0usize..4,
        confidence in 0.0f64..=1.0,
    ) {
        let registry = AgentRegistry::builtin();
        let mut context = Context::new();
        context.extend(domain.map(|domain| ("domain".to_owned(), json!(domain.as_str()))));
        context.extend(strategy.clone().map(|strategy| ("strategy".to_owned(), json!(strategy))));
        let task = words.join(" ");
        let plan = match MetaOrchestrator::new(&registry).analyze_and_compose(&task, context.clone()) {
            Ok(plan) => plan,
            Err(PlanError::EmptyTask) => {
                prop_assert!(task.trim().is_empty());
                return Ok(());
            }
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        prop_assert_eq!(check(&plan.plan, &Catalog::builtin()), vec![]);
        let (calls, outcome) = run(&plan, fails, confidence);
        prop_assert!(calls <= plan.bounds.calls.most, "{calls} of at most {}", plan.bounds.calls.most);
        prop_assert!(calls >= plan.bounds.calls.least, "{calls} of at least {}", plan.bounds.calls.least);
        prop_assert!(fails > 0 || outcome.is_success(), "nobody failed, yet: {outcome:?}");
        prop_assert_eq!(plan.bounds, bounds(&plan.plan));
        let again = MetaOrchestrator::new(&registry).analyze_and_compose(&task, context).unwrap();
        prop_assert_eq!(serde_json::to_string(&again).unwrap(), serde_json::to_string(&plan).unwrap());
        if let Some(domain) = domain {
            prop_assert_eq!(plan.requirements.domain, domain, "hints win");
        }
        if let Some(strategy) = strategy {
            prop_assert_eq!(plan.strategy.as_str(), strategy, "hints win");
        }
    }
}

#[test]
fn every_documented_rule_has_a_task_whose_plan_runs() {
    let registry = AgentRegistry::builtin();
    let mut strategies = std::collections::BTreeSet::new();
    for rule in RULES {
        strategies.insert(rule.strategy);
    }
    for name in Catalog::builtin().iter().map(|info| info.name.clone()) {
        let context: Context = [("strategy".to_owned(), json!(name))].into_iter().collect();
        let plan = MetaOrchestrator::new(&registry)
            .analyze_and_compose("Improve the documentation", context)
            .unwrap();
        assert!(run(&plan, 0, 0.5).1.is_success(), "{name}");
        assert!(
            strategies.iter().any(|strategy| name == **strategy),
            "no rule chooses {name}"
        );
    }
}
