//! The laws: one function each, all in one list.

use serde_json::json;

use super::sample::{finished, pinned, run_id, started, step_finished, step_started};
use crate::approval::ApprovalAnswer;
use crate::event::Event;
use crate::id::StepPath;
use crate::journal::{
    CancelRequest, Decision, JournalError, Ownership, RunFilter, RunJournal, RunState,
};

/// Runs every law, each on a journal that `open` makes: it must be empty and of its own.
pub async fn check_all<J: RunJournal, F: Future<Output = J>>(mut open: impl FnMut() -> F) {
    what_was_recorded_comes_back(&open().await).await;
    a_batch_is_recorded_wholly_or_not_at_all(&open().await).await;
    the_end_of_a_step_is_recorded_once(&open().await).await;
    one_owner_at_a_time(&open().await).await;
    an_owner_that_was_replaced_is_refused(&open().await).await;
    a_name_is_taken_once(&open().await).await;
    lists_are_newest_first_and_say_how_far_each_run_is(&open().await).await;
    runs_are_found_by_part_of_their_name(&open().await).await;
    the_first_decision_counts(&open().await).await;
    a_wish_to_stop_is_seen_by_the_owner(&open().await).await;
    large_values_are_shared_and_outlive_the_first_run(&open().await).await;
    what_is_whole_is_not_complained_of(&open().await).await;
    many_runs_at_once_do_not_meet(&open().await).await;
}

async fn begun<J: RunJournal>(journal: &J, run: &str) -> Ownership {
    let mut owner = journal.create(&pinned(run, 1000), "me").await.unwrap();
    journal.append(&mut owner, &[started(run)]).await.unwrap();
    owner
}

fn step(text: &str) -> StepPath {
    StepPath::root().child(&text)
}

async fn what_was_recorded_comes_back<J: RunJournal>(journal: &J) {
    let pinned = pinned("run-a", 1000);
    let mut owner = journal.create(&pinned, "me").await.unwrap();
    assert_eq!((owner.epoch, owner.next), (1, 1));
    let large =
        json!({"text": "x".repeat(5000), "$": ["odd", {"$": "key"}], "list": vec!["é\"\\"; 400]});
    let events = [
        started("run-a"),
        step_started(1, "s"),
        step_finished(2, "s", large),
        finished(3),
    ];
    journal.append(&mut owner, &events[..2]).await.unwrap();
    journal.append(&mut owner, &events[2..]).await.unwrap();
    journal.append(&mut owner, &[]).await.unwrap();
    assert_eq!(owner.next, 5);
    let run = journal.load(&run_id("run-a")).await.unwrap();
    assert_eq!(run.pinned, pinned);
    assert_eq!(run.events, events);
    assert_eq!(
        journal.events(&run_id("run-a"), 3).await.unwrap(),
        events[3..]
    );
    assert_eq!(journal.events(&run_id("run-a"), 9).await.unwrap(), []);
    let missing = journal.load(&run_id("run-b")).await.unwrap_err();
    assert!(
        matches!(missing, JournalError::NotFound { .. }),
        "{missing}"
    );
}

async fn a_batch_is_recorded_wholly_or_not_at_all<J: RunJournal>(journal: &J) {
    let mut owner = begun(journal, "run-a").await;
    let first = [step_started(1, "s"), step_finished(2, "s", json!(1))];
    journal.append(&mut owner, &first).await.unwrap();
    let (next, head) = (owner.next, owner.head);
    // Its second event ends a step a second time.
    let second = [step_started(3, "t"), step_finished(4, "s", json!(2))];
    journal.append(&mut owner, &second).await.unwrap_err();
    assert_eq!((owner.next, owner.head), (next, head));
    assert_eq!(journal.load(&owner.run).await.unwrap().events.len(), 3);
    let third = [step_started(3, "t"), step_finished(4, "t", json!(2))];
    journal.append(&mut owner, &third).await.unwrap();
    assert_eq!(journal.load(&owner.run).await.unwrap().events.len(), 5);
}

async fn the_end_of_a_step_is_recorded_once<J: RunJournal>(journal: &J) {
    let mut owner = begun(journal, "run-a").await;
    journal
        .append(&mut owner, &[step_finished(1, "s", json!(1))])
        .await
        .unwrap();
    let again = journal
        .append(&mut owner, &[step_finished(2, "s", json!(2))])
        .await;
    assert_eq!(
        again,
        Err(JournalError::StepRecorded {
            run: run_id("run-a"),
            step: step("s")
        })
    );
    // In another run it is another step.
    let mut other = begun(journal, "run-b").await;
    journal
        .append(&mut other, &[step_finished(1, "s", json!(1))])
        .await
        .unwrap();
}

