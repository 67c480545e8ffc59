//! What the planner makes of tasks: one line per choice, traps, hints, and laws over any text.

mod laws;

use expect_test::{Expect, expect};
use orchestrate_core::error::Explain;
use orchestrate_core::limits::Cost;
use orchestrate_core::plan::ExecutionPlan;
use orchestrate_core::task::Context;
use orchestrate_core::template::{AgentRegistry, Tier};
use orchestrate_core::testing::template;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{MetaOrchestrator, PlanError, RULES};
use crate::catalog;
use crate::strategy::testing::{assert_references_resolve, object};

fn plan(task: &str, context: Value) -> Result<ExecutionPlan, PlanError> {
    MetaOrchestrator::new(&AgentRegistry::builtin()).analyze_and_compose(task, object(context))
}

/// Domains, complexity, strategy and agents in one line.
fn summary(plan: &ExecutionPlan) -> String {
    let needs = &plan.requirements;
    let domains: Vec<&str> = needs.domains.iter().map(|domain| domain.as_str()).collect();
    let agents: Vec<String> = plan
        .agents
        .iter()
        .map(|agent| format!("{} {}", agent.id, agent.tier))
        .collect();
    format!(
        "{} | {} | {} | {}",
        domains.join(" "),
        needs.complexity,
        plan.strategy,
        agents.join(", ")
    )
}

fn check(task: &str, context: Value, expected: Expect) {
    expected.assert_eq(&match plan(task, context) {
        Ok(plan) => summary(&plan),
        Err(error) => format!("{}: {error}", error.code()),
    });
}

