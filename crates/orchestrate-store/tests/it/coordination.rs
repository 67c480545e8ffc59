//! The laws of teams, one function each, and many processes that take tasks from one store.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use orchestrate_core::coordination::{ApprovalState, Claim, TaskState, TeamTask};
use orchestrate_core::error::Explain;
use orchestrate_core::template::Tier;
use orchestrate_store::{Store, Team};
use serde_json::{Value, json};

use crate::backends::Backend;
use crate::processes::{address_of_this_process, run_together, runtime};

/// A team whose clock stands until it is moved.
struct Rig {
    team: Team,
    now: Arc<AtomicU64>,
}

impl Rig {
    async fn at(address: &str) -> Self {
        let now = Arc::new(AtomicU64::new(1000));
        let clock = now.clone();
        let store = Store::open(address).unwrap();
        let store = store.with_clock(Arc::new(move || clock.load(Ordering::Relaxed)));
        let team = store.team("crew").unwrap();
        Self { team, now }
    }

    fn later(&self, ms: u64) {
        self.now.fetch_add(ms, Ordering::Relaxed);
    }
}

/// All of them, each on a store that nobody has used.
pub(crate) async fn laws(backend: &Backend<'_>) {
    a_task_is_taken_by_one_and_comes_back_when_its_owner_falls_silent(&backend.address()).await;
    tasks_wait_for_what_is_before_them(&backend.address()).await;
    a_broadcast_reaches_everybody_else_once(&backend.address()).await;
    a_stream_is_numbered_bounded_and_read_from_anywhere(&backend.address()).await;
    the_first_answer_counts_and_silence_is_no_answer(&backend.address()).await;
    agents_are_there_while_they_say_so(&backend.address()).await;
    feedback_is_counted_for_a_week_and_advises_a_tier(&backend.address()).await;
}

async fn a_task_is_taken_by_one_and_comes_back_when_its_owner_falls_silent(address: &str) {
    let (rig, other) = (Rig::at(address).await, Rig::at(address).await);
    let team = &rig.team;
    team.add_task(TeamTask::new("t", "scan", "x").context(json!({"a": 1})))
        .await
        .unwrap();
    let twice = team
        .add_task(TeamTask::new("t", "scan", "x"))
        .await
        .unwrap_err();
    assert_eq!(twice.code(), "ORC1204");
    let (old, task) = team.claim("a", 100).await.unwrap().unwrap();
    assert_eq!((task.context, old.number), (json!({"a": 1}), 1));
    assert_eq!(other.team.claim("b", 100).await.unwrap(), None);
    rig.later(90);
    team.extend(&old, 100).await.unwrap();
    other.later(150);
    assert_eq!(
        other.team.claim("b", 100).await.unwrap(),
        None,
        "it was extended"
    );
    other.later(50);
    let (new, _) = other.team.claim("b", 1000).await.unwrap().unwrap();
    // The paused owner wakes, and nothing that it says is taken.
    for refused in [
        team.complete(&old, json!("old")).await,
        team.extend(&old, 100).await,
        team.release(&old).await,
    ] {
        let error = refused.unwrap_err();
        assert_eq!(error.code(), "ORC1205");
        assert!(
            error.to_string().contains("the last to take it was `b`"),
            "{error}"
        );
    }
    other.team.complete(&new, json!("new")).await.unwrap();
    let done = team.tasks().await.unwrap().remove(0);
    assert_eq!(
        (done.result, done.state),
        (json!("new"), TaskState::Completed { agent: "b".into() })
    );
    assert!(team.remove_task("t").await.unwrap() && !team.remove_task("t").await.unwrap());
    let gone = Claim {
        task: "t".into(),
        agent: "b".into(),
        number: 2,
    };
    assert_eq!(team.release(&gone).await.unwrap_err().code(), "ORC1203");
}

