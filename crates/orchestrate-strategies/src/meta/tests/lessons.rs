//! What lessons change: which composition is taken, and what the plan says of it.

use orchestrate_core::id::RunId;
use orchestrate_core::learning::{
    AgentConfiguration, AgentSeat, Exploration, Lesson, Lessons, RunOutcome, Tally,
};

use super::*;
use crate::catalog;

const TASK: &str = "Review security and test coverage";
const PATTERN: &str = "security+testing:moderate";

/// A composition by `strategy` that succeeded in so many of so many runs.
fn lesson(strategy: &str, agents: &[&str], successes: u64, uses: u64) -> Lesson {
    let seats = agents.iter().map(|id| AgentSeat::new(*id, None)).collect();
    let mut configuration = AgentConfiguration::composed(PATTERN, seats, strategy);
    for k in 0..uses {
        configuration.record_outcome(RunOutcome::new(k < successes, 80.0, k).unwrap());
    }
    Lesson {
        tally: Tally::of(&configuration),
        configuration,
        runs: vec![RunId::of(&[uses])],
    }
}

fn better(successes: u64, uses: u64) -> Lesson {
    lesson(
        "debate",
        &["security_auditor", "code_reviewer"],
        successes,
        uses,
    )
}

fn handed(lessons: Vec<Lesson>, share: f64, seed: Option<u64>) -> Lessons {
    Lessons {
        lessons,
        exploration: Exploration { share, seed },
    }
}

fn with(lessons: &Lessons, context: Value) -> ExecutionPlan {
    MetaOrchestrator::new(&AgentRegistry::builtin())
        .with_lessons(lessons)
        .analyze_and_compose(TASK, object(context))
        .unwrap()
}

/// The strategy, the agents, and what the reasons say of lessons.
fn check_lessons(lessons: Vec<Lesson>, context: Value, expected: Expect) {
    let plan = with(&handed(lessons, 0.0, None), context);
    let agents: Vec<&str> = plan.agents.iter().map(|it| it.id.as_str()).collect();
    let mut told = format!("{}: {}\n", plan.strategy, agents.join(", "));
    for reason in plan
        .reasons
        .iter()
        .filter(|it| it.contains("lesson") || it.contains("proven"))
    {
        told.push_str(&format!("{reason}\n"));
    }
    expected.assert_eq(&told);
}