async fn one_owner_at_a_time<J: RunJournal>(journal: &J) {
    let owner = begun(journal, "run-a").await;
    let refused = journal
        .acquire(&owner.run, "other", false)
        .await
        .unwrap_err();
    assert!(
        matches!(&refused, JournalError::Owned { owner, .. } if owner.contains("me")),
        "{refused}"
    );
    journal.release(owner).await.unwrap();
    let second = journal
        .acquire(&run_id("run-a"), "other", false)
        .await
        .unwrap();
    assert_eq!((second.epoch, second.next), (2, 2));
    let refused = journal
        .acquire(&second.run, "third", false)
        .await
        .unwrap_err();
    assert!(matches!(refused, JournalError::Owned { .. }), "{refused}");
}

async fn an_owner_that_was_replaced_is_refused<J: RunJournal>(journal: &J) {
    let mut old = begun(journal, "run-a").await;
    let mut new = journal.acquire(&old.run, "other", true).await.unwrap();
    let stale = JournalError::StaleOwner {
        run: run_id("run-a"),
        epoch: 1,
        current: 2,
    };
    let event = [step_started(1, "s")];
    assert_eq!(journal.append(&mut old, &event).await, Err(stale.clone()));
    assert_eq!(journal.attend(&old).await, Err(stale.clone()));
    journal.append(&mut new, &event).await.unwrap();
    assert_eq!(journal.append(&mut old, &event).await, Err(stale));
    // That it goes away does not open the run to a third.
    let _ = journal.release(old).await;
    let third = journal.acquire(&new.run, "third", false).await.unwrap_err();
    assert!(matches!(third, JournalError::Owned { .. }), "{third}");
    assert_eq!(journal.load(&new.run).await.unwrap().events.len(), 2);
}

async fn a_name_is_taken_once<J: RunJournal>(journal: &J) {
    let _owner = begun(journal, "run-a").await;
    let again = journal
        .create(&pinned("run-a", 2), "other")
        .await
        .unwrap_err();
    assert_eq!(
        again,
        JournalError::Exists {
            run: run_id("run-a")
        }
    );
    assert_eq!(
        journal.load(&run_id("run-a")).await.unwrap().events.len(),
        1
    );
}

async fn lists_are_newest_first_and_say_how_far_each_run_is<J: RunJournal>(journal: &J) {
    assert_eq!(journal.list(&RunFilter::default()).await.unwrap(), []);
    let mut ended = journal.create(&pinned("run-1", 100), "me").await.unwrap();
    let all = [
        started("run-1"),
        step_finished(1, "s", json!(1)),
        finished(2),
    ];
    journal.append(&mut ended, &all).await.unwrap();
    journal.release(ended).await.unwrap();
    let left = journal.create(&pinned("run-2", 300), "me").await.unwrap();
    drop(left);
    let left = journal.acquire(&run_id("run-2"), "me", true).await.unwrap();
    journal.release(left).await.unwrap();
    let _at_work = journal.create(&pinned("run-3", 200), "me").await.unwrap();
    let runs = journal.list(&RunFilter::default()).await.unwrap();
    let told: Vec<_> = runs
        .iter()
        .map(|run| (run.run_id.as_str(), run.state))
        .collect();
    assert_eq!(
        told,
        [
            ("run-2", RunState::Interrupted),
            ("run-3", RunState::Running),
            ("run-1", RunState::Ended)
        ]
    );
    let first = &runs[2];
    assert_eq!((first.events, first.steps, first.created_ms), (3, 1, 100));
    assert_eq!(
        (first.task.as_str(), first.outcome.as_deref()),
        ("a sample", Some("succeeded"))
    );
    assert_eq!(
        (first.owner.as_deref(), first.damage.as_deref()),
        (None, None)
    );
    assert!(
        runs[1]
            .owner
            .as_ref()
            .is_some_and(|owner| owner.contains("me"))
    );
    let some = RunFilter {
        states: vec![RunState::Ended, RunState::Running],
        limit: Some(1),
    };
    let some = journal.list(&some).await.unwrap();
    assert_eq!(some.len(), 1);
    assert_eq!(some[0].run_id, "run-3");
}

async fn runs_are_found_by_part_of_their_name<J: RunJournal>(journal: &J) {
    assert_eq!(journal.find("latest").await, Err(JournalError::Empty));
    journal
        .create(&pinned("run-19b-1", 100), "me")
        .await
        .unwrap();
    journal
        .create(&pinned("run-19a-2", 200), "me")
        .await
        .unwrap();
    assert_eq!(journal.find("latest").await.unwrap(), "run-19a-2");
    assert_eq!(journal.find("19b").await.unwrap(), "run-19b-1");
    let both = journal.find("run-19").await.unwrap_err();
    assert!(matches!(both, JournalError::Ambiguous { .. }), "{both}");
    let none = journal.find("x").await.unwrap_err();
    assert!(matches!(none, JournalError::NotFound { .. }), "{none}");
}

