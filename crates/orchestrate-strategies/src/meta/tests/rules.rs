//! Each rule of the choice of a strategy has a task that it decides.

use crate::catalog;

use super::*;

/// What the context or the task's words ask for, in the order of the rules.
fn ways() -> Vec<(&'static str, &'static str, Value)> {
    let large = "x".repeat(2100);
    let always = json!({"op": "always", "value": true});
    vec![
        (
            "given_condition",
            "Review the code",
            json!({"condition": always}),
        ),
        (
            "given_cases",
            "Review the code",
            json!({"cases": [{"when": always, "then": {"agents": ["code_reviewer"]}}]}),
        ),
        (
            "given_workflow",
            "Review the code",
            json!({"workflow": "ours"}),
        ),
        (
            "given_workflows",
            "Review the code",
            json!({"workflows": ["ours", "theirs"]}),
        ),
        (
            "given_flow",
            "Review the code",
            json!({"flow": [
                {"name": "first", "agent": "code_reviewer"},
                {"name": "second", "agent": "writer", "on": "first"},
            ]}),
        ),
        (
            "exploring_with_tools",
            "Explore the small script",
            json!({"complexity": "simple"}),
        ),
        (
            "one_agent_with_tools",
            "Fix a typo in the readme",
            json!({"tools": ["doc_generator"]}),
        ),
        (
            "coordinator_and_complex",
            "Migrate everything to the new vendor",
            json!({"capabilities": ["coordinate", "write_code"]}),
        ),
        (
            "large_shared_context",
            "Overhaul the test coverage thoroughly",
            json!({"shared_knowledge": large}),
        ),
        (
            "either_or",
            "Fix the tests if they fail, otherwise improve them",
            json!({}),
        ),
        ("delegating", "Delegate the review of the code", json!({})),
        (
            "open_ended",
            "Get to the bottom of the slow start",
            json!({}),
        ),
        ("supervising", "Supervise the review of the code", json!({})),
        ("managing", "Let a crew write the user guide", json!({})),
        (
            "planning_first",
            "Make a plan for the new parser and carry it out",
            json!({}),
        ),
        (
            "handing_over",
            "Look at the bug and hand over to whoever can fix it",
            json!({}),
        ),
        ("discussing", "Brainstorm names for the tool", json!({})),
        ("until_it_holds", "Fix the parser until it works", json!({})),
        ("for_each", "Write a summary for each file", json!({})),
        ("voting", "Vote on the best design", json!({})),
        ("events", "Write a note whenever a job ends", json!({})),
    ]
}

/// A planner's answer where the workflows and the coordinator of [`ways`] exist.
fn plan_here(task: &str, context: Value) -> Result<ExecutionPlan, PlanError> {
    let mut registry = AgentRegistry::builtin();
    let mut coordinator = template("lead", Tier::Capable);
    coordinator.role = "Release Coordinator".to_owned();
    coordinator.capabilities = vec![orchestrate_core::template::AgentCapability::named(
        "coordinate",
    )];
    registry.register(coordinator).unwrap();
    let mut catalog = catalog::Catalog::builtin();
    for (id, agent) in [("ours", "code_reviewer"), ("theirs", "writer")] {
        let member = orchestrate_core::id::AgentId::new(agent).unwrap();
        let recipe = crate::workflow::Recipe::new("sequential").with([member.into()]);
        let definition = crate::workflow::WorkflowDefinition::new(id, recipe);
        catalog.register_workflow(definition).unwrap();
    }
    MetaOrchestrator::new(&registry)
        .with_catalog(&catalog)
        .analyze_and_compose(task, object(context))
}

/// One task per further rule, in the order of the rules.
pub(super) const EXAMPLES: &[(&str, &str)] = &[
    ("release", "Prepare for release"),
    (
        "several_views",
        "Should we split the monolith? Weigh the pros and cons",
    ),
    ("triage", "Triage the incoming bug reports"),
    ("polish", "Draft and polish a blog article on our roadmap"),
    (
        "joined",
        "Review security and test coverage and rank the findings",
    ),
    (
        "several_independent_domains",
        "Review security and test coverage",
    ),
    (
        "several_domains_in_order",
        "Refactor the parser and document it",
    ),
    ("documentation", "Write API documentation"),
    ("refactoring", "Refactor the parser"),
    (
        "unclear_and_complex",
        "Migrate everything to the new vendor",
    ),
    ("mending", "Fix the failing login test"),
    (
        "one_domain_side_by_side",
        "Audit the login for vulnerabilities",
    ),
    ("one_after_another", "Improve test coverage"),
];

#[test]
fn every_rule_has_a_task_that_it_decides() {
    let mut examples = ways();
    examples.extend(
        EXAMPLES
            .iter()
            .map(|(rule, task)| (*rule, *task, json!({}))),
    );
    let decided: Vec<String> = examples
        .iter()
        .map(|(_, task, context)| {
            let plan = plan_here(task, context.clone()).unwrap();
            let reason = plan
                .reasons
                .iter()
                .find(|reason| reason.starts_with("strategy"))
                .unwrap();
            reason.split('`').nth(1).unwrap().to_owned()
        })
        .collect();
    let rules: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(decided, rules);
    assert_eq!(
        examples.iter().map(|(rule, ..)| *rule).collect::<Vec<_>>(),
        rules
    );
}

#[test]
fn every_strategy_can_be_chosen_by_a_rule() {
    for info in catalog::all().iter() {
        assert!(
            RULES.iter().any(|rule| rule.strategy == info.name),
            "{}",
            info.name
        );
    }
}