#[test]
fn the_plan_changes_once_another_composition_is_better_with_confidence_and_says_why() {
    check_lessons(
        vec![],
        json!({}),
        expect![[r#"
        parallel: security_auditor, test_coverage_analyzer
    "#]],
    );
    check_lessons(
        vec![better(2, 2)],
        json!({}),
        expect![[r#"
        parallel: security_auditor, test_coverage_analyzer
        no composition is proven for `security+testing:moderate` (at least 0.50 is needed); the best is lesson debate-c079b6d5e79a (2 of 2 runs succeeded, so at least 0.34 do with 97.5 % confidence, last in run-2)
    "#]],
    );
    check_lessons(
        vec![better(9, 10)],
        json!({}),
        expect![[r#"
        debate: security_auditor, code_reviewer
        lesson debate-c079b6d5e79a (9 of 10 runs succeeded, so at least 0.60 do with 97.5 % confidence, last in run-a) is proven for `security+testing:moderate` and goes before what the rules choose: parallel (untried)
    "#]],
    );
}

#[test]
fn one_of_one_does_not_beat_499_of_500() {
    let many = lesson(
        "sequential",
        &["security_auditor", "code_reviewer"],
        499,
        500,
    );
    check_lessons(
        vec![better(1, 1), many],
        json!({}),
        expect![[r#"
        sequential: security_auditor, code_reviewer
        lesson sequential-befbb74b311c (499 of 500 runs succeeded, so at least 0.99 do with 97.5 % confidence, last in run-1f4) is proven for `security+testing:moderate` and goes before what the rules choose: parallel (untried)
    "#]],
    );
}

#[test]
fn what_the_rules_choose_can_be_proven_too() {
    let ruled = plan(TASK, json!({})).unwrap();
    let mut own = AgentConfiguration::of(&ruled);
    assert_eq!(own.task_pattern, PATTERN);
    for k in 0..20 {
        own.record_outcome(RunOutcome::new(true, 80.0, k).unwrap());
    }
    let own = Lesson {
        tally: Tally::of(&own),
        configuration: own,
        runs: Vec::new(),
    };
    let learned = with(&handed(vec![own, better(9, 10)], 0.0, None), json!({}));
    assert_eq!(learned.plan, ruled.plan);
    let reason = learned
        .reasons
        .iter()
        .find(|it| it.contains("proven"))
        .unwrap();
    assert!(reason.ends_with("and the rules choose it too"), "{reason}");
}

#[test]
fn hints_and_what_there_is_today_go_before_lessons() {
    check_lessons(
        vec![better(50, 50)],
        json!({"strategy": "sequential"}),
        expect![[r#"
            sequential: security_auditor, test_coverage_analyzer
            lesson debate-c079b6d5e79a is not used: the context asks for the strategy sequential
            no composition is proven for `security+testing:moderate` (at least 0.50 is needed)
        "#]],
    );
    check_lessons(
        vec![better(50, 50)],
        json!({"tier": "CHEAP"}),
        expect![[r#"
            parallel: security_auditor, test_coverage_analyzer
            lesson debate-c079b6d5e79a is not used: the context asks for the tier CHEAP
            no composition is proven for `security+testing:moderate` (at least 0.50 is needed)
        "#]],
    );
    let gone = lesson("parallel", &["retired_agent"], 50, 50);
    let odd = lesson("teaching", &["code_reviewer"], 50, 50);
    check_lessons(
        vec![gone, odd],
        json!({}),
        expect![[r#"
        parallel: security_auditor, test_coverage_analyzer
        lesson parallel-5333ba704a9d is not used: there is no agent `retired_agent` now
        lesson teaching-7b3e4d3bdb9d is not used: strategy `teaching` needs exactly 2 agents, got 1
        no composition is proven for `security+testing:moderate` (at least 0.50 is needed)
    "#]],
    );
}

#[test]
fn a_disabled_lesson_and_one_for_other_tasks_have_no_say() {
    let mut disabled = better(50, 50);
    disabled.configuration.disabled = true;
    let mut other = better(50, 50);
    other.configuration.task_pattern = "release_prep".into();
    let plan = with(&handed(vec![disabled, other], 0.0, None), json!({}));
    assert_eq!((plan.strategy.as_str(), plan.learned), ("parallel", None));
    let named = with(
        &handed(vec![better(50, 50)], 0.0, None),
        json!({"task_pattern": PATTERN, "complexity": "high"}),
    );
    assert_eq!(named.strategy, "debate");
}

#[test]
fn the_same_seed_gives_the_same_choice_and_exploring_prefers_what_is_better() {
    let lessons = vec![
        better(9, 10),
        lesson("sequential", &["code_reviewer"], 1, 10),
    ];
    let poor = &lessons[1].configuration.id;
    let (mut counts, mut poor_count) = (std::collections::BTreeMap::<String, u32>::new(), 0);
    for seed in 0..200 {
        let bold = handed(lessons.clone(), 1.0, Some(seed));
        let plan = with(&bold, json!({}));
        assert_eq!(plan, with(&bold, json!({})));
        let learned = plan.learned.unwrap();
        assert!(learned.explored && learned.seed == seed);
        poor_count += u32::from(learned.lesson.as_ref() == Some(poor));
        *counts.entry(plan.strategy).or_default() += 1;
    }
    // Five that were never tried stand beside it, and any of them could be better.
    let good = counts.remove("debate").unwrap();
    assert!(
        counts.values().all(|it| good > 2 * it),
        "{good}, {counts:?}"
    );
    assert!(
        poor_count < 5 && counts.len() == 5,
        "{poor_count}, {counts:?}"
    );
    let timid: Vec<bool> = (0..200)
        .map(|seed| {
            with(&handed(lessons.clone(), 0.1, Some(seed)), json!({}))
                .learned
                .unwrap()
                .explored
        })
        .collect();
    let bold = timid.iter().filter(|it| **it).count();
    assert!((5..40).contains(&bold), "{bold}");
    let own = with(&handed(lessons, 0.0, None), json!({}))
        .learned
        .unwrap();
    assert!(!own.explored && own.seed > 0);
}

proptest! {
    #[test]
    fn prop_any_lessons_give_a_plan_that_passes_the_check(
        task in "[a-z ]{1,30}",
        lessons in prop::collection::vec(
            (
                prop::sample::select(vec!["sequential", "parallel", "debate", "teaching", "refinement", "adaptive", "unknown"]),
                prop::collection::vec(prop::sample::select(vec!["security_auditor", "code_reviewer", "synthesizer", "generic_agent", "nobody"]), 1..5),
                0u64..9, 0u64..9,
            ),
            0..5,
        ),
        share in prop::sample::select(vec![0.0, 0.5, 1.0]),
        seed in prop::option::of(any::<u64>()),
    ) {
        let lessons = lessons
            .into_iter()
            .map(|(strategy, agents, good, bad)| lesson(strategy, &agents, good, good + bad))
            .collect();
        let lessons = handed(lessons, share, seed);
        let context = object(json!({"task_pattern": PATTERN}));
        if let Ok(plan) = MetaOrchestrator::new(&AgentRegistry::builtin()).with_lessons(&lessons).analyze_and_compose(&task, context) {
            prop_assert!(crate::graph::Graph::compile(&plan.plan, catalog::all()).is_ok());
            prop_assert!(!plan.reasons.iter().any(String::is_empty));
        }
    }
}
