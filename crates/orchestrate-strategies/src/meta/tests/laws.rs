//! What holds for any task, context and registry.

use super::*;
use crate::catalog;

fn context() -> impl Strategy<Value = Value> {
    let strategy = prop_oneof![
        Just(Value::Null),
        prop::sample::select(vec![
            "sequential",
            "parallel",
            "debate",
            "teaching",
            "refinement",
            "adaptive"
        ])
        .prop_map(Value::from),
    ];
    let complexity = prop::sample::select(vec![
        json!(null),
        json!("low"),
        json!("medium"),
        json!("high"),
    ]);
    let tier = prop::sample::select(vec![json!(null), json!("CHEAP"), json!("PREMIUM")]);
    let capabilities = prop::sample::subsequence(
        vec!["code_review", "synthesize_findings", "analyze", "run_tests"],
        0..=2,
    );
    (strategy, complexity, tier, capabilities).prop_map(|(strategy, complexity, tier, capabilities)| {
        json!({"strategy": strategy, "complexity": complexity, "tier": tier, "capabilities": capabilities})
    })
}

fn task() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "release",
        "security",
        "tests",
        "docs",
        "refactor",
        "design",
        "performance",
        "review",
        "without",
        "compare",
        "triage",
        "draft",
        "and",
        "not",
        "should we",
        "code",
        "fix",
        "migrate",
        "quick",
        "entire",
        ",",
        "latest",
    ]);
    prop_oneof![
        prop::collection::vec(known, 1..8).prop_map(|words| words.join(" ")),
        "\\PC{1,40}",
        any::<String>(),
    ]
}

fn registries() -> impl Strategy<Value = AgentRegistry> {
    let small = prop::collection::btree_set(
        prop::sample::select(vec!["synthesizer", "a", "b.c", "b_c"]),
        1..4,
    );
    prop_oneof![
        2 => Just(AgentRegistry::builtin()),
        1 => small.prop_map(|ids| {
            let mut registry = AgentRegistry::empty();
            for id in ids {
                let mut small = template(id, Tier::Capable);
                if id == "synthesizer" {
                    small.capabilities = AgentRegistry::builtin().require(id).unwrap().capabilities.clone();
                }
                registry.register(small).unwrap();
            }
            registry
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn prop_any_task_gives_a_plan_that_its_strategy_admits(task in task(), context in context(), registry in registries()) {
        let planner = MetaOrchestrator::new(&registry);
        let plan = match planner.analyze_and_compose(&task, object(context.clone())) {
            Ok(plan) => plan,
            Err(PlanError::EmptyTask) => {
                prop_assert!(task.trim().is_empty());
                return Ok(());
            }
            // Small registries do not have the capabilities that the hints ask for.
            Err(PlanError::Hints { .. }) => return Ok(()),
            Err(error) => return Err(TestCaseError::fail(format!("{task:?}: {error}"))),
        };
        let arity = catalog::all().info(&plan.strategy).unwrap().arity;
        prop_assert!(arity.admits(plan.agents.len()), "{} with {}", plan.strategy, plan.agents.len());
        prop_assert_eq!(plan.plan.agents.len(), plan.agents.len());
        prop_assert!((0.0..=1.0).contains(&plan.confidence) && !plan.reasons.is_empty());
        prop_assert_eq!(plan.requirements.domains.first(), Some(&plan.requirements.domain));
        assert_references_resolve(&plan.plan.root);
        let again = planner.analyze_and_compose(&task, object(context)).unwrap();
        prop_assert_eq!(serde_json::to_string(&plan).unwrap(), serde_json::to_string(&again).unwrap());
        prop_assert_eq!(&plan.digest, &plan.plan.digest());
        let roles: std::collections::BTreeSet<Tier> = plan.agents.iter().map(|agent| agent.tier).collect();
        if matches!(plan.strategy.as_str(), "teaching" | "adaptive") && plan.requirements.tier.is_none() {
            prop_assert!(roles.len() > 1, "{}", summary(&plan));
        }
    }
}