async fn tasks_wait_for_what_is_before_them(address: &str) {
    let rig = Rig::at(address).await;
    let team = &rig.team;
    team.add_task(
        TeamTask::new("report", "x", "")
            .priority(9)
            .blocked_by(["scan"]),
    )
    .await
    .unwrap();
    team.add_task(TeamTask::new("scan", "x", "").priority(1))
        .await
        .unwrap();
    let (claim, _) = team.claim("a", 100).await.unwrap().unwrap();
    assert_eq!(claim.task, "scan");
    team.release(&claim).await.unwrap();
    let (claim, _) = team.claim("a", 100).await.unwrap().unwrap();
    team.fail(&claim, json!("no scanner")).await.unwrap();
    assert_eq!(
        team.claim("a", 100).await.unwrap(),
        None,
        "what failed unblocks nothing"
    );
}

async fn a_broadcast_reaches_everybody_else_once(address: &str) {
    let rig = Rig::at(address).await;
    let team = &rig.team;
    let numbers = [
        team.send("a", None, "all", json!(1), 100).await.unwrap(),
        team.send("a", Some("b"), "one", json!(2), 1000)
            .await
            .unwrap(),
    ];
    assert_eq!(numbers, [1, 2]);
    let told = async |agent: &str| -> Vec<Value> {
        let signals = Rig::at(address).await.team.receive(agent).await.unwrap();
        signals.into_iter().map(|it| it.payload).collect()
    };
    assert_eq!(told("b").await, [1, 2]);
    assert_eq!(told("c").await, [1]);
    assert_eq!(told("a").await, [0; 0]);
    assert_eq!(
        (told("b").await.len(), told("c").await.len()),
        (0, 0),
        "once each"
    );
    rig.later(500);
    assert_eq!(team.send("b", None, "all", json!(3), 100).await.unwrap(), 3);
    assert_eq!(
        team.receive("late").await.unwrap().len(),
        1,
        "the first one ran out and is gone"
    );
    assert_eq!(told("c").await, [3]);
    assert_eq!(
        team.send("../x", None, "all", json!(3), 100)
            .await
            .unwrap_err()
            .code(),
        "ORC1201"
    );
}

async fn a_stream_is_numbered_bounded_and_read_from_anywhere(address: &str) {
    let rig = Rig::at(address).await;
    let team = &rig.team;
    for k in 1..=12 {
        assert_eq!(
            team.publish("log", "a", "line", json!(k), 10)
                .await
                .unwrap(),
            k
        );
    }
    team.publish("other", "a", "line", json!("x"), 10)
        .await
        .unwrap();
    let numbers = |events: Vec<orchestrate_core::coordination::StreamEvent>| -> Vec<u64> {
        events.into_iter().map(|it| it.number).collect()
    };
    assert_eq!(
        numbers(team.events_after("log", 0, 99).await.unwrap()),
        (3..=12).collect::<Vec<_>>()
    );
    assert_eq!(
        numbers(team.events_after("log", 5, 2).await.unwrap()),
        [6, 7]
    );
    assert_eq!(numbers(team.tail("log", 3).await.unwrap()), [10, 11, 12]);
    assert_eq!(team.trim("log", 1).await.unwrap(), 9);
    assert_eq!(
        team.publish("log", "a", "line", json!(0), 10)
            .await
            .unwrap(),
        13,
        "numbers go on"
    );
    assert_eq!(numbers(team.tail("log", 99).await.unwrap()), [12, 13]);
}

async fn the_first_answer_counts_and_silence_is_no_answer(address: &str) {
    let rig = Rig::at(address).await;
    let team = &rig.team;
    for id in ["one", "two"] {
        team.ask(id, "a", "deploy", json!({}), 100).await.unwrap();
    }
    assert_eq!(
        team.ask("one", "a", "deploy", json!({}), 100)
            .await
            .unwrap_err()
            .code(),
        "ORC1204"
    );
    assert_eq!(team.pending_approvals().await.unwrap().len(), 2);
    let given = Rig::at(address)
        .await
        .team
        .decide("one", true, "ann", "looks good")
        .await
        .unwrap();
    assert_eq!(given.state(1000), ApprovalState::Approved);
    let late = team.decide("one", false, "bob", "").await.unwrap_err();
    assert_eq!(late.code(), "ORC1205");
    assert!(late.to_string().contains("approved by `ann`"), "{late}");
    assert_eq!(team.decided("one", Duration::ZERO).await.unwrap(), given);
    rig.later(100);
    assert_eq!(
        team.approval("two").await.unwrap().state(1100),
        ApprovalState::Expired
    );
    assert_eq!(
        team.decide("two", true, "bob", "")
            .await
            .unwrap_err()
            .code(),
        "ORC1205"
    );
    assert!(team.pending_approvals().await.unwrap().is_empty());
    assert_eq!(team.approval("three").await.unwrap_err().code(), "ORC1203");
}