fn reasons(task: &str, context: Value, expected: Expect) {
    let plan = plan(task, context).unwrap();
    let agents = plan
        .agents
        .iter()
        .map(|agent| format!("{}: {}", agent.id, agent.why));
    let lines: Vec<String> = plan.reasons.iter().cloned().chain(agents).collect();
    expected.assert_eq(&lines.join("\n"));
}

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
const EXAMPLES: &[(&str, &str)] = &[
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

#[test]
fn teams_fit_their_tasks() {
    check(
        EXAMPLES[0].1,
        json!({}),
        expect![
            "security testing code_quality documentation | complex | parallel | security_auditor PREMIUM, test_coverage_analyzer PREMIUM, code_reviewer PREMIUM, documentation_writer CAPABLE"
        ],
    );
    check(
        EXAMPLES[1].1,
        json!({}),
        expect![
            "architecture | moderate | debate | architecture_analyst PREMIUM, code_reviewer CAPABLE, synthesizer CAPABLE"
        ],
    );
    check(
        EXAMPLES[2].1,
        json!({}),
        expect![
            "general | moderate | adaptive | generic_agent CHEAP, coder CAPABLE, coder_2 PREMIUM"
        ],
    );
    check(
        EXAMPLES[3].1,
        json!({}),
        expect![
            "general | moderate | refinement | writer CHEAP, generic_agent CAPABLE, code_reviewer CAPABLE"
        ],
    );
    check(
        EXAMPLES[5].1,
        json!({}),
        expect![
            "security testing | moderate | parallel | security_auditor PREMIUM, test_coverage_analyzer CAPABLE"
        ],
    );
    check(
        EXAMPLES[6].1,
        json!({}),
        expect![
            "refactoring documentation | moderate | sequential | refactoring_specialist CAPABLE, documentation_writer CHEAP"
        ],
    );
    check(
        EXAMPLES[7].1,
        json!({}),
        expect![
            "documentation | simple | teaching | documentation_writer CHEAP, documentation_analyst CAPABLE"
        ],
    );
    check(
        EXAMPLES[8].1,
        json!({}),
        expect![
            "refactoring | moderate | refinement | refactoring_specialist CAPABLE, code_reviewer CAPABLE, code_simplifier CAPABLE"
        ],
    );
    check(
        EXAMPLES[9].1,
        json!({}),
        expect![
            "general | complex | adaptive | generic_agent CHEAP, generic_agent_2 PREMIUM, code_reviewer PREMIUM, writer CAPABLE"
        ],
    );
    check(
        EXAMPLES[10].1,
        json!({}),
        expect!["security | moderate | parallel | security_auditor PREMIUM, code_reviewer CAPABLE"],
    );
    check(
        EXAMPLES[11].1,
        json!({}),
        expect![
            "testing | moderate | sequential | test_coverage_analyzer CAPABLE, test_generator CAPABLE, test_validator CHEAP"
        ],
    );
}

#[test]
fn tasks_of_the_seeds() {
    check(
        "Prepare for v3.12.0 release",
        json!({}),
        expect![
            "security testing code_quality documentation | complex | parallel | security_auditor PREMIUM, test_coverage_analyzer PREMIUM, code_reviewer PREMIUM, documentation_writer CAPABLE"
        ],
    );
    check(
        "Prepare for production release",
        json!({"project_path": "."}),
        expect![
            "security testing code_quality documentation | complex | parallel | security_auditor PREMIUM, test_coverage_analyzer PREMIUM, code_reviewer PREMIUM, documentation_writer CAPABLE"
        ],
    );
    check(
        "Get it ready for production",
        json!({}),
        expect![
            "security testing code_quality documentation | complex | parallel | security_auditor PREMIUM, test_coverage_analyzer PREMIUM, code_reviewer PREMIUM, documentation_writer CAPABLE"
        ],
    );
    check(
        "Comprehensive security audit with multiple perspectives",
        json!({"domain": "security", "capabilities": ["vulnerability_scan", "threat_modeling"]}),
        expect![
            "security | complex | debate | security_auditor PREMIUM, code_reviewer PREMIUM, architecture_analyst PREMIUM, test_coverage_analyzer PREMIUM, synthesizer PREMIUM"
        ],
    );
    check(
        "Improve performance of slow API endpoint",
        json!({"domain": "performance"}),
        expect![
            "performance | moderate | sequential | performance_optimizer CAPABLE, code_reviewer CAPABLE"
        ],
    );
    check(
        "Fix the code",
        json!({}),
        expect!["general | moderate | sequential | coder CAPABLE"],
    );
    check(
        "Fix security vulnerabilities in authentication module",
        json!({"domain": "security", "capabilities": ["vulnerability_scan", "threat_modeling"], "complexity": "high"}),
        expect![
            "security | complex | parallel | security_auditor PREMIUM, code_reviewer PREMIUM, architecture_analyst PREMIUM, test_coverage_analyzer PREMIUM"
        ],
    );
    check(
        "Write API documentation",
        json!({"complexity": "simple"}),
        expect![
            "documentation | simple | teaching | documentation_writer CHEAP, documentation_analyst CAPABLE"
        ],
    );
}

#[test]
fn words_are_whole_words() {
    check(
        "Write latest documentation",
        json!({}),
        expect![
            "documentation | simple | teaching | documentation_writer CHEAP, documentation_analyst CAPABLE"
        ],
    );
    check(
        "Audit the protest page for design",
        json!({}),
        expect![
            "security architecture | moderate | parallel | security_auditor PREMIUM, architecture_analyst PREMIUM"
        ],
    );
    check(
        "attest contest",
        json!({}),
        expect!["general | moderate | sequential | generic_agent CAPABLE"],
    );
    check(
        "Describe the relationship between the two leased ships' crews",
        json!({}),
        expect![
            "general | moderate | hierarchical | generic_agent CAPABLE, generic_agent_2 CAPABLE"
        ],
    );
    check(
        "Write release notes",
        json!({}),
        expect![
            "documentation | moderate | teaching | documentation_writer CHEAP, documentation_analyst CAPABLE"
        ],
    );
    check(
        "Debug the production outage",
        json!({}),
        expect!["general | moderate | sequential | coder CAPABLE"],
    );
    check(
        "Run penetration tests",
        json!({}),
        expect!["security | moderate | parallel | security_auditor PREMIUM, code_reviewer CAPABLE"],
    );
    check(
        "安全审计 🦀 ÄÖÜ",
        json!({}),
        expect!["general | moderate | sequential | generic_agent CAPABLE"],
    );
}

#[test]
fn words_that_look_like_a_rule_decide_nothing() {
    check(
        "Compare two JSON files",
        json!({}),
        expect!["general | moderate | sequential | file_surfer CHEAP"],
    );
    check(
        "Fix the /users route",
        json!({}),
        expect!["general | moderate | sequential | coder CAPABLE"],
    );
    check(
        "Add dependency injection",
        json!({}),
        expect![
            "architecture | moderate | parallel | architecture_analyst PREMIUM, code_reviewer CAPABLE"
        ],
    );
    check(
        "Summarize the meeting documents",
        json!({}),
        expect![
            "documentation | simple | teaching | documentation_writer CHEAP, documentation_analyst CAPABLE"
        ],
    );
    check(
        "Review the prepared statements",
        json!({}),
        expect![
            "code_quality | moderate | parallel | code_reviewer CAPABLE, code_simplifier CAPABLE"
        ],
    );
}

#[test]
fn what_is_left_out_is_left_out() {
    check(
        "Review the code without tests",
        json!({}),
        expect![
            "code_quality | moderate | parallel | code_reviewer CAPABLE, code_simplifier CAPABLE"
        ],
    );
    check(
        "Improve performance, not security",
        json!({}),
        expect![
            "performance | moderate | sequential | performance_optimizer CAPABLE, code_reviewer CAPABLE"
        ],
    );
    check(
        "Don't touch the docs and audit security",
        json!({}),
        expect!["security | moderate | parallel | security_auditor PREMIUM, code_reviewer CAPABLE"],
    );
    check(
        "Find functions without documentation",
        json!({}),
        expect![
            "documentation | simple | teaching | documentation_writer CHEAP, documentation_analyst CAPABLE"
        ],
    );
    reasons(
        "Improve performance, not security",
        json!({}),
        expect![[r#"
        left out: `security`, after `not`
        domain performance: `performance`
        complexity moderate: `improve`
        not parallelizable: no word says otherwise for a moderate task
        strategy sequential: rule `one_after_another`, anything else (2 agents)
        confidence 1
        performance_optimizer: performance needs `profile_code`
        code_reviewer: a moderate performance task gains from `code_review`"#]],
    );
}

#[test]
fn size_and_work_make_the_complexity() {
    check(
        "Quick release check",
        json!({}),
        expect![
            "security testing code_quality documentation | simple | parallel | security_auditor CAPABLE, test_coverage_analyzer CHEAP, code_reviewer CHEAP, documentation_writer CHEAP"
        ],
    );
    check(
        "Check test coverage",
        json!({}),
        expect!["testing | simple | sequential | test_coverage_analyzer CHEAP"],
    );
    check(
        "Review the entire codebase",
        json!({}),
        expect![
            "code_quality | complex | parallel | code_reviewer PREMIUM, code_simplifier PREMIUM, refactoring_specialist PREMIUM, test_coverage_analyzer PREMIUM"
        ],
    );
    check(
        "Fix a typo in the readme",
        json!({}),
        expect![
            "documentation | simple | teaching | documentation_writer CHEAP, documentation_analyst CAPABLE"
        ],
    );
    check(
        "Improve security, tests, docs and performance",
        json!({}),
        expect![
            "security testing documentation performance | complex | parallel | security_auditor PREMIUM, test_coverage_analyzer PREMIUM, documentation_writer CAPABLE, performance_optimizer PREMIUM"
        ],
    );
}

#[test]
fn hints_win() {
    check(
        "Write documentation",
        json!({"domain": ["security", "testing"]}),
        expect![
            "security testing | moderate | parallel | security_auditor PREMIUM, test_coverage_analyzer CAPABLE"
        ],
    );
    check(
        "Prepare for release",
        json!({"complexity": "low"}),
        expect![
            "security testing code_quality documentation | simple | parallel | security_auditor CAPABLE, test_coverage_analyzer CHEAP, code_reviewer CHEAP, documentation_writer CHEAP"
        ],
    );
    check(
        "Audit security",
        json!({"tier": "CHEAP"}),
        expect!["security | moderate | parallel | security_auditor CHEAP, code_reviewer CHEAP"],
    );
    check(
        "Write documentation",
        json!({"tier": "premium", "domain": null}),
        expect![
            "documentation | simple | teaching | documentation_writer PREMIUM, documentation_analyst PREMIUM"
        ],
    );
    check(
        "Audit security",
        json!({"strategy": "teaching"}),
        expect!["security | moderate | teaching | code_reviewer CAPABLE, security_auditor PREMIUM"],
    );
    check(
        "Audit security",
        json!({"strategy": "adaptive"}),
        expect![
            "security | moderate | adaptive | generic_agent CHEAP, security_auditor PREMIUM, code_reviewer CAPABLE"
        ],
    );
    check(
        "Audit security",
        json!({"strategy": "debate", "capabilities": "synthesize_findings"}),
        expect![
            "security | moderate | debate | security_auditor PREMIUM, code_reviewer CAPABLE, synthesizer CAPABLE"
        ],
    );
    check(
        "Do it",
        json!({"capabilities": ["generate_docs", "code_review"]}),
        expect![
            "general | moderate | sequential | documentation_writer CHEAP, code_reviewer CAPABLE"
        ],
    );
    check(
        "Write documentation",
        json!({"capabilities": ["code_review", "run_tests", "list_files"]}),
        expect![
            "documentation | simple | sequential | documentation_writer CHEAP, code_reviewer CHEAP, test_validator CHEAP, file_surfer CHEAP"
        ],
    );
    check(
        "Do it",
        json!({"tools": ["calculator", {"name": "shell"}]}),
        expect!["general | moderate | sequential | analyst CAPABLE, coder CAPABLE"],
    );
    let plan = plan(
        "Prepare for release",
        json!({"budget": 12.5, "quality_gates": {"min_coverage": 70}}),
    )
    .unwrap();
    assert_eq!(plan.plan.limits.cost, Some(Cost::from(12.5)));
    assert_eq!(
        plan.quality_gates,
        [("min_coverage".to_owned(), 70.0)].into()
    );
    assert_eq!(plan.requirements.quality_gates, plan.quality_gates);
}

#[test]
fn impossible_hints_come_at_once_with_what_is_possible() {
    check(
        "Do it",
        json!({
            "domain": "cooking", "complexity": 7, "tier": "GOLD", "strategy": "debat", "budget": -1,
            "quality_gates": {"min_coverage": "high", "max_issues": -1},
        }),
        expect![[
            r#"ORC0402: impossible hints in the context: `domain` cannot be `cooking` (possible: testing, security, code_quality, documentation, performance, architecture, refactoring, general); `complexity` cannot be `7` (possible: simple or low, moderate or medium, complex or high); `tier` cannot be `GOLD` (possible: CHEAP, CAPABLE, PREMIUM); `strategy` cannot be `debat` (possible: sequential, parallel, debate, teaching, refinement, adaptive, synthesis, tool_enhanced, prompt_cached_sequential, delegation_chain, orchestrator_worker, supervisor, hierarchical, plan_execute, handoff, group_chat, react, self_correct, map_reduce, scatter_vote, event_flow, conditional, multi_conditional, nested, nested_sequential); `budget` cannot be `-1` (possible: a number of cost units above 0); `quality_gates` cannot be `{"min_coverage":"high"}` (possible: an object of thresholds, each a number, 0 or more); `quality_gates` cannot be `{"max_issues":-1}` (possible: an object of thresholds, each a number, 0 or more)"#
        ]],
    );
    let error = plan("Do it", json!({"capabilities": ["fly"], "tools": [3]})).unwrap_err();
    let PlanError::Hints { problems } = &error else {
        panic!("{error}")
    };
    assert_eq!(problems.len(), 2);
    assert!(
        problems[0].possible.contains("code_review") && problems[1].possible.contains("calculator")
    );
    check(
        "Do it",
        json!({"strategy": "teaching", "capabilities": ["code_review", "run_tests", "list_files"]}),
        expect![
            "ORC0402: impossible hints in the context: `strategy` cannot be `teaching` (possible: sequential, parallel, debate, refinement, adaptive, synthesis, prompt_cached_sequential, delegation_chain, orchestrator_worker, supervisor, hierarchical, plan_execute, handoff, group_chat, map_reduce, scatter_vote, event_flow, conditional, multi_conditional, nested, nested_sequential, because `capabilities` and `tools` ask for 3 agents)"
        ],
    );
    check(
        "Write documentation",
        json!({"quality_threshold": "high"}),
        expect![[
            r#"ORC0202: strategy `teaching`: parameter `quality_threshold` must be a number from 0 to 1, or up to 10 on that scale, got `"high"`"#
        ]],
    );
}

#[test]
fn nothing_to_do_and_nobody_to_do_it_are_errors() {
    check(
        " \t\n\u{a0}",
        json!({}),
        expect!["ORC0401: the task is empty"],
    );
    let nobody = AgentRegistry::empty();
    let error = MetaOrchestrator::new(&nobody)
        .analyze_and_compose("Do it", Context::new())
        .unwrap_err();
    assert_eq!(error, PlanError::NoAgents);
    assert!(!error.hints().is_empty());
}

#[test]
fn every_choice_has_its_reason() {
    reasons(
        "Prepare for release",
        json!({}),
        expect![[r#"
        a release (`release`) needs security, testing, code_quality, documentation
        complexity complex: `prepare`
        parallelizable: `release` is work whose parts do not need each other
        strategy parallel: rule `release`, something is to be released; the checks before it do not need each other (`release`)
        confidence 0.85: a complex task (× 0.85)
        security_auditor: security needs `vulnerability_scan`
        test_coverage_analyzer: testing needs `analyze_gaps`; PREMIUM instead of CAPABLE: the task is complex
        code_reviewer: code_quality needs `code_review`; PREMIUM instead of CAPABLE: the task is complex
        documentation_writer: documentation needs `generate_docs`; CAPABLE instead of CHEAP: the task is complex"#]],
    );
    reasons(
        "Write API documentation",
        json!({}),
        expect![[r#"
            domain documentation: `documentation`
            complexity simple: `documentation`
            not parallelizable: no word says otherwise for a simple task
            strategy teaching: rule `documentation`, documents: a cheap writer is often good enough, and an expert can tell (domain documentation)
            confidence 1: the usual strategy of the domain (× 1.05)
            documentation_writer: junior: documentation needs `generate_docs`
            documentation_analyst: expert: the strategy needs 2 agents; it adds `analyze_docs`"#]],
    );
    reasons(
        "Fix the code",
        json!({"tier": "CHEAP"}),
        expect![[r#"
            domain general: no word names another; `fix` needs the capability `write_code`
            complexity moderate: no word says otherwise
            not parallelizable: no word says otherwise for a moderate task
            strategy sequential: rule `one_after_another`, anything else (1 agent)
            confidence 0.85: no word names a domain (× 0.85)
            coder: `fix` needs `write_code`; CHEAP instead of CAPABLE: the context asks for it"#]],
    );
    reasons(
        "Triage this",
        json!({}),
        expect![[r#"
            domain general: no word names another
            complexity moderate: no word says otherwise
            not parallelizable: no word says otherwise for a moderate task
            strategy adaptive: rule `triage`, it is to be found out first what kind of task it is or who should do it (`triage`)
            confidence 0.7: no word names a domain or a skill (× 0.7)
            generic_agent: classifier: looks at the task and chooses the specialist; CHEAP instead of CAPABLE: that is enough to choose
            generic_agent_2: specialist: for tasks of no particular domain
            generic_agent_3: specialist: the strategy needs 2 agents; another one of the lead; PREMIUM instead of CAPABLE: so that the tiers differ"#]],
    );
}
