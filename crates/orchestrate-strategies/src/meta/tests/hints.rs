//! What a caller may ask for, what cannot be had, and that every choice has its reason.

use super::*;

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
            not parallelizable: `fix` is work whose parts build on each other
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
