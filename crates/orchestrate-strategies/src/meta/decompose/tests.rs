//! What tasks are taken apart into.

use expect_test::{Expect, expect};
use orchestrate_core::task::{Context, DecompositionStrategy};
use orchestrate_core::template::AgentRegistry;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::graph::check;
use crate::meta::MetaOrchestrator;

fn taken_apart(task: &str, way: DecompositionStrategy) -> Decomposition {
    let registry = AgentRegistry::builtin();
    let decomposer = TaskDecomposer::new(&registry);
    decomposer.decompose(task, &Context::new(), way).unwrap()
}

#[track_caller]
fn check_parts(task: &str, way: DecompositionStrategy, expected: &Expect) {
    let decomposition = taken_apart(task, way);
    let line = |sub_task: &SubTask| {
        let needs: Vec<&str> = sub_task
            .depends_on
            .iter()
            .map(orchestrate_core::id::StepName::as_str)
            .collect();
        format!(
            "{} <- [{}] {:.1} {}\n",
            sub_task.id,
            needs.join(" "),
            sub_task.complexity,
            sub_task.task
        )
    };
    let parts: String = decomposition.sub_tasks.iter().map(line).collect();
    let (topology, whole) = (decomposition.topology, decomposition.complexity);
    expected.assert_eq(&format!("{topology} {whole:.1}\n{parts}"));
}

