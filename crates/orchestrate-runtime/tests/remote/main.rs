//! Real agents of the Agent2Agent protocol, made with the kit of the protocol's makers.
//!
//! `.ci/run` installs the kit into `target/mcp`. Where it is missing the tests say so and pass, except
//! where `CI` is set: there they fail.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what helpers of tests cannot do fails the test"
)]

mod doubt;
mod support;

use std::sync::Arc;

use expect_test::expect;
use orchestrate_core::journal::{Decision, RunFilter, RunJournal as _};
use orchestrate_core::testing::journal::MemoryJournal;
use orchestrate_runtime::LocalExecutor;

use support::{Kit, builder, plan, told};

#[tokio::test]
async fn work_is_done_by_agents_of_both_versions() {
    let expected = expect![[r#"
        count: succeeded {"count":3,"summary":"three"} -
        greet: succeeded {"summary":"hello"} -
        fail: reported null `painter` says that its task failed: the paint is dry
        reject: reported null `painter` does not take the task: not my trade
        nothing: output null `painter` has done its task and gave nothing
    "#]];
    for version in ["1.0", "0.3"] {
        let Some(kit) = Kit::start(version, None) else {
            return;
        };
        let mut all = String::new();
        for order in ["count", "greet", "fail", "reject", "nothing"] {
            let executor = builder(&kit.address).build().unwrap();
            let report = executor.run(&plan(order)).await.unwrap();
            all += &format!("{order}: {}", told(&report));
        }
        expected.assert_eq(&all);
    }
}

/// What a remote agent asks back waits for a person, for days if need be, and the same task goes on.
#[tokio::test]
async fn a_question_of_the_other_side_waits_for_a_person() {
    for version in ["1.0", "0.3"] {
        let Some(kit) = Kit::start(version, None) else {
            return;
        };
        let journal = Arc::new(MemoryJournal::default());
        let executor = || {
            let builder = builder(&kit.address).journal(journal.clone());
            builder.build().unwrap()
        };
        let paused = executor().run(&plan("ask")).await.unwrap();
        assert_eq!(paused.outcome.as_ref().unwrap().word(), "paused");
        let request = &paused.pending[0];
        assert_eq!(
            request.question,
            "`painter` asks: which colour? (the comment of the decision is the answer)"
        );
        assert_eq!(request.decisions, ["answer", "cancel"]);
        let run = journal.list(&RunFilter::default()).await.unwrap();
        let run = run[0].run_id.clone();
        let mut answer = request.answer("answer", "ann");
        answer.comment = Some("red".to_owned());
        let decision = Decision { answer, at_ms: 0 };
        let decided = journal.decide(&run, &request.step, &decision).await;
        decided.unwrap();
        let handle = executor().resume(&run, false).await.unwrap();
        let report = handle.report().await.unwrap();
        assert_eq!(
            told(&report),
            "succeeded {\"summary\":\"painted it red\"} -\n"
        );
        assert_eq!(kit.seen().await["sends"], 2);
    }
}

/// A process that dies anywhere between two records sends nothing twice: either the work goes on, or a
/// person is asked what became of it.
#[tokio::test]
async fn nothing_is_sent_twice_wherever_the_process_dies() {
    let Some(kit) = Kit::start("1.0", None) else {
        return;
    };
    let (mut appends, mut asked, mut sends) = (1, 0, 0);
    loop {
        let journal = Arc::new(MemoryJournal::default());
        let executor = || -> LocalExecutor {
            let builder = builder(&kit.address).journal(journal.clone());
            builder.build().unwrap()
        };
        journal.fail_after(appends);
        if executor().run(&plan("count")).await.is_ok() {
            break;
        }
        journal.mend();
        appends += 1;
        let runs = journal.list(&RunFilter::default()).await.unwrap();
        let Some(run) = runs.first() else {
            continue;
        };
        let handle = executor().resume(&run.run_id, false).await.unwrap();
        let report = handle.report().await.unwrap();
        match report.outcome.as_ref().unwrap().word() {
            "paused" => asked += 1,
            word => assert_eq!(word, "succeeded", "after {appends} appends"),
        }
        let seen = kit.seen().await["sends"].as_u64().unwrap();
        assert!(seen - sends <= 1, "after {appends} appends");
        sends = seen;
    }
    assert_eq!(
        asked, 1,
        "the one place where nobody knows whether it arrived"
    );
}

/// Whoever stops waiting tells the other side to stop working.
#[tokio::test]
async fn a_cancelled_run_ends_the_task_of_the_other_side() {
    let Some(kit) = Kit::start("1.0", None) else {
        return;
    };
    let executor = builder(&kit.address).build().unwrap();
    let handle = executor.start(&plan("paint")).unwrap();
    let canceller = handle.canceller();
    let report = tokio::spawn(handle.report());
    while kit.seen().await["asked"] == 0 {
        tokio::task::yield_now().await;
    }
    canceller.cancel();
    let report = report.await.unwrap().unwrap();
    assert_eq!(report.outcome.as_ref().unwrap().word(), "cancelled");
    // It is told beside the report; an agent that is never told makes the test run into its limit.
    while kit.seen().await["cancels"] == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_key_is_shown_to_its_agent_and_stands_nowhere_else() {
    let key = std::env::var(support::KEY_VARIABLE).unwrap();
    let Some(kit) = Kit::start("1.0", Some(&key)) else {
        return;
    };
    let refused = builder(&kit.address).build().unwrap();
    let refused = refused.run(&plan("count")).await.unwrap();
    assert_eq!(
        told(&refused),
        "credentials null remote agent `painter` lets nobody in: it answers 401 Unauthorized; it wants a key, or another one\n"
    );
    let unset = support::builder_with_key(&kit.address, "NO_SUCH_KEY_HERE");
    let unset = unset.build().unwrap().run(&plan("count")).await.unwrap();
    assert_eq!(
        told(&unset),
        "credentials null remote agent `painter` lets nobody in: the variable `NO_SUCH_KEY_HERE` is not set\n"
    );
    let (variable, journal) = (support::KEY_VARIABLE, Arc::new(MemoryJournal::default()));
    let given = support::builder_with_key(&kit.address, variable).journal(journal.clone());
    let given = given.build().unwrap().run(&plan("count")).await.unwrap();
    assert!(given.success(), "{}", told(&given));
    let runs = journal.list(&RunFilter::default()).await.unwrap();
    let recorded = journal.load(&runs[0].run_id).await.unwrap();
    assert!(!format!("{recorded:?}{given:?}").contains(&key));
}
