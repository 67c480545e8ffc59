//! From the words of a task to domains, complexity and a team.

use super::rules::EXAMPLES;
use super::*;

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
            "general | complex | adaptive | generic_agent CHEAP, coder PREMIUM, generic_agent_2 PREMIUM, code_reviewer PREMIUM, writer CAPABLE"
        ],
    );
    check(
        EXAMPLES[11].1,
        json!({}),
        expect!["security | moderate | parallel | security_auditor PREMIUM, code_reviewer CAPABLE"],
    );
    check(
        EXAMPLES[12].1,
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
            "security | complex | sequential | security_auditor PREMIUM, coder PREMIUM, code_reviewer PREMIUM, architecture_analyst PREMIUM, test_coverage_analyzer PREMIUM"
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
        "Write a blog post about our release",
        json!({}),
        expect!["general | moderate | sequential | writer CHEAP"],
    );
    check(
        "Add dark mode to the settings page",
        json!({}),
        expect!["general | moderate | sequential | coder CAPABLE"],
    );
    check(
        "Add a paragraph to the letter",
        json!({}),
        expect!["general | moderate | sequential | writer CHEAP"],
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
fn what_is_broken_goes_to_somebody_who_can_mend_it() {
    let tasks = [
        "Fix the failing login test",
        "Make the tests pass",
        "Fix the SQL injection in the login form",
        "Repair the slow search",
        "Fix the spelling in the docs",
    ];
    let teams = tasks.map(|task| format!("{task}: {}", summary(&plan(task, json!({})).unwrap())));
    expect![[r#"
        Fix the failing login test: testing | moderate | sequential | test_coverage_analyzer CAPABLE, coder CAPABLE, test_generator CAPABLE, test_validator CHEAP
        Make the tests pass: testing | moderate | sequential | test_coverage_analyzer CAPABLE, coder CAPABLE, test_generator CAPABLE, test_validator CHEAP
        Fix the SQL injection in the login form: security | moderate | sequential | security_auditor PREMIUM, coder CAPABLE, code_reviewer CAPABLE
        Repair the slow search: performance | moderate | sequential | performance_optimizer CAPABLE, coder CAPABLE, code_reviewer CAPABLE
        Fix the spelling in the docs: documentation | simple | teaching | documentation_writer CHEAP, documentation_analyst CAPABLE"#]].assert_eq(&teams.join("\n"));
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