#[test]
fn a_task_is_split_where_a_verb_begins_and_ordered_by_its_words() {
    check_parts(
        "Audit the login flow and the session store, then write tests for v1.2 and update the docs. Finally, measure latency.",
        DecompositionStrategy::Parallel,
        &expect![[r#"
            mesh 4.5
            1_security_auditor <- [] 2.5 Audit the login flow and the session store
            2_test_coverage_analyzer <- [1_security_auditor] 2.5 write tests for v1.2
            3_documentation_writer <- [1_security_auditor] 1.5 update the docs
            4_performance_optimizer <- [2_test_coverage_analyzer 3_documentation_writer] 2.5 measure latency
        "#]],
    );
}

#[test]
fn a_list_is_taken_by_its_items_and_numbers_mean_an_order() {
    check_parts(
        "Do this:\n1. Review the code\n2) Check the docs\n",
        DecompositionStrategy::Parallel,
        &expect![[r#"
            star 3.0
            1_code_reviewer <- [] 2.5 Review the code
            2_documentation_writer <- [1_code_reviewer] 1.5 Check the docs
        "#]],
    );
    check_parts(
        "- Review the code\n- Check the docs",
        DecompositionStrategy::Parallel,
        &expect![[r#"
            star 3.0
            1_code_reviewer <- [] 2.5 Review the code
            2_documentation_writer <- [] 1.5 Check the docs
        "#]],
    );
}

#[test]
fn one_clause_is_taken_apart_by_its_domains() {
    check_parts(
        "Prepare for release",
        DecompositionStrategy::Sequential,
        &expect![[r#"
            mesh 4.2
            1_security_auditor <- [] 3.3 Prepare for release (the part of it that is about security)
            2_test_coverage_analyzer <- [1_security_auditor] 3.3 Prepare for release (the part of it that is about testing)
            3_code_reviewer <- [2_test_coverage_analyzer] 3.3 Prepare for release (the part of it that is about code_quality)
            4_documentation_analyst <- [3_code_reviewer] 3.3 Prepare for release (the part of it that is about documentation)
        "#]],
    );
}

#[test]
fn hierarchical_parts_have_a_lead_on_whom_others_build() {
    check_parts(
        "Refactor the parser and review the security of the upload",
        DecompositionStrategy::Hierarchical,
        &expect![[r#"
            star 3.0
            1_refactoring_specialist <- [] 2.5 Refactor the parser
            2_code_reviewer <- [1_refactoring_specialist] 2.5 Refactor the parser: build on what `1_refactoring_specialist` found, as Code Quality Reviewer
            3_code_simplifier <- [1_refactoring_specialist] 2.5 Refactor the parser: build on what `1_refactoring_specialist` found, as Code Simplification Specialist
            4_security_auditor <- [] 2.5 review the security of the upload
            5_code_reviewer <- [4_security_auditor] 2.5 review the security of the upload: build on what `4_security_auditor` found, as Code Quality Reviewer
        "#]],
    );
}

#[test]
fn what_exceeds_an_agent_goes_to_the_next_on_its_path() {
    let registry = AgentRegistry::builtin();
    let decomposer = TaskDecomposer::new(&registry);
    let suggested = |task: &str, hint: serde_json::Value| {
        let context = hint.as_object().cloned().unwrap_or_default();
        let (agent, why) = decomposer.suggest_agent(task, &context).unwrap();
        format!("{}: {why}\n", agent.id)
    };
    let told = suggested("Document the API", json!({"complexity": "simple"}))
        + &suggested("Document the API", json!({"complexity": "complex"}));
    expect![[r#"
        documentation_writer: documentation needs `generate_docs`
        documentation_analyst: documentation needs `generate_docs`; complexity 3.3 exceeds documentation_writer (CHEAP, up to 2.0): escalated to documentation_analyst
    "#]].assert_eq(&told);
}

#[test]
fn the_topology_follows_the_figure_and_the_hint_wins() {
    let registry = AgentRegistry::builtin();
    let decomposer = TaskDecomposer::new(&registry);
    let topology = |task: &str, hint: serde_json::Value| {
        let context = hint.as_object().cloned().unwrap_or_default();
        let way = DecompositionStrategy::Parallel;
        let decomposition = decomposer.decompose(task, &context, way).unwrap();
        format!("{}\n", decomposition.reasons[2])
    };
    let told = topology("Check the docs and check the readme", json!({}))
        + &topology("Check the docs and list the tests", json!({}))
        + &topology("Improve the tests, the security and the docs", json!({}))
        + &topology("Prepare for release", json!({}))
        + &topology("Prepare for release", json!({"topology": "star"}))
        + &topology("Fix the parser", json!({}));
    expect![[r#"
        topology star: the complexity is below 3
        topology star: from 3 to 3.5 it is for you to say; the hint `topology=mesh` lets the agents hear of each other, which costs more
        topology mesh: the complexity is above 3.5
        topology mesh: the complexity is above 3.5
        topology star: the context says so
        topology star: there is one part
    "#]].assert_eq(&told);
}

#[test]
fn the_planner_takes_a_task_apart_when_the_context_says_so() {
    let registry = AgentRegistry::builtin();
    let context = json!({"decompose": "parallel", "topology": "mesh", "synthesizer": true});
    let context = context.as_object().cloned().unwrap();
    let planner = MetaOrchestrator::new(&registry);
    let plan = planner
        .analyze_and_compose("Review the code and check the docs", context)
        .unwrap();
    let ids: Vec<&str> = plan.agents.iter().map(|agent| agent.id.as_str()).collect();
    assert_eq!(plan.strategy, "parallel_decomposition");
    assert_eq!(
        ids,
        ["code_reviewer", "documentation_writer", "synthesizer"]
    );
}

proptest! {
    #[test]
    fn prop_any_task_is_taken_apart_into_a_plan_that_passes_the_check(
        words in prop::collection::vec(prop::sample::select(vec![
            "review", "the", "code", "and", "then", "security,", "tests.", "first", "\n- ", "\n2. ", "prepare", "release;", "é", "a.b", "document",
        ]), 1..25),
        way in prop::sample::select(DecompositionStrategy::ALL.to_vec()),
        topology in prop::sample::select(vec!["star", "mesh"]),
        synthesizer in any::<bool>(),
    ) {
        let task = words.join(" ");
        prop_assume!(!task.trim().is_empty());
        let context = json!({"decompose": way, "topology": topology, "synthesizer": synthesizer}).as_object().cloned().unwrap();
        let registry = AgentRegistry::builtin();
        let planner = MetaOrchestrator::new(&registry);
        let plan = planner.analyze_and_compose(&task, context.clone()).unwrap();
        prop_assert_eq!(check(&plan.plan, crate::catalog::all()), vec![]);
        prop_assert_eq!(planner.analyze_and_compose(&task, context).unwrap(), plan);
    }
}