async fn the_first_decision_counts<J: RunJournal>(journal: &J) {
    let owner = begun(journal, "run-a").await;
    let decision = |decision: &str, by: &str| Decision {
        answer: ApprovalAnswer {
            digest: "d".to_owned(),
            decision: decision.to_owned(),
            by: by.to_owned(),
            comment: Some("why".to_owned()),
            edits: Some(json!({"a": [1, 2.5]})),
        },
        at_ms: 7,
    };
    journal
        .decide(&owner.run, &step("s"), &decision("yes", "ann"))
        .await
        .unwrap();
    let second = journal
        .decide(&owner.run, &step("s"), &decision("no", "bob"))
        .await;
    assert_eq!(
        second,
        Err(JournalError::AlreadyDecided {
            run: owner.run.clone(),
            step: step("s"),
            decision: Box::new(decision("yes", "ann")),
        })
    );
    journal
        .decide(&owner.run, &step("r"), &decision("no", "bob"))
        .await
        .unwrap();
    let seen = journal.attend(&owner).await.unwrap().decisions;
    let seen: Vec<_> = seen
        .iter()
        .map(|it| (it.step.as_str(), it.decision.answer.by.as_str()))
        .collect();
    assert_eq!(seen, [("r", "bob"), ("s", "ann")]);
    let missing = journal
        .decide(&run_id("run-x"), &step("s"), &decision("no", "bob"))
        .await;
    assert!(
        matches!(missing, Err(JournalError::NotFound { .. })),
        "{missing:?}"
    );
}

async fn a_wish_to_stop_is_seen_by_the_owner<J: RunJournal>(journal: &J) {
    let owner = begun(journal, "run-a").await;
    assert_eq!(journal.attend(&owner).await.unwrap().cancel, None);
    let wish = |by: &str| CancelRequest {
        by: by.to_owned(),
        at_ms: 7,
    };
    journal
        .request_cancel(&owner.run, &wish("ann"))
        .await
        .unwrap();
    journal
        .request_cancel(&owner.run, &wish("bob"))
        .await
        .unwrap();
    assert_eq!(
        journal.attend(&owner).await.unwrap().cancel,
        Some(wish("ann"))
    );
    assert_eq!(
        journal.outside(&owner.run).await.unwrap().cancel,
        Some(wish("ann"))
    );
    let missing = journal.request_cancel(&run_id("run-x"), &wish("ann")).await;
    assert!(
        matches!(missing, Err(JournalError::NotFound { .. })),
        "{missing:?}"
    );
}

async fn large_values_are_shared_and_outlive_the_first_run<J: RunJournal>(journal: &J) {
    let large = json!("x".repeat(4000));
    for run in ["run-a", "run-b"] {
        let mut owner = begun(journal, run).await;
        let events = [
            step_finished(1, "s", large.clone()),
            step_finished(2, "t", large.clone()),
        ];
        journal.append(&mut owner, &events).await.unwrap();
        journal.release(owner).await.unwrap();
    }
    let before = journal.load(&run_id("run-b")).await.unwrap();
    journal.delete(&run_id("run-a")).await.unwrap();
    assert_eq!(journal.load(&run_id("run-b")).await.unwrap(), before);
    let gone = journal.load(&run_id("run-a")).await.unwrap_err();
    assert!(matches!(gone, JournalError::NotFound { .. }), "{gone}");
    let gone = journal.delete(&run_id("run-a")).await.unwrap_err();
    assert!(matches!(gone, JournalError::NotFound { .. }), "{gone}");
    // The name is free again.
    let owner = begun(journal, "run-a").await;
    let owned = journal.delete(&owner.run).await.unwrap_err();
    assert!(matches!(owned, JournalError::Owned { .. }), "{owned}");
}

async fn what_is_whole_is_not_complained_of<J: RunJournal>(journal: &J) {
    assert_eq!(journal.verify().await.unwrap(), []);
    let mut owner = begun(journal, "run-a").await;
    let large = json!(vec!["y".repeat(600); 4]);
    journal
        .append(&mut owner, &[step_finished(1, "s", large)])
        .await
        .unwrap();
    let _ = begun(journal, "run-b").await;
    assert_eq!(journal.verify().await.unwrap(), []);
}

async fn many_runs_at_once_do_not_meet<J: RunJournal>(journal: &J) {
    let names: Vec<String> = (0..16).map(|i| format!("run-{i:02}")).collect();
    let mut owners = Vec::new();
    for name in &names {
        owners.push(begun(journal, name).await);
    }
    for seq in 1..6 {
        for (owner, name) in owners.iter_mut().zip(&names) {
            let event = step_finished(seq, &format!("s{seq}"), json!(name));
            journal.append(owner, &[event]).await.unwrap();
        }
    }
    for name in &names {
        let events: Vec<Event> = journal.load(&run_id(name)).await.unwrap().events;
        assert_eq!(events.len(), 6);
        assert_eq!(events[5], step_finished(5, "s5", json!(name)));
    }
}
