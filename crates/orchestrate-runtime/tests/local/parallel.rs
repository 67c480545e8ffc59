//! Steps side by side: real concurrency, its limit, and fairness towards other tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use expect_test::expect;
use orchestrate_core::backend::AgentOutput;
use orchestrate_core::event::EventKind;
use orchestrate_core::limits::Limits;
use orchestrate_core::outcome::Outcome;
use orchestrate_core::plan::{Join, Plan};
use orchestrate_core::team::Team;
use orchestrate_core::template::Tier;
use orchestrate_core::testing::template;
use orchestrate_runtime::FunctionBackend;
use serde_json::json;

use crate::support::{
    agent, all_of, crowd, executor, joined, limited, lines, parallel, plan, run, sequence, takes,
};

const FOUR: [&str; 4] = ["a", "b", "c", "d"];

fn four_of_200_ms() -> FunctionBackend {
    FOUR.into_iter()
        .fold(FunctionBackend::new(), |backend, id| {
            takes(backend, id, 200)
        })
}

#[tokio::test(start_paused = true)]
async fn four_agents_of_200_ms_end_after_200_ms() {
    let (report, _) = run(&executor(four_of_200_ms()), &all_of(&FOUR)).await;
    assert!(report.success());
    assert_eq!((report.wall_us, report.summed_us), (200_000, 800_000));
}

/// Four members made from two templates, of which one may do one thing at a time.
#[tokio::test(start_paused = true)]
async fn an_agent_begins_no_more_at_once_than_its_manifest_allows() {
    let mut shy = template("shy", Tier::Cheap);
    shy.manifest.max_parallel_tasks = Some(1);
    let shy = Arc::new(shy);
    let free = Arc::new(template("free", Tier::Cheap));
    let team = Team::new([shy.clone(), shy.clone(), shy, free]);
    let ids: Vec<String> = team.members().iter().map(|it| it.id.to_string()).collect();
    let root = parallel(ids.iter().map(|id| agent(id)).collect());
    let backend = takes(takes(FunctionBackend::new(), "shy", 100), "free", 100);
    let (report, events) = run(&executor(backend), &Plan::new("test", &team, root)).await;
    assert!(report.success());
    let begun: Vec<(String, u64)> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::StepStarted { worker, .. } => Some((worker.to_string(), event.at_us / 1000)),
            _ => None,
        })
        .collect();
    let expected = [("shy", 0), ("free", 0), ("shy_2", 100), ("shy_3", 200)];
    assert_eq!(begun, expected.map(|(id, ms)| (id.to_owned(), ms)));
}

#[tokio::test(start_paused = true)]
async fn one_after_another_they_take_the_sum() {
    let plan = plan(&FOUR, sequence(FOUR.map(agent).to_vec()));
    let (report, _) = run(&executor(four_of_200_ms()), &plan).await;
    assert_eq!((report.wall_us, report.summed_us), (800_000, 800_000));
}

#[tokio::test(start_paused = true)]
async fn results_stand_in_the_order_of_the_plan_whatever_ended_first() {
    let backend = takes(
        takes(takes(FunctionBackend::new(), "a", 30), "b", 20),
        "c",
        10,
    );
    let inner = parallel(vec![agent("b"), agent("c")]);
    let plan = plan(&["a", "b", "c"], parallel(vec![agent("a"), inner]));
    let (report, _) = run(&executor(backend), &plan).await;
    expect![[r#"
        0 a succeeded x1
        1/0 b succeeded x1
        1/1 c succeeded x1
        run succeeded after 30 ms
    "#]]
    .assert_eq(&lines(&report));
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_concurrency_holds() {
    let (backend, seen) = crowd();
    let limits = Limits {
        concurrency: Some(3),
        ..Limits::default()
    };
    let plan = plan(&["a"], parallel(vec![agent("a"); 10]));
    let (report, _) = run(&limited(backend, limits), &plan).await;
    assert!(report.success());
    assert_eq!(seen.load(Ordering::SeqCst), 3);
    assert_eq!(report.wall_us, 40_000);
}

#[tokio::test(start_paused = true)]
async fn the_first_success_of_an_any_group_stops_the_others() {
    let backend = takes(takes(FunctionBackend::new(), "quick", 10), "slow", 10_000);
    let plan = plan(
        &["quick", "slow"],
        joined(
            Join::Any,
            vec![agent("slow"), agent("quick"), agent("slow")],
        ),
    );
    let (report, _) = run(&executor(backend), &plan).await;
    expect![[r#"
        0 slow cancelled x1: cancelled: its group was decided without it
        1 quick succeeded x1
        2 slow cancelled x1: cancelled: its group was decided without it
        run succeeded after 10 ms
    "#]]
    .assert_eq(&lines(&report));
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_decided_at_once_records_the_steps_that_never_began() {
    let backend = FunctionBackend::new().agent("a", |_| async { Ok(AgentOutput::json(json!(1))) });
    let plan = plan(&["a"], joined(Join::Any, vec![agent("a"), agent("a")]));
    let (report, _) = run(&executor(backend), &plan).await;
    expect![[r#"
        0 a succeeded x1
        1 a skipped x0: not run: its group was decided without it
        run succeeded after 0 ms
    "#]]
    .assert_eq(&lines(&report));
}

/// A chain of steps that never wait must leave the thread to others now and then.
#[tokio::test]
async fn steps_that_end_at_once_do_not_starve_other_tasks() {
    let backend = FunctionBackend::new().agent("a", |_| async { Ok(AgentOutput::json(json!(1))) });
    let turns = Arc::new(AtomicU32::new(0));
    let counted = turns.clone();
    let other = tokio::spawn(async move {
        loop {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
        }
    });
    let plan = plan(&["a"], sequence(vec![agent("a"); 1000]));
    let report = executor(backend).run(&plan).await.unwrap();
    other.abort();
    assert_eq!(report.outcome, Some(Outcome::Succeeded));
    assert!(turns.load(Ordering::SeqCst) >= 10, "{turns:?} turns");
}