async fn agents_are_there_while_they_say_so(address: &str) {
    let rig = Rig::at(address).await;
    let team = &rig.team;
    team.heartbeat("a", "running", 0.5, Some("t"), 30)
        .await
        .unwrap();
    team.heartbeat("b", "running", 7.0, None, 100)
        .await
        .unwrap();
    rig.later(30);
    let there = team.active_agents().await.unwrap();
    let there: Vec<_> = there
        .iter()
        .map(|it| (it.agent.as_str(), it.progress))
        .collect();
    assert_eq!(there, [("b", 1.0)]);
    assert_eq!(team.agents().await.unwrap().len(), 2);
    assert!(team.leave("b").await.unwrap() && !team.leave("b").await.unwrap());
}

async fn feedback_is_counted_for_a_week_and_advises_a_tier(address: &str) {
    let rig = Rig::at(address).await;
    let team = &rig.team;
    for _ in 0..10 {
        team.record_feedback("release", "write up", Tier::Cheap, 0.5)
            .await
            .unwrap();
    }
    let stats = team
        .feedback("release", "write up", Tier::Cheap)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((stats.count, stats.mean), (10, 0.5));
    let advice = team
        .tier_advice("release", "write up", Tier::Cheap)
        .await
        .unwrap();
    assert_eq!((advice.tier, advice.confidence), (Tier::Capable, 0.5));
    let poor = team.underperformers(0.7).await.unwrap();
    assert_eq!(poor.len(), 1);
    let bad = team
        .record_feedback("release", "x", Tier::Cheap, 1.5)
        .await
        .unwrap_err();
    assert_eq!(bad.code(), "ORC1202");
    rig.later(8 * 24 * 3_600_000);
    assert_eq!(
        team.feedback("release", "write up", Tier::Cheap)
            .await
            .unwrap(),
        None
    );
}

const TASKS: usize = 40;

/// Four processes take tasks until there are none: each task is done once.
pub(crate) fn four_processes_share_the_work(backend: &Backend<'_>) {
    let address = backend.address();
    runtime().block_on(async {
        let team = Store::open(&address).unwrap().team("crew").unwrap();
        for k in 0..TASKS {
            team.add_task(TeamTask::new(format!("t{k}"), "x", ""))
                .await
                .unwrap();
        }
        team.send("boss", None, "go", json!({}), 600_000)
            .await
            .unwrap();
    });
    run_together(&address, "coordination::a_process_that_works");
    runtime().block_on(async {
        let team = Store::open(&address).unwrap().team("crew").unwrap();
        let tasks = team.tasks().await.unwrap();
        assert_eq!(tasks.len(), TASKS);
        for task in &tasks {
            let TaskState::Completed { agent } = &task.state else {
                panic!("{task:?}")
            };
            assert_eq!((task.claims, &task.result), (1, &json!(agent)), "{task:?}");
        }
        let log = team.tail("done", 1000).await.unwrap();
        assert_eq!(
            log.len(),
            TASKS + 4,
            "every task and every worker's greeting once"
        );
    });
}

#[test]
#[ignore = "one of the processes that `four_processes_share_the_work` starts"]
fn a_process_that_works() {
    let address = address_of_this_process();
    let agent = format!("worker-{}", std::process::id());
    runtime().block_on(async {
        let team = Store::open(&address).unwrap().team("crew").unwrap();
        for signal in team.receive(&agent).await.unwrap() {
            team.publish("done", &agent, &signal.kind, json!({}), 1000)
                .await
                .unwrap();
        }
        while let Some((claim, task)) = team.claim(&agent, 600_000).await.unwrap() {
            team.complete(&claim, json!(agent)).await.unwrap();
            team.publish("done", &agent, "task", json!(task.id), 1000)
                .await
                .unwrap();
        }
    });
}
